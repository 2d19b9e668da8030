/* Call plans: what a call of one function type does, worked out once.
 *
 * On System V x86-64 and AArch64 (AAPCS64), integer and floating arguments go to separate registers by their position in
 * their own class, and what is left over goes to 8-byte stack slots in order.  So a plan gives each argument a *slot* in one array
 * of 8-byte words (integer registers, then floating registers, then stack), and a few fixed C prototypes that pass all of these call
 * every such signature.  What does not fit (variadic calls, other processors, types that need more than words) goes through libffi.
 */
#ifndef FFIC_PLAN_H
#define FFIC_PLAN_H

#include <ffi.h>

#include "c_type.h"

#if defined(__x86_64__) && !defined(_WIN32) && !defined(__ILP32__)
#define FFIC_REGISTER_CALLS 1
#define FFIC_SYSTEM_V 1
enum { FFIC_INTEGER_REGISTERS = 6, FFIC_FLOAT_REGISTERS = 8 };
#elif defined(__aarch64__) && !defined(_WIN32) && !defined(__APPLE__) && !defined(__ILP32__)
#define FFIC_REGISTER_CALLS 1
enum { FFIC_INTEGER_REGISTERS = 8, FFIC_FLOAT_REGISTERS = 8 };
#else
#define FFIC_REGISTER_CALLS 0
enum { FFIC_INTEGER_REGISTERS = 0, FFIC_FLOAT_REGISTERS = 0 };
#endif

enum {
    FFIC_FIRST_STACK_SLOT = FFIC_INTEGER_REGISTERS + FFIC_FLOAT_REGISTERS,
    FFIC_STACK_SLOTS = 16,
    FFIC_WORDS = FFIC_FIRST_STACK_SLOT + FFIC_STACK_SLOTS
};

/* How the C function is reached. */
typedef enum {
    FFIC_CALL_INTEGERS_2, /* at most two integer registers, no floating ones */
    FFIC_CALL_INTEGERS,   /* integer registers only */
    FFIC_CALL_FLOATS_2,   /* at most two floating registers, no integer ones */
    FFIC_CALL_REGISTERS_4, /* at most four of each class of registers */
    FFIC_CALL_REGISTERS,  /* both classes of registers */
    FFIC_CALL_STACK_4,    /* registers and up to 4 stack slots */
    FFIC_CALL_STACK,      /* registers and up to FFIC_STACK_SLOTS stack slots */
    FFIC_CALL_LIBFFI
} ffic_call_shape;

/* Where the result is. */
typedef enum {
    FFIC_RESULT_INTEGER, /* also void */
    FFIC_RESULT_FLOAT,
    FFIC_RESULT_INTEGER_INTEGER, /* a record in two registers */
    FFIC_RESULT_FLOAT_FLOAT,
    FFIC_RESULT_INTEGER_FLOAT,
    FFIC_RESULT_FLOAT_INTEGER,
    FFIC_RESULT_MEMORY /* the callee writes through a hidden pointer */
} ffic_result_place;

/* How an argument is converted: a refinement of its type's code for the hot path. */
typedef enum {
    FFIC_ARGUMENT_INTEGER,  /* integer type or enum of up to 64 bits; small ints are checked against minimum and maximum */
    FFIC_ARGUMENT_DOUBLE,
    FFIC_ARGUMENT_FLOAT,
    FFIC_ARGUMENT_POINTER,
    FFIC_ARGUMENT_SCALAR,   /* char, wchar_t ...: through ffic_store into the zeroed word */
    FFIC_ARGUMENT_WIDE,     /* stored in memory of its own, whose address is passed (typed wrappers) */
    FFIC_ARGUMENT_RECORD    /* stored in memory of its own, whose words are passed (by value, System V) */
} ffic_argument_way;

/* The same in two bits, for signatures that have no other ways (but records that fill their registers): see `lanes` of a plan. */
typedef enum {
    FFIC_LANE_INT,    /* signed, and so large that every int of one digit fits */
    FFIC_LANE_DOUBLE,
    FFIC_LANE_POINTER,
    FFIC_LANE_RANGED  /* another integer type of up to 64 bits */
} ffic_lane;

enum { FFIC_LANES = 31 };
#define FFIC_LANES_BY_SLOT UINT64_MAX /* as arguments[i] says */

/* How a result in one register becomes a Python object, where that is done in place. */
typedef enum {
    FFIC_LOAD_OTHER,
    FFIC_LOAD_NONE,
    FFIC_LOAD_I32,
    FFIC_LOAD_I64,
    FFIC_LOAD_U64,
    FFIC_LOAD_DOUBLE
} ffic_load_way;

typedef struct ffic_argument {
    ffic_ctype *type; /* borrowed from the function type */
    int64_t minimum;
    int64_t maximum;
    uint8_t way;      /* ffic_argument_way */
    uint8_t slot;     /* index of the word; RECORD: of its first word */
    uint8_t slot2;    /* RECORD: index of its second word */
    uint8_t words;    /* RECORD: number of words; a record on the stack has its words in consecutive slots from `slot` */
    uint32_t storage; /* WIDE, RECORD, libffi: offset of its memory in the call's scratch memory */
} ffic_argument;

/* Does a record have one or two whole words, which go to registers? */
static inline bool
ffic_is_in_whole_registers(const ffic_argument *argument)
{
    return argument->words > 0 && argument->type->size == argument->words * (Py_ssize_t)sizeof(uint64_t) &&
           argument->slot < FFIC_FIRST_STACK_SLOT;
}

typedef struct ffic_plan {
    ffic_ctype *type;      /* the function type that owns this plan; borrowed */
    ffic_ctype *result;    /* borrowed from it */
    Py_ssize_t count;      /* number of declared parameters */
    bool variadic;
    uint8_t shape;         /* ffic_call_shape */
    uint8_t result_place;  /* ffic_result_place */
    uint8_t load_way;      /* ffic_load_way */
    bool has_lanes;        /* most values for every argument are quick to convert */
    uint64_t lanes;        /* ffic_lane of argument i in the bits 2 * i and 2 * i + 1, or FFIC_LANES_BY_SLOT */
    uint8_t hidden;        /* the result is written through a pointer in the first integer register */
    uint32_t scratch;      /* bytes of scratch memory: WIDE and RECORD arguments, libffi arguments, the result */
    uint32_t result_storage; /* offset of the result in it */
    ffi_cif *cif;          /* FFIC_CALL_LIBFFI, not variadic */
    ffi_type **cif_types;
    void *cif_memory;      /* everything that the cif's types need */
    ffic_argument arguments[]; /* `count` of them */
} ffic_plan;

/* A new plan for calls of `function` (a function type).  `wrapped`: for its typed wrapper (wide values by pointer).
 * NULL with an exception. Free it with ffic_plan_free. */
ffic_plan *ffic_plan_new(ffic_ctype *function, bool wrapped);
void ffic_plan_free(ffic_plan *plan);

/* The plan for direct calls or for calls of typed wrappers, made once and kept by the function type.  NULL with an exception. */
const ffic_plan *ffic_plan_of_type(ffic_ctype *function, bool wrapped);


#endif
