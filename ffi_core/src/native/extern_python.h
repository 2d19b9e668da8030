/* extern "Python": C functions of a generated module whose bodies are written in Python. */
#ifndef FFIC_EXTERN_PYTHON_H
#define FFIC_EXTERN_PYTHON_H

#include "ffi_object.h"

int ffic_extern_setup(PyObject *module, ffic_state *state);

/* Remember, for this interpreter, that `ffi` has the bodies of the table's functions. */
int ffic_extern_register(ffic_ffi *ffi);

/* Called by the trampolines of generated modules, in any thread: `struct ffic_runtime.call_python`. */
void ffic_call_python(const struct ffic_table *table, uint32_t index, void *frame);

#endif
