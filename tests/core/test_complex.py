"""Complex numbers, wherever a C type can stand."""

from __future__ import annotations

from typing import Any

import pytest

from ffi_harness import IS_ORACLE, ours_only

PARTS = {"float": "float", "double": "double", "long_double": "long double"}
if IS_ORACLE:
    del PARTS["long_double"]


def per_type(text: str) -> str:
    return "".join(text.replace("NAME", name).replace("TYPE", part) for name, part in PARTS.items())


TYPES = per_type("""
struct s_NAME { TYPE _Complex z; };
struct mixed_NAME { char c; TYPE _Complex z[2]; int i; };
""")
CDEF = (
    TYPES
    + per_type("""
TYPE _Complex twice_NAME(TYPE _Complex);
TYPE _Complex many_NAME(int, TYPE _Complex, double, TYPE _Complex, TYPE _Complex, TYPE _Complex, TYPE _Complex, TYPE _Complex);
struct s_NAME make_NAME(TYPE _Complex);
TYPE _Complex get_NAME(struct s_NAME);
struct mixed_NAME turn_NAME(struct mixed_NAME);
TYPE _Complex call_NAME(TYPE _Complex (*)(int, TYPE _Complex), TYPE _Complex);
extern TYPE _Complex variable_NAME;
""")
    + "extern long double precise;"
    + ("" if IS_ORACLE else "int is_twice_precise(long double _Complex);")
)
SOURCE = (
    "#include <complex.h>\n"
    + TYPES
    + per_type("""
TYPE _Complex twice_NAME(TYPE _Complex z) { return z * 2; }
TYPE _Complex many_NAME(int n, TYPE _Complex a, double x, TYPE _Complex b, TYPE _Complex c, TYPE _Complex d, TYPE _Complex e,
                        TYPE _Complex f)
{
    return n + a + x * b + 2 * c + 3 * d + 4 * e + 5 * f;
}
struct s_NAME make_NAME(TYPE _Complex z) { struct s_NAME s = {z}; return s; }
TYPE _Complex get_NAME(struct s_NAME s) { return s.z; }
struct mixed_NAME turn_NAME(struct mixed_NAME m) { m.z[0] *= I; m.z[1] *= -1; m.i++; return m; }
TYPE _Complex call_NAME(TYPE _Complex (*f)(int, TYPE _Complex), TYPE _Complex z) { return f(3, z); }
TYPE _Complex variable_NAME = 1 + 2 * I;
""")
    + """
long double precise = 9223372036854775809.0L;
int is_twice_precise(long double _Complex z) { return creall(z) == 18446744073709551618.0L; }
"""
)

each = pytest.mark.parametrize(("name", "part"), PARTS.items())
# CFFI calls no function that takes or returns complex numbers without a compiler.
calls = ours_only("by libffi too")


@each
@calls
def test_arguments_and_results(lib: Any, name: str, part: str) -> None:
    twice = getattr(lib, f"twice_{name}")
    for value in (1 + 2j, 1j, 3, -0.5, True):
        assert complex(twice(value)) == 2 * complex(value)


@each
@calls
def test_many_arguments(lib: Any, name: str, part: str) -> None:
    many = getattr(lib, f"many_{name}")
    z = [complex(k, -k - 1) for k in range(6)]
    assert complex(many(7, z[0], 0.5, *z[1:])) == 7 + z[0] + 0.5 * z[1] + 2 * z[2] + 3 * z[3] + 4 * z[4] + 5 * z[5]


@each
@calls
def test_structs_by_value(lib: Any, name: str, part: str) -> None:
    made = getattr(lib, f"make_{name}")(1.5 - 2j)
    assert complex(made.z) == 1.5 - 2j
    assert complex(getattr(lib, f"get_{name}")(made)) == 1.5 - 2j
    turned = getattr(lib, f"turn_{name}")({"c": b"x", "z": [1 + 2j, 3], "i": 4})
    assert (turned.c, complex(turned.z[0]), complex(turned.z[1]), turned.i) == (b"x", -2 + 1j, -3, 5)


@each
@calls
def test_callbacks(ffi: Any, lib: Any, name: str, part: str) -> None:
    callback = ffi.callback(f"{part} _Complex(int, {part} _Complex)", lambda n, z: n * complex(z) * 1j)
    assert complex(getattr(lib, f"call_{name}")(callback, 1 + 2j)) == -6 + 3j


@each
def test_variables(ffi: Any, lib: Any, name: str, part: str) -> None:
    assert complex(getattr(lib, f"variable_{name}")) == 1 + 2j
    setattr(lib, f"variable_{name}", 5)
    assert complex(ffi.addressof(lib, f"variable_{name}")[0]) == 5
    setattr(lib, f"variable_{name}", 1 + 2j)


@each
def test_arrays_and_members(ffi: Any, name: str, part: str) -> None:
    array = ffi.new(f"{part} _Complex[]", [1j, 2, 3 - 4j])
    assert [complex(z) for z in array] == [1j, 2, 3 - 4j]
    array[0:2] = [5, 6j]
    assert [complex(z) for z in array[0:2]] == [5, 6j]
    mixed = ffi.new(f"struct mixed_{name} *", {"z": [1j]})
    mixed.z[1] = 2.5
    assert [complex(z) for z in mixed.z] == [1j, 2.5]


@each
def test_numbers(ffi: Any, name: str, part: str) -> None:
    ctype = f"{part} _Complex"
    z = ffi.cast(ctype, 1 + 2j)
    assert complex(z) == 1 + 2j
    assert bool(z)
    assert not bool(ffi.cast(ctype, 0j))
    assert IS_ORACLE or repr(z) == f"<cdata '{ctype}' (1+2j)>"
    assert complex(ffi.cast(ctype, 2)) == complex(ffi.cast(ctype, ffi.cast("double", 2))) == 2
    for refused in (int, float):
        with pytest.raises(TypeError):
            refused(z)
    assert ffi.typeof(ctype).kind == "primitive"
    assert ffi.sizeof(ctype) == 2 * ffi.sizeof(part)


@each
def test_wrong_types(ffi: Any, name: str, part: str) -> None:
    item = ffi.new(f"{part} _Complex *", 1j)
    for wrong in ("1", None, b"1", ffi.NULL):
        with pytest.raises(TypeError):
            item[0] = wrong
    assert complex(item[0]) == 1j


@ours_only("it compares such numbers by identity")
def test_equal_numbers_have_equal_hashes(ffi: Any) -> None:
    z = ffi.cast("double _Complex", 1 + 2j)
    assert z == 1 + 2j
    assert hash(z) == hash(1 + 2j)


@ours_only("it has no long double _Complex")
def test_long_double_keeps_its_precision(ffi: Any, lib: Any) -> None:
    """A Python complex has doubles; a cdata passes through whole."""
    z = ffi.cast("long double _Complex", lib.precise)
    assert lib.is_twice_precise(lib.twice_long_double(z))
    array = ffi.new("long double _Complex[1]", [lib.precise])
    assert lib.is_twice_precise(lib.twice_long_double(array[0]))
    assert not lib.is_twice_precise(2.0**64)
