/* Static trampolines for ffi.callback.
 *
 * Trampoline i is a few instructions in the text of this library.  They load word i of a table into the register in which libffi's
 * Go closures expect their closure, and jump to the code that stands first in it.
 *
 * The table is one for the whole process, as the text is: the one exception to state living in the module.  All interpreters and
 * threads take from it.  It has no lock, so that a fork cannot leave one locked.
 */
#include "trampoline.h"

#if FFIC_HAS_TRAMPOLINES

#include <pthread.h>
#include <stdio.h>

#define TRAMPOLINES 4096
#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

__attribute__((visibility("hidden"), used)) ffi_go_closure *ffic_trampoline_table[TRAMPOLINES];
__attribute__((visibility("hidden"))) extern const char ffic_trampolines[];

/* A closure that is in no use, or was never in use, has one of these in its word: NULL or `&vacant`. */
static ffi_go_closure vacant;
static ffi_cif vacant_cif;
static pthread_once_t vacant_once = PTHREAD_ONCE_INIT;
static bool has_vacant;

static unsigned in_use; /* never less than the words in use */
static unsigned next;   /* where to look first: what was given back last is taken last */

#if defined(__x86_64__)
enum { CODE_SIZE = 16 };
#define TRAMPOLINE                                                                                                             \
    "    endbr64\n"                                                                                                            \
    "    movq ffic_trampoline_table + 8 * ffic_trampoline_number(%rip), %r10\n"                                                \
    "    jmp *(%r10)\n"                                                                                                        \
    "    .balign 16, 0xcc\n"
#else
enum { CODE_SIZE = 32 };
#define TRAMPOLINE                                                                                                             \
    "    hint #34\n" /* bti c */                                                                                               \
    "    adrp x18, ffic_trampoline_table + 8 * ffic_trampoline_number\n"                                                       \
    "    ldr x18, [x18, #:lo12:ffic_trampoline_table + 8 * ffic_trampoline_number]\n"                                          \
    "    ldr x16, [x18]\n"                                                                                                     \
    "    br x16\n"                                                                                                             \
    "    .balign 32\n"
#endif

__asm__(".pushsection .text.ffic_trampolines, \"ax\", %progbits\n"
        "    .balign 64\n"
        "    .globl ffic_trampolines\n"
        "    .hidden ffic_trampolines\n"
        "    .type ffic_trampolines, %object\n"
        "ffic_trampolines:\n"
        "    .set ffic_trampoline_number, 0\n"
        "    .rept " TEXT(TRAMPOLINES) "\n"
        TRAMPOLINE
        "    .set ffic_trampoline_number, ffic_trampoline_number + 1\n"
        "    .endr\n"
        "    .size ffic_trampolines, . - ffic_trampolines\n"
        ".popsection\n");

/* C calls what it was never given, or what was freed long ago.  The type of that is not known any more; zero it is. */
static void
vacant_invoke(ffi_cif *cif, void *result, void **args, void *closure)
{
    (void)cif;
    (void)args;
    (void)closure;
    fputs("ffi_core: C called a callback whose Python object was freed long ago; zero is returned. Keep the object that "
          "ffi.callback() returned for as long as C may call it.\n",
          stderr);
    memset(result, 0, sizeof(ffi_arg));
}

static void
make_vacant(void)
{
    has_vacant = ffi_prep_cif(&vacant_cif, FFI_DEFAULT_ABI, 0, &ffi_type_uint64, NULL) == FFI_OK &&
                 ffi_prep_go_closure(&vacant, &vacant_cif, vacant_invoke) == FFI_OK;
}

void *
ffic_trampoline_take(ffi_go_closure *closure)
{
    (void)pthread_once(&vacant_once, make_vacant);
    if (!has_vacant) {
        return NULL;
    }
    if (__atomic_add_fetch(&in_use, 1, __ATOMIC_ACQ_REL) > TRAMPOLINES) {
        (void)__atomic_sub_fetch(&in_use, 1, __ATOMIC_ACQ_REL);
        return NULL;
    }
    /* One is free, then, though other threads may be quicker at taking those that this one sees. */
    for (;;) {
        unsigned i = __atomic_fetch_add(&next, 1, __ATOMIC_RELAXED) % TRAMPOLINES;
        ffi_go_closure *found = __atomic_load_n(&ffic_trampoline_table[i], __ATOMIC_RELAXED);
        if ((found == NULL || found == &vacant) &&
            __atomic_compare_exchange_n(&ffic_trampoline_table[i], &found, closure, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
            return (void *)(uintptr_t)(ffic_trampolines + (size_t)i * CODE_SIZE);
        }
    }
}

void
ffic_trampoline_give_back(void *code)
{
    size_t i = (size_t)((const char *)code - ffic_trampolines) / CODE_SIZE;
    __atomic_store_n(&ffic_trampoline_table[i], &vacant, __ATOMIC_RELEASE);
    (void)__atomic_sub_fetch(&in_use, 1, __ATOMIC_ACQ_REL);
}

#endif
