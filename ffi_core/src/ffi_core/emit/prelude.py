"""The parts of a generated C file that are the same in all of them."""

from __future__ import annotations

from typing import Final

MACROS: Final = """\
#if defined(_WIN32)
#  define FFIC_EXPORT __declspec(dllexport)
#  define FFIC_IMPORT extern __declspec(dllimport)
#else
#  define FFIC_EXPORT __attribute__((visibility("default")))
#  define FFIC_IMPORT extern
#  if !defined(__stdcall)
#    define __stdcall
#  endif
#endif

#if defined(__GNUC__)
#  define FFIC_CHECK static __attribute__((unused))
#  define FFIC_PACKED __attribute__((packed))
#  define FFIC_ALIGNED(n) __attribute__((aligned(n)))
#  if defined(__cplusplus)
#    define FFIC_ALIGNOF(t) alignof(t)
#  else
#    define FFIC_ALIGNOF(t) _Alignof(t)
#  endif
#else
#  define FFIC_CHECK static
#  define FFIC_PACKED
#  define FFIC_ALIGNED(n) __declspec(align(n))
#  define FFIC_ALIGNOF(t) __alignof(t)
#endif

#if defined(__cplusplus)
#  if !defined(_Bool)
#    define _Bool bool
#  endif
#  if !defined(restrict)
#    define restrict __restrict
#  endif
extern "C" {
#endif

/* A declaration that does not fit the C code is an error, not a warning. */
#if defined(__clang__)
#  pragma clang diagnostic error "-Wimplicit-function-declaration"
#  pragma clang diagnostic error "-Wincompatible-pointer-types"
#  pragma clang diagnostic warning "-Wincompatible-pointer-types-discards-qualifiers"
#  pragma clang diagnostic error "-Wint-conversion"
#  pragma clang diagnostic ignored "-Wconstant-conversion"
#elif defined(__GNUC__) && __GNUC__ >= 5 && !defined(__cplusplus)
#  pragma GCC diagnostic error "-Wimplicit-function-declaration"
#  pragma GCC diagnostic error "-Wincompatible-pointer-types"
#  pragma GCC diagnostic error "-Wint-conversion"
#  pragma GCC diagnostic ignored "-Woverflow"
#elif defined(_MSC_VER)
#  pragma warning(error : 4013 4047 4133)
#endif
/* The declarations are the user's, and so is what there is to say of them; no pointer to a member is used. */
#if defined(__clang__) || (defined(__GNUC__) && __GNUC__ >= 9)
#  pragma GCC diagnostic ignored "-Wignored-qualifiers"
#  pragma GCC diagnostic ignored "-Waddress-of-packed-member"
#endif

typedef void (*ffic_function)(void);
/* p and t: where the name and the type stand in ffic_texts. */
#define FFIC_FUNCTION_ROW(n, p, t, f) {(ffic_function)ffic_call_##n, 0, p, t, 0, FFIC_FUNCTION, f}
#define FFIC_WIDE_ROW(n, p, t, i, f) {(ffic_function)ffic_call_##n, 0, p, t, i, FFIC_FUNCTION, FFIC_WIDE | f}
#define FFIC_VARIADIC_ROW(n, p, t, f) {(ffic_function)n, 0, p, t, 0, FFIC_FUNCTION, FFIC_VARIADIC | f}
#define FFIC_VARIABLE_ROW(n, p, t, s) {(ffic_function)ffic_variable_##n, s, p, t, 0, FFIC_VARIABLE, 0}
#define FFIC_INTEGER_ROW(p, t, i) {0, 0, p, t, i, FFIC_CONSTANT, 0}
#define FFIC_CONSTANT_ROW(n, p, t) {(ffic_function)ffic_constant_##n, 0, p, t, 0, FFIC_CONSTANT, 0}
#define FFIC_PYTHON_ROW(n, p, t, i) {(ffic_function)n, 0, p, t, i, FFIC_PYTHON, 0}

#define FFIC_IS_SIGNED(t) ((t)-1 > (t)0 ? 0 : FFIC_SIGNED)
#define FFIC_TYPEDEF_ROW(p, t, s) {p, t, s, 0, 0, 0, 0, 0, FFIC_TYPEDEF, 0}
#define FFIC_NUMBER_ROW(n, p, s) {p, 0, s, 0, FFIC_ALIGNOF(n), 0, 0, 0, FFIC_INTEGER, FFIC_IS_SIGNED(n)}
#define FFIC_FLOATING_ROW(n, p) {p, 0, sizeof(n) * ((n)0.5 > 0), 0, FFIC_ALIGNOF(n), 0, 0, 0, FFIC_FLOATING, 0}
#define FFIC_ENUM_ROW(p, l, t, f) {p, l, sizeof(t), 0, FFIC_ALIGNOF(t), 0, 0, 0, FFIC_ENUM, FFIC_IS_SIGNED(t) | f}
#define FFIC_OPAQUE_ROW(p) {p, 0, 0, 0, 0, 0, 0, 0, FFIC_RECORD, FFIC_OPAQUE}
#define FFIC_RECORD_ROW(p, r, i, c, f) {p, 0, sizeof(r), 0, FFIC_ALIGNOF(r), 0, i, c, FFIC_RECORD, f}
#define FFIC_CHECKED_ROW(p, r, m, i, c) \\
    {p, 0, sizeof(r), sizeof(m), FFIC_ALIGNOF(r), FFIC_ALIGNOF(m), i, c, FFIC_RECORD, FFIC_CHECKED}

#define FFIC_ANONYMOUS(t, r, m) {0, t, 0, sizeof(r), 0, sizeof(m), 0}
#define FFIC_BITS(p, t, w, s) {p, t, 0, w, 0, 0, s}
"""

# A macro would move errors in its argument's use to the generated file.
INTEGERS: Final = """\
static void ffic_set(struct ffic_integer *value, uint64_t bits, int is_not_positive)
{
    value->magnitude_bits = bits;
    value->negative = is_not_positive && bits != 0;
}

static void ffic_integers(uint64_t index, struct ffic_integer *value)
{
switch (index) {"""

ALIASES: Final = """\
#if defined(_MSC_VER) && !defined(__clang__) && _MSC_VER < 1939
#  error "This compiler cannot name the type of a struct, union or enum without a name: give it a tag or a typedef name"
#endif
"""

# What sources written for cffi can ask for.
NAME: Final = "#define _CFFI_"

# Feature test macros must come before the first header.  The headers are those that sources written for cffi count on, as
# Python's own header has them.
FEATURES: Final = """\
#if !defined(_GNU_SOURCE)
#  define _GNU_SOURCE 1
#endif
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#if defined(_MSC_VER)
#  include <BaseTsd.h>
typedef SSIZE_T ssize_t;
#else
#  include <sys/types.h>
#  include <unistd.h>
#endif
"""

PYTHON_CALL: Final = """\
static const struct ffic_runtime *ffic_runtime;

/* A C type as large as a frame of `n` slots, and as the result. */
#define FFIC_FRAME(n, size) \\
    union { char bytes[(size) > 16 * (n) ? (size) : 16 * (n)]; long double number; void *pointer; int64_t integer; }

#if defined(FFIC_LIBRARY)
/* An interpreter that makes C functions of Python functions stores them here, by their index: no frame is needed then. */
FFIC_EXPORT void (*ffic_bodies_@NAME@[sizeof ffic_python / sizeof ffic_python[0]])(void) = {NULL};
#  define FFIC_BODY(index, cast) (cast ffic_bodies_@NAME@[index])
#  define FFIC_CALL_BODY(index, cast, arguments) \
       if (ffic_bodies_@NAME@[index] != NULL) { FFIC_BODY(index, cast) arguments; return; }
#  define FFIC_RETURN_BODY(index, cast, arguments) \
       if (ffic_bodies_@NAME@[index] != NULL) { return FFIC_BODY(index, cast) arguments; }
#else
#  define FFIC_CALL_BODY(index, cast, arguments)
#  define FFIC_RETURN_BODY(index, cast, arguments)
#endif

static void ffic_call_python(uint32_t index, void *frame, size_t result_size)
{
    if (ffic_runtime != NULL) {
        ffic_runtime->call_python(&@TABLE@, index, frame);
        return;
    }
    fprintf(stderr, "@MODULE@: %s() was called before the module was imported; it returns 0\\n", ffic_python[index].name);
    memset(frame, 0, result_size);
}
"""

INIT: Final = """\
#if defined(FFIC_LIBRARY)
/* For an interpreter that opens a plain library, and reads the table itself. */
FFIC_EXPORT void ffic_start_@NAME@(const struct ffic_runtime *runtime);

FFIC_EXPORT void ffic_start_@NAME@(const struct ffic_runtime *runtime)
{
    (void)runtime;
@KEEP@}
#else
#if !defined(Py_PYTHON_H)
/* The part of Python's stable ABI that is needed. */
typedef struct _object PyObject;
FFIC_IMPORT PyObject *PyExc_ImportError;
FFIC_IMPORT PyObject *PyExc_ModuleNotFoundError;
FFIC_IMPORT PyObject *PyImport_ImportModule(const char *name);
FFIC_IMPORT void *PyCapsule_Import(const char *name, int no_block);
FFIC_IMPORT PyObject *PyErr_Format(PyObject *exception, const char *format, ...);
FFIC_IMPORT int PyErr_ExceptionMatches(PyObject *exception);
FFIC_IMPORT void Py_DecRef(PyObject *object);
#  if defined(_MSC_VER)
#    pragma comment(lib, "python3.lib")
#  endif
#endif

FFIC_EXPORT PyObject *PyInit_@NAME@(void);

FFIC_EXPORT PyObject *PyInit_@NAME@(void)
{
    const struct ffic_runtime *runtime;
    /* Says what to install where the runtime for this interpreter is missing. */
    PyObject *module = PyImport_ImportModule("ffi_core.runtime");
    if (module == NULL) {
        if (PyErr_ExceptionMatches(PyExc_ModuleNotFoundError)) {
            PyErr_Format(PyExc_ImportError,
                         "@MODULE@ was built with ffi_core @VERSION@ and needs it: pip install \\"ffi-core>=@VERSION@\\"");
        }
        return NULL;
    }
    Py_DecRef(module);
    runtime = (const struct ffic_runtime *)PyCapsule_Import("ffi_core._native._generated_module", 0);
    if (runtime == NULL) {
        return NULL;
    }
    if (runtime->version < FFIC_TABLE_VERSION) {
        PyErr_Format(PyExc_ImportError,
                     "@MODULE@ was built with ffi_core @VERSION@ (table version %d), but the installed ffi_core is older (table "
                     "version %d): pip install --upgrade \\"ffi-core>=@VERSION@\\"",
                     (int)FFIC_TABLE_VERSION, (int)runtime->version);
        return NULL;
    }
@KEEP@    return (PyObject *)runtime->module_init(&@TABLE@);
}
#endif
"""

# Closes what MACROS opens.
END: Final = """\
#if defined(__cplusplus)
}
#endif
"""
