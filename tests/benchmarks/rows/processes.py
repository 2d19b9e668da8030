"""Rows: what needs a process of its own, because it is done once, or because memory is measured."""

from __future__ import annotations

from .row import ProcessRow

BOTH = ("ffi_core", "cffi")


def big(name: str, unit: str, action: str, *, first: str = "", rounds: int = 5) -> tuple[ProcessRow, ...]:
    """Make the rows of an action of ``big.py``: with the whole set; where a compiler is at work, with a tenth of it too."""

    def row(functions: int, *, thorough: bool) -> ProcessRow:
        size = ("{package}", "{folder}", str(functions), str(functions // 5))
        return ProcessRow(
            "build and import",
            f"{name}, {functions:,} functions",
            f"{functions} functions",
            unit,
            ("big.py", action, *size),
            BOTH,
            first=("big.py", first, *size) if first else (),
            rounds=rounds,
            thorough=thorough,
        )

    if first == "build_api":
        return (row(500, thorough=False), row(5000, thorough=True))
    return (row(5000, thorough=False),)


def memory(kind: str, packages: tuple[str, ...] = BOTH) -> ProcessRow:
    """Make the row of a kind of object."""
    return ProcessRow("memory per object", kind, kind, "bytes", ("memory.py", kind, "{package}"), packages, rounds=1)


WITH_CTYPES = (*BOTH, "ctypes")

_BIG = (
    big("in-line cdef", "ms", "cdef", rounds=3),
    big("in-line cdef, memory", "bytes", "cdef_memory", rounds=1),
    big("out-of-line ABI import", "ms", "import_py", first="write_py"),
    big("out-of-line ABI import without bytecode", "ms", "import_py_without_bytecode", first="write_py"),
    big("out-of-line ABI import, memory", "bytes", "import_py_memory", first="write_py", rounds=1),
    big("API: generate", "ms", "generate", first="build_api", rounds=1),
    big("API: size of the C file", "bytes", "c_size", first="build_api", rounds=1),
    big("API: compile at -O2", "ms", "compile", first="build_api", rounds=1),
    big("API: stripped size", "bytes", "size", first="build_api", rounds=1),
    big("API: import", "ms", "import_api", first="build_api", rounds=9),
    big("API: first lib.f", "µs", "first_look_up", first="build_api", rounds=9),
    big("API: later lib.f", "µs", "later_look_ups", first="build_api"),
    big("API: dir(lib)", "µs", "list_names", first="build_api"),
)


def once(name: str, action: str) -> ProcessRow:
    """Make the row of an action that has nothing to do with the set."""
    arguments = ("big.py", action, "{package}", "{folder}", "0", "0")
    return ProcessRow("build and import", name, "0 functions", "ms", arguments, BOTH, rounds=9)


PROCESSES = (
    once("import the package", "import_package"),
    once("import and first FFI()", "import_and_ffi"),
    once("first cdef, one line", "first_cdef"),
    once("import of an empty module, the floor", "import_empty"),
    *(row for rows in _BIG for row in rows),
    *(memory(kind, WITH_CTYPES) for kind in ("int *", "struct *", "pointer", "char[12]", "int[100]", "item")),
    *(memory(kind) for kind in ("integer", "member struct", "handle", "gc", "from_buffer", "buffer")),
    *(
        ProcessRow(
            "threads", name, 13, "times", ("threads.py", function, "{library}", "{package}"), WITH_CTYPES, rounds=1
        )
        for name, function in (
            ("two threads compute in C", "burn"),
            ("two threads wait in C", "rest"),
        )
    ),
)
