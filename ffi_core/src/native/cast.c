/* C's explicit conversions: ffi.cast. */
#include "convert_parts.h"
#include "function.h"

static PyObject *
cannot_cast(ffic_ctype *ct, PyObject *value)
{
    if (ffic_is_cdata(ct->state, value)) {
        PyErr_Format(PyExc_TypeError, "cannot cast ctype '%U' to ctype '%U'", ((ffic_cdata *)value)->type->name, ct->name);
    }
    else {
        PyErr_Format(PyExc_TypeError, "cannot cast %s object to ctype '%U'", Py_TYPE(value)->tp_name, ct->name);
    }
    return NULL;
}

/* The code of a bytes or str object of length 1 as an int: new reference, or NULL with TypeError. */
static PyObject *
code_of_character(ffic_ctype *ct, PyObject *value)
{
    bool is_bytes = PyBytes_Check(value);
    Py_ssize_t length = is_bytes ? PyBytes_GET_SIZE(value) : PyUnicode_GET_LENGTH(value);
    if (length != 1) {
        PyErr_Format(PyExc_TypeError, "cannot cast %s of length %zd to ctype '%U'", is_bytes ? "bytes" : "str", length, ct->name);
        return NULL;
    }
    return is_bytes ? PyLong_FromLong((unsigned char)PyBytes_AS_STRING(value)[0])
                    : PyLong_FromUnsignedLong(PyUnicode_READ_CHAR(value, 0));
}

/* The address that a pointer or array cdata, or a function of a library, stands for; false if `value` is neither.  -1 with an exception. */
static int
address_of(ffic_ctype *ct, PyObject *value, uintptr_t *address)
{
    ffic_state *state = ct->state;
    if (ffic_is_cdata(state, value)) {
        ffic_cdata *cd = (ffic_cdata *)value;
        if (cd->type->kind != FFIC_KIND_POINTER && cd->type->kind != FFIC_KIND_ARRAY) {
            return 0;
        }
        if (FFIC_UNLIKELY(Py_TYPE(value) != state->cdata_type && ffic_cdata_is_released(cd))) {
            return ffic_cdata_check_access(cd);
        }
        *address = (uintptr_t)cd->data;
        return 1;
    }
    if (ffic_is_function(state, value)) {
        ffic_cdata *cd = (ffic_cdata *)ffic_function_pointer(value);
        if (cd == NULL) {
            return -1;
        }
        *address = (uintptr_t)cd->data;
        Py_DECREF(cd);
        return 1;
    }
    return 0;
}

/* What can be converted to an integer, truncated as C does: a new reference to an int.  Not pointers. */
static PyObject *
truncated_int(ffic_ctype *ct, PyObject *value)
{
    if (PyLong_Check(value)) {
        return Py_NewRef(value);
    }
    if (PyFloat_Check(value)) {
        return PyNumber_Long(value);
    }
    if (ffic_is_cdata(ct->state, value)) {
        ffic_cdata *cd = (ffic_cdata *)value;
        ffic_code code = (ffic_code)cd->type->code;
        if (ffic_code_is_integer(code) || ffic_code_is_character(code)) {
            return ffic_load_number(cd->type, cd->data);
        }
        if (ffic_code_is_float(code)) {
            return PyLong_FromDouble(ffic_read_double(code, cd->data));
        }
        return cannot_cast(ct, value);
    }
    if (PyBytes_Check(value) || PyUnicode_Check(value)) {
        return ct->code == FFIC_CODE_POINTER || ct->code == FFIC_CODE_ARRAY ? cannot_cast(ct, value)
                                                                            : code_of_character(ct, value);
    }
    PyNumberMethods *methods = Py_TYPE(value)->tp_as_number;
    if (PyIndex_Check(value)) {
        return PyNumber_Index(value);
    }
    if (!PyComplex_Check(value) && methods != NULL && methods->nb_int != NULL) {
        return PyNumber_Long(value);
    }
    return cannot_cast(ct, value);
}

static PyObject *
cast_to_integer(ffic_ctype *ct, PyObject *value)
{
    _Alignas(16) char data[16];
    int64_t small;
    uintptr_t address;
    if (FFIC_LIKELY(ffic_small_int(value, &small)) && ct->size <= 8 && ct->code != FFIC_CODE_BOOL) {
        ffic_write_integer(data, ct->size, (uint64_t)small);
        return ffic_cdata_value(ct, data);
    }
    int is_address = address_of(ct, value, &address);
    if (is_address < 0) {
        return NULL;
    }
    if (is_address && ct->size <= 8) {
        ffic_write_integer(data, ct->size, ct->code == FFIC_CODE_BOOL ? address != 0 : address);
        return ffic_cdata_value(ct, data);
    }
    if (ct->code == FFIC_CODE_BOOL) {
        /* A float is compared with zero, not truncated. */
        bool is_cdata_float = ffic_is_cdata(ct->state, value) && ffic_code_is_float((ffic_code)((ffic_cdata *)value)->type->code);
        if (PyFloat_Check(value) || is_cdata_float) {
            data[0] = PyFloat_Check(value)
                          ? PyFloat_AS_DOUBLE(value) != 0.0
                          : (((ffic_cdata *)value)->type->code == FFIC_CODE_LONG_DOUBLE
                                 ? ffic_read_long_double(((ffic_cdata *)value)->data) != 0.0L
                                 : ffic_read_double((ffic_code)((ffic_cdata *)value)->type->code, ((ffic_cdata *)value)->data) !=
                                       0.0);
            return ffic_cdata_value(ct, data);
        }
    }
    PyObject *integer = is_address ? PyLong_FromVoidPtr((void *)address) : truncated_int(ct, value);
    if (integer == NULL) {
        return NULL;
    }
    int result = ffic_store_truncated(ct, data, integer);
    Py_DECREF(integer);
    return result < 0 ? NULL : ffic_cdata_value(ct, data);
}

static PyObject *
cast_to_float(ffic_ctype *ct, PyObject *value)
{
    _Alignas(16) char data[16];
    if (ffic_is_cdata(ct->state, value)) {
        ffic_cdata *cd = (ffic_cdata *)value;
        ffic_code code = (ffic_code)cd->type->code;
        if (code == FFIC_CODE_LONG_DOUBLE) {
            ffic_write_float((ffic_code)ct->code, data, ffic_read_long_double(cd->data));
            return ffic_cdata_value(ct, data);
        }
        if (!ffic_code_is_float(code) && !ffic_code_is_integer(code) && !ffic_code_is_character(code)) {
            return cannot_cast(ct, value);
        }
        if (!ffic_code_is_float(code)) {
            PyObject *integer = ffic_load_number(cd->type, cd->data);
            int status = integer == NULL ? -1 : ffic_store_float(ct, data, integer);
            Py_XDECREF(integer);
            return status < 0 ? NULL : ffic_cdata_value(ct, data);
        }
    }
    int result;
    if (PyBytes_Check(value) || PyUnicode_Check(value)) {
        PyObject *integer = code_of_character(ct, value);
        result = integer == NULL ? -1 : ffic_store_float(ct, data, integer);
        Py_XDECREF(integer);
    }
    else {
        result = ffic_store_float(ct, data, value);
    }
    return result < 0 ? NULL : ffic_cdata_value(ct, data);
}

static PyObject *
cast_to_complex(ffic_ctype *ct, PyObject *value)
{
    _Alignas(16) char data[32];
    PyObject *integer = NULL;
    if (ffic_is_cdata(ct->state, value)) {
        ffic_cdata *cd = (ffic_cdata *)value;
        ffic_code code = (ffic_code)cd->type->code;
        if (ffic_code_is_integer(code) || ffic_code_is_character(code)) {
            integer = ffic_load_number(cd->type, cd->data);
            if (integer == NULL) {
                return NULL;
            }
        }
        else if (!ffic_code_is_float(code) && !ffic_code_is_complex(code)) {
            return cannot_cast(ct, value);
        }
    }
    else if (PyBytes_Check(value) || PyUnicode_Check(value)) {
        integer = code_of_character(ct, value);
        if (integer == NULL) {
            return NULL;
        }
    }
    int result = ffic_store_complex(ct, data, integer != NULL ? integer : value);
    Py_XDECREF(integer);
    return result < 0 ? NULL : ffic_cdata_value(ct, data);
}

/* The stream lives as long as the Python file object, which the pointer keeps alive. */
static PyObject *
cast_to_file(ffic_ctype *ct, PyObject *file)
{
    char *stream;
    return ffic_file_to_pointer(ct, file, &stream, NULL) < 0 ? NULL : ffic_cdata_view_of(ct, stream, file, -1);
}

static PyObject *
cast_to_pointer(ffic_ctype *ct, PyObject *value)
{
    if (ffic_is_file_pointer(ct) && !ffic_is_cdata(ct->state, value) && PyObject_HasAttrString(value, "fileno")) {
        return cast_to_file(ct, value);
    }
    uintptr_t address = 0;
    int is_address = address_of(ct, value, &address);
    if (is_address < 0) {
        return NULL;
    }
    if (!is_address) {
        PyObject *integer = truncated_int(ct, value);
        if (integer == NULL) {
            return NULL;
        }
        /* Sign-extended, as C converts a negative int to a pointer. */
        address = (uintptr_t)PyLong_AsUnsignedLongLongMask(integer);
        Py_DECREF(integer);
        if (address == (uintptr_t)-1 && PyErr_Occurred()) {
            return NULL;
        }
    }
    if (is_address && !ffic_is_function_pointer(ct) && ffic_is_cdata(ct->state, value)) {
        /* What owns the memory stays alive with the pointer, as with slices and addressof. */
        return ffic_cdata_derived(ct, (char *)address, (ffic_cdata *)value, -1);
    }
    return ffic_cdata_borrowed(ct, (char *)address);
}

PyObject *
ffic_cast(ffic_ctype *ct, PyObject *value)
{
    ffic_code code = (ffic_code)ct->code;
    if (ct->kind == FFIC_KIND_ENUM && ffic_ctype_complete(ct) < 0) {
        return NULL;
    }
    if (code == FFIC_CODE_POINTER || (code == FFIC_CODE_ARRAY && ct->length >= 0)) {
        return cast_to_pointer(ct, value);
    }
    code = (ffic_code)ct->code; /* an enum knows it now */
    if (ffic_code_is_integer(code) || ffic_code_is_character(code)) {
        return cast_to_integer(ct, value);
    }
    if (ffic_code_is_float(code)) {
        return cast_to_float(ct, value);
    }
    if (ffic_code_is_complex(code)) {
        return cast_to_complex(ct, value);
    }
    if (ct->kind == FFIC_KIND_FUNCTION) {
        PyErr_Format(ct->state->function_type_error, "the type '%U' is a function type, not a pointer-to-function type", ct->name);
        return NULL;
    }
    PyErr_Format(PyExc_TypeError, "cannot cast to ctype '%U'", ct->name);
    return NULL;
}
