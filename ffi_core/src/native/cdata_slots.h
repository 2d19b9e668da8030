/* What the type objects of cdata.c are made of: the operations in cdata_ops.c and cdata_attributes.c, and types that go with them. */
#ifndef FFIC_CDATA_SLOTS_H
#define FFIC_CDATA_SLOTS_H

#include "cdata.h"

/* cdata_ops.c */
extern PyMethodDef ffic_cdata_methods[];
Py_hash_t ffic_cdata_hash(PyObject *self);
PyObject *ffic_cdata_richcompare(PyObject *self, PyObject *other, int op);
int ffic_cdata_bool(PyObject *self);
PyObject *ffic_cdata_int(PyObject *self);
PyObject *ffic_cdata_float(PyObject *self);
PyObject *ffic_cdata_add(PyObject *left, PyObject *right);
PyObject *ffic_cdata_subtract(PyObject *left, PyObject *right);

/* cdata_items.c */
PyObject *ffic_cdata_iter(PyObject *self);
Py_ssize_t ffic_cdata_mp_length(PyObject *self);
PyObject *ffic_cdata_subscript(PyObject *self, PyObject *key);
int ffic_cdata_ass_subscript(PyObject *self, PyObject *key, PyObject *value);
int ffic_cdata_iterator_setup(PyObject *module, ffic_state *state);

/* cdata_buffer.c */
int ffic_cdata_get_buffer(PyObject *self, Py_buffer *view, int flags);
void ffic_cdata_release_buffer(PyObject *self, Py_buffer *view);

/* cdata_copy.c: methods */
PyObject *ffic_cdata_copy_method(PyObject *self, PyObject *unused);
PyObject *ffic_cdata_deepcopy_method(PyObject *self, PyObject *memo);
PyObject *ffic_cdata_reduce_method(PyObject *self, PyObject *protocol);

/* cdata_attributes.c */
PyObject *ffic_cdata_getattro(PyObject *self, PyObject *name);
int ffic_cdata_setattro(PyObject *self, PyObject *name, PyObject *value);
/* The names of the members of a record or of what a pointer to a record points to: a new list. */
PyObject *ffic_cdata_member_names(ffic_cdata *cd);

/* buffer.c: ffi.buffer; memory.c: ffi.new_allocator. */
int ffic_buffer_setup(PyObject *module, ffic_state *state);
int ffic_allocator_setup(PyObject *module, ffic_state *state);

#endif
