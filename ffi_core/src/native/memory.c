/* Allocating C data: ffi.new, ffi.new_allocator, ffi.cast, ffi.gc, ffi.release. */
#include <stddef.h>

#include "cdata_slots.h"
#include "convert.h"
#include "debug.h"
#include "ffi_object.h"
#include "heap_type.h"
#include "keep_alive.h"

/* ---- what to allocate --------------------------------------------------------------------------------------------- */

typedef struct {
    ffic_ctype *type;
    PyObject *init;    /* NULL: nothing to store */
    Py_ssize_t size;   /* bytes */
    Py_ssize_t length; /* `T[]`: items; otherwise -1 */
    bool covered;      /* the initializer writes every byte */
} request;

static int
measure_pointer(request *r)
{
    ffic_ctype *item = r->type->item;
    if (ffic_ctype_complete(item) < 0) {
        return -1;
    }
    if (item->size < 0) {
        if (item->kind == FFIC_KIND_FUNCTION) {
            PyErr_Format(PyExc_TypeError, "expected a pointer or array ctype, got '%U'", r->type->name);
        }
        else {
            PyErr_Format(PyExc_TypeError, "cannot instantiate ctype '%U' of unknown size", item->name);
        }
        return -1;
    }
    r->size = item->size;
    if (FFIC_UNLIKELY(item->flags & FFIC_TYPE_FLEXIBLE) && item->code == FFIC_CODE_RECORD) {
        r->size = ffic_initializer_size(item, r->init);
        return r->size < 0 ? -1 : 0;
    }
    return 0;
}

static int
measure_open_array(request *r)
{
    ffic_ctype *item = r->type->item;
    bool is_length = false;
    r->length = ffic_initializer_length(r->type, r->init == NULL ? Py_None : r->init, &is_length);
    if (r->length < 0) {
        return -1;
    }
    if (is_length) {
        r->init = NULL;
    }
    r->covered = !is_length && item->code != FFIC_CODE_RECORD && item->code != FFIC_CODE_ARRAY;
    if (__builtin_mul_overflow(r->length, item->size, &r->size)) {
        PyErr_Format(PyExc_OverflowError, "array size would overflow a ssize_t: %zd items of '%U'", r->length, item->name);
        return -1;
    }
    return 0;
}

static int
measure(request *r)
{
    ffic_ctype *ct = r->type;
    r->length = -1;
    r->covered = false;
    if (r->init == Py_None) {
        r->init = NULL;
    }
    if (ct->kind == FFIC_KIND_POINTER) {
        return measure_pointer(r);
    }
    if (ct->kind == FFIC_KIND_ARRAY) {
        r->size = ct->size;
        return ct->length < 0 ? measure_open_array(r) : 0;
    }
    PyErr_Format(PyExc_TypeError, "expected a pointer or array ctype, got '%U'", ct->name);
    return -1;
}

static int
initialize(const request *r, char *data)
{
    ffic_ctype *ct = r->type;
    if (ct->kind == FFIC_KIND_ARRAY) {
        return ffic_store_array(ct, data, ct->length < 0 ? r->length : ct->length, r->init);
    }
    if (ct->item->code == FFIC_CODE_RECORD) {
        return ffic_store_flexible(ct->item, data, r->init, r->size);
    }
    return ffic_store(ct->item, data, r->init);
}

static PyObject *
allocate_inside(request *r, bool clear)
{
    if (FFIC_UNLIKELY(measure(r) < 0)) {
        return NULL;
    }
    ffic_cdata *cd = ffic_cdata_allocate(r->type, r->size, r->length, clear && !r->covered);
    if (FFIC_UNLIKELY(cd == NULL)) {
        return NULL;
    }
    if (r->init != NULL && FFIC_UNLIKELY(initialize(r, cd->data) < 0)) {
        Py_DECREF(cd);
        return NULL;
    }
    if (ffic_debugging(r->type->state) && (ffic_debug_watch(cd, r->size) < 0 || ffic_debug_hold((PyObject *)cd, "ffi.new", r->size) < 0)) {
        Py_DECREF(cd);
        return NULL;
    }
    return (PyObject *)cd;
}

PyObject *
ffic_ffi_new(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *keywords)
{
    static const char *const names[] = {"cdecl", "init", NULL};
    PyObject *values[2] = {NULL, NULL};
    if (FFIC_LIKELY(keywords == NULL && (count == 1 || count == 2))) {
        values[0] = args[0];
        values[1] = count == 2 ? args[1] : NULL;
    }
    else if (ffic_arguments("new", names, 1, args, count, keywords, values) < 0) {
        return NULL;
    }
    request r = {.type = ffic_ffi_type_of((ffic_ffi *)self, values[0], false), .init = values[1]};
    if (FFIC_UNLIKELY(r.type == NULL)) {
        return NULL;
    }
    PyObject *result = allocate_inside(&r, true);
    if (FFIC_UNLIKELY(((ffic_ffi *)self)->keep_alive)) {
        result = ffic_keeper_of_new(result, r.init);
    }
    Py_DECREF(r.type);
    return result;
}

/* ---- allocators ------------------------------------------------------------------------------------------------------ */

typedef struct {
    PyObject_HEAD
    vectorcallfunc vectorcall;
    ffic_ffi *ffi;
    PyObject *alloc;   /* NULL: the memory is the object's own */
    PyObject *release; /* NULL: nobody frees it */
    bool clear;
} allocator;

/* Call the user's alloc(); what it returns must be a pointer to memory that is large enough, as far as we know. */
static ffic_cdata *
call_alloc(allocator *a, const request *r)
{
    PyObject *size = PyLong_FromSsize_t(r->size);
    PyObject *memory = size == NULL ? NULL : PyObject_CallFunctionObjArgs(a->alloc, size, NULL);
    Py_XDECREF(size);
    if (memory == NULL) {
        return NULL;
    }
    ffic_cdata *cd = (ffic_cdata *)memory;
    if (!ffic_is_cdata(a->ffi->state, memory)) {
        PyErr_Format(PyExc_TypeError, "alloc() must return a cdata object (got %s)", Py_TYPE(memory)->tp_name);
    }
    else if (cd->type->kind != FFIC_KIND_POINTER && cd->type->kind != FFIC_KIND_ARRAY) {
        PyErr_Format(PyExc_TypeError, "alloc() must return a cdata pointer, not '%U'", cd->type->name);
    }
    else if (cd->data == NULL && !ffic_cdata_is_released(cd)) {
        PyErr_Format(PyExc_MemoryError, "alloc() returned NULL for %zd bytes of '%U'", r->size, r->type->name);
    }
    else if (ffic_cdata_check_write(cd) == 0) {
        Py_ssize_t extent = ffic_cdata_extent(cd);
        if (extent < 0 || extent >= r->size) {
            return cd;
        }
        PyErr_Format(PyExc_ValueError, "alloc() returned cdata '%U' with %zd bytes: '%U' needs %zd", cd->type->name, extent,
                     r->type->name, r->size);
    }
    Py_DECREF(memory);
    return NULL;
}

/* In debug mode, note that the CDataGC `made` (may be NULL) has a destructor to be called.  Takes its reference. */
static PyObject *
debug_gc(PyObject *made, const char *how, Py_ssize_t size)
{
    if (made != NULL && ffic_debugging(((ffic_cdata *)made)->type->state) && *ffic_gc_destructor((ffic_cdata_gc *)made) != NULL &&
        ffic_debug_hold(made, how, size) < 0) {
        Py_CLEAR(made);
    }
    return made;
}

static PyObject *
allocate_outside(allocator *a, request *r)
{
    if (measure(r) < 0) {
        return NULL;
    }
    ffic_cdata *memory = call_alloc(a, r);
    if (memory == NULL) {
        return NULL;
    }
    if (a->clear) {
        memset(memory->data, 0, (size_t)r->size);
    }
    PyObject *result = ffic_cdata_with_destructor(r->type, memory, a->release, r->length, r->size);
    Py_DECREF(memory);
    if (result != NULL && r->init != NULL && initialize(r, ((ffic_cdata *)result)->data) < 0) {
        Py_CLEAR(result);
    }
    return debug_gc(result, "ffi.new_allocator", r->size);
}

static PyObject *
allocator_call(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *keywords)
{
    static const char *const names[] = {"cdecl", "init", NULL};
    PyObject *values[2];
    allocator *a = (allocator *)self;
    if (ffic_arguments("allocator", names, 1, args, PyVectorcall_NARGS(nargsf), keywords, values) < 0) {
        return NULL;
    }
    request r = {.type = ffic_ffi_type_of(a->ffi, values[0], false), .init = values[1]};
    if (r.type == NULL) {
        return NULL;
    }
    PyObject *result = a->alloc == NULL ? allocate_inside(&r, a->clear) : allocate_outside(a, &r);
    if (a->ffi->keep_alive) {
        result = ffic_keeper_of_new(result, r.init);
    }
    Py_DECREF(r.type);
    return result;
}

static PyObject *
callable_or_none(const char *name, PyObject *value, PyObject **result)
{
    *result = value == Py_None ? NULL : value;
    if (*result != NULL && !PyCallable_Check(value)) {
        PyErr_Format(PyExc_TypeError, "new_allocator() argument '%s' must be callable or None, not %s", name,
                     Py_TYPE(value)->tp_name);
        return NULL;
    }
    return Py_None;
}

PyObject *
ffic_ffi_new_allocator(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *keywords)
{
    static const char *const names[] = {"alloc", "free", "should_clear_after_alloc", NULL};
    PyObject *values[3], *alloc, *release;
    if (ffic_arguments("new_allocator", names, 0, args, count, keywords, values) < 0 ||
        callable_or_none("alloc", values[0] == NULL ? Py_None : values[0], &alloc) == NULL ||
        callable_or_none("free", values[1] == NULL ? Py_None : values[1], &release) == NULL) {
        return NULL;
    }
    int clear = values[2] == NULL ? 1 : PyObject_IsTrue(values[2]);
    if (clear < 0) {
        return NULL;
    }
    if (alloc == NULL && release != NULL) {
        PyErr_SetString(PyExc_TypeError, "cannot pass 'free' without 'alloc'");
        return NULL;
    }
    allocator *a = PyObject_GC_New(allocator, ((ffic_ffi *)self)->state->allocator_type);
    if (a == NULL) {
        return NULL;
    }
    a->vectorcall = allocator_call;
    a->ffi = (ffic_ffi *)Py_NewRef(self);
    a->alloc = Py_XNewRef(alloc);
    a->release = Py_XNewRef(release);
    a->clear = clear != 0;
    PyObject_GC_Track((PyObject *)a);
    return (PyObject *)a;
}

static int
allocator_traverse(PyObject *self, visitproc visit, void *arg)
{
    allocator *a = (allocator *)self;
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(a->ffi);
    Py_VISIT(a->alloc);
    Py_VISIT(a->release);
    return 0;
}

static void
allocator_dealloc(PyObject *self)
{
    allocator *a = (allocator *)self;
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    Py_XDECREF(a->ffi);
    Py_XDECREF(a->alloc);
    Py_XDECREF(a->release);
    PyObject_GC_Del(self);
    Py_DECREF(type);
}

static PyMemberDef allocator_members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(allocator, vectorcall), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot allocator_slots[] = {
    {Py_tp_doc, (void *)"Allocates C data as ffi.new() does, with the functions given to ffi.new_allocator()."},
    {Py_tp_dealloc, (void *)allocator_dealloc},
    {Py_tp_traverse, (void *)allocator_traverse},
    {Py_tp_call, (void *)PyVectorcall_Call},
    {Py_tp_members, allocator_members},
    {0, NULL},
};

static PyType_Spec allocator_spec = {
    .name = "ffi_core._native.Allocator",
    .basicsize = sizeof(allocator),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_IMMUTABLETYPE |
             Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = allocator_slots,
};

int
ffic_allocator_setup(PyObject *module, ffic_state *state)
{
    state->allocator_type = ffic_make_type(module, &allocator_spec, NULL);
    return state->allocator_type == NULL ? -1 : 0;
}

/* ---- cast ------------------------------------------------------------------------------------------------------------ */

PyObject *
ffic_ffi_cast(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *keywords)
{
    static const char *const names[] = {"cdecl", "source", NULL};
    PyObject *values[2];
    if (FFIC_LIKELY(keywords == NULL && count == 2)) {
        values[0] = args[0];
        values[1] = args[1];
    }
    else if (ffic_arguments("cast", names, 2, args, count, keywords, values) < 0) {
        return NULL;
    }
    ffic_ctype *ct = ffic_ffi_type_of((ffic_ffi *)self, values[0], false);
    if (FFIC_UNLIKELY(ct == NULL)) {
        return NULL;
    }
    PyObject *result = ffic_cast(ct, values[1]);
    Py_DECREF(ct);
    return result;
}

/* ---- gc, release -------------------------------------------------------------------------------------------------------- */

static PyObject *
remove_destructor(ffic_state *state, ffic_cdata *cd)
{
    if (Py_TYPE(cd) != state->cdata_gc_type || ffic_is_owning(state, (PyObject *)cd)) {
        PyErr_Format(PyExc_TypeError, "Can remove destructor only on a object previously returned by ffi.gc(), not on cdata '%U'",
                     cd->type->name);
        return NULL;
    }
    if (ffic_debugging(state)) {
        ffic_debug_let_go((PyObject *)cd);
    }
    Py_CLEAR(*ffic_gc_destructor((ffic_cdata_gc *)cd));
    return Py_NewRef(Py_None);
}

PyObject *
ffic_ffi_gc(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *keywords)
{
    static const char *const names[] = {"cdata", "destructor", "size", NULL};
    PyObject *values[3];
    ffic_state *state = ((ffic_ffi *)self)->state;
    if (FFIC_LIKELY(keywords == NULL && count == 2)) {
        values[0] = args[0];
        values[1] = args[1];
        values[2] = NULL;
    }
    else if (ffic_arguments("gc", names, 2, args, count, keywords, values) < 0) {
        return NULL;
    }
    if (!ffic_is_cdata(state, values[0])) {
        PyErr_Format(PyExc_TypeError, "gc() argument 'cdata' must be a cdata object, not %s", Py_TYPE(values[0])->tp_name);
        return NULL;
    }
    if (values[2] != NULL && PyNumber_AsSsize_t(values[2], PyExc_OverflowError) == -1 && PyErr_Occurred()) {
        return NULL;
    }
    ffic_cdata *cd = (ffic_cdata *)values[0];
    if (values[1] == Py_None) {
        return remove_destructor(state, cd);
    }
    if (!PyCallable_Check(values[1])) {
        PyErr_Format(PyExc_TypeError, "gc() argument 'destructor' must be callable or None, not %s", Py_TYPE(values[1])->tp_name);
        return NULL;
    }
    if (ffic_cdata_is_released(cd)) {
        ffic_cdata_check_access(cd);
        return NULL;
    }
    ffic_ctype *ct = cd->type;
    Py_ssize_t length = ct->kind == FFIC_KIND_ARRAY && ct->length < 0 ? ffic_cdata_length(cd) : -1;
    return debug_gc(ffic_cdata_with_destructor(ct, cd, values[1], length, ffic_cdata_extent(cd)), "ffi.gc", 0);
}

PyObject *
ffic_ffi_release(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *keywords)
{
    static const char *const names[] = {"cdata", NULL};
    PyObject *values[1];
    if (ffic_arguments("release", names, 1, args, count, keywords, values) < 0) {
        return NULL;
    }
    if (!ffic_is_cdata(((ffic_ffi *)self)->state, values[0])) {
        PyErr_Format(PyExc_TypeError, "release() argument must be a cdata object, not %s", Py_TYPE(values[0])->tp_name);
        return NULL;
    }
    return ffic_cdata_release((ffic_cdata *)values[0]) < 0 ? NULL : Py_NewRef(Py_None);
}
