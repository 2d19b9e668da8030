/* The text carrier of the declaration table: what generated Python modules hold.
 *
 * One entry per name, in the order of the names, as docs/declaration_table.md describes.  Lines that begin with a space belong to the
 * entry before.  The text is one string, which Python reads at once; only entries that are asked for become objects.
 */
#ifndef FFIC_TABLE_TEXT_H
#define FFIC_TABLE_TEXT_H

#include "compat.h"

/* The entry of that name: a new reference; NULL without an exception where there is none, NULL with one on failure. */
PyObject *ffic_text_entry(PyObject *text, PyObject *name);

/* Is there one?  -1 with an exception. */
int ffic_text_has(PyObject *text, PyObject *name);

/* Call `visit` with each name.  -1 with an exception. */
int ffic_text_each(PyObject *text, int (*visit)(PyObject *name, void *context), void *context);

/* Put every entry into `dict`.  -1 with an exception. */
int ffic_text_read_all(PyObject *text, PyObject *dict);

#endif
