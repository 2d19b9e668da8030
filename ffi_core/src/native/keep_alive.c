/* FFI(keep_alive=True): memory keeps alive what its pointers point to.
 *
 * Such an ffi makes a CDataGC, without a destructor, of memory that has room for pointers.  It has a dict, from the address of a pointer in
 * that memory to the Python object that owns what it points to.  What Python code stores through any cdata of the memory is entered there;
 * what C code stores, ffi.memmove() or ffi.buffer(), is not.
 *
 * After lists and structs were stored, the owners are found by comparing addresses: those of the pointers that are in the memory now, and
 * those of the cdata that the stored value consists of.  So storing itself has nothing to do with all this.
 */
#include "keep_alive.h"

#include "convert.h"

int
ffic_has_pointers(ffic_ctype *ct)
{
    while (ct->code == FFIC_CODE_ARRAY) {
        ct = ct->item;
    }
    if (ct->code != FFIC_CODE_RECORD) {
        return ct->code == FFIC_CODE_POINTER;
    }
    if (ffic_ctype_complete(ct) < 0 || Py_EnterRecursiveCall(" in a C struct")) {
        return -1;
    }
    PyObject *fields = ct->u.record.fields;
    int result = 0;
    for (Py_ssize_t i = 0; result == 0 && fields != NULL && i < PyTuple_GET_SIZE(fields); i++) {
        result = ffic_has_pointers(((ffic_cfield *)PyTuple_GET_ITEM(fields, i))->type);
    }
    Py_LeaveRecursiveCall();
    return result;
}

/* Whose memory it is, if that keeps things alive: the first of a chain of ffi.gc() on the same memory.  It has an ffic_gc_more. */
static ffic_cdata_gc *
keeper_of(ffic_cdata *cd)
{
    ffic_state *state = cd->type->state;
    PyObject *owner = ffic_cdata_owner(cd);
    ffic_cdata_gc *found = NULL;
    while (owner != NULL && Py_TYPE(owner) == state->cdata_gc_type) {
        ffic_cdata_gc *gc = (ffic_cdata_gc *)owner;
        const ffic_gc_more *more = ffic_gc_more_of(gc);
        found = more != NULL && more->keeps ? gc : found;
        owner = gc->origin == NULL ? NULL : ffic_cdata_owner((ffic_cdata *)gc->origin);
    }
    return found;
}

/* ---- the table of one keeper ------------------------------------------------------------------------------------------ */

static PyObject *
table_of(ffic_cdata_gc *keeper)
{
    PyObject *table;
    FFIC_BEGIN_CRITICAL_SECTION(keeper);
    if (keeper->u.more->kept == NULL) {
        keeper->u.more->kept = PyDict_New();
    }
    table = keeper->u.more->kept;
    FFIC_END_CRITICAL_SECTION();
    return table;
}

/* Enter the owner (may be NULL) of what the pointer at `place` points to. */
static int
enter(ffic_cdata_gc *keeper, const char *place, PyObject *owner)
{
    if (owner == (PyObject *)keeper) {
        owner = NULL;
    }
    if (owner == NULL && keeper->u.more->kept == NULL) {
        return 0;
    }
    PyObject *table = table_of(keeper);
    PyObject *key = table == NULL ? NULL : PyLong_FromVoidPtr((void *)(uintptr_t)place);
    if (key == NULL) {
        return -1;
    }
    int result = owner != NULL ? PyDict_SetItem(table, key, owner) : PyDict_Contains(table, key);
    if (owner == NULL && result > 0) {
        result = PyDict_DelItem(table, key);
    }
    Py_DECREF(key);
    return result < 0 ? -1 : 0;
}

/* ---- owners in a value -------------------------------------------------------------------------------------------------- */

/* Candidates are a dict: address of memory -> its owner. */
static int
add_candidate(PyObject *candidates, const char *address, PyObject *owner)
{
    PyObject *key = PyLong_FromVoidPtr((void *)(uintptr_t)address);
    int result = key == NULL ? -1 : PyDict_SetItem(candidates, key, owner);
    Py_XDECREF(key);
    return result;
}

/* What is kept by memory from which structs or arrays are copied. */
static int
add_kept(PyObject *candidates, ffic_cdata *from)
{
    ffic_cdata_gc *keeper = keeper_of(from);
    Py_ssize_t size = ffic_cdata_extent(from);
    if (keeper == NULL || keeper->u.more->kept == NULL || from->data == NULL) {
        return 0;
    }
    PyObject *copy = PyDict_Copy(keeper->u.more->kept), *key, *owner;
    Py_ssize_t position = 0;
    int result = copy == NULL ? -1 : 0;
    while (result == 0 && PyDict_Next(copy, &position, &key, &owner)) {
        const char *place = PyLong_AsVoidPtr(key);
        if (place >= from->data && place - from->data + (Py_ssize_t)sizeof(char *) <= size) {
            char *address;
            memcpy(&address, place, sizeof address);
            result = add_candidate(candidates, address, owner);
        }
    }
    Py_XDECREF(copy);
    return result;
}

static int collect(ffic_state *state, PyObject *value, PyObject *candidates);

static int
collect_items(ffic_state *state, PyObject *value, PyObject *candidates)
{
    PyObject *items = PyDict_Check(value) ? PyDict_Values(value) : PySequence_Tuple(value);
    int result = items == NULL || Py_EnterRecursiveCall(" in the initializer of a C struct") ? -1 : 0;
    if (result == 0) {
        Py_ssize_t count = PySequence_Fast_GET_SIZE(items);
        for (Py_ssize_t i = 0; result == 0 && i < count; i++) {
            result = collect(state, PySequence_Fast_GET_ITEM(items, i), candidates);
        }
        Py_LeaveRecursiveCall();
    }
    Py_XDECREF(items);
    return result;
}

static int
collect(ffic_state *state, PyObject *value, PyObject *candidates)
{
    if (PyList_Check(value) || PyTuple_Check(value) || PyDict_Check(value)) {
        return collect_items(state, value, candidates);
    }
    if (!ffic_is_cdata(state, value)) {
        return 0;
    }
    ffic_cdata *cd = (ffic_cdata *)value;
    PyObject *owner = ffic_cdata_owner(cd);
    if (owner != NULL && (cd->type->kind == FFIC_KIND_POINTER || cd->type->kind == FFIC_KIND_ARRAY) &&
        add_candidate(candidates, cd->data, owner) < 0) {
        return -1;
    }
    return cd->type->kind == FFIC_KIND_POINTER ? 0 : add_kept(candidates, cd);
}

/* ---- pointers in memory --------------------------------------------------------------------------------------------------- */

typedef struct {
    ffic_cdata_gc *keeper;
    PyObject *candidates;
    const char *end; /* of the memory */
} scan;

static int scan_memory(const scan *s, ffic_ctype *ct, const char *place);

static int
scan_array(const scan *s, ffic_ctype *ct, const char *place)
{
    int worth_it = ffic_has_pointers(ct->item);
    if (worth_it <= 0 || ct->item->size <= 0) {
        return worth_it < 0 ? -1 : 0;
    }
    Py_ssize_t length = ct->length < 0 ? (s->end - place) / ct->item->size : ct->length;
    for (Py_ssize_t i = 0; i < length; i++) {
        if (scan_memory(s, ct->item, place + i * ct->item->size) < 0) {
            return -1;
        }
    }
    return 0;
}

static int
scan_record(const scan *s, ffic_ctype *ct, const char *place)
{
    if (ffic_ctype_complete(ct) < 0 || Py_EnterRecursiveCall(" in a C struct")) {
        return -1;
    }
    PyObject *fields = ct->u.record.fields;
    int result = 0;
    for (Py_ssize_t i = 0; result == 0 && fields != NULL && i < PyTuple_GET_SIZE(fields); i++) {
        ffic_cfield *field = (ffic_cfield *)PyTuple_GET_ITEM(fields, i);
        result = scan_memory(s, field->type, place + field->offset);
    }
    Py_LeaveRecursiveCall();
    return result;
}

static int
scan_pointer(const scan *s, const char *place)
{
    char *address;
    if (s->end - place < (Py_ssize_t)sizeof address) {
        return 0;
    }
    memcpy(&address, place, sizeof address);
    PyObject *key = PyLong_FromVoidPtr(address);
    PyObject *owner = key == NULL ? NULL : ffic_dict_get(s->candidates, key);
    int result = PyErr_Occurred() ? -1 : 0;
    /* A pointer that is not in the value may be one that was left as it was: then what it keeps stays. */
    if (result == 0 && (owner != NULL || address == NULL)) {
        result = enter(s->keeper, place, owner);
    }
    Py_XDECREF(owner);
    Py_XDECREF(key);
    return result;
}

static int
scan_memory(const scan *s, ffic_ctype *ct, const char *place)
{
    return ct->code == FFIC_CODE_POINTER  ? scan_pointer(s, place)
           : ct->code == FFIC_CODE_ARRAY  ? scan_array(s, ct, place)
           : ct->code == FFIC_CODE_RECORD ? scan_record(s, ct, place)
                                          : 0;
}

static int
scan_stored(ffic_cdata_gc *keeper, ffic_ctype *ct, const char *place, Py_ssize_t size, PyObject *value)
{
    PyObject *candidates = PyDict_New();
    int result = candidates == NULL ? -1 : collect(ct->state, value, candidates);
    if (result == 0 && (keeper->u.more->kept != NULL || PyDict_GET_SIZE(candidates) > 0)) {
        scan s = {keeper, candidates, place + size};
        result = scan_memory(&s, ct, place);
    }
    Py_XDECREF(candidates);
    return result;
}

/* ---- entry points ----------------------------------------------------------------------------------------------------------- */

int
ffic_keep_stored_slow(ffic_cdata *cd, ffic_ctype *ct, const char *place, Py_ssize_t size, PyObject *value)
{
    ffic_cdata_gc *keeper = keeper_of(cd);
    if (keeper == NULL) {
        return 0;
    }
    if (ct->code != FFIC_CODE_POINTER) {
        int worth_it = ffic_has_pointers(ct);
        return worth_it <= 0 ? worth_it : scan_stored(keeper, ct, place, size < 0 ? ct->size : size, value);
    }
    if (ffic_is_cdata(ct->state, value)) {
        return enter(keeper, place, ffic_cdata_owner((ffic_cdata *)value));
    }
    bool is_file = ct->item == ct->state->file_type; /* the stream belongs to the Python file object */
    return enter(keeper, place, is_file ? value : NULL);
}

PyObject *
ffic_keeper_of_new(PyObject *memory, PyObject *init)
{
    ffic_cdata *cd = (ffic_cdata *)memory;
    if (cd == NULL) {
        return NULL;
    }
    ffic_ctype *ct = cd->type->kind == FFIC_KIND_POINTER ? cd->type->item : cd->type;
    int worth_it = ffic_has_pointers(ct);
    if (worth_it == 0) {
        return memory;
    }
    Py_ssize_t size = ffic_cdata_extent(cd);
    ffic_cdata_gc *keeper = NULL;
    if (worth_it > 0 && Py_TYPE(cd) == ct->state->cdata_gc_type) {
        keeper = (ffic_cdata_gc *)Py_NewRef(memory); /* of an allocator */
    }
    else if (worth_it > 0) {
        keeper = (ffic_cdata_gc *)ffic_cdata_with_destructor(cd->type, cd, NULL, ffic_cdata_length(cd), size);
    }
    ffic_gc_more *more = keeper == NULL ? NULL : ffic_gc_extend(keeper);
    if (more == NULL) {
        Py_CLEAR(keeper);
    }
    else {
        more->stands_in = more->stands_in || Py_TYPE(cd) != ct->state->cdata_gc_type;
        more->keeps = true;
    }
    Py_DECREF(memory);
    if (keeper != NULL && init != NULL && ffic_keep_stored_slow(&keeper->base, ct, keeper->base.data, size, init) < 0) {
        Py_CLEAR(keeper);
    }
    return (PyObject *)keeper;
}

PyObject *
ffic_keep_copy(ffic_cdata *original, PyObject *copy)
{
    return keeper_of(original) == NULL ? copy : ffic_keeper_of_new(copy, (PyObject *)original);
}
