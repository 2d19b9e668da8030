/* Methods that hand bytes to C and return the bytes that C makes of them: ffi.bytes_method. */
#include "bytes_method.h"
#include "arguments.h"
#include "boundary.h"
#include "cdata.h"
#include "ffi_object.h"
#include "for_bytes.h"
#include "function.h"
#include "heap_type.h"

/* All pointers are passed alike. */
typedef Py_ssize_t (*transform_function)(void *self, const void *data, size_t size, char **result);
typedef void (*release_function)(void *memory);

/* What a class has as its method: `otherwise`, made faster for what C takes as it is. */
typedef struct {
    PyObject_HEAD
    vectorcallfunc vectorcall;
    transform_function transform;
    release_function release; /* NULL: what C returned stays */
    PyObject *function;       /* the function of a library whose address `transform` is */
    PyObject *freeing;        /* whose address `release` is; may be NULL */
    ffic_ctype *owner;        /* the type of C's first parameter */
    PyObject *attribute;      /* str: where objects have a pointer of that type */
    PyObject *otherwise;      /* called with the arguments as they came, whenever C does not take them */
    PyObject *failed;         /* called with the object, the number and the words when C says that it failed */
    PyObject *attributes;     /* `__dict__`: name, module, documentation */
    PyObject *weakrefs;
} bytes_method;

/* ---- calls ------------------------------------------------------------------------------------------------------ */

/* In ABI modes a library may have been closed. */
static bool
is_open(PyObject *function)
{
    const ffic_library *library = function == NULL ? NULL : ffic_function_of(function)->library;
    return library == NULL || library->handle != NULL;
}

/* The pointer that C takes first, or NULL: `value` is something else, NULL, or released. */
static char *
owner_of(const bytes_method *made, PyObject *value)
{
    ffic_state *state = made->owner->state;
    if (!ffic_is_cdata(state, value) || ((ffic_cdata *)value)->type != made->owner ||
        (Py_IS_TYPE(value, state->cdata_gc_type) && ((ffic_cdata_gc *)value)->origin == NULL)) {
        return NULL;
    }
    return ((ffic_cdata *)value)->data;
}

/* C failed: call `failed(object, number, words)`. */
static PyObject *
call_failed(const bytes_method *made, PyObject *object, Py_ssize_t number, const char *words)
{
    PyObject *text = words == NULL ? Py_NewRef(Py_None) : PyBytes_FromString(words);
    PyObject *code = text == NULL ? NULL : PyLong_FromSsize_t(number);
    PyObject *result = code == NULL ? NULL : PyObject_CallFunctionObjArgs(made->failed, object, code, text, NULL);
    Py_XDECREF(text);
    Py_XDECREF(code);
    return result;
}

static PyObject *
call_bytes_method(PyObject *self, PyObject *const *args, size_t flags, PyObject *keywords)
{
    const bytes_method *made = (bytes_method *)self;
    if (FFIC_UNLIKELY(keywords != NULL || PyVectorcall_NARGS(flags) != 2 || !PyBytes_CheckExact(args[1]) ||
                      !is_open(made->function) || !is_open(made->freeing))) {
        return PyObject_Vectorcall(made->otherwise, args, flags, keywords);
    }
    PyObject *pointer = PyObject_GetAttr(args[0], made->attribute);
    if (pointer == NULL) {
        return NULL;
    }
    char *owner = owner_of(made, pointer);
    if (FFIC_UNLIKELY(owner == NULL)) {
        Py_DECREF(pointer);
        return PyObject_Vectorcall(made->otherwise, args, flags, keywords);
    }
    char *found = NULL;
    PyThreadState *thread = ffic_before_call(ffic_function_of(made->function)->keep_gil);
    Py_ssize_t size = made->transform(owner, PyBytes_AS_STRING(args[1]), (size_t)PyBytes_GET_SIZE(args[1]), &found);
    ffic_after_call(thread);
    PyObject *result;
    if (FFIC_UNLIKELY(size < 0)) {
        result = call_failed(made, args[0], size, found);
    }
    else {
        result = PyBytes_FromStringAndSize(found, found == NULL ? 0 : size);
        if (made->release != NULL && found != NULL) {
            made->release(found);
        }
    }
    Py_DECREF(pointer);
    return result;
}

/* ---- making ----------------------------------------------------------------------------------------------------- */

static bool
is_size(const ffic_ctype *ct, bool is_signed)
{
    return ffic_code_is_integer(ct->code) && ct->size == (Py_ssize_t)sizeof(size_t) && ((ct->flags & FFIC_TYPE_SIGNED) != 0) == is_signed;
}

static bool
fits_transform(const ffic_ctype *ct)
{
    ffic_ctype *const *parameters = ct->u.function.parameters;
    return ct->length == 4 && !(ct->flags & FFIC_TYPE_VARIADIC) && is_size(ct->item, true) &&
           parameters[0]->kind == FFIC_KIND_POINTER && parameters[1]->kind == FFIC_KIND_POINTER &&
           ffic_takes_bytes(parameters[1]->item) && is_size(parameters[2], false) && parameters[3]->kind == FFIC_KIND_POINTER &&
           parameters[3]->item->kind == FFIC_KIND_POINTER && ffic_takes_bytes(parameters[3]->item->item);
}

static bool
fits_release(const ffic_ctype *ct)
{
    return ct->length == 1 && !(ct->flags & FFIC_TYPE_VARIADIC) && ct->item->kind == FFIC_KIND_VOID &&
           ct->u.function.parameters[0]->kind == FFIC_KIND_POINTER && ffic_takes_bytes(ct->u.function.parameters[0]->item);
}

/* The pointer to a function of a library whose type `fits`; NULL with TypeError.  New reference. */
static ffic_cdata *
pointer_to(ffic_state *state, PyObject *function, const char *name, bool (*fits)(const ffic_ctype *), const char *wanted)
{
    if (!ffic_is_function(state, function)) {
        PyErr_Format(PyExc_TypeError, "bytes_method() argument '%s' must be a function of a library, not %.200s", name,
                     Py_TYPE(function)->tp_name);
        return NULL;
    }
    PyObject *pointer = ffic_function_pointer(function);
    if (pointer != NULL && !fits(((ffic_cdata *)pointer)->type->item)) {
        PyErr_Format(PyExc_TypeError, "bytes_method() argument '%s' must be a function '%s', not '%U'", name, wanted,
                     ((ffic_cdata *)pointer)->type->item->name);
        Py_CLEAR(pointer);
    }
    return (ffic_cdata *)pointer;
}

static bytes_method *
new_method(ffic_state *state, PyObject *const *values, const ffic_cdata *transform, const ffic_cdata *release)
{
    bytes_method *made = PyObject_GC_New(bytes_method, state->bytes_method_type);
    if (made == NULL) {
        return NULL;
    }
    made->vectorcall = call_bytes_method;
    made->transform = (transform_function)(void (*)(void))(uintptr_t)transform->data;
    made->release = release == NULL ? NULL : (release_function)(void (*)(void))(uintptr_t)release->data;
    made->function = Py_NewRef(values[0]);
    made->freeing = release == NULL ? NULL : Py_NewRef(values[4]);
    made->owner = (ffic_ctype *)Py_NewRef((PyObject *)transform->type->item->u.function.parameters[0]);
    made->attribute = Py_NewRef(values[1]);
    made->otherwise = Py_NewRef(values[2]);
    made->failed = Py_NewRef(values[3]);
    made->attributes = NULL;
    made->weakrefs = NULL;
    PyObject_GC_Track((PyObject *)made);
    return made;
}

PyObject *
ffic_ffi_bytes_method(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *keywords)
{
    static const char *const names[] = {"function", "attribute", "otherwise", "failed", "release", NULL};
    PyObject *values[5] = {NULL};
    if (ffic_arguments("bytes_method", names, 4, args, count, keywords, values) < 0) {
        return NULL;
    }
    if (!PyUnicode_Check(values[1])) {
        PyErr_Format(PyExc_TypeError, "bytes_method() argument 'attribute' must be str, not %.200s", Py_TYPE(values[1])->tp_name);
        return NULL;
    }
    if (!PyCallable_Check(values[2]) || !PyCallable_Check(values[3])) {
        PyErr_Format(PyExc_TypeError, "bytes_method() argument '%s' must be callable",
                     PyCallable_Check(values[2]) ? "failed" : "otherwise");
        return NULL;
    }
    ffic_state *state = ((ffic_ffi *)self)->state;
    bool releases = values[4] != NULL && values[4] != Py_None;
    bytes_method *made = NULL;
    ffic_cdata *release = NULL;
    ffic_cdata *transform = pointer_to(state, values[0], "function", fits_transform, "ptrdiff_t(T *, void const *, size_t, char **)");
    if (transform == NULL) {
        return NULL;
    }
    if (releases) {
        release = pointer_to(state, values[4], "release", fits_release, "void(void *)");
    }
    if (!releases || release != NULL) {
        made = new_method(state, values, transform, release);
    }
    if (made != NULL && ffic_dress_as((PyObject *)made, values[2]) < 0) {
        Py_CLEAR(made);
    }
    Py_DECREF(transform);
    Py_XDECREF(release);
    return (PyObject *)made;
}

/* ---- the object ------------------------------------------------------------------------------------------------- */

static PyObject *
bytes_method_repr(PyObject *self)
{
    const bytes_method *made = (bytes_method *)self;
    return PyUnicode_FromFormat("<%R for bytes: %R>", made->otherwise, made->function);
}

static PyObject *
bytes_method_get(PyObject *self, PyObject *object, PyObject *Py_UNUSED(type))
{
    return object == NULL || object == Py_None ? Py_NewRef(self) : PyMethod_New(self, object);
}

static int
bytes_method_traverse(PyObject *self, visitproc visit, void *arg)
{
    bytes_method *made = (bytes_method *)self;
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(made->function);
    Py_VISIT(made->freeing);
    Py_VISIT((PyObject *)made->owner);
    Py_VISIT(made->otherwise);
    Py_VISIT(made->failed);
    Py_VISIT(made->attributes);
    return 0;
}

/* Only what can be part of a cycle that leads back here: calls need the rest. */
static int
bytes_method_clear(PyObject *self)
{
    Py_CLEAR(((bytes_method *)self)->attributes);
    return 0;
}

static void
bytes_method_dealloc(PyObject *self)
{
    bytes_method *made = (bytes_method *)self;
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    if (made->weakrefs != NULL) {
        PyObject_ClearWeakRefs(self);
    }
    Py_XDECREF(made->function);
    Py_XDECREF(made->freeing);
    Py_XDECREF((PyObject *)made->owner);
    Py_XDECREF(made->attribute);
    Py_XDECREF(made->otherwise);
    Py_XDECREF(made->failed);
    Py_XDECREF(made->attributes);
    PyObject_GC_Del(self);
    Py_DECREF(type);
}

static PyMemberDef bytes_method_members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(bytes_method, vectorcall), READONLY, NULL},
    {"__dictoffset__", T_PYSSIZET, offsetof(bytes_method, attributes), READONLY, NULL},
    {"__weaklistoffset__", T_PYSSIZET, offsetof(bytes_method, weakrefs), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyGetSetDef bytes_method_getset[] = {
    {"__dict__", PyObject_GenericGetDict, PyObject_GenericSetDict, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot bytes_method_slots[] = {
    {Py_tp_repr, bytes_method_repr},
    {Py_tp_call, (void *)PyVectorcall_Call},
    {Py_tp_descr_get, bytes_method_get},
    {Py_tp_members, bytes_method_members},
    {Py_tp_getset, bytes_method_getset},
    {Py_tp_traverse, bytes_method_traverse},
    {Py_tp_clear, bytes_method_clear},
    {Py_tp_dealloc, bytes_method_dealloc},
    {0, NULL},
};

static PyType_Spec bytes_method_spec = {
    .name = "ffi_core._native.BytesMethod",
    .basicsize = (int)sizeof(bytes_method),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_METHOD_DESCRIPTOR |
             Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = bytes_method_slots,
};

int
ffic_bytes_method_setup(PyObject *module, ffic_state *state)
{
    state->bytes_method_type = ffic_make_type(module, &bytes_method_spec, NULL);
    return state->bytes_method_type == NULL ? -1 : 0;
}
