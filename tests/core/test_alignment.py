"""Attributes and pragmas that change layouts, in declarations as headers have them; the compiler says what is right."""

from __future__ import annotations

from typing import Any

import pytest

from ffi_harness import IS_ORACLE, new_ffi, parse_errors

if IS_ORACLE:
    pytest.skip("CFFI reads none of this, or takes no notice", allow_module_level=True)

DECLARATIONS = """
typedef unsigned long long aligned_u64 __attribute__((aligned(8)));
typedef int unaligned_int __attribute__((aligned(1)));
typedef float vector[4] __attribute__((aligned(16)));
typedef struct { char c; int i; } __attribute__((packed)) packed_record;
typedef struct { char c; int i; } aligned_record __attribute__((aligned(32)));
typedef enum { SMALL_A, SMALL_B = 200 } __attribute__((packed)) small;
enum __attribute__((__packed__)) negative { MINUS = -1, PLUS = 300 };

struct typedefs { char c; aligned_u64 u; char d; unaligned_int i; char e; vector v; char f; unaligned_int several[2]; };
struct nested { char c; packed_record p; char d; aligned_record a; };
struct members { char c; int i __attribute__((packed)); short s __attribute__((aligned(8))); double d
    __attribute__((packed, aligned(2))); };
struct enums { char c; small s; char d; enum negative n; };
struct bits { char c; int a : 5 __attribute__((packed)); int b : 30 __attribute__((packed)); };
#pragma pack(push, 2)
struct pushed { char c; int i; double d; struct { char c; int i; } inner; };
#pragma pack(push, 1)
struct deeper { char c; int i; };
#pragma pack(pop)
struct again { char c; int i; };
struct __attribute__((packed)) both { char c; int b : 9; int i; short a __attribute__((aligned(8))); };
#pragma pack(1)
struct __attribute__((packed)) both1 { char c; int i __attribute__((aligned(8))); };
#pragma pack(pop)
struct usual { char c; int i; _Alignas(16) char d; _Alignas(double) char e; };
union __attribute__((aligned(16))) joined { char c; int i; };

#define SIZE_OF_NESTED sizeof(struct nested)
enum { ALIGNMENT_OF_USUAL = _Alignof(struct usual), SIZE_OF_SMALL = sizeof(small) };
struct sized { char room[sizeof(struct members) + sizeof(union joined)]; };
"""
RECORDS = [
    "typedefs",
    "nested",
    "members",
    "enums",
    "bits",
    "pushed",
    "deeper",
    "again",
    "both",
    "both1",
    "usual",
    "sized",
]
CDEF = (
    DECLARATIONS
    + "".join(
        f"size_t size_{name}(void); size_t align_{name}(void); struct {name} turn_{name}(struct {name});\n"
        for name in RECORDS
    )
    + """
int sum_members(struct members *);
int negative_of(struct enums *);
size_t size_joined(void);
"""
)
SOURCE = (
    "#include <stddef.h>\n"
    + DECLARATIONS
    + "".join(
        f"size_t size_{name}(void) {{ return sizeof(struct {name}); }}\n"
        f"size_t align_{name}(void) {{ return _Alignof(struct {name}); }}\n"
        f"struct {name} turn_{name}(struct {name} s) {{ return s; }}\n"
        for name in RECORDS
    )
    + """
int sum_members(struct members *m) { return m->c + m->i + m->s + (int)m->d; }
int negative_of(struct enums *e) { return e->n + e->s; }
size_t size_joined(void) { return sizeof(union joined); }
"""
)


@pytest.mark.parametrize("name", RECORDS)
def test_size_and_alignment(ffi: Any, lib: Any, name: str) -> None:
    assert ffi.sizeof(f"struct {name}") == getattr(lib, f"size_{name}")()
    assert ffi.alignof(f"struct {name}") == getattr(lib, f"align_{name}")()
    assert int(ffi.cast("uintptr_t", ffi.new(f"struct {name} *"))) % ffi.alignof(f"struct {name}") == 0


def test_constants_with_sizes(ffi: Any, lib: Any) -> None:
    assert ffi.integer_const("SIZE_OF_NESTED") == lib.SIZE_OF_NESTED == lib.size_nested()
    assert lib.align_usual() == lib.ALIGNMENT_OF_USUAL
    assert lib.SIZE_OF_SMALL == ffi.sizeof("small") == 1
    assert ffi.sizeof("struct sized") == lib.size_members() + lib.size_joined()


def test_the_compiler_finds_the_members(ffi: Any, lib: Any) -> None:
    assert lib.sum_members(ffi.new("struct members *", [b"\1", 1000, 200, 30])) == 1231
    assert lib.negative_of(ffi.new("struct enums *", {"n": -1, "s": 200})) == 199
    with pytest.raises(OverflowError):
        ffi.new("struct enums *", {"s": 256})


def test_values_that_the_calls_cannot_pass_say_so(ffi: Any, lib: Any) -> None:
    """With an unusual alignment, only a compiler knows how a struct travels."""
    for name in RECORDS:
        value = ffi.new(f"struct {name} *")
        ffi.memmove(value, bytes(k % 2 for k in range(ffi.sizeof(value[0]))), ffi.sizeof(value[0]))
        try:
            turned = getattr(lib, f"turn_{name}")(value[0])
        except NotImplementedError as error:
            assert f"'struct {name}'" in str(error)  # noqa: PT017 - one of the two is right
        else:
            for field, _ in ffi.typeof(value).item.fields:
                assert repr(getattr(turned, field)).split(" 0x")[0] == repr(getattr(value, field)).split(" 0x")[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("typedef int t __attribute__((aligned(3)));", "power of two"),
        ("typedef int t __attribute__((aligned(x)));", "'x' is not declared"),
        ("typedef int t __attribute__((packed));", "compilers ignore 'packed' here"),
        ("typedef int t __attribute__((aligned(16))); struct s { t a : 3; };", "alignment of its own"),
        ("enum e { A } __attribute__((aligned(8)));", "'aligned' on an enum is not supported"),
        ("struct o; char a[sizeof(struct o)];", "'struct o' is not defined here: its size is not known"),
        ("char a[sizeof(struct nowhere)];", "size is not known"),
        ("struct p { int x; ...; }; char a[sizeof(struct p)];", "only a compiler knows the size of 'struct p'"),
        ("typedef int... t; char a[sizeof(t)];", "has no size"),
        ("void f(void); char a[sizeof(void)];", "'void' has no size"),
    ],
)
def test_errors_say_where(text: str, message: str) -> None:
    ffi = new_ffi()
    with pytest.raises(parse_errors(ffi)) as caught:
        ffi.cdef(text)
    assert message in str(caught.value)
    assert "^" in str(caught.value)


def test_a_typedef_with_another_alignment_is_another_declaration() -> None:
    ffi = new_ffi()
    ffi.cdef("typedef int t __attribute__((aligned(8)));")
    ffi.cdef("typedef int t __attribute__((aligned(8)));")
    with pytest.raises(parse_errors(ffi), match="multiple declarations"):
        ffi.cdef("typedef int t;")
    ffi.cdef("typedef int t;", override=True)
    ffi.cdef("struct s { char c; t i; };")
    assert ffi.offsetof("struct s", "i") == 4
