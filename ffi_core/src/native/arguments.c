/* Arguments and results of C calls. */
#include "arguments.h"

#include "convert.h"
#include "function.h"

/* ---- the memory of one call --------------------------------------------------------------------------- */

void *
ffic_frame_alloc(ffic_frame *f, size_t size)
{
    size_t rounded = (size + 15u) & ~(size_t)15u;
    if (rounded <= FFIC_FRAME_BYTES - f->local_used) {
        void *memory = f->local + f->local_used;
        f->local_used += rounded;
        memset(memory, 0, size);
        return memory;
    }
    ffic_temporary *made = PyMem_Calloc(1, sizeof(ffic_temporary) + size);
    if (made == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    made->previous = f->temporaries;
    f->temporaries = made;
    return made + 1;
}

void
ffic_frame_free_temporaries(ffic_frame *f)
{
    while (f->temporaries != NULL) {
        ffic_temporary *previous = f->temporaries->previous;
        PyMem_Free(f->temporaries);
        f->temporaries = previous;
    }
}

/* ---- arguments ------------------------------------------------------------------------------------------- */

/* A list, tuple or text for a pointer argument: an array for the time of the call. */
static int
convert_to_array(ffic_ctype *ct, PyObject *value, ffic_frame *f, char **pointer)
{
    ffic_ctype *array = ffic_ctype_array_of(ct->item, -1);
    if (array == NULL) {
        return -1;
    }
    bool is_length;
    int result = -1;
    Py_ssize_t length = ffic_initializer_length(array, value, &is_length);
    Py_ssize_t item_size = ct->item->size;
    if (length >= 0 && item_size > 0 && length > (PY_SSIZE_T_MAX - 64) / item_size) {
        PyErr_NoMemory();
    }
    else if (length >= 0) {
        /* One byte at least, so that an empty list is not NULL. */
        *pointer = ffic_frame_alloc(f, (size_t)(length * item_size) + 1);
        if (*pointer != NULL) {
            result = ffic_store_array(array, *pointer, length, value);
        }
    }
    Py_DECREF(array);
    return result;
}

static bool
is_bool(const ffic_ctype *item)
{
    return item->code == FFIC_CODE_BOOL;
}

/* A _Bool of another value than 0 and 1 is undefined behaviour in C. */
static int
check_bools(PyObject *bytes)
{
    const char *memory = PyBytes_AS_STRING(bytes);
    for (Py_ssize_t i = 0; i < PyBytes_GET_SIZE(bytes); i++) {
        if ((memory[i] & ~1) != 0) {
            PyErr_Format(PyExc_ValueError, "an array of _Bool can only contain \\x00 or \\x01, not \\x%02x at %zd",
                         (unsigned char)memory[i], i);
            return -1;
        }
    }
    return 0;
}

int
ffic_convert_pointer(ffic_ctype *ct, PyObject *value, ffic_frame *f, char **pointer, ffic_argument_place *place)
{
    if (PyBytes_Check(value) && (ffic_takes_bytes(ct->item) || is_bool(ct->item))) {
        *pointer = PyBytes_AS_STRING(value);
        return is_bool(ct->item) ? check_bools(value) : 0;
    }
    bool is_text = PyUnicode_Check(value) && (ct->item->code == FFIC_CODE_CHAR16 || ct->item->code == FFIC_CODE_CHAR32);
    if (is_text || ((PyList_Check(value) || PyTuple_Check(value)) && ct->item->kind != FFIC_KIND_VOID &&
                    ct->item->kind != FFIC_KIND_FUNCTION)) {
        return convert_to_array(ct, value, f, pointer);
    }
    return ffic_to_pointer(ct, value, pointer, place);
}

/* A record by value: its words go where registers and stack slots are filled from. */
static int
convert_record(const ffic_argument *argument, PyObject *value, ffic_frame *f)
{
    ffic_ctype *ct = argument->type;
    const char *source;
    if (ffic_is_cdata(ct->state, value) && ((ffic_cdata *)value)->type == ct &&
        ct->size % (Py_ssize_t)sizeof(ffic_word) == 0) {
        if (ffic_cdata_access((ffic_cdata *)value) < 0) {
            return -1;
        }
        source = ((ffic_cdata *)value)->data; /* whole words, which can be read where they are */
    }
    else {
        char *storage = f->scratch + argument->storage;
        memset(storage, 0, ((size_t)ct->size + 7u) & ~(size_t)7u);
        if (ffic_store(ct, storage, value) < 0) {
            return -1;
        }
        source = storage;
    }
    if (argument->slot >= FFIC_FIRST_STACK_SLOT) {
        memcpy(&f->words[argument->slot], source, (size_t)argument->words * sizeof(ffic_word));
        return 0;
    }
    if (argument->words > 0) {
        memcpy(&f->words[argument->slot], source, sizeof(ffic_word));
    }
    if (argument->words > 1) {
        memcpy(&f->words[argument->slot2], source + sizeof(ffic_word), sizeof(ffic_word));
    }
    return 0;
}

/* Any argument of a register call, into its words. */
static int
convert(const ffic_argument *argument, PyObject *value, ffic_frame *f, ffic_argument_place *at)
{
    ffic_ctype *ct = argument->type;
    ffic_word *place = &f->words[argument->slot];
    char *storage;
    switch ((ffic_argument_way)argument->way) {
    case FFIC_ARGUMENT_INTEGER:
        return ffic_to_integer(ct, value, &place->i, at);
    case FFIC_ARGUMENT_DOUBLE:
        return ffic_to_double(ct, value, &place->f, at);
    case FFIC_ARGUMENT_FLOAT: {
        double number;
        if (ffic_to_double(ct, value, &number, at) < 0) {
            return -1;
        }
        float narrow = (float)number;
        place->i = 0;
        memcpy(place, &narrow, sizeof narrow);
        return 0;
    }
    case FFIC_ARGUMENT_POINTER: {
        char *pointer;
        if (ffic_convert_pointer(ct, value, f, &pointer, at) < 0) {
            return -1;
        }
        place->p = pointer;
        return 0;
    }
    case FFIC_ARGUMENT_SCALAR:
        place->i = 0;
        return ffic_store(ct, (char *)place, value);
    case FFIC_ARGUMENT_WIDE:
        if (ffic_is_cdata(ct->state, value) && ((ffic_cdata *)value)->type == ct) {
            if (ffic_cdata_access((ffic_cdata *)value) < 0) {
                return -1;
            }
            place->p = ((ffic_cdata *)value)->data; /* the wrapper copies it */
            return 0;
        }
        storage = f->scratch + argument->storage;
        memset(storage, 0, (size_t)ct->size);
        place->p = storage;
        return ffic_store(ct, storage, value);
    case FFIC_ARGUMENT_RECORD:
        return convert_record(argument, value, f);
    }
    Py_UNREACHABLE();
}

int
ffic_convert_argument(const ffic_plan *plan, PyObject *callee, Py_ssize_t index, PyObject *value, ffic_frame *f)
{
    ffic_argument_place place;
    ffic_argument_place_start(&place, plan, callee, index);
    int result = convert(&plan->arguments[index], value, f, &place);
    if (FFIC_UNLIKELY(result < 0)) {
        ffic_blame_argument(&place);
    }
    return result;
}

/* ---- errors ------------------------------------------------------------------------------------------- */

void
ffic_argument_place_start(ffic_argument_place *place, const ffic_plan *plan, PyObject *callee, Py_ssize_t index)
{
    place->callee = callee;
    place->name = ffic_is_function(plan->type->state, callee) ? ffic_function_of(callee)->name : NULL;
    place->index = index;
    place->is_said = false;
}

void
ffic_wrong_count(const ffic_plan *plan, PyObject *callee, Py_ssize_t count)
{
    if (ffic_is_function(plan->type->state, callee)) {
        /* As Python's own functions say it. */
        PyObject *name = ffic_function_of(callee)->name;
        const char *limit = plan->variadic ? "at least" : "exactly";
        if (plan->count == 0) {
            ffic_raise(PyExc_TypeError, "%U() takes no arguments (%zd given)", name, count);
        }
        else if (plan->count == 1) {
            ffic_raise(PyExc_TypeError, "%U() takes %s one argument (%zd given)", name, limit, count);
        }
        else {
            ffic_raise(PyExc_TypeError, "%U() takes %s %zd arguments (%zd given)", name, limit, plan->count, count);
        }
        return;
    }
    PyErr_Format(PyExc_TypeError, "'%U' expects %s%zd arguments, got %zd", ((ffic_cdata *)callee)->type->name,
                 plan->variadic ? "at least " : "", plan->count, count);
}

/* ---- results ------------------------------------------------------------------------------------------ */

PyObject *
ffic_load_result(const ffic_plan *plan, const ffic_frame *f)
{
    ffic_ctype *ct = plan->result;
    if (plan->result_place == FFIC_RESULT_MEMORY) {
        char *memory = f->scratch + plan->result_storage;
        return ct->kind == FFIC_KIND_VOID       ? Py_NewRef(Py_None)
               : ct->code == FFIC_CODE_RECORD ? ffic_cdata_copy(ct, memory)
                                              : ffic_load(ct, memory, NULL);
    }
    switch ((ffic_code)ct->code) {
    case FFIC_CODE_VOID:
        Py_RETURN_NONE;
    case FFIC_CODE_I32:
        return ct->kind == FFIC_KIND_ENUM ? ffic_load(ct, (char *)(uintptr_t)f->result, NULL)
                                          : ffic_int(ct->state, (int32_t)f->result[0].i);
    case FFIC_CODE_I64:
        return ffic_int(ct->state, (int64_t)f->result[0].i);
    case FFIC_CODE_U64:
        return f->result[0].i <= INT64_MAX ? ffic_int(ct->state, (int64_t)f->result[0].i)
                                           : PyLong_FromUnsignedLongLong(f->result[0].i);
    case FFIC_CODE_F64:
        return PyFloat_FromDouble(f->result[0].f);
    case FFIC_CODE_RECORD:
        return ffic_cdata_copy(ct, f->result);
    default:
        return ffic_load(ct, (char *)(uintptr_t)f->result, NULL);
    }
}

PyObject *
ffic_load_word(const ffic_plan *plan, uint64_t word)
{
    ffic_ctype *ct = plan->result;
    if (ct->code == FFIC_CODE_VOID) {
        Py_RETURN_NONE;
    }
    return ct->code == FFIC_CODE_RECORD ? ffic_cdata_copy(ct, &word) : ffic_load(ct, (char *)&word, NULL);
}

PyObject *
ffic_load_float_word(const ffic_plan *plan, double number)
{
    ffic_ctype *ct = plan->result;
    return ct->code == FFIC_CODE_RECORD ? ffic_cdata_copy(ct, &number) : ffic_load(ct, (char *)&number, NULL);
}
