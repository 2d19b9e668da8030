/* What `isinstance(x, FFI.CData)` takes for C data: cdata, and the functions of a library that was opened.
 *
 * These functions are function pointers for users, who may pass them, compare them and ask for their C type.  What Python sees is a builtin
 * function object, for speed; so the type answers `isinstance` itself.  Functions of generated modules are builtin functions for users too.
 */
#include "cdata_class.h"

#include "function.h"

static PyObject *
is_cdata(PyObject *self, PyObject *object)
{
    PyTypeObject *type = (PyTypeObject *)self;
    ffic_state *state = PyType_GetModuleState(type);
    if (state == NULL) {
        return NULL;
    }
    return PyBool_FromLong(PyObject_TypeCheck(object, type) || (type == state->cdata_type && ffic_is_function(state, object) &&
                                                                ffic_function_of(object)->library != NULL));
}

static PyMethodDef class_methods[] = {
    {"__instancecheck__", is_cdata, METH_O, "Is the object C data, or a function of a library that was opened?"},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot class_slots[] = {{Py_tp_methods, class_methods}, {0, NULL}};

/* It knows no module: a type does not show the garbage collector what its class is, so a cycle through it would stay. */
static PyType_Spec class_spec = {
    .name = "ffi_core._native.CDataClass",
    .flags = Py_TPFLAGS_DEFAULT, /* who derives from CData is refused by type's own way of making types */
    .slots = class_slots,
};

int
ffic_cdata_class_setup(PyTypeObject *cdata_type)
{
    PyObject *bases = PyTuple_Pack(1, &PyType_Type);
    PyObject *type = bases == NULL ? NULL : PyType_FromSpecWithBases(&class_spec, bases);
    Py_XDECREF(bases);
    if (type == NULL) {
        return -1;
    }
    Py_SET_TYPE(cdata_type, (PyTypeObject *)type); /* takes over the reference */
    return 0;
}
