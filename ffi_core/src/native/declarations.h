/* The declarations of one ffi: the runtime's view of the declaration table, whichever carrier holds it. */
#ifndef FFIC_DECLARATIONS_H
#define FFIC_DECLARATIONS_H

#include "c_type.h"
#include "ffi_core_table.h"

typedef struct ffic_declarations {
    const struct ffic_table *table; /* API mode: the arrays of the generated module; otherwise NULL */
    PyObject *globals;              /* ABI modes: dict; otherwise NULL */
    PyObject *types;                /* ABI modes: dict; otherwise NULL */
    PyObject *globals_text;         /* out-of-line ABI mode: the text carrier, whose entries go to the dicts when they are used; or NULL */
    PyObject *types_text;
    PyObject *includes;             /* list of FFI objects */
} ffic_declarations;

/* One declared name of `lib`, from whichever carrier. */
typedef struct {
    struct ffic_ffi *ffi; /* the ffi that declares it: its type is to be parsed there.  Borrowed */
    uint16_t kind;        /* enum ffic_global_kind */
    uint16_t flags;       /* FFIC_KEEP_GIL */
    const char *type;     /* type expression; NULL: an integer constant of no declared value. Lives as long as the ffi's declarations */
    const struct ffic_global *generated; /* API mode: the entry */
    PyObject *value;      /* ABI modes, constants: the value, or None.  Borrowed */
} ffic_declared;

/* Find a global by name, here or in an included ffi.  1: found; 0: not declared; -1 with an exception. */
int ffic_find_declared(struct ffic_ffi *ffi, PyObject *name, ffic_declared *found);

/* Call `visit` with each name that this ffi and those it includes declare for `lib` (or type names, where `types`). */
int ffic_each_declared(struct ffic_ffi *ffi, bool types, int (*visit)(PyObject *name, void *context), void *context);

/* The tuple that declares a type in the carriers of the ABI modes: a new reference, NULL without an exception where there is none. */
PyObject *ffic_declared_type(struct ffic_ffi *ffi, PyObject *name);
/* Is there one?  -1 with an exception. */
int ffic_declares_type(struct ffic_ffi *ffi, PyObject *name);

/* A name or type of the generated module. */
static inline const char *
ffic_table_text(const struct ffic_table *table, uint32_t place)
{
    return table->texts + place;
}

/* Declarations in the generated module; NULL: not declared there. */
const struct ffic_global *ffic_table_global(const struct ffic_table *table, const char *name);
const struct ffic_type *ffic_table_type(const struct ffic_table *table, const char *name);

#endif
