"""Run the benchmarks: ``python tests/benchmarks``, or ``python -m benchmarks`` in ``tests``."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

if __package__:
    from .command import main

    sys.exit(main())
else:
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    runpy.run_module("benchmarks", run_name="__main__", alter_sys=True)
