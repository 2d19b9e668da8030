"""What the front end and generated modules need of a runtime, as types.

Nothing imports this at run time.  `docs/porting.md` says what stands behind each part; type checkers and
`tests/core/test_runtime_protocol.py` hold every runtime against it.
"""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike
from typing import Any, Optional, Protocol, TypeVar, Union

_T = TypeVar("_T")

Table = dict[str, tuple[Any, ...]]
"""One map of the declaration table; see docs/declaration_table.md."""


class RuntimeFFI(Protocol):
    """The class that ``ffi_core.FFI`` derives from, and that the ``ffi`` of a generated module is of.

    Making one takes no arguments.  ``CData``, ``CType`` and ``buffer`` are classes of the runtime's own; what their objects
    can do is in `_native.pyi`, and is tested through ``ffi``.
    """

    @property
    def NULL(self) -> Any:  # noqa: N802 - known by these names
        """``void *`` NULL."""

    @property
    def CData(self) -> Any:  # noqa: N802
        """The class of C data."""

    @property
    def CType(self) -> Any:  # noqa: N802
        """The class of C types."""

    @property
    def buffer(self) -> Any:
        """The class whose objects are bytes of C data, without a copy."""

    @property
    def error(self) -> Any:
        """The base of the exceptions: ``FFIError``."""

    # Types.

    def typeof(self, cdecl: Any) -> Any:
        """Give the C type that a text names, or of C data."""

    def sizeof(self, cdecl: Any) -> int:
        """Give a size in bytes; the front end asks for sizes in constant expressions."""

    def alignof(self, cdecl: Any) -> int:
        """Give an alignment in bytes."""

    def offsetof(self, cdecl: Any, *fields_or_indexes: Any) -> int:
        """Give the distance of a member in bytes."""

    def getctype(self, cdecl: Any, replace_with: str = "") -> str:
        """Write a type in C."""

    def list_types(self) -> tuple[list[str], list[str], list[str]]:
        """List typedef names, structs and unions."""

    def integer_const(self, name: str) -> int:
        """Give the value of an integer constant."""

    # Memory.

    def new(self, cdecl: Any, init: Any = None) -> Any:
        """Allocate C data that Python owns."""

    def new_allocator(
        self,
        alloc: Optional[Callable[[int], Any]] = None,
        free: Optional[Callable[[Any], Any]] = None,
        should_clear_after_alloc: bool = True,
    ) -> Callable[..., Any]:
        """Give a function like ``new``, with memory of another kind."""

    def cast(self, cdecl: Any, source: Any) -> Any:
        """Convert as a cast in C does."""

    def addressof(self, cdata_or_lib: Any, *fields_or_indexes: Any) -> Any:
        """Give a pointer to C data, a part of it, or what a library has."""

    def gc(self, cdata: Any, destructor: Any, size: int = 0) -> Any:
        """Tie a function to the life of C data."""

    def release(self, cdata: Any) -> None:
        """Give memory back now."""

    def new_handle(self, obj: object) -> Any:
        """Give a ``void *`` that stands for a Python object."""

    def from_handle(self, x: Any) -> Any:
        """Give that object."""

    def from_buffer(self, cdecl: Any, python_buffer: Any, require_writable: bool = False) -> Any:
        """Give C data in the memory of a Python object; ``char[]`` where only that object is given."""

    def memmove(self, dest: Any, src: Any, n: int) -> None:
        """Copy bytes."""

    def string(self, cdata: Any, maxlen: int = -1) -> Any:
        """Read up to the first null."""

    def unpack(self, cdata: Any, length: int) -> Any:
        """Read a number of items."""

    # Libraries.

    def dlopen(self, name: Union[str, bytes, PathLike[str], Any, None], flags: int = 0) -> Any:
        """Open a library: an object with the declared names as attributes."""

    def dlclose(self, lib: Any) -> None:
        """Close it."""

    # C calling Python.

    def callback(self, cdecl: Any, python_callable: Any = None, error: Any = None, onerror: Any = None) -> Any:
        """Make a C function of a Python function."""

    def def_extern(self, name: Optional[str] = None, error: Any = None, onerror: Any = None) -> Any:
        """Give a declared function its body."""

    def init_once(self, func: Callable[[], _T], tag: object) -> _T:
        """Call a function once."""

    # For the front end and generated modules.

    _declares: bool
    """Whether this is a builder's: ``ffi_core.FFI`` sets it.  Type expressions can then declare structs by naming them, as in C,
    and what the runtime's parser does not read goes to the builder's ``_read_type(text)``, which spells it."""

    def _declare(self, global_declarations: Table, type_declarations: Table, name: str = ..., /) -> None:
        """Add declarations.  Names that are there already are replaced: the front end has decided that they may be.

        ``name`` is that of a generated module in ABI mode.
        """

    def _include(self, other: Any, /) -> None:
        """See the declarations of another ``ffi`` too, after one's own."""

    def _replace(self, other: Any, /) -> None:
        """Drop one's own declarations for those of another ``ffi``."""

    def _table(self) -> tuple[Optional[str], bool, dict[str, Any], dict[str, Any]]:
        """Give the name of the module, whether it is in API mode, and all declarations: for ``include()``."""

    def _share_types(self, types: dict[str, Any], /) -> None:
        """Take structs, unions and enums, by their names in the table, as another ``ffi`` made them: for ``verify()``."""
