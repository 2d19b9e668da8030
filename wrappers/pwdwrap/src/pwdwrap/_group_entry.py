"""One entry of the group database."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, NamedTuple, TypeVar


class _Fields(NamedTuple):
    gr_name: str
    gr_passwd: str
    gr_gid: int
    gr_mem: list[str]


_E = TypeVar("_E", bound="GroupEntry")


class GroupEntry(_Fields):
    """An entry of the group database: a tuple whose items have names, like ``grp.struct_group``.

    It is made from one sequence of four items, and equals every tuple of the same items, those of ``grp`` too.  The members are a list of
    one's own.  Strings that are not UTF-8 hold their bytes as surrogates.
    """

    __slots__ = ()

    # What struct sequences of the standard library say of themselves.
    n_fields: ClassVar[int] = 4
    n_sequence_fields: ClassVar[int] = 4
    n_unnamed_fields: ClassVar[int] = 0

    def __new__(cls: type[_E], fields: Iterable[object], /) -> _E:
        self: _E = tuple.__new__(cls, fields)
        if len(self) != 4:
            raise TypeError(f"{cls.__name__}() takes a 4-sequence ({len(self)}-sequence given)")
        return self

    def _replace(self: _E, /, **changes: object) -> _E:
        """Return a copy with some items changed; PyPy's own would call the class with the items as keywords."""
        return type(self)._make(_Fields(*self)._replace(**changes))  # type: ignore[arg-type]  # names are checked when it runs

    def __reduce__(self) -> tuple[type[GroupEntry], tuple[tuple[object, ...]]]:
        """Tell ``copy`` and ``pickle`` to give ``__new__`` its one argument."""
        return type(self), (tuple(self),)
