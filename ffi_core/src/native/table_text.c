/* The text carrier of the declaration table: finding an entry, and reading it. */
#include "table_text.h"

/* An entry: its name, and what follows ": ", up to the end of its last line. */
typedef struct {
    const char *name;
    size_t name_length;
    const char *value;
    const char *end;
} entry_text;

/* ---- finding ---------------------------------------------------------------------------------------------------------- */

/* The end of the entry that begins at `start`: after its last line's newline, or the end of the text. */
static const char *
entry_end(const char *start, const char *end)
{
    const char *at = start;
    do {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        if (newline == NULL) {
            return end;
        }
        at = newline + 1;
    } while (at < end && *at == ' ');
    return at;
}

/* Go back to where the entry that holds the character at `at` begins. */
static const char *
entry_start(const char *text, const char *at)
{
    for (;;) {
        while (at > text && at[-1] != '\n') {
            at--;
        }
        if (at == text || *at != ' ') {
            return at;
        }
        at--;
    }
}

static int
split_entry(const char *start, const char *end, entry_text *entry)
{
    const char *colon = memchr(start, ':', (size_t)(end - start));
    if (colon == NULL || end - colon < 2) {
        PyErr_SetString(PyExc_ValueError, "malformed declaration table: a line without a name");
        return -1;
    }
    *entry = (entry_text){start, (size_t)(colon - start), colon + 2, end};
    return 0;
}

/* Search by halves.  1: found; 0: not there; -1 with an exception. */
static int
find_entry(PyObject *text, PyObject *name, entry_text *entry)
{
    Py_ssize_t length, name_length;
    const char *low = PyUnicode_AsUTF8AndSize(text, &length);
    const char *wanted = PyUnicode_AsUTF8AndSize(name, &name_length);
    if (low == NULL || wanted == NULL) {
        return -1;
    }
    const char *high = low + length;
    while (low < high) {
        const char *start = entry_start(low, low + (high - low) / 2);
        const char *end = entry_end(start, high);
        if (split_entry(start, end, entry) < 0) {
            return -1;
        }
        size_t shorter = entry->name_length < (size_t)name_length ? entry->name_length : (size_t)name_length;
        int order = memcmp(entry->name, wanted, shorter);
        if (order == 0 && entry->name_length == (size_t)name_length) {
            return 1;
        }
        if (order < 0 || (order == 0 && entry->name_length < (size_t)name_length)) {
            low = end;
        }
        else {
            high = start;
        }
    }
    return 0;
}

/* ---- reading ------------------------------------------------------------------------------------------------------------ */

/* How deep tuples are: an entry, its members, a member. */
enum { DEEPEST = 8 };

static void
skip_space(const char **at, const char *end)
{
    while (*at < end && (**at == ' ' || **at == '\n')) {
        ++*at;
    }
}

/* The readers of one value return NULL without an exception where the value is written otherwise than they know. */
static PyObject *read_value(const char **at, const char *end, int depth);

static PyObject *
read_tuple(const char **at, const char *end, int depth)
{
    PyObject *items = depth == DEEPEST ? NULL : PyList_New(0);
    if (items == NULL) {
        return NULL;
    }
    PyObject *result = NULL;
    ++*at;
    for (;;) {
        skip_space(at, end);
        if (*at < end && **at == ')') {
            ++*at;
            result = PyList_AsTuple(items);
            break;
        }
        PyObject *item = read_value(at, end, depth + 1);
        if (item == NULL) {
            break;
        }
        int failed = PyList_Append(items, item);
        Py_DECREF(item);
        if (failed) {
            break;
        }
        skip_space(at, end);
        if (*at < end && **at == ',') {
            ++*at;
        }
        else if (*at == end || **at != ')') {
            break;
        }
    }
    Py_DECREF(items);
    return result;
}

static PyObject *
read_string(const char **at, const char *end)
{
    const char *start = *at + 1;
    const char *close = memchr(start, '\'', (size_t)(end - start));
    if (close == NULL || memchr(start, '\\', (size_t)(close - start)) != NULL) {
        return NULL;
    }
    *at = close + 1;
    return PyUnicode_DecodeUTF8(start, close - start, NULL);
}

static PyObject *
read_integer(const char **at, const char *end)
{
    const char *start = *at + (**at == '-');
    const char *stop = start;
    unsigned long long value = 0;
    while (stop < end && *stop >= '0' && *stop <= '9') {
        value = value * 10 + (unsigned)(*stop++ - '0');
    }
    if (stop == start || stop - start > 18 || (stop < end && strchr(",) \n", *stop) == NULL)) {
        return NULL;
    }
    long long number = (long long)value;
    number = **at == '-' ? -number : number;
    *at = stop;
    return PyLong_FromLongLong(number);
}

static PyObject *
read_value(const char **at, const char *end, int depth)
{
    if (*at == end) {
        return NULL;
    }
    if (**at == '(') {
        return read_tuple(at, end, depth);
    }
    if (**at == '\'') {
        return read_string(at, end);
    }
    if (end - *at >= 4 && memcmp(*at, "None", 4) == 0) {
        *at += 4;
        return Py_NewRef(Py_None);
    }
    return read_integer(at, end);
}

/* Whatever else Python can write: rare, so Python reads it. */
static PyObject *
read_by_python(const entry_text *entry)
{
    PyObject *text = PyUnicode_FromStringAndSize(entry->value, entry->end - entry->value);
    PyObject *module = text == NULL ? NULL : PyImport_ImportModule("ast");
    PyObject *result = module == NULL ? NULL : PyObject_CallMethod(module, "literal_eval", "O", text);
    Py_XDECREF(module);
    Py_XDECREF(text);
    return result;
}

PyObject *
ffic_text_entry(PyObject *text, PyObject *name)
{
    entry_text entry;
    if (find_entry(text, name, &entry) <= 0) {
        return NULL;
    }
    const char *at = entry.value;
    PyObject *result = read_value(&at, entry.end, 0);
    skip_space(&at, entry.end);
    if (result != NULL && at == entry.end) {
        return result;
    }
    Py_XDECREF(result);
    return PyErr_Occurred() ? NULL : read_by_python(&entry);
}

int
ffic_text_has(PyObject *text, PyObject *name)
{
    entry_text entry;
    return find_entry(text, name, &entry);
}

int
ffic_text_each(PyObject *text, int (*visit)(PyObject *, void *), void *context)
{
    Py_ssize_t length;
    const char *at = PyUnicode_AsUTF8AndSize(text, &length);
    if (at == NULL) {
        return -1;
    }
    const char *end = at + length;
    while (at < end) {
        entry_text entry;
        const char *next = entry_end(at, end);
        if (split_entry(at, next, &entry) < 0) {
            return -1;
        }
        PyObject *name = PyUnicode_FromStringAndSize(entry.name, (Py_ssize_t)entry.name_length);
        int result = name == NULL ? -1 : visit(name, context);
        Py_XDECREF(name);
        if (result < 0) {
            return -1;
        }
        at = next;
    }
    return 0;
}

typedef struct {
    PyObject *text;
    PyObject *dict;
} text_and_dict;

static int
read_one(PyObject *name, void *context)
{
    const text_and_dict *both = context;
    PyObject *entry = ffic_text_entry(both->text, name);
    int result = entry == NULL ? -1 : PyDict_SetItem(both->dict, name, entry);
    Py_XDECREF(entry);
    return result;
}

int
ffic_text_read_all(PyObject *text, PyObject *dict)
{
    text_and_dict both = {text, dict};
    return ffic_text_each(text, read_one, &both);
}
