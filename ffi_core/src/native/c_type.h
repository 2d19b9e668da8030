/* C types as Python objects: one object per distinct type. */
#ifndef FFIC_C_TYPE_H
#define FFIC_C_TYPE_H

#include "state.h"

/* What sort of type it is: `ctype.kind`. */
typedef enum {
    FFIC_KIND_VOID,
    FFIC_KIND_PRIMITIVE,
    FFIC_KIND_POINTER,
    FFIC_KIND_ARRAY,
    FFIC_KIND_STRUCT,
    FFIC_KIND_UNION,
    FFIC_KIND_ENUM,
    FFIC_KIND_FUNCTION
} ffic_kind;

/* How a value lies in memory: what conversions switch on.  Enums have the code of their integer type. */
typedef enum {
    FFIC_CODE_VOID,
    FFIC_CODE_BOOL,
    FFIC_CODE_CHAR,   /* `char`: a bytes object of length 1 */
    FFIC_CODE_CHAR16, /* char16_t, 2-byte wchar_t: str of length 1 */
    FFIC_CODE_CHAR32, /* char32_t, 4-byte wchar_t */
    FFIC_CODE_I8,
    FFIC_CODE_U8,
    FFIC_CODE_I16,
    FFIC_CODE_U16,
    FFIC_CODE_I32,
    FFIC_CODE_U32,
    FFIC_CODE_I64,
    FFIC_CODE_U64,
    FFIC_CODE_I128,
    FFIC_CODE_U128,
    FFIC_CODE_F32,
    FFIC_CODE_F64,
    FFIC_CODE_LONG_DOUBLE,
    FFIC_CODE_COMPLEX_F32,
    FFIC_CODE_COMPLEX_F64,
    FFIC_CODE_COMPLEX_LONG_DOUBLE,
    FFIC_CODE_POINTER, /* pointer to data or to a function */
    FFIC_CODE_ARRAY,
    FFIC_CODE_RECORD,
    FFIC_CODE_FUNCTION /* a function type itself: has no values */
} ffic_code;

static inline bool
ffic_code_is_integer(ffic_code code) /* those whose values are Python ints */
{
    return code == FFIC_CODE_BOOL || (code >= FFIC_CODE_I8 && code <= FFIC_CODE_U128);
}

static inline bool
ffic_code_is_character(ffic_code code)
{
    return code >= FFIC_CODE_CHAR && code <= FFIC_CODE_CHAR32;
}

static inline bool
ffic_code_is_float(ffic_code code) /* real floating types */
{
    return code >= FFIC_CODE_F32 && code <= FFIC_CODE_LONG_DOUBLE;
}

static inline bool
ffic_code_is_complex(ffic_code code)
{
    return code >= FFIC_CODE_COMPLEX_F32 && code <= FFIC_CODE_COMPLEX_LONG_DOUBLE;
}

enum {
    FFIC_TYPE_COMPLETE = 0x01,     /* size, align and members are final; see ffic_ctype_complete */
    FFIC_TYPE_SIGNED = 0x02,       /* integer types */
    FFIC_TYPE_OPAQUE = 0x04,       /* record that will never be complete */
    FFIC_TYPE_FLEXIBLE = 0x08,     /* record that ends with a flexible array member (or contains such a one last) */
    FFIC_TYPE_VARIADIC = 0x10,     /* function */
    FFIC_TYPE_PACKED = 0x40,       /* record: members are not aligned as their types say */
    FFIC_TYPE_INTEGER_NAME = 0x80,  /* a `char`-sized integer type that accepts bytes for pointers: char, signed/unsigned char, [u]int8_t */
    FFIC_TYPE_STDCALL = 0x100,     /* function */
    FFIC_TYPE_POINTS_TO_VOID = 0x200, /* pointer to void */
    FFIC_TYPE_PARTIAL = 0x400      /* record: has members that were not declared */
};

typedef struct ffic_cfield {
    PyObject_HEAD
    PyObject *name;    /* str, interned */
    ffic_ctype *type;
    Py_ssize_t offset; /* in bytes */
    int16_t bit_shift; /* -1: an ordinary member */
    int16_t bit_size;  /* -1: an ordinary member */
    uint16_t flags;
} ffic_cfield;

/* Flags of a field.  NOT_POSITIONAL: an initialiser by position passes it over (all but the first member of a union). */
enum { FFIC_FIELD_NOT_POSITIONAL = 0x01 };

struct ffic_plan;

struct ffic_ctype {
    PyObject_HEAD
    ffic_state *state;
    PyObject *module; /* keeps `state` until the last type, and so the last C data, has gone */
    uint8_t kind; /* ffic_kind */
    uint8_t code; /* ffic_code */
    uint16_t flags;
    int32_t align;           /* bytes; 0 while unknown */
    Py_ssize_t size;         /* bytes; -1 while unknown, for opaque types, for `T[]` and function types */
    Py_ssize_t length;       /* array: number of items, -1 for `T[]`; function: number of parameters */
    ffic_ctype *item;        /* pointer: target; array: item; function: result; enum: its integer type */
    PyObject *name;          /* str: how C writes the type, "int(*)[3]" */
    Py_ssize_t name_position; /* where in `name` a declarator goes: 5 */
    ffic_ctype *pointer;     /* the type `this *`, once it was asked for; array: pointer to the item */
    ffic_ctype *open_array;  /* the type `this[]`, once it was asked for */
    PyObject *ffi;           /* record, enum: the ffi whose declaration it is, until it is complete */
    PyObject *key;           /* record, enum: its name in the declaration table, "struct passwd" */
    PyObject *weakrefs;
    union {
        struct {
            PyObject *fields;      /* tuple of ffic_cfield, in source order, those of anonymous members in their place */
            PyObject *by_name;     /* dict: str -> ffic_cfield */
            ffic_cfield **slots;   /* open addressing on the address of the interned name */
            size_t slot_mask;      /* number of slots - 1 */
        } record;
        struct {
            PyObject *names;    /* tuple of str, in source order */
            PyObject *by_name;  /* dict: name -> int */
            PyObject *by_value; /* dict: int -> name, the first one where several have the value */
        } enumeration;
        struct {
            ffic_ctype **parameters; /* `length` of them */
            struct ffic_plan *plans[2]; /* made on the first call: direct, and of typed wrappers */
        } function;
    } u;
};

/* Make the Python types CType and CField, and the primitive types. */
int ffic_ctype_setup(PyObject *module, ffic_state *state);
int ffic_primitives_setup(ffic_state *state);

/* The primitive type of that name (canonical: "unsigned long", "uint8_t"), borrowed, or NULL without an exception. */
ffic_ctype *ffic_primitive_find(ffic_state *state, const char *name, size_t length);
/* The integer or floating type of C that has this size: what `typedef int... T;` stands for.  Borrowed; NULL: there is none. */
ffic_ctype *ffic_primitive_integer(ffic_state *state, size_t size, bool is_signed);
ffic_ctype *ffic_primitive_floating(ffic_state *state, size_t size);

/* Derived types; each is a new reference, NULL with an exception on failure. */
ffic_ctype *ffic_ctype_pointer_to(ffic_ctype *target);
ffic_ctype *ffic_ctype_array_of(ffic_ctype *item, Py_ssize_t length); /* length -1: `T[]` */
ffic_ctype *ffic_ctype_function(ffic_ctype *result, ffic_ctype *const *parameters, Py_ssize_t count, bool variadic,
                                bool is_stdcall);
/* A record or enum that is not complete yet.  `key` is its name in the declaration table. */
ffic_ctype *ffic_ctype_tagged(ffic_state *state, ffic_kind kind, PyObject *ffi, PyObject *key);

/* Look up size and members of a record or enum, if that is still to be done.
 * Returns 0 also for an opaque record, whose size stays -1. */
int ffic_ctype_complete_slow(ffic_ctype *ct);

static inline int
ffic_ctype_complete(ffic_ctype *ct)
{
    return FFIC_LIKELY(__atomic_load_n(&ct->flags, __ATOMIC_ACQUIRE) & FFIC_TYPE_COMPLETE) ? 0
                                                                                          : ffic_ctype_complete_slow(ct);
}

/* Complete `ct` and return its size; -1 with TypeError ("ctype 'struct x' is of unknown size") where it has none. */
Py_ssize_t ffic_ctype_size(ffic_ctype *ct);

/* Find a member.  Borrowed; NULL with an exception (AttributeError only if `raise`) or without. */
ffic_cfield *ffic_ctype_field_slow(ffic_ctype *record, PyObject *name, bool raise);

static inline ffic_cfield *
ffic_ctype_field(ffic_ctype *record, PyObject *name, bool raise)
{
    if (FFIC_LIKELY(record->flags & FFIC_TYPE_COMPLETE) && record->u.record.slots != NULL) {
        size_t mask = record->u.record.slot_mask;
        for (size_t i = ((uintptr_t)name >> 4) & mask;; i = (i + 1) & mask) {
            ffic_cfield *field = record->u.record.slots[i];
            if (field == NULL) {
                break;
            }
            if (field->name == name) {
                return field;
            }
        }
    }
    return ffic_ctype_field_slow(record, name, raise);
}

/* `name` with `declarator` in its place: ("int(*)[3]", "x") -> "int(*x)[3]".  New reference. */
PyObject *ffic_ctype_spell(ffic_ctype *ct, const char *declarator);

static inline bool
ffic_is_ctype(ffic_state *state, PyObject *object)
{
    return Py_IS_TYPE(object, state->ctype_type);
}

/* A pointer to a function? */
static inline bool
ffic_is_function_pointer(const ffic_ctype *ct)
{
    return ct->kind == FFIC_KIND_POINTER && ct->item->kind == FFIC_KIND_FUNCTION;
}

/* Values that typed wrappers pass by pointer. */
static inline bool
ffic_is_wide(const ffic_ctype *ct)
{
    return ct->code == FFIC_CODE_RECORD || ct->code == FFIC_CODE_LONG_DOUBLE || ct->code == FFIC_CODE_I128 ||
           ct->code == FFIC_CODE_U128 || ffic_code_is_complex((ffic_code)ct->code);
}

#endif
