/* C data objects: making them, their memory, and who owns it.  Their Python types are in cdata_types.c. */
#include "cdata.h"

#include <stddef.h>

#include "call.h"
#include "cdata_memory.h"
#include "debug.h"

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
    ffic_cdata *cd = ffic_owns_little(ct) ? ffic_take_memory(ct->state, FFIC_LITTLE)
                     : calloc_it ? PyObject_Calloc(1, total) : PyObject_Malloc(total);
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

/* ---- the other kinds ------------------------------------------------------------------------------------ */

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
    while (state->spare_gc.first != NULL) {
        PyObject *memory = state->spare_gc.first;
        state->spare_gc.first = ((ffic_cdata_gc *)memory)->origin;
        Py_SET_TYPE(memory, &PyTuple_Type); /* its own is gone; any will do that the collector knows */
        PyObject_GC_Del(memory);
    }
}

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
    if (ffic_debugging(ct->state) && !is_function) {
        PyObject *trace = ffic_debug_trace(ct->state, data);
        if (trace != NULL) {
            PyObject *view = ffic_cdata_view_of(ct, data, trace, -1);
            Py_DECREF(trace);
            return view;
        }
    }
    ffic_cdata *cd = ffic_take_memory(ct->state, is_function ? sizeof(ffic_cdata_function) : sizeof(ffic_cdata));
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

PyObject *
ffic_cdata_view_of(ffic_ctype *ct, char *data, PyObject *owner, Py_ssize_t length)
{
    if (owner == NULL && length < 0) {
        return ffic_cdata_borrowed(ct, data);
    }
    ffic_state *state = ct->state;
    if (owner != NULL && Py_TYPE(owner) == state->cdata_view_type) {
        owner = ffic_view_owner((ffic_cdata_view *)owner);
    }
    bool collectable = ffic_is_collectable(owner);
    ffic_cdata_view *view;
    if (FFIC_LIKELY(!collectable)) {
        view = ffic_take_memory(state, ffic_view_size(ct));
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
    view->owner = (uintptr_t)Py_XNewRef(owner);
    if (ffic_view_size(ct) == sizeof *view) {
        view->length = length;
    }
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
ffic_cdata_handle_of(ffic_state *state, PyObject *object)
{
    ffic_cdata_handle *handle;
    bool collectable = ffic_is_collectable(object);
    if (collectable) {
        handle = PyObject_GC_New(ffic_cdata_handle, state->cdata_handle_type);
        if (handle == NULL) {
            return NULL;
        }
    }
    else {
        handle = ffic_take_memory(state, sizeof *handle);
        if (handle == NULL) {
            return NULL;
        }
        PyObject_Init((PyObject *)handle, state->cdata_handle_type);
    }
    fill(&handle->base, state->void_pointer, NULL);
    handle->object = Py_NewRef(object);
    if (ffic_handle_register(state, handle) < 0) {
        Py_DECREF(handle);
        return NULL;
    }
    if (collectable) {
        PyObject_GC_Track((PyObject *)handle);
    }
    if (ffic_debugging(state) && ffic_debug_hold((PyObject *)handle, "ffi.new_handle", 0) < 0) {
        Py_CLEAR(handle);
    }
    return (PyObject *)handle;
}

/* Number of items that the extent says, where the type is `T[]`; otherwise, and where nobody knows, -1. */
static Py_ssize_t
gc_length(const ffic_cdata_gc *gc)
{
    const ffic_gc_more *more = ffic_gc_more_of(gc);
    if (more != NULL) {
        return more->length;
    }
    const ffic_ctype *ct = gc->base.type;
    bool is_open = ct->kind == FFIC_KIND_ARRAY && ct->length < 0 && gc->extent != FFIC_GC_UNKNOWN_EXTENT && ct->item->size > 0;
    return is_open ? (Py_ssize_t)gc->extent / ct->item->size : -1;
}

ffic_gc_more *
ffic_gc_extend(ffic_cdata_gc *gc)
{
    ffic_gc_more *more = ffic_gc_more_of(gc);
    if (more == NULL) {
        more = PyMem_Calloc(1, sizeof *more);
        if (more == NULL) {
            PyErr_NoMemory();
            return NULL;
        }
        more->destructor = gc->u.destructor;
        more->length = gc_length(gc);
        more->extent = ffic_gc_extent(gc);
        gc->u.more = more;
        gc->extent = FFIC_GC_HAS_MORE;
    }
    return more;
}

PyObject *
ffic_cdata_with_destructor(ffic_ctype *type, ffic_cdata *cd, PyObject *destroy, Py_ssize_t length, Py_ssize_t extent)
{
    ffic_cdata_gc *gc = ffic_take_gc_memory(type->state);
    if (gc == NULL) {
        return NULL;
    }
    fill(&gc->base, type, cd->data);
    gc->origin = Py_NewRef((PyObject *)cd);
    gc->u.destructor = Py_XNewRef(destroy);
    gc->exports = 0;
    gc->extent = extent >= 0 && extent < (Py_ssize_t)FFIC_GC_HAS_MORE ? (uint32_t)extent : FFIC_GC_UNKNOWN_EXTENT;
    PyObject_GC_Track((PyObject *)gc);
    if (gc_length(gc) != length || ffic_gc_extent(gc) != extent) {
        ffic_gc_more *more = ffic_gc_extend(gc);
        if (more == NULL) {
            Py_CLEAR(gc->u.destructor); /* there is nothing to be destroyed */
            Py_DECREF(gc);
            return NULL;
        }
        more->length = length;
        more->extent = extent;
    }
    return (PyObject *)gc;
}

/* ---- questions about memory ----------------------------------------------------------------------------- */

PyObject *
ffic_cdata_owner(ffic_cdata *cd)
{
    ffic_state *state = cd->type->state;
    PyTypeObject *type = Py_TYPE(cd);
    if (type == state->cdata_view_type) {
        return ffic_view_owner((ffic_cdata_view *)cd);
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
        *size = ffic_gc_extent((ffic_cdata_gc *)owner);
        return *size >= 0;
    }
    if (ffic_debug_is_trace(owner)) {
        ffic_debug_range(owner, start, size);
        return true;
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
            return ffic_debug_is_ended(owner);
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
        return gc_length((ffic_cdata_gc *)cd);
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
    PyObject *story = ffic_debug_story(cd);
    if (story != NULL) {
        PyErr_Format(PyExc_ValueError, "cdata '%U' was released: its memory cannot be used any more%U", cd->type->name, story);
        Py_DECREF(story);
    }
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
    PyObject *story = ffic_debug_story(cd);
    if (story != NULL) {
        PyErr_Format(PyExc_IndexError, "%zd bytes at offset %zd are outside the %zd bytes of memory that cdata '%U' points into%U",
                     size, (Py_ssize_t)offset, length, cd->type->name, story);
        Py_DECREF(story);
    }
    return -1;
}

/* ---- release -------------------------------------------------------------------------------------------- */

int
ffic_cdata_destroy(ffic_cdata_gc *gc)
{
    PyObject *destroy = *ffic_gc_destructor(gc), *origin = gc->origin;
    if (destroy == NULL || origin == NULL) {
        return 0;
    }
    if (ffic_debugging(gc->base.type->state)) {
        ffic_debug_let_go((PyObject *)gc);
    }
    *ffic_gc_destructor(gc) = NULL;
    Py_INCREF(origin);
    PyObject *result = PyObject_CallOneArg(destroy, origin);
    Py_DECREF(origin);
    Py_DECREF(destroy);
    Py_XDECREF(result);
    return result == NULL ? -1 : 0;
}

/* The buffers that one owner counts; 0 for memory that stays as long as the object does. */
static Py_ssize_t
export_count(ffic_state *state, PyObject *owner, int change)
{
    PyTypeObject *type = Py_TYPE(owner);
    if (type == state->cdata_buffer_type) {
        return __atomic_add_fetch(&((ffic_cdata_buffer *)owner)->exports, change, __ATOMIC_RELAXED);
    }
    if (type == state->cdata_gc_type) {
        return __atomic_add_fetch(&((ffic_cdata_gc *)owner)->exports, (uint32_t)change, __ATOMIC_RELAXED);
    }
    return 0;
}

void
ffic_cdata_count_export(ffic_cdata *cd, int change)
{
    ffic_state *state = cd->type->state;
    PyObject *owner = ffic_cdata_owner(cd);
    while (owner != NULL) {
        (void)export_count(state, owner, change);
        bool goes_on = Py_TYPE(owner) == state->cdata_gc_type && ((ffic_cdata_gc *)owner)->origin != NULL;
        owner = goes_on ? ffic_cdata_owner((ffic_cdata *)((ffic_cdata_gc *)owner)->origin) : NULL;
    }
}

/* The owning object at the end of a chain of CDataGC, borrowed, or NULL. */
static PyObject *
owning_root(ffic_cdata *cd)
{
    ffic_state *state = cd->type->state;
    PyObject *owner = ffic_cdata_owner(cd);
    while (owner != NULL && Py_TYPE(owner) == state->cdata_gc_type && ((ffic_cdata_gc *)owner)->origin != NULL) {
        owner = ffic_cdata_owner((ffic_cdata *)((ffic_cdata_gc *)owner)->origin);
    }
    return owner != NULL && Py_TYPE(owner) == state->cdata_owning_type ? owner : NULL;
}

/* Owning objects have no room for a count, and few are ever exported: a table has theirs. */
static int
count_owning(ffic_state *state, PyObject *owning, int change)
{
    if (state->handles == NULL) {
        PyErr_SetString(PyExc_RuntimeError, "ffi_core is shutting down");
        return -1;
    }
    PyObject *key = PyLong_FromVoidPtr(owning), *count = NULL;
    int result = -1;
    if (key == NULL) {
        return -1;
    }
    FFIC_BEGIN_CRITICAL_SECTION(state->handles);
    if (state->exported == NULL) {
        state->exported = PyDict_New();
    }
    PyObject *known = state->exported == NULL ? NULL : ffic_dict_get(state->exported, key);
    if (!PyErr_Occurred()) {
        long number = (known == NULL ? 0 : PyLong_AsLong(known)) + change;
        count = PyLong_FromLong(number);
        if (count != NULL) {
            result = number > 0 ? PyDict_SetItem(state->exported, key, count) : PyDict_DelItem(state->exported, key);
        }
    }
    Py_XDECREF(known);
    FFIC_END_CRITICAL_SECTION();
    Py_XDECREF(count);
    Py_DECREF(key);
    return result;
}

static int
is_exported(ffic_state *state, PyObject *owning)
{
    if (state->exported == NULL || PyDict_GET_SIZE(state->exported) == 0) {
        return 0;
    }
    PyObject *key = PyLong_FromVoidPtr(owning);
    int result = key == NULL ? -1 : PyDict_Contains(state->exported, key);
    Py_XDECREF(key);
    return result;
}

int
ffic_cdata_export(ffic_cdata *cd)
{
    PyObject *owning = owning_root(cd);
    if (owning != NULL && count_owning(cd->type->state, owning, 1) < 0) {
        return -1;
    }
    ffic_cdata_count_export(cd, 1);
    return 0;
}

void
ffic_cdata_unexport(ffic_cdata *cd)
{
    PyObject *owning = owning_root(cd);
    if (owning != NULL && cd->type->state->exported != NULL) { /* it is gone at the end of the interpreter */
        PyObject *type, *value, *traceback;
        PyErr_Fetch(&type, &value, &traceback);
        if (count_owning(cd->type->state, owning, -1) < 0) {
            PyErr_WriteUnraisable(owning);
        }
        PyErr_Restore(type, value, traceback);
    }
    ffic_cdata_count_export(cd, -1);
}

static int
raise_exported(ffic_cdata *cd)
{
    PyErr_Format(PyExc_BufferError, "cdata '%U' cannot be released: a memoryview or the like still uses its memory",
                 cd->type->name);
    return -1;
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
        int exports = is_exported(state, (PyObject *)cd);
        if (exports != 0) {
            return exports < 0 ? -1 : raise_exported(cd);
        }
        if (ffic_debugging(state)) {
            ffic_debug_end(cd);
        }
        cd->data = NULL;
        return 0;
    }
    if (export_count(state, (PyObject *)cd, 0) > 0) {
        return raise_exported(cd);
    }
    if (type == state->cdata_buffer_type) {
        if (ffic_debugging(state)) {
            ffic_debug_let_go((PyObject *)cd);
        }
        PyBuffer_Release(&((ffic_cdata_buffer *)cd)->view);
        return 0;
    }
    ffic_cdata_gc *gc = (ffic_cdata_gc *)cd;
    int result = ffic_cdata_destroy(gc);
    ffic_gc_more *more = ffic_gc_more_of(gc);
    if (more != NULL) {
        Py_CLEAR(more->kept);
    }
    if (cd->type->kind == FFIC_KIND_POINTER || cd->type->kind == FFIC_KIND_ARRAY || cd->type->code == FFIC_CODE_RECORD) {
        Py_CLEAR(gc->origin); /* a primitive value lies in its origin, which goes with this object */
    }
    return result;
}
