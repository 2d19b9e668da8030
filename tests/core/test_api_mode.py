"""What is particular to API mode: the compiler fills in every ``...`` and checks every declaration."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ffi_harness import (
    BACKEND,
    IS_PYPY,
    Builder,
    backend,
    library_of,
    load_module,
    new_ffi,
    ours_only,
    python_environment,
    run_python,
)

MODES = ("api",)
CDEF = """
typedef int... number_t;
typedef unsigned int... wide_t;
typedef float... real_t;
typedef ... opaque_t;
typedef ... *opaque_p;
struct partial { int wanted; double also; ...; };
typedef struct { short b; ...; } partial_t;
union partial_union { int i; ...; };
struct with_array { int items[...]; };
enum guessed { FIRST, SECOND = ..., THIRD, ... };
#define MACRO ...
#define NEGATIVE ...
#define HUGE_MACRO ...
#define EXPRESSION ...
static const int CONSTANT;
static const double REAL_CONSTANT;
static const number_t NUMBER_MACRO;
static const wide_t WIDE_MACRO;
static const real_t REAL_MACRO;
static char *const TEXT;
extern int table[...];
extern int counted[];
number_t next_number(number_t);
wide_t same_wide(wide_t);
real_t same_real(real_t);
int is_signed(void);
int macro_add(int, int);
int inline_add(int, int);
long promoted(short);
opaque_t *opaque_new(void);
opaque_p opaque_pointer(void);
int opaque_value(opaque_t *);
struct partial make_partial(int);
int by_value(struct partial);
union partial_union make_union(int);
int table_sum(void);
static inline int const_argument(const char *);
int (*get_operation(void))(int);
"""
SOURCE = """
#include <stdint.h>
#include <string.h>
typedef short number_t;
typedef unsigned long long wide_t;
typedef double real_t;
typedef struct { int secret; } opaque_t;
typedef struct { int secret; } *opaque_p;
struct partial { char hidden[20]; double also; long more; int wanted; };
typedef struct { int a; short b; char c; } partial_t;
union partial_union { int i; double d; char bytes[24]; };
struct with_array { char before; int items[7]; };
enum guessed { FIRST = 3, SECOND = 50, THIRD = 1000, FOURTH };
#define MACRO (40 + 2)
#define NEGATIVE -7LL
#define HUGE_MACRO 0xFFFFFFFFFFFFFFFFULL
#define EXPRESSION (sizeof(wide_t) * 3)
static const int CONSTANT = 77;
static const double REAL_CONSTANT = 2.5;
#define NUMBER_MACRO ((number_t)-3)
#define WIDE_MACRO 0xFFFFFFFFFFFFFFFEULL
#define REAL_MACRO 0.25
static char *const TEXT = "constant text";
int table[11] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
int counted[3] = {7, 8, 9};
static number_t next_number(number_t x) { return (number_t)(x + 1); }
static wide_t same_wide(wide_t x) { return x; }
static real_t same_real(real_t x) { return x; }
static int is_signed(void) { return (number_t)-1 < 0; }
#define macro_add(a, b) ((a) + (b))
static inline int inline_add(int a, int b) { return a + b; }
static int promoted(int x) { return 2 * x; }
static opaque_t the_opaque = {99};
static opaque_t *opaque_new(void) { return &the_opaque; }
static opaque_p opaque_pointer(void) { return 0; }
static int opaque_value(opaque_t *p) { return p->secret; }
static struct partial make_partial(int x) { struct partial p; memset(&p, 0, sizeof p); p.wanted = x; p.also = x / 2.0; p.more = 5; return p; }
static int by_value(struct partial p) { return p.wanted + (int)p.more; }
static union partial_union make_union(int x) { union partial_union u; memset(&u, 0, sizeof u); u.i = x; return u; }
static int table_sum(void) { int s = 0; for (int i = 0; i < 11; i++) s += table[i]; return s; }
static inline int const_argument(const char *s) { return (int)strlen(s); }
static int operate(int x) { return x * 3; }
static int (*get_operation(void))(int) { return operate; }
"""


def test_unknown_integer_typedefs(ffi: Any, lib: Any) -> None:
    assert ffi.sizeof("number_t") == 2
    assert int(ffi.cast("number_t", -1)) == -1
    assert lib.next_number(5) == 6
    with pytest.raises(OverflowError):
        lib.next_number(40000)
    assert ffi.sizeof("wide_t") == 8
    assert int(ffi.cast("wide_t", -1)) == 2**64 - 1
    assert lib.same_wide(2**64 - 1) == 2**64 - 1
    with pytest.raises(OverflowError):
        lib.same_wide(-1)
    assert lib.is_signed() == 1
    assert ffi.new("number_t[]", [1, -2])[1] == -2


def test_unknown_float_typedefs(ffi: Any, lib: Any) -> None:
    assert ffi.sizeof("real_t") == 8
    assert lib.same_real(0.1) == 0.1
    assert ffi.new("real_t *", 0.1)[0] == 0.1


def test_partial_structs(ffi: Any, lib: Any) -> None:
    assert ffi.sizeof("struct partial") == 48
    assert ffi.offsetof("struct partial", "also") == 24
    assert ffi.offsetof("struct partial", "wanted") == 40
    value = lib.make_partial(7)
    assert (value.wanted, value.also) == (7, 3.5)
    assert not hasattr(value, "more")
    assert lib.by_value(value) == 12
    mine = ffi.new("struct partial *", {"wanted": 4})
    assert lib.by_value(mine[0]) == 4
    assert ffi.sizeof("partial_t") == 8
    assert ffi.offsetof("partial_t", "b") == 4
    assert ffi.sizeof("union partial_union") == 24
    assert lib.make_union(9).i == 9


@ours_only("CFFI leaves what is not named uninitialised")
def test_partial_structs_from_dicts(lib: Any) -> None:
    for n in range(20):
        assert lib.by_value({"wanted": n}) == n


def test_partial_structs_take_no_positional_values_or_in_order(ffi: Any) -> None:
    assert ffi.new("partial_t *", {"b": 5}).b == 5


def test_unknown_array_lengths(ffi: Any, lib: Any) -> None:
    assert ffi.sizeof("struct with_array") == 32
    assert len(ffi.new("struct with_array *").items) == 7
    assert len(lib.table) == 11
    assert list(lib.table) == list(range(1, 12))
    lib.table[0] = 100
    assert lib.table_sum() == 165
    lib.table[0] = 1
    with pytest.raises(IndexError):
        lib.table[11]
    assert lib.counted[2] == 9


def test_unknown_enums(ffi: Any, lib: Any) -> None:
    assert (lib.FIRST, lib.SECOND, lib.THIRD) == (3, 50, 1000)
    assert ffi.string(ffi.cast("enum guessed", 50)) == "SECOND"
    assert ffi.typeof("enum guessed").relements == {"FIRST": 3, "SECOND": 50, "THIRD": 1000}


def test_macros_and_constants(ffi: Any, lib: Any) -> None:
    assert (lib.MACRO, lib.NEGATIVE, lib.HUGE_MACRO, lib.EXPRESSION) == (42, -7, 2**64 - 1, 24)
    assert lib.CONSTANT == 77
    assert lib.REAL_CONSTANT == 2.5
    assert (lib.NUMBER_MACRO, lib.WIDE_MACRO, lib.REAL_MACRO) == (-3, 2**64 - 2, 0.25)
    assert ffi.string(lib.TEXT) == b"constant text"
    for name in ("MACRO", "CONSTANT", "REAL_CONSTANT", "FIRST"):
        with pytest.raises(AttributeError):
            setattr(lib, name, 1)


def test_macros_and_inline_functions_are_functions(ffi: Any, lib: Any) -> None:
    assert lib.macro_add(2, 3) == 5
    assert lib.inline_add(2, 3) == 5
    assert lib.const_argument(b"four") == 4
    assert ffi.addressof(lib, "macro_add")(2, 3) == 5
    assert ffi.addressof(lib, "inline_add")(2, 3) == 5
    assert lib.get_operation()(7) == 21


def test_the_compiler_converts_arguments(lib: Any) -> None:
    assert lib.promoted(21) == 42
    with pytest.raises(OverflowError):
        lib.promoted(40000)


def test_opaque_types(ffi: Any, lib: Any) -> None:
    opaque = lib.opaque_new()
    assert lib.opaque_value(opaque) == 99
    assert ffi.typeof(opaque) is ffi.typeof("opaque_t *")
    assert lib.opaque_pointer() == ffi.NULL
    assert ffi.typeof(lib.opaque_pointer()) is ffi.typeof("opaque_p")
    with pytest.raises((TypeError, ValueError)):
        ffi.new("opaque_t *")


def test_the_module_itself(built: Any) -> None:
    module = sys.modules[built.path.name.partition(".")[0]]
    assert module.ffi is built.ffi
    assert module.lib is built.lib
    assert Path(module.__file__ or "") == built.path
    assert "inline_add" in dir(module.lib)


def test_several_modules_share_types(builder: Builder, ffi: Any) -> None:
    name, path = builder.generated("int other(int);", "static int other(int x) { return x; }")
    other = load_module(name, path)
    assert other.ffi is not ffi
    assert other.ffi.typeof("int *") is ffi.typeof("int *")
    assert other.lib.other(ffi.cast("int", 5)) == 5


# The compiler checks

HEADER = "struct thing { int x; double y; };\nstatic int add(int a, int b) { return a + b; }\nstatic int counter;\n#define LIMIT 42\n"


def compile_error(cdef: str, source: str, folder: Path) -> str:
    """Compile in a process of its own; give all that it and the compiler printed."""
    code = f"""
import sys
from {BACKEND} import FFI
ffi = FFI()
ffi.cdef({cdef!r})
ffi.set_source("_wrong", {source!r})
ffi.compile(tmpdir=sys.argv[1])
"""
    done = run_python(code, str(folder))
    assert done.returncode > 0, "it compiled"
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    "cdef",
    [
        "int add(int, int);\nstruct thing {\n    int x;\n    int z;  /* WRONG */\n    ...;\n};",
        "\n\nint add(int, int, int); /* WRONG */",
        "\nextern int missing; /* WRONG */",
        "int add(int, int);\n\n#define MISSING ... /* WRONG */",
    ],
    ids=["missing field", "argument count", "missing variable", "missing macro"],
)
def test_wrong_declarations_do_not_compile(cdef: str, tmp_path: Path) -> None:
    compile_error(cdef.replace(" /* WRONG */", ""), HEADER, tmp_path)


@ours_only("CFFI's errors are in generated code")
@pytest.mark.parametrize(
    "cdef",
    [
        "int add(int, int);\nstruct thing {\n    int x;\n    int z;  /* WRONG */\n    ...;\n};",
        "int add(int, int);\nstruct thing {\n    char *x;  /* WRONG */\n    ...;\n};",
        "\n\nint add(int, int, int); /* WRONG */",
        "\n\nint add(int); /* WRONG */\n",
        "\n\nint add(char *, int); /* WRONG */\n",
        "\n\nchar *add(int, int); /* WRONG */\n",
        "int add(int, int);\nint missing(int); /* WRONG */",
        "\nextern int missing; /* WRONG */",
        "\nextern char *counter; /* WRONG */",
        "int add(int, int);\n\n#define MISSING ... /* WRONG */",
        "int add(int, int);\n\ntypedef struct { int q; ...; } nothing_of_this_name; /* WRONG */",
    ],
)
def test_compile_errors_name_the_line_of_the_cdef(cdef: str, tmp_path: Path) -> None:
    line = 1 + next(n for n, text in enumerate(cdef.splitlines()) if "WRONG" in text)
    printed = compile_error(cdef.replace(" /* WRONG */", ""), HEADER, tmp_path)
    errors = [text for text in printed.splitlines() if "error:" in text and f":{line}:" in text and ".c:" not in text]
    assert errors, printed
    assert "cdef" in errors[0], printed


@ours_only("CFFI's errors are in generated code")
def test_compile_errors_of_the_users_source_name_its_line(tmp_path: Path) -> None:
    printed = compile_error("int f(int);", "\n\nstatic int f(int x) { return nope; }\n", tmp_path)
    assert any(":3:" in text and "nope" in text and "error" in text for text in printed.splitlines()), printed


@pytest.mark.parametrize(
    ("cdef", "match"),
    [
        ("struct thing { int x; };", "thing"),
        ("struct thing { double y; int x; };", "thing"),
        ("struct thing { int x; float y; };", "thing|y"),
    ],
)
def test_a_complete_struct_that_differs_is_refused(cdef: str, match: str, tmp_path: Path) -> None:
    code = f"""
import sys
from {BACKEND} import FFI
ffi = FFI()
ffi.cdef({cdef!r})
ffi.set_source("_differs", {HEADER!r})
ffi.compile(tmpdir=sys.argv[1])
sys.path.insert(0, sys.argv[1])
from _differs import ffi
try:
    ffi.sizeof("struct thing")
except Exception as error:
    raise SystemExit(f"refused: {{error}}")
"""
    done = run_python(code, str(tmp_path))
    assert done.returncode > 0, done.stdout
    printed = done.stdout + done.stderr
    assert "thing" in printed or re.search(r"<[\w ]+>:\d+:\d+: error", printed)


def refusal(cdef: str, source: str, folder: Path) -> str:
    """Compile and use ``LIMIT`` in a process of its own; give what it printed when it failed."""
    code = f"""
import sys
from {BACKEND} import FFI
ffi = FFI()
ffi.cdef({cdef!r})
ffi.set_source("_wrong_value", {source!r})
ffi.compile(tmpdir=sys.argv[1])
sys.path.insert(0, sys.argv[1])
from _wrong_value import lib
lib.LIMIT
"""
    done = run_python(code, str(folder))
    assert done.returncode > 0, done.stdout  # at compile time, or when it is used
    return done.stdout + done.stderr


def test_wrong_values_of_constants_are_refused(tmp_path: Path) -> None:
    printed = refusal("#define LIMIT 43", "#define LIMIT 42", tmp_path)
    assert "LIMIT" in printed
    assert "42" in printed or "43" in printed


@ours_only("CFFI does not check enumerators")
def test_wrong_values_of_enumerators_are_refused(tmp_path: Path) -> None:
    assert "LIMIT" in refusal("enum e { LIMIT = 43 };", "enum e { LIMIT = 42 };", tmp_path)


def test_wrong_enumerators_do_no_harm_to_the_rest(builder: Builder) -> None:
    # Code written for CFFI has some that nobody uses, as miniaudio does.
    name, path = builder.generated(
        "enum e { A, B = 5 }; enum e f(enum e);", "enum e { A, B = 7 }; static enum e f(enum e x) { return x; }"
    )
    module = load_module(name, path)
    assert module.lib.f(module.lib.A) == 0
    assert module.ffi.typeof("enum e").relements == {"A": 0, "B": 7}
    assert module.ffi.string(module.ffi.cast("enum e", 7)) == "B"


def test_types_that_differ_in_a_way_that_c_converts_are_taken(builder: Builder) -> None:
    name, path = builder.generated("long add(short, long long);", HEADER, extra_compile_args=["-w"])
    assert load_module(name, path).lib.add(3, 4) == 7


# Building


def test_compile_returns_the_path(tmp_path: Path) -> None:
    ffi = new_ffi()
    ffi.cdef("int three(void);")
    ffi.set_source("_three", "static int three(void) { return 3; }")
    path = Path(ffi.compile(tmpdir=str(tmp_path)))
    assert path.parent == tmp_path
    assert path.name.startswith("_three.")
    assert path.suffix in ((".py",) if IS_PYPY else (".so", ".pyd"))
    assert library_of(path).is_file()
    assert (tmp_path / "_three.c").is_file()


@ours_only("CFFI names some of its modules for one interpreter")
def test_the_file_name_is_that_of_the_stable_abi(built: Any) -> None:
    if IS_PYPY:
        assert library_of(built.path).is_file()
    elif sys.platform.startswith(("linux", "darwin")):
        assert built.path.name.endswith(".abi3.so")


@ours_only("CFFI includes Python.h")
def test_generated_c_names_nothing_of_python(builder: Builder, tmp_path: Path) -> None:
    ffi = new_ffi()
    ffi.cdef(CDEF)
    ffi.set_source("_plain", SOURCE)
    target = tmp_path / "_plain.c"
    ffi.emit_c_code(str(target))
    text = target.read_text()
    assert "Python.h" not in text
    assert "PyInit__plain" in text


@ours_only("CFFI's generated C has warnings")
def test_generated_c_compiles_without_warnings(tmp_path: Path) -> None:
    ffi = new_ffi()
    ffi.cdef(
        "int add(int, int); struct thing { int x; double y; }; double total(struct thing); extern int number;\n#define LIMIT ...\n"
    )
    ffi.set_source(
        "_clean",
        "struct thing { int x; double y; };\nint number = 3;\n#define LIMIT 42\nstatic int add(int a, int b) { return a + b; }\n"
        "static double total(struct thing t) { return t.x + t.y; }\n",
        extra_compile_args=["-Wall", "-Wextra", "-Werror"],
    )
    path = Path(ffi.compile(tmpdir=str(tmp_path)))
    lib = load_module("_clean", path).lib
    assert (lib.add(1, 2), lib.total((1, 2.5)), lib.number, lib.LIMIT) == (3, 3.5, 3, 42)


def test_the_second_compile_does_nothing(tmp_path: Path) -> None:
    def build() -> Path:
        ffi = new_ffi()
        ffi.cdef("int three(void);")
        ffi.set_source("_three", "static int three(void) { return 3; }")
        return Path(ffi.compile(tmpdir=str(tmp_path)))

    first = build()
    stamp = (tmp_path / "_three.c").stat().st_mtime_ns
    assert build() == first
    assert (tmp_path / "_three.c").stat().st_mtime_ns == stamp


def test_options_reach_the_compiler(builder: Builder) -> None:
    name, path = builder.generated(
        "int value(void); double cos(double);",
        "#include <math.h>\nstatic int value(void) { return VALUE; }",
        define_macros=[("VALUE", "17")],
        libraries=["m"],
    )
    lib = load_module(name, path).lib
    assert lib.value() == 17
    assert lib.cos(0.0) == 1.0


def test_more_sources(tmp_path: Path) -> None:
    (tmp_path / "extra.c").write_text("int extra(int x) { return x + 1000; }\n")
    ffi = new_ffi()
    ffi.cdef("int extra(int);")
    ffi.set_source("_with_sources", "int extra(int);", sources=[str(tmp_path / "extra.c")])
    assert load_module("_with_sources", Path(ffi.compile(tmpdir=str(tmp_path)))).lib.extra(1) == 1001


def test_a_dotted_module_name(tmp_path: Path) -> None:
    ffi = new_ffi()
    ffi.cdef("int three(void);")
    ffi.set_source("package.sub._three", "static int three(void) { return 3; }")
    (tmp_path / "package" / "sub").mkdir(parents=True)
    path = Path(ffi.compile(tmpdir=str(tmp_path)))
    assert path.parent == tmp_path / "package" / "sub"
    assert load_module("package.sub._three", path).lib.three() == 3


def test_errors_of_set_source() -> None:
    for wrong in (5, None):
        with pytest.raises(TypeError):
            new_ffi().set_source(wrong, "")


PWUID_BUILD = f"""\
from {BACKEND} import FFI
ffibuilder = FFI()
ffibuilder.cdef(\"\"\"
    typedef int... uid_t;
    struct passwd {{ uid_t pw_uid; ...; }};
    struct passwd *getpwnam(const char *);
\"\"\")
ffibuilder.set_source("_pwuid_cffi", \"\"\"
    #include <sys/types.h>
    #include <pwd.h>
\"\"\")
if __name__ == "__main__":
    ffibuilder.compile(verbose=True)
"""


def test_the_example_of_the_documentation(tmp_path: Path) -> None:
    (tmp_path / "pwuid_build.py").write_text(PWUID_BUILD)
    environment = python_environment()
    built = subprocess.run(
        [sys.executable, "pwuid_build.py"], cwd=tmp_path, capture_output=True, text=True, env=environment, check=False
    )
    assert built.returncode == 0, built.stderr
    used = "from _pwuid_cffi import ffi, lib; print(lib.getpwnam(b'root').pw_uid, lib.getpwnam(b'no such user') == ffi.NULL)"
    done = subprocess.run(
        [sys.executable, "-c", used], cwd=tmp_path, capture_output=True, text=True, env=environment, check=False
    )
    assert done.stdout == "0 True\n", done.stderr


def test_verification_error_is_raised_when_the_compiler_fails(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    kinds = tuple(getattr(backend(), name) for name in ("VerificationError",) if hasattr(backend(), name))
    if BACKEND == "cffi":
        kinds = (Exception,)
    ffi = new_ffi()
    ffi.cdef("int f(int);")
    ffi.set_source("_fails", "this is no C")
    with pytest.raises(kinds):
        ffi.compile(tmpdir=str(tmp_path))
