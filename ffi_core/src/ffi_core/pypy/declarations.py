"""What an ffi has declared: the declaration table, from Python objects or from a generated library.

Belongs here: finding a name in it.  What to make of the answer is for others.
"""

from __future__ import annotations

from ffi_core.pypy.table import FLAG_KEEP_GIL

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, Final, Optional

    from ffi_core.pypy.table import GeneratedTable

FUNCTION: Final = "function"
VARIABLE: Final = "variable"
CONSTANT: Final = "constant"
PYTHON: Final = "python"
IMPLIED: Final = ("record", None, 1, 0, 0)
"""A struct or union that was only named in a type expression: it has no members, but may get some later."""
_KINDS: Final = {1: FUNCTION, 2: VARIABLE, 3: CONSTANT, 4: PYTHON}


class Declared:
    """A name that `lib` has.  ``home`` is the ffi that declares it; ``row`` its row in a generated table, if there is one."""

    __slots__ = ("home", "keep_gil", "kind", "row", "type", "value")

    def __init__(
        self, home: Any, kind: str, ctype: Optional[str], value: Any = None, keep_gil: bool = False, row: Any = None
    ) -> None:
        self.home = home
        self.kind = kind
        self.type = ctype
        self.value = value
        self.keep_gil = keep_gil
        self.row = row


class Declarations:
    """The names that one ffi declares, and those of the ffi objects that it includes."""

    def __init__(self, home: Any) -> None:
        self.home = home
        self.globals: dict[str, tuple[Any, ...]] = {}
        self.types: dict[str, tuple[Any, ...]] = {}
        self.table: Optional[GeneratedTable] = None
        self.includes: list[Declarations] = []

    def generated(self) -> GeneratedTable:
        """Give the table of the generated library that this ffi belongs to."""
        if self.table is None:
            raise SystemError("this ffi belongs to no generated library")
        return self.table

    def find_global(self, name: str) -> Optional[Declared]:
        """Find a name of `lib`: here first, then in what is included."""
        if self.table is not None:
            row = self.table.global_row(name)
            if row is not None:
                kind = _KINDS.get(row.kind)
                if kind is None:
                    raise SystemError(f"'{name}' is declared in a way that this version of ffi_core does not know")
                return Declared(
                    self.home, kind, self.table.text(row.type) or None, None, bool(row.flags & FLAG_KEEP_GIL), row
                )
        entry = self.globals.get(name)
        if entry is not None:
            return self._read(name, entry)
        for other in self.includes:
            found = other.find_global(name)
            if found is not None:
                return found
        return None

    def _read(self, name: str, entry: tuple[Any, ...]) -> Declared:
        if len(entry) >= 2:
            kind, second, *rest = entry
            if kind == CONSTANT:
                return Declared(self.home, CONSTANT, rest[0] if rest else None, second)
            if kind in (FUNCTION, VARIABLE, PYTHON) and isinstance(second, str):
                return Declared(self.home, kind, second, None, bool(rest and rest[0] & FLAG_KEEP_GIL))
        raise ValueError(f"malformed declaration of '{name}': {entry!r}")

    def global_names(self) -> Iterator[str]:
        """List the names that `lib` has."""
        if self.table is not None:
            yield from self.table.global_names()
        yield from self.globals
        for other in self.includes:
            yield from other.global_names()

    def type_names(self) -> Iterator[str]:
        """List typedef names, and tagged names like ``struct point``."""
        if self.table is not None:
            yield from self.table.type_names()
        yield from (name for name, entry in self.types.items() if entry != IMPLIED)
        for other in self.includes:
            yield from other.type_names()

    def collect(self, table_globals: dict[str, Any], table_types: dict[str, Any]) -> None:
        """Add what is declared, here and in what is included, to two dicts."""
        for other in self.includes:
            other.collect(table_globals, table_types)
        if self.table is not None:
            self.table.read_back(table_globals, table_types)
        table_globals.update(self.globals)
        table_types.update(self.types)

    def nearest_global(self, name: str) -> Optional[str]:
        """Find the declared name that somebody may have meant."""
        # Dunder names are asked for by tools that look whether an object can do something: nobody mistyped those.
        if not 3 <= len(name) <= 64 or name.startswith("__"):
            return None
        from ffi_core.pypy.suggest import nearest

        return nearest(name, self.global_names())
