/* extern "Python": finding the Python body of a C function, and calling it. */
#include "extern_python.h"

#include <stdio.h>

#include "boundary.h"
#include "python_body.h"
#include "type_parser.h"

static const char body_capsule[] = "ffi_core.extern_python_body";
static const char registry_key[] = "ffi_core.extern_python_tables";

/* ---- which ffi of this interpreter belongs to a table ------------------------------------------------------------------
 *
 * Each interpreter has a dict: address of the table -> FFI.  The look-up is done once per interpreter and table in a row: its
 * result is noted in the module's storage.  Interpreters are told apart by their number, which is never used again.
 */

typedef struct ffic_extern_note {
    int64_t interpreter;
    ffic_ffi *ffi; /* borrowed: the dict, which lives as long as the interpreter, holds it */
    struct ffic_extern_note *previous; /* notes are few (one per interpreter), and never freed: other threads may be reading */
} note;

static int64_t
this_interpreter(void)
{
    return PyInterpreterState_GetID(PyInterpreterState_Get());
}

/* The last word of the module's storage: the newest note. */
static note **
newest_note(const struct ffic_table *table)
{
    return (note **)(void *)&table->storage[table->storage_words - 1];
}

/* dict: address of the table -> FFI, in the interpreter's own dict.  Borrowed. */
static PyObject *
registry(void)
{
    PyObject *interpreter = PyInterpreterState_GetDict(PyInterpreterState_Get());
    if (interpreter == NULL) {
        return NULL;
    }
    PyObject *known = PyDict_GetItemString(interpreter, registry_key);
    if (known != NULL) {
        return known;
    }
    PyObject *made = PyDict_New();
    if (made != NULL && PyDict_SetItemString(interpreter, registry_key, made) < 0) {
        Py_CLEAR(made);
    }
    Py_XDECREF(made);
    return made;
}

int
ffic_extern_register(ffic_ffi *ffi)
{
    const struct ffic_table *table = ffi->declarations.table;
    PyObject *tables = registry();
    PyObject *key = tables == NULL ? NULL : PyLong_FromVoidPtr((void *)(uintptr_t)table);
    int result = key == NULL ? -1 : PyDict_SetItem(tables, key, (PyObject *)ffi);
    Py_XDECREF(key);
    note *made = result < 0 ? NULL : PyMem_RawCalloc(1, sizeof *made);
    if (made == NULL) {
        if (result == 0) {
            PyErr_NoMemory();
        }
        return -1;
    }
    made->interpreter = this_interpreter();
    made->ffi = ffi;
    note **newest = newest_note(table);
    made->previous = __atomic_load_n(newest, __ATOMIC_ACQUIRE);
    while (!__atomic_compare_exchange_n(newest, &made->previous, made, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
    }
    return 0;
}

/* Borrowed; NULL without an exception. */
static ffic_ffi *
registered(const struct ffic_table *table)
{
    int64_t interpreter = this_interpreter();
    const note *n = __atomic_load_n(newest_note(table), __ATOMIC_ACQUIRE);
    while (n != NULL && n->interpreter != interpreter) {
        n = n->previous;
    }
    return n == NULL ? NULL : n->ffi;
}

/* ---- def_extern ------------------------------------------------------------------------------------------------------------ */

static void
body_capsule_free(PyObject *capsule)
{
    ffic_python_body *body = PyCapsule_GetPointer(capsule, body_capsule);
    if (body != NULL) {
        ffic_python_body_clear(body);
        PyMem_Free(body);
    }
}

/* The list of bodies has one place per function of the table, None where there is no body yet. */
static int
put_body(ffic_ffi *ffi, Py_ssize_t index, PyObject *capsule)
{
    Py_ssize_t count = (Py_ssize_t)ffi->declarations.table->python_count;
    if (ffi->python_bodies == NULL) {
        PyObject *bodies = PyList_New(count);
        if (bodies == NULL) {
            return -1;
        }
        for (Py_ssize_t i = 0; i < count; i++) {
            PyList_SET_ITEM(bodies, i, Py_NewRef(Py_None));
        }
        ffi->python_bodies = bodies;
    }
    return PyList_SetItem(ffi->python_bodies, index, Py_NewRef(capsule));
}

static int
set_body(ffic_ffi *ffi, PyObject *name, PyObject *callable, PyObject *error, PyObject *onerror)
{
    ffic_declared declared;
    int found = PyUnicode_Check(name) ? ffic_find_declared(ffi, name, &declared) : 0;
    if (found < 0) {
        return -1;
    }
    if (!found || declared.kind != FFIC_PYTHON) {
        PyErr_Format(ffi->state->error, "ffi.def_extern('%S'): no 'extern \"Python\"' function with this name", name);
        return -1;
    }
    ffic_ctype *ct = ffic_parse_type(declared.ffi, declared.type, -1);
    ffic_python_body *body = ct == NULL ? NULL : PyMem_Calloc(1, sizeof *body);
    PyObject *capsule = NULL;
    if (ct != NULL && body == NULL) {
        PyErr_NoMemory();
    }
    if (body != NULL && ffic_python_body_init(body, ct, callable, error, onerror) == 0) {
        capsule = PyCapsule_New(body, body_capsule, body_capsule_free);
        if (capsule == NULL) {
            ffic_python_body_clear(body);
        }
    }
    if (capsule == NULL) {
        PyMem_Free(body);
    }
    Py_XDECREF(ct);
    ffic_ffi *home = declared.ffi; /* the table whose trampoline calls it */
    int result = capsule == NULL ? -1 : put_body(home, (Py_ssize_t)declared.generated->size, capsule);
    Py_XDECREF(capsule);
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

enum { SLOT = 16, LOCAL_ARGUMENTS = 16 };

/* The trampoline's frame has one 16-byte slot per argument; wide arguments are behind a pointer. */
static int
call_body(ffic_python_body *body, char *frame)
{
    void *local[LOCAL_ARGUMENTS];
    Py_ssize_t count = body->type->length;
    void **arguments = count <= LOCAL_ARGUMENTS ? local : PyMem_Malloc((size_t)count * sizeof *arguments);
    if (arguments == NULL) {
        return -1;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        char *slot = frame + i * SLOT;
        if (ffic_is_wide(body->type->u.function.parameters[i])) {
            memcpy(&arguments[i], slot, sizeof(void *));
        }
        else {
            arguments[i] = slot;
        }
    }
    /* The result overwrites the first slots, so it is made elsewhere. */
    char small[64];
    char *result = body->result_size <= (Py_ssize_t)sizeof small ? small : PyMem_Malloc((size_t)body->result_size);
    if (result != NULL) {
        PyObject *callable = Py_NewRef(body->callable);
        ffic_python_body_call(body, callable, arguments, result);
        memcpy(frame, result, (size_t)body->result_size);
        Py_DECREF(callable);
    }
    int failed = result == NULL ? -1 : 0;
    if (result != small) {
        PyMem_Free(result);
    }
    if (arguments != local) {
        PyMem_Free(arguments);
    }
    return failed;
}

static void
call_with_gil(const struct ffic_table *table, uint32_t index, char *frame)
{
    const struct ffic_python_function *function = &table->python[index];
    ffic_ffi *ffi = registered(table);
    PyObject *capsule = ffi == NULL || ffi->python_bodies == NULL ? Py_None : PyList_GET_ITEM(ffi->python_bodies, index);
    if (capsule == Py_None) {
        fprintf(stderr,
                "extern \"Python\": function %s.%s() called, but no code was attached to it yet with @ffi.def_extern().  "
                "Returning 0.\n",
                table->module_name, function->name);
        memset(frame, 0, (size_t)function->result_size);
    }
    else {
        Py_INCREF(capsule); /* it may be redefined while it runs */
        ffic_python_body *body = PyCapsule_GetPointer(capsule, body_capsule);
        if (body == NULL || call_body(body, frame) < 0) {
            PyErr_Clear();
            memset(frame, 0, (size_t)function->result_size);
        }
        Py_DECREF(capsule);
    }
}

void
ffic_call_python(const struct ffic_table *table, uint32_t index, void *frame)
{
    ffic_entry entry;
    if (!ffic_enter_python(&entry)) {
        memset(frame, 0, (size_t)table->python[index].result_size);
        return;
    }
    call_with_gil(table, index, frame);
    ffic_leave_python(&entry);
}
