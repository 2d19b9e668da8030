"""Struct layout, against what compilers do.

GCC and Clang lay out for this machine in a program that runs; Clang says what it would do on other platforms.
"""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from ffi_core.layout import AAPCS, HOST, MSVC, PACKED, SYSV, Abi, LayoutError, place_fields
from ffi_harness import new_ffi

RECORDS = 1500


@dataclass(frozen=True)
class Type:
    """A member's type.  ``long`` and pointers are left out of what other platforms lay out: their sizes differ."""

    name: str
    size: int
    align: int
    bits: int  # the widest bit-field; 0 for none
    suffix: str = ""


INTEGERS = [
    Type("_Bool", 1, 1, 1),
    Type("signed char", 1, 1, 8),
    Type("unsigned char", 1, 1, 8),
    Type("short", 2, 2, 16),
    Type("unsigned short", 2, 2, 16),
    Type("int", 4, 4, 32),
    Type("unsigned int", 4, 4, 32),
    Type("long long", 8, 8, 64),
    Type("unsigned long long", 8, 8, 64),
]
OTHERS = [
    Type("float", 4, 4, 0),
    Type("double", 8, 8, 0),
    Type("char", 3, 1, 0, "[3]"),
    Type("int", 8, 4, 0, "[2]"),
    Type("inner4", 4, 2, 0),
    Type("inner16", 16, 8, 0),
]


@dataclass(frozen=True)
class Member:
    type: Type
    bit_width: int = -1
    named: bool = True
    aligned: int = 0
    packed: bool = False

    def declare(self, name: str) -> str:
        width = f" : {self.bit_width}" if self.bit_width >= 0 else ""
        attributes = ["packed"] * self.packed + [f"aligned({self.aligned})"] * bool(self.aligned)
        attribute = f" __attribute__(({', '.join(attributes)}))" if attributes else ""
        return f"{self.type.name} {name if self.named else ''}{self.type.suffix}{width}{attribute};"


@dataclass(frozen=True)
class Record:
    members: tuple[Member, ...]
    is_union: bool = False
    pack: int = 0
    aligned: int = 0

    def declare(self, name: str) -> str:
        body = " ".join(member.declare(f"m{i}") for i, member in enumerate(self.members))
        attributes = ["packed"] * (self.pack < 0) + [f"aligned({self.aligned})"] * bool(self.aligned)
        attribute = f" __attribute__(({', '.join(attributes)}))" if attributes else ""
        pragma = f"pack({abs(self.pack)})" if self.pack not in {0, PACKED} else "pack()"
        return f"#pragma {pragma}\n{'union' if self.is_union else 'struct'} {name} {{ {body} }}{attribute};\n"

    def place(self, abi: Abi) -> tuple[int, int, list[int]]:
        """Give size, alignment and where each member starts, in bits; a bit-field of width 0 is nowhere (-1)."""
        fields = [
            (f"m{i}" if m.named else "", m.type.size, m.type.align, m.bit_width, m.aligned, 0)
            for i, m in enumerate(self.members)
        ]
        size, align, places = place_fields(fields, self.is_union, self.pack, self.aligned, abi)
        starts = []
        for member, (offset, shift) in zip(self.members, places):
            assert (shift < 0) == (member.bit_width < 0)
            starts.append(8 * offset + max(0, shift) if member.bit_width else -1)
        return size, align, starts


INNER = "typedef struct { char a; short b; } inner4; typedef struct { double a; char b; } inner16;\n"
ALIGNMENTS = st.sampled_from([0, 0, 0, 0, 1, 2, 4, 8, 16])


@st.composite
def members(draw: st.DrawFn) -> Member:
    shape = draw(st.sampled_from(["plain", "bits", "bits", "bits", "unnamed", "zero"]))
    if shape == "plain":
        return Member(draw(st.sampled_from(INTEGERS + OTHERS)), aligned=draw(ALIGNMENTS))
    type_ = draw(st.sampled_from(INTEGERS))
    if shape == "zero":
        return Member(type_, 0, named=False)
    width = draw(st.integers(1, type_.bits))
    return Member(type_, width, named=shape == "bits", aligned=draw(ALIGNMENTS) if shape == "bits" else 0)


records = st.builds(
    Record,
    members=st.lists(members(), min_size=1, max_size=7).map(tuple),
    is_union=st.sampled_from([False, False, False, True]),
    pack=st.sampled_from([0, 0, 0, PACKED, 1, 2, 4, 8, -2, -4, -8]),
    aligned=ALIGNMENTS,
)


def ask_program(
    batch: list[Record], folder: Path, compiler: str, types: str = INNER, flags: Sequence[str] = ()
) -> list[tuple[int, int, list[int]]]:
    """Compile the records for this machine, and let the program say where members are."""
    lines = ["#include <stdio.h>", "#include <string.h>", types, "static unsigned char memory[4096];"]
    calls = []
    lines.append(
        "static void first(size_t size) { size_t i; for (i = 0; i < 8 * size && !(memory[i / 8] >> i % 8 & 1); i++) {}"
        ' printf(" %zu", i); memset(memory, 0, sizeof memory); }'
    )
    for number, record in enumerate(batch):
        kind = "union" if record.is_union else "struct"
        lines.append(record.declare(f"r{number}"))
        lines.append(f"static void say{number}(void) {{ {kind} r{number} *r = (void *)memory; (void)r;")
        lines.append(f'printf("%zu %zu", sizeof *r, __alignof__({kind} r{number}));')
        for i, member in enumerate(record.members):
            if not member.named:
                lines.append('printf(" -1");')
            elif member.bit_width >= 0:
                lines.append(f"r->m{i} = ({member.type.name})-1; first(sizeof *r);")
            else:
                lines.append(f'printf(" %zu", 8 * __builtin_offsetof({kind} r{number}, m{i}));')
        lines.append('puts(""); }')
        calls.append(f"say{number}();")
    lines.append(f"int main(void) {{ {' '.join(calls)} return 0; }}")
    source = folder / "layouts.c"
    source.write_text("\n".join(lines))
    program = folder / "layouts"
    subprocess.run([compiler, "-O0", "-w", *flags, source, "-o", program], check=True, stderr=subprocess.DEVNULL)
    text = subprocess.run([program], check=True, stdout=subprocess.PIPE, text=True).stdout
    rows = [[int(word) for word in line.split()] for line in text.splitlines()]
    return [(row[0], row[1], row[2:]) for row in rows]


def ask_clang(batch: list[Record], folder: Path, target: str) -> list[tuple[int, int, list[int]]]:
    """Let Clang say how it would lay out the records on another platform."""
    kinds = ["union" if record.is_union else "struct" for record in batch]
    lines = [record.declare(f"r{number}") for number, record in enumerate(batch)]
    sizes = ", ".join(f"sizeof({kind} r{number})" for number, kind in enumerate(kinds))
    source = folder / "layouts.c"
    source.write_text(INNER + "".join(lines) + f"unsigned long long sizes[] = {{ {sizes} }};\n")
    command = [
        "clang",
        "-target",
        target,
        "-fsyntax-only",
        "-w",
        "-Xclang",
        "-fdump-record-layouts-simple",
        str(source),
    ]
    text = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    pattern = r"Type: (?:struct|union) r(\d+)\n\nLayout: <ASTRecordLayout\n  Size:(\d+)\n(?:  DataSize:\d+\n)?  Alignment:(\d+)\n  FieldOffsets: \[(.*)\]"
    found = {
        int(m[1]): (int(m[2]) // 8, int(m[3]) // 8, [int(offset) for offset in m[4].split(", ")])
        for m in re.finditer(pattern, text)
    }
    return [found[number] for number in range(len(batch))]


def hide_unnamed(record: Record, answer: tuple[int, int, list[int]]) -> tuple[int, int, list[int]]:
    size, align, starts = answer
    return size, align, [start if m.named else -1 for m, start in zip(record.members, starts)]


def compare(batch: list[Record], answers: list[tuple[int, int, list[int]]], abi: Abi) -> None:
    wrong = []
    for record, answer in zip(batch, answers):
        ours, theirs = hide_unnamed(record, record.place(abi)), hide_unnamed(record, answer)
        if ours != theirs:
            wrong.append(f"{record.declare('r')}ours: {ours} theirs: {theirs}")
    assert not wrong, min(wrong, key=len)


@pytest.fixture(scope="module")
def batch() -> list[Record]:
    """Draw many records, so that the compiler has to be started only once for all."""
    return draw_many(records)


def draw_many(strategy: st.SearchStrategy[Record], count: int = RECORDS) -> list[Record]:
    drawn: list[Record] = []

    @settings(max_examples=count, phases=[Phase.generate], database=None, deadline=None)
    @given(strategy)
    def draw(record: Record) -> None:
        drawn.append(record)

    draw()
    return drawn


# Typedefs that change the alignment of what they name.
REALIGNED = [
    Type("int_at_2", 4, 2, 0),
    Type("int_at_8", 4, 8, 0),
    Type("double_at_4", 8, 4, 0),
    Type("char_at_16", 1, 16, 0),
    Type("record_at_32", 16, 32, 0),
    Type("int_at_2", 8, 2, 0, "[2]"),
    Type("again_at_2", 4, 2, 0),
    Type("several_at_2", 12, 2, 0),
]
REALIGNED_TYPES = """
typedef int int_at_2 __attribute__((aligned(2))), plain_int, int_at_8 __attribute__((__aligned__(8)));
typedef __attribute__((aligned(4))) double double_at_4;
typedef char __attribute__((aligned)) char_at_16;
typedef inner16 record_at_32 __attribute__((aligned(32)));
typedef int_at_2 again_at_2;
typedef int_at_2 several_at_2[3];
"""


@st.composite
def unusual_members(draw: st.DrawFn) -> Member:
    shape = draw(st.sampled_from(["usual", "realigned", "packed", "packed bits"]))
    if shape == "realigned":
        return Member(draw(st.sampled_from(REALIGNED)), aligned=draw(ALIGNMENTS))
    if shape == "packed":
        return Member(draw(st.sampled_from(INTEGERS + OTHERS)), aligned=draw(ALIGNMENTS), packed=True)
    if shape == "packed bits":
        type_ = draw(st.sampled_from(INTEGERS))
        return Member(type_, draw(st.integers(1, type_.bits)), packed=True)
    return draw(members())


unusual_records = st.builds(
    Record,
    members=st.lists(unusual_members(), min_size=1, max_size=6).map(tuple),
    is_union=st.sampled_from([False, False, False, True]),
    pack=st.sampled_from([0, 0, 0, PACKED, 1, 2, 4, 8, -2, -4, -8]),
    aligned=ALIGNMENTS,
)

posix = pytest.mark.skipif(sys.platform == "win32", reason="GCC's rules")
clang = pytest.mark.skipif(shutil.which("clang") is None, reason="clang is not installed")


@posix
def test_layout_is_gccs(tmp_path: Path, batch: list[Record]) -> None:
    compare(batch, ask_program(batch, tmp_path, "gcc"), HOST)


def ask_ffi(batch: list[Record]) -> list[tuple[int, int, list[int]]]:
    """Declare the records, and let the runtime say where members are."""
    ffi = new_ffi()
    ffi.cdef(INNER + REALIGNED_TYPES + "".join(record.declare(f"r{n}") for n, record in enumerate(batch)))
    answers = []
    for n, record in enumerate(batch):
        ctype = ffi.typeof(f"{'union' if record.is_union else 'struct'} r{n}")
        fields = dict(ctype.fields)
        found = [fields.get(f"m{i}") for i in range(len(record.members))]
        starts = [-1 if field is None else 8 * field.offset + max(0, field.bitshift) for field in found]
        answers.append((ffi.sizeof(ctype), ffi.alignof(ctype), starts))
    return answers


@posix
def test_layout_of_unusual_declarations_is_gccs(tmp_path: Path) -> None:
    """Single members are packed, and typedefs have alignments of their own."""
    batch = draw_many(unusual_records, 500)
    answers = ask_program(batch, tmp_path, "gcc", INNER + REALIGNED_TYPES)
    wrong = [
        f"{record.declare('r')}ours: {ours} theirs: {theirs}"
        for record, ours, theirs in zip(batch, ask_ffi(batch), answers)
        if hide_unnamed(record, ours) != hide_unnamed(record, theirs)
    ]
    assert not wrong, f"{len(wrong)} of {len(batch)}:\n" + "\n".join(sorted(wrong, key=len)[:5])


def without_aligned_bit_fields(record: Record) -> Record:
    """Clang and GCC do not agree where both packing and alignment are asked for, and GCC is the one that counts."""
    return replace(record, members=tuple(replace(m, aligned=0) if m.bit_width >= 0 else m for m in record.members))


@posix
@pytest.mark.skipif(platform.machine() not in {"x86_64", "i686"}, reason="GCC knows Microsoft's layout on x86 only")
def test_layout_is_microsofts_as_gcc_knows_it(tmp_path: Path, batch: list[Record]) -> None:
    """Left out is what GCC has its own mind about: unions, alignment of members, structs without storage."""
    batch = [
        replace(record, pack=max(record.pack, 0), members=tuple(replace(m, aligned=0) for m in record.members))
        for record in batch[:500]
        if not record.is_union and any(member.bit_width for member in record.members)
    ]
    compare(batch, ask_program(batch, tmp_path, "gcc", flags=["-mms-bitfields"]), MSVC)


@clang
@pytest.mark.parametrize(
    ("target", "abi"),
    [
        ("x86_64-linux-gnu", SYSV),
        ("aarch64-linux-gnu", AAPCS),
        ("arm64-apple-macos", SYSV),
        ("x86_64-pc-windows-msvc", MSVC),
    ],
)
def test_layout_is_that_of_other_platforms(tmp_path: Path, batch: list[Record], target: str, abi: Abi) -> None:
    batch = [without_aligned_bit_fields(record) for record in batch]
    compare(batch, ask_clang(batch, tmp_path, target), abi)


def test_flexible_array_takes_no_room() -> None:
    fields = [("n", 1, 1, -1, 0, 1), ("items", 0, 4, -1, 0, 1)]
    assert place_fields(fields, False) == (4, 4, [(0, -1), (4, -1)])


def test_empty_record() -> None:
    assert place_fields([], False, abi=SYSV) == (0, 1, [])
    assert place_fields([], False, abi=MSVC) == (4, 1, [])


def test_packed_bit_field_that_no_unit_holds_starts_in_its_byte() -> None:
    fields = [("a", 4, 4, 3, 0, 1), ("b", 4, 4, 31, 0, 1)]
    assert place_fields(fields, False, PACKED, abi=SYSV) == (5, 1, [(0, 0), (0, 3)])


def test_big_endian_counts_shifts_from_the_other_end() -> None:
    big = Abi(big_endian=True)
    assert place_fields([("a", 4, 4, 3, 0, 1), ("b", 4, 4, 8, 0, 1)], False, abi=big) == (4, 4, [(0, 29), (0, 21)])


def test_bit_field_wider_than_its_type() -> None:
    with pytest.raises(LayoutError, match="bit-field 'b' is 40 bits wide, its type only 32"):
        place_fields([("b", 4, 4, 40, 0, 1)], False)


def test_incomplete_type() -> None:
    with pytest.raises(LayoutError, match="field 'b' has an incomplete type"):
        place_fields([("b", -1, 1, -1, 0, 0)], False)
