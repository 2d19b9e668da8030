/* A function of a library. */
#include "function.h"

#include "call.h"
#include "function_text.h"
#include "heap_type.h"
#include "type_parser.h"

/* The function type, realised on first use.  Borrowed; NULL with an exception. */
static ffic_ctype *
function_type(ffic_function *function)
{
    ffic_ctype *known = FFIC_LOAD_POINTER(function->type);
    if (known != NULL) {
        return known;
    }
    ffic_ctype *ct = ffic_parse_type(function->ffi, function->type_text, -1);
    if (ct == NULL) {
        return NULL;
    }
    if (ct->kind != FFIC_KIND_FUNCTION) {
        PyErr_Format(PyExc_ValueError, "malformed declaration of '%U': '%s' is no function type", function->name,
                     function->type_text);
        Py_DECREF(ct);
        return NULL;
    }
    FFIC_BEGIN_CRITICAL_SECTION(function);
    if (function->type == NULL) {
        FFIC_STORE_POINTER(function->type, (ffic_ctype *)Py_NewRef((PyObject *)ct));
    }
    FFIC_END_CRITICAL_SECTION();
    Py_DECREF(ct);
    return function->type;
}

/* What the interpreter calls. */
static PyObject *
enter(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    return FFIC_LOAD_POINTER(((ffic_function *)self)->entry)(self, args, count);
}

/* Does a typed wrapper do nothing that a direct call cannot?  It passes records by way of memory; where we know which registers take them, and
 * that all their members are declared, the direct call is quicker.  Other wide values are left to the compiler. */
static const ffic_plan *
direct_plan(ffic_ctype *ct)
{
    for (Py_ssize_t i = -1; i < ct->length; i++) {
        ffic_ctype *value = i < 0 ? ct->item : ct->u.function.parameters[i];
        if (ffic_is_wide(value) && (value->code != FFIC_CODE_RECORD || ffic_ctype_complete(value) < 0 ||
                                    (value->flags & FFIC_TYPE_PARTIAL))) {
            return NULL;
        }
    }
    const ffic_plan *plan = ffic_plan_of_type(ct, false);
    return plan != NULL && plan->shape != FFIC_CALL_LIBFFI ? plan : NULL;
}

/* The plan, and in `function->call` what it calls.  NULL with an exception. */
static const ffic_plan *
choose_plan(ffic_function *function, ffic_ctype *ct)
{
    if (!function->wrapped) {
        return ffic_plan_of_type(ct, false);
    }
    const ffic_plan *plan = direct_plan(ct);
    if (plan != NULL) {
        __atomic_store_n(&function->call, function->direct, __ATOMIC_RELEASE);
        return plan;
    }
    if (PyErr_Occurred() && PyErr_ExceptionMatches(PyExc_MemoryError)) {
        return NULL; /* so that every thread decides the same */
    }
    PyErr_Clear(); /* the wrapper can do more */
    return ffic_plan_of_type(ct, true);
}

/* The first call works out the plan, and puts the variant that fits it in its own place. */
static PyObject *
first_call(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    ffic_function *function = (ffic_function *)self;
    ffic_ctype *ct = function_type(function);
    const ffic_plan *plan = ct == NULL ? NULL : choose_plan(function, ct);
    if (plan == NULL) {
        return NULL;
    }
    ffic_builtin_call call = ffic_builtin_call_for(plan, function->keep_gil);
    FFIC_STORE_POINTER(function->plan, plan);
    FFIC_STORE_POINTER(function->entry, call);
    return call(self, args, count);
}

static PyObject *
declaration_text(ffic_function *function)
{
    ffic_ctype *ct = function_type(function);
    if (ct == NULL) {
        return NULL;
    }
    const char *name = PyUnicode_AsUTF8(function->name);
    return name == NULL ? NULL : ffic_ctype_spell(ct, name);
}

/* The text of `__doc__`.  Code and help() show it, so it is that of cffi. */
static PyObject *
documentation(ffic_function *function, PyObject *module)
{
    PyObject *text = declaration_text(function);
    if (text == NULL) {
        return NULL;
    }
    PyObject *result = module == NULL ? PyUnicode_FromFormat("%U;", text)
                                      : PyUnicode_FromFormat("%U;\n\nCFFI C function from %U.lib", text, module);
    Py_DECREF(text);
    return result;
}

PyObject *
ffic_function_new(const ffic_declared *declared, PyObject *name, PyObject *lib, PyObject *module, ffic_library *library, void *address)
{
    ffic_state *state = declared->ffi->state;
    char text[FFIC_FUNCTION_TEXT_BYTES];
    size_t length = ffic_function_text(declared, name, module, text);
    ffic_function *function = (ffic_function *)state->function_type->tp_alloc(state->function_type, (Py_ssize_t)length);
    if (function == NULL) {
        return NULL;
    }
    function->name = Py_NewRef(name);
    function->ffi = (ffic_ffi *)Py_NewRef((PyObject *)declared->ffi);
    function->lib = Py_NewRef(lib);
    function->type_text = declared->type;
    function->keep_gil = (declared->flags & FFIC_KEEP_GIL) != 0;
    function->method.ml_name = PyUnicode_AsUTF8(name);
    function->entry = first_call;
    function->method.ml_meth = (PyCFunction)(void (*)(void))enter;
    function->method.ml_flags = METH_FASTCALL;
    if (declared->generated != NULL) {
        const struct ffic_global *entry = declared->generated;
        function->call = entry->call;
        function->direct = entry->flags & FFIC_WIDE ? declared->ffi->declarations.table->direct[entry->index] : entry->call;
        function->wrapped = !(entry->flags & FFIC_VARIADIC);
    }
    else {
        function->library = (ffic_library *)Py_XNewRef((PyObject *)library);
        memcpy(&function->call, &address, sizeof function->call);
        function->direct = function->call;
    }
    if (length > 0) {
        memcpy(function->text, text, length); /* zeros follow */
        function->method.ml_doc = function->text;
    }
    else {
        function->doc = documentation(function, module);
        function->method.ml_doc = function->doc == NULL ? NULL : PyUnicode_AsUTF8(function->doc);
    }
    bool is_ready = function->method.ml_name != NULL && function->method.ml_doc != NULL;
    PyObject *builtin = !is_ready ? NULL : PyCFunction_NewEx(&function->method, (PyObject *)function, module);
    function->builtin = builtin;
    Py_DECREF(function);
    return builtin;
}

PyObject *
ffic_function_pointer(PyObject *builtin)
{
    ffic_function *function = ffic_function_of(builtin);
    ffic_ctype *ct = function_type(function);
    ffic_ctype *pointer = ct == NULL ? NULL : ffic_ctype_pointer_to(ct);
    if (pointer == NULL) {
        return NULL;
    }
    char *address;
    memcpy(&address, &function->direct, sizeof address);
    PyObject *result = ffic_cdata_borrowed(pointer, address);
    Py_DECREF(pointer);
    return result;
}

/* ---- the object -------------------------------------------------------------------------------------------- */

static PyObject *
function_repr(PyObject *self)
{
    PyObject *text = declaration_text((ffic_function *)self);
    if (text == NULL) {
        return NULL;
    }
    PyObject *result = PyUnicode_FromFormat("<C function '%U'>", text);
    Py_DECREF(text);
    return result;
}

static PyObject *
function_reduce(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    PyErr_Format(PyExc_TypeError, "cannot pickle C function '%U': its address belongs to this process",
                 ((ffic_function *)self)->name);
    return NULL;
}

static int
function_traverse(PyObject *self, visitproc visit, void *arg)
{
    ffic_function *function = (ffic_function *)self;
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(function->type);
    Py_VISIT(function->ffi);
    Py_VISIT(function->library);
    Py_VISIT(function->lib);
    return 0;
}

static void
function_dealloc(PyObject *self)
{
    ffic_function *function = (ffic_function *)self;
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    Py_XDECREF(function->type);
    Py_XDECREF(function->ffi);
    Py_XDECREF(function->library);
    Py_XDECREF(function->lib);
    Py_XDECREF(function->name);
    Py_XDECREF(function->doc);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMethodDef function_methods[] = {
    {"__reduce__", function_reduce, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot function_slots[] = {
    {Py_tp_repr, function_repr},
    {Py_tp_methods, function_methods},
    {Py_tp_traverse, function_traverse},
    {Py_tp_dealloc, function_dealloc},
    {0, NULL},
};

static PyType_Spec function_spec = {
    .name = "ffi_core._native.Function",
    .basicsize = (int)sizeof(ffic_function),
    .itemsize = 1,
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = function_slots,
};

int
ffic_function_setup(PyObject *module, ffic_state *state)
{
    state->function_type = ffic_make_type(module, &function_spec, NULL);
    return state->function_type == NULL ? -1 : PyModule_AddType(module, state->function_type);
}
