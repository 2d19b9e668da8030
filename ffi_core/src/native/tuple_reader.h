/* Structs as tuples of Python values. */
#ifndef FFIC_TUPLE_READER_H
#define FFIC_TUPLE_READER_H

#include "state.h"

int ffic_tuple_reader_setup(PyObject *module, ffic_state *state);

#endif
