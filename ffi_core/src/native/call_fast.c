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

/* ---- the same without the frame, as long as all goes well ------------------------------------------------------------ */

static inline __attribute__((always_inline)) bool
take_int(PyObject *value, ffic_word *place)
{
    int64_t small;
    if (FFIC_UNLIKELY(!ffic_small_int(value, &small))) {
        return false;
    }
    place->i = (uint64_t)small;
    return true;
}

static inline __attribute__((always_inline)) bool
take_double(PyObject *value, ffic_word *place)
{
    if (FFIC_UNLIKELY(!PyFloat_CheckExact(value))) {
        return false;
    }
    place->f = PyFloat_AS_DOUBLE(value);
    return true;
}

static inline __attribute__((always_inline)) bool
take_any(const ffic_lane lane, const ffic_argument *argument, PyObject *value, ffic_word *place)
{
    switch (lane) {
    case FFIC_LANE_INT:
        return take_int(value, place);
    case FFIC_LANE_POINTER:
        return ffic_take_pointer(argument, value, place);
    default:
        return ffic_take_ranged(argument, value, place);
    }
}

/* Any signature. */
static inline bool
fill_by_slot(const ffic_plan *plan, PyObject *const *args, const Py_ssize_t count, ffic_word *w)
{
    for (Py_ssize_t i = 0; i < count; i++) {
        const ffic_argument *argument = &plan->arguments[i];
        if (argument->way == FFIC_ARGUMENT_RECORD ? !ffic_take_record(argument, args[i], w)
                                                  : !ffic_convert_quickly(argument, args[i], &w[argument->slot])) {
            return false;
        }
    }
    return true;
}

/* Fill the registers and stack slots.  False: a value is of a sort that takes longer; nothing has happened yet.  `shape` is a constant, and
 * `count` often. */
static inline __attribute__((always_inline)) bool
fill_words(const ffic_plan *plan, PyObject *const *args, const Py_ssize_t count, const ffic_call_shape shape, ffic_word *w)
{
    uint64_t lanes = plan->lanes;
    ffic_word *floats = w + FFIC_INTEGER_REGISTERS;
    if (FFIC_UNLIKELY(lanes == FFIC_LANES_BY_SLOT)) {
        return fill_by_slot(plan, args, count, w);
    }
    if (shape == FFIC_CALL_FLOATS_2) {
        for (Py_ssize_t i = 0; i < count; i++) {
            if (!take_double(args[i], &floats[i])) {
                return false;
            }
        }
        return true;
    }
    if (shape == FFIC_CALL_REGISTERS_4 || shape == FFIC_CALL_REGISTERS) {
        ffic_word *next = w;
        for (Py_ssize_t i = 0; i < count; i++, lanes >>= 2) {
            bool is_double = (lanes & 3) == FFIC_LANE_DOUBLE;
            if (is_double ? !take_double(args[i], floats++)
                          : !take_any((ffic_lane)(lanes & 3), &plan->arguments[i], args[i], next++)) {
                return false;
            }
        }
        return true;
    }
    if (shape != FFIC_CALL_STACK_4) {
        for (Py_ssize_t i = 0; i < count; i++, lanes >>= 2) {
            if (!take_any((ffic_lane)(lanes & 3), &plan->arguments[i], args[i], &w[i])) {
                return false;
            }
        }
        return true;
    }
    if (lanes == 0) {
        Py_ssize_t in_registers = count < FFIC_INTEGER_REGISTERS ? count : FFIC_INTEGER_REGISTERS;
        for (Py_ssize_t i = 0; i < in_registers; i++) {
            if (!take_int(args[i], &w[i])) {
                return false;
            }
        }
        for (Py_ssize_t i = in_registers; i < count; i++) {
            if (!take_int(args[i], &w[FFIC_FLOAT_REGISTERS + i])) {
                return false;
            }
        }
        return true;
    }
    return fill_by_slot(plan, args, count, w);
}

/* `expected` (-1: as the plan says), `shape`, `is_float`, `keep_gil` and `general` are constants in each variant.  `general` does what is not
 * quick, from the beginning. */
static inline __attribute__((always_inline)) PyObject *
call_quickly(PyObject *self, PyObject *const *args, Py_ssize_t count, const Py_ssize_t expected, const ffic_call_shape shape,
             const bool is_float, const bool keep_gil, const ffic_builtin_call general)
{
    ffic_function *function = (ffic_function *)self;
    const ffic_plan *plan = function->plan;
    ffic_word w[FFIC_WORDS];
    if (expected >= 0 && shape == FFIC_CALL_INTEGERS_2) {
        w[0].i = w[1].i = 0;
    }
    if (is_closed(function) || FFIC_UNLIKELY(count != (expected < 0 ? plan->count : expected)) ||
        FFIC_UNLIKELY(!fill_words(plan, args, expected < 0 ? count : expected, shape, w))) {
        return general(self, args, count);
    }
    void (*address)(void) = function->call;
    PyThreadState *thread = ffic_before_call(keep_gil);
    if (is_float) {
        double number;
        FFIC_CALL_BY_SHAPE(double, shape, number);
        ffic_after_call(thread);
        return FFIC_LIKELY(plan->load_way == FFIC_LOAD_DOUBLE) ? PyFloat_FromDouble(number) : ffic_load_float_word(plan, number);
    }
    uint64_t word;
    FFIC_CALL_BY_SHAPE(uint64_t, shape, word);
    ffic_after_call(thread);
    switch ((ffic_load_way)plan->load_way) {
    case FFIC_LOAD_I32:
        return ffic_int(plan->result->state, (int32_t)word);
    case FFIC_LOAD_I64:
        return ffic_int(plan->result->state, (int64_t)word);
    case FFIC_LOAD_U64:
        return FFIC_LIKELY(word <= INT64_MAX) ? ffic_int(plan->result->state, (int64_t)word) : ffic_load_word(plan, word);
    case FFIC_LOAD_NONE:
        Py_RETURN_NONE;
    default:
        return ffic_load_word(plan, word);
    }
}

#define QUICK_VARIANT(name, expected, shape, is_float, keep_gil, general)                                                      \
    static PyObject *name(PyObject *self, PyObject *const *args, Py_ssize_t count)                                             \
    {                                                                                                                          \
        return call_quickly(self, args, count, expected, shape, is_float, keep_gil, general);                                  \
    }

/* The quick variants of one shape. */
#define QUICK(suffix, shape, general)                                                                                          \
    QUICK_VARIANT(quick_##suffix##_release, -1, shape, false, false, call_##general##_release)                                 \
    QUICK_VARIANT(quick_##suffix##_keep, -1, shape, false, true, call_##general##_keep)                                        \
    QUICK_VARIANT(quick_##suffix##_float_release, -1, shape, true, false, call_##general##_float_release)                      \
    QUICK_VARIANT(quick_##suffix##_float_keep, -1, shape, true, true, call_##general##_float_keep)

/* Those of few integers and pointers, whose number is known. */
#define FEW(suffix, expected)                                                                                                  \
    QUICK_VARIANT(quick_##suffix##_release, expected, FFIC_CALL_INTEGERS_2, false, false, call_integers_2_release)             \
    QUICK_VARIANT(quick_##suffix##_keep, expected, FFIC_CALL_INTEGERS_2, false, true, call_integers_2_keep)

VARIANTS(integers_2, FFIC_CALL_INTEGERS_2)
VARIANTS(integers, FFIC_CALL_INTEGERS)
VARIANTS(floats_2, FFIC_CALL_FLOATS_2)
VARIANTS(registers_4, FFIC_CALL_REGISTERS_4)
VARIANTS(registers, FFIC_CALL_REGISTERS)
VARIANTS(stack_4, FFIC_CALL_STACK_4)
QUICK(integers_2, FFIC_CALL_INTEGERS_2, integers_2)
QUICK(integers, FFIC_CALL_INTEGERS, integers)
QUICK(floats_2, FFIC_CALL_FLOATS_2, floats_2)
QUICK(registers_4, FFIC_CALL_REGISTERS_4, registers_4)
QUICK(registers, FFIC_CALL_REGISTERS, registers)
QUICK(stack_4, FFIC_CALL_STACK_4, stack_4)
FEW(none, 0)
FEW(one, 1)
FEW(two, 2)

#define VARIANT_ROW(suffix)                                                                                                    \
    {{suffix##_release, suffix##_keep}, {suffix##_float_release, suffix##_float_keep}}
#define VARIANT_ROWS(suffix) {VARIANT_ROW(call_##suffix), VARIANT_ROW(quick_##suffix)}

/* Indexed by the number of arguments, and whether the GIL is kept. */
static const ffic_builtin_call few[][2] = {
    {quick_none_release, quick_none_keep}, {quick_one_release, quick_one_keep}, {quick_two_release, quick_two_keep}};

/* Indexed by shape, whether the arguments are quick to convert, whether the result is in a floating register, and whether the GIL is kept. */
static const ffic_builtin_call variants[][2][2][2] = {
    [FFIC_CALL_INTEGERS_2] = VARIANT_ROWS(integers_2), [FFIC_CALL_INTEGERS] = VARIANT_ROWS(integers),
    [FFIC_CALL_FLOATS_2] = VARIANT_ROWS(floats_2),     [FFIC_CALL_REGISTERS_4] = VARIANT_ROWS(registers_4),
    [FFIC_CALL_REGISTERS] = VARIANT_ROWS(registers),   [FFIC_CALL_STACK_4] = VARIANT_ROWS(stack_4),
};

ffic_builtin_call
ffic_builtin_call_for(const ffic_plan *plan, bool keep_gil)
{
    bool in_one_register = plan->result_place == FFIC_RESULT_INTEGER || plan->result_place == FFIC_RESULT_FLOAT;
    if (plan->has_lanes && plan->shape == FFIC_CALL_INTEGERS_2 && plan->result_place == FFIC_RESULT_INTEGER) {
        return few[plan->count][keep_gil];
    }
    if (plan->shape < Py_ARRAY_LENGTH(variants) && plan->scratch <= FFIC_FRAME_BYTES && in_one_register) {
        return variants[plan->shape][plan->has_lanes][plan->result_place == FFIC_RESULT_FLOAT][keep_gil];
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
