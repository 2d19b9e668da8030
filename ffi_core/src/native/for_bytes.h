/* C functions that take bytes and their length as one Python argument. */
#ifndef FFIC_FOR_BYTES_H
#define FFIC_FOR_BYTES_H

#include "state.h"

int ffic_for_bytes_setup(PyObject *module, ffic_state *state);

/* Give an object that has a `__dict__` the name and the documentation of a Python function. */
int ffic_dress_as(PyObject *made, PyObject *function);

#endif
