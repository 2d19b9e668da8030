/* A function of a library: callable, with its type realised on the first use. */
#ifndef FFIC_FUNCTION_H
#define FFIC_FUNCTION_H

#include "cdata.h"

int ffic_function_setup(PyObject *module, ffic_state *state);

static inline bool
ffic_is_function(ffic_state *state, PyObject *object)
{
    return Py_IS_TYPE(object, state->function_type);
}

/* The pointer to it, as a cdata of type `result(*)(parameters)`.  New reference. */
PyObject *ffic_function_pointer(PyObject *function);

#endif
