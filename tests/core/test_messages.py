"""The words of errors that code written for CFFI may compare; what else there is to say is in a note.

PyPy raises most of them itself: they have CFFI's words there, but no notes.
"""

from __future__ import annotations

import sys
from typing import Any

import pytest

from ffi_harness import IS_ORACLE, IS_PYPY, new_ffi, ours_only

CDEF = """
    struct bits { int flag : 1; int three : 3; unsigned two : 2; };
    struct opaque;
    int count(const char *format, ...);
"""
SOURCE = CDEF + "int count(const char *format, ...) { return format[0]; }"


def check(error: BaseException, message: str, note: str, *, ours: bool = False) -> None:
    """``ours``: on PyPy, too, it is ffi_core that raises."""
    if IS_ORACLE or (IS_PYPY and not ours):
        assert str(error) == message
    elif sys.version_info >= (3, 11):
        assert str(error) == message
        assert error.__notes__ == [note]
    else:
        assert str(error) == f"{message} ({note})"


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
    check(caught.value, message, 'its C type says how to pass it: ffi.cast("int", x), ffi.new("char[]", x)')


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
    assert str(caught.value) == (message if IS_ORACLE or IS_PYPY else f"{message} (argument 1 of count())")


def test_callbacks_that_cannot_be_made(ffi: Any) -> None:
    with pytest.raises(NotImplementedError) as caught:
        ffi.callback("struct bits(void)", lambda: None)
    assert str(caught.value).startswith(
        "struct bits(*)(): callback with unsupported argument or return type or with '...'"
    )
    if sys.version_info >= (3, 11) and not IS_ORACLE:
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
    words = "expected integer, got " if IS_PYPY else "an integer is required"  # as CFFI's are there
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
        ("X", "undefined type name\nX\n^"),
    ],
)
def test_types(ffi: Any, text: str, message: str) -> None:
    with pytest.raises(ffi.error) as caught:
        ffi.cast(text, 0)
    assert str(caught.value) == message


@ours_only("CFFI's in-line FFI has another parser")
def test_long_types(ffi: Any) -> None:
    with pytest.raises(ffi.error) as caught:
        ffi.cast("X" * 600, 0)
    check(caught.value, "undefined type name", "at character 0 of a type of 600 characters", ours=True)
