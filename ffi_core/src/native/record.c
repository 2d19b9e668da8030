/* Completing structs and unions. */
#include "record.h"

#include "type_parser.h"

/* What is known of a record before it becomes visible. */
typedef struct {
    ffic_ctype *record;
    PyObject *fields;  /* list of ffic_cfield, anonymous members resolved */
    PyObject *by_name; /* dict */
    bool flexible;
    unsigned flags; /* FFIC_TYPE_PACKED, FFIC_TYPE_PARTIAL */
} builder;

static int
builder_start(builder *b, ffic_ctype *record)
{
    b->record = record;
    b->flexible = false;
    b->flags = 0;
    b->fields = PyList_New(0);
    b->by_name = PyDict_New();
    if (b->fields == NULL || b->by_name == NULL) {
        Py_CLEAR(b->fields);
        Py_CLEAR(b->by_name);
        return -1;
    }
    return 0;
}

static void
builder_drop(builder *b)
{
    Py_CLEAR(b->fields);
    Py_CLEAR(b->by_name);
}

static int
append_field(builder *b, PyObject *name, ffic_ctype *type, Py_ssize_t offset, int bit_shift, int bit_size, unsigned flags)
{
    PyTypeObject *field_type = b->record->state->cfield_type;
    ffic_cfield *field = (ffic_cfield *)field_type->tp_alloc(field_type, 0);
    if (field == NULL) {
        return -1;
    }
    field->name = Py_NewRef(name);
    field->type = (ffic_ctype *)Py_NewRef((PyObject *)type);
    field->offset = offset;
    field->bit_shift = (int16_t)bit_shift;
    field->bit_size = (int16_t)bit_size;
    field->flags = (uint16_t)flags;
    int result = PyDict_Contains(b->by_name, name);
    if (result > 0) {
        PyErr_Format(b->record->state->error, "'%U' has two members named '%U'", b->record->name, name);
        result = -1;
    }
    if (result == 0 && (PyList_Append(b->fields, (PyObject *)field) < 0 || PyDict_SetItem(b->by_name, name, (PyObject *)field) < 0)) {
        result = -1;
    }
    Py_DECREF(field);
    return result;
}

/* Add the members of an anonymous struct or union in its place. */
static int
append_anonymous(builder *b, ffic_ctype *type, Py_ssize_t offset, unsigned flags)
{
    PyObject *fields = type->code == FFIC_CODE_RECORD ? type->u.record.fields : NULL;
    for (Py_ssize_t i = 0; fields != NULL && i < PyTuple_GET_SIZE(fields); i++) {
        const ffic_cfield *inner = (ffic_cfield *)PyTuple_GET_ITEM(fields, i);
        if (append_field(b, inner->name, inner->type, offset + inner->offset, inner->bit_shift, inner->bit_size, inner->flags | flags) < 0) {
            return -1;
        }
    }
    return 0;
}

static int
add_member(builder *b, PyObject *name, ffic_ctype *type, Py_ssize_t offset, int bit_shift, int bit_size)
{
    if ((type->kind == FFIC_KIND_ARRAY && type->length < 0) || (type->flags & FFIC_TYPE_FLEXIBLE)) {
        b->flexible = true;
    }
    bool is_named = PyUnicode_GET_LENGTH(name) > 0;
    if (!is_named && bit_size >= 0) {
        return 0;
    }
    /* What an initialiser by position sets of a union is its first member, or what that consists of. */
    unsigned flags = b->record->kind == FFIC_KIND_UNION && PyList_GET_SIZE(b->fields) > 0 ? FFIC_FIELD_NOT_POSITIONAL : 0;
    return is_named ? append_field(b, name, type, offset, bit_shift, bit_size, flags) : append_anonymous(b, type, offset, flags);
}

/* Make the table that finds a member by the address of its interned name.  NULL with an exception. */
static ffic_cfield **
make_slots(PyObject *fields, size_t *mask)
{
    size_t count = (size_t)PyTuple_GET_SIZE(fields);
    size_t size = 4;
    while (size < 2 * count + 1) {
        size *= 2;
    }
    ffic_cfield **slots = PyMem_Calloc(size, sizeof *slots);
    if (slots == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        ffic_cfield *field = (ffic_cfield *)PyTuple_GET_ITEM(fields, (Py_ssize_t)i);
        size_t place = ((uintptr_t)field->name >> 4) & (size - 1);
        while (slots[place] != NULL) {
            place = (place + 1) & (size - 1);
        }
        slots[place] = field;
    }
    *mask = size - 1;
    return slots;
}

/* Nothing of the record was changed before; all of it is set here, and the flag that lets others look comes last. */
static int
builder_finish(builder *b, Py_ssize_t size, Py_ssize_t align)
{
    ffic_ctype *record = b->record;
    size_t mask;
    PyObject *fields = PyList_AsTuple(b->fields);
    ffic_cfield **slots = fields == NULL ? NULL : make_slots(fields, &mask);
    if (slots == NULL) {
        Py_XDECREF(fields);
        return -1;
    }
    if (record->flags & FFIC_TYPE_COMPLETE) { /* another thread was quicker */
        PyMem_Free(slots);
        Py_DECREF(fields);
        return 0;
    }
    record->u.record.fields = fields;
    record->u.record.slots = slots;
    record->u.record.slot_mask = mask;
    record->u.record.by_name = Py_NewRef(b->by_name);
    record->size = size;
    record->align = (int32_t)align;
    unsigned flags = (unsigned)record->flags | FFIC_TYPE_COMPLETE;
    flags &= ~(unsigned)FFIC_TYPE_OPAQUE;
    flags |= b->flexible ? FFIC_TYPE_FLEXIBLE : 0u;
    flags |= b->flags;
    __atomic_store_n(&record->flags, (uint16_t)flags, __ATOMIC_RELEASE);
    return 0;
}

/* ---- API mode ------------------------------------------------------------------------------------ */

/* Find where a bit-field lies: the generated module sets all of its bits in a zeroed record, and we look which they are. */
static int
probe_bits(const ffic_ctype *record, PyObject *name, const struct ffic_field *entry, ffic_ctype *type, size_t size,
           Py_ssize_t *offset, int *bit_shift)
{
    unsigned char *memory = PyMem_Calloc(1, size + 1);
    if (memory == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    entry->set_ones(memory);
    Py_ssize_t first = -1, count = 0;
    for (Py_ssize_t bit = 0; bit < (Py_ssize_t)size * 8; bit++) {
        if (memory[bit / 8] >> (bit % 8) & 1) {
            first = first < 0 ? bit : first;
            count++;
        }
    }
    PyMem_Free(memory);
    if (first < 0 || (uint64_t)count != entry->size) {
        PyErr_Format(record->state->error, "%U: bit-field '%U' is %zd bits wide in C, but its declaration in cdef says %llu",
                     record->name, name, count, (unsigned long long)entry->size);
        return -1;
    }
    Py_ssize_t unit = type->size;
    Py_ssize_t start = first / 8 / unit * unit;
    if ((first + count - 1) / 8 >= start + unit) { /* packed: it crosses units */
        start = first / 8;
    }
    *offset = start;
    *bit_shift = (int)(first - start * 8);
    return 0;
}

static int
check_member(const ffic_ctype *record, PyObject *name, const struct ffic_field *entry)
{
    if (entry->set_ones != NULL) {
        return 0;
    }
    if (entry->offset != entry->declared_offset) {
        PyErr_Format(record->state->error,
                     "%U: wrong offset for field '%U' (cdef says %llu, but C compiler says %llu). fix it or use \"...;\" as the "
                     "last field in the cdef for %U to make it flexible",
                     record->name, name, (unsigned long long)entry->declared_offset,
                     (unsigned long long)entry->offset, record->name);
        return -1;
    }
    if (entry->size != entry->declared_size) {
        PyErr_Format(record->state->error,
                     "%U: wrong size for field '%U' (cdef says %llu, but C compiler says %llu). fix it or use \"...;\" as the last "
                     "field in the cdef for %U to make it flexible",
                     record->name, name, (unsigned long long)entry->declared_size, (unsigned long long)entry->size,
                     record->name);
        return -1;
    }
    return 0;
}

static int
add_generated(builder *b, const struct ffic_type *record_entry, const struct ffic_field *entry)
{
    ffic_ffi *ffi = (ffic_ffi *)b->record->ffi;
    bool checked = (record_entry->flags & FFIC_CHECKED) != 0;
    Py_ssize_t array_size = entry->set_ones != NULL || entry->size > (uint64_t)PY_SSIZE_T_MAX ? -1 : (Py_ssize_t)entry->size;
    const struct ffic_table *table = ffi->declarations.table;
    Py_ssize_t offset = (Py_ssize_t)entry->offset;
    int bit_shift = -1, bit_size = -1, result = -1;
    ffic_ctype *type = ffic_parse_type(ffi, ffic_table_text(table, entry->type), array_size);
    PyObject *name = type == NULL ? NULL : PyUnicode_InternFromString(ffic_table_text(table, entry->name));
    if (name == NULL || ffic_ctype_complete(type) < 0 || (checked && check_member(b->record, name, entry) < 0)) {
        goto done;
    }
    if (entry->set_ones != NULL) {
        bit_size = (int)entry->size;
        if (probe_bits(b->record, name, entry, type, (size_t)record_entry->size, &offset, &bit_shift) < 0) {
            goto done;
        }
    }
    else if (array_size >= 0 && type->size >= 0 && type->size != array_size) {
        PyErr_Format(b->record->state->error,
                     "%U: wrong size for field '%U' (cdef says %zd, but C compiler says %zd). fix its type in the cdef",
                     b->record->name, name, type->size, array_size);
        goto done;
    }
    result = add_member(b, name, type, offset, bit_shift, bit_size);
done:
    Py_XDECREF(name);
    Py_XDECREF(type);
    return result;
}

int
ffic_record_from_table(ffic_ctype *record, const struct ffic_table *table, const struct ffic_type *entry)
{
    if (entry->flags & FFIC_OPAQUE) {
        record->flags |= FFIC_TYPE_OPAQUE;
        return 0;
    }
    bool checked = (entry->flags & FFIC_CHECKED) != 0;
    if (checked && (entry->size != entry->declared_size || entry->align != entry->declared_align)) {
        bool size_differs = entry->size != entry->declared_size;
        PyErr_Format(record->state->error,
                     "%U: wrong total %s (cdef says %llu, but C compiler says %llu). fix it or use \"...;\" as the last field in the "
                     "cdef for %U to make it flexible",
                     record->name, size_differs ? "size" : "alignment",
                     size_differs ? (unsigned long long)entry->declared_size : (unsigned long long)entry->declared_align,
                     size_differs ? (unsigned long long)entry->size : (unsigned long long)entry->align, record->name);
        return -1;
    }
    builder b;
    if (builder_start(&b, record) < 0) {
        return -1;
    }
    /* With undeclared members, how registers would pass the record by value cannot be known. */
    b.flags = (entry->flags & FFIC_PARTIAL) ? FFIC_TYPE_PARTIAL : 0u;
    int result = 0;
    for (uint32_t i = 0; result == 0 && i < entry->field_count; i++) {
        result = add_generated(&b, entry, &table->fields[entry->first_field + i]);
    }
    if (result == 0) {
        result = builder_finish(&b, (Py_ssize_t)entry->size, (Py_ssize_t)entry->align);
    }
    builder_drop(&b);
    return result;
}

/* ---- ABI modes ------------------------------------------------------------------------------------- */

static PyObject *
place_fields_function(ffic_state *state)
{
    PyObject *known = FFIC_LOAD_POINTER(state->place_fields);
    if (known != NULL) {
        return Py_NewRef(known);
    }
    PyObject *module = PyImport_ImportModule("ffi_core.layout");
    PyObject *function = module == NULL ? NULL : PyObject_GetAttrString(module, "place_fields");
    Py_XDECREF(module);
    if (function == NULL) {
        return NULL;
    }
    FFIC_BEGIN_CRITICAL_SECTION(state->interned);
    if (state->place_fields == NULL) {
        FFIC_STORE_POINTER(state->place_fields, Py_NewRef(function));
    }
    FFIC_END_CRITICAL_SECTION();
    return function;
}

/* One member of the tuple: parse its type, and describe it for the layout. */
static int
request_member(ffic_ctype *record, PyObject *member, bool is_last, PyObject *types, PyObject *requests)
{
    PyObject *name, *type_text;
    int bit_width, aligned;
    if (!PyTuple_Check(member) || !PyArg_ParseTuple(member, "UUii", &name, &type_text, &bit_width, &aligned)) {
        if (!PyErr_Occurred()) {
            PyErr_Format(PyExc_ValueError, "malformed member of '%U': %R", record->name, member);
        }
        return -1;
    }
    ffic_ctype *type = ffic_ffi_type_of((ffic_ffi *)record->ffi, type_text, false);
    if (type == NULL) {
        return -1;
    }
    int result = ffic_ctype_complete(type);
    bool is_flexible = type->kind == FFIC_KIND_ARRAY && type->length < 0;
    if (result == 0 && type->size < 0 && !(is_flexible && is_last)) {
        PyErr_Format(record->state->error, "%U: the member '%U' has the type '%U', whose size is unknown", record->name, name,
                     type->name);
        result = -1;
    }
    if (result == 0) {
        PyObject *request = Py_BuildValue("(OnniiO)", name, is_flexible ? (Py_ssize_t)0 : type->size, (Py_ssize_t)type->align,
                                          bit_width, aligned, (type->flags & FFIC_TYPE_SIGNED) ? Py_True : Py_False);
        if (request == NULL || PyList_Append(requests, request) < 0 || PyList_Append(types, (PyObject *)type) < 0) {
            result = -1;
        }
        Py_XDECREF(request);
    }
    Py_DECREF(type);
    return result;
}

static int
add_placed(builder *b, PyObject *members, PyObject *types, PyObject *places)
{
    Py_ssize_t count = PyTuple_GET_SIZE(members);
    PyObject *sequence = PySequence_Fast(places, "ffi_core.layout.place_fields must return a sequence of places");
    if (sequence == NULL) {
        return -1;
    }
    int result = 0;
    if (PySequence_Fast_GET_SIZE(sequence) != count) {
        PyErr_SetString(PyExc_SystemError, "ffi_core.layout.place_fields lost a member");
        result = -1;
    }
    for (Py_ssize_t i = 0; result == 0 && i < count; i++) {
        PyObject *name, *text;
        int bit_width, aligned, bit_shift;
        Py_ssize_t offset;
        if (!PyArg_ParseTuple(PyTuple_GET_ITEM(members, i), "UUii", &name, &text, &bit_width, &aligned) ||
            !PyArg_ParseTuple(PySequence_Fast_GET_ITEM(sequence, i), "ni", &offset, &bit_shift)) {
            result = -1;
            break;
        }
        if (aligned < 0) {
            b->flags |= FFIC_TYPE_PACKED; /* at least not where its type would have it */
        }
        Py_INCREF(name);
        PyUnicode_InternInPlace(&name);
        result = add_member(b, name, (ffic_ctype *)PyList_GET_ITEM(types, i), offset, bit_shift, bit_width);
        Py_DECREF(name);
    }
    Py_DECREF(sequence);
    return result;
}

static int
lay_out(builder *b, PyObject *members, int pack, int aligned)
{
    ffic_ctype *record = b->record;
    PyObject *types = PyList_New(0), *requests = PyList_New(0), *function = NULL, *answer = NULL;
    int result = types == NULL || requests == NULL ? -1 : 0;
    Py_ssize_t count = PyTuple_GET_SIZE(members);
    for (Py_ssize_t i = 0; result == 0 && i < count; i++) {
        result = request_member(record, PyTuple_GET_ITEM(members, i), i == count - 1 && record->kind == FFIC_KIND_STRUCT, types,
                                requests);
    }
    if (result == 0) {
        function = place_fields_function(record->state);
        answer = function == NULL ? NULL
                                  : PyObject_CallFunction(function, "OOii", requests,
                                                          record->kind == FFIC_KIND_UNION ? Py_True : Py_False, pack, aligned);
        Py_ssize_t size, align;
        PyObject *places;
        if (answer == NULL || !PyArg_ParseTuple(answer, "nnO", &size, &align, &places) ||
            add_placed(b, members, types, places) < 0) {
            result = -1;
        }
        else {
            result = builder_finish(b, size, align);
        }
    }
    Py_XDECREF(types);
    Py_XDECREF(requests);
    Py_XDECREF(function);
    Py_XDECREF(answer);
    return result;
}

int
ffic_record_from_tuple(ffic_ctype *record, PyObject *entry)
{
    const char *kind;
    PyObject *members;
    int partial, pack, aligned;
    if (!PyTuple_Check(entry) || !PyArg_ParseTuple(entry, "sOiii", &kind, &members, &partial, &pack, &aligned)) {
        if (!PyErr_Occurred()) {
            PyErr_Format(PyExc_ValueError, "malformed declaration of '%U': %R", record->name, entry);
        }
        return -1;
    }
    if (members == Py_None) {
        record->flags |= FFIC_TYPE_OPAQUE; /* a later cdef may still define it */
        return 0;
    }
    if (partial) {
        PyErr_Format(record->state->missing, "'%U' was declared with \"...;\": only a compiler knows its layout (use API mode)",
                     record->name);
        return -1;
    }
    if (!PyTuple_Check(members)) {
        PyErr_Format(PyExc_ValueError, "malformed declaration of '%U': %R", record->name, entry);
        return -1;
    }
    builder b;
    if (builder_start(&b, record) < 0) {
        return -1;
    }
    b.flags = pack != 0 ? FFIC_TYPE_PACKED : 0u;
    int result = lay_out(&b, members, pack, aligned);
    builder_drop(&b);
    return result;
}
