/* The debug mode: see debug.h. */
#include "debug.h"

#include <stdlib.h>

#include "heap_type.h"

/* One block of memory from ffi.new(). */
typedef struct trace {
    PyObject_HEAD
    const ffic_cdata *object; /* whose memory it is or was: an address */
    char *start;
    Py_ssize_t size;
    PyObject *made;     /* where: str */
    PyObject *ended;    /* where it was released or freed; NULL: it is alive */
    struct trace *next; /* in the queue of the buried */
    bool buried;        /* the block is ours to free */
} trace;

enum { BURIED_BLOCKS = 10000, BURIED_BYTES = 64 << 20, DEAD_HANDLES = 100000 };

struct ffic_debug {
    PyTypeObject *trace_type;
    PyObject *held;     /* dict: address of a cdata -> (how, name of its type, size, where) */
    PyObject *handles;  /* dict: number of a dead handle -> (where it was made, where it went) */
    trace **traces;     /* by address, with a reference each */
    size_t count, room;
    trace *oldest, *newest; /* the queue of the buried */
    size_t buried_blocks, buried_bytes;
};

/* The line of Python code that runs. */
static PyObject *
here(void)
{
    PyFrameObject *frame = PyEval_GetFrame();
    if (frame == NULL) {
        return PyUnicode_FromString("C code");
    }
    PyObject *code = (PyObject *)PyFrame_GetCode(frame);
    PyObject *file = PyObject_GetAttrString(code, "co_filename");
    PyObject *result = file == NULL ? NULL : PyUnicode_FromFormat("%S:%d", file, PyFrame_GetLineNumber(frame));
    Py_XDECREF(file);
    Py_DECREF(code);
    return result;
}

/* ---- what is held ------------------------------------------------------------------------------------------------- */

int
ffic_debug_hold(PyObject *object, const char *how, Py_ssize_t size)
{
    ffic_ctype *ct = ((ffic_cdata *)object)->type;
    PyObject *key = PyLong_FromVoidPtr(object), *place = here();
    PyObject *entry = place == NULL ? NULL : Py_BuildValue("(sOnO)", how, ct->name, size, place);
    int result = key == NULL || entry == NULL ? -1 : PyDict_SetItem(ct->state->debug->held, key, entry);
    Py_XDECREF(key);
    Py_XDECREF(place);
    Py_XDECREF(entry);
    return result;
}

/* Remember where a handle was made and where it went. */
static int
remember_handle(struct ffic_debug *debug, uintptr_t number, PyObject *entry)
{
    if (PyDict_GET_SIZE(debug->handles) >= DEAD_HANDLES) {
        PyDict_Clear(debug->handles);
    }
    PyObject *key = PyLong_FromSize_t(number), *place = here();
    PyObject *story = place == NULL ? NULL : PyTuple_Pack(2, PyTuple_GET_ITEM(entry, 3), place);
    int result = key == NULL || story == NULL ? -1 : PyDict_SetItem(debug->handles, key, story);
    Py_XDECREF(key);
    Py_XDECREF(place);
    Py_XDECREF(story);
    return result;
}

void
ffic_debug_let_go(PyObject *object)
{
    ffic_state *state = ((ffic_cdata *)object)->type->state;
    struct ffic_debug *debug = state->debug;
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyObject *key = PyLong_FromVoidPtr(object);
    PyObject *entry = key == NULL ? NULL : ffic_dict_get(debug->held, key);
    if (entry != NULL) {
        (void)PyDict_DelItem(debug->held, key);
        if (Py_TYPE(object) == state->cdata_handle_type) {
            (void)remember_handle(debug, (uintptr_t)((ffic_cdata *)object)->data, entry);
        }
    }
    Py_XDECREF(entry);
    Py_XDECREF(key);
    PyErr_Clear(); /* out of memory: then less is known */
    PyErr_Restore(type, value, traceback);
}

static PyObject *
held(PyObject *module, PyObject *unused)
{
    (void)unused;
    ffic_state *state = PyModule_GetState(module);
    return state->debug == NULL ? PyList_New(0) : PyDict_Values(state->debug->held);
}

/* ---- traces of memory --------------------------------------------------------------------------------------------- */

static void
trace_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    Py_XDECREF(((trace *)self)->made);
    Py_XDECREF(((trace *)self)->ended);
    PyObject_Free(self);
    Py_DECREF(type);
}

/* The number of traces at and below an address. */
static size_t
count_up_to(const struct ffic_debug *debug, const void *address)
{
    size_t low = 0, high = debug->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if ((uintptr_t)debug->traces[middle]->object <= (uintptr_t)address) {
            low = middle + 1;
        }
        else {
            high = middle;
        }
    }
    return low;
}

static trace *
trace_of(const struct ffic_debug *debug, const ffic_cdata *cd)
{
    size_t count = count_up_to(debug, cd);
    trace *found = count > 0 ? debug->traces[count - 1] : NULL;
    return found != NULL && found->object == cd ? found : NULL;
}

static void
forget(struct ffic_debug *debug, trace *t)
{
    size_t count = count_up_to(debug, t->object);
    memmove(&debug->traces[count - 1], &debug->traces[count], (debug->count - count) * sizeof(trace *));
    debug->count--;
    if (t->buried) {
        PyObject_Free((void *)(uintptr_t)t->object);
    }
    t->size = 0;
    Py_DECREF(t);
}

static int
add_trace(struct ffic_debug *debug, trace *t)
{
    if (debug->count == debug->room) {
        size_t room = debug->room == 0 ? 64 : 2 * debug->room;
        trace **traces = PyMem_Realloc(debug->traces, room * sizeof(trace *));
        if (traces == NULL) {
            PyErr_NoMemory();
            return -1;
        }
        debug->traces = traces;
        debug->room = room;
    }
    size_t place = count_up_to(debug, t->object);
    memmove(&debug->traces[place + 1], &debug->traces[place], (debug->count - place) * sizeof(trace *));
    debug->traces[place] = t;
    debug->count++;
    return 0;
}

int
ffic_debug_watch(ffic_cdata *cd, Py_ssize_t size)
{
    struct ffic_debug *debug = cd->type->state->debug;
    trace *t = PyObject_New(trace, debug->trace_type);
    if (t == NULL) {
        return -1;
    }
    t->object = cd;
    t->start = cd->data;
    t->size = size;
    t->made = here();
    t->ended = NULL;
    t->next = NULL;
    t->buried = false;
    int result = -1;
    if (t->made != NULL) {
        FFIC_BEGIN_CRITICAL_SECTION(debug->held);
        result = add_trace(debug, t);
        FFIC_END_CRITICAL_SECTION();
    }
    if (result < 0) {
        Py_DECREF(t);
    }
    return result;
}

static void
end(trace *t)
{
    if (t->ended == NULL) {
        PyObject *type, *value, *traceback;
        PyErr_Fetch(&type, &value, &traceback);
        t->ended = here();
        if (t->ended == NULL) {
            PyErr_Clear();
            t->ended = Py_NewRef(Py_None); /* a str where there is memory for one */
        }
        PyErr_Restore(type, value, traceback);
    }
}

void
ffic_debug_end(ffic_cdata *cd)
{
    struct ffic_debug *debug = cd->type->state->debug;
    ffic_debug_let_go((PyObject *)cd);
    FFIC_BEGIN_CRITICAL_SECTION(debug->held);
    trace *t = trace_of(debug, cd);
    if (t != NULL) {
        end(t);
    }
    FFIC_END_CRITICAL_SECTION();
}

static void
bury(struct ffic_debug *debug, trace *t)
{
    enum { LOOKS_FREED = 0xDD };
    end(t);
    memset(t->start, LOOKS_FREED, (size_t)t->size);
    t->buried = true;
    *(debug->newest == NULL ? &debug->oldest : &debug->newest->next) = t;
    debug->newest = t;
    debug->buried_blocks++;
    debug->buried_bytes += (size_t)t->size;
    while (debug->buried_blocks > BURIED_BLOCKS || debug->buried_bytes > BURIED_BYTES) {
        trace *gone = debug->oldest;
        debug->oldest = gone->next;
        debug->newest = gone == debug->newest ? NULL : debug->newest;
        debug->buried_blocks--;
        debug->buried_bytes -= (size_t)gone->size;
        forget(debug, gone);
    }
}

bool
ffic_debug_bury(ffic_cdata *cd)
{
    struct ffic_debug *debug = cd->type->state->debug;
    bool kept = false;
    FFIC_BEGIN_CRITICAL_SECTION(debug->held);
    trace *t = trace_of(debug, cd);
    if (t != NULL) {
        bury(debug, t);
        kept = true;
    }
    FFIC_END_CRITICAL_SECTION();
    if (kept) {
        ffic_debug_let_go((PyObject *)cd);
    }
    return kept;
}

PyObject *
ffic_debug_trace(ffic_state *state, const char *data)
{
    struct ffic_debug *debug = state->debug;
    PyObject *found = NULL;
    FFIC_BEGIN_CRITICAL_SECTION(debug->held);
    size_t count = count_up_to(debug, data);
    trace *t = count > 0 ? debug->traces[count - 1] : NULL;
    /* One past the last byte belongs to it too: the next block begins with the head of an object. */
    if (t != NULL && (uintptr_t)data >= (uintptr_t)t->start && (uintptr_t)data - (uintptr_t)t->start <= (uintptr_t)t->size) {
        found = Py_NewRef((PyObject *)t);
    }
    FFIC_END_CRITICAL_SECTION();
    return found;
}

bool
ffic_debug_is_trace(PyObject *owner)
{
    return Py_TYPE(owner)->tp_dealloc == trace_dealloc;
}

bool
ffic_debug_is_ended(PyObject *owner)
{
    return ffic_debug_is_trace(owner) && ((trace *)owner)->ended != NULL;
}

void
ffic_debug_range(PyObject *owner, char **start, Py_ssize_t *size)
{
    *start = ((trace *)owner)->start;
    *size = ((trace *)owner)->size;
}

/* ---- stories ------------------------------------------------------------------------------------------------------- */

static PyObject *
story(PyObject *made, PyObject *ended)
{
    return ended == NULL ? PyUnicode_FromFormat(" (made at %S)", made)
                         : PyUnicode_FromFormat(" (made at %S, gone at %S)", made, ended);
}

PyObject *
ffic_debug_story(ffic_cdata *cd)
{
    struct ffic_debug *debug = cd->type->state->debug;
    PyObject *owner = debug == NULL ? NULL : ffic_cdata_owner(cd), *made = NULL, *ended = NULL;
    if (owner != NULL) {
        FFIC_BEGIN_CRITICAL_SECTION(debug->held);
        const trace *t = ffic_debug_is_trace(owner) ? (trace *)owner : trace_of(debug, (ffic_cdata *)owner);
        if (t != NULL) {
            made = Py_NewRef(t->made);
            ended = Py_XNewRef(t->ended);
        }
        FFIC_END_CRITICAL_SECTION();
    }
    PyObject *result = made == NULL ? PyUnicode_FromString("") : story(made, ended);
    Py_XDECREF(made);
    Py_XDECREF(ended);
    return result;
}

PyObject *
ffic_debug_handle_story(ffic_state *state, uintptr_t number)
{
    PyObject *key = state->debug == NULL ? NULL : PyLong_FromSize_t(number);
    PyObject *entry = key == NULL ? NULL : ffic_dict_get(state->debug->handles, key);
    PyObject *result = NULL;
    if (!PyErr_Occurred()) {
        result = entry == NULL ? PyUnicode_FromString("") : story(PyTuple_GET_ITEM(entry, 0), PyTuple_GET_ITEM(entry, 1));
    }
    Py_XDECREF(key);
    Py_XDECREF(entry);
    return result;
}

/* ---- on and off ---------------------------------------------------------------------------------------------------- */

static PyType_Slot trace_slots[] = {
    {Py_tp_doc, (void *)"What the debug mode knows of a block of memory."},
    {Py_tp_dealloc, (void *)trace_dealloc},
    {0, NULL},
};

static PyType_Spec trace_spec = {
    .name = "ffi_core._native.Trace",
    .basicsize = sizeof(trace),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = trace_slots,
};

static PyMethodDef debug_functions[] = {
    {"_held", held, METH_NOARGS, "In debug mode, list what holds a resource: how it was made, its type, its size, and where."},
    {NULL, NULL, 0, NULL},
};

int
ffic_debug_setup(PyObject *module, ffic_state *state)
{
    const char *wanted = getenv("FFI_CORE_DEBUG");
    if (wanted == NULL || *wanted == '\0' || strcmp(wanted, "0") == 0) {
        return 0;
    }
    struct ffic_debug *debug = PyMem_Calloc(1, sizeof *debug);
    if (debug == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    debug->held = PyDict_New();
    debug->handles = PyDict_New();
    debug->trace_type = ffic_make_type(module, &trace_spec, NULL);
    state->debug = debug;
    if (debug->held == NULL || debug->handles == NULL || debug->trace_type == NULL || PyModule_AddFunctions(module, debug_functions) < 0) {
        ffic_debug_teardown(state);
        return -1;
    }
    PyObject *helper = PyImport_ImportModule("ffi_core.debug");
    PyObject *done = helper == NULL ? NULL : PyObject_CallMethod(helper, "report_at_exit", "O", module);
    Py_XDECREF(helper);
    Py_XDECREF(done);
    return done == NULL ? -1 : 0;
}

int
ffic_debug_traverse(ffic_state *state, visitproc visit, void *arg)
{
    if (state->debug != NULL) {
        Py_VISIT(state->debug->held);
        Py_VISIT(state->debug->handles);
        Py_VISIT(state->debug->trace_type);
    }
    return 0;
}

void
ffic_debug_teardown(ffic_state *state)
{
    struct ffic_debug *debug = state->debug;
    if (debug == NULL) {
        return;
    }
    state->debug = NULL;
    while (debug->count > 0) {
        trace *t = debug->traces[debug->count - 1];
        end(t); /* nobody would tell it later */
        forget(debug, t);
    }
    PyMem_Free(debug->traces);
    Py_XDECREF(debug->held);
    Py_XDECREF(debug->handles);
    Py_XDECREF(debug->trace_type);
    PyMem_Free(debug);
}
