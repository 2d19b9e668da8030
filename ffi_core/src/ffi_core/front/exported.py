"""A pass over declarations for embedding: C programs call these functions, and Python has their bodies."""

from __future__ import annotations

from collections.abc import Mapping

from .errors import CDefError
from .model import Declarations, FunctionDecl, GlobalDecl, PythonFunctionDecl


def export_functions(added: Declarations) -> Declarations:
    """Take every function for one that is written in Python and exported to C; all else stays as it is.

    Errors: ``CDefError`` for a variadic function.
    """
    return Declarations(_exported(added.globals), added.types)


def _exported(declared: Mapping[str, GlobalDecl]) -> dict[str, GlobalDecl]:
    result: dict[str, GlobalDecl] = {}
    for name, decl in declared.items():
        if isinstance(decl, FunctionDecl):
            if decl.type.variadic:
                raise CDefError(f"'{name}': a function written in Python cannot be variadic", decl.place)
            result[name] = PythonFunctionDecl(name, decl.type, decl.place, exported=True)
        else:
            result[name] = decl
    return result
