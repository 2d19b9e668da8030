/* "Did you mean ...?" for names that are not declared. */
#ifndef FFIC_SUGGEST_H
#define FFIC_SUGGEST_H

#include "ffi_object.h"

/* The declared global whose name is nearest to `name`, at most a third of it away: new reference; NULL without an exception: none. */
PyObject *ffic_suggest(ffic_ffi *ffi, PyObject *name);

#endif
