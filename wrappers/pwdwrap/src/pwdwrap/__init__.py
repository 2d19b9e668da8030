"""The Unix user and group databases, called through ``ffi_core``.

It has what the standard library's ``pwd`` and ``grp`` have, an iterable ``UserDatabase``, groups of users, home directories, and a
``WatchedDatabase`` for programs that look up often.
"""

from __future__ import annotations

from pwdwrap._database import PasswdIterator, UserDatabase, getpwall
from pwdwrap._entry import PasswdEntry
from pwdwrap._group_entry import GroupEntry
from pwdwrap._groups import getgrall, getgrgid, getgrnam, getgrouplist, groups_of, is_member
from pwdwrap._home import expanduser, home_of
from pwdwrap._lookup import getpwnam, getpwuid
from pwdwrap._watched import WatchedDatabase

struct_passwd = PasswdEntry
"""The name of ``PasswdEntry`` in ``pwd``."""

struct_group = GroupEntry
"""The name of ``GroupEntry`` in ``grp``."""

__all__ = [
    "GroupEntry",
    "PasswdEntry",
    "PasswdIterator",
    "UserDatabase",
    "WatchedDatabase",
    "expanduser",
    "getgrall",
    "getgrgid",
    "getgrnam",
    "getgrouplist",
    "getpwall",
    "getpwnam",
    "getpwuid",
    "groups_of",
    "home_of",
    "is_member",
    "struct_group",
    "struct_passwd",
]
