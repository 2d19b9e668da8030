/* Opening shared libraries. */
#include "library.h"

#include <dlfcn.h>

#include "cdata.h"
#include "ffi_object.h"
#include "heap_type.h"
#include "lib.h"

static ffic_library *
library_wrap(ffic_state *state, void *handle, PyObject *name, bool owned)
{
    ffic_library *library = (ffic_library *)state->library_type->tp_alloc(state->library_type, 0);
    if (library != NULL) {
        library->handle = handle;
        library->name = Py_NewRef(name);
        library->owned = owned;
    }
    return library;
}

/* An already open handle: cdata `void *`, as other libraries hand it out.  It stays theirs. */
static ffic_library *
library_from_handle(ffic_state *state, ffic_cdata *cd)
{
    if (!(cd->type->flags & FFIC_TYPE_POINTS_TO_VOID)) {
        PyErr_Format(PyExc_TypeError, "dlopen() takes a name, a path, None, or an open handle as cdata 'void *', not cdata '%U'",
                     cd->type->name);
        return NULL;
    }
    if (cd->data == NULL) {
        PyErr_SetString(PyExc_RuntimeError, "dlopen(): the handle is NULL");
        return NULL;
    }
    PyObject *name = PyUnicode_FromFormat("handle %p", cd->data);
    if (name == NULL) {
        return NULL;
    }
    ffic_library *library = library_wrap(state, cd->data, name, false);
    Py_DECREF(name);
    return library;
}

/* Names and paths that a plain name ("m", "z") may stand for on this system: a list of str. */
static PyObject *
candidates_of(PyObject *name)
{
    PyObject *module = PyImport_ImportModule("ffi_core.library_names");
    PyObject *result = module == NULL ? NULL : PyObject_CallMethod(module, "candidates", "O", name);
    Py_XDECREF(module);
    if (result != NULL && !PyList_Check(result)) {
        PyErr_SetString(PyExc_SystemError, "ffi_core.library_names.candidates must return a list");
        Py_CLEAR(result);
    }
    return result;
}

static void *
open_path(PyObject *path, int flags)
{
    PyObject *bytes = NULL;
    if (!PyUnicode_FSConverter(path, &bytes)) {
        return NULL;
    }
    void *handle;
    const char *text = PyBytes_AS_STRING(bytes);
    Py_BEGIN_ALLOW_THREADS
    handle = dlopen(text, flags);
    Py_END_ALLOW_THREADS
    Py_DECREF(bytes);
    return handle;
}

static void *
open_named(PyObject *name, int flags)
{
    void *handle = open_path(name, flags);
    if (handle != NULL || PyErr_Occurred()) {
        return handle;
    }
    const char *said = dlerror();
    PyObject *reason = PyUnicode_DecodeFSDefault(said != NULL ? said : "dlopen failed");
    PyObject *candidates = reason == NULL ? NULL : candidates_of(name);
    for (Py_ssize_t i = 0; candidates != NULL && handle == NULL && i < PyList_GET_SIZE(candidates); i++) {
        handle = open_path(PyList_GET_ITEM(candidates, i), flags);
        if (PyErr_Occurred()) {
            break;
        }
    }
    if (candidates != NULL && handle == NULL && !PyErr_Occurred()) {
        if (PyList_GET_SIZE(candidates) > 0) {
            PyErr_Format(PyExc_OSError, "cannot load library '%U': %U.  Additionally, these were tried: %R", name, reason,
                         candidates);
        }
        else {
            PyErr_Format(PyExc_OSError, "cannot load library '%U': %U", name, reason);
        }
    }
    Py_XDECREF(candidates);
    Py_XDECREF(reason);
    return handle;
}

ffic_library *
ffic_library_open(ffic_state *state, PyObject *name, int flags)
{
    if (!(flags & (RTLD_NOW | RTLD_LAZY))) {
        flags |= RTLD_NOW;
    }
    if (name == Py_None) {
        PyObject *shown = PyUnicode_FromString("<None>");
        void *handle = dlopen(NULL, flags);
        ffic_library *library = shown == NULL || handle == NULL ? NULL : library_wrap(state, handle, shown, false);
        if (handle == NULL) {
            PyErr_SetString(PyExc_OSError, "cannot open the running program as a library");
        }
        Py_XDECREF(shown);
        return library;
    }
    if (ffic_is_cdata(state, name)) {
        return library_from_handle(state, (ffic_cdata *)name);
    }
    PyObject *path = PyOS_FSPath(name);
    if (path != NULL && PyBytes_Check(path)) {
        PyObject *decoded = PyUnicode_DecodeFSDefaultAndSize(PyBytes_AS_STRING(path), PyBytes_GET_SIZE(path));
        Py_DECREF(path);
        path = decoded;
    }
    if (path == NULL) {
        if (PyErr_ExceptionMatches(PyExc_TypeError)) {
            PyErr_Format(PyExc_TypeError, "dlopen() takes a name, a path, None, or an open handle as cdata 'void *', not %.200s",
                         Py_TYPE(name)->tp_name);
        }
        return NULL;
    }
    void *handle = open_named(path, flags);
    ffic_library *library = handle == NULL ? NULL : library_wrap(state, handle, path, true);
    Py_DECREF(path);
    return library;
}

void *
ffic_library_symbol(ffic_library *library, const char *name, int *failed)
{
    *failed = 0;
    if (library->handle == NULL) {
        PyErr_Format(ffic_state_of_type(Py_TYPE(library))->closed_error, "library '%U' has already been closed", library->name);
        *failed = -1;
        return NULL;
    }
    void *address = dlsym(library->handle, name);
    if (address == NULL) {
        (void)dlerror();
    }
    return address;
}

int
ffic_library_close(ffic_library *library)
{
    void *handle = library->handle;
    library->handle = NULL;
    if (handle != NULL && library->owned && dlclose(handle) != 0) {
        const char *said = dlerror();
        PyErr_Format(PyExc_OSError, "cannot close library '%U': %s", library->name, said != NULL ? said : "dlclose failed");
        return -1;
    }
    return 0;
}

/* A library is closed by ffi.dlclose only: nobody can know what still points into it. */
static void
library_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    Py_XDECREF(((ffic_library *)self)->name);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyType_Slot library_slots[] = {
    {Py_tp_dealloc, library_dealloc},
    {0, NULL},
};

static PyType_Spec library_spec = {
    .name = "ffi_core._native.Library",
    .basicsize = (int)sizeof(ffic_library),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = library_slots,
};

int
ffic_library_setup(PyObject *module, ffic_state *state)
{
    state->library_type = ffic_make_type(module, &library_spec, NULL);
    return state->library_type == NULL ? -1 : 0;
}

/* ---- the methods of FFI ------------------------------------------------------------------------------------- */

FFIC_METHOD(ffic_ffi_dlopen)
{
    static const char *const names[] = {"name", "flags", NULL};
    PyObject *values[2];
    ffic_ffi *ffi = (ffic_ffi *)self;
    if (ffic_arguments("dlopen", names, 1, args, count, keywords, values) < 0) {
        return NULL;
    }
    int flags = 0;
    if (values[1] != NULL) {
        flags = (int)PyLong_AsLong(values[1]);
        if (flags == -1 && PyErr_Occurred()) {
            return NULL;
        }
    }
    if (ffi->declarations.table != NULL && ffi->declarations.globals == NULL) {
        /* Its functions are those of the generated module; what dlopen returns here has no declarations of its own. */
        PyErr_SetString(ffi->state->error,
                        "this ffi belongs to a compiled module, whose functions are in its `lib`; use another FFI() for dlopen");
        return NULL;
    }
    ffic_library *library = ffic_library_open(ffi->state, values[0], flags);
    if (library == NULL) {
        return NULL;
    }
    PyObject *lib = ffic_lib_new(ffi, library, library->name);
    Py_DECREF(library);
    return lib;
}

FFIC_METHOD(ffic_ffi_dlclose)
{
    static const char *const names[] = {"lib", NULL};
    PyObject *values[1];
    ffic_ffi *ffi = (ffic_ffi *)self;
    if (ffic_arguments("dlclose", names, 1, args, count, keywords, values) < 0) {
        return NULL;
    }
    if (!ffic_is_lib(ffi->state, values[0]) || ffic_lib_library(values[0]) == NULL) {
        PyErr_Format(PyExc_TypeError, "dlclose() takes a lib that dlopen() returned, not %R", values[0]);
        return NULL;
    }
    if (ffic_lib_close(values[0]) < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}
