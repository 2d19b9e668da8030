"""What is particular to the ABI modes: no compiler, no process, no parser at import; ``cdef`` in-line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ffi_harness import BACKEND, Builder, backend, load_module, new_ffi, ours_only, parse_errors, run_python

NO_COMPILER = """
import importlib, os, sys
def refuse(*args, **kwargs):
    raise AssertionError("a process was started")
names = ("fork", "forkpty", "posix_spawn", "posix_spawnp", "execv", "execve", "system", "popen", "spawnv", "spawnve", "spawnvp")
for name in names:
    if hasattr(os, name):
        setattr(os, name, refuse)
import _posixsubprocess
_posixsubprocess.fork_exec = refuse
started = []
def watch(event, args):
    if event.split(".")[0] == "subprocess" or event in ("os.system", "os.posix_spawn", "os.spawn", "os.exec", "os.fork", "pty.spawn"):
        started.append(event)
sys.addaudithook(watch)
FFI = importlib.import_module({backend!r}).FFI
"""


def run_without_compiler(code: str, *args: str) -> str:
    done = run_python(
        NO_COMPILER.format(backend=BACKEND) + code + "\nassert not started, started",
        *args,
        env={"PATH": "", "CC": "/nonexistent"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_inline_needs_no_compiler_and_starts_no_process() -> None:
    code = """
ffi = FFI()
ffi.cdef('''
    size_t strlen(const char *);
    typedef struct { char a; double b; int c : 5; } thing;
    int snprintf(char *, size_t, const char *, ...);
    void qsort(void *, size_t, size_t, int (*)(const void *, const void *));
''')
lib = ffi.dlopen(None)
assert lib.strlen(b"hello") == 5
assert ffi.sizeof("thing") == 24
text = ffi.new("char[]", 20)
assert lib.snprintf(text, 20, b"%d", ffi.cast("int", 5)) == 1
numbers = ffi.new("int[]", [3, 1, 2])
compare = ffi.callback("int(*)(const void *, const void *)", lambda a, b: ffi.cast("int *", a)[0] - ffi.cast("int *", b)[0])
lib.qsort(numbers, 3, 4, compare)
print(list(numbers))
"""
    assert run_without_compiler(code) == "[1, 2, 3]"


def test_out_of_line_needs_no_compiler(tmp_path: Path) -> None:
    code = """
ffi = FFI()
ffi.cdef("size_t strlen(const char *);")
ffi.set_source("_generated", None)
print(ffi.compile(tmpdir=sys.argv[1]))
sys.path.insert(0, sys.argv[1])
from _generated import ffi
assert ffi.dlopen(None).strlen(b"hello") == 5
"""
    assert Path(run_without_compiler(code, str(tmp_path))) == tmp_path / "_generated.py"


OUT_OF_LINE_CDEF = """
#define MACRO 42
enum color { RED, GREEN = 5 };
typedef struct { char a; double b; } thing;
size_t strlen(const char *);
"""


@pytest.mark.parametrize("heavy", ["pycparser", "setuptools", "distutils", "subprocess", "ctypes"])
def test_importing_a_generated_module_is_light(builder: Builder, heavy: str) -> None:
    if BACKEND == "cffi" and heavy == "ctypes":
        pytest.skip("not promised by CFFI")
    _, path = builder.generated(OUT_OF_LINE_CDEF, None)
    code = """
    import json, sys
    before = set(sys.modules)
    sys.path.insert(0, sys.argv[1])
    module = __import__(sys.argv[2])
    lib = module.ffi.dlopen(None)
    assert lib.strlen(b"hello") == 5
    assert lib.MACRO == 42 and lib.GREEN == 5
    assert module.ffi.sizeof("thing") == 16
    print(json.dumps(sorted(name.partition(".")[0] for name in set(sys.modules) - before)))
    """
    done = run_python(code, str(path.parent), path.stem)
    assert done.returncode == 0, done.stderr
    assert heavy not in json.loads(done.stdout)


def test_importing_a_generated_module_with_pycparser_missing(builder: Builder) -> None:
    _, path = builder.generated(OUT_OF_LINE_CDEF, None)
    code = """
    import sys
    sys.modules["pycparser"] = None
    sys.path.insert(0, sys.argv[1])
    print(__import__(sys.argv[2]).ffi.dlopen(None).strlen(b"hello"))
    """
    done = run_python(code, str(path.parent), path.stem)
    assert done.stdout.strip() == "5", done.stderr


@ours_only("CFFI imports its parser at once")
def test_importing_the_package_is_light() -> None:
    done = run_python(
        "import sys, ffi_core; ffi_core.FFI(); print('pycparser' in sys.modules, 'setuptools' in sys.modules)"
    )
    assert done.stdout.strip() == "False False", done.stderr


def test_a_generated_module_is_plain_text(builder: Builder, tmp_path: Path) -> None:
    _, path = builder.generated(OUT_OF_LINE_CDEF, None)
    text = path.read_text(encoding="ascii")
    assert str(path.parent) not in text
    compile(text, str(path), "exec")


def test_generation_is_reproducible(tmp_path: Path) -> None:
    texts = []
    for folder in ("one", "two"):
        ffi = new_ffi()
        ffi.cdef(OUT_OF_LINE_CDEF)
        ffi.set_source("_same", None)
        (tmp_path / folder).mkdir()
        texts.append(Path(ffi.compile(tmpdir=str(tmp_path / folder))).read_text())
    assert texts[0] == texts[1]


def test_a_dotted_module_name_makes_a_package_path(tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    ffi = new_ffi()
    ffi.cdef(OUT_OF_LINE_CDEF)
    ffi.set_source("package._generated", None)
    path = Path(ffi.compile(tmpdir=str(tmp_path)))
    assert path == tmp_path / "package" / "_generated.py"
    assert load_module("package._generated", path).ffi.dlopen(None).strlen(b"abc") == 3


def test_out_of_line_ffi_is_no_builder(builder: Builder) -> None:
    name, path = builder.generated(OUT_OF_LINE_CDEF, None)
    ffi = load_module(name, path).ffi
    assert isinstance(ffi.new("thing *"), ffi.CData)


# In-line cdef


def test_cdef_may_be_called_again() -> None:
    ffi = new_ffi()
    ffi.cdef("typedef struct { int x; } first;")
    lib = ffi.dlopen(None)
    assert ffi.sizeof("first") == 4
    ffi.cdef("typedef struct { first a, b; } second; size_t strlen(const char *);")
    assert ffi.sizeof("second") == 8
    assert ffi.dlopen(None).strlen(b"abc") == 3
    assert not hasattr(lib, "nope")


def test_an_ffi_without_cdef_knows_the_common_types() -> None:
    ffi = new_ffi()
    assert ffi.new("int[]", [1, 2])[1] == 2
    assert ffi.sizeof("uint64_t") == 8
    assert ffi.sizeof("size_t") == ffi.sizeof("void *")
    assert ffi.typeof("FILE *").kind == "pointer"
    assert ffi.dlopen(None)


def test_two_ffi_objects_are_independent() -> None:
    one, two = new_ffi(), new_ffi()
    one.cdef("typedef struct { int x; } thing;")
    two.cdef("typedef struct { double x, y; } thing;")
    assert (one.sizeof("thing"), two.sizeof("thing")) == (4, 16)
    assert one.typeof("int *") is two.typeof("int *")
    with pytest.raises(TypeError):
        one.new("thing *", two.new("thing *")[0])


@pytest.mark.parametrize(
    "text",
    [
        "int f(int;",
        "int x y;",
        "struct s { int a };",
        "typedef nope t;",
        "int f(nope *);",
        "}",
        "int f(int))",
        "#define A foo bar",
        "int 5x;",
        "enum { A = };",
        "int f() { return 1; }",
        "this is no C at all",
        "struct s { int x; }; struct s { long y; };",
        "typedef int t; typedef long t;",
        "int f(int); int f(long);",
        "int a[",
    ],
)
def test_errors_of_cdef(text: str) -> None:
    ffi = new_ffi()
    ffi.cdef("typedef int before;")
    with pytest.raises(parse_errors(ffi)):
        ffi.cdef(text)
    assert ffi.sizeof("before") == 4
    ffi.cdef("typedef short after;")
    assert ffi.sizeof("after") == 2


def test_errors_of_cdef_name_the_line() -> None:
    with pytest.raises(parse_errors(new_ffi()), match=r"\b3\b"):
        new_ffi().cdef("int good(int);\n\nint bad(int;\nint also_good(int);")


@ours_only("CFFI gives line and column only, of its own text")
def test_errors_of_cdef_show_the_line_and_a_caret() -> None:
    with pytest.raises(backend().CDefError) as caught:
        new_ffi().cdef("int good(int);\n\n    int bad(int x y);\nint also_good(int);")
    text = str(caught.value)
    assert "    int bad(int x y);" in text
    lines = text.splitlines()
    shown = max(n for n, line in enumerate(lines) if "int bad(int x y);" in line)
    caret = lines[shown + 1]
    assert caret.strip() == "^"
    assert caret.index("^") - lines[shown].index("int bad") == len("int bad(int x ")
    assert ":3:" in text or "line 3" in text


@ours_only("CFFI keeps what came before the error")
def test_nothing_of_a_failed_cdef_stays() -> None:
    ffi = new_ffi()
    with pytest.raises(parse_errors(ffi)):
        ffi.cdef("typedef int early; struct s { int x; }; int f(int); #define\nint broken(;")
    with pytest.raises(parse_errors(ffi)):
        ffi.typeof("early")
    assert not hasattr(ffi.dlopen(None), "f")
    ffi.cdef("typedef double early; struct s { double y; };")
    assert ffi.sizeof("early") == 8
    assert ffi.sizeof("struct s") == 8


@pytest.mark.parametrize("value", [5, None, b"int f(int);", ["int f(int);"]])
def test_cdef_wants_text(value: Any) -> None:
    with pytest.raises(TypeError):
        new_ffi().cdef(value)


def test_declarations_may_be_overridden() -> None:
    ffi = new_ffi()
    ffi.cdef("typedef int t;")
    ffi.cdef("typedef long long t;", override=True)
    assert ffi.sizeof("t") in (4, 8)


def test_a_type_that_was_used_is_forgotten_when_it_is_declared_anew() -> None:
    ffi = new_ffi()
    name, pointer = "struct s", "struct s *"
    ffi.cdef("struct s { int x; };")
    old = ffi.new(pointer)
    assert (ffi.sizeof(name), ffi.sizeof(name)) == (4, 4)
    ffi.cdef("struct s { int x[3]; };", override=True)
    assert (ffi.sizeof(name), ffi.sizeof(name)) == (12, 12)
    assert (ffi.sizeof(old[0]), ffi.sizeof(ffi.new(pointer)[0])) == (4, 12)


def test_more_type_expressions_than_are_remembered_at_hand() -> None:
    ffi = new_ffi()
    names = [f"char[{number}]" for number in range(100)]
    for _ in range(2):
        assert [ffi.sizeof(name) for name in names] == list(range(100))
        assert [ffi.sizeof(str(name.encode(), "ascii")) for name in names] == list(range(100))


def test_what_only_a_compiler_knows_raises_when_it_is_used() -> None:
    ffi = new_ffi()
    ffi.cdef("struct partial { int x; ...; }; size_t strlen(const char *);")
    assert ffi.dlopen(None).strlen(b"abc") == 3
    with pytest.raises(Exception, match="partial"):
        ffi.sizeof("struct partial")
    with pytest.raises(Exception, match="partial"):
        ffi.new("struct partial *")


@ours_only("CFFI has no such name")
def test_a_macro_without_value_raises_when_it_is_used() -> None:
    ffi = new_ffi()
    ffi.cdef("#define UNKNOWN ...\nenum { FIRST, SECOND = ... };\nsize_t strlen(const char *);")
    lib = ffi.dlopen(None)
    assert lib.strlen(b"abc") == 3
    with pytest.raises(Exception, match="UNKNOWN"):
        lib.UNKNOWN


def test_opaque_typedefs() -> None:
    ffi = new_ffi()
    ffi.cdef(
        "typedef ... Window; typedef ... *Handle; Window *open_window(void); void *malloc(size_t); void free(void *);"
    )
    lib = ffi.dlopen(None)
    memory = lib.malloc(10)
    window = ffi.cast("Window *", memory)
    assert repr(ffi.typeof("Window *")) == "<ctype 'Window *'>"
    assert ffi.typeof(window) is ffi.typeof("Window *")
    assert ffi.cast("Handle", memory) == memory
    with pytest.raises((TypeError, ValueError, *parse_errors(ffi)), match="Window"):
        ffi.new("Window *")
    with pytest.raises((TypeError, ValueError, *parse_errors(ffi)), match="Window"):
        ffi.sizeof("Window")
    lib.free(window)


def test_comments_continuations_and_line_endings() -> None:
    ffi = new_ffi()
    ffi.cdef("/* one */ int /* two */ abs(int); // three\r\n#define LONG \\\n 42\n\ttypedef int number;\n")
    assert ffi.dlopen(None).abs(-3) == 3
    assert ffi.dlopen(None).LONG == 42
    assert ffi.sizeof("number") == 4


@ours_only("CFFI joins lines in directives only")
def test_continuations_anywhere() -> None:
    ffi = new_ffi()
    ffi.cdef("typedef int num\\\nber; /* a \\\n comment */ // and \\\n another\ntypedef short small;")
    assert ffi.sizeof("number") == 4
    assert ffi.sizeof("small") == 2


def test_constants_in_array_lengths() -> None:
    ffi = new_ffi()
    ffi.cdef("#define N 3\nenum { M = 4 };\ntypedef struct { int a[N]; char b[M * 2 + 1]; } sized;")
    assert ffi.sizeof("sized") == 24
    assert ffi.typeof("int[M]").length == 4


@ours_only("CFFI evaluates fewer expressions")
def test_sizeof_and_casts_in_constant_expressions() -> None:
    ffi = new_ffi()
    ffi.cdef("#define N 3\ntypedef struct { short c[sizeof(int)]; char d[(N << 2 | 1) % 7 ? 5 : 9]; } sized;")
    assert ffi.sizeof("sized") == 14


def test_compile_without_set_source_raises() -> None:
    ffi = new_ffi()
    ffi.cdef("int abs(int);")
    with pytest.raises((ValueError, *parse_errors(ffi)), match="set_source"):
        ffi.compile()


def test_the_example_of_the_documentation(tmp_path: Path) -> None:
    ffi = new_ffi()
    ffi.cdef("size_t strlen(const char *);")
    assert ffi.dlopen(None).strlen(b"hello") == 5
    script = f"""
from {BACKEND} import FFI
ffi = FFI()
ffi.cdef("int printf(const char *format, ...);")
lib = ffi.dlopen(None)
argument = ffi.new("char[]", b"world")
lib.printf(b"hi there, %s.\\n", argument)
"""
    done = run_python(script)
    assert done.stdout == "hi there, world.\n", done.stderr
