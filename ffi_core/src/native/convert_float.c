/* Conversions of floating-point and complex numbers. */
#include "convert_parts.h"

long double
ffic_read_long_double(const char *data)
{
    long double value;
    memcpy(&value, data, sizeof value);
    return value;
}

double
ffic_read_double(ffic_code code, const char *data)
{
    if (code == FFIC_CODE_F64) {
        double value;
        memcpy(&value, data, sizeof value);
        return value;
    }
    if (code == FFIC_CODE_F32) {
        float value;
        memcpy(&value, data, sizeof value);
        return (double)value;
    }
    return (double)ffic_read_long_double(data);
}

void
ffic_write_float(ffic_code code, char *data, long double value)
{
    if (code == FFIC_CODE_F64) {
        double narrow = (double)value;
        memcpy(data, &narrow, sizeof narrow);
    }
    else if (code == FFIC_CODE_F32) {
        float narrow = (float)value;
        memcpy(data, &narrow, sizeof narrow);
    }
    else {
        memset(data, 0, sizeof value); /* x87 leaves padding */
        memcpy(data, &value, sizeof value);
    }
}

int
ffic_to_double(ffic_ctype *ct, PyObject *value, double *result, ffic_argument_place *place)
{
    if (FFIC_LIKELY(PyFloat_Check(value))) {
        *result = PyFloat_AS_DOUBLE(value);
        return 0;
    }
    if (ffic_is_cdata(ct->state, value)) {
        ffic_cdata *cd = (ffic_cdata *)value;
        if (!ffic_code_is_float((ffic_code)cd->type->code)) {
            return ffic_expected(ct, "float", value, place);
        }
        *result = ffic_read_double((ffic_code)cd->type->code, cd->data);
        return 0;
    }
    PyNumberMethods *methods = Py_TYPE(value)->tp_as_number;
    if (methods == NULL || (methods->nb_float == NULL && methods->nb_index == NULL)) {
        return ffic_expected(ct, "float", value, place);
    }
    *result = PyFloat_AsDouble(value);
    if (*result == -1.0 && PyErr_Occurred()) {
        if (PyErr_ExceptionMatches(PyExc_OverflowError) && PyLong_Check(value)) {
            PyErr_Clear();
            return ffic_does_not_fit(ct, value, place);
        }
        return -1;
    }
    return 0;
}

int
ffic_store_float(ffic_ctype *ct, char *data, PyObject *value)
{
    if (ct->code == FFIC_CODE_LONG_DOUBLE && ffic_is_cdata(ct->state, value) &&
        ((ffic_cdata *)value)->type->code == FFIC_CODE_LONG_DOUBLE) {
        memmove(data, ((ffic_cdata *)value)->data, sizeof(long double));
        return 0;
    }
    double number = 0.0;
    if (ffic_to_double(ct, value, &number, NULL) < 0) {
        return -1;
    }
    ffic_write_float((ffic_code)ct->code, data, (long double)number);
    return 0;
}

/* ---- complex ------------------------------------------------------------------------------------------------ */

static ffic_code
part_code(ffic_code code)
{
    return code == FFIC_CODE_COMPLEX_F32   ? FFIC_CODE_F32
           : code == FFIC_CODE_COMPLEX_F64 ? FFIC_CODE_F64
                                           : FFIC_CODE_LONG_DOUBLE;
}

static size_t
part_size(ffic_code code)
{
    return code == FFIC_CODE_COMPLEX_F32   ? sizeof(float)
           : code == FFIC_CODE_COMPLEX_F64 ? sizeof(double)
                                           : sizeof(long double);
}

Py_complex
ffic_read_complex(ffic_code code, const char *data)
{
    Py_complex value;
    value.real = ffic_read_double(part_code(code), data);
    value.imag = ffic_read_double(part_code(code), data + part_size(code));
    return value;
}

/* The parts of a floating-point or complex number, without a loss. */
static void
read_parts(ffic_code code, const char *data, long double *real, long double *imag)
{
    bool is_complex = ffic_code_is_complex(code);
    ffic_code part = is_complex ? part_code(code) : code;
    bool is_long = part == FFIC_CODE_LONG_DOUBLE;
    *real = is_long ? ffic_read_long_double(data) : (long double)ffic_read_double(part, data);
    *imag = 0.0L;
    if (is_complex) {
        const char *second = data + part_size(code);
        *imag = is_long ? ffic_read_long_double(second) : (long double)ffic_read_double(part, second);
    }
}

int
ffic_store_complex(ffic_ctype *ct, char *data, PyObject *value)
{
    ffic_code code = (ffic_code)ct->code;
    long double real, imag;
    if (ffic_is_cdata(ct->state, value)) {
        ffic_cdata *cd = (ffic_cdata *)value;
        ffic_code from = (ffic_code)cd->type->code;
        if (!ffic_code_is_complex(from) && !ffic_code_is_float(from)) {
            return ffic_expected(ct, "complex number", value, NULL);
        }
        read_parts(from, cd->data, &real, &imag);
    }
    else {
        PyNumberMethods *methods = Py_TYPE(value)->tp_as_number;
        bool is_number = methods != NULL && (methods->nb_float != NULL || methods->nb_index != NULL);
        if (!is_number && !PyComplex_Check(value) && !PyObject_HasAttrString((PyObject *)Py_TYPE(value), "__complex__")) {
            return ffic_expected(ct, "complex number", value, NULL);
        }
        Py_complex number = PyComplex_AsCComplex(value);
        if (number.real == -1.0 && PyErr_Occurred()) {
            return -1;
        }
        real = (long double)number.real;
        imag = (long double)number.imag;
    }
    ffic_write_float(part_code(code), data, real);
    ffic_write_float(part_code(code), data + part_size(code), imag);
    return 0;
}
