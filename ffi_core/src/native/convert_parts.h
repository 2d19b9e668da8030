/* The conversions of one group of types each, which convert.c and cast.c dispatch to. */
#ifndef FFIC_CONVERT_PARTS_H
#define FFIC_CONVERT_PARTS_H

#include "convert.h"

/* convert_integer.c */

/* `value` as a Python int (a new reference), by the rules of ffic_to_integer; `ct` is for the error. */
PyObject *ffic_as_int(ffic_ctype *ct, PyObject *value, ffic_argument_place *place);
/* The number that an integer or character cdata holds. */
PyObject *ffic_load_number(ffic_ctype *ct, const char *data);
PyObject *ffic_load_int128(const char *data, bool is_signed);
/* A 128-bit number from its two halves, and back; `rest` is what is left above them: 0 or -1 where nothing is. */
PyObject *ffic_int128_from_words(uint64_t low, uint64_t high, bool is_signed);
int ffic_int128_to_words(PyObject *integer, uint64_t *low, uint64_t *high, long *rest);
int ffic_store_int128(ffic_ctype *ct, char *data, PyObject *value);
/* The low bits of a Python int, without a check: what a cast keeps. */
int ffic_store_truncated(ffic_ctype *ct, char *data, PyObject *integer);
PyObject *ffic_load_character(ffic_ctype *ct, const char *data);
int ffic_store_character(ffic_ctype *ct, char *data, PyObject *value);
PyObject *ffic_load_bool(const char *data);
/* OverflowError; returns -1. */
int ffic_does_not_fit(ffic_ctype *ct, PyObject *value, ffic_argument_place *place);

/* convert_float.c */
double ffic_read_double(ffic_code code, const char *data);
long double ffic_read_long_double(const char *data);
/* F32, F64, LONG_DOUBLE. */
int ffic_store_float(ffic_ctype *ct, char *data, PyObject *value);
void ffic_write_float(ffic_code code, char *data, long double value);
Py_complex ffic_read_complex(ffic_code code, const char *data);
int ffic_store_complex(ffic_ctype *ct, char *data, PyObject *value);

/* file.c: `FILE *` from a Python file object, which keeps the stream. */
bool ffic_is_file_pointer(const ffic_ctype *ct);
int ffic_file_to_pointer(ffic_ctype *ct, PyObject *file, char **result, ffic_argument_place *place);

/* convert_record.c; `extent`: bytes from `data` on, for a flexible array member, -1: unknown. */
int ffic_store_record(ffic_ctype *ct, char *data, PyObject *value, Py_ssize_t extent);

/* Item `i` of a list or tuple: a new reference.  RuntimeError where the list became shorter. */
static inline PyObject *
ffic_sequence_item(PyObject *sequence, Py_ssize_t i)
{
    if (PyTuple_Check(sequence)) {
        return Py_NewRef(PyTuple_GET_ITEM(sequence, i));
    }
    PyObject *item = ffic_list_get(sequence, i);
    if (FFIC_UNLIKELY(item == NULL)) {
        PyErr_SetString(PyExc_RuntimeError, "the list changed its size while C data was initialized from it");
    }
    return item;
}

#endif
