"""The class `FFI` that every `ffi` is of, also those of generated modules.

Belongs here: its methods, each of which turns a text into a type and calls a primitive.
"""

from __future__ import annotations

from _operator import index
from _thread import RLock

from ffi_core import FFIError
from ffi_core.pypy import CHAR_ARRAY, FILE_POINTER, NULL, CData, CType, backend, promote

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from typing import Any, Callable, NoReturn, Optional

_newp = backend.newp
_cast = backend.cast


class _Late:
    """An attribute that is made when it is first asked for: who only imports a generated module asks for none."""

    def __init__(self, make: Callable[[Any], Any]) -> None:
        self._make = make

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, ffi: Any, owner: Optional[type] = None) -> Any:
        if ffi is None:
            return self
        # Of two threads that come here at once, one is right.
        return vars(ffi).setdefault(self._name, self._make(ffi))


def _declarations(ffi: FFI) -> Any:
    from ffi_core.pypy.declarations import Declarations

    made = Declarations(ffi)
    if ffi._opened is not None:
        from ffi_core.pypy.library import Library
        from ffi_core.pypy.table import GeneratedTable

        table, handle = ffi._opened
        made.table = GeneratedTable(table, Library(handle, ffi._name or "", owned=False))
    return made


def _realizer(ffi: FFI) -> Any:
    from ffi_core.pypy.realize import Realizer

    return Realizer(ffi._declarations)


def _queries(ffi: FFI) -> Any:
    from ffi_core.pypy.queries import Queries

    return Queries(ffi)


class _Buffer:
    """The class `FFI.buffer`, which takes this place when it is first asked for."""

    def __get__(self, ffi: Any, owner: Optional[type] = None) -> Any:
        from ffi_core.pypy.buffers import buffer

        FFI.buffer = buffer
        return buffer


def _check_extent(side: str, end: Any, count: int) -> None:
    """Raise where ``count`` bytes are more than one side of a copy is known to have.

    Errors: ``ValueError``; ``RuntimeError`` for NULL.
    """
    if isinstance(end, CData):
        if count and not end:
            raise RuntimeError(f"memmove(): '{side}' is NULL")
        ctype = backend.typeof(end)
        size = backend.sizeof(end) if ctype.kind == "array" else count
        if count > size:
            raise ValueError(f"memmove() of {count} bytes: '{side}', a cdata '{ctype.cname}', has {size}")
    elif not isinstance(end, _BYTES) or count > len(end):
        size = memoryview(end).nbytes
        if count > size:
            raise ValueError(f"memmove() of {count} bytes: '{side}' has {size}")


_BYTES = (bytes, bytearray)


class FFI:
    """Access to C: declarations, C data and C types."""

    NULL = NULL
    CData = CData
    CType = CType
    buffer: Any = _Buffer()
    error = FFIError

    RTLD_LAZY = backend.RTLD_LAZY
    RTLD_NOW = backend.RTLD_NOW
    RTLD_GLOBAL = backend.RTLD_GLOBAL
    RTLD_LOCAL = backend.RTLD_LOCAL
    RTLD_NODELETE = backend.RTLD_NODELETE
    RTLD_NOLOAD = backend.RTLD_NOLOAD
    RTLD_DEEPBIND = backend.RTLD_DEEPBIND

    def __init__(self) -> None:
        self._once: dict[Any, list[Any]] = {}
        self._once_lock = RLock()
        self._python_bodies: list[Any] = []
        self._functions: dict[str, Any] = {}  # those of a generated library that were looked up
        self._name: Optional[str] = None
        self._opened: Optional[tuple[Any, Any]] = None  # the table of a generated library, and its handle
        self._declares = False  # has cdef(): type expressions can declare, as in C, and be whatever the front end reads

    def __repr__(self) -> str:
        if self._name is None:
            return f"<FFI object at {id(self):#x}>"
        return f"<FFI object of module '{self._name}'>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"cannot pickle {self!r}: it belongs to this process")

    # Types.

    _declarations = _Late(_declarations)
    _realizer = _Late(_realizer)
    _queries = _Late(_queries)
    _ready = _Late(lambda ffi: ffi._realizer.ready_types)

    def _type(self, cdecl: Any) -> Any:
        """Give the type that an argument names."""
        return self._queries.type_of(cdecl)

    def _read_type(self, text: str) -> str:
        """Spell a type that only the front end reads."""
        raise FFIError(f"this ffi has no cdef(): {text}")

    def typeof(self, cdecl: Any) -> Any:
        """Return the ctype that a string names, or of a cdata object."""
        return self._queries.typeof(cdecl)

    def sizeof(self, cdecl: Any) -> int:
        """Return the size in bytes of a C type, or of what a cdata object holds."""
        size: int = self._queries.sizeof(cdecl)
        return size

    def alignof(self, cdecl: Any) -> int:
        """Return the alignment in bytes of a C type."""
        align: int = self._queries.alignof(cdecl)
        return align

    def offsetof(self, cdecl: Any, *fields_or_indexes: Any) -> int:
        """Return the offset in bytes of a member."""
        offset: int = self._queries.offsetof(cdecl, fields_or_indexes)
        return offset

    def addressof(self, cdata_or_lib: Any, *fields_or_indexes: Any) -> Any:
        """Return a pointer, as C's `&` does."""
        return self._queries.addressof(cdata_or_lib, fields_or_indexes)

    def getctype(self, cdecl: Any, replace_with: str = "") -> str:
        """Return the C text of a type, with a declarator in its place."""
        text: str = self._queries.getctype(cdecl, replace_with)
        return text

    def list_types(self) -> tuple[list[str], list[str], list[str]]:
        """Return the names of typedefs, structs and unions: three lists."""
        names: tuple[list[str], list[str], list[str]] = self._queries.list_types()
        return names

    def integer_const(self, name: str) -> int:
        """Return the value of an integer constant."""
        value: int = self._queries.integer_const(name)
        return value

    # Memory.

    @property
    def keep_alive(self) -> bool:
        """Whether memory keeps alive what its pointers point to: never on PyPy."""
        return False

    @keep_alive.setter
    def keep_alive(self, value: bool) -> None:
        if value:
            raise NotImplementedError(
                "keep_alive is not there on PyPy: the interpreter's C data do not tell who wrote them"
            )

    def new(self, cdecl: Any, init: Any = None) -> Any:
        """Allocate C data of the given pointer or array type, zeroed, then initialised."""
        try:
            ctype = getattr(self._ready, cdecl)
        except (AttributeError, TypeError):
            ctype = self._type(cdecl)
            if ctype in self._queries.over_aligned:
                from ffi_core.pypy.aligned import allocate

                return allocate(ctype, init)
        try:
            return _newp(promote(ctype), init)
        except (TypeError, OverflowError, KeyError, ValueError) as error:
            if not isinstance(ctype, CType):  # a function type, or an attribute that every object has
                return _newp(self._type(cdecl), init)
            from ffi_core.pypy.function import with_pointers
            from ffi_core.pypy.initializers import explain

            given = with_pointers(init)
            if given is not init:
                return self.new(cdecl, given)
            if "unknown size" in str(error):
                self._queries.explain(ctype)
            better = explain(ctype, init, error)
            if better is error:
                raise
        raise better

    def new_allocator(
        self,
        alloc: Optional[Callable[[int], Any]] = None,
        free: Optional[Callable[[Any], Any]] = None,
        should_clear_after_alloc: bool = True,
    ) -> Callable[..., Any]:
        """Return a function like new() that takes its memory from `alloc`."""
        for name, value in (("alloc", alloc), ("free", free)):
            if value is not None and not callable(value):
                raise TypeError(
                    f"new_allocator() argument '{name}' must be callable or None, not {type(value).__name__}"
                )
        if alloc is None and free is not None:
            raise TypeError("cannot pass 'free' without 'alloc'")
        allocate = backend.FFI().new_allocator(alloc, free, should_clear_after_alloc)

        def allocator(cdecl: Any, init: Any = None) -> Any:
            return allocate(self._type(cdecl), init)

        return allocator

    def cast(self, cdecl: Any, source: Any) -> Any:
        """Convert as a C cast does: numbers, pointers, arrays."""
        try:
            ctype = getattr(self._ready, cdecl)
        except (AttributeError, TypeError):
            ctype = self._queries.castable(cdecl)
        if type(ctype) is not CType:
            ctype = self._queries.castable(cdecl)
        if ctype is FILE_POINTER and not isinstance(source, (CData, int)):
            from ffi_core.pypy.handles import keep_with

            return keep_with(_cast(ctype, source), source)  # a Python file
        try:
            return _cast(promote(ctype), source)
        except TypeError:
            from ffi_core.pypy.function import with_pointers

            given = with_pointers(source)
            if given is source:
                raise
        return _cast(ctype, given)

    def gc(self, cdata: Any, destructor: Optional[Callable[[Any], Any]], size: int = 0) -> Any:
        """Return a copy of the pointer that calls `destructor` when it is collected."""
        if not isinstance(cdata, CData):
            raise TypeError(f"gc() argument 'cdata' must be a cdata object, not {type(cdata).__name__}")
        if destructor is not None and not callable(destructor):
            raise TypeError(f"gc() argument 'destructor' must be callable or None, not {type(destructor).__name__}")
        return backend.gcp(cdata, destructor, size)

    def release(self, cdata: Any) -> None:
        """Release the memory or buffer that the cdata owns, now."""
        if not isinstance(cdata, CData):
            raise TypeError(f"release() argument must be a cdata object, not {type(cdata).__name__}")
        backend.release(cdata)

    def new_handle(self, obj: object) -> Any:
        """Return a `void *` that C can carry; see from_handle()."""
        from ffi_core.pypy.handles import make

        return make(obj)

    def from_handle(self, x: Any) -> Any:
        """Return the object that new_handle() was given."""
        if not isinstance(x, CData):
            raise TypeError(f"from_handle() argument must be a cdata object, not {type(x).__name__}")
        from ffi_core.pypy.handles import resolve

        return resolve(x)

    def from_buffer(self, cdecl: Any, python_buffer: Any = None, require_writable: bool = False) -> Any:
        """Return an array cdata that refers to the memory of a Python buffer, without a copy."""
        ctype = CHAR_ARRAY
        if python_buffer is None:
            python_buffer = cdecl
        else:
            ctype = self._type(cdecl)
        if isinstance(python_buffer, memoryview) and not python_buffer.contiguous:
            raise BufferError("from_buffer(): memoryview: underlying buffer is not contiguous")
        try:
            return backend.from_buffer(ctype, python_buffer, require_writable)
        except TypeError as error:
            if "read-write" in str(error):
                raise BufferError(f"from_buffer(): {error}") from None
            raise

    def memmove(self, dest: Any, src: Any, n: int) -> None:
        """Copy `n` bytes between cdata and Python buffers; they may overlap."""
        count = index(n)
        for side, end in (("dest", dest), ("src", src)):
            _check_extent(side, end, count)
        backend.memmove(dest, src, count)

    def string(self, cdata: Any, maxlen: int = -1) -> Any:
        """Return the bytes or str up to the first null; of an enum, the name."""
        return backend.string(cdata, maxlen)

    def unpack(self, cdata: Any, length: int) -> Any:
        """Return `length` items as bytes, str or list."""
        if isinstance(cdata, CData) and length > 0:
            ctype = backend.typeof(cdata)
            if ctype.kind == "array" and length > len(cdata):
                raise IndexError(f"unpack() of {length} items: cdata '{ctype.cname}' has {len(cdata)}")
        return backend.unpack(cdata, length)

    def tuple_reader(
        self, cdecl: Any, cls: Any = tuple, encoding: Any = None, errors: Any = "strict", fields: Any = None
    ) -> Any:
        """Return a function that turns such a struct into a tuple of its fields."""
        from ffi_core.pypy import tuple_reader

        tuple_reader.check_arguments(cls, encoding, errors)
        ctype = self._type(cdecl)
        self._queries.explain(ctype)
        record = tuple_reader.check_record(ctype)
        names = tuple_reader.all_names(record) if fields is None else tuple_reader.check_names(record, fields)
        return tuple_reader.TupleReader(record, cls, names, encoding, errors).read

    def for_bytes(self, function: Any, otherwise: Any, short: Any = None, below: int = 0) -> Any:
        """Return `otherwise`: the compiler of this interpreter makes it fast."""
        from ffi_core.pypy.for_bytes import check_for_bytes

        check_for_bytes(function, otherwise, short, below)
        return otherwise

    def bytes_method(self, function: Any, attribute: Any, otherwise: Any, failed: Any, release: Any = None) -> Any:
        """Return `otherwise`, as `for_bytes` does."""
        from ffi_core.pypy.for_bytes import check_bytes_method

        check_bytes_method(function, attribute, otherwise, failed, release)
        return otherwise

    @property
    def errno(self) -> int:
        """C's errno, as the last C call of this thread left it."""
        value: int = backend.get_errno()
        return value

    @errno.setter
    def errno(self, value: int) -> None:
        number = index(value)  # no floats
        if not -(1 << 31) <= number < 1 << 31:
            raise OverflowError(f"errno {number} does not fit 'int'")
        backend.set_errno(number)

    # Libraries.

    def dlopen(self, name: Any, flags: int = 0) -> Any:
        """Open a shared library, and return the `lib` of its declared names."""
        if self._declarations.table is not None and not self._declarations.globals:
            raise FFIError(
                "this ffi belongs to a compiled module, whose functions are in its `lib`; use another FFI() for dlopen"
            )
        from ffi_core.pypy.lib import new_lib
        from ffi_core.pypy.library import open_library

        library = open_library(name, flags)
        return new_lib(self, library, library.name)

    def dlclose(self, lib: Any) -> None:
        """Close a library that dlopen() opened; using `lib` then raises ValueError."""
        from ffi_core.pypy.lib import Lib

        if not isinstance(lib, Lib) or lib._library is None:
            raise TypeError(f"dlclose() takes a lib that dlopen() returned, not {lib!r}")
        from ffi_core.pypy.lookup import close_lib

        close_lib(lib)

    # C calling Python.

    def callback(
        self,
        cdecl: Any,
        python_callable: Optional[Callable[..., Any]] = None,
        error: Any = None,
        onerror: Optional[Callable[..., Any]] = None,
    ) -> Any:
        """Return a C function pointer that calls Python.  Without a callable: a decorator."""
        ctype = self._type(cdecl)
        if ctype.kind == "pointer" and ctype.item.kind == "function":
            ctype = ctype.item
        if ctype.kind != "function":
            raise TypeError(f"callback() needs the type of a function, not '{ctype.cname}'")
        if onerror is not None and not callable(onerror):
            raise TypeError(f"expected a callable object for 'onerror', not {type(onerror).__name__}")

        def make(body: Callable[..., Any]) -> Any:
            if not callable(body):
                raise TypeError(f"expected a callable object for '{ctype.cname}', not {type(body).__name__}")
            from ffi_core.pypy.unraisable import reporter

            return backend.callback(ctype, body, error, onerror or reporter(body))

        return make if python_callable is None else make(python_callable)

    def def_extern(
        self, name: Optional[str] = None, error: Any = None, onerror: Optional[Callable[..., Any]] = None
    ) -> Callable[[Any], Any]:
        """Give an extern "Python" function its body: a decorator."""
        from ffi_core.pypy.extern_python import define

        def decorate(body: Any) -> Any:
            define(self, body.__name__ if name is None else name, body, error, onerror)
            return body

        return decorate

    def init_once(self, func: Callable[[], Any], tag: object) -> Any:
        """Call `func` once per tag, also with several threads; return its result."""
        with self._once_lock:
            entry = self._once.setdefault(tag, [RLock()])
        if len(entry) == 1:
            with entry[0]:
                if len(entry) == 1:
                    entry.append(func())
        return entry[1]

    # For the front end and generated modules.

    def _declare(
        self, global_declarations: dict[str, Any], type_declarations: dict[str, Any], name: Optional[str] = None
    ) -> None:
        """Add declarations, in the format of the declaration table; ``name`` is that of a generated module."""
        self._name = name or self._name
        self._realizer.forget(type_declarations)
        self._declarations.globals.update(global_declarations)
        self._declarations.types.update(type_declarations)
        self._realizer.settle()

    def _include(self, other: FFI) -> None:
        """Make the declarations of another ffi known to this one."""
        if not isinstance(other, FFI):
            raise TypeError(f"include() takes an FFI object, not {type(other).__name__}")
        if other is self:
            raise ValueError("an FFI object cannot include itself")
        self._declarations.includes.append(other._declarations)
        self._realizer.included.append(other._realizer)

    def _replace(self, other: FFI) -> None:
        """Forget what was declared, and take it all from another ffi."""
        if other is self:
            raise TypeError("_replace() takes another FFI object")
        self._declarations.includes[:] = [other._declarations]
        self._realizer.included[:] = [other._realizer]
        self._declarations.globals.clear()
        self._declarations.types.clear()
        self._realizer.clear()

    def _table(self) -> tuple[Optional[str], bool, dict[str, Any], dict[str, Any]]:
        """Give the name of the module, whether it is in API mode, and all declarations."""
        table_globals: dict[str, Any] = {}
        table_types: dict[str, Any] = {}
        self._declarations.collect(table_globals, table_types)
        return self._name, self._declarations.table is not None, table_globals, table_types

    def _share_types(self, types: Any) -> None:
        """Take some structs, unions and enums as another ffi made them."""
        if not isinstance(types, dict) or not all(
            isinstance(name, str) and isinstance(ctype, CType) for name, ctype in types.items()
        ):
            raise TypeError("_share_types() takes a dict of C types")
        self._realizer.share(types)
