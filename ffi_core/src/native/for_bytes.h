/* C functions that take bytes and their length as one Python argument. */
#ifndef FFIC_FOR_BYTES_H
#define FFIC_FOR_BYTES_H

#include "state.h"

int ffic_for_bytes_setup(PyObject *module, ffic_state *state);

#endif
