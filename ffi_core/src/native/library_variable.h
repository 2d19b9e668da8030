/* The variables of a library: data descriptors on the type of its `lib`, so that each access reads or writes C memory. */
#ifndef FFIC_LIBRARY_VARIABLE_H
#define FFIC_LIBRARY_VARIABLE_H

#include "c_type.h"

typedef struct {
    PyObject_HEAD
    ffic_ctype *type;
    char *address;
    char *(*find)(void); /* API mode: gives the address, which a macro like errno has anew each time; otherwise NULL */
    PyObject *name;
    bool is_const; /* nobody may write to it: the memory can be read-only */
} ffic_library_variable;

int ffic_library_variable_setup(PyObject *module, ffic_state *state);

ffic_library_variable *ffic_library_variable_new(ffic_ctype *type, char *address, char *(*find)(void), PyObject *name,
                                                 bool is_const);

/* Read and write it, as an attribute of `lib`; `value` NULL: an AttributeError. */
PyObject *ffic_library_variable_load(const ffic_library_variable *variable, PyObject *lib);
int ffic_library_variable_store(const ffic_library_variable *variable, PyObject *lib, PyObject *value);

/* Where the variable is now.  NULL with an exception, where a macro leads nowhere. */
char *ffic_library_variable_address(const ffic_library_variable *variable);

#endif
