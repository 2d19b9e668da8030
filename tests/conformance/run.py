"""Run cffi's own test suite with ffi_core in the place of cffi.

The suite is unpacked from cffi's sdist, the path of which is the first argument; further ones are for pytest.
Without further arguments, what internal.toml lists is run first, by itself, to see that none of it passes.
Exit status: that of pytest, so 1 when a test fails that internal.toml does not list; or when a listed test passes, or a
pattern of the list matches no test.
"""

from __future__ import annotations

import os
import shutil
import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ffi_core import as_cffi

HERE: Final = Path(__file__).resolve().parent
SUITE: Final = ("testing/", "src/c/test_c.py", "doc/source/conf.py", "pyproject.toml")
# Classes have our names: where the suite compares these in passing, it compares them with ours.
NAMES: Final = {"\"<%s '_cffi_backend._CDataBase'>\"": "\"<%s 'ffi_core._native.CDataOwning'>\""}
FOLDERS: Final = ("testing/cffi0", "testing/cffi1", "testing/embedding", "src/c/test_c.py")


def unpack(sdist: Path, into: Path) -> None:
    """Unpack the tests, and nothing of what they test."""
    shutil.rmtree(into, ignore_errors=True)
    with tarfile.open(sdist) as archive:
        for member in archive.getmembers():
            member.name = member.name.partition("/")[2]
            if member.name.startswith(SUITE) and member.isfile():
                archive.extract(member, into, filter="data")
    for path in (into / "src").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        for name, ours in NAMES.items():
            text = text.replace(name, ours)
        path.write_text(text, encoding="utf-8")
    # Its own settings are for other versions of pytest; without any, pytest would find ours in a directory above.
    (into / "pytest.ini").write_text("[pytest]\n")


def main(arguments: Sequence[str]) -> int:
    """Unpack the suite beside its sdist, and run it."""
    sdist, *rest = arguments
    folder = Path(sdist).resolve().parent / "suite"
    unpack(Path(sdist), folder)
    os.chdir(folder)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(HERE / "adapters"), os.environ.get("PYTHONPATH")]))
    options = [
        "-q",
        "-p",
        "conformance_plugin",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:warnings",
        "--tb=short",
        "-n",
        "auto",
    ]
    chosen = rest if any(not word.startswith("-") for word in rest) else [*FOLDERS, *rest]
    command = ["python", "-m", "pytest", *options, *chosen]
    if rest:
        return as_cffi.run(command)
    os.environ["CONFORMANCE_WHOLE"] = "1"
    # The listed tests come first, so that the totals are the last lines; they fail, and nobody wants to read how.
    os.environ["CONFORMANCE_LISTED"] = "only"
    listed = as_cffi.run([*command, "--tb=no", "-rN"])
    os.environ["CONFORMANCE_LISTED"] = "skip"
    return as_cffi.run(command) or listed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
