/* The primitive types: their names, sizes and representations. */
#ifndef FFIC_PRIMITIVE_H
#define FFIC_PRIMITIVE_H

#include "c_type.h"

/* Make one primitive type.  New reference. */
ffic_ctype *ffic_ctype_primitive(ffic_state *state, const char *name, ffic_code code, size_t size, size_t align, unsigned flags);

#endif
