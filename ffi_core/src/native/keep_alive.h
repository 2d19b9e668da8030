/* Memory that keeps alive what its pointers point to: FFI(keep_alive=True). */
#ifndef FFIC_KEEP_ALIVE_H
#define FFIC_KEEP_ALIVE_H

#include "cdata.h"

/* Do values of this type have addresses of other memory in them?  -1 with an exception. */
int ffic_has_pointers(ffic_ctype *ct);

/* `value` was stored as a `ct` (of `size` bytes; -1: its own size) at `place` in the memory of `cd`. */
int ffic_keep_stored_slow(ffic_cdata *cd, ffic_ctype *ct, const char *place, Py_ssize_t size, PyObject *value);

static inline int
ffic_keep_stored(ffic_cdata *cd, ffic_ctype *ct, const char *place, Py_ssize_t size, PyObject *value)
{
    PyObject *owner = ffic_cdata_owner(cd);
    if (FFIC_LIKELY(owner == NULL || Py_TYPE(owner) != ct->state->cdata_gc_type)) {
        return 0;
    }
    return ffic_keep_stored_slow(cd, ct, place, size, value);
}

/* New memory, initialized from `init` (may be NULL), as what a keep_alive ffi returns for it.  Takes the reference to `memory` (may be
 * NULL). */
PyObject *ffic_keeper_of_new(PyObject *memory, PyObject *init);
/* The same for a copy of `original`, if that keeps things alive.  Takes the reference to `copy`. */
PyObject *ffic_keep_copy(ffic_cdata *original, PyObject *copy);
/* Did ffi.new() return it? */
static inline bool
ffic_is_owning(ffic_state *state, PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    return type == state->cdata_owning_type ||
           (type == state->cdata_gc_type && ffic_gc_more_of((ffic_cdata_gc *)object) != NULL &&
            ((ffic_cdata_gc *)object)->u.more->stands_in);
}

#endif
