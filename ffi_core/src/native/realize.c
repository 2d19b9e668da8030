/* Realising declarations: from names in the declaration table to C type objects and constants, on first use. */
#include "boundary.h"
#include "convert.h"
#include "error_note.h"
#include "primitive.h"
#include "record.h"
#include "type_parser.h"

/* What the table says of a constant is its value, or nothing: its type is that of the value. */
static bool
is_integer(const ffic_declared *declared)
{
    return declared->type == NULL || declared->type[0] == '=';
}

/* ---- constants --------------------------------------------------------------------------------- */

static PyObject *
generated_integer(const ffic_declared *declared)
{
    struct ffic_integer value = {0, 0};
    declared->ffi->declarations.table->constant(declared->generated->index, &value);
    PyObject *result = value.negative ? PyLong_FromLongLong((long long)value.magnitude_bits)
                                      : PyLong_FromUnsignedLongLong(value.magnitude_bits);
    if (result == NULL || declared->type == NULL) {
        return result;
    }
    /* "=42": the declaration says a value, and the compiler must agree. */
    PyObject *text = PyObject_Str(result);
    const char *actual = text == NULL ? NULL : PyUnicode_AsUTF8(text);
    return actual != NULL && strcmp(actual, declared->type + 1) == 0 ? (Py_DECREF(text), result) : (Py_DECREF(result), text);
}

/* A constant that is not just an integer: its type is known, and a function stores the value. */
static PyObject *
generated_typed(const ffic_declared *declared, PyObject *name)
{
    ffic_ctype *ct = ffic_parse_type(declared->ffi, declared->type, -1);
    if (ct == NULL) {
        return NULL;
    }
    PyObject *result = NULL;
    if (ct->code == FFIC_CODE_RECORD && ffic_ctype_complete(ct) == 0 && (ct->flags & FFIC_TYPE_OPAQUE)) {
        PyErr_Format(declared->ffi->state->error, "constant '%U' is of type '%U', whose size is not known", name, ct->name);
        Py_DECREF(ct);
        return NULL;
    }
    Py_ssize_t size = ffic_ctype_size(ct);
    char *memory = size < 0 ? NULL : PyMem_Calloc(1, (size_t)size + 1);
    if (memory != NULL) {
        ((void (*)(void *))declared->generated->call)(memory);
        result = ct->code == FFIC_CODE_RECORD || ct->code == FFIC_CODE_ARRAY ? ffic_cdata_copy(ct, memory)
                                                                             : ffic_load(ct, memory, NULL);
        PyMem_Free(memory);
    }
    else if (size >= 0) {
        PyErr_NoMemory();
    }
    Py_DECREF(ct);
    return result;
}

/* The value that the cdef says is not that of the C code, which is in `text`. */
static void
refuse_value(const ffic_state *state, PyObject *name, PyObject *text)
{
    PyObject *number = PyNumber_Long(text);
    PyObject *zero = number == NULL ? NULL : PyLong_FromLong(0);
    int positive = zero == NULL ? -1 : PyObject_RichCompareBool(number, zero, Py_GT);
    PyObject *hexadecimal = positive <= 0 ? NULL : PyNumber_ToBase(number, 16);
    if (positive == 0) {
        PyErr_Format(state->error, "the C compiler says '%U' is equal to %U, but the cdef disagrees", name, text);
    }
    else if (hexadecimal != NULL) {
        PyErr_Format(state->error, "the C compiler says '%U' is equal to %U (%U), but the cdef disagrees", name, text, hexadecimal);
    }
    Py_XDECREF(hexadecimal);
    Py_XDECREF(zero);
    Py_XDECREF(number);
}

PyObject *
ffic_constant_value(const ffic_declared *declared, PyObject *name)
{
    if (declared->generated == NULL) {
        if (declared->value == Py_None) {
            PyErr_Format(declared->ffi->state->missing,
                         "the value of '%U' was declared as '...': only a compiler knows it (use API mode)", name);
            return NULL;
        }
        return Py_NewRef(declared->value);
    }
    if (!is_integer(declared)) {
        return generated_typed(declared, name);
    }
    PyObject *value = generated_integer(declared);
    if (value != NULL && PyUnicode_Check(value)) {
        refuse_value(declared->ffi->state, name, value);
        Py_CLEAR(value);
    }
    return value;
}

PyObject *
ffic_find_constant(ffic_ffi *ffi, PyObject *name)
{
    ffic_declared declared;
    if (ffic_find_declared(ffi, name, &declared) <= 0 || declared.kind != FFIC_CONSTANT) {
        return NULL;
    }
    return ffic_constant_value(&declared, name);
}

/* The value of an enumerator for its enum, where the compiler is believed: a wrong one in the cdef is an error of
 * `lib.NAME`, not of everything that has to do with the enum. */
static PyObject *
enumerator_value(ffic_ffi *ffi, PyObject *name)
{
    ffic_declared declared;
    if (ffic_find_declared(ffi, name, &declared) <= 0 || declared.kind != FFIC_CONSTANT) {
        return NULL;
    }
    if (declared.generated == NULL || !is_integer(&declared)) {
        return ffic_constant_value(&declared, name);
    }
    PyObject *value = generated_integer(&declared);
    if (value != NULL && PyUnicode_Check(value)) {
        Py_SETREF(value, PyNumber_Long(value));
    }
    return value;
}

/* ---- typedefs ---------------------------------------------------------------------------------- */

/* The predefined names that are not types of their own. */
static ffic_ctype *
predefined(ffic_state *state, const char *name, size_t length)
{
    ffic_ctype *ct = ffic_primitive_find(state, name, length);
    if (ct == NULL && length == 4 && memcmp(name, "bool", 4) == 0) {
        ct = ffic_primitive_find(state, "_Bool", 5);
    }
    if (ct == NULL && length == 4 && memcmp(name, "FILE", 4) == 0) {
        ct = state->file_type;
    }
    return (ffic_ctype *)Py_XNewRef((PyObject *)ct);
}

static ffic_ctype *
generated_typedef(ffic_ffi *ffi, const struct ffic_type *entry)
{
    const struct ffic_table *table = ffi->declarations.table;
    ffic_ctype *ct;
    switch (entry->kind) {
    case FFIC_TYPEDEF:
        return ffic_parse_type(ffi, ffic_table_text(table, entry->type), entry->size > 0 ? (Py_ssize_t)entry->size : -1);
    case FFIC_INTEGER:
        ct = ffic_primitive_integer(ffi->state, (size_t)entry->size, (entry->flags & FFIC_SIGNED) != 0);
        break;
    case FFIC_FLOATING:
        ct = ffic_primitive_floating(ffi->state, (size_t)entry->size);
        break;
    default:
        return NULL;
    }
    if (ct == NULL) {
        PyErr_SetString(ffi->state->error, entry->kind == FFIC_FLOATING
                                               ? "primitive floating-point type with an unexpected size (or not a float type at all)"
                                               : "primitive integer type with an unexpected size (or not an integer type at all)");
        ffic_error_note("'%s' has %llu bytes in C", ffic_table_text(table, entry->name), (unsigned long long)entry->size);
    }
    return (ffic_ctype *)Py_XNewRef((PyObject *)ct);
}

static ffic_ctype *
tuple_typedef(ffic_ffi *ffi, PyObject *name, PyObject *entry)
{
    const char *kind, *type;
    if (!PyTuple_Check(entry) || PyTuple_GET_SIZE(entry) != 2 || !PyArg_ParseTuple(entry, "ss", &kind, &type)) {
        PyErr_Format(PyExc_ValueError, "malformed declaration of '%U': %R", name, entry);
        return NULL;
    }
    if (strcmp(kind, "unknown") == 0) {
        PyErr_Format(ffi->state->missing, "the type '%U' was declared as '%s...': only a compiler knows its size (use API mode)",
                     name, type);
        return NULL;
    }
    return ffic_parse_type(ffi, type, -1);
}

static ffic_ctype *
declared_typedef(ffic_ffi *ffi, PyObject *name)
{
    if (ffi->declarations.table != NULL) {
        const char *text = PyUnicode_AsUTF8(name);
        const struct ffic_type *entry = text == NULL ? NULL : ffic_table_type(ffi->declarations.table, text);
        if (entry != NULL) {
            return generated_typedef(ffi, entry);
        }
    }
    if (ffi->declarations.types != NULL && !PyErr_Occurred()) {
        PyObject *entry = ffic_declared_type(ffi, name);
        if (entry != NULL) {
            ffic_ctype *ct = tuple_typedef(ffi, name, entry);
            Py_DECREF(entry);
            return ct;
        }
    }
    return NULL;
}

static ffic_ctype *
find_typedef(ffic_ffi *ffi, PyObject *name)
{
    PyObject *known = ffic_dict_get(ffi->parsed, name);
    if (known != NULL || PyErr_Occurred()) {
        return (ffic_ctype *)known;
    }
    if (Py_EnterRecursiveCall(" while following typedefs")) {
        return NULL;
    }
    ffic_ctype *ct = declared_typedef(ffi, name);
    PyObject *includes = ffi->declarations.includes;
    for (Py_ssize_t i = 0; ct == NULL && !PyErr_Occurred() && includes != NULL && i < PyList_GET_SIZE(includes); i++) {
        ct = find_typedef((ffic_ffi *)PyList_GET_ITEM(includes, i), name);
    }
    Py_LeaveRecursiveCall();
    if (ct != NULL && PyDict_SetItem(ffi->parsed, name, (PyObject *)ct) < 0) {
        Py_CLEAR(ct);
    }
    return ct;
}

ffic_ctype *
ffic_find_typedef(ffic_ffi *ffi, const char *name, size_t length)
{
    PyObject *key = PyUnicode_FromStringAndSize(name, (Py_ssize_t)length);
    if (key == NULL) {
        return NULL;
    }
    ffic_ctype *ct = find_typedef(ffi, key);
    Py_DECREF(key);
    return ct != NULL || PyErr_Occurred() ? ct : predefined(ffi->state, name, length);
}

/* ---- records and enums ------------------------------------------------------------------------- */

static int
declares_type(ffic_ffi *ffi, PyObject *key)
{
    if (ffi->declarations.table != NULL) {
        const char *text = PyUnicode_AsUTF8(key);
        if (text == NULL) {
            return -1;
        }
        if (ffic_table_type(ffi->declarations.table, text) != NULL) {
            return 1;
        }
    }
    return ffic_declares_type(ffi, key);
}

static ffic_kind
kind_of_key(PyObject *key)
{
    switch (PyUnicode_READ_CHAR(key, 0)) {
    case 's':
        return FFIC_KIND_STRUCT;
    case 'u':
        return FFIC_KIND_UNION;
    default:
        return FFIC_KIND_ENUM;
    }
}

ffic_ctype *
ffic_find_tagged(ffic_ffi *ffi, PyObject *key)
{
    PyObject *known = ffic_dict_get(ffi->tagged, key);
    if (known != NULL || PyErr_Occurred()) {
        return (ffic_ctype *)known;
    }
    /* What FILE stands for is one type for all: a FILE * of one library is good for another. */
    if (PyUnicode_CompareWithASCIIString(key, "struct _IO_FILE") == 0 ||
        PyUnicode_CompareWithASCIIString(key, "struct $FILE") == 0) {
        return (ffic_ctype *)Py_NewRef((PyObject *)ffi->state->file_type);
    }
    int declared = declares_type(ffi, key);
    if (declared < 0) {
        return NULL;
    }
    if (declared) {
        ffic_ctype *ct = ffic_ctype_tagged(ffi->state, kind_of_key(key), (PyObject *)ffi, key);
        /* An enum has no forward declarations, and its representation is wanted wherever it is used: complete it now. */
        if (ct == NULL || (ct->kind == FFIC_KIND_ENUM && ffic_ctype_complete(ct) < 0)) {
            Py_XDECREF(ct);
            return NULL;
        }
        /* Another thread may have been here too: the first one in the dict is the type. */
        PyObject *kept = PyDict_SetDefault(ffi->tagged, key, (PyObject *)ct);
        Py_XINCREF(kept);
        Py_DECREF(ct);
        return (ffic_ctype *)kept;
    }
    PyObject *includes = ffi->declarations.includes;
    for (Py_ssize_t i = 0; includes != NULL && i < PyList_GET_SIZE(includes); i++) {
        ffic_ctype *ct = ffic_find_tagged((ffic_ffi *)PyList_GET_ITEM(includes, i), key);
        if (ct != NULL || PyErr_Occurred()) {
            return ct;
        }
    }
    return NULL;
}

/* Fill in an enum from its representation and the list of its enumerators, "RED,GREEN". */
static int
complete_enum(ffic_ctype *ct, ffic_ctype *base, const char *list)
{
    ffic_ffi *ffi = (ffic_ffi *)ct->ffi;
    PyObject *text = PyUnicode_FromString(list);
    PyObject *comma = PyUnicode_FromString(",");
    PyObject *names = NULL, *by_name = PyDict_New(), *by_value = PyDict_New(), *as_tuple = NULL;
    int result = -1;
    if (text == NULL || comma == NULL || by_name == NULL || by_value == NULL) {
        goto done;
    }
    names = *list == '\0' ? PyList_New(0) : PyUnicode_Split(text, comma, -1);
    as_tuple = names == NULL ? NULL : PyList_AsTuple(names);
    if (as_tuple == NULL) {
        goto done;
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(as_tuple); i++) {
        PyObject *name = PyTuple_GET_ITEM(as_tuple, i);
        PyObject *value = enumerator_value(ffi, name);
        if (value == NULL) {
            if (!PyErr_Occurred()) {
                PyErr_Format(ffi->state->error, "'%U': the enumerator '%U' has no value", ct->name, name);
            }
            goto done;
        }
        int failed = PyDict_SetItem(by_name, name, value) < 0 || PyDict_SetDefault(by_value, value, name) == NULL;
        Py_DECREF(value);
        if (failed) {
            goto done;
        }
    }
    if (ct->flags & FFIC_TYPE_COMPLETE) { /* another thread was quicker */
        result = 0;
        goto done;
    }
    ct->code = base->code;
    ct->size = base->size;
    ct->align = base->align;
    ct->item = (ffic_ctype *)Py_NewRef((PyObject *)base);
    ct->u.enumeration.names = Py_NewRef(as_tuple);
    ct->u.enumeration.by_name = Py_NewRef(by_name);
    ct->u.enumeration.by_value = Py_NewRef(by_value);
    uint16_t flags = (uint16_t)(ct->flags | FFIC_TYPE_COMPLETE | (base->flags & FFIC_TYPE_SIGNED));
    __atomic_store_n(&ct->flags, flags, __ATOMIC_RELEASE);
    result = 0;
done:
    Py_XDECREF(text);
    Py_XDECREF(comma);
    Py_XDECREF(names);
    Py_XDECREF(as_tuple);
    Py_XDECREF(by_name);
    Py_XDECREF(by_value);
    return result;
}

static int
complete_generated(ffic_ctype *ct, const struct ffic_type *entry)
{
    ffic_ffi *ffi = (ffic_ffi *)ct->ffi;
    if (entry->kind != FFIC_ENUM) {
        return ffic_record_from_table(ct, ffi->declarations.table, entry);
    }
    ffic_ctype *base = ffic_primitive_integer(ffi->state, (size_t)entry->size, (entry->flags & FFIC_SIGNED) != 0);
    /* gcc and MSVC give enums the types int and unsigned int, never a longer name of the same size. */
    if (base == NULL) {
        PyErr_Format(ffi->state->error, "'%U': no integer type of %llu bytes", ct->name, (unsigned long long)entry->size);
        return -1;
    }
    return complete_enum(ct, base, ffic_table_text(ffi->declarations.table, entry->type));
}

static int
complete_declared(ffic_ctype *ct, PyObject *entry)
{
    ffic_ffi *ffi = (ffic_ffi *)ct->ffi;
    if (ct->kind != FFIC_KIND_ENUM) {
        return ffic_record_from_tuple(ct, entry);
    }
    const char *kind, *list, *base_name;
    int partial;
    if (!PyTuple_Check(entry) || !PyArg_ParseTuple(entry, "ssis", &kind, &list, &partial, &base_name)) {
        return -1;
    }
    bool is_opaque = *list == '\0' && *base_name == '\0';
    if (is_opaque && PyErr_WarnFormat(PyExc_UserWarning, 1,
                                      "'%U' has no values explicitly defined; guessing that it is equivalent to 'unsigned int'",
                                      ct->name) < 0) {
        return -1;
    }
    base_name = is_opaque ? "unsigned int" : base_name;
    ffic_ctype *base = ffic_primitive_find(ffi->state, base_name, strlen(base_name));
    if (base == NULL) {
        PyErr_Format(ffi->state->missing, "'%U' was declared with '...': only a compiler knows its values (use API mode)", ct->name);
        return -1;
    }
    return complete_enum(ct, base, list);
}

static int
complete_locked(ffic_ctype *ct)
{
    if (ct->flags & FFIC_TYPE_COMPLETE) {
        return 0; /* another thread did it meanwhile */
    }
    if (ct->ffi == NULL) {
        return 0; /* opaque for good */
    }
    ffic_ffi *ffi = (ffic_ffi *)ct->ffi;
    const char *key = PyUnicode_AsUTF8(ct->key);
    if (key == NULL) {
        return -1;
    }
    const struct ffic_type *generated =
        ffi->declarations.table == NULL ? NULL : ffic_table_type(ffi->declarations.table, key);
    PyObject *declared = NULL;
    if (generated == NULL && ffi->declarations.types != NULL) {
        declared = ffic_declared_type(ffi, ct->key);
    }
    if (generated == NULL && declared == NULL) {
        if (!PyErr_Occurred()) {
            PyErr_Format(ct->state->error, "'%U' is not declared any more", ct->name);
        }
        return -1;
    }
    int result = generated != NULL ? complete_generated(ct, generated) : complete_declared(ct, declared);
    Py_XDECREF(declared);
    return result;
}

/* The types that one thread completes, the innermost first. */
typedef struct completing {
    const ffic_ctype *ct;
    struct completing *outer;
} completing;

/* Two threads may complete a type at the same time, as Python code runs meanwhile: what the first one makes counts. */
int
ffic_ctype_complete_slow(ffic_ctype *ct)
{
    int result;
    completing this = {ct, ffic_this_thread.completing};
    for (const completing *outer = this.outer; outer != NULL; outer = outer->outer) {
        if (outer->ct == ct) {
            PyErr_Format(ct->state->error, "'%U' contains itself", ct->name);
            return -1;
        }
    }
    if (Py_EnterRecursiveCall(" while completing a struct")) {
        return -1;
    }
    ffic_this_thread.completing = &this;
    FFIC_BEGIN_CRITICAL_SECTION(ct);
    result = complete_locked(ct);
    FFIC_END_CRITICAL_SECTION();
    ffic_this_thread.completing = this.outer;
    Py_LeaveRecursiveCall();
    return result;
}
