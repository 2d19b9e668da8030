/* C functions that take bytes and their length as one Python argument: ffi.for_bytes. */
#include "for_bytes.h"
#include "arguments.h"
#include "ffi_object.h"
#include "function.h"
#include "heap_type.h"

enum { MOST_ARGUMENTS = 16 };

/* Functions that Python sees: `otherwise`, made faster for what C takes as it is. */
typedef struct {
    PyObject_HEAD
    vectorcallfunc vectorcall;
    PyObject *function;   /* called with the bytes, their length, and the other arguments */
    PyObject *brief;      /* the one for less than `below` bytes; may be `function` */
    PyObject *otherwise;  /* called with the arguments as they came, whenever C does not take them */
    PyObject *defaults;   /* tuple: of the last parameters */
    PyObject *attributes; /* `__dict__`: name, module, documentation */
    PyObject *weakrefs;
    Py_ssize_t below;
    Py_ssize_t most;      /* Python arguments */
} for_bytes;

/* ---- calls ------------------------------------------------------------------------------------------------------ */

/* What a function of a library does when it is called; it takes positional arguments only. */
static _PyCFunctionFast
fast_method(PyObject *function)
{
    return (_PyCFunctionFast)(void (*)(void))PyCFunction_GET_FUNCTION(function);
}

static PyObject *
call_for_bytes(PyObject *self, PyObject *const *args, size_t flags, PyObject *keywords)
{
    const for_bytes *made = (for_bytes *)self;
    Py_ssize_t count = PyVectorcall_NARGS(flags);
    Py_ssize_t given = PyTuple_GET_SIZE(made->defaults);
    bool fits = keywords == NULL && count > 0 && count <= made->most && count + given >= made->most && PyBytes_CheckExact(args[0]);
    if (FFIC_UNLIKELY(!fits)) {
        return PyObject_Vectorcall(made->otherwise, args, flags, keywords);
    }
    Py_ssize_t size = PyBytes_GET_SIZE(args[0]);
    PyObject *length = PyLong_FromSsize_t(size);
    if (length == NULL) {
        return NULL;
    }
    PyObject *all[MOST_ARGUMENTS];
    all[0] = args[0];
    all[1] = length;
    for (Py_ssize_t i = 1; i < made->most; i++) {
        all[i + 1] = i < count ? args[i] : PyTuple_GET_ITEM(made->defaults, given - made->most + i);
    }
    PyObject *function = size < made->below ? made->brief : made->function;
    PyObject *result = fast_method(function)(PyCFunction_GET_SELF(function), all, made->most + 1);
    Py_DECREF(length);
    if (FFIC_UNLIKELY(result == NULL) && (PyErr_ExceptionMatches(PyExc_TypeError) || PyErr_ExceptionMatches(PyExc_OverflowError))) {
        PyErr_Clear(); /* the C function was not called: an argument is not what it takes */
        return PyObject_Vectorcall(made->otherwise, args, flags, keywords);
    }
    return result;
}

/* ---- making ----------------------------------------------------------------------------------------------------- */

/* The number of Python arguments of a C function, one less than C's; -1 with TypeError where it does not fit. */
static Py_ssize_t
count_arguments(ffic_state *state, const char *name, PyObject *function)
{
    if (!ffic_is_function(state, function)) {
        PyErr_Format(PyExc_TypeError, "for_bytes() argument '%s' must be a function of a library, not %.200s", name,
                     Py_TYPE(function)->tp_name);
        return -1;
    }
    PyObject *pointer = ffic_function_pointer(function);
    if (pointer == NULL) {
        return -1;
    }
    const ffic_ctype *ct = ((ffic_cdata *)pointer)->type->item;
    ffic_ctype *const *parameters = ct->u.function.parameters;
    Py_ssize_t result = ct->length - 1;
    if (ct->length < 2 || ct->length > MOST_ARGUMENTS || (ct->flags & FFIC_TYPE_VARIADIC) ||
        parameters[0]->kind != FFIC_KIND_POINTER || !ffic_takes_bytes(parameters[0]->item) ||
        !ffic_code_is_integer(parameters[1]->code)) {
        PyErr_Format(PyExc_TypeError, "for_bytes() argument '%s': '%U' does not begin with a pointer to bytes and their length", name,
                     ct->name);
        result = -1;
    }
    Py_DECREF(pointer);
    return result;
}

/* The default values of a Python function: a tuple, empty for other callables.  New reference. */
static PyObject *
defaults_of(PyObject *callable)
{
    PyObject *defaults = PyObject_GetAttrString(callable, "__defaults__");
    if (defaults == NULL && PyErr_ExceptionMatches(PyExc_AttributeError)) {
        PyErr_Clear();
    }
    else if (defaults == NULL || PyTuple_CheckExact(defaults)) {
        return defaults;
    }
    Py_XDECREF(defaults);
    return PyTuple_New(0);
}

int
ffic_dress_as(PyObject *made, PyObject *function)
{
    PyObject *functools = PyImport_ImportModule("functools");
    PyObject *done = functools == NULL ? NULL : PyObject_CallMethod(functools, "update_wrapper", "OO", made, function);
    Py_XDECREF(functools);
    Py_XDECREF(done);
    return done == NULL ? -1 : 0;
}

PyObject *
ffic_ffi_for_bytes(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *keywords)
{
    static const char *const names[] = {"function", "otherwise", "short", "below", NULL};
    PyObject *values[4] = {NULL};
    if (ffic_arguments("for_bytes", names, 2, args, count, keywords, values) < 0) {
        return NULL;
    }
    ffic_state *state = ((ffic_ffi *)self)->state;
    PyObject *brief = values[2] == NULL || values[2] == Py_None ? values[0] : values[2];
    Py_ssize_t most = count_arguments(state, "function", values[0]);
    Py_ssize_t brief_most = most < 0 ? -1 : count_arguments(state, "short", brief);
    Py_ssize_t below = values[3] == NULL ? 0 : PyNumber_AsSsize_t(values[3], PyExc_OverflowError);
    if (brief_most < 0 || (below == -1 && PyErr_Occurred())) {
        return NULL;
    }
    if (most != brief_most || !PyCallable_Check(values[1])) {
        PyErr_SetString(PyExc_TypeError, most != brief_most ? "for_bytes() arguments 'function' and 'short' must take as many arguments"
                                                            : "for_bytes() argument 'otherwise' must be callable");
        return NULL;
    }
    PyObject *defaults = defaults_of(values[1]);
    for_bytes *made = defaults == NULL ? NULL : PyObject_GC_New(for_bytes, state->for_bytes_type);
    if (made == NULL) {
        Py_XDECREF(defaults);
        return NULL;
    }
    made->vectorcall = call_for_bytes;
    made->function = Py_NewRef(values[0]);
    made->brief = Py_NewRef(brief);
    made->otherwise = Py_NewRef(values[1]);
    made->defaults = defaults;
    made->attributes = NULL;
    made->weakrefs = NULL;
    made->below = below;
    made->most = most;
    PyObject_GC_Track((PyObject *)made);
    if (ffic_dress_as((PyObject *)made, values[1]) < 0) {
        Py_CLEAR(made);
    }
    return (PyObject *)made;
}

/* ---- the object ------------------------------------------------------------------------------------------------- */

static PyObject *
for_bytes_repr(PyObject *self)
{
    const for_bytes *made = (for_bytes *)self;
    return PyUnicode_FromFormat("<%R for bytes: %R>", made->otherwise, made->function);
}

/* Pickled by its name, as functions are. */
static PyObject *
for_bytes_reduce(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    return PyObject_GetAttrString(self, "__qualname__");
}

static int
for_bytes_traverse(PyObject *self, visitproc visit, void *arg)
{
    for_bytes *made = (for_bytes *)self;
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(made->function);
    Py_VISIT(made->brief);
    Py_VISIT(made->otherwise);
    Py_VISIT(made->defaults);
    Py_VISIT(made->attributes);
    return 0;
}

/* Only what can be part of a cycle that leads back here: calls need the rest. */
static int
for_bytes_clear(PyObject *self)
{
    Py_CLEAR(((for_bytes *)self)->attributes);
    return 0;
}

static void
for_bytes_dealloc(PyObject *self)
{
    for_bytes *made = (for_bytes *)self;
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    if (made->weakrefs != NULL) {
        PyObject_ClearWeakRefs(self);
    }
    Py_XDECREF(made->function);
    Py_XDECREF(made->brief);
    Py_XDECREF(made->otherwise);
    Py_XDECREF(made->defaults);
    Py_XDECREF(made->attributes);
    PyObject_GC_Del(self);
    Py_DECREF(type);
}

static PyMethodDef for_bytes_methods[] = {
    {"__reduce__", for_bytes_reduce, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyMemberDef for_bytes_members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(for_bytes, vectorcall), READONLY, NULL},
    {"__dictoffset__", T_PYSSIZET, offsetof(for_bytes, attributes), READONLY, NULL},
    {"__weaklistoffset__", T_PYSSIZET, offsetof(for_bytes, weakrefs), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyGetSetDef for_bytes_getset[] = {
    {"__dict__", PyObject_GenericGetDict, PyObject_GenericSetDict, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot for_bytes_slots[] = {
    {Py_tp_repr, for_bytes_repr},
    {Py_tp_call, (void *)PyVectorcall_Call},
    {Py_tp_methods, for_bytes_methods},
    {Py_tp_members, for_bytes_members},
    {Py_tp_getset, for_bytes_getset},
    {Py_tp_traverse, for_bytes_traverse},
    {Py_tp_clear, for_bytes_clear},
    {Py_tp_dealloc, for_bytes_dealloc},
    {0, NULL},
};

static PyType_Spec for_bytes_spec = {
    .name = "ffi_core._native.ForBytes",
    .basicsize = (int)sizeof(for_bytes),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_DISALLOW_INSTANTIATION |
             Py_TPFLAGS_IMMUTABLETYPE,
    .slots = for_bytes_slots,
};

int
ffic_for_bytes_setup(PyObject *module, ffic_state *state)
{
    state->for_bytes_type = ffic_make_type(module, &for_bytes_spec, NULL);
    return state->for_bytes_type == NULL ? -1 : 0;
}
