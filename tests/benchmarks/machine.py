"""Say on what was measured."""

from __future__ import annotations

import os
import platform
import sys
import sysconfig
from importlib import metadata
from pathlib import Path


def describe() -> dict[str, object]:
    """Describe the interpreter, the machine and the versions of the peers."""
    return {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "python_compiler": platform.python_compiler(),
        "python_flags": str(sysconfig.get_config_var("PY_CFLAGS") or ""),
        "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
        "platform": platform.platform(),
        "cpu": cpu_model(),
        "cpus": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
        "cffi": describe_cffi(),
        "ffi_core": version("ffi-core"),
        "argv": sys.argv[1:],
    }


def cpu_model() -> str:
    """Return the name of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def version(distribution: str) -> str:
    """Return the version of what is installed, "" for nothing."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""


def describe_cffi() -> dict[str, str]:
    """Tell cffi's version, and where its native module was built as far as its wheel tells.

    The wheels on the package index carry a manylinux or musllinux tag; one that pip built on this machine from the sdist
    carries the plain tag of the platform.  Whether the compiler optimised cannot be seen: from the sdist it does as the
    interpreter's own flags say ("python_flags").
    """
    try:
        distribution = metadata.distribution("cffi")
    except metadata.PackageNotFoundError:
        return {"version": "", "built": "not installed"}
    lines = (distribution.read_text("WHEEL") or "").splitlines()
    tags = [line.partition(":")[2].strip() for line in lines if line.startswith("Tag:")]
    return {"version": distribution.version, "tag": " ".join(tags), "built": origin(tags)}


def origin(tags: list[str]) -> str:
    """Tell from a wheel's tags where it was built."""
    if any("manylinux" in tag or "musllinux" in tag for tag in tags):
        return "a wheel of the package index, which is slower than cffi has to be: not the opponent that counts"
    if any(tag.rpartition("-")[2].startswith("linux_") for tag in tags):
        return "on this machine, from source"
    return "unknown: its wheel's tag does not tell"
