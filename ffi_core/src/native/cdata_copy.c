/* Copies of C data: what copy.copy() and copy.deepcopy() make, and why pickle gets none. */
#include "cdata_slots.h"
#include "keep_alive.h"

/* A struct with the items of its flexible array member: as p[0] of a new owning pointer. */
static PyObject *
copy_flexible(ffic_cdata *cd, Py_ssize_t size)
{
    ffic_ctype *pointer = ffic_ctype_pointer_to(cd->type);
    ffic_cdata *owner = pointer == NULL ? NULL : ffic_cdata_allocate(pointer, size, -1, true);
    PyObject *result = NULL;
    if (owner != NULL) {
        memcpy(owner->data, cd->data, (size_t)size);
        result = ffic_cdata_view_of(cd->type, owner->data, (PyObject *)owner, -1);
    }
    Py_XDECREF(owner);
    Py_XDECREF(pointer);
    return result;
}

static PyObject *
copy_record(ffic_cdata *cd)
{
    if (ffic_ctype_size(cd->type) < 0 || ffic_cdata_check_access(cd) < 0) {
        return NULL;
    }
    Py_ssize_t size = cd->type->flags & FFIC_TYPE_FLEXIBLE ? ffic_cdata_extent(cd) : -1;
    return size > cd->type->size ? copy_flexible(cd, size) : ffic_cdata_copy(cd->type, cd->data);
}

static PyObject *
copy_array(ffic_cdata *cd)
{
    Py_ssize_t length = ffic_cdata_length(cd);
    if (length < 0) {
        PyErr_Format(PyExc_TypeError, "cannot copy cdata '%U': its length is not known", cd->type->name);
        return NULL;
    }
    Py_ssize_t size = length * cd->type->item->size;
    if (ffic_cdata_check_access(cd) < 0) {
        return NULL;
    }
    ffic_cdata *copy = ffic_cdata_allocate(cd->type, size, length, false);
    if (copy != NULL) {
        memcpy(copy->data, cd->data, (size_t)size);
    }
    return (PyObject *)copy;
}

PyObject *
ffic_cdata_copy_method(PyObject *self, PyObject *unused)
{
    (void)unused;
    ffic_cdata *cd = (ffic_cdata *)self;
    switch ((ffic_kind)cd->type->kind) {
    case FFIC_KIND_STRUCT:
    case FFIC_KIND_UNION:
        return ffic_keep_copy(cd, copy_record(cd));
    case FFIC_KIND_ARRAY:
        return ffic_keep_copy(cd, copy_array(cd));
    case FFIC_KIND_PRIMITIVE:
    case FFIC_KIND_ENUM:
        return Py_NewRef(self); /* it never changes */
    default:
        PyErr_Format(PyExc_TypeError, "cannot copy cdata '%U': it is a pointer (of what p points to, p[0] can be copied)",
                     cd->type->name);
        return NULL;
    }
}

PyObject *
ffic_cdata_deepcopy_method(PyObject *self, PyObject *memo)
{
    (void)memo;
    ffic_cdata *cd = (ffic_cdata *)self;
    int pointers = cd->type->kind == FFIC_KIND_POINTER ? 0 : ffic_has_pointers(cd->type);
    if (pointers > 0) {
        PyErr_Format(PyExc_TypeError,
                     "cannot deep-copy cdata '%U': it has pointers, and how much they point to is not known (copy.copy() copies "
                     "the pointers)",
                     cd->type->name);
    }
    return pointers != 0 ? NULL : ffic_cdata_copy_method(self, NULL);
}

PyObject *
ffic_cdata_reduce_method(PyObject *self, PyObject *protocol)
{
    (void)protocol;
    PyErr_Format(PyExc_TypeError,
                 "cannot pickle cdata '%U': C memory means nothing to another process (pickle what ffi.unpack(), ffi.buffer() or "
                 "int() gives of it)",
                 ((ffic_cdata *)self)->type->name);
    return NULL;
}
