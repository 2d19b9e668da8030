/* Looking names up in the declaration table, in each of its carriers. */
#include "ffi_object.h"

#include "table_text.h"
#include "type_parser.h"

const struct ffic_global *
ffic_table_global(const struct ffic_table *table, const char *name)
{
    uint32_t low = 0, high = table->global_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = strcmp(ffic_table_text(table, table->globals[middle].name), name);
        if (order == 0) {
            return &table->globals[middle];
        }
        if (order < 0) {
            low = middle + 1;
        }
        else {
            high = middle;
        }
    }
    return NULL;
}

const struct ffic_type *
ffic_table_type(const struct ffic_table *table, const char *name)
{
    uint32_t low = 0, high = table->type_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = strcmp(ffic_table_text(table, table->types[middle].name), name);
        if (order == 0) {
            return &table->types[middle];
        }
        if (order < 0) {
            low = middle + 1;
        }
        else {
            high = middle;
        }
    }
    return NULL;
}

/* Find a tuple in the dict, or in the text; then it is kept in the dict.  New reference. */
static PyObject *
find_tuple(PyObject *dict, PyObject *text, PyObject *name)
{
    PyObject *entry = dict == NULL ? NULL : ffic_dict_get(dict, name);
    if (entry != NULL || text == NULL || PyErr_Occurred()) {
        return entry;
    }
    entry = ffic_text_entry(text, name);
    if (entry != NULL) {
        /* Another thread may have been quicker: its entry counts, as it may be borrowed already. */
        PyObject *kept = PyDict_SetDefault(dict, name, entry);
        Py_XINCREF(kept);
        Py_SETREF(entry, kept);
    }
    return entry;
}

PyObject *
ffic_declared_type(ffic_ffi *ffi, PyObject *name)
{
    return find_tuple(ffi->declarations.types, ffi->declarations.types_text, name);
}

int
ffic_declares_type(ffic_ffi *ffi, PyObject *name)
{
    int found = ffi->declarations.types == NULL ? 0 : PyDict_Contains(ffi->declarations.types, name);
    return found != 0 || ffi->declarations.types_text == NULL ? found : ffic_text_has(ffi->declarations.types_text, name);
}

/* Read one tuple of the Python carrier. */
static int
read_global_tuple(PyObject *name, PyObject *entry, ffic_declared *found)
{
    PyObject *second = PyTuple_Check(entry) && PyTuple_GET_SIZE(entry) >= 2 ? PyTuple_GET_ITEM(entry, 1) : NULL;
    PyObject *third = second != NULL && PyTuple_GET_SIZE(entry) >= 3 ? PyTuple_GET_ITEM(entry, 2) : NULL;
    PyObject *kind = second == NULL ? NULL : PyTuple_GET_ITEM(entry, 0);
    if (kind == NULL || !PyUnicode_Check(kind)) {
        goto malformed;
    }
    if (PyUnicode_CompareWithASCIIString(kind, "constant") == 0) {
        found->kind = FFIC_CONSTANT;
        found->value = second;
        if (third != NULL && PyUnicode_Check(third)) {
            found->type = PyUnicode_AsUTF8(third);
            return found->type == NULL ? -1 : 1;
        }
        return 1;
    }
    if (!PyUnicode_Check(second)) {
        goto malformed;
    }
    found->type = PyUnicode_AsUTF8(second);
    if (found->type == NULL) {
        return -1;
    }
    if (PyUnicode_CompareWithASCIIString(kind, "function") == 0) {
        found->kind = FFIC_FUNCTION;
        if (third != NULL && PyLong_Check(third)) {
            found->flags = (uint16_t)PyLong_AsUnsignedLongMask(third);
        }
        return 1;
    }
    if (PyUnicode_CompareWithASCIIString(kind, "variable") == 0) {
        found->kind = FFIC_VARIABLE;
        return 1;
    }
    if (PyUnicode_CompareWithASCIIString(kind, "python") == 0) {
        found->kind = FFIC_PYTHON;
        return 1;
    }
malformed:
    PyErr_Format(PyExc_ValueError, "malformed declaration of '%U': %R", name, entry);
    return -1;
}

int
ffic_find_declared(ffic_ffi *ffi, PyObject *name, ffic_declared *found)
{
    memset(found, 0, sizeof *found);
    found->ffi = ffi;
    if (ffi->declarations.table != NULL) {
        const char *text = PyUnicode_AsUTF8(name);
        if (text == NULL) {
            return -1;
        }
        const struct ffic_global *entry = ffic_table_global(ffi->declarations.table, text);
        if (entry != NULL) {
            found->kind = entry->kind;
            found->flags = entry->flags;
            found->type = entry->type == 0 ? NULL : ffic_table_text(ffi->declarations.table, entry->type);
            found->generated = entry;
            return 1;
        }
    }
    if (ffi->declarations.globals != NULL) {
        /* Entries are never removed while the ffi lives, only replaced under the GIL by a cdef with override, which is
         * documented as not safe against concurrent use; so the borrowed entry is good for the caller's look. */
        PyObject *entry = find_tuple(ffi->declarations.globals, ffi->declarations.globals_text, name);
        if (entry != NULL) {
            Py_DECREF(entry); /* the dict has it */
            return read_global_tuple(name, entry, found);
        }
        if (PyErr_Occurred()) {
            return -1;
        }
    }
    PyObject *includes = ffi->declarations.includes;
    for (Py_ssize_t i = 0; includes != NULL && i < PyList_GET_SIZE(includes); i++) {
        int result = ffic_find_declared((ffic_ffi *)PyList_GET_ITEM(includes, i), name, found);
        if (result != 0) {
            return result;
        }
    }
    return 0;
}

static int
visit_text(const char *text, int (*visit)(PyObject *, void *), void *context)
{
    PyObject *name = PyUnicode_FromString(text);
    if (name == NULL) {
        return -1;
    }
    int result = visit(name, context);
    Py_DECREF(name);
    return result;
}

/* Is the struct or union one that was only named in a type expression?  See ffic_declare_opaque. */
static bool
is_implied(PyObject *types, PyObject *key)
{
    PyObject *entry = PyDict_GetItemWithError(types, key);
    if (entry == NULL || !PyTuple_Check(entry) || PyTuple_GET_SIZE(entry) != 5 || PyTuple_GET_ITEM(entry, 1) != Py_None) {
        return false;
    }
    PyObject *partial = PyTuple_GET_ITEM(entry, 2);
    return PyLong_Check(partial) && PyLong_AsLong(partial) == 1;
}

int
ffic_each_declared(ffic_ffi *ffi, bool types, int (*visit)(PyObject *, void *), void *context)
{
    const struct ffic_table *table = ffi->declarations.table;
    uint32_t count = table == NULL ? 0 : types ? table->type_count : table->global_count;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t name = types ? table->types[i].name : table->globals[i].name;
        if (visit_text(ffic_table_text(table, name), visit, context) < 0) {
            return -1;
        }
    }
    PyObject *dict = types ? ffi->declarations.types : ffi->declarations.globals;
    PyObject *text = types ? ffi->declarations.types_text : ffi->declarations.globals_text;
    if (text != NULL && ffic_text_each(text, visit, context) < 0) {
        return -1;
    }
    if (dict != NULL) {
        PyObject *keys = PyDict_Keys(dict);
        if (keys == NULL) {
            return -1;
        }
        for (Py_ssize_t i = 0; i < PyList_GET_SIZE(keys); i++) {
            PyObject *key = PyList_GET_ITEM(keys, i);
            if (!(types && is_implied(dict, key)) && visit(key, context) < 0) {
                Py_DECREF(keys);
                return -1;
            }
        }
        Py_DECREF(keys);
    }
    PyObject *includes = ffi->declarations.includes;
    for (Py_ssize_t i = 0; includes != NULL && i < PyList_GET_SIZE(includes); i++) {
        if (ffic_each_declared((ffic_ffi *)PyList_GET_ITEM(includes, i), types, visit, context) < 0) {
            return -1;
        }
    }
    return 0;
}
