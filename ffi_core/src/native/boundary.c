/* Crossing between Python and C. */
#include "boundary.h"

#include <pthread.h>
#include <time.h>

_Thread_local ffic_thread ffic_this_thread FFIC_THREAD_MODEL;

/* ---- the end of Python ------------------------------------------------------------------------------------------------
 *
 * A thread that asks for the GIL when Python ends is stopped for good, in the middle of the C code that called.  So threads that C made
 * are counted from before they ask until they have left again.  An atexit function of Python lets no more of them in, which then get the
 * error value, and waits for those inside: but not for ever, as one may wait for what never comes.  Python's own threads are not
 * counted: their way back from the C call would stop them in any case.
 */

enum { LONGEST_WAIT_MS = 1000 };

static int inside; /* of all threads together */
static bool closed, stays;
static pthread_once_t fork_once = PTHREAD_ONCE_INIT;

static bool
come_in(ffic_entry *entry, ffic_thread *here)
{
    (void)__atomic_add_fetch(&inside, 1, __ATOMIC_SEQ_CST);
    here->inside++;
    entry->counted = true;
    return !__atomic_load_n(&closed, __ATOMIC_SEQ_CST);
}

static void
go_out(ffic_thread *here)
{
    here->inside--;
    (void)__atomic_sub_fetch(&inside, 1, __ATOMIC_SEQ_CST);
}

static PyObject *
close_and_wait(PyObject *self, PyObject *unused)
{
    (void)self, (void)unused;
    const struct timespec pause = {0, 1000 * 1000};
    if (__atomic_load_n(&stays, __ATOMIC_SEQ_CST)) {
        Py_RETURN_NONE;
    }
    __atomic_store_n(&closed, true, __ATOMIC_SEQ_CST);
    Py_BEGIN_ALLOW_THREADS
    for (int i = 0; i < LONGEST_WAIT_MS && __atomic_load_n(&inside, __ATOMIC_SEQ_CST) > ffic_this_thread.inside; i++) {
        (void)nanosleep(&pause, NULL);
    }
    Py_END_ALLOW_THREADS
    Py_RETURN_NONE;
}

static PyMethodDef close_method = {"close_and_wait", close_and_wait, METH_NOARGS, "Let no more callbacks of C's threads in."};

void
ffic_python_stays(void)
{
    __atomic_store_n(&stays, true, __ATOMIC_SEQ_CST);
}

/* A forked process has this thread only. */
static void
count_after_fork(void)
{
    __atomic_store_n(&inside, ffic_this_thread.inside, __ATOMIC_SEQ_CST);
}

static void
watch_forks(void)
{
    (void)pthread_atfork(NULL, NULL, count_after_fork);
}

int
ffic_boundary_setup(void)
{
    if (PyInterpreterState_Get() != PyInterpreterState_Main()) {
        return 0; /* C's threads enter the main one */
    }
    (void)pthread_once(&fork_once, watch_forks);
    PyObject *atexit = PyImport_ImportModule("atexit");
    PyObject *function = atexit == NULL ? NULL : PyCFunction_New(&close_method, NULL);
    PyObject *done = function == NULL ? NULL : PyObject_CallMethod(atexit, "register", "O", function);
    int result = done == NULL ? -1 : 0;
    if (done != NULL) {
        __atomic_store_n(&closed, false, __ATOMIC_SEQ_CST); /* Python may have been started again */
    }
    Py_XDECREF(done);
    Py_XDECREF(function);
    Py_XDECREF(atexit);
    return result;
}

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
    if (kept == NULL) {
        return;
    }
    ffic_entry entry;
    if (come_in(&entry, here) && Py_IsInitialized() && (uintptr_t)made_in == __atomic_load_n(&generation, __ATOMIC_ACQUIRE)) {
        /* PyGILState_Release would not find it: Python's own note of it may have gone already. */
        PyEval_RestoreThread(kept);
        PyThreadState_Clear(kept);
        PyThreadState_DeleteCurrent();
    }
    go_out(here);
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

static bool
enter_otherwise(ffic_entry *entry, ffic_thread *here)
{
    PyThreadState *known = PyGILState_GetThisThreadState();
    PyThreadState *current = ffic_current_thread_state();
    if (still_held(here)) {
        entry->way = FFIC_ENTRY_HELD;
        entry->thread = current;
        return true;
    }
    bool is_ours = known != NULL && known == here->kept && known != current;
    if ((known == NULL || is_ours) && !come_in(entry, here)) {
        go_out(here);
        return false;
    }
    if (is_ours) {
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
    return true;
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
    entry->counted = false;
    /* Code below our C call may have taken up the thread state itself, before it called back. */
    if (FFIC_LIKELY(released > FFIC_NOT_RELEASED && ffic_current_thread_state() != released)) {
        entry->way = FFIC_ENTRY_RESTORED;
        entry->thread = released;
        PyEval_RestoreThread(released);
    }
    else if (!enter_otherwise(entry, here)) {
        *error = entered_errno;
        return false;
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
    if (FFIC_UNLIKELY(entry->counted)) {
        go_out(here);
    }
    *ffic_errno_place(here) = left_errno;
}
