"""An FFI over a backend that only records: how the suite looks at what the parser makes of declarations."""

from __future__ import annotations

from typing import Any

import cffi

from ffi_core.front.model import FunctionDecl, Pointer, spell


def describe(backend: Any, ctype: Any) -> Any:
    """Build what the backend makes of one of our types."""
    kind = ctype.kind
    if kind == "void":
        return backend.new_void_type()
    if kind == "pointer":
        return backend.new_pointer_type(describe(backend, ctype.item))
    if kind == "array":
        return backend.new_array_type(backend.new_pointer_type(describe(backend, ctype.item)), ctype.length)
    if kind == "function":
        arguments = [describe(backend, argument) for argument in ctype.args]
        return backend.new_function_type(arguments, describe(backend, ctype.result), ctype.ellipsis)
    if kind == "struct":
        record = backend.new_struct_type(ctype.cname)
        fields = [(name, describe(backend, field.type), field.bitsize) for name, field in ctype.fields or ()]
        backend.complete_struct_or_union(record, fields)
        return record
    return backend.new_primitive_type(ctype.cname)


class _Library:
    """The functions of a library that is not there."""

    def __init__(self, ffi: Any, backend: Any, library: Any) -> None:
        self._ffi = ffi
        self._backend = backend
        self._library = library

    def __getattr__(self, name: str) -> Any:
        declared = self._ffi._own.globals[name]
        if not isinstance(declared, FunctionDecl):
            return declared.value
        ctype = cffi.FFI.typeof(self._ffi, spell(Pointer(declared.type)))
        return self._library.load_function(describe(self._backend, ctype), name)


class RecordingFFI(cffi.FFI):
    """Answers with what its backend makes of the answers."""

    def __init__(self, backend: Any) -> None:
        super().__init__()
        self._recorder = backend

    def typeof(self, cdecl: Any) -> Any:
        return describe(self._recorder, super().typeof(cdecl))

    def dlopen(self, name: Any, flags: int = 0) -> Any:
        return _Library(self, self._recorder, self._recorder.load_library(None, flags))


def choose_class(cls: type, backend: Any = None) -> type:
    """Give the class for an ``FFI(backend)``: this one for the suite's own fake backends."""
    return RecordingFFI if type(backend).__name__ == "FakeBackend" else cls
