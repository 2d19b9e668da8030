/* A function of a library: callable, with its type realised on the first use. */
#ifndef FFIC_FUNCTION_H
#define FFIC_FUNCTION_H

#include "ffi_object.h"
#include "library.h"
#include "plan.h"

int ffic_function_setup(PyObject *module, ffic_state *state);

typedef struct {
    PyObject_HEAD
    vectorcallfunc vectorcall;
    const ffic_plan *plan;  /* NULL until the first call; owned by `type` */
    void (*call)(void);     /* what is called: the function, or its typed wrapper */
    void (*direct)(void);   /* what function pointers point to */
    ffic_library *library;  /* ABI modes: must still be open; otherwise NULL */
    PyObject *name;         /* str */
    ffic_ctype *type;       /* NULL until it is asked for: the function type */
    ffic_ffi *ffi;          /* where `type_text` is parsed; keeps it alive */
    const char *type_text;
    PyObject *weakrefs;
    bool keep_gil;
    bool wrapped;
} ffic_function;

/* `library` and `address` in ABI modes; otherwise NULL, and the typed wrapper is in `declared`. */
PyObject *ffic_function_new(const ffic_declared *declared, PyObject *name, ffic_library *library, void *address);

static inline bool
ffic_is_function(ffic_state *state, PyObject *object)
{
    return Py_IS_TYPE(object, state->function_type);
}

/* The pointer to it, as a cdata of type `result(*)(parameters)`.  New reference. */
PyObject *ffic_function_pointer(PyObject *function);

#endif
