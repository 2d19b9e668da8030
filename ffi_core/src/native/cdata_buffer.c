/* The buffer protocol of C data: arrays, records and what pointers point to, with their true types as PEP 3118 formats.
 *
 * An array has one dimension per C dimension, and items of its innermost type.  A record, and the one item behind a pointer whose memory
 * is known, have none.  All formats use native sizes; those of records name every byte of padding ("^T{i:x:4xd:y:}"), so that no reader
 * has to know how this platform aligns.
 */
#include "cdata_slots.h"

#include <stdarg.h>

/* ---- formats ---------------------------------------------------------------------------------------------------------- */

typedef struct {
    char *text; /* ends with a null character */
    size_t length, room;
} writer;

static int
append(writer *w, const char *text, size_t length)
{
    if (w->room - w->length <= length) {
        size_t room = 2 * (w->room + length) + 32;
        char *bigger = PyMem_Realloc(w->text, room);
        if (bigger == NULL) {
            PyErr_NoMemory();
            return -1;
        }
        w->text = bigger;
        w->room = room;
    }
    memcpy(w->text + w->length, text, length);
    w->length += length;
    w->text[w->length] = '\0';
    return 0;
}

__attribute__((format(printf, 2, 3))) static int
append_format(writer *w, const char *format, ...)
{
    char text[48];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return append(w, text, (size_t)length);
}

/* The code of a type that is neither an array nor a record; NULL: it has none. */
static const char *
scalar_format(const ffic_ctype *ct)
{
    static const char *const formats[] = {
        [FFIC_CODE_BOOL] = "?",
        [FFIC_CODE_CHAR] = "c",
        [FFIC_CODE_CHAR16] = "H", /* PEP 3118 has "u", which NumPy refuses */
        [FFIC_CODE_CHAR32] = "w",
        [FFIC_CODE_I8] = "b",
        [FFIC_CODE_U8] = "B",
        [FFIC_CODE_I16] = "h",
        [FFIC_CODE_U16] = "H",
        [FFIC_CODE_I32] = "i",
        [FFIC_CODE_U32] = "I",
        [FFIC_CODE_I64] = sizeof(long) == 8 ? "l" : "q",
        [FFIC_CODE_U64] = sizeof(long) == 8 ? "L" : "Q",
        [FFIC_CODE_I128] = "16s", /* there is no code for them: their bytes */
        [FFIC_CODE_U128] = "16s",
        [FFIC_CODE_F32] = "f",
        [FFIC_CODE_F64] = "d",
        [FFIC_CODE_LONG_DOUBLE] = "g",
        [FFIC_CODE_COMPLEX_F32] = "Zf",
        [FFIC_CODE_COMPLEX_F64] = "Zd",
        [FFIC_CODE_COMPLEX_LONG_DOUBLE] = "Zg",
        /* The address as an integer: NumPy refuses "P". */
        [FFIC_CODE_POINTER] = sizeof(void *) == sizeof(long) ? "L" : "Q",
    };
    return ct->code < Py_ARRAY_LENGTH(formats) ? formats[ct->code] : NULL;
}

static int append_record(writer *w, ffic_ctype *record);

/* The type of a member: "i", "(2,3)d", "16s", "T{...}". */
static int
append_type(writer *w, ffic_ctype *ct)
{
    const char *before = "(";
    Py_ssize_t text_length = -1;
    for (; ct->code == FFIC_CODE_ARRAY; ct = ct->item) {
        if (ct->item->code == FFIC_CODE_CHAR) {
            text_length = ct->length;
        }
        else if (append_format(w, "%s%zd", before, ct->length) < 0) {
            return -1;
        }
        else {
            before = ",";
        }
    }
    if (before[0] == ',' && append(w, ")", 1) < 0) {
        return -1;
    }
    if (text_length >= 0) {
        return append_format(w, "%zds", text_length);
    }
    if (ct->code == FFIC_CODE_RECORD) {
        return append_record(w, ct);
    }
    const char *format = scalar_format(ct);
    if (format == NULL) {
        PyErr_Format(PyExc_BufferError, "ctype '%U' has no buffer format", ct->name);
        return -1;
    }
    return append(w, format, strlen(format));
}

static int
append_padding(writer *w, Py_ssize_t size)
{
    return size == 0 ? 0 : size == 1 ? append(w, "x", 1) : append_format(w, "%zdx", size);
}

/* What PEP 3118 cannot say is padding: bit-fields, a flexible array member, and of members that overlap all but the first. */
static int
append_members(writer *w, ffic_ctype *record)
{
    PyObject *fields = record->u.record.fields;
    Py_ssize_t place = 0;
    for (Py_ssize_t i = 0; fields != NULL && i < PyTuple_GET_SIZE(fields); i++) {
        ffic_cfield *field = (ffic_cfield *)PyTuple_GET_ITEM(fields, i);
        if (ffic_ctype_complete(field->type) < 0) {
            return -1;
        }
        if (field->bit_size >= 0 || field->offset < place || field->type->size < 0) {
            continue;
        }
        Py_ssize_t name_length;
        const char *name = PyUnicode_AsUTF8AndSize(field->name, &name_length);
        if (name == NULL || append_padding(w, field->offset - place) < 0 || append_type(w, field->type) < 0 ||
            append(w, ":", 1) < 0 || append(w, name, (size_t)name_length) < 0 || append(w, ":", 1) < 0) {
            return -1;
        }
        place = field->offset + field->type->size;
    }
    return append_padding(w, record->size - place);
}

static int
append_record(writer *w, ffic_ctype *record)
{
    if (ffic_ctype_complete(record) < 0 || Py_EnterRecursiveCall(" in the buffer format of a C struct")) {
        return -1;
    }
    int result = append(w, "T{", 2) < 0 || append_members(w, record) < 0 ? -1 : append(w, "}", 1);
    Py_LeaveRecursiveCall();
    return result;
}

/* ---- exporting ---------------------------------------------------------------------------------------------------------- */

/* What a Py_buffer refers to, in its `internal`. */
typedef struct {
    char *format; /* of a record: our own memory */
    Py_ssize_t numbers[]; /* shape, strides */
} exported;

/* The type whose memory `cd` exports: an array, a record, or what a pointer points to.  NULL with BufferError. */
static ffic_ctype *
exported_type(ffic_cdata *cd)
{
    ffic_ctype *ct = cd->type;
    if (ct->kind == FFIC_KIND_ARRAY && ffic_cdata_length(cd) >= 0) {
        return ct;
    }
    if (ct->code == FFIC_CODE_RECORD && ffic_ctype_complete(ct) == 0 && ct->size >= 0) {
        return ct;
    }
    if (PyErr_Occurred()) {
        return NULL;
    }
    if (ct->kind == FFIC_KIND_POINTER && ct->item->kind != FFIC_KIND_FUNCTION && ct->item->kind != FFIC_KIND_VOID) {
        if (ffic_ctype_complete(ct->item) < 0) {
            return NULL;
        }
        Py_ssize_t extent = ffic_cdata_is_released(cd) ? ct->item->size : ffic_cdata_extent(cd);
        if (ct->item->size >= 0 && extent >= ct->item->size) {
            return ct->item;
        }
        PyErr_Format(PyExc_BufferError,
                     "cdata '%U' points to memory of unknown size: take a slice, p[0:n], or ffi.buffer(p, size)", ct->name);
        return NULL;
    }
    PyErr_Format(PyExc_BufferError, "cdata '%U' has no memory that can be shown as a buffer", ct->name);
    return NULL;
}

static Py_ssize_t
count_dimensions(const ffic_ctype *ct)
{
    Py_ssize_t count = 0;
    for (; ct->code == FFIC_CODE_ARRAY; ct = ct->item) {
        count++;
    }
    return count;
}

/* Make the format, shape and strides of `view`.  -1 with an exception. */
static int
describe(ffic_cdata *cd, ffic_ctype *ct, Py_buffer *view, int flags)
{
    Py_ssize_t dimensions = count_dimensions(ct);
    if (dimensions > PyBUF_MAX_NDIM) {
        PyErr_Format(PyExc_BufferError, "cdata '%U' has %zd dimensions: a buffer can have %d", cd->type->name, dimensions,
                     PyBUF_MAX_NDIM);
        return -1;
    }
    exported *made = PyMem_Malloc(sizeof *made + 2 * (size_t)dimensions * sizeof(Py_ssize_t));
    if (made == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    made->format = NULL;
    Py_ssize_t *shape = made->numbers, *strides = made->numbers + dimensions, bytes = 1;
    for (Py_ssize_t i = 0; i < dimensions; i++, ct = ct->item) {
        shape[i] = ct->length < 0 ? ffic_cdata_length(cd) : ct->length;
        strides[i] = ct->item->size;
        bytes *= shape[i];
    }
    const char *format = ct->code == FFIC_CODE_RECORD ? NULL : scalar_format(ct);
    if (format == NULL && (flags & PyBUF_FORMAT)) {
        writer w = {NULL, 0, 0};
        if (append(&w, "^", 1) < 0 || append_type(&w, ct) < 0) {
            PyMem_Free(w.text);
            PyMem_Free(made);
            return -1;
        }
        made->format = w.text;
        format = w.text;
    }
    view->internal = made;
    view->len = bytes * ct->size;
    view->itemsize = ct->size;
    view->format = flags & PyBUF_FORMAT ? (char *)(uintptr_t)format : NULL;
    view->ndim = flags & PyBUF_ND ? (int)dimensions : 1;
    view->shape = flags & PyBUF_ND ? shape : NULL;
    view->strides = (flags & PyBUF_STRIDES) == PyBUF_STRIDES ? strides : NULL;
    return 0;
}

int
ffic_cdata_get_buffer(PyObject *self, Py_buffer *view, int flags)
{
    ffic_cdata *cd = (ffic_cdata *)self;
    view->obj = NULL;
    ffic_ctype *ct = exported_type(cd);
    if (ct == NULL) {
        return -1;
    }
    if (ffic_cdata_check_access(cd) < 0) {
        return -1;
    }
    view->readonly = ffic_cdata_is_readonly(cd);
    if (view->readonly && (flags & PyBUF_WRITABLE)) {
        PyErr_Format(PyExc_BufferError, "cdata '%U' is the memory of a read-only object", cd->type->name);
        return -1;
    }
    if ((flags & PyBUF_F_CONTIGUOUS) == PyBUF_F_CONTIGUOUS && count_dimensions(ct) > 1) {
        PyErr_Format(PyExc_BufferError, "cdata '%U' is not contiguous in the order of Fortran", cd->type->name);
        return -1;
    }
    if (describe(cd, ct, view, flags) < 0) {
        return -1;
    }
    if (ffic_cdata_export(cd) < 0) {
        PyMem_Free(((exported *)view->internal)->format);
        PyMem_Free(view->internal);
        return -1;
    }
    view->buf = cd->data;
    view->suboffsets = NULL;
    view->obj = Py_NewRef(self);
    return 0;
}

void
ffic_cdata_release_buffer(PyObject *self, Py_buffer *view)
{
    PyMem_Free(((exported *)view->internal)->format);
    PyMem_Free(view->internal);
    ffic_cdata_unexport((ffic_cdata *)self);
}
