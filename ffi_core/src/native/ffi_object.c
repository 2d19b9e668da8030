/* The FFI object: its declarations, its cache of parsed types, and the table of its methods. */
#include "ffi_object.h"

#include <dlfcn.h>

#include "boundary.h"
#include "cdata.h"
#include "type_parser.h"

/* ---- arguments ------------------------------------------------------------------------------------------------------- */

int
ffic_arguments(const char *function, const char *const *names, Py_ssize_t required, PyObject *const *args, Py_ssize_t count,
               PyObject *keywords, PyObject **values)
{
    Py_ssize_t limit = 0;
    while (names[limit] != NULL) {
        values[limit++] = NULL;
    }
    if (count > limit) {
        PyErr_Format(PyExc_TypeError, "%s() takes at most %zd argument%s (%zd given)", function, limit, limit == 1 ? "" : "s",
                     count);
        return -1;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        values[i] = args[i];
    }
    Py_ssize_t keyword_count = keywords == NULL ? 0 : PyTuple_GET_SIZE(keywords);
    for (Py_ssize_t k = 0; k < keyword_count; k++) {
        PyObject *keyword = PyTuple_GET_ITEM(keywords, k);
        Py_ssize_t i = 0;
        while (i < limit && PyUnicode_CompareWithASCIIString(keyword, names[i]) != 0) {
            i++;
        }
        if (i == limit) {
            PyErr_Format(PyExc_TypeError, "%s() got an unexpected keyword argument '%U'", function, keyword);
            return -1;
        }
        if (values[i] != NULL) {
            PyErr_Format(PyExc_TypeError, "%s() got multiple values for argument '%s'", function, names[i]);
            return -1;
        }
        values[i] = args[count + k];
    }
    for (Py_ssize_t i = 0; i < required; i++) {
        if (values[i] == NULL) {
            PyErr_Format(PyExc_TypeError, "%s() missing required argument '%s' (pos %zd)", function, names[i], i + 1);
            return -1;
        }
    }
    return 0;
}

/* ---- types ------------------------------------------------------------------------------------------------------------ */

/* Longer types are data that took a wrong turn. */
enum { LONGEST_READ = 2000 };

/* Let the front end read a type that the parser of the runtime does not know, with the members of a struct, or an expression for a
 * length.  If it does not either, the exception that is set stays. */
static ffic_ctype *
read_type(ffic_ffi *ffi, PyObject *text)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyObject *spelled = PyObject_CallMethod((PyObject *)ffi, "_read_type", "O", text);
    const char *utf8 = spelled == NULL ? NULL : PyUnicode_AsUTF8(spelled);
    ffic_ctype *ct = utf8 == NULL ? NULL : ffic_parse_type(ffi, utf8, -1);
    Py_XDECREF(spelled);
    if (ct == NULL && (utf8 != NULL || PyErr_ExceptionMatches(ffi->state->error))) {
        PyErr_Restore(type, value, traceback);
        return NULL;
    }
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(traceback);
    return ct;
}

static ffic_ctype *
parse_and_keep(ffic_ffi *ffi, PyObject *text)
{
    Py_ssize_t length;
    const char *utf8 = PyUnicode_AsUTF8AndSize(text, &length);
    if (utf8 == NULL) {
        return NULL;
    }
    if (strlen(utf8) != (size_t)length) {
        PyErr_SetString(ffi->state->error, "a C type cannot contain a null character");
        return NULL;
    }
    ffic_ctype *ct = ffic_parse_type(ffi, utf8, -1);
    if (ct == NULL && ffi->declares && length < LONGEST_READ && strpbrk(utf8, "]}") != NULL && PyErr_ExceptionMatches(ffi->state->cdef_error)) {
        ct = read_type(ffi, text);
    }
    if (ct != NULL && PyDict_SetItem(ffi->parsed, text, (PyObject *)ct) < 0) {
        Py_CLEAR(ct);
    }
    return ct;
}

static inline ffic_recent *
recent_place(ffic_ffi *ffi, PyObject *text)
{
    return &ffi->recent[((uintptr_t)text >> 4 ^ (uintptr_t)text >> 8) % FFIC_RECENT];
}

static void
forget_recent(ffic_ffi *ffi)
{
    for (size_t i = 0; i < FFIC_RECENT; i++) {
        Py_CLEAR(ffi->recent[i].text);
        Py_CLEAR(ffi->recent[i].type);
    }
}

/* Forget what type expressions mean: the declarations have changed, or the ffi goes. */
static void
forget_parsed(ffic_ffi *ffi)
{
    forget_recent(ffi);
    PyDict_Clear(ffi->parsed);
}

ffic_ctype *
ffic_ffi_type_of(ffic_ffi *ffi, PyObject *argument, bool allow_cdata)
{
    ffic_recent *recent = recent_place(ffi, argument);
    if (FFIC_HAS_GIL && FFIC_LIKELY(recent->text == argument)) {
        return (ffic_ctype *)Py_NewRef((PyObject *)recent->type);
    }
    if (FFIC_LIKELY(PyUnicode_Check(argument))) {
        ffic_ctype *known = (ffic_ctype *)ffic_dict_get(ffi->parsed, argument);
        if (known == NULL) {
            return PyErr_Occurred() ? NULL : parse_and_keep(ffi, argument);
        }
        if (FFIC_HAS_GIL && PyUnicode_CheckExact(argument)) {
            ffic_recent old = *recent;
            recent->text = Py_NewRef(argument);
            recent->type = (ffic_ctype *)Py_NewRef((PyObject *)known);
            Py_XDECREF(old.text);
            Py_XDECREF(old.type);
        }
        return known;
    }
    ffic_state *state = ffi->state;
    if (ffic_is_ctype(state, argument)) {
        return (ffic_ctype *)Py_NewRef(argument);
    }
    if (allow_cdata && ffic_is_cdata(state, argument)) {
        return (ffic_ctype *)Py_NewRef((PyObject *)((ffic_cdata *)argument)->type);
    }
    PyErr_Format(PyExc_TypeError, "expected a string with a C type, or a ctype object%s, not %.200s",
                 allow_cdata ? ", or a cdata object" : "", Py_TYPE(argument)->tp_name);
    return NULL;
}

ffic_ctype *
ffic_ffi_tagged(ffic_ffi *ffi, PyObject *key)
{
    ffic_ctype *ct = ffic_find_tagged(ffi, key);
    if (ct == NULL && !PyErr_Occurred()) {
        PyErr_Format(ffi->state->error, "'%U' is not declared", key);
    }
    return ct;
}

PyObject *
ffic_ffi_global_constant(ffic_ffi *ffi, PyObject *name)
{
    PyObject *value = ffic_find_constant(ffi, name);
    if (value == NULL && !PyErr_Occurred()) {
        PyErr_Format(PyExc_AttributeError, "no constant named '%U' is declared", name);
    }
    return value;
}

/* ---- declarations -------------------------------------------------------------------------------------------------------- */

static int
merge(PyObject **into, PyObject *names)
{
    if (*into == NULL) {
        *into = PyDict_New();
    }
    return *into == NULL ? -1 : PyDict_Update(*into, names);
}

/* Forget what was realised under a name that is declared anew. */
static int
forget(ffic_ffi *ffi, PyObject *types)
{
    PyObject *name, *entry;
    Py_ssize_t position = 0;
    bool changed = false;
    while (PyDict_Next(types, &position, &name, &entry)) {
        int redeclared = ffic_declares_type(ffi, name);
        if (redeclared < 0) {
            return -1;
        }
        if (!redeclared) {
            continue;
        }
        changed = true;
        ffic_ctype *known = (ffic_ctype *)PyDict_GetItemWithError(ffi->tagged, name);
        /* An opaque struct that is now defined stays the same type: pointers to it are already about. */
        if (known != NULL && (known->flags & FFIC_TYPE_COMPLETE) && PyDict_DelItem(ffi->tagged, name) < 0) {
            return -1;
        }
    }
    if (changed) {
        forget_parsed(ffi);
    }
    return PyErr_Occurred() ? -1 : 0;
}

static PyObject *
ffi_declare(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    ffic_ffi *ffi = (ffic_ffi *)self;
    if (count < 2 || count > 3 || !PyDict_Check(args[0]) || !PyDict_Check(args[1]) || (count == 3 && !PyUnicode_Check(args[2]))) {
        PyErr_SetString(PyExc_TypeError, "_declare() takes two dicts, and the name of the module where there is one");
        return NULL;
    }
    if (forget(ffi, args[1]) < 0 || merge(&ffi->declarations.globals, args[0]) < 0 || merge(&ffi->declarations.types, args[1]) < 0) {
        return NULL;
    }
    if (count == 3) {
        Py_SETREF(ffi->name, Py_NewRef(args[2]));
    }
    Py_RETURN_NONE;
}

int
ffic_declare_opaque(ffic_ffi *ffi, PyObject *key)
{
    PyObject *types = Py_BuildValue("{O(sOiii)}", key, "record", Py_None, 1, 0, 0);
    int result = types == NULL ? -1 : merge(&ffi->declarations.types, types);
    Py_XDECREF(types);
    return result;
}

/* What a generated Python module declares: the text carrier, in an ffi that has no declarations yet. */
static PyObject *
ffi_declare_text(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    ffic_declarations *own = &((ffic_ffi *)self)->declarations;
    if (count != 3 || !PyUnicode_Check(args[0]) || !PyUnicode_Check(args[1]) || !PyUnicode_Check(args[2]) || own->globals != NULL ||
        own->types != NULL) {
        PyErr_SetString(PyExc_TypeError, "_declare_text() takes two strings and the name of the module, in a new FFI object");
        return NULL;
    }
    own->globals = PyDict_New();
    own->types = PyDict_New();
    if (own->globals == NULL || own->types == NULL) {
        return NULL;
    }
    own->globals_text = Py_NewRef(args[0]);
    own->types_text = Py_NewRef(args[1]);
    Py_SETREF(((ffic_ffi *)self)->name, Py_NewRef(args[2]));
    Py_RETURN_NONE;
}

static PyObject *
ffi_include(PyObject *self, PyObject *other)
{
    ffic_ffi *ffi = (ffic_ffi *)self;
    if (!PyObject_TypeCheck(other, ffi->state->ffi_type)) {
        PyErr_Format(PyExc_TypeError, "include() takes an FFI object, not %.200s", Py_TYPE(other)->tp_name);
        return NULL;
    }
    if (other == self) {
        PyErr_SetString(PyExc_ValueError, "an FFI object cannot include itself");
        return NULL;
    }
    if (ffi->declarations.includes == NULL) {
        ffi->declarations.includes = PyList_New(0);
    }
    if (ffi->declarations.includes == NULL || PyList_Append(ffi->declarations.includes, other) < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}

/* Forget what was declared, and take it all from another ffi: the module that a compiler made of these declarations. */
static PyObject *
ffi_replace(PyObject *self, PyObject *other)
{
    ffic_ffi *ffi = (ffic_ffi *)self;
    if (!PyObject_TypeCheck(other, ffi->state->ffi_type) || other == self) {
        PyErr_SetString(PyExc_TypeError, "_replace() takes another FFI object");
        return NULL;
    }
    PyObject *includes = PyList_New(1);
    if (includes == NULL) {
        return NULL;
    }
    PyList_SET_ITEM(includes, 0, Py_NewRef(other));
    PyObject *old = ffi->declarations.includes;
    ffi->declarations.includes = includes;
    Py_XDECREF(old);
    if (ffi->declarations.globals != NULL) {
        PyDict_Clear(ffi->declarations.globals);
    }
    if (ffi->declarations.types != NULL) {
        PyDict_Clear(ffi->declarations.types);
    }
    Py_CLEAR(ffi->declarations.globals_text);
    Py_CLEAR(ffi->declarations.types_text);
    forget_parsed(ffi);
    PyDict_Clear(ffi->tagged);
    Py_RETURN_NONE;
}

/* Take some structs, unions and enums, by their names in the declaration table, as another ffi made them of the same declarations. */
static PyObject *
ffi_share_types(PyObject *self, PyObject *types)
{
    ffic_ffi *ffi = (ffic_ffi *)self;
    PyObject *name;
    PyObject *ctype;
    Py_ssize_t position = 0;
    bool is_right = PyDict_Check(types);
    while (is_right && PyDict_Next(types, &position, &name, &ctype)) {
        is_right = PyUnicode_Check(name) && PyObject_TypeCheck(ctype, ffi->state->ctype_type);
    }
    if (!is_right) {
        PyErr_SetString(PyExc_TypeError, "_share_types() takes a dict of C types");
        return NULL;
    }
    forget_parsed(ffi);
    if (PyDict_Update(ffi->tagged, types) < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}

/* ---- init_once -------------------------------------------------------------------------------------------------------------- */

/* One lock per tag, made under the GIL or the critical section; the function runs with it held. */
static PyObject *
once_entry(ffic_ffi *ffi, PyObject *tag)
{
    PyObject *entry = NULL;
    FFIC_BEGIN_CRITICAL_SECTION(ffi);
    entry = ffic_dict_get(ffi->once, tag);
    if (entry == NULL && !PyErr_Occurred()) {
        PyObject *threading = PyImport_ImportModule("threading");
        PyObject *lock = threading == NULL ? NULL : PyObject_CallMethod(threading, "RLock", NULL);
        PyObject *made = lock == NULL ? NULL : Py_BuildValue("[O]", lock);
        /* The import may have let another thread in. */
        PyObject *kept = made == NULL ? NULL : PyDict_SetDefault(ffi->once, tag, made);
        entry = Py_XNewRef(kept);
        Py_XDECREF(made);
        Py_XDECREF(lock);
        Py_XDECREF(threading);
    }
    FFIC_END_CRITICAL_SECTION();
    return entry;
}

FFIC_METHOD(ffic_ffi_init_once)
{
    static const char *const names[] = {"func", "tag", NULL};
    PyObject *values[2];
    if (ffic_arguments("init_once", names, 2, args, count, keywords, values) < 0) {
        return NULL;
    }
    /* The entry is [lock] while it is to be done, [lock, result] afterwards. */
    PyObject *entry = once_entry((ffic_ffi *)self, values[1]);
    if (entry == NULL) {
        return NULL;
    }
    PyObject *result = NULL;
    if (PyList_GET_SIZE(entry) > 1) {
        result = Py_NewRef(PyList_GET_ITEM(entry, 1));
        Py_DECREF(entry);
        return result;
    }
    PyObject *lock = PyList_GET_ITEM(entry, 0);
    PyObject *taken = PyObject_CallMethod(lock, "acquire", NULL);
    if (taken != NULL) {
        if (PyList_GET_SIZE(entry) > 1) {
            result = Py_NewRef(PyList_GET_ITEM(entry, 1));
        }
        else {
            result = PyObject_CallNoArgs(values[0]);
            if (result != NULL && PyList_Append(entry, result) < 0) {
                Py_CLEAR(result);
            }
        }
        PyObject *type, *value, *traceback;
        PyErr_Fetch(&type, &value, &traceback);
        PyObject *released = PyObject_CallMethod(lock, "release", NULL);
        Py_XDECREF(released);
        PyErr_Restore(type, value, traceback);
        Py_DECREF(taken);
    }
    Py_DECREF(entry);
    return result;
}

/* ---- errno ------------------------------------------------------------------------------------------------------------------- */

static PyObject *
ffi_get_errno(PyObject *Py_UNUSED(self), void *Py_UNUSED(closure))
{
    return PyLong_FromLong(ffic_this_thread.saved_errno);
}

static int
ffi_set_errno(PyObject *Py_UNUSED(self), PyObject *value, void *Py_UNUSED(closure))
{
    if (value == NULL) {
        PyErr_SetString(PyExc_AttributeError, "cannot delete errno");
        return -1;
    }
    PyObject *integer = PyNumber_Index(value); /* no floats */
    if (integer == NULL) {
        return -1;
    }
    long number = PyLong_AsLong(integer);
    Py_DECREF(integer);
    if (number == -1 && PyErr_Occurred()) {
        return -1;
    }
    if (number < INT32_MIN || number > INT32_MAX) {
        PyErr_Format(PyExc_OverflowError, "errno %ld does not fit 'int'", number);
        return -1;
    }
    ffic_this_thread.saved_errno = (int)number;
    return 0;
}

/* ---- the object ---------------------------------------------------------------------------------------------------------------- */

static ffic_ffi *
ffi_alloc(PyTypeObject *type, ffic_state *state)
{
    ffic_ffi *ffi = (ffic_ffi *)type->tp_alloc(type, 0);
    if (ffi == NULL) {
        return NULL;
    }
    ffi->state = state;
    ffi->parsed = PyDict_New();
    ffi->tagged = PyDict_New();
    ffi->once = PyDict_New();
    ffi->name = Py_NewRef(Py_None);
    if (ffi->parsed == NULL || ffi->tagged == NULL || ffi->once == NULL) {
        Py_DECREF(ffi);
        return NULL;
    }
    return ffi;
}

static PyObject *
ffi_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    ffic_state *state = ffic_state_of_type(type);
    bool given = (args != NULL && PyTuple_GET_SIZE(args) > 0) || (keywords != NULL && PyDict_GET_SIZE(keywords) > 0);
    if (given && type == state->ffi_type) { /* others have an __init__ for them */
        PyErr_SetString(PyExc_TypeError, "FFI() takes no arguments");
        return NULL;
    }
    return (PyObject *)ffi_alloc(type, state);
}

ffic_ffi *
ffic_ffi_new_empty(ffic_state *state)
{
    return ffi_alloc(state->ffi_type, state);
}

static int
ffi_traverse(PyObject *self, visitproc visit, void *arg)
{
    ffic_ffi *ffi = (ffic_ffi *)self;
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(ffi->parsed);
    for (size_t i = 0; i < FFIC_RECENT; i++) {
        Py_VISIT(ffi->recent[i].type); /* the texts are str */
    }
    Py_VISIT(ffi->tagged);
    Py_VISIT(ffi->declarations.globals);
    Py_VISIT(ffi->declarations.types);
    Py_VISIT(ffi->declarations.includes);
    Py_VISIT(ffi->once);
    Py_VISIT(ffi->python_bodies);
    return 0;
}

static int
ffi_clear(PyObject *self)
{
    /* Types refer to their ffi, and the ffi to its types: emptying the two caches cuts every such cycle. */
    ffic_ffi *ffi = (ffic_ffi *)self;
    if (ffi->parsed != NULL) {
        forget_parsed(ffi);
    }
    if (ffi->tagged != NULL) {
        PyDict_Clear(ffi->tagged);
    }
    if (ffi->once != NULL) {
        PyDict_Clear(ffi->once);
    }
    Py_CLEAR(ffi->declarations.includes);
    Py_CLEAR(ffi->python_bodies);
    return 0;
}

static void
ffi_dealloc(PyObject *self)
{
    ffic_ffi *ffi = (ffic_ffi *)self;
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    if (ffi->weakrefs != NULL) {
        PyObject_ClearWeakRefs(self);
    }
    forget_recent(ffi);
    Py_XDECREF(ffi->parsed);
    Py_XDECREF(ffi->tagged);
    Py_XDECREF(ffi->declarations.globals);
    Py_XDECREF(ffi->declarations.types);
    Py_XDECREF(ffi->declarations.globals_text);
    Py_XDECREF(ffi->declarations.types_text);
    Py_XDECREF(ffi->declarations.includes);
    Py_XDECREF(ffi->once);
    Py_XDECREF(ffi->python_bodies);
    Py_XDECREF(ffi->name);
    Py_XDECREF(ffi->lib);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyObject *
ffi_repr(PyObject *self)
{
    const ffic_ffi *ffi = (ffic_ffi *)self;
    if (ffi->name == Py_None) {
        return PyUnicode_FromFormat("<FFI object at %p>", self);
    }
    return PyUnicode_FromFormat("<FFI object of module '%U'>", ffi->name);
}

static PyObject *
ffi_reduce(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    PyErr_Format(PyExc_TypeError, "cannot pickle %R: it belongs to this process", self);
    return NULL;
}

#define METHOD(name, doc) {#name, (PyCFunction)(void (*)(void))ffic_ffi_##name, METH_FASTCALL | METH_KEYWORDS, doc}

static PyMethodDef ffi_methods[] = {
    METHOD(new, "new(cdecl, init=None)\n--\n\nAllocate C data of the given pointer or array type, zeroed, then initialised."),
    METHOD(new_allocator, "new_allocator(alloc=None, free=None, should_clear_after_alloc=True)\n--\n\n"
                          "Return a function like new() that takes its memory from `alloc`."),
    METHOD(cast, "cast(cdecl, source)\n--\n\nConvert as a C cast does: numbers, pointers, arrays."),
    METHOD(gc, "gc(cdata, destructor, size=0)\n--\n\nReturn a copy of the pointer that calls `destructor` when it is collected."),
    METHOD(release, "release(cdata)\n--\n\nRelease the memory or buffer that the cdata owns, now."),
    METHOD(new_handle, "new_handle(python_object)\n--\n\nReturn a `void *` that C can carry; see from_handle()."),
    METHOD(from_handle, "from_handle(handle)\n--\n\nReturn the object that new_handle() was given."),
    METHOD(from_buffer, "from_buffer(cdecl, python_buffer, require_writable=False)\n--\n\n"
                        "Return an array cdata that refers to the memory of a Python buffer, without a copy."),
    METHOD(memmove, "memmove(dest, src, n)\n--\n\nCopy `n` bytes between cdata and Python buffers; they may overlap."),
    METHOD(string, "string(cdata, maxlen=-1)\n--\n\nReturn the bytes or str up to the first null; of an enum, the name."),
    METHOD(unpack, "unpack(cdata, length)\n--\n\nReturn `length` items as bytes, str or list."),
    METHOD(tuple_reader, "tuple_reader(cdecl, cls=tuple, encoding=None, errors='strict', fields=None)\n--\n\n"
                         "Return a function that turns such a struct into a tuple of its fields."),
    METHOD(for_bytes, "for_bytes(function, otherwise, short=None, below=0)\n--\n\n"
                      "Return `otherwise`, made faster for bytes: those go to the C function with their length."),
    METHOD(bytes_method, "bytes_method(function, attribute, otherwise, failed, release=None)\n--\n\n"
                         "Return `otherwise`, a method, made faster for bytes: C turns them into other bytes."),
    METHOD(typeof, "typeof(cdecl)\n--\n\nReturn the ctype that a string names, or of a cdata object."),
    METHOD(sizeof, "sizeof(cdecl)\n--\n\nReturn the size in bytes of a C type, or of what a cdata object holds."),
    METHOD(alignof, "alignof(cdecl)\n--\n\nReturn the alignment in bytes of a C type."),
    METHOD(offsetof, "offsetof(cdecl, *fields_or_indexes)\n--\n\nReturn the offset in bytes of a member."),
    METHOD(addressof, "addressof(cdata_or_lib, *fields_or_indexes)\n--\n\nReturn a pointer, as C's `&` does."),
    METHOD(getctype, "getctype(cdecl, replace_with='')\n--\n\nReturn the C text of a type, with a declarator in its place."),
    METHOD(list_types, "list_types()\n--\n\nReturn the names of typedefs, structs and unions: three lists."),
    METHOD(integer_const, "integer_const(name)\n--\n\nReturn the value of an integer constant."),
    METHOD(dlopen, "dlopen(name, flags=0)\n--\n\nOpen a shared library, and return the `lib` of its declared names."),
    METHOD(dlclose, "dlclose(lib)\n--\n\nClose a library that dlopen() opened; using `lib` then raises ValueError."),
    METHOD(callback, "callback(cdecl, python_callable=None, error=None, onerror=None)\n--\n\n"
                     "Return a C function pointer that calls Python.  Without a callable: a decorator."),
    METHOD(def_extern, "def_extern(name=None, error=None, onerror=None)\n--\n\n"
                       "Decorator that gives an extern \"Python\" function its body."),
    METHOD(init_once, "init_once(func, tag)\n--\n\nCall `func` once per tag, also with several threads; return its result."),
    {"_declare", (PyCFunction)(void (*)(void))ffi_declare, METH_FASTCALL, NULL},
    {"_declare_text", (PyCFunction)(void (*)(void))ffi_declare_text, METH_FASTCALL, NULL},
    {"_replace", ffi_replace, METH_O, NULL},
    {"_table", ffic_ffi_table, METH_NOARGS, NULL},
    {"_share_types", ffi_share_types, METH_O, NULL},
    {"_include", ffi_include, METH_O, NULL},
    {"__reduce__", ffi_reduce, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef ffi_getset[] = {
    {"errno", ffi_get_errno, ffi_set_errno, "C's errno, as the last C call of this thread left it.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMemberDef ffi_members[] = {
    {"_declares", T_BOOL, offsetof(ffic_ffi, declares), 0, NULL},
    {"keep_alive", T_BOOL, offsetof(ffic_ffi, keep_alive), 0,
     "Does memory from new() keep alive what the pointers in it point to?  For memory that is made from now on."},
    {"__weaklistoffset__", T_PYSSIZET, offsetof(ffic_ffi, weakrefs), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot ffi_slots[] = {
    {Py_tp_doc, "Access to C: declarations, C data and C types."},
    {Py_tp_new, ffi_new},
    {Py_tp_repr, ffi_repr},
    {Py_tp_methods, ffi_methods},
    {Py_tp_getset, ffi_getset},
    {Py_tp_members, ffi_members},
    {Py_tp_traverse, ffi_traverse},
    {Py_tp_clear, ffi_clear},
    {Py_tp_dealloc, ffi_dealloc},
    {0, NULL},
};

static PyType_Spec ffi_spec = {
    .name = "ffi_core._native.FFI",
    .basicsize = (int)sizeof(ffic_ffi),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE,
    .slots = ffi_slots,
};

static int
set_constants(PyObject *type, ffic_state *state)
{
    static const struct {
        const char *name;
        long value;
    } flags[] = {
        {"RTLD_LAZY", RTLD_LAZY},   {"RTLD_NOW", RTLD_NOW},           {"RTLD_GLOBAL", RTLD_GLOBAL}, {"RTLD_LOCAL", RTLD_LOCAL},
#ifdef RTLD_NODELETE
        {"RTLD_NODELETE", RTLD_NODELETE},
#endif
#ifdef RTLD_NOLOAD
        {"RTLD_NOLOAD", RTLD_NOLOAD},
#endif
#ifdef RTLD_DEEPBIND
        {"RTLD_DEEPBIND", RTLD_DEEPBIND},
#endif
    };
    for (size_t i = 0; i < Py_ARRAY_LENGTH(flags); i++) {
        PyObject *value = PyLong_FromLong(flags[i].value);
        int failed = value == NULL ? -1 : PyObject_SetAttrString(type, flags[i].name, value);
        Py_XDECREF(value);
        if (failed) {
            return -1;
        }
    }
    state->null = ffic_cdata_borrowed(state->void_pointer, NULL);
    return state->null == NULL || PyObject_SetAttrString(type, "NULL", state->null) < 0 ||
                   PyObject_SetAttrString(type, "error", state->error) < 0 ||
                   PyObject_SetAttrString(type, "CData", (PyObject *)state->cdata_type) < 0 ||
                   PyObject_SetAttrString(type, "CType", (PyObject *)state->ctype_type) < 0 ||
                   PyObject_SetAttrString(type, "buffer", (PyObject *)state->buffer_type) < 0
               ? -1
               : 0;
}

int
ffic_ffi_setup(PyObject *module, ffic_state *state)
{
    state->ffi_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &ffi_spec, NULL);
    if (state->ffi_type == NULL || set_constants((PyObject *)state->ffi_type, state) < 0) {
        return -1;
    }
    return PyModule_AddType(module, state->ffi_type);
}
