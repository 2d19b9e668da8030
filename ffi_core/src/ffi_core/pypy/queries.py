"""What an ffi says of C types: its methods that turn a text into a type, and answer a question about that."""

from __future__ import annotations

from ffi_core.errors import CDefError, FFIError, FunctionTypeError, UnknownSizeError
from ffi_core.pypy import CData, CType, backend, c_types, paths
from ffi_core.pypy.declarations import CONSTANT
from ffi_core.pypy.function import Function, with_pointers
from ffi_core.pypy.lib import Lib
from ffi_core.pypy.realize import over_aligned

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from typing import Any

    from ffi_core.pypy.ffi_object import FFI

_LONGEST_READ = 2000  # longer types are data that took a wrong turn


class Queries:
    """Answers for one ffi; the methods are those of `FFI`."""

    def __init__(self, ffi: FFI) -> None:
        self._ffi = ffi
        self._realizer = ffi._realizer
        self._ready = self._realizer.ready_types
        self.over_aligned = over_aligned

    def type_of(self, cdecl: Any, *, allow_cdata: bool = False) -> Any:
        """Give the type that an argument names."""
        if isinstance(cdecl, str):
            ctype = self._realizer.known(cdecl)
            if ctype is None:
                ctype = self._new_type(cdecl)
            if isinstance(ctype, c_types.FunctionType):
                return ctype.pointer()
            return ctype
        if isinstance(cdecl, CType):
            return cdecl
        if allow_cdata and isinstance(cdecl, CData):
            return backend.typeof(with_pointers(cdecl))
        also = ", or a cdata object" if allow_cdata else ""
        raise TypeError(f"expected a string with a C type, or a ctype object{also}, not {type(cdecl).__name__}")

    def _new_type(self, text: str) -> Any:
        """Find out what a text stands for that was not used before."""
        try:
            return self._realizer.type_of(text)
        except CDefError as error:
            if not self._ffi._declares or len(text) >= _LONGEST_READ or not ("]" in text or "}" in text):
                raise
            refused = error
        # Perhaps the front end can read it: the members of a struct, or an expression for a length.
        try:
            return self._realizer.type_of(self._ffi._read_type(text), text)
        except FFIError:
            raise refused from None

    def castable(self, cdecl: Any) -> Any:
        """Give the type that an argument names, which can be cast to.

        Errors: ``FunctionTypeError``.
        """
        ctype = self.type_of(cdecl)
        if isinstance(cdecl, str) and isinstance(self._realizer.known(cdecl), c_types.FunctionType):
            raise FunctionTypeError(f"the type '{cdecl}' is a function type, not a pointer-to-function type")
        return ctype

    def explain(self, ctype: Any) -> None:
        """Raise what kept a struct from being completed, if that is so."""
        if not isinstance(ctype, c_types.FunctionType):
            self._realizer.complete(c_types.innermost(ctype))

    def typeof(self, cdecl: Any) -> Any:
        """Answer `FFI.typeof`."""
        if isinstance(cdecl, Function):
            cdecl = cdecl.pointer
        return self.type_of(cdecl, allow_cdata=True)

    def sizeof(self, cdecl: Any) -> int:
        """Answer `FFI.sizeof`.

        Errors: ``UnknownSizeError``.
        """
        if isinstance(cdecl, str):
            known = getattr(self._ready, cdecl, None)
            what, subject = "ctype", known if type(known) is CType else self.type_of(cdecl)
        elif isinstance(cdecl, CData):
            what, subject = "cdata", with_pointers(cdecl)
        else:
            what, subject = "ctype", self.typeof(cdecl)
        try:
            size: int = backend.sizeof(subject)
        except (TypeError, ValueError):
            ctype = self.type_of(subject, allow_cdata=True)
            self.explain(ctype)
            raise UnknownSizeError(f"{what} '{ctype.cname}' is of unknown size") from None
        return size

    def alignof(self, cdecl: Any) -> int:
        """Answer `FFI.alignof`.

        Errors: ``ValueError`` for what is opaque.
        """
        ctype = self.type_of(cdecl, allow_cdata=True)
        try:
            align: int = backend.alignof(ctype)
        except (TypeError, ValueError):
            self.explain(ctype)
            raise ValueError(f"ctype '{ctype.cname}' is of unknown alignment") from None
        return align

    def offsetof(self, cdecl: Any, path: tuple[Any, ...]) -> int:
        """Answer `FFI.offsetof`.

        Errors: those of `paths.follow`.
        """
        if not path:
            raise TypeError("offsetof() needs a C type, and at least one field name or index")
        ctype = self.type_of(cdecl)
        self.explain(ctype)
        return paths.follow(ctype, path)[1]

    def addressof(self, subject: Any, path: tuple[Any, ...]) -> Any:
        """Answer `FFI.addressof`.

        Errors: ``TypeError``; those of `paths.address_of`.
        """
        if isinstance(subject, Function) and not path:
            return subject.pointer
        if isinstance(subject, CData):
            return paths.address_of(subject, path)
        if isinstance(subject, Lib):
            if len(path) == 1 and isinstance(path[0], str):
                from ffi_core.pypy.lookup import address_in

                return address_in(subject, path[0])
            raise TypeError("addressof() of a library needs the name of one function or variable")
        raise TypeError(f"addressof() argument must be a cdata object or a library, not {type(subject).__name__}")

    def getctype(self, cdecl: Any, declarator: Any) -> str:
        """Answer `FFI.getctype`."""
        if not isinstance(declarator, str):
            raise TypeError(f"getctype() argument 'replace_with' must be str, not {type(declarator).__name__}")
        return paths.spell(self.type_of(cdecl), declarator.strip(" \t\n"))

    def list_types(self) -> tuple[list[str], list[str], list[str]]:
        """Answer `FFI.list_types`."""
        found: dict[str, set[str]] = {"": set(), "struct": set(), "union": set(), "enum": set()}
        for name in self._ffi._declarations.type_names():
            keyword, _, tag = name.rpartition(" ")
            if not tag.startswith("$"):
                found[keyword].add(tag)
        return sorted(found[""]), sorted(found["struct"]), sorted(found["union"])

    def integer_const(self, name: Any) -> int:
        """Answer `FFI.integer_const`.

        Errors: ``AttributeError`` where there is no such constant.
        """
        if not isinstance(name, str):
            raise TypeError(f"integer_const() argument 'name' must be str, not {type(name).__name__}")
        declared = self._ffi._declarations.find_global(name)
        if declared is None or declared.kind != CONSTANT:
            raise AttributeError(f"no constant named '{name}' is declared")
        value: int = declared.home._realizer.constant(name, declared)
        return value
