/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Addresses to names: the kernel's own from the embedded table, the program's from the symbols of
 * the file that is mapped there.
 */
#include <uk/crash.h>
#include <uk/elf_symbol.h>
#include <uk/file.h>
#include <uk/fmt.h>
#include <uk/ksyms.h>
#include <uk/string.h>
#include <uk/task.h>
#include <uk/vmspace.h>
#include "crash_priv.h"

#if CONFIG_KALLSYMS
extern const char uk_ksyms_start[], uk_ksyms_end[];
#else
static const char uk_ksyms_start[1];
#define uk_ksyms_end uk_ksyms_start
#endif

static int describe_kernel(vaddr_t addr, char *buf, size_t size)
{
	uint32_t offset = (uint32_t)(addr - (vaddr_t)image_start);
	struct ksym sym;

	if (!ksyms_find(uk_ksyms_start, (size_t)(uk_ksyms_end - uk_ksyms_start), offset, &sym))
		return uk_scnprintf(buf, size, "kernel+0x%x", offset);
	return uk_scnprintf(buf, size, "%s+0x%x", sym.name, offset - sym.offset);
}

struct file_source {
	struct elf_source source;
	struct file *file;
};

static bool file_source_read(struct elf_source *source, void *buf, size_t len, uint64_t offset)
{
	struct file *file = uk_container_of(source, struct file_source, source)->file;

	return file_read_kernel(file, buf, len, (loff_t)offset) == (uk_ssize_t)len;
}

static int describe_in_file(struct file *file, uint64_t offset, char *buf, size_t size)
{
	const char *object = file->path.dentry ? file->path.dentry->name : "anonymous file";
	struct file_source from = {.source.read = file_source_read, .file = file};
	struct elf_symbol symbol;

	from.source.size_bytes = file->inode ? file->inode->size_bytes : 0;
	if (elf_symbol_find(&from.source, offset, &symbol))
		return uk_scnprintf(buf, size, "%s+0x%lx in %s", symbol.name, symbol.distance,
				    object);
	return uk_scnprintf(buf, size, "%s+0x%lx", object, offset);
}

static int describe_program(vaddr_t addr, char *buf, size_t size)
{
	struct vmspace *vm = current_vm();
	struct file *file = NULL;
	const char *name = NULL;
	uint64_t offset = 0;
	struct vma *vma;
	int len;

	mutex_lock(&vm->lock);
	vma = vma_find_locked(vm, addr);
	if (vma) {
		file = vma->file;
		name = vma->name ? vma->name : "anonymous memory";
		offset = addr - vma->start + (file ? vma->offset_bytes : 0);
	}
	if (file)
		file_get(file);
	mutex_unlock(&vm->lock);
	if (!file)
		return name ? uk_scnprintf(buf, size, "%s+0x%lx", name, offset)
			    : uk_scnprintf(buf, size, "not mapped");
	len = describe_in_file(file, offset, buf, size);
	file_put(file);
	return len;
}

int crash_describe_address(vaddr_t addr, char *buf, size_t size)
{
	if (crash_is_kernel_code(addr))
		return describe_kernel(addr, buf, size);
	if (addr >= UKARCH_VSYSCALL_ADDR && addr < UKARCH_VSYSCALL_ADDR + UK_PAGE_SIZE)
		return uk_scnprintf(buf, size, "[vsyscall]+0x%lx", addr - UKARCH_VSYSCALL_ADDR);
	if (addr >= UKARCH_USER_END)
		return uk_scnprintf(buf, size, "not mapped");
	return describe_program(addr, buf, size);
}

void crash_print_frame(const struct crash_frame *frame)
{
	char text[160];

	/* A call may be the last instruction of a function: look at the call, not behind it. */
	crash_describe_address(frame->pc - frame->is_return, text, sizeof(text));
	crash_line("  #%-2u %c 0x%016lx %s", frame->number, frame->is_guess ? '?' : ' ', frame->pc,
		   text);
}
