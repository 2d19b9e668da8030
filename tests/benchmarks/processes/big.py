"""Work with a big set of declarations, in a process of its own: ``big.py ACTION PACKAGE FOLDER FUNCTIONS STRUCTS``.

Prints ``{"value": ..., "check": ...}``: what was measured, and how many functions there were.  Times are those of the processor,
which other programs on the machine disturb least.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import resource
import shlex
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from time import process_time_ns
from typing import Any

RESULTS = ("int", "long", "double", "void *", "const char *")
ARGUMENTS = ("int", "double", "const char *", "struct record_{} *", "unsigned long", "void *", "float", "size_t")
FIELDS = ("int", "double", "char *", "unsigned long", "short", "void *", "float", "int", "unsigned char", "long")


def declare(functions: int, structs: int) -> str:
    """Write the declarations: functions of none to six arguments, structs of ten fields."""
    lines = [
        f"struct record_{n} {{ " + " ".join(f"{kind} field_{i}_{n};" for i, kind in enumerate(FIELDS)) + " };"
        for n in range(structs)
    ]
    for n in range(functions):
        kinds = [ARGUMENTS[(n + i) % len(ARGUMENTS)].format(n % structs) for i in range(n % 7)]
        arguments = ", ".join(f"{kind} a{i}" for i, kind in enumerate(kinds)) or "void"
        lines.append(f"{RESULTS[n % len(RESULTS)]} function_{n}({arguments});")
    return "\n".join(lines)


def resident() -> int:
    """Return how many bytes of memory this process has."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Big:
    """The set, and what can be done with it.  Units: milliseconds and bytes, microseconds for a look-up."""

    def __init__(self, package: str, folder: Path, functions: int, structs: int) -> None:
        self.package = package
        self.folder = folder
        self.functions = functions
        self.structs = structs
        self.name = f"_big_{package}_{functions}"
        self.library = folder / f"libbig_{functions}.so"

    def declared(self) -> Any:
        """Return an ``FFI`` that knows the set."""
        ffi = importlib.import_module(self.package).FFI()
        ffi.cdef(declare(self.functions, self.structs))
        return ffi

    def cdef(self) -> float:
        ffi = importlib.import_module(self.package).FFI()
        ffi.cdef("int warm_up(int);")
        text = declare(self.functions, self.structs)
        start = process_time_ns()
        ffi.cdef(text)
        return (process_time_ns() - start) / 1e6

    def cdef_memory(self) -> float:
        ffi = importlib.import_module(self.package).FFI()
        ffi.cdef("int warm_up(int);")
        text = declare(self.functions, self.structs)
        before = resident()
        ffi.cdef(text)
        return resident() - before

    def write_py(self) -> float:
        ffi = self.declared()
        ffi.set_source(self.name + "_py", None)
        ffi.compile(tmpdir=str(self.folder))
        sys.path.insert(0, str(self.folder))
        importlib.import_module(self.name + "_py")  # leaves the bytecode
        return 0

    def import_py(self) -> float:
        importlib.import_module("_cffi_backend" if self.package == "cffi" else "ffi_core.runtime")
        return self._import(self.name + "_py")

    def import_py_without_bytecode(self) -> float:
        """Return what the first import takes after an installation that compiled nothing, or where bytecode cannot be written."""
        importlib.import_module("_cffi_backend" if self.package == "cffi" else "ffi_core.runtime")
        sys.dont_write_bytecode = True
        source = self.folder / f"{self.name}_py.py"
        (self.folder / f"{self.name}_plain.py").write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
        return self._import(self.name + "_plain")

    def import_py_memory(self) -> float:
        importlib.import_module("_cffi_backend" if self.package == "cffi" else "ffi_core.runtime")
        before = resident()
        self._import(self.name + "_py")
        return resident() - before

    def import_empty(self) -> float:
        """Return what the interpreter itself takes to import a module from its bytecode."""
        path = self.folder / f"_empty_{self.package}.py"
        path.write_text("", encoding="utf-8")
        importlib.import_module("py_compile").compile(str(path))
        return self._import(path.stem)

    def _import(self, name: str) -> float:
        sys.path.insert(0, str(self.folder))
        start = process_time_ns()
        importlib.import_module(name)
        return (process_time_ns() - start) / 1e6

    def build_api(self) -> float:
        """Generate and compile; leave what was measured in a file."""
        declared = declare(self.functions, self.structs)
        header = self.folder / f"big_{self.functions}.h"
        header.write_text("#include <stddef.h>\n" + declared, encoding="utf-8")
        if not self.library.exists():
            bodies = "".join(
                line[:-1] + (" { }\n" if line.startswith("void f") else " { return 0; }\n")
                for line in declared.splitlines()
                if "function_" in line
            )
            source = self.folder / f"big_{self.functions}.c"
            source.write_text(f'#include "{header.name}"\n' + bodies, encoding="utf-8")
            self._compile("-O0", str(source), str(self.library), f"-Wl,-soname,{self.library.name}")
        ffi = self.declared()
        ffi.set_source(self.name, f'#include "{header.name}"')
        text = self.folder / f"{self.name}.c"
        start = process_time_ns()
        ffi.emit_c_code(str(text))
        generated = (process_time_ns() - start) / 1e6
        target = self.folder / (self.name + ".abi3.so")
        link = [f"-L{self.folder}", f"-l{self.library.stem[3:]}", f"-Wl,-rpath,{self.folder}"]
        took = self._compile("-O2", str(text), str(target), f"-I{sysconfig.get_paths()['include']}", *link)
        size = text.stat().st_size
        stripped = target.with_suffix(".stripped")
        subprocess.run(["strip", "-o", str(stripped), str(target)], check=True)
        measured = {"generate": generated, "c_size": size, "compile": took, "size": stripped.stat().st_size}
        (self.folder / f"{self.name}.json").write_text(json.dumps(measured), encoding="utf-8")
        return 0

    def _compile(self, *options: str) -> float:
        level, source, target, *others = options
        compiler = shlex.split(os.environ.get("CC", "")) or ["cc"]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [*compiler, level, "-fPIC", "-shared", "-w", f"-I{self.folder}", "-o", target, source, *others]
        subprocess.run(command, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime) * 1000

    def recall(self, what: str) -> float:
        value: float = json.loads((self.folder / f"{self.name}.json").read_text(encoding="utf-8"))[what]
        return value

    def generate(self) -> float:
        return self.recall("generate")

    def c_size(self) -> float:
        return self.recall("c_size")

    def compile(self) -> float:
        return self.recall("compile")

    def size(self) -> float:
        return self.recall("size")

    def _loaded(self) -> None:
        importlib.import_module("_cffi_backend" if self.package == "cffi" else "ffi_core.runtime")
        # Finding the library in the file system is not what is measured.
        importlib.import_module("ctypes").CDLL(str(self.library))

    def _quiet_lib(self) -> Any:
        """Return the imported ``lib``, with the cyclic garbage collector kept out, as in the rows that run in one process.

        A collection of what the imports left takes longer than hundreds of look-ups, and comes when it comes.
        """
        self._loaded()
        self._import(self.name)
        gc.collect()
        gc.disable()
        return sys.modules[self.name].lib

    def import_api(self) -> float:
        self._loaded()
        return self._import(self.name)

    def first_look_up(self) -> float:
        lib = self._quiet_lib()
        start = process_time_ns()
        getattr(lib, "function_1")  # noqa: B009
        return (process_time_ns() - start) / 1e3

    def later_look_ups(self) -> float:
        """Return what one of the others costs when it is looked up first."""
        lib = self._quiet_lib()
        names = [f"function_{n}" for n in range(1, self.functions)]
        lib.function_0
        start = process_time_ns()
        for name in names:
            getattr(lib, name)
        return (process_time_ns() - start) / 1e3 / len(names)

    def list_names(self) -> float:
        lib = self._quiet_lib()
        dir(lib)
        start = process_time_ns()
        dir(lib)
        return (process_time_ns() - start) / 1e3

    def import_package(self) -> float:
        start = process_time_ns()
        importlib.import_module(self.package)
        return (process_time_ns() - start) / 1e6

    def import_and_ffi(self) -> float:
        start = process_time_ns()
        importlib.import_module(self.package).FFI()
        return (process_time_ns() - start) / 1e6

    def first_cdef(self) -> float:
        ffi = importlib.import_module(self.package).FFI()
        start = process_time_ns()
        ffi.cdef("int add(int a, int b);")
        return (process_time_ns() - start) / 1e6


def main(action: str, package: str, folder: str, functions: str, structs: str) -> None:
    """Do one thing and print what it took."""
    big = Big(package, Path(folder), int(functions), int(structs))
    act: Callable[[], float] = getattr(big, action)
    print(json.dumps({"value": act(), "check": f"{functions} functions"}))


if __name__ == "__main__":
    main(*sys.argv[1:])
