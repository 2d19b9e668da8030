/* Methods that hand bytes to C and return the bytes that C makes of them. */
#ifndef FFIC_BYTES_METHOD_H
#define FFIC_BYTES_METHOD_H

#include "state.h"

int ffic_bytes_method_setup(PyObject *module, ffic_state *state);

#endif
