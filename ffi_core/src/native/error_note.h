/* Saying more about an exception than its message does. */
#ifndef FFIC_ERROR_NOTE_H
#define FFIC_ERROR_NOTE_H

#include "compat.h"

/* Add to the exception that is set, where its message is one that code may compare, as it is in cffi.  From Python 3.11 on this is
 * a note (PEP 678), which tracebacks show below the message; before, the message ends with it, in parentheses. */
void ffic_error_note(const char *format, ...);

#endif
