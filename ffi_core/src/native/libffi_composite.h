/* Records that libffi cannot be told member by member, by value. */
#ifndef FFIC_LIBFFI_COMPOSITE_H
#define FFIC_LIBFFI_COMPOSITE_H

#include <ffi.h>

#include "c_type.h"

/* Whether this processor's calling convention asks for no more of a record than its size, and whether it is made of one floating type. */
#if defined(__aarch64__) && !defined(_WIN32) && !defined(__ILP32__)
#define FFIC_COMPOSITE_BY_SIZE 1
#else
#define FFIC_COMPOSITE_BY_SIZE 0
#endif

#if FFIC_COMPOSITE_BY_SIZE
/* Whether libffi would not find out by itself how a record is passed: it knows no unions, packed structs and bit-fields. */
bool ffic_is_unknown_to_libffi(const ffic_ctype *record);
/* Something that libffi passes as this record is passed.  It is made in `*memory`.  NULL with an exception: MemoryError, or
 * NotImplementedError for what is aligned to more than 8 bytes. */
ffi_type *ffic_libffi_composite(const ffic_ctype *record, const char *place, void **memory);
#endif

#endif
