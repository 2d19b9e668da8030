"""What is pasted from real headers: either it means what it means in C, or the error says where it stands."""

from __future__ import annotations

from typing import Optional

import pytest

from ffi_core.front import CDefError, parse, python_table

GUARDED = """
#ifdef __cplusplus
extern "C" {
#endif

#if defined(__cplusplus) /* twice, as when two headers are pasted */
#  include <string>
#  if __cplusplus > 201103L
class Unknown final {};
#  else
#    define final
#  endif
inline int overloaded(std::string s) { return "}"[0]; }
#endif // __cplusplus

#ifndef __cplusplus
typedef _Bool flag;
#else
typedef bool flag;
#endif

__extension__ typedef long long big;
extern flag check(const char *__restrict text, big n) __attribute__((__nothrow__, __nonnull__ (1)));
_Noreturn void leave(int) __attribute__((noreturn));
static __inline int plain(int);
__inline__ int also_plain(void);
_Static_assert(sizeof(int) == 4, "int");
struct __attribute__((__packed__)) pair { char a; int b __attribute__((deprecated)); };
int printed(const char *, ...) __attribute__((format(printf, 1, 2)));
int __cdecl conventional(void);
int WINAPI windows(void);
__declspec(dllimport) int imported(void);
typedef struct list { struct list *next, *prev; } list;
extern volatile const int counter;
void fill(int array[static 3], int matrix[][4], int (*rows)[4], char name[*]);
int old_style();

#ifdef __cplusplus
}
#endif
"""


def test_a_header() -> None:
    globals_, types = python_table(parse(GUARDED))
    assert globals_["check"] == ("function", "flag (char const *restrict, big)", 0)
    assert globals_["printed"] == ("function", "int (char const *, ...)", 0)
    assert set(str(globals_["counter"][1]).split()) == {"int", "volatile", "const"}
    assert types["struct pair"][3] == -1
    expected = "also_plain check conventional counter fill imported leave old_style plain printed windows"
    assert sorted(globals_) == expected.split()


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("#include <stdio.h>", 1, 1, "'#include' cannot be used here"),
        ("#ifndef X_H\n#define X_H\n#endif", 1, 1, "'#ifndef' cannot be used here"),
        ("\n#ifdef __cplusplus\nint f(int);", 2, 1, "never closed: there is no #endif"),
        ("#endif", 1, 1, "'#endif' cannot be used here"),
        ("#ifdef __cplusplus\n#elif X\n#endif", 2, 1, "'#elif' cannot be used here"),
        ("#if __cplusplus\n#endif", 1, 1, "'#if' cannot be used here"),
        ('int f(int) __asm__("g");', 1, 12, "assembler names are not supported"),
        ("static inline int f(int x) { return x; }", 1, 19, "function 'f' has a body"),
        ("int g(void);\n  int f(int x)\n{\n  if (x) { return 1; }\n}", 2, 7, "function 'f' has a body"),
        ("typeof(int) x;", 1, 1, "'typeof' is not supported"),
        ("int x = 5;;;int f(int", 1, 18, "never closed"),
        ("#define MAX(a, b) ((a) > (b) ? (a) : (b))", 1, 1, "macros with parameters"),
        ("#define API __attribute__((visibility))", 1, 13, ""),
        ("API int f(void);", 1, 1, "unknown type 'API'"),
        ("template <class T> T f(T);", 1, None, ""),
        ("class X;", 1, 1, "unknown type 'class'"),
        ("int f(int &x);", 1, 11, ""),
        ("struct s { int x; } __attribute__((vector_size(16)));", 1, 36, "'vector_size' is not supported"),
        ("int x __attribute__((mode(DI)));", 1, 22, "'mode' is not supported"),
        ('_Static_assert(sizeof(int) == 8, "");', 1, None, "static assertion fails"),
        ("int a[-1];", 1, 8, "negative"),
    ],
)
def test_what_cannot_be_read(text: str, line: int, column: Optional[int], words: str) -> None:
    with pytest.raises(CDefError) as caught:
        parse(text)
    place = caught.value.place
    assert place is not None
    assert words in caught.value.message
    assert place.line == line
    assert column is None or place.column == column
    assert "^" in str(caught.value)
