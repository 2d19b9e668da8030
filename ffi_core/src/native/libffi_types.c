/* libffi's description of C types. */
#include "libffi_types.h"

#include "libffi_composite.h"

/* Every allocation starts with a link to the one before it.  C may call a callback, and libffi read this, when the interpreter is
 * gone: so the memory is none of its own. */
typedef union block {
    union block *previous;
    long double alignment;
} block;

void *
ffic_libffi_alloc(void **memory, size_t size)
{
    block *made = PyMem_RawCalloc(1, sizeof(block) + size);
    if (made == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    made->previous = *memory;
    *memory = made;
    return made + 1;
}

void
ffic_libffi_free(void *memory)
{
    block *next = memory;
    while (next != NULL) {
        block *previous = next->previous;
        PyMem_RawFree(next);
        next = previous;
    }
}

ffi_type *
ffic_refuse_by_value(const ffic_ctype *ct, const char *place, const char *reason)
{
    bool is_union = ct->kind == FFIC_KIND_UNION;
    PyErr_Format(PyExc_NotImplementedError,
                 "ctype '%U' not supported as %s%s  %s are only supported as %s if the function is 'API mode' and non-variadic "
                 "(i.e. declared inside ffibuilder.cdef()+ffibuilder.set_source() and not taking a final '...' argument)",
                 ct->name, place, reason, is_union ? "Unions" : ct->code == FFIC_CODE_RECORD ? "Such structs" : "Such values",
                 place);
    return NULL;
}

/* Number of scalars in a member, arrays counted out; -1 where it is too many to pass by value sensibly. */
static Py_ssize_t
scalar_count(const ffic_ctype *ct)
{
    Py_ssize_t count = 1;
    while (ct->kind == FFIC_KIND_ARRAY) {
        if (ct->length > 0 && count > 10000 / ct->length) {
            return -1;
        }
        count *= ct->length;
        ct = ct->item;
    }
    return count;
}

static ffi_type *
record_type(ffic_ctype *ct, const char *place, void **memory)
{
#if FFIC_COMPOSITE_BY_SIZE
    if (ffic_is_unknown_to_libffi(ct)) {
        return ffic_libffi_composite(ct, place, memory);
    }
#endif
    if (ct->kind == FFIC_KIND_UNION) {
        return ffic_refuse_by_value(ct, place, " by libffi.");
    }
    if (ct->flags & FFIC_TYPE_PARTIAL) {
        return ffic_refuse_by_value(ct, place, FFIC_MISSING_FIELDS);
    }
    if (ct->flags & FFIC_TYPE_PACKED) {
        return ffic_refuse_by_value(ct, place, FFIC_OTHER_LAYOUT);
    }
    PyObject *fields = ct->u.record.fields;
    Py_ssize_t count = 0;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(fields); i++) {
        const ffic_cfield *field = (ffic_cfield *)PyTuple_GET_ITEM(fields, i);
        Py_ssize_t scalars = scalar_count(field->type);
        if (field->flags & FFIC_FIELD_NOT_POSITIONAL) {
            return ffic_refuse_by_value(ct, place, FFIC_MISSING_FIELDS);
        }
        if (field->bit_size >= 0) {
            return ffic_refuse_by_value(ct, place, ".  It is a struct with bit fields, which libffi does not support.");
        }
        if (scalars < 0) {
            return ffic_refuse_by_value(ct, place, ".  It is too large.");
        }
        if (scalars == 0) {
            return ffic_refuse_by_value(ct, place, ".  It is a struct with a zero-length array, which libffi does not support.");
        }
        count += scalars;
    }
    ffi_type *made = ffic_libffi_alloc(memory, sizeof(ffi_type) + (size_t)(count + 1) * sizeof(ffi_type *));
    if (made == NULL) {
        return NULL;
    }
    made->type = FFI_TYPE_STRUCT;
    made->elements = (ffi_type **)(void *)(made + 1);
    Py_ssize_t next = 0;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(fields); i++) {
        ffic_ctype *type = ((ffic_cfield *)PyTuple_GET_ITEM(fields, i))->type;
        Py_ssize_t scalars = scalar_count(type);
        while (type->kind == FFIC_KIND_ARRAY) {
            type = type->item;
        }
        ffi_type *element = ffic_libffi_type(type, place, memory);
        if (element == NULL) {
            return NULL;
        }
        for (Py_ssize_t k = 0; k < scalars; k++) {
            made->elements[next++] = element;
        }
    }
    /* libffi computes the size when it prepares a call; make it do so now, to see that both agree. */
    ffi_cif cif;
    ffi_type *argument = made;
    if (next == 0 || ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 1, &ffi_type_void, &argument) != FFI_OK ||
        made->size != (size_t)ct->size) {
        return ffic_refuse_by_value(ct, place, FFIC_OTHER_LAYOUT);
    }
    return made;
}

/* libffi has no 128-bit integers.  On System V x86-64 they travel as a struct of two words does that is aligned as they are. */
static ffi_type *
int128_type(ffic_ctype *ct, const char *place, void **memory)
{
#if defined(__x86_64__) && !defined(_WIN32) && !defined(__ILP32__)
    (void)place;
    ffi_type *made = ffic_libffi_alloc(memory, sizeof(ffi_type) + 3 * sizeof(ffi_type *));
    if (made == NULL) {
        return NULL;
    }
    made->type = FFI_TYPE_STRUCT;
    made->size = (size_t)ct->size;
    made->alignment = (unsigned short)ct->align;
    made->elements = (ffi_type **)(void *)(made + 1);
    made->elements[0] = made->elements[1] = &ffi_type_uint64;
    return made;
#else
    (void)memory;
    return ffic_refuse_by_value(ct, place, ".  libffi has no such type.");
#endif
}

ffi_type *
ffic_libffi_type(ffic_ctype *ct, const char *place, void **memory)
{
    switch ((ffic_code)ct->code) {
    case FFIC_CODE_VOID:
        return &ffi_type_void;
    case FFIC_CODE_BOOL:
    case FFIC_CODE_U8:
        return &ffi_type_uint8;
    case FFIC_CODE_CHAR:
        return (char)-1 < 0 ? &ffi_type_sint8 : &ffi_type_uint8;
    case FFIC_CODE_I8:
        return &ffi_type_sint8;
    case FFIC_CODE_I16:
        return &ffi_type_sint16;
    case FFIC_CODE_CHAR16:
    case FFIC_CODE_U16:
        return &ffi_type_uint16;
    case FFIC_CODE_I32:
        return &ffi_type_sint32;
    case FFIC_CODE_CHAR32:
        return (ct->flags & FFIC_TYPE_SIGNED) ? &ffi_type_sint32 : &ffi_type_uint32;
    case FFIC_CODE_U32:
        return &ffi_type_uint32;
    case FFIC_CODE_I64:
        return &ffi_type_sint64;
    case FFIC_CODE_U64:
        return &ffi_type_uint64;
    case FFIC_CODE_F32:
        return &ffi_type_float;
    case FFIC_CODE_F64:
        return &ffi_type_double;
    case FFIC_CODE_LONG_DOUBLE:
        return &ffi_type_longdouble;
#ifdef FFI_TARGET_HAS_COMPLEX_TYPE
    case FFIC_CODE_COMPLEX_F32:
        return &ffi_type_complex_float;
    case FFIC_CODE_COMPLEX_F64:
        return &ffi_type_complex_double;
    case FFIC_CODE_COMPLEX_LONG_DOUBLE:
        return &ffi_type_complex_longdouble;
#endif
    case FFIC_CODE_I128:
    case FFIC_CODE_U128:
        return int128_type(ct, place, memory);
    case FFIC_CODE_POINTER:
        return &ffi_type_pointer;
    case FFIC_CODE_RECORD:
        return ffic_ctype_size(ct) < 0 ? NULL : record_type(ct, place, memory);
    default:
        return ffic_refuse_by_value(ct, place, ".  libffi has no such type.");
    }
}
