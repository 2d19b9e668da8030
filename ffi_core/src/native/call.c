/* Calling C functions. */
#include "call.h"

#include <errno.h>

#include "convert.h"
#include "function.h"
#include "libffi_types.h"

/* ---- errno ---------------------------------------------------------------------------------------- */

/* The one piece of state outside the module: C's errno is per thread, and so is the copy that calls swap with it. */
static _Thread_local int saved_errno;

int
ffic_saved_errno(void)
{
    return saved_errno;
}

void
ffic_set_saved_errno(int value)
{
    saved_errno = value;
}

/* ---- the memory of one call --------------------------------------------------------------------------- */

typedef union {
    uint64_t i;
    double f;
    void *p;
} word;

/* Memory that an argument needs during the call, beyond the frame's own. */
typedef union temporary {
    union temporary *previous;
    long double alignment;
} temporary;

enum { LOCAL_BYTES = 512 };

typedef struct {
    word words[FFIC_WORDS];
    word result[2];
    char *scratch;
    temporary *temporaries;
    size_t local_used;
    _Alignas(16) char local[LOCAL_BYTES];
} frame;

static void *
frame_alloc(frame *f, size_t size)
{
    size_t rounded = (size + 15u) & ~(size_t)15u;
    if (rounded <= LOCAL_BYTES - f->local_used) {
        void *memory = f->local + f->local_used;
        f->local_used += rounded;
        memset(memory, 0, size);
        return memory;
    }
    temporary *made = PyMem_Calloc(1, sizeof(temporary) + size);
    if (made == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    made->previous = f->temporaries;
    f->temporaries = made;
    return made + 1;
}

static void
frame_free(frame *f)
{
    while (FFIC_UNLIKELY(f->temporaries != NULL)) {
        temporary *previous = f->temporaries->previous;
        PyMem_Free(f->temporaries);
        f->temporaries = previous;
    }
}

/* ---- arguments ------------------------------------------------------------------------------------------- */

/* Can bytes be passed for a pointer to this type? */
static inline bool
takes_bytes(const ffic_ctype *item)
{
    return (item->flags & FFIC_TYPE_INTEGER_NAME) || item->kind == FFIC_KIND_VOID;
}

/* A list, tuple or text for a pointer argument: an array for the time of the call. */
static int
convert_to_array(ffic_ctype *ct, PyObject *value, frame *f, char **pointer)
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
        *pointer = frame_alloc(f, (size_t)(length * item_size) + 1);
        if (*pointer != NULL) {
            result = ffic_store_array(array, *pointer, length, value);
        }
    }
    Py_DECREF(array);
    return result;
}

static int
convert_pointer(ffic_ctype *ct, PyObject *value, frame *f, char **pointer)
{
    if (PyBytes_Check(value) && takes_bytes(ct->item)) {
        *pointer = PyBytes_AS_STRING(value);
        return 0;
    }
    bool is_text = PyUnicode_Check(value) && (ct->item->code == FFIC_CODE_CHAR16 || ct->item->code == FFIC_CODE_CHAR32);
    if (is_text || ((PyList_Check(value) || PyTuple_Check(value)) && ct->item->kind != FFIC_KIND_VOID &&
                    ct->item->kind != FFIC_KIND_FUNCTION)) {
        return convert_to_array(ct, value, f, pointer);
    }
    return ffic_to_pointer(ct, value, pointer);
}

/* The cdata types whose `data` is the pointer itself, with nothing to check. */
static inline bool
is_plain_pointer(ffic_ctype *ct, PyObject *value)
{
    ffic_state *state = ct->state;
    PyTypeObject *type = Py_TYPE(value);
    return (type == state->cdata_type || type == state->cdata_owning_type) && ((ffic_cdata *)value)->type == ct &&
           (type == state->cdata_type || ((ffic_cdata *)value)->data != NULL);
}

static int
convert_slow(const ffic_argument *argument, PyObject *value, frame *f)
{
    ffic_ctype *ct = argument->type;
    word *place = &f->words[argument->slot];
    char *storage;
    switch ((ffic_argument_way)argument->way) {
    case FFIC_ARGUMENT_INTEGER:
        return ffic_to_integer(ct, value, &place->i);
    case FFIC_ARGUMENT_DOUBLE:
        return ffic_to_double(ct, value, &place->f);
    case FFIC_ARGUMENT_FLOAT: {
        double number;
        if (ffic_to_double(ct, value, &number) < 0) {
            return -1;
        }
        float narrow = (float)number;
        place->i = 0;
        memcpy(place, &narrow, sizeof narrow);
        return 0;
    }
    case FFIC_ARGUMENT_POINTER: {
        char *pointer;
        if (convert_pointer(ct, value, f, &pointer) < 0) {
            return -1;
        }
        place->p = pointer;
        return 0;
    }
    case FFIC_ARGUMENT_SCALAR:
        place->i = 0;
        return ffic_store(ct, (char *)place, value);
    case FFIC_ARGUMENT_WIDE:
        storage = f->scratch + argument->storage;
        memset(storage, 0, (size_t)ct->size);
        place->p = storage;
        return ffic_store(ct, storage, value);
    case FFIC_ARGUMENT_RECORD:
        storage = f->scratch + argument->storage;
        memset(storage, 0, ((size_t)ct->size + 7u) & ~(size_t)7u);
        if (ffic_store(ct, storage, value) < 0) {
            return -1;
        }
        if (argument->slot >= FFIC_FIRST_STACK_SLOT) {
            memcpy(place, storage, (size_t)argument->words * sizeof(word));
        }
        else {
            memcpy(place, storage, argument->words > 0 ? sizeof(word) : 0);
            memcpy(&f->words[argument->slot2], storage + (argument->words > 1 ? sizeof(word) : 0),
                   argument->words > 1 ? sizeof(word) : 0);
        }
        return 0;
    }
    Py_UNREACHABLE();
}

/* How messages name what is called: "strlen()", or a function pointer's repr. */
static PyObject *
callee_name(const ffic_plan *plan, PyObject *callee)
{
    if (ffic_is_function(plan->type->state, callee)) {
        return PyUnicode_FromFormat("%U()", ((ffic_function *)callee)->name);
    }
    return PyObject_Repr(callee);
}

/* Say which argument of which function the exception that is set is about. */
static void
blame_argument(const ffic_plan *plan, PyObject *callee, Py_ssize_t index)
{
    PyObject *type, *value, *traceback;
    if (!PyErr_ExceptionMatches(PyExc_TypeError) && !PyErr_ExceptionMatches(PyExc_OverflowError) &&
        !PyErr_ExceptionMatches(PyExc_ValueError)) {
        return;
    }
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    PyObject *text = value == NULL ? NULL : PyObject_Str(value);
    PyObject *name = text == NULL ? NULL : callee_name(plan, callee);
    /* Only exceptions whose whole content is a message are made anew. */
    bool is_plain = type == PyExc_TypeError || type == PyExc_OverflowError || type == PyExc_ValueError;
    if (name != NULL && is_plain) {
        PyErr_Format(type, "%U: argument %zd: %U", name, index + 1, text);
        Py_XDECREF(type);
        Py_XDECREF(value);
        Py_XDECREF(traceback);
    }
    else {
        PyErr_Clear();
        PyErr_Restore(type, value, traceback);
    }
    Py_XDECREF(text);
    Py_XDECREF(name);
}

static void
wrong_count(const ffic_plan *plan, PyObject *callee, Py_ssize_t count)
{
    PyObject *name = callee_name(plan, callee);
    if (name != NULL) {
        PyErr_Format(PyExc_TypeError, "%U: '%U' expects %s%zd argument%s, got %zd", name, plan->type->name,
                     plan->variadic ? "at least " : "", plan->count, plan->count == 1 ? "" : "s", count);
        Py_DECREF(name);
    }
}

/* ---- register calls ---------------------------------------------------------------------------------------- */

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
#define CALL_BY_SHAPE(type, target)                                                                                          \
    do {                                                                                                                     \
        switch ((ffic_call_shape)plan->shape) {                                                                                 \
        case FFIC_CALL_INTEGERS_2:                                                                                           \
            target = ((type(*)(U, U))address)(w[0].i, w[1].i);                                                               \
            break;                                                                                                           \
        case FFIC_CALL_INTEGERS:                                                                                             \
            target = ((type(*)(INTEGER_TYPES))address)(INTEGER_WORDS);                                                       \
            break;                                                                                                           \
        case FFIC_CALL_FLOATS_2:                                                                                             \
            target = ((type(*)(D, D))address)(w[FFIC_INTEGER_REGISTERS].f, w[FFIC_INTEGER_REGISTERS + 1].f);                 \
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

static void
invoke_registers(const ffic_plan *plan, void (*address)(void), const word *w, word *result)
{
    switch ((ffic_result_place)plan->result_place) {
    case FFIC_RESULT_INTEGER:
    case FFIC_RESULT_MEMORY:
        CALL_BY_SHAPE(uint64_t, result->i);
        break;
    case FFIC_RESULT_FLOAT:
        CALL_BY_SHAPE(double, result->f);
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

#undef U
#undef D

#endif

static PyObject *
load_result(const ffic_plan *plan, const frame *f)
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
                                          : PyLong_FromLong((long)(int32_t)f->result[0].i);
    case FFIC_CODE_I64:
        return PyLong_FromLongLong((long long)f->result[0].i);
    case FFIC_CODE_U64:
        return PyLong_FromUnsignedLongLong(f->result[0].i);
    case FFIC_CODE_F64:
        return PyFloat_FromDouble(f->result[0].f);
    case FFIC_CODE_RECORD:
        return ffic_cdata_copy(ct, f->result);
    default:
        return ffic_load(ct, (char *)(uintptr_t)f->result, NULL);
    }
}

static int
convert_arguments(const ffic_plan *plan, PyObject *callee, PyObject *const *args, frame *f)
{
    for (Py_ssize_t i = 0; i < plan->count; i++) {
        const ffic_argument *argument = &plan->arguments[i];
        PyObject *value = args[i];
        word *place = &f->words[argument->slot];
        switch ((ffic_argument_way)argument->way) {
        case FFIC_ARGUMENT_INTEGER: {
            int64_t small;
            if (FFIC_LIKELY(ffic_small_int(value, &small) && small >= argument->minimum && small <= argument->maximum)) {
                place->i = (uint64_t)small;
                continue;
            }
            break;
        }
        case FFIC_ARGUMENT_DOUBLE:
            if (FFIC_LIKELY(PyFloat_CheckExact(value))) {
                place->f = PyFloat_AS_DOUBLE(value);
                continue;
            }
            break;
        case FFIC_ARGUMENT_POINTER:
            if (is_plain_pointer(argument->type, value)) {
                place->p = ((ffic_cdata *)value)->data;
                continue;
            }
            if (PyBytes_CheckExact(value) && takes_bytes(argument->type->item)) {
                place->p = PyBytes_AS_STRING(value);
                continue;
            }
            break;
        default:
            break;
        }
        if (FFIC_UNLIKELY(convert_slow(argument, value, f) < 0)) {
            blame_argument(plan, callee, i);
            return -1;
        }
    }
    return 0;
}

/* ---- libffi calls ------------------------------------------------------------------------------------------- */

/* Convert a value of a declared parameter into memory, where libffi reads it. */
static int
convert_to_memory(const ffic_argument *argument, PyObject *value, frame *f, void **slot)
{
    ffic_ctype *ct = argument->type;
    char *storage = f->scratch + argument->storage;
    *slot = storage;
    memset(storage, 0, (size_t)ct->size);
    if (argument->way == FFIC_ARGUMENT_POINTER) {
        char *pointer;
        if (convert_pointer(ct, value, f, &pointer) < 0) {
            return -1;
        }
        memcpy(storage, &pointer, sizeof pointer);
        return 0;
    }
    if (ffic_store(ct, storage, value) < 0) {
        return -1;
    }
    if (argument->way == FFIC_ARGUMENT_WIDE) { /* the wrapper wants the address of it */
        char **indirect = frame_alloc(f, sizeof *indirect);
        if (indirect == NULL) {
            return -1;
        }
        *indirect = storage;
        *slot = indirect;
    }
    return 0;
}

/* A variable argument has only its own type to go by, so it must be C data; C's default promotions apply. */
static int
convert_variable(ffic_state *state, PyObject *value, frame *f, void **slot, ffi_type **type, void **type_memory)
{
    ffic_cdata *cd = (ffic_cdata *)value;
    PyObject *pointer_cdata = NULL;
    if (ffic_is_function(state, value)) {
        pointer_cdata = ffic_function_pointer(value);
        if (pointer_cdata == NULL) {
            return -1;
        }
        cd = (ffic_cdata *)pointer_cdata;
    }
    else if (!ffic_is_cdata(state, value)) {
        PyErr_Format(PyExc_TypeError,
                     "a variable argument must be a cdata object, whose C type says how to pass it: ffi.cast(\"int\", x), "
                     "ffi.new(\"char[]\", x); not %.200s",
                     Py_TYPE(value)->tp_name);
        return -1;
    }
    ffic_ctype *ct = cd->type;
    int result = -1;
    char *storage;
    if (ct->code == FFIC_CODE_POINTER || ct->code == FFIC_CODE_ARRAY) {
        /* Owned memory that was released must not be passed; NULL may. */
        if (cd->data == NULL && Py_TYPE(cd) != state->cdata_type && Py_TYPE(cd) != state->cdata_function_type &&
            ffic_cdata_check_access(cd) < 0) {
            goto done;
        }
        storage = frame_alloc(f, sizeof(char *));
        if (storage != NULL) {
            memcpy(storage, &cd->data, sizeof(char *));
            *type = &ffi_type_pointer;
            *slot = storage;
            result = 0;
        }
        goto done;
    }
    if (ffic_ctype_size(ct) < 0 || ffic_cdata_check_access(cd) < 0) {
        goto done;
    }
    storage = frame_alloc(f, (size_t)ct->size < 8 ? 8 : (size_t)ct->size);
    if (storage == NULL) {
        goto done;
    }
    *slot = storage;
    result = 0;
    if (ct->code == FFIC_CODE_F32) {
        float narrow;
        memcpy(&narrow, cd->data, sizeof narrow);
        double promoted = (double)narrow;
        memcpy(storage, &promoted, sizeof promoted);
        *type = &ffi_type_double;
    }
    else if (ct->size < 4 && (ffic_code_is_integer((ffic_code)ct->code) || ffic_code_is_character((ffic_code)ct->code))) {
        bool is_signed = (ct->flags & FFIC_TYPE_SIGNED) || (ct->code == FFIC_CODE_CHAR && (char)-1 < 0);
        int promoted = is_signed ? (int)ffic_read_signed(cd->data, ct->size) : (int)ffic_read_unsigned(cd->data, ct->size);
        memcpy(storage, &promoted, sizeof promoted);
        *type = &ffi_type_sint32;
    }
    else {
        memcpy(storage, cd->data, (size_t)ct->size);
        *type = ffic_libffi_type(ct, type_memory);
        result = *type == NULL ? -1 : 0;
    }
done:
    /* The address of a library's function does not go away with the cdata. */
    Py_XDECREF(pointer_cdata);
    return result;
}

static void
invoke_libffi(ffi_cif *cif, void (*address)(void), void *result, void **slots, bool keep_gil)
{
    PyThreadState *thread = keep_gil ? NULL : PyEval_SaveThread();
    errno = saved_errno;
    ffi_call(cif, address, result, slots);
    saved_errno = errno;
    if (thread != NULL) {
        PyEval_RestoreThread(thread);
    }
}

/* libffi widens small integer results to a whole ffi_arg; on little-endian machines the value is where a small one is anyway. */
static void
narrow_result(const ffic_ctype *ct, char *memory)
{
    if (ct->size > 0 && ct->size < (Py_ssize_t)sizeof(ffi_arg) &&
        (ffic_code_is_integer((ffic_code)ct->code) || ffic_code_is_character((ffic_code)ct->code))) {
        ffi_arg widened;
        memcpy(&widened, memory, sizeof widened);
        ffic_write_integer(memory, ct->size, (uint64_t)widened);
    }
}

static PyObject *
call_libffi(const ffic_plan *plan, void (*address)(void), PyObject *callee, bool keep_gil, PyObject *const *args,
            Py_ssize_t count, frame *f)
{
    Py_ssize_t hidden = plan->hidden;
    size_t total = (size_t)(count + hidden);
    void **slots = frame_alloc(f, (total + 1) * sizeof *slots);
    ffi_type **types = plan->cif_types;
    void *type_memory = NULL;
    char *result_memory = f->scratch + plan->result_storage;
    PyObject *result = NULL;
    ffi_cif variable_cif;
    ffi_cif *cif = plan->cif;
    if (slots == NULL) {
        return NULL;
    }
    if (hidden) {
        char **indirect = frame_alloc(f, sizeof *indirect);
        if (indirect == NULL) {
            return NULL;
        }
        *indirect = result_memory;
        slots[0] = indirect;
    }
    for (Py_ssize_t i = 0; i < plan->count; i++) {
        if (convert_to_memory(&plan->arguments[i], args[i], f, &slots[i + hidden]) < 0) {
            blame_argument(plan, callee, i);
            return NULL;
        }
    }
    if (plan->variadic) {
        types = frame_alloc(f, (total + 1) * sizeof *types);
        if (types == NULL) {
            return NULL;
        }
        memcpy(types, plan->cif_types, (size_t)plan->count * sizeof *types);
        for (Py_ssize_t i = plan->count; i < count; i++) {
            if (convert_variable(plan->type->state, args[i], f, &slots[i], &types[i], &type_memory) < 0) {
                blame_argument(plan, callee, i);
                goto done;
            }
        }
        cif = &variable_cif;
        if (ffi_prep_cif_var(cif, FFI_DEFAULT_ABI, (unsigned)plan->count, (unsigned)count, plan->cif->rtype, types) != FFI_OK) {
            PyErr_Format(PyExc_SystemError, "libffi cannot prepare this call of '%U'", plan->type->name);
            goto done;
        }
    }
    memset(result_memory, 0, plan->result->size < 16 ? 16 : (size_t)plan->result->size);
    invoke_libffi(cif, address, result_memory, slots, keep_gil);
    if (!hidden) {
        narrow_result(plan->result, result_memory);
    }
    result = load_result(plan, f);
done:
    ffic_libffi_free(type_memory);
    return result;
}

/* ---- the call --------------------------------------------------------------------------------------------------- */

PyObject *
ffic_call(const ffic_plan *plan, void (*address)(void), PyObject *callee, bool keep_gil, PyObject *const *args, Py_ssize_t count)
{
    frame f;
    PyObject *result = NULL;
    if (FFIC_UNLIKELY(count != plan->count && (!plan->variadic || count < plan->count))) {
        wrong_count(plan, callee, count);
        return NULL;
    }
    f.temporaries = NULL;
    f.local_used = 0;
    f.scratch = NULL;
    if (plan->scratch > 0) {
        f.scratch = frame_alloc(&f, plan->scratch);
        if (f.scratch == NULL) {
            return NULL;
        }
    }
#if FFIC_REGISTER_CALLS
    if (FFIC_LIKELY(plan->shape != FFIC_CALL_LIBFFI)) {
        if (FFIC_LIKELY(convert_arguments(plan, callee, args, &f) == 0)) {
            if (plan->hidden) {
                f.words[0].p = f.scratch + plan->result_storage;
            }
            PyThreadState *thread = keep_gil ? NULL : PyEval_SaveThread();
            errno = saved_errno;
            invoke_registers(plan, address, f.words, f.result);
            saved_errno = errno;
            if (thread != NULL) {
                PyEval_RestoreThread(thread);
            }
            result = load_result(plan, &f);
        }
        frame_free(&f);
        return result;
    }
#endif
    result = call_libffi(plan, address, callee, keep_gil, args, count, &f);
    frame_free(&f);
    return result;
}

PyObject *
ffic_call_pointer(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *kwnames)
{
    ffic_cdata *cd = (ffic_cdata *)self;
    if (kwnames != NULL && PyTuple_GET_SIZE(kwnames) > 0) {
        PyErr_Format(PyExc_TypeError, "a C function takes no keyword arguments: '%U'", cd->type->name);
        return NULL;
    }
    if (cd->data == NULL) {
        PyErr_Format(PyExc_RuntimeError, "cannot call null function pointer from cdata '%U'", cd->type->name);
        return NULL;
    }
    const ffic_plan *plan = ffic_plan_of_type(cd->type->item, false);
    if (plan == NULL) {
        return NULL;
    }
    void (*address)(void);
    memcpy(&address, &cd->data, sizeof address);
    return ffic_call(plan, address, self, false, args, PyVectorcall_NARGS(nargsf));
}
