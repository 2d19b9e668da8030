/* CType and CField as Python sees them. */
#include "c_type.h"

#include <stddef.h>

#include "heap_type.h"
#include "plan.h"

static PyObject *
ctype_repr(PyObject *self)
{
    return PyUnicode_FromFormat("<ctype '%U'>", ((ffic_ctype *)self)->name);
}

/* Function pointers answer for the function, as users think of them. */
static const ffic_ctype *
described(const ffic_ctype *ct)
{
    return ffic_is_function_pointer(ct) ? ct->item : ct;
}

static PyObject *
no_attribute(const ffic_ctype *ct, const char *attribute)
{
    PyErr_Format(PyExc_AttributeError, "ctype '%U' has no attribute '%s'", ct->name, attribute);
    return NULL;
}

static PyObject *
ctype_get_kind(PyObject *self, void *Py_UNUSED(closure))
{
    static const char *const names[] = {
        [FFIC_KIND_VOID] = "void",     [FFIC_KIND_PRIMITIVE] = "primitive", [FFIC_KIND_POINTER] = "pointer",
        [FFIC_KIND_ARRAY] = "array",   [FFIC_KIND_STRUCT] = "struct",       [FFIC_KIND_UNION] = "union",
        [FFIC_KIND_ENUM] = "enum",     [FFIC_KIND_FUNCTION] = "function",
    };
    return PyUnicode_InternFromString(names[described((ffic_ctype *)self)->kind]);
}

static PyObject *
ctype_get_cname(PyObject *self, void *Py_UNUSED(closure))
{
    return Py_NewRef(((ffic_ctype *)self)->name);
}

static PyObject *
ctype_get_item(PyObject *self, void *Py_UNUSED(closure))
{
    const ffic_ctype *ct = (ffic_ctype *)self;
    if ((ct->kind != FFIC_KIND_POINTER && ct->kind != FFIC_KIND_ARRAY) || ffic_is_function_pointer(ct)) {
        return no_attribute(ct, "item");
    }
    return Py_NewRef((PyObject *)ct->item);
}

static PyObject *
ctype_get_length(PyObject *self, void *Py_UNUSED(closure))
{
    const ffic_ctype *ct = (ffic_ctype *)self;
    if (ct->kind != FFIC_KIND_ARRAY) {
        return no_attribute(ct, "length");
    }
    if (ct->length < 0) {
        Py_RETURN_NONE;
    }
    return PyLong_FromSsize_t(ct->length);
}

static PyObject *
ctype_get_fields(PyObject *self, void *Py_UNUSED(closure))
{
    ffic_ctype *ct = (ffic_ctype *)self;
    if (ct->code != FFIC_CODE_RECORD) {
        return no_attribute(ct, "fields");
    }
    if (ffic_ctype_complete(ct) < 0) {
        return NULL;
    }
    if (ct->u.record.fields == NULL) {
        Py_RETURN_NONE;
    }
    Py_ssize_t count = PyTuple_GET_SIZE(ct->u.record.fields);
    PyObject *result = PyList_New(count);
    if (result == NULL) {
        return NULL;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *field = PyTuple_GET_ITEM(ct->u.record.fields, i);
        PyObject *pair = PyTuple_Pack(2, ((ffic_cfield *)field)->name, field);
        if (pair == NULL) {
            Py_DECREF(result);
            return NULL;
        }
        PyList_SET_ITEM(result, i, pair);
    }
    return result;
}

static PyObject *
ctype_get_args(PyObject *self, void *Py_UNUSED(closure))
{
    const ffic_ctype *ct = described((ffic_ctype *)self);
    if (ct->kind != FFIC_KIND_FUNCTION) {
        return no_attribute(ct, "args");
    }
    PyObject *result = PyTuple_New(ct->length);
    if (result == NULL) {
        return NULL;
    }
    for (Py_ssize_t i = 0; i < ct->length; i++) {
        PyTuple_SET_ITEM(result, i, Py_NewRef((PyObject *)ct->u.function.parameters[i]));
    }
    return result;
}

static PyObject *
ctype_get_result(PyObject *self, void *Py_UNUSED(closure))
{
    const ffic_ctype *ct = described((ffic_ctype *)self);
    if (ct->kind != FFIC_KIND_FUNCTION) {
        return no_attribute(ct, "result");
    }
    return Py_NewRef((PyObject *)ct->item);
}

static PyObject *
ctype_get_ellipsis(PyObject *self, void *Py_UNUSED(closure))
{
    const ffic_ctype *ct = described((ffic_ctype *)self);
    if (ct->kind != FFIC_KIND_FUNCTION) {
        return no_attribute(ct, "ellipsis");
    }
    return PyBool_FromLong((ct->flags & FFIC_TYPE_VARIADIC) != 0);
}

static PyObject *
ctype_get_abi(PyObject *self, void *Py_UNUSED(closure))
{
    const ffic_ctype *ct = described((ffic_ctype *)self);
    if (ct->kind != FFIC_KIND_FUNCTION) {
        return no_attribute(ct, "abi");
    }
    return PyLong_FromLong((long)FFI_DEFAULT_ABI);
}

static PyObject *
enumeration_map(PyObject *self, const char *attribute, bool by_name)
{
    ffic_ctype *ct = (ffic_ctype *)self;
    if (ct->kind != FFIC_KIND_ENUM) {
        return no_attribute(ct, attribute);
    }
    if (ffic_ctype_complete(ct) < 0) {
        return NULL;
    }
    return PyDict_Copy(by_name ? ct->u.enumeration.by_name : ct->u.enumeration.by_value);
}

static PyObject *
ctype_get_elements(PyObject *self, void *Py_UNUSED(closure))
{
    return enumeration_map(self, "elements", false);
}

static PyObject *
ctype_get_relements(PyObject *self, void *Py_UNUSED(closure))
{
    return enumeration_map(self, "relements", true);
}

static PyObject *
ctype_dir(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    static const char *const candidates[] = {"kind",   "cname",    "item", "length",   "fields",   "args",
                                             "result", "ellipsis", "abi",  "elements", "relements"};
    PyObject *result = PyObject_CallMethod((PyObject *)&PyBaseObject_Type, "__dir__", "O", self);
    if (result == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < Py_ARRAY_LENGTH(candidates); i++) {
        PyObject *value = PyObject_GetAttrString(self, candidates[i]);
        if (value != NULL) {
            Py_DECREF(value);
            continue;
        }
        PyErr_Clear();
        PyObject *name = PyUnicode_FromString(candidates[i]);
        PyObject *removed = name == NULL ? NULL : PyObject_CallMethod(result, "remove", "O", name);
        Py_XDECREF(name);
        if (removed == NULL) {
            Py_DECREF(result);
            return NULL;
        }
        Py_DECREF(removed);
    }
    return result;
}

static int
ctype_traverse(PyObject *self, visitproc visit, void *arg)
{
    ffic_ctype *ct = (ffic_ctype *)self;
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(ct->module);
    Py_VISIT(ct->item);
    Py_VISIT(ct->pointer);
    Py_VISIT(ct->open_array);
    Py_VISIT(ct->ffi);
    switch (ct->kind) {
    case FFIC_KIND_STRUCT:
    case FFIC_KIND_UNION:
        Py_VISIT(ct->u.record.fields);
        Py_VISIT(ct->u.record.by_name);
        break;
    case FFIC_KIND_FUNCTION:
        for (Py_ssize_t i = 0; i < ct->length; i++) {
            Py_VISIT(ct->u.function.parameters[i]);
        }
        break;
    default:
        break;
    }
    return 0;
}

static int
ctype_clear(PyObject *self)
{
    /* A type in a garbage cycle may still be reached by cdata that are being finalised with it, so only the
     * links that close cycles of types are cut: everything else is released with the type itself. */
    ffic_ctype *ct = (ffic_ctype *)self;
    if (ct->kind != FFIC_KIND_ARRAY) {
        Py_CLEAR(ct->pointer);
    }
    Py_CLEAR(ct->open_array);
    Py_CLEAR(ct->ffi);
    if (ct->code == FFIC_CODE_RECORD) {
        PyMem_Free(ct->u.record.slots);
        ct->u.record.slots = NULL;
        Py_CLEAR(ct->u.record.by_name);
        Py_CLEAR(ct->u.record.fields);
    }
    return 0;
}

static void
ctype_dealloc(PyObject *self)
{
    ffic_ctype *ct = (ffic_ctype *)self;
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    /* A long chain of pointers to pointers is freed without deep recursion. */
    Py_TRASHCAN_BEGIN(self, ctype_dealloc)
    if (ct->weakrefs != NULL) {
        PyObject_ClearWeakRefs(self);
    }
    switch (ct->kind) {
    case FFIC_KIND_STRUCT:
    case FFIC_KIND_UNION:
        PyMem_Free(ct->u.record.slots);
        Py_XDECREF(ct->u.record.by_name);
        Py_XDECREF(ct->u.record.fields);
        break;
    case FFIC_KIND_ENUM:
        Py_XDECREF(ct->u.enumeration.names);
        Py_XDECREF(ct->u.enumeration.by_name);
        Py_XDECREF(ct->u.enumeration.by_value);
        break;
    case FFIC_KIND_FUNCTION:
        ffic_plan_free(ct->u.function.plans[0]);
        ffic_plan_free(ct->u.function.plans[1]);
        for (Py_ssize_t i = 0; i < ct->length; i++) {
            Py_DECREF(ct->u.function.parameters[i]);
        }
        PyMem_Free(ct->u.function.parameters);
        break;
    default:
        break;
    }
    Py_XDECREF(ct->item);
    Py_XDECREF(ct->pointer);
    Py_XDECREF(ct->open_array);
    Py_XDECREF(ct->ffi);
    Py_XDECREF(ct->key);
    Py_XDECREF(ct->name);
    PyObject *module = ct->module;
    type->tp_free(self);
    Py_DECREF(type);
    Py_XDECREF(module);
    Py_TRASHCAN_END
}

static PyObject *
refuse_pickle(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    PyErr_Format(PyExc_TypeError, "cannot pickle %R: it belongs to this process; pickle its name and use ffi.typeof", self);
    return NULL;
}

static PyObject *
ctype_itself(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    return Py_NewRef(self);
}

static PyGetSetDef ctype_getset[] = {
    {"kind", ctype_get_kind, NULL,
     "\"void\", \"primitive\", \"pointer\", \"array\", \"struct\", \"union\", \"enum\" or \"function\".", NULL},
    {"cname", ctype_get_cname, NULL, "How C writes the type.", NULL},
    {"item", ctype_get_item, NULL, "Pointer, array: the type pointed to, or of the items.", NULL},
    {"length", ctype_get_length, NULL, "Array: the number of items, None for `T[]`.", NULL},
    {"fields", ctype_get_fields, NULL, "Struct, union: list of (name, CField); None while it is opaque.", NULL},
    {"args", ctype_get_args, NULL, "Function: tuple of the parameters' types.", NULL},
    {"result", ctype_get_result, NULL, "Function: the result's type.", NULL},
    {"ellipsis", ctype_get_ellipsis, NULL, "Function: whether it takes variable arguments.", NULL},
    {"abi", ctype_get_abi, NULL, "Function: libffi's number of its calling convention.", NULL},
    {"elements", ctype_get_elements, NULL, "Enum: dict of value to enumerator name.", NULL},
    {"relements", ctype_get_relements, NULL, "Enum: dict of enumerator name to value.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMethodDef ctype_methods[] = {
    {"__dir__", ctype_dir, METH_NOARGS, NULL},
    {"__reduce__", refuse_pickle, METH_NOARGS, NULL},
    {"__copy__", ctype_itself, METH_NOARGS, NULL},
    {"__deepcopy__", ctype_itself, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static PyMemberDef ctype_members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(ffic_ctype, weakrefs), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot ctype_slots[] = {
    {Py_tp_doc, "A C type.  One object per distinct type, so types compare by identity."},
    {Py_tp_repr, ctype_repr},
    {Py_tp_getset, ctype_getset},
    {Py_tp_members, ctype_members},
    {Py_tp_methods, ctype_methods},
    {Py_tp_traverse, ctype_traverse},
    {Py_tp_clear, ctype_clear},
    {Py_tp_dealloc, ctype_dealloc},
    {0, NULL},
};

static PyType_Spec ctype_spec = {
    .name = "ffi_core._native.CType",
    .basicsize = (int)sizeof(ffic_ctype),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = ctype_slots,
};

/* ---- CField ---------------------------------------------------------------------------------- */

static int
cfield_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(((ffic_cfield *)self)->type);
    return 0;
}

static void
cfield_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    Py_XDECREF(((ffic_cfield *)self)->name);
    Py_XDECREF(((ffic_cfield *)self)->type);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyObject *
cfield_repr(PyObject *self)
{
    const ffic_cfield *field = (ffic_cfield *)self;
    if (field->bit_size >= 0) {
        return PyUnicode_FromFormat("<CField '%U' of type '%U', offset=%zd, bitshift=%d, bitsize=%d>", field->name,
                                    field->type->name, field->offset, (int)field->bit_shift, (int)field->bit_size);
    }
    return PyUnicode_FromFormat("<CField '%U' of type '%U', offset=%zd>", field->name, field->type->name, field->offset);
}

static PyMemberDef cfield_members[] = {
    {"type", T_OBJECT_EX, offsetof(ffic_cfield, type), READONLY, "The member's CType."},
    {"offset", T_PYSSIZET, offsetof(ffic_cfield, offset), READONLY, "Bytes from the start of the struct."},
    {"bitshift", T_SHORT, offsetof(ffic_cfield, bit_shift), READONLY, "Bit-field: its lowest bit; otherwise -1."},
    {"bitsize", T_SHORT, offsetof(ffic_cfield, bit_size), READONLY, "Bit-field: its width in bits; otherwise -1."},
    {"flags", T_USHORT, offsetof(ffic_cfield, flags), READONLY, "1: no first member of its union; an initialiser by position passes it over."},
    {NULL, 0, 0, 0, NULL},
};

static PyMethodDef cfield_methods[] = {
    {"__reduce__", refuse_pickle, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot cfield_slots[] = {
    {Py_tp_doc, "One member of a struct or union."},
    {Py_tp_repr, cfield_repr},
    {Py_tp_members, cfield_members},
    {Py_tp_methods, cfield_methods},
    {Py_tp_traverse, cfield_traverse},
    {Py_tp_dealloc, cfield_dealloc},
    {0, NULL},
};

static PyType_Spec cfield_spec = {
    .name = "ffi_core._native.CField",
    .basicsize = (int)sizeof(ffic_cfield),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = cfield_slots,
};

int
ffic_ctype_setup(PyObject *module, ffic_state *state)
{
    state->interned_sweep = 256;
    state->interned = PyDict_New();
    if (state->interned == NULL) {
        return -1;
    }
    state->ctype_type = ffic_make_type(module, &ctype_spec, NULL);
    if (state->ctype_type == NULL || PyModule_AddType(module, state->ctype_type) < 0) {
        return -1;
    }
    state->cfield_type = ffic_make_type(module, &cfield_spec, NULL);
    return state->cfield_type == NULL ? -1 : PyModule_AddType(module, state->cfield_type);
}
