/* SPDX-License-Identifier: BSD-3-Clause */
#include <uk/string.h>
#include "site_code.h"

#define SYSCALL_BYTES 2
#define MOV_BYTES     5

#define OP_MOV_EAX 0xb8
#define OP_CMP_EAX 0x3d
#define REX_W      0x48

/* Offsets in a stub. */
#define MOV_LOAD_END 5
#define MOV_JUMP     12
#define MOV_TRAP     17
#define MOV_POST     19
#define CMP_JAE      6
#define CMP_LOAD     8
#define CMP_JUMP     15
#define CMP_TRAP     20
#define CMP_POST     22
#define STUB_LEN     38 /* the site's length, a byte */
#define STUB_SHAPE   39 /* a byte */
#define STUB_END     40 /* where the program goes on, 8 bytes */

const char *site_reason_text(enum site_reason reason)
{
	static const char texts[][16] = {
		[SITE_OK] = "",
		[SITE_SHAPE] = "shape",
		[SITE_BOUNDARY] = "page boundary",
		[SITE_SHARED] = "shared mapping",
		[SITE_WRITABLE] = "writable",
		[SITE_SPECIAL] = "special",
		[SITE_NO_ROOM] = "no slot",
		[SITE_JUMPED_AT] = "jumped into",
	};

	return texts[reason];
}

static uint32_t get32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static void put32(uint8_t *at, uint64_t value)
{
	uint32_t low = (uint32_t)value;

	memcpy(at, &low, sizeof(low));
}

/*
 * A byte before b8 that may be part of the same instruction. Prefixes are: REX makes it load
 * another register, the others would change our jump, too. 8d b8 is LEA with a displacement. An
 * opcode with operand b8 that goes to memory is none: %rax, its base, is the number, no address.
 */
static bool may_continue(uint8_t before)
{
	return (before & 0xf0) == 0x40 || (before >= 0x64 && before <= 0x67) || before == 0x8d;
}

static bool is_mov(const uint8_t *syscall, uint64_t nr)
{
	const uint8_t *mov = syscall - MOV_BYTES;

	return mov[0] == OP_MOV_EAX && get32(mov + 1) == nr && !may_continue(mov[-1]);
}

/* The length of the compare, 0: there is none. */
static size_t cmp_bytes(const uint8_t *behind, size_t room)
{
	if (room >= 6 && behind[0] == REX_W && behind[1] == OP_CMP_EAX)
		return 6;
	return room >= 5 && behind[0] == OP_CMP_EAX ? 5 : 0;
}

enum site_reason site_recognize(const uint8_t *page, size_t page_bytes, size_t offset, uint64_t nr,
				struct site_code *code)
{
	size_t cmp, room;

	if (offset + SYSCALL_BYTES > page_bytes)
		return SITE_BOUNDARY;
	room = page_bytes - offset - SYSCALL_BYTES;
	cmp = cmp_bytes(page + offset + SYSCALL_BYTES, room);
	*code = (struct site_code){.shape = SITE_CMP, .len = (uint8_t)(SYSCALL_BYTES + cmp)};
	if (offset > MOV_BYTES && is_mov(page + offset, nr))
		*code = (struct site_code){
			.shape = SITE_MOV, .start = MOV_BYTES, .len = MOV_BYTES + SYSCALL_BYTES};
	else if (!cmp)
		return offset <= MOV_BYTES || room < 6 ? SITE_BOUNDARY : SITE_SHAPE;
	memcpy(code->bytes, page + offset - code->start, code->len);
	return SITE_OK;
}

bool site_slot_is_valid(uint64_t address)
{
	uint8_t first = (uint8_t)address, third = (uint8_t)(address >> 16);

	/* 06, 0e, 16, 1e push segment registers, 60 and 61 all registers, and neither does so in
	 * 64-bit mode (SDM vol. 2, table A-2). The address is a sign-extended displacement. */
	return address >> 31 == 0x1ffffffff && (first & 0xe7) == 0x06 && (third & 0xfe) == 0x60;
}

void site_encode_jump(const struct site_code *code, uint64_t slot, uint8_t *out)
{
	out[0] = 0xff;
	out[1] = 0x24;
	out[2] = code->shape == SITE_MOV ? 0x25 : 0x65;
	put32(out + 3, slot);
	if (code->len == 8)
		out[7] = 0x90;
}

/* An instruction whose last four bytes are relative to its end. */
static void put_relative(uint8_t *out, size_t end, uint64_t stub, uint64_t target)
{
	put32(out + end - 4, target - (stub + end));
}

static void encode_mov(const struct site_code *code, const struct site_stub_place *place,
		       uint8_t *out)
{
	static const uint8_t text[] = {
		OP_MOV_EAX, 0,    0,    0, 0,       /* mov $nr,%eax */
		0x48,       0x8b, 0x0d, 0, 0, 0, 0, /* mov end(%rip),%rcx */
		0xe9,       0,    0,    0, 0,       /* jmp x86_site_entry */
		0x0f,       0x05,                   /* trap: syscall */
		0xff,       0x25, 0,    0, 0, 0,    /* post: jmp *end(%rip) */
	};

	memcpy(out, text, sizeof(text));
	memcpy(out, code->bytes, MOV_BYTES);
	put_relative(out, MOV_JUMP, place->stub, place->stub + STUB_END);
	put_relative(out, MOV_TRAP, place->stub, place->kernel_entry);
	put_relative(out, sizeof(text), place->stub, place->stub + STUB_END);
}

static void encode_cmp(const struct site_code *code, const struct site_stub_place *place,
		       uint8_t *out)
{
	static const uint8_t text[] = {
		0x48, OP_CMP_EAX,
		0,    0,
		0,    0,                   /* cmp $entries,%rax */
		0x73, CMP_TRAP - CMP_LOAD, /* jae trap */
		0x48, 0xc7,
		0xc1, 0,
		0,    0,
		0, /* mov $post,%rcx */
		0xe9, 0,
		0,    0,
		0,          /* jmp x86_site_entry */
		0x0f, 0x05, /* trap: syscall */
	};
	static const uint8_t jump[] = {0xff, 0x25, 0, 0, 0, 0}; /* jmp *end(%rip) */
	size_t cmp = (size_t)code->len - SYSCALL_BYTES, done = CMP_POST + cmp;

	memcpy(out, text, sizeof(text));
	put32(out + CMP_JAE - 4, place->entries);
	put32(out + CMP_JUMP - 4, place->stub + CMP_POST);
	put_relative(out, CMP_TRAP, place->stub, place->kernel_entry);
	memcpy(out + CMP_POST, code->bytes + SYSCALL_BYTES, cmp);
	memcpy(out + done, jump, sizeof(jump));
	put_relative(out, done + sizeof(jump), place->stub, place->stub + STUB_END);
}

void site_encode_stub(const struct site_code *code, const struct site_stub_place *place,
		      uint8_t out[SITE_STUB_BYTES])
{
	uint64_t end = place->site + code->len;

	memset(out, 0xcc, SITE_STUB_BYTES);
	if (code->shape == SITE_MOV)
		encode_mov(code, place, out);
	else
		encode_cmp(code, place, out);
	out[STUB_LEN] = code->len;
	out[STUB_SHAPE] = (uint8_t)code->shape;
	memcpy(out + STUB_END, &end, sizeof(end));
}

size_t site_stub_trap(enum site_shape shape)
{
	return shape == SITE_MOV ? MOV_TRAP : CMP_TRAP;
}

size_t site_stub_post(enum site_shape shape)
{
	return shape == SITE_MOV ? MOV_POST : CMP_POST;
}

/* Before the call it is as if the site had not been reached; its first instructions may run twice.
 */
uint64_t site_stub_settle(const uint8_t stub[SITE_STUB_BYTES], size_t offset)
{
	uint64_t end, start;
	size_t len = stub[STUB_LEN];

	memcpy(&end, stub + STUB_END, sizeof(end));
	start = end - len;
	if (stub[STUB_SHAPE] == SITE_MOV) {
		if (offset == MOV_TRAP)
			return start + MOV_BYTES;
		if (offset == MOV_POST)
			return end;
		return offset < MOV_TRAP ? start : 0;
	}
	if (offset == CMP_POST)
		return start + SYSCALL_BYTES;
	if (offset == CMP_POST + len - SYSCALL_BYTES)
		return end;
	return offset <= CMP_TRAP ? start : 0;
}
