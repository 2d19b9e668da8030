/* The declaration table of one generated module, as plain C data.
 *
 * The C emitter pastes this file into every module that it writes, and the native runtime includes it:
 * it is the only thing the two sides share.  It names nothing of any Python's C API.
 * A change of meaning or layout raises FFIC_TABLE_VERSION; the runtime refuses versions that it does
 * not know, and says which package to upgrade.
 *
 * Types are written in C's own type syntax ("struct passwd *(char const *)"); the runtime parses them on
 * first use.  Both arrays are sorted by strcmp order of their names.
 *
 * Names and types are numbers: where in `ffic_table.texts` they begin.  A pointer would need a relocation of 24 bytes,
 * and its page would be private to each process that loads the module.
 */
#ifndef FFIC_TABLE_H
#define FFIC_TABLE_H

#include <stddef.h>
#include <stdint.h>

#define FFIC_TABLE_VERSION 2u

/* Kinds of a global: a name that `lib` has. */
enum ffic_global_kind {
    FFIC_FUNCTION = 1, /* a C function, macro or inline function that can be called */
    FFIC_VARIABLE = 2, /* a C variable, read and written in place */
    FFIC_CONSTANT = 3, /* a value that does not change: macro, enumerator, `static const` */
    FFIC_PYTHON = 4    /* extern "Python": C calls it, Python supplies the body */
};

/* Kinds of a type name: "uid_t", "struct passwd", "union u", "enum color". */
enum ffic_type_kind {
    FFIC_TYPEDEF = 1,   /* `type` is the type expression it stands for */
    FFIC_INTEGER = 2,   /* typedef int... T;   size and FFIC_SIGNED say which integer type it is */
    FFIC_FLOATING = 3,  /* typedef float... T; size says which floating type it is */
    FFIC_RECORD = 4,    /* struct or union (the name's first word says which) */
    FFIC_ENUM = 5       /* `type` lists the enumerators, "RED,GREEN"; their values are globals */
};

/* Flags, of globals and of types. */
#define FFIC_KEEP_GIL 0x01u /* function: called without releasing the GIL */
#define FFIC_SIGNED 0x02u   /* integer typedef, enum: the C type is signed */
#define FFIC_OPAQUE 0x04u   /* record: declared, never defined */
#define FFIC_PARTIAL 0x08u  /* record: the declaration ended with `...;` */
#define FFIC_CHECKED 0x10u  /* record: declared_* hold what the declaration as written would give */
#define FFIC_SPELLED 0x20u  /* function: each " const" taken out, `type` is spelled as the runtime spells it */
#define FFIC_VARIADIC 0x40u /* function: `call` is the function itself */
#define FFIC_WIDE 0x80u     /* function: `call` is no function of the declared type, `ffic_table.direct[index]` is one */

struct ffic_global {
    /* FUNCTION: the typed wrapper.  It has the function's own signature, except that wide values
     *   (struct, union, long double, complex, __int128) are passed as pointers to them, and that a wide
     *   result is stored through an additional first parameter and the wrapper returns void.
     *   A variadic function has no wrapper.
     * VARIABLE: `void *(*)(void)`, returns the variable's address.
     * CONSTANT with a type: `void (*)(T *)`, stores the value.
     * PYTHON: the C function that C code calls (a trampoline into `struct ffic_python_function`). */
    void (*call)(void);
    uint64_t size; /* VARIABLE: sizeof */
    uint32_t name;
    /* FUNCTION, PYTHON: the function type.  VARIABLE: its type.
     * CONSTANT: 0 for an integer of unknown value; "=42" for an integer declared with that value;
     * otherwise the type of the value. */
    uint32_t type;
    /* FUNCTION that is FFIC_WIDE: index in `ffic_table.direct`.  CONSTANT of integer type: its index for
     * `ffic_table.constant`.  PYTHON: index in `ffic_table.python`. */
    uint32_t index;
    uint16_t kind;  /* enum ffic_global_kind */
    uint16_t flags; /* FFIC_* */
};

struct ffic_type {
    uint32_t name;
    uint32_t type;
    uint64_t size;
    uint64_t declared_size;
    uint32_t align;
    uint32_t declared_align;
    uint32_t first_field;
    uint32_t field_count;
    uint16_t kind;  /* enum ffic_type_kind */
    uint16_t flags; /* FFIC_* */
};

struct ffic_field {
    uint32_t name; /* "" for an anonymous struct or union, whose fields are the parent's as well */
    uint32_t type;
    uint64_t offset;
    uint64_t size; /* sizeof the field; for `[]` (uint64_t)-1; for a bit-field its declared width in bits */
    uint64_t declared_offset;
    uint64_t declared_size;
    /* A bit-field: stores all ones in the field of the zeroed record it is given.  Otherwise NULL. */
    void (*set_ones)(void *record);
};

/* The value of an integer constant, as the compiler has it. */
struct ffic_integer {
    uint64_t magnitude_bits; /* the value converted to uint64_t */
    int negative;
};

/* One extern "Python" function.  The trampoline stores each argument in a 16-byte slot of `frame`
 * (wide arguments: a pointer), calls `runtime->call_python`, and reads the result from slot 0. */
struct ffic_python_function {
    const char *name;
    const char *type;
    uint64_t result_size; /* bytes of the result, 0 for void */
};

struct ffic_table {
    uint32_t version; /* FFIC_TABLE_VERSION of the generator */
    uint32_t table_size; /* sizeof(struct ffic_table) */
    const char *module_name; /* dotted.  It and what stands before it stay where they are in all versions */
    const char *texts;       /* one after the other, each ended by a zero; the first is "" */
    const struct ffic_global *globals;
    const struct ffic_type *types;
    const struct ffic_field *fields;
    const struct ffic_python_function *python;
    void (*const *direct)(void); /* functions with exactly the declared signature, for function pointers */
    const char *const *includes; /* dotted names of modules whose declarations are included; ends with NULL */
    void (*constant)(uint64_t index, struct ffic_integer *value);
    uint32_t global_count;
    uint32_t type_count;
    uint32_t field_count;
    uint32_t python_count;
    /* Memory of the module's own for the runtime: its module definition. */
    void **storage;
    uint32_t storage_words;
    uint32_t reserved;
};

/* What a generated module gets from `ffi_core._native._generated_module` (a capsule of that name). */
struct ffic_runtime {
    uint32_t version; /* FFIC_TABLE_VERSION of the runtime */
    uint32_t size;    /* sizeof(struct ffic_runtime) */
    /* Returns the module definition (a new or borrowed object for PyInit_ to return), NULL with an exception set. */
    void *(*module_init)(const struct ffic_table *table);
    /* Calls the Python body of an extern "Python" function. */
    void (*call_python)(const struct ffic_table *table, uint32_t index, void *frame);
    /* Embedding: makes the module in this interpreter, and runs the init code (UTF-8).  `started`: the library started Python,
     * so it ends with the program.  Returns 0, or -1 after it printed what went wrong. */
    int (*embed)(const struct ffic_table *table, const char *init_code, int started);
};

#endif
