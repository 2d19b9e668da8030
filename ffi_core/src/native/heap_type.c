/* Making the Python types of the module. */
#include "heap_type.h"

PyTypeObject *
ffic_make_type(PyObject *module, PyType_Spec *spec, PyTypeObject *base)
{
    PyObject *bases = base == NULL ? NULL : PyTuple_Pack(1, base);
    if (base != NULL && bases == NULL) {
        return NULL;
    }
    PyTypeObject *type = (PyTypeObject *)PyType_FromModuleAndSpec(module, spec, bases);
    Py_XDECREF(bases);
    bool has_new = false;
    for (const PyType_Slot *slot = spec->slots; slot->slot != 0; slot++) {
        has_new = has_new || slot->slot == Py_tp_new;
    }
    if (type != NULL && Py_TPFLAGS_DISALLOW_INSTANTIATION == 0 && !has_new) {
        type->tp_new = NULL; /* CPython 3.9 has no flag for it */
    }
    return type;
}
