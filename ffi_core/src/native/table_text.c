/* The text carrier of the declaration table: finding an entry, and reading it. */
#include "table_text.h"

/* An entry: its name, the mark that says what it is, and what follows, up to the end of its last line. */
typedef struct {
    const char *name;
    size_t name_length;
    char mark;
    const char *value;
    const char *line_end; /* of the first line */
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

/* Nothing that is one of them stands in a name. */
static bool
is_mark(char letter)
{
    switch (letter) {
    case ':':
    case '!':
    case '@':
    case '=':
    case '<':
    case '>':
    case '?':
    case '{':
    case ';':
    case '|':
        return true;
    default:
        return false;
    }
}

static int
split_entry(const char *start, const char *end, entry_text *entry)
{
    const char *line_end = memchr(start, '\n', (size_t)(end - start));
    const char *at = start;
    line_end = line_end == NULL ? end : line_end;
    while (at < line_end && !is_mark(*at)) {
        at++;
    }
    if (at == line_end || at == start) {
        PyErr_SetString(PyExc_ValueError, "malformed declarations in a generated module: a line without a name");
        return -1;
    }
    *entry = (entry_text){start, (size_t)(at - start), *at, at + 1, line_end, end};
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

static PyObject *
text_object(const char *start, const char *end)
{
    return PyUnicode_DecodeUTF8(start, end - start, NULL);
}

/* What stands before the next `letter`, behind which it goes on; up to the end where there is none. */
static const char *
part_end(const char *at, const char *end, char letter)
{
    const char *found = memchr(at, letter, (size_t)(end - at));
    return found == NULL ? end : found;
}

/* A number that fits into an int; false where something else is written. */
static bool
read_small(const char **at, const char *end, int *number)
{
    bool negative = *at < end && **at == '-';
    const char *digits = *at + negative, *stop = digits;
    int value = 0;
    while (stop < end && *stop >= '0' && *stop <= '9' && stop - digits < 9) {
        value = value * 10 + (*stop++ - '0');
    }
    *at = stop;
    *number = negative ? -value : value;
    return stop > digits;
}

static bool
read_letter(const char **at, const char *end, char letter)
{
    bool found = *at < end && **at == letter;
    *at += found;
    return found;
}

/* " name:width@alignment type": the numbers may be missing.  NULL without an exception: malformed. */
static PyObject *
read_member(const char *at, const char *end)
{
    const char *name = ++at;
    int width = -1, aligned = 0;
    while (at < end && *at != ' ' && *at != ':' && *at != '@') {
        at++;
    }
    const char *name_end = at;
    bool is_good = (!read_letter(&at, end, ':') || (read_small(&at, end, &width) && width >= 0)) &&
                   (!read_letter(&at, end, '@') || read_small(&at, end, &aligned)) && read_letter(&at, end, ' ') && at < end;
    return !is_good ? NULL : Py_BuildValue("(NNii)", text_object(name, name_end), text_object(at, end), width, aligned);
}

static PyObject *
read_members(const entry_text *entry)
{
    Py_ssize_t count = 0;
    for (const char *at = entry->line_end; at < entry->end && at + 1 < entry->end; at = part_end(at + 1, entry->end, '\n')) {
        count++;
    }
    PyObject *members = PyTuple_New(count);
    const char *at = entry->line_end;
    for (Py_ssize_t i = 0; members != NULL && i < count; i++) {
        const char *end = part_end(at + 1, entry->end, '\n');
        PyObject *member = read_member(at + 1, end);
        if (member == NULL) {
            Py_CLEAR(members);
            break;
        }
        PyTuple_SET_ITEM(members, i, member);
        at = end;
    }
    return members;
}

/* "{", or "{partial pack alignment", and the members below. */
static PyObject *
read_record(const entry_text *entry)
{
    const char *at = entry->value, *end = entry->line_end;
    int partial = 0, pack = 0, aligned = 0;
    bool is_good = at == end || (read_small(&at, end, &partial) && read_letter(&at, end, ' ') && read_small(&at, end, &pack) &&
                                 read_letter(&at, end, ' ') && read_small(&at, end, &aligned) && at == end);
    PyObject *members = is_good ? read_members(entry) : NULL;
    return members == NULL ? NULL : Py_BuildValue("(sNiii)", "record", members, partial, pack, aligned);
}

/* "|partial|base|A,B,C" */
static PyObject *
read_enum(const entry_text *entry)
{
    const char *at = entry->value, *end = entry->line_end;
    int partial = 0;
    if (!read_small(&at, end, &partial) || !read_letter(&at, end, '|')) {
        return NULL;
    }
    const char *base = at, *base_end = part_end(at, end, '|');
    if (base_end == end) {
        return NULL;
    }
    return Py_BuildValue("(sNiN)", "enum", text_object(base_end + 1, end), partial, text_object(base, base_end));
}

static PyObject *
read_integer(const char *start, const char *end)
{
    const char *at = start;
    int number = 0;
    if (start == end) {
        return Py_NewRef(Py_None);
    }
    if (read_small(&at, end, &number) && at == end) {
        return PyLong_FromLong(number);
    }
    PyObject *text = text_object(start, end);
    PyObject *result = text == NULL ? NULL : PyLong_FromUnicodeObject(text, 10);
    Py_XDECREF(text);
    return result;
}

/* "=42", "=42 type", "= type" or "=" */
static PyObject *
read_constant(const entry_text *entry)
{
    const char *number_end = part_end(entry->value, entry->line_end, ' ');
    PyObject *value = read_integer(entry->value, number_end);
    if (value == NULL || number_end == entry->line_end) {
        return value == NULL ? NULL : Py_BuildValue("(sN)", "constant", value);
    }
    return Py_BuildValue("(sNN)", "constant", value, text_object(number_end + 1, entry->line_end));
}

/* NULL without an exception: malformed. */
static PyObject *
read_entry(const entry_text *entry)
{
    const char *kind = NULL;
    switch (entry->mark) {
    case ':':
    case '!':
        return Py_BuildValue("(sNi)", "function", text_object(entry->value, entry->line_end), entry->mark == '!');
    case '=':
        return read_constant(entry);
    case '{':
        return read_record(entry);
    case ';':
        return Py_BuildValue("(sOiii)", "record", Py_None, 0, 0, 0);
    case '|':
        return read_enum(entry);
    case '@':
        kind = "variable";
        break;
    case '<':
        kind = "python";
        break;
    case '>':
        kind = "typedef";
        break;
    default:
        kind = "unknown";
        break;
    }
    return Py_BuildValue("(sN)", kind, text_object(entry->value, entry->line_end));
}

PyObject *
ffic_text_entry(PyObject *text, PyObject *name)
{
    entry_text entry;
    if (find_entry(text, name, &entry) <= 0) {
        return NULL;
    }
    PyObject *result = read_entry(&entry);
    if (result == NULL && !PyErr_Occurred()) {
        PyErr_Format(PyExc_ValueError, "malformed declaration of '%U' in a generated module", name);
    }
    return result;
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
