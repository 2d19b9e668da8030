/* The declaration table of one ffi as Python objects, whichever carrier holds it: for a builder that includes a generated module. */
#include "declarations.h"
#include "ffi_object.h"
#include "table_text.h"

static int
put(PyObject *dict, const char *name, PyObject *entry)
{
    int result = entry == NULL ? -1 : PyDict_SetItemString(dict, name, entry);
    Py_XDECREF(entry);
    return result;
}

/* An integer constant with the value that the compiler found; nothing else that a module has is of use to others. */
static int
put_constant(PyObject *dict, const struct ffic_table *table, const struct ffic_global *entry)
{
    if (entry->kind != FFIC_CONSTANT) {
        return 0;
    }
    const char *name = ffic_table_text(table, entry->name), *type = ffic_table_text(table, entry->type);
    if (*type != '\0' && *type != '=') {
        return put(dict, name, Py_BuildValue("(sOs)", "constant", Py_None, type));
    }
    struct ffic_integer value = {0, 0};
    table->constant(entry->index, &value);
    if (value.negative) {
        return put(dict, name, Py_BuildValue("(sL)", "constant", (long long)value.magnitude_bits));
    }
    return put(dict, name, Py_BuildValue("(sK)", "constant", (unsigned long long)value.magnitude_bits));
}

static PyObject *
fields_of(const struct ffic_table *table, const struct ffic_type *entry)
{
    PyObject *fields = PyTuple_New(entry->field_count);
    for (uint32_t i = 0; fields != NULL && i < entry->field_count; i++) {
        const struct ffic_field *field = &table->fields[entry->first_field + i];
        int width = field->set_ones == NULL ? -1 : (int)field->size;
        PyObject *item = Py_BuildValue("(ssii)", ffic_table_text(table, field->name), ffic_table_text(table, field->type), width, 0);
        if (item == NULL) {
            Py_CLEAR(fields);
            break;
        }
        PyTuple_SET_ITEM(fields, (Py_ssize_t)i, item);
    }
    return fields;
}

static PyObject *
type_entry(const struct ffic_table *table, const struct ffic_type *entry)
{
    int is_partial = (entry->flags & FFIC_PARTIAL) != 0;
    switch (entry->kind) {
    case FFIC_TYPEDEF:
        return Py_BuildValue("(ss)", "typedef", ffic_table_text(table, entry->type));
    case FFIC_INTEGER:
        return Py_BuildValue("(ss)", "unknown", "int");
    case FFIC_FLOATING:
        return Py_BuildValue("(ss)", "unknown", "float");
    case FFIC_ENUM:
        return Py_BuildValue("(ssis)", "enum", ffic_table_text(table, entry->type), is_partial, "");
    default:
        break;
    }
    if (entry->flags & FFIC_OPAQUE) {
        return Py_BuildValue("(sOiii)", "record", Py_None, 0, 0, 0);
    }
    PyObject *fields = fields_of(table, entry);
    return fields == NULL ? NULL : Py_BuildValue("(sNiii)", "record", fields, is_partial, 0, 0);
}

/* Add what the included ffis have, then what this one has. */
static int
collect(const ffic_ffi *ffi, PyObject *globals, PyObject *types)
{
    const ffic_declarations *declared = &ffi->declarations;
    for (Py_ssize_t i = 0; declared->includes != NULL && i < PyList_GET_SIZE(declared->includes); i++) {
        if (collect((const ffic_ffi *)PyList_GET_ITEM(declared->includes, i), globals, types) < 0) {
            return -1;
        }
    }
    const struct ffic_table *table = declared->table;
    for (uint32_t i = 0; table != NULL && i < table->global_count; i++) {
        if (put_constant(globals, table, &table->globals[i]) < 0) {
            return -1;
        }
    }
    for (uint32_t i = 0; table != NULL && i < table->type_count; i++) {
        if (put(types, ffic_table_text(table, table->types[i].name), type_entry(table, &table->types[i])) < 0) {
            return -1;
        }
    }
    if ((declared->globals_text != NULL && ffic_text_read_all(declared->globals_text, globals) < 0) ||
        (declared->types_text != NULL && ffic_text_read_all(declared->types_text, types) < 0)) {
        return -1;
    }
    return (declared->globals == NULL || PyDict_Update(globals, declared->globals) == 0) &&
                   (declared->types == NULL || PyDict_Update(types, declared->types) == 0)
               ? 0
               : -1;
}

/* (name of the module or None, whether it is in API mode, globals, types). */
PyObject *
ffic_ffi_table(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    const ffic_ffi *ffi = (const ffic_ffi *)self;
    PyObject *globals = PyDict_New();
    PyObject *types = PyDict_New();
    PyObject *result = NULL;
    if (globals != NULL && types != NULL && collect(ffi, globals, types) == 0) {
        result = PyTuple_Pack(4, ffi->name, ffi->declarations.table == NULL ? Py_False : Py_True, globals, types);
    }
    Py_XDECREF(globals);
    Py_XDECREF(types);
    return result;
}
