/* C calls Python: libffi closures of ffi.callback. */
#ifndef FFIC_CALLBACK_H
#define FFIC_CALLBACK_H

#include "cdata.h"

int ffic_callback_setup(PyObject *module, ffic_state *state);

#endif
