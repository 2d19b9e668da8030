"""Look up a user in every way there is: API mode, both ABI modes, and `pwdwrap`.

Run it with ``nox -s demo``, or ``python docs/examples/demo.py [USER]`` where `ffi_core`, `pwdwrap`, setuptools and a C
compiler are installed.  Ends with an error if the ways disagree.
"""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pwdwrap
from ffi_core import FFI

HERE = Path(__file__).resolve().parent

# What <pwd.h> of the GNU C library has.  In API mode the compiler would check it; in ABI mode nobody does.
WHOLE_STRUCT = """
    struct passwd {
        char *pw_name, *pw_passwd;
        unsigned int pw_uid, pw_gid;
        char *pw_gecos, *pw_dir, *pw_shell;
    };
    struct passwd *getpwnam(const char *);
"""


def api_mode(user: str, folder: Path) -> int:
    """Build `_pwuid_cffi` with the C compiler, as its author would, and call it."""
    script = Path(shutil.copy(HERE / "pwuid_build.py", folder))
    subprocess.run([sys.executable, script.name], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    module = importlib.import_module("_pwuid_cffi")
    print(f"API mode            built and imported {Path(module.__file__ or '').name}")
    return int(module.lib.getpwnam(os.fsencode(user)).pw_uid)


def abi_mode_inline(user: str) -> int:
    """Declare and call at once, with no compiler."""
    ffi = FFI()
    ffi.cdef(WHOLE_STRUCT + "size_t strlen(const char *);")
    lib = ffi.dlopen(None)
    entry = lib.getpwnam(os.fsencode(user))
    print(f"ABI mode, in-line   strlen says that the home directory's name has {lib.strlen(entry.pw_dir)} bytes")
    return int(entry.pw_uid)


def abi_mode_out_of_line(user: str, folder: Path) -> int:
    """Write the declarations to a Python module once; import that, which parses no C."""
    builder = FFI()
    builder.cdef(WHOLE_STRUCT)
    builder.set_source("_pwuid_abi", None)
    written = builder.compile(tmpdir=str(folder))
    importlib.invalidate_caches()
    module = importlib.import_module("_pwuid_abi")
    print(f"ABI, out-of-line    wrote and imported {Path(written).name}")
    return int(module.ffi.dlopen(None).getpwnam(os.fsencode(user)).pw_uid)


def main() -> int:
    """Ask every mode for the same user and compare."""
    user = sys.argv[1] if len(sys.argv) > 1 else "root"
    entry = pwdwrap.getpwnam(user)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sys.path.insert(0, name)
        uids = {api_mode(user, folder), abi_mode_inline(user), abi_mode_out_of_line(user, folder)}
    print(f"pwdwrap             {entry}")
    if uids != {entry.pw_uid}:
        print(f"They disagree: {sorted(uids)} and {entry.pw_uid}")
        return 1
    print(f"All of them say: the user id of {user} is {entry.pw_uid}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
