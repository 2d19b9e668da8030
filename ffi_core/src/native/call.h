/* Calling C functions: from Python arguments to the C call and back. */
#ifndef FFIC_CALL_H
#define FFIC_CALL_H

#include "cdata.h"
#include "plan.h"

/* Call the C function at `address` as `plan` says, releasing the GIL around it unless `keep_gil`.
 * `callee` is the Python object being called, for error messages. */
PyObject *ffic_call(const ffic_plan *plan, void (*address)(void), PyObject *callee, bool keep_gil, PyObject *const *args,
                    Py_ssize_t count);

/* The vectorcall of CDataFunction: calls the function that the pointer points to. */
PyObject *ffic_call_pointer(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *kwnames);

/* The function that makes calls of a plan for a builtin function object (METH_FASTCALL, `self` is a ffic_function). */
typedef PyObject *(*ffic_builtin_call)(PyObject *self, PyObject *const *args, Py_ssize_t count);
ffic_builtin_call ffic_builtin_call_for(const ffic_plan *plan, bool keep_gil);

#endif
