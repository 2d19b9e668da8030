"""The declarations of a generated module as a Python stub, for editors and type checkers.

Belongs here: the text of the ``.pyi`` file.  What a C type is to Python is in ``emit.hints``; the words that it uses are in
``typing.pyi``.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterator
from typing import Final, Optional

from ffi_core import __version__
from ffi_core.build import STUB_BANNER
from ffi_core.emit.hints import Hints
from ffi_core.emit.spelling import Spelling
from ffi_core.front.model import (
    ConstantDecl,
    Declarations,
    Field,
    Function,
    FunctionDecl,
    PythonFunctionDecl,
    RecordDecl,
    Tagged,
    VariableDecl,
    spell,
)

_LONGEST_DECLARATION: Final = 400


def emit_pyi(module_name: str, own: Declarations, *, known: Optional[Declarations] = None, has_lib: bool) -> str:
    """Write the stub of a module.

    ``known`` are the declarations with those of included modules; ``has_lib`` False: the module has no ``lib`` of its own, and
    ``ffi.dlopen`` returns one.
    """
    known = known or own
    return _Stub(module_name, own, known, has_lib=has_lib).text()


class _Stub:
    """Collects the lines of one stub."""

    def __init__(self, module_name: str, own: Declarations, known: Declarations, *, has_lib: bool) -> None:
        names = set(own.globals)
        for decl in known.types.values():
            if isinstance(decl, RecordDecl):
                names.update(field.name for field in decl.fields or ())
        self._module_name = module_name
        self._known = known
        self._globals = own.globals
        self._has_lib = has_lib
        self._hints = Hints(Spelling(own, known), known.types, frozenset(names))

    def text(self) -> str:
        """Give the whole stub."""
        records = [line for key, decl in self._known.types.items() for line in self._record(key, decl)]
        functions = list(self._lib())
        lines = [
            f"{STUB_BANNER} {__version__} for the module {self._module_name}; do not edit.",
            "# ruff: noqa",
            '# mypy: disable-error-code="override"',
            "# pyright: reportIncompatibleMethodOverride=false",
            "",
            "import builtins as _b",
            "import typing as _t",
            "",
            "from ffi_core import typing as _c",
            "",
            *records,
            *functions,
            "",
            *self._ffi(),
            "",
            "ffi: _FFI",
        ]
        if self._has_lib:
            lines.append("lib: _Lib")
        return "\n".join(lines) + "\n"

    # Records.

    def _record(self, key: str, decl: object) -> Iterator[str]:
        if not isinstance(decl, RecordDecl):
            return
        name = self._hints.record_class(key)
        fields = list(self._fields(decl, {key}))
        if not fields:
            yield f"class {name}(_c.Record): ..."
            yield f"class {name}_p(_c.Pointer[{name}]): ..."
            return
        yield f"class {name}_members:"
        yield from fields
        yield f"class {name}({name}_members, _c.Record): ..."
        yield f"class {name}_p({name}_members, _c.Pointer[{name}]): ..."

    def _fields(self, decl: RecordDecl, outer: set[str]) -> Iterator[str]:
        for field in decl.fields or ():
            if not field.name:
                yield from self._anonymous(field, outer)
            elif field.name.isidentifier() and not keyword.iskeyword(field.name) and not _is_left_out(field.name):
                yield from self._field(field)

    def _anonymous(self, field: Field, outer: set[str]) -> Iterator[str]:
        """Give the members of an anonymous member, which are those of the record around it."""
        inner = self._known.types.get(field.type.key) if isinstance(field.type, Tagged) else None
        if isinstance(inner, RecordDecl) and inner.key not in outer:
            yield from self._fields(inner, outer | {inner.key})

    def _field(self, field: Field, *, is_const: bool = False) -> Iterator[str]:
        read = self._hints.read(field.type)
        if self._hints.is_plain(field.type) and not is_const:
            yield f"    {field.name}: {read}"
            return
        yield f"    @{self._hints.builtin('property')}"
        yield f"    def {field.name}(self) -> {read}: ..."
        if not is_const:
            yield f"    @{field.name}.setter"
            yield f"    def {field.name}(self, value: {self._hints.store(field.type)}, /) -> None: ..."

    # The library.

    def _lib(self) -> Iterator[str]:
        yield "class _Lib(_c.Lib):"
        names = [name for name in self._globals if name.isidentifier() and not keyword.iskeyword(name)]
        for name in names:
            if not _is_left_out(name):
                yield from self._global(name)
        if not names:
            yield "    ..."

    def _global(self, name: str) -> Iterator[str]:
        decl = self._globals[name]
        if isinstance(decl, (FunctionDecl, PythonFunctionDecl)):
            yield from self._function(name, decl.type)
        elif isinstance(decl, VariableDecl):
            yield from self._field(Field(name, decl.type), is_const=decl.is_const)
        elif isinstance(decl, ConstantDecl):
            kind = self._hints.builtin("int") if decl.type is None else self._hints.read(decl.type)
            value = "" if decl.value is None or decl.type is not None else f" = {decl.value}"
            yield f"    {name}: _t.Final{value}" if value else f"    {name}: _t.Final[{kind}]"

    def _function(self, name: str, function: Function) -> Iterator[str]:
        parameters = ["self"]
        taken = {"self"}
        given = function.parameter_names or ("",) * len(function.parameters)
        for index, (parameter, ctype) in enumerate(zip(given, function.parameters)):
            word = f"{parameter}_" if keyword.iskeyword(parameter) else parameter
            if not word.isidentifier() or word in taken or _is_left_out(word):
                word = f"argument{index + 1}"
            taken.add(word)
            parameters.append(f"{word}: {self._hints.write(ctype)}")
        parameters.append("/")
        if function.variadic:
            parameters.append("*more: _c.AnyData")
        result = self._hints.read(function.result)
        text = ", ".join(parameters) if len(parameters) > 2 or function.variadic else "self"
        yield f"    def {name}({text}) -> {result}:"
        yield f"        {_docstring(spell(function, name))}"

    # The ffi object.

    def _ffi(self) -> Iterator[str]:
        """Let ``new`` and ``cast`` know the names of the module's types."""
        hints = self._hints
        pointers = hints.names_of_pointers()
        new, cast = [], []
        functions = [
            decl.type for decl in self._globals.values() if isinstance(decl, (FunctionDecl, PythonFunctionDecl))
        ]
        pointed_twice = hints.pointed_twice(functions)
        for key, names in hints.names_of_records().items():
            name = hints.record_class(key)
            decl = self._known.types[key]
            pointed = [*(f"{spelled} *" for spelled in names), *pointers.get(key, ())]
            if isinstance(decl, RecordDecl) and decl.fields is not None:
                new.append((pointed, f"{name}_p"))
                new.append(([f"{spelled}[]" for spelled in names], f"_c.Array[{name}]"))
            cast.append((pointed, f"{name}_p"))
            if key in pointed_twice:
                twice = [
                    *(f"{spelled} **" for spelled in names),
                    *(f"{spelled} *" for spelled in pointers.get(key, ())),
                ]
                several = [
                    *(f"{spelled} *[]" for spelled in names),
                    *(f"{spelled}[]" for spelled in pointers.get(key, ())),
                ]
                new += [(twice, f"_c.Pointer[{name}_p]"), (several, f"_c.Array[{name}_p]")]
        integers = hints.names_of_integers()
        if integers:
            integer = hints.builtin("int")
            new.append(([f"{spelled} *" for spelled in integers], f"_c.Pointer[{integer}]"))
            new.append(([f"{spelled}[]" for spelled in integers], f"_c.Array[{integer}]"))
            cast.append((integers, "_c.Value"))
        yield "class _FFI(_c.FFI):"
        written = False
        for method, argument, cases, common in (
            ("new", "init: _t.Any = None", new, _COMMON_NEW),
            ("cast", "source: _t.Any", cast, _COMMON_CAST),
        ):
            if cases:
                written = True
                for words, result in (*cases, *common):
                    cdecl = words if isinstance(words, str) else f"_t.Literal[{', '.join(map(repr, words))}]"
                    yield "    @_t.overload"
                    yield f"    def {method}(self, cdecl: {cdecl}, {argument}) -> {result}: ..."
        if not self._has_lib:
            written = True
            yield "    def dlopen(self, name: _t.Any, flags: _b.int = 0) -> _Lib: ..."
        if not written:
            yield "    ..."


_COMMON_NEW: Final = (
    ("_c.IntegerPointerName", "_c.Pointer[_b.int]"),
    ("_c.IntegerArrayName", "_c.Array[_b.int]"),
    ("_c.FloatPointerName", "_c.Pointer[_b.float]"),
    ("_c.FloatArrayName", "_c.Array[_b.float]"),
    ("_t.Literal['char *']", "_c.Pointer[_b.bytes]"),
    ("_t.Literal['char[]']", "_c.Array[_b.bytes]"),
    ("_t.Literal['char **', 'const char **']", "_c.Pointer[_c.Pointer[_b.bytes]]"),
    ("_t.Literal['char *[]', 'const char *[]']", "_c.Array[_c.Pointer[_b.bytes]]"),
    ("_t.Literal['void **']", "_c.Pointer[_c.VoidPointer]"),
    ("_c.TypeLike", "_t.Any"),
)
_COMMON_CAST: Final = (
    ("_c.IntegerName", "_c.Value"),
    ("_c.IntegerPointerName", "_c.Pointer[_b.int]"),
    ("_c.FloatPointerName", "_c.Pointer[_b.float]"),
    ("_t.Literal['char *']", "_c.Pointer[_b.bytes]"),
    ("_t.Literal['void *']", "_c.VoidPointer"),
    ("_c.TypeLike", "_t.Any"),
)


def _is_left_out(name: str) -> bool:
    """Say whether Python would change the name in a class, or the stub means something else by it."""
    return name in {"_b", "_c", "_t"} or (name.startswith("__") and not name.endswith("__"))


def _docstring(declaration: str) -> str:
    """Show the declaration in C, where it is not too long to be read."""
    text = declaration if len(declaration) <= _LONGEST_DECLARATION else f"{declaration[:_LONGEST_DECLARATION]} ..."
    return '"""' + text.replace("\\", "\\\\").replace('"', '\\"') + ';"""'
