/* The type-expression parser: C's type syntax to C type objects. */
#ifndef FFIC_TYPE_PARSER_H
#define FFIC_TYPE_PARSER_H

#include "ffi_object.h"

/* Parse `text`, a type name as C writes it in a cast ("struct passwd *(*)(char const *, int[5])").  A name for the declarator
 * is accepted and ignored.  Names are looked up in `ffi`.  New reference, or NULL with ffi.error that shows the text and a caret.
 * `array_size`: for a type that ends in "[...]", the bytes that the array takes, known to a compiler; otherwise -1. */
ffic_ctype *ffic_parse_type(ffic_ffi *ffi, const char *text, Py_ssize_t array_size);

/* The value of a constant that was found.  New reference. */
PyObject *ffic_constant_value(const ffic_declared *declared, PyObject *name);

/* What the parser asks of an ffi; in realize.c.  Each is a new reference, NULL without an exception where the name is not
 * declared, NULL with one on failure. */
ffic_ctype *ffic_find_typedef(ffic_ffi *ffi, const char *name, size_t length);
ffic_ctype *ffic_find_tagged(ffic_ffi *ffi, PyObject *key);
PyObject *ffic_find_constant(ffic_ffi *ffi, PyObject *name);
/* Declare the struct or union `key` without members, as naming it does in C; it is marked as partial, which tells it from what was
 * declared.  -1 with an exception. */
int ffic_declare_opaque(ffic_ffi *ffi, PyObject *key);

#endif
