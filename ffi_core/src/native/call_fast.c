/* Calls of library functions, specialised: one variant per shape of call and GIL policy, so that each knows which registers it fills. */
#include "arguments.h"
#include "boundary.h"
#include "call.h"
#include "function.h"

static PyObject *
closed_library(const ffic_function *function)
{
    PyErr_Format(PyExc_ValueError, "%U(): library '%U' has been closed", function->name, function->library->name);
    return NULL;
}

static inline bool
is_closed(const ffic_function *function)
{
    return FFIC_UNLIKELY(function->library != NULL && function->library->handle == NULL);
}

static inline __attribute__((always_inline)) PyObject *
call_any(PyObject *self, PyObject *const *args, Py_ssize_t count, const bool keep_gil)
{
    ffic_function *function = (ffic_function *)self;
    return is_closed(function) ? closed_library(function)
                               : ffic_call(function->plan, function->call, function->builtin, keep_gil, args, count);
}

static PyObject *
call_any_release(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    return call_any(self, args, count, false);
}

static PyObject *
call_any_keep(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    return call_any(self, args, count, true);
}

#if FFIC_REGISTER_CALLS

/* `shape`, `is_float` and `keep_gil` are constants in each variant. */
static inline __attribute__((always_inline)) PyObject *
call_registers(PyObject *self, PyObject *const *args, Py_ssize_t count, const ffic_call_shape shape, const bool is_float,
               const bool keep_gil)
{
    ffic_function *function = (ffic_function *)self;
    const ffic_plan *plan = function->plan;
    ffic_frame f;
    if (is_closed(function)) {
        return closed_library(function);
    }
    if (FFIC_UNLIKELY(count != plan->count)) {
        ffic_wrong_count(plan, function->builtin, count);
        return NULL;
    }
    ffic_frame_start(&f);
    f.scratch = f.local;
    f.local_used = plan->scratch;
    if (FFIC_UNLIKELY(ffic_convert_arguments(plan, function->builtin, args, &f) < 0)) {
        ffic_frame_free(&f);
        return NULL;
    }
    const ffic_word *w = f.words;
    void (*address)(void) = function->call;
    PyThreadState *thread = ffic_before_call(keep_gil);
    if (is_float) {
        FFIC_CALL_BY_SHAPE(double, shape, f.result[0].f);
    }
    else {
        FFIC_CALL_BY_SHAPE(uint64_t, shape, f.result[0].i);
    }
    ffic_after_call(thread);
    ffic_frame_free(&f);
    return ffic_load_result(plan, &f);
}

/* Records as results, and many arguments on the stack: everything but the shape of the frame is as in ffic_call. */
static inline __attribute__((always_inline)) PyObject *
call_records(PyObject *self, PyObject *const *args, Py_ssize_t count, const bool keep_gil)
{
    ffic_function *function = (ffic_function *)self;
    const ffic_plan *plan = function->plan;
    ffic_frame f;
    if (is_closed(function)) {
        return closed_library(function);
    }
    if (FFIC_UNLIKELY(count != plan->count)) {
        ffic_wrong_count(plan, function->builtin, count);
        return NULL;
    }
    ffic_frame_start(&f);
    f.scratch = f.local;
    f.local_used = plan->scratch;
    if (FFIC_UNLIKELY(ffic_convert_arguments(plan, function->builtin, args, &f) < 0)) {
        ffic_frame_free(&f);
        return NULL;
    }
    if (plan->hidden) {
        f.words[0].p = f.scratch + plan->result_storage;
    }
    PyThreadState *thread = ffic_before_call(keep_gil);
    ffic_invoke_registers(plan, function->call, f.words, f.result);
    ffic_after_call(thread);
    ffic_frame_free(&f);
    return ffic_load_result(plan, &f);
}

static PyObject *
call_records_release(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    return call_records(self, args, count, false);
}

static PyObject *
call_records_keep(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    return call_records(self, args, count, true);
}

#define VARIANTS(suffix, shape)                                                                                                \
    static PyObject *call_##suffix##_release(PyObject *self, PyObject *const *args, Py_ssize_t count)                          \
    {                                                                                                                          \
        return call_registers(self, args, count, shape, false, false);                                                         \
    }                                                                                                                          \
    static PyObject *call_##suffix##_keep(PyObject *self, PyObject *const *args, Py_ssize_t count)                             \
    {                                                                                                                          \
        return call_registers(self, args, count, shape, false, true);                                                          \
    }                                                                                                                          \
    static PyObject *call_##suffix##_float_release(PyObject *self, PyObject *const *args, Py_ssize_t count)                    \
    {                                                                                                                          \
        return call_registers(self, args, count, shape, true, false);                                                          \
    }                                                                                                                          \
    static PyObject *call_##suffix##_float_keep(PyObject *self, PyObject *const *args, Py_ssize_t count)                       \
    {                                                                                                                          \
        return call_registers(self, args, count, shape, true, true);                                                           \
    }

/* Calls of few integers and pointers: without the frame, as long as all goes well.  `general` does the others, from the beginning:
 * nothing has happened yet.  `expected`, `keep_gil` and `general` are constants in each variant. */
static inline __attribute__((always_inline)) PyObject *
call_few(PyObject *self, PyObject *const *args, Py_ssize_t count, const Py_ssize_t expected, const bool keep_gil,
         const ffic_builtin_call general)
{
    ffic_function *function = (ffic_function *)self;
    const ffic_plan *plan = function->plan;
    ffic_word w[2] = {{0}, {0}};
    if (is_closed(function) || FFIC_UNLIKELY(count != expected)) {
        return general(self, args, count);
    }
    for (Py_ssize_t i = 0; i < expected; i++) {
        if (FFIC_UNLIKELY(!ffic_convert_quickly(&plan->arguments[i], args[i], &w[i]))) {
            return general(self, args, count);
        }
    }
    void (*address)(void) = function->call;
    ffic_ctype *ct = plan->result;
    PyThreadState *thread = ffic_before_call(keep_gil);
    uint64_t word = ((uint64_t(*)(uint64_t, uint64_t))address)(w[0].i, w[1].i);
    ffic_after_call(thread);
    PyObject *result;
    return FFIC_LIKELY(ffic_load_quickly(ct, word, &result)) ? result : ffic_load_word(plan, word);
}

#define FEW(suffix, expected)                                                                                                  \
    static PyObject *call_##suffix##_release(PyObject *self, PyObject *const *args, Py_ssize_t count)                          \
    {                                                                                                                          \
        return call_few(self, args, count, expected, false, call_integers_2_release);                                          \
    }                                                                                                                          \
    static PyObject *call_##suffix##_keep(PyObject *self, PyObject *const *args, Py_ssize_t count)                             \
    {                                                                                                                          \
        return call_few(self, args, count, expected, true, call_integers_2_keep);                                              \
    }

VARIANTS(integers_2, FFIC_CALL_INTEGERS_2)
FEW(none, 0)
FEW(one, 1)
FEW(two, 2)
VARIANTS(integers, FFIC_CALL_INTEGERS)
VARIANTS(floats_2, FFIC_CALL_FLOATS_2)
VARIANTS(registers, FFIC_CALL_REGISTERS)
VARIANTS(stack_4, FFIC_CALL_STACK_4)

#define VARIANT_ROW(suffix)                                                                                                    \
    {{call_##suffix##_release, call_##suffix##_keep}, {call_##suffix##_float_release, call_##suffix##_float_keep}}

/* Indexed by the number of arguments, and whether the GIL is kept. */
static const ffic_builtin_call few[][2] = {
    {call_none_release, call_none_keep}, {call_one_release, call_one_keep}, {call_two_release, call_two_keep}};

/* Indexed by shape, whether the result is in a floating register, and whether the GIL is kept. */
static const ffic_builtin_call variants[][2][2] = {
    [FFIC_CALL_INTEGERS_2] = VARIANT_ROW(integers_2), [FFIC_CALL_INTEGERS] = VARIANT_ROW(integers),
    [FFIC_CALL_FLOATS_2] = VARIANT_ROW(floats_2),     [FFIC_CALL_REGISTERS] = VARIANT_ROW(registers),
    [FFIC_CALL_STACK_4] = VARIANT_ROW(stack_4),
};

/* Does each argument take the register of its number? */
static bool
in_order(const ffic_plan *plan)
{
    for (Py_ssize_t i = 0; i < plan->count; i++) {
        if (plan->arguments[i].slot != i || plan->arguments[i].way == FFIC_ARGUMENT_RECORD) {
            return false;
        }
    }
    return true;
}

ffic_builtin_call
ffic_builtin_call_for(const ffic_plan *plan, bool keep_gil)
{
    bool in_one_register = plan->result_place == FFIC_RESULT_INTEGER || plan->result_place == FFIC_RESULT_FLOAT;
    if (plan->shape == FFIC_CALL_INTEGERS_2 && plan->result_place == FFIC_RESULT_INTEGER && plan->scratch == 0 && !plan->hidden &&
        plan->count < (Py_ssize_t)Py_ARRAY_LENGTH(few) && in_order(plan)) {
        return few[plan->count][keep_gil];
    }
    if (plan->shape < Py_ARRAY_LENGTH(variants) && plan->scratch <= FFIC_FRAME_BYTES && in_one_register) {
        return variants[plan->shape][plan->result_place == FFIC_RESULT_FLOAT][keep_gil];
    }
    if (plan->shape != FFIC_CALL_LIBFFI && plan->scratch <= FFIC_FRAME_BYTES) {
        return keep_gil ? call_records_keep : call_records_release;
    }
    return keep_gil ? call_any_keep : call_any_release;
}

#else

ffic_builtin_call
ffic_builtin_call_for(const ffic_plan *Py_UNUSED(plan), bool keep_gil)
{
    return keep_gil ? call_any_keep : call_any_release;
}

#endif
