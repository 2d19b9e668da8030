"""What the suite looks up in cffi's parser, from our declarations: which names are declared as what, and with which qualifiers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Optional

import cffi
import fake_backend
from cffi import model

from ffi_core import front
from ffi_core.front.model import (
    Array,
    ConstantDecl,
    CType,
    Declarations,
    EnumDecl,
    Function,
    FunctionDecl,
    Named,
    Pointer,
    PythonFunctionDecl,
    RecordDecl,
    Tagged,
    TypedefDecl,
    VariableDecl,
    spell,
)
from ffi_core.frozen import replace

# As cffi shows them, in its order.
_QUALIFIERS: Final = {
    "restrict": ("__restrict", model.Q_RESTRICT),
    "volatile": ("volatile", model.Q_VOLATILE),
    "const": ("const", model.Q_CONST),
}
_KINDS: Final = {FunctionDecl: "function", PythonFunctionDecl: "extern_python", VariableDecl: "variable"}


def _quals(ctype: CType) -> int:
    return sum(_QUALIFIERS[word][1] for word in set(getattr(ctype, "qualifiers", ())))


def _words(ctype: CType) -> str:
    found = getattr(ctype, "qualifiers", ())
    return "".join(f" {shown}" for word, (shown, _) in _QUALIFIERS.items() if word in found)


def _show(ctype: CType, inner: str = "", *, top: bool = False) -> str:
    """Write a type as cffi does: the qualifiers of the whole are not part of it."""
    own = "" if top else _words(ctype)
    if isinstance(ctype, Pointer) and isinstance(ctype.target, Function):
        return _show(ctype.target, f"(*{own}{inner})")
    if isinstance(ctype, Pointer):
        return _show(ctype.target, f" *{own}{inner}")
    if isinstance(ctype, Function):
        parameters = ", ".join(_show(parameter) for parameter in ctype.parameters)
        return _show(ctype.result, f"{inner or '()'}({parameters})")
    if isinstance(ctype, Array):
        return _show(ctype.item, f"{inner}[{'' if ctype.length is None else ctype.length}]")
    assert not isinstance(ctype, front.model.UnknownNumber)
    return spell(type(ctype)(**{**vars(ctype), "qualifiers": ()})) + own + inner


def _unqualified(ctype: CType) -> CType:
    return replace(ctype, qualifiers=()) if getattr(ctype, "qualifiers", ()) else ctype  # type: ignore[arg-type]  # those without are left


def _comparable(ctype: CType) -> CType:
    """Leave out what makes no other type: qualifiers of parameters themselves."""
    if isinstance(ctype, Pointer):
        return replace(ctype, target=_comparable(ctype.target))
    if isinstance(ctype, Function):
        parameters = tuple(_comparable(_unqualified(parameter)) for parameter in ctype.parameters)
        return replace(ctype, parameters=parameters, parameter_names=())
    return ctype


@dataclass(frozen=True)
class TypeView:
    """A type of our model, as the suite looks at those of cffi's.  Types that mean the same are equal."""

    ctype: CType
    known: Declarations

    def __str__(self) -> str:
        record = self._record()
        if record is not None:
            return f"<{record.c_name or record.key}>"
        return f"<{_show(self.ctype, top=True)}>"

    __repr__ = __str__

    def __hash__(self) -> int:
        return hash(_comparable(self.ctype))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TypeView) and _comparable(self.ctype) == _comparable(other.ctype)

    def _resolved(self) -> CType:
        ctype = self.ctype
        while isinstance(ctype, Named):
            declared = self.known.types[ctype.name]
            assert isinstance(declared, TypedefDecl)
            ctype = declared.type
        return ctype

    def _record(self) -> Optional[RecordDecl]:
        ctype = self._resolved()
        declared = self.known.types.get(ctype.key) if isinstance(ctype, Tagged) else None
        return declared if isinstance(declared, RecordDecl) else None

    @property
    def totype(self) -> TypeView:
        """What it points to."""
        ctype = self._resolved()
        assert isinstance(ctype, Pointer)
        return TypeView(ctype.target, self.known)

    def get_c_name(self) -> str:
        """Say what C code calls it; VerificationError where it has no name for it."""
        record = self._record()
        if record is None or not record.c_name:
            raise cffi.VerificationError(f"C has no name for {self}")
        return record.c_name


class ParserView:
    """What stands at ``ffi._parser``."""

    def __init__(self, ffi: cffi.FFI) -> None:
        self._known = ffi._known or Declarations()
        self._own = ffi._own or Declarations()

    @property
    def _declarations(self) -> Mapping[str, tuple[Any, int]]:
        found: dict[str, tuple[Any, int]] = {}
        enumerators = {
            name for decl in self._own.types.values() if isinstance(decl, EnumDecl) for name in decl.enumerators
        }
        for name, decl in self._own.globals.items():
            if isinstance(decl, ConstantDecl):
                if name not in enumerators:
                    kind = "macro" if decl.type is None or decl.value is not None else "constant"
                    found[f"{kind} {name}"] = (decl.type, 0)
            else:
                found[f"{_KINDS[type(decl)]} {name}"] = (decl.type, _quals(decl.type))
        for name, declared in self._own.types.items():
            kind = "typedef" if isinstance(declared, TypedefDecl) else name.partition(" ")[0]
            tag = name.rpartition(" ")[2]
            key = f"anonymous {tag[1:]}" if tag.startswith("$") else f"typedef {name}" if kind == "typedef" else name
            found[key] = (declared, 0)
        return found

    def parse_type_and_quals(self, text: str) -> tuple[TypeView, int]:
        """Read a type."""
        ctype = front.parse_type(text, self._known)
        return TypeView(ctype, self._known), _quals(ctype)

    def parse_type(self, text: str) -> TypeView:
        """Read a type."""
        return self.parse_type_and_quals(text)[0]


def btype(ffi: Any, view: TypeView) -> Any:
    """Give what the backend makes of a type."""
    return fake_backend.describe(ffi._recorder, cffi.FFI.typeof(ffi, spell(view.ctype)))
