"""Lets ffi_core stand in for cffi, so that packages that depend on cffi run and build with it unchanged.

Belongs here: finding the directory that has the modules `cffi` and `_cffi_backend`, and running commands under it.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final

DIRECTORY: Final = Path(__file__).resolve().parent / "path"
"""What is to stand first on PYTHONPATH."""


def environment(scripts: str) -> dict[str, str]:
    """Give the environment for programs that are to find the stand-in; ``scripts`` is a directory for the PATH."""
    places = {"PYTHONPATH": str(DIRECTORY), "PATH": scripts}
    changed = {name: os.pathsep.join(filter(None, (place, os.environ.get(name)))) for name, place in places.items()}
    return {**os.environ, **changed}


def run(command: Sequence[str]) -> int:
    """Run a command under the stand-in, and give its exit status.

    ``python`` is this Python, and ``pip`` is its pip.  Programs that cffi installs are on the PATH.
    """
    programs: dict[str, tuple[str, ...]] = {
        "python": (),
        "cffi-gen-src": ("-m", "cffi.gen_src", "--program=cffi-gen-src"),
    }
    if find_spec("pip"):
        programs["pip"] = ("-m", "pip")
    with tempfile.TemporaryDirectory(prefix="as-cffi-") as scripts:
        for name, arguments in programs.items():
            _write_script(Path(scripts), name, arguments)
        surroundings = environment(scripts)
        try:
            return subprocess.run(command, env=surroundings, check=False).returncode
        except OSError as error:
            sys.stderr.write(f"cannot run {command[0]!r}: {error.strerror}\n")
            return 127


def _write_script(folder: Path, name: str, arguments: Sequence[str]) -> None:
    """Write a program that starts this Python with ``arguments`` before its own."""
    words = [sys.executable, *arguments]
    if os.name == "nt":
        Path(folder, f"{name}.bat").write_text(f"@{subprocess.list2cmdline(words)} %*\n")
        return
    script = Path(folder, name)
    script.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
    script.chmod(0o755)
