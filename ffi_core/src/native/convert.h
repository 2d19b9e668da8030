/* Conversions between Python objects and C values in memory.  The rules are one switch on the type's code. */
#ifndef FFIC_CONVERT_H
#define FFIC_CONVERT_H

#include "cdata.h"
#include "error_message.h"

/* The Python object for the C value at `data`.  Integers, floats, chars: Python's own types; pointers: a cdata; arrays and records: a
 * cdata that refers to `data` and keeps `owner` (may be NULL) alive. */
PyObject *ffic_load(ffic_ctype *ct, char *data, PyObject *owner);

/* Store a Python object as a C value of type `ct`; 0, or -1 with an exception.
 * Arrays take list, tuple, bytes or str (character types), another array of the same type; records take list, tuple, dict, another
 * record of the same type.  What an initialiser does not name is left as it is. */
int ffic_store(ffic_ctype *ct, char *data, PyObject *value);
/* The same for `T[]` memory of `length` items (-1: unknown). */
int ffic_store_array(ffic_ctype *array, char *data, Py_ssize_t length, PyObject *value);

/* Members; these know bit-fields. */
PyObject *ffic_load_field(ffic_cfield *field, char *record, PyObject *owner);
int ffic_store_field(ffic_cfield *field, char *record, PyObject *value);

/* Python int (or cdata of integer or character type, or object with __index__ or __int__; not float) to the integer type `ct`, in 64 bits: sign- or
 * zero-extended.  OverflowError: "integer 300 does not fit 'unsigned char'"; TypeError names both types.
 * Not for the 128-bit types. */
int ffic_to_integer(ffic_ctype *ct, PyObject *value, uint64_t *bits, ffic_argument_place *place);
/* Python float, int or cdata of floating type to double. */
int ffic_to_double(ffic_ctype *ct, PyObject *value, double *result, ffic_argument_place *place);
/* Python object to a pointer value: cdata pointer or array of compatible type, a function of a library, ffi.NULL.
 * No bytes, no lists: those need memory, which calls supply. */
int ffic_to_pointer(ffic_ctype *ct, PyObject *value, char **result, ffic_argument_place *place);

/* Can an argument of type `ct` (a pointer) take the cdata type `from` without a cast? */
bool ffic_pointer_accepts(const ffic_ctype *ct, const ffic_ctype *from);

/* C's explicit conversion: ffi.cast.  New reference. */
PyObject *ffic_cast(ffic_ctype *ct, PyObject *value);

/* Raise TypeError: "initializer for ctype 'char *' must be a <expected>, not str" (a cdata: "not cdata 'int *'"). Returns -1. */
int ffic_expected(ffic_ctype *ct, const char *expected, PyObject *value, ffic_argument_place *place);

/* Number of items that an initialiser of `T[]` needs, with the terminating zero of strings; -1 with an exception. An int gives itself;
 * then *is_length is set and there is nothing to store. */
Py_ssize_t ffic_initializer_length(ffic_ctype *array, PyObject *value, bool *is_length);

/* Size in bytes of a record with a flexible array member, where `value` (may be NULL) initialises it; -1 with an exception. */
Py_ssize_t ffic_initializer_size(ffic_ctype *record, PyObject *value);
/* ffic_store for a record of `extent` bytes, its flexible array member included (-1: unknown). */
int ffic_store_flexible(ffic_ctype *record, char *data, PyObject *value, Py_ssize_t extent);
/* Items that a flexible array member at `data` has room for in the memory of `owner` (may be NULL); -1: unknown. */
Py_ssize_t ffic_flexible_length(ffic_ctype *array, const char *data, PyObject *owner);

/* Raw scalars. */
int64_t ffic_read_signed(const char *data, Py_ssize_t size);
uint64_t ffic_read_unsigned(const char *data, Py_ssize_t size);
void ffic_write_integer(char *data, Py_ssize_t size, uint64_t bits);

#endif
