/* What generated modules (API mode) reach of the runtime. */
#ifndef FFIC_GENERATED_MODULE_H
#define FFIC_GENERATED_MODULE_H

#include "declarations.h"

/* Add the capsule `_generated_module` to our module. */
int ffic_generated_module_setup(PyObject *module);

/* The definition of a generated module, in the module's own memory.  Borrowed, or NULL with ImportError. */
PyModuleDef *ffic_module_definition(const struct ffic_table *table);

#endif
