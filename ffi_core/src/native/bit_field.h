/* The values of bit-fields; `data` is the storage unit, at the field's offset. */
#ifndef FFIC_BIT_FIELD_H
#define FFIC_BIT_FIELD_H

#include "c_type.h"

PyObject *ffic_load_bits(const ffic_cfield *field, const char *data);
/* OverflowError where the value is out of the field's range; then nothing is stored. */
int ffic_store_bits(const ffic_cfield *field, char *data, PyObject *value);

#endif
