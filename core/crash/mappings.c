/* SPDX-License-Identifier: BSD-3-Clause */
/* What a crash report says of the program's mappings, in the form of /proc/self/maps. */
#include <asm/mman.h>
#include <linux/types.h>
#include <uk/file.h>
#include <uk/fmt.h>
#include <uk/task.h>
#include <uk/vfs.h>
#include <uk/vmspace.h>
#include "crash_priv.h"

#define MAX_LINES 64
/* A fault this close below a stack is called a stack overflow. */
#define STACK_NEAR_BYTES (1UL << 20)

static const char *access_name(const struct ukarch_fault *fault)
{
	return fault->is_write ? "writing" : fault->is_exec ? "executing" : "reading";
}

int crash_explain_fault(const struct ukarch_fault *fault, char *buf, size_t size)
{
	struct vmspace *vm = current_vm();
	unsigned int prot = 0;
	bool is_mapped, is_below_stack;
	struct vma *vma;

	if (fault->kind != UKARCH_FAULT_PAGE)
		return uk_scnprintf(buf, size, "%s", fault->name);
	if (fault->addr >= UKARCH_USER_END)
		return uk_scnprintf(buf, size, "0x%lx is not the program's, %s", fault->addr,
				    access_name(fault));
	mutex_lock(&vm->lock);
	vma = vma_find_next_locked(vm, fault->addr);
	is_mapped = vma && vma->start <= fault->addr;
	is_below_stack = vma && !is_mapped && (vma->flags & VMA_STACK) &&
			 vma->start - fault->addr < STACK_NEAR_BYTES;
	if (is_mapped)
		prot = vma->prot;
	mutex_unlock(&vm->lock);
	if (!is_mapped)
		return uk_scnprintf(buf, size, "%s at 0x%lx, %s",
				    is_below_stack ? "stack overflow" : "no mapping", fault->addr,
				    access_name(fault));
	return uk_scnprintf(buf, size, "mapping at 0x%lx is %c%c%c, %s", fault->addr,
			    prot & PROT_READ ? 'r' : '-', prot & PROT_WRITE ? 'w' : '-',
			    prot & PROT_EXEC ? 'x' : '-', access_name(fault));
}

static const char *vma_label(const struct vma *vma, char *scratch, size_t size)
{
	const char *label = vma->name;

	if (vma->file && vma->file->path.dentry) {
		label = vfs_path_name(&vma->file->path, scratch, size);
		if (IS_ERR(label))
			label = vma->file->path.dentry->name;
	} else if (!label && (vma->flags & VMA_HEAP)) {
		label = "[heap]";
	}
	return label ? label : "";
}

void crash_print_mappings(char *scratch, size_t size)
{
	struct vmspace *vm = current_vm();
	unsigned int lines = 0;
	struct vma *vma;

	crash_line("mappings:");
	mutex_lock(&vm->lock);
	for (vma = vma_find_next_locked(vm, 0); vma; vma = vma_find_next_locked(vm, vma->end)) {
		if (lines++ == MAX_LINES) {
			crash_line("  ... and %u more", vm->vma_count - MAX_LINES);
			break;
		}
		crash_line("  %012lx-%012lx %c%c%c%c %08lx %s", vma->start, vma->end,
			   vma->prot & PROT_READ ? 'r' : '-', vma->prot & PROT_WRITE ? 'w' : '-',
			   vma->prot & PROT_EXEC ? 'x' : '-', vma->flags & VMA_SHARED ? 's' : 'p',
			   vma->file ? vma->offset_bytes : 0UL, vma_label(vma, scratch, size));
	}
	mutex_unlock(&vm->lock);
}
