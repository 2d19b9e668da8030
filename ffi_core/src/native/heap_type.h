/* Making the Python types of the module. */
#ifndef FFIC_HEAP_TYPE_H
#define FFIC_HEAP_TYPE_H

#include "compat.h"

/* Make a heap type; `base` may be NULL.  A type without Py_tp_new cannot be instantiated. */
PyTypeObject *ffic_make_type(PyObject *module, PyType_Spec *spec, PyTypeObject *base);

#endif
