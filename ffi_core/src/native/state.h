/* The state of one `ffi_core._native` module object: one per interpreter. */
#ifndef FFIC_STATE_H
#define FFIC_STATE_H

#include "compat.h"
#include "lock.h"

typedef struct ffic_ctype ffic_ctype;

/* The primitive types, in the order of `ffic_primitives` in primitive.c. */
enum { FFIC_PRIMITIVE_MAX = 80 };

/* Memory of small objects that were freed, kept for the next ones of that size: see cdata_memory.h. */
typedef struct {
    void *first;
    int count;
} ffic_spare;

enum { FFIC_SPARE_SIZES = 4 };

/* The interpreter has one object each for these ints. */
enum { FFIC_SMALL_INT_FIRST = -5, FFIC_SMALL_INTS = 262 };

typedef struct ffic_state {
    PyObject *module;               /* whose state it is; borrowed */
    PyTypeObject *ctype_type;       /* CType */
    PyTypeObject *cfield_type;      /* CField */
    PyTypeObject *cdata_type;       /* CData: the base, borrowed memory */
    PyTypeObject *cdata_owning_type;   /* memory inside the object, from ffi.new and casts to primitives */
    PyTypeObject *cdata_view_type;     /* part of another object's memory, which it keeps alive */
    PyTypeObject *cdata_function_type; /* a pointer to a function: callable */
    PyTypeObject *cdata_handle_type;   /* ffi.new_handle */
    PyTypeObject *cdata_gc_type;       /* ffi.gc, new_allocator with free */
    PyTypeObject *cdata_buffer_type;   /* ffi.from_buffer */
    PyTypeObject *cdata_callback_type; /* ffi.callback */
    PyTypeObject *cdata_iterator_type;
    PyTypeObject *python_body_type; /* what def_extern gives to a C function */
    PyTypeObject *buffer_type;      /* ffi.buffer */
    PyTypeObject *allocator_type;   /* ffi.new_allocator */
    PyTypeObject *tuple_reader_type; /* ffi.tuple_reader */
    PyTypeObject *for_bytes_type;   /* ffi.for_bytes */
    PyTypeObject *bytes_method_type; /* ffi.bytes_method */
    PyTypeObject *function_type;    /* a function of a library */
    PyTypeObject *lib_type;         /* base of the type of every `lib` */
    PyTypeObject *library_variable_type; /* descriptor of one variable of a library */
    PyTypeObject *library_type;     /* an open shared library */
    PyTypeObject *ffi_type;         /* FFI */
    PyObject *error;                /* ffi.error */
    PyObject *cdef_error;           /* ffi_core.CDefError */
    PyObject *length_error;         /* ffi_core.errors.ArrayLengthError */
    PyObject *function_type_error;  /* ffi_core.errors.FunctionTypeError */
    PyObject *missing;              /* ffi_core.VerificationMissing */
    PyObject *closed_error;         /* ffi_core.errors.ClosedLibraryError */
    PyObject *size_error;           /* ffi_core.errors.UnknownSizeError */
    PyObject *constant_error;       /* ffi_core.errors.MissingConstantError */
    PyObject *symbol_error;         /* ffi_core.errors.MissingSymbolError */
    PyObject *null;                 /* ffi.NULL */
    PyObject *interned;             /* dict: key of a derived type -> weak reference to it */
    ffic_lock interned_lock;
    Py_ssize_t interned_sweep;      /* size of `interned` at which dead references are swept out */
    PyObject *place_fields;         /* ffi_core.layout.place_fields, imported on first use */
    void *callback_home;            /* what the callbacks of this interpreter share: see callback.c */
    PyObject *exported;             /* dict: address of a CDataOwning -> number of buffers that Python objects hold of it */
    PyObject *handles;              /* capsule that owns the next: see handle.c */
    struct ffic_handle_table *handle_table;
    ffic_ctype *primitives[FFIC_PRIMITIVE_MAX]; /* made with the module */
    ffic_ctype *void_type;
    ffic_ctype *char_type;
    ffic_ctype *void_pointer;
    ffic_ctype *char_pointer;
    ffic_ctype *file_type;       /* FILE, where no ffi declares it: opaque */
    struct ffic_debug *debug;    /* NULL unless in debug mode: see debug.h */
    ffic_spare spare[FFIC_SPARE_SIZES];
    ffic_spare spare_gc; /* CDataGC, with what the garbage collector has in front of them */
    PyObject *small_ints[FFIC_SMALL_INTS];
} ffic_state;

/* The addresses of all the types above. */
#define FFIC_STATE_TYPES(state)                                                                                                \
    &(state)->ctype_type, &(state)->cfield_type, &(state)->cdata_type, &(state)->cdata_owning_type, &(state)->cdata_view_type, \
        &(state)->cdata_function_type, &(state)->cdata_handle_type, &(state)->cdata_gc_type, &(state)->cdata_buffer_type,      \
        &(state)->cdata_callback_type, &(state)->cdata_iterator_type, &(state)->buffer_type, &(state)->allocator_type,         \
        &(state)->function_type, &(state)->lib_type, &(state)->library_variable_type, &(state)->library_type,                  \
        &(state)->ffi_type, &(state)->tuple_reader_type, &(state)->for_bytes_type, &(state)->bytes_method_type,                \
        &(state)->python_body_type

/* The state of the module that `type`, one of ours or a subclass made in Python, belongs to. */
ffic_state *ffic_state_of_type(PyTypeObject *type);

#endif
