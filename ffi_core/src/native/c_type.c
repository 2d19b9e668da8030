/* C types: making and naming the derived ones, and CType as Python sees it. */
#include "c_type.h"

#include "heap_type.h"
#include "plan.h"

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

/* ---- CType as Python sees it ------------------------------------------------------------------ */

static PyObject *
ctype_repr(PyObject *self)
{
    return PyUnicode_FromFormat("<ctype '%U'>", ((ffic_ctype *)self)->name);
}

/* Function pointers answer for the function, as users think of them. */
static const ffic_ctype *
described(const ffic_ctype *ct)
{
    return ffic_is_function_pointer(ct) ? ct->item : ct;
}

static PyObject *
no_attribute(const ffic_ctype *ct, const char *attribute)
{
    PyErr_Format(PyExc_AttributeError, "ctype '%U' has no attribute '%s'", ct->name, attribute);
    return NULL;
}

static PyObject *
ctype_get_kind(PyObject *self, void *Py_UNUSED(closure))
{
    static const char *const names[] = {
        [FFIC_KIND_VOID] = "void",     [FFIC_KIND_PRIMITIVE] = "primitive", [FFIC_KIND_POINTER] = "pointer",
        [FFIC_KIND_ARRAY] = "array",   [FFIC_KIND_STRUCT] = "struct",       [FFIC_KIND_UNION] = "union",
        [FFIC_KIND_ENUM] = "enum",     [FFIC_KIND_FUNCTION] = "function",
    };
    return PyUnicode_InternFromString(names[described((ffic_ctype *)self)->kind]);
}

static PyObject *
ctype_get_cname(PyObject *self, void *Py_UNUSED(closure))
{
    return Py_NewRef(((ffic_ctype *)self)->name);
}

static PyObject *
ctype_get_item(PyObject *self, void *Py_UNUSED(closure))
{
    const ffic_ctype *ct = (ffic_ctype *)self;
    if ((ct->kind != FFIC_KIND_POINTER && ct->kind != FFIC_KIND_ARRAY) || ffic_is_function_pointer(ct)) {
        return no_attribute(ct, "item");
    }
    return Py_NewRef((PyObject *)ct->item);
}

static PyObject *
ctype_get_length(PyObject *self, void *Py_UNUSED(closure))
{
    const ffic_ctype *ct = (ffic_ctype *)self;
    if (ct->kind != FFIC_KIND_ARRAY) {
        return no_attribute(ct, "length");
    }
    if (ct->length < 0) {
        Py_RETURN_NONE;
    }
    return PyLong_FromSsize_t(ct->length);
}

static PyObject *
ctype_get_fields(PyObject *self, void *Py_UNUSED(closure))
{
    ffic_ctype *ct = (ffic_ctype *)self;
    if (ct->code != FFIC_CODE_RECORD) {
        return no_attribute(ct, "fields");
    }
    if (ffic_ctype_complete(ct) < 0) {
        return NULL;
    }
    if (ct->u.record.fields == NULL) {
        Py_RETURN_NONE;
    }
    Py_ssize_t count = PyTuple_GET_SIZE(ct->u.record.fields);
    PyObject *result = PyList_New(count);
    if (result == NULL) {
        return NULL;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *field = PyTuple_GET_ITEM(ct->u.record.fields, i);
        PyObject *pair = PyTuple_Pack(2, ((ffic_cfield *)field)->name, field);
        if (pair == NULL) {
            Py_DECREF(result);
            return NULL;
        }
        PyList_SET_ITEM(result, i, pair);
    }
    return result;
}

static PyObject *
ctype_get_args(PyObject *self, void *Py_UNUSED(closure))
{
    const ffic_ctype *ct = described((ffic_ctype *)self);
    if (ct->kind != FFIC_KIND_FUNCTION) {
        return no_attribute(ct, "args");
    }
    PyObject *result = PyTuple_New(ct->length);
    if (result == NULL) {
        return NULL;
    }
    for (Py_ssize_t i = 0; i < ct->length; i++) {
        PyTuple_SET_ITEM(result, i, Py_NewRef((PyObject *)ct->u.function.parameters[i]));
    }
    return result;
}

static PyObject *
ctype_get_result(PyObject *self, void *Py_UNUSED(closure))
{
    const ffic_ctype *ct = described((ffic_ctype *)self);
    if (ct->kind != FFIC_KIND_FUNCTION) {
        return no_attribute(ct, "result");
    }
    return Py_NewRef((PyObject *)ct->item);
}

static PyObject *
ctype_get_ellipsis(PyObject *self, void *Py_UNUSED(closure))
{
    const ffic_ctype *ct = described((ffic_ctype *)self);
    if (ct->kind != FFIC_KIND_FUNCTION) {
        return no_attribute(ct, "ellipsis");
    }
    return PyBool_FromLong((ct->flags & FFIC_TYPE_VARIADIC) != 0);
}

static PyObject *
ctype_get_abi(PyObject *self, void *Py_UNUSED(closure))
{
    const ffic_ctype *ct = described((ffic_ctype *)self);
    if (ct->kind != FFIC_KIND_FUNCTION) {
        return no_attribute(ct, "abi");
    }
    return PyLong_FromLong((long)FFI_DEFAULT_ABI);
}

static PyObject *
enumeration_map(PyObject *self, const char *attribute, bool by_name)
{
    ffic_ctype *ct = (ffic_ctype *)self;
    if (ct->kind != FFIC_KIND_ENUM) {
        return no_attribute(ct, attribute);
    }
    if (ffic_ctype_complete(ct) < 0) {
        return NULL;
    }
    return PyDict_Copy(by_name ? ct->u.enumeration.by_name : ct->u.enumeration.by_value);
}

static PyObject *
ctype_get_elements(PyObject *self, void *Py_UNUSED(closure))
{
    return enumeration_map(self, "elements", false);
}

static PyObject *
ctype_get_relements(PyObject *self, void *Py_UNUSED(closure))
{
    return enumeration_map(self, "relements", true);
}

static PyObject *
ctype_dir(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    static const char *const candidates[] = {"kind",   "cname",    "item", "length",   "fields",   "args",
                                             "result", "ellipsis", "abi",  "elements", "relements"};
    PyObject *result = PyObject_CallMethod((PyObject *)&PyBaseObject_Type, "__dir__", "O", self);
    if (result == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < Py_ARRAY_LENGTH(candidates); i++) {
        PyObject *value = PyObject_GetAttrString(self, candidates[i]);
        if (value != NULL) {
            Py_DECREF(value);
            continue;
        }
        PyErr_Clear();
        PyObject *name = PyUnicode_FromString(candidates[i]);
        PyObject *removed = name == NULL ? NULL : PyObject_CallMethod(result, "remove", "O", name);
        Py_XDECREF(name);
        if (removed == NULL) {
            Py_DECREF(result);
            return NULL;
        }
        Py_DECREF(removed);
    }
    return result;
}

static int
ctype_traverse(PyObject *self, visitproc visit, void *arg)
{
    ffic_ctype *ct = (ffic_ctype *)self;
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(ct->module);
    Py_VISIT(ct->item);
    Py_VISIT(ct->pointer);
    Py_VISIT(ct->open_array);
    Py_VISIT(ct->ffi);
    switch (ct->kind) {
    case FFIC_KIND_STRUCT:
    case FFIC_KIND_UNION:
        Py_VISIT(ct->u.record.fields);
        Py_VISIT(ct->u.record.by_name);
        break;
    case FFIC_KIND_FUNCTION:
        for (Py_ssize_t i = 0; i < ct->length; i++) {
            Py_VISIT(ct->u.function.parameters[i]);
        }
        break;
    default:
        break;
    }
    return 0;
}

static int
ctype_clear(PyObject *self)
{
    /* A type in a garbage cycle may still be reached by cdata that are being finalised with it, so only the
     * links that close cycles of types are cut: everything else is released with the type itself. */
    ffic_ctype *ct = (ffic_ctype *)self;
    if (ct->kind != FFIC_KIND_ARRAY) {
        Py_CLEAR(ct->pointer);
    }
    Py_CLEAR(ct->open_array);
    Py_CLEAR(ct->ffi);
    if (ct->code == FFIC_CODE_RECORD) {
        PyMem_Free(ct->u.record.slots);
        ct->u.record.slots = NULL;
        Py_CLEAR(ct->u.record.by_name);
        Py_CLEAR(ct->u.record.fields);
    }
    return 0;
}

static void
ctype_dealloc(PyObject *self)
{
    ffic_ctype *ct = (ffic_ctype *)self;
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    /* A long chain of pointers to pointers is freed without deep recursion. */
    Py_TRASHCAN_BEGIN(self, ctype_dealloc)
    if (ct->weakrefs != NULL) {
        PyObject_ClearWeakRefs(self);
    }
    switch (ct->kind) {
    case FFIC_KIND_STRUCT:
    case FFIC_KIND_UNION:
        PyMem_Free(ct->u.record.slots);
        Py_XDECREF(ct->u.record.by_name);
        Py_XDECREF(ct->u.record.fields);
        break;
    case FFIC_KIND_ENUM:
        Py_XDECREF(ct->u.enumeration.names);
        Py_XDECREF(ct->u.enumeration.by_name);
        Py_XDECREF(ct->u.enumeration.by_value);
        break;
    case FFIC_KIND_FUNCTION:
        ffic_plan_free(ct->u.function.plans[0]);
        ffic_plan_free(ct->u.function.plans[1]);
        for (Py_ssize_t i = 0; i < ct->length; i++) {
            Py_DECREF(ct->u.function.parameters[i]);
        }
        PyMem_Free(ct->u.function.parameters);
        break;
    default:
        break;
    }
    Py_XDECREF(ct->item);
    Py_XDECREF(ct->pointer);
    Py_XDECREF(ct->open_array);
    Py_XDECREF(ct->ffi);
    Py_XDECREF(ct->key);
    Py_XDECREF(ct->name);
    PyObject *module = ct->module;
    type->tp_free(self);
    Py_DECREF(type);
    Py_XDECREF(module);
    Py_TRASHCAN_END
}

static PyObject *
refuse_pickle(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    PyErr_Format(PyExc_TypeError, "cannot pickle %R: it belongs to this process; pickle its name and use ffi.typeof", self);
    return NULL;
}

static PyObject *
ctype_itself(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    return Py_NewRef(self);
}

static PyGetSetDef ctype_getset[] = {
    {"kind", ctype_get_kind, NULL,
     "\"void\", \"primitive\", \"pointer\", \"array\", \"struct\", \"union\", \"enum\" or \"function\".", NULL},
    {"cname", ctype_get_cname, NULL, "How C writes the type.", NULL},
    {"item", ctype_get_item, NULL, "Pointer, array: the type pointed to, or of the items.", NULL},
    {"length", ctype_get_length, NULL, "Array: the number of items, None for `T[]`.", NULL},
    {"fields", ctype_get_fields, NULL, "Struct, union: list of (name, CField); None while it is opaque.", NULL},
    {"args", ctype_get_args, NULL, "Function: tuple of the parameters' types.", NULL},
    {"result", ctype_get_result, NULL, "Function: the result's type.", NULL},
    {"ellipsis", ctype_get_ellipsis, NULL, "Function: whether it takes variable arguments.", NULL},
    {"abi", ctype_get_abi, NULL, "Function: libffi's number of its calling convention.", NULL},
    {"elements", ctype_get_elements, NULL, "Enum: dict of value to enumerator name.", NULL},
    {"relements", ctype_get_relements, NULL, "Enum: dict of enumerator name to value.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMethodDef ctype_methods[] = {
    {"__dir__", ctype_dir, METH_NOARGS, NULL},
    {"__reduce__", refuse_pickle, METH_NOARGS, NULL},
    {"__copy__", ctype_itself, METH_NOARGS, NULL},
    {"__deepcopy__", ctype_itself, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static PyMemberDef ctype_members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(ffic_ctype, weakrefs), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot ctype_slots[] = {
    {Py_tp_doc, "A C type.  One object per distinct type, so types compare by identity."},
    {Py_tp_repr, ctype_repr},
    {Py_tp_getset, ctype_getset},
    {Py_tp_members, ctype_members},
    {Py_tp_methods, ctype_methods},
    {Py_tp_traverse, ctype_traverse},
    {Py_tp_clear, ctype_clear},
    {Py_tp_dealloc, ctype_dealloc},
    {0, NULL},
};

static PyType_Spec ctype_spec = {
    .name = "ffi_core._native.CType",
    .basicsize = (int)sizeof(ffic_ctype),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = ctype_slots,
};

/* ---- CField ---------------------------------------------------------------------------------- */

static int
cfield_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(((ffic_cfield *)self)->type);
    return 0;
}

static void
cfield_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    Py_XDECREF(((ffic_cfield *)self)->name);
    Py_XDECREF(((ffic_cfield *)self)->type);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyObject *
cfield_repr(PyObject *self)
{
    const ffic_cfield *field = (ffic_cfield *)self;
    if (field->bit_size >= 0) {
        return PyUnicode_FromFormat("<CField '%U' of type '%U', offset=%zd, bitshift=%d, bitsize=%d>", field->name,
                                    field->type->name, field->offset, (int)field->bit_shift, (int)field->bit_size);
    }
    return PyUnicode_FromFormat("<CField '%U' of type '%U', offset=%zd>", field->name, field->type->name, field->offset);
}

static PyMemberDef cfield_members[] = {
    {"type", T_OBJECT_EX, offsetof(ffic_cfield, type), READONLY, "The member's CType."},
    {"offset", T_PYSSIZET, offsetof(ffic_cfield, offset), READONLY, "Bytes from the start of the struct."},
    {"bitshift", T_SHORT, offsetof(ffic_cfield, bit_shift), READONLY, "Bit-field: its lowest bit; otherwise -1."},
    {"bitsize", T_SHORT, offsetof(ffic_cfield, bit_size), READONLY, "Bit-field: its width in bits; otherwise -1."},
    {"flags", T_USHORT, offsetof(ffic_cfield, flags), READONLY, "1: no first member of its union; an initialiser by position passes it over."},
    {NULL, 0, 0, 0, NULL},
};

static PyMethodDef cfield_methods[] = {
    {"__reduce__", refuse_pickle, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot cfield_slots[] = {
    {Py_tp_doc, "One member of a struct or union."},
    {Py_tp_repr, cfield_repr},
    {Py_tp_members, cfield_members},
    {Py_tp_methods, cfield_methods},
    {Py_tp_traverse, cfield_traverse},
    {Py_tp_dealloc, cfield_dealloc},
    {0, NULL},
};

static PyType_Spec cfield_spec = {
    .name = "ffi_core._native.CField",
    .basicsize = (int)sizeof(ffic_cfield),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = cfield_slots,
};

int
ffic_ctype_setup(PyObject *module, ffic_state *state)
{
    state->interned_sweep = 256;
    state->interned = PyDict_New();
    if (state->interned == NULL) {
        return -1;
    }
    state->ctype_type = ffic_make_type(module, &ctype_spec, NULL);
    if (state->ctype_type == NULL || PyModule_AddType(module, state->ctype_type) < 0) {
        return -1;
    }
    state->cfield_type = ffic_make_type(module, &cfield_spec, NULL);
    return state->cfield_type == NULL ? -1 : PyModule_AddType(module, state->cfield_type);
}
