/* Arguments and results of C calls: the memory of one call, and the conversions into and out of it. */
#ifndef FFIC_ARGUMENTS_H
#define FFIC_ARGUMENTS_H

#include "cdata.h"
#include "error_message.h"
#include "registers.h"
#include "small_ints.h"

/* Memory that an argument needs during the call, beyond the frame's own. */
typedef union ffic_temporary {
    union ffic_temporary *previous;
    long double alignment;
} ffic_temporary;

enum { FFIC_FRAME_BYTES = 512 };

typedef struct {
    ffic_word words[FFIC_WORDS];
    ffic_word result[2];
    char *scratch; /* plan->scratch bytes, not initialised */
    ffic_temporary *temporaries;
    size_t local_used;
    _Alignas(16) char local[FFIC_FRAME_BYTES];
} ffic_frame;

static inline void
ffic_frame_start(ffic_frame *f)
{
    f->scratch = NULL;
    f->temporaries = NULL;
    f->local_used = 0;
}

/* `size` zeroed bytes, aligned to 16, that live as long as the frame.  NULL with MemoryError. */
void *ffic_frame_alloc(ffic_frame *f, size_t size);
void ffic_frame_free_temporaries(ffic_frame *f);

static inline void
ffic_frame_free(ffic_frame *f)
{
    if (FFIC_UNLIKELY(f->temporaries != NULL)) {
        ffic_frame_free_temporaries(f);
    }
}

/* A pointer argument: as ffic_to_pointer, and bytes, lists, tuples and text, which live in the frame. */
int ffic_convert_pointer(ffic_ctype *ct, PyObject *value, ffic_frame *f, char **pointer, ffic_argument_place *place);
/* Any argument of a register call, into its words.  Exceptions say which argument of which function they are about. */
int ffic_convert_argument(const ffic_plan *plan, PyObject *callee, Py_ssize_t index, PyObject *value, ffic_frame *f);
/* The result of a register call, or of any other that wrote it into plan->result_storage. */
PyObject *ffic_load_result(const ffic_plan *plan, const ffic_frame *f);
/* The same for a result in one integer register. */
PyObject *ffic_load_word(const ffic_plan *plan, uint64_t word);
/* ... and in one floating register. */
PyObject *ffic_load_float_word(const ffic_plan *plan, double number);

void ffic_argument_place_start(ffic_argument_place *place, const ffic_plan *plan, PyObject *callee, Py_ssize_t index);
void ffic_wrong_count(const ffic_plan *plan, PyObject *callee, Py_ssize_t count);

/* Can bytes be passed for a pointer to this type? */
static inline bool
ffic_takes_bytes(const ffic_ctype *item)
{
    return (item->flags & FFIC_TYPE_INTEGER_NAME) || item->kind == FFIC_KIND_VOID;
}

/* The cdata types whose `data` is the pointer itself, with nothing to check. */
static inline bool
ffic_is_plain_pointer(ffic_ctype *ct, PyObject *value)
{
    ffic_state *state = ct->state;
    PyTypeObject *type = Py_TYPE(value);
    return (type == state->cdata_type || type == state->cdata_owning_type) && ((ffic_cdata *)value)->type == ct &&
           (type == state->cdata_type || ((ffic_cdata *)value)->data != NULL);
}

/* The most common values of the most common types, without a call and without a frame: false where it is another. */

static inline __attribute__((always_inline)) bool
ffic_take_ranged(const ffic_argument *argument, PyObject *value, ffic_word *place)
{
    int64_t small;
    if (FFIC_LIKELY(ffic_small_int(value, &small) && small >= argument->minimum && small <= argument->maximum)) {
        place->i = (uint64_t)small;
        return true;
    }
    return false;
}

static inline __attribute__((always_inline)) bool
ffic_take_pointer(const ffic_argument *argument, PyObject *value, ffic_word *place)
{
    if (PyBytes_CheckExact(value)) {
        place->p = PyBytes_AS_STRING(value);
        return FFIC_LIKELY(ffic_takes_bytes(argument->type->item));
    }
    if (FFIC_LIKELY(ffic_is_plain_pointer(argument->type, value))) {
        place->p = ((ffic_cdata *)value)->data;
        return true;
    }
    return false;
}

static inline __attribute__((always_inline)) bool
ffic_convert_quickly(const ffic_argument *argument, PyObject *value, ffic_word *place)
{
    switch ((ffic_argument_way)argument->way) {
    case FFIC_ARGUMENT_INTEGER:
        return ffic_take_ranged(argument, value, place);
    case FFIC_ARGUMENT_DOUBLE:
        if (FFIC_LIKELY(PyFloat_CheckExact(value))) {
            place->f = PyFloat_AS_DOUBLE(value);
            return true;
        }
        return false;
    case FFIC_ARGUMENT_POINTER:
        return ffic_take_pointer(argument, value, place);
    default:
        return false;
    }
}

/* A record that is C data already, and fills its registers, into them. */
static inline bool
ffic_take_record(const ffic_argument *argument, PyObject *value, ffic_word *words)
{
    const ffic_ctype *ct = argument->type;
    const ffic_cdata *cd = (const ffic_cdata *)value;
    const ffic_state *state = ct->state;
    if (!(Py_TYPE(value) == state->cdata_view_type || Py_TYPE(value) == state->cdata_owning_type) || cd->type != ct) {
        return false;
    }
    const PyObject *owner = Py_TYPE(value) == state->cdata_view_type ? ffic_view_owner((const ffic_cdata_view *)value) : value;
    if (owner == NULL || Py_TYPE(owner) != state->cdata_owning_type || ((const ffic_cdata *)owner)->data == NULL) {
        return false; /* borrowed, or released, or its owner is another */
    }
    if (argument->words > 1) {
        memcpy(&words[argument->slot2], cd->data + sizeof(ffic_word), sizeof(ffic_word));
    }
    memcpy(&words[argument->slot], cd->data, sizeof(ffic_word));
    return true;
}

/* All arguments of a register call.  -1 with an exception. */
static inline int
ffic_convert_arguments(const ffic_plan *plan, PyObject *callee, PyObject *const *args, ffic_frame *f)
{
    for (Py_ssize_t i = 0; i < plan->count; i++) {
        const ffic_argument *argument = &plan->arguments[i];
        PyObject *value = args[i];
        if (FFIC_LIKELY(ffic_convert_quickly(argument, value, &f->words[argument->slot])) ||
            (argument->way == FFIC_ARGUMENT_RECORD && ffic_is_in_whole_registers(argument) &&
             ffic_take_record(argument, value, f->words))) {
            continue;
        }
        if (FFIC_UNLIKELY(ffic_convert_argument(plan, callee, i, value, f) < 0)) {
            return -1;
        }
    }
    return 0;
}

#endif
