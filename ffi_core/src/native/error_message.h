/* Raising exceptions quickly: most texts are put together from a few short parts. */
#ifndef FFIC_ERROR_MESSAGE_H
#define FFIC_ERROR_MESSAGE_H

#include "compat.h"

/* As PyErr_Format, which takes several times as long. */
void ffic_raise(PyObject *type, const char *format, ...);

/* The argument of a call that a value is converted for. */
typedef struct {
    PyObject *callee;   /* how messages name what is called: by its repr, or as "name()" */
    PyObject *name;     /* str, or NULL */
    Py_ssize_t index;   /* from 0 */
    bool is_said;       /* the exception that is set says it already */
} ffic_argument_place;

/* The same, where `place` is not NULL with " (argument 2 of strncmp())" at the end. */
void ffic_raise_at(ffic_argument_place *place, PyObject *type, const char *format, ...);

/* Let the exception that is set say which argument it is about, if it does not yet.  Only exceptions whose whole content is a message. */
void ffic_blame_argument(ffic_argument_place *place);

#endif
