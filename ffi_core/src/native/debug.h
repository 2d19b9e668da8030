/* The debug mode, which the environment variable FFI_CORE_DEBUG turns on.
 *
 * It remembers what holds a resource, and where it was made, for a report at exit.  It also remembers the memory of ffi.new(), for some time
 * after it is gone too: a pointer that comes from C, or is read from memory, and that points into such memory becomes a view of its *trace*.
 * So it is checked as the pointers are whose owner is known, though it keeps nothing alive.
 * Where the mode is off, `state->debug` is NULL, and nothing else here is called.
 */
#ifndef FFIC_DEBUG_H
#define FFIC_DEBUG_H

#include "cdata.h"

static inline bool
ffic_debugging(const ffic_state *state)
{
    return FFIC_UNLIKELY(state->debug != NULL);
}

int ffic_debug_setup(PyObject *module, ffic_state *state);
int ffic_debug_traverse(ffic_state *state, visitproc visit, void *arg);
void ffic_debug_teardown(ffic_state *state);

/* `object`, a cdata, holds a resource from here on: `how` it was made, and the bytes of memory that it takes (0: not known).  -1 with an
 * exception. */
int ffic_debug_hold(PyObject *object, const char *how, Py_ssize_t size);
/* It does so no more.  Keeps the current exception. */
void ffic_debug_let_go(PyObject *object);

/* Watch the memory of a CDataOwning.  -1 with an exception. */
int ffic_debug_watch(ffic_cdata *cd, Py_ssize_t size);
/* It is released, and stays where it is. */
void ffic_debug_end(ffic_cdata *cd);
/* The object dies.  True: the debug mode keeps the block, and frees it some time later. */
bool ffic_debug_bury(ffic_cdata *cd);

/* The trace of the memory that `data` points into: a new reference, or NULL without an exception. */
PyObject *ffic_debug_trace(ffic_state *state, const char *data);
/* Is the owner of a view a trace?  Of memory that is gone? */
bool ffic_debug_is_trace(PyObject *owner);
bool ffic_debug_is_ended(PyObject *owner);
void ffic_debug_range(PyObject *owner, char **start, Py_ssize_t *size);

/* For messages, where and when the memory behind `cd`, or a handle, was made and went; "" where that is not known.  NULL with an
 * exception. */
PyObject *ffic_debug_story(ffic_cdata *cd);
PyObject *ffic_debug_handle_story(ffic_state *state, uintptr_t number);

#endif
