/* Finding the nearest declared name. */
#include "suggest.h"

#include "table_text.h"

enum { LONGEST = 64 };

typedef struct {
    const char *wanted;
    size_t length;
    uint32_t letters;     /* which it has: see letters_of */
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

/* A bit for each letter, regardless of case. */
static inline uint32_t
letters_of(const char *text, size_t length)
{
    uint32_t letters = 0;
    for (size_t i = 0; i < length; i++) {
        letters |= (uint32_t)1 << (text[i] & 31);
    }
    return letters;
}

static inline size_t
count_bits(uint32_t bits)
{
    return (size_t)__builtin_popcount(bits);
}

/* Is the name nearer than the best so far?  Most are not, which costs little to see: each change of a letter can bring one that is
 * missing, and take one away that is too much. */
static bool
is_better(search *s, const char *text, size_t length)
{
    size_t difference = length > s->length ? length - s->length : s->length - length;
    if (length > LONGEST || difference >= s->best_distance) {
        return false;
    }
    uint32_t letters = letters_of(text, length);
    if (count_bits(letters & ~s->letters) >= s->best_distance || count_bits(s->letters & ~letters) >= s->best_distance) {
        return false;
    }
    size_t found = distance(s->wanted, s->length, text, length, s->best_distance);
    bool better = found < s->best_distance;
    s->best_distance = better ? found : s->best_distance;
    return better;
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
    if (is_better(s, text, (size_t)length)) {
        Py_XSETREF(s->best, Py_NewRef(name));
    }
    return 0;
}

static int
consider_table(const struct ffic_table *table, search *s)
{
    const char *best = NULL;
    for (uint32_t i = 0; i < table->global_count; i++) {
        const char *name = ffic_table_text(table, table->globals[i].name);
        best = is_better(s, name, strlen(name)) ? name : best;
    }
    if (best != NULL) {
        Py_XSETREF(s->best, PyUnicode_FromString(best));
    }
    return best != NULL && s->best == NULL ? -1 : 0;
}

/* All names of `lib`, in the order of ffic_each_declared, without making objects of those that have none. */
static int
consider_all(ffic_ffi *ffi, search *s)
{
    const ffic_declarations *declared = &ffi->declarations;
    int result = declared->table == NULL ? 0 : consider_table(declared->table, s);
    if (result == 0 && declared->globals_text != NULL) {
        result = ffic_text_each(declared->globals_text, consider, s);
    }
    if (result == 0 && declared->globals != NULL) {
        PyObject *name, *value;
        Py_ssize_t position = 0;
        FFIC_BEGIN_CRITICAL_SECTION(declared->globals);
        while (result == 0 && PyDict_Next(declared->globals, &position, &name, &value)) {
            result = consider(name, s);
        }
        FFIC_END_CRITICAL_SECTION();
    }
    PyObject *includes = declared->includes;
    for (Py_ssize_t i = 0; result == 0 && includes != NULL && i < PyList_GET_SIZE(includes); i++) {
        result = consider_all((ffic_ffi *)PyList_GET_ITEM(includes, i), s);
    }
    return result;
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
    search s = {.wanted = text, .length = (size_t)length, .letters = letters_of(text, (size_t)length), .best_distance = (size_t)length / 3 + 1, .best = NULL};
    if (consider_all(ffi, &s) < 0) {
        PyErr_Clear();
    }
    return s.best;
}
