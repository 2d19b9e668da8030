"""The Unix user database, called through ``ffi_core``.

It has what the standard library's ``pwd`` has, and an iterable ``UserDatabase``.
"""

from __future__ import annotations

from pwdwrap._database import PasswdIterator, UserDatabase, getpwall
from pwdwrap._entry import PasswdEntry
from pwdwrap._lookup import getpwnam, getpwuid

struct_passwd = PasswdEntry
"""The name of ``PasswdEntry`` in ``pwd``."""

__all__ = ["PasswdEntry", "PasswdIterator", "UserDatabase", "getpwall", "getpwnam", "getpwuid", "struct_passwd"]
