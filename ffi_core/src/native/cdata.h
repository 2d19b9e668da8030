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

#include "c_type.h"

typedef struct ffic_cdata {
    PyObject_HEAD
    ffic_ctype *type;
    char *data;
    PyObject *weakrefs;
} ffic_cdata;

/* CDataOwning.  Where `type` is `T[]`, or a pointer to a record with a flexible array member, a Py_ssize_t
 * follows: the array's length in items, or the record's size in bytes.  The memory comes next, aligned as its type needs.
 * After ffi.release `data` is NULL, and the memory stays until the object goes: what views it stays harmless. */
typedef struct {
    ffic_cdata base;
    Py_ssize_t extent[1]; /* only where has_extent */
} ffic_cdata_owning;

typedef struct {
    ffic_cdata base;
    /* Whose memory it is: an owning, gc or buffer cdata, or another object that has memory; never a view.  With FFIC_IS_WHOLE added to the
     * address if this is the p[0] of an owning p.  NULL: nobody that we know. */
    uintptr_t owner;
    Py_ssize_t length; /* only there where `type` is `T[]`: number of items */
} ffic_cdata_view;

#define FFIC_IS_WHOLE ((uintptr_t)1) /* no object is at an odd address */

static inline PyObject *
ffic_view_owner(const ffic_cdata_view *view)
{
    return (PyObject *)(view->owner & ~FFIC_IS_WHOLE);
}

typedef struct {
    ffic_cdata base;
    vectorcallfunc vectorcall;
} ffic_cdata_function;

typedef struct {
    ffic_cdata base; /* `void *`; data is a number that no other handle of this interpreter ever has: see handle.c */
    PyObject *object;
} ffic_cdata_handle;

/* What only few CDataGC have. */
typedef struct {
    PyObject *destructor;
    Py_ssize_t length; /* `T[]`: number of items; otherwise -1 */
    Py_ssize_t extent; /* bytes known to lie behind `data`, -1: unknown */
    PyObject *kept;    /* dict: what pointers in its memory keep alive, or NULL: see keep_alive.c */
    bool keeps;        /* made by a keep_alive ffi */
    bool stands_in;    /* for the CDataOwning that is its origin, which nobody else has */
} ffic_gc_more;

typedef struct {
    ffic_cdata base;
    PyObject *origin; /* the cdata it was made from, kept alive; NULL once released */
    union {
        PyObject *destructor; /* NULL once called or cancelled */
        ffic_gc_more *more;   /* where extent is FFIC_GC_HAS_MORE */
    } u;
    uint32_t extent;  /* bytes known to lie behind `data`, or one of the following */
    uint32_t exports; /* buffers that Python objects hold of its memory: it cannot be released meanwhile */
} ffic_cdata_gc;

#define FFIC_GC_UNKNOWN_EXTENT UINT32_MAX
#define FFIC_GC_HAS_MORE (UINT32_MAX - 1)

/* What else a CDataGC has, or NULL. */
static inline ffic_gc_more *
ffic_gc_more_of(const ffic_cdata_gc *gc)
{
    return gc->extent == FFIC_GC_HAS_MORE ? gc->u.more : NULL;
}

static inline PyObject **
ffic_gc_destructor(ffic_cdata_gc *gc)
{
    ffic_gc_more *more = ffic_gc_more_of(gc);
    return more != NULL ? &more->destructor : &gc->u.destructor;
}

static inline Py_ssize_t
ffic_gc_extent(const ffic_cdata_gc *gc)
{
    const ffic_gc_more *more = ffic_gc_more_of(gc);
    return more != NULL ? more->extent : gc->extent == FFIC_GC_UNKNOWN_EXTENT ? -1 : (Py_ssize_t)gc->extent;
}

/* Make room for what only few have.  NULL with an exception. */
ffic_gc_more *ffic_gc_extend(ffic_cdata_gc *gc);

typedef struct {
    ffic_cdata base;
    Py_buffer view;    /* view.obj is NULL once released */
    Py_ssize_t length; /* `T[]`: number of items; otherwise -1 */
    Py_ssize_t exports; /* as in ffic_cdata_gc */
} ffic_cdata_buffer;

int ffic_cdata_setup(PyObject *module, ffic_state *state);
/* Free the memory that is kept for further objects; when the last object has gone. */
void ffic_cdata_teardown(ffic_state *state);

/* Is it any of the cdata types?  All others derive from CData directly. */
static inline bool
ffic_is_cdata(ffic_state *state, PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    return type->tp_base == state->cdata_type || type == state->cdata_type;
}

/* New cdata objects: a new reference, or NULL with an exception. */

/* A pointer's value, or a reference to an array or record that nobody owns.  Makes a CDataFunction for function pointers. */
PyObject *ffic_cdata_borrowed(ffic_ctype *ct, char *data);
/* As above, keeping `owner` alive; `length` is that of a `T[]`, otherwise -1.  With owner NULL and length -1 a borrowed one. */
PyObject *ffic_cdata_view_of(ffic_ctype *ct, char *data, PyObject *owner, Py_ssize_t length);
/* A pointer to, or a part of, what lies behind `from`: keeps alive what `from` keeps alive. */
PyObject *ffic_cdata_derived(ffic_ctype *ct, char *data, ffic_cdata *from, Py_ssize_t length);
/* A primitive or enum value, copied from `value`. */
PyObject *ffic_cdata_value(ffic_ctype *ct, const void *value);
/* A record or array value of its own, copied from `value` (a struct that a function returned). */
PyObject *ffic_cdata_copy(ffic_ctype *ct, const void *value);
/* Owned memory of `size` bytes for `ct`, which is a pointer (the memory is its target) or an array type; `length` is the number of
 * items of a `T[]`.  Zeroed where `zero`. */
ffic_cdata *ffic_cdata_allocate(ffic_ctype *ct, Py_ssize_t size, Py_ssize_t length, bool zero);
/* What ffi.gc returns: `cd` again, for which `destroy` (may be NULL) is called in the end.  `type` is that of the new object. */
PyObject *ffic_cdata_with_destructor(ffic_ctype *type, ffic_cdata *cd, PyObject *destroy, Py_ssize_t length,
                                     Py_ssize_t extent);

/* A new handle of `object`. */
PyObject *ffic_cdata_handle_of(ffic_state *state, PyObject *object);

/* Number of items of an array cdata, -1 where nobody knows it. */
Py_ssize_t ffic_cdata_length(ffic_cdata *cd);
/* The object that keeps `cd`'s memory alive: `cd` itself where it owns it, what it views, or NULL (borrowed).  Borrowed reference. */
PyObject *ffic_cdata_owner(ffic_cdata *cd);
/* Bytes known to lie behind `cd->data`, -1 where unknown (borrowed pointers). */
Py_ssize_t ffic_cdata_extent(ffic_cdata *cd);
/* Where the memory of `owner` (of a view) begins and how long it is; false where that is not known. */
bool ffic_cdata_owner_range(ffic_state *state, PyObject *owner, char **start, Py_ssize_t *size);
/* Check that the memory behind a pointer, array or record may be touched: not NULL, not released.  -1 with an exception. */
int ffic_cdata_check_access(ffic_cdata *cd);
/* As above, for writing: not a read-only buffer either. */
int ffic_cdata_check_write(ffic_cdata *cd);
/* Check that `size` bytes at `place`, computed from the pointer `cd`, lie in its memory where its limits are known. */
int ffic_cdata_check_range(ffic_cdata *cd, const char *place, Py_ssize_t size);
/* Is it the memory of a read-only Python object? */
bool ffic_cdata_is_readonly(ffic_cdata *cd);
/* Was it, or what it views, released? */
bool ffic_cdata_is_released(ffic_cdata *cd);
/* The address that it stands for (pointers, arrays, records), also after it was released: for hash, comparison. */
uintptr_t ffic_cdata_address_slow(ffic_cdata *cd);
static inline uintptr_t
ffic_cdata_address(ffic_cdata *cd)
{
    return FFIC_LIKELY(cd->data != NULL) ? (uintptr_t)cd->data : ffic_cdata_address_slow(cd);
}

/* Count the buffers that Python objects hold of `cd`'s memory. */
void ffic_cdata_count_export(ffic_cdata *cd, int change);
/* As above, for a buffer of `cd` itself, which keeps memory from ffi.new() from being released, too. */
int ffic_cdata_export(ffic_cdata *cd);
void ffic_cdata_unexport(ffic_cdata *cd);
/* ffi.release: ValueError where there is nothing to release. */
int ffic_cdata_check_releasable(ffic_cdata *cd);
int ffic_cdata_release(ffic_cdata *cd);
/* Call and forget the destructor of a CDataGC, if it still has one.  -1 with the exception that it raised. */
int ffic_cdata_destroy(ffic_cdata_gc *gc);

PyObject *ffic_cdata_repr(PyObject *self);

/* handle.c: the numbers that stand for Python objects in C. */
int ffic_handles_setup(ffic_state *state);
/* Give a handle its number, and put it into the table of those that are alive.  -1 with an exception. */
int ffic_handle_register(ffic_state *state, ffic_cdata_handle *handle);
void ffic_handle_forget(ffic_state *state, uintptr_t number);
/* The object of the live handle of that number: a new reference, or NULL without an exception. */
PyObject *ffic_handle_object(ffic_state *state, uintptr_t number);

/* The fast case of ffic_cdata_check_access. */
static inline int
ffic_cdata_access(ffic_cdata *cd)
{
    PyTypeObject *type = Py_TYPE(cd);
    ffic_state *state = cd->type->state;
    if (FFIC_LIKELY(cd->data != NULL && (type == state->cdata_owning_type || type == state->cdata_type))) {
        return 0;
    }
    return ffic_cdata_check_access(cd);
}

static inline int
ffic_cdata_access_for_write(ffic_cdata *cd)
{
    PyTypeObject *type = Py_TYPE(cd);
    ffic_state *state = cd->type->state;
    if (FFIC_LIKELY(cd->data != NULL && (type == state->cdata_owning_type || type == state->cdata_type))) {
        return 0;
    }
    return ffic_cdata_check_write(cd);
}

/* While a value is converted and stored, Python code may run: keep it from releasing the memory that is written to.
 * Owned memory needs no such care: it stays as long as the object does. */
static inline bool
ffic_cdata_pin(ffic_cdata *cd)
{
    PyTypeObject *type = Py_TYPE(cd);
    ffic_state *state = cd->type->state;
    if (FFIC_LIKELY(type == state->cdata_owning_type || type == state->cdata_type)) {
        return false;
    }
    ffic_cdata_count_export(cd, 1);
    return true;
}

static inline void
ffic_cdata_unpin(ffic_cdata *cd, bool pinned)
{
    if (FFIC_UNLIKELY(pinned)) {
        ffic_cdata_count_export(cd, -1);
    }
}

#endif
