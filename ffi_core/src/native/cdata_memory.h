/* The memory of C data objects themselves: free lists, and which of them the garbage collector knows.  For cdata.c and cdata_types.c. */
#ifndef FFIC_CDATA_MEMORY_H
#define FFIC_CDATA_MEMORY_H

#include <stddef.h>

#include "cdata.h"

/* Pointers, views and handles come and go all the time, in a few sizes.  Some are kept for the next ones. */
enum { FFIC_SPARE_MIN = sizeof(ffic_cdata), FFIC_SPARE_LIMIT = 80 };

static inline ffic_spare *
ffic_spare_of(ffic_state *state, size_t size)
{
    return &state->spare[(size - FFIC_SPARE_MIN) / sizeof(void *)];
}

_Static_assert((sizeof(ffic_cdata_view) - FFIC_SPARE_MIN) / sizeof(void *) < FFIC_SPARE_SIZES, "views are the largest of them");

/* What a view of this type takes. */
static inline size_t
ffic_view_size(const ffic_ctype *ct)
{
    bool has_length = ct->code == FFIC_CODE_ARRAY && ct->length < 0;
    return has_length ? sizeof(ffic_cdata_view) : offsetof(ffic_cdata_view, length);
}

static inline void *
ffic_take_memory(ffic_state *state, size_t size)
{
    ffic_spare *spare = ffic_spare_of(state, size);
    void *memory = spare->first;
    if (FFIC_HAS_FREE_LISTS && memory != NULL) {
        memcpy(&spare->first, memory, sizeof(void *));
        spare->count--;
        return memory;
    }
    memory = PyObject_Malloc(size);
    if (memory == NULL) {
        PyErr_NoMemory();
    }
    return memory;
}

static inline void
ffic_give_memory(ffic_state *state, void *memory, size_t size)
{
    ffic_spare *spare = ffic_spare_of(state, size);
    if (FFIC_HAS_FREE_LISTS && spare->count < FFIC_SPARE_LIMIT) {
        memcpy(memory, &spare->first, sizeof(void *));
        spare->first = memory;
        spare->count++;
        return;
    }
    PyObject_Free(memory);
}

/* The same for CDataGC.  What the collector has finalized it would never finalize again. */
static inline ffic_cdata_gc *
ffic_take_gc_memory(ffic_state *state)
{
    ffic_cdata_gc *gc = state->spare_gc.first;
    if (FFIC_HAS_FREE_LISTS && gc != NULL) {
        state->spare_gc.first = gc->origin;
        state->spare_gc.count--;
        PyObject_Init((PyObject *)gc, state->cdata_gc_type);
        return gc;
    }
    return PyObject_GC_New(ffic_cdata_gc, state->cdata_gc_type);
}

static inline void
ffic_give_gc_memory(ffic_state *state, PyObject *untracked)
{
    if (FFIC_HAS_FREE_LISTS && state->spare_gc.count < FFIC_SPARE_LIMIT && !PyObject_GC_IsFinalized(untracked)) {
        ((ffic_cdata_gc *)untracked)->origin = state->spare_gc.first;
        state->spare_gc.first = untracked;
        state->spare_gc.count++;
        return;
    }
    PyObject_GC_Del(untracked);
}

/* Is the memory that an owning object of this type has so small that the free list is for it, too?  As for most numbers. */
static inline bool
ffic_owns_little(const ffic_ctype *ct)
{
    const ffic_ctype *memory = ct->kind == FFIC_KIND_POINTER ? ct->item : ct;
    return (size_t)memory->size <= sizeof(uint64_t) && memory->align <= (int32_t)sizeof(uint64_t) &&
           memory->kind != FFIC_KIND_STRUCT && memory->kind != FFIC_KIND_UNION && memory->kind != FFIC_KIND_ARRAY;
}

enum { FFIC_LITTLE = (sizeof(ffic_cdata) + sizeof(uint64_t) - 1) / sizeof(uint64_t) * sizeof(uint64_t) + sizeof(uint64_t) };

_Static_assert((FFIC_LITTLE - FFIC_SPARE_MIN) / sizeof(void *) < FFIC_SPARE_SIZES, "there is a free list for them");

/* Does a view of `owner`, or a handle to it, take part in garbage collection?  Where the owner refers to no other objects, as most do, no
 * cycle can go through it, and the object is allocated without what the collector needs: its type has tp_is_gc. */
static inline bool
ffic_is_collectable(PyObject *owner)
{
    return owner != NULL && PyType_IS_GC(Py_TYPE(owner));
}

#endif
