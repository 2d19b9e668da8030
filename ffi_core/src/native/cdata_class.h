/* What `isinstance(x, FFI.CData)` takes for C data. */
#ifndef FFIC_CDATA_CLASS_H
#define FFIC_CDATA_CLASS_H

#include "compat.h"

/* Give the type of C data a class of its own, which answers `isinstance`. */
int ffic_cdata_class_setup(PyTypeObject *cdata_type);

#endif
