/* Operations on cdata: comparison, arithmetic on pointers, conversion to Python numbers, `with`, dir(). */
#include "cdata_slots.h"
#include "convert_parts.h"
#include "function.h"

/* Is it a cdata of any interpreter's module? */
static inline bool
is_cdata(PyObject *object)
{
    return Py_TYPE(object)->tp_richcompare == ffic_cdata_richcompare;
}

static inline bool
is_value(const ffic_cdata *cd)
{
    return cd->type->kind == FFIC_KIND_PRIMITIVE || cd->type->kind == FFIC_KIND_ENUM;
}

/* The Python number, bytes or str of a primitive value; of a long double, the nearest float. */
static PyObject *
python_value(ffic_cdata *cd)
{
    switch (cd->type->code) {
    case FFIC_CODE_LONG_DOUBLE:
        return PyFloat_FromDouble(ffic_read_double(FFIC_CODE_LONG_DOUBLE, cd->data));
    case FFIC_CODE_COMPLEX_LONG_DOUBLE:
        return PyComplex_FromCComplex(ffic_read_complex(FFIC_CODE_COMPLEX_LONG_DOUBLE, cd->data));
    default:
        return ffic_load(cd->type, cd->data, NULL);
    }
}

/* ---- comparison ------------------------------------------------------------------------------------------------ */

Py_hash_t
ffic_cdata_hash(PyObject *self)
{
    ffic_cdata *cd = (ffic_cdata *)self;
    if (is_value(cd)) {
        PyObject *value = python_value(cd);
        if (value == NULL) {
            return -1;
        }
        Py_hash_t hash = PyObject_Hash(value);
        Py_DECREF(value);
        return hash;
    }
    uintptr_t address = ffic_cdata_address(cd);
    /* The low bits are mostly zero: move them out of the way. */
    Py_hash_t hash = (Py_hash_t)(address >> 4 | address << (8 * sizeof address - 4));
    return hash == -1 ? -2 : hash;
}

static PyObject *
compare_addresses(uintptr_t left, uintptr_t right, int op)
{
    bool result;
    switch (op) {
    case Py_EQ:
        result = left == right;
        break;
    case Py_NE:
        result = left != right;
        break;
    case Py_LT:
        result = left < right;
        break;
    case Py_LE:
        result = left <= right;
        break;
    case Py_GT:
        result = left > right;
        break;
    default:
        result = left >= right;
        break;
    }
    return Py_NewRef(result ? Py_True : Py_False);
}

static __attribute__((noinline)) PyObject *
compare(PyObject *self, PyObject *other, int op)
{
    ffic_cdata *left = (ffic_cdata *)self;
    bool other_is_cdata = is_cdata(other);
    if (FFIC_LIKELY(!is_value(left))) {
        if (!other_is_cdata && ffic_is_function(left->type->state, other)) {
            /* A function of a library is where its pointer points to. */
            PyObject *pointer = ffic_function_pointer(other);
            PyObject *result = pointer == NULL ? NULL : ffic_cdata_richcompare(self, pointer, op);
            Py_XDECREF(pointer);
            return result;
        }
        if (!other_is_cdata || is_value((ffic_cdata *)other)) {
            return Py_NewRef(Py_NotImplemented);
        }
        return compare_addresses(ffic_cdata_address(left), ffic_cdata_address((ffic_cdata *)other), op);
    }
    if (other_is_cdata && !is_value((ffic_cdata *)other)) {
        return Py_NewRef(Py_NotImplemented);
    }
    PyObject *first = python_value(left);
    PyObject *second = !other_is_cdata ? Py_NewRef(other) : python_value((ffic_cdata *)other);
    PyObject *result = first == NULL || second == NULL ? NULL : PyObject_RichCompare(first, second, op);
    Py_XDECREF(first);
    Py_XDECREF(second);
    return result;
}

PyObject *
ffic_cdata_richcompare(PyObject *self, PyObject *other, int op)
{
    const ffic_cdata *left = (ffic_cdata *)self;
    const ffic_cdata *right = (ffic_cdata *)other;
    /* Equality of pointers, which is most of it, is worth its own way. */
    if (FFIC_LIKELY(op == Py_EQ && is_cdata(other)) && left->type->kind == FFIC_KIND_POINTER &&
        right->type->kind == FFIC_KIND_POINTER && left->data != NULL && right->data != NULL) {
        return Py_NewRef(left->data == right->data ? Py_True : Py_False);
    }
    return compare(self, other, op);
}

/* ---- conversion to Python numbers -------------------------------------------------------------------------------- */

int
ffic_cdata_bool(PyObject *self)
{
    ffic_cdata *cd = (ffic_cdata *)self;
    ffic_code code = (ffic_code)cd->type->code;
    if (FFIC_LIKELY(cd->type->kind == FFIC_KIND_POINTER)) {
        return ffic_cdata_address(cd) != 0;
    }
    if (code == FFIC_CODE_LONG_DOUBLE) {
        return ffic_read_long_double(cd->data) != 0.0L;
    }
    if (ffic_code_is_float(code)) {
        return ffic_read_double(code, cd->data) != 0.0;
    }
    if (ffic_code_is_complex(code)) {
        Py_complex value = ffic_read_complex(code, cd->data);
        return value.real != 0.0 || value.imag != 0.0;
    }
    if (!is_value(cd)) {
        return 1;
    }
    for (Py_ssize_t i = 0; i < cd->type->size; i++) {
        if (cd->data[i] != 0) {
            return 1;
        }
    }
    return 0;
}

static PyObject *
not_supported(const char *operation, ffic_cdata *cd, const char *hint)
{
    PyErr_Format(PyExc_TypeError, "%s() not supported on cdata '%U'%s", operation, cd->type->name, hint);
    return NULL;
}

PyObject *
ffic_cdata_int(PyObject *self)
{
    ffic_cdata *cd = (ffic_cdata *)self;
    ffic_code code = (ffic_code)cd->type->code;
    if (ffic_code_is_integer(code) || ffic_code_is_character(code)) {
        return ffic_load_number(cd->type, cd->data);
    }
    if (ffic_code_is_float(code)) {
        return PyLong_FromDouble(ffic_read_double(code, cd->data));
    }
    return not_supported("int", cd, code == FFIC_CODE_POINTER ? " (use ffi.cast(\"uintptr_t\", ...) first)" : "");
}

PyObject *
ffic_cdata_float(PyObject *self)
{
    ffic_cdata *cd = (ffic_cdata *)self;
    ffic_code code = (ffic_code)cd->type->code;
    return ffic_code_is_float(code) ? PyFloat_FromDouble(ffic_read_double(code, cd->data)) : not_supported("float", cd, "");
}

static PyObject *
cdata_complex(PyObject *self, PyObject *unused)
{
    (void)unused;
    ffic_cdata *cd = (ffic_cdata *)self;
    ffic_code code = (ffic_code)cd->type->code;
    return ffic_code_is_complex(code) ? PyComplex_FromCComplex(ffic_read_complex(code, cd->data))
                                      : not_supported("complex", cd, "");
}

/* ---- pointer arithmetic ------------------------------------------------------------------------------------------ */

/* Bytes from one item to the next behind a pointer or array, -1 with TypeError. */
static Py_ssize_t
step_of(ffic_cdata *cd, const char *operation)
{
    ffic_ctype *ct = cd->type;
    if ((ct->kind != FFIC_KIND_POINTER && ct->kind != FFIC_KIND_ARRAY) || ct->item->kind == FFIC_KIND_FUNCTION) {
        PyErr_Format(PyExc_TypeError, "cannot %s a cdata '%U' and a number", operation, ct->name);
        return -1;
    }
    if (ct->flags & FFIC_TYPE_POINTS_TO_VOID) {
        return 1;
    }
    if (ffic_ctype_complete(ct->item) < 0) {
        return -1;
    }
    if (ct->item->size < 0) {
        PyErr_Format(PyExc_TypeError, "ctype '%U' points to items of unknown size", ct->name);
    }
    return ct->item->size;
}

static PyObject *
move(ffic_cdata *cd, PyObject *number, bool backwards)
{
    int64_t count;
    Py_ssize_t step = step_of(cd, backwards ? "subtract" : "add");
    if (step < 0) {
        return NULL;
    }
    if (!ffic_small_int(number, &count)) {
        Py_ssize_t large = PyNumber_AsSsize_t(number, PyExc_OverflowError);
        if (large == -1 && PyErr_Occurred()) {
            return NULL;
        }
        count = large;
    }
    if (FFIC_UNLIKELY(Py_TYPE(cd) != cd->type->state->cdata_type && ffic_cdata_is_released(cd))) {
        ffic_cdata_check_access(cd);
        return NULL;
    }
    Py_ssize_t distance;
    if (FFIC_UNLIKELY(__builtin_mul_overflow(count, step, &distance))) {
        PyErr_Format(PyExc_OverflowError, "cdata '%U' moved by %R items is beyond the address space", cd->type->name, number);
        return NULL;
    }
    uintptr_t address = backwards ? (uintptr_t)cd->data - (uintptr_t)distance : (uintptr_t)cd->data + (uintptr_t)distance;
    ffic_ctype *ct = cd->type->kind == FFIC_KIND_ARRAY ? cd->type->pointer : cd->type;
    return ffic_cdata_derived(ct, (char *)address, cd, -1);
}

PyObject *
ffic_cdata_add(PyObject *left, PyObject *right)
{
    if (!is_cdata(left)) {
        PyObject *other = left;
        left = right;
        right = other;
    }
    if (is_cdata(right)) {
        PyErr_Format(PyExc_TypeError, "cannot add cdata '%U' and cdata '%U'", ((ffic_cdata *)left)->type->name,
                     ((ffic_cdata *)right)->type->name);
        return NULL;
    }
    return move((ffic_cdata *)left, right, false);
}

static PyObject *
distance_between(ffic_cdata *left, ffic_cdata *right)
{
    ffic_ctype *first = left->type->kind == FFIC_KIND_ARRAY ? left->type->pointer : left->type;
    ffic_ctype *second = right->type->kind == FFIC_KIND_ARRAY ? right->type->pointer : right->type;
    if (first != second || first->kind != FFIC_KIND_POINTER || first->item->kind == FFIC_KIND_FUNCTION) {
        PyErr_Format(PyExc_TypeError, "cannot subtract cdata '%U' and cdata '%U'", first->name, second->name);
        return NULL;
    }
    Py_ssize_t step = step_of(left, "subtract");
    if (step < 0) {
        return NULL;
    }
    Py_ssize_t bytes = (Py_ssize_t)(ffic_cdata_address(left) - ffic_cdata_address(right));
    if (step == 0 || bytes % step != 0) {
        PyErr_Format(PyExc_ValueError,
                     "pointer subtraction: the distance between the two pointers is not a multiple of the item size: %zd bytes "
                     "between '%U'",
                     bytes, first->name);
        return NULL;
    }
    return PyLong_FromSsize_t(bytes / step);
}

PyObject *
ffic_cdata_subtract(PyObject *left, PyObject *right)
{
    if (!is_cdata(left)) {
        return Py_NewRef(Py_NotImplemented);
    }
    return is_cdata(right) ? distance_between((ffic_cdata *)left, (ffic_cdata *)right) : move((ffic_cdata *)left, right, true);
}

/* ---- methods --------------------------------------------------------------------------------------------------------- */

static PyObject *
cdata_enter(PyObject *self, PyObject *unused)
{
    (void)unused;
    return ffic_cdata_check_releasable((ffic_cdata *)self) < 0 ? NULL : Py_NewRef(self);
}

static PyObject *
cdata_exit(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    (void)args;
    (void)count;
    return ffic_cdata_release((ffic_cdata *)self) < 0 ? NULL : Py_NewRef(Py_None);
}

static PyObject *
cdata_dir(PyObject *self, PyObject *unused)
{
    (void)unused;
    return ffic_cdata_member_names((ffic_cdata *)self);
}

static PyObject *
cdata_init_subclass(PyObject *type, PyObject *const *args, Py_ssize_t count, PyObject *keywords)
{
    (void)args;
    (void)count;
    (void)keywords;
    PyErr_Format(PyExc_TypeError, "cannot derive '%s' from a cdata type", ((PyTypeObject *)type)->tp_name);
    return NULL;
}

PyMethodDef ffic_cdata_methods[] = {
    {"__enter__", cdata_enter, METH_NOARGS, "Return the object; it is released at the end of the `with` block."},
    {"__exit__", (PyCFunction)(void (*)(void))cdata_exit, METH_FASTCALL, "Release what the object holds, as ffi.release() does."},
    {"__complex__", cdata_complex, METH_NOARGS, "Convert to a Python complex number."},
    {"__init_subclass__", (PyCFunction)(void (*)(void))cdata_init_subclass, METH_FASTCALL | METH_KEYWORDS | METH_CLASS,
     "Refuse: Python code cannot make cdata types."},
    {"__copy__", ffic_cdata_copy_method, METH_NOARGS, "Copy a struct, union or array to memory of its own."},
    {"__deepcopy__", ffic_cdata_deepcopy_method, METH_O, "Copy as __copy__ does; refuse pointers."},
    {"__reduce_ex__", ffic_cdata_reduce_method, METH_O, "Refuse: C memory cannot be pickled."},
    {"__dir__", cdata_dir, METH_NOARGS, "List the members of a struct or union."},
    {NULL, NULL, 0, NULL},
};
