"""Structs as tuples of Python values: ``ffi.tuple_reader``."""

from __future__ import annotations

import codecs

from ffi_core.pypy import CData, CType, backend

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from typing import Any, Callable, NoReturn, Optional


class TupleReader:
    """Read the fields ``names`` of structs of the type ``record`` as instances of ``cls``."""

    def __init__(self, record: Any, cls: Any, names: list[str], encoding: Optional[str], errors: str) -> None:
        self._record = record
        self._cls = cls
        self._names = names
        self._encoding = encoding
        self._errors = errors
        fields = dict(record.fields)
        self._texts = {name for name in names if encoding is not None and _is_text(fields.get(name))}
        self._make = self._choose_making()

    def __repr__(self) -> str:
        return f"<tuple reader of '{self._record.cname}', makes {self._cls.__name__}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"cannot pickle {self!r}: it belongs to this process")

    def _choose_making(self) -> Callable[[list[Any]], Any]:
        """Find out how instances of the class are made."""
        cls, count = self._cls, len(self._names)
        if cls is tuple:
            return tuple
        most = getattr(cls, "n_fields", None)
        if most is not None:
            least = cls.n_sequence_fields
            if not least <= count <= most:
                raise TypeError(f"{cls.__name__} has {least} to {most} fields, but '{self._record.cname}' has {count}")
            rest = [None] * (most - count)
            return lambda values: cls(values + rest)
        if hasattr(cls, "_fields") and len(cls._fields) != count:
            raise TypeError(f"{cls.__name__} has {len(cls._fields)} fields, but '{self._record.cname}' has {count}")
        return lambda values: tuple.__new__(cls, values)

    def read(self, cdata: Any, /) -> Any:
        """Return the fields of the struct, or of what the pointer points to, as a tuple."""
        record = self._record
        if not isinstance(cdata, CData):
            raise TypeError(f"the tuple reader of '{record.cname}' takes a cdata object, not {type(cdata).__name__}")
        ctype = backend.typeof(cdata)
        if ctype is not record and not (ctype.kind == "pointer" and ctype.item is record):
            raise TypeError(f"the tuple reader of '{record.cname}' cannot read cdata '{ctype.cname}'")
        if ctype is not record:
            cdata = cdata[0]
        return self._make([self._value(cdata, name) for name in self._names])

    def _value(self, cdata: Any, name: str) -> Any:
        value = getattr(cdata, name)
        if name not in self._texts:
            return value
        if not value and backend.typeof(value).kind == "pointer":
            return None
        return backend.string(value).decode(self._encoding, self._errors)


def _is_text(field: Any) -> bool:
    """Tell whether a field is of the type ``char *`` or ``char[N]``."""
    return field is not None and field.type.kind in ("pointer", "array") and field.type.item.cname == "char"


# A flag of the primitives' fields: an initialiser by position passes it over (all but the first member of a union).
_NOT_POSITIONAL = 1


def all_names(record: Any) -> list[str]:
    """Return the names of all fields in the order of their declaration; of a union within it is the first one."""
    return [name for name, field in record.fields if not field.flags & _NOT_POSITIONAL]


def check_arguments(cls: Any, encoding: Any, errors: Any) -> None:
    """Raise ``TypeError`` or ``LookupError`` for what is no class of tuples, encoding or error handler."""
    if not isinstance(cls, type) or not issubclass(cls, tuple):
        raise TypeError(f"tuple_reader() argument 'cls' must be tuple or a subclass, not {cls!r}")
    if encoding is not None and not isinstance(encoding, str):
        raise TypeError(f"tuple_reader() argument 'encoding' must be str or None, not {type(encoding).__name__}")
    if not isinstance(errors, str):
        raise TypeError(f"tuple_reader() argument 'errors' must be str, not {type(errors).__name__}")
    if encoding is not None:
        codecs.lookup(encoding.encode().decode())  # UnicodeEncodeError for lone surrogates
    codecs.lookup_error(errors)


def check_record(ctype: Any) -> Any:
    """Return the struct type that ``ctype`` is or points to.

    Errors: ``TypeError`` for other types.
    """
    record = ctype.item if isinstance(ctype, CType) and ctype.kind == "pointer" else ctype
    if getattr(record, "kind", None) != "struct" or record.fields is None:
        raise TypeError(f"tuple_reader() needs a struct with known fields, not '{record.cname}'")
    return record


def check_names(record: Any, names: Any) -> list[str]:
    """Return the names of the fields to read.

    Errors: ``KeyError`` for fields that are not there, ``TypeError`` for what are no names.
    """
    chosen = list(names)
    for name in chosen:
        if not isinstance(name, str):
            raise TypeError(f"tuple_reader() argument 'fields' must be names of fields, not {type(name).__name__}")
        try:
            backend.typeoffsetof(record, name)
        except KeyError:
            raise KeyError(f"'{record.cname}' has no field {name!r}") from None
        except TypeError:  # a bit-field has no offset
            continue
    return chosen
