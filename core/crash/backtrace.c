/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Backtraces: the chain of frame pointers as far as it holds; where it breaks early (code built
 * without frame pointers), every word of the stack that lies behind a call instruction, marked as a
 * guess. Kernel stacks are read within their bounds, the program's through uaccess.
 */
#include <uk/arch/backtrace.h>
#include <uk/arch/thread.h>
#include <uk/arch/uaccess.h>
#include <uk/string.h>
#include <uk/vmspace.h>
#include "crash_priv.h"

#define MAX_FRAMES      32
#define MAX_GUESSES     16
#define TRUSTED_FRAMES  4 /* a chain this long is not a coincidence: no guessing */
#define SCAN_WORDS      512
#define MAX_FRAME_BYTES (8UL << 20)

/* Where a walk reads from, and what it found so far. */
struct walk {
	bool (*read)(const struct walk *walk, vaddr_t addr, void *to, size_t len);
	bool (*is_code)(const struct walk *walk, vaddr_t addr);
	vaddr_t low, high; /* the stack; 0 and 0 for the program's: uaccess says */
	unsigned int count;
	vaddr_t found[MAX_FRAMES];
};

static bool kernel_read(const struct walk *walk, vaddr_t addr, void *to, size_t len)
{
	bool in_stack = addr >= walk->low && addr < walk->high && walk->high - addr >= len;

	if (!in_stack && !(crash_is_kernel_code(addr) && crash_is_kernel_code(addr + len - 1)))
		return false;
	memcpy(to, (const void *)addr, len);
	return true;
}

static bool kernel_is_code(const struct walk *walk, vaddr_t addr)
{
	return crash_is_kernel_code(addr);
}

static bool program_read(const struct walk *walk, vaddr_t addr, void *to, size_t len)
{
	return copy_from_user(to, (const void __user *)addr, len) == 0;
}

static bool program_is_code(const struct walk *walk, vaddr_t addr)
{
	struct vmspace *vm = current_vm();
	struct vma *vma;
	bool is_code;

	if (addr >= UKARCH_USER_END)
		return false;
	mutex_lock(&vm->lock);
	vma = vma_find_locked(vm, addr);
	is_code = vma && (vma->prot & UKARCH_PT_EXEC);
	mutex_unlock(&vm->lock);
	return is_code;
}

/* Is `addr` code, right behind a call? */
static bool is_return_address(const struct walk *walk, vaddr_t addr)
{
	unsigned char before[UKARCH_CALL_BYTES];

	return addr > sizeof(before) && walk->is_code(walk, addr - 1) &&
	       walk->read(walk, addr - sizeof(before), before, sizeof(before)) &&
	       ukarch_ends_in_call(before);
}

static void add_frame(struct walk *walk, vaddr_t pc, bool is_guess)
{
	struct crash_frame frame = {
		.number = walk->count,
		.pc = pc,
		.is_return = walk->count > 0,
		.is_guess = is_guess,
	};

	if (walk->count == MAX_FRAMES)
		return;
	walk->found[walk->count++] = pc;
	crash_print_frame(&frame);
}

static void follow_frame_pointers(struct walk *walk, vaddr_t sp, vaddr_t fp)
{
	vaddr_t record[2], last = sp;

	while (walk->count < MAX_FRAMES && UK_IS_ALIGNED(fp, sizeof(vaddr_t)) && fp >= last &&
	       fp - last < MAX_FRAME_BYTES && walk->read(walk, fp, record, sizeof(record)) &&
	       is_return_address(walk, record[1])) {
		add_frame(walk, record[1], false);
		last = fp + sizeof(record);
		fp = record[0];
	}
}

static bool was_found(const struct walk *walk, vaddr_t pc)
{
	for (unsigned int i = 0; i < walk->count; i++)
		if (walk->found[i] == pc)
			return true;
	return false;
}

static void scan_stack(struct walk *walk, vaddr_t sp)
{
	unsigned int guesses = 0;
	vaddr_t word;

	sp = UK_ALIGN_UP(sp, sizeof(word));
	for (unsigned int i = 0; i < SCAN_WORDS && guesses < MAX_GUESSES; i++) {
		if (!walk->read(walk, sp + i * sizeof(word), &word, sizeof(word)))
			return;
		if (is_return_address(walk, word) && !was_found(walk, word)) {
			add_frame(walk, word, true);
			guesses++;
		}
	}
}

static void backtrace(struct walk *walk, vaddr_t pc, vaddr_t sp, vaddr_t fp)
{
	crash_line("backtrace (? = guessed from the stack):");
	if (walk->is_code(walk, pc)) {
		add_frame(walk, pc, false);
	} else { /* a wild jump: the address means nothing, its caller may */
		crash_line("  #0    0x%016lx is no code", pc);
		walk->found[walk->count++] = pc;
	}
	follow_frame_pointers(walk, sp, fp);
	if (walk->count <= TRUSTED_FRAMES)
		scan_stack(walk, sp);
}

/* The mapped part of the kernel stack that `sp` is on: the current thread's, or, for an exception
 * stack inside the image, to the end of its page. */
static void find_kernel_stack(struct walk *walk, vaddr_t sp)
{
	vaddr_t top = (vaddr_t)(ukarch_thread_current()->user_regs + 1);
	vaddr_t bottom = UK_ALIGN_UP(top, UKARCH_KSTACK_SIZE) - UKARCH_KSTACK_SIZE + UK_PAGE_SIZE;

	if (sp < top && sp >= bottom - UK_PAGE_SIZE) {
		walk->low = bottom; /* the page below is the guard */
		walk->high = top;
	} else if (sp >= UKARCH_IMAGE_BASE && sp < UKARCH_VSYSCALL_ADDR) {
		walk->low = sp;
		walk->high = UK_ALIGN_UP(sp + 1, UK_PAGE_SIZE);
	}
}

void crash_kernel_backtrace(vaddr_t pc, vaddr_t sp, vaddr_t fp)
{
	struct walk walk = {.read = kernel_read, .is_code = kernel_is_code};

	find_kernel_stack(&walk, sp);
	backtrace(&walk, pc, UK_MAX(sp, walk.low), fp);
}

void crash_program_backtrace(const struct ukarch_regs *regs)
{
	struct walk walk = {.read = program_read, .is_code = program_is_code};

	backtrace(&walk, ukarch_regs_pc(regs), ukarch_regs_sp(regs), ukarch_regs_fp(regs));
}
