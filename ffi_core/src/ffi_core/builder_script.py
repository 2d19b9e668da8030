"""Running the script that builds a module, as build systems do: it leaves an ``FFI`` under a name.

Belongs here: what `setuptools` and the command ``gen-src`` have in common.
"""

from __future__ import annotations

import runpy
from pathlib import Path

from ffi_core import FFI
from ffi_core.build import GeneratedModule


class BuilderError(Exception):
    """There is no builder where one was said to be."""


def load_builder(script: str, name: str) -> tuple[FFI, GeneratedModule]:
    """Run a script, and find its ``FFI``, or the function that returns it, and what ``set_source()`` said.

    Errors: ``BuilderError``; whatever the script raises.
    """
    if not Path(script).is_file():
        raise BuilderError(f"there is no file {script!r} in {Path.cwd()}")
    namespace = runpy.run_path(script, run_name="__ffi_core__")
    if name not in namespace:
        raise BuilderError(f"the script has no name {name!r}; say which one, as 'SCRIPT:NAME'")
    ffi = namespace[name]
    if callable(ffi) and not isinstance(ffi, FFI):
        ffi = ffi()
    if not isinstance(ffi, FFI):
        raise BuilderError(f"{name!r} is no FFI, but {type(ffi).__name__}")
    if ffi._module is None:
        raise BuilderError("set_source() was not called")
    return ffi, ffi._module
