/* C strings and arrays as Python values: ffi.string, ffi.unpack. */
#include "convert_parts.h"
#include "ffi_object.h"
#include "small_ints.h"

static inline bool
is_byte(const ffic_ctype *ct)
{
    return ct->kind == FFIC_KIND_PRIMITIVE && ct->size == 1 && ct->code != FFIC_CODE_BOOL;
}

static inline bool
is_wide(const ffic_ctype *ct)
{
    return ct->code == FFIC_CODE_CHAR16 || ct->code == FFIC_CODE_CHAR32;
}

/* The character of 4 bytes at that place, which need not be aligned. */
static inline Py_UCS4
character_at(const char *data, Py_ssize_t place)
{
    uint32_t character;
    memcpy(&character, data + 4 * place, sizeof character);
    return character;
}

/* `count` code units as a str. */
static PyObject *
decode(const ffic_ctype *item, const char *data, Py_ssize_t count)
{
    if (item->size == 2) {
        int order = 0;
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        order = 1;
#else
        order = -1;
#endif
        return PyUnicode_DecodeUTF16(data, 2 * count, "surrogatepass", &order);
    }
    Py_UCS4 largest = 0;
    for (Py_ssize_t i = 0; i < count; i++) {
        Py_UCS4 character = character_at(data, i);
        largest = character > largest ? character : largest;
    }
    for (Py_ssize_t i = 0; largest > 0x10FFFF && i < count; i++) {
        if (character_at(data, i) > 0x10FFFF) {
            PyErr_Format(PyExc_ValueError, "the value 0x%x of type '%U' is not a Unicode character", (unsigned)character_at(data, i),
                         item->name);
            return NULL;
        }
    }
    PyObject *text = PyUnicode_New(count, largest);
    if (text != NULL && largest < 0x80) {
        char *narrow = PyUnicode_DATA(text);
        for (Py_ssize_t i = 0; i < count; i++) {
            narrow[i] = (char)character_at(data, i);
        }
        return text;
    }
    for (Py_ssize_t i = 0; text != NULL && i < count; i++) {
        PyUnicode_WRITE(PyUnicode_KIND(text), PyUnicode_DATA(text), i, character_at(data, i));
    }
    return text;
}

/* ---- string ------------------------------------------------------------------------------------------------------- */

static PyObject *
string_of_value(ffic_cdata *cd)
{
    ffic_ctype *ct = cd->type;
    if (ct->kind == FFIC_KIND_ENUM) {
        PyObject *value = ffic_load(ct, cd->data, NULL);
        if (value == NULL) {
            return NULL;
        }
        PyObject *name = ct->u.enumeration.by_value == NULL ? NULL : ffic_dict_get(ct->u.enumeration.by_value, value);
        if (name == NULL && !PyErr_Occurred()) {
            name = PyObject_Str(value);
        }
        Py_DECREF(value);
        return name;
    }
    if (is_byte(ct)) {
        return PyBytes_FromStringAndSize(cd->data, 1);
    }
    if (is_wide(ct)) {
        return ffic_load_character(ct, cd->data);
    }
    PyErr_Format(PyExc_TypeError, "string(): unexpected cdata '%U' argument", ct->name);
    return NULL;
}

/* Raise for memory that cannot be used, naming the function that wanted to. */
static int
check_usable(const char *function, ffic_cdata *cd)
{
    if (cd->data == NULL && !ffic_cdata_is_released(cd)) {
        PyErr_Format(PyExc_RuntimeError, "cannot use %s() on <cdata '%U' NULL>", function, cd->type->name);
        return -1;
    }
    return ffic_cdata_access(cd);
}

PyObject *
ffic_ffi_string(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *keywords)
{
    static const char *const names[] = {"cdata", "maxlen", NULL};
    PyObject *values[2] = {NULL, NULL};
    if (FFIC_LIKELY(keywords == NULL && count == 1)) {
        values[0] = args[0];
    }
    else if (ffic_arguments("string", names, 1, args, count, keywords, values) < 0) {
        return NULL;
    }
    ffic_state *state = ((ffic_ffi *)self)->state;
    Py_ssize_t limit = -1;
    if (values[1] != NULL) {
        limit = PyNumber_AsSsize_t(values[1], PyExc_OverflowError);
        if (limit == -1 && PyErr_Occurred()) {
            return NULL;
        }
    }
    if (!ffic_is_cdata(state, values[0])) {
        PyErr_Format(PyExc_TypeError, "string() argument 'cdata' must be a cdata object, not %s", Py_TYPE(values[0])->tp_name);
        return NULL;
    }
    ffic_cdata *cd = (ffic_cdata *)values[0];
    ffic_ctype *ct = cd->type;
    if (ct->kind != FFIC_KIND_POINTER && ct->kind != FFIC_KIND_ARRAY) {
        return string_of_value(cd);
    }
    ffic_ctype *item = ct->item;
    if (!is_byte(item) && !is_wide(item)) {
        PyErr_Format(PyExc_TypeError, "string(): unexpected cdata '%U' argument", ct->name);
        return NULL;
    }
    if (check_usable("string", cd) < 0) {
        return NULL;
    }
    Py_ssize_t extent = ffic_cdata_extent(cd);
    if (extent >= 0 && (limit < 0 || limit > extent / item->size)) {
        limit = extent / item->size;
    }
    if (is_byte(item)) {
        if (limit < 0) {
            return PyBytes_FromStringAndSize(cd->data, (Py_ssize_t)strlen(cd->data));
        }
        const char *end = memchr(cd->data, 0, (size_t)limit);
        return PyBytes_FromStringAndSize(cd->data, end != NULL ? end - cd->data : limit);
    }
    Py_ssize_t length = 0;
    while (length != limit && ffic_read_unsigned(cd->data + length * item->size, item->size) != 0) {
        length++;
    }
    return decode(item, cd->data, length);
}

/* ---- unpack ---------------------------------------------------------------------------------------------------------- */

#define UNPACK(c_type, make)                                \
    for (Py_ssize_t i = 0; i < length; i++) {               \
        c_type value;                                       \
        memcpy(&value, data + i * size, sizeof value);      \
        PyObject *object = make(value);                     \
        if (FFIC_UNLIKELY(object == NULL)) {                \
            goto failed;                                    \
        }                                                   \
        PyList_SET_ITEM(list, i, object);                   \
    }                                                       \
    return list

#define INT(value) ffic_int(state, value)
#define UNSIGNED_INT(value) ((value) <= INT64_MAX ? ffic_int(state, (int64_t)(value)) : PyLong_FromUnsignedLongLong(value))

static PyObject *
unpack_list(ffic_ctype *item, char *data, Py_ssize_t length, PyObject *owner)
{
    Py_ssize_t size = item->size;
    PyObject *list = PyList_New(length);
    if (list == NULL) {
        return NULL;
    }
    const ffic_state *state = item->state;
    switch ((ffic_code)item->code) {
    case FFIC_CODE_I8:
        UNPACK(int8_t, INT);
    case FFIC_CODE_U8:
        UNPACK(uint8_t, INT);
    case FFIC_CODE_I16:
        UNPACK(int16_t, INT);
    case FFIC_CODE_U16:
        UNPACK(uint16_t, INT);
    case FFIC_CODE_I32:
        UNPACK(int32_t, INT);
    case FFIC_CODE_U32:
        UNPACK(uint32_t, INT);
    case FFIC_CODE_I64:
        UNPACK(int64_t, INT);
    case FFIC_CODE_U64:
        UNPACK(uint64_t, UNSIGNED_INT);
    case FFIC_CODE_F64:
        UNPACK(double, PyFloat_FromDouble);
    default:
        break;
    }
    for (Py_ssize_t i = 0; i < length; i++) {
        PyObject *object = ffic_load(item, data + i * size, owner);
        if (object == NULL) {
            goto failed;
        }
        PyList_SET_ITEM(list, i, object);
    }
    return list;
failed:
    Py_DECREF(list);
    return NULL;
}

static int
check_unpack(ffic_cdata *cd, Py_ssize_t length)
{
    ffic_ctype *ct = cd->type;
    if ((ct->kind != FFIC_KIND_POINTER && ct->kind != FFIC_KIND_ARRAY) || ct->item->kind == FFIC_KIND_FUNCTION) {
        PyErr_Format(PyExc_TypeError, "expected a pointer or array, got '%U'", ct->name);
        return -1;
    }
    if (length < 0) {
        PyErr_Format(PyExc_ValueError, "'length' cannot be negative: unpack() of cdata '%U', length %zd", ct->name, length);
        return -1;
    }
    if (ffic_ctype_complete(ct->item) < 0) {
        return -1;
    }
    if (ct->item->size < 0) {
        PyErr_Format(PyExc_ValueError, "'%U' points to items of unknown size", ct->name);
        return -1;
    }
    if (check_usable("unpack", cd) < 0) {
        return -1;
    }
    Py_ssize_t bytes, extent = ffic_cdata_extent(cd);
    if (__builtin_mul_overflow(length, ct->item->size, &bytes) || (extent >= 0 && bytes > extent)) {
        PyErr_Format(PyExc_IndexError, "cannot unpack %zd items from cdata '%U': it has %zd bytes", length, ct->name, extent);
        return -1;
    }
    return 0;
}

PyObject *
ffic_ffi_unpack(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *keywords)
{
    static const char *const names[] = {"cdata", "length", NULL};
    PyObject *values[2];
    if (FFIC_LIKELY(keywords == NULL && count == 2)) {
        values[0] = args[0];
        values[1] = args[1];
    }
    else if (ffic_arguments("unpack", names, 2, args, count, keywords, values) < 0) {
        return NULL;
    }
    Py_ssize_t length = PyNumber_AsSsize_t(values[1], PyExc_OverflowError);
    if (length == -1 && PyErr_Occurred()) {
        return NULL;
    }
    if (!ffic_is_cdata(((ffic_ffi *)self)->state, values[0])) {
        PyErr_Format(PyExc_TypeError, "unpack() argument 'cdata' must be a cdata object, not %s", Py_TYPE(values[0])->tp_name);
        return NULL;
    }
    ffic_cdata *cd = (ffic_cdata *)values[0];
    if (check_unpack(cd, length) < 0) {
        return NULL;
    }
    ffic_ctype *item = cd->type->item;
    if (item->code == FFIC_CODE_CHAR) {
        return PyBytes_FromStringAndSize(cd->data, length);
    }
    return is_wide(item) ? decode(item, cd->data, length) : unpack_list(item, cd->data, length, ffic_cdata_owner(cd));
}
