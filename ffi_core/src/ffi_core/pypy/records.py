"""Completing structs and unions.

Belongs here: where the members lie, and telling the interpreter.  It places bit-fields itself, so it is led to the place
where each of them is by bits without a name.
"""

from __future__ import annotations

from ffi_core.errors import FFIError, VerificationMissing
from ffi_core.pypy import CHAR_POINTER, VOID, backend, c_types
from ffi_core.pypy.table import FLAG_CHECKED

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from typing import Any

_SET_ONES: Any = backend.new_function_type((CHAR_POINTER,), VOID, False)
_NOTHING: Any = backend.new_struct_type("struct ffic_nothing")
backend.complete_struct_or_union(_NOTHING, [], None, 0, 1)


class _Member:
    """A member and its place; ``bits`` is -1 for ordinary ones.  Units: ``offset`` in bytes, ``shift`` and ``bits`` in bits."""

    __slots__ = ("bits", "name", "offset", "shift", "type")

    def __init__(self, name: str, ctype: Any, offset: int, shift: int = -1, bits: int = -1) -> None:
        self.name = name
        self.type = ctype
        self.offset = offset
        self.shift = shift
        self.bits = bits


def _install(ctype: Any, members: list[_Member], size: int, align: int) -> None:
    """Tell the interpreter what a record consists of.

    Errors: ``FFIError`` where it cannot place a bit-field where it is.
    """
    seen: set[str] = set()
    fields: list[tuple[Any, ...]] = []
    for declared in members:
        _check_names(ctype, declared, seen)
        member = _placeable(declared, size)
        if member.bits < 0:
            fields.append((member.name, member.type, -1, member.offset))
        elif member.name:
            fields.append(("", _NOTHING, -1, member.offset))
            if member.shift > 0:
                filler = c_types.integer_of(backend.sizeof(member.type), signed=False)
                fields.append(("", filler, member.shift, -1))
            fields.append((member.name, member.type, member.bits, -1))
    try:
        backend.complete_struct_or_union(ctype, fields, None, size, align)
    except TypeError as error:  # a packed bit-field whose whole unit would reach beyond the end
        raise FFIError(f"{ctype.cname}: PyPy cannot lay it out like this: {error}") from None
    placed = dict(ctype.fields or ())
    for member in members:
        if member.bits >= 0 and member.name and placed[member.name].bitsize >= 0:
            field = placed[member.name]
            if (field.offset * 8 + field.bitshift, field.bitsize) != (member.offset * 8 + member.shift, member.bits):
                raise FFIError(
                    f"{ctype.cname}: PyPy cannot reach the bit-field '{member.name}', which starts at bit "
                    f"{member.offset * 8 + member.shift}"
                )


def _placeable(member: _Member, size: int) -> _Member:
    """Describe a bit-field such that the interpreter can reach it, in a record of ``size`` bytes.

    It reads and writes whole units, which must lie within the record; one of 64 bits is no bit-field for it.
    """
    if member.bits < 0:
        return member
    unit = backend.sizeof(member.type)
    if member.bits == 8 * unit == 64 and member.shift == 0:
        return _Member(member.name, member.type, member.offset)
    if member.offset + unit <= size:
        return member
    start, shift = divmod(8 * member.offset + member.shift, 8)
    for width in (1, 2, 4):
        if shift + member.bits <= 8 * width and start + width <= size:
            ctype = c_types.integer_of(width, signed=_is_signed(member.type))
            return _Member(member.name, ctype, start, shift, member.bits)
    return member


def _check_names(ctype: Any, member: _Member, seen: set[str]) -> None:
    names = [member.name] if member.name else []
    if not member.name and member.bits < 0:
        names = [name for name, _ in member.type.fields or ()]
    for name in names:
        if name in seen:
            raise FFIError(f"'{ctype.cname}' has two members named '{name}'")
        seen.add(name)


# ABI modes.


def complete_declared(realizer: Any, record: Any, entry: tuple[Any, ...]) -> None:
    """Complete a record from its tuple in the declaration table; ``ffi_core.layout`` says where members lie."""
    from ffi_core.layout import place_fields

    _, declared, partial, pack, aligned = entry
    if partial:
        raise VerificationMissing(
            f"'{record.cname}' was declared with \"...;\": only a compiler knows its layout (use API mode)"
        )
    is_union = record.kind == "union"
    requests, types = [], []
    for index, member in enumerate(declared):
        name, text, bit_width, own_align = member
        ctype = realizer.parse(text)
        realizer.complete(ctype)
        is_flexible = ctype.kind == "array" and ctype.length is None
        size = 0 if is_flexible else c_types.size_or_none(ctype)
        if size is None or (is_flexible and (is_union or index < len(declared) - 1)):
            raise FFIError(f"{record.cname}: the member '{name}' has the type '{ctype.cname}', whose size is unknown")
        types.append(ctype)
        align = backend.alignof(ctype.item if is_flexible else ctype)
        requests.append((name, size, align, bit_width, own_align, _is_signed(ctype)))
    size, align, places = place_fields(requests, is_union, pack, aligned)
    members = [
        _Member(request[0], ctype, offset, shift, request[3])
        for request, ctype, (offset, shift) in zip(requests, types, places)
    ]
    _install(record, members, size, align)


def _is_signed(ctype: Any) -> bool:
    return (
        ctype.kind == "primitive" and ctype.cname != "_Bool" and int(backend.cast(ctype, -1)) < 0
        if _is_integer(ctype)
        else False
    )


def _is_integer(ctype: Any) -> bool:
    return ctype.kind == "primitive" and not ctype.cname.startswith(("float", "double", "long double"))


# API mode.


def complete_generated(realizer: Any, record: Any, row: Any) -> None:
    """Complete a record from its rows in a generated table, where the compiler has filled in the numbers."""
    table = realizer.declarations.table
    is_checked = bool(row.flags & FLAG_CHECKED)
    if is_checked and (row.size, row.align) != (row.declared_size, row.declared_align):
        what, said, real = ("size", row.declared_size, row.size)
        if row.size == row.declared_size:
            what, said, real = ("alignment", row.declared_align, row.align)
        raise FFIError(
            f'{record.cname}: wrong total {what} (cdef says {said}, but C compiler says {real}). fix it or use "...;" as the '
            f"last field in the cdef for {record.cname} to make it flexible"
        )
    members = [_generated_member(realizer, record, row, field) for field in table.field_rows(row)]
    _install(record, members, row.size, row.align)


def _generated_member(realizer: Any, record: Any, row: Any, field: Any) -> _Member:
    table = realizer.declarations.generated()
    name = table.text(field.name)
    is_bits = field.set_ones != 0
    array_size = -1 if is_bits or field.size > 1 << 62 else field.size
    ctype = realizer.parse(table.text(field.type), array_size)
    realizer.complete(ctype)
    if is_bits:
        offset, shift = _probe_bits(record, name, field, ctype, row.size)
        return _Member(name, ctype, offset, shift, field.size)
    if row.flags & FLAG_CHECKED:
        _check_member(record, name, field)
    size = c_types.size_or_none(ctype)
    if array_size >= 0 and size is not None and size != array_size:
        raise FFIError(
            f"{record.cname}: wrong size for field '{name}' (cdef says {size}, but C compiler says {array_size}). fix its type "
            "in the cdef"
        )
    return _Member(name, ctype, field.offset)


def _check_member(record: Any, name: str, field: Any) -> None:
    for what in ("offset", "size"):
        real, said = getattr(field, what), getattr(field, f"declared_{what}")
        if real != said:
            raise FFIError(
                f"{record.cname}: wrong {what} for field '{name}' (cdef says {said}, but C compiler says {real}). fix it or use "
                f'"...;" as the last field in the cdef for {record.cname} to make it flexible'
            )


def _probe_bits(record: Any, name: str, field: Any, ctype: Any, size: int) -> tuple[int, int]:
    """Find where a bit-field lies: the library sets all of its bits in a zeroed record, and we look which they are."""
    memory = backend.newp(backend.new_array_type(CHAR_POINTER, size + 1))
    backend.cast(_SET_ONES, field.set_ones)(memory)
    bits = int.from_bytes(backend.buffer(memory, size)[:], "little")
    count = bin(bits).count("1")
    if not bits or count != field.size:
        raise FFIError(
            f"{record.cname}: bit-field '{name}' is {count} bits wide in C, but its declaration in cdef says {field.size}"
        )
    first = (bits & -bits).bit_length() - 1
    unit = backend.sizeof(ctype)
    start = first // 8 // unit * unit
    if (first + count - 1) // 8 >= start + unit:  # packed: it crosses units
        start = first // 8
    return start, first - start * 8
