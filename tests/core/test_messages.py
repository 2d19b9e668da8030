"""The words of errors that code written for CFFI may compare; what else there is to say is in a note.

PyPy raises most of them itself: they have CFFI's words there, but no notes.
"""

from __future__ import annotations

import re
import sys
from typing import Any

import pytest

from ffi_harness import INLINE, IS_ORACLE, IS_PYPY, new_ffi, ours_only

CDEF = """
    struct bits { int flag : 1; int three : 3; unsigned two : 2; };
    struct opaque;
    int count(const char *format, ...);
    int twice(int x);
"""
SOURCE = CDEF + "int count(const char *format, ...) { return format[0]; } int twice(int x) { return 2 * x; }"


def check(error: BaseException, message: str, note: str, *, ours: bool = False) -> None:
    """``ours``: on PyPy, too, it is ffi_core that raises."""
    if IS_ORACLE or (IS_PYPY and not ours):
        assert str(error) == message
    elif sys.version_info >= (3, 11):
        assert str(error) == message
        assert error.__notes__ == [note]
    else:
        assert str(error) == f"{message} ({note})"


def place(number: int, function: str) -> str:
    """Write the place of an argument as it ends a message."""
    return f" (argument {number} of {function}())"


def test_bit_fields(ffi: Any) -> None:
    bits = ffi.new("struct bits *")
    with pytest.raises(OverflowError) as caught:
        bits.three = -5
    message = "value -5 outside the range allowed by the bit field width: -4 <= x <= 3"
    check(caught.value, message, "bit field 'three': 3 bits of 'int'")


def test_opaque_structs(ffi: Any) -> None:
    pointer = ffi.cast("struct opaque *", 8)
    with pytest.raises(AttributeError) as caught:
        _ = pointer.field
    check(caught.value, "cdata 'struct opaque *' points to an opaque type: cannot read fields", "the field is 'field'")
    with pytest.raises(AttributeError) as caught:
        pointer.field = 1
    check(caught.value, "cdata 'struct opaque *' points to an opaque type: cannot write fields", "the field is 'field'")


def test_slices(ffi: Any) -> None:
    array = ffi.new("int[]", 5)
    with pytest.raises(IndexError) as caught:
        array[4:2]
    check(caught.value, "slice start > stop", "the slice is 4:2")
    with pytest.raises(IndexError) as caught:
        array[6:6]
    check(caught.value, "index too large (expected 6 <= 5)", "slice of cdata 'int[]'")


def test_lengths_of_arrays(ffi: Any) -> None:
    with pytest.raises(TypeError) as caught:
        ffi.new("int[]", 1.5)
    check(
        caught.value,
        "expected new array length or list/tuple/str, not float",
        "initializer for ctype 'int[]'",
        ours=True,
    )


def test_variable_arguments(lib: Any) -> None:
    with pytest.raises(TypeError) as caught:
        lib.count(b"%d", 42)
    message = "argument 2 passed in the variadic part needs to be a cdata object (got int)"
    check(caught.value, message, 'its C type says how to pass it: ffi.cast("int", x), ffi.new("char[]", x)', ours=True)


def test_pointers_of_two_ffis() -> None:
    ffi, other = new_ffi(), new_ffi()
    for each in (ffi, other):
        each.cdef("struct bits { int flag : 1; };")
    with pytest.raises(TypeError, match="appears indeed to be 'struct bits \\*', but the types are different"):
        ffi.new("struct bits **", other.new("struct bits *"))


def test_pointers_of_other_types(ffi: Any) -> None:
    with pytest.raises(TypeError, match=r"initializer for ctype 'int \*' must be a .*, not cdata 'struct bits \*'$"):
        ffi.new("int **", ffi.new("struct bits *"))


def test_the_distance_of_arrays_names_pointers(ffi: Any) -> None:
    with pytest.raises(TypeError, match=r"cannot subtract cdata 'short \*' and cdata 'int \*'"):
        ffi.new("short *") - ffi.new("int[5]")


def test_a_signed_flag_takes_one_too(ffi: Any) -> None:
    bits = ffi.new("struct bits *", {"flag": 1})
    assert bits.flag == -1
    bits.flag = 0
    for wrong in (2, -2):
        with pytest.raises(OverflowError, match="-1 <= x <= 1"):
            bits.flag = wrong
    assert bits.flag == 0


def test_arguments(lib: Any) -> None:
    with pytest.raises(TypeError) as caught:
        lib.count(5)
    message = "initializer for ctype 'char *' must be a cdata pointer, not int"
    assert str(caught.value) == (message if IS_ORACLE else message + place(1, "count"))


@ours_only("our own words")
def test_what_makes_a_pointer_is_said(ffi: Any, lib: Any) -> None:
    cases = [
        (lambda: lib.count("text"), "not str (C has bytes: text is to be encoded)" + place(1, "count")),
        (lambda: lib.count(bytearray(b"text")), "not bytearray (ffi.from_buffer() makes one)" + place(1, "count")),
        (lambda: lib.count(None), "not NoneType (the null pointer is ffi.NULL)" + place(1, "count")),
        (lambda: ffi.new("char **", b"x"), 'not bytes (ffi.new("char[]", x) makes one, which has to be kept)'),
        (lambda: ffi.new("int **", b"x"), "not bytes"),
        (lambda: ffi.new("int(**)(int)", lambda x: x), "not function (ffi.callback() makes one)"),
        (lambda: ffi.new("int(**)(int)", "text"), "not str"),
        (lambda: ffi.new("void **", object()), "not object"),
    ]
    for attempt, words in cases:
        with pytest.raises(TypeError) as caught:
            attempt()
        assert str(caught.value).partition("must be a cdata pointer, ")[2] == words


@ours_only("our own words")
@pytest.mark.parametrize(
    "name", ["C", "Zähler", "Ж" * 30, "l" * 150, "long" * 80], ids=["ascii", "latin", "wide", "long", "cut"]
)
def test_arguments_of_classes_of_any_name(lib: Any, name: str) -> None:
    with pytest.raises(TypeError) as caught:
        lib.twice(type(name, (), {})())
    text = f"an integer is required for ctype 'int', not {name[:200]} (argument 1 of twice())"
    assert caught.value.args == (text,)
    assert type(caught.value) is TypeError


@ours_only("our own words")
@pytest.mark.parametrize("value", [2**31, -(2**31) - 1, 2**63, -(2**64)])
def test_arguments_that_do_not_fit(lib: Any, value: int) -> None:
    with pytest.raises(OverflowError) as caught:
        lib.twice(value)
    assert caught.value.args == (f"integer {value} does not fit 'int'{place(1, 'twice')}",)


@ours_only("our own words")
def test_errors_have_the_context_that_python_gives(lib: Any) -> None:
    outer = KeyError(5)

    def call_within() -> None:
        try:
            raise outer
        except KeyError:
            lib.twice(None)

    with pytest.raises(TypeError) as caught:
        call_within()
    assert caught.value.__context__ is outer


@ours_only("our own words")
def test_arguments_whose_own_code_fails(lib: Any) -> None:
    class Number:
        def __init__(self, error: Exception) -> None:
            self.error = error

        def __index__(self) -> int:
            raise self.error

    class OwnError(ValueError):
        pass

    with pytest.raises(ValueError, match=f"^{re.escape('too late' + place(1, 'twice'))}$"):
        lib.twice(Number(ValueError("too late")))
    own = OwnError("too late", 5)
    with pytest.raises(OwnError) as caught:
        lib.twice(Number(own))
    assert caught.value is own
    assert own.args == ("too late", 5)


@ours_only("our own words")
def test_no_field_of_a_name_that_wants_escapes(ffi: Any) -> None:
    bits = ffi.new("struct bits *")
    for name in ("it's", "a\nb", "größe", "x" * 600, "flag2"):
        with pytest.raises(AttributeError) as caught:
            getattr(bits, name)
        shown = f"'{name}'" if IS_PYPY else repr(name)  # as CFFI's words are there
        assert str(caught.value) == f"cdata 'struct bits *' has no field {shown}"


def test_callbacks_that_cannot_be_made(ffi: Any) -> None:
    with pytest.raises(NotImplementedError) as caught:
        ffi.callback("struct bits(void)", lambda: None)
    assert str(caught.value).startswith(
        "struct bits(*)(): callback with unsupported argument or return type or with '...'"
    )
    if sys.version_info >= (3, 11) and not IS_ORACLE and not IS_PYPY:
        assert caught.value.__notes__[0].startswith("ctype 'struct bits' not supported as return value.")


def test_callbacks_without_a_result(ffi: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda info: seen.append((str(info.exc_value), info.err_msg)))

    def returns() -> int:
        return 5

    ffi.callback("void(void)", returns)()
    about = f"Exception ignored from cffi callback {returns!r}, trying to convert the result back to C"
    assert seen == [("callback with the return type 'void' must return None", about)]


def test_closed_libraries() -> None:
    ffi = new_ffi()
    ffi.cdef("double sin(double);")
    lib = ffi.dlopen("libm.so.6")
    ffi.dlclose(lib)
    with pytest.raises(ffi.error, match=r"library '.*libm\.so\.6' has already been closed"):
        _ = lib.sin


def test_integers(ffi: Any) -> None:
    place = ffi.new("int *")
    # Older PyPys have other words, in their own CFFI too.
    words = "expected integer, got |an integer is required" if IS_PYPY else "an integer is required"
    for wrong in (1.5, None, "1"):
        with pytest.raises(TypeError, match=words):
            place[0] = wrong


@ours_only("CFFI's in-line FFI has another parser")
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "identifier expected\n\n^"),
        ("struct struct", "struct or union name expected\nstruct struct\n       ^"),
        ("\t\n\x01\x1f~\x7f\x80\xff", "identifier expected\n  ??~?????\n  ^"),
        ("X*", "undefined type name\nX*\n^"),
        ("X", "undefined type name\nX\n^"),
        ("unsigned int[1]x", "unexpected symbol\nunsigned int[1]x\n               ^"),
    ],
)
def test_types(ffi: Any, mode: str, text: str, message: str) -> None:
    with pytest.raises(ffi.error) as caught:
        ffi.cast(text, 0)
    if mode == INLINE:  # it has cdef() and cffi's words for what that cannot parse
        shown = message.split("\n")[1]
        message = "unknown identifier 'X'" if text == "X" else f'cannot parse "{shown}"\n{message}'
    assert str(caught.value) == message


@ours_only("CFFI's in-line FFI has another parser")
def test_long_types(ffi: Any) -> None:
    with pytest.raises(ffi.error) as caught:
        ffi.cast("X" * 600, 0)
    check(caught.value, "undefined type name", "at character 0 of a type of 600 characters", ours=True)
