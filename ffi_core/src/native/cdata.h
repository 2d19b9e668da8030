/* C data as Python objects.
 *
 * `data` means: for pointers (to functions too) the pointer's value; for arrays and records the address of their memory; for
 * primitive values and enums the address of the value, which is inside the object.
 *
 * Who owns the memory is the object's Python type:
 *   CData           nobody that we know: borrowed, or the value of a pointer
 *   CDataOwning     the object itself: the memory follows it (from ffi.new, and values of primitive types)
 *   CDataView       `owner`, which the object keeps alive: a member of an owned struct, a slice, p[0]
 *   CDataFunction   as CData, a pointer to a function, with vectorcall
 *   CDataHandle, CDataGC, CDataBuffer, CDataCallback: see their structs
 */
#ifndef FFIC_CDATA_H
#define FFIC_CDATA_H

#include "ctype.h"

typedef struct ffic_cdata {
    PyObject_HEAD
    ffic_ctype *type;
    char *data;
    PyObject *weakrefs;
} ffic_cdata;

/* CDataOwning.  Where `type` is `T[]`, or a pointer to a record with a flexible array member, a Py_ssize_t
 * follows: the array's length in items, or the whole size in bytes.  The memory comes next, aligned as its type needs.
 * After ffi.release `data` is NULL. */
typedef struct {
    ffic_cdata base;
    Py_ssize_t extent[1]; /* only where has_extent */
} ffic_cdata_owning;

typedef struct {
    ffic_cdata base;
    PyObject *owner;   /* the cdata, buffer ... whose memory it is */
    Py_ssize_t length; /* `T[]`: number of items; otherwise -1 */
} ffic_cdata_view;

typedef struct {
    ffic_cdata base;
    vectorcallfunc vectorcall;
} ffic_cdata_function;

typedef struct {
    ffic_cdata base; /* `void *`; data is the address of this object */
    PyObject *object;
} ffic_cdata_handle;

typedef struct {
    ffic_cdata base;
    PyObject *origin;     /* the cdata it was made from, kept alive */
    PyObject *destructor; /* NULL once called or cancelled */
    Py_ssize_t length;    /* `T[]`: number of items; otherwise -1 */
} ffic_cdata_gc;

typedef struct {
    ffic_cdata base;
    Py_buffer view;    /* view.obj is NULL once released */
    Py_ssize_t length; /* `T[]`: number of items; otherwise -1 */
} ffic_cdata_buffer;

int ffic_cdata_setup(PyObject *module, ffic_state *state);

/* Is it any of the cdata types? */
static inline bool
ffic_is_cdata(ffic_state *state, PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    return type == state->cdata_type || type == state->cdata_owning_type || type == state->cdata_view_type ||
           type == state->cdata_function_type || type == state->cdata_gc_type || type == state->cdata_handle_type ||
           type == state->cdata_buffer_type || type == state->cdata_callback_type;
}

/* New cdata objects: a new reference, or NULL with an exception. */

/* A pointer's value, or a reference to an array or record that nobody owns.  Makes a CDataFunction for function pointers. */
PyObject *ffic_cdata_borrowed(ffic_ctype *ct, char *data);
/* As above, keeping `owner` alive; `length` is that of a `T[]`, otherwise -1.  With owner NULL and length -1 a borrowed one. */
PyObject *ffic_cdata_view_of(ffic_ctype *ct, char *data, PyObject *owner, Py_ssize_t length);
/* A primitive or enum value, copied from `value`. */
PyObject *ffic_cdata_value(ffic_ctype *ct, const void *value);
/* A record or array value of its own, copied from `value` (a struct that a function returned). */
PyObject *ffic_cdata_copy(ffic_ctype *ct, const void *value);
/* Owned memory of `size` bytes for `ct`, which is a pointer (the memory is its target) or an array type; `length` is the number of
 * items of a `T[]`.  Zeroed where `zero`. */
ffic_cdata *ffic_cdata_allocate(ffic_ctype *ct, Py_ssize_t size, Py_ssize_t length, bool zero);

/* Number of items of an array cdata. */
Py_ssize_t ffic_cdata_length(ffic_cdata *cd);
/* The object that keeps `cd`'s memory alive: `cd` itself where it owns it, what it views, or NULL (borrowed).  Borrowed reference. */
PyObject *ffic_cdata_owner(ffic_cdata *cd);
/* Bytes known to lie behind `cd->data`, -1 where unknown (borrowed pointers). */
Py_ssize_t ffic_cdata_extent(ffic_cdata *cd);
/* Check that the memory behind a pointer, array or record may be touched: not NULL, not released.  -1 with an exception. */
int ffic_cdata_check_access(ffic_cdata *cd);

PyObject *ffic_cdata_repr(PyObject *self);

#endif
