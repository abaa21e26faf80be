/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PT_LOAD segments into a fresh vmspace.
 *
 *   page of the file | ... | last page of the file, zeroed behind p_filesz | anonymous pages
 *   \------------------- private file mapping -----------------------------/ \--- bss -----/
 *
 * A segment that cannot be mapped in place (address and offset differ within the page, it shares
 * a page with an earlier segment, or the filesystem has no mappings) is read into anonymous
 * memory instead.
 */
#include <asm/mman.h>
#include <uk/file.h>
#include "loader.h"

/* One segment; addresses with the bias. */
struct segment {
	vaddr_t start, file_end, end; /* first byte, end of file bytes, end of memory */
	vaddr_t page_start, page_end;
	uint64_t offset;
	unsigned int prot;
};

static unsigned int prot_of(const Elf64_Phdr *ph)
{
	return (ph->p_flags & PF_R ? PROT_READ : 0) | (ph->p_flags & PF_W ? PROT_WRITE : 0) |
	       (ph->p_flags & PF_X ? PROT_EXEC : 0);
}

static bool get_segment(const struct elf_file *elf, unsigned int index, struct segment *seg)
{
	const Elf64_Phdr *ph = &elf->phdrs[index];

	if (ph->p_type != PT_LOAD || !ph->p_memsz)
		return false;
	seg->start = ph->p_vaddr + elf->bias;
	seg->file_end = seg->start + ph->p_filesz;
	seg->end = seg->start + ph->p_memsz;
	seg->page_start = UK_ALIGN_DOWN(seg->start, UK_PAGE_SIZE);
	seg->page_end = UK_ALIGN_UP(seg->end, UK_PAGE_SIZE);
	seg->offset = ph->p_offset;
	seg->prot = prot_of(ph);
	return true;
}

static int map_anonymous(struct vmspace *vm, vaddr_t start, vaddr_t end, unsigned int prot)
{
	struct vm_map_args args = {
		.hint = start,
		.len_bytes = end - start,
		.prot = prot,
		.placement = VM_MAP_FIXED_NOREPLACE,
	};
	long ret = start < end ? vm_map(vm, &args) : 0;

	return ret < 0 ? (int)ret : 0;
}

static int map_file_pages(struct vmspace *vm, const struct elf_file *elf, const struct segment *seg,
			  struct vm_object *object)
{
	struct vm_map_args args = {
		.hint = seg->page_start,
		.len_bytes = UK_ALIGN_UP(seg->file_end, UK_PAGE_SIZE) - seg->page_start,
		.prot = seg->prot,
		.placement = VM_MAP_FIXED_NOREPLACE,
		.object = object,
		.offset_bytes = UK_ALIGN_DOWN(seg->offset, UK_PAGE_SIZE),
		.file = elf->file,
	};
	long ret = vm_map(vm, &args);

	return ret < 0 ? (int)ret : 0;
}

/* Zeros from the end of the file bytes to the end of that page, whatever its protection. */
static int zero_tail(struct vmspace *vm, const struct segment *seg)
{
	vaddr_t page = UK_ALIGN_DOWN(seg->file_end, UK_PAGE_SIZE);
	bool is_writable = seg->prot & PROT_WRITE;
	int ret = 0;

	if (seg->file_end == seg->end || seg->file_end == page)
		return 0;
	if (!is_writable)
		ret = vm_protect(vm, page, UK_PAGE_SIZE, PROT_READ | PROT_WRITE);
	if (!ret)
		ret = vm_write_zeros(vm, seg->file_end, page + UK_PAGE_SIZE - seg->file_end);
	if (!ret && !is_writable)
		ret = vm_protect(vm, page, UK_PAGE_SIZE, seg->prot);
	return ret;
}

static int map_in_place(struct vmspace *vm, const struct elf_file *elf, const struct segment *seg,
			struct vm_object *object)
{
	vaddr_t bss = seg->page_start;
	int ret;

	if (seg->file_end > seg->start) {
		ret = map_file_pages(vm, elf, seg, object);
		if (!ret)
			ret = zero_tail(vm, seg);
		if (ret)
			return ret;
		bss = UK_ALIGN_UP(seg->file_end, UK_PAGE_SIZE);
	}
	return map_anonymous(vm, bss, seg->page_end, seg->prot);
}

/* Anonymous memory wherever [start, end) is still free. */
static int fill_holes(struct vmspace *vm, vaddr_t start, vaddr_t end)
{
	while (start < end) {
		struct vma *next;
		vaddr_t hole_end, go_on;
		int ret;

		mutex_lock(&vm->lock);
		next = vma_find_next_locked(vm, start);
		hole_end = next ? UK_MIN(UK_MAX(next->start, start), end) : end;
		go_on = next ? next->end : end;
		mutex_unlock(&vm->lock);
		ret = map_anonymous(vm, start, hole_end, PROT_READ | PROT_WRITE);
		if (ret)
			return ret;
		start = go_on;
	}
	return 0;
}

/* Pages that a segment shares with earlier ones: where they end (0: there are none), and all
 * protections that are wanted of them. */
struct shared_pages {
	vaddr_t end;
	unsigned int prot;
};

static struct shared_pages find_shared_pages(const struct elf_file *elf, unsigned int index,
					     const struct segment *seg)
{
	struct shared_pages shared = {.prot = seg->prot};
	struct segment other;

	for (unsigned int i = 0; i < index; i++) {
		if (!get_segment(elf, i, &other) || other.page_end <= seg->page_start ||
		    other.page_start >= seg->page_end)
			continue;
		shared.prot |= other.prot;
		shared.end = UK_MAX(shared.end, other.page_end);
	}
	return shared;
}

static int read_in(struct vmspace *vm, const struct elf_file *elf, const struct segment *seg,
		   const struct shared_pages *shared)
{
	size_t len = seg->page_end - seg->page_start;
	vaddr_t zero_end = UK_MIN(seg->end, shared->end);
	int ret = fill_holes(vm, seg->page_start, seg->page_end);

	if (!ret)
		ret = vm_protect(vm, seg->page_start, len, PROT_READ | PROT_WRITE);
	if (!ret)
		ret = vm_write_file(vm, seg->start, elf->file, seg->offset,
				    seg->file_end - seg->start);
	/* Fresh pages are zero already; shared ones hold an earlier segment's bytes. */
	if (!ret && zero_end > seg->file_end)
		ret = vm_write_zeros(vm, seg->file_end, zero_end - seg->file_end);
	if (!ret)
		ret = vm_protect(vm, seg->page_start, len, seg->prot);
	if (!ret && shared->prot != seg->prot) {
		zero_end = UK_MIN(seg->page_end, shared->end);
		ret = vm_protect(vm, seg->page_start, zero_end - seg->page_start, shared->prot);
	}
	return ret;
}

static int map_segment(struct vmspace *vm, const struct elf_file *elf, unsigned int index,
		       struct vm_object *object)
{
	struct segment seg;
	struct shared_pages shared;
	bool is_congruent;

	if (!get_segment(elf, index, &seg))
		return 0;
	shared = find_shared_pages(elf, index, &seg);
	is_congruent = (seg.start - seg.offset) % UK_PAGE_SIZE == 0;
	if (shared.end || (seg.file_end > seg.start && (!object || !is_congruent)))
		return read_in(vm, elf, &seg, &shared);
	return map_in_place(vm, elf, &seg, object);
}

int elf_map(struct vmspace *vm, const struct elf_file *elf)
{
	struct file *file = elf->file;
	struct vm_object *object = NULL;
	int ret = 0;

	if (file->ops->mmap)
		object = file->ops->mmap(file, PROT_READ | PROT_EXEC, false);
	if (IS_ERR(object)) {
		if (PTR_ERR(object) == -ENOMEM)
			return -ENOMEM;
		object = NULL;
	}
	for (unsigned int i = 0; i < elf->image.header.phnum && !ret; i++)
		ret = map_segment(vm, elf, i, object);
	if (object)
		vm_object_put(object);
	return ret;
}
