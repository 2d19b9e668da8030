"""Constant expressions: the integer rules of C, with the compiler as the judge."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path
from typing import Optional

import pytest

from ffi_core.front import CDefError, parse
from ffi_core.front.literals import LiteralError, read_character, read_integer
from ffi_core.front.model import ConstantDecl
from ffi_core.front.target import Target

LINUX = Target(
    long_bits=64,
    pointer_bits=64,
    wchar_bits=32,
    char_signed=True,
    wchar_signed=True,
    fast_bits=64,
    long_double_size=16,
    windows=False,
)
WINDOWS = Target(
    long_bits=32,
    pointer_bits=64,
    wchar_bits=16,
    char_signed=True,
    wchar_signed=False,
    fast_bits=32,
    long_double_size=8,
    windows=True,
)


def value_of(expression: str, before: str = "") -> Optional[int]:
    decl = parse(f"{before}\n#define VALUE ({expression})\n").globals["VALUE"]
    assert isinstance(decl, ConstantDecl)
    return decl.value


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1 + 2 * 3 - 4 / 2", 5),
        ("-7 / 2", -3),
        ("-7 % 2", -1),
        ("7 / -2", -3),
        ("7u / 2", 3),
        ("-1 < 0u", 0),
        ("-1 < 0", 1),
        ("-1L < 0u", 1),
        ("-1 < 0ul", 0),
        ("0u - 1", 0xFFFFFFFF),
        ("0ul - 1", 0xFFFFFFFFFFFFFFFF),
        ("-1u", 0xFFFFFFFF),
        ("-9223372036854775808", -(1 << 63)),
        ("-9223372036854775808LL >> 63", -1),
        ("-9223372036854775808ull", 1 << 63),
        ("~0u", 0xFFFFFFFF),
        ("~0", -1),
        ("!5 + !0", 1),
        ("1 << 31", -(1 << 31)),
        ("1u << 31", 1 << 31),
        ("1ll << 40", 1 << 40),
        ("-8 >> 1", -4),
        ("0x80000000", 0x80000000),
        ("2147483648", 2147483648),
        ("-2147483648", -2147483648),
        ("0xffffffff + 1", 0),
        ("4294967295 + 1", 4294967296),
        ("18446744073709551615", 18446744073709551615),
        ("017 + 0x1F + 0b101", 15 + 31 + 5),
        ("5 & 3 | 8 ^ 1", 9),
        ("1 ? 2 : 3", 2),
        ("0 ? 1 / 0 : 4", 4),
        ("1 ? -1 : 0u", 0xFFFFFFFF),
        ("0 && 1 / 0", 0),
        ("1 || 1 / 0", 1),
        ("2 && 3", 1),
        ("(unsigned char)300", 44),
        ("(signed char)200", -56),
        ("(int)3.9", 3),
        ("(int)1e3", 1000),
        ("(_Bool)42", 1),
        ("(unsigned)-1", 0xFFFFFFFF),
        ("(int8_t)0x80 + (uint16_t)-1", -128 + 65535),
        ("(T)-1", 255),
        ("(long)0xffffffff", 0xFFFFFFFF),
        ("'a' + '\\n' + '\\x41' + '\\101' + '\\\\' + '\\'' + '\\0'", 97 + 10 + 65 + 65 + 92 + 39),
        ("'\"'", 34),
        ("L'\\xe9'", 233),
        ("u'é' + U'日'", 0xE9 + 0x65E5),
        ("sizeof(int) + sizeof 'a' + sizeof(1L)", 16),
        ("sizeof(int[3]) == 3 * sizeof(int)", 1),
        ("-1 < (int)sizeof(int)", 1),
        ("-1 < sizeof(int)", 0),
        ("A + B", 12),
        ("N * 2", 8),
        ("M", None),
        ("M + 1", None),
    ],
)
def test_values(expression: str, value: Optional[int]) -> None:
    before = "typedef unsigned char T; enum { A = 5, B = A + 2 };\n#define N 4\n#define M ...\n"
    assert value_of(expression, before) == value


class Expressions:
    """Random constant expressions."""

    LITERALS = (
        "0",
        "1",
        "2",
        "3",
        "7",
        "31",
        "32",
        "63",
        "0x7fffffff",
        "0x80000000",
        "0xffffffff",
        "2147483648",
        "4294967295",
        "1u",
        "3u",
        "0xffffffffu",
        "5L",
        "7ul",
        "0x7fffffffffffffff",
        "0x8000000000000000",
        "0xffffffffffffffffull",
        "017",
        "'a'",
        "'\\xff'",
        "'\\0'",
    )
    TYPES = ("int", "unsigned", "char", "unsigned char", "short", "long", "unsigned long long", "_Bool", "signed char")
    BINARY = ("+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>", "<", ">", "<=", ">=", "==", "!=", "&&", "||")

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def make(self, depth: int = 4) -> str:
        choose = self.random.choice
        kind = self.random.random()
        if depth == 0 or kind < 0.15:
            return choose(self.LITERALS)
        if kind < 0.25:
            return f"{choose('-+~!')}({self.make(depth - 1)})"
        if kind < 0.35:
            return f"(({choose(self.TYPES)})({self.make(depth - 1)}))"
        if kind < 0.42:
            return f"(({self.make(depth - 1)}) ? ({self.make(depth - 1)}) : ({self.make(depth - 1)}))"
        return f"({self.make(depth - 1)} {choose(self.BINARY)} {self.make(depth - 1)})"


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")
def test_values_as_the_compiler_has_them(tmp_path: Path) -> None:
    expressions = Expressions(seed=20261122)
    known: list[tuple[str, int]] = []
    refused = 0
    while len(known) < 400:
        expression = expressions.make()
        try:
            value = value_of(expression)
        except CDefError:
            refused += 1
            continue
        assert value is not None
        known.append((expression, value))
    assert refused < 4000
    lines = "\n".join(f'    printf("%d %llu\\n", ({e}) < 0, (unsigned long long)({e}));' for e, _ in known)
    program = tmp_path / "constants.c"
    program.write_text(f"#include <stdio.h>\nint main(void) {{\n{lines}\n    return 0;\n}}\n", encoding="utf-8")
    subprocess.run(["cc", "-w", "-o", str(tmp_path / "constants"), str(program)], check=True)
    output = subprocess.run([str(tmp_path / "constants")], check=True, capture_output=True, text=True).stdout
    for (expression, value), line in zip(known, output.splitlines()):
        negative, bits = line.split()
        compiled = int(bits) - (1 << 64) if negative == "1" else int(bits)
        assert value == compiled, expression


@pytest.mark.parametrize(
    ("text", "target", "rank", "signed"),
    [
        ("5", LINUX, 0, True),
        ("5u", LINUX, 0, False),
        ("5L", LINUX, 1, True),
        ("5uLL", LINUX, 2, False),
        ("2147483648", LINUX, 1, True),
        ("2147483648", WINDOWS, 2, True),
        ("0x80000000", LINUX, 0, False),
        ("0x80000000L", WINDOWS, 1, False),
        ("0x80000000L", LINUX, 1, True),
        ("9223372036854775808", LINUX, 2, False),
    ],
)
def test_types_of_integer_literals(text: str, target: Target, rank: int, signed: bool) -> None:
    literal = read_integer(text, target)
    assert literal.value == int(text.rstrip("uULl"), 0)
    assert (literal.type.rank, literal.type.signed) == (rank, signed)


@pytest.mark.parametrize(
    "text", ["", "08", "5x", "0x", "0b2", "5lul", "5lL", "18446744073709551616", "9" * 5000, "+5", "1_0", "٣"]
)
def test_wrong_integer_literals(text: str) -> None:
    with pytest.raises(LiteralError):
        read_integer(text, LINUX)


@pytest.mark.parametrize("text", ["''", "'ab'", "'é'", "u8'é'", "'\\'", "'\\q'", "'\\x100'", "u'\\U00010000'", "x"])
def test_wrong_character_literals(text: str) -> None:
    with pytest.raises(LiteralError):
        read_character(text, LINUX)


def test_characters_of_targets() -> None:
    assert read_character("'\\xff'", LINUX).value == -1
    assert read_character("L'\\xffff'", WINDOWS).value == 0xFFFF
    assert read_character("L'\\xffffffff'", LINUX).value == -1
