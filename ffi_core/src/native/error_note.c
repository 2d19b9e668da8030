/* Saying more about an exception than its message does. */
#include "error_note.h"

#include <stdarg.h>

/* Before Python 3.11: put the note into the message.  -1 with an exception. */
static int
extend_message(PyObject *exception, PyObject *note)
{
    PyObject *message = PyObject_Str(exception);
    PyObject *text = message == NULL ? NULL : PyUnicode_FromFormat("%U (%U)", message, note);
    PyObject *args = text == NULL ? NULL : PyTuple_Pack(1, text);
    int result = args == NULL ? -1 : PyObject_SetAttrString(exception, "args", args);
    if (result == 0 && PyObject_HasAttrString(exception, "message")) { /* CDefError shows this one */
        result = PyObject_SetAttrString(exception, "message", text);
    }
    Py_XDECREF(message);
    Py_XDECREF(text);
    Py_XDECREF(args);
    return result;
}

void
ffic_error_note(const char *format, ...)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    va_list arguments;
    va_start(arguments, format);
    PyObject *note = PyUnicode_FromFormatV(format, arguments);
    va_end(arguments);
    if (note != NULL && value != NULL) {
        PyObject *add = PyObject_GetAttrString(value, "add_note");
        PyObject *done = NULL;
        if (add != NULL) {
            done = PyObject_CallFunctionObjArgs(add, note, NULL);
        }
        else {
            PyErr_Clear();
            (void)extend_message(value, note);
        }
        Py_XDECREF(add);
        Py_XDECREF(done);
    }
    Py_XDECREF(note);
    PyErr_Clear(); /* what matters is the exception itself */
    PyErr_Restore(type, value, traceback);
}
