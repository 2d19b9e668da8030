"""The functions by which cffi's suite makes types without declarations, from declarations.

They are the interface between the two halves of cffi.  Here each type has a spelling, and one `FFI` per test knows all of them.
"""

from __future__ import annotations

import atexit
import functools
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, Optional

import cffi
from cffi import model

from ffi_core import FFIError, layout
from ffi_core.layout import AAPCS, HOST, MSVC, PACKED, SYSV, Abi

_COMPLEX: Final = {"_cffi_float_complex_t": "float _Complex", "_cffi_double_complex_t": "double _Complex"}

SF_MSVC_BITFIELDS: Final = 0x01
SF_GCC_ARM_BITFIELDS: Final = 0x02
SF_GCC_BIG_ENDIAN: Final = 0x04
SF_PACKED: Final = 0x08
SF_GCC_X86_BITFIELDS: Final = 0x10
SF_GCC_LITTLE_ENDIAN: Final = 0x40


class _World:
    """The types of one test."""

    def __init__(self) -> None:
        self.ffi = cffi.FFI()
        self.keys: dict[Any, tuple[cffi.FFI, str]] = {}
        self.aliases = 0

    def declare(self, key: str, entry: tuple[Any, ...]) -> None:
        self.ffi._declare({}, {key: entry})

    def tagged(
        self, kind: str, name: str, entry: tuple[Any, ...], constants: Optional[dict[str, tuple[Any, ...]]] = None
    ) -> Any:
        """Declare a struct, union or enum; a name without the keyword is that of a typedef."""
        key = name if name.startswith(f"{kind} ") else f"{kind} ${name}"
        if any(home is self.ffi and known == key for home, known in self.keys.values()):
            # A second type of this name: what comes from now on has it, the first one lives on.
            self.ffi = cffi.FFI()
        self.ffi._declare(constants or {}, {})
        self.declare(key, entry)
        if key != name:
            self.declare(name, ("typedef", key))
        ctype = self.ffi.typeof(name)
        self.keys[ctype] = (self.ffi, key)
        return ctype


_world = _World()


class _Placement:
    """What places fields.  The runtime takes the function once; a test can ask for the layout of another platform."""

    chosen: Callable[..., Any] = staticmethod(layout.place_fields)


_placement = _Placement()
_place_fields = layout.place_fields


def _place_as_chosen(*args: Any, **keywords: Any) -> Any:
    return _placement.chosen(*args, **keywords)


layout.place_fields = _place_as_chosen


def reset() -> None:
    """Forget all types: a test begins."""
    global _world  # noqa: PLW0603 - the backend that this stands for is a module
    _world = _World()


def _home(ctype: Any) -> cffi.FFI:
    """Give the FFI that knows the names in a type: two types of a test may have the same one."""
    while ctype not in _world.keys and ctype.kind in ("pointer", "array"):
        ctype = ctype.item
    return _world.keys[ctype][0] if ctype in _world.keys else _world.ffi


def _parse(text: str, ffi: Optional[cffi.FFI] = None) -> Any:
    try:
        return (ffi or _world.ffi).typeof(text)
    except FFIError as error:
        raise TypeError(str(error)) from error


# Types.


def new_primitive_type(name: str) -> Any:
    """Give a primitive type."""
    if name not in model.PrimitiveType.ALL_PRIMITIVE_TYPES and name not in _COMPLEX:
        raise KeyError(name)
    return _world.ffi.typeof(_COMPLEX.get(name, name))


def new_void_type() -> Any:
    """Give ``void``."""
    return _world.ffi.typeof("void")


def new_pointer_type(item: Any) -> Any:
    """Give the type of pointers to ``item``."""
    return _parse(_world.ffi.getctype(item, "*"), _home(item))


def new_array_type(pointer: Any, length: Optional[int]) -> Any:
    """Give an array type."""
    if pointer.kind != "pointer":
        raise TypeError("first arg must be a pointer ctype")
    if length is None:
        return _parse(_world.ffi.getctype(pointer.item, "[]"), _home(pointer))
    if length < 0:
        raise ValueError("negative array length")
    if length * max(1, _world.ffi.sizeof(pointer.item)) > sys.maxsize:
        raise OverflowError("array size would overflow a ssize_t")
    return _parse(_world.ffi.getctype(pointer.item, f"[{length}]"), _home(pointer))


def new_struct_type(name: str) -> Any:
    """Give a struct that is not defined yet."""
    return _world.tagged("struct", name, ("record", None, 0, 0, 0))


def new_union_type(name: str) -> Any:
    """Give a union that is not defined yet."""
    return _world.tagged("union", name, ("record", None, 0, 0, 0))


def new_enum_type(name: str, names: Sequence[str], values: Sequence[int], base: Any) -> Any:
    """Give an enum."""
    ffi = _world.ffi
    for value in values:
        if int(ffi.cast(base, value)) != value:
            raise OverflowError(f"enum {name!r}: {value} does not fit")
    constants = {key: ("constant", value) for key, value in zip(names, values)}
    return _world.tagged("enum", name, ("enum", ",".join(names), 0, base.cname), constants)


def new_function_type(args: Sequence[Any], result: Any, ellipsis: bool = False, abi: Optional[int] = None) -> Any:
    """Give the type of pointers to a function."""
    if any(arg.kind == "void" for arg in args):
        raise TypeError("invalid argument type: void")
    texts = [_world.ffi.getctype(arg) for arg in args] + (["..."] if ellipsis else [])
    return _parse(_world.ffi.getctype(result, f"(*)({', '.join(texts) or 'void'})"))


def complete_struct_or_union(
    record: Any,
    fields: Sequence[tuple[Any, ...]],
    ignored: object = None,
    total_size: int = -1,
    total_align: int = -1,
    flags: int = 0,
    pack: int = 0,
) -> None:
    """Define a struct or union; the sizes and offsets given are those of a compiler."""
    ffi = _world.ffi
    if record.fields is not None:
        raise TypeError("already completed")
    rows = tuple((name, ffi.getctype(ctype), (rest or (-1,))[0], 0) for name, ctype, *rest in fields)
    offsets = [rest[1] if len(rest) > 1 else -1 for _, _, *rest in fields]
    world_pack = PACKED if flags & SF_PACKED else pack
    names = [name for name, *_ in rows]

    def place_so(members: Any, is_union: bool, pack: int = 0, aligned: int = 0) -> Any:
        size, align, places = _place_fields(members, is_union, pack, aligned, _abi(flags))
        if [member[0] for member in members] != names:
            return size, align, places  # a record in this one
        places = [(offset if offset >= 0 else found, shift) for offset, (found, shift) in zip(offsets, places)]
        return (total_size if total_size >= 0 else size, total_align if total_align >= 0 else align, places)

    _placement.chosen = place_so
    try:
        home, key = _world.keys[record]
        home._declare({}, {key: ("record", rows, 0, world_pack, 0)})
        ffi.alignof(record)
    except FFIError as error:
        raise TypeError(str(error)) from error
    finally:
        _placement.chosen = _place_fields


def _abi(flags: int) -> Abi:
    if flags & SF_MSVC_BITFIELDS:
        return MSVC
    if flags & SF_GCC_BIG_ENDIAN:
        return Abi(big_endian=True)
    if flags & SF_GCC_ARM_BITFIELDS:
        return AAPCS
    return SYSV if flags & SF_GCC_X86_BITFIELDS else HOST


# Data: the methods of FFI, as functions.


def _method(name: str) -> Callable[..., Any]:
    def call(*args: Any, **kwds: Any) -> Any:
        return getattr(_world.ffi, name)(*args, **kwds)

    call.__name__ = name
    return call


def getcname(ctype: Any, replace_with: str) -> str:
    """Spell a type.  Unlike the method of FFI, it adds no space."""
    return _world.ffi.getctype(ctype, "X").replace(" X", replace_with)


def newp(ctype: Any, initializer: Any = None) -> Any:
    """Allocate."""
    return _world.ffi.new(ctype, initializer)


def typeof(cdata: Any) -> Any:
    """Give the type of data."""
    if isinstance(cdata, str):
        raise TypeError("expected a 'cdata' object")
    return _world.ffi.typeof(cdata)


def newp_handle(ctype: Any, value: Any) -> Any:
    """Make a handle."""
    return (
        _world.ffi.cast(ctype, _world.ffi.new_handle(value))
        if ctype.cname != "void *"
        else _world.ffi.new_handle(value)
    )


def typeoffsetof(ctype: Any, name: Any, following: int = 0) -> tuple[Any, int]:
    """Give the type and offset of a member or item."""
    ffi = _world.ffi
    record = ctype.item if isinstance(name, str) and ctype.kind == "pointer" and not following else ctype
    if following and ctype.kind == "pointer":
        raise TypeError("with a field name, following can only be used on a struct")
    offset = ffi.offsetof(record, name)
    return (dict(record.fields)[name].type if isinstance(name, str) else record.item), offset


def rawaddressof(ctype: Any, cdata: Any, offset: int) -> Any:
    """Point into data."""
    ffi = _world.ffi
    if ctype.kind != "pointer":
        raise TypeError("expected a pointer ctype")
    start = cdata if ffi.typeof(cdata).kind in ("pointer", "array") else ffi.addressof(cdata)
    return ffi.cast(ctype, ffi.cast("char *", start) + offset)


def get_errno() -> int:
    """Read errno."""
    return _world.ffi.errno


def set_errno(value: int) -> None:
    """Set errno."""
    _world.ffi.errno = value


class CLibrary:
    """A library whose names get their types when they are asked for."""

    def __init__(self, path: Optional[str], flags: int) -> None:
        self._path = path
        self._flags = flags
        self._lib: Any = None
        self._open()

    def _open(self) -> None:
        self._lib = _world.ffi.dlopen(self._path, self._flags)

    def __repr__(self) -> str:
        return f"<clibrary {self._path!r}>"

    def _declare(self, kind: str, ctype: Any, name: str) -> Any:
        text = _world.ffi.getctype(ctype)
        if kind == "function":
            arguments = ", ".join(_world.ffi.getctype(arg) for arg in ctype.args) + (", ..." if ctype.ellipsis else "")
            text = _world.ffi.getctype(ctype.result, f"({arguments or 'void'})")
        _world.ffi._declare({name: (kind, text)}, {})
        return self._lib

    def load_function(self, ctype: Any, name: str) -> Any:
        """Find a function."""
        if ctype.kind != "function":
            return _world.ffi.cast(
                ctype, _world.ffi.addressof(self._declare("variable", new_primitive_type("char"), name), name)
            )
        return _world.ffi.addressof(self._declare("function", ctype, name), name)

    def read_variable(self, ctype: Any, name: str) -> Any:
        """Read a variable."""
        return getattr(self._declare("variable", ctype, name), name)

    def write_variable(self, ctype: Any, name: str, value: Any) -> None:
        """Write a variable."""
        setattr(self._declare("variable", ctype, name), name, value)

    def close_lib(self) -> None:
        """Close it."""
        _world.ffi.dlclose(self._lib)


def load_library(path: Optional[str] = None, flags: int = 0) -> CLibrary:
    """Open a library."""
    return CLibrary(path, flags)


@functools.cache
def _testfunc_library() -> Any:
    folder = tempfile.mkdtemp(prefix="conformance-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    library = Path(folder, "testfunc.so")
    source = Path(__file__).with_name("testfunc.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-w", "-o", library, source], check=True)
    ffi = cffi.FFI()
    ffi.cdef("void *testfunc(int);")
    return ffi.dlopen(str(library))


def _testfunc(number: int) -> Any:
    return _testfunc_library().testfunc(number)


def _get_types() -> tuple[type, type]:
    return cffi.FFI.CData, cffi.FFI.CType


def names() -> dict[str, Any]:
    """Give what the suite imports from the backend."""
    methods = [
        "cast",
        "sizeof",
        "alignof",
        "string",
        "unpack",
        "memmove",
        "from_buffer",
        "from_handle",
        "callback",
        "release",
    ]
    found: dict[str, Any] = {name: _method(name) for name in methods}
    found["gcp"] = _method("gc")
    found |= {
        name: value for name, value in globals().items() if name.startswith(("new", "SF_", "RTLD")) or name in _NAMES
    }
    found |= {name: getattr(cffi.FFI, name) for name in dir(cffi.FFI) if name.startswith("RTLD_")}
    found["_CDataBase"], found["CType"] = _get_types()
    found["FFI_DEFAULT_ABI"] = found["FFI_CDECL"] = _world.ffi.typeof("int(*)(int)").abi
    found["_get_common_types"] = lambda into: into.update(bool="_Bool")
    return found


_NAMES: Final = frozenset(
    [
        "complete_struct_or_union",
        "getcname",
        "typeof",
        "typeoffsetof",
        "rawaddressof",
        "get_errno",
        "set_errno",
        "load_library",
        "_testfunc",
        "_get_types",
        "CLibrary",
    ]
)
