/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A new address space from checked ELF files: layout, segments, heap, vDSO, initial stack. Works
 * on a vmspace that nobody else knows.
 */
#include <asm/mman.h>
#include <linux/auxvec.h>
#include <linux/errno.h>
#include <linux/resource.h>
#include <uk/arch/cpu.h>
#include <uk/arch/signal.h>
#include <uk/fmt.h>
#include <uk/param.h>
#include <uk/random.h>
#include <uk/string.h>
#include <uk/task.h>
#include <uk/vdso.h>
#include "exec_image.h"

/* Newer than some <linux/auxvec.h>. */
#ifndef AT_RSEQ_FEATURE_SIZE
#define AT_RSEQ_FEATURE_SIZE 27
#define AT_RSEQ_ALIGN        28
#endif
#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif

#define RSEQ_FEATURE_BYTES 20 /* the fields of struct rseq up to cpu_id */
#define RSEQ_ALIGN_BYTES   32
#define CLOCK_TICKS        100
/* A new stack is mapped this far below the arguments; it grows from there (Linux: the same). */
#define STACK_INITIAL_BYTES (128UL << 10)

static bool aslr_on = true;
UK_PARAM(aslr, "aslr", UK_PARAM_BOOL, aslr_on,
	 "random addresses for program, libraries, heap and stack (default: on)");

static void compute_layout(struct exec_image *exec)
{
	struct exec_layout_random random = {0};

	if (aslr_on)
		random_bytes(&random, sizeof(random));
	exec_layout_compute(UKARCH_USER_END, process_rlimit(RLIMIT_STACK), &random, &exec->layout);
}

static int map_stack(struct exec_image *exec)
{
	uint64_t top = exec->layout.stack_top, used = top - exec->stack_layout.sp;
	uint64_t limit = UK_MAX(process_rlimit(RLIMIT_STACK), used + UK_PAGE_SIZE);
	uint64_t len = UK_MIN(used + STACK_INITIAL_BYTES, limit);
	bool is_exec = exec->program.image.stack == ELF_STACK_EXEC;
	struct vm_map_args args = {
		.prot = PROT_READ | PROT_WRITE | (is_exec ? PROT_EXEC : 0),
		.flags = VMA_STACK,
		.placement = VM_MAP_FIXED_NOREPLACE,
		.name = "[stack]",
	};
	long ret;

	args.len_bytes = UK_ALIGN_UP(len, UK_PAGE_SIZE);
	args.hint = top - args.len_bytes;
	ret = vm_map(exec->vm, &args);
	exec->vm->stack_top = top;
	return ret < 0 ? (int)ret : 0;
}

static int map_elf(struct exec_image *exec, struct elf_file *elf)
{
	const struct elf_image *image = &elf->image;
	vaddr_t low = image->low + elf->bias;
	struct exec_error *error = exec->error;
	int ret;

	if (low < UKARCH_USER_BASE || low > UKARCH_USER_END ||
	    image->high - image->low > UKARCH_USER_END - low) {
		uk_snprintf(error->text, sizeof(error->text),
			    "p_align 0x%lx and %lu MiB of segments leave no place for it",
			    image->align, (image->high - image->low) >> 20);
		return -ENOEXEC;
	}
	ret = elf_map(exec->vm, elf);
	if (ret == -EEXIST) {
		uk_snprintf(error->text, sizeof(error->text),
			    "its segments at 0x%lx-0x%lx overlap what is already there", low,
			    image->high + elf->bias);
		ret = -ENOMEM;
	}
	return ret;
}

/* A free range in the mmap area for an interpreter: found by mapping and unmapping it. */
static int place_interp(struct exec_image *exec, struct elf_file *elf)
{
	const struct elf_image *image = &elf->image;
	size_t span = image->high - image->low;
	struct vm_map_args args = {
		.len_bytes = span + (image->align - UK_PAGE_SIZE),
		.flags = VMA_NORESERVE,
	};
	long addr;

	if (image->header.type == ET_EXEC)
		return 0;
	if (args.len_bytes < span || args.len_bytes > UKARCH_USER_END)
		return -ENOMEM;
	addr = vm_map(exec->vm, &args);
	if (addr < 0)
		return (int)addr;
	elf->bias =
		exec_layout_bias((vaddr_t)addr + args.len_bytes - span, image->low, image->align);
	return vm_unmap(exec->vm, (vaddr_t)addr, args.len_bytes);
}

static void note_code_and_data(struct exec_image *exec)
{
	const struct elf_file *elf = &exec->program;
	struct vmspace *vm = exec->vm;

	vm->code_start = vm->data_start = UKARCH_USER_END;
	for (unsigned int i = 0; i < elf->image.header.phnum; i++) {
		const Elf64_Phdr *ph = &elf->phdrs[i];
		vaddr_t start = ph->p_vaddr + elf->bias, end = start + ph->p_filesz;

		if (ph->p_type != PT_LOAD || !ph->p_memsz)
			continue;
		if (ph->p_flags & PF_X) {
			vm->code_start = UK_MIN(vm->code_start, start);
			vm->code_end = UK_MAX(vm->code_end, end);
		}
		if (ph->p_flags & PF_W) {
			vm->data_start = UK_MIN(vm->data_start, start);
			vm->data_end = UK_MAX(vm->data_end, end);
		}
	}
	vm->brk_start = elf->image.high + elf->bias + exec->layout.brk_gap;
	vm->brk_end = vm->brk_start;
}

static int map_images(struct exec_image *exec)
{
	struct elf_file *program = &exec->program, *interp = &exec->interp;
	int ret;

	if (program->image.header.type == ET_DYN)
		program->bias = exec_layout_bias(exec->layout.pie_base, program->image.low,
						 program->image.align);
	ret = map_elf(exec, program);
	if (ret)
		return ret;
	note_code_and_data(exec);
	if (!interp->file)
		return 0;
	ret = place_interp(exec, interp);
	return ret ? ret : map_elf(exec, interp);
}

/* The auxiliary vector (getauxval(3)) in Linux' order. All addresses must be known. */
static void fill_auxv(struct exec_image *exec)
{
	const struct exec_stack_layout *at = &exec->stack_layout;
	const struct ukarch_cpu_caps *caps = ukarch_cpu_caps();
	const struct elf_file *program = &exec->program;
	const struct elf_image *image = &program->image;
	const struct creds *creds = &current->process->creds;
	const struct exec_auxv auxv[] = {
		{exec->vdso_ehdr ? AT_SYSINFO_EHDR : AT_IGNORE, exec->vdso_ehdr},
		{exec->vdso_ehdr ? AT_SYSINFO : AT_IGNORE, exec->vm ? exec->vm->vsyscall : 0},
		{AT_MINSIGSTKSZ, ukarch_sigframe_max_bytes()},
		{AT_HWCAP, caps->hwcap},
		{AT_PAGESZ, UK_PAGE_SIZE},
		{AT_CLKTCK, CLOCK_TICKS},
		{AT_PHDR, image->has_phdr_vaddr ? image->phdr_vaddr + program->bias : 0},
		{AT_PHENT, sizeof(Elf64_Phdr)},
		{AT_PHNUM, image->header.phnum},
		{AT_BASE, exec->interp.bias}, /* 0 without one */
		{AT_FLAGS, 0},
		{AT_ENTRY, image->header.entry + program->bias},
		{AT_UID, creds->uid},
		{AT_EUID, creds->euid},
		{AT_GID, creds->gid},
		{AT_EGID, creds->egid},
		{AT_SECURE, 0},
		{AT_RANDOM, at->random},
		{AT_HWCAP2, caps->hwcap2},
		{AT_EXECFN, at->execfn},
		{AT_PLATFORM, at->platform},
		{AT_RSEQ_FEATURE_SIZE, RSEQ_FEATURE_BYTES},
		{AT_RSEQ_ALIGN, RSEQ_ALIGN_BYTES},
		{AT_NULL, 0},
	};

	_Static_assert(sizeof(auxv) <= sizeof(exec->stack.auxv), "EXEC_AUXV_MAX");
	memcpy(exec->stack.auxv, auxv, sizeof(auxv));
	exec->stack.auxv_count = UK_ARRAY_SIZE(auxv);
}

/* Everything but the auxiliary vector's values; that gets its number of entries. */
static int measure_stack(struct exec_image *exec)
{
	struct exec_stack_args *stack = &exec->stack;

	stack->top = exec->layout.stack_top;
	stack->stack_limit_bytes = process_rlimit(RLIMIT_STACK);
	stack->gap_bytes = exec->layout.stack_gap;
	stack->execfn = exec->args->filename;
	stack->platform = ukarch_cpu_caps()->platform;
	stack->argc = exec->argc;
	stack->argv = exec->argv;
	stack->envc = exec->args->envc;
	stack->envp = (const char *const *)exec->args->envp;
	random_bytes(stack->random, sizeof(stack->random));
	fill_auxv(exec);
	return exec_stack_measure(stack, &exec->stack_layout);
}

struct vm_sink {
	struct exec_stack_sink sink;
	struct vmspace *vm;
};

static int vm_sink_write(struct exec_stack_sink *sink, uint64_t addr, const void *bytes, size_t len)
{
	return vm_write_bytes(uk_container_of(sink, struct vm_sink, sink)->vm, addr, bytes, len);
}

static int write_stack(struct exec_image *exec)
{
	const struct exec_stack_layout *at = &exec->stack_layout;
	struct vm_sink out = {.sink.write = vm_sink_write, .vm = exec->vm};
	struct vmspace *vm = exec->vm;

	vm->arg_start = at->arg_start;
	vm->arg_end = at->arg_end;
	vm->env_start = at->env_start;
	vm->env_end = at->env_end;
	vm->auxv_start = at->auxv_start;
	vm->auxv_end = at->auxv_end;
	fill_auxv(exec);
	return exec_stack_write(&exec->stack, at, &out.sink);
}

int exec_image_build(struct exec_image *exec)
{
	struct vmspace *vm;
	int ret;

	compute_layout(exec);
	ret = measure_stack(exec);
	if (ret)
		return ret;
	vm = exec->vm = vmspace_create();
	if (!vm)
		return -ENOMEM;
	vm->mmap_top = exec->layout.mmap_top;
	vm->stack_limit_bytes = process_rlimit(RLIMIT_STACK);
	vm->data_limit_bytes = process_rlimit(RLIMIT_DATA);
	vm->as_limit_bytes = process_rlimit(RLIMIT_AS);
	ret = map_stack(exec);
	if (!ret)
		ret = map_images(exec);
	if (!ret)
		ret = vdso_map(vm, &exec->vdso_ehdr);
	if (!ret)
		ret = write_stack(exec);
	return ret;
}
