/* The FFI object, and the entry points of its methods, which live with the concept that each is about. */
#ifndef FFIC_FFI_OBJECT_H
#define FFIC_FFI_OBJECT_H

#include "declarations.h"

/* A type expression, by the identity of its str: mostly it is a constant of the code. */
typedef struct {
    PyObject *text; /* NULL: none */
    ffic_ctype *type;
} ffic_recent;

/* Only where the GIL guards them. */
enum { FFIC_RECENT = FFIC_HAS_GIL ? 8 : 1 };

typedef struct ffic_ffi {
    PyObject_HEAD
    ffic_state *state;
    PyObject *parsed;   /* dict: type expression -> CType */
    ffic_recent recent[FFIC_RECENT]; /* what `parsed` said lately */
    PyObject *tagged;   /* dict: "struct passwd" -> CType; what this ffi's declarations made */
    ffic_declarations declarations;
    PyObject *once;     /* dict: tag -> result, of init_once */
    PyObject *python_bodies; /* list: bodies of the extern "Python" functions of the table, by index; or NULL: see extern_python.c */
    PyObject *name;     /* str: module name, or None */
    PyObject *lib;      /* weak reference to the `lib` of its generated module, or NULL */
    PyObject *weakrefs;
    char declares;      /* has cdef(): type expressions can declare, as in C, and be whatever the front end reads */
    char keep_alive;    /* memory keeps alive what its pointers point to: see keep_alive.c */
} ffic_ffi;

int ffic_ffi_setup(PyObject *module, ffic_state *state);
/* A new, empty FFI of the base type. */
ffic_ffi *ffic_ffi_new_empty(ffic_state *state);

/* The C type that an argument names: a str (parsed, and cached), a CType, and where `allow_cdata` a cdata or library function (its type).
 * New reference, or NULL with an exception. */
ffic_ctype *ffic_ffi_type_of(ffic_ffi *ffi, PyObject *argument, bool allow_cdata);

/* The record, union or enum `key` ("struct passwd") of this ffi or of one that it includes: new reference, NULL with an exception
 * (also when it is not declared). */
ffic_ctype *ffic_ffi_tagged(ffic_ffi *ffi, PyObject *key);

/* The value of an integer constant or enumerator `name` of this ffi, or of one that it includes: new reference. */
PyObject *ffic_ffi_global_constant(ffic_ffi *ffi, PyObject *name);

/* One signature for all methods: METH_FASTCALL | METH_KEYWORDS. */
#define FFIC_METHOD(name) PyObject *name(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *keywords)

/* memory.c */
FFIC_METHOD(ffic_ffi_new);
FFIC_METHOD(ffic_ffi_new_allocator);
FFIC_METHOD(ffic_ffi_cast);
FFIC_METHOD(ffic_ffi_gc);
FFIC_METHOD(ffic_ffi_release);
FFIC_METHOD(ffic_ffi_new_handle);
FFIC_METHOD(ffic_ffi_from_handle);
/* buffer.c, strings.c */
FFIC_METHOD(ffic_ffi_from_buffer);
FFIC_METHOD(ffic_ffi_memmove);
FFIC_METHOD(ffic_ffi_string);
FFIC_METHOD(ffic_ffi_unpack);
/* tuple_reader.c */
FFIC_METHOD(ffic_ffi_tuple_reader);
/* for_bytes.c */
FFIC_METHOD(ffic_ffi_for_bytes);
/* bytes_method.c */
FFIC_METHOD(ffic_ffi_bytes_method);
/* inspect.c */
FFIC_METHOD(ffic_ffi_typeof);
FFIC_METHOD(ffic_ffi_sizeof);
FFIC_METHOD(ffic_ffi_alignof);
FFIC_METHOD(ffic_ffi_offsetof);
FFIC_METHOD(ffic_ffi_addressof);
FFIC_METHOD(ffic_ffi_getctype);
FFIC_METHOD(ffic_ffi_list_types);
FFIC_METHOD(ffic_ffi_integer_const);
/* library.c, callback.c, ffi.c */
FFIC_METHOD(ffic_ffi_dlopen);
FFIC_METHOD(ffic_ffi_dlclose);
FFIC_METHOD(ffic_ffi_callback);
FFIC_METHOD(ffic_ffi_def_extern);
FFIC_METHOD(ffic_ffi_init_once);
PyObject *ffic_ffi_table(PyObject *self, PyObject *ignored);

/* Parse arguments of a FFIC_METHOD: `names` lists the parameters (NULL ends it), `required` of them must be given.  `values` gets
 * borrowed references, NULL for what was not given.  -1 with TypeError. */
int ffic_arguments(const char *function, const char *const *names, Py_ssize_t required, PyObject *const *args, Py_ssize_t count,
                   PyObject *keywords, PyObject **values);

#endif
