/* The C calls themselves, for signatures whose arguments travel in registers and stack slots: see plan.h.
 *
 * Included by call.c and call_fast.c only: its macros have short names.
 */
#ifndef FFIC_REGISTERS_H
#define FFIC_REGISTERS_H

#include "plan.h"

/* One register or stack slot. */
typedef union {
    uint64_t i;
    double f;
    void *p;
} ffic_word;

#if FFIC_REGISTER_CALLS

typedef struct {
    uint64_t a, b;
} integer_pair;

typedef struct {
    double a, b;
} float_pair;

typedef struct {
    uint64_t a;
    double b;
} integer_float;

typedef struct {
    double a;
    uint64_t b;
} float_integer;

#define U uint64_t
#define D double
#ifdef FFIC_SYSTEM_V
#define INTEGER_TYPES U, U, U, U, U, U
#define INTEGER_WORDS w[0].i, w[1].i, w[2].i, w[3].i, w[4].i, w[5].i
#define FLOAT_WORDS w[6].f, w[7].f, w[8].f, w[9].f, w[10].f, w[11].f, w[12].f, w[13].f
#define STACK(k) w[14 + (k)].i
#else
#define INTEGER_TYPES U, U, U, U, U, U, U, U
#define INTEGER_WORDS w[0].i, w[1].i, w[2].i, w[3].i, w[4].i, w[5].i, w[6].i, w[7].i
#define FLOAT_WORDS w[8].f, w[9].f, w[10].f, w[11].f, w[12].f, w[13].f, w[14].f, w[15].f
#define STACK(k) w[16 + (k)].i
#endif
#define FLOAT_TYPES D, D, D, D, D, D, D, D
#define STACK_4_TYPES U, U, U, U
#define STACK_4_WORDS STACK(0), STACK(1), STACK(2), STACK(3)
#define STACK_TYPES STACK_4_TYPES, STACK_4_TYPES, STACK_4_TYPES, STACK_4_TYPES
#define STACK_WORDS                                                                                                          \
    STACK_4_WORDS, STACK(4), STACK(5), STACK(6), STACK(7), STACK(8), STACK(9), STACK(10), STACK(11), STACK(12), STACK(13),       \
        STACK(14), STACK(15)

/* The call with result type `type`, by shape.  Registers that the callee does not look at get whatever the words hold. */
#define FFIC_CALL_BY_SHAPE(type, shape, target)                                                                                          \
    do {                                                                                                                     \
        switch (shape) {                                                                                 \
        case FFIC_CALL_INTEGERS_2:                                                                                           \
            target = ((type(*)(U, U))address)(w[0].i, w[1].i);                                                               \
            break;                                                                                                           \
        case FFIC_CALL_INTEGERS:                                                                                             \
            target = ((type(*)(INTEGER_TYPES))address)(INTEGER_WORDS);                                                       \
            break;                                                                                                           \
        case FFIC_CALL_FLOATS_2:                                                                                             \
            target = ((type(*)(D, D))address)(w[FFIC_INTEGER_REGISTERS].f, w[FFIC_INTEGER_REGISTERS + 1].f);                 \
            break;                                                                                                           \
        case FFIC_CALL_REGISTERS_4:                                                                                          \
            target = ((type(*)(U, U, U, U, D, D, D, D))address)(                                                             \
                w[0].i, w[1].i, w[2].i, w[3].i, w[FFIC_INTEGER_REGISTERS].f, w[FFIC_INTEGER_REGISTERS + 1].f,                \
                w[FFIC_INTEGER_REGISTERS + 2].f, w[FFIC_INTEGER_REGISTERS + 3].f);                                           \
            break;                                                                                                           \
        case FFIC_CALL_REGISTERS:                                                                                            \
            target = ((type(*)(INTEGER_TYPES, FLOAT_TYPES))address)(INTEGER_WORDS, FLOAT_WORDS);                             \
            break;                                                                                                           \
        case FFIC_CALL_STACK_4:                                                                                              \
            target = ((type(*)(INTEGER_TYPES, FLOAT_TYPES, STACK_4_TYPES))address)(INTEGER_WORDS, FLOAT_WORDS,               \
                                                                                   STACK_4_WORDS);                           \
            break;                                                                                                           \
        case FFIC_CALL_STACK:                                                                                                \
        default:                                                                                                             \
            target = ((type(*)(INTEGER_TYPES, FLOAT_TYPES, STACK_TYPES))address)(INTEGER_WORDS, FLOAT_WORDS, STACK_WORDS);   \
            break;                                                                                                           \
        }                                                                                                                    \
    } while (0)

/* Two-word results are rarer: two shapes do. */
#define CALL_PAIR(type, target)                                                                                              \
    do {                                                                                                                     \
        if (plan->shape < FFIC_CALL_STACK_4) {                                                                                  \
            target = ((type(*)(INTEGER_TYPES, FLOAT_TYPES))address)(INTEGER_WORDS, FLOAT_WORDS);                             \
        }                                                                                                                    \
        else {                                                                                                               \
            target = ((type(*)(INTEGER_TYPES, FLOAT_TYPES, STACK_TYPES))address)(INTEGER_WORDS, FLOAT_WORDS, STACK_WORDS);   \
        }                                                                                                                    \
    } while (0)

static inline void
ffic_invoke_registers(const ffic_plan *plan, void (*address)(void), const ffic_word *w, ffic_word *result)
{
    switch ((ffic_result_place)plan->result_place) {
    case FFIC_RESULT_INTEGER:
    case FFIC_RESULT_MEMORY:
        FFIC_CALL_BY_SHAPE(uint64_t, (ffic_call_shape)plan->shape, result->i);
        break;
    case FFIC_RESULT_FLOAT:
        FFIC_CALL_BY_SHAPE(double, (ffic_call_shape)plan->shape, result->f);
        break;
    case FFIC_RESULT_INTEGER_INTEGER: {
        integer_pair pair;
        CALL_PAIR(integer_pair, pair);
        memcpy(result, &pair, sizeof pair);
        break;
    }
    case FFIC_RESULT_FLOAT_FLOAT: {
        float_pair pair;
        CALL_PAIR(float_pair, pair);
        memcpy(result, &pair, sizeof pair);
        break;
    }
    case FFIC_RESULT_INTEGER_FLOAT: {
        integer_float pair;
        CALL_PAIR(integer_float, pair);
        memcpy(result, &pair, sizeof pair);
        break;
    }
    case FFIC_RESULT_FLOAT_INTEGER: {
        float_integer pair;
        CALL_PAIR(float_integer, pair);
        memcpy(result, &pair, sizeof pair);
        break;
    }
    }
}

#endif

#endif
