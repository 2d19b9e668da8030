"""The parser of type expressions: what it reads, and what it refuses, with the compiler as oracle."""

from __future__ import annotations

import importlib.util
import itertools
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "core"))

from ffi_harness import IS_ORACLE, Builder, clang_version, compiler, find_cache, new_ffi, parse_errors

pytestmark = pytest.mark.skipif(IS_ORACLE, reason="tests our parser")

VECTORS: Any = json.loads((Path(__file__).parent / "type_expressions.json").read_text())
DECLARATIONS = "\n".join(VECTORS["declarations"])


def have_primitives() -> bool:
    """Tell whether the runtime in Python runs here: on PyPy, and where CFFI has brought the same primitives."""
    return importlib.util.find_spec("_cffi_backend") is not None


RUNTIMES = ["this interpreter's"]
if sys.implementation.name == "cpython" and have_primitives():
    RUNTIMES.append("PyPy's")


@pytest.fixture(scope="module", params=RUNTIMES)
def ffi(request: pytest.FixtureRequest) -> Any:
    result = new_ffi()
    result.cdef(DECLARATIONS)
    if request.param != "PyPy's":
        result._declares = False  # the parser alone, without the front end's help
        return result
    from ffi_core import front
    from ffi_core.pypy.ffi_object import FFI

    other = FFI()
    other._declare(*front.python_table(result._own))
    return other


@pytest.fixture(scope="module")
def builder(pytestconfig: pytest.Config) -> Builder:
    return Builder(find_cache(pytestconfig))


@pytest.mark.parametrize(
    ("name", "text"), [(name, text) for name, texts in VECTORS["specifiers"].items() for text in texts]
)
def test_specifiers_come_in_any_order(ffi: Any, name: str, text: str) -> None:
    assert ffi.typeof(text) is ffi.typeof(name)
    assert ffi.typeof(f"{text} *") is ffi.typeof(f"{name} *")
    assert ffi.typeof(f"const {text}").kind == "primitive"


WORDS = ["int", "char", "short", "long", "signed", "unsigned", "float", "double", "void", "_Bool"]


def test_combinations_of_specifiers_are_the_compilers(ffi: Any, tmp_path: Path) -> None:
    """Each combination of up to three words is a type for us if and only if it is one for the compiler."""
    texts = [" ".join(words) for count in (1, 2, 3) for words in itertools.product(WORDS, repeat=count)]
    source = "\n".join(f"typedef {text} t{n};" for n, text in enumerate(texts))
    (tmp_path / "all.c").write_text(source + "\n")
    options = ["-ferror-limit=0", "-Werror=duplicate-decl-specifier"] if clang_version() else ["-fmax-errors=0", "-w"]
    command = [*compiler(), "-std=c11", "-fsyntax-only", *options, "all.c"]
    printed = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False).stderr
    refused = {
        int(line.split(":")[1]) - 1 for line in printed.splitlines() if line.startswith("all.c:") and "error:" in line
    }
    assert refused
    wrong = []
    for n, text in enumerate(texts):
        try:
            ffi.typeof(text)
        except parse_errors(ffi):
            taken = False
        else:
            taken = True
        if taken != (n not in refused):
            wrong.append(text)
    assert not wrong


@pytest.mark.parametrize(("text", "kind", "item"), VECTORS["declarators"])
def test_declarators(ffi: Any, text: str, kind: str | None, item: str | None) -> None:
    if kind is None:
        with pytest.raises(parse_errors(ffi)):
            ffi.typeof(text)
        return
    ctype = ffi.typeof(text)
    assert ctype.kind == kind
    assert ctype.item is ffi.typeof(item)


QUALIFIED_AND_PLAIN = [
    ("const int *", "int *"),
    ("int const *const", "int *"),
    ("int *restrict", "int *"),
    ("volatile int[3]", "int[3]"),
    ("int (*)(const char *restrict, void *const)", "int(*)(char *, void *)"),
    ("_Atomic int", "int"),
    ("_Atomic(int) *", "int *"),
    ("_Atomic(int *)", "int *"),
    ("const _Atomic(int (*)[3]) volatile", "int(*)[3]"),
    ("_Atomic(struct point) *_Atomic *", "struct point **"),
    ("_Atomic(_Atomic(number))", "int"),
    ("__const__ int *__restrict__", "int *"),
    ("int (*)(_Atomic(int))", "int(*)(int)"),
]


@pytest.mark.parametrize(("text", "plain"), QUALIFIED_AND_PLAIN)
def test_qualifiers_make_no_other_type(ffi: Any, text: str, plain: str) -> None:
    """As in CFFI, `cname` has none."""
    assert ffi.typeof(text) is ffi.typeof(plain)


@pytest.mark.parametrize(
    "text", ["_Atomic", "_Atomic(", "_Atomic()", "_Atomic(int", "_Atomic(int))", "_Atomic(" * 3000]
)
def test_wrong_atomic(ffi: Any, text: str) -> None:
    with pytest.raises(parse_errors(ffi)):
        ffi.typeof(text)


@pytest.mark.parametrize(("text", "args", "result", "ellipsis"), VECTORS["functions"])
def test_functions(ffi: Any, text: str, args: list[str], result: str, ellipsis: bool) -> None:
    ctype = ffi.typeof(text)
    assert ctype.kind == "function"
    assert ctype.args == tuple(ffi.typeof(arg) for arg in args)
    assert ctype.result is ffi.typeof(result)
    assert ctype.ellipsis is ellipsis


@pytest.mark.parametrize("text", VECTORS["qualified"])
def test_qualifiers_change_no_size(ffi: Any, text: str) -> None:
    ctype = ffi.typeof(text)
    plain = ffi.typeof(unqualified(text))
    assert ctype.kind == plain.kind
    assert ffi.sizeof(ctype) == ffi.sizeof(plain)
    assert ffi.typeof(ctype.cname) is ctype


def unqualified(text: str) -> str:
    for word in ("const", "volatile", "restrict"):
        text = text.replace(word, " ")
    return text


@pytest.mark.parametrize(("text", "length"), VECTORS["lengths"])
def test_lengths(ffi: Any, text: str, length: int) -> None:
    for spelling in (f"int[{text}]", f"int [ {text} ]"):
        assert ffi.typeof(spelling).length == length
    assert ffi.typeof(f"int[2][{text}]").item.length == length


@pytest.mark.parametrize("text", VECTORS["refused"])
def test_refused(ffi: Any, text: str) -> None:
    with pytest.raises((*parse_errors(ffi), ValueError, TypeError)):
        ffi.typeof(text)


def test_errors_show_where(ffi: Any) -> None:
    with pytest.raises(parse_errors(ffi)) as caught:
        ffi.typeof("unsigned int *[5")
    assert "unsigned int *[5" in str(caught.value)
    with pytest.raises(parse_errors(ffi), match="nope"):
        ffi.typeof("int(*)(int, nope)")


@pytest.mark.parametrize("space", ["", " ", "\t", "\n", "  \r\n\t ", "\v\f"])
def test_white_space(ffi: Any, space: str) -> None:
    text = space.join(["", "int", "(", "*", ")", "[", "3", "]", ""])
    assert ffi.typeof(text) is ffi.typeof("int(*)[3]")


SHAPES = st.recursive(
    st.sampled_from(
        ["int", "unsigned char", "double", "struct point", "union either", "enum color", "void *", "unnamed"]
    ),
    lambda inner: st.one_of(
        st.tuples(st.just("*"), inner),
        st.tuples(st.just("[]"), st.integers(1, 9), inner),
        st.tuples(st.just("()"), inner, st.lists(inner, max_size=3)),
    ),
    max_leaves=6,
)


def spell(shape: Any, declarator: str = "") -> str:
    """Write a drawn type in C; functions are pointers to functions, for a type object is never a bare one."""
    if isinstance(shape, str):
        return f"{shape} {declarator}" if declarator else shape
    if shape[0] == "*":
        inner = f"*{declarator}"
        return spell(shape[1], f"({inner})" if isinstance(shape[1], tuple) and shape[1][0] == "[]" else inner)
    if shape[0] == "[]":
        return spell(shape[2], f"{declarator}[{shape[1]}]")
    result = shape[1]
    if isinstance(result, tuple) and result[0] == "[]":  # no function returns an array
        result = ("*", result)
    return spell(result, f"(*{declarator})({', '.join(spell(p) for p in shape[2]) or 'void'})")


@settings(max_examples=200, deadline=None)
@given(shape=SHAPES)
def test_any_type_reads_back(ffi: Any, shape: Any) -> None:
    text = spell(shape)
    ctype = ffi.typeof(text)
    assert ffi.typeof(ctype.cname) is ctype
    pointer = ffi.typeof(ffi.getctype(ctype, "*"))
    assert pointer.kind == "pointer"
    assert pointer.item is ctype


def test_sizes_of_drawn_types_are_the_compilers(ffi: Any, builder: Builder) -> None:
    source = random.Random(5)

    def draw(depth: int) -> Any:
        if depth == 0 or source.random() < 0.3:
            return source.choice(
                ["int", "char", "double", "short", "struct point", "union either", "enum color", "long double"]
            )
        kind = source.choice(["*", "[]", "()"])
        if kind == "*":
            return ("*", draw(depth - 1))
        if kind == "[]":
            return ("[]", source.randint(1, 9), draw(depth - 1))
        return ("()", draw(depth - 1), [draw(depth - 1) for _ in range(source.randint(0, 3))])

    texts = [spell(draw(4)) for _ in range(150)]
    code = (
        "#include <stddef.h>\n"
        + DECLARATIONS
        + "size_t sizes[] = {"
        + ", ".join(f"sizeof({text})" for text in texts)
        + "};\n"
    )
    library = new_ffi()
    library.cdef(f"extern size_t sizes[{len(texts)}];")
    sizes = list(library.dlopen(str(builder.shared_library(code))).sizes)
    assert [ffi.sizeof(ffi.typeof(text)) for text in texts] == sizes
