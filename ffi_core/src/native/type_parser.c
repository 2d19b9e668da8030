/* The type-expression parser: recursive descent over C's abstract declarators. */
#include "type_parser.h"

#include "error_note.h"
#include "primitive.h"

#include <errno.h>
#include <stdlib.h>

enum { MAX_DEPTH = 200, MAX_PARAMETERS = 1000 };

typedef enum { TOKEN_END, TOKEN_WORD, TOKEN_NUMBER, TOKEN_DOTS, TOKEN_SYMBOL } token_kind;

typedef struct {
    ffic_ffi *ffi;
    const char *text;
    const char *next;  /* first character after the current token */
    const char *start; /* the current token */
    size_t length;
    token_kind kind;
    int depth;
    Py_ssize_t array_size;
} parser;

/* ---- tokens ------------------------------------------------------------------------------------ */

static bool
is_word_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
}

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void
advance(parser *p)
{
    const char *c = p->next;
    while (*c == ' ' || (*c >= '\t' && *c <= '\r')) {
        c++;
    }
    p->start = c;
    if (*c == '\0') {
        p->kind = TOKEN_END;
    }
    else if (is_word_start(*c)) {
        p->kind = TOKEN_WORD;
        while (is_word_start(*c) || is_digit(*c)) {
            c++;
        }
    }
    else if (is_digit(*c)) {
        p->kind = TOKEN_NUMBER;
        while (is_word_start(*c) || is_digit(*c)) {
            c++;
        }
    }
    else if (c[0] == '.' && c[1] == '.' && c[2] == '.') {
        p->kind = TOKEN_DOTS;
        c += 3;
    }
    else {
        p->kind = TOKEN_SYMBOL;
        c++;
        /* A character outside ASCII is one symbol, so that a message never shows half of it. */
        while (((unsigned char)c[-1] & 0x80u) != 0 && ((unsigned char)*c & 0xC0u) == 0x80u) {
            c++;
        }
    }
    p->length = (size_t)(c - p->start);
    p->next = c;
}

static bool
at_symbol(const parser *p, char symbol)
{
    return p->kind == TOKEN_SYMBOL && p->length == 1 && *p->start == symbol;
}

static bool
token_is(const parser *p, const char *word)
{
    return p->kind == TOKEN_WORD && strlen(word) == p->length && strncmp(p->start, word, p->length) == 0;
}

enum { LONGEST_SHOWN = 500 };

/* Show the text in one line, with a caret below `place`.  As in cffi, an ffi that reads cdef says first that it cannot parse it. */
static void *
fail_with(const parser *p, PyObject *error, const char *place, const char *message)
{
    char shown[LONGEST_SHOWN + 1], blanks[LONGEST_SHOWN + 1];
    size_t length = strlen(p->text), offset = (size_t)(place - p->text);
    if (length > LONGEST_SHOWN) { /* the caret of a very long text would not be found anyway */
        PyErr_SetString(error, message);
        ffic_error_note("at character %zd of a type of %zd characters", (Py_ssize_t)offset, (Py_ssize_t)length);
        return NULL;
    }
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)p->text[i];
        shown[i] = byte >= ' ' && byte < 0x7F ? (char)byte : strchr("\t\n\v\f\r", byte) != NULL ? ' ' : '?';
        blanks[i] = ' ';
    }
    shown[length] = blanks[offset] = '\0';
    if (p->ffi->declares) {
        PyErr_Format(error, "cannot parse \"%s\"\n%s\n%s\n%s^", shown, message, shown, blanks);
    }
    else {
        PyErr_Format(error, "%s\n%s\n%s^", message, shown, blanks);
    }
    return NULL;
}

static void *
fail_at(const parser *p, const char *place, const char *message)
{
    return fail_with(p, p->ffi->state->cdef_error, place, message);
}

static void *
fail(const parser *p, const char *message)
{
    return fail_at(p, p->start, message);
}

static void *
fail_length(const parser *p, const char *message)
{
    return fail_with(p, p->ffi->state->length_error, p->start, message);
}

static void *
fail_unknown(const parser *p)
{
    if (p->ffi->declares && strlen(p->text) == p->length && p->length <= LONGEST_SHOWN) { /* there is nothing else to point at */
        PyErr_Format(p->ffi->state->cdef_error, "unknown identifier '%s'", p->text);
        return NULL;
    }
    return fail(p, "undefined type name");
}

/* ---- specifiers ---------------------------------------------------------------------------------- */

/* Is the `_Atomic` that the parser stands on the start of "_Atomic(int)"?  Otherwise it is a qualifier. */
static bool
opens_atomic(const parser *p)
{
    parser look = *p;
    advance(&look);
    return at_symbol(&look, '(');
}

static bool
at_qualifier(const parser *p)
{
    static const char *const words[] = {"const",      "volatile",     "restrict",      "__const",  "__const__", "__volatile", "__volatile__",
                                        "__restrict", "__restrict__", "__extension__", "register"};
    for (size_t i = 0; i < Py_ARRAY_LENGTH(words); i++) {
        if (token_is(p, words[i])) {
            return true;
        }
    }
    return token_is(p, "_Atomic") && !opens_atomic(p);
}

static void
skip_qualifiers(parser *p)
{
    while (at_qualifier(p)) {
        advance(p);
    }
}

/* The words that make up arithmetic types. */
enum {
    WORD_VOID = 0x001,
    WORD_CHAR = 0x002,
    WORD_SHORT = 0x004,
    WORD_INT = 0x008,
    WORD_LONG = 0x010,
    WORD_LONG_LONG = 0x020,
    WORD_FLOAT = 0x040,
    WORD_DOUBLE = 0x080,
    WORD_SIGNED = 0x100,
    WORD_UNSIGNED = 0x200,
    WORD_BOOL = 0x400,
    WORD_COMPLEX = 0x800,
    WORD_INT128 = 0x1000
};

/* Words that can never be a name. */
static bool
at_keyword(const parser *p)
{
    static const char *const words[] = {"auto",   "break",  "case",   "continue", "default", "do",     "else",     "enum",
                                        "extern", "for",    "goto",   "if",       "inline",  "return", "sizeof",   "static",
                                        "struct", "switch", "typedef", "union",   "while",   "_Alignas", "_Alignof", "_Thread_local"};
    for (size_t i = 0; i < Py_ARRAY_LENGTH(words); i++) {
        if (token_is(p, words[i])) {
            return true;
        }
    }
    return false;
}

static unsigned
arithmetic_word(const parser *p)
{
    static const struct {
        const char *word;
        unsigned flag;
    } words[] = {
        {"void", WORD_VOID},         {"char", WORD_CHAR},         {"short", WORD_SHORT},       {"int", WORD_INT},
        {"long", WORD_LONG},         {"float", WORD_FLOAT},       {"double", WORD_DOUBLE},     {"signed", WORD_SIGNED},
        {"unsigned", WORD_UNSIGNED}, {"_Bool", WORD_BOOL},        {"_Complex", WORD_COMPLEX},  {"__int128", WORD_INT128},
        {"__signed", WORD_SIGNED},   {"__signed__", WORD_SIGNED}, {"__complex", WORD_COMPLEX}, {"__complex__", WORD_COMPLEX},
        {"__int128_t", WORD_INT128}, {"__uint128_t", WORD_INT128 | WORD_UNSIGNED},
    };
    if (p->kind != TOKEN_WORD) {
        return 0;
    }
    for (size_t i = 0; i < Py_ARRAY_LENGTH(words); i++) {
        if (token_is(p, words[i].word)) {
            return words[i].flag;
        }
    }
    return 0;
}

static const char *
arithmetic_name(unsigned words)
{
    static const struct {
        unsigned words;
        const char *name;
    } names[] = {
        {WORD_VOID, "void"},
        {WORD_BOOL, "_Bool"},
        {WORD_CHAR, "char"},
        {WORD_CHAR | WORD_SIGNED, "signed char"},
        {WORD_CHAR | WORD_UNSIGNED, "unsigned char"},
        {WORD_SHORT, "short"},
        {WORD_SHORT | WORD_UNSIGNED, "unsigned short"},
        {0, "int"},
        {WORD_UNSIGNED, "unsigned int"},
        {WORD_LONG, "long"},
        {WORD_LONG | WORD_UNSIGNED, "unsigned long"},
        {WORD_LONG_LONG, "long long"},
        {WORD_LONG_LONG | WORD_UNSIGNED, "unsigned long long"},
        {WORD_INT128, "__int128"},
        {WORD_INT128 | WORD_UNSIGNED, "unsigned __int128"},
        {WORD_FLOAT, "float"},
        {WORD_DOUBLE, "double"},
        {WORD_LONG | WORD_DOUBLE, "long double"},
        {WORD_FLOAT | WORD_COMPLEX, "float _Complex"},
        {WORD_DOUBLE | WORD_COMPLEX, "double _Complex"},
        {WORD_LONG | WORD_DOUBLE | WORD_COMPLEX, "long double _Complex"},
    };
    /* `int` and `signed` say nothing beside another integer word ("long int", "signed short"). */
    unsigned allows_int = WORD_SHORT | WORD_LONG | WORD_LONG_LONG | WORD_SIGNED | WORD_UNSIGNED | WORD_INT;
    if ((words & ~allows_int) == 0) {
        words &= ~(unsigned)WORD_INT;
    }
    if ((words & ~(allows_int | (unsigned)WORD_INT128)) == 0) {
        words &= ~(unsigned)WORD_SIGNED;
    }
    for (size_t i = 0; i < Py_ARRAY_LENGTH(names); i++) {
        if (names[i].words == words) {
            return names[i].name;
        }
    }
    return NULL;
}

static ffic_ctype *
parse_arithmetic(parser *p)
{
    const char *first = p->start;
    unsigned words = 0, word;
    while ((word = arithmetic_word(p)) != 0) {
        if (word == WORD_LONG && (words & WORD_LONG)) {
            words = (words & ~(unsigned)WORD_LONG) | WORD_LONG_LONG;
        }
        else if ((words & word) != 0 || (word == WORD_LONG && (words & WORD_LONG_LONG)) ||
                 ((words | word) & (WORD_SIGNED | WORD_UNSIGNED)) == (WORD_SIGNED | WORD_UNSIGNED)) {
            return fail(p, "invalid combination of types");
        }
        else {
            words |= word;
        }
        advance(p);
        skip_qualifiers(p);
    }
    const char *name = arithmetic_name(words);
    ffic_ctype *ct = name == NULL ? NULL : ffic_primitive_find(p->ffi->state, name, strlen(name));
    if (ct == NULL) {
        return fail_at(p, first, "invalid combination of types");
    }
    return (ffic_ctype *)Py_NewRef((PyObject *)ct);
}

/* Naming a struct or union declares it, as in C, unless the tag is that of something else.  NULL also without an exception. */
static ffic_ctype *
declare_tag(parser *p, const char *keyword, PyObject *key)
{
    static const char *const keywords[] = {"struct", "union", "enum"};
    for (size_t i = 0; i < Py_ARRAY_LENGTH(keywords); i++) {
        if (strcmp(keywords[i], keyword) == 0) {
            continue;
        }
        PyObject *tag = PyUnicode_FromStringAndSize(p->start, (Py_ssize_t)p->length);
        PyObject *other = tag == NULL ? NULL : PyUnicode_FromFormat("%s %U", keywords[i], tag);
        ffic_ctype *known = other == NULL ? NULL : ffic_find_tagged(p->ffi, other);
        /* What has no members may have been named before in the same way. */
        bool is_taken = known != NULL && ffic_ctype_complete(known) == 0 && !(known->flags & FFIC_TYPE_OPAQUE);
        Py_XDECREF(tag);
        Py_XDECREF(other);
        Py_XDECREF(known);
        if (is_taken || PyErr_Occurred()) {
            return NULL;
        }
    }
    return ffic_declare_opaque(p->ffi, key) < 0 ? NULL : ffic_find_tagged(p->ffi, key);
}

static ffic_ctype *
parse_tagged(parser *p, const char *keyword)
{
    advance(p);
    skip_qualifiers(p);
    if (p->kind != TOKEN_WORD || at_keyword(p) || arithmetic_word(p) != 0) {
        return fail(p, keyword[0] == 'e' ? "enum name expected" : "struct or union name expected");
    }
    PyObject *tag = PyUnicode_FromStringAndSize(p->start, (Py_ssize_t)p->length);
    PyObject *key = tag == NULL ? NULL : PyUnicode_FromFormat("%s %U", keyword, tag);
    Py_XDECREF(tag);
    if (key == NULL) {
        return NULL;
    }
    ffic_ctype *ct = ffic_find_tagged(p->ffi, key);
    if (ct == NULL && !PyErr_Occurred() && p->ffi->declares && keyword[0] != 'e' && memchr(p->start, '$', p->length) == NULL) {
        ct = declare_tag(p, keyword, key);
    }
    Py_DECREF(key);
    if (ct == NULL) {
        return PyErr_Occurred() ? NULL : fail(p, keyword[0] == 'e' ? "undefined enum name" : "undefined struct/union name");
    }
    advance(p);
    return ct;
}

static ffic_ctype *parse_type(parser *p);

/* _Atomic(int) */
static ffic_ctype *
parse_atomic(parser *p)
{
    if (++p->depth > MAX_DEPTH) {
        return fail(p, "the type is nested too deeply");
    }
    advance(p);
    advance(p);
    ffic_ctype *ct = parse_type(p);
    if (ct != NULL && !at_symbol(p, ')')) {
        Py_DECREF(ct);
        return fail(p, "expected ')'");
    }
    advance(p);
    p->depth--;
    return ct;
}

static ffic_ctype *
parse_specifiers(parser *p)
{
    skip_qualifiers(p);
    ffic_ctype *ct;
    if (p->kind != TOKEN_WORD) {
        return fail(p, "identifier expected");
    }
    if (token_is(p, "_Atomic")) {
        ct = parse_atomic(p);
    }
    else if (arithmetic_word(p) != 0) {
        ct = parse_arithmetic(p);
    }
    else if (token_is(p, "struct")) {
        ct = parse_tagged(p, "struct");
    }
    else if (token_is(p, "union")) {
        ct = parse_tagged(p, "union");
    }
    else if (token_is(p, "enum")) {
        ct = parse_tagged(p, "enum");
    }
    else {
        ct = ffic_find_typedef(p->ffi, p->start, p->length);
        if (ct == NULL) {
            return PyErr_Occurred() ? NULL : fail_unknown(p);
        }
        advance(p);
    }
    if (ct != NULL) {
        skip_qualifiers(p);
    }
    return ct;
}

/* ---- declarators ----------------------------------------------------------------------------------- */

static ffic_ctype *parse_declarator(parser *p, ffic_ctype *base);

static bool
parse_length(parser *p, ffic_ctype *item, Py_ssize_t *length)
{
    if (at_symbol(p, ']')) {
        *length = -1;
        return true;
    }
    if (p->kind == TOKEN_DOTS) {
        if (p->array_size < 0) {
            fail_length(p, "'[...]' is a length that only a compiler can fill in");
            return false;
        }
        Py_ssize_t item_size = ffic_ctype_size(item);
        if (item_size < 0) {
            return false;
        }
        *length = item_size == 0 ? 0 : p->array_size / item_size;
        advance(p);
        return true;
    }
    unsigned long long value = 0;
    if (p->kind == TOKEN_NUMBER) {
        char digits[32];
        if (p->length < sizeof digits) {
            memcpy(digits, p->start, p->length);
            digits[p->length] = '\0';
            char *end;
            errno = 0;
            value = strtoull(digits, &end, 0);
            while (*end == 'u' || *end == 'U' || *end == 'l' || *end == 'L') {
                end++;
            }
            if (*end != '\0') {
                fail_length(p, "expected a positive integer constant");
                return false;
            }
        }
        if (p->length >= sizeof digits || errno == ERANGE || value > PY_SSIZE_T_MAX) {
            fail_length(p, "number too large");
            return false;
        }
    }
    else if (p->kind == TOKEN_WORD) {
        PyObject *name = PyUnicode_FromStringAndSize(p->start, (Py_ssize_t)p->length);
        PyObject *constant = name == NULL ? NULL : ffic_find_constant(p->ffi, name);
        Py_XDECREF(name);
        if (constant == NULL || !PyLong_Check(constant)) {
            Py_XDECREF(constant);
            if (!PyErr_Occurred()) {
                fail_length(p, "expected a positive integer constant");
            }
            return false;
        }
        Py_ssize_t size = PyLong_AsSsize_t(constant);
        Py_DECREF(constant);
        if (size < 0) {
            PyErr_Clear();
            fail_length(p, "expected a positive integer constant");
            return false;
        }
        value = (unsigned long long)size;
    }
    else {
        fail_length(p, "expected a positive integer constant");
        return false;
    }
    advance(p);
    *length = (Py_ssize_t)value;
    return true;
}

/* `base` is stolen, here and in all the functions below. */
static ffic_ctype *
parse_suffixes(parser *p, ffic_ctype *base);

static ffic_ctype *
parse_array(parser *p, ffic_ctype *base)
{
    const char *bracket = p->start;
    advance(p);
    skip_qualifiers(p); /* int a[const 5] */
    Py_ssize_t length;
    /* The length of "[...]" needs the item's size, and the item is what the brackets to the right make: read them first. */
    const char *length_start = p->start;
    while (p->kind != TOKEN_END && !at_symbol(p, ']')) {
        advance(p);
    }
    if (p->kind == TOKEN_END) {
        Py_DECREF(base);
        return fail(p, "expected ']'");
    }
    advance(p);
    ffic_ctype *item = parse_suffixes(p, base);
    if (item == NULL) {
        return NULL;
    }
    parser here = *p;
    here.next = length_start;
    advance(&here);
    ffic_ctype *array = NULL;
    if (parse_length(&here, item, &length)) {
        if (!at_symbol(&here, ']')) {
            fail(&here, "expected ']'");
        }
        else if (item->kind == FFIC_KIND_FUNCTION) {
            fail_at(p, bracket, "an array of functions does not exist in C");
        }
        else if (item->kind == FFIC_KIND_ARRAY && item->length < 0) {
            fail_length(&here, "only the first dimension of an array can be left out");
        }
        else {
            array = ffic_ctype_array_of(item, length);
        }
    }
    Py_DECREF(item);
    return array;
}

/* A parameter's type as C adjusts it: arrays and functions become pointers. */
static ffic_ctype *
adjust_parameter(ffic_ctype *ct)
{
    ffic_ctype *adjusted;
    if (ct->kind == FFIC_KIND_ARRAY) {
        adjusted = ffic_ctype_pointer_to(ct->item);
    }
    else if (ct->kind == FFIC_KIND_FUNCTION) {
        adjusted = ffic_ctype_pointer_to(ct);
    }
    else {
        return ct;
    }
    Py_DECREF(ct);
    return adjusted;
}

static bool
parse_parameters(parser *p, PyObject *list, bool *variadic)
{
    *variadic = false;
    advance(p); /* the '(' */
    if (at_symbol(p, ')')) {
        advance(p);
        return true;
    }
    for (;;) {
        if (p->kind == TOKEN_DOTS) {
            *variadic = true;
            advance(p);
            break;
        }
        const char *start = p->start;
        ffic_ctype *ct = parse_type(p);
        if (ct == NULL) {
            return false;
        }
        if (ct->kind == FFIC_KIND_VOID) {
            Py_DECREF(ct);
            bool is_alone = p->start - start >= 4 && PyList_GET_SIZE(list) == 0 && at_symbol(p, ')');
            for (const char *c = start + 4; is_alone && c < p->start; c++) {
                is_alone = *c == ' ' || (*c >= '\t' && *c <= '\r'); /* no name behind it */
            }
            if (is_alone) {
                break;
            }
            fail_at(p, start, "a parameter cannot have the type void");
            return false;
        }
        ct = adjust_parameter(ct);
        int failed = ct == NULL ? -1 : PyList_Append(list, (PyObject *)ct);
        Py_XDECREF(ct);
        if (failed) {
            return false;
        }
        if (PyList_GET_SIZE(list) > MAX_PARAMETERS) {
            fail_at(p, start, "too many parameters");
            return false;
        }
        if (!at_symbol(p, ',')) {
            break;
        }
        advance(p);
    }
    if (!at_symbol(p, ')')) {
        fail(p, "expected ')'");
        return false;
    }
    advance(p);
    return true;
}

static ffic_ctype *
parse_function(parser *p, ffic_ctype *base, bool is_stdcall)
{
    const char *parenthesis = p->start;
    PyObject *list = PyList_New(0);
    bool variadic;
    if (list == NULL || !parse_parameters(p, list, &variadic)) {
        Py_XDECREF(list);
        Py_DECREF(base);
        return NULL;
    }
    ffic_ctype *result = parse_suffixes(p, base);
    ffic_ctype *function = NULL;
    if (result != NULL && (result->kind == FFIC_KIND_ARRAY || result->kind == FFIC_KIND_FUNCTION)) {
        fail_with(p, p->ffi->state->function_type_error, parenthesis, "a function cannot return an array or a function");
    }
    else if (result != NULL) {
        Py_ssize_t count = PyList_GET_SIZE(list);
        ffic_ctype **parameters = PyMem_Calloc((size_t)count + 1, sizeof *parameters);
        if (parameters == NULL) {
            PyErr_NoMemory();
        }
        else {
            for (Py_ssize_t i = 0; i < count; i++) {
                parameters[i] = (ffic_ctype *)PyList_GET_ITEM(list, i);
            }
            function = ffic_ctype_function(result, parameters, count, variadic, is_stdcall);
            PyMem_Free(parameters);
        }
    }
    Py_XDECREF(result);
    Py_DECREF(list);
    return function;
}

static ffic_ctype *
parse_suffixes(parser *p, ffic_ctype *base)
{
    if (++p->depth > MAX_DEPTH) {
        Py_DECREF(base);
        return fail(p, "the type is nested too deeply");
    }
    if (at_symbol(p, '[')) {
        base = parse_array(p, base);
    }
    else if (at_symbol(p, '(')) {
        base = parse_function(p, base, false);
    }
    p->depth--;
    return base;
}

/* Is the '(' that the parser stands on the start of a nested declarator, "(*)(int)"?  Otherwise it opens parameters. */
static bool
opens_declarator(const parser *p)
{
    parser look = *p;
    advance(&look);
    if (at_symbol(&look, '*') || at_symbol(&look, '(') || at_symbol(&look, '[') || at_symbol(&look, '^')) {
        return true;
    }
    return token_is(&look, "__stdcall") || token_is(&look, "__cdecl") || token_is(&look, "WINAPI");
}

static bool
skip_to_matching(parser *p)
{
    int depth = 0;
    for (;;) {
        if (p->kind == TOKEN_END) {
            fail(p, "expected ')'");
            return false;
        }
        if (at_symbol(p, '(')) {
            depth++;
        }
        else if (at_symbol(p, ')') && --depth == 0) {
            advance(p);
            return true;
        }
        advance(p);
    }
}

static ffic_ctype *
parse_nested(parser *p, ffic_ctype *base)
{
    parser inner = *p;
    advance(&inner);
    bool is_stdcall = false;
    while (token_is(&inner, "__stdcall") || token_is(&inner, "__cdecl") || token_is(&inner, "WINAPI")) {
        is_stdcall = !token_is(&inner, "__cdecl");
        advance(&inner);
    }
    if (!skip_to_matching(p)) {
        Py_DECREF(base);
        return NULL;
    }
#ifndef _WIN32
    is_stdcall = false; /* a calling convention of Windows: other systems have one, and ignore the word */
#endif
    /* What follows the parentheses applies to `base` first; what is inside them applies to the result. */
    base = at_symbol(p, '(') ? parse_function(p, base, is_stdcall) : parse_suffixes(p, base);
    if (base == NULL) {
        return NULL;
    }
    inner.depth = p->depth;
    base = parse_declarator(&inner, base);
    if (base != NULL && !at_symbol(&inner, ')')) {
        Py_DECREF(base);
        return fail(&inner, "unexpected symbol");
    }
    return base;
}

static ffic_ctype *
parse_declarator(parser *p, ffic_ctype *base)
{
    if (++p->depth > MAX_DEPTH) {
        Py_DECREF(base);
        return fail(p, "the type is nested too deeply");
    }
    int stars = 0;
    while (at_symbol(p, '*')) {
        if (++stars > MAX_DEPTH) {
            Py_DECREF(base);
            return fail(p, "the type is nested too deeply");
        }
        ffic_ctype *pointer = ffic_ctype_pointer_to(base);
        Py_DECREF(base);
        if (pointer == NULL) {
            return NULL;
        }
        base = pointer;
        advance(p);
        skip_qualifiers(p);
    }
    while (token_is(p, "__cdecl") || token_is(p, "__stdcall") || token_is(p, "WINAPI")) {
        advance(p);
    }
    if (at_symbol(p, '(') && opens_declarator(p)) {
        base = parse_nested(p, base);
    }
    else {
        if (p->kind == TOKEN_WORD && !at_qualifier(p)) {
            /* A dollar sign is in tags of our own making only. */
            if (memchr(p->start, '$', p->length) != NULL || at_keyword(p) || arithmetic_word(p) != 0) {
                Py_DECREF(base);
                return fail(p, "unexpected symbol");
            }
            advance(p); /* the declarator's name */
        }
        base = parse_suffixes(p, base);
    }
    p->depth--;
    return base;
}

static ffic_ctype *
parse_type(parser *p)
{
    ffic_ctype *base = parse_specifiers(p);
    return base == NULL ? NULL : parse_declarator(p, base);
}

ffic_ctype *
ffic_parse_type(ffic_ffi *ffi, const char *text, Py_ssize_t array_size)
{
    parser p = {.ffi = ffi, .text = text, .next = text, .array_size = array_size};
    advance(&p);
    ffic_ctype *ct = parse_type(&p);
    if (ct != NULL && p.kind != TOKEN_END) {
        Py_DECREF(ct);
        return fail(&p, "unexpected symbol");
    }
    return ct;
}
