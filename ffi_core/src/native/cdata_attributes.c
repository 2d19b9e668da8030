/* Members of structs and unions as attributes. */
#include "cdata_slots.h"
#include "convert.h"
#include "error_note.h"
#include "keep_alive.h"

/* The record whose members `cd` has: its own type, or what it points to. */
static inline ffic_ctype *
record_of(ffic_cdata *cd)
{
    ffic_ctype *ct = cd->type->kind == FFIC_KIND_POINTER ? cd->type->item : cd->type;
    return ct->code == FFIC_CODE_RECORD ? ct : NULL;
}

/* Replace the AttributeError of the generic lookup by one that names the C type. */
static void
raise_no_attribute(ffic_cdata *cd, PyObject *name, bool for_write)
{
    ffic_ctype *record = record_of(cd);
    PyErr_Clear();
    if (record != NULL && record->u.record.fields == NULL) {
        PyErr_Format(PyExc_AttributeError, "cdata '%U' %s an opaque type: cannot %s fields", cd->type->name,
                     cd->type->kind == FFIC_KIND_POINTER ? "points to" : "is of", for_write ? "write" : "read");
        ffic_error_note("the field is %R", name);
    }
    else {
        ffic_raise(PyExc_AttributeError, "cdata '%U' has no %s %R", cd->type->name, record != NULL ? "field" : "attribute", name);
    }
}

/* Where is the member?  NULL with an exception where its memory cannot be touched. */
static inline char *
place_of(ffic_cdata *cd, const ffic_cfield *field, bool for_write)
{
    if (FFIC_UNLIKELY((for_write ? ffic_cdata_access_for_write(cd) : ffic_cdata_access(cd)) < 0)) {
        return NULL;
    }
    char *place = cd->data + field->offset;
    ffic_state *state = cd->type->state;
    PyTypeObject *type = Py_TYPE(cd);
    if (FFIC_UNLIKELY(type != state->cdata_type && type != state->cdata_owning_type) && cd->type->kind == FFIC_KIND_POINTER) {
        Py_ssize_t size = field->type->size;
        if (field->bit_size >= 0) {
            place += field->bit_shift / 8;
            size = (field->bit_shift % 8 + field->bit_size + 7) / 8;
        }
        if (ffic_cdata_check_range(cd, place, size > 0 ? size : 0) < 0) {
            return NULL;
        }
    }
    return cd->data;
}

PyObject *
ffic_cdata_getattro(PyObject *self, PyObject *name)
{
    ffic_cdata *cd = (ffic_cdata *)self;
    ffic_ctype *record = record_of(cd);
    if (FFIC_LIKELY(record != NULL)) {
        ffic_cfield *field = ffic_ctype_field(record, name, false);
        if (FFIC_LIKELY(field != NULL)) {
            char *data = place_of(cd, field, false);
            if (FFIC_UNLIKELY(data == NULL)) {
                return NULL;
            }
            ffic_ctype *ct = field->type;
            bool refers = ct->code == FFIC_CODE_ARRAY || ct->code == FFIC_CODE_RECORD;
            return refers || field->bit_size >= 0 ? ffic_load_field(field, data, ffic_cdata_owner(cd))
                                                  : ffic_load(ct, data + field->offset, NULL);
        }
        if (PyErr_Occurred()) {
            return NULL;
        }
    }
    PyObject *result = PyObject_GenericGetAttr(self, name);
    if (result == NULL && PyErr_ExceptionMatches(PyExc_AttributeError)) {
        raise_no_attribute(cd, name, false);
    }
    return result;
}

int
ffic_cdata_setattro(PyObject *self, PyObject *name, PyObject *value)
{
    ffic_cdata *cd = (ffic_cdata *)self;
    ffic_ctype *record = record_of(cd);
    ffic_cfield *field = record == NULL ? NULL : ffic_ctype_field(record, name, false);
    if (FFIC_UNLIKELY(field == NULL)) {
        if (!PyErr_Occurred()) {
            raise_no_attribute(cd, name, true);
        }
        return -1;
    }
    if (FFIC_UNLIKELY(value == NULL)) {
        PyErr_Format(PyExc_AttributeError, "cannot delete the field %R of cdata '%U'", name, cd->type->name);
        return -1;
    }
    char *data = place_of(cd, field, true);
    if (FFIC_UNLIKELY(data == NULL)) {
        return -1;
    }
    ffic_ctype *ct = field->type;
    char *place = data + field->offset;
    bool pinned = ffic_cdata_pin(cd);
    int result;
    if (FFIC_UNLIKELY(ct->code == FFIC_CODE_ARRAY && ct->length < 0)) {
        result = ffic_store_array(ct, place, ffic_flexible_length(ct, place, ffic_cdata_owner(cd)), value);
    }
    else {
        result = FFIC_LIKELY(field->bit_size < 0) ? ffic_store(ct, place, value) : ffic_store_field(field, data, value);
    }
    if (FFIC_UNLIKELY(pinned) && result == 0) {
        Py_ssize_t rest = ct->size < 0 ? ffic_cdata_extent(cd) - field->offset : ct->size;
        result = ffic_keep_stored(cd, ct, place, rest, value);
    }
    ffic_cdata_unpin(cd, pinned);
    return result;
}

PyObject *
ffic_cdata_member_names(ffic_cdata *cd)
{
    ffic_ctype *record = record_of(cd);
    if (record == NULL) {
        return PyList_New(0);
    }
    if (ffic_ctype_complete(record) < 0) {
        return NULL;
    }
    if (record->u.record.by_name == NULL) {
        return PyList_New(0);
    }
    PyObject *names = PyDict_Keys(record->u.record.by_name);
    if (names != NULL && PyList_Sort(names) < 0) {
        Py_CLEAR(names);
    }
    return names;
}
