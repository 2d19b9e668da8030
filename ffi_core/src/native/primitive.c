/* The primitive types of this C compiler, as one table. */
#include "primitive.h"

#include <complex.h>
#include <stddef.h>
#include <sys/types.h>
#include <wchar.h>

typedef struct {
    const char *name;
    uint8_t code;
    uint8_t size;
    uint8_t align;
    uint16_t flags;
} primitive;

/* The code of an integer type from its size and sign. */
#define SIGNED_CODE(type)                                                                                              \
    (sizeof(type) == 1 ? FFIC_CODE_I8 : sizeof(type) == 2 ? FFIC_CODE_I16 : sizeof(type) == 4 ? FFIC_CODE_I32 : FFIC_CODE_I64)
#define SIGNED(name, type) {name, SIGNED_CODE(type), sizeof(type), _Alignof(type), FFIC_TYPE_SIGNED}
#define UNSIGNED(name, type) {name, SIGNED_CODE(type) + 1, sizeof(type), _Alignof(type), 0}
#define INTEGER(name, type) {name, SIGNED_CODE(type) + ((type)-1 > 0), sizeof(type), _Alignof(type), (type)-1 > 0 ? 0 : FFIC_TYPE_SIGNED}
#define OTHER(name, type, code) {name, code, sizeof(type), _Alignof(type), 0}

__extension__ typedef __int128 int128;
__extension__ typedef unsigned __int128 uint128;

static const primitive primitives[] = {
    {"void", FFIC_CODE_VOID, 0, 1, 0},
    OTHER("_Bool", _Bool, FFIC_CODE_BOOL),
    {"char", FFIC_CODE_CHAR, 1, 1, FFIC_TYPE_INTEGER_NAME},
    {"signed char", FFIC_CODE_I8, 1, 1, FFIC_TYPE_SIGNED | FFIC_TYPE_INTEGER_NAME},
    {"unsigned char", FFIC_CODE_U8, 1, 1, FFIC_TYPE_INTEGER_NAME},
    SIGNED("short", short),
    UNSIGNED("unsigned short", unsigned short),
    SIGNED("int", int),
    UNSIGNED("unsigned int", unsigned int),
    SIGNED("long", long),
    UNSIGNED("unsigned long", unsigned long),
    SIGNED("long long", long long),
    UNSIGNED("unsigned long long", unsigned long long),
    {"__int128", FFIC_CODE_I128, sizeof(int128), _Alignof(int128), FFIC_TYPE_SIGNED},
    {"unsigned __int128", FFIC_CODE_U128, sizeof(uint128), _Alignof(uint128), 0},
    OTHER("float", float, FFIC_CODE_F32),
    OTHER("double", double, FFIC_CODE_F64),
    OTHER("long double", long double, FFIC_CODE_LONG_DOUBLE),
    OTHER("float _Complex", float _Complex, FFIC_CODE_COMPLEX_F32),
    OTHER("double _Complex", double _Complex, FFIC_CODE_COMPLEX_F64),
    OTHER("long double _Complex", long double _Complex, FFIC_CODE_COMPLEX_LONG_DOUBLE),
    {"wchar_t", sizeof(wchar_t) == 2 ? FFIC_CODE_CHAR16 : FFIC_CODE_CHAR32, sizeof(wchar_t), _Alignof(wchar_t),
     (wchar_t)-1 > 0 ? 0 : FFIC_TYPE_SIGNED},
    {"char16_t", FFIC_CODE_CHAR16, 2, 2, 0},
    {"char32_t", FFIC_CODE_CHAR32, 4, 4, 0},
    {"int8_t", FFIC_CODE_I8, 1, 1, FFIC_TYPE_SIGNED | FFIC_TYPE_INTEGER_NAME},
    {"uint8_t", FFIC_CODE_U8, 1, 1, FFIC_TYPE_INTEGER_NAME},
    SIGNED("int16_t", int16_t),
    UNSIGNED("uint16_t", uint16_t),
    SIGNED("int32_t", int32_t),
    UNSIGNED("uint32_t", uint32_t),
    SIGNED("int64_t", int64_t),
    UNSIGNED("uint64_t", uint64_t),
    {"int_least8_t", FFIC_CODE_I8, 1, 1, FFIC_TYPE_SIGNED | FFIC_TYPE_INTEGER_NAME},
    {"uint_least8_t", FFIC_CODE_U8, 1, 1, FFIC_TYPE_INTEGER_NAME},
    INTEGER("int_least16_t", int_least16_t),
    INTEGER("uint_least16_t", uint_least16_t),
    INTEGER("int_least32_t", int_least32_t),
    INTEGER("uint_least32_t", uint_least32_t),
    INTEGER("int_least64_t", int_least64_t),
    INTEGER("uint_least64_t", uint_least64_t),
    {"int_fast8_t", FFIC_CODE_I8, sizeof(int_fast8_t), _Alignof(int_fast8_t), FFIC_TYPE_SIGNED | FFIC_TYPE_INTEGER_NAME},
    {"uint_fast8_t", FFIC_CODE_U8, sizeof(uint_fast8_t), _Alignof(uint_fast8_t), FFIC_TYPE_INTEGER_NAME},
    INTEGER("int_fast16_t", int_fast16_t),
    INTEGER("uint_fast16_t", uint_fast16_t),
    INTEGER("int_fast32_t", int_fast32_t),
    INTEGER("uint_fast32_t", uint_fast32_t),
    INTEGER("int_fast64_t", int_fast64_t),
    INTEGER("uint_fast64_t", uint_fast64_t),
    INTEGER("intptr_t", intptr_t),
    INTEGER("uintptr_t", uintptr_t),
    INTEGER("intmax_t", intmax_t),
    INTEGER("uintmax_t", uintmax_t),
    INTEGER("ptrdiff_t", ptrdiff_t),
    INTEGER("size_t", size_t),
    INTEGER("ssize_t", Py_ssize_t),
};

_Static_assert(Py_ARRAY_LENGTH(primitives) <= FFIC_PRIMITIVE_MAX, "raise FFIC_PRIMITIVE_MAX");

int
ffic_primitives_setup(ffic_state *state)
{
    for (size_t i = 0; i < Py_ARRAY_LENGTH(primitives); i++) {
        const primitive *p = &primitives[i];
        ffic_ctype *ct = ffic_ctype_primitive(state, p->name, (ffic_code)p->code, p->size, p->align, p->flags);
        if (ct == NULL) {
            return -1;
        }
        state->primitives[i] = ct;
    }
    state->void_type = (ffic_ctype *)Py_NewRef((PyObject *)ffic_primitive_find(state, "void", 4));
    state->char_type = (ffic_ctype *)Py_NewRef((PyObject *)ffic_primitive_find(state, "char", 4));
    state->void_pointer = ffic_ctype_pointer_to(state->void_type);
    state->char_pointer = ffic_ctype_pointer_to(state->char_type);
    return state->void_pointer == NULL || state->char_pointer == NULL ? -1 : 0;
}

ffic_ctype *
ffic_primitive_find(ffic_state *state, const char *name, size_t length)
{
    for (size_t i = 0; i < Py_ARRAY_LENGTH(primitives); i++) {
        const char *known = primitives[i].name;
        if (known[0] == name[0] && strncmp(known, name, length) == 0 && known[length] == '\0') {
            return state->primitives[i];
        }
    }
    return NULL;
}

ffic_ctype *
ffic_primitive_integer(ffic_state *state, size_t size, bool is_signed)
{
    static const char *const names[] = {"signed char", "short", "int", "long", "long long", "__int128"};
    static const char *const unsigned_names[] = {"unsigned char", "unsigned short",     "unsigned int",
                                                 "unsigned long", "unsigned long long", "unsigned __int128"};
    for (size_t i = 0; i < Py_ARRAY_LENGTH(names); i++) {
        const char *name = is_signed ? names[i] : unsigned_names[i];
        ffic_ctype *ct = ffic_primitive_find(state, name, strlen(name));
        if (ct != NULL && (size_t)ct->size == size) {
            return ct;
        }
    }
    return NULL;
}

ffic_ctype *
ffic_primitive_floating(ffic_state *state, size_t size)
{
    return size == sizeof(float)         ? ffic_primitive_find(state, "float", 5)
           : size == sizeof(double)      ? ffic_primitive_find(state, "double", 6)
           : size == sizeof(long double) ? ffic_primitive_find(state, "long double", 11)
                                         : NULL;
}
