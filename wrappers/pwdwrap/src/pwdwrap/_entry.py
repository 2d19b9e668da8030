"""One entry of the user database."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, NamedTuple, TypeVar


class _Fields(NamedTuple):
    pw_name: str
    pw_passwd: str
    pw_uid: int
    pw_gid: int
    pw_gecos: str
    pw_dir: str
    pw_shell: str


_E = TypeVar("_E", bound="PasswdEntry")


class PasswdEntry(_Fields):
    """An entry of the user database: an immutable tuple whose items have names, like ``pwd.struct_passwd``.

    It is made from one sequence of seven items, and equals every tuple of the same items, those of ``pwd`` too.
    Strings that are not UTF-8 hold their bytes as surrogates (``os.fsencode`` gives them back).  A string that the C
    library leaves out (Android's ``pw_gecos``) is None.
    """

    __slots__ = ()

    # What struct sequences of the standard library say of themselves.
    n_fields: ClassVar[int] = 7
    n_sequence_fields: ClassVar[int] = 7
    n_unnamed_fields: ClassVar[int] = 0

    def __new__(cls: type[_E], fields: Iterable[object], /) -> _E:
        self: _E = tuple.__new__(cls, fields)
        if len(self) != 7:
            raise TypeError(f"{cls.__name__}() takes a 7-sequence ({len(self)}-sequence given)")
        return self

    def _replace(self: _E, /, **changes: object) -> _E:
        """Return a copy with some items changed; PyPy's own would call the class with the items as keywords."""
        return type(self)._make(_Fields(*self)._replace(**changes))  # type: ignore[arg-type]  # names are checked when it runs

    def __reduce__(self) -> tuple[type[PasswdEntry], tuple[tuple[object, ...]]]:
        """Tell ``copy`` and ``pickle`` to give ``__new__`` its one argument."""
        return type(self), (tuple(self),)
