/* C types: making and naming the derived ones. */
#include "c_type.h"

/* ---- naming ---------------------------------------------------------------------------------- */

static PyObject *
insert_in_name(const ffic_ctype *ct, PyObject *text)
{
    PyObject *head = PyUnicode_Substring(ct->name, 0, ct->name_position);
    PyObject *tail = head == NULL ? NULL : PyUnicode_Substring(ct->name, ct->name_position, PY_SSIZE_T_MAX);
    PyObject *result = tail == NULL ? NULL : PyUnicode_FromFormat("%U%U%U", head, text, tail);
    Py_XDECREF(head);
    Py_XDECREF(tail);
    return result;
}

PyObject *
ffic_ctype_spell(ffic_ctype *ct, const char *declarator)
{
    PyObject *text;
    size_t length = strlen(declarator);
    bool is_suffix = declarator[0] == '[' || declarator[0] == '(';
    bool needs_parentheses =
        declarator[0] == '*' && (ct->kind == FFIC_KIND_ARRAY || ct->kind == FFIC_KIND_FUNCTION);
    /* A name or star that follows a word needs a space; "int(*x)" and "int *x" do not. */
    Py_UCS4 before = ct->name_position > 0 ? PyUnicode_READ_CHAR(ct->name, ct->name_position - 1) : '*';
    bool needs_space = length > 0 && !is_suffix && !needs_parentheses && before != '*' && before != '(';
    if (needs_parentheses) {
        text = PyUnicode_FromFormat("(%s)", declarator);
    }
    else {
        text = PyUnicode_FromFormat("%s%s", needs_space ? " " : "", declarator);
    }
    if (text == NULL) {
        return NULL;
    }
    PyObject *result = insert_in_name(ct, text);
    Py_DECREF(text);
    return result;
}

/* ---- making ---------------------------------------------------------------------------------- */

static ffic_ctype *
ctype_alloc(ffic_state *state, ffic_kind kind, ffic_code code)
{
    ffic_ctype *ct = (ffic_ctype *)state->ctype_type->tp_alloc(state->ctype_type, 0);
    if (ct == NULL) {
        return NULL;
    }
    ct->state = state;
    ct->module = Py_NewRef(state->module);
    ct->kind = (uint8_t)kind;
    ct->code = (uint8_t)code;
    ct->size = -1;
    ct->length = -1;
    return ct;
}

ffic_ctype *
ffic_ctype_primitive(ffic_state *state, const char *name, ffic_code code, size_t size, size_t align, unsigned flags)
{
    ffic_ctype *ct = ctype_alloc(state, code == FFIC_CODE_VOID ? FFIC_KIND_VOID : FFIC_KIND_PRIMITIVE, code);
    if (ct == NULL) {
        return NULL;
    }
    ct->name = PyUnicode_InternFromString(name);
    if (ct->name == NULL) {
        Py_DECREF(ct);
        return NULL;
    }
    ct->name_position = PyUnicode_GET_LENGTH(ct->name);
    ct->size = code == FFIC_CODE_VOID ? -1 : (Py_ssize_t)size;
    ct->align = (int32_t)align;
    ct->flags = (uint16_t)(flags | FFIC_TYPE_COMPLETE);
    return ct;
}

static ffic_ctype *
make_pointer(ffic_ctype *target)
{
    ffic_ctype *ct = ctype_alloc(target->state, FFIC_KIND_POINTER, FFIC_CODE_POINTER);
    if (ct == NULL) {
        return NULL;
    }
    const char *text = " *";
    Py_ssize_t shift = 2;
    if (target->kind == FFIC_KIND_ARRAY || target->kind == FFIC_KIND_FUNCTION) {
        bool is_stdcall = (target->flags & FFIC_TYPE_STDCALL) != 0;
        text = is_stdcall ? "(__stdcall *)" : "(*)";
        shift = is_stdcall ? 12 : 2;
    }
    PyObject *inserted = PyUnicode_FromString(text);
    ct->name = inserted == NULL ? NULL : insert_in_name(target, inserted);
    Py_XDECREF(inserted);
    if (ct->name == NULL) {
        Py_DECREF(ct);
        return NULL;
    }
    ct->name_position = target->name_position + shift;
    ct->item = (ffic_ctype *)Py_NewRef((PyObject *)target);
    ct->size = (Py_ssize_t)sizeof(void *);
    ct->align = (int32_t)_Alignof(void *);
    ct->flags = FFIC_TYPE_COMPLETE;
    if (target->kind == FFIC_KIND_VOID) {
        ct->flags |= FFIC_TYPE_POINTS_TO_VOID;
    }
    return ct;
}

/* ---- derived types that are interned: one object per key, held weakly --------------------------- */

static int
sweep_interned(ffic_state *state)
{
    PyObject *live = PyDict_New();
    if (live == NULL) {
        return -1;
    }
    PyObject *key, *reference;
    Py_ssize_t position = 0;
    while (PyDict_Next(state->interned, &position, &key, &reference)) {
        PyObject *object = ffic_weakref_get(reference);
        if (object != NULL) {
            int failed = PyDict_SetItem(live, key, reference);
            Py_DECREF(object);
            if (failed) {
                Py_DECREF(live);
                return -1;
            }
        }
    }
    PyDict_Clear(state->interned);
    int failed = PyDict_Update(state->interned, live);
    state->interned_sweep = 2 * PyDict_GET_SIZE(live) + 256;
    Py_DECREF(live);
    return failed;
}

/* Returns the live type of that key, or NULL (without an exception unless something failed). */
static ffic_ctype *
interned_find(ffic_state *state, PyObject *key)
{
    PyObject *reference = ffic_dict_get(state->interned, key);
    if (reference == NULL) {
        return NULL;
    }
    PyObject *object = ffic_weakref_get(reference);
    Py_DECREF(reference);
    return (ffic_ctype *)object;
}

static int
interned_add(ffic_state *state, PyObject *key, ffic_ctype *ct)
{
    if (PyDict_GET_SIZE(state->interned) >= state->interned_sweep && sweep_interned(state) < 0) {
        return -1;
    }
    PyObject *reference = PyWeakref_NewRef((PyObject *)ct, NULL);
    if (reference == NULL) {
        return -1;
    }
    int failed = PyDict_SetItem(state->interned, key, reference);
    Py_DECREF(reference);
    return failed;
}

static ffic_ctype *
make_array(ffic_ctype *item, Py_ssize_t length)
{
    Py_ssize_t item_size = ffic_ctype_size(item);
    if (item_size < 0) {
        return NULL;
    }
    if (item->kind == FFIC_KIND_ARRAY && item->length < 0) {
        PyErr_Format(PyExc_ValueError, "array item of unknown size: '%U'", item->name);
        return NULL;
    }
    if (length > 0 && item_size > PY_SSIZE_T_MAX / length) {
        PyErr_Format(PyExc_OverflowError, "array size would overflow a ssize_t: %zd items of '%U'", length, item->name);
        return NULL;
    }
    ffic_ctype *ct = ctype_alloc(item->state, FFIC_KIND_ARRAY, FFIC_CODE_ARRAY);
    if (ct == NULL) {
        return NULL;
    }
    PyObject *suffix = length < 0 ? PyUnicode_FromString("[]") : PyUnicode_FromFormat("[%zd]", length);
    ct->name = suffix == NULL ? NULL : insert_in_name(item, suffix);
    Py_XDECREF(suffix);
    ct->name_position = item->name_position;
    ct->item = (ffic_ctype *)Py_NewRef((PyObject *)item);
    ct->length = length;
    ct->size = length < 0 ? -1 : length * item_size;
    ct->align = item->align;
    ct->flags = FFIC_TYPE_COMPLETE;
    ct->pointer = ct->name == NULL ? NULL : ffic_ctype_pointer_to(item);
    if (ct->pointer == NULL) {
        Py_DECREF(ct);
        return NULL;
    }
    return ct;
}

ffic_ctype *
ffic_ctype_array_of(ffic_ctype *item, Py_ssize_t length)
{
    ffic_state *state = item->state;
    if (length < 0) {
        ffic_ctype *known = FFIC_LOAD_POINTER(item->open_array);
        if (FFIC_LIKELY(known != NULL)) {
            return (ffic_ctype *)Py_NewRef((PyObject *)known);
        }
    }
    if (ffic_ctype_size(item) < 0) { /* which may run Python code: not under the lock */
        return NULL;
    }
    struct {
        const void *item;
        Py_ssize_t length;
    } raw = {item, length};
    PyObject *key = PyBytes_FromStringAndSize((const char *)&raw, (Py_ssize_t)sizeof raw);
    if (key == NULL) {
        return NULL;
    }
    ffic_ctype *ct;
    ffic_lock_take(&state->interned_lock);
    ct = interned_find(state, key);
    if (ct == NULL && !PyErr_Occurred()) {
        ct = make_array(item, length);
        if (ct != NULL && interned_add(state, key, ct) < 0) {
            Py_CLEAR(ct);
        }
    }
    if (ct != NULL && length < 0 && item->open_array == NULL) {
        FFIC_STORE_POINTER(item->open_array, (ffic_ctype *)Py_NewRef((PyObject *)ct));
    }
    ffic_lock_give_back(&state->interned_lock);
    Py_DECREF(key);
    return ct;
}

/* A pointer to an array: interned, for arrays use the field for the pointer to their item. */
static ffic_ctype *
pointer_to_array(ffic_ctype *target)
{
    ffic_state *state = target->state;
    PyObject *key = PyBytes_FromStringAndSize((const char *)&target, (Py_ssize_t)sizeof target);
    if (key == NULL) {
        return NULL;
    }
    ffic_ctype *ct;
    ffic_lock_take(&state->interned_lock);
    ct = interned_find(state, key);
    if (ct == NULL && !PyErr_Occurred()) {
        ct = make_pointer(target);
        if (ct != NULL && interned_add(state, key, ct) < 0) {
            Py_CLEAR(ct);
        }
    }
    ffic_lock_give_back(&state->interned_lock);
    Py_DECREF(key);
    return ct;
}

ffic_ctype *
ffic_ctype_pointer_to(ffic_ctype *target)
{
    if (target->kind == FFIC_KIND_ARRAY) {
        return pointer_to_array(target);
    }
    ffic_ctype *found = FFIC_LOAD_POINTER(target->pointer);
    if (found != NULL) {
        return (ffic_ctype *)Py_NewRef((PyObject *)found);
    }
    ffic_ctype *made = make_pointer(target);
    if (made != NULL && !__atomic_compare_exchange_n(&target->pointer, &found, made, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
        Py_DECREF(made); /* another thread was quicker */
        made = found;
    }
    return (ffic_ctype *)Py_XNewRef((PyObject *)made);
}

static PyObject *
function_suffix(ffic_ctype *const *parameters, Py_ssize_t count, bool variadic)
{
    PyObject *names = PyList_New(0);
    if (names == NULL) {
        return NULL;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        if (PyList_Append(names, parameters[i]->name) < 0) {
            Py_DECREF(names);
            return NULL;
        }
    }
    if (variadic) {
        PyObject *dots = PyUnicode_FromString("...");
        if (dots == NULL || PyList_Append(names, dots) < 0) {
            Py_XDECREF(dots);
            Py_DECREF(names);
            return NULL;
        }
        Py_DECREF(dots);
    }
    PyObject *comma = PyUnicode_FromString(", ");
    PyObject *inner = comma == NULL ? NULL : PyUnicode_Join(comma, names);
    PyObject *result = inner == NULL ? NULL : PyUnicode_FromFormat("(%U)", inner);
    Py_XDECREF(comma);
    Py_XDECREF(inner);
    Py_DECREF(names);
    return result;
}

static ffic_ctype *
make_function(ffic_ctype *result, ffic_ctype *const *parameters, Py_ssize_t count, unsigned flags)
{
    ffic_ctype *ct = ctype_alloc(result->state, FFIC_KIND_FUNCTION, FFIC_CODE_FUNCTION);
    if (ct == NULL) {
        return NULL;
    }
    PyObject *suffix = function_suffix(parameters, count, (flags & FFIC_TYPE_VARIADIC) != 0);
    ct->name = suffix == NULL ? NULL : insert_in_name(result, suffix);
    Py_XDECREF(suffix);
    ct->name_position = result->name_position;
    ct->item = (ffic_ctype *)Py_NewRef((PyObject *)result);
    ct->flags = (uint16_t)(flags | FFIC_TYPE_COMPLETE);
    ct->u.function.parameters = PyMem_Calloc((size_t)count + 1, sizeof(ffic_ctype *));
    if (ct->name == NULL || ct->u.function.parameters == NULL) {
        if (ct->name != NULL) {
            PyErr_NoMemory();
        }
        Py_DECREF(ct);
        return NULL;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        ct->u.function.parameters[i] = (ffic_ctype *)Py_NewRef((PyObject *)parameters[i]);
    }
    ct->length = count;
    return ct;
}

ffic_ctype *
ffic_ctype_function(ffic_ctype *result, ffic_ctype *const *parameters, Py_ssize_t count, bool variadic, bool is_stdcall)
{
    ffic_state *state = result->state;
    if (result->kind == FFIC_KIND_ARRAY || result->kind == FFIC_KIND_FUNCTION) {
        PyErr_Format(PyExc_TypeError, "a function cannot return '%U'", result->name);
        return NULL;
    }
    /* The flags word in front tells a function from an array, whose key is shorter anyway. */
    uintptr_t flags = (variadic ? FFIC_TYPE_VARIADIC : 0u) | (is_stdcall ? FFIC_TYPE_STDCALL : 0u);
    PyObject *key = PyBytes_FromStringAndSize(NULL, (count + 3) * (Py_ssize_t)sizeof(void *));
    if (key == NULL) {
        return NULL;
    }
    uintptr_t *raw = (uintptr_t *)(void *)PyBytes_AS_STRING(key);
    uintptr_t head[3] = {flags, (uintptr_t)count, (uintptr_t)result};
    memcpy(raw, head, sizeof head);
    for (Py_ssize_t i = 0; i < count; i++) {
        memcpy((char *)raw + (size_t)(i + 3) * sizeof(void *), &parameters[i], sizeof(void *));
    }
    ffic_ctype *ct;
    ffic_lock_take(&state->interned_lock);
    ct = interned_find(state, key);
    if (ct == NULL && !PyErr_Occurred()) {
        ct = make_function(result, parameters, count, (unsigned)flags);
        if (ct != NULL && interned_add(state, key, ct) < 0) {
            Py_CLEAR(ct);
        }
    }
    ffic_lock_give_back(&state->interned_lock);
    Py_DECREF(key);
    return ct;
}

ffic_ctype *
ffic_ctype_tagged(ffic_state *state, ffic_kind kind, PyObject *ffi, PyObject *key)
{
    ffic_ctype *ct =
        ctype_alloc(state, kind, kind == FFIC_KIND_ENUM ? FFIC_CODE_I32 : FFIC_CODE_RECORD);
    if (ct == NULL) {
        return NULL;
    }
    /* "struct $T" is shown as "T"; "struct $1", which has no name of its own, as it is. */
    Py_ssize_t length = PyUnicode_GET_LENGTH(key);
    Py_ssize_t dollar = PyUnicode_FindChar(key, '$', 0, length, 1);
    if (dollar >= 0 && dollar + 1 < length && !Py_UNICODE_ISDIGIT(PyUnicode_READ_CHAR(key, dollar + 1))) {
        ct->name = PyUnicode_Substring(key, dollar + 1, length);
    }
    else {
        ct->name = Py_NewRef(key);
    }
    if (ct->name == NULL) {
        Py_DECREF(ct);
        return NULL;
    }
    ct->name_position = PyUnicode_GET_LENGTH(ct->name);
    ct->ffi = Py_NewRef(ffi);
    ct->key = Py_NewRef(key);
    return ct;
}

Py_ssize_t
ffic_ctype_size(ffic_ctype *ct)
{
    if (ffic_ctype_complete(ct) < 0) {
        return -1;
    }
    if (ct->size < 0) {
        PyErr_Format(PyExc_TypeError, "ctype '%U' is of unknown size", ct->name);
    }
    return ct->size;
}

ffic_cfield *
ffic_ctype_field_slow(ffic_ctype *record, PyObject *name, bool raise)
{
    if (ffic_ctype_complete(record) < 0) {
        return NULL;
    }
    PyObject *field = NULL;
    if (record->code == FFIC_CODE_RECORD && record->u.record.by_name != NULL) {
        field = PyDict_GetItemWithError(record->u.record.by_name, name);
    }
    if (field == NULL && raise && !PyErr_Occurred()) {
        if (record->flags & FFIC_TYPE_OPAQUE) {
            PyErr_Format(PyExc_AttributeError, "ctype '%U' is opaque: its declaration has no fields, so there is no '%U'",
                         record->name, name);
        }
        else {
            PyErr_Format(PyExc_AttributeError, "ctype '%U' has no field '%U'", record->name, name);
        }
    }
    return (ffic_cfield *)field;
}
