/* Crossing between Python and C. */
#include "boundary.h"

_Thread_local ffic_thread ffic_this_thread FFIC_THREAD_MODEL;

static PyThreadState *
current_thread_state(void)
{
#if PY_VERSION_HEX >= 0x030D0000
    return PyThreadState_GetUnchecked();
#else
    return _PyThreadState_UncheckedGet();
#endif
}

bool
ffic_enter_python(ffic_entry *entry)
{
    int entered_errno = errno;
    if (!Py_IsInitialized() || ffic_is_finalizing()) {
        /* A thread that asked for the GIL now would be stopped for good. */
        errno = entered_errno;
        return false;
    }
    ffic_thread *here = &ffic_this_thread;
    entry->released = here->released;
    /* Code below our C call may have taken up the thread state itself, before it called back. */
    entry->restored = here->released != NULL && current_thread_state() != here->released;
    if (entry->restored) {
        PyEval_RestoreThread(here->released);
    }
    else {
        entry->gil = PyGILState_Ensure();
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
    if (entry->restored) {
        (void)PyEval_SaveThread();
    }
    else {
        PyGILState_Release(entry->gil);
    }
    here->released = entry->released;
    errno = left_errno;
}
