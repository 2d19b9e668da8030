/* Python file objects as `FILE *`.
 *
 * C gets a stream of its own, on a duplicate of the file's descriptor and with its mode.  It is kept with the Python file object, and is
 * closed when that dies.  It has no buffer: what C writes is in the file at once, and what C has not read yet is left to Python.
 */
#include "convert_parts.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static const char capsule_name[] = "ffi_core.FILE";
static const char attribute[] = "__ffi_core_FILE";

static void
close_stream(PyObject *capsule)
{
    FILE *stream = PyCapsule_GetPointer(capsule, capsule_name);
    if (stream != NULL) {
        (void)fclose(stream);
    }
}

/* The attribute: a new reference, or NULL without an exception where there is none. */
static PyObject *
optional_attribute(PyObject *object, const char *name)
{
    PyObject *result = PyObject_GetAttrString(object, name);
    if (result == NULL && PyErr_ExceptionMatches(PyExc_AttributeError)) {
        PyErr_Clear();
    }
    return result;
}

enum { MODE_SIZE = 8 };

/* The mode for fdopen(), of Python's: "x" creates a file, which is done. */
static int
stream_mode(PyObject *file, char mode[MODE_SIZE])
{
    PyObject *value = PyObject_GetAttrString(file, "mode");
    if (value == NULL) {
        return -1;
    }
    size_t length = 0;
    const char *text = PyUnicode_Check(value) ? PyUnicode_AsUTF8(value) : NULL;
    for (; text != NULL && *text != '\0' && length < MODE_SIZE - 1; text++) {
        if (*text != 't' && *text != 'U') {
            mode[length++] = *text == 'x' ? 'w' : *text;
        }
    }
    mode[length] = '\0';
    if (text == NULL && !PyErr_Occurred()) {
        PyErr_Format(PyExc_TypeError, "the mode of a file for C must be a str, not %.200s", Py_TYPE(value)->tp_name);
    }
    Py_DECREF(value);
    return text == NULL ? -1 : 0;
}

/* Open a stream on a duplicate of the file's descriptor: a capsule. */
static PyObject *
open_stream(PyObject *file)
{
    char mode[MODE_SIZE];
    int descriptor = PyObject_AsFileDescriptor(file);
    if (descriptor < 0 || stream_mode(file, mode) < 0) {
        return NULL;
    }
    int copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
    FILE *stream = copy < 0 ? NULL : fdopen(copy, mode);
    if (stream == NULL) {
        PyErr_SetFromErrno(PyExc_OSError);
        if (copy >= 0) {
            (void)close(copy);
        }
        return NULL;
    }
    (void)setvbuf(stream, NULL, _IONBF, 0);
    PyObject *capsule = PyCapsule_New(stream, capsule_name, close_stream);
    if (capsule == NULL) {
        (void)fclose(stream);
    }
    return capsule;
}

/* The capsule in the attributes of `file`: a new reference. */
static PyObject *
stream_of(PyObject *file)
{
    PyObject *attributes = PyObject_GetAttrString(file, "__dict__");
    PyObject *key = attributes == NULL ? NULL : PyUnicode_InternFromString(attribute);
    PyObject *capsule = NULL;
    if (key != NULL && !PyDict_Check(attributes)) {
        PyErr_Format(PyExc_TypeError, "a file for C must have attributes: %.200s has none", Py_TYPE(file)->tp_name);
    }
    else if (key != NULL) {
        capsule = ffic_dict_get(attributes, key);
        if (capsule == NULL && !PyErr_Occurred()) {
            PyObject *made = open_stream(file);
            /* Another thread may have opened one meanwhile: the first is the one to keep. */
            capsule = made == NULL ? NULL : Py_XNewRef(PyDict_SetDefault(attributes, key, made));
            Py_XDECREF(made);
        }
    }
    Py_XDECREF(key);
    Py_XDECREF(attributes);
    return capsule;
}

static int
flush(PyObject *file)
{
    PyObject *method = optional_attribute(file, "flush");
    if (method == NULL) {
        return PyErr_Occurred() ? -1 : 0;
    }
    PyObject *result = PyObject_CallNoArgs(method);
    Py_DECREF(method);
    Py_XDECREF(result);
    return result == NULL ? -1 : 0;
}

bool
ffic_is_file_pointer(const ffic_ctype *ct)
{
    return ct->kind == FFIC_KIND_POINTER && ct->item == ct->state->file_type;
}

int
ffic_file_to_pointer(ffic_ctype *ct, PyObject *file, char **result, ffic_argument_place *place)
{
    PyObject *fileno = optional_attribute(file, "fileno");
    if (fileno == NULL) {
        return PyErr_Occurred() ? -1 : ffic_expected(ct, "cdata pointer or file", file, place);
    }
    Py_DECREF(fileno);
    if (flush(file) < 0) { /* a closed file says so here */
        return -1;
    }
    PyObject *capsule = stream_of(file);
    *result = capsule == NULL ? NULL : PyCapsule_GetPointer(capsule, capsule_name);
    Py_XDECREF(capsule);
    return *result == NULL ? -1 : 0;
}
