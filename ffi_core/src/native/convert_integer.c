/* Conversions of integers, booleans and characters. */
#include "convert_parts.h"
#include "small_ints.h"

int64_t
ffic_read_signed(const char *data, Py_ssize_t size)
{
    switch (size) {
    case 1:
        return *(const signed char *)data;
    case 2: {
        int16_t value;
        memcpy(&value, data, sizeof value);
        return value;
    }
    case 4: {
        int32_t value;
        memcpy(&value, data, sizeof value);
        return value;
    }
    default: {
        int64_t value;
        memcpy(&value, data, sizeof value);
        return value;
    }
    }
}

uint64_t
ffic_read_unsigned(const char *data, Py_ssize_t size)
{
    switch (size) {
    case 1:
        return *(const unsigned char *)data;
    case 2: {
        uint16_t value;
        memcpy(&value, data, sizeof value);
        return value;
    }
    case 4: {
        uint32_t value;
        memcpy(&value, data, sizeof value);
        return value;
    }
    default: {
        uint64_t value;
        memcpy(&value, data, sizeof value);
        return value;
    }
    }
}

void
ffic_write_integer(char *data, Py_ssize_t size, uint64_t bits)
{
    switch (size) {
    case 1: {
        uint8_t value = (uint8_t)bits;
        memcpy(data, &value, sizeof value);
        return;
    }
    case 2: {
        uint16_t value = (uint16_t)bits;
        memcpy(data, &value, sizeof value);
        return;
    }
    case 4: {
        uint32_t value = (uint32_t)bits;
        memcpy(data, &value, sizeof value);
        return;
    }
    default:
        memcpy(data, &bits, sizeof bits);
        return;
    }
}

int
ffic_does_not_fit(ffic_ctype *ct, PyObject *value, ffic_argument_place *place)
{
    ffic_raise_at(place, PyExc_OverflowError, "integer %S does not fit '%U'", value, ct->name);
    if (PyErr_ExceptionMatches(PyExc_ValueError)) { /* too many digits to print */
        PyErr_Clear();
        ffic_raise_at(place, PyExc_OverflowError, "a very large integer does not fit '%U'", ct->name);
    }
    return -1;
}

/* ---- small ints -------------------------------------------------------------------------------------------- */

int
ffic_small_ints_setup(ffic_state *state)
{
    for (int i = 0; i < FFIC_SMALL_INTS; i++) {
        state->small_ints[i] = PyLong_FromLong(FFIC_SMALL_INT_FIRST + i);
        if (state->small_ints[i] == NULL) {
            return -1;
        }
    }
    return 0;
}

void
ffic_small_ints_teardown(ffic_state *state)
{
    for (int i = 0; i < FFIC_SMALL_INTS; i++) {
        Py_CLEAR(state->small_ints[i]);
    }
}

/* ---- Python to int ---------------------------------------------------------------------------------------- */

PyObject *
ffic_load_number(ffic_ctype *ct, const char *data)
{
    switch (ct->code) {
    case FFIC_CODE_BOOL:
        return PyLong_FromLong(*data != 0);
    case FFIC_CODE_CHAR:
        return PyLong_FromLong(*(const unsigned char *)data);
    case FFIC_CODE_I128:
    case FFIC_CODE_U128:
        return ffic_load_int128(data, ct->code == FFIC_CODE_I128);
    case FFIC_CODE_I8:
    case FFIC_CODE_I16:
    case FFIC_CODE_I32:
    case FFIC_CODE_I64:
        return PyLong_FromLongLong(ffic_read_signed(data, ct->size));
    case FFIC_CODE_CHAR32: /* wchar_t has a sign on some platforms */
        return (ct->flags & FFIC_TYPE_SIGNED) ? PyLong_FromLongLong(ffic_read_signed(data, ct->size))
                                              : PyLong_FromUnsignedLongLong(ffic_read_unsigned(data, ct->size));
    default:
        return PyLong_FromUnsignedLongLong(ffic_read_unsigned(data, ct->size));
    }
}

PyObject *
ffic_as_int(ffic_ctype *ct, PyObject *value, ffic_argument_place *place)
{
    if (PyLong_Check(value)) {
        return Py_NewRef(value);
    }
    if (ffic_is_cdata(ct->state, value)) {
        ffic_cdata *cd = (ffic_cdata *)value;
        ffic_code code = (ffic_code)cd->type->code;
        if (ffic_code_is_integer(code) || ffic_code_is_character(code)) {
            return ffic_load_number(cd->type, cd->data);
        }
    }
    else if (PyIndex_Check(value)) {
        return PyNumber_Index(value);
    }
    else {
        PyNumberMethods *methods = Py_TYPE(value)->tp_as_number;
        if (methods != NULL && methods->nb_int != NULL && !PyFloat_Check(value) && !PyComplex_Check(value)) {
            return PyNumber_Long(value);
        }
    }
    if (ffic_is_cdata(ct->state, value)) {
        ffic_raise_at(place, PyExc_TypeError, "an integer is required for ctype '%U', not cdata '%U'", ct->name,
                      ((ffic_cdata *)value)->type->name);
    }
    else {
        ffic_raise_at(place, PyExc_TypeError, "an integer is required for ctype '%U', not %.200s", ct->name,
                      Py_TYPE(value)->tp_name);
    }
    return NULL;
}

static bool
in_range(ffic_code code, int64_t value)
{
    switch (code) {
    case FFIC_CODE_BOOL:
        return value == 0 || value == 1;
    case FFIC_CODE_I8:
        return value == (int8_t)value;
    case FFIC_CODE_CHAR:
    case FFIC_CODE_U8:
        return value == (uint8_t)value;
    case FFIC_CODE_I16:
        return value == (int16_t)value;
    case FFIC_CODE_CHAR16:
    case FFIC_CODE_U16:
        return value == (uint16_t)value;
    case FFIC_CODE_I32:
        return value == (int32_t)value;
    case FFIC_CODE_CHAR32:
    case FFIC_CODE_U32:
        return value == (uint32_t)value;
    case FFIC_CODE_U64:
        return value >= 0;
    default:
        return true;
    }
}

int
ffic_to_integer(ffic_ctype *ct, PyObject *value, uint64_t *bits, ffic_argument_place *place)
{
    int64_t small;
    if (FFIC_LIKELY(ffic_small_int(value, &small))) {
        if (FFIC_UNLIKELY(!in_range((ffic_code)ct->code, small))) {
            return ffic_does_not_fit(ct, value, place);
        }
        *bits = (uint64_t)small;
        return 0;
    }
    PyObject *integer = ffic_as_int(ct, value, place);
    if (integer == NULL) {
        return -1;
    }
    int overflow;
    long long number = PyLong_AsLongLongAndOverflow(integer, &overflow);
    int result = number == -1 && overflow == 0 && PyErr_Occurred() ? -1 : 0;
    if (result == 0 && overflow > 0 && ct->code == FFIC_CODE_U64) {
        unsigned long long large = PyLong_AsUnsignedLongLong(integer);
        if (large == (unsigned long long)-1 && PyErr_Occurred()) {
            if (PyErr_ExceptionMatches(PyExc_OverflowError)) {
                PyErr_Clear();
                ffic_does_not_fit(ct, integer, place);
            }
            result = -1;
        }
        *bits = large;
    }
    else if (result == 0) {
        *bits = (uint64_t)number;
        if (overflow != 0 || !in_range((ffic_code)ct->code, number)) {
            result = ffic_does_not_fit(ct, integer, place);
        }
    }
    Py_DECREF(integer);
    return result;
}

/* ---- 128 bits, and casts ------------------------------------------------------------------------------------ */

/* Byte order of the two halves in memory. */
static inline int
high_half(void)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return 0;
#else
    return 1;
#endif
}

PyObject *
ffic_int128_from_words(uint64_t low, uint64_t high, bool is_signed)
{
    PyObject *top = is_signed ? PyLong_FromLongLong((long long)high) : PyLong_FromUnsignedLongLong(high);
    PyObject *count = PyLong_FromLong(64);
    PyObject *bottom = PyLong_FromUnsignedLongLong(low);
    PyObject *shifted = top == NULL || count == NULL ? NULL : PyNumber_Lshift(top, count);
    PyObject *result = shifted == NULL || bottom == NULL ? NULL : PyNumber_Or(shifted, bottom);
    Py_XDECREF(top);
    Py_XDECREF(count);
    Py_XDECREF(bottom);
    Py_XDECREF(shifted);
    return result;
}

PyObject *
ffic_load_int128(const char *data, bool is_signed)
{
    uint64_t halves[2];
    memcpy(halves, data, sizeof halves);
    return ffic_int128_from_words(halves[1 - high_half()], halves[high_half()], is_signed);
}

int
ffic_int128_to_words(PyObject *integer, uint64_t *low, uint64_t *high, long *rest)
{
    int result = -1, overflow;
    PyObject *count = PyLong_FromLong(64);
    PyObject *above = count == NULL ? NULL : PyNumber_Rshift(integer, count);
    PyObject *beyond = above == NULL ? NULL : PyNumber_Rshift(above, count);
    if (beyond != NULL) {
        *low = PyLong_AsUnsignedLongLongMask(integer);
        *high = PyLong_AsUnsignedLongLongMask(above);
        *rest = PyLong_AsLongAndOverflow(beyond, &overflow);
        *rest = overflow != 0 ? 2 * overflow : *rest;
        result = PyErr_Occurred() ? -1 : 0;
    }
    Py_XDECREF(count);
    Py_XDECREF(above);
    Py_XDECREF(beyond);
    return result;
}

static void
write_int128(char *data, uint64_t low, uint64_t high)
{
    uint64_t halves[2];
    halves[high_half()] = high;
    halves[1 - high_half()] = low;
    memcpy(data, halves, sizeof halves);
}

int
ffic_store_int128(ffic_ctype *ct, char *data, PyObject *value)
{
    PyObject *integer = ffic_as_int(ct, value, NULL);
    if (integer == NULL) {
        return -1;
    }
    uint64_t low, high;
    long rest;
    int result = ffic_int128_to_words(integer, &low, &high, &rest);
    if (result == 0) {
        bool fits = ct->code == FFIC_CODE_I128 ? rest == ((int64_t)high < 0 ? -1 : 0) : rest == 0;
        if (fits) {
            write_int128(data, low, high);
        }
        else {
            result = ffic_does_not_fit(ct, integer, NULL);
        }
    }
    Py_DECREF(integer);
    return result;
}

int
ffic_store_truncated(ffic_ctype *ct, char *data, PyObject *integer)
{
    if (ct->code == FFIC_CODE_BOOL) {
        int truth = PyObject_IsTrue(integer);
        if (truth < 0) {
            return -1;
        }
        *data = (char)truth;
        return 0;
    }
    if (ct->code == FFIC_CODE_I128 || ct->code == FFIC_CODE_U128) {
        uint64_t low, high;
        long rest;
        if (ffic_int128_to_words(integer, &low, &high, &rest) < 0) {
            return -1;
        }
        write_int128(data, low, high);
        return 0;
    }
    unsigned long long bits = PyLong_AsUnsignedLongLongMask(integer);
    if (bits == (unsigned long long)-1 && PyErr_Occurred()) {
        return -1;
    }
    ffic_write_integer(data, ct->size, bits);
    return 0;
}

/* ---- booleans and characters -------------------------------------------------------------------------------- */

PyObject *
ffic_load_bool(const char *data)
{
    unsigned char byte = *(const unsigned char *)data;
    if (byte > 1) {
        PyErr_Format(PyExc_ValueError, "got a _Bool of value %d, expected 0 or 1", (int)byte);
        return NULL;
    }
    return PyBool_FromLong(byte);
}

PyObject *
ffic_load_character(ffic_ctype *ct, const char *data)
{
    if (ct->code == FFIC_CODE_CHAR) {
        return PyBytes_FromStringAndSize(data, 1);
    }
    uint64_t value = ffic_read_unsigned(data, ct->size);
    if (value > 0x10FFFF) {
        PyErr_Format(PyExc_ValueError, "the value 0x%lx of type '%U' is not a Unicode character", (unsigned long)value,
                     ct->name);
        return NULL;
    }
    return PyUnicode_FromOrdinal((int)value);
}

int
ffic_store_character(ffic_ctype *ct, char *data, PyObject *value)
{
    if (ct->code == FFIC_CODE_CHAR) {
        if (PyBytes_Check(value) && PyBytes_GET_SIZE(value) == 1) {
            *data = PyBytes_AS_STRING(value)[0];
            return 0;
        }
        if (PyBytes_Check(value)) {
            PyErr_Format(PyExc_TypeError, "initializer for ctype '%U' must be a bytes of length 1, not bytes of length %zd",
                         ct->name, PyBytes_GET_SIZE(value));
            return -1;
        }
    }
    else if (PyUnicode_Check(value)) {
        if (PyUnicode_GET_LENGTH(value) == 1) {
            Py_UCS4 character = PyUnicode_READ_CHAR(value, 0);
            if (ct->size == 4 || character <= 0xFFFF) {
                ffic_write_integer(data, ct->size, character);
                return 0;
            }
            PyErr_Format(PyExc_TypeError, "initializer for ctype '%U' must be a character up to U+FFFF, not U+%x", ct->name,
                         (unsigned)character);
            return -1;
        }
        PyErr_Format(PyExc_TypeError, "initializer for ctype '%U' must be a str of length 1, not str of length %zd", ct->name,
                     PyUnicode_GET_LENGTH(value));
        return -1;
    }
    if (ffic_is_cdata(ct->state, value) && ((ffic_cdata *)value)->type->code == ct->code) {
        memcpy(data, ((ffic_cdata *)value)->data, (size_t)ct->size);
        return 0;
    }
    return ffic_expected(ct, ct->code == FFIC_CODE_CHAR ? "bytes of length 1" : "str of length 1", value, NULL);
}
