/* Python ints of C integers: the small ones, which are the most common, without a call of the interpreter. */
#ifndef FFIC_SMALL_INTS_H
#define FFIC_SMALL_INTS_H

#include "state.h"

int ffic_small_ints_setup(ffic_state *state);
void ffic_small_ints_teardown(ffic_state *state);

static inline PyObject *
ffic_int(const ffic_state *state, int64_t value)
{
    uint64_t place = (uint64_t)value - (uint64_t)FFIC_SMALL_INT_FIRST;
    if (FFIC_LIKELY(place < FFIC_SMALL_INTS)) {
        PyObject *small = state->small_ints[place];
        return FFIC_SMALL_INTS_STAY ? small : Py_NewRef(small);
    }
    return PyLong_FromLongLong(value);
}

#endif
