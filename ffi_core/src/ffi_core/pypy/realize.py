"""Realising declarations: from names in the declaration table to types and constants, on first use.

The interpreter looks into a struct without asking us.  So whatever a new type leads to, through pointers too, is
completed before anybody gets the type; what cannot be completed stays opaque, and says why when it is asked for itself.
"""

from __future__ import annotations

from _thread import RLock

from ffi_core.errors import FFIError, VerificationMissing
from ffi_core.pypy import FILE, backend, c_types
from ffi_core.pypy.declarations import CONSTANT, IMPLIED, Declarations
from ffi_core.pypy.table import FLAG_OPAQUE, FLAG_SIGNED, KIND_ENUM, KIND_FLOATING, KIND_INTEGER, KIND_TYPEDEF

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from typing import Any, Final, Optional

_STORE: Any = backend.new_function_type(
    (backend.new_pointer_type(backend.new_void_type()),), backend.new_void_type(), False
)

over_aligned: set[Any] = set()
"""Pointer and array types of what asks for more alignment than allocated memory has by itself."""

_ALIGNED: Final = 16


def _is_over_aligned(ctype: Any) -> bool:
    if getattr(ctype, "kind", None) in ("pointer", "array") and c_types.is_record(c_types.item_by_value(ctype.item)):
        try:
            return bool(backend.alignof(ctype.item) > _ALIGNED)
        except (TypeError, ValueError):  # opaque
            return False
    return False


def _let_copies_be_made() -> None:
    """Register C data with ``copyreg``, before there can be any."""
    from ffi_core.pypy.copies import register

    register()


class ReadyTypes:
    """Types as attributes, each under its text."""


class Realizer:
    """Makes the types that one ffi declares."""

    def __init__(self, declarations: Declarations) -> None:
        self.declarations = declarations
        self.included: list[Realizer] = []
        # By text, as attributes of an object: the interpreter's compiler looks a constant name of an attribute up once.
        self.ready_types = ReadyTypes()
        self.parsed: dict[str, Any] = self.ready_types.__dict__
        self._set_aside: dict[str, Any] = {}  # those of over_aligned, which `new` must not find at once
        self._typedefs: dict[str, Any] = {}
        self._tagged: dict[str, Any] = {}  # by key: "struct point"
        self._keys: dict[Any, str] = {}  # the same, the other way round
        self._complete: set[str] = set()
        self._completing: set[str] = set()
        self._pending: list[str] = []
        self._lock = RLock()

    # Types of texts.

    def type_of(self, text: str, known_as: Optional[str] = None) -> Any:
        """Give the type that a text stands for, ready to use; ``known_as`` is another text for it, to be remembered too.

        Errors: ``FFIError`` where it is no type.
        """
        ctype = self.known(text)
        if ctype is None:
            with self._lock:
                ctype = self.parse(text)
                self.settle()
                _let_copies_be_made()
                self._remember(text, ctype)
        if known_as is not None:
            self._remember(known_as, ctype)
        return ctype

    def known(self, text: str) -> Any:
        """Give the type that a text stands for if it was asked for before, None if not."""
        return self.parsed.get(text) or self._set_aside.get(text)

    def _remember(self, text: str, ctype: Any) -> None:
        if _is_over_aligned(ctype):
            over_aligned.add(ctype)
            self._set_aside[text] = ctype
        else:
            self.parsed[text] = ctype

    def _forget_texts(self) -> None:
        self.parsed.clear()
        self._set_aside.clear()

    def parse(self, text: str, array_size: int = -1) -> Any:
        """Read a type, which may lead to structs that are not complete."""
        from ffi_core.pypy.type_parser import parse_type  # not for those who only import a module

        return parse_type(text, self, array_size)

    def ready(self, text: str, array_size: int = -1) -> Any:
        """Read a type of a declaration, whose ``[...]`` has a size, ready to use."""
        if array_size < 0:
            return self.type_of(text)
        with self._lock:
            ctype = self.parse(text, array_size)
            self.settle()
        return ctype

    def settle(self) -> None:
        """Complete all structs that types lead to."""
        while self._pending:
            key = self._pending.pop()
            try:
                self._complete_key(key)
            except (FFIError, TypeError, ValueError, OverflowError, NotImplementedError):
                continue  # it stays opaque, and this is raised when somebody asks for it
        for other in self.included:
            if other._pending:
                other.settle()

    def forget(self, types: dict[str, Any]) -> None:
        """Forget what was realised under names that are declared anew."""
        known = self.declarations.types
        if not any(name in known for name in types):
            return
        self._forget_texts()
        self._typedefs.clear()
        for name in types:
            if name in self._complete:
                self._complete.discard(name)
                self._keys.pop(self._tagged.pop(name), None)
            elif name in self._tagged:
                # An opaque struct that is now defined stays the same type: pointers to it are already about.
                self._pending.append(name)

    def clear(self) -> None:
        """Forget everything."""
        self._forget_texts()
        for known in (self._typedefs, self._tagged, self._keys):
            known.clear()
        self._complete.clear()
        del self._pending[:]

    def share(self, types: dict[str, Any]) -> None:
        """Take types, by key, as another realizer made them."""
        with self._lock:
            self._forget_texts()
            self._typedefs.clear()
            for key, ctype in types.items():
                self._keys.pop(self._tagged.get(key), None)
                self._tagged[key] = ctype
                self._keys[ctype] = key
                self._complete.add(key)

    # What the parser asks.

    def find_typedef(self, name: str) -> Any:
        """Give the type that a typedef name stands for, None where there is none."""
        ctype = self._declared_typedef(name)
        if ctype is None:
            if name in c_types.PREDEFINED:
                return c_types.primitive(name)
            if name == "bool":
                return c_types.primitive("_Bool")
            if name == "FILE":
                return FILE
        return ctype

    def _declared_typedef(self, name: str) -> Any:
        ctype = self._typedefs.get(name)
        if ctype is not None:
            return ctype
        ctype = self._own_typedef(name)
        for other in self.included:
            if ctype is not None:
                break
            ctype = other._declared_typedef(name)
        if ctype is not None:
            self._typedefs[name] = ctype
        return ctype

    def _own_typedef(self, name: str) -> Any:
        table = self.declarations.table
        row = None if table is None else table.type_row(name)
        if table is not None and row is not None:
            return self._generated_typedef(name, row)
        entry = self.declarations.types.get(name)
        if entry is None:
            return None
        if len(entry) != 2:
            raise ValueError(f"malformed declaration of '{name}': {entry!r}")
        kind, text = entry
        if kind == "unknown":
            raise VerificationMissing(
                f"the type '{name}' was declared as '{text}...': only a compiler knows its size (use API mode)"
            )
        return self.parse(text)

    def _generated_typedef(self, name: str, row: Any) -> Any:
        if row.kind == KIND_TYPEDEF:
            return self.parse(self.declarations.generated().text(row.type), row.size if row.size > 0 else -1)
        if row.kind == KIND_INTEGER:
            ctype = c_types.integer_of(row.size, signed=bool(row.flags & FLAG_SIGNED))
        elif row.kind == KIND_FLOATING:
            ctype = c_types.floating_of(row.size)
        else:
            return None
        if ctype is None:
            raise FFIError(f"'{name}' is a number of {row.size} bytes in C: there is no such type")
        return ctype

    def find_tagged(self, key: str) -> Any:
        """Give the struct, union or enum of a key like ``struct point``, None where there is none."""
        ctype = self._tagged.get(key)
        if ctype is not None:
            return ctype
        if key in ("struct _IO_FILE", "struct $FILE"):
            return FILE
        table = self.declarations.table
        row = None if table is None else table.type_row(key)
        if row is None and key not in self.declarations.types:
            for other in self.included:
                ctype = other.find_tagged(key)
                if ctype is not None:
                    return ctype
            return None
        keyword, _, tag = key.partition(" ")
        # What has no tag is shown as the typedef name that it has.
        shown = tag[1:] if tag.startswith("$") and not tag[1:2].isdigit() else key
        if keyword == "enum":
            ctype = self._enum(key, shown, row)
        else:
            make = backend.new_struct_type if keyword == "struct" else backend.new_union_type
            ctype = make(shown)
            self._pending.append(key)
        self._tagged[key] = ctype
        self._keys[ctype] = key
        return ctype

    @property
    def reads_cdef(self) -> bool:
        """Tell whether the ffi has ``cdef()``."""
        return bool(self.declarations.home._declares)

    def declare_opaque(self, key: str) -> Any:
        """Declare a struct or union that is named in a type expression, as C does.

        Shapes: None where this ffi has no ``cdef()``, and where the tag is that of something else.
        """
        if not self.declarations.home._declares:
            return None
        keyword, _, tag = key.partition(" ")
        for other in {"struct", "union", "enum"} - {keyword}:
            known = self.find_tagged(f"{other} {tag}")
            # What has no members may have been named before in the same way.
            if known is not None and (other == "enum" or self._has_members(known)):
                return None
        self.declarations.types[key] = IMPLIED
        return self.find_tagged(key)

    def _has_members(self, ctype: Any) -> bool:
        self.complete(ctype)
        return ctype.fields is not None

    def find_constant(self, name: str, *, compared: bool = True) -> Optional[int]:
        """Give the value of an integer constant, None where there is none.

        Not ``compared``: the compiler is believed where the cdef says another value.
        """
        declared = self.declarations.find_global(name)
        if declared is None or declared.kind != CONSTANT:
            return None
        value = declared.home._realizer.constant(name, declared, compared=compared)
        return value if isinstance(value, int) else None

    # Constants.

    def constant(self, name: str, declared: Any, *, compared: bool = True) -> Any:
        """Give the value of a constant that this ffi declares.

        Errors: ``VerificationMissing`` where only a compiler knows it; ``FFIError`` where the compiler has another one.
        """
        if declared.row is None:
            if declared.value is None:
                raise VerificationMissing(
                    f"the value of '{name}' was declared as '...': only a compiler knows it (use API mode)"
                )
            return declared.value
        if declared.type is not None and not declared.type.startswith("="):
            return self._typed_constant(name, declared)
        value = self.declarations.generated().integer(declared.row)
        if compared and declared.type is not None and declared.type != f"={value}":
            shown = f"{value} ({value:#x})" if value > 0 else str(value)
            raise FFIError(f"the C compiler says '{name}' is equal to {shown}, but the cdef disagrees")
        return value

    def _typed_constant(self, name: str, declared: Any) -> Any:
        ctype = self.ready(declared.type)
        size = c_types.size_or_none(ctype)
        if size is None:
            raise FFIError(f"constant '{name}' is of type '{ctype.cname}', whose size is not known")
        memory = backend.newp(backend.new_pointer_type(ctype))
        backend.cast(_STORE, declared.row.call)(memory)
        return memory[0]

    # Completing.

    def complete(self, ctype: Any) -> None:
        """Find the members of a struct or union, and of those that it contains; arrays are looked into."""
        ctype = c_types.item_by_value(ctype)
        key = self._keys.get(ctype)
        if key is not None:
            with self._lock:
                self._complete_key(key)
            return
        for other in self.included:
            other.complete(ctype)

    def _complete_key(self, key: str) -> None:
        if key in self._complete or key.startswith("enum "):
            return
        ctype = self._tagged[key]
        if key in self._completing:
            raise FFIError(f"'{ctype.cname}' contains itself")
        self._completing.add(key)
        try:
            from ffi_core.pypy import records

            table = self.declarations.table
            row = None if table is None else table.type_row(key)
            if row is not None:
                if row.flags & FLAG_OPAQUE:
                    return
                records.complete_generated(self, ctype, row)
            else:
                entry = self.declarations.types.get(key)
                if entry is None:
                    raise FFIError(f"'{ctype.cname}' is not declared any more")
                if entry[1] is None:
                    return
                records.complete_declared(self, ctype, entry)
            self._complete.add(key)
        finally:
            self._completing.discard(key)

    def _enum(self, key: str, shown: str, row: Any) -> Any:
        if row is not None:
            if row.kind != KIND_ENUM:
                raise FFIError(f"'{key}' is no enum")
            base = c_types.integer_of(row.size, signed=bool(row.flags & FLAG_SIGNED))
            listed = self.declarations.generated().text(row.type)
            if base is None:
                raise FFIError(f"'{shown}': no integer type of {row.size} bytes")
        else:
            _, listed, _, base_name = self.declarations.types[key]
            if not listed and not base_name:
                from warnings import warn

                warn(
                    f"'{shown}' has no values explicitly defined; guessing that it is equivalent to 'unsigned int'",
                    stacklevel=2,
                )
                base_name = "unsigned int"
            if not base_name:
                raise VerificationMissing(
                    f"'{shown}' was declared with '...': only a compiler knows its values (use API mode)"
                )
            base = c_types.primitive(base_name)
        names = tuple(listed.split(",")) if listed else ()
        values = []
        for name in names:
            value = self.find_constant(name, compared=False)
            if value is None:
                raise FFIError(f"'{shown}': the enumerator '{name}' has no value")
            values.append(value)
        return backend.new_enum_type(shown, names, tuple(values), base)
