/* Raising exceptions quickly: most texts are put together from a few short parts. */
#include "error_message.h"

#include <stdarg.h>

/* ---- the text --------------------------------------------------------------------------------------------------- */

enum { TEXT_BYTES = 500 };

/* ASCII.  What does not fit, or is not simple, is left to Python. */
typedef struct {
    size_t used;
    char bytes[TEXT_BYTES];
} message;

static inline bool
put(message *m, const char *bytes, size_t length)
{
    if (FFIC_UNLIKELY(length > TEXT_BYTES - m->used)) {
        return false;
    }
    memcpy(m->bytes + m->used, bytes, length);
    m->used += length;
    return true;
}

/* The name of a type, mostly. */
static bool
put_bytes(message *m, const char *text, size_t longest)
{
    size_t space = TEXT_BYTES - m->used, limit = longest < space ? longest : space, i;
    char *place = m->bytes + m->used;
    for (i = 0; i < limit && text[i] != '\0'; i++) {
        if (FFIC_UNLIKELY((text[i] & 0x80) != 0)) {
            return false;
        }
        place[i] = text[i];
    }
    m->used += i;
    return i < space;
}

static bool
put_str(message *m, PyObject *text)
{
    return PyUnicode_Check(text) && PyUnicode_IS_COMPACT_ASCII(text) &&
           put(m, (const char *)PyUnicode_1BYTE_DATA(text), (size_t)PyUnicode_GET_LENGTH(text));
}

/* The repr of a str that has nothing to escape. */
static bool
put_repr(message *m, PyObject *text)
{
    if (!PyUnicode_CheckExact(text) || !PyUnicode_IS_COMPACT_ASCII(text)) {
        return false;
    }
    const char *bytes = (const char *)PyUnicode_1BYTE_DATA(text);
    Py_ssize_t length = PyUnicode_GET_LENGTH(text);
    for (Py_ssize_t i = 0; i < length; i++) {
        if (bytes[i] < ' ' || bytes[i] > '~' || bytes[i] == '\'' || bytes[i] == '\\') {
            return false;
        }
    }
    return put(m, "'", 1) && put(m, bytes, (size_t)length) && put(m, "'", 1);
}

static bool
put_number(message *m, long long number)
{
    char digits[24];
    size_t at = sizeof digits;
    unsigned long long rest = number < 0 ? 0 - (unsigned long long)number : (unsigned long long)number;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    if (number < 0) {
        digits[--at] = '-';
    }
    return put(m, digits + at, sizeof digits - at);
}

static bool
put_int(message *m, PyObject *integer)
{
    int overflow = 1;
    long long number = PyLong_CheckExact(integer) ? PyLong_AsLongLongAndOverflow(integer, &overflow) : 0;
    return overflow == 0 && put_number(m, number);
}

/* False where the format has anything but %U, %s, %.200s, %zd, %d, and %S and %R of simple objects; formats are ASCII. */
static bool
put_format(message *m, const char *format, va_list arguments)
{
    for (;;) {
        const char *percent = strchr(format, '%');
        if (percent == NULL) {
            return put(m, format, strlen(format));
        }
        bool is_good = put(m, format, (size_t)(percent - format));
        format = percent + 2;
        switch (percent[1]) {
        case 'U':
            is_good = is_good && put_str(m, va_arg(arguments, PyObject *));
            break;
        case 'S':
            is_good = is_good && put_int(m, va_arg(arguments, PyObject *));
            break;
        case 'R':
            is_good = is_good && put_repr(m, va_arg(arguments, PyObject *));
            break;
        case 'd':
            is_good = is_good && put_number(m, va_arg(arguments, int));
            break;
        case 's':
            is_good = is_good && put_bytes(m, va_arg(arguments, const char *), TEXT_BYTES);
            break;
        case 'z':
            is_good = is_good && percent[2] == 'd' && put_number(m, va_arg(arguments, Py_ssize_t));
            format = percent + 3;
            break;
        case '.':
            is_good = is_good && strncmp(percent, "%.200s", 6) == 0 && put_bytes(m, va_arg(arguments, const char *), 200);
            format = percent + 6;
            break;
        default:
            return false;
        }
        if (FFIC_UNLIKELY(!is_good)) {
            return false;
        }
    }
}

static bool
put_place(message *m, const ffic_argument_place *place)
{
    return place == NULL || (place->name != NULL && put(m, " (argument ", 11) && put_number(m, place->index + 1) &&
                             put(m, " of ", 4) && put_str(m, place->name) && put(m, "())", 3));
}

/* ---- the exception ---------------------------------------------------------------------------------------------- */

static PyObject *
callee_name(const ffic_argument_place *place)
{
    return place->name != NULL ? PyUnicode_FromFormat("%U()", place->name) : PyObject_Repr(place->callee);
}

/* `text` with the place.  Steals the text. */
static PyObject *
add_place(const ffic_argument_place *place, PyObject *text)
{
    PyObject *name = text == NULL ? NULL : callee_name(place);
    PyObject *result = NULL;
    if (name != NULL) {
        /* The debug mode tells stories, of several lines. */
        bool is_long = PyUnicode_FindChar(text, '\n', 0, PyUnicode_GET_LENGTH(text), 1) >= 0;
        result = is_long ? PyUnicode_FromFormat("%U: argument %zd: %U", name, place->index + 1, text)
                         : PyUnicode_FromFormat("%U (argument %zd of %U)", text, place->index + 1, name);
    }
    Py_XDECREF(name);
    Py_XDECREF(text);
    return result;
}

/* The exception, where its class has no more to do than to keep the text.  NULL otherwise, also with an exception. */
static PyObject *
make_exception(PyObject *type, PyObject *text)
{
    PyTypeObject *class = (PyTypeObject *)type;
    const PyTypeObject *base = (PyTypeObject *)PyExc_BaseException;
    if (class->tp_new != base->tp_new || class->tp_init != base->tp_init) {
        return NULL;
    }
    PyObject *args = PyTuple_New(1);
    if (args == NULL) {
        return NULL;
    }
    PyTuple_SET_ITEM(args, 0, Py_NewRef(text));
    PyObject *result = class->tp_new(class, args, NULL);
    Py_DECREF(args);
    return result;
}

/* Steals the text, which may be NULL with an exception. */
static void
set(PyObject *type, PyObject *text)
{
    PyObject *exception = text == NULL ? NULL : make_exception(type, text);
    if (text != NULL) {
        PyErr_SetObject(type, exception == NULL ? text : exception);
    }
    Py_XDECREF(exception);
    Py_XDECREF(text);
}

static void
raise(ffic_argument_place *place, PyObject *type, const char *format, va_list arguments)
{
    message m;
    m.used = 0;
    va_list copy;
    va_copy(copy, arguments);
    bool is_simple = put_format(&m, format, copy) && put_place(&m, place);
    va_end(copy);
    PyObject *text;
    if (FFIC_LIKELY(is_simple)) {
        text = PyUnicode_New((Py_ssize_t)m.used, 127);
        if (text != NULL) {
            memcpy(PyUnicode_1BYTE_DATA(text), m.bytes, m.used);
        }
    }
    else {
        text = PyUnicode_FromFormatV(format, arguments);
        text = place == NULL ? text : add_place(place, text);
    }
    set(type, text);
    if (place != NULL) {
        place->is_said = true;
    }
}

void
ffic_raise(PyObject *type, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    raise(NULL, type, format, arguments);
    va_end(arguments);
}

void
ffic_raise_at(ffic_argument_place *place, PyObject *type, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    raise(place, type, format, arguments);
    va_end(arguments);
}

void
ffic_blame_argument(ffic_argument_place *place)
{
    PyObject *type, *value, *traceback;
    if (place->is_said || (!PyErr_ExceptionMatches(PyExc_TypeError) && !PyErr_ExceptionMatches(PyExc_OverflowError) &&
                           !PyErr_ExceptionMatches(PyExc_ValueError))) {
        return;
    }
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    bool is_plain = type == PyExc_TypeError || type == PyExc_OverflowError || type == PyExc_ValueError;
    PyObject *text = !is_plain || value == NULL ? NULL : add_place(place, PyObject_Str(value));
    if (text != NULL) {
        set(type, text);
        Py_XDECREF(type);
        Py_XDECREF(value);
        Py_XDECREF(traceback);
    }
    else {
        PyErr_Clear();
        PyErr_Restore(type, value, traceback);
    }
}
