/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Call sites as machine code: which shapes may be patched, and what they become. Pure.
 *
 *   mov   b8 nr32 0f 05            mov $nr,%eax; syscall            ff 24 25 slot32
 *         48 c7 c0 nr32 0f 05      mov $nr,%rax; syscall            ff 24 25 slot32 0f 0b
 *   cmp   0f 05 48 3d imm32        syscall; cmp $imm,%rax           ff 24 65 slot32 90
 *         0f 05 3d imm32           syscall; cmp $imm,%eax           ff 24 65 slot32
 *   call  0f 05 48 89 c7 e8 rel32  syscall; mov %rax,%rdi; call f   ff 24 65 slot32 (and the rest)
 *         48 63 f8: movslq %eax,%rdi; e9: jmp f
 *
 * All become `jmp *slot`, with two of the encodings it has, chosen for what else the bytes mean.
 * Somebody may go on in the middle of a site, where an instruction began before: a jump, a thread
 * or a signal frame that was there when it was patched, a call that is issued again. All such
 * places hold an invalid opcode:
 *
 *   mov   at the old `syscall`: the slot's third byte, 60 or 61, since slots lie at ...ff60_xxxx
 *         and ...ff61_xxxx; or 0f 0b, which is invalid by definition.
 *   cmp   at 2, the old compare: 65, a prefix, and the slot's first byte. It is one of
 *         06 0e 16 1e, so slots lie at such addresses only.
 *   call  at 2, as cmp; at 5, the old call: the slot's third byte.
 *
 * A slot holds the address of a stub, which lies near it:
 *
 *   mov   mov $nr,%eax              cmp   cmp $entries,%rax      numbers of no call trap
 *         mov end(%rip),%rcx              jae trap
 *         jmp x86_site_entry              mov $post,%rcx
 *   trap: syscall                         jmp x86_site_entry
 *   post: jmp *end(%rip)            trap: syscall
 *                                   post: cmp $imm,%rax          call: the move; push end(%rip);
 *                                         jmp *end(%rip)               jmp *target(%rip)
 */
#ifndef VSYSCALL_SITE_CODE_H
#define VSYSCALL_SITE_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum site_shape { SITE_MOV, SITE_CMP, SITE_CALL };
const char *site_shape_text(enum site_shape shape);

/* Why a site is left as it is. */
enum site_reason {
	SITE_OK,
	SITE_SHAPE,     /* other bytes */
	SITE_BOUNDARY,  /* not on one page as a whole */
	SITE_SHARED,    /* in a shared mapping: others would see it */
	SITE_WRITABLE,  /* the program may be writing there */
	SITE_SPECIAL,   /* the vDSO */
	SITE_NO_ROOM,   /* out of slots, or of memory */
	SITE_JUMPED_AT, /* the program keeps going on in its middle */
};
const char *site_reason_text(enum site_reason reason);

#define SITE_BYTES_MAX     10
#define SITE_SYSCALL_BYTES 2
#define SITE_CALL_AT       5 /* in a site of that shape: the call */

/** A site that may be patched. */
struct site_code {
	enum site_shape shape;
	uint8_t start; /* bytes of it before the `syscall` */
	uint8_t len;   /* all bytes of it */
	uint8_t bytes[SITE_BYTES_MAX];
};

/**
 * Looks at the `syscall` at `offset` of a page of code. `nr`, the number that it was just called
 * with, must be the one that the site loads: bytes alone cannot tell where an instruction begins.
 */
enum site_reason site_recognize(const uint8_t *page, size_t page_bytes, size_t offset, uint64_t nr,
				struct site_code *code);

/** The jump through the slot, code->len bytes. */
void site_encode_jump(const struct site_code *code, uint64_t slot, uint8_t *out);

#define SITE_STUB_BYTES 64

/** Where a stub and what it refers to are. */
struct site_stub_place {
	uint64_t stub;         /* the stub itself */
	uint64_t kernel_entry; /* x86_site_entry, within 2 GiB */
	uint64_t site;         /* the first byte of the patched site */
	uint32_t entries;      /* of the table of system calls */
};
void site_encode_stub(const struct site_code *code, const struct site_stub_place *place,
		      uint8_t out[SITE_STUB_BYTES]);

/** The stub's own `syscall`, what is behind it, and its call, as offsets into the stub. */
size_t site_stub_trap(const struct site_code *code);
size_t site_stub_post(const struct site_code *code);
size_t site_stub_call(const struct site_code *code);

/** What address of the program's stands for a thread at `offset` of the stub; 0: no instruction
 *  begins there. */
uint64_t site_stub_settle(const uint8_t stub[SITE_STUB_BYTES], size_t offset);
#endif /* VSYSCALL_SITE_CODE_H */
