/* How cdata objects are shown: the type, and who owns the memory. */
#include "convert_parts.h"
#include "keep_alive.h"

static PyObject *
shown(ffic_cdata *cd, PyObject *detail)
{
    PyObject *result = detail == NULL ? NULL : PyUnicode_FromFormat("<cdata '%U' %U>", cd->type->name, detail);
    Py_XDECREF(detail);
    return result;
}

static PyObject *
show_long_double(const char *data)
{
    char text[128];
    (void)snprintf(text, sizeof text, "%LE", ffic_read_long_double(data));
    return PyUnicode_FromString(text);
}

/* A number, character or enum value. */
static PyObject *
show_value(ffic_cdata *cd)
{
    ffic_ctype *ct = cd->type;
    ffic_code code = (ffic_code)ct->code;
    if (code == FFIC_CODE_LONG_DOUBLE) {
        return show_long_double(cd->data);
    }
    if (code == FFIC_CODE_CHAR32 && ffic_read_unsigned(cd->data, 4) > 0x10FFFF) {
        return PyUnicode_FromFormat("0x%x", (unsigned)ffic_read_unsigned(cd->data, 4));
    }
    if (code == FFIC_CODE_BOOL && *(unsigned char *)cd->data > 1) {
        return PyUnicode_FromFormat("0x%x", (unsigned)*(unsigned char *)cd->data);
    }
    PyObject *value = code == FFIC_CODE_COMPLEX_LONG_DOUBLE ? PyComplex_FromCComplex(ffic_read_complex(code, cd->data))
                                                            : ffic_load(ct, cd->data, NULL);
    if (value == NULL) {
        return NULL;
    }
    PyObject *name = NULL, *result = NULL;
    if (ct->kind == FFIC_KIND_ENUM && ct->u.enumeration.by_value != NULL) {
        name = ffic_dict_get(ct->u.enumeration.by_value, value);
    }
    if (!PyErr_Occurred()) {
        result = name != NULL ? PyUnicode_FromFormat("%S: %U", value, name) : PyObject_Repr(value);
    }
    Py_XDECREF(name);
    Py_DECREF(value);
    return result;
}

static PyObject *
show_handle(ffic_cdata_handle *handle)
{
    PyObject *object = handle->object;
    if (object == NULL) {
        return PyUnicode_FromString("handle to nothing");
    }
    int again = Py_ReprEnter((PyObject *)handle); /* the object may hold its own handle */
    if (again != 0) {
        return again < 0 ? NULL : PyUnicode_FromString("handle to ...");
    }
    PyObject *result = PyUnicode_FromFormat("handle to %R", object);
    Py_ReprLeave((PyObject *)handle);
    return result;
}

static PyObject *
show_buffer(ffic_cdata_buffer *buffer)
{
    if (buffer->view.obj == NULL) {
        return PyUnicode_FromString("buffer RELEASED");
    }
    const char *exporter = Py_TYPE(buffer->view.obj)->tp_name;
    Py_ssize_t length = ffic_cdata_length(&buffer->base);
    return length < 0 ? PyUnicode_FromFormat("buffer from '%s' object", exporter)
                      : PyUnicode_FromFormat("buffer len %zd from '%s' object", length, exporter);
}

/* The pointer that owns the struct `cd`, where that is its p[0]: this counts as owning, too. */
static ffic_cdata *
sole_owner(ffic_cdata *cd)
{
    ffic_cdata_view *view = (ffic_cdata_view *)cd;
    if (Py_TYPE(cd) != cd->type->state->cdata_view_type || !(view->owner & FFIC_IS_WHOLE)) {
        return NULL;
    }
    return (ffic_cdata *)ffic_view_owner(view);
}

PyObject *
ffic_cdata_repr(PyObject *self)
{
    ffic_cdata *cd = (ffic_cdata *)self;
    ffic_ctype *ct = cd->type;
    ffic_state *state = ct->state;
    PyTypeObject *type = Py_TYPE(self);
    if (ct->kind == FFIC_KIND_PRIMITIVE || ct->kind == FFIC_KIND_ENUM) {
        return shown(cd, show_value(cd));
    }
    if (type == state->cdata_buffer_type) {
        return shown(cd, show_buffer((ffic_cdata_buffer *)self));
    }
    if (ffic_cdata_is_released(cd)) {
        return shown(cd, PyUnicode_FromString("RELEASED"));
    }
    if (type == state->cdata_handle_type) {
        return shown(cd, show_handle((ffic_cdata_handle *)self));
    }
    ffic_cdata *owner = ffic_is_owning(state, self) ? cd : sole_owner(cd);
    if (owner != NULL) {
        return shown(cd, PyUnicode_FromFormat("owning %zd bytes", ffic_cdata_extent(owner)));
    }
    if (ct->kind == FFIC_KIND_ARRAY && ct->length < 0 && ffic_cdata_length(cd) >= 0) {
        return shown(cd, PyUnicode_FromFormat("sliced length %zd", ffic_cdata_length(cd)));
    }
    const char *reference = ct->code == FFIC_CODE_RECORD ? " &" : "";
    return cd->data == NULL ? PyUnicode_FromFormat("<cdata '%U%s' NULL>", ct->name, reference)
                            : PyUnicode_FromFormat("<cdata '%U%s' %p>", ct->name, reference, cd->data);
}
