/* The machine code between a trampoline and callback.c. */
#include "callback_entry.h"

#if FFIC_HAS_CALLBACK_ENTRY

/* The result goes to both registers that one can be in. */
#if defined(__x86_64__)

_Static_assert((int)FFIC_ENTRY_RESULT * 8 == 112, "as below");

__asm__(".pushsection .text.ffic_callback_entry, \"ax\", %progbits\n"
        "    .balign 16\n"
        "    .globl ffic_callback_entry\n"
        "    .hidden ffic_callback_entry\n"
        "    .type ffic_callback_entry, %function\n"
        "ffic_callback_entry:\n"
        "    .cfi_startproc\n"
        "    endbr64\n"
        "    subq $120, %rsp\n" /* the return address is the second word of our own */
        "    .cfi_adjust_cfa_offset 120\n"
        "    movq %rdi, (%rsp)\n"
        "    movq %rsi, 8(%rsp)\n"
        "    movq %rdx, 16(%rsp)\n"
        "    movq %rcx, 24(%rsp)\n"
        "    movq %r8, 32(%rsp)\n"
        "    movq %r9, 40(%rsp)\n"
        "    movsd %xmm0, 48(%rsp)\n"
        "    movsd %xmm1, 56(%rsp)\n"
        "    movsd %xmm2, 64(%rsp)\n"
        "    movsd %xmm3, 72(%rsp)\n"
        "    movsd %xmm4, 80(%rsp)\n"
        "    movsd %xmm5, 88(%rsp)\n"
        "    movsd %xmm6, 96(%rsp)\n"
        "    movsd %xmm7, 104(%rsp)\n"
        "    movq %r10, %rdi\n"
        "    movq %rsp, %rsi\n"
        "    call ffic_callback_from_words\n"
        "    movq 112(%rsp), %rax\n"
        "    movsd 112(%rsp), %xmm0\n"
        "    addq $120, %rsp\n"
        "    .cfi_adjust_cfa_offset -120\n"
        "    ret\n"
        "    .cfi_endproc\n"
        "    .size ffic_callback_entry, . - ffic_callback_entry\n"
        ".popsection\n");

#else

_Static_assert((int)FFIC_ENTRY_RESULT * 8 == 128, "as below");

__asm__(".pushsection .text.ffic_callback_entry, \"ax\", %progbits\n"
        "    .balign 16\n"
        "    .globl ffic_callback_entry\n"
        "    .hidden ffic_callback_entry\n"
        "    .type ffic_callback_entry, %function\n"
        "ffic_callback_entry:\n"
        "    .cfi_startproc\n"
        "    hint #34\n" /* bti c, which a jump by x16 may come to, too */
        "    stp x29, x30, [sp, #-160]!\n"
        "    .cfi_def_cfa_offset 160\n"
        "    .cfi_offset 29, -160\n"
        "    .cfi_offset 30, -152\n"
        "    mov x29, sp\n"
        "    stp x0, x1, [sp, #16]\n"
        "    stp x2, x3, [sp, #32]\n"
        "    stp x4, x5, [sp, #48]\n"
        "    stp x6, x7, [sp, #64]\n"
        "    stp d0, d1, [sp, #80]\n"
        "    stp d2, d3, [sp, #96]\n"
        "    stp d4, d5, [sp, #112]\n"
        "    stp d6, d7, [sp, #128]\n"
        "    mov x0, x18\n"
        "    add x1, sp, #16\n"
        "    bl ffic_callback_from_words\n"
        "    ldr x0, [sp, #144]\n"
        "    ldr d0, [sp, #144]\n"
        "    ldp x29, x30, [sp], #160\n"
        "    .cfi_restore 30\n"
        "    .cfi_restore 29\n"
        "    .cfi_def_cfa_offset 0\n"
        "    ret\n"
        "    .cfi_endproc\n"
        "    .size ffic_callback_entry, . - ffic_callback_entry\n"
        ".popsection\n");

#endif

#endif
