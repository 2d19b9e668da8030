/* The Python body of a function that C calls: shared by ffi.callback and extern "Python". */
#ifndef FFIC_PYTHON_BODY_H
#define FFIC_PYTHON_BODY_H

#include "cdata.h"

typedef struct ffic_python_body {
    ffic_ctype *type;      /* the function type */
    PyObject *callable;    /* NULL: none (any more) */
    PyObject *onerror;     /* or NULL */
    char *error_value;     /* what C gets after an exception: result_size bytes */
    Py_ssize_t result_size; /* 0 for void */
} ffic_python_body;

/* `error` and `onerror` may be NULL or None.  -1 with an exception, then nothing is held. */
int ffic_python_body_init(ffic_python_body *body, ffic_ctype *function, PyObject *callable, PyObject *error, PyObject *onerror);
void ffic_python_body_clear(ffic_python_body *body);
int ffic_python_body_traverse(ffic_python_body *body, visitproc visit, void *arg);

/* Call it, with the thread state held; the caller keeps `body` alive.  `args` point to the C arguments; `result` gets result_size
 * bytes.  Never leaves an exception. */
void ffic_python_body_call(ffic_python_body *body, void *const *args, char *result);

/* The same, where argument i is in the word `places[i]` of `words`. */
void ffic_python_body_call_words(ffic_python_body *body, uint64_t *words, const uint8_t *places, char *result);

/* The same for the frame of a trampoline: one slot of 16 bytes per argument (wide ones: a pointer to it), and then the result. */
void ffic_python_body_call_frame(ffic_python_body *body, char *frame);

/* Check that there can be callbacks of this type.  -1 with an exception. */
int ffic_check_callback_type(ffic_ctype *function);

#endif
