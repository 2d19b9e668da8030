"""The stubs of generated modules: what a type checker learns from them, and that they say what the module has."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

import ffi_core
from ffi_core import FFI

pytest.importorskip("mypy", reason="mypy is installed in the session `types` only")

CDEF = """
    typedef int... uid_t;
    struct passwd { char *pw_name; uid_t pw_uid; int numbers[3]; struct { int inner; union { float z; char w; }; }; ...; };
    typedef struct passwd *passwd_p;
    typedef struct { double x, y; } point;
    enum color { RED, GREEN = 5 };
    struct passwd *getpwnam(const char *name);
    point shift(point p, double by, enum color from);
    int format(char *, size_t, const char *, ...);
    void sort(void *base, size_t, int (*)(const void *, const void *));
    extern char **environment;
    extern int count;
    #define LIMIT 5
    #define OTHER ...
    static const double PI;
    typedef ... Window;
    Window *open_window(int width);
    extern "Python" int body(int, void *);
    long double wide(float _Complex);
    wchar_t letter(bool);
    int put(const char *, FILE *);
    typedef int (*handler)(int, point *);
    void set_handler(handler from, int from, int lambda);
    struct list { struct list *next; int bytes, str; int (*handle)(int, void *); void *data; };
    int getpwnam_r(const char *name, struct passwd *, char *, size_t, struct passwd **result);
    int read_all(Window *, point **points);
    extern const int fixed;
    extern const char *const fixed_text;
"""


def builder(cdef: str = CDEF, source: Any = "", name: str = "_m") -> FFI:
    ffi = FFI()
    ffi.cdef(cdef)
    ffi.set_source(name, source)
    return ffi


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Check a program that uses the stub of ``_m`` with mypy --strict, and give what it says of each line."""
    folder = tmp_path_factory.mktemp("stubs")
    builder().emit_stub(folder / "_m.pyi")

    def check(*lines: str) -> list[str]:
        text = "from _m import ffi, lib\n" + "\n".join(lines)
        program = folder / "program.py"
        program.write_text(text)
        sources = Path(ffi_core.__file__).parents[1]
        path = {} if sources.name == "site-packages" else {"MYPYPATH": str(sources)}
        done = subprocess.run(
            [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--config-file=", "program.py", "_m.pyi"],
            cwd=folder,
            env={**os.environ, **path},
            capture_output=True,
            text=True,
            check=False,
        )
        assert not done.stderr, done.stderr
        told = [""] * len(lines)
        for line in done.stdout.splitlines():
            if "/ffi_core/front/" in line:
                continue  # pycparser has no types
            found = re.match(r"program\.py:(\d+): (.*)", line)
            assert found is not None, line
            told[int(found[1]) - 2] += found[2]
        return told

    return check


def test_what_values_are(checked: Any) -> None:
    cases = {
        'lib.getpwnam(b"root")': "struct_passwd_p",
        'lib.getpwnam(b"root").pw_uid': "int",
        'lib.getpwnam(b"root").numbers[0]': "int",
        'lib.getpwnam(b"root").inner': "int",
        'lib.getpwnam(b"root").w': "bytes",
        'lib.getpwnam(b"root")[0].pw_name': "Pointer[bytes]",
        'ffi.string(lib.getpwnam(b"root").pw_name)': "bytes",
        "lib.shift([1, 2], 3, lib.RED).x": "float",
        "lib.environment[0]": "Pointer[bytes]",
        "lib.count": "int",
        "lib.LIMIT": "Literal[5]",
        "lib.OTHER": "int",
        "lib.PI": "float",
        "lib.open_window(5)": "Window_p",
        "lib.wide(1j)": "Value",
        "lib.letter(True)": "str",
        'ffi.new("point *", [1, 2])': "point_p",
        'ffi.new("point[]", 3)[0].x': "float",
        'ffi.new("passwd_p")': "struct_passwd_p",
        'ffi.new("uid_t *")[0]': "int",
        'ffi.new("char[]", b"x")': "Array[bytes]",
        'ffi.cast("enum color", 5)': "Value",
        'ffi.cast("struct passwd *", 0)': "struct_passwd_p",
        'ffi.gc(ffi.new("point *"), lambda p: None)': "point_p",
        'ffi.addressof(ffi.new("point *")[0])': "Pointer[_m.point]",
        'ffi.unpack(ffi.new("int[]", 3), 2)': "list[int]",
        'ffi.new("struct list *").next.bytes': "int",
        'ffi.new("struct passwd **")[0]': "struct_passwd_p",
        'ffi.new("passwd_p *")[0].pw_uid': "int",
        'ffi.new("point *[]", 3)[0].x': "float",
        'ffi.new("char **")[0]': "Pointer[bytes]",
        'ffi.new("char *[]", 3)[0][0]': "bytes",
        'ffi.new("void **")[0]': "VoidPointer",
        "lib.fixed": "int",
        "lib.fixed_text[0]": "bytes",
    }
    told = checked(*(f"reveal_type({expression})" for expression in cases))
    for expected, (expression, line) in zip(cases.values(), zip(cases, told)):
        assert re.search(rf'Revealed type is "(\w+\.)*{re.escape(expected)}\??"$', line), (expression, line)


def test_what_is_right(checked: Any) -> None:
    lines = [
        "lib.count = 6",
        "lib.getpwnam(ffi.NULL)",
        'lib.getpwnam(ffi.new("char[]", b"x"))',
        'lib.format(ffi.new("char[]", 10), 10, b"%d", ffi.cast("int", 5))',
        'lib.sort(ffi.new("int[]", 5), 5, ffi.callback("int(const void *, const void *)", lambda a, b: 0))',
        'lib.put(b"x", open("x", "wb"))',
        "lib.set_handler(ffi.NULL, 1, 2)",
        'lib.getpwnam_r(b"x", ffi.new("struct passwd *"), ffi.NULL, 0, ffi.new("struct passwd **"))',
        'lib.getpwnam_r(b"x", ffi.new("struct passwd *"), ffi.NULL, 0, ffi.new("passwd_p *"))',
        'ffi.new("struct list *").next = ffi.new("struct list *")',
        'ffi.new("struct list *").next = ffi.NULL',
        'ffi.new("struct list *").data = ffi.new("int *")',
        'ffi.new("struct list *").data = ffi.new_handle(object())',
        'ffi.new("struct list *").handle = lib.body',
        'ffi.new("struct list *").handle = ffi.NULL',
        'lib.getpwnam(b"root").pw_name = ffi.new("char[]", b"x")',
        'lib.shift(ffi.new("point *")[0], 1.5, 0)',
        'lib.shift({"x": 5}, 1.5, 0)',
        'with ffi.new("int[]", 3) as numbers: print(len(numbers), list(numbers)[0] + 1)',
        'ffi.buffer(ffi.cast("anything *", 0))',
        "print(dir(lib), lib.__all__, ffi.typeof(lib.put), ffi.sizeof('point'))",
    ]
    assert checked(*lines) == [""] * len(lines)


def test_what_is_wrong(checked: Any) -> None:
    cases = {
        'lib.getpwnam("root")': "incompatible type",
        'lib.getpwnam(b"root").pw_shell': "no attribute",
        'lib.format(ffi.new("char[]", 10), 10, b"%d", 5)': "incompatible type",
        "lib.nothing": "no attribute",
        "lib.LIMIT = 4": "final",
        'lib.getpwnam(ffi.new("point *"))': "incompatible type",
        "lib.shift(5, 1.5, 0)": "incompatible type",
        "lib.open_window(1.5)": "incompatible type",
        "lib.open_window()": "Too few arguments",
        "lib.open_window(width=3)": "positional-only|Unexpected keyword|Too few",
        'lib.getpwnam(b"root").pw_name = 5': "Incompatible types",
        # What a call takes, and keeps until it returns, cannot be stored.
        'lib.getpwnam(b"root").pw_name = b"x"': "Incompatible types",
        'ffi.new("struct list *").next = [ffi.NULL]': "Incompatible types",
        'ffi.new("struct list *").data = b"x"': "Incompatible types",
        "lib.environment = [ffi.NULL]": "Incompatible types",
        'lib.read_all(ffi.NULL, ffi.new("struct passwd **"))': "incompatible type",
        "lib.fixed = 5": "read-only",
        "lib.fixed_text = ffi.NULL": "read-only",
    }
    for (expression, expected), told in zip(cases.items(), checked(*cases)):
        assert re.search(expected, told), (expression, told)


def test_names_are_those_of_the_module(tmp_path: Path) -> None:
    """The stub has each name that ``lib`` has, but those that Python cannot write."""
    ffi = builder()
    ffi.emit_stub(tmp_path / "_m.pyi")
    (lib,) = [
        node
        for node in ast.parse((tmp_path / "_m.pyi").read_text()).body
        if isinstance(node, ast.ClassDef) and node.name == "_Lib"
    ]
    names = {node.name for node in lib.body if isinstance(node, ast.FunctionDef)}
    names |= {
        item.target.id for item in lib.body if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
    }
    constants = {"RED", "GREEN", "LIMIT", "OTHER", "PI"}
    functions = {"getpwnam", "shift", "format", "sort", "open_window", "body", "wide", "letter", "put", "set_handler"}
    functions |= {"getpwnam_r", "read_all"}
    assert names == constants | functions | {"environment", "count", "fixed", "fixed_text"}


def test_classes_have_names_of_their_own(tmp_path: Path) -> None:
    """Neither do the names of C hide those that the stub needs."""
    ffi = builder(
        "struct a_p { int x; }; struct a { int _t, y; }; struct a_members { char *z; };\n"
        "int _c(struct a *); int f(struct a_p *, char *); extern int _b, _t;"
    )
    ffi.emit_stub(tmp_path / "_m.pyi")
    tree = ast.parse((tmp_path / "_m.pyi").read_text())
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    assert len({node.name for node in classes}) == len(classes)
    written = {
        node.target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    written |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assert written.isdisjoint({"_b", "_c", "_t"})


def test_module_in_abi_mode(tmp_path: Path) -> None:
    """There, ``ffi.dlopen`` gives the library."""
    builder("int abs(int);", None).compile(tmpdir=tmp_path)
    text = (tmp_path / "_m.pyi").read_text()
    assert "def dlopen(" in text
    assert "lib: _Lib" not in text


def test_stub_by_hand_is_left_alone(tmp_path: Path) -> None:
    by_hand = tmp_path / "_m.pyi"
    by_hand.write_text("ffi: object\n")
    builder("int abs(int);", None).compile(tmpdir=tmp_path)
    assert by_hand.read_text() == "ffi: object\n"
    builder("int abs(int);", None).compile(tmpdir=tmp_path, stub=True)
    assert by_hand.read_text().startswith("# Generated by ffi_core")


def test_no_stub(tmp_path: Path) -> None:
    builder("int abs(int);", None).compile(tmpdir=tmp_path, stub=False)
    assert not list(tmp_path.glob("*.pyi"))


def test_included_declarations(tmp_path: Path) -> None:
    base = builder("typedef struct { int n; } base_t;", None, "_base")
    other = FFI()
    other.include(base)
    other.cdef("struct holder { base_t inner; };")
    other.set_source("_other", None)
    other.compile(tmpdir=tmp_path)
    assert (
        textwrap.dedent("""
        class base_t_members:
            n: int
        class base_t(base_t_members, _c.Record): ...
        class base_t_p(base_t_members, _c.Pointer[base_t]): ...
        """)
        in (tmp_path / "_other.pyi").read_text()
    )
