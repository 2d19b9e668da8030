/* libffi's description of C types. */
#ifndef FFIC_LIBFFI_TYPES_H
#define FFIC_LIBFFI_TYPES_H

#include <ffi.h>

#include "c_type.h"

/* Reasons for that. */
#define FFIC_MISSING_FIELDS                                                                                                    \
    ".  It is a struct declared with \"...;\", but the C calling convention may depend on the missing fields; or, it contains "  \
    "anonymous struct/unions."
#define FFIC_OTHER_LAYOUT ".  It is a 'packed' structure, with a different layout than expected by libffi."

/* The description of `ct`, which is an "argument" or a "return value".  What has to be made for records goes into `*memory`, to be
 * freed by ffic_libffi_free.  NULL with an exception: NotImplementedError for what libffi cannot pass by value. */
ffi_type *ffic_libffi_type(ffic_ctype *ct, const char *place, void **memory);
/* Set NotImplementedError for a value that cannot be passed.  NULL. */
ffi_type *ffic_refuse_by_value(const ffic_ctype *ct, const char *place, const char *reason);
void ffic_libffi_free(void *memory);
/* `size` bytes that live as long as `*memory`.  NULL with MemoryError. */
void *ffic_libffi_alloc(void **memory, size_t size);

#endif
