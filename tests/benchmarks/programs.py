"""Run the programs of rows that need a process of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .measure import rotations
from .peers.build import LIBRARY
from .rows import ProcessRow

PROGRAMS = Path(__file__).with_name("processes")


class CheckError(Exception):
    """A program did something else than the row says."""


class ProgramError(Exception):
    """The program failed for ``package``."""

    def __init__(self, package: str, why: str) -> None:
        super().__init__(why)
        self.package = package


def run_program(arguments: Sequence[str], package: str, folder: Path) -> Any:
    """Run one program, and read what it prints.  Errors: ``ProgramError``."""
    filled = [
        part.format(package=package, folder=folder, library=folder / f"lib{LIBRARY}.so") for part in arguments[1:]
    ]
    command = [sys.executable, str(PROGRAMS / arguments[0]), *filled]
    # Users have bytecode.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"status {done.returncode}"]
        raise ProgramError(package, lines[-1])
    return json.loads(done.stdout.splitlines()[-1])  # a builder may talk before


def measure_programs(row: ProcessRow, packages: Sequence[str], folder: Path) -> dict[str, list[float]]:
    """Run the row's program for all packages in turns.

    Errors: ``ProgramError``; ``CheckError`` where it did something else than the row says.
    """
    if row.first:
        for package in packages:
            marker = folder / "-".join([*row.first[1:2], package, *row.first[4:]])
            if not marker.exists():
                run_program(row.first, package, folder)
                marker.touch()
    values: dict[str, list[float]] = {package: [] for package in packages}
    for turn in rotations(packages, row.rounds):
        for package in turn:
            printed = run_program(row.arguments, package, folder)
            if printed["check"] != row.expected:
                raise CheckError(f"{row.name}: {package} gives {printed['check']!r}, not {row.expected!r}")
            values[package].append(printed["value"])
    return values
