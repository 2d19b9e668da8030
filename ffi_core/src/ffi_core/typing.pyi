# What the stubs of generated modules are made of.  For type checkers only: there is no such module at run time, so import from it
# under `if TYPE_CHECKING:`.

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import (
    IO,
    Any,
    Generic,
    Literal,
    Optional,
    SupportsComplex,
    SupportsFloat,
    SupportsIndex,
    TypeVar,
    Union,
    overload,
)

from typing_extensions import Buffer, Self, TypeAlias

from ffi_core import _native
from ffi_core._native import CData as CData
from ffi_core._native import CType as CType

_T = TypeVar("_T")
_C = TypeVar("_C", bound=Callable[..., Any])
_D = TypeVar("_D", bound=AnyData)
_R = TypeVar("_R", bound=Record)
_Tuple = TypeVar("_Tuple", bound=tuple[Any, ...])

# C data whose type is known.
class Data:
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __bool__(self) -> bool: ...
    def __copy__(self) -> Self: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *exception: object) -> None: ...

# A number that knows its C type: ffi.cast("int", 5), or a `long double`.
class Value(Data):
    def __int__(self) -> int: ...
    def __float__(self) -> float: ...
    def __complex__(self) -> complex: ...

# `void *`, which goes wherever C takes a pointer.
class VoidPointer(Data): ...

# ffi.NULL.
class Null(VoidPointer): ...

# A struct or union.
class Record(Data):
    def __buffer__(self, flags: int, /) -> memoryview: ...

# `T *`.
class Pointer(Data, Generic[_T]):
    @overload
    def __getitem__(self, index: SupportsIndex, /) -> _T: ...
    @overload
    def __getitem__(self, index: slice, /) -> Array[_T]: ...
    @overload
    def __setitem__(self, index: SupportsIndex, value: Any, /) -> None: ...
    @overload
    def __setitem__(self, index: slice, value: Any, /) -> None: ...
    def __add__(self, count: SupportsIndex, /) -> Pointer[_T]: ...
    def __radd__(self, count: SupportsIndex, /) -> Pointer[_T]: ...
    @overload
    def __sub__(self, other: Pointer[_T], /) -> int: ...
    @overload
    def __sub__(self, count: SupportsIndex, /) -> Pointer[_T]: ...
    def __lt__(self, other: Pointer[_T], /) -> bool: ...
    def __le__(self, other: Pointer[_T], /) -> bool: ...
    def __gt__(self, other: Pointer[_T], /) -> bool: ...
    def __ge__(self, other: Pointer[_T], /) -> bool: ...

# `T[n]`, `T[]`.  It is given wherever C takes a `T *`.
class Array(Pointer[_T]):
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[_T]: ...
    def __buffer__(self, flags: int, /) -> memoryview: ...

# A pointer to a function.
class FunctionPointer(Data, Generic[_C]):
    @property
    def __call__(self) -> _C: ...

# What is accepted where C takes something.
AnyData: TypeAlias = Union[Data, CData]
AnyPointer: TypeAlias = Union[VoidPointer, CData]
IntegerLike: TypeAlias = Union[SupportsIndex, Value, CData]
FloatLike: TypeAlias = Union[SupportsFloat, SupportsIndex, Value, CData]
ComplexLike: TypeAlias = Union[complex, SupportsComplex, SupportsFloat, Value, CData]
BytesLike: TypeAlias = Union[bytes, Value, CData]
TextLike: TypeAlias = Union[str, Value, CData]
RecordLike: TypeAlias = Union[Sequence[Any], Mapping[str, Any], CData]
FileLike: TypeAlias = IO[Any]

# What is accepted where C takes a pointer.
VoidPointerLike: TypeAlias = Union[AnyData, bytes]
CharPointerLike: TypeAlias = Union[Pointer[bytes], Sequence[BytesLike], bytes, AnyPointer]
BytePointerLike: TypeAlias = Union[Pointer[int], Sequence[IntegerLike], bytes, AnyPointer]  # unsigned char *, uint8_t *
TextPointerLike: TypeAlias = Union[Pointer[str], Sequence[TextLike], str, AnyPointer]  # wchar_t *
IntegerPointerLike: TypeAlias = Union[Pointer[int], Sequence[IntegerLike], AnyPointer]
FloatPointerLike: TypeAlias = Union[Pointer[float], Sequence[FloatLike], AnyPointer]
PointerLike: TypeAlias = Union[Pointer[_T], Sequence[Any], AnyPointer]
OpaquePointerLike: TypeAlias = Union[Pointer[_T], AnyPointer]  # there is nothing to make one of
TypeLike: TypeAlias = Union[str, CType]

# Pointers and arrays of C's own types, as `ffi.new` and `ffi.cast` know them by name.
IntegerPointerName: TypeAlias = Literal[
    "signed char *",
    "unsigned char *",
    "short *",
    "unsigned short *",
    "int *",
    "unsigned int *",
    "unsigned *",
    "long *",
    "unsigned long *",
    "long long *",
    "unsigned long long *",
    "int8_t *",
    "uint8_t *",
    "int16_t *",
    "uint16_t *",
    "int32_t *",
    "uint32_t *",
    "int64_t *",
    "uint64_t *",
    "intptr_t *",
    "uintptr_t *",
    "ptrdiff_t *",
    "size_t *",
    "ssize_t *",
]
IntegerArrayName: TypeAlias = Literal[
    "signed char[]",
    "unsigned char[]",
    "short[]",
    "unsigned short[]",
    "int[]",
    "unsigned int[]",
    "unsigned[]",
    "long[]",
    "unsigned long[]",
    "long long[]",
    "unsigned long long[]",
    "int8_t[]",
    "uint8_t[]",
    "int16_t[]",
    "uint16_t[]",
    "int32_t[]",
    "uint32_t[]",
    "int64_t[]",
    "uint64_t[]",
    "intptr_t[]",
    "uintptr_t[]",
    "ptrdiff_t[]",
    "size_t[]",
    "ssize_t[]",
]
IntegerName: TypeAlias = Literal[
    "signed char",
    "unsigned char",
    "short",
    "unsigned short",
    "int",
    "unsigned int",
    "unsigned",
    "long",
    "unsigned long",
    "long long",
    "unsigned long long",
    "int8_t",
    "uint8_t",
    "int16_t",
    "uint16_t",
    "int32_t",
    "uint32_t",
    "int64_t",
    "uint64_t",
    "intptr_t",
    "uintptr_t",
    "ptrdiff_t",
    "size_t",
    "ssize_t",
    "char",
    "float",
    "double",
    "long double",
    "_Bool",
    "bool",
]
FloatPointerName: TypeAlias = Literal["float *", "double *"]
FloatArrayName: TypeAlias = Literal["float[]", "double[]"]

# `lib`.  The stubs add its names.
class Lib:
    @property
    def __all__(self) -> list[str]: ...
    def __dir__(self) -> list[str]: ...

# `ffi`.  The stubs add the names of the module's own types.
class FFI(_native.FFI):
    NULL: Null  # type: ignore[assignment,misc] # narrower, and as constant as there
    @overload
    def new(self, cdecl: IntegerPointerName, init: Any = None) -> Pointer[int]: ...
    @overload
    def new(self, cdecl: IntegerArrayName, init: Any = None) -> Array[int]: ...
    @overload
    def new(self, cdecl: FloatPointerName, init: Any = None) -> Pointer[float]: ...
    @overload
    def new(self, cdecl: FloatArrayName, init: Any = None) -> Array[float]: ...
    @overload
    def new(self, cdecl: Literal["char *"], init: Any = None) -> Pointer[bytes]: ...
    @overload
    def new(self, cdecl: Literal["char[]"], init: Any = None) -> Array[bytes]: ...
    @overload
    def new(self, cdecl: TypeLike, init: Any = None) -> Any: ...
    @overload
    def cast(self, cdecl: IntegerName, source: Any) -> Value: ...
    @overload
    def cast(self, cdecl: IntegerPointerName, source: Any) -> Pointer[int]: ...
    @overload
    def cast(self, cdecl: FloatPointerName, source: Any) -> Pointer[float]: ...
    @overload
    def cast(self, cdecl: Literal["char *"], source: Any) -> Pointer[bytes]: ...
    @overload
    def cast(self, cdecl: Literal["void *"], source: Any) -> VoidPointer: ...
    @overload
    def cast(self, cdecl: TypeLike, source: Any) -> Any: ...
    @overload  # type: ignore[override] # what it returns is known better
    def gc(self, cdata: _D, destructor: None, size: int = 0) -> None: ...
    @overload
    def gc(self, cdata: _D, destructor: Callable[[_D], Any], size: int = 0) -> _D: ...
    def release(self, cdata: AnyData) -> None: ...
    def new_handle(self, obj: object) -> VoidPointer: ...  # type: ignore[override] # its class at run time is CData
    def from_handle(self, x: AnyData) -> Any: ...
    @overload  # type: ignore[override] # what it returns is known better
    def from_buffer(self, python_buffer: Buffer, /, *, require_writable: bool = False) -> Array[bytes]: ...
    @overload
    def from_buffer(
        self, cdecl: IntegerArrayName, python_buffer: Buffer, require_writable: bool = False
    ) -> Array[int]: ...
    @overload
    def from_buffer(
        self, cdecl: FloatArrayName, python_buffer: Buffer, require_writable: bool = False
    ) -> Array[float]: ...
    @overload
    def from_buffer(
        self, cdecl: Literal["char[]"], python_buffer: Buffer, require_writable: bool = False
    ) -> Array[bytes]: ...
    @overload
    def from_buffer(self, cdecl: TypeLike, python_buffer: Buffer, require_writable: bool = False) -> Any: ...
    def memmove(self, dest: Union[AnyData, Buffer], src: Union[AnyData, Buffer], n: int) -> None: ...
    @overload
    def string(self, cdata: Pointer[str], maxlen: int = -1) -> str: ...
    @overload
    def string(self, cdata: Union[Pointer[bytes], Pointer[int]], maxlen: int = -1) -> bytes: ...
    @overload
    def string(self, cdata: AnyData, maxlen: int = -1) -> Any: ...
    @overload
    def unpack(self, cdata: Pointer[bytes], length: int) -> bytes: ...  # type: ignore[overload-overlap] # characters are joined
    @overload
    def unpack(self, cdata: Pointer[str], length: int) -> str: ...  # type: ignore[overload-overlap]
    @overload
    def unpack(self, cdata: Pointer[_T], length: int) -> list[_T]: ...
    @overload
    def unpack(self, cdata: AnyData, length: int) -> Any: ...
    @overload
    def tuple_reader(
        self,
        cdecl: TypeLike,
        *,
        encoding: Optional[str] = None,
        errors: str = "strict",
        fields: Optional[Iterable[str]] = None,
    ) -> Callable[[AnyData], tuple[Any, ...]]: ...
    @overload
    def tuple_reader(
        self,
        cdecl: TypeLike,
        cls: type[_Tuple],
        encoding: Optional[str] = None,
        errors: str = "strict",
        fields: Optional[Iterable[str]] = None,
    ) -> Callable[[AnyData], _Tuple]: ...
    def for_bytes(
        self, function: Callable[..., Any], otherwise: _C, short: Optional[Callable[..., Any]] = None, below: int = 0
    ) -> _C: ...
    def bytes_method(
        self,
        function: Callable[..., int],
        attribute: str,
        otherwise: _C,
        failed: Callable[[Any, int, Optional[bytes]], object],
        release: Optional[Callable[..., None]] = None,
    ) -> _C: ...
    def typeof(self, cdecl: Union[TypeLike, AnyData, Callable[..., Any]]) -> CType: ...
    def sizeof(self, cdecl: Union[TypeLike, AnyData]) -> int: ...
    def alignof(self, cdecl: Union[TypeLike, AnyData]) -> int: ...
    @overload
    def addressof(self, cdata_or_lib: _R, /) -> Pointer[_R]: ...
    @overload
    def addressof(
        self, cdata_or_lib: Union[AnyData, Lib, _native.Lib], /, *fields_or_indexes: Union[str, int]
    ) -> Any: ...
    def dlclose(self, lib: Any) -> None: ...
