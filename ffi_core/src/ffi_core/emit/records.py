"""Structs and unions in the generated C: their rows in the table, the checks of their members, and their mirrors.

A mirror is the struct as the cdef has it.  Where the cdef claims to be complete, the runtime compares the layout that
the compiler gives the mirror with that of the real struct.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Optional

from ffi_core.front.model import Array, CType, Field, Pointer, RecordDecl, Tagged, TypeDecl, spell
from ffi_core.front.scope import qualify, unqualified
from ffi_core.layout import PACKED

from .spelling import Spelling
from .texts import Texts
from .writer import Writer


class RecordEmitter:
    """Emits records; collects the rows of the field array on the way."""

    def __init__(self, types: Mapping[str, TypeDecl], spelling: Spelling, texts: Texts) -> None:
        self._types = types
        self._spelling = spelling
        self._texts = texts
        self._rows: list[tuple[Field, str]] = []
        self._mirrors: dict[str, dict[int, str]] = {}  # by the key of the record: names of members, by id of the field
        self._mirror_names: dict[str, str] = {}
        records = [(key, decl) for key, decl in types.items() if isinstance(decl, RecordDecl)]
        self._records = {key: (number, decl) for number, (key, decl) in enumerate(records)}
        self.needs_memcpy = any(
            field.bit_width and _is_const(field) for _, decl in records for field in decl.fields or ()
        )

    # Code.

    def emit_code(self, out: Writer) -> None:
        """Write mirrors, checks of the members, and the functions that find bit-fields."""
        for key, (number, record) in self._records.items():
            if self._spelling.owner(key) == key and self._can_mirror(record):
                self._emit_mirror(out, number, key, record)
        for key, (number, record) in self._records.items():
            if record.fields and self._spelling.name_of(key) is not None:
                self._emit_checks(out, number, key, record)

    def _can_mirror(self, record: RecordDecl) -> bool:
        """Say whether the cdef claims to give the whole layout, and C can express it."""
        if record.partial or not record.fields:
            return False
        for field in record.fields:
            if self._spelling.has_inferred_length(field.type):
                return False
            inner = self._anonymous_member(field)
            if inner is not None and not self._can_mirror(inner):
                return False
            if self._is_partial_by_value(field.type):
                return False
        return any(field.name or field.bit_width is None for field in record.fields)

    def _refuse_opaque(self, record: RecordDecl, field: Field) -> None:
        resolved = self._spelling.resolve(field.type)
        while isinstance(resolved, Array):
            resolved = self._spelling.resolve(resolved.item)
        if self._spelling.is_opaque(resolved):
            raise TypeError(
                f"{record.c_name}: field '{record.tag}.{field.name}' is of an opaque type (not declared in cdef())"
            )

    def _is_partial_by_value(self, ctype: CType) -> bool:
        """Say whether something of this type has members that the cdef does not tell."""
        resolved = self._spelling.resolve(ctype)
        while isinstance(resolved, Array):
            resolved = self._spelling.resolve(resolved.item)
        decl = self._spelling.record(resolved)
        return decl is not None and decl.partial

    def _anonymous_member(self, field: Field) -> Optional[RecordDecl]:
        if field.name or field.bit_width is not None or not isinstance(field.type, Tagged):
            return None
        decl = self._types.get(field.type.key)
        return decl if isinstance(decl, RecordDecl) else None

    def _emit_mirror(self, out: Writer, number: int, key: str, record: RecordDecl) -> None:
        name = f"ffic_mirror_{number}"
        members: dict[int, str] = {}
        self._mirrors[key] = members
        self._mirror_names[key] = f"{record.kind} {name}"
        out.at(record.place)
        head, tail = _pack_pragmas(record.pack)
        if head:
            out.add(head)
        out.add(f"{self._open(record, name)} {{")
        self._emit_members(out, record, members)
        out.add("};")
        if tail:
            out.add(tail)
        if record.aligned < 0:
            out.add(f"typedef {record.kind} {name} FFIC_ALIGNED({-record.aligned}) {name}_aligned;")
            self._mirror_names[key] = f"{name}_aligned"

    def _open(self, record: RecordDecl, name: str) -> str:
        packed = " FFIC_PACKED" if record.pack < 0 else ""
        aligned = f" FFIC_ALIGNED({record.aligned})" if record.aligned > 0 else ""
        return f"{record.kind}{packed}{aligned}{' ' + name if name else ''}"

    def _emit_members(self, out: Writer, record: RecordDecl, members: dict[int, str]) -> None:
        for field in record.fields or ():
            inner = self._anonymous_member(field)
            if field.place.line > 0:
                out.at(field.place)
            aligned = _member_attributes(field)
            if inner is not None:
                out.add(f"{aligned}{self._open(inner, '')} {{")
                self._emit_members(out, inner, members)
                out.add("};")
                continue
            # Numbered: the real names can be macros.
            self._refuse_opaque(record, field)
            name = f"f{len(members)}" if field.name else ""
            members[id(field)] = name or f"f{len(members)}"
            width = "" if field.bit_width is None else f" : {field.bit_width}"
            out.add(f"{aligned}{self._spelling.declare(field.type, name)}{width};")

    def _emit_checks(self, out: Writer, number: int, key: str, record: RecordDecl) -> None:
        name = self._spelling.name_of(key)
        out.at(record.place)
        out.add(f"FFIC_CHECK void ffic_check_{number}({name} *ffic)")
        out.add("{")
        out.add("(void)ffic;")
        for field in record.fields or ():
            if field.name:
                out.at(field.place)
                out.add(self.check(field.type, f"ffic->{field.name}"))
        out.add("}")
        for index, field in enumerate(record.fields or ()):
            if field.name and field.bit_width is not None:
                self._emit_set_ones(out, f"ffic_ones_{number}_{index}", str(name), field)

    def check(self, ctype: CType, value: str, *, exact: bool = False) -> str:
        """Write a statement that compiles where ``value`` has this type, as far as that matters.

        ``exact``: integers must have this type too.  The runtime compares the size of an integer member, but not of
        the items of an array.
        """
        spelling = self._spelling
        resolved = spelling.resolve(ctype)
        if isinstance(resolved, Array):
            return self.check(resolved.item, f"{value}[0]", exact=True)
        if isinstance(resolved, Tagged) and spelling.name_of(resolved.key) is None:
            return f"(void){value};"
        if spelling.is_integer(ctype) and not exact:
            return f"(void)({value} | 0);"
        if isinstance(resolved, Pointer) or (isinstance(resolved, Tagged) and resolved.kind != "enum"):
            return f"{{ {spelling.declare(unqualified(resolved), 'ffic_v')} = {value}; (void)ffic_v; }}"
        pointer = Pointer(qualify(ctype, ("const", "volatile")))  # the real thing may be either
        return f"{{ {spelling.declare(pointer, 'ffic_p')} = &{value}; (void)ffic_p; }}"

    def _emit_set_ones(self, out: Writer, function: str, record_name: str, field: Field) -> None:
        """Write a function that sets all bits of a bit-field in a zeroed record."""
        out.at(field.place)
        if _is_const(field):
            body = f"static {record_name} const ffic_ones = {{ .{field.name} = -1 }};"
            out.add(f"static void {function}(void *ffic) {{ {body} memcpy(ffic, &ffic_ones, sizeof ffic_ones); }}")
            return
        member = f"(({record_name} *)ffic)->{field.name}"
        out.add(f"static void {function}(void *ffic) {{ {member} = {member} - 1; }}")

    # Rows.

    def emit_row(self, out: Writer, key: str, record: RecordDecl) -> None:
        """Write the row of one record, and remember those of its members."""
        out.at(record.place)
        name = self._spelling.name_of(key)
        place = self._texts.place(key)
        if record.fields is None or name is None:
            out.add(f"FFIC_OPAQUE_ROW({place}),")
            return
        number, _ = self._records[key]
        owner = self._spelling.owner(key)
        mirror = self._mirror_names.get(owner)
        first = len(self._rows)
        for index, field in enumerate(record.fields):
            row = self._field_row(number, index, field, name, owner)
            if row is not None:
                self._rows.append((field, row))
        count = len(self._rows) - first
        if mirror is not None:
            out.add(f"FFIC_CHECKED_ROW({place}, {name}, {mirror}, {first}, {count}),")
        else:
            flags = "FFIC_PARTIAL" if self._is_partial(record) else "0"
            out.add(f"FFIC_RECORD_ROW({place}, {name}, {first}, {count}, {flags}),")

    def _is_partial(self, record: RecordDecl) -> bool:
        inner = [self._anonymous_member(field) for field in record.fields or ()]
        return record.partial or any(member is not None and self._is_partial(member) for member in inner)

    def _field_row(self, number: int, index: int, field: Field, name: str, owner: str) -> Optional[str]:
        ctype = self._texts.place(spell(field.type))
        mirror = self._mirror_names.get(owner)
        if field.bit_width is not None:
            if not field.name:
                return None
            place = self._texts.place(field.name)
            return f"FFIC_BITS({place}, {ctype}, {field.bit_width}, ffic_ones_{number}_{index}),"
        if not field.name:
            # As large as the record around it: offsets of its members count from there.
            declared = mirror or name
            return f"FFIC_ANONYMOUS({ctype}, {name}, {declared}),"
        resolved = self._spelling.resolve(field.type)
        is_flexible = isinstance(resolved, Array) and resolved.length is None
        declared = "0, 0"
        if mirror is not None:
            declared = _place_and_size(mirror, self._mirrors[owner][id(field)], is_flexible=is_flexible)
        place_and_size = _place_and_size(name, field.name, is_flexible=is_flexible)
        return f"{{{self._texts.place(field.name)}, {ctype}, {place_and_size}, {declared}, 0}},"

    def emit_field_rows(self, out: Writer) -> int:
        """Write the field array, unless it is empty, and give its length."""
        if self._rows:
            out.add("static const struct ffic_field ffic_fields[] = {")
            for field, row in self._rows:
                out.at(field.place)
                out.add(row)
            out.here()
            out.add("};")
        return len(self._rows)


def _place_and_size(record: str, member: str, *, is_flexible: bool) -> str:
    """Let the compiler say where a member is, and how large.

    Written out: errors in a macro would be reported where it is defined, not at the line of the cdef.
    """
    size = "(uint64_t)-1" if is_flexible else f"sizeof((({record} *)0)->{member})"
    return f"offsetof({record}, {member}), {size}"


def _member_attributes(field: Field) -> str:
    packed = "FFIC_PACKED " if field.aligned < 0 else ""
    return packed + (f"FFIC_ALIGNED({abs(field.aligned)}) " if field.aligned not in {0, -1} else "")


def _is_const(field: Field) -> bool:
    return "const" in getattr(field.type, "qualifiers", ())


def _pack_pragmas(pack: int) -> tuple[str, str]:
    if pack < 0:  # what no attribute says to Microsoft's compiler
        limit = "" if pack == PACKED else f", {-pack}"
        return (
            f"#if defined(_MSC_VER)\n#pragma pack(push, 1)\n#else\n#pragma pack(push{limit})\n#endif",
            "#pragma pack(pop)",
        )
    if pack:
        return f"#pragma pack(push, {pack})", "#pragma pack(pop)"
    return "", ""
