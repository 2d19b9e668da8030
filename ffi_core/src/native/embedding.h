/* Embedding: libraries for C programs, which start Python on their first call. */
#ifndef FFIC_EMBEDDING_H
#define FFIC_EMBEDDING_H

#include "declarations.h"

/* Make the library's module in this interpreter and run its init code: `struct ffic_runtime.embed`. */
int ffic_embed(const struct ffic_table *table, const char *init_code, int started);

#endif
