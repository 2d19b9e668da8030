"""The command ``python -m ffi_core``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Optional

from ffi_core import __version__, as_cffi, gen_src


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Do what the command line asks for, and give the exit status."""
    parser = argparse.ArgumentParser(prog="python -m ffi_core", description="Call C from Python, from C declarations.")
    parser.add_argument("--version", action="version", version=f"ffi_core {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    stand_in = commands.add_parser(
        "as-cffi",
        help="let ffi_core stand in for cffi",
        usage="%(prog)s --path | %(prog)s -- COMMAND [ARGUMENT ...]",
        description="Run a command to which `import cffi` gives ffi_core.",
        epilog="Example: %(prog)s -- python -m pip install --no-build-isolation --no-binary :all: SOMEPACKAGE",
    )
    stand_in.add_argument(
        "--path", action="store_true", help="print the directory that is to stand first on PYTHONPATH"
    )
    stand_in.add_argument("words", nargs="*", metavar="COMMAND", help="the command to run, and its arguments")
    generator = commands.add_parser(
        "gen-src",
        help="write the source of a module, for another build system to compile",
        description=gen_src.DESCRIPTION,
        epilog=gen_src.EPILOG,
    )
    gen_src.add_arguments(generator)
    asked = sys.argv[1:] if arguments is None else list(arguments)
    # What stands after the first "--" is for the command, dashes and all.
    before, words = asked, []
    if "--" in asked:
        split = asked.index("--")
        before, words = asked[:split], asked[split + 1 :]
    options = parser.parse_args(before)
    if options.command == "gen-src":
        return gen_src.run(options)
    words = options.words + words
    if options.path:
        if words:
            stand_in.error("--path and a command exclude each other")
        print(as_cffi.DIRECTORY)
        return 0
    if not words:
        stand_in.error("give --path, or a command after --")
    return as_cffi.run(words)


if __name__ == "__main__":
    sys.exit(main())
