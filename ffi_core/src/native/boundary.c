/* Crossing between Python and C. */
#include "boundary.h"

#include <pthread.h>

_Thread_local ffic_thread ffic_this_thread FFIC_THREAD_MODEL;

/* ---- threads that Python does not know ------------------------------------------------------------------------------
 *
 * Making a thread state for each call would cost ten times as much as the call, and Python's thread-local data would not
 * survive from one call to the next.  So the first call makes one, and the end of the thread takes it away.
 */

/* One per process, as threads are: calls end_of_thread for those that have a value. */
static pthread_key_t thread_key;
static pthread_once_t thread_key_once = PTHREAD_ONCE_INIT;
static bool has_thread_key;

static void
end_of_thread(void *kept)
{
    ffic_this_thread.kept = NULL;
    /* At and after the end of Python, thread states go with it. */
    if (Py_IsInitialized() && PyGILState_GetThisThreadState() == kept) {
        PyEval_RestoreThread(kept);
        PyGILState_Release(PyGILState_UNLOCKED); /* the one that keep_thread_state did not do */
    }
}

static void
make_thread_key(void)
{
    has_thread_key = pthread_key_create(&thread_key, end_of_thread) == 0;
}

/* Make a thread state for this thread, take it up, and keep it.  False: it cannot be kept, and nothing was done. */
static bool
keep_thread_state(ffic_thread *here)
{
    (void)pthread_once(&thread_key_once, make_thread_key);
    /* Where the key has a value, it stays with the thread: setting it later cannot fail. */
    if (!has_thread_key || pthread_setspecific(thread_key, here) != 0) {
        return false;
    }
    (void)PyGILState_Ensure();
    here->kept = PyGILState_GetThisThreadState();
    (void)pthread_setspecific(thread_key, here->kept);
    return true;
}

/* ---- entering and leaving ------------------------------------------------------------------------------------------- */

/* Is the GIL still with this thread, in a C call that did not release it? */
static bool
still_held(const ffic_thread *here)
{
    PyThreadState *current = ffic_current_thread_state();
    return here->released == FFIC_NOT_RELEASED && current != NULL && ffic_is_of_this_thread(current);
}

static void
enter_otherwise(ffic_entry *entry, ffic_thread *here)
{
    PyThreadState *known = PyGILState_GetThisThreadState();
    if (still_held(here)) {
        entry->way = FFIC_ENTRY_HELD;
        entry->thread = ffic_current_thread_state();
        return;
    }
    if (known != NULL && known == here->kept && known != ffic_current_thread_state()) {
        entry->way = FFIC_ENTRY_RESTORED;
        entry->thread = known;
        PyEval_RestoreThread(known);
    }
    else if (known == NULL && keep_thread_state(here)) {
        entry->way = FFIC_ENTRY_RESTORED;
        entry->thread = here->kept;
    }
    else {
        entry->way = FFIC_ENTRY_ENSURED;
        entry->gil = PyGILState_Ensure();
        entry->thread = PyThreadState_Get();
    }
}

bool
ffic_enter_python(ffic_entry *entry)
{
    int *error = &errno;
    int entered_errno = *error;
    if (FFIC_UNLIKELY(!Py_IsInitialized())) {
        /* Not since Python began to shut down.  A thread that asked for the GIL now would be stopped for good. */
        *error = entered_errno;
        return false;
    }
    ffic_thread *here = &ffic_this_thread;
    PyThreadState *released = here->released;
    entry->released = released;
    /* Code below our C call may have taken up the thread state itself, before it called back. */
    if (FFIC_LIKELY(released > FFIC_NOT_RELEASED && ffic_current_thread_state() != released)) {
        entry->way = FFIC_ENTRY_RESTORED;
        entry->thread = released;
        PyEval_RestoreThread(released);
    }
    else {
        enter_otherwise(entry, here);
    }
    here->released = NULL;
    entry->outer_errno = here->saved_errno;
    here->saved_errno = entered_errno;
    return true;
}

void
ffic_leave_python(ffic_entry *entry)
{
    ffic_thread *here = &ffic_this_thread;
    int left_errno = here->saved_errno;
    here->saved_errno = entry->outer_errno;
    if (FFIC_LIKELY(entry->way == FFIC_ENTRY_RESTORED)) {
        (void)PyEval_SaveThread();
    }
    else if (entry->way == FFIC_ENTRY_ENSURED) {
        PyGILState_Release(entry->gil);
    }
    here->released = entry->released;
    errno = left_errno;
}
