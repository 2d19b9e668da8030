/* ffi.callback: a C function for each Python one.
 *
 * Where there are static trampolines (see trampoline.h), C calls one of these.  It goes on to our own entry (see callback_entry.h), or,
 * for types whose values need more than a word, to libffi's for Go closures.  Elsewhere, and when all are in use, libffi makes the
 * function in executable memory.
 */
#include "callback.h"

#include <ffi.h>
#include <stdio.h>

#include "boundary.h"
#include "call.h"
#include "callback_entry.h"
#include "debug.h"
#include "error_note.h"
#include "ffi_object.h"
#include "heap_type.h"
#include "libffi_types.h"
#include "python_body.h"
#include "trampoline.h"

/* What the callbacks of one interpreter share.  Never freed, as C may still call what refers to it; there is one per module object. */
typedef struct {
    PyInterpreterState *interpreter; /* NULL: it has ended, and another one may come to lie at its address */
    struct closure *oldest, *newest; /* closures of callbacks that were collected */
    Py_ssize_t retired, keep;        /* how many they are, and may become */
} home;

/* What the machine code of a closure reaches.  It outlives the callback object for a while: C may still hold the address. */
typedef struct closure {
#if FFIC_HAS_TRAMPOLINES
    ffi_go_closure entry; /* first: what the trampoline leads to gives us its address */
#endif
#if FFIC_HAS_CALLBACK_ENTRY
    bool in_words;                /* our own entry is used */
    uint8_t words[FFIC_WORDS];    /* where it has each argument */
#endif
    void *trampoline;     /* or NULL */
    ffi_closure *closure; /* where there is no trampoline: what ffi_closure_free wants */
    ffi_cif cif;
    void *cif_memory;
    size_t result_bytes; /* what libffi gives for the result */
    char *error_result;  /* the error value, as libffi wants it: result_bytes */
    ffic_python_body body; /* callable is NULL once the callback object is gone */
    char *label;           /* of a retired closure: what it was */
    PyObject *owner;       /* the callback object, borrowed; NULL once it is gone */
#ifdef Py_GIL_DISABLED
    PyObject *reference;   /* a weak reference to it: another thread may be about to free it */
#endif
    home *home;
    struct closure *next;  /* in the list of retired closures */
} closure;

typedef struct {
    ffic_cdata_function base;
    closure *closure;
} ffic_cdata_callback;

/* ---- called by C ------------------------------------------------------------------------------------------------ */

/* libffi wants integer results widened to a whole ffi_arg. */
static inline void
widen_result(const ffic_ctype *ct, char *result)
{
    if (ct->kind == FFIC_KIND_VOID || ct->size >= (Py_ssize_t)sizeof(ffi_arg)) {
        return;
    }
    if (FFIC_LIKELY(ct->code == FFIC_CODE_I32)) {
        int32_t value;
        memcpy(&value, result, sizeof value);
        ffi_sarg wide = value;
        memcpy(result, &wide, sizeof wide);
        return;
    }
    if (!ffic_code_is_integer((ffic_code)ct->code) && !ffic_code_is_character((ffic_code)ct->code)) {
        return;
    }
    bool is_signed = (ct->flags & FFIC_TYPE_SIGNED) != 0;
    uint64_t bits = 0;
    memcpy(&bits, result, (size_t)ct->size); /* little-endian, as all processors with closures of ours */
    if (is_signed && ct->size < 8 && (bits >> (ct->size * 8 - 1) & 1)) {
        bits |= ~(uint64_t)0 << (ct->size * 8);
    }
    memcpy(result, &bits, sizeof(ffi_arg));
}

static void
give_error_value(const closure *c, char *result)
{
    memcpy(result, c->error_result, c->result_bytes);
}

/* There is nobody to raise an exception in: C called what it must not call any more, or from where it cannot. */
static void
report_unusable(const closure *c, char *result)
{
    const char *label = FFIC_LOAD_POINTER(c->label);
    if (FFIC_LOAD_POINTER(c->owner) == NULL || label != NULL) {
        fprintf(stderr,
                "ffi_core: C called a callback whose Python object has been freed%s; the error value is returned. Keep the "
                "object that ffi.callback() returned for as long as C may call it.\n",
                label == NULL ? "" : label);
    }
    else {
        fprintf(stderr, "ffi_core: C called a callback of another interpreter, or called one of a subinterpreter in a thread "
                        "that Python did not start; the error value is returned.\n");
    }
    give_error_value(c, result);
}

/* Is this the interpreter that the closure belongs to? */
static inline bool
is_at_home(const closure *c, const ffic_entry *entry)
{
    return FFIC_LOAD_POINTER(c->home->interpreter) == ffic_entered(entry);
}

/* A new reference to the callback object, or NULL. */
static inline PyObject *
owner_of(const closure *c)
{
#ifdef Py_GIL_DISABLED
    return FFIC_LOAD_POINTER(c->owner) == NULL ? NULL : ffic_weakref_get(c->reference);
#else
    return Py_XNewRef(c->owner);
#endif
}

static void
closure_invoke(ffi_cif *cif, void *result, void **args, void *data)
{
    closure *c = data;
    ffic_entry entry;
    (void)cif;
    if (FFIC_UNLIKELY(!ffic_enter_python(&entry))) {
        give_error_value(c, result);
        return;
    }
    PyObject *owner = is_at_home(c, &entry) ? owner_of(c) : NULL;
    if (FFIC_LIKELY(owner != NULL)) {
        ffic_python_body_call(&c->body, args, result);
        widen_result(c->body.type->item, result);
        Py_DECREF(owner);
    }
    else {
        report_unusable(c, result);
    }
    ffic_leave_python(&entry);
}

#if FFIC_HAS_CALLBACK_ENTRY

void
ffic_callback_from_words(ffi_go_closure *go, uint64_t *words)
{
    closure *c = (closure *)(void *)go;
    char *result = (char *)&words[FFIC_ENTRY_RESULT];
    ffic_entry entry;
    if (FFIC_UNLIKELY(!ffic_enter_python(&entry))) {
        give_error_value(c, result);
        return;
    }
    PyObject *owner = is_at_home(c, &entry) ? owner_of(c) : NULL;
    if (FFIC_LIKELY(owner != NULL)) {
        ffic_python_body_call_words(&c->body, words, c->words, result);
        widen_result(c->body.type->item, result);
        Py_DECREF(owner);
    }
    else {
        report_unusable(c, result);
    }
    ffic_leave_python(&entry);
}

/* Can our own entry serve `function`?  False where it cannot, and where there is an exception. */
static bool
place_words(closure *c, ffic_ctype *function)
{
    const ffic_plan *plan = ffic_plan_of_type(function, false);
    if (plan == NULL || plan->shape == FFIC_CALL_LIBFFI || plan->result_place > FFIC_RESULT_FLOAT || ffic_is_wide(function->item)) {
        return false;
    }
    for (Py_ssize_t i = 0; i < plan->count; i++) {
        const ffic_argument *argument = &plan->arguments[i];
        if (argument->way == FFIC_ARGUMENT_WIDE || argument->way == FFIC_ARGUMENT_RECORD) {
            return false;
        }
        c->words[i] = ffic_entry_word(argument->slot);
    }
    return true;
}

#endif

/* ---- making and retiring ------------------------------------------------------------------------------------------ */

static void
closure_free(closure *c)
{
#if FFIC_HAS_TRAMPOLINES
    if (c->trampoline != NULL) {
        ffic_trampoline_give_back(c->trampoline);
    }
#endif
    if (c->closure != NULL) {
        ffi_closure_free(c->closure);
    }
    ffic_libffi_free(c->cif_memory);
    ffic_python_body_clear(&c->body);
#ifdef Py_GIL_DISABLED
    Py_XDECREF(c->reference);
#endif
    PyMem_RawFree(c->error_result);
    PyMem_RawFree(c->label);
    PyMem_RawFree(c);
}

/* Make the C function of a closure, which is its last member to be made.  NULL with an exception. */
static void *
make_code(closure *c)
{
    void *code = NULL;
#if FFIC_HAS_CALLBACK_ENTRY
    if (c->in_words) {
        c->entry.tramp = (void *)(uintptr_t)ffic_callback_entry;
        c->trampoline = code = ffic_trampoline_take(&c->entry);
    }
    if (code != NULL) {
        return code;
    }
#endif
#if FFIC_HAS_TRAMPOLINES && !defined(__aarch64__) /* where libffi's entry for Go closures crashes with floating-point arguments */
    if (ffi_prep_go_closure(&c->entry, &c->cif, closure_invoke) == FFI_OK) {
        c->trampoline = code = ffic_trampoline_take(&c->entry);
    }
    if (code != NULL) {
        return code;
    }
#endif
    c->closure = ffi_closure_alloc(sizeof(ffi_closure), &code);
    if (c->closure == NULL || ffi_prep_closure_loc(c->closure, &c->cif, closure_invoke, c, code) != FFI_OK) {
        PyErr_Format(PyExc_MemoryError, "cannot make a callback: %sthe system gave no executable memory. In API mode, extern "
                     "\"Python\" needs none",
                     FFIC_HAS_TRAMPOLINES ? "thousands are alive, and " : "");
        return NULL;
    }
    return code;
}

/* What cannot be a callback: in cffi's words; why it cannot is in a note. */
static void
unsupported(ffic_ctype *function)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    ffic_ctype *pointer = ffic_ctype_pointer_to(function);
    if (pointer != NULL) {
        PyErr_Format(PyExc_NotImplementedError, "%U: callback with unsupported argument or return type or with '...'",
                     pointer->name);
        ffic_error_note("%S", value);
        Py_DECREF(pointer);
    }
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(traceback);
}

static closure *
closure_new(ffic_ctype *function, PyObject *callable, PyObject *error, PyObject *onerror, void **code)
{
    /* Not by PyMem_Calloc: C may call when the interpreter, and its memory, is gone. */
    closure *c = PyMem_RawCalloc(1, sizeof *c);
    if (c == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    if (ffic_python_body_init(&c->body, function, callable, error, onerror) < 0) {
        goto failed;
    }
    c->result_bytes = (size_t)c->body.result_size;
    if (c->result_bytes > 0 && c->result_bytes < sizeof(ffi_arg)) {
        c->result_bytes = sizeof(ffi_arg);
    }
    c->home = function->state->callback_home;
    c->error_result = PyMem_RawCalloc(1, c->result_bytes + 1);
    if (c->error_result == NULL) {
        PyErr_NoMemory();
        goto failed;
    }
    memcpy(c->error_result, c->body.error_value, (size_t)c->body.result_size);
    widen_result(function->item, c->error_result);
    ffi_type **types = ffic_libffi_alloc(&c->cif_memory, (size_t)(function->length + 1) * sizeof *types);
    if (types == NULL) {
        goto failed;
    }
    for (Py_ssize_t i = 0; i < function->length; i++) {
        types[i] = ffic_libffi_type(function->u.function.parameters[i], "argument", &c->cif_memory);
        if (types[i] == NULL) {
            goto failed;
        }
    }
    ffi_type *result = ffic_libffi_type(function->item, "return value", &c->cif_memory);
    if (result == NULL) {
        goto failed;
    }
    if (ffi_prep_cif(&c->cif, FFI_DEFAULT_ABI, (unsigned)function->length, result, types) != FFI_OK) {
        PyErr_Format(PyExc_SystemError, "libffi cannot prepare callbacks of '%U'", function->name);
        goto failed;
    }
#if FFIC_HAS_CALLBACK_ENTRY
    c->in_words = place_words(c, function);
    if (PyErr_Occurred()) {
        goto failed;
    }
#endif
    *code = make_code(c);
    if (*code != NULL) {
        return c;
    }
failed:
    closure_free(c);
    if (PyErr_ExceptionMatches(PyExc_NotImplementedError)) {
        unsupported(function);
    }
    return NULL;
}

/* ": 'compare' of type 'int(int)'", for messages after the function has gone.  NULL where there is no memory. */
static char *
describe(const closure *c)
{
    PyObject *function = c->body.callable;
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    const char *name = PyFunction_Check(function) ? PyUnicode_AsUTF8(((PyFunctionObject *)function)->func_qualname) : NULL;
    const char *ctype = PyUnicode_AsUTF8(c->body.type->name);
    char *text = NULL;
    if (ctype != NULL) {
        const char *shown = name == NULL ? Py_TYPE(function)->tp_name : name;
        size_t size = strlen(shown) + strlen(ctype) + sizeof ": '' of type ''";
        text = PyMem_RawMalloc(size);
        if (text != NULL) {
            snprintf(text, size, ": '%s' of type '%s'", shown, ctype);
        }
    }
    PyErr_Restore(type, value, traceback);
    return text;
}

/* Take the oldest retired closure out of the list. */
static closure *
oldest_retired(home *h)
{
    closure *oldest = h->oldest;
    h->oldest = oldest->next;
    h->retired--;
    return oldest;
}

/* The callback object goes away.  The closure stays for a while, with its error value, for C that still holds the address. */
static void
closure_retire(ffic_state *state, closure *c)
{
    home *h = c->home;
    closure *oldest = NULL;
    FFIC_STORE_POINTER(c->label, describe(c));
    FFIC_STORE_POINTER(c->owner, NULL);
    Py_CLEAR(c->body.callable);
    Py_CLEAR(c->body.onerror);
    Py_CLEAR(c->body.type); /* it would keep the module alive, past the end of a subinterpreter */
    FFIC_BEGIN_CRITICAL_SECTION(state->interned);
    if (h->retired == 0) {
        h->oldest = c;
    }
    else {
        h->newest->next = c;
    }
    h->newest = c;
    if (++h->retired > h->keep) {
        oldest = oldest_retired(h);
    }
    FFIC_END_CRITICAL_SECTION();
    if (oldest != NULL) {
        closure_free(oldest);
    }
}

/* The interpreter ends.  At the end of the process C may still call its callbacks, and gets the error value; but the process goes
 * on after a subinterpreter, and has other uses for the trampolines. */
static void
leave_home(PyObject *capsule)
{
    home *h = PyCapsule_GetPointer(capsule, NULL);
    bool at_exit = h->interpreter == PyInterpreterState_Main();
    FFIC_STORE_POINTER(h->interpreter, NULL);
    if (!at_exit) {
        h->keep = 0;
        while (h->retired > 0) {
            closure_free(oldest_retired(h));
        }
    }
}

/* Make the home of this module's callbacks.  The interpreter's own dict tells when it ends.  NULL with an exception. */
static home *
make_home(void)
{
    enum { KEPT = 256 };
    home *made = PyMem_RawCalloc(1, sizeof *made);
    if (made == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    made->interpreter = PyInterpreterState_Get();
    made->keep = KEPT;
    PyObject *dict = PyInterpreterState_GetDict(made->interpreter);
    PyObject *key = PyUnicode_FromFormat("ffi_core.callbacks.%p", (void *)made);
    PyObject *capsule = key == NULL ? NULL : PyCapsule_New(made, NULL, leave_home);
    bool owned = dict != NULL && capsule != NULL && PyDict_SetItem(dict, key, capsule) == 0;
    if (!owned && !PyErr_Occurred()) {
        PyErr_NoMemory();
    }
    if (!owned && capsule == NULL) {
        PyMem_RawFree(made);
    }
    Py_XDECREF(capsule);
    Py_XDECREF(key);
    return owned ? made : NULL;
}

/* The function type that the first argument of ffi.callback names: a function or a pointer to one.  New reference. */
static ffic_ctype *
callback_type(ffic_ffi *ffi, PyObject *argument)
{
    ffic_ctype *ct = ffic_ffi_type_of(ffi, argument, false);
    if (ct == NULL || ct->kind == FFIC_KIND_FUNCTION) {
        return ct;
    }
    ffic_ctype *function = ffic_is_function_pointer(ct) ? (ffic_ctype *)Py_NewRef((PyObject *)ct->item) : NULL;
    if (function == NULL) {
        PyErr_Format(PyExc_TypeError, "callback() needs a function type, not '%U'", ct->name);
    }
    Py_DECREF(ct);
    return function;
}

/* callback(cdecl, error=..., onerror=...) without a callable: a decorator. */
static PyObject *
make_decorator(PyObject *self, PyObject *const *values)
{
    PyObject *functools = PyImport_ImportModule("functools");
    PyObject *partial = functools == NULL ? NULL : PyObject_GetAttrString(functools, "partial");
    PyObject *method = partial == NULL ? NULL : PyObject_GetAttrString(self, "callback");
    PyObject *positional = method == NULL ? NULL : PyTuple_Pack(2, method, values[0]);
    PyObject *named = positional == NULL ? NULL : PyDict_New();
    PyObject *result = NULL;
    if (named != NULL && (values[2] == NULL || PyDict_SetItemString(named, "error", values[2]) == 0) &&
        (values[3] == NULL || PyDict_SetItemString(named, "onerror", values[3]) == 0)) {
        result = PyObject_Call(partial, positional, named);
    }
    Py_XDECREF(named);
    Py_XDECREF(positional);
    Py_XDECREF(method);
    Py_XDECREF(partial);
    Py_XDECREF(functools);
    return result;
}

FFIC_METHOD(ffic_ffi_callback)
{
    static const char *const names[] = {"cdecl", "python_callable", "error", "onerror", NULL};
    PyObject *values[4];
    ffic_ffi *ffi = (ffic_ffi *)self;
    ffic_state *state = ffi->state;
    if (ffic_arguments("callback", names, 1, args, count, keywords, values) < 0) {
        return NULL;
    }
    if (values[1] == NULL || values[1] == Py_None) {
        return make_decorator(self, values);
    }
    ffic_ctype *function = callback_type(ffi, values[0]);
    if (function == NULL) {
        return NULL;
    }
    void *code = NULL;
    closure *c = NULL;
    ffic_cdata_callback *callback = NULL;
    ffic_ctype *pointer = ffic_ctype_pointer_to(function);
    if (pointer != NULL) {
        c = closure_new(function, values[1], values[2], values[3], &code);
    }
    if (c != NULL) {
        callback = (ffic_cdata_callback *)state->cdata_callback_type->tp_alloc(state->cdata_callback_type, 0);
    }
    if (callback != NULL) {
        callback->base.base.type = (ffic_ctype *)Py_NewRef((PyObject *)pointer);
        callback->base.base.data = code;
        callback->base.vectorcall = ffic_call_pointer;
        callback->closure = c;
        c->owner = (PyObject *)callback;
#ifdef Py_GIL_DISABLED
        c->reference = PyWeakref_NewRef((PyObject *)callback, NULL);
        if (c->reference == NULL) {
            Py_CLEAR(callback);
        }
#endif
        if (callback != NULL && ffic_debugging(state) && ffic_debug_hold((PyObject *)callback, "ffi.callback", 0) < 0) {
            Py_CLEAR(callback);
        }
    }
    else if (c != NULL) {
        closure_free(c);
    }
    Py_XDECREF(pointer);
    Py_DECREF(function);
    return (PyObject *)callback;
}

/* ---- the object ---------------------------------------------------------------------------------------------------- */

static PyObject *
callback_repr(PyObject *self)
{
    const ffic_cdata_callback *callback = (ffic_cdata_callback *)self;
    return PyUnicode_FromFormat("<cdata '%U' calling %R>", callback->base.base.type->name, callback->closure->body.callable);
}

static int
callback_traverse(PyObject *self, visitproc visit, void *arg)
{
    ffic_cdata_callback *callback = (ffic_cdata_callback *)self;
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(callback->base.base.type);
    return callback->closure == NULL ? 0 : ffic_python_body_traverse(&callback->closure->body, visit, arg);
}

static int
callback_clear(PyObject *self)
{
    /* The closure itself stays until dealloc: C may call at any time. */
    closure *c = ((ffic_cdata_callback *)self)->closure;
    if (c != NULL) {
        PyObject *none = Py_NewRef(Py_None);
        PyObject *old = c->body.callable;
        c->body.callable = none; /* calling it raises, which is printed */
        Py_XDECREF(old);
        Py_CLEAR(c->body.onerror);
    }
    return 0;
}

static void
callback_dealloc(PyObject *self)
{
    ffic_cdata_callback *callback = (ffic_cdata_callback *)self;
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    if (callback->base.base.weakrefs != NULL) {
        PyObject_ClearWeakRefs(self);
    }
    if (callback->base.base.type != NULL && ffic_debugging(callback->base.base.type->state)) {
        ffic_debug_let_go(self);
    }
    if (callback->closure != NULL) {
        closure_retire(callback->base.base.type->state, callback->closure);
    }
    Py_XDECREF(callback->base.base.type);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMemberDef callback_members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(ffic_cdata_function, vectorcall), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot callback_slots[] = {
    {Py_tp_repr, callback_repr},
    {Py_tp_call, PyVectorcall_Call},
    {Py_tp_members, callback_members},
    {Py_tp_traverse, callback_traverse},
    {Py_tp_clear, callback_clear},
    {Py_tp_dealloc, callback_dealloc},
    {0, NULL},
};

static PyType_Spec callback_spec = {
    .name = "ffi_core._native.CDataCallback",
    .basicsize = (int)sizeof(ffic_cdata_callback),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_DISALLOW_INSTANTIATION |
             Py_TPFLAGS_IMMUTABLETYPE,
    .slots = callback_slots,
};

int
ffic_callback_setup(PyObject *module, ffic_state *state)
{
    state->cdata_callback_type = ffic_make_type(module, &callback_spec, state->cdata_type);
    state->callback_home = state->cdata_callback_type == NULL ? NULL : make_home();
    return state->callback_home == NULL ? -1 : 0;
}
