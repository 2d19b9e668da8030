"""The declaration table of a generated library, read in place: `ffi_core_table.h`.

Belongs here: the structs of that header as types of the interpreter, and finding rows.
"""

from __future__ import annotations

from ffi_core.pypy.backend import ADDRESS, CHAR_POINTER, VOID_POINTER, backend

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, Final

FLAG_KEEP_GIL: Final = 0x01
FLAG_SIGNED: Final = 0x02
FLAG_OPAQUE: Final = 0x04
FLAG_PARTIAL: Final = 0x08
FLAG_CHECKED: Final = 0x10
FLAG_WIDE: Final = 0x80

KIND_CONSTANT: Final = 3
"""Of a global name; the others here are of types."""

KIND_TYPEDEF: Final = 1
KIND_INTEGER: Final = 2
KIND_FLOATING: Final = 3
KIND_RECORD: Final = 4
KIND_ENUM: Final = 5

_U16: Any = backend.new_primitive_type("uint16_t")
_U32: Any = backend.new_primitive_type("uint32_t")
_U64: Any = backend.new_primitive_type("uint64_t")
_INT: Any = backend.new_primitive_type("int")


def _struct(name: str, *members: tuple[str, Any]) -> Any:
    ctype = backend.new_struct_type(f"struct ffic_{name}")
    backend.complete_struct_or_union(ctype, [(member, kind, -1) for member, kind in members])
    return backend.new_pointer_type(ctype)


# Functions are kept as addresses: what type they have is for the reader to say.
GLOBAL: Any = _struct(
    "global",
    ("call", ADDRESS),
    ("size", _U64),
    ("name", _U32),
    ("type", _U32),
    ("index", _U32),
    ("kind", _U16),
    ("flags", _U16),
)
TYPE: Any = _struct(
    "type",
    ("name", _U32),
    ("type", _U32),
    ("size", _U64),
    ("declared_size", _U64),
    ("align", _U32),
    ("declared_align", _U32),
    ("first_field", _U32),
    ("field_count", _U32),
    ("kind", _U16),
    ("flags", _U16),
)
FIELD: Any = _struct(
    "field",
    ("name", _U32),
    ("type", _U32),
    ("offset", _U64),
    ("size", _U64),
    ("declared_offset", _U64),
    ("declared_size", _U64),
    ("set_ones", ADDRESS),
)
INTEGER: Any = _struct("integer", ("magnitude_bits", _U64), ("negative", _INT))
PYTHON_FUNCTION: Any = _struct("python_function", ("name", CHAR_POINTER), ("type", CHAR_POINTER), ("result_size", _U64))
TABLE: Any = _struct(
    "table",
    ("version", _U32),
    ("table_size", _U32),
    ("module_name", CHAR_POINTER),
    ("texts", CHAR_POINTER),
    ("globals", GLOBAL),
    ("types", TYPE),
    ("fields", FIELD),
    ("python", PYTHON_FUNCTION),
    ("direct", backend.new_pointer_type(ADDRESS)),
    ("includes", backend.new_pointer_type(CHAR_POINTER)),
    ("constant", backend.new_function_type((_U64, INTEGER), backend.new_void_type(), False)),
    ("global_count", _U32),
    ("type_count", _U32),
    ("field_count", _U32),
    ("python_count", _U32),
    ("storage", VOID_POINTER),
    ("storage_words", _U32),
    ("reserved", _U32),
)
RUNTIME: Any = _struct(
    "runtime",
    ("version", _U32),
    ("size", _U32),
    ("module_init", VOID_POINTER),
    ("call_python", VOID_POINTER),
    ("embed", VOID_POINTER),
)


class GeneratedTable:
    """The table at an address; the library that it lies in stays loaded."""

    def __init__(self, address: Any, library: Any) -> None:
        self.pointer = backend.cast(TABLE, address)
        self.library = library
        self._texts = self.pointer.texts

    def text(self, place: int) -> str:
        """Read the name or type that a row holds."""
        return str(backend.string(self._texts + place), "utf-8")

    @property
    def module_name(self) -> str:
        """The dotted name of the module."""
        return str(backend.string(self.pointer.module_name), "utf-8")

    def _find(self, rows: Any, count: int, name: str) -> Any:
        """Find the row of a name by halving: rows are sorted as bytes."""
        wanted = name.encode("utf-8", "surrogatepass")
        texts = self._texts
        low, high = 0, count
        while low < high:
            middle = (low + high) // 2
            row = rows[middle]
            found = backend.string(texts + row.name)
            if found == wanted:
                return row
            if found < wanted:
                low = middle + 1
            else:
                high = middle
        return None

    def global_row(self, name: str) -> Any:
        """Find the row of a name that `lib` has, None where there is none."""
        return self._find(self.pointer.globals, self.pointer.global_count, name)

    def type_row(self, name: str) -> Any:
        """Find the row of a typedef name or tagged name, None where there is none."""
        return self._find(self.pointer.types, self.pointer.type_count, name)

    def field_rows(self, row: Any) -> list[Any]:
        """List the rows of a record's members."""
        fields, first = self.pointer.fields, row.first_field
        return [fields[index] for index in range(first, first + row.field_count)]

    def direct(self, row: Any) -> int:
        """Give the address of a function with exactly the declared signature."""
        return int(self.pointer.direct[row.index] if row.flags & FLAG_WIDE else row.call)

    def global_names(self) -> Iterator[str]:
        """List the names that `lib` has."""
        for index in range(self.pointer.global_count):
            yield self.text(self.pointer.globals[index].name)

    def type_names(self) -> Iterator[str]:
        """List typedef names and tagged names."""
        for index in range(self.pointer.type_count):
            yield self.text(self.pointer.types[index].name)

    def include_names(self) -> Iterator[str]:
        """List the dotted names of the included modules."""
        names = self.pointer.includes
        index = 0
        while names and names[index]:
            yield str(backend.string(names[index]), "utf-8")
            index += 1

    def read_back(self, table_globals: dict[str, Any], table_types: dict[str, Any]) -> None:
        """Add constants and types, in the format of the carriers in Python, to two dicts: what a builder includes."""
        for index in range(self.pointer.global_count):
            row = self.pointer.globals[index]
            if row.kind == KIND_CONSTANT:
                kind = self.text(row.type)
                is_typed = kind and not kind.startswith("=")
                table_globals[self.text(row.name)] = (
                    ("constant", None, kind) if is_typed else ("constant", self.integer(row))
                )
        for index in range(self.pointer.type_count):
            row = self.pointer.types[index]
            table_types[self.text(row.name)] = self._type_entry(row)

    def _type_entry(self, row: Any) -> tuple[Any, ...]:
        is_partial = int(bool(row.flags & FLAG_PARTIAL))
        if row.kind == KIND_TYPEDEF:
            return ("typedef", self.text(row.type))
        if row.kind in (KIND_INTEGER, KIND_FLOATING):
            return ("unknown", "int" if row.kind == KIND_INTEGER else "float")
        if row.kind == KIND_ENUM:
            return ("enum", self.text(row.type), is_partial, "")
        if row.flags & FLAG_OPAQUE:
            return ("record", None, 0, 0, 0)
        fields = [
            (self.text(field.name), self.text(field.type), int(field.size) if field.set_ones else -1, 0)
            for field in self.field_rows(row)
        ]
        return ("record", tuple(fields), is_partial, 0, 0)

    def integer(self, row: Any) -> int:
        """Ask for the value of an integer constant."""
        value = backend.newp(INTEGER)
        self.pointer.constant(row.index, value)
        bits = int(value.magnitude_bits)
        return bits - (1 << 64) if value.negative else bits
