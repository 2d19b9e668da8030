/* The buffer protocol and C data: the type ffi.buffer, which shows C memory as bytes. */
#include <stddef.h>

#include "cdata_slots.h"
#include "convert.h"
#include "heap_type.h"
#include "keep_alive.h"

typedef struct {
    PyObject_HEAD
    ffic_cdata *cdata; /* whose memory it is; keeps it alive */
    PyObject *typed;   /* the cdata array whose items others see; NULL: bytes */
    Py_ssize_t size;
    PyObject *weakrefs;
} buffer;

/* ---- making ----------------------------------------------------------------------------------------------------------- */

/* Bytes that ffi.buffer(cd) shows, where no size is given. */
static Py_ssize_t
natural_size(ffic_cdata *cd)
{
    ffic_ctype *ct = cd->type;
    Py_ssize_t size = -1;
    if (ct->kind == FFIC_KIND_ARRAY) {
        Py_ssize_t length = ffic_cdata_length(cd);
        size = length < 0 ? -1 : length * ct->item->size;
    }
    else {
        if (ffic_ctype_complete(ct->item) < 0) {
            return -1;
        }
        /* Of a flexible array member, the owner knows the length. */
        bool is_owner = ffic_is_owning(ct->state, (PyObject *)cd);
        size = is_owner ? ffic_cdata_extent(cd) : ct->item->size;
    }
    if (size < 0) {
        PyErr_Format(PyExc_TypeError, "don't know the size pointed to by '%U'", ct->name);
    }
    return size;
}

/* What buffer(cd, size, typed=True) exports: the array itself, or one of as many items as fit into `size` bytes. */
static PyObject *
typed_array(ffic_cdata *cd, Py_ssize_t size, bool is_whole)
{
    ffic_ctype *ct = cd->type, *item = ct->item;
    if (is_whole && ct->kind == FFIC_KIND_ARRAY) {
        return Py_NewRef((PyObject *)cd);
    }
    if (ffic_ctype_complete(item) < 0) {
        return NULL;
    }
    if (item->size <= 0 || size % item->size != 0) {
        PyErr_Format(PyExc_ValueError, "buffer() of %zd bytes: these are no whole items of '%U'", size, item->name);
        return NULL;
    }
    ffic_ctype *array = ffic_ctype_array_of(item, -1);
    PyObject *result = array == NULL ? NULL : ffic_cdata_derived(array, cd->data, cd, size / item->size);
    Py_XDECREF(array);
    return result;
}

static PyObject *
make_buffer(PyTypeObject *type, PyObject *object, Py_ssize_t size, bool is_typed)
{
    if (Py_TYPE(object)->tp_repr != ffic_cdata_repr) {
        PyErr_Format(PyExc_TypeError, "buffer() argument 'cdata' must be a cdata object, not %s", Py_TYPE(object)->tp_name);
        return NULL;
    }
    ffic_cdata *cd = (ffic_cdata *)object;
    ffic_ctype *ct = cd->type;
    if ((ct->kind != FFIC_KIND_POINTER && ct->kind != FFIC_KIND_ARRAY) || ct->item->kind == FFIC_KIND_FUNCTION) {
        PyErr_Format(PyExc_TypeError, "expected a pointer or array cdata, got '%U'", ct->name);
        return NULL;
    }
    bool is_whole = size < 0;
    if (is_whole) {
        size = natural_size(cd);
        if (size < 0) {
            return NULL;
        }
    }
    if ((size > 0 || cd->data != NULL) && ffic_cdata_access(cd) < 0) {
        return NULL;
    }
    Py_ssize_t extent = ffic_cdata_extent(cd);
    if (extent >= 0 && size > extent) {
        PyErr_Format(PyExc_ValueError, "buffer() of %zd bytes: the memory of cdata '%U' has only %zd", size, ct->name, extent);
        return NULL;
    }
    PyObject *typed = is_typed ? typed_array(cd, size, is_whole) : NULL;
    buffer *result = is_typed && typed == NULL ? NULL : PyObject_GC_New(buffer, type);
    if (result == NULL) {
        Py_XDECREF(typed);
        return NULL;
    }
    result->typed = typed;
    result->cdata = (ffic_cdata *)Py_NewRef(object);
    result->size = size;
    result->weakrefs = NULL;
    PyObject_GC_Track((PyObject *)result);
    return (PyObject *)result;
}

static PyObject *
make_from_arguments(PyTypeObject *type, PyObject *cdata, PyObject *size, PyObject *typed)
{
    int is_typed = typed == NULL ? 0 : PyObject_IsTrue(typed);
    if (is_typed < 0) {
        return NULL;
    }
    Py_ssize_t bytes = -1;
    if (size != NULL) {
        bytes = PyNumber_AsSsize_t(size, PyExc_OverflowError);
        if (bytes == -1 && PyErr_Occurred()) {
            return NULL;
        }
    }
    return make_buffer(type, cdata, bytes, is_typed != 0);
}

static PyObject *
buffer_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char cdata_name[] = "cdata", size_name[] = "size", typed_name[] = "typed";
    char *names[] = {cdata_name, size_name, typed_name, NULL};
    PyObject *cdata, *size = NULL, *typed = NULL;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|O$O:buffer", names, &cdata, &size, &typed)) {
        return NULL;
    }
    return make_from_arguments(type, cdata, size, typed);
}

static PyObject *
buffer_vectorcall(PyObject *type, PyObject *const *args, size_t nargsf, PyObject *keywords)
{
    Py_ssize_t count = PyVectorcall_NARGS(nargsf);
    if (FFIC_LIKELY(keywords == NULL && (count == 1 || count == 2))) {
        return make_from_arguments((PyTypeObject *)type, args[0], count == 2 ? args[1] : NULL, NULL);
    }
    PyObject *positional = PyTuple_New(count), *kwargs = keywords == NULL ? NULL : PyDict_New(), *result = NULL;
    bool failed = positional == NULL || (keywords != NULL && kwargs == NULL);
    for (Py_ssize_t i = 0; !failed && i < count; i++) {
        PyTuple_SET_ITEM(positional, i, Py_NewRef(args[i]));
    }
    for (Py_ssize_t i = 0; !failed && keywords != NULL && i < PyTuple_GET_SIZE(keywords); i++) {
        failed = PyDict_SetItem(kwargs, PyTuple_GET_ITEM(keywords, i), args[count + i]) < 0;
    }
    if (!failed) {
        result = buffer_new((PyTypeObject *)type, positional, kwargs);
    }
    Py_XDECREF(positional);
    Py_XDECREF(kwargs);
    return result;
}

static void
buffer_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    Py_TRASHCAN_BEGIN(self, buffer_dealloc)
    if (((buffer *)self)->weakrefs != NULL) {
        PyObject_ClearWeakRefs(self);
    }
    Py_XDECREF(((buffer *)self)->typed);
    Py_DECREF(((buffer *)self)->cdata);
    PyObject_GC_Del(self);
    Py_DECREF(type);
    Py_TRASHCAN_END
}

static int
buffer_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(((buffer *)self)->cdata);
    Py_VISIT(((buffer *)self)->typed);
    return 0;
}

/* ---- the buffer protocol ---------------------------------------------------------------------------------------------- */

static int
check(buffer *self, bool for_write)
{
    if (self->size == 0) {
        return 0;
    }
    return for_write ? ffic_cdata_access_for_write(self->cdata) : ffic_cdata_access(self->cdata);
}

static int
buffer_get(PyObject *self, Py_buffer *view, int flags)
{
    buffer *b = (buffer *)self;
    view->obj = NULL;
    if (check(b, false) < 0) {
        return -1;
    }
    if (b->typed != NULL) {
        return PyObject_GetBuffer(b->typed, view, flags); /* which releases it, too */
    }
    int readonly = b->size > 0 && ffic_cdata_is_readonly(b->cdata);
    if (PyBuffer_FillInfo(view, self, b->cdata->data, b->size, readonly, flags) < 0) {
        return -1;
    }
    ffic_cdata_count_export(b->cdata, 1);
    return 0;
}

static void
buffer_release(PyObject *self, Py_buffer *view)
{
    (void)view;
    ffic_cdata_count_export(((buffer *)self)->cdata, -1);
}

/* ---- as a sequence of bytes -------------------------------------------------------------------------------------------- */

static Py_ssize_t
buffer_length(PyObject *self)
{
    return ((buffer *)self)->size;
}

static PyObject *
buffer_item(PyObject *self, Py_ssize_t index)
{
    buffer *b = (buffer *)self;
    if (index < 0 || index >= b->size) {
        PyErr_Format(PyExc_IndexError, "buffer index out of range: %zd of %zd bytes", index, b->size);
        return NULL;
    }
    return check(b, false) < 0 ? NULL : PyBytes_FromStringAndSize(b->cdata->data + index, 1);
}

/* The range that an index or slice covers; an index gives one byte. -1 with an exception. */
static int
range_of(buffer *b, PyObject *key, Py_ssize_t *start, Py_ssize_t *length)
{
    Py_ssize_t stop, step;
    if (PyIndex_Check(key)) {
        *start = PyNumber_AsSsize_t(key, PyExc_IndexError);
        if (*start == -1 && PyErr_Occurred()) {
            return -1;
        }
        if (*start < 0) {
            *start += b->size;
        }
        if (*start < 0 || *start >= b->size) {
            PyErr_Format(PyExc_IndexError, "buffer index out of range: %R of %zd bytes", key, b->size);
            return -1;
        }
        *length = 1;
        return 0;
    }
    if (!PySlice_Check(key)) {
        PyErr_Format(PyExc_TypeError, "buffer indices must be integers or slices, not %s", Py_TYPE(key)->tp_name);
        return -1;
    }
    if (PySlice_Unpack(key, start, &stop, &step) < 0) {
        return -1;
    }
    if (step != 1) {
        PyErr_Format(PyExc_TypeError, "buffer doesn't support slicing with step != 1 (got %zd)", step);
        return -1;
    }
    *length = PySlice_AdjustIndices(b->size, start, &stop, step);
    return 0;
}

static PyObject *
buffer_subscript(PyObject *self, PyObject *key)
{
    Py_ssize_t start, length;
    buffer *b = (buffer *)self;
    if (range_of(b, key, &start, &length) < 0 || check(b, false) < 0) {
        return NULL;
    }
    return PyBytes_FromStringAndSize(b->cdata->data + start, length);
}

static int
buffer_ass_subscript(PyObject *self, PyObject *key, PyObject *value)
{
    Py_ssize_t start, length;
    buffer *b = (buffer *)self;
    if (value == NULL) {
        PyErr_SetString(PyExc_TypeError, "'del x[n]' not supported for buffer objects");
        return -1;
    }
    if (range_of(b, key, &start, &length) < 0 || check(b, true) < 0) {
        return -1;
    }
    if (PyIndex_Check(key)) {
        if (!PyBytes_Check(value) || PyBytes_GET_SIZE(value) != 1) {
            PyErr_Format(PyExc_TypeError, "must assign a bytes of length 1, not %s", Py_TYPE(value)->tp_name);
            return -1;
        }
        b->cdata->data[start] = PyBytes_AS_STRING(value)[0];
        return 0;
    }
    Py_buffer view;
    if (PyObject_GetBuffer(value, &view, PyBUF_SIMPLE) < 0) {
        return -1;
    }
    int result = check(b, true); /* getting the buffer may have run Python code */
    if (result == 0 && view.len != length) {
        PyErr_Format(PyExc_ValueError, "right operand length must match slice length: %zd bytes for %zd", view.len, length);
        result = -1;
    }
    if (result == 0) {
        memmove(b->cdata->data + start, view.buf, (size_t)length);
    }
    PyBuffer_Release(&view);
    return result;
}

static PyObject *
buffer_richcompare(PyObject *self, PyObject *other, int op)
{
    if (!PyObject_CheckBuffer(other)) {
        return Py_NewRef(Py_NotImplemented);
    }
    Py_buffer view;
    buffer *b = (buffer *)self;
    if (PyObject_GetBuffer(other, &view, PyBUF_SIMPLE) < 0) {
        PyErr_Clear();
        return Py_NewRef(Py_NotImplemented);
    }
    PyObject *result = NULL;
    if (check(b, false) == 0) {
        Py_ssize_t common = b->size < view.len ? b->size : view.len;
        int order = common > 0 ? memcmp(b->cdata->data, view.buf, (size_t)common) : 0;
        if (order == 0) {
            order = (b->size > view.len) - (b->size < view.len);
        }
        bool truth = op == Py_EQ   ? order == 0
                     : op == Py_NE ? order != 0
                     : op == Py_LT ? order < 0
                     : op == Py_LE ? order <= 0
                     : op == Py_GT ? order > 0
                                   : order >= 0;
        result = Py_NewRef(truth ? Py_True : Py_False);
    }
    PyBuffer_Release(&view);
    return result;
}

/* ---- the type ------------------------------------------------------------------------------------------------------------ */

static PyMemberDef buffer_members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(buffer, weakrefs), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot buffer_slots[] = {
    {Py_tp_doc, (void *)"buffer(cdata, size=-1)\n--\n\nC memory as a buffer: reads and writes it in place, keeping the cdata alive."},
    {Py_tp_new, (void *)buffer_new},
    {Py_tp_dealloc, (void *)buffer_dealloc},
    {Py_tp_traverse, (void *)buffer_traverse},
    {Py_tp_hash, (void *)PyObject_HashNotImplemented},
    {Py_tp_richcompare, (void *)buffer_richcompare},
    {Py_tp_members, buffer_members},
    {Py_sq_length, (void *)buffer_length},
    {Py_sq_item, (void *)buffer_item},
    {Py_mp_length, (void *)buffer_length},
    {Py_mp_subscript, (void *)buffer_subscript},
    {Py_mp_ass_subscript, (void *)buffer_ass_subscript},
    {Py_bf_getbuffer, (void *)buffer_get},
    {Py_bf_releasebuffer, (void *)buffer_release},
    {0, NULL},
};

static PyType_Spec buffer_spec = {
    .name = "ffi_core._native.buffer",
    .basicsize = sizeof(buffer),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = buffer_slots,
};

int
ffic_buffer_setup(PyObject *module, ffic_state *state)
{
    state->buffer_type = ffic_make_type(module, &buffer_spec, NULL);
    if (state->buffer_type == NULL) {
        return -1;
    }
    state->buffer_type->tp_vectorcall = buffer_vectorcall;
    return 0;
}
