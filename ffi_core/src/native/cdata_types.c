/* The Python types of C data objects: deallocation, garbage collection, slots. */
#include <stddef.h>

#include "call.h"
#include "cdata_class.h"
#include "cdata_memory.h"
#include "cdata_slots.h"
#include "debug.h"
#include "heap_type.h"

/* ---- deallocation and garbage collection ------------------------------------------------------------------ */

static void
owning_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    ffic_ctype *ct = ((ffic_cdata *)self)->type;
    if (((ffic_cdata *)self)->weakrefs != NULL) {
        PyObject_ClearWeakRefs(self);
    }
    if (FFIC_UNLIKELY(ffic_debugging(ct->state)) && ffic_debug_bury((ffic_cdata *)self)) {
        /* kept for a while, to be known when it is used */
    }
    else if (ffic_owns_little(ct)) {
        ffic_give_memory(ct->state, self, FFIC_LITTLE);
    }
    else {
        PyObject_Free(self);
    }
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
    ffic_give_memory(ct->state, self, size);
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
    PyObject *owner = ffic_view_owner(view);
    bool collectable = ffic_is_collectable(owner);
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
        ffic_give_memory(ct->state, self, ffic_view_size(ct));
    }
    Py_XDECREF(owner);
    Py_DECREF(ct);
    Py_DECREF(type);
}

static int
view_is_gc(PyObject *self)
{
    return ffic_is_collectable(ffic_view_owner((ffic_cdata_view *)self));
}

static int
view_traverse(PyObject *self, visitproc visit, void *arg)
{
    PyObject *owner = ffic_view_owner((ffic_cdata_view *)self);
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(owner);
    return 0;
}

/* No tp_clear: a view needs its owner as long as anybody can see it, and the owner's own tp_clear breaks every cycle. */

static void
gc_finalize(PyObject *self)
{
    ffic_cdata_gc *gc = (ffic_cdata_gc *)self;
    if (*ffic_gc_destructor(gc) == NULL) {
        return;
    }
    PyObject *type = NULL, *value = NULL, *traceback = NULL;
    bool is_raising = PyErr_Occurred() != NULL;
    if (FFIC_UNLIKELY(is_raising)) {
        PyErr_Fetch(&type, &value, &traceback);
    }
    PyObject *origin = Py_XNewRef(gc->origin);
    if (ffic_cdata_destroy(gc) < 0) {
        PyErr_WriteUnraisable(origin);
    }
    Py_XDECREF(origin);
    if (FFIC_UNLIKELY(is_raising)) {
        PyErr_Restore(type, value, traceback);
    }
}

static void
finish_destroyed(PyObject *self)
{
    ffic_cdata_gc *gc = (ffic_cdata_gc *)self;
    if (gc->base.weakrefs != NULL) {
        PyObject_ClearWeakRefs(self);
    }
    gc_finalize(self); /* the destructor gets the origin, never this object: nothing can bring it back */
    Py_CLEAR(gc->origin);
    ffic_gc_more *more = ffic_gc_more_of(gc);
    if (more != NULL) {
        Py_CLEAR(more->kept);
        PyMem_Free(more);
    }
    PyTypeObject *type = Py_TYPE(self);
    ffic_ctype *ct = gc->base.type;
    ffic_give_gc_memory(ct->state, self);
    Py_DECREF(ct);
    Py_DECREF(type);
}

static void
gc_dealloc(PyObject *self)
{
    ffic_cdata_gc *gc = (ffic_cdata_gc *)self;
    PyObject_GC_UnTrack(self);
    if (!ffic_is_collectable(gc->origin) && ffic_gc_more_of(gc) == NULL) {
        finish_destroyed(self);
        return;
    }
    Py_TRASHCAN_BEGIN(self, gc_dealloc) /* chains of them can be long */
    finish_destroyed(self);
    Py_TRASHCAN_END
}

static int
gc_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(((ffic_cdata_gc *)self)->origin);
    Py_VISIT(*ffic_gc_destructor((ffic_cdata_gc *)self));
    const ffic_gc_more *more = ffic_gc_more_of((ffic_cdata_gc *)self);
    if (more != NULL) {
        Py_VISIT(more->kept);
    }
    return 0;
}

/* The collector calls tp_finalize first, so the destructor has run. */
static int
gc_clear(PyObject *self)
{
    ffic_cdata_gc *gc = (ffic_cdata_gc *)self;
    Py_CLEAR(*ffic_gc_destructor(gc));
    ffic_gc_more *more = ffic_gc_more_of(gc);
    if (more != NULL) {
        Py_CLEAR(more->kept);
    }
    return 0;
}

static void
handle_finish(ffic_cdata_handle *handle)
{
    if (ffic_debugging(handle->base.type->state)) {
        ffic_debug_let_go((PyObject *)handle);
    }
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
    if (!ffic_is_collectable(object)) {
        PyTypeObject *type = Py_TYPE(self);
        ffic_ctype *ct = handle->base.type;
        handle_finish(handle);
        ffic_give_memory(ct->state, self, sizeof *handle);
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
    return ffic_is_collectable(((ffic_cdata_handle *)self)->object);
}

/* No tp_clear: the object of a handle never changes, so something else in every cycle does. */

static void
buffer_dealloc(PyObject *self)
{
    ffic_cdata_buffer *buffer = (ffic_cdata_buffer *)self;
    PyObject_GC_UnTrack(self);
    Py_TRASHCAN_BEGIN(self, buffer_dealloc)
    if (buffer->base.weakrefs != NULL) {
        PyObject_ClearWeakRefs(self);
    }
    if (ffic_debugging(buffer->base.type->state)) {
        ffic_debug_let_go(self);
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
        ffic_cdata_check_access(cd);
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
    {Py_bf_getbuffer, (void *)ffic_cdata_get_buffer},
    {Py_bf_releasebuffer, (void *)ffic_cdata_release_buffer},
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

int
ffic_cdata_setup(PyObject *module, ffic_state *state)
{
    state->cdata_type = ffic_make_type(module, &cdata_spec, NULL);
    if (state->cdata_type == NULL || ffic_cdata_class_setup(state->cdata_type) < 0) {
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
