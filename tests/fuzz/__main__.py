"""Run the checks side by side for some minutes, and say what they found."""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "core"))

from fuzzing import CHECKS


def start(name: str, seconds: float, seed: int, folder: Path) -> subprocess.Popen[str]:
    """Start the process of one check."""
    command = [sys.executable, "-X", "faulthandler", str(HERE / "worker.py"), name, str(seconds), str(seed)]
    output = (folder / f"{name}.out").open("w")
    return subprocess.Popen(
        [*command, str(folder / f"{name}.input")], stdout=output, stderr=subprocess.STDOUT, text=True, cwd=folder
    )


def finish(name: str, process: subprocess.Popen[str], folder: Path) -> bool:
    """Wait for a process, print what it printed, and the last input where it crashed."""
    status = process.wait()
    print((folder / f"{name}.out").read_text(errors="replace").strip() or f"{name}: printed nothing", flush=True)
    if status < 0 or status > 1:
        last = (folder / f"{name}.input").read_text(errors="replace")
        how = f"signal {-status}" if status < 0 else f"status {status}"
        print(f"{name}: CRASHED with {how}; the last input was\n    {last}", flush=True)
    return status == 0


def main() -> int:
    """Fuzz, in as many processes at once as there are processors."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=float(os.environ.get("FFI_CORE_FUZZ_MINUTES", "10")))
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="number of the first round")
    parser.add_argument("checks", nargs="*", default=[], help=f"of {', '.join(CHECKS)}; all where none is named")
    options = parser.parse_args()
    names = options.checks or list(CHECKS)
    at_once = min(os.cpu_count() or 1, len(names))
    seconds = 60 * options.minutes * at_once / len(names)
    print(f"{len(names)} checks, {at_once} at a time, {seconds:.0f} s each; --seed {options.seed}", flush=True)
    passed = True
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for first in range(0, len(names), at_once):
            some = names[first : first + at_once]
            started = [(name, start(name, seconds, options.seed, folder)) for name in some]
            for name, process in started:
                passed = finish(name, process, folder) and passed
    print("nothing was found" if passed else "FOUND something", flush=True)
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
