/* Records by value in the calling convention of AArch64 (AAPCS64).
 *
 * Up to four members of one floating type, and nothing else, travel in floating registers, also where they share their
 * places in a union.  All other records of up to 16 bytes travel as one or two words, larger ones as a pointer to a copy. */
#include "libffi_composite.h"

#include "libffi_types.h"

#if FFIC_COMPOSITE_BY_SIZE

enum { MOST_FLOATS = 4, WORD = 8, MOST_WORDS = 2 };

bool
ffic_is_unknown_to_libffi(const ffic_ctype *record)
{
    if (record->kind == FFIC_KIND_UNION || (record->flags & FFIC_TYPE_PACKED)) {
        return true;
    }
    PyObject *fields = record->u.record.fields;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(fields); i++) {
        const ffic_cfield *field = (ffic_cfield *)PyTuple_GET_ITEM(fields, i);
        if (field->bit_size >= 0 || (field->flags & FFIC_FIELD_NOT_POSITIONAL)) {
            return true;
        }
    }
    return false;
}

/* What is known so far of a record that may be made of one floating type. */
typedef struct {
    ffi_type *type;   /* NULL: none was seen */
    unsigned covered; /* a bit for each place that a member has */
} floats;

static bool
note_scalar(floats *seen, ffi_type *type, Py_ssize_t offset)
{
    Py_ssize_t size = (Py_ssize_t)type->size;
    if ((seen->type != NULL && seen->type != type) || offset % size != 0 || offset / size >= MOST_FLOATS) {
        return false;
    }
    seen->type = type;
    seen->covered |= 1u << (offset / size);
    return true;
}

/* Look at what is at `offset` of a record.  False: the record is not made of one floating type. */
static bool
note(floats *seen, const ffic_ctype *ct, Py_ssize_t offset)
{
    switch ((ffic_code)ct->code) {
    case FFIC_CODE_F32:
        return note_scalar(seen, &ffi_type_float, offset);
    case FFIC_CODE_F64:
        return note_scalar(seen, &ffi_type_double, offset);
    case FFIC_CODE_ARRAY:
        for (Py_ssize_t i = 0; i < ct->length; i++) {
            if (i >= MOST_FLOATS || !note(seen, ct->item, offset + i * ct->item->size)) {
                return false;
            }
        }
        return true;
    case FFIC_CODE_RECORD:
        for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(ct->u.record.fields); i++) {
            const ffic_cfield *field = (ffic_cfield *)PyTuple_GET_ITEM(ct->u.record.fields, i);
            if (field->bit_size >= 0 || !note(seen, field->type, offset + field->offset)) {
                return false;
            }
        }
        return true;
    default:
        return false;
    }
}

/* How many members of one floating type the record is made of; 0 where it is not. */
static size_t
count_floats(const ffic_ctype *record, ffi_type **type)
{
    floats seen = {0};
    if (!note(&seen, record, 0) || seen.type == NULL) {
        return 0;
    }
    size_t count = (size_t)record->size / seen.type->size;
    *type = seen.type;
    return count <= MOST_FLOATS && count * seen.type->size == (size_t)record->size && seen.covered == (1u << count) - 1 ? count : 0;
}

ffi_type *
ffic_libffi_composite(const ffic_ctype *record, const char *place, void **memory)
{
    if (record->flags & FFIC_TYPE_PARTIAL) {
        return ffic_refuse_by_value(record, place, FFIC_MISSING_FIELDS);
    }
    if (record->align > WORD || record->size == 0) {
        return ffic_refuse_by_value(record, place, FFIC_OTHER_LAYOUT);
    }
    ffi_type *element = &ffi_type_uint64;
    size_t count = count_floats(record, &element);
    if (count == 0) {
        /* Of one that is passed as a pointer to a copy, only the size matters. */
        element = &ffi_type_uint64;
        count = record->size > WORD ? MOST_WORDS : 1;
    }
    ffi_type *made = ffic_libffi_alloc(memory, sizeof(ffi_type) + (count + 1) * sizeof(ffi_type *));
    if (made == NULL) {
        return NULL;
    }
    made->type = FFI_TYPE_STRUCT;
    made->size = (size_t)record->size; /* libffi leaves it as it is where there is one */
    made->alignment = (unsigned short)record->align;
    made->elements = (ffi_type **)(void *)(made + 1);
    for (size_t i = 0; i < count; i++) {
        made->elements[i] = element;
    }
    return made;
}

#endif
