/* Structs as tuples of Python values, all fields in one go: ffi.tuple_reader. */
#include "convert.h"
#include "ffi_object.h"
#include "heap_type.h"
#include "small_ints.h"
#include "tuple_reader.h"

/* What kind of tuple is made. */
typedef enum {
    MAKE_TUPLE,
    MAKE_SUBCLASS, /* such as named tuples: items are put in place, __new__ is not called */
    MAKE_SEQUENCE  /* a struct sequence of C code, such as time.struct_time */
} making;

/* How a field is read. */
typedef enum {
    READ_VALUE,        /* as the attribute is */
    READ_INT,          /* the same, for the commonest types */
    READ_LONG,
    READ_TEXT_ARRAY,   /* char[N] */
    READ_TEXT_POINTER, /* char * */
} reading;

typedef struct {
    ffic_cfield *field; /* borrowed from the record */
    reading how;
} column;

/* What Python sees is a builtin function object; this is its `__self__`. */
typedef struct {
    PyObject_HEAD
    PyMethodDef method;
    ffic_ctype *record;
    PyTypeObject *made;
    PyObject *encoding; /* str; NULL: text is read as attributes are */
    PyObject *errors;   /* str */
    bool is_utf8;       /* the encoding: nothing to look up */
    making how;
    Py_ssize_t count;   /* of columns */
    Py_ssize_t room;    /* items of what is made: struct sequences may have more than columns */
    column columns[1];
} tuple_reader;

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static PyObject *
decode_text(const tuple_reader *reader, const char *text, size_t length)
{
    if (reader->is_utf8) {
        return PyUnicode_DecodeUTF8(text, (Py_ssize_t)length, PyUnicode_AsUTF8(reader->errors));
    }
    return PyUnicode_Decode(text, (Py_ssize_t)length, PyUnicode_AsUTF8(reader->encoding), PyUnicode_AsUTF8(reader->errors));
}

static PyObject *
read_column(const tuple_reader *reader, const column *part, ffic_cdata *cd, char *data)
{
    ffic_cfield *field = part->field;
    const char *place = data + field->offset;
    switch (part->how) {
    case READ_INT: {
        int32_t number;
        memcpy(&number, place, sizeof number);
        return ffic_int(reader->record->state, number);
    }
    case READ_LONG: {
        int64_t number;
        memcpy(&number, place, sizeof number);
        return ffic_int(reader->record->state, number);
    }
    case READ_TEXT_POINTER: {
        const char *text;
        memcpy(&text, place, sizeof text);
        return text == NULL ? Py_NewRef(Py_None) : decode_text(reader, text, strlen(text));
    }
    case READ_TEXT_ARRAY:
        return decode_text(reader, place, strnlen(place, (size_t)field->type->size));
    default:
        return ffic_load_field(field, data, ffic_cdata_owner(cd));
    }
}

/* A tuple with room for all items, which are still NULL. */
static PyObject *
make_tuple(const tuple_reader *reader)
{
    switch (reader->how) {
    case MAKE_SUBCLASS:
        return ffic_tuple_of_type(reader->made, reader->count);
    case MAKE_SEQUENCE:
        return PyStructSequence_New(reader->made);
    default:
        return PyTuple_New(reader->count);
    }
}

static void
set_item(const tuple_reader *reader, PyObject *tuple, Py_ssize_t i, PyObject *value)
{
    if (reader->how == MAKE_SEQUENCE) {
        PyStructSequence_SetItem(tuple, i, value);
    }
    else {
        PyTuple_SET_ITEM(tuple, i, value);
    }
}

/* The struct that `argument` is or points to, if it may be read; NULL with an exception. */
static ffic_cdata *
readable(const tuple_reader *reader, PyObject *argument)
{
    ffic_ctype *record = reader->record;
    ffic_cdata *cd = (ffic_cdata *)argument;
    if (!ffic_is_cdata(record->state, argument)) {
        PyErr_Format(PyExc_TypeError, "the tuple reader of '%U' takes a cdata object, not %s", record->name, Py_TYPE(argument)->tp_name);
        return NULL;
    }
    bool points = cd->type->kind == FFIC_KIND_POINTER && cd->type->item == record;
    if (!points && cd->type != record) {
        PyErr_Format(PyExc_TypeError, "the tuple reader of '%U' cannot read cdata '%U'", record->name, cd->type->name);
        return NULL;
    }
    if (ffic_cdata_check_access(cd) < 0 || (points && ffic_cdata_check_range(cd, cd->data, record->size) < 0)) {
        return NULL;
    }
    return cd;
}

static PyObject *
read_tuple(PyObject *self, PyObject *argument)
{
    const tuple_reader *reader = (tuple_reader *)self;
    ffic_cdata *cd = readable(reader, argument);
    PyObject *tuple = cd == NULL ? NULL : make_tuple(reader);
    if (tuple == NULL) {
        return NULL;
    }
    char *data = cd->data;
    bool pinned = ffic_cdata_pin(cd); /* a codec may be Python code, which must not free what is read */
    for (Py_ssize_t i = 0; tuple != NULL && i < reader->room; i++) {
        PyObject *value = i < reader->count ? read_column(reader, &reader->columns[i], cd, data) : Py_NewRef(Py_None);
        if (value != NULL) {
            set_item(reader, tuple, i, value);
        }
        else {
            Py_CLEAR(tuple);
        }
    }
    ffic_cdata_unpin(cd, pinned);
    return tuple;
}

/* ---- making readers ------------------------------------------------------------------------------------------------- */

static Py_ssize_t
size_attribute(PyTypeObject *type, const char *name)
{
    PyObject *value = PyObject_GetAttrString((PyObject *)type, name);
    Py_ssize_t size = value == NULL ? -1 : PyLong_AsSsize_t(value);
    Py_XDECREF(value);
    return size;
}

static int
wrong_count(PyTypeObject *type, Py_ssize_t least, Py_ssize_t most, const ffic_ctype *record, Py_ssize_t count)
{
    if (least == most) {
        PyErr_Format(PyExc_TypeError, "%s has %zd fields, but '%U' has %zd", type->tp_name, least, record->name, count);
    }
    else {
        PyErr_Format(PyExc_TypeError, "%s has %zd to %zd fields, but '%U' has %zd", type->tp_name, least, most, record->name, count);
    }
    return -1;
}

/* Find out how instances of `type` are made, and how many items they have. */
static int
choose_making(tuple_reader *reader, PyTypeObject *type)
{
    reader->room = reader->count;
    if (type == &PyTuple_Type) {
        reader->how = MAKE_TUPLE;
        return 0;
    }
    /* Only C code makes types that derive from tuple and cannot be derived from: struct sequences. */
    if (!(type->tp_flags & Py_TPFLAGS_BASETYPE)) {
        reader->how = MAKE_SEQUENCE;
        Py_ssize_t least = size_attribute(type, "n_sequence_fields");
        Py_ssize_t most = PyErr_Occurred() ? -1 : size_attribute(type, "n_fields");
        if (PyErr_Occurred()) {
            return -1;
        }
        if (reader->count < least || reader->count > most) {
            return wrong_count(type, least, most, reader->record, reader->count);
        }
        reader->room = most;
        return 0;
    }
    reader->how = MAKE_SUBCLASS;
    PyObject *names = PyObject_GetAttrString((PyObject *)type, "_fields");
    if (names == NULL) {
        if (!PyErr_ExceptionMatches(PyExc_AttributeError)) {
            return -1;
        }
        PyErr_Clear();
        return 0;
    }
    Py_ssize_t length = PyObject_Size(names);
    Py_DECREF(names);
    if (length < 0) {
        return -1;
    }
    return length == reader->count ? 0 : wrong_count(type, length, length, reader->record, reader->count);
}

static reading
choose_reading(const ffic_cfield *field, bool decodes)
{
    const ffic_ctype *ct = field->type;
    if (field->bit_size < 0 && ct->kind == FFIC_KIND_PRIMITIVE && (ct->code == FFIC_CODE_I32 || ct->code == FFIC_CODE_I64)) {
        return ct->code == FFIC_CODE_I32 ? READ_INT : READ_LONG;
    }
    if (decodes && ct->kind == FFIC_KIND_POINTER && ct->item->code == FFIC_CODE_CHAR) {
        return READ_TEXT_POINTER;
    }
    if (decodes && ct->kind == FFIC_KIND_ARRAY && ct->item->code == FFIC_CODE_CHAR && ct->size >= 0) {
        return READ_TEXT_ARRAY;
    }
    return READ_VALUE;
}

/* The struct type that `argument` names, complete; a pointer type stands for what it points to. */
static ffic_ctype *
record_of(ffic_ffi *ffi, PyObject *argument)
{
    ffic_ctype *ct = ffic_ffi_type_of(ffi, argument, false);
    if (ct != NULL && ct->kind == FFIC_KIND_POINTER) {
        ffic_ctype *item = (ffic_ctype *)Py_NewRef((PyObject *)ct->item);
        Py_DECREF(ct);
        ct = item;
    }
    if (ct == NULL || ffic_ctype_complete(ct) < 0) {
        Py_XDECREF(ct);
        return NULL;
    }
    if (ct->kind != FFIC_KIND_STRUCT || ct->size < 0) {
        PyErr_Format(PyExc_TypeError, "tuple_reader() needs a struct with known fields, not '%U'", ct->name);
        Py_DECREF(ct);
        return NULL;
    }
    return ct;
}

static int
check_arguments(PyObject *made, PyObject *encoding, PyObject *errors)
{
    if (!PyType_Check(made) || !PyType_IsSubtype((PyTypeObject *)made, &PyTuple_Type)) {
        PyErr_Format(PyExc_TypeError, "tuple_reader() argument 'cls' must be tuple or a subclass, not %R", made);
        return -1;
    }
    if (encoding != NULL && !PyUnicode_Check(encoding)) {
        PyErr_Format(PyExc_TypeError, "tuple_reader() argument 'encoding' must be str or None, not %s", Py_TYPE(encoding)->tp_name);
        return -1;
    }
    if (errors != NULL && !PyUnicode_Check(errors)) {
        PyErr_Format(PyExc_TypeError, "tuple_reader() argument 'errors' must be str, not %s", Py_TYPE(errors)->tp_name);
        return -1;
    }
    /* Both must be known before there is anything to read. */
    const char *codec = encoding == NULL ? NULL : PyUnicode_AsUTF8(encoding);
    const char *handler = errors == NULL || PyErr_Occurred() ? NULL : PyUnicode_AsUTF8(errors);
    PyObject *found = codec == NULL ? NULL : PyCodec_Decoder(codec);
    Py_XDECREF(found);
    found = handler == NULL || PyErr_Occurred() ? NULL : PyCodec_LookupError(handler);
    Py_XDECREF(found);
    return PyErr_Occurred() ? -1 : 0;
}

/* Read all fields, in the order of their declaration. */
static void
choose_all_fields(tuple_reader *reader)
{
    PyObject *fields = reader->record->u.record.fields;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(fields); i++) {
        ffic_cfield *field = (ffic_cfield *)PyTuple_GET_ITEM(fields, i);
        if (!(field->flags & FFIC_FIELD_NOT_POSITIONAL)) {
            reader->columns[reader->count++].field = field;
        }
    }
}

/* Read the fields of these names, in this order; `names` is a tuple. */
static int
choose_fields(tuple_reader *reader, PyObject *names)
{
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(names); i++) {
        PyObject *name = PyTuple_GET_ITEM(names, i);
        if (!PyUnicode_Check(name)) {
            PyErr_Format(PyExc_TypeError, "tuple_reader() argument 'fields' must be names of fields, not %s", Py_TYPE(name)->tp_name);
            return -1;
        }
        ffic_cfield *field = ffic_ctype_field(reader->record, name, false);
        if (field == NULL) {
            if (!PyErr_Occurred()) {
                PyErr_Format(PyExc_KeyError, "'%U' has no field %R", reader->record->name, name);
            }
            return -1;
        }
        reader->columns[reader->count++].field = field;
    }
    return 0;
}

static tuple_reader *
new_reader(ffic_state *state, ffic_ctype *record, PyObject *names)
{
    Py_ssize_t most = PyTuple_GET_SIZE(names == NULL ? record->u.record.fields : names);
    tuple_reader *reader = (tuple_reader *)state->tuple_reader_type->tp_alloc(state->tuple_reader_type, most);
    if (reader == NULL) {
        return NULL;
    }
    reader->record = (ffic_ctype *)Py_NewRef((PyObject *)record);
    reader->method.ml_name = "read";
    reader->method.ml_meth = read_tuple;
    reader->method.ml_flags = METH_O;
    reader->method.ml_doc = "read(cdata, /)\n--\n\nReturn the fields of the struct, or of what the pointer points to, as a tuple.";
    if (names == NULL) {
        choose_all_fields(reader);
    }
    else if (choose_fields(reader, names) < 0) {
        Py_CLEAR(reader);
    }
    return reader;
}

PyObject *
ffic_ffi_tuple_reader(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *keywords)
{
    static const char *const names[] = {"cdecl", "cls", "encoding", "errors", "fields", NULL};
    PyObject *values[5] = {NULL};
    if (ffic_arguments("tuple_reader", names, 1, args, count, keywords, values) < 0) {
        return NULL;
    }
    PyObject *made = values[1] == NULL ? (PyObject *)&PyTuple_Type : values[1];
    PyObject *encoding = values[2] == Py_None ? NULL : values[2];
    if (check_arguments(made, encoding, values[3]) < 0) {
        return NULL;
    }
    ffic_ctype *record = record_of((ffic_ffi *)self, values[0]);
    PyObject *fields = record == NULL || values[4] == NULL || values[4] == Py_None ? NULL : PySequence_Tuple(values[4]);
    tuple_reader *reader = record == NULL || PyErr_Occurred() ? NULL : new_reader(((ffic_ffi *)self)->state, record, fields);
    Py_XDECREF(record);
    Py_XDECREF(fields);
    if (reader == NULL) {
        return NULL;
    }
    reader->made = (PyTypeObject *)Py_NewRef(made);
    reader->encoding = Py_XNewRef(encoding);
    reader->is_utf8 = encoding != NULL && PyUnicode_CompareWithASCIIString(encoding, "utf-8") == 0;
    reader->errors = values[3] == NULL ? PyUnicode_FromString("strict") : Py_NewRef(values[3]);
    for (Py_ssize_t i = 0; i < reader->count; i++) {
        reader->columns[i].how = choose_reading(reader->columns[i].field, encoding != NULL);
    }
    bool good = reader->errors != NULL && choose_making(reader, (PyTypeObject *)made) == 0;
    PyObject *builtin = good ? PyCFunction_NewEx(&reader->method, (PyObject *)reader, NULL) : NULL;
    Py_DECREF(reader);
    return builtin;
}

/* ---- the object --------------------------------------------------------------------------------------------------- */

static PyObject *
reader_repr(PyObject *self)
{
    const tuple_reader *reader = (tuple_reader *)self;
    return PyUnicode_FromFormat("<tuple reader of '%U', makes %s>", reader->record->name, reader->made->tp_name);
}

static PyObject *
reader_reduce(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    PyErr_Format(PyExc_TypeError, "cannot pickle %R: it belongs to this process", self);
    return NULL;
}

static int
reader_traverse(PyObject *self, visitproc visit, void *arg)
{
    const tuple_reader *reader = (tuple_reader *)self;
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(reader->record);
    Py_VISIT(reader->made);
    return 0;
}

static void
reader_dealloc(PyObject *self)
{
    tuple_reader *reader = (tuple_reader *)self;
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    Py_XDECREF(reader->record);
    Py_XDECREF(reader->made);
    Py_XDECREF(reader->encoding);
    Py_XDECREF(reader->errors);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMethodDef reader_methods[] = {
    {"__reduce__", reader_reduce, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot reader_slots[] = {
    {Py_tp_repr, reader_repr},
    {Py_tp_methods, reader_methods},
    {Py_tp_traverse, reader_traverse},
    {Py_tp_dealloc, reader_dealloc},
    {0, NULL},
};

static PyType_Spec reader_spec = {
    .name = "ffi_core._native.TupleReader",
    .basicsize = (int)sizeof(tuple_reader),
    .itemsize = (int)sizeof(column),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = reader_slots,
};

int
ffic_tuple_reader_setup(PyObject *module, ffic_state *state)
{
    state->tuple_reader_type = ffic_make_type(module, &reader_spec, NULL);
    return state->tuple_reader_type == NULL ? -1 : 0;
}
