"""What C types are to a type checker: what reading gives, and what writing accepts.

Belongs here: the mapping from C types to the text of Python types, in the words of ``ffi_core.typing``.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterable, Mapping
from typing import Final, Optional

from ffi_core.emit.spelling import Spelling
from ffi_core.front.model import (
    Array,
    CType,
    EnumDecl,
    Function,
    Named,
    Pointer,
    Primitive,
    RecordDecl,
    Tagged,
    TypeDecl,
    TypedefDecl,
    Void,
)
from ffi_core.front.names import FILE_TYPE

CHARACTERS: Final = frozenset(["wchar_t", "char16_t", "char32_t"])
COMPLEX: Final = frozenset(["float _Complex", "double _Complex"])
# Numbers that no Python number holds whole: they stay C data.
WIDE: Final = frozenset(["long double", "long double _Complex"])

# Common unions have names in ``typing.pyi``.
_NAMED_UNIONS: Final = {
    ("_c.AnyData", "bytes"): "_c.VoidPointerLike",
    ("_c.Pointer[bytes]", "_t.Sequence[_c.BytesLike]", "bytes", "_c.AnyPointer"): "_c.CharPointerLike",
    ("_c.Pointer[int]", "_t.Sequence[_c.IntegerLike]", "bytes", "_c.AnyPointer"): "_c.BytePointerLike",
    ("_c.Pointer[str]", "_t.Sequence[_c.TextLike]", "str", "_c.AnyPointer"): "_c.TextPointerLike",
    ("_c.Pointer[int]", "_t.Sequence[_c.IntegerLike]", "_c.AnyPointer"): "_c.IntegerPointerLike",
    ("_c.Pointer[float]", "_t.Sequence[_c.FloatLike]", "_c.AnyPointer"): "_c.FloatPointerLike",
}
_NAMED_POINTERS: Final = {
    ("_t.Sequence[_t.Any]", "_c.AnyPointer"): "_c.PointerLike",
    ("_c.AnyPointer",): "_c.OpaquePointerLike",
}

# Names that mean something else in a stub.
_BUILTINS: Final = ("int", "float", "bool", "bytes", "str", "complex", "property")
_RESERVED: Final = frozenset([*_BUILTINS, "ffi", "lib", "_c", "_t", "_b", "_FFI", "_Lib"])


def _classes_of(name: str) -> tuple[str, ...]:
    """List the classes that a stub has for a record: itself, pointers to it, and the members that both show."""
    return name, f"{name}_p", f"{name}_members"


class Hints:
    """Writes types for the declarations that ``spelling`` knows.  ``names`` are the names that the stub has besides."""

    def __init__(self, spelling: Spelling, types: Mapping[str, TypeDecl], names: frozenset[str]) -> None:
        self._spelling = spelling
        self._types = types
        self._prefix = "" if names.isdisjoint(_BUILTINS) else "_b."
        self._classes: dict[str, str] = {}
        self._taken = set(_RESERVED)

    # Names.

    def builtin(self, name: str) -> str:
        """Give a built-in type's name, which a field or function of that name would hide."""
        return self._prefix + name

    def record_class(self, key: str) -> Optional[str]:
        """Name the class of a record; None where the declarations have no such record."""
        decl = self._types.get(key)
        if not isinstance(decl, RecordDecl):
            return None
        if key not in self._classes:
            words = (decl.c_name or key).replace("$", "anonymous_").split()
            name = "_".join(words)
            while not self._taken.isdisjoint(_classes_of(name)) or keyword.iskeyword(name):
                name += "_"
            self._taken.update(_classes_of(name))
            self._classes[key] = name
        return self._classes[key]

    # Types.

    def read(self, ctype: CType) -> str:
        """Give what Python gets from C."""
        resolved = self._spelling.resolve(ctype)
        if isinstance(resolved, Void):
            return "None"
        if isinstance(resolved, Pointer):
            return self._read_pointer(self._spelling.resolve(resolved.target))
        if isinstance(resolved, Array):
            return f"_c.Array[{self.read(resolved.item)}]"
        if isinstance(resolved, Function):
            return f"_c.FunctionPointer[{self.callable(resolved)}]"
        if isinstance(resolved, Tagged) and resolved.kind != "enum":
            return self.record_class(resolved.key) or "_c.Record"
        return self._number(resolved, {"Value": "_c.Value"})

    def write(self, ctype: CType) -> str:
        """Give what C accepts from Python."""
        resolved = self._spelling.resolve(ctype)
        if isinstance(resolved, Pointer):
            return self._write_pointer(self._spelling.resolve(resolved.target))
        if isinstance(resolved, Array):
            return self._union(f"_c.Array[{self.read(resolved.item)}]", *self._sequence(resolved.item), "_c.CData")
        if isinstance(resolved, Function):
            return self._write_pointer(resolved)
        if isinstance(resolved, Tagged) and resolved.kind != "enum":
            return self._union(self.record_class(resolved.key) or "_c.Record", "_c.RecordLike")
        return self._number(
            resolved,
            {
                "int": "_c.IntegerLike",
                "bool": "_c.IntegerLike",
                "float": "_c.FloatLike",
                "complex": "_c.ComplexLike",
                "bytes": "_c.BytesLike",
                "str": "_c.TextLike",
                "Value": "_c.FloatLike",
            },
        )

    def store(self, ctype: CType) -> str:
        """Give what a variable or member accepts: as ``write``, but nothing that would be gone after the call."""
        resolved = self._spelling.resolve(ctype)
        target = self._spelling.resolve(resolved.target) if isinstance(resolved, Pointer) else None
        if target is None or isinstance(target, Function):
            return self.write(ctype)
        if isinstance(target, Void):
            return "_c.AnyData"
        return self._union(f"_c.Pointer[{self._pointed(target)}]", "_c.AnyPointer")

    def callable(self, function: Function) -> str:
        """Give the type of a C function that Python calls."""
        if function.variadic:
            return f"_t.Callable[..., {self.read(function.result)}]"
        parameters = ", ".join(self.write(parameter) for parameter in function.parameters)
        return f"_t.Callable[[{parameters}], {self.read(function.result)}]"

    def is_plain(self, ctype: CType) -> bool:
        """Say whether what C accepts may be left at what it gives: numbers, characters, enums."""
        resolved = self._spelling.resolve(ctype)
        return isinstance(resolved, (Primitive, Named)) or (isinstance(resolved, Tagged) and resolved.kind == "enum")

    # Parts.

    def _number(self, ctype: CType, words: dict[str, str]) -> str:
        if self._spelling.is_unknown_float(ctype):
            kind = "float"
        elif not isinstance(ctype, Primitive):
            kind = "int"  # an enum, or `int...`
        elif ctype.name in WIDE:
            kind = "Value"
        elif ctype.name in CHARACTERS:
            kind = "str"
        elif ctype.name in COMPLEX:
            kind = "complex"
        else:
            kind = {"char": "bytes", "_Bool": "bool", "float": "float", "double": "float"}.get(ctype.name, "int")
        return words.get(kind) or self.builtin(kind)

    def _read_pointer(self, target: CType) -> str:
        if isinstance(target, Void):
            return "_c.VoidPointer"
        if isinstance(target, Function):
            return f"_c.FunctionPointer[{self.callable(target)}]"
        if isinstance(target, Tagged) and target.kind != "enum":
            name = self.record_class(target.key)
            return f"{name}_p" if name else "_c.Pointer[_c.Record]"
        return f"_c.Pointer[{self.read(target)}]"

    def _write_pointer(self, target: CType) -> str:
        if isinstance(target, Void):
            return self._union("_c.AnyData", self.builtin("bytes"))
        if isinstance(target, Function):
            return self._union(self._read_pointer(target), self.callable(target), "_c.AnyPointer")
        is_file = isinstance(target, Tagged) and target.key == FILE_TYPE.key
        more = ("_c.FileLike",) if is_file else self._sequence(target)
        return self._union(f"_c.Pointer[{self._pointed(target)}]", *more, "_c.AnyPointer")

    def _pointed(self, target: CType) -> str:
        if isinstance(target, Tagged) and target.kind != "enum":
            return self.record_class(target.key) or "_c.Record"
        return self.read(target)

    def _sequence(self, item: CType) -> tuple[str, ...]:
        """Give what Python may write in the place of an array."""
        resolved = self._spelling.resolve(item)
        name = resolved.name if isinstance(resolved, Primitive) else ""
        if name in {"char", "signed char", "unsigned char", "uint8_t", "int8_t"}:
            return (f"_t.Sequence[{self.write(item)}]", self.builtin("bytes"))
        if name in CHARACTERS:
            return (f"_t.Sequence[{self.write(item)}]", self.builtin("str"))
        if isinstance(resolved, Tagged) and resolved.kind != "enum" and self._is_opaque(resolved.key):
            return ()
        return ("_t.Sequence[_t.Any]",) if not self.is_plain(item) else (f"_t.Sequence[{self.write(item)}]",)

    def _is_opaque(self, key: str) -> bool:
        decl = self._types.get(key)
        return not isinstance(decl, RecordDecl) or decl.fields is None

    def _union(self, *members: str) -> str:
        named = _NAMED_UNIONS.get(tuple(member.replace("_b.", "") for member in members))
        if named is not None:
            return named
        first, *more = members
        generic = _NAMED_POINTERS.get(tuple(more))
        if generic is not None and first.startswith("_c.Pointer["):
            return generic + first[len("_c.Pointer") :]
        return f"_t.Union[{', '.join(dict.fromkeys(members))}]"

    # Names in declarations.

    def names_of_records(self) -> dict[str, list[str]]:
        """List, for each record, the names of its type in C: its own, and typedef names for it."""
        names: dict[str, list[str]] = {}
        for key, decl in self._types.items():
            if isinstance(decl, RecordDecl):
                if decl.c_name:
                    names.setdefault(key, []).insert(0, decl.c_name)
            elif isinstance(decl, TypedefDecl):
                target = self._spelling.resolve(decl.type)
                if isinstance(target, Tagged) and target.kind != "enum":
                    names.setdefault(target.key, []).append(decl.name)
        return {key: list(dict.fromkeys(found)) for key, found in names.items() if self.record_class(key)}

    def names_of_pointers(self) -> dict[str, list[str]]:
        """List, for each record, the typedef names for pointers to it."""
        names: dict[str, list[str]] = {}
        for decl in self._types.values():
            target = self._spelling.resolve(decl.type) if isinstance(decl, TypedefDecl) else None
            if isinstance(decl, TypedefDecl) and isinstance(target, Pointer):
                pointed = self._spelling.resolve(target.target)
                if isinstance(pointed, Tagged) and self.record_class(pointed.key):
                    names.setdefault(pointed.key, []).append(decl.name)
        return names

    def pointed_twice(self, functions: Iterable[Function]) -> set[str]:
        """Collect the records to which these functions take a pointer to a pointer, in which they give a result."""
        found = set()
        for function in functions:
            for ctype in function.parameters:
                target: CType = ctype
                for _ in range(2):
                    resolved = self._spelling.resolve(target)
                    target = resolved.target if isinstance(resolved, Pointer) else Void()
                record = self._spelling.resolve(target)
                if isinstance(record, Tagged) and record.kind != "enum":
                    found.add(record.key)
        return found

    def names_of_integers(self) -> list[str]:
        """List the declared names of integer types, enums among them."""
        names = []
        for decl in self._types.values():
            if isinstance(decl, TypedefDecl) and self._spelling.is_integer(Named(decl.name)):
                names.append(decl.name)
            elif isinstance(decl, EnumDecl) and decl.c_name:
                names.append(decl.c_name)
        return list(dict.fromkeys(names))
