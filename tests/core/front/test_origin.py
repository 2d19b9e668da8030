"""Finding the text of a cdef in the file of its caller."""

from __future__ import annotations

import linecache
from pathlib import Path

import pytest

from ffi_core.front import CDefError, origin, parse

SCRIPT = '''\
from ffi_core import FFI
ffi = FFI()

ffi.cdef("""
    int f(int);
    int g(foo);
""")
ffi.cdef("int h(int);")
TEXT = """int a;

    int f(int);
"""
ffi.cdef(TEXT)

ffi.cdef(
    """
    int f(int);
    int g(foo);
""",
    override=True,
)
'''


@pytest.fixture
def script(tmp_path: Path) -> str:
    path = tmp_path / "build.py"
    path.write_text(SCRIPT, encoding="utf-8")
    linecache.checkcache()
    return str(path)


def test_on_the_line_of_the_call(script: str) -> None:
    assert origin("\n    int f(int);\n    int g(foo);\n", script, 4) == (script, 4)


def test_the_nearest_of_two(script: str) -> None:
    assert origin("\n    int f(int);\n    int g(foo);\n", script, 15) == (script, 16)


def test_on_one_line(script: str) -> None:
    assert origin("int h(int);", script, 8) == (script, 8)


def test_in_a_variable(script: str) -> None:
    assert origin("int a;\n\n    int f(int);\n", script, 13) == (script, 9)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "\n\n\n",
        "int other(int);",
        "\n    int f(int);\n    int h(foo);\n",
        "\n    int f(int);\n    int g(foo);\n    int h(void);\n",
        "x" * 10 + "\n" * 40,
    ],
)
def test_a_text_that_is_not_there(script: str, text: str) -> None:
    assert origin(text, script, 4) == ("<cdef source string>", 1)


def test_a_file_that_is_not_there() -> None:
    assert origin("int f(int);", "<stdin>", 1) == ("<cdef source string>", 1)


def test_errors_name_the_line_of_the_file(script: str) -> None:
    text = "\n    int f(int);\n    int g(foo);\n"
    file, line = origin(text, script, 15)
    with pytest.raises(CDefError) as caught:
        parse(text, file=file, first_line=line)
    assert str(caught.value).startswith(f"{script}:18:11: g arg 1: unknown type 'foo'")
