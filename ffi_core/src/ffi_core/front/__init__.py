"""The front end: C declarations in, model out.  Knows nothing of the runtime."""

from __future__ import annotations

from collections.abc import Callable

from ffi_core.frozen import dataclass, field

from .errors import CDefError, FFIError
from .exported import export_functions
from .model import CType, Declarations, Void
from .names import common_types
from .origin import origin
from .parser import Parser
from .recovered import recover
from .scope import Scope, merge
from .source import Source
from .table import python_table
from .target import host_target

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from typing import Optional

__all__ = [
    "CDefError",
    "Declarations",
    "FFIError",
    "Parsed",
    "export_functions",
    "merge",
    "origin",
    "parse",
    "parse_type",
    "python_table",
    "read_type",
    "recover",
]

_NOTHING = Declarations()


@dataclass(frozen=True)
class Parsed(Declarations):
    """All declarations after a parse; ``added`` are those that are new or that replace older ones."""

    added: Declarations = field(default=_NOTHING)


@dataclass(frozen=True)
class ReadType(Parsed):
    """A type, and all declarations after reading it; ``added`` are those of structs whose members it has."""

    type: CType = field(default=Void())


def parse(  # noqa: PLR0913 - they are the arguments of cdef, all by name
    text: str,
    *,
    known: Declarations = _NOTHING,
    file: str = "<cdef source string>",
    first_line: int = 1,
    override: bool = False,
    packed: bool = False,
    pack: Optional[int] = None,
    release_gil: bool = True,
    sizeof: Optional[Callable[[CType], int]] = None,
) -> Parsed:
    """Read C declarations and add them to ``known``, which does not change.

    ``file`` and ``first_line`` say where the text stands (see ``origin``).  ``override`` lets declarations replace
    different ones of the same name.  ``packed`` and ``pack`` say how all structs of the text are laid out, as
    ``#pragma pack`` does.  ``release_gil`` is kept with every function.  ``sizeof`` gives the size of records and
    enums of ``known`` in constant expressions.
    Errors: ``CDefError`` with the place in the text; ``ValueError`` for a wrong ``pack``.
    """
    scope = _scope(known, override=override)
    source = Source(text, file, first_line)
    Parser(source, scope, pack=_pack(packed, pack), release_gil=release_gil, sizeof=sizeof).parse()
    everything = scope.all()
    return Parsed(everything.globals, everything.types, scope.added())


def parse_type(text: str, known: Declarations = _NOTHING, *, sizeof: Optional[Callable[[CType], int]] = None) -> CType:
    """Read one type, as it stands in a cast: ``int (*)[5]``.

    Errors: ``CDefError`` with the place in the text.
    """
    source = Source(text, "<type>")
    return Parser(source, _scope(known), sizeof=sizeof).parse_type()


def read_type(text: str, known: Declarations, *, sizeof: Optional[Callable[[CType], int]] = None) -> ReadType:
    """Read one type, which may declare structs: ``struct { int a; } *``.

    Errors: as ``parse_type``.
    """
    scope = _scope(known)
    ctype = Parser(Source(text, "<type>"), scope, sizeof=sizeof).parse_type()
    everything = scope.all()
    return ReadType(everything.globals, everything.types, scope.added(), ctype)


def _scope(known: Declarations, *, override: bool = False) -> Scope:
    return Scope(known, common_types(windows=host_target().windows), override=override)


def _pack(packed: bool, pack: Optional[int]) -> int:
    if packed not in {False, True}:
        raise ValueError("'packed' should be False or True; use 'pack' to give another value")
    if packed and pack:
        raise ValueError("cannot give both 'pack' and 'packed'")
    if packed:
        return 1
    if not pack:
        return 0
    if pack < 0 or pack & (pack - 1):
        raise ValueError(f"'pack' must be a power of two, not {pack!r}")
    return pack
