/* From a trampoline straight to Python: what C calls where all arguments of a callback travel in registers and stack slots (see plan.h).
 *
 * libffi's entry works out for each call again where each argument is.  This one only stores the registers, as one array of words with
 * the caller's stack slots behind them, and a callback knows its words.
 */
#ifndef FFIC_CALLBACK_ENTRY_H
#define FFIC_CALLBACK_ENTRY_H

#include "plan.h"
#include "trampoline.h"

#if FFIC_HAS_TRAMPOLINES && FFIC_REGISTER_CALLS
#define FFIC_HAS_CALLBACK_ENTRY 1
#else
#define FFIC_HAS_CALLBACK_ENTRY 0
#endif

#if FFIC_HAS_CALLBACK_ENTRY

/* Behind the registers come two words of the entry's own, of which the first takes the result, and then the stack slots. */
enum { FFIC_ENTRY_RESULT = FFIC_FIRST_STACK_SLOT, FFIC_ENTRY_OWN_WORDS = 2 };

/* The word that has what a call plan has in `slot`. */
static inline uint8_t
ffic_entry_word(uint8_t slot)
{
    return slot < FFIC_FIRST_STACK_SLOT ? slot : (uint8_t)(slot + FFIC_ENTRY_OWN_WORDS);
}

/* What a trampoline jumps to. */
__attribute__((visibility("hidden"))) extern const char ffic_callback_entry[];

/* What it calls, in callback.c.  `closure` is what the trampoline loaded; the word FFIC_ENTRY_RESULT takes a widened result. */
__attribute__((visibility("hidden"))) void ffic_callback_from_words(ffi_go_closure *closure, uint64_t *words);

#endif

#endif
