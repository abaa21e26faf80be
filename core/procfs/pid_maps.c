/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * /proc/<pid>/{maps,smaps,smaps_rollup} from the VMA tree, under vmspace.lock; and the parts of
 * the program's own memory that are files too: cmdline, environ, auxv.
 */
#include <linux/limits.h>
#include <uk/arch/uaccess.h>
#include <uk/heap.h>
#include <uk/task.h>
#include <uk/vmspace.h>
#include "pid.h"

#define USER_TEXT_MAX (2UL << 20) /* of arguments or environment shown */

/* --- maps -------------------------------------------------------------------------------- */

static const char *special_name(const struct vmspace *vm, const struct vma *vma)
{
	if (vma->name)
		return vma->name;
	if (vma->flags & VMA_HEAP)
		return "[heap]";
	if (vma->start <= vm->stack_top && vma->end >= vm->stack_top)
		return "[stack]";
	return NULL;
}

/* `buf` has PATH_MAX bytes. */
static void show_map_line(struct seq *seq, const struct vmspace *vm, const struct vma *vma,
			  char *buf)
{
	struct proc_map_line line = {
		.start = vma->start,
		.end = vma->end,
		.prot = vma->prot,
		.is_shared = vma->flags & VMA_SHARED,
		.offset_bytes = vma->object ? vma->offset_bytes : 0,
	};
	const char *name = special_name(vm, vma);
	char *room;

	if (vma->file && vma->file->inode) {
		const struct inode *inode = vma->file->inode;

		line.ino = inode->ino;
		line.dev_major = inode->sb ? uk_dev_major(inode->sb->dev) : 0;
		line.dev_minor = inode->sb ? uk_dev_minor(inode->sb->dev) : 0;
		name = vfs_file_name(vma->file, buf, PATH_MAX);
		if (IS_ERR(name))
			name = "?";
	}
	room = seq_reserve(seq, PROC_MAP_LINE_MAX);
	if (room)
		seq->len += (size_t)proc_map_line_format(room, PROC_MAP_LINE_MAX, &line, name);
	if (name)
		seq_puts_escaped(seq, name, "\n");
	seq_puts(seq, "\n");
}

/* The legacy page of system calls is the kernel's and every program's. */
static void show_vsyscall(struct seq *seq)
{
	const struct proc_map_line line = {
		.start = UKARCH_VSYSCALL_ADDR,
		.end = UKARCH_VSYSCALL_ADDR + UK_PAGE_SIZE,
		.prot = UKARCH_PT_READ | UKARCH_PT_EXEC,
	};
	char *room = UKARCH_VSYSCALL_ADDR ? seq_reserve(seq, PROC_MAP_LINE_MAX) : NULL;

	if (!room)
		return;
	seq->len += (size_t)proc_map_line_format(room, PROC_MAP_LINE_MAX, &line, true);
	seq_puts(seq, "[vsyscall]\n");
}

typedef void (*show_vma)(struct seq *seq, struct vmspace *vm, const struct vma *vma);

static void show_vmas_locked(struct seq *seq, struct vmspace *vm, show_vma more)
{
	char *buf = uk_malloc(PATH_MAX);
	const struct vma *vma;

	if (!buf) {
		seq->is_out_of_memory = true;
		return;
	}
	for (vma = vma_find_next_locked(vm, 0); vma; vma = vma_find_next_locked(vm, vma->end)) {
		show_map_line(seq, vm, vma, buf);
		if (more)
			more(seq, vm, vma);
	}
	uk_free(buf);
}

static void show_vmas(struct seq *seq, const struct proc_ctx *ctx, show_vma more)
{
	struct vmspace *vm = proc_vm_get(ctx);

	if (!vm)
		return;
	mutex_lock(&vm->lock);
	show_vmas_locked(seq, vm, more);
	mutex_unlock(&vm->lock);
	vmspace_put(vm);
	if (!more)
		show_vsyscall(seq);
}

void show_maps(struct seq *seq, const struct proc_ctx *ctx)
{
	show_vmas(seq, ctx, NULL);
}

/* --- smaps ------------------------------------------------------------------------------- */

static void show_kib(struct seq *seq, const char *label, uint64_t bytes)
{
	seq_printf(seq, "%-15s %8lu kB\n", label, bytes >> 10);
}

/* There is one process, so nothing counts as shared. */
static void show_sizes(struct seq *seq, const struct proc_resident *resident, uint64_t locked)
{
	uint64_t sum = proc_resident_sum(resident);

	show_kib(seq, "Rss:", sum);
	show_kib(seq, "Pss:", sum);
	show_kib(seq, "Pss_Dirty:", resident->dirty);
	show_kib(seq, "Shared_Clean:", 0);
	show_kib(seq, "Shared_Dirty:", 0);
	show_kib(seq, "Private_Clean:", sum - resident->dirty);
	show_kib(seq, "Private_Dirty:", resident->dirty);
	show_kib(seq, "Referenced:", sum);
	show_kib(seq, "Anonymous:", resident->anon);
	show_kib(seq, "KSM:", 0);
	show_kib(seq, "LazyFree:", 0);
	show_kib(seq, "AnonHugePages:", resident->large);
	show_kib(seq, "ShmemPmdMapped:", 0);
	show_kib(seq, "FilePmdMapped:", 0);
	show_kib(seq, "Shared_Hugetlb:", 0);
	show_kib(seq, "Private_Hugetlb:", 0);
	show_kib(seq, "Swap:", 0);
	show_kib(seq, "SwapPss:", 0);
	show_kib(seq, "Locked:", locked);
}

static void show_vma_flags(struct seq *seq, const struct vma *vma)
{
	static const struct {
		unsigned int flag;
		char text[4];
	} names[] = {{VMA_STACK, " gd"},     {VMA_LOCKED, " lo"},     {VMA_DONTFORK, " dc"},
		     {VMA_NORESERVE, " nr"}, {VMA_WIPEONFORK, " wf"}, {VMA_HUGEPAGE, " hg"},
		     {VMA_NOHUGEPAGE, " nh"}};

	seq_printf(seq, "VmFlags:%s%s%s%s mr mw me%s", vma->prot & UKARCH_PT_READ ? " rd" : "",
		   vma->prot & UKARCH_PT_WRITE ? " wr" : "",
		   vma->prot & UKARCH_PT_EXEC ? " ex" : "", vma->flags & VMA_SHARED ? " sh" : "",
		   vma->flags & VMA_SHARED ? " ms" : "");
	for (size_t i = 0; i < UK_ARRAY_SIZE(names); i++)
		if (vma->flags & names[i].flag)
			seq_puts(seq, names[i].text);
	seq_puts(seq, " \n");
}

static void show_smaps_vma(struct seq *seq, struct vmspace *vm, const struct vma *vma)
{
	struct proc_resident resident = {.anon = 0};
	uint64_t bytes = vma->end - vma->start;

	proc_add_resident(vm, vma, &resident);
	show_kib(seq, "Size:", bytes);
	show_kib(seq, "KernelPageSize:", UK_PAGE_SIZE);
	show_kib(seq, "MMUPageSize:", UK_PAGE_SIZE);
	show_sizes(seq, &resident, vma->flags & VMA_LOCKED ? bytes : 0);
	seq_printf(seq, "THPeligible:           %d\n", vma->flags & VMA_HUGEPAGE ? 1 : 0);
	show_vma_flags(seq, vma);
}

void show_smaps(struct seq *seq, const struct proc_ctx *ctx)
{
	show_vmas(seq, ctx, show_smaps_vma);
}

void show_smaps_rollup(struct seq *seq, const struct proc_ctx *ctx)
{
	struct vmspace *vm = proc_vm_get(ctx);
	struct proc_map_line line = {.start = 0};
	struct proc_sizes sizes;
	char *room;

	if (!vm)
		return;
	proc_vm_sizes(vm, &sizes);
	vmspace_put(vm);
	line.start = sizes.start;
	line.end = sizes.end;
	room = seq_reserve(seq, PROC_MAP_LINE_MAX);
	if (room)
		seq->len += (size_t)proc_map_line_format(room, PROC_MAP_LINE_MAX, &line, true);
	seq_puts(seq, "[rollup]\n");
	show_sizes(seq, &sizes.resident, sizes.locked);
}

/* --- the program's own memory ------------------------------------------------------------ */

/* Only the running address space can be read; another one shows as empty, like a kernel thread. */
static struct vmspace *running_vm(const struct proc_ctx *ctx)
{
	return ctx->task->tid && ctx->task->vm == current_vm() ? ctx->task->vm : NULL;
}

static void show_user_memory(struct seq *seq, uintptr_t start, uintptr_t end)
{
	size_t len;
	char *room;

	if (start >= end)
		return;
	len = UK_MIN(end - start, USER_TEXT_MAX);
	room = seq_reserve(seq, len);
	if (room)
		seq->len += len - copy_from_user_partial(room, (const void __user *)start, len);
}

void show_cmdline(struct seq *seq, const struct proc_ctx *ctx)
{
	const struct vmspace *vm = running_vm(ctx);

	if (vm)
		show_user_memory(seq, vm->arg_start, vm->arg_end);
}

void show_environ(struct seq *seq, const struct proc_ctx *ctx)
{
	const struct vmspace *vm = running_vm(ctx);

	if (vm)
		show_user_memory(seq, vm->env_start, vm->env_end);
}

void show_auxv(struct seq *seq, const struct proc_ctx *ctx)
{
	const struct vmspace *vm = running_vm(ctx);

	if (vm)
		show_user_memory(seq, vm->auxv_start, vm->auxv_end);
}
