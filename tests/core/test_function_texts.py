"""What functions say of themselves is spelled as their types are, although looking them up does not make the types."""

from __future__ import annotations

from typing import Any

import pytest

from ffi_harness import ours_only

pytestmark = ours_only("its functions are C data in ABI mode")

DECLARED = {
    "nothing": "void {}(void)",
    "number": "int {}(int x, long long y, unsigned z)",
    "signs": "signed char {}(unsigned char a, unsigned short int b, long unsigned int c, long double d)",
    "pointers": "char *{}(const char *a, char *const *b, int **c, const volatile int *restrict d)",
    "constant_number": "const int {}(const double a, float const b)",
    "record": "struct point *{}(struct point *a, const struct point *b, struct point c)",
    "record_of_a_name": "struct constant *{}(struct constant *a, const struct constant *b)",
    "chosen_record": "union either *{}(union either *a)",
    "named": "T *{}(T *a, number_t b, const text_t c, handler_t d, numbers_t e, numbers_t *f, T g)",
    "named_by_others": "size_t {}(uint32_t a, ssize_t *b, int8_t c, bool d, wchar_t e)",
    "chosen": "enum choice {}(enum choice a)",
    "opaque": "struct hidden *{}(struct hidden *a)",
    "arrays": "int {}(int a[5], int b[][4], char *c[])",
    "handlers": "void {}(int (*f)(int, const char *), void (*g)(void))",
    "returns_a_handler": "int (*{}(int a))(const char *)",
    "many": "void {}(" + ", ".join(f"struct point *argument_{i}" for i in range(60)) + ")",
    "some_and_more": "int {}(const char *format, ...)",
}
CDEF = """
    struct point { int x; }; struct constant { int x; }; union either { int x; };
    struct hidden;
    typedef struct { int x; } T;
    typedef unsigned number_t;
    typedef char *text_t;
    typedef void (*handler_t)(int);
    typedef int numbers_t[5];
    enum choice { LEFT, RIGHT };
""" + "".join(f"{text.format(name)};\n" for name, text in DECLARED.items())
SOURCE = (
    "#include <stdbool.h>\n#include <stddef.h>\n#include <stdint.h>\n#include <sys/types.h>\n#include <wchar.h>\n"
    + CDEF
    + "".join(f"{text.format(name)} {{ for (;;) {{ }} }}\n" for name, text in DECLARED.items())
)


@pytest.mark.parametrize("name", DECLARED)
def test_documentation_spells_the_type(ffi: Any, lib: Any, name: str) -> None:
    function = getattr(lib, name)
    head, _, tail = ffi.getctype(ffi.typeof(function)).partition("(*)")
    space = "" if head.endswith(("*", "(")) else " "
    assert function.__doc__.partition("\n\n")[0] == f"{head}{space}{name}{tail};"


def test_documentation_in_words(lib: Any) -> None:
    def text(name: str) -> str:
        return getattr(lib, name).__doc__.partition("\n\n")[0]  # type: ignore[no-any-return]  # lib is Any

    assert text("nothing") == "void nothing();"
    assert text("pointers") == "char *pointers(char *, char * *, int * *, int *);"
    assert text("record_of_a_name") == "struct constant *record_of_a_name(struct constant *, struct constant *);"
    assert text("named") == "T *named(T *, unsigned int, char *, void(*)(int), int *, int(*)[5], T);"
    assert text("named_by_others") == "size_t named_by_others(uint32_t, ssize_t *, int8_t, _Bool, wchar_t);"
    assert text("returns_a_handler") == "int(*returns_a_handler(int))(char *);"
    assert text("some_and_more") == "int some_and_more(char *, ...);"
