/* extern "Python": finding the Python body of a C function, and calling it. */
#include "extern_python.h"

#include <stdio.h>

#include "boundary.h"
#include "heap_type.h"
#include "python_body.h"
#include "type_parser.h"

/* ---- which ffi of this interpreter belongs to a table ------------------------------------------------------------------
 *
 * The module's storage has a list of notes, one per interpreter that imported the module.  Each interpreter's own dict holds a
 * capsule per note, which says that the note is void when the interpreter ends: another one may come to lie at its address.
 */

typedef struct ffic_extern_note {
    PyInterpreterState *interpreter; /* NULL: that one has ended */
    ffic_ffi *ffi;
    char **errors;                   /* by index: the error value of each function, for calls when Python has ended; or NULL */
    struct ffic_extern_note *previous; /* notes are few, and never freed: other threads may be reading */
} note;

/* The last word of the module's storage: the newest note. */
static note **
newest_note(const struct ffic_table *table)
{
    return (note **)(void *)&table->storage[table->storage_words - 1];
}

static void
void_note(PyObject *capsule)
{
    note *n = PyCapsule_GetPointer(capsule, NULL);
    __atomic_store_n(&n->interpreter, NULL, __ATOMIC_RELEASE);
    Py_CLEAR(n->ffi);
}

/* Let this interpreter own the note: its dict has a list of such capsules. */
static int
own_note(note *n)
{
    PyObject *interpreter = PyInterpreterState_GetDict(n->interpreter);
    PyObject *key = interpreter == NULL ? NULL : PyUnicode_FromString("ffi_core.extern_python_notes");
    PyObject *notes = key == NULL ? NULL : ffic_dict_get(interpreter, key);
    if (notes == NULL && key != NULL && !PyErr_Occurred()) {
        PyObject *made = PyList_New(0);
        notes = made == NULL ? NULL : ffic_dict_setdefault(interpreter, key, made); /* another thread may be quicker */
        Py_XDECREF(made);
    }
    PyObject *capsule = notes == NULL ? NULL : PyCapsule_New(n, NULL, void_note);
    int result = capsule == NULL ? -1 : PyList_Append(notes, capsule);
    Py_XDECREF(capsule);
    Py_XDECREF(notes);
    Py_XDECREF(key);
    return result;
}

int
ffic_extern_register(ffic_ffi *ffi)
{
    note *made = PyMem_RawCalloc(1, sizeof *made);
    if (made == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    made->interpreter = PyInterpreterState_Get();
    made->ffi = (ffic_ffi *)Py_NewRef((PyObject *)ffi);
    if (own_note(made) < 0) {
        Py_CLEAR(made->ffi);
        PyMem_RawFree(made);
        return -1;
    }
    note **newest = newest_note(ffi->declarations.table);
    made->previous = __atomic_load_n(newest, __ATOMIC_ACQUIRE);
    while (!__atomic_compare_exchange_n(newest, &made->previous, made, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
    }
    return 0;
}

static inline note *
note_of(const struct ffic_table *table, PyInterpreterState *interpreter)
{
    note *n = __atomic_load_n(newest_note(table), __ATOMIC_ACQUIRE);
    while (n != NULL && __atomic_load_n(&n->interpreter, __ATOMIC_ACQUIRE) != interpreter) {
        n = n->previous;
    }
    return n;
}

/* Borrowed; NULL without an exception. */
static inline ffic_ffi *
registered(const struct ffic_table *table, PyInterpreterState *interpreter)
{
    const note *n = note_of(table, interpreter);
    return n == NULL ? NULL : n->ffi;
}

/* Copy a function's error value to where it can be read without Python. */
static int
keep_error_value(const struct ffic_table *table, uint32_t index, const ffic_python_body *body)
{
    note *n = note_of(table, PyInterpreterState_Get());
    size_t size = (size_t)table->python[index].result_size;
    if (n == NULL || size == 0 || body->result_size != (Py_ssize_t)size) {
        return 0;
    }
    char **errors = FFIC_LOAD_POINTER(n->errors);
    if (errors == NULL) {
        char **made = PyMem_RawCalloc(table->python_count, sizeof *made);
        if (made == NULL) {
            PyErr_NoMemory();
            return -1;
        }
        if (!__atomic_compare_exchange_n(&n->errors, &errors, made, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
            PyMem_RawFree(made); /* another thread was quicker */
        }
        errors = FFIC_LOAD_POINTER(n->errors);
    }
    /* Never freed nor moved: a thread may be reading it when Python has ended. */
    char *known = FFIC_LOAD_POINTER(errors[index]);
    char *place = known == NULL ? PyMem_RawMalloc(size) : known;
    if (place == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    memcpy(place, body->error_value, size);
    FFIC_STORE_POINTER(errors[index], place);
    return 0;
}

/* Python has ended, or ends: the result is the error value that the main interpreter had, whose note is the first. */
static void
give_error_value(const struct ffic_table *table, uint32_t index, char *frame)
{
    size_t size = (size_t)table->python[index].result_size;
    const note *n = __atomic_load_n(newest_note(table), __ATOMIC_ACQUIRE);
    while (n != NULL && n->previous != NULL) {
        n = n->previous;
    }
    char **errors = n == NULL ? NULL : FFIC_LOAD_POINTER(n->errors);
    const char *value = errors == NULL ? NULL : FFIC_LOAD_POINTER(errors[index]);
    if (value == NULL) {
        memset(frame, 0, size);
    }
    else {
        memcpy(frame, value, size);
    }
}

/* ---- def_extern ------------------------------------------------------------------------------------------------------------ */

/* A body as a Python object, which a call keeps alive: it may be redefined meanwhile. */
typedef struct {
    PyObject_HEAD
    ffic_python_body body;
} body_object;

/* No tp_clear: what a body refers to has one. */
static int
body_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    return ffic_python_body_traverse(&((body_object *)self)->body, visit, arg);
}

static void
body_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    ffic_python_body_clear(&((body_object *)self)->body);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyType_Slot body_slots[] = {
    {Py_tp_traverse, body_traverse},
    {Py_tp_dealloc, body_dealloc},
    {0, NULL},
};

static PyType_Spec body_spec = {
    .name = "ffi_core._native.PythonBody",
    .basicsize = (int)sizeof(body_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = body_slots,
};

int
ffic_extern_setup(PyObject *module, ffic_state *state)
{
    state->python_body_type = ffic_make_type(module, &body_spec, NULL);
    return state->python_body_type == NULL ? -1 : 0;
}

/* The list of bodies has one place per function of the table, None where there is no body yet. */
static int
put_body(ffic_ffi *ffi, Py_ssize_t index, PyObject *body)
{
    if (FFIC_LOAD_POINTER(ffi->python_bodies) == NULL) {
        Py_ssize_t count = (Py_ssize_t)ffi->declarations.table->python_count;
        PyObject *bodies = PyList_New(count);
        if (bodies == NULL) {
            return -1;
        }
        for (Py_ssize_t i = 0; i < count; i++) {
            PyList_SET_ITEM(bodies, i, Py_NewRef(Py_None));
        }
        FFIC_BEGIN_CRITICAL_SECTION(ffi);
        if (ffi->python_bodies == NULL) {
            FFIC_STORE_POINTER(ffi->python_bodies, bodies);
            bodies = NULL;
        }
        FFIC_END_CRITICAL_SECTION();
        Py_XDECREF(bodies); /* another thread was quicker */
    }
    return PyList_SetItem(ffi->python_bodies, index, Py_NewRef(body));
}

static int
set_body(ffic_ffi *ffi, PyObject *name, PyObject *callable, PyObject *error, PyObject *onerror)
{
    ffic_declared declared;
    if (!PyUnicode_Check(name)) {
        PyErr_Format(PyExc_TypeError, "def_extern() takes the name of a function, not %.200s", Py_TYPE(name)->tp_name);
        return -1;
    }
    int found = ffic_find_declared(ffi, name, &declared);
    if (found < 0) {
        return -1;
    }
    if (!found || declared.kind != FFIC_PYTHON) {
        PyErr_Format(ffi->state->error, "ffi.def_extern('%S'): no 'extern \"Python\"' function with this name", name);
        return -1;
    }
    ffic_ctype *ct = ffic_parse_type(declared.ffi, declared.type, -1);
    PyTypeObject *type = ffi->state->python_body_type;
    body_object *made = ct == NULL ? NULL : (body_object *)type->tp_alloc(type, 0);
    ffic_ffi *home = declared.ffi; /* the table whose trampoline calls it */
    Py_ssize_t index = (Py_ssize_t)declared.generated->index;
    int result = -1;
    if (made != NULL && ffic_python_body_init(&made->body, ct, callable, error, onerror) == 0 &&
        keep_error_value(home->declarations.table, (uint32_t)index, &made->body) == 0) {
        result = put_body(home, index, (PyObject *)made);
    }
    Py_XDECREF(made);
    Py_XDECREF(ct);
    return result;
}

/* The decorator: self is the tuple (ffi, name, error, onerror). */
static PyObject *
define(PyObject *self, PyObject *callable)
{
    PyObject *ffi, *name, *error, *onerror;
    if (!PyArg_ParseTuple(self, "OOOO", &ffi, &name, &error, &onerror)) {
        return NULL;
    }
    PyObject *used = name == Py_None ? PyObject_GetAttrString(callable, "__name__") : Py_NewRef(name);
    if (used == NULL) {
        return NULL;
    }
    int failed = set_body((ffic_ffi *)ffi, used, callable, error, onerror);
    Py_DECREF(used);
    return failed ? NULL : Py_NewRef(callable);
}

static PyMethodDef define_method = {"def_extern", define, METH_O, "Give an extern \"Python\" function its body."};

FFIC_METHOD(ffic_ffi_def_extern)
{
    static const char *const names[] = {"name", "error", "onerror", NULL};
    PyObject *values[3];
    if (ffic_arguments("def_extern", names, 0, args, count, keywords, values) < 0) {
        return NULL;
    }
    PyObject *bound = PyTuple_Pack(4, self, values[0] == NULL ? Py_None : values[0], values[1] == NULL ? Py_None : values[1],
                                   values[2] == NULL ? Py_None : values[2]);
    PyObject *result = bound == NULL ? NULL : PyCFunction_New(&define_method, bound);
    Py_XDECREF(bound);
    return result;
}

/* ---- called by C ------------------------------------------------------------------------------------------------------------- */

static void
report_missing(const struct ffic_table *table, uint32_t index, char *frame)
{
    const struct ffic_python_function *function = &table->python[index];
    fprintf(stderr,
            "extern \"Python\": function %s.%s() called, but no code was attached to it yet with @ffi.def_extern().  "
            "Returning 0.\n",
            table->module_name, function->name);
    memset(frame, 0, (size_t)function->result_size);
}

void
ffic_call_python(const struct ffic_table *table, uint32_t index, void *frame)
{
    ffic_entry entry;
    if (FFIC_UNLIKELY(!ffic_enter_python(&entry))) {
        give_error_value(table, index, frame);
        return;
    }
    ffic_ffi *ffi = registered(table, ffic_entered(&entry));
    PyObject *bodies = ffi == NULL ? NULL : FFIC_LOAD_POINTER(ffi->python_bodies);
    PyObject *item = bodies == NULL ? NULL : ffic_list_get(bodies, index);
    if (FFIC_LIKELY(item != NULL && Py_TYPE(item) == ffi->state->python_body_type)) {
        ffic_python_body_call_frame(&((body_object *)item)->body, frame);
    }
    else {
        report_missing(table, index, frame);
    }
    Py_XDECREF(item); /* it kept the body, which may have been redefined while it ran */
    ffic_leave_python(&entry);
}
