/* Questions about C types and data: ffi.typeof, sizeof, alignof, offsetof, addressof, getctype, list_types, integer_const. */
#include "convert.h"
#include "ffi_object.h"
#include "function.h"
#include "keep_alive.h"
#include "lib.h"
#include "small_ints.h"

/* ---- typeof, sizeof, alignof ------------------------------------------------------------------------------------------- */

/* The type of a function of a library. */
static ffic_ctype *
type_of_function(PyObject *function)
{
    ffic_cdata *cd = (ffic_cdata *)ffic_function_pointer(function);
    if (cd == NULL) {
        return NULL;
    }
    ffic_ctype *ct = (ffic_ctype *)Py_NewRef((PyObject *)cd->type);
    Py_DECREF(cd);
    return ct;
}

static ffic_ctype *
type_of(ffic_ffi *ffi, PyObject *argument)
{
    return ffic_is_function(ffi->state, argument) ? type_of_function(argument) : ffic_ffi_type_of(ffi, argument, true);
}

static PyObject *
one_argument(const char *function, const char *name, PyObject *const *args, Py_ssize_t count, PyObject *keywords)
{
    if (FFIC_LIKELY(keywords == NULL && count == 1)) {
        return args[0];
    }
    const char *const names[] = {name, NULL};
    PyObject *values[1];
    return ffic_arguments(function, names, 1, args, count, keywords, values) < 0 ? NULL : values[0];
}

PyObject *
ffic_ffi_typeof(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *keywords)
{
    PyObject *argument = one_argument("typeof", "cdecl", args, count, keywords);
    return argument == NULL ? NULL : (PyObject *)type_of((ffic_ffi *)self, argument);
}

static PyObject *
size_of_cdata(ffic_cdata *cd)
{
    ffic_ctype *ct = cd->type;
    Py_ssize_t size = ct->size;
    if (ct->kind == FFIC_KIND_ARRAY && ct->length < 0) {
        Py_ssize_t length = ffic_cdata_length(cd);
        size = length < 0 ? -1 : length * ct->item->size;
    }
    else if (ct->code == FFIC_CODE_RECORD && (ct->flags & FFIC_TYPE_FLEXIBLE)) {
        /* The whole record, where it is the one thing that its owner owns. */
        PyObject *owner = ffic_cdata_owner(cd);
        if (owner != NULL && ffic_is_owning(ct->state, owner) && ((ffic_cdata *)owner)->data == cd->data &&
            ((ffic_cdata *)owner)->type->item == ct) {
            size = ffic_cdata_extent((ffic_cdata *)owner);
        }
    }
    if (size < 0) {
        PyErr_Format(ct->state->size_error, "cdata '%U' is of unknown size", ct->name);
        return NULL;
    }
    return PyLong_FromSsize_t(size);
}

PyObject *
ffic_ffi_sizeof(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *keywords)
{
    ffic_ffi *ffi = (ffic_ffi *)self;
    PyObject *argument = one_argument("sizeof", "cdecl", args, count, keywords);
    if (argument == NULL) {
        return NULL;
    }
    if (ffic_is_cdata(ffi->state, argument)) {
        return size_of_cdata((ffic_cdata *)argument);
    }
    ffic_ctype *ct = type_of(ffi, argument);
    if (ct == NULL) {
        return NULL;
    }
    PyObject *result = NULL;
    if (ffic_ctype_complete(ct) == 0) {
        if (ct->size >= 0) {
            result = ffic_int(ct->state, ct->size);
        }
        else {
            PyErr_Format(ct->state->size_error, "ctype '%U' is of unknown size", ct->name);
        }
    }
    Py_DECREF(ct);
    return result;
}

PyObject *
ffic_ffi_alignof(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *keywords)
{
    PyObject *argument = one_argument("alignof", "cdecl", args, count, keywords);
    ffic_ctype *ct = argument == NULL ? NULL : ffic_ffi_type_of((ffic_ffi *)self, argument, true);
    if (ct == NULL) {
        return NULL;
    }
    PyObject *result = NULL;
    if (ffic_ctype_complete(ct) == 0) {
        if (ct->align > 0 && ct->kind != FFIC_KIND_VOID && ct->kind != FFIC_KIND_FUNCTION) {
            result = PyLong_FromLong(ct->align);
        }
        else {
            PyErr_Format(PyExc_ValueError, "ctype '%U' is of unknown alignment", ct->name);
        }
    }
    Py_DECREF(ct);
    return result;
}

/* ---- paths: members and items within a type ------------------------------------------------------------------------------ */

/* The first step of a path may go through a pointer; no other may, as that would need to read memory. */
static ffic_ctype *
step_to_member(ffic_ctype *ct, PyObject *name, bool is_first, Py_ssize_t *offset)
{
    ffic_ctype *record = is_first && ct->kind == FFIC_KIND_POINTER ? ct->item : ct;
    if (record->code != FFIC_CODE_RECORD) {
        PyErr_Format(PyExc_TypeError, "with a field name argument, expected a struct or union ctype, got '%U' (field %R)", ct->name,
                     name);
        return NULL;
    }
    ffic_cfield *field = ffic_ctype_field(record, name, false);
    if (field == NULL) {
        if (!PyErr_Occurred() && record->u.record.fields == NULL) {
            PyErr_Format(PyExc_TypeError, "struct/union is opaque: '%U' has no known field %R", record->name, name);
        }
        else if (!PyErr_Occurred()) {
            PyErr_Format(PyExc_KeyError, "'%U' has no field %R", record->name, name);
        }
        return NULL;
    }
    if (field->bit_size >= 0) {
        PyErr_Format(PyExc_TypeError, "not supported for bitfields: field %R of '%U'", name, record->name);
        return NULL;
    }
    *offset += field->offset;
    return field->type;
}

static ffic_ctype *
step_to_item(ffic_ctype *ct, PyObject *index, bool is_first, Py_ssize_t *offset)
{
    bool has_items = ct->kind == FFIC_KIND_ARRAY || (is_first && ct->kind == FFIC_KIND_POINTER);
    if (has_items && ffic_ctype_complete(ct->item) < 0) {
        return NULL;
    }
    if (!has_items || ct->item->size < 0) {
        PyErr_Format(PyExc_TypeError, "with an integer argument, expected an array ctype or a pointer to non-opaque, got '%U'",
                     ct->name);
        return NULL;
    }
    Py_ssize_t distance = PyNumber_AsSsize_t(index, PyExc_OverflowError);
    if (distance == -1 && PyErr_Occurred()) {
        return NULL;
    }
    if (__builtin_mul_overflow(distance, ct->item->size, &distance) || __builtin_add_overflow(*offset, distance, offset)) {
        PyErr_Format(PyExc_OverflowError, "index %R of '%U' gives an offset that does not fit a ssize_t", index, ct->name);
        return NULL;
    }
    return ct->item;
}

/* Follow a path of names and indexes from `ct`: the type at its end (borrowed), and how far it is; NULL with an exception. */
static ffic_ctype *
follow_path(ffic_ctype *ct, PyObject *const *path, Py_ssize_t count, Py_ssize_t *offset)
{
    *offset = 0;
    for (Py_ssize_t i = 0; ct != NULL && i < count; i++) {
        if (PyUnicode_Check(path[i])) {
            ct = step_to_member(ct, path[i], i == 0, offset);
        }
        else if (PyIndex_Check(path[i])) {
            ct = step_to_item(ct, path[i], i == 0, offset);
        }
        else {
            PyErr_Format(PyExc_TypeError, "field name or array index expected, not %s", Py_TYPE(path[i])->tp_name);
            ct = NULL;
        }
    }
    return ct;
}

static int
no_keywords(const char *function, PyObject *keywords)
{
    if (keywords != NULL && PyTuple_GET_SIZE(keywords) > 0) {
        PyErr_Format(PyExc_TypeError, "%s() takes no keyword arguments", function);
        return -1;
    }
    return 0;
}

PyObject *
ffic_ffi_offsetof(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *keywords)
{
    if (no_keywords("offsetof", keywords) < 0) {
        return NULL;
    }
    if (count < 2) {
        PyErr_SetString(PyExc_TypeError, "offsetof() needs a C type, and at least one field name or index");
        return NULL;
    }
    ffic_ctype *ct = ffic_ffi_type_of((ffic_ffi *)self, args[0], false);
    if (ct == NULL) {
        return NULL;
    }
    Py_ssize_t offset;
    PyObject *result = follow_path(ct, args + 1, count - 1, &offset) == NULL ? NULL : PyLong_FromSsize_t(offset);
    Py_DECREF(ct);
    return result;
}

/* ---- addressof --------------------------------------------------------------------------------------------------------------- */

static PyObject *
address_of_cdata(ffic_cdata *cd, PyObject *const *path, Py_ssize_t count)
{
    ffic_ctype *ct = cd->type, *target = ct;
    Py_ssize_t offset = 0;
    bool is_memory = ct->code == FFIC_CODE_RECORD || ct->kind == FFIC_KIND_ARRAY;
    if (!is_memory && (ct->kind != FFIC_KIND_POINTER || count == 0)) {
        PyErr_Format(PyExc_TypeError, "addressof(): expected a cdata struct/union/array%s, got '%U'",
                     ct->kind == FFIC_KIND_POINTER ? ", or a pointer and a path" : "/pointer object", ct->name);
        return NULL;
    }
    if (ffic_cdata_is_released(cd)) {
        ffic_cdata_check_access(cd);
        return NULL;
    }
    if (count > 0) {
        target = follow_path(ct, path, count, &offset);
        if (target == NULL) {
            return NULL;
        }
    }
    ffic_ctype *pointer = ffic_ctype_pointer_to(target);
    if (pointer == NULL) {
        return NULL;
    }
    PyObject *result = ffic_cdata_derived(pointer, (char *)((uintptr_t)cd->data + (uintptr_t)offset), cd, -1);
    Py_DECREF(pointer);
    return result;
}

PyObject *
ffic_ffi_addressof(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *keywords)
{
    ffic_state *state = ((ffic_ffi *)self)->state;
    if (no_keywords("addressof", keywords) < 0) {
        return NULL;
    }
    if (count < 1) {
        PyErr_SetString(PyExc_TypeError, "addressof() missing required argument 'cdata' (pos 1)");
        return NULL;
    }
    if (FFIC_LIKELY(ffic_is_cdata(state, args[0]))) {
        return address_of_cdata((ffic_cdata *)args[0], args + 1, count - 1);
    }
    if (ffic_is_lib(state, args[0])) {
        if (count == 2 && PyUnicode_Check(args[1])) {
            return ffic_lib_address(args[0], args[1]);
        }
        PyErr_SetString(PyExc_TypeError, "addressof() of a library needs the name of one function or variable");
        return NULL;
    }
    if (count == 1 && ffic_is_function(state, args[0])) {
        return ffic_function_pointer(args[0]);
    }
    PyErr_Format(PyExc_TypeError, "addressof() argument must be a cdata object or a library, not %s", Py_TYPE(args[0])->tp_name);
    return NULL;
}

/* ---- names ---------------------------------------------------------------------------------------------------------------------- */

/* `text` without the spaces around it: new memory, NULL with an exception. */
static char *
strip(PyObject *text)
{
    const char *start = PyUnicode_AsUTF8(text);
    if (start == NULL) {
        return NULL;
    }
    start += strspn(start, " \t\n");
    size_t length = strlen(start);
    while (length > 0 && strchr(" \t\n", start[length - 1]) != NULL) {
        length--;
    }
    char *result = PyMem_Malloc(length + 1);
    if (result == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    memcpy(result, start, length);
    result[length] = '\0';
    return result;
}

/* Spell "int * x": the name stands apart, so that it is easy to find. */
static PyObject *
spell_apart(ffic_ctype *ct, const char *declarator)
{
    Py_UCS4 before = ct->name_position > 0 ? PyUnicode_READ_CHAR(ct->name, ct->name_position - 1) : '\0';
    bool is_name = Py_ISALPHA(declarator[0]) || declarator[0] == '_' || declarator[0] == '*';
    bool needs_parentheses = declarator[0] == '*' && (ct->kind == FFIC_KIND_ARRAY || ct->kind == FFIC_KIND_FUNCTION);
    if (before != '*' || !is_name || needs_parentheses) {
        return ffic_ctype_spell(ct, declarator);
    }
    size_t length = strlen(declarator);
    char *apart = PyMem_Malloc(length + 2);
    if (apart == NULL) {
        return PyErr_NoMemory();
    }
    apart[0] = ' ';
    memcpy(apart + 1, declarator, length + 1);
    PyObject *result = ffic_ctype_spell(ct, apart);
    PyMem_Free(apart);
    return result;
}

PyObject *
ffic_ffi_getctype(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *keywords)
{
    static const char *const names[] = {"cdecl", "replace_with", NULL};
    PyObject *values[2];
    if (ffic_arguments("getctype", names, 1, args, count, keywords, values) < 0) {
        return NULL;
    }
    if (values[1] != NULL && !PyUnicode_Check(values[1])) {
        PyErr_Format(PyExc_TypeError, "getctype() argument 'replace_with' must be str, not %s", Py_TYPE(values[1])->tp_name);
        return NULL;
    }
    ffic_ctype *ct = ffic_ffi_type_of((ffic_ffi *)self, values[0], false);
    if (ct == NULL) {
        return NULL;
    }
    PyObject *result = NULL;
    if (values[1] == NULL) {
        result = Py_NewRef(ct->name);
    }
    else {
        char *declarator = strip(values[1]);
        if (declarator != NULL) {
            result = declarator[0] == '\0' ? Py_NewRef(ct->name) : spell_apart(ct, declarator);
            PyMem_Free(declarator);
        }
    }
    Py_DECREF(ct);
    return result;
}

/* Sets: what is included twice is listed once. */
typedef struct {
    PyObject *typedefs, *structs, *unions;
} type_names;

static int
sort_in(PyObject *name, void *context)
{
    type_names *all = context;
    PyObject *names = all->typedefs, *bare;
    Py_ssize_t length = PyUnicode_GET_LENGTH(name), space = PyUnicode_FindChar(name, ' ', 0, length, 1);
    if (space >= 0) {
        Py_UCS4 first = PyUnicode_READ_CHAR(name, 0);
        names = first == 's' ? all->structs : first == 'u' ? all->unions : NULL;
    }
    bare = PyUnicode_Substring(name, space + 1, length);
    if (bare == NULL) {
        return -1;
    }
    int result = 0;
    bool has_name = PyUnicode_GET_LENGTH(bare) > 0 && PyUnicode_READ_CHAR(bare, 0) != '$';
    if (names != NULL && has_name) {
        result = PySet_Add(names, bare);
    }
    Py_DECREF(bare);
    return result;
}

static PyObject *
sorted_list(PyObject *names)
{
    PyObject *list = PySequence_List(names);
    if (list != NULL && PyList_Sort(list) < 0) {
        Py_CLEAR(list);
    }
    return list;
}

PyObject *
ffic_ffi_list_types(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *keywords)
{
    static const char *const names[] = {NULL};
    if (ffic_arguments("list_types", names, 0, args, count, keywords, NULL) < 0) {
        return NULL;
    }
    type_names all = {PySet_New(NULL), PySet_New(NULL), PySet_New(NULL)};
    PyObject *result = NULL;
    if (all.typedefs != NULL && all.structs != NULL && all.unions != NULL &&
        ffic_each_declared((ffic_ffi *)self, true, sort_in, &all) == 0) {
        /* "N" takes the new lists over, and fails if one is NULL. */
        result = Py_BuildValue("(NNN)", sorted_list(all.typedefs), sorted_list(all.structs), sorted_list(all.unions));
    }
    Py_XDECREF(all.typedefs);
    Py_XDECREF(all.structs);
    Py_XDECREF(all.unions);
    return result;
}

PyObject *
ffic_ffi_integer_const(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *keywords)
{
    PyObject *name = one_argument("integer_const", "name", args, count, keywords);
    if (name == NULL) {
        return NULL;
    }
    if (!PyUnicode_Check(name)) {
        PyErr_Format(PyExc_TypeError, "integer_const() argument 'name' must be str, not %s", Py_TYPE(name)->tp_name);
        return NULL;
    }
    return ffic_ffi_global_constant((ffic_ffi *)self, name);
}
