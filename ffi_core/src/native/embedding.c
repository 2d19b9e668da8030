/* Embedding: making the module of a library for C programs, and running its init code. */
#include "embedding.h"

#include <stdlib.h>

#include "boundary.h"
#include "generated_module.h"

/* Call a function of ffi_core/embedding.py.  New reference, or NULL with an exception. */
static PyObject *
call_python_part(const char *function, PyObject *arguments)
{
    PyObject *module = PyImport_ImportModule("ffi_core.embedding");
    PyObject *callable = module == NULL ? NULL : PyObject_GetAttrString(module, function);
    PyObject *result = callable == NULL ? NULL : PyObject_CallObject(callable, arguments);
    Py_XDECREF(callable);
    Py_XDECREF(module);
    return result;
}

/* At the end of a program in which a library started Python. */
static void
end_program(void)
{
    if (!Py_IsInitialized() || ffic_is_finalizing()) {
        return;
    }
    ffic_python_stays();
    PyGILState_STATE gil = PyGILState_Ensure();
    PyObject *done = call_python_part("end_program", NULL);
    if (done == NULL) {
        PyErr_Print();
    }
    Py_XDECREF(done);
    PyGILState_Release(gil);
}

/* A module that no file has: made from the table, as an import would. */
static int
make_module(const struct ffic_table *table)
{
    PyModuleDef *definition = ffic_module_definition(table);
    PyObject *machinery = definition == NULL ? NULL : PyImport_ImportModule("importlib.machinery");
    PyObject *spec = machinery == NULL ? NULL : PyObject_CallMethod(machinery, "ModuleSpec", "sO", table->module_name, Py_None);
    PyObject *module = spec == NULL ? NULL : PyModule_FromDefAndSpec(definition, spec);
    int result = -1;
    if (module != NULL && PyModule_ExecDef(module, definition) == 0) {
        result = PyMapping_SetItemString(PyImport_GetModuleDict(), table->module_name, module);
    }
    Py_XDECREF(module);
    Py_XDECREF(spec);
    Py_XDECREF(machinery);
    return result;
}

int
ffic_embed(const struct ffic_table *table, const char *init_code, int started)
{
    if (started) {
        /* Failing only means that nothing happens at the end. */
        (void)atexit(end_program);
    }
    PyObject *arguments = make_module(table) < 0 ? NULL : Py_BuildValue("(ss)", table->module_name, init_code);
    PyObject *answer = arguments == NULL ? NULL : call_python_part("run_init_code", arguments);
    int result = answer == Py_True ? 0 : -1;
    Py_XDECREF(arguments);
    Py_XDECREF(answer);
    if (answer == NULL) {
        PyErr_Print();
    }
    return result;
}
