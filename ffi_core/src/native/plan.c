/* Making call plans: where each argument of a function type goes. */
#include "plan.h"

#include "libffi_types.h"

/* Slots handed out so far. */
typedef struct {
    int integers;
    int floats;
    int stack;
} slots;

static bool
take_stack(slots *used, int words, uint8_t *slot)
{
    if (used->stack + words > FFIC_STACK_SLOTS) {
        return false;
    }
    *slot = (uint8_t)(FFIC_FIRST_STACK_SLOT + used->stack);
    used->stack += words;
    return true;
}

static bool
take_integer(slots *used, uint8_t *slot)
{
    if (used->integers == FFIC_INTEGER_REGISTERS) {
        return take_stack(used, 1, slot);
    }
    *slot = (uint8_t)used->integers++;
    return true;
}

static bool
take_float(slots *used, uint8_t *slot)
{
    if (used->floats == FFIC_FLOAT_REGISTERS) {
        return take_stack(used, 1, slot);
    }
    *slot = (uint8_t)(FFIC_INTEGER_REGISTERS + used->floats++);
    return true;
}

static uint32_t
take_scratch(ffic_plan *plan, Py_ssize_t size)
{
    uint32_t offset = plan->scratch;
    /* Whole words, so that records are read word by word; 16 is the largest alignment of a C type that we know. */
    plan->scratch = (uint32_t)((plan->scratch + (size_t)size + 31u) & ~(size_t)15u);
    return offset;
}

/* ---- records in registers (System V x86-64 psABI 3.2.3) ------------------------------------------------ */

#ifdef FFIC_SYSTEM_V

typedef enum { CLASS_NONE, CLASS_FLOAT, CLASS_INTEGER, CLASS_MEMORY } word_class;

static void
merge_class(word_class *classes, Py_ssize_t first, Py_ssize_t last, word_class found)
{
    for (Py_ssize_t word = first / 8; word <= last / 8 && word < 2; word++) {
        if (found > classes[word]) {
            classes[word] = found;
        }
    }
}

/* Classify the words of a value of type `ct` that lies at `offset`.  False: it goes to memory. */
static bool
classify(const ffic_ctype *ct, Py_ssize_t offset, word_class *classes)
{
    if (ct->kind == FFIC_KIND_ARRAY) {
        for (Py_ssize_t i = 0; i < ct->length; i++) {
            if (!classify(ct->item, offset + i * ct->item->size, classes)) {
                return false;
            }
        }
        return true;
    }
    if (ct->code == FFIC_CODE_RECORD) {
        PyObject *fields = ct->u.record.fields;
        for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(fields); i++) {
            const ffic_cfield *field = (ffic_cfield *)PyTuple_GET_ITEM(fields, i);
            Py_ssize_t place = offset + field->offset;
            if (field->bit_size >= 0) {
                Py_ssize_t first = place * 8 + field->bit_shift;
                merge_class(classes, first / 8, (first + field->bit_size - 1) / 8, CLASS_INTEGER);
            }
            else if (!classify(field->type, place, classes)) {
                return false;
            }
        }
        return true;
    }
    if (ct->code == FFIC_CODE_LONG_DOUBLE || ct->code == FFIC_CODE_COMPLEX_LONG_DOUBLE || offset % ct->align != 0) {
        return false;
    }
    bool is_float = ct->code == FFIC_CODE_F32 || ct->code == FFIC_CODE_F64 || ffic_code_is_complex((ffic_code)ct->code);
    merge_class(classes, offset, offset + ct->size - 1, is_float ? CLASS_FLOAT : CLASS_INTEGER);
    return true;
}

/* Number of words that a wide value takes in registers, 0 for an empty one, -1 where it goes to memory. */
static int
classify_value(const ffic_ctype *ct, word_class *classes)
{
    classes[0] = classes[1] = CLASS_NONE;
    if (ct->size > 16 || !classify(ct, 0, classes)) {
        return -1;
    }
    return (int)((ct->size + 7) / 8);
}

static bool
place_wide_argument(ffic_plan *plan, ffic_argument *argument, slots *used)
{
    const ffic_ctype *ct = argument->type;
    word_class classes[2];
    int words = classify_value(ct, classes);
    argument->way = FFIC_ARGUMENT_RECORD;
    argument->storage = take_scratch(plan, ct->size);
    if (words >= 0) {
        argument->words = (uint8_t)words;
        slots trial = *used;
        uint8_t places[2] = {0, 0};
        for (int i = 0; i < words; i++) {
            bool taken = classes[i] == CLASS_INTEGER ? take_integer(&trial, &places[i]) : take_float(&trial, &places[i]);
            if (!taken) {
                return false;
            }
        }
        if (trial.stack == used->stack) { /* all of it fits in registers */
            *used = trial;
            argument->slot = places[0];
            argument->slot2 = places[1];
            return true;
        }
    }
    /* In memory: as it is, on the stack.  More than 8-byte alignment there would need a hole that depends on what precedes. */
    Py_ssize_t stack_words = (ct->size + 7) / 8;
    if (ct->align > 8 || stack_words > FFIC_STACK_SLOTS || !take_stack(used, (int)stack_words, &argument->slot)) {
        return false;
    }
    argument->words = (uint8_t)stack_words;
    argument->slot2 = (uint8_t)(argument->slot + 1);
    return true;
}

static bool
place_wide_result(ffic_plan *plan, slots *used)
{
    word_class classes[2];
    if (plan->result->code == FFIC_CODE_LONG_DOUBLE || plan->result->code == FFIC_CODE_COMPLEX_LONG_DOUBLE) {
        return false; /* in the x87 stack */
    }
    int words = classify_value(plan->result, classes);
    if (words < 0) {
        word_class whole[2] = {CLASS_NONE, CLASS_NONE};
        if (plan->result->size <= 16 && !classify(plan->result, 0, whole)) {
            /* A struct of one long double comes back in the x87 stack; packed ones in memory.  libffi or nothing. */
            if (!(plan->result->flags & FFIC_TYPE_PACKED)) {
                return false;
            }
        }
        plan->hidden = 1;
        plan->result_place = FFIC_RESULT_MEMORY;
        used->integers = 1;
    }
    else if (words < 2) {
        plan->result_place = words == 1 && classes[0] == CLASS_FLOAT ? FFIC_RESULT_FLOAT : FFIC_RESULT_INTEGER;
    }
    else if (classes[0] == CLASS_FLOAT) {
        plan->result_place = classes[1] == CLASS_FLOAT ? FFIC_RESULT_FLOAT_FLOAT : FFIC_RESULT_FLOAT_INTEGER;
    }
    else {
        plan->result_place = classes[1] == CLASS_FLOAT ? FFIC_RESULT_INTEGER_FLOAT : FFIC_RESULT_INTEGER_INTEGER;
    }
    return true;
}

#else

static bool
place_wide_argument(ffic_plan *plan, ffic_argument *argument, slots *used)
{
    (void)plan, (void)argument, (void)used;
    return false;
}

static bool
place_wide_result(ffic_plan *plan, slots *used)
{
    (void)plan, (void)used;
    return false;
}

#endif

/* ---- any argument ------------------------------------------------------------------------------------------ */

static void
set_integer_range(ffic_argument *argument)
{
    const ffic_ctype *ct = argument->type;
    int bits = (int)ct->size * 8;
    if (ct->code == FFIC_CODE_BOOL) {
        argument->minimum = 0;
        argument->maximum = 1;
    }
    else if (ct->flags & FFIC_TYPE_SIGNED) {
        argument->maximum = bits >= 64 ? INT64_MAX : ((int64_t)1 << (bits - 1)) - 1;
        argument->minimum = -argument->maximum - 1;
    }
    else {
        argument->minimum = 0;
        argument->maximum = bits >= 64 ? INT64_MAX : ((int64_t)1 << bits) - 1;
    }
}

/* How an argument is converted; the same whichever way it travels. */
static void
set_way(ffic_argument *argument, bool wrapped)
{
    const ffic_ctype *ct = argument->type;
    switch ((ffic_code)ct->code) {
    case FFIC_CODE_POINTER:
        argument->way = FFIC_ARGUMENT_POINTER;
        break;
    case FFIC_CODE_F32:
        argument->way = FFIC_ARGUMENT_FLOAT;
        break;
    case FFIC_CODE_F64:
        argument->way = FFIC_ARGUMENT_DOUBLE;
        break;
    case FFIC_CODE_CHAR:
    case FFIC_CODE_CHAR16:
    case FFIC_CODE_CHAR32:
        argument->way = FFIC_ARGUMENT_SCALAR;
        break;
    default:
        if (ffic_is_wide(ct)) {
            argument->way = wrapped ? FFIC_ARGUMENT_WIDE : FFIC_ARGUMENT_RECORD;
        }
        else {
            argument->way = FFIC_ARGUMENT_INTEGER;
            set_integer_range(argument);
        }
    }
}

static bool
place_argument(ffic_plan *plan, ffic_argument *argument, slots *used, bool wrapped)
{
    switch (argument->way) {
    case FFIC_ARGUMENT_FLOAT:
    case FFIC_ARGUMENT_DOUBLE:
        return take_float(used, &argument->slot);
    case FFIC_ARGUMENT_RECORD:
        return place_wide_argument(plan, argument, used);
    case FFIC_ARGUMENT_WIDE:
        argument->storage = take_scratch(plan, argument->type->size);
        return take_integer(used, &argument->slot);
    default:
        (void)wrapped;
        return take_integer(used, &argument->slot);
    }
}

/* Does every int of one digit fit? */
static inline bool
takes_all_small(const ffic_argument *argument)
{
    int64_t limit = (int64_t)1 << PyLong_SHIFT;
    return argument->minimum <= -limit && argument->maximum >= limit - 1;
}

/* What the quick variants of a call go by. */
static void
plan_lanes(ffic_plan *plan)
{
    const ffic_ctype *result = plan->result;
    bool is_number = result->kind == FFIC_KIND_PRIMITIVE;
    plan->load_way = result->code == FFIC_CODE_VOID               ? FFIC_LOAD_NONE
                     : is_number && result->code == FFIC_CODE_I32 ? FFIC_LOAD_I32
                     : is_number && result->code == FFIC_CODE_I64 ? FFIC_LOAD_I64
                     : is_number && result->code == FFIC_CODE_U64 ? FFIC_LOAD_U64
                     : is_number && result->code == FFIC_CODE_F64 ? FFIC_LOAD_DOUBLE
                                                                  : FFIC_LOAD_OTHER;
    plan->has_lanes = plan->count <= FFIC_LANES && !plan->hidden;
    bool by_slot = false;
    for (Py_ssize_t i = 0; i < plan->count && plan->has_lanes; i++) {
        const ffic_argument *argument = &plan->arguments[i];
        uint64_t lane = 0;
        switch ((ffic_argument_way)argument->way) {
        case FFIC_ARGUMENT_INTEGER:
            lane = takes_all_small(argument) ? FFIC_LANE_INT : FFIC_LANE_RANGED;
            break;
        case FFIC_ARGUMENT_DOUBLE:
            lane = FFIC_LANE_DOUBLE;
            break;
        case FFIC_ARGUMENT_POINTER:
            lane = FFIC_LANE_POINTER;
            break;
        case FFIC_ARGUMENT_RECORD:
            by_slot = true;
            plan->has_lanes = ffic_is_in_whole_registers(argument);
            break;
        default:
            plan->has_lanes = false;
        }
        plan->lanes |= lane << (2 * i);
    }
    if (by_slot) {
        plan->lanes = FFIC_LANES_BY_SLOT;
    }
}

/* Put everything in registers and stack slots.  False: this signature needs libffi. */
static bool
plan_registers(ffic_plan *plan, bool wrapped)
{
    if (!FFIC_REGISTER_CALLS || plan->variadic) {
        return false;
    }
    slots used = {0, 0, 0};
    const ffic_ctype *result = plan->result;
    plan->result_place = FFIC_RESULT_INTEGER;
    if (ffic_is_wide(result)) {
        plan->result_storage = take_scratch(plan, result->size);
        if (wrapped) {
            plan->hidden = 1;
            plan->result_place = FFIC_RESULT_MEMORY;
            used.integers = 1;
        }
        else if (!place_wide_result(plan, &used)) {
            return false;
        }
    }
    else if (result->code == FFIC_CODE_F32 || result->code == FFIC_CODE_F64) {
        plan->result_place = FFIC_RESULT_FLOAT;
    }
    for (Py_ssize_t i = 0; i < plan->count; i++) {
        if (!place_argument(plan, &plan->arguments[i], &used, wrapped)) {
            return false;
        }
    }
    if (used.stack > 4) {
        plan->shape = FFIC_CALL_STACK;
    }
    else if (used.stack > 0) {
        plan->shape = FFIC_CALL_STACK_4;
    }
    else if (used.floats == 0) {
        plan->shape = used.integers <= 2 ? FFIC_CALL_INTEGERS_2 : FFIC_CALL_INTEGERS;
    }
    else {
        plan->shape = used.integers == 0 && used.floats <= 2  ? FFIC_CALL_FLOATS_2
                      : used.integers <= 4 && used.floats <= 4 ? FFIC_CALL_REGISTERS_4
                                                               : FFIC_CALL_REGISTERS;
    }
    plan_lanes(plan);
    return true;
}

static int
plan_libffi(ffic_plan *plan, bool wrapped)
{
    bool wide_result = ffic_is_wide(plan->result);
    plan->shape = FFIC_CALL_LIBFFI;
    plan->hidden = wrapped && wide_result;
    plan->result_place = FFIC_RESULT_MEMORY;
    plan->scratch = 0;
    plan->result_storage = take_scratch(plan, plan->result->size < 16 ? 16 : plan->result->size);
    Py_ssize_t count = plan->count + plan->hidden;
    plan->cif_types = ffic_libffi_alloc(&plan->cif_memory, (size_t)(count + 1) * sizeof(ffi_type *));
    plan->cif = plan->cif_types == NULL ? NULL : ffic_libffi_alloc(&plan->cif_memory, sizeof(ffi_cif));
    if (plan->cif == NULL) {
        return -1;
    }
    for (Py_ssize_t i = 0; i < plan->count; i++) {
        ffic_argument *argument = &plan->arguments[i];
        bool by_pointer = argument->way == FFIC_ARGUMENT_WIDE;
        argument->storage = take_scratch(plan, argument->type->size < 8 ? 8 : argument->type->size);
        ffi_type *type = by_pointer ? &ffi_type_pointer : ffic_libffi_type(argument->type, "argument", &plan->cif_memory);
        if (type == NULL) {
            return -1;
        }
        plan->cif_types[i + plan->hidden] = type;
    }
    ffi_type *result = &ffi_type_void;
    if (plan->hidden) {
        plan->cif_types[0] = &ffi_type_pointer;
    }
    else {
        result = ffic_libffi_type(plan->result, "return value", &plan->cif_memory);
        if (result == NULL) {
            return -1;
        }
    }
    /* Variadic calls prepare a cif of their own, from these types and those of the actual arguments. */
    plan->cif->rtype = result;
    if (!plan->variadic &&
        ffi_prep_cif(plan->cif, FFI_DEFAULT_ABI, (unsigned)count, result, plan->cif_types) != FFI_OK) {
        PyErr_Format(PyExc_SystemError, "libffi cannot prepare calls of '%U'", plan->type->name);
        return -1;
    }
    return 0;
}

/* A record with undeclared members: which registers would take them is not known.  Sets the exception. */
static bool
refuse_partial(const ffic_ctype *ct, const char *place)
{
    if (!(ct->flags & FFIC_TYPE_PARTIAL)) {
        return false;
    }
    ffic_refuse_by_value(ct, place, FFIC_MISSING_FIELDS);
    return true;
}

ffic_plan *
ffic_plan_new(ffic_ctype *function, bool wrapped)
{
    Py_ssize_t count = function->length;
    size_t size = sizeof(ffic_plan) + (size_t)count * sizeof(ffic_argument);
    ffic_plan *plan = PyMem_Calloc(1, size);
    if (plan == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    plan->type = function;
    plan->result = function->item;
    plan->count = count;
    plan->variadic = (function->flags & FFIC_TYPE_VARIADIC) != 0;
    if (plan->result->kind != FFIC_KIND_VOID &&
        (ffic_ctype_size(plan->result) < 0 || (!wrapped && refuse_partial(plan->result, "return value")))) {
        goto failed;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        plan->arguments[i].type = function->u.function.parameters[i];
        Py_ssize_t argument_size = ffic_ctype_size(plan->arguments[i].type);
        if (argument_size < 0) {
            goto failed;
        }
        if (argument_size > 1 << 24 || plan->scratch > 1u << 28) {
            PyErr_Format(PyExc_NotImplementedError, "'%U': '%U' is too large to be passed by value", function->name,
                         plan->arguments[i].type->name);
            goto failed;
        }
        set_way(&plan->arguments[i], wrapped);
        if (!wrapped && refuse_partial(plan->arguments[i].type, "argument")) {
            goto failed;
        }
    }
    if (!plan_registers(plan, wrapped) && plan_libffi(plan, wrapped) < 0) {
        goto failed;
    }
    return plan;
failed:
    ffic_plan_free(plan);
    return NULL;
}

void
ffic_plan_free(ffic_plan *plan)
{
    if (plan != NULL) {
        ffic_libffi_free(plan->cif_memory);
        PyMem_Free(plan);
    }
}

const ffic_plan *
ffic_plan_of_type(ffic_ctype *function, bool wrapped)
{
    ffic_plan *plan = FFIC_LOAD_POINTER(function->u.function.plans[wrapped]);
    if (FFIC_LIKELY(plan != NULL)) {
        return plan;
    }
    ffic_plan *made = ffic_plan_new(function, wrapped);
    if (made != NULL && !__atomic_compare_exchange_n(&function->u.function.plans[wrapped], &plan, made, false, __ATOMIC_ACQ_REL,
                                                     __ATOMIC_ACQUIRE)) {
        ffic_plan_free(made); /* another thread was quicker */
        made = plan;
    }
    return made;
}
