/* Declarations of functions as text. */
#ifndef FFIC_FUNCTION_TEXT_H
#define FFIC_FUNCTION_TEXT_H

#include "ffi_object.h"

enum { FFIC_FUNCTION_TEXT_BYTES = 600 };

/* Write "int add(int, int);", or in a module's lib "int add(int, int);\n\nCFFI C function from MODULE.lib", from the type expression alone:
 * the C types need not be made for it.  Returns the length; 0 without an exception where it is not sure that this is the same text as by
 * ffic_ctype_spell. */
size_t ffic_function_text(const ffic_declared *declared, PyObject *name, PyObject *module, char text[FFIC_FUNCTION_TEXT_BYTES]);

#endif
