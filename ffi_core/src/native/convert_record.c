/* Initialising structs and unions. */
#include "convert_parts.h"

typedef int (*member_visitor)(ffic_cfield *field, PyObject *value, void *context);

/* Visit each member that a list, tuple or dict names, with its value. */
static int
visit_sequence(ffic_ctype *record, PyObject *value, member_visitor visit, void *context)
{
    PyObject *fields = record->u.record.fields;
    Py_ssize_t count = PySequence_Fast_GET_SIZE(value), members = PyTuple_GET_SIZE(fields), used = 0;
    Py_ssize_t places = 0;
    for (Py_ssize_t i = 0; i < members; i++) {
        places += (((ffic_cfield *)PyTuple_GET_ITEM(fields, i))->flags & FFIC_FIELD_NOT_POSITIONAL) == 0;
    }
    if (count > places) {
        PyErr_Format(PyExc_ValueError, "too many initializers for '%U' (got %zd)", record->name, count);
        return -1;
    }
    int result = 0;
    for (Py_ssize_t i = 0; result == 0 && used < count; i++) {
        ffic_cfield *field = (ffic_cfield *)PyTuple_GET_ITEM(fields, i);
        if (field->flags & FFIC_FIELD_NOT_POSITIONAL) {
            continue;
        }
        PyObject *item = ffic_sequence_item(value, used++);
        result = item == NULL ? -1 : visit(field, item, context);
        Py_XDECREF(item);
    }
    return result;
}

static int
visit_dict(ffic_ctype *record, PyObject *value, member_visitor visit, void *context)
{
    int result = 0;
    PyObject *key, *item;
    Py_ssize_t position = 0;
    FFIC_BEGIN_CRITICAL_SECTION(value);
    while (result == 0 && PyDict_Next(value, &position, &key, &item)) {
        Py_INCREF(key);
        Py_INCREF(item);
        ffic_cfield *field = PyUnicode_Check(key) ? ffic_ctype_field(record, key, false) : NULL;
        if (field != NULL) {
            result = visit(field, item, context);
        }
        else {
            if (!PyErr_Occurred()) {
                PyErr_Format(PyExc_KeyError, "'%U' has no field %R", record->name, key);
            }
            result = -1;
        }
        Py_DECREF(key);
        Py_DECREF(item);
    }
    FFIC_END_CRITICAL_SECTION();
    return result;
}

static int
visit_members(ffic_ctype *record, PyObject *value, member_visitor visit, void *context)
{
    if (record->u.record.fields == NULL) {
        PyErr_Format(PyExc_TypeError, "ctype '%U' is opaque: it cannot be initialized", record->name);
        return -1;
    }
    if (Py_EnterRecursiveCall(" in the initializer of a C struct")) {
        return -1;
    }
    int result = PyDict_Check(value) ? visit_dict(record, value, visit, context) : visit_sequence(record, value, visit, context);
    Py_LeaveRecursiveCall();
    return result;
}

static bool
names_members(PyObject *value)
{
    return PyList_Check(value) || PyTuple_Check(value) || PyDict_Check(value);
}

/* ---- storing ---------------------------------------------------------------------------------------------------- */

typedef struct {
    char *data;
    Py_ssize_t extent;
} destination;

static int
store_member(ffic_cfield *field, PyObject *value, void *context)
{
    destination *to = context;
    ffic_ctype *ct = field->type;
    if (FFIC_LIKELY(field->bit_size >= 0 || (ct->code != FFIC_CODE_ARRAY && ct->code != FFIC_CODE_RECORD))) {
        return ffic_store_field(field, to->data, value);
    }
    char *place = to->data + field->offset;
    Py_ssize_t room = to->extent < 0 ? -1 : to->extent - field->offset;
    if (ct->code == FFIC_CODE_RECORD) {
        return ffic_store_record(ct, place, value, ct->flags & FFIC_TYPE_FLEXIBLE ? room : -1);
    }
    if (ct->length >= 0) {
        return ffic_store_array(ct, place, ct->length, value);
    }
    if (to->extent >= 0 && PyIndex_Check(value)) {
        return 0; /* it said how long the flexible array member is, when the memory was allocated */
    }
    return ffic_store_array(ct, place, room < 0 || ct->item->size == 0 ? room : room / ct->item->size, value);
}

int
ffic_store_record(ffic_ctype *ct, char *data, PyObject *value, Py_ssize_t extent)
{
    if (ffic_ctype_complete(ct) < 0) {
        return -1;
    }
    if (names_members(value)) {
        destination to = {data, extent};
        return visit_members(ct, value, store_member, &to);
    }
    if (ffic_is_cdata(ct->state, value) && ((ffic_cdata *)value)->type == ct) {
        ffic_cdata *from = (ffic_cdata *)value;
        if (ct->size < 0) {
            return (int)ffic_ctype_size(ct);
        }
        if (ffic_cdata_access(from) < 0) {
            return -1;
        }
        memmove(data, from->data, (size_t)ct->size);
        return 0;
    }
    return ffic_expected(ct, "list or tuple or dict or struct-cdata", value, NULL);
}

int
ffic_store_flexible(ffic_ctype *record, char *data, PyObject *value, Py_ssize_t extent)
{
    return ffic_store_record(record, data, value, extent);
}

/* ---- the size of flexible records ------------------------------------------------------------------------------- */

static int
measure_member(ffic_cfield *field, PyObject *value, void *context)
{
    Py_ssize_t *size = context, needed;
    ffic_ctype *ct = field->type;
    if (ct->code == FFIC_CODE_ARRAY && ct->length < 0) {
        bool is_length;
        Py_ssize_t length = ffic_initializer_length(ct, value, &is_length);
        if (length < 0) {
            return -1;
        }
        if (__builtin_mul_overflow(length, ct->item->size, &needed)) {
            PyErr_Format(PyExc_OverflowError, "array size would overflow a ssize_t: %zd items of '%U'", length, ct->item->name);
            return -1;
        }
    }
    else if (ct->code == FFIC_CODE_RECORD && (ct->flags & FFIC_TYPE_FLEXIBLE)) {
        needed = ffic_initializer_size(ct, value);
        if (needed < 0) {
            return -1;
        }
    }
    else {
        return 0;
    }
    if (__builtin_add_overflow(needed, field->offset, size)) {
        PyErr_Format(PyExc_OverflowError, "struct size would overflow a ssize_t: '%U'", ct->name);
        return -1;
    }
    return 0;
}

Py_ssize_t
ffic_initializer_size(ffic_ctype *record, PyObject *value)
{
    Py_ssize_t size = record->size;
    if (value != NULL && names_members(value) && visit_members(record, value, measure_member, &size) < 0) {
        return -1;
    }
    return size;
}
