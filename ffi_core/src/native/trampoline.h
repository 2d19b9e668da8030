/* Static trampolines: C functions for ffi.callback that were compiled with this file, so no memory has to be made executable. */
#ifndef FFIC_TRAMPOLINE_H
#define FFIC_TRAMPOLINE_H

#include <ffi.h>

#include "compat.h"

/* libffi's entry for Go closures takes what it needs from a register that no argument uses.  A trampoline only has to load it. */
#if defined(__ELF__) && defined(__GNUC__) && defined(FFI_GO_CLOSURES) && FFI_GO_CLOSURES && !defined(__ANDROID__) &&           \
    ((defined(__x86_64__) && !defined(__ILP32__)) || (defined(__aarch64__) && !defined(__ILP32__) && !defined(__AARCH64EB__)))
#define FFIC_HAS_TRAMPOLINES 1
#else
#define FFIC_HAS_TRAMPOLINES 0
#endif

#if FFIC_HAS_TRAMPOLINES

/* The address of a C function that does what `closure` says, or NULL where all are in use.  Any thread may ask. */
void *ffic_trampoline_take(ffi_go_closure *closure);

/* C had better not call it any more.  Until another closure gets it, it prints an error and returns zero. */
void ffic_trampoline_give_back(void *code);

#endif

#endif
