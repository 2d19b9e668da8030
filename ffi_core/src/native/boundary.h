/* Crossing between Python and C: the GIL, the thread state and errno.
 *
 * A C call gives up the thread state, and leaves a note of it for its thread.  A callback on the same thread takes exactly
 * that one up again: quicker than asking for one, and of the right interpreter.  Other threads ask for one.
 */
#ifndef FFIC_BOUNDARY_H
#define FFIC_BOUNDARY_H

#include <errno.h>

#include "compat.h"

/* The only state outside the module: it belongs to the C thread. */
typedef struct {
    PyThreadState *released; /* what the C call in progress gave up; NULL while Python code runs, and in other threads */
    int saved_errno;         /* C's errno as the last C call left it, and as the next one will find it */
} ffic_thread;

/* Glibc keeps room for a few such variables of libraries that are loaded late, which makes access one instruction. */
#ifdef __GLIBC__
#define FFIC_THREAD_MODEL __attribute__((visibility("hidden"), tls_model("initial-exec")))
#else
#define FFIC_THREAD_MODEL __attribute__((visibility("hidden")))
#endif
extern _Thread_local ffic_thread ffic_this_thread FFIC_THREAD_MODEL;

/* Before a C call.  Returns what ffic_after_call wants. */
static inline PyThreadState *
ffic_before_call(bool keep_gil)
{
    PyThreadState *thread = keep_gil ? NULL : PyEval_SaveThread();
    ffic_thread *here = &ffic_this_thread;
    here->released = thread;
    errno = here->saved_errno;
    return thread;
}

static inline void
ffic_after_call(PyThreadState *thread)
{
    ffic_thread *here = &ffic_this_thread;
    here->saved_errno = errno;
    here->released = NULL;
    if (thread != NULL) {
        PyEval_RestoreThread(thread);
    }
}

/* One entry of C into Python. */
typedef struct {
    PyThreadState *released;
    PyGILState_STATE gil;
    bool restored;
    int outer_errno;
} ffic_entry;

/* C calls Python: take up a thread state.  False: there is no Python (any more), and nothing is to be left. */
bool ffic_enter_python(ffic_entry *entry);
void ffic_leave_python(ffic_entry *entry);

#endif
