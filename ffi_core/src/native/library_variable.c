/* The variables of a library. */
#include "library_variable.h"

#include "convert.h"
#include "heap_type.h"
#include "lib.h"

ffic_library_variable *
ffic_library_variable_new(ffic_ctype *ct, char *address, char *(*find)(void), PyObject *name, bool is_const)
{
    PyTypeObject *type = ct->state->library_variable_type;
    ffic_library_variable *variable = (ffic_library_variable *)type->tp_alloc(type, 0);
    if (variable == NULL) {
        return NULL;
    }
    variable->type = (ffic_ctype *)Py_NewRef((PyObject *)ct);
    variable->address = address;
    variable->find = find;
    variable->name = Py_NewRef(name);
    variable->is_const = is_const;
    return variable;
}

/* Memory of unknown size can only be pointed to. */
static int
check_size(const ffic_library_variable *variable, const char *what)
{
    ffic_ctype *ct = variable->type;
    if (ct->code != FFIC_CODE_RECORD || (ffic_ctype_complete(ct) == 0 && !(ct->flags & FFIC_TYPE_OPAQUE))) {
        return PyErr_Occurred() ? -1 : 0;
    }
    if (!PyErr_Occurred()) {
        PyErr_Format(PyExc_TypeError, "%s'%U' is opaque", what, ct->name);
    }
    return -1;
}

char *
ffic_library_variable_address(const ffic_library_variable *variable)
{
    char *address = variable->find != NULL ? variable->find() : variable->address;
    if (address == NULL) {
        PyErr_Format(variable->type->state->error, "global variable '%U' is at address NULL", variable->name);
    }
    return address;
}

PyObject *
ffic_library_variable_load(const ffic_library_variable *variable, PyObject *lib)
{
    if (ffic_lib_check_open(lib) < 0 || check_size(variable, "cdata ") < 0) {
        return NULL;
    }
    char *address = ffic_library_variable_address(variable);
    return address == NULL ? NULL : ffic_load(variable->type, address, lib);
}

int
ffic_library_variable_store(const ffic_library_variable *variable, PyObject *lib, PyObject *value)
{
    if (value == NULL) {
        PyErr_Format(PyExc_AttributeError, "cannot delete the C variable '%U'", variable->name);
        return -1;
    }
    if (variable->is_const) {
        PyErr_Format(PyExc_AttributeError, "cannot write to '%U': it is declared const", variable->name);
        return -1;
    }
    if (ffic_lib_check_open(lib) < 0 || check_size(variable, "") < 0) {
        return -1;
    }
    char *address = ffic_library_variable_address(variable);
    return address == NULL ? -1 : ffic_store(variable->type, address, value);
}

/* ---- the descriptor ------------------------------------------------------------------------------------------------ */

/* Python code can hand it anything. */
static int
check_lib(const ffic_library_variable *variable, PyObject *lib)
{
    if (FFIC_LIKELY(ffic_is_lib(variable->type->state, lib))) {
        return 0;
    }
    PyErr_Format(PyExc_TypeError, "the C variable '%U' belongs to a lib, not to a '%.200s' object", variable->name, Py_TYPE(lib)->tp_name);
    return -1;
}

static PyObject *
variable_get(PyObject *self, PyObject *lib, PyObject *Py_UNUSED(type))
{
    const ffic_library_variable *variable = (ffic_library_variable *)self;
    if (lib == NULL || lib == Py_None) {
        return Py_NewRef(self);
    }
    return check_lib(variable, lib) < 0 ? NULL : ffic_library_variable_load(variable, lib);
}

static int
variable_set(PyObject *self, PyObject *lib, PyObject *value)
{
    const ffic_library_variable *variable = (ffic_library_variable *)self;
    return check_lib(variable, lib) < 0 ? -1 : ffic_library_variable_store(variable, lib, value);
}

static int
variable_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(((ffic_library_variable *)self)->type);
    return 0;
}

static void
variable_dealloc(PyObject *self)
{
    ffic_library_variable *variable = (ffic_library_variable *)self;
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    Py_XDECREF(variable->type);
    Py_XDECREF(variable->name);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyType_Slot variable_slots[] = {
    {Py_tp_descr_get, variable_get}, {Py_tp_descr_set, variable_set}, {Py_tp_traverse, variable_traverse},
    {Py_tp_dealloc, variable_dealloc}, {0, NULL},
};

static PyType_Spec variable_spec = {
    .name = "ffi_core._native.LibraryVariable",
    .basicsize = (int)sizeof(ffic_library_variable),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = variable_slots,
};

int
ffic_library_variable_setup(PyObject *module, ffic_state *state)
{
    state->library_variable_type = ffic_make_type(module, &variable_spec, NULL);
    return state->library_variable_type == NULL ? -1 : 0;
}
