"""``lib``: functions, variables and constants by name."""

from __future__ import annotations

import dis
import pydoc
import sys
import sysconfig
import weakref
from typing import Any

import pytest

from ffi_harness import ABI_MODES, API, IS_ORACLE, IS_PYPY, Builder, collect, new_ffi, ours_only

TYPES = """
#define MACRO 42
#define NEGATIVE -7
#define HEXADECIMAL 0xFF
enum color { RED, GREEN = 5, BLUE };
enum { ANONYMOUS = 1000, BIG = 0x7fffffff };
typedef enum { BELOW = -3, LEVEL = 0 } height;
typedef struct { int x; double y; } point;
"""
CDEF = (
    TYPES
    + """
int add(int, int);
extern int number;
extern unsigned char small;
extern double real;
extern _Bool flag;
extern char letter;
extern char *text;
extern int numbers[4];
extern point place;
extern point *place_pointer;
extern int (*operation)(int, int);
extern enum color paint;
extern const int fixed;
extern char *const fixed_text;
extern const int fixed_table[2];
extern int (*const fixed_operation)(int, int);
typedef const point fixed_point;
extern fixed_point fixed_place;
int read_number(void);
double read_place(void);
int run_operation(int, int);
int missing_function(void);
extern int missing_variable;
"""
)
SOURCE = (
    TYPES
    + """
int add(int a, int b) { return a + b; }
static int subtract(int a, int b) { return a - b; }
int number = 5;
unsigned char small = 200;
double real = 2.5;
_Bool flag = 1;
char letter = 'L';
char *text = "some text";
int numbers[4] = {1, 2, 3, 4};
point place = {3, 4.5};
point *place_pointer = &place;
int (*operation)(int, int) = subtract;
enum color paint = GREEN;
const int fixed = 77;
char *const fixed_text = "fixed";
const int fixed_table[2] = {1, 2};
int (*const fixed_operation)(int, int) = subtract;
const point fixed_place = {5, 6.5};
int read_number(void) { return number; }
double read_place(void) { return place.x + place.y; }
int run_operation(int a, int b) { return operation(a, b); }
"""
)
API_CDEF = CDEF.replace("int missing_function(void);\nextern int missing_variable;\n", "")


@pytest.fixture
def built(mode: str, builder: Any) -> Any:
    """Build; in API mode without what the library lacks, for the linker would tell."""
    return builder.build(mode, API_CDEF if mode == API else CDEF, SOURCE)


def test_functions(lib: Any) -> None:
    assert lib.add(1, 2) == 3
    assert callable(lib.add)


def test_functions_are_keys(lib: Any) -> None:
    function = lib.add
    numbers = {function: 1}
    before = hash(function)
    assert function(1, 2) == 3
    assert hash(lib.add) == before
    assert numbers[lib.add] == 1


def test_functions_of_opened_libraries_are_c_data(ffi: Any, lib: Any, mode: str) -> None:
    # In generated modules they are builtin functions, for users of CFFI too.
    assert isinstance(lib.add, ffi.CData) is (mode in ABI_MODES)
    assert isinstance(ffi.addressof(lib, "add"), ffi.CData)
    for other in (len, lib, ffi, 5, None, ffi.typeof("int"), ffi.CData):
        assert not isinstance(other, ffi.CData)


def test_functions_keep_their_lib_alive(builder: Builder) -> None:
    ffi = new_ffi()
    ffi.cdef(CDEF)
    lib = ffi.dlopen(str(builder.shared_library(SOURCE)))
    read, known = lib.read_number, weakref.ref(lib)
    del lib
    collect()
    assert known() is not None
    assert isinstance(read(), int)
    del read
    if not IS_ORACLE:
        collect()
        assert known() is None  # in CFFI it lives as long as ffi


@pytest.mark.skipif(
    sys.implementation.name != "cpython"
    or sys.version_info < (3, 12)
    or bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    reason="the interpreter's caches of look-ups serve such objects from Python 3.12 on, with the GIL",
)
@ours_only("CFFI's objects are none that they serve")
def test_the_interpreter_caches_look_ups(lib: Any) -> None:
    def call() -> int:
        return int(lib.read_number())

    for _ in range(100):
        call()
    instructions: Any = dis.get_instructions  # `adaptive` is known from Python 3.11 on
    names = {instruction.opname for instruction in instructions(call, adaptive=True)}
    assert names & {"LOAD_ATTR_WITH_HINT", "LOAD_ATTR_INSTANCE_VALUE"}


def test_constants(lib: Any) -> None:
    assert (lib.MACRO, lib.NEGATIVE, lib.HEXADECIMAL) == (42, -7, 255)
    assert (lib.RED, lib.GREEN, lib.BLUE) == (0, 5, 6)
    assert (lib.ANONYMOUS, lib.BIG, lib.BELOW, lib.LEVEL) == (1000, 0x7FFFFFFF, -3, 0)
    assert type(lib.MACRO) is int


@ours_only("CFFI's in-line mode lets them be deleted")
def test_constants_cannot_be_written(lib: Any) -> None:
    for name in ("MACRO", "RED", "add"):
        with pytest.raises(AttributeError):
            setattr(lib, name, 5)
    assert lib.MACRO == 42
    for name in ("MACRO", "add", "number"):
        with pytest.raises(AttributeError):
            delattr(lib, name)


def test_variables_are_read_and_written_in_place(lib: Any) -> None:
    assert lib.number == 5
    lib.number = -6
    assert lib.read_number() == lib.number == -6
    lib.number = 5
    assert (lib.small, lib.real, lib.flag, lib.letter) == (200, 2.5, True, b"L")
    lib.small, lib.real, lib.flag, lib.letter = 7, -0.5, False, b"M"
    assert (lib.small, lib.real, lib.flag, lib.letter) == (7, -0.5, False, b"M")
    lib.small, lib.real, lib.flag, lib.letter = 200, 2.5, True, b"L"


@pytest.mark.skipif(IS_PYPY, reason="there they are methods in Python, which fail as Python does")
def test_names_are_strings(lib: Any) -> None:
    for name in ("__setattr__", "__delattr__", "__getattribute__", "__getattr__"):
        if hasattr(type(lib), name):
            with pytest.raises(TypeError, match="must be string"):
                getattr(lib, name)(*(5, 5)[: 1 + (name == "__setattr__")])


@ours_only("CFFI's in-line mode has properties, and its modules no such objects")
@pytest.mark.skipif(IS_PYPY, reason="there a variable is a property of the type, in Python")
def test_variables_belong_to_a_lib(lib: Any) -> None:
    assert lib.number == 5
    variable = vars(lib)["number"]
    assert variable.__get__(lib) == 5
    for other in (5, object(), lib.add):
        with pytest.raises(TypeError, match="'number' belongs to a lib, not to a '.*' object"):
            variable.__get__(other)
        with pytest.raises(TypeError, match="'number' belongs to a lib, not to a '.*' object"):
            variable.__set__(other, 7)
    assert lib.number == 5


@ours_only("CFFI's in-line mode loses variables of enum types")
def test_enum_variables(lib: Any) -> None:
    assert lib.paint == lib.GREEN
    lib.paint = lib.BLUE
    assert lib.paint == 6
    lib.paint = lib.GREEN


def test_variables_check_types_and_ranges(lib: Any) -> None:
    for value in ("5", None, 1.5):
        with pytest.raises(TypeError):
            lib.number = value
    with pytest.raises(OverflowError):
        lib.number = 1 << 31
    with pytest.raises(OverflowError):
        lib.small = 256
    with pytest.raises(TypeError):
        lib.text = "text"
    assert (lib.number, lib.small) == (5, 200)


def test_pointer_variables(ffi: Any, lib: Any) -> None:
    original = lib.text
    assert ffi.string(lib.text) == b"some text"
    replacement = ffi.new("char[]", b"other")
    lib.text = replacement
    assert lib.text == replacement
    lib.text = ffi.NULL
    assert lib.text == ffi.NULL
    lib.text = original
    assert lib.place_pointer.x == 3
    assert lib.place_pointer == ffi.addressof(lib, "place")


def test_array_variables(ffi: Any, lib: Any) -> None:
    assert list(lib.numbers) == [1, 2, 3, 4]
    assert ffi.typeof(lib.numbers) is ffi.typeof("int[4]")
    lib.numbers[1] = 20
    assert lib.numbers[1] == 20
    lib.numbers[1] = 2
    with pytest.raises(IndexError):
        lib.numbers[4]


def test_struct_variables(ffi: Any, lib: Any) -> None:
    assert (lib.place.x, lib.place.y) == (3, 4.5)
    lib.place.x = 10
    assert lib.read_place() == 14.5
    lib.place.x = 3
    assert lib.read_place() == 7.5


def test_function_pointer_variables(ffi: Any, lib: Any) -> None:
    original = lib.operation
    assert lib.operation(5, 3) == 2
    callback = ffi.callback("int(int, int)", lambda a, b: a * b)
    lib.operation = callback
    assert lib.run_operation(6, 7) == 42
    lib.operation = original
    assert lib.run_operation(6, 7) == -1


def test_addresses_of_variables(ffi: Any, lib: Any) -> None:
    pointer = ffi.addressof(lib, "number")
    assert ffi.typeof(pointer) is ffi.typeof("int *")
    pointer[0] = 123
    assert lib.number == 123
    lib.number = 5
    assert pointer[0] == 5


@ours_only("CFFI's in-line mode gives the array")
def test_addresses_of_array_variables(ffi: Any, lib: Any) -> None:
    assert ffi.typeof(ffi.addressof(lib, "numbers")) is ffi.typeof("int(*)[4]")
    assert ffi.addressof(lib, "numbers")[0][1] == 2


@ours_only("CFFI takes them for constants, which a library cannot tell")
def test_const_variables_can_be_read(lib: Any) -> None:
    assert lib.fixed == 77


@pytest.mark.parametrize("name", ["fixed", "fixed_text", "fixed_table", "fixed_operation", "fixed_place"])
@pytest.mark.parametrize("read_first", [True, False], ids=["read", "unread"])
@ours_only("CFFI's in-line mode has no constants that are not in the cdef")
def test_const_variables_cannot_be_written(ffi: Any, lib: Any, name: str, read_first: bool) -> None:
    # Their memory is read-only in most libraries: writing would end the process.
    value = getattr(lib, name) if read_first else 0
    with pytest.raises(AttributeError, match=f"cannot write to '{name}': it is declared const"):
        setattr(lib, name, value)
    assert lib.fixed == 77
    assert ffi.string(lib.fixed_text) == b"fixed"
    assert list(lib.fixed_table) == [1, 2]
    assert lib.fixed_operation(5, 3) == 2
    assert lib.fixed_place.x == 5


def test_dir(lib: Any) -> None:
    assert lib.MACRO == 42
    names = dir(lib)
    assert len(names) == len(set(names))
    assert {"add", "number", "numbers", "MACRO", "RED", "ANONYMOUS", "BELOW", "place"} <= set(names)
    assert names == sorted(names)
    assert "color" not in names


@ours_only("CFFI stops at the first symbol that is missing")
def test_dict_has_all(lib: Any, mode: str) -> None:
    everything = dict(vars(lib))
    missing = {"missing_function", "missing_variable"} if mode != API else set()
    assert sorted({*everything, *missing}) == dir(lib)
    assert everything["add"] is lib.add
    assert (everything["MACRO"], everything["GREEN"]) == (42, 5)
    assert not isinstance(everything["number"], int)
    everything["add"] = lib.__dict__["MACRO"] = None
    assert lib.add(2, 3) == 5
    assert lib.MACRO == 42


@ours_only("CFFI's libraries of in-line ABI mode are other objects")
def test_it_passes_for_a_module(lib: Any) -> None:
    assert isinstance(lib, type(sys))
    assert "MACRO = 42" in pydoc.plain(pydoc.render_doc(lib))


@ours_only("CFFI's libraries of in-line ABI mode are other objects")
def test_its_help_has_the_functions(lib: Any) -> None:
    text = pydoc.plain(pydoc.render_doc(lib))
    assert "int add(int, int);" in text


@ours_only("CFFI's functions of ABI mode are cdata")
def test_functions_document_themselves(lib: Any, mode: str) -> None:
    declaration, _, rest = lib.add.__doc__.partition("\n\n")
    assert declaration == "int add(int, int);"
    assert rest == (f"CFFI C function from {lib.__name__}" if mode == API else "")


def test_unknown_names_raise_attribute_error(lib: Any) -> None:
    with pytest.raises(AttributeError, match="nope"):
        lib.nope
    with pytest.raises(AttributeError, match="nope"):
        lib.nope = 5
    assert not hasattr(lib, "nope")
    assert getattr(lib, "nope", 7) == 7


@ours_only("CFFI gives no suggestion")
def test_unknown_names_suggest_a_near_one(lib: Any) -> None:
    with pytest.raises(AttributeError, match="number"):
        lib.numbr


def distance(a: str, b: str) -> int:
    row = list(range(len(b) + 1))
    for i, left in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, right in enumerate(b, 1):
            before, row[j] = row[j], min(before + (left != right), row[j] + 1, row[j - 1] + 1)
    return row[-1]


@ours_only("CFFI gives no suggestion")
def test_suggestions_are_the_nearest_names(lib: Any) -> None:
    names = dir(lib)
    wanted = {name[:i] + "x" + name[i + cut :] for name in names for i in range(len(name)) for cut in (0, 1, 3)}
    for name in sorted(word for word in wanted - set(names) if len(word) > 2 and not word.startswith("__")):
        with pytest.raises(AttributeError) as caught:
            getattr(lib, name)
        _, _, suggestion = str(caught.value).partition("Did you mean ")
        nearest = min(distance(name, other) for other in names)
        if nearest <= len(name) // 3:
            assert distance(name, suggestion.strip("'?")) == nearest
        else:
            assert not suggestion


@ours_only("CFFI raises KeyError or ffi.error in some cases")
def test_missing_symbols_raise_attribute_error(ffi: Any, lib: Any, mode: str) -> None:
    if mode == API:
        pytest.skip("the linker tells")
    for name in ("missing_function", "missing_variable"):
        with pytest.raises(AttributeError, match=name):
            getattr(lib, name)
        assert not hasattr(lib, name)
    with pytest.raises(AttributeError, match="missing_variable"):
        lib.missing_variable = 5
    assert lib.add(1, 2) == 3


def test_functions_are_the_same_object_each_time(lib: Any) -> None:
    assert lib.add is lib.add


def test_functions_as_pointers(ffi: Any, lib: Any) -> None:
    function = ffi.addressof(lib, "add")
    assert function(2, 3) == 5
    assert ffi.cast("void *", function) == ffi.cast("void *", ffi.addressof(lib, "add"))
    original = lib.operation
    lib.operation = lib.add
    assert lib.run_operation(2, 3) == 5
    lib.operation = original


def test_integer_const(ffi: Any) -> None:
    if not hasattr(ffi, "integer_const"):
        pytest.skip("CFFI's in-line FFI has none")
    assert ffi.integer_const("MACRO") == 42
    assert ffi.integer_const("GREEN") == 5
    with pytest.raises(AttributeError):
        ffi.integer_const("nope")
