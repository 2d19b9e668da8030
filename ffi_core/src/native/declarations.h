/* The declarations of one ffi: the runtime's view of the declaration table, whichever carrier holds it. */
#ifndef FFIC_DECLARATIONS_H
#define FFIC_DECLARATIONS_H

#include "ctype.h"
#include "ffi_core_table.h"

typedef struct ffic_declarations {
    const struct ffic_table *table; /* API mode: the arrays of the generated module; otherwise NULL */
    PyObject *globals;              /* ABI modes: dict; otherwise NULL */
    PyObject *types;                /* ABI modes: dict; otherwise NULL */
    PyObject *includes;             /* list of FFI objects */
} ffic_declarations;

/* Declarations in the generated module; NULL: not declared there. */
const struct ffic_global *ffic_table_global(const struct ffic_table *table, const char *name);
const struct ffic_type *ffic_table_type(const struct ffic_table *table, const char *name);

#endif
