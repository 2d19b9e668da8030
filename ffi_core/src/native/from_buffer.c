/* Python's buffers as C data: ffi.from_buffer, ffi.memmove. */
#include "convert.h"
#include "debug.h"
#include "ffi_object.h"

/* ---- from_buffer ------------------------------------------------------------------------------------------------------- */

/* Items of an array type that fit into `size` bytes; -1 with an exception. */
static Py_ssize_t
count_items(ffic_ctype *ct, Py_ssize_t size)
{
    if (ct->length >= 0) {
        if (ct->size > size) {
            PyErr_Format(PyExc_ValueError, "buffer is too small (%zd bytes) for '%U' (%zd bytes)", size, ct->name, ct->size);
            return -1;
        }
        return ct->length;
    }
    if (ct->item->size <= 0) {
        PyErr_Format(PyExc_ValueError, "'%U' has items of size zero: cannot tell how many fit into a buffer", ct->name);
        return -1;
    }
    return size / ct->item->size;
}

static PyObject *
make_from_buffer(ffic_ctype *ct, PyObject *object, bool writable)
{
    if ((ct->kind != FFIC_KIND_POINTER && ct->kind != FFIC_KIND_ARRAY) || ffic_is_function_pointer(ct)) {
        PyErr_Format(PyExc_TypeError, "expected a pointer or array ctype, got '%U'", ct->name);
        return NULL;
    }
    if (PyUnicode_Check(object)) {
        PyErr_SetString(PyExc_TypeError, "from_buffer() cannot return the address of a str object");
        return NULL;
    }
    ffic_cdata_buffer *buffer = PyObject_GC_New(ffic_cdata_buffer, ct->state->cdata_buffer_type);
    if (buffer == NULL) {
        return NULL;
    }
    buffer->base.type = (ffic_ctype *)Py_NewRef((PyObject *)ct);
    buffer->base.weakrefs = NULL;
    buffer->base.data = NULL;
    buffer->view.obj = NULL;
    buffer->exports = 0;
    buffer->length = -1;
    int failed = PyObject_GetBuffer(object, &buffer->view, writable ? PyBUF_WRITABLE : PyBUF_SIMPLE);
    if (!failed && ct->kind == FFIC_KIND_ARRAY) {
        buffer->length = count_items(ct, buffer->view.len);
        failed = buffer->length < 0;
    }
    if (failed) {
        Py_DECREF(buffer);
        return NULL;
    }
    buffer->base.data = buffer->view.buf;
    PyObject_GC_Track((PyObject *)buffer);
    if (ffic_debugging(ct->state) && ffic_debug_hold((PyObject *)buffer, "ffi.from_buffer", buffer->view.len) < 0) {
        Py_CLEAR(buffer);
    }
    return (PyObject *)buffer;
}

PyObject *
ffic_ffi_from_buffer(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *keywords)
{
    static const char *const names[] = {"cdecl", "python_buffer", "require_writable", NULL};
    PyObject *values[3] = {NULL, NULL, NULL};
    ffic_ffi *ffi = (ffic_ffi *)self;
    if (FFIC_LIKELY(keywords == NULL && count == 1)) {
        values[0] = args[0];
    }
    else if (ffic_arguments("from_buffer", names, 0, args, count, keywords, values) < 0) {
        return NULL;
    }
    if (values[1] == NULL) { /* one argument: the buffer */
        values[1] = values[0];
        values[0] = NULL;
    }
    if (values[1] == NULL) {
        PyErr_SetString(PyExc_TypeError, "from_buffer() missing required argument 'python_buffer'");
        return NULL;
    }
    int writable = values[2] == NULL ? 0 : PyObject_IsTrue(values[2]);
    if (writable < 0) {
        return NULL;
    }
    ffic_ctype *ct = values[0] != NULL ? ffic_ffi_type_of(ffi, values[0], false) : ffic_ctype_array_of(ffi->state->char_type, -1);
    if (ct == NULL) {
        return NULL;
    }
    PyObject *result = make_from_buffer(ct, values[1], writable != 0);
    Py_DECREF(ct);
    return result;
}

/* ---- memmove ------------------------------------------------------------------------------------------------------------- */

/* One end of a copy. */
typedef struct {
    char *data;
    Py_buffer view; /* view.obj is NULL for cdata */
} area;

static int
too_short(const char *role, PyObject *object, Py_ssize_t available, Py_ssize_t wanted)
{
    PyErr_Format(PyExc_ValueError, "memmove() of %zd bytes: the %s, %.200s, has only %zd", wanted, role, Py_TYPE(object)->tp_name,
                 available);
    return -1;
}

static int
area_of_cdata(ffic_cdata *cd, const char *role, bool for_write, Py_ssize_t size, area *result)
{
    ffic_ctype *ct = cd->type;
    if (ct->kind != FFIC_KIND_POINTER && ct->kind != FFIC_KIND_ARRAY) {
        PyErr_Format(PyExc_TypeError, "memmove(): the %s must be a pointer or array, got '%U'", role, ct->name);
        return -1;
    }
    if (size > 0 && (for_write ? ffic_cdata_access_for_write(cd) : ffic_cdata_access(cd)) < 0) {
        return -1;
    }
    Py_ssize_t extent = ffic_cdata_extent(cd);
    if (extent >= 0 && size > extent) {
        PyErr_Format(PyExc_ValueError, "memmove() of %zd bytes: the %s, cdata '%U', has only %zd", size, role, ct->name, extent);
        return -1;
    }
    result->data = cd->data;
    return 0;
}

static int
area_of(ffic_state *state, PyObject *object, const char *role, bool for_write, Py_ssize_t size, area *result)
{
    result->view.obj = NULL;
    if (ffic_is_cdata(state, object)) {
        return area_of_cdata((ffic_cdata *)object, role, for_write, size, result);
    }
    if (PyBytes_CheckExact(object) && !for_write) {
        result->data = PyBytes_AS_STRING(object);
        return size > PyBytes_GET_SIZE(object) ? too_short(role, object, PyBytes_GET_SIZE(object), size) : 0;
    }
    if (PyObject_GetBuffer(object, &result->view, for_write ? PyBUF_WRITABLE : PyBUF_SIMPLE) < 0) {
        return -1;
    }
    result->data = result->view.buf;
    if (size > result->view.len) {
        too_short(role, object, result->view.len, size);
        PyBuffer_Release(&result->view);
        return -1;
    }
    return 0;
}

PyObject *
ffic_ffi_memmove(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *keywords)
{
    static const char *const names[] = {"dest", "src", "n", NULL};
    PyObject *values[3];
    ffic_state *state = ((ffic_ffi *)self)->state;
    if (ffic_arguments("memmove", names, 3, args, count, keywords, values) < 0) {
        return NULL;
    }
    Py_ssize_t size = PyNumber_AsSsize_t(values[2], PyExc_OverflowError);
    if (size == -1 && PyErr_Occurred()) {
        return NULL;
    }
    if (size < 0) {
        PyErr_Format(PyExc_ValueError, "negative size: memmove() of %zd bytes", size);
        return NULL;
    }
    area to, from;
    if (area_of(state, values[1], "source", false, size, &from) < 0) {
        return NULL;
    }
    PyObject *result = NULL;
    if (area_of(state, values[0], "destination", true, size, &to) == 0) {
        if (size > 0) {
            memmove(to.data, from.data, (size_t)size);
        }
        PyBuffer_Release(&to.view);
        result = Py_NewRef(Py_None);
    }
    PyBuffer_Release(&from.view);
    return result;
}
