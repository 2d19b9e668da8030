/* Initialising arrays: from sequences, bytes and str, and from other arrays. */
#include "convert_parts.h"
#include "error_note.h"

static int
too_many(ffic_ctype *array, Py_ssize_t count, Py_ssize_t length)
{
    if (array->length >= 0) {
        PyErr_Format(PyExc_IndexError, "too many initializers for '%U' (got %zd)", array->name, count);
    }
    else {
        PyErr_Format(PyExc_IndexError, "too many initializers for '%U' of length %zd (got %zd)", array->name, length, count);
    }
    return -1;
}

/* ---- text and bytes --------------------------------------------------------------------------------------------- */

/* Does an array of such items take a bytes object? */
static bool
takes_bytes(const ffic_ctype *item)
{
    return item->size == 1 && item->kind == FFIC_KIND_PRIMITIVE;
}

static bool
takes_text(const ffic_ctype *item)
{
    return item->code == FFIC_CODE_CHAR16 || item->code == FFIC_CODE_CHAR32;
}

/* Code units that a str needs in an array of `item`. */
static Py_ssize_t
count_units(const ffic_ctype *item, PyObject *text)
{
    Py_ssize_t length = PyUnicode_GET_LENGTH(text), units = length;
    if (item->size == 2 && PyUnicode_MAX_CHAR_VALUE(text) > 0xFFFF) {
        for (Py_ssize_t i = 0; i < length; i++) {
            units += PyUnicode_READ_CHAR(text, i) > 0xFFFF;
        }
    }
    return units;
}

static int
store_bytes(ffic_ctype *array, char *data, Py_ssize_t length, PyObject *value)
{
    Py_ssize_t count = PyBytes_GET_SIZE(value);
    const char *bytes = PyBytes_AS_STRING(value);
    if (length >= 0 && count > length) {
        PyErr_Format(PyExc_IndexError, "initializer bytes is too long for '%U' (got %zd characters)", array->name, count);
        return -1;
    }
    if (array->item->code == FFIC_CODE_BOOL) {
        for (Py_ssize_t i = 0; i < count; i++) {
            if ((unsigned char)bytes[i] > 1) {
                PyErr_Format(PyExc_ValueError, "an array of _Bool can only contain \\x00 or \\x01, not \\x%02x: '%U'",
                             (unsigned)(unsigned char)bytes[i], array->name);
                return -1;
            }
        }
    }
    memcpy(data, bytes, (size_t)count + (count != length)); /* the terminating zero where it has room */
    return 0;
}

static int
store_text(ffic_ctype *array, char *data, Py_ssize_t length, PyObject *value)
{
    Py_ssize_t units = count_units(array->item, value), size = array->item->size;
    if (length >= 0 && units > length) {
        PyErr_Format(PyExc_IndexError, "initializer str is too long for '%U' (got %zd characters)", array->name, units);
        return -1;
    }
    Py_ssize_t count = PyUnicode_GET_LENGTH(value);
    char *place = data;
    for (Py_ssize_t i = 0; i < count; i++) {
        Py_UCS4 character = PyUnicode_READ_CHAR(value, i);
        if (size == 2 && character > 0xFFFF) {
            ffic_write_integer(place, size, 0xD800 + ((character - 0x10000) >> 10));
            place += size;
            character = 0xDC00 + (character & 0x3FF);
        }
        ffic_write_integer(place, size, character);
        place += size;
    }
    if (units != length) {
        ffic_write_integer(place, size, 0);
    }
    return 0;
}

/* ---- sequences -------------------------------------------------------------------------------------------------- */

static int
store_item(ffic_ctype *item, char *place, PyObject *sequence, Py_ssize_t i)
{
    PyObject *value = ffic_sequence_item(sequence, i);
    if (value == NULL) {
        return -1;
    }
    int result = ffic_store(item, place, value);
    Py_DECREF(value);
    return result;
}

/* An item as long as nothing happens to the sequence: borrowed, or NULL where that is not known.  Counting a reference up and down at once takes
 * longer than all the rest of storing a number. */
static inline PyObject *
peek(PyObject *sequence, Py_ssize_t i)
{
    if (PyTuple_Check(sequence)) {
        return PyTuple_GET_ITEM(sequence, i);
    }
    return FFIC_HAS_GIL && i < PyList_GET_SIZE(sequence) ? PyList_GET_ITEM(sequence, i) : NULL;
}

/* One loop per common item type: what can be done at once is done in the loop, the rest by ffic_store. */
#define STORE_INTEGERS(c_type)                                      \
    for (Py_ssize_t i = 0; i < count; i++) {                        \
        int64_t number;                                             \
        PyObject *seen = peek(sequence, i);                         \
        if (seen != NULL && ffic_small_int(seen, &number) &&        \
            FFIC_LIKELY(number == (int64_t)(c_type)number)) {       \
            c_type narrow = (c_type)number;                         \
            memcpy(data + i * size, &narrow, sizeof narrow);        \
            continue;                                               \
        }                                                           \
        PyObject *value = ffic_sequence_item(sequence, i);          \
        if (value == NULL) {                                        \
            return -1;                                              \
        }                                                           \
        if (FFIC_LIKELY(ffic_small_int(value, &number)) &&          \
            FFIC_LIKELY(number == (int64_t)(c_type)number)) {       \
            c_type narrow = (c_type)number;                         \
            memcpy(data + i * size, &narrow, sizeof narrow);        \
        }                                                           \
        else if (ffic_store(item, data + i * size, value) < 0) {    \
            Py_DECREF(value);                                       \
            return -1;                                              \
        }                                                           \
        Py_DECREF(value);                                           \
    }                                                               \
    return 0

static int
store_items(ffic_ctype *item, char *data, PyObject *sequence, Py_ssize_t count)
{
    Py_ssize_t size = item->size;
    switch ((ffic_code)item->code) {
    case FFIC_CODE_I8:
        STORE_INTEGERS(int8_t);
    case FFIC_CODE_U8:
        STORE_INTEGERS(uint8_t);
    case FFIC_CODE_I16:
        STORE_INTEGERS(int16_t);
    case FFIC_CODE_U16:
        STORE_INTEGERS(uint16_t);
    case FFIC_CODE_I32:
        STORE_INTEGERS(int32_t);
    case FFIC_CODE_U32:
        STORE_INTEGERS(uint32_t);
    case FFIC_CODE_I64:
        STORE_INTEGERS(int64_t);
    case FFIC_CODE_F64:
        for (Py_ssize_t i = 0; i < count; i++) {
            double number;
            PyObject *seen = peek(sequence, i);
            if (seen != NULL && FFIC_LIKELY(PyFloat_CheckExact(seen))) {
                number = PyFloat_AS_DOUBLE(seen);
                memcpy(data + i * size, &number, sizeof number);
                continue;
            }
            PyObject *value = ffic_sequence_item(sequence, i);
            if (value == NULL) {
                return -1;
            }
            int result = ffic_to_double(item, value, &number, NULL);
            Py_DECREF(value);
            if (result < 0) {
                return -1;
            }
            memcpy(data + i * size, &number, sizeof number);
        }
        return 0;
    default:
        break;
    }
    int result = 0;
    for (Py_ssize_t i = 0; result == 0 && i < count; i++) {
        result = store_item(item, data + i * size, sequence, i);
    }
    return result;
}

static int
store_sequence(ffic_ctype *array, char *data, Py_ssize_t length, PyObject *value)
{
    Py_ssize_t count = PySequence_Fast_GET_SIZE(value);
    if (length >= 0 && count > length) {
        return too_many(array, count, length);
    }
    if (Py_EnterRecursiveCall(" in the initializer of a C array")) {
        return -1;
    }
    int result = store_items(array->item, data, value, count);
    Py_LeaveRecursiveCall();
    return result;
}

static const char *
expected_initializer(const ffic_ctype *item)
{
    return takes_bytes(item) ? "bytes or list or tuple" : takes_text(item) ? "str or list or tuple" : "list or tuple";
}

/* Copy another array of the same type. */
static int
store_copy(ffic_ctype *array, char *data, Py_ssize_t length, PyObject *value)
{
    ffic_cdata *from = (ffic_cdata *)value;
    Py_ssize_t count = ffic_cdata_length(from);
    if (from->type != array || count < 0) {
        return ffic_expected(array, expected_initializer(array->item), value, NULL);
    }
    if (length >= 0 && count > length) {
        return too_many(array, count, length);
    }
    if (count > 0) {
        if (ffic_cdata_access(from) < 0) {
            return -1;
        }
        memmove(data, from->data, (size_t)(count * array->item->size));
    }
    return 0;
}

int
ffic_store_array(ffic_ctype *array, char *data, Py_ssize_t length, PyObject *value)
{
    ffic_ctype *item = array->item;
    if (PyList_Check(value) || PyTuple_Check(value)) {
        return store_sequence(array, data, length, value);
    }
    if (PyBytes_Check(value) && takes_bytes(item)) {
        return store_bytes(array, data, length, value);
    }
    if (PyUnicode_Check(value) && takes_text(item)) {
        return store_text(array, data, length, value);
    }
    if (ffic_is_cdata(array->state, value)) {
        return store_copy(array, data, length, value);
    }
    return ffic_expected(array, expected_initializer(item), value, NULL);
}

Py_ssize_t
ffic_initializer_length(ffic_ctype *array, PyObject *value, bool *is_length)
{
    ffic_ctype *item = array->item;
    *is_length = false;
    if (PyList_Check(value) || PyTuple_Check(value)) {
        return PySequence_Fast_GET_SIZE(value);
    }
    if (PyBytes_Check(value) && takes_bytes(item)) {
        return PyBytes_GET_SIZE(value) + 1;
    }
    if (PyUnicode_Check(value) && takes_text(item)) {
        return count_units(item, value) + 1;
    }
    if (ffic_is_cdata(array->state, value)) {
        Py_ssize_t length = ((ffic_cdata *)value)->type == array ? ffic_cdata_length((ffic_cdata *)value) : -1;
        return length >= 0 ? length : ffic_expected(array, expected_initializer(item), value, NULL);
    }
    if (PyBytes_Check(value) || PyUnicode_Check(value)) {
        return ffic_expected(array, expected_initializer(item), value, NULL);
    }
    if (!PyIndex_Check(value)) {
        PyErr_Format(PyExc_TypeError, "expected new array length or list/tuple/str, not %s", Py_TYPE(value)->tp_name);
        ffic_error_note("initializer for ctype '%U'", array->name);
        return -1;
    }
    *is_length = true;
    Py_ssize_t length = PyNumber_AsSsize_t(value, PyExc_OverflowError);
    if (length == -1 && PyErr_Occurred()) {
        return -1;
    }
    if (length < 0) {
        PyErr_Format(PyExc_ValueError, "negative array length: %zd items of '%U'", length, item->name);
        return -1;
    }
    return length;
}
