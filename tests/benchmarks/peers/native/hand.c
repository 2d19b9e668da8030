/* A C extension as an expert writes it by hand: the practical floor.

   RELEASE_GIL   1: the GIL is released around each call; 0: it is kept
   MODULE        the name of the module */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <limits.h>

#include "bench.h"

#if RELEASE_GIL
#define BEGIN_CALL Py_BEGIN_ALLOW_THREADS
#define END_CALL Py_END_ALLOW_THREADS
#else
#define BEGIN_CALL {
#define END_CALL }
#endif

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define TEXT_(a) #a
#define TEXT(a) TEXT_(a)

static int check_count(Py_ssize_t given, Py_ssize_t wanted)
{
    if (given != wanted) {
        PyErr_Format(PyExc_TypeError, "%zd arguments are expected, not %zd", wanted, given);
        return -1;
    }
    return 0;
}

static int as_int(PyObject *object, int *value)
{
    const long number = PyLong_AsLong(object);

    if (number == -1 && PyErr_Occurred()) {
        return -1;
    }
    if (number < INT_MIN || number > INT_MAX) {
        PyErr_SetString(PyExc_OverflowError, "the integer does not fit a C int");
        return -1;
    }
    *value = (int)number;
    return 0;
}

static int as_long(PyObject *object, long *value)
{
    *value = PyLong_AsLong(object);
    return *value == -1 && PyErr_Occurred() ? -1 : 0;
}

static int as_double(PyObject *object, double *value)
{
    *value = PyFloat_AsDouble(object);
    return *value == -1.0 && PyErr_Occurred() ? -1 : 0;
}

static PyObject *py_noop(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(none))
{
    BEGIN_CALL
    noop();
    END_CALL
    Py_RETURN_NONE;
}

static PyObject *py_add(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    int a, b, result;

    if (check_count(count, 2) < 0 || as_int(args[0], &a) < 0 || as_int(args[1], &b) < 0) {
        return NULL;
    }
    BEGIN_CALL
    result = add(a, b);
    END_CALL
    return PyLong_FromLong(result);
}

static PyObject *py_next_long(PyObject *Py_UNUSED(self), PyObject *arg)
{
    long a, result;

    if (as_long(arg, &a) < 0) {
        return NULL;
    }
    BEGIN_CALL
    result = next_long(a);
    END_CALL
    return PyLong_FromLong(result);
}

static PyObject *py_add_doubles(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    double a, b, result;

    if (check_count(count, 2) < 0 || as_double(args[0], &a) < 0 || as_double(args[1], &b) < 0) {
        return NULL;
    }
    BEGIN_CALL
    result = add_doubles(a, b);
    END_CALL
    return PyFloat_FromDouble(result);
}

static PyObject *py_add_mixed(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    int a;
    long c;
    double b, d, result;

    if (check_count(count, 4) < 0 || as_int(args[0], &a) < 0 || as_double(args[1], &b) < 0 ||
        as_long(args[2], &c) < 0 || as_double(args[3], &d) < 0) {
        return NULL;
    }
    BEGIN_CALL
    result = add_mixed(a, b, c, d);
    END_CALL
    return PyFloat_FromDouble(result);
}

static PyObject *py_text_length(PyObject *Py_UNUSED(self), PyObject *arg)
{
    const char *text;
    size_t result;

    if (!PyBytes_Check(arg)) {
        PyErr_SetString(PyExc_TypeError, "bytes are expected");
        return NULL;
    }
    text = PyBytes_AS_STRING(arg);
    BEGIN_CALL
    result = text_length(text);
    END_CALL
    return PyLong_FromSize_t(result);
}

static PyObject *py_add_ten(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    int v[10];
    int result, i;

    if (check_count(count, 10) < 0) {
        return NULL;
    }
    for (i = 0; i < 10; i++) {
        if (as_int(args[i], &v[i]) < 0) {
            return NULL;
        }
    }
    BEGIN_CALL
    result = add_ten(v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9]);
    END_CALL
    return PyLong_FromLong(result);
}

static void free_point(PyObject *capsule)
{
    PyMem_Free(PyCapsule_GetPointer(capsule, "point"));
}

static PyObject *py_point(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    struct point value, *p;
    PyObject *capsule;

    if (check_count(count, 2) < 0 || as_double(args[0], &value.x) < 0 || as_double(args[1], &value.y) < 0) {
        return NULL;
    }
    p = PyMem_Malloc(sizeof *p);
    if (p == NULL) {
        return PyErr_NoMemory();
    }
    *p = value;
    capsule = PyCapsule_New(p, "point", free_point);
    if (capsule == NULL) {
        PyMem_Free(p);
    }
    return capsule;
}

static PyObject *py_add_point(PyObject *Py_UNUSED(self), PyObject *arg)
{
    const struct point *p = PyCapsule_GetPointer(arg, "point");
    struct point value;
    double result;

    if (p == NULL) {
        return NULL;
    }
    value = *p;
    BEGIN_CALL
    result = add_point(value);
    END_CALL
    return PyFloat_FromDouble(result);
}

/* What the callback calls: C gives it no argument of ours. */
static _Thread_local PyObject *current_step;

static int call_step(int value)
{
    PyObject *argument, *result = NULL;
    int next = 0;
#if RELEASE_GIL
    const PyGILState_STATE state = PyGILState_Ensure();
#endif

    argument = PyLong_FromLong(value);
    if (argument != NULL) {
        result = PyObject_CallFunctionObjArgs(current_step, argument, NULL);
        Py_DECREF(argument);
    }
    if (result == NULL || as_int(result, &next) < 0) {
        PyErr_WriteUnraisable(current_step);
    }
    Py_XDECREF(result);
#if RELEASE_GIL
    PyGILState_Release(state);
#endif
    return next;
}

static PyObject *py_count_up(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    int start, times, result;

    if (check_count(count, 3) < 0 || as_int(args[1], &start) < 0 || as_int(args[2], &times) < 0) {
        return NULL;
    }
    current_step = args[0];
    BEGIN_CALL
    result = count_up(call_step, start, times);
    END_CALL
    return PyLong_FromLong(result);
}

/* An array of C ints, and its iterator: the least that a loop over C data takes. */
typedef struct {
    PyObject_VAR_HEAD
    int items[1];
} numbers;

typedef struct {
    PyObject_HEAD
    numbers *array;
    Py_ssize_t next;
} numbers_iterator;

static PyTypeObject *numbers_type, *numbers_iterator_type;

static void numbers_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    PyObject_Free(self);
    Py_DECREF(type);
}

static PyObject *numbers_iter(PyObject *self)
{
    numbers_iterator *iterator = PyObject_New(numbers_iterator, numbers_iterator_type);

    if (iterator != NULL) {
        Py_INCREF(self);
        iterator->array = (numbers *)self;
        iterator->next = 0;
    }
    return (PyObject *)iterator;
}

static void numbers_iterator_dealloc(PyObject *self)
{
    Py_DECREF(((numbers_iterator *)self)->array);
    numbers_dealloc(self);
}

static PyObject *numbers_iterator_next(PyObject *self)
{
    numbers_iterator *iterator = (numbers_iterator *)self;

    return iterator->next < Py_SIZE(iterator->array) ? PyLong_FromLong(iterator->array->items[iterator->next++]) : NULL;
}

static PyType_Slot numbers_slots[] = {{Py_tp_dealloc, numbers_dealloc}, {Py_tp_iter, numbers_iter}, {0, NULL}};
static PyType_Slot numbers_iterator_slots[] = {
    {Py_tp_dealloc, numbers_iterator_dealloc},
    {Py_tp_iter, PyObject_SelfIter},
    {Py_tp_iternext, numbers_iterator_next},
    {0, NULL},
};
static PyType_Spec numbers_spec = {TEXT(MODULE) ".Numbers", sizeof(numbers), sizeof(int), Py_TPFLAGS_DEFAULT, numbers_slots};
static PyType_Spec numbers_iterator_spec = {
    TEXT(MODULE) ".NumbersIterator", sizeof(numbers_iterator), 0, Py_TPFLAGS_DEFAULT, numbers_iterator_slots};

/* The numbers from 0 on. */
static PyObject *py_numbers(PyObject *Py_UNUSED(self), PyObject *arg)
{
    numbers *array;
    int count, i;

    if (as_int(arg, &count) < 0) {
        return NULL;
    }
    array = PyObject_NewVar(numbers, numbers_type, count);
    if (array == NULL) {
        return NULL;
    }
    for (i = 0; i < count; i++) {
        array->items[i] = i;
    }
    return (PyObject *)array;
}

static int execute(PyObject *Py_UNUSED(self))
{
    numbers_type = (PyTypeObject *)PyType_FromSpec(&numbers_spec);
    numbers_iterator_type = (PyTypeObject *)PyType_FromSpec(&numbers_iterator_spec);
    return numbers_type == NULL || numbers_iterator_type == NULL ? -1 : 0;
}

#define FAST(name, function) {name, (PyCFunction)(void (*)(void))function, METH_FASTCALL, NULL}

static PyMethodDef methods[] = {
    {"noop", py_noop, METH_NOARGS, NULL},
    FAST("add", py_add),
    {"next_long", py_next_long, METH_O, NULL},
    FAST("add_doubles", py_add_doubles),
    FAST("add_mixed", py_add_mixed),
    {"text_length", py_text_length, METH_O, NULL},
    FAST("add_ten", py_add_ten),
    FAST("point", py_point),
    {"add_point", py_add_point, METH_O, NULL},
    FAST("count_up", py_count_up),
    {"numbers", py_numbers, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {{Py_mod_exec, execute}, {0, NULL}};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, TEXT(MODULE), NULL, 0, methods, slots, NULL, NULL, NULL};

PyMODINIT_FUNC JOIN(PyInit_, MODULE)(void)
{
    return PyModuleDef_Init(&module);
}
