/* Crossing between Python and C. */
#include "boundary.h"

#include <pthread.h>

_Thread_local ffic_thread ffic_this_thread FFIC_THREAD_MODEL;

/* ---- threads that Python does not know ------------------------------------------------------------------------------
 *
 * Making a thread state for each call would cost ten times as much as the call, and Python's thread-local data would not
 * survive from one call to the next.  So the first call makes one, and the end of the thread takes it away.
 */

/* Per process, as threads are.  The key calls end_of_thread for threads that have a value; it is how often Python has ended, plus
 * one: thread states end with it, but threads may go on, and Python may be started again. */
static pthread_key_t thread_key;
static pthread_once_t thread_key_once = PTHREAD_ONCE_INIT;
static bool has_thread_key;
static uintptr_t generation = 1;

static void
end_of_thread(void *made_in)
{
    ffic_thread *here = &ffic_this_thread;
    PyThreadState *kept = here->kept;
    here->kept = NULL;
    if (kept != NULL && Py_IsInitialized() && (uintptr_t)made_in == __atomic_load_n(&generation, __ATOMIC_ACQUIRE)) {
        /* PyGILState_Release would not find it: Python's own note of it may have gone already. */
        PyEval_RestoreThread(kept);
        PyThreadState_Clear(kept);
        PyThreadState_DeleteCurrent();
    }
}

static void
make_thread_key(void)
{
    has_thread_key = pthread_key_create(&thread_key, end_of_thread) == 0;
}

static void
end_of_interpreter(PyObject *capsule)
{
    if (PyCapsule_GetContext(capsule) != NULL) {
        (void)__atomic_add_fetch(&generation, 1, __ATOMIC_ACQ_REL);
    }
}

/* Have end_of_interpreter called with the interpreter.  False: it cannot be. */
static bool
watch_interpreter(PyInterpreterState *interpreter)
{
    PyObject *dict = PyInterpreterState_GetDict(interpreter);
    PyObject *key = dict == NULL ? NULL : PyUnicode_FromString("ffi_core.thread_states");
    PyObject *watching = key == NULL ? NULL : ffic_dict_get(dict, key);
    if (watching == NULL && key != NULL && !PyErr_Occurred()) {
        PyObject *capsule = PyCapsule_New(&generation, NULL, end_of_interpreter);
        watching = capsule == NULL ? NULL : ffic_dict_setdefault(dict, key, capsule);
        /* The capsule of a thread that came too late goes away now, and does not mean the end. */
        if (watching != NULL && watching == capsule && PyCapsule_SetContext(capsule, &generation) < 0) {
            Py_CLEAR(watching);
        }
        Py_XDECREF(capsule);
    }
    if (watching == NULL) {
        PyErr_Clear();
    }
    Py_XDECREF(watching);
    Py_XDECREF(key);
    return watching != NULL;
}

/* Keep the thread state that PyGILState_Ensure has just made for this thread, if that is possible. */
static bool
keep_thread_state(ffic_thread *here, PyThreadState *made)
{
    (void)pthread_once(&thread_key_once, make_thread_key);
    if (!has_thread_key || !watch_interpreter(made->interp) ||
        pthread_setspecific(thread_key, (void *)__atomic_load_n(&generation, __ATOMIC_ACQUIRE)) != 0) {
        return false;
    }
    here->kept = made;
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
    else {
        entry->way = FFIC_ENTRY_ENSURED;
        entry->gil = PyGILState_Ensure();
        entry->thread = PyThreadState_Get();
        if (known == NULL && keep_thread_state(here, entry->thread)) {
            entry->way = FFIC_ENTRY_RESTORED;
        }
    }
}

bool
ffic_enter_python(ffic_entry *entry)
{
    ffic_thread *here = &ffic_this_thread;
    int *error = ffic_errno_place(here);
    int entered_errno = *error;
    if (FFIC_UNLIKELY(!Py_IsInitialized())) {
        /* Not since Python began to shut down.  A thread that asked for the GIL now would be stopped for good. */
        *error = entered_errno;
        return false;
    }
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
    *ffic_errno_place(here) = left_errno;
}
