/* C data objects: their Python types, memory and ownership. */
#include "cdata.h"

#include <stddef.h>

#include "call.h"
#include "cdata_slots.h"

/* ---- owned memory --------------------------------------------------------------------------------------- */

enum { ALLOCATOR_ALIGN = sizeof(void *) == 8 ? 16 : 8 };

static inline bool
has_extent(const ffic_ctype *ct)
{
    return ct->kind == FFIC_KIND_ARRAY
               ? ct->length < 0
               : ct->kind == FFIC_KIND_POINTER && ct->item->code == FFIC_CODE_RECORD && (ct->item->flags & FFIC_TYPE_FLEXIBLE);
}

static inline size_t
memory_align(const ffic_ctype *ct)
{
    int32_t align = ct->kind == FFIC_KIND_POINTER ? ct->item->align : ct->align;
    return align > 1 ? (size_t)align : 1;
}

static inline size_t
header_size(const ffic_ctype *ct)
{
    return has_extent(ct) ? sizeof(ffic_cdata_owning) : offsetof(ffic_cdata_owning, extent);
}

/* Where the memory of an owning object is, whether it was released or not. */
static inline char *
memory_of(ffic_cdata *cd)
{
    size_t align = memory_align(cd->type);
    uintptr_t place = (uintptr_t)cd + header_size(cd->type);
    return (char *)((place + align - 1) / align * align);
}

static ffic_cdata *
allocate(ffic_ctype *ct, size_t header, Py_ssize_t size, bool zero)
{
    PyTypeObject *type = ct->state->cdata_owning_type;
    size_t align = memory_align(ct);
    size_t slack = align <= ALLOCATOR_ALIGN ? 0 : align - ALLOCATOR_ALIGN;
    size_t total = header + slack + align;
    if (size < 0 || (size_t)size > (size_t)PY_SSIZE_T_MAX - total) {
        PyErr_NoMemory();
        return NULL;
    }
    /* The memory starts at the first multiple of `align` after the header. */
    total = (header + align - 1) / align * align + slack + (size_t)size;
    bool calloc_it = zero && size > 512; /* big blocks come zeroed from the system */
    ffic_cdata *cd = calloc_it ? PyObject_Calloc(1, total) : PyObject_Malloc(total);
    if (cd == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    PyObject_Init((PyObject *)cd, type);
    Py_INCREF(ct);
    cd->type = ct;
    cd->weakrefs = NULL;
    cd->data = memory_of(cd);
    if (zero && !calloc_it) {
        memset(cd->data, 0, (size_t)size);
    }
    return cd;
}

ffic_cdata *
ffic_cdata_allocate(ffic_ctype *ct, Py_ssize_t size, Py_ssize_t length, bool zero)
{
    if (FFIC_LIKELY(!has_extent(ct))) {
        return allocate(ct, offsetof(ffic_cdata_owning, extent), size, zero);
    }
    Py_ssize_t needed = size;
    if (ct->kind == FFIC_KIND_POINTER && size < ct->item->size) {
        needed = ct->item->size; /* its flexible array member may end before its padding does */
    }
    ffic_cdata *cd = allocate(ct, sizeof(ffic_cdata_owning), needed, zero);
    if (cd != NULL) {
        ((ffic_cdata_owning *)cd)->extent[0] = ct->kind == FFIC_KIND_ARRAY ? length : size;
    }
    return cd;
}

PyObject *
ffic_cdata_value(ffic_ctype *ct, const void *value)
{
    ffic_cdata *cd = allocate(ct, offsetof(ffic_cdata_owning, extent), ct->size, false);
    if (cd != NULL) {
        memcpy(cd->data, value, (size_t)ct->size);
    }
    return (PyObject *)cd;
}

PyObject *
ffic_cdata_copy(ffic_ctype *ct, const void *value)
{
    if (ffic_ctype_size(ct) < 0) {
        return NULL;
    }
    return ffic_cdata_value(ct, value);
}

/* ---- memory of the small kinds -------------------------------------------------------------------------- */

/* Pointers, views and handles come and go all the time, in a few sizes.  Some are kept for the next ones. */
enum { SPARE_MIN = sizeof(ffic_cdata), SPARE_LIMIT = 80 };

static inline ffic_spare *
spare_of(ffic_state *state, size_t size)
{
    return &state->spare[(size - SPARE_MIN) / sizeof(void *)];
}

_Static_assert((sizeof(ffic_cdata_view) - SPARE_MIN) / sizeof(void *) < FFIC_SPARE_SIZES, "views are the largest of them");

static inline void *
take_memory(ffic_state *state, size_t size)
{
    ffic_spare *spare = spare_of(state, size);
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
give_memory(ffic_state *state, void *memory, size_t size)
{
    ffic_spare *spare = spare_of(state, size);
    if (FFIC_HAS_FREE_LISTS && spare->count < SPARE_LIMIT) {
        memcpy(memory, &spare->first, sizeof(void *));
        spare->first = memory;
        spare->count++;
        return;
    }
    PyObject_Free(memory);
}

void
ffic_cdata_teardown(ffic_state *state)
{
    for (size_t i = 0; i < FFIC_SPARE_SIZES; i++) {
        while (state->spare[i].first != NULL) {
            void *memory = state->spare[i].first;
            memcpy(&state->spare[i].first, memory, sizeof(void *));
            PyObject_Free(memory);
        }
    }
}

/* ---- the other kinds ------------------------------------------------------------------------------------ */

static inline void
fill(ffic_cdata *cd, ffic_ctype *ct, char *data)
{
    Py_INCREF(ct);
    cd->type = ct;
    cd->data = data;
    cd->weakrefs = NULL;
}

PyObject *
ffic_cdata_borrowed(ffic_ctype *ct, char *data)
{
    bool is_function = ffic_is_function_pointer(ct);
    ffic_cdata *cd = take_memory(ct->state, is_function ? sizeof(ffic_cdata_function) : sizeof(ffic_cdata));
    if (cd == NULL) {
        return NULL;
    }
    PyObject_Init((PyObject *)cd, is_function ? ct->state->cdata_function_type : ct->state->cdata_type);
    fill(cd, ct, data);
    if (is_function) {
        ((ffic_cdata_function *)cd)->vectorcall = ffic_call_pointer;
    }
    return (PyObject *)cd;
}

/* Does a view of `owner`, or a handle to it, take part in garbage collection?  Where the owner refers to no other objects, as most do, no
 * cycle can go through it, and the object is allocated without what the collector needs: its type has tp_is_gc. */
static inline bool
is_collectable(PyObject *owner)
{
    return owner != NULL && PyType_IS_GC(Py_TYPE(owner));
}

PyObject *
ffic_cdata_view_of(ffic_ctype *ct, char *data, PyObject *owner, Py_ssize_t length)
{
    if (owner == NULL && length < 0) {
        return ffic_cdata_borrowed(ct, data);
    }
    ffic_state *state = ct->state;
    if (owner != NULL && Py_TYPE(owner) == state->cdata_view_type) {
        owner = ((ffic_cdata_view *)owner)->owner;
    }
    bool collectable = is_collectable(owner);
    ffic_cdata_view *view;
    if (FFIC_LIKELY(!collectable)) {
        view = take_memory(state, sizeof *view);
        if (view == NULL) {
            return NULL;
        }
        PyObject_Init((PyObject *)view, state->cdata_view_type);
    }
    else {
        view = PyObject_GC_New(ffic_cdata_view, state->cdata_view_type);
        if (view == NULL) {
            return NULL;
        }
    }
    fill(&view->base, ct, data);
    view->owner = Py_XNewRef(owner);
    view->length = length;
    if (collectable) {
        PyObject_GC_Track((PyObject *)view);
    }
    return (PyObject *)view;
}

PyObject *
ffic_cdata_derived(ffic_ctype *ct, char *data, ffic_cdata *from, Py_ssize_t length)
{
    return ffic_cdata_view_of(ct, data, ffic_cdata_owner(from), length);
}

PyObject *
ffic_cdata_with_destructor(ffic_ctype *type, ffic_cdata *cd, PyObject *destroy, Py_ssize_t length, Py_ssize_t extent)
{
    ffic_cdata_gc *gc = PyObject_GC_New(ffic_cdata_gc, type->state->cdata_gc_type);
    if (gc == NULL) {
        return NULL;
    }
    fill(&gc->base, type, cd->data);
    gc->origin = Py_NewRef((PyObject *)cd);
    gc->destructor = Py_XNewRef(destroy);
    gc->length = length;
    gc->extent = extent;
    gc->exports = 0;
    PyObject_GC_Track((PyObject *)gc);
    return (PyObject *)gc;
}

/* ---- questions about memory ----------------------------------------------------------------------------- */

PyObject *
ffic_cdata_owner(ffic_cdata *cd)
{
    ffic_state *state = cd->type->state;
    PyTypeObject *type = Py_TYPE(cd);
    if (type == state->cdata_view_type) {
        return ((ffic_cdata_view *)cd)->owner;
    }
    return type == state->cdata_type || type == state->cdata_function_type ? NULL : (PyObject *)cd;
}

/* Bytes that an owning object has. */
static Py_ssize_t
owned_size(ffic_cdata *cd)
{
    ffic_ctype *ct = cd->type;
    if (has_extent(ct)) {
        Py_ssize_t extent = ((ffic_cdata_owning *)cd)->extent[0];
        return ct->kind == FFIC_KIND_ARRAY ? extent * ct->item->size : extent;
    }
    return ct->kind == FFIC_KIND_POINTER ? ct->item->size : ct->size;
}

bool
ffic_cdata_owner_range(ffic_state *state, PyObject *owner, char **start, Py_ssize_t *size)
{
    PyTypeObject *type = Py_TYPE(owner);
    if (type == state->cdata_owning_type) {
        *start = memory_of((ffic_cdata *)owner);
        *size = owned_size((ffic_cdata *)owner);
        return true;
    }
    if (type == state->cdata_buffer_type) {
        *start = ((ffic_cdata_buffer *)owner)->view.buf;
        *size = ((ffic_cdata_buffer *)owner)->view.len;
        return true;
    }
    if (type == state->cdata_handle_type) {
        *start = ((ffic_cdata *)owner)->data;
        *size = 0; /* its number is no address */
        return true;
    }
    if (type == state->cdata_gc_type) {
        *start = ((ffic_cdata *)owner)->data;
        *size = ((ffic_cdata_gc *)owner)->extent;
        return *size >= 0;
    }
    return false;
}

/* What a CDataGC was made from may have been released in its place. */
static bool
is_released(ffic_state *state, PyObject *owner)
{
    while (owner != NULL) {
        PyTypeObject *type = Py_TYPE(owner);
        if (type == state->cdata_owning_type) {
            return ((ffic_cdata *)owner)->data == NULL;
        }
        if (type == state->cdata_buffer_type) {
            return ((ffic_cdata_buffer *)owner)->view.obj == NULL;
        }
        if (type != state->cdata_gc_type) {
            return false;
        }
        ffic_cdata *origin = (ffic_cdata *)((ffic_cdata_gc *)owner)->origin;
        if (origin == NULL) {
            return true;
        }
        owner = ffic_cdata_owner(origin);
    }
    return false;
}

bool
ffic_cdata_is_released(ffic_cdata *cd)
{
    PyObject *owner = ffic_cdata_owner(cd);
    return owner != NULL && is_released(cd->type->state, owner);
}

uintptr_t
ffic_cdata_address_slow(ffic_cdata *cd)
{
    return Py_TYPE(cd) == cd->type->state->cdata_owning_type ? (uintptr_t)memory_of(cd) : 0;
}

Py_ssize_t
ffic_cdata_length(ffic_cdata *cd)
{
    ffic_ctype *ct = cd->type;
    if (ct->kind != FFIC_KIND_ARRAY) {
        return -1;
    }
    if (ct->length >= 0) {
        return ct->length;
    }
    PyTypeObject *type = Py_TYPE(cd);
    ffic_state *state = ct->state;
    if (type == state->cdata_owning_type) {
        return ((ffic_cdata_owning *)cd)->extent[0];
    }
    if (type == state->cdata_view_type) {
        return ((ffic_cdata_view *)cd)->length;
    }
    if (type == state->cdata_gc_type) {
        return ((ffic_cdata_gc *)cd)->length;
    }
    return type == state->cdata_buffer_type ? ((ffic_cdata_buffer *)cd)->length : -1;
}

Py_ssize_t
ffic_cdata_extent(ffic_cdata *cd)
{
    ffic_ctype *ct = cd->type;
    if (ct->kind == FFIC_KIND_ARRAY) {
        Py_ssize_t length = ffic_cdata_length(cd);
        if (length >= 0) {
            return length * ct->item->size;
        }
    }
    PyObject *owner = ffic_cdata_owner(cd);
    char *start;
    Py_ssize_t size;
    if (owner != NULL && ffic_cdata_owner_range(ct->state, owner, &start, &size)) {
        Py_ssize_t before = cd->data - start;
        if (Py_TYPE(cd) == ct->state->cdata_owning_type) {
            before = 0; /* `data` is NULL once released */
        }
        return before < 0 || before > size ? 0 : size - before;
    }
    return ct->code == FFIC_CODE_RECORD ? ct->size : -1;
}

static int
raise_released(ffic_cdata *cd)
{
    PyErr_Format(PyExc_ValueError, "cdata '%U' was released: its memory cannot be used any more", cd->type->name);
    return -1;
}

int
ffic_cdata_check_access(ffic_cdata *cd)
{
    PyObject *owner = ffic_cdata_owner(cd);
    if (owner != NULL && is_released(cd->type->state, owner)) {
        return raise_released(cd);
    }
    if (cd->data == NULL) {
        PyErr_Format(PyExc_RuntimeError, "cannot dereference null pointer from cdata '%U'", cd->type->name);
        return -1;
    }
    return 0;
}

bool
ffic_cdata_is_readonly(ffic_cdata *cd)
{
    PyObject *owner = ffic_cdata_owner(cd);
    return owner != NULL && Py_TYPE(owner) == cd->type->state->cdata_buffer_type && ((ffic_cdata_buffer *)owner)->view.readonly;
}

int
ffic_cdata_check_write(ffic_cdata *cd)
{
    if (ffic_cdata_check_access(cd) < 0) {
        return -1;
    }
    if (ffic_cdata_is_readonly(cd)) {
        PyObject *owner = ffic_cdata_owner(cd);
        PyErr_Format(PyExc_TypeError, "cdata '%U' is the memory of a read-only '%s' object: cannot write to it", cd->type->name,
                     Py_TYPE(((ffic_cdata_buffer *)owner)->view.obj)->tp_name);
        return -1;
    }
    return 0;
}

int
ffic_cdata_check_range(ffic_cdata *cd, const char *place, Py_ssize_t size)
{
    PyObject *owner = ffic_cdata_owner(cd);
    char *start;
    Py_ssize_t length;
    if (owner == NULL || !ffic_cdata_owner_range(cd->type->state, owner, &start, &length)) {
        return 0;
    }
    uintptr_t offset = (uintptr_t)place - (uintptr_t)start;
    if (offset <= (uintptr_t)length && (uintptr_t)size <= (uintptr_t)length - offset) {
        return 0;
    }
    PyErr_Format(PyExc_IndexError, "%zd bytes at offset %zd are outside the %zd bytes of memory that cdata '%U' points into", size,
                 (Py_ssize_t)offset, length, cd->type->name);
    return -1;
}

/* ---- release -------------------------------------------------------------------------------------------- */

int
ffic_cdata_destroy(ffic_cdata_gc *gc)
{
    PyObject *destroy = gc->destructor, *origin = gc->origin;
    if (destroy == NULL || origin == NULL) {
        return 0;
    }
    gc->destructor = NULL;
    Py_INCREF(origin);
    PyObject *result = PyObject_CallFunctionObjArgs(destroy, origin, NULL);
    Py_DECREF(origin);
    Py_DECREF(destroy);
    Py_XDECREF(result);
    return result == NULL ? -1 : 0;
}

/* The count of exports of one owner; NULL: memory that stays as long as the object does. */
static Py_ssize_t *
export_count(ffic_state *state, PyObject *owner)
{
    PyTypeObject *type = Py_TYPE(owner);
    return type == state->cdata_buffer_type ? &((ffic_cdata_buffer *)owner)->exports
           : type == state->cdata_gc_type   ? &((ffic_cdata_gc *)owner)->exports
                                            : NULL;
}

void
ffic_cdata_count_export(ffic_cdata *cd, int change)
{
    ffic_state *state = cd->type->state;
    PyObject *owner = ffic_cdata_owner(cd);
    while (owner != NULL) {
        Py_ssize_t *exports = export_count(state, owner);
        if (exports != NULL) {
            __atomic_add_fetch(exports, change, __ATOMIC_RELAXED);
        }
        bool goes_on = Py_TYPE(owner) == state->cdata_gc_type && ((ffic_cdata_gc *)owner)->origin != NULL;
        owner = goes_on ? ffic_cdata_owner((ffic_cdata *)((ffic_cdata_gc *)owner)->origin) : NULL;
    }
}

int
ffic_cdata_check_releasable(ffic_cdata *cd)
{
    ffic_state *state = cd->type->state;
    PyTypeObject *type = Py_TYPE(cd);
    if (type == state->cdata_gc_type || type == state->cdata_buffer_type ||
        (type == state->cdata_owning_type && (cd->type->kind == FFIC_KIND_POINTER || cd->type->kind == FFIC_KIND_ARRAY))) {
        return 0;
    }
    PyErr_Format(PyExc_ValueError,
                 "cdata '%U' owns nothing that can be released: only objects from ffi.new(), ffi.gc(), ffi.from_buffer() or "
                 "ffi.new_allocator()() can be used with the 'with' keyword or ffi.release()",
                 cd->type->name);
    return -1;
}

int
ffic_cdata_release(ffic_cdata *cd)
{
    if (ffic_cdata_check_releasable(cd) < 0) {
        return -1;
    }
    ffic_state *state = cd->type->state;
    PyTypeObject *type = Py_TYPE(cd);
    if (type == state->cdata_owning_type) {
        cd->data = NULL;
        return 0;
    }
    if (__atomic_load_n(export_count(state, (PyObject *)cd), __ATOMIC_RELAXED) > 0) {
        PyErr_Format(PyExc_BufferError, "cdata '%U' cannot be released: a memoryview or the like still uses its memory",
                     cd->type->name);
        return -1;
    }
    if (type == state->cdata_buffer_type) {
        PyBuffer_Release(&((ffic_cdata_buffer *)cd)->view);
        return 0;
    }
    ffic_cdata_gc *gc = (ffic_cdata_gc *)cd;
    int result = ffic_cdata_destroy(gc);
    if (cd->type->kind == FFIC_KIND_POINTER || cd->type->kind == FFIC_KIND_ARRAY || cd->type->code == FFIC_CODE_RECORD) {
        Py_CLEAR(gc->origin); /* a primitive value lies in its origin, which goes with this object */
    }
    return result;
}

/* ---- deallocation and garbage collection ------------------------------------------------------------------ */

static void
owning_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    ffic_ctype *ct = ((ffic_cdata *)self)->type;
    if (((ffic_cdata *)self)->weakrefs != NULL) {
        PyObject_ClearWeakRefs(self);
    }
    PyObject_Free(self);
    Py_DECREF(ct);
    Py_DECREF(type);
}

/* The C type keeps the module's state, so it goes last. */
static inline void
plain_dealloc(PyObject *self, size_t size)
{
    PyTypeObject *type = Py_TYPE(self);
    ffic_ctype *ct = ((ffic_cdata *)self)->type;
    if (((ffic_cdata *)self)->weakrefs != NULL) {
        PyObject_ClearWeakRefs(self);
    }
    give_memory(ct->state, self, size);
    Py_DECREF(ct);
    Py_DECREF(type);
}

static void
cdata_dealloc(PyObject *self)
{
    plain_dealloc(self, sizeof(ffic_cdata));
}

static void
function_dealloc(PyObject *self)
{
    plain_dealloc(self, sizeof(ffic_cdata_function));
}

static void
finish_gc_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    ffic_ctype *ct = ((ffic_cdata *)self)->type;
    PyObject_GC_Del(self);
    Py_DECREF(ct);
    Py_DECREF(type);
}

static void
view_dealloc(PyObject *self)
{
    ffic_cdata_view *view = (ffic_cdata_view *)self;
    PyObject *owner = view->owner;
    bool collectable = is_collectable(owner);
    if (collectable) {
        PyObject_GC_UnTrack(self);
    }
    if (view->base.weakrefs != NULL) {
        PyObject_ClearWeakRefs(self);
    }
    PyTypeObject *type = Py_TYPE(self);
    ffic_ctype *ct = view->base.type;
    if (collectable) {
        PyObject_GC_Del(self);
    }
    else {
        give_memory(ct->state, self, sizeof *view);
    }
    Py_XDECREF(owner);
    Py_DECREF(ct);
    Py_DECREF(type);
}

static int
view_is_gc(PyObject *self)
{
    return is_collectable(((ffic_cdata_view *)self)->owner);
}

static int
view_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(((ffic_cdata_view *)self)->owner);
    return 0;
}

/* No tp_clear: a view needs its owner as long as anybody can see it, and the owner's own tp_clear breaks every cycle. */

static void
gc_finalize(PyObject *self)
{
    ffic_cdata_gc *gc = (ffic_cdata_gc *)self;
    if (gc->destructor == NULL) {
        return;
    }
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyObject *origin = Py_XNewRef(gc->origin);
    if (ffic_cdata_destroy(gc) < 0) {
        PyErr_WriteUnraisable(origin);
    }
    Py_XDECREF(origin);
    PyErr_Restore(type, value, traceback);
}

static void
gc_dealloc(PyObject *self)
{
    ffic_cdata_gc *gc = (ffic_cdata_gc *)self;
    PyObject_GC_UnTrack(self);
    Py_TRASHCAN_BEGIN(self, gc_dealloc)
    if (gc->base.weakrefs != NULL) {
        PyObject_ClearWeakRefs(self);
    }
    gc_finalize(self); /* the destructor gets the origin, never this object: nothing can bring it back */
    Py_CLEAR(gc->origin);
    finish_gc_dealloc(self);
    Py_TRASHCAN_END
}

static int
gc_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(((ffic_cdata_gc *)self)->origin);
    Py_VISIT(((ffic_cdata_gc *)self)->destructor);
    return 0;
}

/* The collector calls tp_finalize first, so the destructor has run. */
static int
gc_clear(PyObject *self)
{
    ffic_cdata_gc *gc = (ffic_cdata_gc *)self;
    Py_CLEAR(gc->destructor);
    return 0;
}

static void
handle_finish(ffic_cdata_handle *handle)
{
    ffic_handle_forget(handle->base.type->state, (uintptr_t)handle->base.data);
    if (handle->base.weakrefs != NULL) {
        PyObject_ClearWeakRefs((PyObject *)handle);
    }
}

static void
handle_dealloc(PyObject *self)
{
    ffic_cdata_handle *handle = (ffic_cdata_handle *)self;
    PyObject *object = handle->object;
    if (!is_collectable(object)) {
        PyTypeObject *type = Py_TYPE(self);
        ffic_ctype *ct = handle->base.type;
        handle_finish(handle);
        give_memory(ct->state, self, sizeof *handle);
        Py_XDECREF(object);
        Py_DECREF(ct);
        Py_DECREF(type);
        return;
    }
    PyObject_GC_UnTrack(self);
    Py_TRASHCAN_BEGIN(self, handle_dealloc)
    handle_finish(handle);
    finish_gc_dealloc(self);
    Py_DECREF(object);
    Py_TRASHCAN_END
}

static int
handle_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(((ffic_cdata_handle *)self)->object);
    return 0;
}

static int
handle_is_gc(PyObject *self)
{
    return is_collectable(((ffic_cdata_handle *)self)->object);
}

/* No tp_clear: the object of a handle never changes, so something else in every cycle does. */

PyObject *
ffic_cdata_handle_of(ffic_state *state, PyObject *object)
{
    ffic_cdata_handle *handle;
    bool collectable = is_collectable(object);
    if (collectable) {
        handle = PyObject_GC_New(ffic_cdata_handle, state->cdata_handle_type);
        if (handle == NULL) {
            return NULL;
        }
    }
    else {
        handle = take_memory(state, sizeof *handle);
        if (handle == NULL) {
            return NULL;
        }
        PyObject_Init((PyObject *)handle, state->cdata_handle_type);
    }
    fill(&handle->base, state->void_pointer, NULL);
    handle->object = Py_NewRef(object);
    handle->base.data = (char *)ffic_handle_register(state, object);
    if (handle->base.data == NULL) {
        Py_DECREF(handle);
        return NULL;
    }
    if (collectable) {
        PyObject_GC_Track((PyObject *)handle);
    }
    return (PyObject *)handle;
}

static void
buffer_dealloc(PyObject *self)
{
    ffic_cdata_buffer *buffer = (ffic_cdata_buffer *)self;
    PyObject_GC_UnTrack(self);
    Py_TRASHCAN_BEGIN(self, buffer_dealloc)
    if (buffer->base.weakrefs != NULL) {
        PyObject_ClearWeakRefs(self);
    }
    PyBuffer_Release(&buffer->view);
    finish_gc_dealloc(self);
    Py_TRASHCAN_END
}

static int
buffer_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(((ffic_cdata_buffer *)self)->view.obj);
    return 0;
}

static int
buffer_clear(PyObject *self)
{
    PyBuffer_Release(&((ffic_cdata_buffer *)self)->view);
    return 0;
}

/* Calls of what is no CDataFunction: function pointers that have an owner, and everything that cannot be called. */
static PyObject *
cdata_call(PyObject *self, PyObject *args, PyObject *kwargs)
{
    ffic_cdata *cd = (ffic_cdata *)self;
    if (!ffic_is_function_pointer(cd->type)) {
        PyErr_Format(PyExc_TypeError, "cdata '%U' is not callable", cd->type->name);
        return NULL;
    }
    if (kwargs != NULL && PyDict_GET_SIZE(kwargs) > 0) {
        PyErr_Format(PyExc_TypeError, "a cdata function cannot be called with keyword arguments: '%U'", cd->type->name);
        return NULL;
    }
    if (ffic_cdata_is_released(cd)) {
        raise_released(cd);
        return NULL;
    }
    return ffic_call_pointer(self, ((PyTupleObject *)args)->ob_item, (size_t)PyTuple_GET_SIZE(args), NULL);
}

/* ---- types ---------------------------------------------------------------------------------------------- */

static PyMemberDef cdata_members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(ffic_cdata, weakrefs), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot cdata_type_slots[] = {
    {Py_tp_doc, (void *)"A C value, pointer, array, struct or union."},
    {Py_tp_dealloc, (void *)cdata_dealloc},
    {Py_tp_members, cdata_members},
    {Py_tp_methods, ffic_cdata_methods},
    {Py_tp_repr, (void *)ffic_cdata_repr},
    {Py_tp_call, (void *)cdata_call},
    {Py_tp_hash, (void *)ffic_cdata_hash},
    {Py_tp_richcompare, (void *)ffic_cdata_richcompare},
    {Py_tp_getattro, (void *)ffic_cdata_getattro},
    {Py_tp_setattro, (void *)ffic_cdata_setattro},
    {Py_tp_iter, (void *)ffic_cdata_iter},
    {Py_mp_length, (void *)ffic_cdata_mp_length},
    {Py_mp_subscript, (void *)ffic_cdata_subscript},
    {Py_mp_ass_subscript, (void *)ffic_cdata_ass_subscript},
    {Py_nb_bool, (void *)ffic_cdata_bool},
    {Py_nb_int, (void *)ffic_cdata_int},
    {Py_nb_float, (void *)ffic_cdata_float},
    {Py_nb_add, (void *)ffic_cdata_add},
    {Py_nb_subtract, (void *)ffic_cdata_subtract},
    {0, NULL},
};

static PyType_Spec cdata_spec = {
    .name = "ffi_core._native.CData",
    .basicsize = sizeof(ffic_cdata),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = cdata_type_slots,
};

static PyType_Slot owning_slots[] = {
    {Py_tp_doc, (void *)"C data in memory that belongs to the object."},
    {Py_tp_dealloc, (void *)owning_dealloc},
    {0, NULL},
};

static PyType_Slot view_slots[] = {
    {Py_tp_doc, (void *)"C data in memory that belongs to another object, which it keeps alive."},
    {Py_tp_dealloc, (void *)view_dealloc},
    {Py_tp_traverse, (void *)view_traverse},
    {Py_tp_is_gc, (void *)view_is_gc},
    {0, NULL},
};

static PyMemberDef function_members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(ffic_cdata_function, vectorcall), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot function_slots[] = {
    {Py_tp_doc, (void *)"A pointer to a C function."},
    {Py_tp_dealloc, (void *)function_dealloc},
    {Py_tp_members, function_members},
    {Py_tp_call, (void *)PyVectorcall_Call},
    {0, NULL},
};

static PyType_Slot gc_slots[] = {
    {Py_tp_doc, (void *)"C data with a destructor, from ffi.gc()."},
    {Py_tp_dealloc, (void *)gc_dealloc},
    {Py_tp_traverse, (void *)gc_traverse},
    {Py_tp_clear, (void *)gc_clear},
    {Py_tp_finalize, (void *)gc_finalize},
    {0, NULL},
};

static PyType_Slot handle_slots[] = {
    {Py_tp_doc, (void *)"A void pointer that stands for a Python object, from ffi.new_handle()."},
    {Py_tp_dealloc, (void *)handle_dealloc},
    {Py_tp_traverse, (void *)handle_traverse},
    {Py_tp_is_gc, (void *)handle_is_gc},
    {0, NULL},
};

static PyType_Slot buffer_slots[] = {
    {Py_tp_doc, (void *)"C data in the memory of a Python object, from ffi.from_buffer()."},
    {Py_tp_dealloc, (void *)buffer_dealloc},
    {Py_tp_traverse, (void *)buffer_traverse},
    {Py_tp_clear, (void *)buffer_clear},
    {0, NULL},
};

enum { SUBTYPE_FLAGS = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION };

static PyType_Spec owning_spec = {
    .name = "ffi_core._native.CDataOwning",
    .basicsize = sizeof(ffic_cdata),
    .flags = SUBTYPE_FLAGS,
    .slots = owning_slots,
};

static PyType_Spec view_spec = {
    .name = "ffi_core._native.CDataView",
    .basicsize = sizeof(ffic_cdata_view),
    .flags = SUBTYPE_FLAGS | Py_TPFLAGS_HAVE_GC,
    .slots = view_slots,
};

static PyType_Spec function_spec = {
    .name = "ffi_core._native.CDataFunction",
    .basicsize = sizeof(ffic_cdata_function),
    .flags = SUBTYPE_FLAGS | Py_TPFLAGS_HAVE_VECTORCALL,
    .slots = function_slots,
};

static PyType_Spec gc_spec = {
    .name = "ffi_core._native.CDataGC",
    .basicsize = sizeof(ffic_cdata_gc),
    .flags = SUBTYPE_FLAGS | Py_TPFLAGS_HAVE_GC,
    .slots = gc_slots,
};

static PyType_Spec handle_spec = {
    .name = "ffi_core._native.CDataHandle",
    .basicsize = sizeof(ffic_cdata_handle),
    .flags = SUBTYPE_FLAGS | Py_TPFLAGS_HAVE_GC,
    .slots = handle_slots,
};

static PyType_Spec buffer_spec = {
    .name = "ffi_core._native.CDataBuffer",
    .basicsize = sizeof(ffic_cdata_buffer),
    .flags = SUBTYPE_FLAGS | Py_TPFLAGS_HAVE_GC,
    .slots = buffer_slots,
};

PyTypeObject *
ffic_make_type(PyObject *module, PyType_Spec *spec, PyTypeObject *base)
{
    PyObject *bases = base == NULL ? NULL : PyTuple_Pack(1, base);
    if (base != NULL && bases == NULL) {
        return NULL;
    }
    PyTypeObject *type = (PyTypeObject *)PyType_FromModuleAndSpec(module, spec, bases);
    Py_XDECREF(bases);
    if (type != NULL && Py_TPFLAGS_DISALLOW_INSTANTIATION == 0 && type->tp_new == PyBaseObject_Type.tp_new) {
        type->tp_new = NULL; /* CPython 3.9 has no flag for it */
    }
    return type;
}

int
ffic_cdata_setup(PyObject *module, ffic_state *state)
{
    state->cdata_type = ffic_make_type(module, &cdata_spec, NULL);
    if (state->cdata_type == NULL) {
        return -1;
    }
    state->cdata_owning_type = ffic_make_type(module, &owning_spec, state->cdata_type);
    state->cdata_view_type = ffic_make_type(module, &view_spec, state->cdata_type);
    state->cdata_function_type = ffic_make_type(module, &function_spec, state->cdata_type);
    state->cdata_gc_type = ffic_make_type(module, &gc_spec, state->cdata_type);
    state->cdata_handle_type = ffic_make_type(module, &handle_spec, state->cdata_type);
    state->cdata_buffer_type = ffic_make_type(module, &buffer_spec, state->cdata_type);
    if (state->cdata_owning_type == NULL || state->cdata_view_type == NULL || state->cdata_function_type == NULL ||
        state->cdata_gc_type == NULL || state->cdata_handle_type == NULL || state->cdata_buffer_type == NULL) {
        return -1;
    }
    if (ffic_handles_setup(state) < 0 || ffic_cdata_iterator_setup(module, state) < 0 ||
        ffic_buffer_setup(module, state) < 0 || ffic_allocator_setup(module, state) < 0) {
        return -1;
    }
    return 0;
}
