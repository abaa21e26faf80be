/* SPDX-License-Identifier: BSD-3-Clause */
#include <uk/string.h>
#include "site_code.h"

#define OP_MOV_EAX 0xb8
#define OP_CMP_EAX 0x3d
#define OP_CALL    0xe8
#define OP_JMP     0xe9
#define REX_W      0x48

#define MOV_BYTES      5                                   /* mov $nr,%eax */
#define LONG_MOV_BYTES 7                                   /* mov $nr,%rax */
#define MOVE_BYTES     (SITE_CALL_AT - SITE_SYSCALL_BYTES) /* mov %rax,%rdi */
#define REL32_BYTES    5                                   /* call, jmp */

/* Offsets in a stub: of those that begin at the `syscall`; and of what all have at the end. */
#define CMP_JAE     6
#define CMP_LOAD    8
#define CMP_JUMP    15
#define CMP_TRAP    20
#define CMP_POST    22
#define STUB_SHAPE  40 /* a byte each */
#define STUB_BEFORE 41 /* site_code.start */
#define STUB_LEN    42
#define STUB_END    48 /* where the site ends, 8 bytes */
#define STUB_TARGET 56 /* where it calls or jumps to, 8 bytes */

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

const char *site_shape_text(enum site_shape shape)
{
	static const char texts[][8] = {
		[SITE_MOV] = "mov", [SITE_CMP] = "cmp", [SITE_CALL] = "call"};

	return texts[shape];
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

/* How many bytes before a mov tell whether it is one. */
#define LOOK_BACK 3

/*
 * May what looks like a mov be part of a longer instruction? Prefixes are one: REX makes it load
 * another register, the others would change our jump, too. 8d b8 is LEA with a displacement. And
 * there are instructions with an immediate operand behind a ModRM byte, perhaps a SIB byte, and
 * b8. (An opcode with operand b8 that goes to memory alone is none: %rax, its base, is the number,
 * no address.)
 */
static bool may_continue(const uint8_t *mov)
{
	static const uint8_t with_immediate[] = {0x69, 0x81, 0xc7, 0xf7};

	if ((mov[-1] & 0xf0) == 0x40 || (mov[-1] >= 0x64 && mov[-1] <= 0x67) || mov[-1] == 0x8d)
		return true;
	for (unsigned int i = 0; i < sizeof(with_immediate); i++)
		if (mov[-2] == with_immediate[i] || mov[-3] == with_immediate[i])
			return true;
	return false;
}

/* The bytes in front of the `syscall` that load its number, 0: they do something else. */
static uint8_t load_bytes(const uint8_t *syscall, size_t room, uint64_t nr)
{
	static const uint8_t long_mov[] = {REX_W, 0xc7, 0xc0};

	if (room < MOV_BYTES + LOOK_BACK || get32(syscall - 4) != nr)
		return 0;
	if (syscall[-MOV_BYTES] == OP_MOV_EAX && !may_continue(syscall - MOV_BYTES))
		return MOV_BYTES;
	if (room >= LONG_MOV_BYTES + LOOK_BACK &&
	    !memcmp(syscall - LONG_MOV_BYTES, long_mov, sizeof(long_mov)) &&
	    !may_continue(syscall - LONG_MOV_BYTES))
		return LONG_MOV_BYTES;
	return 0;
}

/* The bytes of the compare behind the `syscall`, 0: there is none. */
static uint8_t cmp_bytes(const uint8_t *behind, size_t room)
{
	if (room >= 6 && behind[0] == REX_W && behind[1] == OP_CMP_EAX)
		return 6;
	return room >= 5 && behind[0] == OP_CMP_EAX ? 5 : 0;
}

/* The same of a move of the result and a call or a jump. */
static uint8_t call_bytes(const uint8_t *behind, size_t room)
{
	static const uint8_t moves[][MOVE_BYTES] = {{REX_W, 0x89, 0xc7}, {REX_W, 0x63, 0xf8}};

	if (room < MOVE_BYTES + REL32_BYTES ||
	    (behind[MOVE_BYTES] != OP_CALL && behind[MOVE_BYTES] != OP_JMP))
		return 0;
	if (memcmp(behind, moves[0], MOVE_BYTES) && memcmp(behind, moves[1], MOVE_BYTES))
		return 0;
	return MOVE_BYTES + REL32_BYTES;
}

static bool find_shape(const uint8_t *syscall, size_t before, size_t behind, uint64_t nr,
		       struct site_code *code)
{
	const uint8_t *next = syscall + SITE_SYSCALL_BYTES;
	uint8_t bytes;

	if ((bytes = load_bytes(syscall, before, nr)))
		*code = (struct site_code){SITE_MOV, bytes, bytes + SITE_SYSCALL_BYTES, {0}};
	else if ((bytes = cmp_bytes(next, behind)))
		*code = (struct site_code){SITE_CMP, 0, SITE_SYSCALL_BYTES + bytes, {0}};
	else if ((bytes = call_bytes(next, behind)))
		*code = (struct site_code){SITE_CALL, 0, SITE_SYSCALL_BYTES + bytes, {0}};
	return bytes;
}

enum site_reason site_recognize(const uint8_t *page, size_t page_bytes, size_t offset, uint64_t nr,
				struct site_code *code)
{
	size_t behind;

	if (offset + SITE_SYSCALL_BYTES > page_bytes)
		return SITE_BOUNDARY;
	behind = page_bytes - offset - SITE_SYSCALL_BYTES;
	if (memcmp(page + offset, "\x0f\x05", SITE_SYSCALL_BYTES))
		return SITE_SHAPE;
	if (!find_shape(page + offset, offset, behind, nr, code))
		return offset < LONG_MOV_BYTES + LOOK_BACK || behind < MOVE_BYTES + REL32_BYTES
			       ? SITE_BOUNDARY
			       : SITE_SHAPE;
	memcpy(code->bytes, page + offset - code->start, code->len);
	return SITE_OK;
}

void site_encode_jump(const struct site_code *code, uint64_t slot, uint8_t *out)
{
	memcpy(out, code->bytes, code->len);
	out[0] = 0xff;
	out[1] = 0x24;
	out[2] = code->shape == SITE_MOV ? 0x25 : 0x65;
	put32(out + 3, slot);
	if (code->len == 8)
		out[7] = 0x90; /* nop: nobody gets there */
	if (code->len == LONG_MOV_BYTES + SITE_SYSCALL_BYTES)
		memcpy(out + LONG_MOV_BYTES, "\x0f\x0b", 2); /* ud2 */
}

/* Appends instructions at `at`; returns where the next one goes. */
static size_t put(uint8_t *stub, size_t at, const void *bytes, size_t len)
{
	memcpy(stub + at, bytes, len);
	return at + len;
}

/* One whose last four bytes are relative to its end. */
static size_t put_relative(uint8_t *stub, size_t at, const void *bytes, size_t len, uint64_t here,
			   uint64_t target)
{
	put(stub, at, bytes, len);
	put32(stub + at + len, target - (here + at + len + 4));
	return at + len + 4;
}

/* The same that refers to a word of the stub. */
static size_t put_with_word(uint8_t *stub, size_t at, const void *bytes, size_t len, size_t word)
{
	return put_relative(stub, at, bytes, len, 0, word);
}

static void encode_mov(const struct site_code *code, const struct site_stub_place *place,
		       uint8_t *out)
{
	size_t at = put(out, 0, code->bytes, code->start);

	at = put_with_word(out, at, "\x48\x8b\x0d", 3, STUB_END);                /* mov ,%rcx */
	at = put_relative(out, at, "\xe9", 1, place->stub, place->kernel_entry); /* jmp */
	at = put(out, at, "\x0f\x05", 2);
	put_with_word(out, at, "\xff\x25", 2, STUB_END); /* jmp * */
}

static void encode_post(const struct site_code *code, uint8_t *out)
{
	const uint8_t *behind = code->bytes + SITE_SYSCALL_BYTES;
	bool is_call = code->shape == SITE_CALL;
	size_t at = put(out, CMP_POST, behind,
			is_call ? MOVE_BYTES : (size_t)code->len - SITE_SYSCALL_BYTES);

	if (is_call && behind[MOVE_BYTES] == OP_CALL)
		at = put_with_word(out, at, "\xff\x35", 2, STUB_END); /* push */
	put_with_word(out, at, "\xff\x25", 2, is_call ? STUB_TARGET : STUB_END);
}

static void encode_cmp(const struct site_code *code, const struct site_stub_place *place,
		       uint8_t *out)
{
	put(out, 0, "\x48\x3d", 2); /* cmp $entries,%rax */
	put32(out + CMP_JAE - 4, place->entries);
	put(out, CMP_JAE, "\x73", 1); /* jae trap */
	out[CMP_LOAD - 1] = CMP_TRAP - CMP_LOAD;
	put(out, CMP_LOAD, "\x48\xc7\xc1", 3); /* mov $post,%rcx */
	put32(out + CMP_JUMP - 4, place->stub + CMP_POST);
	put_relative(out, CMP_JUMP, "\xe9", 1, place->stub, place->kernel_entry);
	put(out, CMP_TRAP, "\x0f\x05", 2);
	encode_post(code, out);
}

void site_encode_stub(const struct site_code *code, const struct site_stub_place *place,
		      uint8_t out[SITE_STUB_BYTES])
{
	uint64_t end = place->site + code->len, target;

	memset(out, 0xcc, SITE_STUB_BYTES);
	if (code->shape == SITE_MOV)
		encode_mov(code, place, out);
	else
		encode_cmp(code, place, out);
	out[STUB_SHAPE] = (uint8_t)code->shape;
	out[STUB_BEFORE] = code->start;
	out[STUB_LEN] = code->len;
	put(out, STUB_END, &end, sizeof(end));
	target = end + (uint64_t)(int64_t)(int32_t)get32(code->bytes + code->len - 4);
	put(out, STUB_TARGET, &target, sizeof(target));
}

size_t site_stub_trap(const struct site_code *code)
{
	return code->shape == SITE_MOV ? code->start + 12UL : CMP_TRAP;
}

size_t site_stub_post(const struct site_code *code)
{
	return site_stub_trap(code) + SITE_SYSCALL_BYTES;
}

size_t site_stub_call(const struct site_code *code)
{
	return site_stub_post(code) + MOVE_BYTES;
}

static uint64_t get_word(const uint8_t *stub, size_t at)
{
	uint64_t word;

	memcpy(&word, stub + at, sizeof(word));
	return word;
}

/* Before the call it is as if the site had not been reached; its first instructions may run
 * twice. */
uint64_t site_stub_settle(const uint8_t stub[SITE_STUB_BYTES], size_t offset)
{
	const struct site_code code = {.shape = (enum site_shape)stub[STUB_SHAPE],
				       .start = stub[STUB_BEFORE]};
	uint64_t end = get_word(stub, STUB_END), start = end - stub[STUB_LEN];
	size_t trap = site_stub_trap(&code), behind = offset - site_stub_post(&code);

	if (offset < trap)
		return start;
	if (offset == trap)
		return start + code.start;
	if (behind == 0)
		return start + code.start + SITE_SYSCALL_BYTES;
	if (code.shape == SITE_CMP)
		return behind + SITE_SYSCALL_BYTES == stub[STUB_LEN] ? end : 0;
	if (code.shape == SITE_CALL && behind == MOVE_BYTES)
		return end - REL32_BYTES;
	/* The return address is on the stack: it is there. */
	return code.shape == SITE_CALL && behind == MOVE_BYTES + 6 ? get_word(stub, STUB_TARGET)
								   : 0;
}
