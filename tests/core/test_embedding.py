"""Embedding: C programs that know nothing of Python call it through a shared library."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Optional

import pytest

from ffi_harness import compiler, new_ffi, parse_errors, python_environment, run_python

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "embedding"

needs_shared_python = pytest.mark.skipif(
    not sysconfig.get_config_var("Py_ENABLE_SHARED"), reason="this Python is no shared library, and cannot be embedded"
)

Run = subprocess.CompletedProcess[str]


def environment(**changes: Optional[str]) -> dict[str, str]:
    """Give the environment of a program whose Python finds the package; None takes a variable away."""
    result = {name: value for name, value in python_environment().items() if name != "VIRTUAL_ENV"}
    for name, value in changes.items():
        result.pop(name, None)
        if value is not None:
            result[name] = value
    return result


def execute(*command: object, **changes: Optional[str]) -> Run:
    """Run a program; the test fails if it ends in a signal or in an error."""
    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, timeout=60, check=False, env=environment(**changes)
    )
    assert done.returncode == 0, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


class Workshop:
    """Builds libraries and programs in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def library(self, name: str, api: str, init_code: str, source: str = "") -> Path:
        """Build a library for C programs."""
        ffi = new_ffi()
        ffi.embedding_api(api)
        ffi.embedding_init_code(init_code)
        ffi.set_source(f"_{name}", source)
        return Path(ffi.compile(tmpdir=str(self.folder), target=f"lib{name}.*"))

    def program(self, source: str, *libraries: Path) -> Path:
        """Build a program that is linked with libraries."""
        target = self.folder / "program"
        (self.folder / "program.c").write_text(textwrap.dedent(source))
        command = [*compiler(), "-O1", "-pthread", "-o", "program", "program.c", *map(str, libraries), "-ldl"]
        done = subprocess.run(
            [*command, f"-Wl,-rpath,{self.folder}"], cwd=self.folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return target


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    """Give an empty folder to build in."""
    yield Workshop(tmp_path)
    shutil.rmtree(tmp_path, ignore_errors=True)


ADD_INIT = """
    print("starting")
    from _adder import ffi, lib

    @ffi.def_extern()
    def add(x, y):
        print(f"adding {x} and {y}")
        return x + y
"""


@needs_shared_python
@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")
@pytest.mark.skipif("libasan" in os.environ.get("LD_PRELOAD", ""), reason="make itself reads past its memory")
def test_the_example(tmp_path: Path) -> None:
    folder = tmp_path / "embedding"
    shutil.copytree(EXAMPLE, folder)
    done = subprocess.run(
        ["make", "-s", f"PYTHON={sys.executable}", f"CC={' '.join(compiler())}"],
        cwd=folder,
        capture_output=True,
        text=True,
        env=environment(),
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-8:] == [
        *(f"thread {number}: 3000 times the letter l" for number in range(4)),
        "2 * (3 + 4) = 14",
        "not UTF-8: -1",
        "4002 calls",
        "42",
    ]
    assert not done.stderr


@needs_shared_python
def test_the_first_call_starts_python(workshop: Workshop) -> None:
    library = workshop.library("adder", "int add(int, int);", ADD_INIT)
    program = workshop.program(
        """
        #include <stdio.h>
        int add(int, int);
        int main(void)
        {
            puts("nothing yet"); fflush(stdout);
            printf("%d\\n", add(40, 2)); fflush(stdout);
            printf("%d\\n", add(100, -5)); fflush(stdout);
            return 0;
        }
        """,
        library,
    )
    done = execute(program, PYTHONUNBUFFERED="1")
    assert done.stdout.split("\n") == [
        "nothing yet",
        "starting",
        "adding 40 and 2",
        "42",
        "adding 100 and -5",
        "95",
        "",
    ]
    # Without it, Python's output is written at the end.
    assert sorted(execute(program).stdout) == sorted(done.stdout)


@needs_shared_python
def test_many_threads_make_the_first_call(workshop: Workshop) -> None:
    library = workshop.library(
        "counter",
        "int next_number(void);",
        """
        import time
        from _counter import ffi
        print("starting")
        time.sleep(0.2)
        numbers = iter(range(1, 1000000))

        @ffi.def_extern()
        def next_number():
            return next(numbers)
        """,
    )
    program = workshop.program(
        """
        #include <pthread.h>
        #include <stdio.h>
        int next_number(void);
        static void *run(void *sum) { for (int i = 0; i < 100; i++) *(long *)sum += next_number(); return 0; }
        int main(void)
        {
            pthread_t threads[10]; long sums[10] = {0}, sum = 0;
            for (int i = 0; i < 10; i++) pthread_create(&threads[i], 0, run, &sums[i]);
            for (int i = 0; i < 10; i++) { pthread_join(threads[i], 0); sum += sums[i]; }
            printf("%ld\\n", sum);
            return 0;
        }
        """,
        library,
    )
    assert sorted(execute(program).stdout.split()) == ["500500", "starting"]


TWO_INIT = """
import sys, time
from _{name} import ffi

started = sys.__dict__.setdefault("started", [])
started.append("{name}")
time.sleep(0.1)

@ffi.def_extern()
def {name}():
    return len(started)
"""


@needs_shared_python
def test_two_libraries_share_one_python(workshop: Workshop) -> None:
    libraries = [workshop.library(name, f"int {name}(void);", TWO_INIT.format(name=name)) for name in ("one", "two")]
    program = workshop.program(
        """
        #include <pthread.h>
        #include <stdio.h>
        int one(void), two(void);
        static void *run(void *f) { (*(int (**)(void))f)(); return 0; }
        int main(void)
        {
            pthread_t threads[4]; int (*functions[])(void) = {one, two, two, one};
            for (int i = 0; i < 4; i++) pthread_create(&threads[i], 0, run, &functions[i]);
            for (int i = 0; i < 4; i++) pthread_join(threads[i], 0);
            printf("%d %d\\n", one(), two());
            return 0;
        }
        """,
        *libraries,
    )
    for _ in range(5):
        assert execute(program).stdout == "2 2\n"


@needs_shared_python
def test_libraries_that_are_opened_for_themselves_share_one_python(workshop: Workshop) -> None:
    libraries = [workshop.library(name, f"int {name}(void);", TWO_INIT.format(name=name)) for name in ("one", "two")]
    program = workshop.program(
        """
        #include <dlfcn.h>
        #include <stdio.h>
        int main(int argc, char **argv)
        {
            int last = 0;
            for (int i = 1; i < argc; i += 2) {
                void *library = dlopen(argv[i], RTLD_NOW | RTLD_LOCAL);
                if (!library) { puts(dlerror()); return 1; }
                int (*f)(void);
                *(void **)&f = dlsym(library, argv[i + 1]);
                last = f();
                dlclose(library);
            }
            printf("%d\\n", last);
            return 0;
        }
        """
    )
    one, two = libraries
    assert execute(program, one, "one", two, "two", one, "one").stdout == "2\n"


@needs_shared_python
def test_inside_a_python_process(workshop: Workshop) -> None:
    library = workshop.library("one", "int one(void);", TWO_INIT.format(name="one"))
    done = run_python(
        """
        import sys, threading
        from ffi_harness import new_ffi
        sys.started = ["this process"]
        ffi = new_ffi()
        ffi.cdef("int one(void);")
        lib = ffi.dlopen(sys.argv[1])
        results = []
        threads = [threading.Thread(target=lambda: results.append(lib.one())) for _ in range(4)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        print(results, lib.one(), sys.started)
        import ctypes  # which calls it with the GIL
        print(ctypes.PyDLL(sys.argv[1]).one())
        """,
        str(library),
    )
    assert (done.returncode, done.stdout) == (0, "[2, 2, 2, 2] 2 ['this process', 'one']\n2\n"), done.stderr


@needs_shared_python
@pytest.mark.parametrize("opened", ["ctypes.PyDLL", "ctypes.CDLL"])
def test_threads_of_a_python_process_start_it(workshop: Workshop, opened: str) -> None:
    library = workshop.library("one", "int one(void);", TWO_INIT.format(name="one"))
    done = run_python(
        f"""
        import ctypes, sys, threading
        lib = {opened}(sys.argv[1])
        results = []
        threads = [threading.Thread(target=lambda: results.append(lib.one())) for _ in range(4)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        print(results)
        """,
        str(library),
    )
    assert (done.returncode, done.stdout) == (0, "[1, 1, 1, 1]\n"), done.stderr


CALL_TWICE = """
#include <stdio.h>
int answer(int);
int main(void) { printf("%d\\n", answer(5)); printf("%d\\n", answer(6)); return 0; }
"""


@needs_shared_python
@pytest.mark.parametrize("failure", ["1 // 0", "raise SystemExit(3)", "import no_such_module"])
def test_errors_of_the_init_code_are_printed_once(workshop: Workshop, failure: str) -> None:
    init_code = f"""
    from _answer import ffi

    @ffi.def_extern()
    def answer(x):
        return 42

    def start():
        {failure}
    start()
    """
    program = workshop.program(CALL_TWICE, workshop.library("answer", "int answer(int);", init_code))
    done = execute(program)
    assert done.stdout == "0\n0\n"
    assert done.stderr.count("Traceback") == 1
    assert f"        {failure}\n" in done.stderr or f"    {failure}\n" in done.stderr  # the line of source
    assert "The init code of _answer failed; all functions of this library return zero" in done.stderr
    assert "sys.path: [" in done.stderr


@needs_shared_python
def test_a_function_without_a_body_is_reported(workshop: Workshop) -> None:
    program = workshop.program(CALL_TWICE, workshop.library("answer", "int answer(int);", "import _answer"))
    done = execute(program)
    assert done.stdout == "0\n0\n"
    assert "_answer.answer() called, but no code was attached" in done.stderr


@needs_shared_python
def test_exceptions_are_printed(workshop: Workshop) -> None:
    init_code = """
    from _answer import ffi

    @ffi.def_extern(error=-1)
    def answer(x):
        return 10 // (x - 5)
    """
    program = workshop.program(CALL_TWICE, workshop.library("answer", "int answer(int);", init_code))
    done = execute(program)
    assert done.stdout == "-1\n10\n"
    assert "ZeroDivisionError" in done.stderr
    assert "line 5, in answer" in done.stderr


@needs_shared_python
def test_all_sorts_of_declarations(workshop: Workshop) -> None:
    library = workshop.library(
        "sorts",
        """
        #define LIMIT 10
        typedef struct { int x, y; } point;
        typedef struct { double values[4]; } wide;
        int (*hook)(int);
        point swap(point);
        wide scale(wide, double, const point *);
        void set_text(char *, size_t);
        int use_hook(int);
        """,
        """
        from _sorts import ffi, lib

        @ffi.def_extern()
        def swap(p):
            return (p.y, p.x)

        @ffi.def_extern()
        def scale(w, factor, p):
            return ([factor * value for value in w.values[0:4]],)

        @ffi.def_extern()
        def set_text(buffer, size):
            ffi.buffer(buffer, size)[:] = "caf\u00e9".encode().ljust(size, b"\\0")

        @ffi.def_extern()
        def use_hook(x):
            return lib.hook(x + 1) * lib.LIMIT

        # The init code itself may call what it has defined.
        assert lib.swap((1, 2)).x == 2
        """,
        """
        #define LIMIT 10
        typedef struct { int x, y; } point;
        typedef struct { double values[4]; } wide;
        CFFI_DLLEXPORT int (*hook)(int);
        CFFI_DLLEXPORT int start_it(void) { return cffi_start_python(); }
        """,
    )
    program = workshop.program(
        """
        #include <stdio.h>
        typedef struct { int x, y; } point;
        typedef struct { double values[4]; } wide;
        extern int (*hook)(int);
        point swap(point);
        wide scale(wide, double, const point *);
        void set_text(char *, size_t);
        int use_hook(int);
        int start_it(void);
        static int depth(int x) { return x < 3 ? 1 + use_hook(x) : x; }
        int main(void)
        {
            char text[12];
            printf("%d ", start_it());
            point p = swap((point){3, 4});
            wide w = scale((wide){{1, 2, 3, 4}}, 1.5, &p);
            set_text(text, sizeof text);
            hook = depth;
            printf("%d %d %g %s %d\\n", p.x, p.y, w.values[3], text, use_hook(0));
            return 0;
        }
        """,
        library,
    )
    done = execute(program)
    assert done.stdout == "0 4 3 6 caf\u00e9 3110\n"


@needs_shared_python
def test_at_the_end_of_the_program(workshop: Workshop) -> None:
    init_code = """
    import atexit
    from _answer import ffi
    from ffi_core import FFI
    atexit.register(print, "atexit")

    class Dies:
        def __del__(self):
            print("must not be seen: Python stays")
    kept = Dies()

    @ffi.def_extern()
    def answer(x):
        if x == 6:
            ffi_exit(0)
        return 42

    c = FFI()
    c.cdef("void exit(int);")
    ffi_exit = c.dlopen(None).exit
    """
    program = workshop.program(CALL_TWICE, workshop.library("answer", "int answer(int);", init_code))
    assert execute(program).stdout.split() == ["atexit", "42"]  # each has a buffer of its own


@needs_shared_python
def test_threads_that_are_inside_at_the_end(workshop: Workshop) -> None:
    init_code = """
    import time
    from _answer import ffi

    @ffi.def_extern()
    def answer(x):
        time.sleep(x / 1000)
        return x
    """
    program = workshop.program(
        """
        #include <pthread.h>
        #include <stdio.h>
        int answer(int);
        static void *run(void *unused) { for (;;) answer(1); return 0; }
        int main(void)
        {
            pthread_t thread;
            for (int i = 0; i < 8; i++) pthread_create(&thread, 0, run, 0);
            printf("%d\\n", answer(20));
            return 0;
        }
        """,
        workshop.library("answer", "int answer(int);", init_code),
    )
    for _ in range(5):
        assert execute(program).stdout == "20\n"


PREFIX_INIT = """
import sys
from _answer import ffi
print(sys.prefix, flush=True)

@ffi.def_extern()
def answer(x):
    return x
"""


@needs_shared_python
def test_virtual_environments(workshop: Workshop) -> None:
    library = workshop.library("answer", "int answer(int);", PREFIX_INIT)
    program = workshop.program(CALL_TWICE, library)
    # Without an active one: that of the Python which built the library.
    assert Path(execute(program).stdout.splitlines()[0]).resolve() == Path(sys.prefix).resolve()
    folder = workshop.folder / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    path = os.pathsep.join([str(folder / "bin"), os.environ["PATH"]])
    active = execute(program, VIRTUAL_ENV=str(folder), PATH=path)
    assert Path(active.stdout.splitlines()[0]).resolve() == folder.resolve()
    # One that has no ffi_core.
    empty = execute(program, VIRTUAL_ENV=str(folder), PATH=path, PYTHONPATH=None)
    assert empty.stdout == "0\n0\n"
    assert empty.stderr.count("needs it in the Python environment that it uses") == 1
    assert f"sys.prefix: '{folder}'" in empty.stderr


# Building.


def test_wrong_uses() -> None:
    ffi = new_ffi()
    with pytest.raises(TypeError):
        ffi.embedding_api(5)
    with pytest.raises(parse_errors(ffi), match="variadic"):
        ffi.embedding_api("int f(int, ...);")
    ffi.embedding_api("int f(int);")
    with pytest.raises(SyntaxError):
        ffi.embedding_init_code("def f(:")
    with pytest.raises(TypeError):
        ffi.embedding_init_code(5)
    ffi.embedding_init_code("pass")
    with pytest.raises(ValueError, match="once"):
        ffi.embedding_init_code("pass")
    ffi.set_source("_abi", None)
    with pytest.raises(ValueError, match="C source"):
        ffi.compile()


def test_the_generated_c(tmp_path: Path) -> None:
    ffi = new_ffi()
    ffi.embedding_api("int f(int); typedef struct { int x; ...; } s;")
    ffi.embedding_init_code('    text = "caf\u00e9 \\\\ ??/"\n')
    ffi.set_source("_c", "typedef struct { char c; int x; } s;")
    ffi.emit_c_code(str(tmp_path / "_c.c"))
    text = (tmp_path / "_c.c").read_text()
    assert "Python.h" not in text
    assert 'ffic_init_code[] = "text = \\"caf\\303\\251 \\\\\\\\ \\?\\?/\\"\\012"' in text
    assert "PyInit__c" not in text
    with pytest.raises(TypeError, match="embed"):
        ffi.distutils_extension(str(tmp_path), verbose=False)


@needs_shared_python
def test_the_default_target(tmp_path: Path) -> None:
    ffi: Any = new_ffi()
    ffi.embedding_api("int f(int);")
    ffi.set_source("_default", "")
    path = Path(ffi.compile(tmpdir=str(tmp_path)))
    assert path == tmp_path / f"_default{'.dylib' if sys.platform == 'darwin' else '.so'}"


@needs_shared_python
def test_the_source_may_include_python(workshop: Workshop) -> None:
    include = sysconfig.get_paths()["include"]
    ffi = new_ffi()
    ffi.embedding_api("int answer(int);")
    ffi.embedding_init_code("from _answer import ffi; ffi.def_extern(name='answer')(lambda x: 2 * x)")
    ffi.set_source("_answer", "#include <Python.h>", include_dirs=[include])
    library = Path(ffi.compile(tmpdir=str(workshop.folder), target="libanswer.*"))
    assert execute(workshop.program(CALL_TWICE, library)).stdout == "10\n12\n"
