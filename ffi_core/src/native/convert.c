/* Conversions between Python objects and C values in memory: the dispatch on the type's code, pointers, members. */
#include "convert.h"

#include "bit_field.h"
#include "convert_parts.h"
#include "function.h"
#include "keep_alive.h"
#include "small_ints.h"

/* ---- errors --------------------------------------------------------------------------------------------------- */

static const char *
article(const char *word)
{
    return strchr("aeio", word[0]) != NULL ? "an" : "a";
}

/* What makes a pointer of this value; "" where we don't know what was meant. */
static const char *
pointer_hint(const ffic_ctype *ct, PyObject *value, const ffic_argument_place *place)
{
    if (ct->code != FFIC_CODE_POINTER) {
        return "";
    }
    if (value == Py_None) {
        return " (the null pointer is ffi.NULL)";
    }
    if (ct->item->code == FFIC_CODE_FUNCTION) {
        return PyCallable_Check(value) ? " (ffi.callback() makes one)" : "";
    }
    if (PyUnicode_Check(value)) {
        return ct->item->code == FFIC_CODE_CHAR ? " (C has bytes: text is to be encoded)" : "";
    }
    if (PyBytes_Check(value)) {
        /* Calls take bytes, as they need them until they return only. */
        return place == NULL && ct->item->size == 1 ? " (ffi.new(\"char[]\", x) makes one, which has to be kept)" : "";
    }
    return PyObject_CheckBuffer(value) ? " (ffi.from_buffer() makes one)" : "";
}

int
ffic_expected(ffic_ctype *ct, const char *expected, PyObject *value, ffic_argument_place *place)
{
    if (ffic_is_cdata(ct->state, value)) {
        ffic_raise_at(place, PyExc_TypeError, "initializer for ctype '%U' must be %s %s, not cdata '%U'", ct->name,
                      article(expected), expected, ((ffic_cdata *)value)->type->name);
    }
    else {
        ffic_raise_at(place, PyExc_TypeError, "initializer for ctype '%U' must be %s %s, not %s%s", ct->name, article(expected),
                      expected, Py_TYPE(value)->tp_name, pointer_hint(ct, value, place));
    }
    return -1;
}

/* ---- C to Python ------------------------------------------------------------------------------------------------ */

PyObject *
ffic_load(ffic_ctype *ct, char *data, PyObject *owner)
{
    switch ((ffic_code)ct->code) {
    case FFIC_CODE_I8:
        return ffic_int(ct->state, *(const signed char *)data);
    case FFIC_CODE_U8:
        return ffic_int(ct->state, *(const unsigned char *)data);
    case FFIC_CODE_I16: {
        int16_t value;
        memcpy(&value, data, sizeof value);
        return ffic_int(ct->state, value);
    }
    case FFIC_CODE_U16: {
        uint16_t value;
        memcpy(&value, data, sizeof value);
        return ffic_int(ct->state, value);
    }
    case FFIC_CODE_I32: {
        int32_t value;
        memcpy(&value, data, sizeof value);
        return ffic_int(ct->state, value);
    }
    case FFIC_CODE_U32: {
        uint32_t value;
        memcpy(&value, data, sizeof value);
        return ffic_int(ct->state, value);
    }
    case FFIC_CODE_I64: {
        int64_t value;
        memcpy(&value, data, sizeof value);
        return ffic_int(ct->state, value);
    }
    case FFIC_CODE_U64: {
        uint64_t value;
        memcpy(&value, data, sizeof value);
        return value <= INT64_MAX ? ffic_int(ct->state, (int64_t)value) : PyLong_FromUnsignedLongLong(value);
    }
    case FFIC_CODE_F64: {
        double value;
        memcpy(&value, data, sizeof value);
        return PyFloat_FromDouble(value);
    }
    case FFIC_CODE_POINTER: {
        char *value;
        memcpy(&value, data, sizeof value);
        return ffic_cdata_borrowed(ct, value);
    }
    case FFIC_CODE_F32:
        return PyFloat_FromDouble(ffic_read_double(FFIC_CODE_F32, data));
    case FFIC_CODE_BOOL:
        return ffic_load_bool(data);
    case FFIC_CODE_CHAR:
    case FFIC_CODE_CHAR16:
    case FFIC_CODE_CHAR32:
        return ffic_load_character(ct, data);
    case FFIC_CODE_ARRAY:
        /* Of a `T[]` nobody knows the length here: C takes it for a pointer, too. */
        return ffic_cdata_view_of(ct->length < 0 ? ct->pointer : ct, data, owner, -1);
    case FFIC_CODE_RECORD:
        return ffic_cdata_view_of(ct, data, owner, -1);
    case FFIC_CODE_COMPLEX_F32:
    case FFIC_CODE_COMPLEX_F64:
        return PyComplex_FromCComplex(ffic_read_complex((ffic_code)ct->code, data));
    case FFIC_CODE_LONG_DOUBLE:
    case FFIC_CODE_COMPLEX_LONG_DOUBLE:
        return ffic_cdata_value(ct, data); /* Python has nothing as precise */
    case FFIC_CODE_I128:
    case FFIC_CODE_U128:
        return ffic_load_int128(data, ct->code == FFIC_CODE_I128);
    case FFIC_CODE_VOID:
    case FFIC_CODE_FUNCTION:
        break;
    }
    PyErr_Format(PyExc_TypeError, "ctype '%U' has no values", ct->name);
    return NULL;
}

/* ---- Python to C ------------------------------------------------------------------------------------------------ */

int
ffic_store(ffic_ctype *ct, char *data, PyObject *value)
{
    uint64_t bits;
    double number;
    switch ((ffic_code)ct->code) {
    case FFIC_CODE_I8:
    case FFIC_CODE_U8:
    case FFIC_CODE_BOOL:
    case FFIC_CODE_I16:
    case FFIC_CODE_U16:
    case FFIC_CODE_I32:
    case FFIC_CODE_U32:
    case FFIC_CODE_I64:
    case FFIC_CODE_U64:
        if (ffic_to_integer(ct, value, &bits, NULL) < 0) {
            return -1;
        }
        ffic_write_integer(data, ct->size, bits);
        return 0;
    case FFIC_CODE_F64:
        if (ffic_to_double(ct, value, &number, NULL) < 0) {
            return -1;
        }
        memcpy(data, &number, sizeof number);
        return 0;
    case FFIC_CODE_POINTER: {
        char *pointer;
        if (ffic_to_pointer(ct, value, &pointer, NULL) < 0) {
            return -1;
        }
        memcpy(data, &pointer, sizeof pointer);
        return 0;
    }
    case FFIC_CODE_F32:
    case FFIC_CODE_LONG_DOUBLE:
        return ffic_store_float(ct, data, value);
    case FFIC_CODE_CHAR:
    case FFIC_CODE_CHAR16:
    case FFIC_CODE_CHAR32:
        return ffic_store_character(ct, data, value);
    case FFIC_CODE_ARRAY:
        return ffic_store_array(ct, data, ct->length, value);
    case FFIC_CODE_RECORD:
        return ffic_store_record(ct, data, value, -1);
    case FFIC_CODE_COMPLEX_F32:
    case FFIC_CODE_COMPLEX_F64:
    case FFIC_CODE_COMPLEX_LONG_DOUBLE:
        return ffic_store_complex(ct, data, value);
    case FFIC_CODE_I128:
    case FFIC_CODE_U128:
        return ffic_store_int128(ct, data, value);
    case FFIC_CODE_VOID:
    case FFIC_CODE_FUNCTION:
        break;
    }
    PyErr_Format(PyExc_TypeError, "ctype '%U' has no values", ct->name);
    return -1;
}

/* ---- pointers --------------------------------------------------------------------------------------------------- */

/* May `T *` and `F *` be exchanged, as C does with a warning at most: same representation, or bytes of any name? */
static bool
same_item(const ffic_ctype *to, const ffic_ctype *from)
{
    if (to == from) {
        return true;
    }
    if (to->kind != FFIC_KIND_PRIMITIVE || from->kind != FFIC_KIND_PRIMITIVE) {
        return false;
    }
    if (to->code == from->code) {
        return true;
    }
    return to->size == 1 && from->size == 1 && (to->code == FFIC_CODE_CHAR || from->code == FFIC_CODE_CHAR);
}

bool
ffic_pointer_accepts(const ffic_ctype *ct, const ffic_ctype *from)
{
    if (from == ct) {
        return true;
    }
    if (from->kind != FFIC_KIND_POINTER && from->kind != FFIC_KIND_ARRAY) {
        return false;
    }
    return (ct->flags & FFIC_TYPE_POINTS_TO_VOID) || (from->flags & FFIC_TYPE_POINTS_TO_VOID) ||
           same_item(ct->item, from->item);
}

static int
wrong_pointer(ffic_ctype *ct, PyObject *value, const ffic_ctype *from, ffic_argument_place *place)
{
    bool is_pointer = from->kind == FFIC_KIND_POINTER || from->kind == FFIC_KIND_ARRAY;
    if (!is_pointer) {
        return ffic_expected(ct, "pointer or array", value, place);
    }
    if (PyUnicode_Compare(ct->name, from->name) == 0) {
        ffic_raise_at(place, PyExc_TypeError,
                     "initializer for ctype '%U' appears indeed to be '%U', but the types are different (check that you are not e.g. "
                     "mixing up different ffi instances)",
                     ct->name, from->name);
        return -1;
    }
    ffic_raise_at(place, PyExc_TypeError,
                  "initializer for ctype '%U' must be a pointer to same type (or use ffi.cast()), not cdata '%U'", ct->name, from->name);
    return -1;
}

int
ffic_to_pointer(ffic_ctype *ct, PyObject *value, char **result, ffic_argument_place *place)
{
    ffic_state *state = ct->state;
    if (FFIC_LIKELY(ffic_is_cdata(state, value))) {
        ffic_cdata *cd = (ffic_cdata *)value;
        if (FFIC_UNLIKELY(!ffic_pointer_accepts(ct, cd->type))) {
            return wrong_pointer(ct, value, cd->type, place);
        }
        if (FFIC_UNLIKELY(Py_TYPE(value) != state->cdata_type && ffic_cdata_is_released(cd))) {
            return ffic_cdata_check_access(cd);
        }
        *result = cd->data;
        return 0;
    }
    if (ffic_is_function(state, value)) {
        ffic_cdata *cd = (ffic_cdata *)ffic_function_pointer(value);
        if (cd == NULL) {
            return -1;
        }
        int status = 0;
        if (ffic_pointer_accepts(ct, cd->type)) {
            *result = cd->data;
        }
        else {
            status = wrong_pointer(ct, value, cd->type, place);
        }
        Py_DECREF(cd);
        return status;
    }
    return ffic_is_file_pointer(ct) ? ffic_file_to_pointer(ct, value, result, place)
                                     : ffic_expected(ct, "cdata pointer", value, place);
}

/* ---- members ---------------------------------------------------------------------------------------------------- */

Py_ssize_t
ffic_flexible_length(ffic_ctype *array, const char *data, PyObject *owner)
{
    ffic_state *state = array->state;
    char *start;
    Py_ssize_t size;
    if (owner != NULL && Py_TYPE(owner) == state->cdata_view_type) {
        owner = ffic_view_owner((ffic_cdata_view *)owner);
    }
    if (owner == NULL || !ffic_is_owning(state, owner) || !ffic_cdata_owner_range(state, owner, &start, &size)) {
        return -1;
    }
    Py_ssize_t offset = data - start;
    return offset < 0 || offset > size || array->item->size <= 0 ? 0 : (size - offset) / array->item->size;
}

PyObject *
ffic_load_field(ffic_cfield *field, char *record, PyObject *owner)
{
    char *data = record + field->offset;
    ffic_ctype *ct = field->type;
    if (FFIC_UNLIKELY(field->bit_size >= 0)) {
        return ffic_load_bits(field, data);
    }
    if (FFIC_UNLIKELY(ct->code == FFIC_CODE_ARRAY && ct->length <= 0)) {
        if (ct->length == 0) { /* what one wrote before flexible array members: as good as a pointer to what follows */
            return ffic_cdata_view_of(ct->pointer, data, owner, -1);
        }
        Py_ssize_t length = ffic_flexible_length(ct, data, owner);
        if (length >= 0) {
            return ffic_cdata_view_of(ct, data, owner, length);
        }
    }
    return ffic_load(ct, data, owner);
}

int
ffic_store_field(ffic_cfield *field, char *record, PyObject *value)
{
    char *data = record + field->offset;
    if (FFIC_UNLIKELY(field->bit_size >= 0)) {
        return ffic_store_bits(field, data, value);
    }
    return ffic_store(field->type, data, value);
}
