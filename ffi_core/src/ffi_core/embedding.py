"""What a library for C programs does once it has started Python.

Belongs here: running its init code, and what happens at the end of the program.  The native runtime calls it.
"""

from __future__ import annotations

import linecache
import sys
import traceback
from contextlib import suppress
from types import ModuleType


def run_init_code(module_name: str, source: str) -> bool:
    """Run the init code of the library ``module_name`` as a module of its own.

    Tell whether it went well; otherwise the exception is printed.
    """
    name = f"{module_name}.init_code"
    filename = f"<init code of {module_name}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    module = ModuleType(name, f"The init code of {module_name}.")
    module.__file__ = filename
    sys.modules[name] = module
    try:
        exec(compile(source, filename, "exec", dont_inherit=True), module.__dict__)  # noqa: S102 - that is what it is for
    except BaseException:  # noqa: BLE001 - SystemExit too: it is not for Python to end a C program
        traceback.print_exc()
        if sys.stderr is not None:
            sys.stderr.write(
                f"The init code of {module_name} failed; all functions of this library return zero\n"
                f"sys.prefix: {sys.prefix!r}\nsys.path: {sys.path!r}\n"
            )
            sys.stderr.flush()
        return False
    return True


def end_program() -> None:
    """Do what Python does at its end and users see: call what atexit has, and write what is buffered.

    Python itself stays: other threads of the program may still call it.
    """
    import atexit

    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        # One may be missing, closed, or on a full disk: nobody is there to hear of it.
        with suppress(Exception):
            stream.flush()
