"""The builder's methods, from declarations to compiled modules, and the errors on the way."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Any, Callable

import pytest

import ffi_core
from ffi_core import FFI, CDefError, FFIError, PkgConfigError, VerificationError, build
from ffi_core.build import shared_library_suffix, write_if_changed
from ffi_core.runtime import TABLE_VERSION
from ffi_harness import IS_PYPY, library_of

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")

SOURCES = Path(ffi_core.__file__).parents[1]


def run(code: str, *paths: object, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, [SOURCES, *paths])), **env}
    command = [sys.executable, "-c", code]
    return subprocess.run(
        command, cwd=cwd, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )


def make(
    cdef: str = "int f(int);", source: Any = "static int f(int x) { return x + 1; }", name: str = "_m", **kwds: Any
) -> FFI:
    ffi = FFI()
    ffi.cdef(cdef)
    ffi.set_source(name, source, **kwds)
    return ffi


def test_compile_makes_a_module(tmp_path: Path) -> None:
    path = Path(make(name="pkg.sub._m").compile(tmpdir=tmp_path))
    assert path.parent == tmp_path / "pkg" / "sub"
    assert sorted(p.name for p in path.parent.iterdir()) == sorted({"_m.c", "_m.pyi", path.name, library_of(path).name})
    done = run("from pkg.sub._m import ffi, lib; print(lib.f(41), repr(ffi))", tmp_path, cwd=tmp_path)
    assert done.stdout.startswith("42 "), done.stdout


CPP_SOURCE = """
#include <vector>
struct point { int x; double y; };
enum color { RED, GREEN = 7 };
static int counter = 5;
static bool has(bool b) { return !b; }
static struct point moved(struct point p) { p.x += static_cast<int>(std::vector<int>(3).size()); return p; }
"""


@pytest.mark.skipif(shutil.which("c++") is None, reason="there is no C++ compiler")
def test_module_in_cplusplus(tmp_path: Path) -> None:
    cdef = """
    struct point { int x; ...; };
    enum color { RED, GREEN, ... };
    extern int counter;
    _Bool has(_Bool);
    struct point moved(struct point);
    extern "Python" int body(int *restrict);
    """
    make(cdef, CPP_SOURCE, source_extension=".cpp").compile(tmpdir=tmp_path)
    assert (tmp_path / "_m.cpp").exists()
    code = "from _m import ffi, lib; print(lib.moved([4]).x, lib.GREEN, lib.has(False), lib.counter, ffi.sizeof('struct point'))"
    assert run(code, tmp_path, cwd=tmp_path).stdout == "7 7 True 5 16\n"


@pytest.mark.skipif(not any(".abi3" in s for s in EXTENSION_SUFFIXES), reason="no name says stable ABI here")
def test_name_is_that_of_the_stable_abi(tmp_path: Path) -> None:
    assert Path(make().compile(tmpdir=tmp_path)).name == "_m.abi3.so"
    assert Path(make(py_limited_api=False).compile(tmpdir=tmp_path)).name == "_m" + EXTENSION_SUFFIXES[0]


def test_name_is_one_that_every_version_imports(monkeypatch: pytest.MonkeyPatch) -> None:
    suffixes = [".cpython-315-x86_64-linux-gnu.so", ".abi3-x86_64-linux-gnu.so", ".abi3.so", ".abi3t.so", ".so"]
    monkeypatch.setattr(build, "EXTENSION_SUFFIXES", suffixes)
    assert build.module_suffix() == ".abi3.so"
    del suffixes[1:3]
    assert build.module_suffix() == ".so"


def test_compile_in_the_current_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path(make().compile())
    assert path.is_absolute()
    assert path.parent == tmp_path
    assert Path.cwd() == tmp_path


def test_module_can_be_imported_right_away(tmp_path: Path) -> None:
    code = """
import sys
sys.path.insert(0, "made")
try:
    import _m
except ImportError:
    pass
from ffi_core import FFI
ffi = FFI()
ffi.cdef("#define X ...")
ffi.set_source("_m", "#define X 7")
ffi.compile(tmpdir="made")
import _m
print(_m.lib.X)
"""
    assert run(code, cwd=tmp_path).stdout == "7\n"


def test_python_headers_are_not_needed(tmp_path: Path) -> None:
    text = tmp_path / "_m.c"
    make().emit_c_code(text)
    done = subprocess.run(["cc", "-c", "-nostdinc", "-E", text], capture_output=True, text=True, check=False)
    included = {line for line in text.read_text().splitlines() if line.startswith("#include")}
    assert {"#include <stddef.h>", "#include <stdint.h>", "#include <stdio.h>"} <= included
    assert not any("Python" in line for line in included)
    assert "Python.h" not in done.stdout


@pytest.mark.parametrize(
    ("target", "name"), [("lib_x.*", "lib_x" + shared_library_suffix()), ("plain.so", "plain.so"), ("*", None)]
)
def test_target(tmp_path: Path, target: str, name: Any) -> None:
    path = Path(make().compile(tmpdir=tmp_path, target=target))
    assert path.exists()
    assert path.name == (name or Path(make().compile(tmpdir=tmp_path)).name)


def test_options_reach_the_compiler(tmp_path: Path) -> None:
    (tmp_path / "inc").mkdir()
    (tmp_path / "inc" / "value.h").write_text("#define VALUE (DEFINED + 1)\n")
    (tmp_path / "more.c").write_text("int more(void) { return 10; }\n")
    ffi = make(
        "int more(void);\n#define VALUE ...",
        '#include "value.h"\nint more(void);',
        sources=["more.c"],
        include_dirs=["inc"],
        define_macros=[("DEFINED", "4")],
    )
    ffi.compile(tmpdir=tmp_path)
    assert run("from _m import lib; print(lib.more() + lib.VALUE)", tmp_path, cwd=tmp_path).stdout == "15\n"


def test_verbose_says_what_happens(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    make().compile(tmpdir=tmp_path)
    assert capfd.readouterr() == ("", "")
    make().compile(tmpdir=tmp_path, verbose=True)
    out = capfd.readouterr().out
    assert f"not changed: {tmp_path / '_m.c'}" in out
    assert " -c " in out


def test_file_is_written_only_if_it_differs(tmp_path: Path) -> None:
    path = tmp_path / "a" / "file.c"
    assert write_if_changed(path, "text")
    before = path.stat().st_mtime_ns
    assert not write_if_changed(path, "text")
    assert path.stat().st_mtime_ns == before
    assert write_if_changed(path, "other")
    assert path.read_text() == "other"
    assert [p.name for p in path.parent.iterdir()] == ["file.c"]


def test_rebuild_replaces_a_loaded_module(tmp_path: Path) -> None:
    first = library_of(Path(make().compile(tmpdir=tmp_path)))
    inode = first.stat().st_ino
    make("int f(int);", "static int f(int x) { return x + 2; }").compile(tmpdir=tmp_path)
    assert first.stat().st_ino != inode


SCRIPT = '''\
from ffi_core import FFI
ffi = FFI()
ffi.cdef("""
    struct s {
        int x;
        int nope;
        ...;
    };
    int f(int, int);
""")
ffi.set_source("_bad", """
    struct s { int x; };
    int f(int);
    {error}
""")
ffi.compile()
'''


def test_wrong_declarations_are_errors_at_the_lines_of_the_script(tmp_path: Path) -> None:
    script = tmp_path / "build_bad.py"
    script.write_text(SCRIPT.replace("{error}", ""))
    environment = {**os.environ, "PYTHONPATH": str(SOURCES)}
    done = subprocess.run(
        [sys.executable, script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert "VerificationError" in done.stderr
    assert "build_bad.py:6:" in done.stderr
    assert "build_bad.py:9:" in done.stderr
    assert not re.search(r"_bad\.c:\d+:\d+: error", done.stderr)
    assert done.stdout == ""


def test_errors_in_the_source_are_at_the_lines_of_the_script(tmp_path: Path) -> None:
    script = tmp_path / "build_bad.py"
    script.write_text(SCRIPT.replace("{error}", "int broken = nope_nope;").replace("        int nope;\n", ""))
    environment = {**os.environ, "PYTHONPATH": str(SOURCES)}
    done = subprocess.run(
        [sys.executable, script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert "build_bad.py:13:" in done.stderr, done.stderr


def test_failure_leaves_no_module(tmp_path: Path) -> None:
    with pytest.raises(VerificationError, match="error:"):
        make("int f(int, int);", "int f(int);").compile(tmpdir=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["_m.c"]


def test_missing_compiler_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    with pytest.raises(VerificationError, match=r"no C compiler: 'no-such-compiler' was not found. Install one .*gcc"):
        make().compile(tmpdir=tmp_path)


def test_missing_setuptools_is_explained(tmp_path: Path) -> None:
    code = """
import sys
sys.modules["setuptools"] = None
from ffi_core import FFI
ffi = FFI()
ffi.cdef("int f(int);")
ffi.set_source("_m", "int f(int);")
try:
    ffi.compile()
except Exception as error:
    print(type(error).__name__, error)
"""
    done = run(code, cwd=tmp_path)
    assert done.stdout.startswith("VerificationError compiling needs setuptools"), done.stdout
    assert 'pip install "ffi-core[compile]"' in done.stdout


def test_import_without_ffi_core_says_what_to_install(tmp_path: Path) -> None:
    make().compile(tmpdir=tmp_path)
    hidden = "import sys; sys.modules['ffi_core'] = None; import _m"
    done = run(hidden, tmp_path, cwd=tmp_path)
    assert (
        f'ImportError: _m was built with ffi_core {ffi_core.__version__} and needs it: pip install "ffi-core>='
        in done.stdout
    )


def import_version(version: int, tmp_path: Path) -> str:
    path = tmp_path / "_m.c"
    make().emit_c_code(path)
    text = path.read_text()
    changed = text.replace(f"#define FFIC_TABLE_VERSION {TABLE_VERSION}u", f"#define FFIC_TABLE_VERSION {version}u")
    assert changed != text
    path.write_text(changed)
    module = tmp_path / f"_m{sysconfig.get_config_var('EXT_SUFFIX')}"
    flags = []
    if IS_PYPY:
        flags, module = ["-DFFIC_LIBRARY=1"], library_of(Path(make().compile(tmpdir=tmp_path / "other")))
        tmp_path = module.parent
    subprocess.run(["cc", "-shared", "-fPIC", *flags, path, "-o", module], check=True)
    return run("import _m", tmp_path, cwd=tmp_path).stdout


def test_import_with_an_older_runtime_says_what_to_upgrade(tmp_path: Path) -> None:
    said = import_version(99, tmp_path)
    if IS_PYPY:
        assert "was generated for version 99 of the declaration table" in said
        assert f"reads version {TABLE_VERSION}: pip install --upgrade" in said
        return
    assert (
        f"(table version 99), but the installed ffi_core is older (table version {TABLE_VERSION}): pip install --upgrade"
        in said
    )


def test_import_of_a_module_of_an_older_version_says_to_build_it_again(tmp_path: Path) -> None:
    said = import_version(TABLE_VERSION - 1, tmp_path)
    assert f"'_m' was generated for version {TABLE_VERSION - 1} of the declaration table" in said
    assert f"reads version {TABLE_VERSION}: build the module again" in said


@pytest.mark.skipif(IS_PYPY, reason="there it is at home")
def test_import_of_a_module_of_another_interpreter_says_to_build_it_again(tmp_path: Path) -> None:
    from ffi_core.build import GeneratedModule, write_loader

    write_loader(GeneratedModule("package._m", ""), tmp_path)
    said = run("import _m", tmp_path, cwd=tmp_path).stdout
    assert f"ImportError: package._m was built for PyPy: build it again with {sys.executable}" in said


@pytest.mark.skipif(not IS_PYPY, reason="the runtime is one file elsewhere")
def test_import_of_a_module_reads_few_files(tmp_path: Path) -> None:
    """Each takes a fifth of a millisecond, which no compiler helps with."""
    cdef = 'struct point { int x; }; int add(struct point, int); extern int counter; extern "Python" int f(int);'
    make(
        cdef, "struct point { int x; }; static int add(struct point p, int x) { return p.x + x; } int counter;"
    ).compile(tmpdir=tmp_path)
    code = "import sys, _m; print(sorted(name for name in sys.modules if name.startswith('ffi_core')))"
    needed = ["ffi_core", "ffi_core.pypy", *(f"ffi_core.pypy.{name}" for name in ("ffi_object", "generated", "lib"))]
    assert ast.literal_eval(run(code, tmp_path, cwd=tmp_path).stdout) == needed


def test_first_use_of_a_module_in_many_threads(tmp_path: Path) -> None:
    cdef = "struct point { int x, y; }; int add(struct point, int);"
    make(cdef, "struct point { int x, y; }; static int add(struct point p, int x) { return p.x + x; }").compile(
        tmpdir=tmp_path
    )
    code = """
import sys, threading
sys.setswitchinterval(1e-6)
for _ in range(20):
    sys.modules.pop("_m", None)
    import _m
    found, barrier = [], threading.Barrier(6)
    def work():
        barrier.wait()
        found.append((_m.ffi.typeof("struct point"), _m.lib.add, _m.lib.add(_m.ffi.new("struct point *", [1])[0], 2)))
    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    assert len(found) == 6 and {sum for _, _, sum in found} == {3}, found
    assert {id(ctype) for ctype, _, _ in found} == {id(_m.ffi.typeof("struct point"))}
    if getattr(sys, "_is_gil_enabled", lambda: True)():  # without the GIL each of them may get one of its own at first
        assert {id(function) for _, function, _ in found} == {id(_m.lib.add)}
print("done")
"""
    assert run(code, tmp_path, cwd=tmp_path).stdout.strip().endswith("done")


def test_import_of_ffi_core_is_light(tmp_path: Path) -> None:
    code = """
import sys
before = set(sys.modules)
import ffi_core
ffi_core.FFI()
new = set(sys.modules) - before
print(sorted(name for name in new if not name.startswith("ffi_core") and not name.startswith("_")))
"""
    done = run(code, cwd=tmp_path)
    heavy = {"dataclasses", "inspect", "pycparser", "re", "setuptools", "subprocess", "tempfile", "threading", "typing"}
    assert not heavy & set(ast.literal_eval(done.stdout))


def test_public_names() -> None:
    for name in ffi_core.__all__:
        assert getattr(ffi_core, name) is not None
    assert set(ffi_core.__all__) <= set(dir(ffi_core))
    with pytest.raises(AttributeError, match="nope"):
        _ = ffi_core.nope
    assert issubclass(CDefError, FFIError)
    assert issubclass(VerificationError, FFIError)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda ffi: ffi.compile(), ValueError, r"set_source\(\) must be called before compile\(\)"),
        (lambda ffi: ffi.emit_c_code("x.c"), ValueError, r"before emit_c_code\(\)"),
        (lambda ffi: ffi.emit_python_code("x.py"), ValueError, r"before emit_python_code\(\)"),
        (lambda ffi: ffi.distutils_extension(), ValueError, r"before distutils_extension\(\)"),
        (lambda ffi: ffi.set_source(3, ""), TypeError, "'module_name' must be a string"),
        (lambda ffi: ffi.set_source("a/b", ""), ValueError, "must not contain '/'"),
        (lambda ffi: ffi.set_source("a..b", ""), ValueError, "must be a dotted name"),
        (lambda ffi: ffi.set_source("a", 3), TypeError, "'source' must be a string"),
        (lambda ffi: ffi.cdef(3), TypeError, r"cdef\(\) argument must be a string"),
        (lambda ffi: ffi.cdef(b"int x;"), TypeError, r"cdef\(\) argument must be a string"),
        (lambda ffi: ffi.cdef("", packed=2), ValueError, "packed"),
        (lambda ffi: ffi.cdef("", pack=3), ValueError, "power of two"),
        (lambda ffi: ffi.include(3), TypeError, "expects an argument that is also of type"),
        (lambda ffi: ffi.include(ffi), ValueError, "cannot include itself"),
        (lambda ffi: ffi.set_source_pkgconfig("a", "b", "c"), TypeError, "must be a list of package names"),
    ],
)
def test_misuse(call: Callable[[Any], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call(FFI())


def test_methods_for_the_other_mode(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="only for C extension modules"):
        make(source=None).emit_c_code(tmp_path / "x.c")
    with pytest.raises(TypeError, match="only for C extension modules"):
        make(source=None).distutils_extension(tmpdir=str(tmp_path))
    with pytest.raises(TypeError, match=r"only for dlopen\(\)-style"):
        make().emit_python_code(tmp_path / "x.py")
    with pytest.raises(ValueError, match="several times"):
        make().set_source("_n", None)


def test_distutils_extension(tmp_path: Path) -> None:
    extension = make(libraries=["m"]).distutils_extension(tmpdir=str(tmp_path), verbose=False)
    assert extension.name == "_m"
    assert extension.sources == [str(tmp_path / "_m.c")]
    assert extension.libraries == ["m"]
    assert (tmp_path / "_m.c").exists()


def test_failed_cdef_leaves_everything_as_it_was(tmp_path: Path) -> None:
    ffi = FFI()
    ffi.cdef("struct a { int x; };")
    with pytest.raises(CDefError):
        ffi.cdef("struct b { int x; };\nint f(int);\nthis is no C;")
    with pytest.raises(FFIError):
        ffi.sizeof("struct b")
    ffi.set_source("_m", None)
    assert "struct b" not in Path(ffi.compile(tmpdir=tmp_path)).read_text()


def test_errors_of_cdef_name_the_line_of_this_file() -> None:
    with pytest.raises(CDefError) as caught:
        FFI().cdef("""
            int ok(int);
            int bad(nope_t);
        """)
    assert caught.value.place is not None
    assert Path(caught.value.place.file) == Path(__file__)
    assert Path(__file__).read_text().splitlines()[caught.value.place.line - 1].strip() == "int bad(nope_t);"


def test_in_line_use_after_set_source() -> None:
    ffi = make()
    ffi.cdef("typedef struct { short a; } later_t;")
    assert ffi.new("later_t *").a == 0


def test_override() -> None:
    ffi = FFI()
    ffi.cdef("#define X 1")
    with pytest.raises(CDefError):
        ffi.cdef("#define X 2")
    ffi.cdef("#define X 2", override=True)
    assert ffi.integer_const("X") == 2


def test_packed_layouts() -> None:
    ffi = FFI()
    ffi.cdef("struct a { char c; int i; };", packed=True)
    ffi.cdef("struct b { char c; int i; };", pack=2)
    ffi.cdef("struct c { char c; int i __attribute__((aligned(8))); } __attribute__((packed));")
    assert [ffi.sizeof(f"struct {name}") for name in "abc"] == [5, 6, 16]


def test_sizeof_in_constant_expressions() -> None:
    ffi = FFI()
    ffi.cdef("struct s { int a, b; };")
    ffi.cdef("struct t { char c[sizeof(struct s)]; };")
    assert ffi.sizeof("struct t") == 8


def test_include_in_api_mode(tmp_path: Path) -> None:
    base = make("typedef struct { int x; } base_t;\n#define SIZE 3\nint base(base_t *);", BASE, name="pkg._base")
    ffi = FFI()
    ffi.include(base)
    ffi.cdef("struct more { base_t items[SIZE]; };\nint sum(struct more *);")
    ffi.set_source("pkg._more", f"{BASE}\n{MORE}")
    base.compile(tmpdir=tmp_path)
    ffi.compile(tmpdir=tmp_path)
    code = """
from pkg._more import ffi, lib
p = ffi.new("struct more *", {"items": [[1], [2], [3]]})
assert lib.sum(p) == 6
from pkg import _base
assert ffi.typeof("base_t") is _base.ffi.typeof("base_t")
assert _base.lib.base(p.items[0:1]) == 1 if False else True
"""
    done = run(code, tmp_path, cwd=tmp_path)
    assert done.returncode == 0, done.stdout


BASE = "typedef struct { int x; } base_t;\n#define SIZE 3\nstatic inline int base(base_t *p) { return p->x; }"
MORE = """
struct more { base_t items[SIZE]; };
static int sum(struct more *m) { return m->items[0].x + m->items[1].x + m->items[2].x; }
"""


def test_include_of_a_module_without_a_name(tmp_path: Path) -> None:
    ffi = FFI()
    ffi.include(FFI())
    ffi.set_source("_m", None)
    with pytest.raises(ValueError, match="includes one for which set_source"):
        ffi.compile(tmpdir=tmp_path)


def test_set_unicode() -> None:
    wide, narrow = FFI(), FFI()
    wide.set_unicode(True)
    narrow.set_unicode(False)
    assert wide.typeof("LPTSTR") is wide.typeof("wchar_t *")
    assert narrow.typeof("TCHAR") is narrow.typeof("char")
    with pytest.raises(ValueError, match="only be called once"):
        wide.set_unicode(True)


@pytest.fixture
def pkg_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    if shutil.which("pkg-config") is None:
        pytest.skip("pkg-config is not installed")
    (tmp_path / "sample.pc").write_text(
        "Name: sample\nDescription: d\nVersion: 1\n"
        "Cflags: -I/opt/inc -DA -DB=3 -fsomething\nLibs: -L/opt/lib -lm -Wl,-z,now\n"
    )
    monkeypatch.setenv("PKG_CONFIG_PATH", str(tmp_path))
    return tmp_path


def test_pkgconfig_flags_join_the_options(pkg_config: Path) -> None:
    ffi = FFI()
    ffi.set_source_pkgconfig("_m", ["sample"], "", libraries=["z"], include_dirs=["own"])
    extension = ffi.distutils_extension(tmpdir=str(pkg_config), verbose=False)
    assert extension.include_dirs == ["own", "/opt/inc"]
    assert extension.define_macros == [("A", None), ("B", "3"), *([("FFIC_LIBRARY", "1")] if IS_PYPY else [])]
    assert extension.extra_compile_args == ["-fsomething"]
    assert extension.library_dirs == ["/opt/lib"]
    assert extension.libraries == ["z", "m"]
    assert extension.extra_link_args == ["-Wl,-z,now"]


def test_unknown_package_of_pkgconfig(pkg_config: Path) -> None:
    with pytest.raises(PkgConfigError, match="no_such_package"):
        FFI().set_source_pkgconfig("_m", ["no_such_package"], "")


def test_missing_pkgconfig(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PKG_CONFIG", "no-such-program")
    with pytest.raises(PkgConfigError, match="Install pkg-config"):
        FFI().set_source_pkgconfig("_m", ["x"], "")
