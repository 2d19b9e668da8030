"""The declaration table of a generated library, read in place: `ffi_core_table.h`.

Belongs here: finding rows, and what they say.
"""

from __future__ import annotations

from ffi_core.pypy import backend
from ffi_core.pypy.generated import INTEGER

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, Final

    from ffi_core.pypy.library import Library

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


class GeneratedTable:
    """The table that a pointer leads to; the library that it lies in stays loaded."""

    def __init__(self, pointer: Any, library: Library) -> None:
        self.pointer = pointer
        self.library = library
        self._texts = pointer.texts

    def text(self, place: int) -> str:
        """Read the name or type that a row holds."""
        return str(backend.string(self._texts + place), "utf-8")

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
