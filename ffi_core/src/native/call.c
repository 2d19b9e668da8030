/* Calling C functions. */
#include "call.h"

#include "arguments.h"
#include "boundary.h"
#include "convert.h"
#include "error_note.h"
#include "function.h"
#include "libffi_types.h"

/* ---- libffi calls ------------------------------------------------------------------------------------------- */

/* Convert a value of a declared parameter into memory, where libffi reads it. */
static int
convert_to_memory(const ffic_argument *argument, PyObject *value, ffic_frame *f, void **slot, ffic_argument_place *place)
{
    ffic_ctype *ct = argument->type;
    char *storage = f->scratch + argument->storage;
    *slot = storage;
    memset(storage, 0, (size_t)ct->size);
    if (argument->way == FFIC_ARGUMENT_POINTER) {
        char *pointer;
        if (ffic_convert_pointer(ct, value, f, &pointer, place) < 0) {
            return -1;
        }
        memcpy(storage, &pointer, sizeof pointer);
        return 0;
    }
    if (ffic_store(ct, storage, value) < 0) {
        return -1;
    }
    if (argument->way == FFIC_ARGUMENT_WIDE) { /* the wrapper wants the address of it */
        char **indirect = ffic_frame_alloc(f, sizeof *indirect);
        if (indirect == NULL) {
            return -1;
        }
        *indirect = storage;
        *slot = indirect;
    }
    return 0;
}

/* A variable argument has only its own type to go by, so it must be C data. */
static bool
is_variable_argument(ffic_state *state, PyObject *value)
{
    return ffic_is_cdata(state, value) || ffic_is_function(state, value);
}

/* C's default promotions apply. */
static int
convert_variable(ffic_state *state, PyObject *value, ffic_frame *f, void **slot, ffi_type **type, void **type_memory)
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
    ffic_ctype *ct = cd->type;
    int result = -1;
    char *storage;
    if (ct->code == FFIC_CODE_POINTER || ct->code == FFIC_CODE_ARRAY) {
        /* Owned memory that was released must not be passed; NULL may. */
        if (cd->data == NULL && Py_TYPE(cd) != state->cdata_type && Py_TYPE(cd) != state->cdata_function_type &&
            ffic_cdata_check_access(cd) < 0) {
            goto done;
        }
        storage = ffic_frame_alloc(f, sizeof(char *));
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
    storage = ffic_frame_alloc(f, (size_t)ct->size < 8 ? 8 : (size_t)ct->size);
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
        *type = ffic_libffi_type(ct, "argument", type_memory);
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
    PyThreadState *thread = ffic_before_call(keep_gil);
    ffi_call(cif, address, result, slots);
    ffic_after_call(thread);
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
            Py_ssize_t count, ffic_frame *f)
{
    Py_ssize_t hidden = plan->hidden;
    size_t total = (size_t)(count + hidden);
    void **slots = ffic_frame_alloc(f, (total + 1) * sizeof *slots);
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
        char **indirect = ffic_frame_alloc(f, sizeof *indirect);
        if (indirect == NULL) {
            return NULL;
        }
        *indirect = result_memory;
        slots[0] = indirect;
    }
    for (Py_ssize_t i = 0; i < plan->count; i++) {
        ffic_argument_place place;
        ffic_argument_place_start(&place, plan, callee, i);
        if (convert_to_memory(&plan->arguments[i], args[i], f, &slots[i + hidden], &place) < 0) {
            ffic_blame_argument(&place);
            return NULL;
        }
    }
    if (plan->variadic) {
        types = ffic_frame_alloc(f, (total + 1) * sizeof *types);
        if (types == NULL) {
            return NULL;
        }
        memcpy(types, plan->cif_types, (size_t)plan->count * sizeof *types);
        for (Py_ssize_t i = plan->count; i < count; i++) {
            if (!is_variable_argument(plan->type->state, args[i])) {
                PyErr_Format(PyExc_TypeError, "argument %zd passed in the variadic part needs to be a cdata object (got %.200s)",
                             i + 1, Py_TYPE(args[i])->tp_name);
                ffic_error_note("its C type says how to pass it: ffi.cast(\"int\", x), ffi.new(\"char[]\", x)");
                goto done;
            }
            if (convert_variable(plan->type->state, args[i], f, &slots[i], &types[i], &type_memory) < 0) {
                ffic_argument_place place;
                ffic_argument_place_start(&place, plan, callee, i);
                ffic_blame_argument(&place);
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
    result = ffic_load_result(plan, f);
done:
    ffic_libffi_free(type_memory);
    return result;
}

/* ---- the call --------------------------------------------------------------------------------------------------- */

PyObject *
ffic_call(const ffic_plan *plan, void (*address)(void), PyObject *callee, bool keep_gil, PyObject *const *args, Py_ssize_t count)
{
    ffic_frame f;
    PyObject *result = NULL;
    if (FFIC_UNLIKELY(count != plan->count && (!plan->variadic || count < plan->count))) {
        ffic_wrong_count(plan, callee, count);
        return NULL;
    }
    ffic_frame_start(&f);
    if (plan->scratch > 0) {
        f.scratch = ffic_frame_alloc(&f, plan->scratch);
        if (f.scratch == NULL) {
            return NULL;
        }
    }
#if FFIC_REGISTER_CALLS
    if (FFIC_LIKELY(plan->shape != FFIC_CALL_LIBFFI)) {
        if (FFIC_LIKELY(ffic_convert_arguments(plan, callee, args, &f) == 0)) {
            if (plan->hidden) {
                f.words[0].p = f.scratch + plan->result_storage;
            }
            PyThreadState *thread = ffic_before_call(keep_gil);
            ffic_invoke_registers(plan, address, f.words, f.result);
            ffic_after_call(thread);
            result = ffic_load_result(plan, &f);
        }
        ffic_frame_free(&f);
        return result;
    }
#endif
    result = call_libffi(plan, address, callee, keep_gil, args, count, &f);
    ffic_frame_free(&f);
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
