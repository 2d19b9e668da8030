/* Python.h, and what differs between the CPython versions that we build for.  No other file tests PY_VERSION_HEX. */
#ifndef FFIC_COMPAT_H
#define FFIC_COMPAT_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define FFIC_LIKELY(x) __builtin_expect(!!(x), 1)
#define FFIC_UNLIKELY(x) __builtin_expect(!!(x), 0)

#if PY_VERSION_HEX < 0x030A0000
static inline PyObject *
Py_NewRef(PyObject *object)
{
    Py_INCREF(object);
    return object;
}

static inline PyObject *
Py_XNewRef(PyObject *object)
{
    Py_XINCREF(object);
    return object;
}

static inline int
PyModule_AddObjectRef(PyObject *module, const char *name, PyObject *value)
{
    Py_INCREF(value);
    int result = PyModule_AddObject(module, name, value);
    if (result < 0) {
        Py_DECREF(value);
    }
    return result;
}
#define Py_TPFLAGS_IMMUTABLETYPE 0
#define Py_TPFLAGS_DISALLOW_INSTANTIATION 0
#endif

/* Locks of free-threaded builds; nothing where the GIL does the work. */
#ifdef Py_GIL_DISABLED
#define FFIC_BEGIN_CRITICAL_SECTION(object) Py_BEGIN_CRITICAL_SECTION(object)
#define FFIC_END_CRITICAL_SECTION() Py_END_CRITICAL_SECTION()
#else
#define FFIC_BEGIN_CRITICAL_SECTION(object) {                                                                                  \
    (void)(object);
#define FFIC_END_CRITICAL_SECTION() }
#endif

/* Does the GIL guard what no Python code is called in the middle of? */
#ifdef Py_GIL_DISABLED
#define FFIC_HAS_GIL 0
#else
#define FFIC_HAS_GIL 1
#endif

/* Free lists are for builds in which the GIL guards them. */
#define FFIC_HAS_FREE_LISTS FFIC_HAS_GIL

/* Does the interpreter cache look-ups in the dictionary of an instance whose class has a __getattr__, and is the AttributeError that comes
 * before the first one never made? */
#define FFIC_CACHES_GETATTR (PY_VERSION_HEX >= 0x030C0000)

/* Pointers that are written once, under a lock, and read without one. */
#define FFIC_LOAD_POINTER(place) __atomic_load_n(&(place), __ATOMIC_ACQUIRE)
#define FFIC_STORE_POINTER(place, value) __atomic_store_n(&(place), (value), __ATOMIC_RELEASE)

/* Do the small ints of the interpreter live as long as it, whoever counts references to them? */
#define FFIC_SMALL_INTS_STAY (PY_VERSION_HEX >= 0x030C0000)

/* If `object` is an exact int of one digit, stores its value and returns true. */
static inline bool
ffic_small_int(PyObject *object, int64_t *value)
{
    if (!PyLong_CheckExact(object)) {
        return false;
    }
#if PY_VERSION_HEX >= 0x030C0000
    if (!PyUnstable_Long_IsCompact((PyLongObject *)object)) {
        return false;
    }
    *value = (int64_t)PyUnstable_Long_CompactValue((PyLongObject *)object);
    return true;
#else
    /* The most common first. */
    if (FFIC_LIKELY(Py_SIZE(object) == 1)) {
        *value = (int64_t)((PyLongObject *)object)->ob_digit[0];
        return true;
    }
    if (Py_SIZE(object) == 0) {
        *value = 0;
        return true;
    }
    if (Py_SIZE(object) == -1) {
        *value = -(int64_t)((PyLongObject *)object)->ob_digit[0];
        return true;
    }
    return false;
#endif
}

/* Hand the exception that is set to sys.unraisablehook, as "Exception ignored BEFORE OBJECT AFTER". */
static inline void
ffic_write_unraisable(const char *before, PyObject *object, const char *after)
{
#if PY_VERSION_HEX >= 0x030D0000
    PyErr_FormatUnraisable("Exception ignored %s %R%s", before, object, after);
#else
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyObject *text = PyUnicode_FromFormat("%s %R%s", before, object, after);
    const char *bytes = text == NULL ? NULL : PyUnicode_AsUTF8(text);
    PyErr_Clear();
    PyErr_Restore(type, value, traceback);
    _PyErr_WriteUnraisableMsg(bytes == NULL ? before : bytes, NULL);
    Py_XDECREF(text);
#endif
}

/* A new tuple of a subclass of tuple, whose items are still NULL. */
static inline PyObject *
ffic_tuple_of_type(PyTypeObject *type, Py_ssize_t length)
{
    PyObject *tuple = type->tp_alloc(type, length);
#if PY_VERSION_HEX >= 0x030E0000
    if (tuple != NULL) {
        ((PyTupleObject *)tuple)->ob_hash = -1; /* not known yet */
    }
#endif
    return tuple;
}

/* Returns a strong reference to the referent of a weak reference, or NULL without an exception. */
static inline PyObject *
ffic_weakref_get(PyObject *reference)
{
#if PY_VERSION_HEX >= 0x030D0000
    PyObject *object = NULL;
    if (PyWeakref_GetRef(reference, &object) < 0) {
        PyErr_Clear();
    }
    return object;
#else
    PyObject *object = PyWeakref_GetObject(reference);
    return object == Py_None || object == NULL ? NULL : Py_NewRef(object);
#endif
}

/* Returns a new reference to item `i` of a list, or NULL without an exception where the list is not as long. */
static inline PyObject *
ffic_list_get(PyObject *list, Py_ssize_t i)
{
#ifdef Py_GIL_DISABLED
    PyObject *item = PyList_GetItemRef(list, i);
    if (item == NULL) {
        PyErr_Clear();
    }
    return item;
#else
    return i < PyList_GET_SIZE(list) ? Py_NewRef(PyList_GET_ITEM(list, i)) : NULL;
#endif
}

/* Returns a new reference to the item, NULL with no exception where there is none, NULL with one on failure. */
static inline PyObject *
ffic_dict_get(PyObject *dict, PyObject *key)
{
#if PY_VERSION_HEX >= 0x030D0000
    PyObject *value = NULL;
    (void)PyDict_GetItemRef(dict, key, &value);
    return value;
#else
    return Py_XNewRef(PyDict_GetItemWithError(dict, key));
#endif
}

/* Returns a new reference to the item, which is `value` where there was none; NULL with an exception.  Of several threads, one wins. */
static inline PyObject *
ffic_dict_setdefault(PyObject *dict, PyObject *key, PyObject *value)
{
#if PY_VERSION_HEX >= 0x030D0000
    PyObject *result = NULL;
    (void)PyDict_SetDefaultRef(dict, key, value, &result);
    return result;
#else
    return Py_XNewRef(PyDict_SetDefault(dict, key, value));
#endif
}

/* The thread state that is taken up now, or NULL; before 3.12 it may be another thread's. */
static inline PyThreadState *
ffic_current_thread_state(void)
{
#if PY_VERSION_HEX >= 0x030D0000
    return PyThreadState_GetUnchecked();
#else
    return _PyThreadState_UncheckedGet();
#endif
}

static inline bool
ffic_is_of_this_thread(PyThreadState *state)
{
#if PY_VERSION_HEX >= 0x030C0000
    (void)state;
    return true;
#else
    return state->thread_id == PyThread_get_thread_ident();
#endif
}

/* Is the interpreter shutting down?  May be asked without a thread state. */
static inline bool
ffic_is_finalizing(void)
{
#if PY_VERSION_HEX >= 0x030D0000
    return Py_IsFinalizing();
#else
    return _Py_IsFinalizing();
#endif
}

#endif
