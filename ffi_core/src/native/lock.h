/* A lock that one thread may take several times. */
#ifndef FFIC_LOCK_H
#define FFIC_LOCK_H

#include "compat.h"

/* A lock that one thread may take several times, and that nothing takes away from it: a critical section is given up while its thread waits
 * for another one.  Nothing where the GIL does the work; no Python code may run under it. */
#ifdef Py_GIL_DISABLED
typedef struct {
    PyMutex mutex;
    unsigned long owner;
    unsigned depth;
} ffic_lock;

static inline void
ffic_lock_take(ffic_lock *lock)
{
    unsigned long me = PyThread_get_thread_ident();
    if (__atomic_load_n(&lock->owner, __ATOMIC_RELAXED) != me) {
        PyMutex_Lock(&lock->mutex);
        __atomic_store_n(&lock->owner, me, __ATOMIC_RELAXED);
    }
    lock->depth++;
}

static inline void
ffic_lock_give_back(ffic_lock *lock)
{
    if (--lock->depth == 0) {
        __atomic_store_n(&lock->owner, 0, __ATOMIC_RELAXED);
        PyMutex_Unlock(&lock->mutex);
    }
}
#else
typedef struct {
    char unused;
} ffic_lock;

static inline void
ffic_lock_take(ffic_lock *lock)
{
    (void)lock;
}

static inline void
ffic_lock_give_back(ffic_lock *lock)
{
    (void)lock;
}
#endif

#endif
