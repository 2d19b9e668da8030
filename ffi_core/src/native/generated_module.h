/* What generated modules (API mode) reach of the runtime. */
#ifndef FFIC_GENERATED_MODULE_H
#define FFIC_GENERATED_MODULE_H

#include "state.h"

/* Add the capsule `_generated_module` to our module. */
int ffic_generated_module_setup(PyObject *module);

#endif
