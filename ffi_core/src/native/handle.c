/* Handles: the `void *` values that ffi.new_handle gives for Python objects.
 *
 * A value is a number that is used once in the life of an interpreter, not an address: so ffi.from_handle can tell a live handle from
 * one that died and from any other pointer, and never touches memory that it does not know.
 * The numbers of live handles are the keys of a hash table with open addressing; as they count up, neighbours rarely collide.
 */
#include "cdata.h"
#include "debug.h"
#include "ffi_object.h"

typedef ffic_cdata_handle *slot; /* NULL: free.  Borrowed: a handle leaves the table when it dies */

typedef struct ffic_handle_table {
    slot *slots;
    size_t mask; /* number of slots - 1 */
    size_t used;
    uintptr_t next;
    ffic_state *state;
} handle_table;

/* Numbers are multiples of this: C code may keep flags in the low bits of what it takes for a pointer. */
enum { STEP = 16, FIRST_SIZE = 64 };

static const char capsule_name[] = "ffi_core._native.handles";

static void
free_table(PyObject *capsule)
{
    handle_table *table = PyCapsule_GetPointer(capsule, capsule_name);
    table->state->handle_table = NULL; /* the last handles may go after this */
    PyMem_Free(table->slots);
    PyMem_Free(table);
}

int
ffic_handles_setup(ffic_state *state)
{
    handle_table *table = PyMem_Calloc(1, sizeof *table);
    slot *slots = PyMem_Calloc(FIRST_SIZE, sizeof *slots);
    if (table == NULL || slots == NULL) {
        PyMem_Free(table);
        PyMem_Free(slots);
        PyErr_NoMemory();
        return -1;
    }
    table->slots = slots;
    table->state = state;
    table->mask = FIRST_SIZE - 1;
    /* Each interpreter starts elsewhere, so that a handle of another one is most likely unknown here. */
    table->next = ((uintptr_t)table << 8 ^ (uintptr_t)table >> 12) / STEP * STEP + STEP;
    Py_XSETREF(state->handles, PyCapsule_New(table, capsule_name, free_table));
    state->handle_table = table;
    if (state->handles == NULL) {
        PyMem_Free(slots);
        PyMem_Free(table);
        return -1;
    }
    return 0;
}

static inline uintptr_t
number_of(const ffic_cdata_handle *handle)
{
    return (uintptr_t)handle->base.data;
}

static inline size_t
home_of(const handle_table *table, uintptr_t number)
{
    return (size_t)(number / STEP) & table->mask;
}

static slot *
find(const handle_table *table, uintptr_t number)
{
    size_t i = home_of(table, number);
    while (table->slots[i] != NULL && number_of(table->slots[i]) != number) {
        i = (i + 1) & table->mask;
    }
    return &table->slots[i];
}

static int
grow(handle_table *table)
{
    handle_table bigger = *table;
    bigger.mask = 2 * table->mask + 1;
    bigger.slots = PyMem_Calloc(bigger.mask + 1, sizeof *bigger.slots);
    if (bigger.slots == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    for (size_t i = 0; i <= table->mask; i++) {
        if (table->slots[i] != NULL) {
            *find(&bigger, number_of(table->slots[i])) = table->slots[i];
        }
    }
    PyMem_Free(table->slots);
    *table = bigger;
    return 0;
}

int
ffic_handle_register(ffic_state *state, ffic_cdata_handle *handle)
{
    handle_table *table = state->handle_table;
    int result = -1;
    if (table == NULL) {
        PyErr_SetString(PyExc_RuntimeError, "ffi_core is shutting down");
        return -1;
    }
    FFIC_BEGIN_CRITICAL_SECTION(state->handles);
    if (2 * table->used < table->mask || grow(table) == 0) {
        uintptr_t number;
        slot *place;
        do { /* the count may have come round, if pointers have 32 bits */
            number = table->next;
            table->next += STEP;
            place = find(table, number);
        } while (number == 0 || *place != NULL);
        handle->base.data = (char *)number;
        *place = handle;
        table->used++;
        result = 0;
    }
    FFIC_END_CRITICAL_SECTION();
    return result;
}

void
ffic_handle_forget(ffic_state *state, uintptr_t number)
{
    handle_table *table = state->handle_table;
    if (table == NULL) {
        return;
    }
    FFIC_BEGIN_CRITICAL_SECTION(state->handles);
    slot *place = find(table, number);
    if (number != 0 && *place != NULL) {
        size_t hole = (size_t)(place - table->slots);
        table->used--;
        /* Close the hole: move back what would not be found behind it. */
        for (size_t i = (hole + 1) & table->mask; table->slots[i] != NULL; i = (i + 1) & table->mask) {
            size_t home = home_of(table, number_of(table->slots[i]));
            if (((i - home) & table->mask) >= ((i - hole) & table->mask)) {
                table->slots[hole] = table->slots[i];
                hole = i;
            }
        }
        table->slots[hole] = NULL;
    }
    FFIC_END_CRITICAL_SECTION();
}

PyObject *
ffic_handle_object(ffic_state *state, uintptr_t number)
{
    handle_table *table = state->handle_table;
    PyObject *object = NULL;
    if (table == NULL) {
        return NULL;
    }
    FFIC_BEGIN_CRITICAL_SECTION(state->handles);
    slot *place = find(table, number);
    if (number != 0 && *place != NULL) {
        object = Py_NewRef((*place)->object);
    }
    FFIC_END_CRITICAL_SECTION();
    return object;
}

/* ---- ffi.new_handle, ffi.from_handle --------------------------------------------------------------------------- */

PyObject *
ffic_ffi_new_handle(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *keywords)
{
    static const char *const names[] = {"obj", NULL};
    PyObject *values[1];
    ffic_state *state = ((ffic_ffi *)self)->state;
    if (FFIC_LIKELY(keywords == NULL && count == 1)) {
        values[0] = args[0];
    }
    else if (ffic_arguments("new_handle", names, 1, args, count, keywords, values) < 0) {
        return NULL;
    }
    return ffic_cdata_handle_of(state, values[0]);
}

PyObject *
ffic_ffi_from_handle(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *keywords)
{
    static const char *const names[] = {"x", NULL};
    PyObject *values[1];
    ffic_state *state = ((ffic_ffi *)self)->state;
    if (FFIC_LIKELY(keywords == NULL && count == 1)) {
        values[0] = args[0];
    }
    else if (ffic_arguments("from_handle", names, 1, args, count, keywords, values) < 0) {
        return NULL;
    }
    if (Py_TYPE(values[0]) == state->cdata_handle_type) {
        return Py_NewRef(((ffic_cdata_handle *)values[0])->object);
    }
    if (!ffic_is_cdata(state, values[0])) {
        PyErr_Format(PyExc_TypeError, "expected a 'cdata' object with a 'void *' out of new_handle(), not %s",
                     Py_TYPE(values[0])->tp_name);
        return NULL;
    }
    ffic_cdata *cd = (ffic_cdata *)values[0];
    ffic_ctype *ct = cd->type;
    if (ct->kind != FFIC_KIND_POINTER || !((ct->flags & FFIC_TYPE_POINTS_TO_VOID) || ct->item->code == FFIC_CODE_CHAR)) {
        PyErr_Format(PyExc_TypeError, "expected a 'cdata' object with a 'void *' out of new_handle(), got '%U'", ct->name);
        return NULL;
    }
    if (cd->data == NULL) {
        PyErr_Format(PyExc_RuntimeError, "cannot use from_handle() on NULL pointer: cdata '%U'", ct->name);
        return NULL;
    }
    PyObject *object = ffic_handle_object(state, (uintptr_t)cd->data);
    if (object == NULL) {
        PyObject *story = ffic_debug_handle_story(state, (uintptr_t)cd->data);
        if (story != NULL) {
            PyErr_Format(PyExc_RuntimeError,
                         "cdata '%U' %p is no handle that is alive: it did not come from new_handle(), or the object that "
                         "new_handle() returned was not kept%U",
                         ct->name, cd->data, story);
            Py_DECREF(story);
        }
    }
    return object;
}
