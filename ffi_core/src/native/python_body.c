/* Calling Python from C: arguments to Python, the result or the error value back. */
#include "python_body.h"

#include "convert.h"
#include "small_ints.h"

int
ffic_check_callback_type(ffic_ctype *function)
{
    if (function->flags & FFIC_TYPE_VARIADIC) {
        PyErr_Format(PyExc_NotImplementedError, "'%U': a callback cannot take variable arguments", function->name);
        return -1;
    }
    if (function->item->kind != FFIC_KIND_VOID && ffic_ctype_size(function->item) < 0) {
        return -1;
    }
    for (Py_ssize_t i = 0; i < function->length; i++) {
        if (ffic_ctype_size(function->u.function.parameters[i]) < 0) {
            return -1;
        }
    }
    return 0;
}

int
ffic_python_body_init(ffic_python_body *body, ffic_ctype *function, PyObject *callable, PyObject *error, PyObject *onerror)
{
    memset(body, 0, sizeof *body);
    if (!PyCallable_Check(callable)) {
        PyErr_Format(PyExc_TypeError, "expected a callable object for '%U', not %.200s", function->name,
                     Py_TYPE(callable)->tp_name);
        return -1;
    }
    if (onerror != NULL && onerror != Py_None && !PyCallable_Check(onerror)) {
        PyErr_Format(PyExc_TypeError, "expected a callable object for 'onerror', not %.200s", Py_TYPE(onerror)->tp_name);
        return -1;
    }
    if (ffic_check_callback_type(function) < 0) {
        return -1;
    }
    body->result_size = function->item->kind == FFIC_KIND_VOID ? 0 : function->item->size;
    body->error_value = PyMem_Calloc(1, (size_t)body->result_size + 1);
    if (body->error_value == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    if (error != NULL && error != Py_None && body->result_size == 0) {
        PyErr_Format(PyExc_TypeError, "'%U' returns nothing, so there is no 'error' value", function->name);
        ffic_python_body_clear(body);
        return -1;
    }
    if (error != NULL && error != Py_None && ffic_store(function->item, body->error_value, error) < 0) {
        ffic_python_body_clear(body);
        return -1;
    }
    body->type = (ffic_ctype *)Py_NewRef((PyObject *)function);
    body->callable = Py_NewRef(callable);
    body->onerror = onerror == NULL || onerror == Py_None ? NULL : Py_NewRef(onerror);
    return 0;
}

void
ffic_python_body_clear(ffic_python_body *body)
{
    Py_CLEAR(body->callable);
    Py_CLEAR(body->onerror);
    Py_CLEAR(body->type);
    PyMem_Free(body->error_value);
    body->error_value = NULL;
}

int
ffic_python_body_traverse(ffic_python_body *body, visitproc visit, void *arg)
{
    Py_VISIT(body->type);
    Py_VISIT(body->callable);
    Py_VISIT(body->onerror);
    return 0;
}

/* ---- the call ----------------------------------------------------------------------------------------------------- */

/* As ffic_load, with the usual types first.  A record lies in memory that C takes back afterwards, so Python gets a copy. */
static inline PyObject *
load_argument(ffic_ctype *ct, char *data)
{
    switch ((ffic_code)ct->code) {
    case FFIC_CODE_I32: {
        int32_t value;
        memcpy(&value, data, sizeof value);
        return ffic_int(ct->state, value);
    }
    case FFIC_CODE_POINTER: {
        char *value;
        memcpy(&value, data, sizeof value);
        return ffic_cdata_borrowed(ct, value);
    }
    case FFIC_CODE_RECORD:
        return ffic_cdata_copy(ct, data);
    default:
        return ffic_load(ct, data, NULL);
    }
}

static int
store_any_result(ffic_python_body *body, PyObject *value, char *result)
{
    if (body->result_size == 0) {
        if (value != Py_None) {
            PyErr_SetString(PyExc_TypeError, "callback with the return type 'void' must return None");
            return -1;
        }
        return 0;
    }
    memset(result, 0, (size_t)body->result_size);
    return ffic_store(body->type->item, result, value);
}

static inline int
store_result(ffic_python_body *body, PyObject *value, char *result)
{
    int64_t number;
    if (FFIC_LIKELY(body->type->item->code == FFIC_CODE_I32 && ffic_small_int(value, &number) && number == (int32_t)number)) {
        int32_t narrow = (int32_t)number;
        memcpy(result, &narrow, sizeof narrow);
        return 0;
    }
    if (value == Py_None && body->result_size == 0) {
        return 0;
    }
    return store_any_result(body, value, result);
}

static void
use_error_value(const ffic_python_body *body, char *result)
{
    if (body->result_size > 0 && body->error_value != NULL) {
        memcpy(result, body->error_value, (size_t)body->result_size);
    }
}

/* Where an exception comes from that nobody can catch. */
static void
report(const ffic_python_body *body, bool is_about_result)
{
    ffic_write_unraisable("from cffi callback", body->callable,
                          is_about_result ? ", trying to convert the result back to C" : "");
}

/* An exception is set: hand it to onerror, or print it.  The result is the error value, or what onerror returns. */
static void
handle_exception(ffic_python_body *body, bool is_about_result, char *result)
{
    PyObject *onerror = body->onerror;
    use_error_value(body, result);
    if (onerror == NULL) {
        report(body, is_about_result);
        return;
    }
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    if (traceback != NULL && value != NULL) {
        PyException_SetTraceback(value, traceback);
    }
    PyObject *answer = PyObject_CallFunctionObjArgs(onerror, type, value == NULL ? Py_None : value,
                                                    traceback == NULL ? Py_None : traceback, NULL);
    if (answer != NULL && answer != Py_None && store_result(body, answer, result) < 0) {
        Py_CLEAR(answer);
        use_error_value(body, result);
    }
    if (answer == NULL) {
        /* What went wrong in onerror, and what it was called for. */
        ffic_write_unraisable("during handling of an exception of a cffi callback by", onerror, "");
        PyErr_Restore(type, value, traceback);
        report(body, is_about_result);
    }
    else {
        Py_XDECREF(type);
        Py_XDECREF(value);
        Py_XDECREF(traceback);
    }
    Py_XDECREF(answer);
}

/* Call it with `count` objects.  There is a free place before the first one. */
static inline PyObject *
call_objects(PyObject *callable, PyObject **objects, Py_ssize_t count)
{
    size_t nargsf = (size_t)count | PY_VECTORCALL_ARGUMENTS_OFFSET;
    if (FFIC_LIKELY(PyFunction_Check(callable))) {
        return ((PyFunctionObject *)callable)->vectorcall(callable, objects, nargsf, NULL);
    }
    return PyObject_Vectorcall(callable, objects, nargsf, NULL);
}

enum { SLOT = 16, LOCAL_ARGUMENTS = 8 };

static inline char *
slot_of_frame(const ffic_ctype *ct, char *frame, Py_ssize_t i)
{
    char *slot = frame + i * SLOT;
    if (FFIC_UNLIKELY(ct->code > FFIC_CODE_U64 && ffic_is_wide(ct))) {
        memcpy(&slot, slot, sizeof(char *));
    }
    return slot;
}

/* Where C has left the arguments: the first that is not NULL says so. */
typedef struct {
    void *const *pointers; /* to each */
    const uint8_t *places; /* of each: the number of its word in `memory` */
    char *memory;          /* else: the frame of a trampoline */
} origin;

static inline char *
argument_of(const origin *from, const ffic_ctype *ct, Py_ssize_t i)
{
    return from->pointers != NULL ? from->pointers[i]
           : from->places != NULL ? from->memory + (size_t)from->places[i] * sizeof(uint64_t)
                                  : slot_of_frame(ct, from->memory, i);
}

static inline __attribute__((always_inline)) void
call_body(ffic_python_body *body, const origin *from, char *result)
{
    PyObject *local[LOCAL_ARGUMENTS + 1];
    ffic_ctype *function = body->type;
    Py_ssize_t count = function->length, made = 0;
    PyObject **objects = local + 1; /* vectorcall may use the place before the first argument */
    PyObject **memory = NULL;
    PyObject *answer = NULL;
    if (FFIC_UNLIKELY(count > LOCAL_ARGUMENTS)) {
        memory = PyMem_Malloc((size_t)(count + 1) * sizeof *memory);
        if (memory == NULL) {
            PyErr_NoMemory();
            goto failed;
        }
        objects = memory + 1;
    }
    for (; made < count; made++) {
        ffic_ctype *ct = function->u.function.parameters[made];
        objects[made] = load_argument(ct, argument_of(from, ct, made));
        if (objects[made] == NULL) {
            goto failed;
        }
    }
    answer = call_objects(body->callable, objects, count);
    if (FFIC_LIKELY(answer != NULL && store_result(body, answer, result) == 0)) {
        goto done;
    }
failed:
    handle_exception(body, answer != NULL, result);
done:
    Py_XDECREF(answer);
    while (made > 0) {
        Py_DECREF(objects[--made]);
    }
    if (memory != NULL) {
        PyMem_Free(memory);
    }
}

void
ffic_python_body_call(ffic_python_body *body, void *const *args, char *result)
{
    call_body(body, &(origin){.pointers = args}, result);
}

void
ffic_python_body_call_words(ffic_python_body *body, uint64_t *words, const uint8_t *places, char *result)
{
    call_body(body, &(origin){.places = places, .memory = (char *)words}, result);
}

void
ffic_python_body_call_frame(ffic_python_body *body, char *frame)
{
    call_body(body, &(origin){.memory = frame}, frame);
}
