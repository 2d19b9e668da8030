"""The parts of a generated C file that start Python in a program that knows nothing of it (embedding).

The functions of the library are trampolines, as those of ``extern "Python"``; the first call of any starts Python.  This
text names functions of the stable ABI only, and no Python header is needed.
"""

from __future__ import annotations

from typing import Final

# Before the user's source, which may use both.  The names are CFFI's, so that headers and sources stay as they are.
DECLARATIONS: Final = """\
#if !defined(__GNUC__)
#  error "embedding needs GCC or Clang"
#endif
/* Marks what C programs see of this library. */
#if !defined(CFFI_DLLEXPORT)
#  define CFFI_DLLEXPORT __attribute__((visibility("default")))
#endif
/* Starts Python now, and not in the first call of a function: 0, or -1 where that failed, which was printed. */
static __attribute__((unused)) int cffi_start_python(void);
"""

HEADERS: Final = """\
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>"""

CALL: Final = """\
static const struct ffic_runtime *ffic_runtime; /* set before the init code runs */
static int ffic_state;                          /* see ffic_start_python */
enum { FFIC_NEW, FFIC_STARTED, FFIC_FAILED };
static int ffic_start_python(void);

/* A C type as large as a frame of `n` slots, and as the result. */
#define FFIC_FRAME(n, size) \\
    union { char bytes[(size) > 16 * (n) ? (size) : 16 * (n)]; long double number; void *pointer; int64_t integer; }

static __attribute__((unused)) void ffic_call_python(uint32_t index, void *frame, size_t result_size)
{
    if (__atomic_load_n(&ffic_state, __ATOMIC_ACQUIRE) == FFIC_STARTED || ffic_start_python() == 0) {
        ffic_runtime->call_python(&@TABLE@, index, frame);
        return;
    }
    memset(frame, 0, result_size);
}

/* The frame is the only way here; see the same macros of plain libraries. */
#define FFIC_CALL_BODY(index, cast, arguments)
#define FFIC_RETURN_BODY(index, cast, arguments)
"""

START: Final = """\
#if !defined(Py_PYTHON_H)
/* The part of Python's stable ABI that is needed. */
typedef struct _object PyObject;
typedef struct _ts PyThreadState;
FFIC_IMPORT int (*PyOS_InputHook)(void);
FFIC_IMPORT int Py_IsInitialized(void);
FFIC_IMPORT void Py_InitializeEx(int handle_signals);
FFIC_IMPORT PyThreadState *PyEval_SaveThread(void);
FFIC_IMPORT void PyEval_RestoreThread(PyThreadState *state);
FFIC_IMPORT int PyGILState_Ensure(void);
FFIC_IMPORT void PyGILState_Release(int state);
FFIC_IMPORT PyThreadState *PyGILState_GetThisThreadState(void);
FFIC_IMPORT unsigned long PyThread_get_thread_ident(void);
FFIC_IMPORT PyObject *PyImport_ImportModule(const char *name);
FFIC_IMPORT void *PyCapsule_Import(const char *name, int no_block);
FFIC_IMPORT void PyErr_Print(void);
FFIC_IMPORT PyObject *PySys_GetObject(const char *name);
FFIC_IMPORT void PySys_FormatStderr(const char *format, ...);
FFIC_IMPORT void Py_DecRef(PyObject *object);
FFIC_IMPORT wchar_t *Py_DecodeLocale(const char *text, size_t *size);
FFIC_IMPORT void Py_SetProgramName(const wchar_t *name);
#endif

static void ffic_wait_a_little(void)
{
    const struct timespec pause = {0, 1000000};
    nanosleep(&pause, 0);
}

/* All libraries like this one share one Python, so one of them must start it while the others wait.  The only memory that
 * they surely have in common is Python's own.  The lock is: the hook that the interactive prompt calls before it waits for
 * a line is `Py_IsInitialized`, which does no harm there.  Nobody else sets it while Python starts. */
typedef int (*ffic_hook)(void);

static ffic_hook ffic_lock(void)
{
    for (;;) {
        ffic_hook hook = __atomic_load_n(&PyOS_InputHook, __ATOMIC_ACQUIRE);
        if (hook != Py_IsInitialized &&
            __atomic_compare_exchange_n(&PyOS_InputHook, &hook, Py_IsInitialized, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
            return hook;
        }
        ffic_wait_a_little();
    }
}

static void ffic_unlock(ffic_hook hook)
{
    ffic_hook locked = Py_IsInitialized;
    __atomic_compare_exchange_n(&PyOS_InputHook, &locked, hook, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

/* Python finds its modules from the place of its program.  An environment that is activated comes first, then the one that
 * this library was built in, then the python3 on the PATH. */
static void ffic_choose_program(void)
{
#if defined(FFIC_PROGRAM)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    if (getenv("VIRTUAL_ENV") == 0 && getenv("PYTHONHOME") == 0 && access(FFIC_PROGRAM, X_OK) == 0) {
        wchar_t *name = Py_DecodeLocale(FFIC_PROGRAM, 0);
        if (name != 0) {
            Py_SetProgramName(name); /* which keeps it */
        }
    }
#pragma GCC diagnostic pop
#endif
}

/* A program that opens this library for itself alone has done so with Python too.  But compiled modules look for Python's
 * functions among what is open to all. */
static void ffic_open_python_to_all(void)
{
    Dl_info python;
    void *start;
    void (*function)(int) = Py_InitializeEx;
    memcpy(&start, &function, sizeof start);
    if (dladdr(start, &python) != 0 && python.dli_fname != 0) {
        dlopen(python.dli_fname, RTLD_NOW | RTLD_GLOBAL | RTLD_NOLOAD); /* for as long as the program runs */
    }
}

/* Start Python, unless the program or another library has.  Tell whether it was started. */
static int ffic_start_interpreter(void)
{
    ffic_hook hook = ffic_lock();
    int start = !Py_IsInitialized();
    if (start) {
        ffic_open_python_to_all();
        ffic_choose_program();
        Py_InitializeEx(0);
        PyEval_SaveThread();
    }
    ffic_unlock(hook);
    return start;
}

static const struct ffic_runtime *ffic_find_runtime(void)
{
    PyObject *module = PyImport_ImportModule("ffi_core.runtime");
    const struct ffic_runtime *runtime = 0;
    if (module != 0) {
        Py_DecRef(module);
        runtime = (const struct ffic_runtime *)PyCapsule_Import("ffi_core._native._generated_module", 0);
    }
    if (runtime == 0) {
        PyErr_Print();
        PySys_FormatStderr("@MODULE@ was built with ffi_core @VERSION@ and needs it in the Python environment that it uses "
                           "(pip install \\"ffi-core>=@VERSION@\\"); all its functions return zero\\nsys.prefix: %R\\nsys.path: %R\\n",
                           PySys_GetObject("prefix"), PySys_GetObject("path"));
    }
    else if (runtime->version < FFIC_TABLE_VERSION || runtime->size < sizeof *runtime) {
        PySys_FormatStderr("@MODULE@ was built with ffi_core @VERSION@, but the installed ffi_core is older: pip install --upgrade "
                           "\\"ffi-core>=@VERSION@\\"; all its functions return zero\\n");
        runtime = 0;
    }
    return runtime;
}

/* Wait for the thread that runs the init code.  It needs the GIL, which this thread may have. */
static void ffic_wait_for_start(void)
{
    if (PyGILState_GetThisThreadState() == 0) {
        ffic_wait_a_little();
    }
    else {
        int gil = (int)PyGILState_Ensure();
        PyThreadState *state = PyEval_SaveThread();
        ffic_wait_a_little();
        PyEval_RestoreThread(state);
        PyGILState_Release(gil);
    }
}

/* Start Python and run the init code, in the thread that comes first; others wait until it is done.
 * 0: functions can be called; -1: not. */
static int ffic_start_python(void)
{
    static unsigned long starter;
    unsigned long self = PyThread_get_thread_ident(), other = 0;
    if (__atomic_compare_exchange_n(&starter, &other, self, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
        int started = ffic_start_interpreter();
        int gil = (int)PyGILState_Ensure();
        const struct ffic_runtime *runtime = ffic_find_runtime();
        int state = FFIC_FAILED;
        ffic_runtime = runtime;
        if (runtime != 0 && runtime->embed(&@TABLE@, ffic_init_code, started) == 0) {
            state = FFIC_STARTED;
        }
        __atomic_store_n(&ffic_state, state, __ATOMIC_RELEASE);
        PyGILState_Release(gil);
    }
    while (__atomic_load_n(&ffic_state, __ATOMIC_ACQUIRE) == FFIC_NEW) {
        if (other == self) {
            /* The init code itself calls a function of this library. */
            return ffic_runtime != 0 ? 0 : -1;
        }
        ffic_wait_for_start();
    }
    return ffic_state == FFIC_STARTED ? 0 : -1;
}

static int cffi_start_python(void)
{
    return ffic_start_python();
}
"""
