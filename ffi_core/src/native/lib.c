/* `lib`: attributes that are resolved on first use.
 *
 * Each `lib` has a Python type of its own.  Functions and constants, once found, are kept in the instance's dictionary, where the
 * interpreter's attribute caches find them; `__getattr__` runs only for names that are not there yet.  Variables become data
 * descriptors on the type, so that each access reads or writes C memory.  Assignment is refused for all else.
 *
 * Interpreters that have no such caches make an AttributeError before they call a `__getattr__`: there, the type looks attributes up itself.
 */
#include "lib.h"

#include <stddef.h>

#include "convert.h"
#include "error_message.h"
#include "function.h"
#include "heap_type.h"
#include "library_variable.h"
#include "suggest.h"
#include "type_parser.h"

typedef struct {
    PyObject_HEAD
    ffic_ffi *ffi;
    ffic_library *library; /* NULL: a generated module */
    PyObject *name;        /* str */
    PyObject *variables;   /* dict: name -> descriptor */
#if !FFIC_CACHES_GETATTR
    PyObject *attributes;  /* the instance's dictionary */
#endif
} ffic_lib;

int
ffic_lib_check_open(PyObject *self)
{
    const ffic_lib *lib = (ffic_lib *)self;
    if (lib->library != NULL && lib->library->handle == NULL) {
        /* As cffi says it in each mode. */
        PyErr_Format(lib->ffi->state->closed_error, "library '%U' has %sbeen closed", lib->library->name,
                     lib->ffi->declares ? "already " : "");
        return -1;
    }
    return 0;
}

/* ---- resolving names --------------------------------------------------------------------------------------------- */

static void
missing(ffic_lib *lib, PyObject *name)
{
    PyObject *near = ffic_suggest(lib->ffi, name);
    const char *what = lib->library == NULL ? "lib of module" : "library";
    if (near != NULL) {
        ffic_raise(PyExc_AttributeError,
                   "%s '%U' has no function, constant or variable named '%U' in its cdef. Did you mean '%U'?", what, lib->name,
                   name, near);
        Py_DECREF(near);
    }
    else {
        ffic_raise(PyExc_AttributeError, "%s '%U' has no function, constant or variable named '%U' in its cdef", what, lib->name,
                   name);
    }
}

/* The address of a declared symbol; NULL with an exception. */
static void *
symbol_address(ffic_lib *lib, PyObject *name)
{
    int failed;
    const char *text = ffic_lib_check_open((PyObject *)lib) < 0 ? NULL : PyUnicode_AsUTF8(name);
    void *address = text == NULL ? NULL : ffic_library_symbol(lib->library, text, &failed);
    if (address == NULL && !PyErr_Occurred()) {
        PyErr_Format(lib->ffi->state->symbol_error, "symbol '%U' not found in library '%U', although it is declared", name,
                     lib->library->name);
    }
    return address;
}

/* A function of a module that this one includes is the same object in both. */
static PyObject *
included_function(ffic_lib *lib, const ffic_declared *declared, PyObject *name)
{
    PyObject *home = declared->ffi->lib == NULL ? NULL : ffic_weakref_get(declared->ffi->lib);
    if (home == NULL) {
        return ffic_function_new(declared, name, (PyObject *)lib, declared->ffi->name, NULL, NULL);
    }
    PyObject *function = PyObject_GetAttr(home, name);
    Py_DECREF(home);
    return function;
}

static PyObject *
resolve_function(ffic_lib *lib, PyObject *name, const ffic_declared *declared)
{
    if (declared->generated != NULL) {
        return declared->ffi != lib->ffi ? included_function(lib, declared, name)
                                         : ffic_function_new(declared, name, (PyObject *)lib, lib->name, NULL, NULL);
    }
    if (lib->library == NULL) {
        missing(lib, name);
        return NULL;
    }
    void *address = symbol_address(lib, name);
    return address == NULL ? NULL : ffic_function_new(declared, name, (PyObject *)lib, NULL, lib->library, address);
}

/* A descriptor for the variable, kept on the type of `lib`.  Borrowed. */
static ffic_library_variable *
resolve_variable(ffic_lib *lib, PyObject *name, const ffic_declared *declared)
{
    char *address = NULL;
    char *(*find)(void) = NULL;
    Py_ssize_t array_size = -1;
    if (declared->generated != NULL) {
        find = (char *(*)(void))declared->generated->call;
        array_size = (Py_ssize_t)declared->generated->size;
    }
    else if (lib->library == NULL) {
        missing(lib, name);
        return NULL;
    }
    else {
        address = symbol_address(lib, name);
    }
    ffic_ctype *ct = address == NULL && find == NULL ? NULL : ffic_parse_type(declared->ffi, declared->type, array_size);
    if (ct == NULL) {
        return NULL;
    }
    ffic_library_variable *variable = ffic_library_variable_new(ct, address, find, name, strncmp(declared->type, "const ", 6) == 0);
    Py_DECREF(ct);
    if (variable == NULL) {
        return NULL;
    }
    int failed = PyObject_SetAttr((PyObject *)Py_TYPE(lib), name, (PyObject *)variable) < 0 ||
                 PyDict_SetItem(lib->variables, name, (PyObject *)variable) < 0;
    Py_DECREF(variable); /* the two dicts hold it */
    return failed ? NULL : variable;
}

static ffic_library_variable *
find_variable(ffic_lib *lib, PyObject *name, const ffic_declared *declared)
{
    ffic_library_variable *known = (ffic_library_variable *)PyDict_GetItemWithError(lib->variables, name);
    return known != NULL || PyErr_Occurred() ? known : resolve_variable(lib, name, declared);
}

/* Names that begin with a dollar sign are for types of the module, not for C or Python. */
static bool
is_hidden(PyObject *name)
{
    return PyUnicode_GET_LENGTH(name) > 0 && PyUnicode_READ_CHAR(name, 0) == '$';
}

static int
collect_name(PyObject *name, void *set)
{
    return is_hidden(name) ? 0 : PySet_Add(set, name);
}

/* Almost all names are ASCII, which needs no decoder. */
static PyObject *
name_object(const char *name)
{
    unsigned char bits = 0;
    size_t length = strlen(name);
    for (size_t i = 0; i < length; i++) {
        bits |= (unsigned char)name[i];
    }
    PyObject *object = bits < 0x80 ? PyUnicode_New((Py_ssize_t)length, 127) : PyUnicode_FromString(name);
    if (object != NULL && bits < 0x80) {
        memcpy(PyUnicode_1BYTE_DATA(object), name, length);
    }
    return object;
}

/* The names of a generated module, whose table is in order. */
static PyObject *
names_of_table(const struct ffic_table *table)
{
    uint32_t hidden = 0;
    while (hidden < table->global_count && *ffic_table_text(table, table->globals[hidden].name) == '$') {
        hidden++;
    }
    PyObject *list = PyList_New((Py_ssize_t)(table->global_count - hidden));
    for (uint32_t i = hidden; list != NULL && i < table->global_count; i++) {
        PyObject *name = name_object(ffic_table_text(table, table->globals[i].name));
        if (name == NULL) {
            Py_CLEAR(list);
            break;
        }
        PyList_SET_ITEM(list, (Py_ssize_t)(i - hidden), name);
    }
    return list;
}

/* The names of one cdef, or of more in one FFI. */
static PyObject *
names_of_dict(PyObject *globals)
{
    PyObject *names = PyDict_Keys(globals);
    for (Py_ssize_t i = names == NULL ? 0 : PyList_GET_SIZE(names); i-- > 0;) {
        PyObject *name = PyList_GET_ITEM(names, i);
        if (is_hidden(name) && PyList_SetSlice(names, i, i + 1, NULL) < 0) {
            Py_CLEAR(names);
            break;
        }
    }
    return names;
}

/* dir() puts them in order. */
static PyObject *
lib_dir(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    ffic_ffi *ffi = ((ffic_lib *)self)->ffi;
    const ffic_declarations *declared = &ffi->declarations;
    if (declared->table != NULL && declared->globals == NULL && declared->includes == NULL) {
        return names_of_table(declared->table);
    }
    if (declared->table == NULL && declared->globals != NULL && declared->globals_text == NULL && declared->includes == NULL) {
        return names_of_dict(declared->globals);
    }
    PyObject *names = PySet_New(NULL); /* more than one ffi may declare a name */
    PyObject *list = NULL;
    if (names != NULL && ffic_each_declared(ffi, false, collect_name, names) == 0) {
        list = PySequence_List(names);
    }
    Py_XDECREF(names);
    return list;
}

static PyObject *
names_in_order(PyObject *lib)
{
    PyObject *names = lib_dir(lib, NULL);
    if (names != NULL && PyList_Sort(names) < 0) {
        Py_CLEAR(names);
    }
    return names;
}

/* What `import *` takes: not the variables, which would be values that nothing updates. */
static PyObject *
lib_all(ffic_lib *lib)
{
    PyObject *names = names_in_order((PyObject *)lib);
    PyObject *result = names == NULL ? NULL : PyList_New(0);
    for (Py_ssize_t i = 0; result != NULL && i < PyList_GET_SIZE(names); i++) {
        ffic_declared declared;
        PyObject *name = PyList_GET_ITEM(names, i);
        int found = ffic_find_declared(lib->ffi, name, &declared);
        if (found < 0 || (found && declared.kind != FFIC_VARIABLE && PyList_Append(result, name) < 0)) {
            Py_CLEAR(result);
        }
    }
    Py_XDECREF(names);
    return result;
}

/* extern "Python": what C calls, as a function pointer. */
static PyObject *
python_function_pointer(const ffic_declared *declared)
{
    if (declared->generated == NULL) {
        PyErr_SetString(declared->ffi->state->error, "extern \"Python\" needs a compiled module (API mode)");
        return NULL;
    }
    ffic_ctype *ct = ffic_parse_type(declared->ffi, declared->type, -1);
    ffic_ctype *pointer = ct == NULL ? NULL : ffic_ctype_pointer_to(ct);
    Py_XDECREF(ct);
    if (pointer == NULL) {
        return NULL;
    }
    char *address;
    memcpy(&address, &declared->generated->call, sizeof address);
    PyObject *result = ffic_cdata_borrowed(pointer, address);
    Py_DECREF(pointer);
    return result;
}

/* A constant whose value the declaration does not say: the library may have it, as a variable that nobody writes. */
static PyObject *
load_constant(ffic_lib *lib, PyObject *name, const ffic_declared *declared)
{
    if (declared->type == NULL) {
        return ffic_constant_value(declared, name);
    }
    void *address = symbol_address(lib, name);
    if (address == NULL && PyErr_ExceptionMatches(lib->ffi->state->symbol_error)) {
        PyErr_Format(lib->ffi->state->constant_error,
                     "symbol '%U' not found in library '%U': only a compiler knows the value of a constant (use API mode)", name,
                     lib->library->name);
    }
    ffic_ctype *ct = address == NULL ? NULL : ffic_parse_type(declared->ffi, declared->type, -1);
    if (ct == NULL) {
        return NULL;
    }
    PyObject *value = ffic_load(ct, address, (PyObject *)lib);
    Py_DECREF(ct);
    return value;
}

/* Put what was found where the next look-up finds it. */
static int
remember(ffic_lib *lib, PyObject *name, PyObject *value)
{
#if FFIC_CACHES_GETATTR
    return PyObject_GenericSetAttr((PyObject *)lib, name, value);
#else
    return PyDict_SetItem(lib->attributes, name, value);
#endif
}

/* Python code can call lib.__setattr__(5, 5). */
static int
check_name(PyObject *name)
{
    if (FFIC_LIKELY(PyUnicode_Check(name))) {
        return 0;
    }
    PyErr_Format(PyExc_TypeError, "attribute name must be string, not '%.200s'", Py_TYPE(name)->tp_name);
    return -1;
}

/* Runs only for names that are neither in the instance's dictionary nor on the type. */
static PyObject *
lib_getattr(PyObject *self, PyObject *name)
{
    ffic_lib *lib = (ffic_lib *)self;
    ffic_declared declared;
    int found = check_name(name) < 0 ? -1 : ffic_find_declared(lib->ffi, name, &declared);
    if (found < 0) {
        return NULL;
    }
    if (!found) {
        if (PyUnicode_CompareWithASCIIString(name, "__all__") == 0) {
            return lib_all(lib);
        }
        if (PyUnicode_CompareWithASCIIString(name, "__name__") == 0) {
            return lib->library == NULL ? PyUnicode_FromFormat("%U.lib", lib->name) : Py_NewRef(lib->name);
        }
        if (PyUnicode_CompareWithASCIIString(name, "__loader__") == 0 || PyUnicode_CompareWithASCIIString(name, "__spec__") == 0) {
            Py_RETURN_NONE; /* it stands in sys.modules like a module */
        }
        missing(lib, name);
        return NULL;
    }
    PyObject *value = NULL;
    switch (declared.kind) {
    case FFIC_FUNCTION:
        value = resolve_function(lib, name, &declared);
        break;
    case FFIC_CONSTANT:
        value = declared.value == Py_None && lib->library != NULL ? load_constant(lib, name, &declared)
                                                                  : ffic_constant_value(&declared, name);
        break;
    case FFIC_PYTHON:
        value = python_function_pointer(&declared);
        break;
    case FFIC_VARIABLE: {
        ffic_library_variable *variable = find_variable(lib, name, &declared);
        return variable == NULL ? NULL : ffic_library_variable_load(variable, self);
    }
    default:
        PyErr_Format(PyExc_SystemError, "'%U' is declared in a way that this version of ffi_core does not know", name);
    }
    if (value != NULL && remember(lib, name, value) < 0) {
        Py_CLEAR(value);
    }
    return value;
}

#if !FFIC_CACHES_GETATTR

/* Python's own names: those of the type, and what Python asks any object for. */
static bool
is_special(PyObject *name)
{
    Py_ssize_t length = PyUnicode_GET_LENGTH(name);
    return length > 4 && PyUnicode_READ_CHAR(name, 0) == '_' && PyUnicode_READ_CHAR(name, 1) == '_' &&
           PyUnicode_READ_CHAR(name, length - 1) == '_' && PyUnicode_READ_CHAR(name, length - 2) == '_';
}

static PyObject *
lib_getattro(PyObject *self, PyObject *name)
{
    ffic_lib *lib = (ffic_lib *)self;
    PyObject *known = PyDict_GetItemWithError(lib->attributes, name);
    if (FFIC_LIKELY(known != NULL)) {
        return Py_NewRef(known);
    }
    if (!PyErr_Occurred() && PyUnicode_Check(name) && !is_special(name)) {
        known = PyDict_GetItemWithError(lib->variables, name);
        if (known != NULL) {
            return ffic_library_variable_load((ffic_library_variable *)known, self);
        }
        return PyErr_Occurred() ? NULL : lib_getattr(self, name);
    }
    PyObject *result = PyErr_Occurred() ? NULL : PyObject_GenericGetAttr(self, name);
    if (result == NULL && PyErr_ExceptionMatches(PyExc_AttributeError)) {
        PyErr_Clear();
        return lib_getattr(self, name);
    }
    return result;
}

#endif

static int
lib_setattro(PyObject *self, PyObject *name, PyObject *value)
{
    ffic_lib *lib = (ffic_lib *)self;
    if (check_name(name) < 0) {
        return -1;
    }
    ffic_library_variable *variable = (ffic_library_variable *)PyDict_GetItemWithError(lib->variables, name);
    if (variable == NULL) {
        ffic_declared declared;
        int found = PyErr_Occurred() ? -1 : ffic_find_declared(lib->ffi, name, &declared);
        if (found < 0) {
            return -1;
        }
        if (!found) {
            missing(lib, name);
            return -1;
        }
        if (declared.kind != FFIC_VARIABLE) {
            PyErr_Format(PyExc_AttributeError, "cannot %s '%U': it is a %s, not a variable",
                         value == NULL ? "delete" : "write to", name,
                         declared.kind == FFIC_CONSTANT ? "constant" : "function");
            return -1;
        }
        variable = find_variable(lib, name, &declared);
        if (variable == NULL) {
            return -1;
        }
    }
    return ffic_library_variable_store(variable, self, value);
}

PyObject *
ffic_lib_address(PyObject *self, PyObject *name)
{
    ffic_lib *lib = (ffic_lib *)self;
    ffic_declared declared;
    int found = check_name(name) < 0 ? -1 : ffic_find_declared(lib->ffi, name, &declared);
    if (found < 0) {
        return NULL;
    }
    if (!found) {
        missing(lib, name);
        return NULL;
    }
    PyObject *result = NULL;
    if (declared.kind == FFIC_VARIABLE) {
        ffic_library_variable *variable = ffic_lib_check_open((PyObject *)lib) < 0 ? NULL : find_variable(lib, name, &declared);
        ffic_ctype *pointer = variable == NULL ? NULL : ffic_ctype_pointer_to(variable->type);
        if (pointer != NULL) {
            char *address = ffic_library_variable_address(variable);
            result = address == NULL ? NULL : ffic_cdata_borrowed(pointer, address);
            Py_DECREF(pointer);
        }
    }
    else if (declared.kind == FFIC_FUNCTION) {
        PyObject *function = PyObject_GetAttr(self, name);
        result = function == NULL ? NULL : ffic_function_pointer(function);
        Py_XDECREF(function);
    }
    else if (declared.kind == FFIC_PYTHON) {
        result = python_function_pointer(&declared);
    }
    else {
        /* A constant pointer to a function is as good as the function. */
        PyObject *value = PyObject_GetAttr(self, name);
        bool is_function = value != NULL && ffic_is_cdata(lib->ffi->state, value) &&
                           ((ffic_cdata *)value)->type->kind == FFIC_KIND_POINTER &&
                           ((ffic_cdata *)value)->type->item->kind == FFIC_KIND_FUNCTION;
        if (is_function) {
            return value;
        }
        Py_XDECREF(value);
        PyErr_Clear();
        PyErr_Format(PyExc_AttributeError, "cannot take the address of the constant '%U'", name);
    }
    return result;
}

/* ---- as a module --------------------------------------------------------------------------------------------------- */

/* `from module.lib import name` and help() take it for a module. */
static PyObject *
lib_class(PyObject *Py_UNUSED(self), void *Py_UNUSED(closure))
{
    return Py_NewRef((PyObject *)&PyModule_Type);
}

/* Put a name into what `__dict__` gives: variables as what reads and writes them. */
static int
add_to_dict(ffic_lib *lib, PyObject *dict, PyObject *name)
{
    ffic_declared declared;
    int found = ffic_find_declared(lib->ffi, name, &declared);
    PyObject *value = NULL;
    if (found > 0 && declared.kind == FFIC_VARIABLE) {
        value = Py_XNewRef((PyObject *)find_variable(lib, name, &declared));
    }
    else if (found > 0) {
        value = PyObject_GetAttr((PyObject *)lib, name);
    }
    if (value == NULL) {
        if (!PyErr_ExceptionMatches(lib->ffi->state->error)) {
            return -1;
        }
        PyErr_Clear(); /* declared, but not there */
        return 0;
    }
    int result = PyDict_SetItem(dict, name, value);
    Py_DECREF(value);
    return result;
}

/* All that there is, in a dictionary of its own. */
static PyObject *
lib_dict(PyObject *self, void *Py_UNUSED(closure))
{
    PyObject *names = names_in_order(self);
    PyObject *dict = names == NULL ? NULL : PyDict_New();
    for (Py_ssize_t i = 0; dict != NULL && i < PyList_GET_SIZE(names); i++) {
        if (add_to_dict((ffic_lib *)self, dict, PyList_GET_ITEM(names, i)) < 0) {
            Py_CLEAR(dict);
        }
    }
    Py_XDECREF(names);
    return dict;
}

static PyGetSetDef dict_getset = {"__dict__", lib_dict, NULL, NULL, NULL};

#if FFIC_CACHES_GETATTR

/* Do the interpreter's caches find attributes in the object itself?  Since Python 3.14 that is so for types of any size. */
static bool
has_inline_values(const PyTypeObject *type)
{
#ifdef Py_TPFLAGS_INLINE_VALUES
    return (type->tp_flags & Py_TPFLAGS_INLINE_VALUES) != 0;
#else
    (void)type;
    return false;
#endif
}

/* The dictionary that the interpreter makes by itself shares its keys with other instances: its caches do not serve that. */
static int
set_own_dict(PyObject *lib)
{
    PyObject *attributes = PyDict_New();
    int result = attributes == NULL ? -1 : PyObject_GenericSetDict(lib, attributes, NULL);
    Py_XDECREF(attributes);
    return result;
}

#endif

/* ---- the object -------------------------------------------------------------------------------------------------- */

PyObject *
ffic_lib_new(ffic_ffi *ffi, ffic_library *library, PyObject *name)
{
    PyObject *dict = PyDescr_NewGetSet(ffi->state->lib_type, &dict_getset);
    PyObject *type = dict == NULL ? NULL
                                  : PyObject_CallFunction((PyObject *)&PyType_Type, "s(O){s:s,s:O}", "Lib", ffi->state->lib_type,
                                                          "__module__", "ffi_core", "__dict__", dict);
    Py_XDECREF(dict);
    if (type == NULL) {
        return NULL;
    }
    ffic_lib *lib = (ffic_lib *)((PyTypeObject *)type)->tp_alloc((PyTypeObject *)type, 0);
    Py_DECREF(type);
    if (lib == NULL) {
        return NULL;
    }
    lib->ffi = (ffic_ffi *)Py_NewRef((PyObject *)ffi);
    lib->library = (ffic_library *)Py_XNewRef((PyObject *)library);
    lib->name = Py_NewRef(name);
    lib->variables = PyDict_New();
    bool made = lib->variables != NULL;
#if FFIC_CACHES_GETATTR
    made = made && (has_inline_values(Py_TYPE(lib)) || set_own_dict((PyObject *)lib) == 0);
#else
    lib->attributes = PyDict_New();
    made = made && lib->attributes != NULL;
#endif
    PyObject *reference = !made || library != NULL ? NULL : PyWeakref_NewRef((PyObject *)lib, NULL);
    if (!made || (library == NULL && reference == NULL)) {
        Py_DECREF(lib);
        return NULL;
    }
    if (reference != NULL) {
        Py_XSETREF(ffi->lib, reference);
    }
    return (PyObject *)lib;
}

int
ffic_lib_close(PyObject *lib)
{
    /* Forget the functions that were looked up: the next look-up says that the library is closed. */
    PyObject *dict = PyObject_GenericGetDict(lib, NULL);
    if (dict == NULL) {
        return -1;
    }
    PyDict_Clear(dict);
    Py_DECREF(dict);
    return ffic_library_close(((ffic_lib *)lib)->library);
}

ffic_library *
ffic_lib_library(PyObject *lib)
{
    return ((ffic_lib *)lib)->library;
}

bool
ffic_is_lib(ffic_state *state, PyObject *object)
{
    return PyObject_TypeCheck(object, state->lib_type);
}

static PyObject *
lib_repr(PyObject *self)
{
    const ffic_lib *lib = (ffic_lib *)self;
    if (lib->library == NULL) {
        return PyUnicode_FromFormat("<Lib object for '%U'>", lib->name);
    }
    return PyUnicode_FromFormat("<Lib object for library '%U'%s>", lib->name, lib->library->handle == NULL ? ", closed" : "");
}

static PyObject *
lib_reduce(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    PyErr_Format(PyExc_TypeError, "cannot pickle %R: it belongs to this process", self);
    return NULL;
}

static int
lib_traverse(PyObject *self, visitproc visit, void *arg)
{
    ffic_lib *lib = (ffic_lib *)self;
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(lib->ffi);
    Py_VISIT(lib->library);
    Py_VISIT(lib->variables);
#if !FFIC_CACHES_GETATTR
    Py_VISIT(lib->attributes);
#endif
    return 0;
}

/* Nothing to clear: the cycles that go through a lib go through its type or dictionary, which are cleared. */
static void
lib_dealloc(PyObject *self)
{
    ffic_lib *lib = (ffic_lib *)self;
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    Py_XDECREF(lib->ffi);
    Py_XDECREF(lib->library);
    Py_XDECREF(lib->name);
    Py_XDECREF(lib->variables);
#if !FFIC_CACHES_GETATTR
    Py_XDECREF(lib->attributes);
#endif
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMethodDef lib_methods[] = {
#if FFIC_CACHES_GETATTR
    {"__getattr__", lib_getattr, METH_O, NULL},
#endif
    {"__dir__", lib_dir, METH_NOARGS, NULL},
    {"__reduce__", lib_reduce, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

#if !FFIC_CACHES_GETATTR
static PyMemberDef lib_members[] = {
    {"__dictoffset__", T_PYSSIZET, offsetof(ffic_lib, attributes), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};
#endif

static PyGetSetDef lib_getset[] = {
    {"__class__", lib_class, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot lib_slots[] = {
    {Py_tp_doc, "The functions, constants and variables of a C library."},
    {Py_tp_getset, lib_getset},
    {Py_tp_repr, lib_repr},
#if !FFIC_CACHES_GETATTR
    {Py_tp_getattro, lib_getattro},
    {Py_tp_members, lib_members},
#endif
    {Py_tp_setattro, lib_setattro},
    {Py_tp_methods, lib_methods},
    {Py_tp_traverse, lib_traverse},
    {Py_tp_dealloc, lib_dealloc},
    {0, NULL},
};

static PyType_Spec lib_spec = {
    .name = "ffi_core._native.Lib",
    .basicsize = (int)sizeof(ffic_lib),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = lib_slots,
};

int
ffic_lib_setup(PyObject *module, ffic_state *state)
{
    state->lib_type = ffic_make_type(module, &lib_spec, NULL);
    if (state->lib_type == NULL || PyModule_AddType(module, state->lib_type) < 0) {
        return -1;
    }
    return ffic_library_variable_setup(module, state);
}
