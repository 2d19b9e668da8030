/* Indexing, slicing and iterating over arrays and pointers. */
#include "cdata_slots.h"
#include "convert.h"
#include "error_note.h"
#include "heap_type.h"
#include "keep_alive.h"
#include "small_ints.h"

/* ---- one item ----------------------------------------------------------------------------------------------- */

static char *
bad_index(ffic_cdata *cd, Py_ssize_t index, Py_ssize_t length)
{
    if (index < 0) {
        ffic_raise(PyExc_IndexError, "negative index %zd for cdata '%U'", index, cd->type->name);
    }
    else {
        ffic_raise(PyExc_IndexError, "index too large for cdata '%U' (expected %zd < %zd)", cd->type->name, index, length);
    }
    return NULL;
}

static char *
cannot_index(ffic_cdata *cd)
{
    PyErr_Format(PyExc_TypeError, "cdata of type '%U' cannot be indexed", cd->type->name);
    return NULL;
}

static char *
place_behind_pointer(ffic_cdata *cd, Py_ssize_t index)
{
    ffic_ctype *item = cd->type->item;
    if (item->kind == FFIC_KIND_FUNCTION) {
        return cannot_index(cd);
    }
    if (ffic_ctype_complete(item) < 0 || ffic_cdata_access(cd) < 0) {
        return NULL;
    }
    Py_ssize_t size = item->size;
    if (FFIC_UNLIKELY(size < 0)) {
        if (index == 0 && item->kind == FFIC_KIND_ARRAY) {
            return cd->data; /* a `T[]`: its first item is where it is, however long it may be */
        }
        PyErr_Format(PyExc_TypeError, "cdata '%U' points to items of unknown size: cannot index it", cd->type->name);
        return NULL;
    }
    Py_ssize_t offset;
    if (FFIC_UNLIKELY(__builtin_mul_overflow(index, size, &offset))) {
        PyErr_Format(PyExc_OverflowError, "index %zd of cdata '%U' is beyond the address space", index, cd->type->name);
        return NULL;
    }
    char *place = (char *)((uintptr_t)cd->data + (uintptr_t)offset);
    PyTypeObject *type = Py_TYPE(cd);
    ffic_state *state = item->state;
    if (type == state->cdata_type) {
        return place;
    }
    if (type == state->cdata_owning_type) {
        if (FFIC_UNLIKELY(index != 0)) {
            PyErr_Format(PyExc_IndexError, "cdata '%U' can only be indexed by 0, not by %zd: it owns one item", cd->type->name,
                         index);
            return NULL;
        }
        return place;
    }
    return ffic_cdata_check_range(cd, place, size) < 0 ? NULL : place;
}

/* Address of an item, NULL with an exception. */
static inline char *
place_of_item(ffic_cdata *cd, Py_ssize_t index)
{
    ffic_ctype *ct = cd->type;
    if (ct->kind == FFIC_KIND_ARRAY) {
        Py_ssize_t length = ct->length < 0 ? ffic_cdata_length(cd) : ct->length;
        /* A length that nobody knows is -1, which lets every index pass. */
        if (FFIC_UNLIKELY((size_t)index >= (size_t)length)) {
            return bad_index(cd, index, length);
        }
        if (FFIC_UNLIKELY(ffic_cdata_access(cd) < 0)) {
            return NULL;
        }
        return cd->data + index * ct->item->size;
    }
    return ct->kind == FFIC_KIND_POINTER ? place_behind_pointer(cd, index) : cannot_index(cd);
}

/* Who keeps an item's memory alive, for the items that are shown in place. */
static inline PyObject *
owner_of_item(ffic_cdata *cd)
{
    ffic_code code = (ffic_code)cd->type->item->code;
    return code == FFIC_CODE_RECORD || code == FFIC_CODE_ARRAY ? ffic_cdata_owner(cd) : NULL;
}

static inline bool
index_of(PyObject *key, Py_ssize_t *index)
{
    int64_t small;
    if (FFIC_LIKELY(ffic_small_int(key, &small))) {
        *index = (Py_ssize_t)small;
        return true;
    }
    *index = PyNumber_AsSsize_t(key, PyExc_IndexError);
    return *index != -1 || !PyErr_Occurred();
}

/* ---- slices --------------------------------------------------------------------------------------------------- */

typedef struct {
    char *data;
    ffic_ctype *item;
    Py_ssize_t length;
} span;

static int
slice_limits(PyObject *key, Py_ssize_t *start, Py_ssize_t *stop)
{
    PySliceObject *slice = (PySliceObject *)key;
    if (slice->start == Py_None || slice->stop == Py_None || slice->step != Py_None) {
        PyErr_SetString(PyExc_IndexError, slice->start == Py_None  ? "slice start must be specified"
                                          : slice->stop == Py_None ? "slice stop must be specified"
                                                                   : "slice with step not supported");
        return -1;
    }
    if (!index_of(slice->start, start) || !index_of(slice->stop, stop)) {
        return -1;
    }
    if (*start > *stop) {
        PyErr_SetString(PyExc_IndexError, "slice start > stop");
        ffic_error_note("the slice is %zd:%zd", *start, *stop);
        return -1;
    }
    return 0;
}

/* The memory that a slice covers; -1 with an exception. */
static int
span_of(ffic_cdata *cd, PyObject *key, span *result)
{
    ffic_ctype *ct = cd->type;
    Py_ssize_t start, stop;
    if (ct->kind != FFIC_KIND_ARRAY && (ct->kind != FFIC_KIND_POINTER || ct->item->kind == FFIC_KIND_FUNCTION)) {
        cannot_index(cd);
        return -1;
    }
    if (slice_limits(key, &start, &stop) < 0 || ffic_cdata_access(cd) < 0) {
        return -1;
    }
    Py_ssize_t size = ffic_ctype_complete(ct->item) < 0 ? -1 : ct->item->size;
    if (size < 0) {
        if (!PyErr_Occurred()) {
            PyErr_Format(PyExc_ValueError, "cdata '%U' points to items of unknown size: cannot slice it", ct->name);
        }
        return -1;
    }
    result->item = ct->item;
    result->length = (Py_ssize_t)((size_t)stop - (size_t)start);
    result->data = (char *)((uintptr_t)cd->data + (uintptr_t)start * (uintptr_t)size); /* used if the checks pass */
    if (ct->kind == FFIC_KIND_ARRAY) {
        Py_ssize_t length = ffic_cdata_length(cd);
        if (start < 0) {
            bad_index(cd, start, length);
            return -1;
        }
        if (length >= 0 && stop > length) {
            PyErr_Format(PyExc_IndexError, "index too large (expected %zd <= %zd)", stop, length);
            ffic_error_note("slice of cdata '%U'", ct->name);
            return -1;
        }
        return 0;
    }
    Py_ssize_t bytes, offset;
    if (__builtin_sub_overflow(stop, start, &result->length) || __builtin_mul_overflow(result->length, size, &bytes) ||
        __builtin_mul_overflow(start, size, &offset)) {
        PyErr_Format(PyExc_OverflowError, "slice %zd:%zd of cdata '%U' is beyond the address space", start, stop, ct->name);
        return -1;
    }
    return ffic_cdata_check_range(cd, result->data, bytes);
}

static PyObject *
get_slice(ffic_cdata *cd, PyObject *key)
{
    span part;
    if (span_of(cd, key, &part) < 0) {
        return NULL;
    }
    ffic_ctype *ct = cd->type->kind == FFIC_KIND_ARRAY && cd->type->length < 0
                         ? (ffic_ctype *)Py_NewRef((PyObject *)cd->type)
                         : ffic_ctype_array_of(part.item, -1);
    if (ct == NULL) {
        return NULL;
    }
    PyObject *result = ffic_cdata_derived(ct, part.data, cd, part.length);
    Py_DECREF(ct);
    return result;
}

static int
wrong_count(ffic_cdata *cd, Py_ssize_t expected, Py_ssize_t got)
{
    PyErr_Format(PyExc_ValueError, "need %zd values to assign to a slice of cdata '%U', got %s%zd", expected, cd->type->name,
                 got > expected ? "at least " : "", got);
    return -1;
}

static int
store_from_iterable(ffic_cdata *cd, const span *part, PyObject *value)
{
    PyObject *iterator = PyObject_GetIter(value);
    if (iterator == NULL) {
        return -1;
    }
    int result = 0;
    Py_ssize_t count = 0;
    PyObject *item;
    while (result == 0 && (item = PyIter_Next(iterator)) != NULL) {
        if (count == part->length) {
            result = wrong_count(cd, part->length, count + 1);
        }
        else {
            char *place = part->data + count * part->item->size;
            result = ffic_store(part->item, place, item);
            if (result == 0) {
                result = ffic_keep_stored(cd, part->item, place, -1, item);
            }
            count++;
        }
        Py_DECREF(item);
    }
    Py_DECREF(iterator);
    if (result == 0 && PyErr_Occurred()) {
        return -1;
    }
    return result == 0 && count < part->length ? wrong_count(cd, part->length, count) : result;
}

static int
set_slice(ffic_cdata *cd, PyObject *key, PyObject *value)
{
    span part;
    if (span_of(cd, key, &part) < 0 || ffic_cdata_access_for_write(cd) < 0) {
        return -1;
    }
    size_t size = (size_t)part.length * (size_t)part.item->size;
    if (part.item->code == FFIC_CODE_CHAR && (PyBytes_Check(value) || PyByteArray_Check(value))) {
        Py_ssize_t count = PyBytes_Check(value) ? PyBytes_GET_SIZE(value) : PyByteArray_GET_SIZE(value);
        if (count != part.length) {
            PyErr_Format(PyExc_ValueError, "need bytes of length %zd to assign to a slice of cdata '%U', got %zd", part.length,
                         cd->type->name, count);
            return -1;
        }
        memmove(part.data, PyBytes_Check(value) ? PyBytes_AS_STRING(value) : PyByteArray_AS_STRING(value), size);
        return 0;
    }
    if (ffic_is_cdata(cd->type->state, value)) {
        ffic_cdata *from = (ffic_cdata *)value;
        Py_ssize_t length = ffic_cdata_length(from);
        if (from->type->kind == FFIC_KIND_ARRAY && from->type->item == part.item && length == part.length) {
            if (length > 0) {
                if (ffic_cdata_access(from) < 0) {
                    return -1;
                }
                memmove(part.data, from->data, size);
            }
            bool pinned = ffic_cdata_pin(cd);
            int result = ffic_keep_stored(cd, from->type, part.data, (Py_ssize_t)size, value);
            ffic_cdata_unpin(cd, pinned);
            return result;
        }
    }
    /* What the iterator and the conversions do must not release the memory. */
    bool pinned = ffic_cdata_pin(cd);
    int result = store_from_iterable(cd, &part, value);
    ffic_cdata_unpin(cd, pinned);
    return result;
}

/* ---- the mapping protocol --------------------------------------------------------------------------------------- */

PyObject *
ffic_cdata_subscript(PyObject *self, PyObject *key)
{
    ffic_cdata *cd = (ffic_cdata *)self;
    Py_ssize_t index;
    if (PySlice_Check(key)) {
        return get_slice(cd, key);
    }
    if (FFIC_UNLIKELY(!index_of(key, &index))) {
        return NULL;
    }
    char *place = place_of_item(cd, index);
    if (FFIC_UNLIKELY(place == NULL)) {
        return NULL;
    }
    PyObject *owner = owner_of_item(cd);
    PyObject *item = ffic_load(cd->type->item, place, owner);
    if (owner == self && item != NULL && cd->type->kind == FFIC_KIND_POINTER && cd->type->item->code == FFIC_CODE_RECORD &&
        ffic_is_owning(cd->type->state, self) && Py_TYPE(item) == cd->type->state->cdata_view_type) {
        ((ffic_cdata_view *)item)->owner |= FFIC_IS_WHOLE;
    }
    return item;
}

int
ffic_cdata_ass_subscript(PyObject *self, PyObject *key, PyObject *value)
{
    ffic_cdata *cd = (ffic_cdata *)self;
    Py_ssize_t index;
    if (FFIC_UNLIKELY(value == NULL)) {
        PyErr_Format(PyExc_TypeError, "'del x[n]' not supported for cdata '%U'", cd->type->name);
        return -1;
    }
    if (PySlice_Check(key)) {
        return set_slice(cd, key, value);
    }
    if (FFIC_UNLIKELY(!index_of(key, &index))) {
        return -1;
    }
    char *place = place_of_item(cd, index);
    if (FFIC_UNLIKELY(place == NULL || ffic_cdata_access_for_write(cd) < 0)) {
        return -1;
    }
    ffic_ctype *item = cd->type->item;
    bool pinned = ffic_cdata_pin(cd);
    Py_ssize_t room = -1;
    int result;
    if (FFIC_UNLIKELY(item->code == FFIC_CODE_RECORD && (item->flags & FFIC_TYPE_FLEXIBLE))) {
        Py_ssize_t extent = ffic_cdata_extent(cd);
        room = extent < 0 ? -1 : extent - (place - cd->data);
        result = ffic_store_flexible(item, place, value, room);
    }
    else {
        result = ffic_store(item, place, value);
    }
    if (FFIC_UNLIKELY(pinned) && result == 0) {
        result = ffic_keep_stored(cd, item, place, room, value);
    }
    ffic_cdata_unpin(cd, pinned);
    return result;
}

Py_ssize_t
ffic_cdata_mp_length(PyObject *self)
{
    ffic_cdata *cd = (ffic_cdata *)self;
    Py_ssize_t length = ffic_cdata_length(cd);
    if (length < 0) {
        PyErr_Format(PyExc_TypeError, "cdata of type '%U' has no len()", cd->type->name);
    }
    return length;
}

/* ---- iteration ---------------------------------------------------------------------------------------------------- */

typedef struct {
    PyObject_HEAD
    ffic_cdata *array;
    ffic_ctype *item; /* of its type */
    Py_ssize_t index;
    Py_ssize_t length;
    bool is_plain_int32; /* the most common items, in memory that is there unless `array->data` is NULL */
} iterator;

PyObject *
ffic_cdata_iter(PyObject *self)
{
    ffic_cdata *cd = (ffic_cdata *)self;
    Py_ssize_t length = ffic_cdata_length(cd);
    if (length < 0) {
        PyErr_Format(PyExc_TypeError, "cdata '%U' does not support iteration", cd->type->name);
        return NULL;
    }
    iterator *it = PyObject_GC_New(iterator, cd->type->state->cdata_iterator_type);
    if (it == NULL) {
        return NULL;
    }
    it->array = (ffic_cdata *)Py_NewRef(self);
    it->item = cd->type->item;
    it->index = 0;
    it->length = length;
    bool is_plain = Py_TYPE(cd) == cd->type->state->cdata_owning_type || Py_TYPE(cd) == cd->type->state->cdata_type;
    it->is_plain_int32 = is_plain && it->item->code == FFIC_CODE_I32;
    PyObject_GC_Track((PyObject *)it);
    return (PyObject *)it;
}

static __attribute__((noinline)) PyObject *
next_of_any(iterator *it)
{
    ffic_cdata *cd = it->array;
    Py_ssize_t index = it->index;
    if (index >= it->length || ffic_cdata_access(cd) < 0) {
        return NULL;
    }
    it->index = index + 1;
    return ffic_load(it->item, cd->data + index * it->item->size, owner_of_item(cd));
}

static PyObject *
iterator_next(PyObject *self)
{
    iterator *it = (iterator *)self;
    Py_ssize_t index = it->index;
    const char *data = it->array->data;
    if (FFIC_UNLIKELY(!it->is_plain_int32 || index >= it->length || data == NULL)) {
        return next_of_any(it);
    }
    int32_t value;
    it->index = index + 1;
    memcpy(&value, data + index * (Py_ssize_t)sizeof value, sizeof value);
    return ffic_int(it->item->state, value);
}

static PyObject *
iterator_length_hint(PyObject *self, PyObject *unused)
{
    (void)unused;
    iterator *it = (iterator *)self;
    return PyLong_FromSsize_t(it->length - it->index);
}

static void
iterator_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    Py_DECREF(((iterator *)self)->array);
    PyObject_GC_Del(self);
    Py_DECREF(type);
}

static int
iterator_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(((iterator *)self)->array);
    return 0;
}

static PyMethodDef iterator_methods[] = {
    {"__length_hint__", iterator_length_hint, METH_NOARGS, "Number of items that are left."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot iterator_slots[] = {
    {Py_tp_doc, (void *)"Iterates over the items of an array."},
    {Py_tp_dealloc, (void *)iterator_dealloc},
    {Py_tp_traverse, (void *)iterator_traverse},
    {Py_tp_iter, (void *)PyObject_SelfIter},
    {Py_tp_iternext, (void *)iterator_next},
    {Py_tp_methods, iterator_methods},
    {0, NULL},
};

static PyType_Spec iterator_spec = {
    .name = "ffi_core._native.CDataIterator",
    .basicsize = sizeof(iterator),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = iterator_slots,
};

int
ffic_cdata_iterator_setup(PyObject *module, ffic_state *state)
{
    state->cdata_iterator_type = ffic_make_type(module, &iterator_spec, NULL);
    return state->cdata_iterator_type == NULL ? -1 : 0;
}
