/* The values of bit-fields. */
#include "bit_field.h"

#include "convert_parts.h"
#include "error_note.h"

/* The bits of a field, the lowest ones first. */
typedef struct {
    uint64_t word[2];
} field_bits;

/* A bit-field's bits count from the least significant one of the unit at `data`.  Only the bytes that hold them are touched: the
 * unit of a packed record may reach beyond the record. */
static size_t
byte_index(const ffic_cfield *field, int i)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return (size_t)(field->type->size - 1 - i);
#else
    (void)field;
    return (size_t)i;
#endif
}

/* The byte whose lowest bit is bit `position` of `bits`, which may be negative. */
static unsigned char
byte_at(const field_bits *bits, int position)
{
    uint64_t byte;
    if (position < 0) {
        byte = bits->word[0] << -position;
    }
    else if (position < 64) {
        byte = bits->word[0] >> position;
        if (position > 56) {
            byte |= bits->word[1] << (64 - position);
        }
    }
    else {
        byte = bits->word[1] >> (position - 64);
    }
    return (unsigned char)byte;
}

static void
add_byte(field_bits *bits, uint64_t byte, int position)
{
    if (position < 0) {
        bits->word[0] |= byte >> -position;
    }
    else if (position < 64) {
        bits->word[0] |= byte << position;
        if (position > 56) {
            bits->word[1] |= byte >> (64 - position);
        }
    }
    else {
        bits->word[1] |= byte << (position - 64);
    }
}

/* As many ones as the field is wide. */
static field_bits
ones(const ffic_cfield *field)
{
    int size = field->bit_size;
    field_bits mask = {{UINT64_MAX, 0}};
    if (size < 64) {
        mask.word[0] = (UINT64_C(1) << size) - 1;
    }
    else if (size > 64) {
        mask.word[1] = size >= 128 ? UINT64_MAX : (UINT64_C(1) << (size - 64)) - 1;
    }
    return mask;
}

static bool
is_signed(const ffic_cfield *field)
{
    const ffic_ctype *ct = field->type; /* `char` is a byte, whatever its sign is in C: as in int(ffi.cast("char", -1)) */
    return (ct->flags & FFIC_TYPE_SIGNED) && ct->code != FFIC_CODE_BOOL;
}

/* Whether the field's highest bit is set and means a sign. */
static bool
is_negative(const ffic_cfield *field, const field_bits *bits)
{
    int last = field->bit_size - 1;
    return last >= 0 && is_signed(field) && (bits->word[last / 64] >> (last % 64) & 1);
}

PyObject *
ffic_load_bits(const ffic_cfield *field, const char *data)
{
    const unsigned char *bytes = (const unsigned char *)data;
    int shift = field->bit_shift, size = field->bit_size;
    field_bits bits = {{0, 0}}, mask = ones(field);
    for (int i = shift / 8; i * 8 < shift + size; i++) {
        add_byte(&bits, bytes[byte_index(field, i)], i * 8 - shift);
    }
    bits.word[0] &= mask.word[0];
    bits.word[1] &= mask.word[1];
    bool negative = is_negative(field, &bits);
    if (negative) {
        bits.word[0] |= ~mask.word[0];
        bits.word[1] |= ~mask.word[1];
    }
    if (size > 64) {
        return ffic_int128_from_words(bits.word[0], bits.word[1], negative);
    }
    if (field->type->code == FFIC_CODE_BOOL) {
        return PyBool_FromLong(bits.word[0] != 0);
    }
    return negative ? PyLong_FromLongLong((long long)bits.word[0]) : PyLong_FromUnsignedLongLong(bits.word[0]);
}

/* The one bit of `int flag : 1` takes 1 too, which C reads as -1. */
static bool
is_flag(const ffic_cfield *field)
{
    return field->bit_size == 1 && is_signed(field);
}

/* 2**`bits` - 1 as a Python int, or the number one below 0 that a sign bit there stands for. */
static PyObject *
limit(int bits, bool negative)
{
    PyObject *one = PyLong_FromLong(negative ? -1 : 1), *count = PyLong_FromLong(bits), *result = NULL;
    PyObject *power = one == NULL || count == NULL ? NULL : PyNumber_Lshift(one, count);
    if (power != NULL) {
        result = negative ? Py_NewRef(power) : PyNumber_Subtract(power, one);
    }
    Py_XDECREF(one);
    Py_XDECREF(count);
    Py_XDECREF(power);
    return result;
}

static int
out_of_range(const ffic_cfield *field, PyObject *value)
{
    bool has_sign = is_signed(field) && field->bit_size > 0;
    int width = field->bit_size - has_sign;
    PyObject *smallest = has_sign ? limit(width, true) : PyLong_FromLong(0);
    PyObject *largest = limit(is_flag(field) ? 1 : width, false);
    if (smallest != NULL && largest != NULL) {
        PyErr_Format(PyExc_OverflowError, "value %S outside the range allowed by the bit field width: %S <= x <= %S", value,
                     smallest, largest);
        ffic_error_note("bit field '%U': %d bits of '%U'", field->name, (int)field->bit_size, field->type->name);
    }
    Py_XDECREF(smallest);
    Py_XDECREF(largest);
    return -1;
}

/* Take the bits of a Python number.  OverflowError where the field cannot hold it. */
static int
to_bits(const ffic_cfield *field, PyObject *value, field_bits *bits)
{
    int64_t small;
    long rest;
    if (FFIC_LIKELY(ffic_small_int(value, &small))) {
        bits->word[0] = (uint64_t)small;
        bits->word[1] = small < 0 ? UINT64_MAX : 0;
        rest = small < 0 ? -1 : 0;
    }
    else {
        PyObject *integer = ffic_as_int(field->type, value, NULL);
        int result = integer == NULL ? -1 : ffic_int128_to_words(integer, &bits->word[0], &bits->word[1], &rest);
        Py_XDECREF(integer);
        if (result < 0) {
            return -1;
        }
    }
    field_bits mask = ones(field), kept = {{bits->word[0] & mask.word[0], bits->word[1] & mask.word[1]}}, whole = kept;
    bool negative = is_negative(field, &kept);
    if (negative) {
        whole.word[0] |= ~mask.word[0];
        whole.word[1] |= ~mask.word[1];
    }
    if (is_flag(field) && rest == 0 && bits->word[0] == 1 && bits->word[1] == 0) {
        return 0;
    }
    if (rest != (negative ? -1 : 0) || whole.word[0] != bits->word[0] || whole.word[1] != bits->word[1]) {
        return out_of_range(field, value);
    }
    *bits = kept;
    return 0;
}

int
ffic_store_bits(const ffic_cfield *field, char *data, PyObject *value)
{
    unsigned char *bytes = (unsigned char *)data;
    int shift = field->bit_shift, size = field->bit_size;
    field_bits bits;
    if (to_bits(field, value, &bits) < 0) {
        return -1;
    }
    field_bits mask = ones(field);
    for (int i = shift / 8; i * 8 < shift + size; i++) {
        int position = i * 8 - shift;
        unsigned char *byte = &bytes[byte_index(field, i)];
        *byte = (unsigned char)((*byte & ~byte_at(&mask, position)) | byte_at(&bits, position));
    }
    return 0;
}
