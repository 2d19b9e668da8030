/* What C programs include.  The build script reads it too. */
#ifndef PLUGIN_H
#define PLUGIN_H

/* How often each letter of the alphabet is in a text. */
typedef struct {
    int letters[26];
    int others;
} letter_counts;

#ifndef CFFI_DLLEXPORT
#define CFFI_DLLEXPORT extern
#endif

/* Count letters; 0, or -1 where `text` is not UTF-8. */
CFFI_DLLEXPORT int count_letters(const char *text, letter_counts *counts);

/* The value of an arithmetic expression; NaN where it is none. */
CFFI_DLLEXPORT double evaluate(const char *expression);

/* How many calls there were, of both functions. */
CFFI_DLLEXPORT long calls_so_far(void);

#endif
