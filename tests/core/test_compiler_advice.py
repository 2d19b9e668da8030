"""What is said about the commonest complaints of the compiler, beside its own words."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import ffi_core
from ffi_core import FFI, VerificationError
from ffi_core.compiler_advice import advise

SOURCES = Path(ffi_core.__file__).parents[1]
COMPILERS = [
    pytest.param(name, marks=pytest.mark.skipif(shutil.which(name) is None, reason=f"there is no {name}"))
    for name in ("gcc", "clang")
]
CASES: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "string": ("#define NAME ...", '#define NAME "text"', {}, "for a string write 'static char *const NAME;'"),
    "float": ("#define NAME ...", "#define NAME 1.5", {}, "for a floating-point number 'static const double NAME;'"),
    "library": (
        "int abs(int);",
        "#include <stdlib.h>",
        {"libraries": ["no-such"]},
        "the library 'no-such' is not there",
    ),
    "header": ("int abs(int);", "#include <no/such.h>", {}, "the header 'no/such.h' is not there"),
    "body": (
        'extern "Python" int answer(int); int ask(int);',
        "int answer(int);\nstatic int ask(int x) { return answer(x); }",
        {},
        "declare it as 'static' in the C source",
    ),
}
BUILD = """
import json, sys
from ffi_core import FFI, VerificationError
cdef, source, keywords = json.loads(sys.argv[1])
ffi = FFI()
ffi.cdef(cdef)
ffi.set_source("_m", source, **keywords)
try:
    ffi.compile()
except VerificationError as error:
    print(str(error).splitlines()[-1])
"""


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize(("cdef", "source", "keywords", "words"), CASES.values(), ids=CASES)
def test_advice_is_the_last_line(
    compiler: str, cdef: str, source: str, keywords: dict[str, Any], words: str, tmp_path: Path
) -> None:
    environment = {
        **os.environ,
        "PYTHONPATH": str(SOURCES),
        "CC": compiler,
        "LDSHARED": f"{compiler} -shared",
        "LC_ALL": "C",
    }
    done = subprocess.run(
        [sys.executable, "-c", BUILD, json.dumps([cdef, source, keywords])],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("hint: ")
    assert words in done.stdout


def test_the_first_complaint_counts() -> None:
    output = "a.c:1:10: fatal error: a.h: No such file or directory\n/usr/bin/ld: cannot find -lz"
    assert "header 'a.h'" in advise(output)
    assert advise("error: something else") == ""


@pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")
def test_other_complaints_have_none(tmp_path: Path) -> None:
    ffi = FFI()
    ffi.cdef("int f(int);")
    ffi.set_source("_m", "static int f(int x, int y) { return x + y; }")
    with pytest.raises(VerificationError) as caught:
        ffi.compile(tmpdir=tmp_path)
    assert "hint" not in str(caught.value)
