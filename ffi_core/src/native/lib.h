/* `lib`: the functions, variables and constants of a library as attributes. */
#ifndef FFIC_LIB_H
#define FFIC_LIB_H

#include "ffi_object.h"
#include "library.h"

int ffic_lib_setup(PyObject *module, ffic_state *state);

/* The `lib` of an ffi: of its generated module (library NULL), or of an open shared library.  New reference. */
PyObject *ffic_lib_new(ffic_ffi *ffi, ffic_library *library, PyObject *name);

/* Pointer to a function or variable: what ffi.addressof(lib, "name") returns.  New reference. */
PyObject *ffic_lib_address(PyObject *lib, PyObject *name);

/* The open library behind a `lib`, NULL for that of a generated module.  Borrowed. */
ffic_library *ffic_lib_library(PyObject *lib);

/* Close the library behind a `lib` that has one. */
/* -1 with an exception where the library was closed. */
int ffic_lib_check_open(PyObject *lib);

int ffic_lib_close(PyObject *lib);

/* Is it the `lib` of an ffi? */
bool ffic_is_lib(ffic_state *state, PyObject *object);

#endif
