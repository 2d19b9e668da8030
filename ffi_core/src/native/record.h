/* Completing structs and unions: members, offsets and sizes, from either carrier of the declaration table. */
#ifndef FFIC_RECORD_H
#define FFIC_RECORD_H

#include "ffi_object.h"

/* API mode: the compiler's numbers. */
int ffic_record_from_table(ffic_ctype *record, const struct ffic_table *table, const struct ffic_type *entry);
/* ABI modes: the members of the tuple, placed by ffi_core.layout. */
int ffic_record_from_tuple(ffic_ctype *record, PyObject *entry);

#endif
