/* An open shared library: the handle that dlopen gave, closed at most once. */
#ifndef FFIC_LIBRARY_H
#define FFIC_LIBRARY_H

#include "state.h"

typedef struct ffic_library {
    PyObject_HEAD
    void *handle;   /* NULL once closed */
    PyObject *name; /* str */
    bool owned;     /* we opened it: closing is ours */
} ffic_library;

int ffic_library_setup(PyObject *module, ffic_state *state);
/* Open by name or path (str, bytes, os.PathLike), the program itself (None), or an open handle (cdata `void *`, int). */
ffic_library *ffic_library_open(ffic_state *state, PyObject *name, int flags);
/* The address of a symbol, or NULL without an exception. -1 in *failed where the library is closed (ValueError is set). */
void *ffic_library_symbol(ffic_library *library, const char *name, int *failed);
int ffic_library_close(ffic_library *library);

#endif
