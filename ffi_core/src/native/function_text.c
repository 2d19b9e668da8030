/* Declarations of functions as text, quickly: looking a function up must not make all the C types that it speaks of. */
#include "function_text.h"

#include "primitive.h"
#include "type_parser.h"

enum { LONGEST_WORD = 100 };

typedef struct {
    ffic_ffi *ffi;
    const char *at; /* in the type expression */
    bool after_word;
    size_t used;
    char *text;
} writer;

static bool
put(writer *w, const char *text, size_t length)
{
    if (length > FFIC_FUNCTION_TEXT_BYTES - w->used) {
        return false;
    }
    memcpy(w->text + w->used, text, length);
    w->used += length;
    return true;
}

static bool
put_str(writer *w, PyObject *text)
{
    return PyUnicode_IS_COMPACT_ASCII(text) && put(w, (const char *)PyUnicode_1BYTE_DATA(text), (size_t)PyUnicode_GET_LENGTH(text));
}

static inline bool
is_word(char c)
{
    unsigned char byte = (unsigned char)c;
    return (unsigned char)((byte | 0x20) - 'a') < 26 || (unsigned char)(byte - '0') < 10 || byte == '_';
}

static void
skip_space(writer *w)
{
    while (*w->at == ' ') {
        w->at++;
    }
}

typedef enum { OTHER, ARITHMETIC, TAGGED, QUALIFIER, NOT_SIMPLE } word_kind;

enum { LONGEST_KNOWN = 8 };

static inline bool
is_same(const char *word, const char *known)
{
    return memcmp(word, known, LONGEST_KNOWN) == 0;
}

#define IS(known) is_same(word, known "\0\0\0\0\0\0\0\0")

/* `word` is followed by zeros. */
static inline word_kind
kind_of_word(const char *word, size_t length)
{
    if (length > LONGEST_KNOWN) {
        return OTHER;
    }
    switch (word[0]) {
    case 'c':
        return IS("char") ? ARITHMETIC : IS("const") ? QUALIFIER : OTHER;
    case 'd':
        return IS("double") ? ARITHMETIC : OTHER;
    case 'e':
        return IS("enum") ? NOT_SIMPLE : OTHER;
    case 'f':
        return IS("float") ? ARITHMETIC : OTHER;
    case 'i':
        return IS("int") ? ARITHMETIC : OTHER;
    case 'l':
        return IS("long") ? ARITHMETIC : OTHER;
    case 'r':
        return IS("restrict") ? QUALIFIER : OTHER;
    case 's':
        return IS("struct") ? TAGGED : IS("short") || IS("signed") ? ARITHMETIC : OTHER;
    case 'u':
        return IS("unsigned") ? ARITHMETIC : IS("union") ? TAGGED : OTHER;
    case 'v':
        return IS("void") ? ARITHMETIC : IS("volatile") ? QUALIFIER : OTHER;
    case '_':
        /* The last one has another name: see ffic_find_tagged. */
        return IS("_Bool") ? ARITHMETIC : IS("_Atomic") || IS("_Complex") || IS("_IO_FILE") ? NOT_SIMPLE : OTHER;
    default:
        return OTHER;
    }
}

/* Write the word that begins here.  0 where it has no place. */
static inline size_t
take_word(writer *w, const char **word)
{
    if (w->used > FFIC_FUNCTION_TEXT_BYTES - LONGEST_WORD - LONGEST_KNOWN - 1) {
        return 0;
    }
    char *place = w->text + w->used;
    if (w->after_word) {
        *place++ = ' ';
    }
    char *const start = place, *const limit = place + LONGEST_WORD;
    const char *at = w->at;
    while (is_word(*at) && place < limit) {
        *place++ = *at++;
    }
    memset(place, 0, LONGEST_KNOWN);
    *word = start;
    w->at = at;
    w->used = (size_t)(place - w->text);
    return place == limit ? 0 : (size_t)(place - start);
}

static bool
put_tag(writer *w)
{
    const char *tag;
    skip_space(w);
    size_t length = take_word(w, &tag);
    return length > 0 && kind_of_word(tag, length) == OTHER;
}

/* Is it one of the runtime's own names, which stand for themselves? */
static bool
is_primitive(const ffic_ffi *ffi, const char *word, size_t length)
{
    const ffic_declarations *declared = &ffi->declarations;
    bool is_declared = declared->table == NULL || declared->types != NULL || declared->includes != NULL ||
                       ffic_table_type(declared->table, word) != NULL;
    return !is_declared && ffic_primitive_find(ffi->state, word, length) != NULL;
}

/* C types have the names of what typedefs stand for. */
static bool
put_typedef(writer *w, const char *word, size_t length)
{
    if (is_primitive(w->ffi, word, length)) {
        return true;
    }
    ffic_ctype *ct = ffic_find_typedef(w->ffi, word, length);
    if (ct == NULL) {
        PyErr_Clear(); /* who makes the type says it better */
        return false;
    }
    bool is_name = ct->kind != FFIC_KIND_POINTER && ct->kind != FFIC_KIND_ARRAY && ct->kind != FFIC_KIND_FUNCTION;
    w->used -= length;
    bool is_good = is_name && put_str(w, ct->name);
    Py_DECREF(ct);
    return is_good;
}

static bool
put_word(writer *w)
{
    const char *word;
    size_t before = w->used, length = take_word(w, &word);
    if (length == 0) {
        return false;
    }
    word_kind kind = kind_of_word(word, length);
    if (kind == QUALIFIER) {
        w->used = before;
        return true;
    }
    w->after_word = true;
    switch (kind) {
    case ARITHMETIC:
        return true;
    case TAGGED:
        return put_tag(w);
    case OTHER:
        return put_typedef(w, word, length);
    default:
        return false;
    }
}

/* What C types are made of, up to a parenthesis or comma. */
static bool
put_type(writer *w)
{
    w->after_word = false;
    for (;; skip_space(w)) {
        if (*w->at == '*') {
            w->at++;
            w->after_word = false;
            if (!put(w, " *", 2)) {
                return false;
            }
        }
        else if (!is_word(*w->at)) {
            return true;
        }
        else if (!put_word(w)) {
            return false;
        }
    }
}

static bool
put_parameters(writer *w)
{
    static const char none[] = "void)";
    if (strncmp(w->at, none, strlen(none)) == 0) {
        w->at += strlen(none) - 1;
    }
    for (bool is_first = true; *w->at != ')'; is_first = false) {
        if (!is_first && (*w->at++ != ',' || !put(w, ", ", 2))) {
            return false;
        }
        skip_space(w);
        if (strncmp(w->at, "...", 3) == 0) {
            w->at += 3;
            if (!put(w, "...", 3)) {
                return false;
            }
        }
        else if (!is_word(*w->at) || !put_type(w)) {
            return false;
        }
    }
    w->at++;
    return *w->at == '\0' && put(w, ")", 1);
}

static bool
put_type_and_name(writer *w, PyObject *name)
{
    return is_word(*w->at) && put_type(w) && *w->at++ == '(' && *w->at != '*' && (!w->after_word || put(w, " ", 1)) &&
           put_str(w, name) && put(w, "(", 1) && put_parameters(w);
}

static const char qualifier[] = " const";

/* `found` is the first qualifier at or behind `text`, or NULL; then it is the first one at or behind `end`. */
static bool
put_without_const(writer *w, const char *text, const char *end, const char **found)
{
    while (*found != NULL && *found < end) {
        if (!put(w, text, (size_t)(*found - text))) {
            return false;
        }
        text = *found + strlen(qualifier);
        *found = strstr(text, qualifier);
    }
    return put(w, text, (size_t)(end - text));
}

/* The generator says that it is spelled as it must be. */
static bool
put_spelled(writer *w, PyObject *name)
{
    const char *parameters = strchr(w->at, '('), *found = strstr(w->at, qualifier);
    if (parameters == NULL || !put_without_const(w, w->at, parameters, &found) || !put_str(w, name)) {
        return false;
    }
    return strcmp(parameters, "(void)") == 0 ? put(w, "()", 2)
                                             : put_without_const(w, parameters, parameters + strlen(parameters), &found);
}

size_t
ffic_function_text(const ffic_declared *declared, PyObject *name, PyObject *module, char text[FFIC_FUNCTION_TEXT_BYTES])
{
    static const char more[] = ";\n\nCFFI C function from ", end[] = ".lib";
    writer w = {.ffi = declared->ffi, .at = declared->type, .text = text, .used = 0, .after_word = false};
    bool is_spelled = declared->generated != NULL && (declared->flags & FFIC_SPELLED);
    bool is_good = (is_spelled ? put_spelled(&w, name) : put_type_and_name(&w, name)) &&
                   (module == NULL ? put(&w, ";", 1)
                                   : put(&w, more, strlen(more)) && put_str(&w, module) && put(&w, end, strlen(end)));
    return is_good ? w.used : 0;
}
