/* A function of a library: callable, with its type realised on the first use. */
#ifndef FFIC_FUNCTION_H
#define FFIC_FUNCTION_H

#include "call.h"
#include "ffi_object.h"
#include "library.h"
#include "plan.h"

int ffic_function_setup(PyObject *module, ffic_state *state);

/* What Python sees is a builtin function object, which the interpreter calls without detours; this is its `__self__`. */
typedef struct ffic_function {
    PyObject_VAR_HEAD
    const ffic_plan *plan;  /* NULL until the first call; owned by `type` */
    ffic_builtin_call entry; /* the variant that fits the plan */
    void (*call)(void);     /* what is called: the function, or its typed wrapper */
    void (*direct)(void);   /* what function pointers point to */
    ffic_library *library;  /* ABI modes: must still be open; otherwise NULL */
    PyObject *builtin;      /* the builtin function object, which owns this one: borrowed */
    PyMethodDef method;     /* of the builtin: never changed, for the builtin's hash is made of it */
    PyObject *name;         /* str */
    PyObject *doc;          /* str: what the builtin's __doc__ says; NULL where that is in `text` */
    ffic_ctype *type;       /* NULL until it is asked for: the function type */
    ffic_ffi *ffi;          /* where `type_text` is parsed; keeps it alive */
    PyObject *lib;          /* where it was looked up: lives as long as its functions */
    const char *type_text;
    bool keep_gil;
    bool wrapped;
    char text[1];           /* as long as it is */
} ffic_function;

/* A builtin function object of `lib`.  `library` and `address` in ABI modes; otherwise NULL, and the typed wrapper is in `declared`; then
 * `module` is the name of the module. */
PyObject *ffic_function_new(const ffic_declared *declared, PyObject *name, PyObject *lib, PyObject *module, ffic_library *library,
                            void *address);

static inline bool
ffic_is_function(ffic_state *state, PyObject *object)
{
    return PyCFunction_CheckExact(object) && PyCFunction_GET_SELF(object) != NULL &&
           Py_IS_TYPE(PyCFunction_GET_SELF(object), state->function_type);
}

static inline ffic_function *
ffic_function_of(PyObject *builtin)
{
    return (ffic_function *)PyCFunction_GET_SELF(builtin);
}

/* The pointer to it, as a cdata of type `result(*)(parameters)`.  New reference. */
PyObject *ffic_function_pointer(PyObject *function);

#endif
