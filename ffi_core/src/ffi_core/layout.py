"""Struct layout in ABI mode: fields in, offsets out.

Belongs here: what the C compilers of each platform do with sizes, alignments and bit-fields.  API mode does not come
here: there the compiler itself is asked.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # typing and dataclasses take longer to import than everything here
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Final

PACKED: Final = -1
"""``pack`` of ``__attribute__((packed))``: unlike under ``#pragma pack(1)``, members can be ``aligned`` in spite of it.

Under ``#pragma pack(n)`` too, it is -n.
"""


class LayoutError(TypeError):
    """The fields of a record cannot be placed."""


class Abi:
    """What differs between the compilers of different platforms.

    ``unnamed_align``: bit-fields without a name, also those of width 0, raise the alignment of the record.
    """

    __slots__ = ("big_endian", "microsoft", "unnamed_align")

    def __init__(self, *, microsoft: bool = False, unnamed_align: bool = False, big_endian: bool = False) -> None:
        self.microsoft = microsoft
        self.unnamed_align = unnamed_align
        self.big_endian = big_endian


SYSV: Final = Abi()
AAPCS: Final = Abi(unnamed_align=True)
MSVC: Final = Abi(microsoft=True)


def host_abi() -> Abi:
    """Tell which rules the compilers of this machine follow."""
    if sys.platform == "win32":
        return MSVC
    if sys.byteorder == "big":
        return Abi(big_endian=True)
    if os.uname().machine.startswith(("aarch64", "arm")) and sys.platform not in ("darwin", "ios"):
        return AAPCS
    return SYSV


HOST: Final = host_abi()


Field = tuple[str, int, int, int, int, int]
Layout = tuple[int, int, list[tuple[int, int]]]


def place_fields(
    fields: Sequence[Field],
    is_union: bool,
    pack: int = 0,
    aligned: int = 0,
    abi: Abi = HOST,
) -> Layout:
    """Place the fields of a struct or union as the target ABI does.

    Shapes: ``fields`` in source order, each ``(name, size, align, bit_width, aligned, signed)``; the result is
    ``(size, align, places)`` with one ``(offset, bit_shift)`` per field, ``bit_shift`` -1 for ordinary members.
    Units: sizes, offsets and alignments in bytes; bit widths and shifts in bits.  ``aligned`` -n is the alignment n in
    the place of the type's (a bit-field is packed then), for the record in the place of that of its members.  ``pack`` is the limit that
    ``#pragma pack`` sets, or PACKED, or minus the limit for both; 0 for none.  The offset of a bit-field is that of the unit of its declared type
    in which ``bit_shift`` counts from the least significant bit.  In a packed record the unit can reach past the end
    of the record, and a bit-field that no unit holds starts in the byte at its offset: touch only the bytes that
    hold its bits.
    Errors: ``LayoutError`` when a field's type is incomplete, or narrower than its bit-field.
    Source: System V x86-64 psABI 3.1.2; AAPCS64 5.9 and 10.1.8; Microsoft's "C bit fields" and "/Zp".
    """
    for name, size, align, bit_width, _asked, _signed in fields:
        if size < 0 or align < 1:
            raise LayoutError(f"field '{name}' has an incomplete type")
        if bit_width > 8 * size:
            raise LayoutError(f"bit-field '{name}' is {bit_width} bits wide, its type only {8 * size}")
    if abi.microsoft:
        size, align, places = _place_microsoft(fields, is_union, pack, max(0, aligned))
    else:
        size, align, places = _place_system_v(fields, is_union, pack, max(0, aligned), abi)
    return size, -aligned if aligned < 0 else align, places


def _round_up(value: int, step: int) -> int:
    return -(-value // step) * step


def _place_system_v(fields: Sequence[Field], is_union: bool, pack: int, aligned: int, abi: Abi) -> Layout:
    """Place fields as GCC does: bit-fields share storage with their neighbours, whatever the types of these are."""
    is_record_packed = pack < 0
    limit = 0 if pack == PACKED else abs(pack)
    record_align = max(1, aligned)
    end = extent = 0  # bits
    places = []
    for name, size, declared_align, bit_width, asked, _signed in fields:
        start = 0 if is_union else end
        exact = max(0, -asked)
        is_packed = exact > 0 and bit_width >= 0
        type_align = exact if exact and not is_packed else declared_align
        own_align = exact * (exact > 1) if is_packed else max(0, asked)
        natural = min(type_align, limit) if limit else type_align
        own = min(own_align, limit) if limit else own_align
        # A limit keeps the alignments of bit-fields up, even where they are packed.
        is_loose = (is_record_packed or is_packed) and not (limit and bit_width >= 0)
        align = max(1 if is_loose else natural, own)
        if bit_width < 0:
            start = _round_up(start, 8 * align)
            end = start + 8 * size
            places.append((start // 8, -1))
        elif bit_width == 0:
            # Packing does not weaken this one: to close the unit is what it is for.
            align = max(type_align, own_align)
            end = _round_up(start, 8 * align)
            places.append((end // 8, 0))
            align = align if abi.unnamed_align else 1
        else:
            start = _round_up(start, 8 * own) if own else start
            # Without packing no bit-field crosses the unit of its type; with packing every one starts at the next bit.
            if not (pack or is_packed) and start % (8 * type_align) + bit_width > 8 * size:
                start = _round_up(start, 8 * type_align)
            end = start + bit_width
            places.append(_bit_field_place(start, bit_width, size, (type_align, natural), abi))
            if not name and not abi.unnamed_align:
                align = max(1, own)
        record_align = max(record_align, align)
        extent = max(extent, end)
    return _round_up(-(-extent // 8), record_align), record_align, places


def _bit_field_place(start: int, bit_width: int, size: int, aligns: tuple[int, int], abi: Abi) -> tuple[int, int]:
    """Name the unit of the declared type that holds the bits from ``start`` on, and their place in it."""
    for align in aligns:
        offset = start // (8 * align) * align
        shift = start - 8 * offset
        if shift + bit_width <= 8 * size:
            return offset, 8 * size - shift - bit_width if abi.big_endian else shift
    if abi.big_endian:
        raise LayoutError("a packed bit-field that crosses its unit is not supported on big-endian machines")
    return start // 8, start % 8


def _place_microsoft(fields: Sequence[Field], is_union: bool, pack: int, aligned: int) -> Layout:
    """Place fields as MSVC does: only neighbouring bit-fields whose types have the same size share a unit."""
    limit = 1 if pack < 0 else pack
    record_align = max(1, aligned)
    extent = 0
    unit_offset = unit_size = used = 0  # the open unit of bit-fields; unit_size is 0 when there is none
    places = []
    for _name, size, declared_align, bit_width, asked, _signed in fields:
        type_align, own_align = (-asked, 0) if asked < 0 else (declared_align, asked)
        align = max(min(type_align, limit) if limit else type_align, own_align)
        if bit_width == 0 and not unit_size:
            # Ignored where it does not follow a bit-field.
            places.append((0 if is_union else extent, 0))
            continue
        if bit_width < 0 or not is_union:
            record_align = max(record_align, align)
        if bit_width > 0 and unit_size == size and used + bit_width <= 8 * unit_size:
            places.append((unit_offset, 0 if is_union else used))
            used += bit_width
            continue
        offset = 0 if is_union else _round_up(extent, align)
        places.append((offset, 0 if bit_width >= 0 else -1))
        closes = bit_width == 0 and not is_union
        extent = max(extent, offset if closes else offset + size)
        unit_offset, unit_size, used = offset, size if bit_width > 0 else 0, bit_width
    if extent == 0:
        extent = max(4, record_align)
    return _round_up(extent, record_align), record_align, places
