/* Finding the nearest declared name. */
#include "suggest.h"

enum { LONGEST = 64 };

typedef struct {
    const char *wanted;
    size_t length;
    size_t best_distance; /* only names nearer than this are of interest */
    PyObject *best;
} search;

static size_t
smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Edit distance (Levenshtein) by one row of the table; gives up at `limit`. */
static size_t
distance(const char *a, size_t a_length, const char *b, size_t b_length, size_t limit)
{
    size_t row[LONGEST + 1];
    for (size_t j = 0; j <= b_length; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= a_length; i++) {
        size_t diagonal = row[0], least = i;
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t changed = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            row[j] = smaller(changed, smaller(row[j], row[j - 1]) + 1);
            least = smaller(least, row[j]);
        }
        if (least >= limit) {
            return limit;
        }
    }
    return row[b_length];
}

static int
consider(PyObject *name, void *context)
{
    search *s = context;
    Py_ssize_t length;
    const char *text = PyUnicode_AsUTF8AndSize(name, &length);
    if (text == NULL) {
        return -1;
    }
    size_t difference = (size_t)length > s->length ? (size_t)length - s->length : s->length - (size_t)length;
    if (length > LONGEST || difference >= s->best_distance) {
        return 0;
    }
    size_t found = distance(s->wanted, s->length, text, (size_t)length, s->best_distance);
    if (found < s->best_distance) {
        s->best_distance = found;
        Py_XSETREF(s->best, Py_NewRef(name));
    }
    return 0;
}

PyObject *
ffic_suggest(ffic_ffi *ffi, PyObject *name)
{
    Py_ssize_t length = 0;
    const char *text = PyUnicode_Check(name) ? PyUnicode_AsUTF8AndSize(name, &length) : NULL;
    /* Dunder names are asked for by tools that look whether an object can do something: nobody mistyped those. */
    if (text == NULL || length < 3 || length > LONGEST || (text[0] == '_' && text[1] == '_')) {
        PyErr_Clear();
        return NULL;
    }
    search s = {.wanted = text, .length = (size_t)length, .best_distance = (size_t)length / 3 + 1, .best = NULL};
    if (ffic_each_declared(ffi, false, consider, &s) < 0) {
        PyErr_Clear();
    }
    return s.best;
}
