/* Crossing between Python and C: the GIL, the thread state and errno.
 *
 * A C call gives up the thread state, and leaves a note of it for its thread.  A callback on the same thread takes exactly
 * that one up again: quicker than asking for one, and of the right interpreter.  Threads that Python has never seen get a
 * thread state when they first call, which they keep until they end.
 */
#ifndef FFIC_BOUNDARY_H
#define FFIC_BOUNDARY_H

#include "compat.h" /* first, as it says which functions the system's headers declare */

#include <errno.h>

/* The only state outside the module: it belongs to the C thread. */
typedef struct {
    PyThreadState *released; /* what the C call in progress gave up; NULL while Python code runs, and in other threads */
    PyThreadState *kept;     /* made for this thread, which Python does not know; NULL: none */
    int saved_errno;         /* C's errno as the last C call left it, and as the next one will find it */
    int *errno_place;        /* where this thread has its errno, NULL: not looked up yet */
    int inside;              /* callbacks that this thread is in, of those that count: see "the end of Python" in boundary.c */
    void *completing;        /* the types whose members this thread looks up now: see realize.c */
} ffic_thread;

/* `released` during a C call that keeps the GIL. */
#define FFIC_NOT_RELEASED ((PyThreadState *)1)

/* Glibc keeps room for a few such variables of libraries that are loaded late, which makes access one instruction. */
#ifdef __GLIBC__
#define FFIC_THREAD_MODEL __attribute__((visibility("hidden"), tls_model("initial-exec")))
#else
#define FFIC_THREAD_MODEL __attribute__((visibility("hidden")))
#endif
extern _Thread_local ffic_thread ffic_this_thread FFIC_THREAD_MODEL;

/* Where errno is does not change as long as the thread lives. */
static inline int *
ffic_errno_place(ffic_thread *here)
{
    if (FFIC_UNLIKELY(here->errno_place == NULL)) {
        here->errno_place = &errno;
    }
    return here->errno_place;
}

/* Before a C call.  Returns what ffic_after_call wants. */
static inline PyThreadState *
ffic_before_call(bool keep_gil)
{
    PyThreadState *thread = keep_gil ? NULL : PyEval_SaveThread();
    ffic_thread *here = &ffic_this_thread;
    here->released = keep_gil ? FFIC_NOT_RELEASED : thread;
    *ffic_errno_place(here) = here->saved_errno;
    return thread;
}

static inline void
ffic_after_call(PyThreadState *thread)
{
    ffic_thread *here = &ffic_this_thread;
    here->saved_errno = *here->errno_place;
    here->released = NULL;
    if (thread != NULL) {
        PyEval_RestoreThread(thread);
    }
}

/* How an entry got its thread state, and so how it gives it back. */
typedef enum {
    FFIC_ENTRY_RESTORED, /* took one up that this thread has */
    FFIC_ENTRY_HELD,     /* it was never given up */
    FFIC_ENTRY_ENSURED   /* PyGILState_Ensure knew */
} ffic_entry_way;

/* One entry of C into Python. */
typedef struct {
    PyThreadState *thread;
    PyThreadState *released;
    ffic_entry_way way;
    PyGILState_STATE gil;
    int outer_errno;
    bool counted; /* ffic_this_thread.inside has it */
} ffic_entry;

/* With the module: see to it that the end of Python waits for callbacks in progress.  -1 with an exception. */
int ffic_boundary_setup(void);
/* What atexit has is called, but Python will not end. */
void ffic_python_stays(void);

/* C calls Python: take up a thread state.  False: there is no Python (any more), and nothing is to be left. */
bool ffic_enter_python(ffic_entry *entry);
void ffic_leave_python(ffic_entry *entry);

/* The interpreter that was entered. */
static inline PyInterpreterState *
ffic_entered(const ffic_entry *entry)
{
    return entry->thread->interp;
}

#endif
