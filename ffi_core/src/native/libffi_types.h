/* libffi's description of C types. */
#ifndef FFIC_LIBFFI_TYPES_H
#define FFIC_LIBFFI_TYPES_H

#include <ffi.h>

#include "c_type.h"

/* The description of `ct`.  What has to be made for records goes into `*memory`, to be freed by ffic_libffi_free.
 * NULL with an exception: NotImplementedError for what libffi cannot pass by value. */
ffi_type *ffic_libffi_type(ffic_ctype *ct, void **memory);
void ffic_libffi_free(void *memory);
/* `size` bytes that live as long as `*memory`.  NULL with MemoryError. */
void *ffic_libffi_alloc(void **memory, size_t size);

#endif
