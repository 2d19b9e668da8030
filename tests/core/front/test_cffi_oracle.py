"""The same declarations are accepted as CFFI accepts, apart from differences that are meant."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

from ffi_core.front import CDefError, parse

cffi: Any = pytest.importorskip("cffi", minversion="2.1")  # PyPy 3.9 has an older one built in

BOTH_ACCEPT = r"""
typedef int... T;
typedef unsigned... T;
typedef long... T;
typedef float... T;
typedef double... T;
typedef char... T;
typedef ... T;
typedef ... *T;
typedef ... T, *P;
typedef struct { ...; } T;
typedef struct { int x; } *PT;
typedef struct { int x; } **A;
typedef struct { int x; } A[3];
typedef struct { int x; } F(int);
typedef enum { Q } *E;
struct { int x; } v;
int a[...];
int a[...][...];
int a[5][...];
int a[...][5];
typedef int a[...];
struct s { int a[...]; };
struct s { int a[...]; ...; };
static const int X;
static const int X = 5;
const int x;
static char *const s;
static const int a[];
static const double d;
static const double d = 5.0;
extern const int X = 3;
int x = 5;
int x[] = {1, 2};
char s[] = "abc";
#define X 5
#define X ...
#define X 0x10u
#define X -5
#define X 010
#define X 5 // five
#define X 5LL
#  define   X\t5
 #define X 5
static inline int f(int);
inline int f(int);
static int f(int);
#pragma once
#line 5 "a.h"
# 5 "a.h"
struct s; struct s { int x; };
struct s { int x; }; struct s;
typedef int T; typedef int T;
int x; int x;
enum e;
enum e {...};
extern "Python" int f(int);
extern "Python" { int f(int); int g(void); }
extern "Python" { int f(int); };
extern "Python+C" int f(int);
extern "Python" static int f(int);
extern "Python" int f(int), g(int);
FILE *f(void);
typedef struct _IO_FILE FILE;
int f(bool);
typedef unsigned char bool; int f(bool);
typedef int uint8_t;
int __stdcall f(int);
typedef int (__stdcall *f)(int);
int WINAPI f(int);
typedef int (__cdecl *f)(int);
int f(int (WINAPI *)(int));
int f(int(int[5]));
int f(void);
int f();
struct s x;
struct s { struct t x; };
struct s { int :0; int :3; int y; };
struct s {};
struct s { int a[0]; };
int a[];
struct s { struct { int a, b; }; union { int c; float d; }; };
struct s { struct s *next; };
typedef struct s S; struct s { S *n; };
union u { int x; struct { int y; char z; }; };
struct s { enum { A, B } k; };
struct s { enum e { A, B } k; struct in { int q; } r; };
struct s { union { int a; }; ...; };
struct s; union s;
int f(register int x);
;
int x;;
int *restrict x;
_Atomic int x;
_Atomic(int) x;
_Noreturn void f(void);
_Thread_local int x;
register int x;
volatile int x;
float _Complex c;
double _Complex c;
_cffi_float_complex_t x;
int f(struct s { int x; } *);
struct { int x; } f(void);
enum { A = 1 };
enum { A = -1, B = 1 };
enum { A = 1 << 3 };
enum { A = 5 / 2, B = 5 % 2, C = -5 / 2, D = 5u };
enum { A = ... };
enum { A, B, ... };
enum { A = 0x7fffffff, B };
enum { A = 0x8000000000000000 };
int a[2 + 3];
int f(int x[static 5]);
int (*f(int))(float);
int *(*(*f)[3])(void);
typedef int F(int); F f, g;
typedef int F(int); int g(F);
typedef void V; int f(V);
typedef const struct { int x; } T;
const struct s { int x; } v;
int f(int), g(int), x;
typedef int A, B[5], *C;
typedef int T; struct T { T x; };
#define X \\n 5\n
int f(void) /* c */; // d\nint g(void);
"""

# CFFI takes these as they are; here an error says what is wrong with them.
ONLY_CFFI_ACCEPTS = r"""
void x;
void a[5];
int a[3](int);
int f(int)[3];
int f(int)(int);
int f(void, int);
int f(void v);
int int_x; int int_x(void);
struct s { struct s x; };
struct s { void x; };
struct s { int f(int); };
struct s { int x; int x; };
struct s { struct { int x; }; int x; };
struct s { struct t { int x; }; int y; };
struct s { float x : 3; };
struct s { int x : 33; };
struct s { int x : 0; };
struct s { int x : -1; };
struct s { int a[]; int b; };
struct s { int a[-1]; };
struct s { ...; int x; };
struct s { int x; ...; int y; };
#define X 5\n#define X 6
#pragma pack(3)
__stdcall int x;
signed unsigned x;
"""

BOTH_REFUSE = r"""
int f(int...);
int... x;
typedef ... **T;
typedef ... T[5];
int f(int a[...]);
int (*a)[...];
static const int X = ...;
#define X
#define X 3.5
#define X "abc"
#define X int
#define f(x) 5
#define X ....
int f(int x) { return x; }
static inline int f(int x) { return x; }
#include <a.h>
#ifdef X
#undef X
#error foo
int f(int); int f(long);
int f(const char *); int f(char *);
int x; long x;
struct s { int x; }; struct s { int y; };
typedef int T; typedef long T;
typedef int T; int T;
enum e { A }; enum f { B, A };
int f(T);
int f(a, b);
extern "Python" int x;
extern "Python" { int f(int);
int f(...);
struct s { int; };
struct s {...};
f(int);
x;
const x;
int;
long long long x;
short char x;
unsigned float f(int);
long float x;
int x : 3;
int f(int, foo *);
int f(
enum { A = X };
enum { A = 2 + ... };
enum e {};
int x[n];
complex double x;
int x y;
/* never closed
int @;
"""

# Extensions: CFFI refuses these.
ONLY_WE_ACCEPT = r"""
#define X 5+1
#define X (5)
#define X 'a'
#define X ~5
#define X 0b11
#define A 1\n#define B A
int f(int); int f(int);
struct s { int x; }; struct s { int x; };
enum e { A }; enum e { A };
enum e; enum e { A };
typedef int T; int f(T); int f(int);
int f(int a[5]); int f(int *);
extern "C" int f(int);
extern "C" { int f(int); }
extern "Python" { struct s { int x; }; typedef int T; void f(T); }
int x[sizeof(int)];
enum { A = ~0, B = !0, C = 1 > 0, D = (int)5, E = 1 ? 2 : 3, F = '\x41', G = 1 && 2 };
int f(int n, int x[n]);
int f(int x[*]);
__int128 x;
long double _Complex c;
long int unsigned x;
int * __restrict x;
__extension__ int x;
__const int x;
__signed__ int x;
int x __attribute__((aligned(8)));
_Static_assert(1, "x");
int \\n f(void);
"""


def cases(text: str) -> list[str]:
    """One per line, with line breaks and tabs as escapes."""
    return [line.replace("\\n", "\n").replace("\\t", "\t") for line in text.strip("\n").split("\n")]


def we_accept(text: str) -> bool:
    try:
        parse(text)
    except CDefError:
        return False
    return True


def cffi_accepts(text: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            cffi.FFI().cdef(text)
        except (cffi.CDefError, cffi.FFIError, ValueError, NotImplementedError, ZeroDivisionError):
            return False
    return True


@pytest.mark.parametrize("text", cases(BOTH_ACCEPT))
def test_both_accept(text: str) -> None:
    assert (we_accept(text), cffi_accepts(text)) == (True, True)


@pytest.mark.parametrize("text", cases(BOTH_REFUSE))
def test_both_refuse(text: str) -> None:
    assert (we_accept(text), cffi_accepts(text)) == (False, False)


@pytest.mark.parametrize("text", cases(ONLY_CFFI_ACCEPTS))
def test_only_cffi_accepts(text: str) -> None:
    assert (we_accept(text), cffi_accepts(text)) == (False, True)


@pytest.mark.parametrize("text", cases(ONLY_WE_ACCEPT))
def test_only_we_accept(text: str) -> None:
    assert (we_accept(text), cffi_accepts(text)) == (True, False)
