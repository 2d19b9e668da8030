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

/* The one piece of state outside the module: C's errno is per thread, and so is the copy that calls swap with it.
 * Glibc keeps room for a few such variables of libraries that are loaded late, which makes access one instruction. */
#ifdef __GLIBC__
#define FFIC_THREAD_ERRNO_MODEL __attribute__((visibility("hidden"), tls_model("initial-exec")))
#else
#define FFIC_THREAD_ERRNO_MODEL __attribute__((visibility("hidden")))
#endif
extern _Thread_local int ffic_thread_errno FFIC_THREAD_ERRNO_MODEL;

/* The function that makes calls of a plan for a builtin function object (METH_FASTCALL, `self` is a ffic_function). */
typedef PyObject *(*ffic_builtin_call)(PyObject *self, PyObject *const *args, Py_ssize_t count);
ffic_builtin_call ffic_builtin_call_for(const ffic_plan *plan, bool keep_gil);

/* `errno` as C code of this thread left it (ffi.errno), and as the next call will find it. */
int ffic_saved_errno(void);
void ffic_set_saved_errno(int value);

#endif
