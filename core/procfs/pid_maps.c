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

typedef void (*show_vma)(struct seq *seq, struct vmspace *vm, const struct vma *vma);

static void show_vmas(struct seq *seq, struct vmspace *vm, show_vma more)
{
	char *buf = uk_malloc(PATH_MAX);
	const struct vma *vma;

	if (!buf) {
		seq->is_out_of_memory = true;
		return;
	}
	mutex_lock(&vm->lock);
	for (vma = vma_find_next_locked(vm, 0); vma; vma = vma_find_next_locked(vm, vma->end)) {
		show_map_line(seq, vm, vma, buf);
		if (more)
			more(seq, vm, vma);
	}
	mutex_unlock(&vm->lock);
	uk_free(buf);
}

void show_maps(struct seq *seq, const struct proc_ctx *ctx)
{
	if (ctx->task->vm)
		show_vmas(seq, ctx->task->vm, NULL);
}

/* --- smaps ------------------------------------------------------------------------------- */

static void count_leaf(void *ctx, vaddr_t va, const struct ukarch_pte *pte)
{
	struct proc_resident *resident = ctx;

	if (pte->prot & UKARCH_PT_SHARED)
		resident->file_bytes += pte->size_bytes;
	else
		resident->anon_bytes += pte->size_bytes;
	if (pte->is_dirty)
		resident->dirty_bytes += pte->size_bytes;
}

void proc_count_resident(struct vmspace *vm, uintptr_t start, uintptr_t end,
			 struct proc_resident *resident)
{
	*resident = (struct proc_resident){0, 0, 0};
	ukarch_pt_walk(&vm->pt, start, end, count_leaf, resident);
}

static void show_sizes(struct seq *seq, const struct proc_resident *resident, uint64_t locked)
{
	uint64_t rss = resident->anon_bytes + resident->file_bytes;

	seq_printf(seq,
		   "Rss:            %8lu kB\nPss:            %8lu kB\nPss_Dirty:      %8lu kB\n",
		   rss >> 10, rss >> 10, resident->dirty_bytes >> 10);
	seq_printf(seq, "Shared_Clean:   %8lu kB\nShared_Dirty:   %8lu kB\n",
		   resident->file_bytes >> 10, 0UL);
	seq_printf(seq, "Private_Clean:  %8lu kB\nPrivate_Dirty:  %8lu kB\n",
		   (rss - resident->file_bytes -
		    UK_MIN(resident->dirty_bytes, resident->anon_bytes)) >>
			   10,
		   UK_MIN(resident->dirty_bytes, resident->anon_bytes) >> 10);
	seq_printf(seq,
		   "Referenced:     %8lu kB\nAnonymous:      %8lu kB\nLazyFree:       %8lu kB\n",
		   rss >> 10, resident->anon_bytes >> 10, 0UL);
	seq_printf(seq,
		   "AnonHugePages:  %8lu kB\nShmemPmdMapped: %8lu kB\nFilePmdMapped:  %8lu kB\n",
		   0UL, 0UL, 0UL);
	seq_printf(seq,
		   "Shared_Hugetlb: %8lu kB\nPrivate_Hugetlb: %7lu kB\nSwap:           %8lu kB\n",
		   0UL, 0UL, 0UL);
	seq_printf(seq, "SwapPss:        %8lu kB\nLocked:         %8lu kB\n", 0UL, locked >> 10);
}

static void show_smaps_vma(struct seq *seq, struct vmspace *vm, const struct vma *vma)
{
	uint64_t bytes = vma->end - vma->start;
	struct proc_resident resident;

	proc_count_resident(vm, vma->start, vma->end, &resident);
	seq_printf(seq,
		   "Size:           %8lu kB\nKernelPageSize: %8lu kB\nMMUPageSize:    %8lu kB\n",
		   bytes >> 10, UK_PAGE_SIZE >> 10, UK_PAGE_SIZE >> 10);
	show_sizes(seq, &resident, vma->flags & VMA_LOCKED ? bytes : 0);
	seq_printf(seq, "THPeligible:    %d\nVmFlags:%s%s%s%s mr mw me%s%s%s%s \n",
		   vma->flags & VMA_HUGEPAGE ? 1 : 0, vma->prot & UKARCH_PT_READ ? " rd" : "",
		   vma->prot & UKARCH_PT_WRITE ? " wr" : "",
		   vma->prot & UKARCH_PT_EXEC ? " ex" : "", vma->flags & VMA_SHARED ? " sh" : "",
		   vma->flags & VMA_STACK ? " gd" : "", vma->flags & VMA_LOCKED ? " lo" : "",
		   vma->flags & VMA_NORESERVE ? " nr" : "", vma->flags & VMA_HUGEPAGE ? " hg" : "");
}

void show_smaps(struct seq *seq, const struct proc_ctx *ctx)
{
	if (ctx->task->vm)
		show_vmas(seq, ctx->task->vm, show_smaps_vma);
}

void show_smaps_rollup(struct seq *seq, const struct proc_ctx *ctx)
{
	struct vmspace *vm = ctx->task->vm;
	struct proc_map_line line = {.start = 0};
	struct proc_resident resident;
	const struct vma *vma;
	uint64_t locked;
	char *room;

	if (!vm)
		return;
	mutex_lock(&vm->lock);
	for (vma = vma_find_next_locked(vm, 0); vma; vma = vma_find_next_locked(vm, vma->end)) {
		line.start = line.start ? line.start : vma->start;
		line.end = vma->end;
	}
	proc_count_resident(vm, 0, UKARCH_USER_END, &resident);
	locked = vm->locked_bytes;
	mutex_unlock(&vm->lock);
	room = seq_reserve(seq, PROC_MAP_LINE_MAX);
	if (room)
		seq->len += (size_t)proc_map_line_format(room, PROC_MAP_LINE_MAX, &line, true);
	seq_puts(seq, "[rollup]\n");
	show_sizes(seq, &resident, locked);
}

/* --- the program's own memory ------------------------------------------------------------ */

/* Only the running address space can be read; another one shows as empty, like a kernel thread. */
static void show_user_memory(struct seq *seq, const struct proc_ctx *ctx, uintptr_t start,
			     uintptr_t end)
{
	size_t len;
	char *room;

	if (ctx->task->vm != current_vm() || start >= end)
		return;
	len = UK_MIN(end - start, USER_TEXT_MAX);
	room = seq_reserve(seq, len);
	if (room)
		seq->len += len - copy_from_user_partial(room, (const void __user *)start, len);
}

void show_cmdline(struct seq *seq, const struct proc_ctx *ctx)
{
	if (ctx->task->vm)
		show_user_memory(seq, ctx, ctx->task->vm->arg_start, ctx->task->vm->arg_end);
}

void show_environ(struct seq *seq, const struct proc_ctx *ctx)
{
	if (ctx->task->vm)
		show_user_memory(seq, ctx, ctx->task->vm->env_start, ctx->task->vm->env_end);
}

void show_auxv(struct seq *seq, const struct proc_ctx *ctx)
{
	if (ctx->task->vm)
		show_user_memory(seq, ctx, ctx->task->vm->auxv_start, ctx->task->vm->auxv_end);
}
