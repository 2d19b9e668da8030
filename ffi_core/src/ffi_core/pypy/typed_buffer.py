"""``ffi.buffer(cdata, typed=True)``: the items of C data, in the format of the buffer protocol."""

from __future__ import annotations

from ffi_core.pypy import backend, c_types
from ffi_core.pypy.buffers import bytes_of

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from typing import Any, Final

_sizeof: Any = backend.sizeof

_CODES: Final = {
    "_Bool": "?",
    "char": "c",
    "signed char": "b",
    "unsigned char": "B",
    "float": "f",
    "double": "d",
    "long double": "g",
    "float _Complex": "Zf",
    "double _Complex": "Zd",
    "char16_t": "H",
    "char32_t": "w",
    "wchar_t": "w",
}


class TypedBuffer:
    """C data as a buffer of items, which ``memoryview()`` shows."""

    __module__ = "ffi_core"
    __slots__ = ("_format", "_raw", "_shape", "_strides", "_width")

    def __init__(self, cdata: Any, size: int) -> None:
        whole = bytes_of(cdata, size)
        ctype = backend.typeof(cdata)
        size = len(whole)
        item = ctype.item
        width = None if item.kind == "void" else c_types.size_or_none(item)
        if not width or size % width:
            raise ValueError(f"buffer() of {size} bytes: these are no whole items of '{item.cname}'")
        shape = [size // width]
        while item.kind == "array":
            shape.append(item.length)
            item = item.item
        self._raw = whole
        self._format = format_of(item)
        self._width = _sizeof(item)
        strides = [self._width]
        for length in reversed(shape[1:]):
            strides.insert(0, strides[0] * length)
        self._shape, self._strides = tuple(shape), tuple(strides)

    def __buffer__(self, flags: int) -> memoryview:
        new: Any = __import__("__pypy__").newmemoryview
        made: memoryview = new(memoryview(self._raw), self._width, self._format, self._shape, self._strides)
        return made

    def __len__(self) -> int:
        return len(self._raw)

    def __getitem__(self, key: Any) -> bytes:
        found: bytes = self._raw[key]
        return found

    def __setitem__(self, key: Any, value: Any) -> None:
        self._raw[key] = value

    def __eq__(self, other: object) -> bool:
        return bool(self._raw == (other._raw if isinstance(other, TypedBuffer) else other))

    __hash__ = None  # type: ignore[assignment]  # as memory that changes has none


def format_of(ctype: Any) -> str:
    """Write the format of an item: that of the module ``struct`` where it has one, otherwise that of PEP 3118."""
    if ctype.kind == "array":
        lengths = []
        while ctype.kind == "array":
            lengths.append(str(ctype.length or 0))
            ctype = ctype.item
        if ctype.cname == "char" and len(lengths) == 1:
            return f"{lengths[0]}s"
        return f"({','.join(lengths)}){format_of(ctype)}"
    if c_types.is_record(ctype):
        return _format_of_record(ctype)
    size = _sizeof(ctype)
    if ctype.kind == "primitive":
        code = _CODES.get(ctype.cname)
        if code is not None:
            return code
    is_signed = ctype.kind in ("primitive", "enum") and int(backend.cast(ctype, -1)) < 0
    code = {1: "b", 2: "h", 4: "i", 8: "l"}.get(size, f"{size}s")
    return code if is_signed else code.upper()


def _format_of_record(ctype: Any) -> str:
    text, position = "", 0
    for name, field in ctype.fields or ():
        if field.bitsize >= 0 or field.offset < position or (field.type.kind == "array" and field.type.length is None):
            continue
        padding = field.offset - position
        text += (f"{padding if padding > 1 else ''}x" if padding else "") + f"{format_of(field.type)}:{name}:".lstrip(
            "^"
        )
        position = field.offset + _sizeof(field.type)
    padding = _sizeof(ctype) - position
    text += f"{padding if padding > 1 else ''}x" if padding else ""
    return "^T{" + text + "}"
