/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Segment selectors and private exception numbers, also for assembly. The user selectors have
 * Linux' values: programs see them in signal frames.
 */
#ifndef UK_ARCH_SEGMENTS_H
#define UK_ARCH_SEGMENTS_H

#define X86_KERNEL_CS 0x08
#define X86_KERNEL_DS 0x10
#define X86_USER_DS   0x2b
#define X86_USER_CS   0x33
#define X86_TSS       0x40

/* A stack that exceptions enter on, aligned to its size; its lowest page is the unmapped guard. The
 * word above that is the address of the per-CPU block when GS must be swapped if the program was
 * interrupted, else 0. */
#define X86_IST_BYTES 8192
#define X86_IST_GUARD 4096

#define X86_VECTOR_GP 13
#define X86_ERROR_IDT 0x2 /* in its error code: the index is of a gate */

#define X86_INT_OPCODE 0xcd /* int $n */
#define X86_INT_BYTES  2

#define X86_VECTOR_STACK_OVERFLOW 0x100 /* software: found by trap_entry */

/* Bytes of the instructions in entry.S that store the first `args` arguments of a call; with the
 * fourth comes one that moves it to where C functions look. */
#define X86_VSYSCALL_KEEP_BYTES(args) (5 * (args) + (args) / 4 * 3)

#endif /* UK_ARCH_SEGMENTS_H */
