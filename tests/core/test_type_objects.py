"""``typeof``, ``sizeof``, ``alignof``, ``offsetof``, ``addressof``, ``getctype``, and the attributes of C types."""

from __future__ import annotations

from typing import Any

import pytest

from ffi_harness import INLINE, ours_only, parse_errors

TYPES = """
struct point { int x, y; };
typedef struct { signed char a; double b; struct point c; int items[4]; union { int i; float f; }; } big;
union number { int i; double d; };
enum color { RED, GREEN = 5, BLUE };
typedef enum { BELOW = -1, LEVEL } height;
typedef enum color color_t;
typedef struct opaque opaque;
typedef int (*binary)(int, char *);
typedef int integer;
typedef integer *integer_pointer;
typedef integer triple[3];
"""
CDEF = TYPES + "int twice(int); int printf_like(char *, ...); extern int number; void nothing(void);"
SOURCE = (
    TYPES
    + """
int number = 5;
int twice(int x) { return 2 * x; }
int printf_like(char *s, ...) { return s != 0; }
void nothing(void) { }
"""
)

SPELLINGS = [
    ("int", "int"),
    ("signed", "int"),
    ("signed int", "int"),
    ("unsigned", "unsigned int"),
    ("unsigned int", "unsigned int"),
    ("long int", "long"),
    ("long unsigned", "unsigned long"),
    ("short int", "short"),
    ("short unsigned int", "unsigned short"),
    ("long long int", "long long"),
    ("unsigned long long int", "unsigned long long"),
    ("signed char", "signed char"),
    ("unsigned char", "unsigned char"),
    ("char", "char"),
    ("float", "float"),
    ("double", "double"),
    ("long double", "long double"),
    ("_Bool", "_Bool"),
    ("bool", "_Bool"),
    ("size_t", "size_t"),
    ("uint8_t", "uint8_t"),
    ("wchar_t", "wchar_t"),
    ("void", "void"),
    ("int*", "int *"),
    ("int  *  *", "int * *"),
    ("void *", "void *"),
    ("int[5]", "int[5]"),
    ("int [5]", "int[5]"),
    ("int[]", "int[]"),
    ("int[3][4]", "int[3][4]"),
    ("int[][4]", "int[][4]"),
    ("int *[4]", "int *[4]"),
    ("int(*)[4]", "int(*)[4]"),
    ("int (*) [4]", "int(*)[4]"),
    ("int[0x10]", "int[16]"),
    ("int[010]", "int[8]"),
    ("int(*)(int, char*)", "int(*)(int, char *)"),
    ("int(*)(void)", "int(*)()"),
    ("int(*)()", "int(*)()"),
    ("void(*)(int, ...)", "void(*)(int, ...)"),
    ("int(*(*)(int))(char)", "int(*(*)(int))(char)"),
    ("int(*[3])(int)", "int(*[3])(int)"),
    ("void(*)(int[5], int(int))", "void(*)(int *, int(*)(int))"),
    ("void(*)(int x, char *y)", "void(*)(int, char *)"),
    ("struct point", "struct point"),
    ("struct point *", "struct point *"),
    ("struct point(*)(struct point, union number)", "struct point(*)(struct point, union number)"),
    ("union number", "union number"),
    ("enum color", "enum color"),
    ("color_t", "enum color"),
    ("height", "height"),
    ("big", "big"),
    ("big *", "big *"),
    ("binary", "int(*)(int, char *)"),
    ("binary[2]", "int(*[2])(int, char *)"),
    ("integer", "int"),
    ("integer_pointer", "int *"),
    ("integer_pointer *", "int * *"),
    ("triple", "int[3]"),
    ("triple *", "int(*)[3]"),
    ("triple[2]", "int[2][3]"),
    ("  int\t*\n", "int *"),
]


@pytest.mark.parametrize(("text", "name"), SPELLINGS, ids=[text.strip() for text, _ in SPELLINGS])
def test_every_spelling_gives_one_type(ffi: Any, text: str, name: str) -> None:
    ctype = ffi.typeof(text)
    assert ctype.cname == name
    assert repr(ctype) == f"<ctype '{name}'>"
    assert ffi.typeof(name) is ctype
    assert ffi.typeof(text) is ctype


BAD_TYPES = [
    "nope",
    "struct",
    "int int",
    "int long double",
    "unsigned float",
    "long long long",
    "int *(",
    "int **)",
    "int[",
    "int]",
    "int[-1]",
    "int[3",
    "*",
    "5",
    "int &",
    "int 5",
    "int;",
    "int(*)(nope)",
    "int(*)(int",
    "void(*)(int,)",
    "int \x01",
    "int \xe9",
    "[5]",
    "(int)",
]


@pytest.mark.parametrize("text", BAD_TYPES)
def test_bad_types_raise(ffi: Any, text: str) -> None:
    for function in (ffi.typeof, ffi.new, ffi.sizeof):
        with pytest.raises((*parse_errors(ffi), ValueError, TypeError)):
            function(text)


@ours_only("CFFI raises AttributeError for some of these, and takes others")
@pytest.mark.parametrize("text", ["", "  ", "/* nothing */", "signed unsigned", "int $"])
def test_more_bad_types_raise(ffi: Any, text: str) -> None:
    with pytest.raises((*parse_errors(ffi), ValueError)):
        ffi.typeof(text)


def test_unknown_names_are_in_the_message(ffi: Any) -> None:
    with pytest.raises(parse_errors(ffi), match="nope"):
        ffi.typeof("nope *")


@ours_only("CFFI's in-line mode takes 'union point' for another type than 'struct point'")
def test_unknown_tags_raise(ffi: Any, mode: str) -> None:
    # Where there is a cdef(), naming a struct declares it.
    for tag in ("enum nope",) if mode == INLINE else ("struct nope", "union nope", "enum nope"):
        with pytest.raises(parse_errors(ffi), match="nope"):
            ffi.typeof(f"{tag} *")
    with pytest.raises(parse_errors(ffi)):
        ffi.typeof("union point")


def test_typeof_cdata(ffi: Any, lib: Any) -> None:
    assert ffi.typeof(ffi.new("int *")) is ffi.typeof("int *")
    assert ffi.typeof(ffi.new("int[]", 3)) is ffi.typeof("int[]")
    assert ffi.typeof(ffi.new("struct point *")[0]) is ffi.typeof("struct point")
    assert ffi.typeof(ffi.cast("height", 0)) is ffi.typeof("height")
    assert ffi.typeof(ffi.NULL) is ffi.typeof("void *")
    assert ffi.typeof(lib.twice).kind == "function"
    assert ffi.typeof(lib.twice).args == (ffi.typeof("int"),)
    assert ffi.typeof(ffi.addressof(lib, "twice")) is ffi.typeof("int(*)(int)")
    for wrong in (5, None, 1.5, [1], b"int"):
        with pytest.raises(TypeError):
            ffi.typeof(wrong)


def test_types_compare_and_hash_by_identity(ffi: Any) -> None:
    assert ffi.typeof("int") == ffi.typeof("int")
    assert ffi.typeof("int") != ffi.typeof("long")
    assert ffi.typeof("int *") == ffi.typeof("integer_pointer")
    assert hash(ffi.typeof("int")) == hash(ffi.typeof("signed"))
    assert len({ffi.typeof("int"), ffi.typeof("signed"), ffi.typeof("long")}) == 2
    assert ffi.typeof("int") != "int"


def test_attributes_of_each_kind(ffi: Any) -> None:
    kinds = {
        "int": "primitive",
        "double": "primitive",
        "_Bool": "primitive",
        "void": "void",
        "int *": "pointer",
        "int[3]": "array",
        "struct point": "struct",
        "opaque": "struct",
        "union number": "union",
        "enum color": "enum",
        "binary": "function",
    }
    assert {name: ffi.typeof(name).kind for name in kinds} == kinds
    assert ffi.typeof("int *").item is ffi.typeof("int")
    assert ffi.typeof("int[3]").item is ffi.typeof("int")
    assert ffi.typeof("int[3]").length == 3
    assert ffi.typeof("int[]").length is None
    assert ffi.typeof("int[2][3]").item is ffi.typeof("int[3]")
    function = ffi.typeof("int(*)(long, char *, ...)")
    assert function.args == (ffi.typeof("long"), ffi.typeof("char *"))
    assert function.result is ffi.typeof("int")
    assert function.ellipsis is True
    assert ffi.typeof("binary").ellipsis is False
    assert isinstance(function.abi, int)
    assert ffi.typeof("void(*)(void)").args == ()
    assert ffi.typeof("void(*)(void)").result is ffi.typeof("void")
    assert ffi.typeof("enum color").elements == {0: "RED", 5: "GREEN", 6: "BLUE"}
    assert ffi.typeof("enum color").relements == {"RED": 0, "GREEN": 5, "BLUE": 6}
    assert ffi.typeof("height").elements == {-1: "BELOW", 0: "LEVEL"}


def test_attributes_that_a_kind_lacks(ffi: Any) -> None:
    for name, attribute in (
        ("int", "item"),
        ("int", "fields"),
        ("int *", "length"),
        ("int *", "fields"),
        ("struct point", "item"),
        ("struct point", "args"),
        ("binary", "item"),
        ("int[3]", "elements"),
        ("int", "nope"),
    ):
        assert not hasattr(ffi.typeof(name), attribute)
        with pytest.raises(AttributeError):
            getattr(ffi.typeof(name), attribute)
    for attribute in ("cname", "kind", "nope"):
        with pytest.raises((AttributeError, TypeError)):
            setattr(ffi.typeof("int"), attribute, "x")


def test_fields(ffi: Any) -> None:
    fields = ffi.typeof("struct point").fields
    assert [name for name, _ in fields] == ["x", "y"]
    assert [field.offset for _, field in fields] == [0, 4]
    assert [field.type for _, field in fields] == [ffi.typeof("int")] * 2
    assert {(field.bitshift, field.bitsize, field.flags) for _, field in fields} == {(-1, -1, 0)}
    assert [name for name, _ in ffi.typeof("big").fields] in (
        ["a", "b", "c", "items", ""],
        ["a", "b", "c", "items", "i", "f"],
    )
    assert ffi.typeof("opaque").fields is None
    assert [field.offset for _, field in ffi.typeof("union number").fields] == [0, 0]


def test_sizeof(ffi: Any) -> None:
    sizes = {
        "char": 1,
        "short": 2,
        "int": 4,
        "long long": 8,
        "double": 8,
        "int[5]": 20,
        "struct point": 8,
        "big": 48,
        "void *": 8,
    }
    sizes.update(
        {"union number": 8, "enum color": 4, "binary": 8, "int[2][3]": 24, "int[0]": 0, "_Bool": 1, "char16_t": 2}
    )
    for name, size in sizes.items():
        if "*" not in name and name != "binary":
            assert ffi.sizeof(name) == size
        assert ffi.sizeof(ffi.typeof(name)) == ffi.sizeof(name)
    assert ffi.sizeof(ffi.new("int *")) == ffi.sizeof("void *")
    assert ffi.sizeof(ffi.new("int[7]")) == 28
    assert ffi.sizeof(ffi.new("struct point *")[0]) == 8
    assert ffi.sizeof(ffi.cast("short", 1)) == 2
    for unknown in ("void", "int[]", "opaque"):
        with pytest.raises((ValueError, *parse_errors(ffi))):
            ffi.sizeof(unknown)
    for wrong in (5, None, 1.5):
        with pytest.raises(TypeError):
            ffi.sizeof(wrong)


def test_alignof(ffi: Any) -> None:
    assert [ffi.alignof(name) for name in ("char", "short", "int", "double", "int[5]", "struct point", "big")] == [
        1,
        2,
        4,
        8,
        4,
        4,
        8,
    ]
    assert ffi.alignof("char *") == ffi.alignof("binary") == ffi.sizeof("void *")
    for unknown in ("void", "opaque"):
        with pytest.raises((ValueError, *parse_errors(ffi))):
            ffi.alignof(unknown)
    with pytest.raises(TypeError):
        ffi.alignof(5)


def test_offsetof(ffi: Any) -> None:
    assert ffi.offsetof("struct point", "y") == 4
    assert ffi.offsetof(ffi.typeof("struct point"), "x") == 0
    assert ffi.offsetof("big", "b") == 8
    assert ffi.offsetof("big", "c", "y") == 20
    assert ffi.offsetof("big", "items", 2) == 32
    assert ffi.offsetof("big", "f") == 40
    assert ffi.offsetof("int[5]", 3) == 12
    assert ffi.offsetof("struct point[3]", 1, "y") == 12
    assert ffi.offsetof("int[2][3]", 1, 2) == 20
    with pytest.raises(KeyError, match="nope"):
        ffi.offsetof("struct point", "nope")
    for args in (
        ("int", "x"),
        ("int", 0),
        ("struct point", 0),
        ("struct point", None),
        ("big", "a", "x"),
        ("big", "a", 0),
    ):
        with pytest.raises(TypeError):
            ffi.offsetof(*args)
    with pytest.raises(TypeError):
        ffi.offsetof("struct point")


def test_addressof_structs_and_arrays(ffi: Any) -> None:
    point = ffi.new("struct point *", (1, 2))
    whole = ffi.addressof(point[0])
    assert ffi.typeof(whole) is ffi.typeof("struct point *")
    assert whole == point
    for target in (point, point[0]):
        field = ffi.addressof(target, "y")
        assert ffi.typeof(field) is ffi.typeof("int *")
        assert field[0] == 2
        field[0] = 2
    big = ffi.new("big *", {"c": (3, 4), "items": [5, 6, 7]})
    assert ffi.addressof(big, "c", "y")[0] == 4
    assert ffi.addressof(big, "items", 1)[0] == 6
    assert ffi.addressof(big.c, "x")[0] == 3
    assert ffi.typeof(ffi.addressof(big, "items")) is ffi.typeof("int(*)[4]")
    assert ffi.typeof(ffi.addressof(big, "c")) is ffi.typeof("struct point *")
    array = ffi.new("int[5]", [0, 1, 2, 3, 4])
    assert ffi.typeof(ffi.addressof(array)) is ffi.typeof("int(*)[5]")
    assert ffi.addressof(array, 2) == array + 2
    assert ffi.addressof(array, 2)[0] == 2
    points = ffi.new("struct point[3]", [(1, 2), (3, 4)])
    assert ffi.addressof(points[1]).x == 3
    assert ffi.addressof(points, 1, "y")[0] == 4


def test_addressof_errors(ffi: Any) -> None:
    point = ffi.new("struct point *")
    with pytest.raises(TypeError):
        ffi.addressof(point)
    with pytest.raises(KeyError, match="nope"):
        ffi.addressof(point, "nope")
    for wrong in (5, None, ffi.cast("int", 5)):
        with pytest.raises(TypeError):
            ffi.addressof(wrong)
    with pytest.raises(TypeError):
        ffi.addressof(point, "x", "y")


def test_addressof_a_library(ffi: Any, lib: Any) -> None:
    function = ffi.addressof(lib, "twice")
    assert function(21) == 42
    assert ffi.typeof(function) is ffi.typeof("int(*)(int)")
    variable = ffi.addressof(lib, "number")
    assert ffi.typeof(variable) is ffi.typeof("int *")
    assert variable[0] == lib.number
    with pytest.raises(AttributeError):
        ffi.addressof(lib, "nope")


@ours_only("CFFI's in-line mode gives something")
def test_constants_have_no_address(ffi: Any, lib: Any) -> None:
    with pytest.raises(AttributeError, match="RED"):
        ffi.addressof(lib, "RED")


@pytest.mark.parametrize(
    ("ctype", "extra", "expected"),
    [
        ("int", "", "int"),
        ("int", "x", "int x"),
        ("int", " x ", "int x"),
        ("int", "*", "int *"),
        ("int *", "x", "int * x"),
        ("int[5]", "x", "int x[5]"),
        ("int[5]", "*", "int(*)[5]"),
        ("int[5]", "[3]", "int[3][5]"),
        ("char *", "[5]", "char *[5]"),
        ("struct point", "*", "struct point *"),
        ("int(*)(int)", "f", "int(* f)(int)"),
        ("int(*)(int)", "*", "int(* *)(int)"),
        ("integer_pointer", "", "int *"),
    ],
)
def test_getctype(ffi: Any, ctype: str, extra: str, expected: str) -> None:
    def squeeze(text: str) -> str:
        return text.replace("* ", "*").replace(" *", "*")

    assert squeeze(ffi.getctype(ctype, extra)) == squeeze(expected)
    assert squeeze(ffi.getctype(ffi.typeof(ctype), extra)) == squeeze(expected)
    if not extra:
        assert ffi.getctype(ctype) == expected


def test_getctype_errors(ffi: Any) -> None:
    with pytest.raises(TypeError):
        ffi.getctype(5)
    with pytest.raises((*parse_errors(ffi), ValueError)):
        ffi.getctype("nope nope")


def test_dir_lists_what_a_type_has(ffi: Any) -> None:
    assert {"cname", "kind", "item"} <= set(dir(ffi.typeof("int *")))
    assert {"cname", "kind", "fields"} <= set(dir(ffi.typeof("struct point")))
    assert "fields" not in dir(ffi.typeof("int"))


def test_list_types(ffi: Any) -> None:
    typedefs, structs, unions = ffi.list_types()
    assert {"big", "height", "color_t", "opaque", "binary", "integer", "triple"} <= set(typedefs)
    assert set(structs) == {"opaque", "point"}
    assert unions == ["number"]
    assert typedefs == sorted(typedefs)


def test_new_accepts_type_objects(ffi: Any) -> None:
    assert ffi.new(ffi.typeof("int *"), 5)[0] == 5
    with pytest.raises(TypeError):
        ffi.new(5)
    with pytest.raises(TypeError):
        ffi.new()
    for ctype in ("int", "struct point", "double", "void"):
        with pytest.raises(TypeError):
            ffi.new(ctype)


def test_types_live_as_long_as_needed(ffi: Any) -> None:
    import gc

    for length in range(1, 500):
        ffi.typeof(f"int[{length}]")
    array = ffi.new("int[499]")
    gc.collect()
    assert ffi.typeof(array) is ffi.typeof("int[499]")
