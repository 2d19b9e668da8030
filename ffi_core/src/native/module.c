/* The module `ffi_core._native`: its state, and the order in which its parts are made. */
#include "boundary.h"
#include "bytes_method.h"
#include "c_type.h"
#include "callback.h"
#include "cdata.h"
#include "debug.h"
#include "extern_python.h"
#include "ffi_object.h"
#include "for_bytes.h"
#include "function.h"
#include "generated_module.h"
#include "lib.h"
#include "library.h"
#include "small_ints.h"
#include "tuple_reader.h"

static struct PyModuleDef native_module;

ffic_state *
ffic_state_of_type(PyTypeObject *type)
{
    /* Subclasses made in Python have no module of ours: their base has. */
    for (; type != NULL; type = type->tp_base) {
        if (!(type->tp_flags & Py_TPFLAGS_HEAPTYPE)) {
            break;
        }
        PyObject *module = ((PyHeapTypeObject *)type)->ht_module;
        if (module != NULL && PyModule_GetDef(module) == &native_module) {
            return PyModule_GetState(module);
        }
    }
    return NULL;
}

/* The classes of exceptions are Python's: their homes in the state, and their names in ffi_core.errors. */
static int
find_errors(PyObject *module, ffic_state *state)
{
    const struct {
        PyObject **place;
        const char *name;
    } classes[] = {
        {&state->error, "FFIError"},
        {&state->cdef_error, "CDefError"},
        {&state->length_error, "ArrayLengthError"},
        {&state->function_type_error, "FunctionTypeError"},
        {&state->missing, "VerificationMissing"},
        {&state->closed_error, "ClosedLibraryError"},
        {&state->size_error, "UnknownSizeError"},
        {&state->symbol_error, "MissingSymbolError"},
        {&state->constant_error, "MissingConstantError"},
    };
    PyObject *errors = PyImport_ImportModule("ffi_core.errors");
    if (errors == NULL) {
        return -1;
    }
    for (size_t i = 0; i < Py_ARRAY_LENGTH(classes); i++) {
        *classes[i].place = PyObject_GetAttrString(errors, classes[i].name);
        if (*classes[i].place == NULL) {
            Py_DECREF(errors);
            return -1;
        }
    }
    Py_DECREF(errors);
    return PyModule_AddObjectRef(module, "error", state->error);
}

static int
make_file_type(ffic_state *state)
{
    PyObject *key = PyUnicode_FromString("struct $FILE");
    state->file_type = key == NULL ? NULL : ffic_ctype_tagged(state, FFIC_KIND_STRUCT, Py_None, key);
    Py_XDECREF(key);
    if (state->file_type == NULL) {
        return -1;
    }
    Py_CLEAR(state->file_type->ffi); /* nothing can complete it */
    state->file_type->flags |= FFIC_TYPE_OPAQUE;
    return 0;
}

static int
native_exec(PyObject *module)
{
    ffic_state *state = PyModule_GetState(module);
    state->module = module;
    if (ffic_boundary_setup() < 0 || ffic_small_ints_setup(state) < 0 || find_errors(module, state) < 0 ||
        ffic_ctype_setup(module, state) < 0 ||
        ffic_primitives_setup(state) < 0 || make_file_type(state) < 0 || ffic_cdata_setup(module, state) < 0 ||
        ffic_callback_setup(module, state) < 0 || ffic_extern_setup(module, state) < 0 || ffic_library_setup(module, state) < 0 ||
        ffic_tuple_reader_setup(module, state) < 0 || ffic_for_bytes_setup(module, state) < 0 ||
        ffic_bytes_method_setup(module, state) < 0 || ffic_function_setup(module, state) < 0 ||
        ffic_lib_setup(module, state) < 0 || ffic_ffi_setup(module, state) < 0) {
        return -1;
    }
    return ffic_generated_module_setup(module) < 0 ? -1 : ffic_debug_setup(module, state);
}

static int
native_traverse(PyObject *module, visitproc visit, void *arg)
{
    ffic_state *state = PyModule_GetState(module);
    PyTypeObject **types[] = {FFIC_STATE_TYPES(state)};
    for (size_t i = 0; i < Py_ARRAY_LENGTH(types); i++) {
        Py_VISIT(*types[i]);
    }
    for (size_t i = 0; i < FFIC_PRIMITIVE_MAX; i++) {
        Py_VISIT(state->primitives[i]);
    }
    Py_VISIT(state->void_type);
    Py_VISIT(state->char_type);
    Py_VISIT(state->void_pointer);
    Py_VISIT(state->char_pointer);
    Py_VISIT(state->file_type);
    Py_VISIT(state->error);
    Py_VISIT(state->cdef_error);
    Py_VISIT(state->length_error);
    Py_VISIT(state->function_type_error);
    Py_VISIT(state->missing);
    Py_VISIT(state->closed_error);
    Py_VISIT(state->size_error);
    Py_VISIT(state->symbol_error);
    Py_VISIT(state->constant_error);
    Py_VISIT(state->null);
    Py_VISIT(state->interned);
    Py_VISIT(state->place_fields);
    Py_VISIT(state->exported);
    Py_VISIT(state->handles);
    return ffic_debug_traverse(state, visit, arg);
}

static int
native_clear(PyObject *module)
{
    ffic_state *state = PyModule_GetState(module);
    PyTypeObject **types[] = {FFIC_STATE_TYPES(state)};
    ffic_debug_teardown(state);
    Py_CLEAR(state->null);
    Py_CLEAR(state->place_fields);
    Py_CLEAR(state->exported);
    Py_CLEAR(state->handles);
    Py_CLEAR(state->error);
    Py_CLEAR(state->cdef_error);
    Py_CLEAR(state->length_error);
    Py_CLEAR(state->function_type_error);
    Py_CLEAR(state->missing);
    Py_CLEAR(state->closed_error);
    Py_CLEAR(state->size_error);
    Py_CLEAR(state->symbol_error);
    Py_CLEAR(state->constant_error);
    Py_CLEAR(state->void_type);
    Py_CLEAR(state->char_type);
    Py_CLEAR(state->void_pointer);
    Py_CLEAR(state->char_pointer);
    Py_CLEAR(state->file_type);
    for (size_t i = 0; i < FFIC_PRIMITIVE_MAX; i++) {
        Py_CLEAR(state->primitives[i]);
    }
    Py_CLEAR(state->interned);
    for (size_t i = 0; i < Py_ARRAY_LENGTH(types); i++) {
        Py_CLEAR(*types[i]);
    }
    return 0;
}

static void
native_free(void *module)
{
    (void)native_clear(module);
    ffic_small_ints_teardown(PyModule_GetState(module));
    ffic_cdata_teardown(PyModule_GetState(module));
}

static PyModuleDef_Slot native_slots[] = {
    {Py_mod_exec, native_exec},
#if PY_VERSION_HEX >= 0x030C0000
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
#if PY_VERSION_HEX >= 0x030D0000
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

static struct PyModuleDef native_module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "ffi_core._native",
    .m_doc = "The runtime of ffi_core: C types, C data, calls and callbacks.",
    .m_size = sizeof(ffic_state),
    .m_slots = native_slots,
    .m_traverse = native_traverse,
    .m_clear = native_clear,
    .m_free = native_free,
};

PyMODINIT_FUNC
PyInit__native(void)
{
    PyObject *definition = PyModuleDef_Init(&native_module);
    if (definition != NULL) {
        /* Interpreters that have a GIL each count references to it without locks: it must never come down to zero. */
        Py_SET_REFCNT(definition, 1 << 28);
    }
    return definition;
}
