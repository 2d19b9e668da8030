"""The system's headers say the same, whether plain declarations are read without pycparser or with it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import Optional

import pytest

from both_readers import assert_same, read
from ffi_core.front import CDefError, Declarations, parse
from ffi_core.front.source import declaration_end, skip_space

HEADERS = """
aio.h arpa/inet.h assert.h complex.h cpio.h ctype.h dirent.h dlfcn.h errno.h fcntl.h fenv.h float.h fnmatch.h ftw.h glob.h grp.h iconv.h
inttypes.h langinfo.h libgen.h limits.h locale.h math.h monetary.h mqueue.h net/if.h netdb.h netinet/in.h netinet/tcp.h nl_types.h
poll.h pthread.h pwd.h regex.h sched.h search.h semaphore.h setjmp.h signal.h spawn.h stdarg.h stdbool.h stddef.h stdint.h stdio.h
stdlib.h string.h strings.h sys/ipc.h sys/mman.h sys/msg.h sys/resource.h sys/select.h sys/sem.h sys/shm.h sys/socket.h sys/stat.h
sys/statvfs.h sys/time.h sys/times.h sys/types.h sys/uio.h sys/un.h sys/utsname.h sys/wait.h syslog.h termios.h time.h unistd.h utime.h
utmpx.h wchar.h wctype.h wordexp.h zlib.h ffi.h
"""

# What belongs to the compiler, and is in no cdef.
DEFINED = (
    "__attribute__(x)=", "__asm__(x)=", "__extension__=", "__inline=inline", "__restrict=", "__builtin_va_list=void *",
    "_Float32=float", "_Float64=double", "_Float32x=double", "_Float64x=long double", "_Float128=long double",
)  # fmt: skip


def preprocessed() -> str:
    """Return the text of those headers that the system has."""
    gcc = shutil.which("gcc")
    if gcc is None:
        pytest.skip("gcc, which preprocesses the headers, is not installed")
    lines = [f"#if __has_include(<{header}>)\n#include <{header}>\n#endif" for header in HEADERS.split()]
    command = [gcc, "-E", "-P", *(f"-D{definition}" for definition in DEFINED), "-"]
    return subprocess.run(command, input="\n".join(lines), capture_output=True, text=True, check=True).stdout


def declarations(text: str) -> list[str]:
    """Take the text apart."""
    pieces = []
    position = skip_space(text, 0)
    while position < len(text):
        end = declaration_end(text, position)
        pieces.append(text[position:end])
        position = skip_space(text, end)
    return pieces


def after(piece: str, known: Declarations) -> Optional[Declarations]:
    """Add a declaration; None where both ways refuse it.

    It has a function's body, or is of a type that is not there because its own declaration was refused.
    """
    try:
        return parse(piece, known=known)
    except CDefError:
        refused, _ = read(piece, fast=False, known=known)
        assert refused is None
        return None


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere, headers have more that belongs to the compiler")
def test_the_headers_of_the_system() -> None:
    pieces = declarations(preprocessed())
    known: Declarations = Declarations()
    taken = []
    for piece in pieces:
        more = after(piece, known)
        if more is not None:
            known = more
            taken.append(piece)
    assert len(taken) > len(pieces) / 2
    assert assert_same("\n".join(taken)) is not None
