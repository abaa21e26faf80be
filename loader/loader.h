/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of loader/ share. */
#ifndef LOADER_H
#define LOADER_H

#include <uk/arch/upcall.h>
#include <uk/elf_parse.h>
#include <uk/exec.h>
#include <uk/vmspace.h>

struct file;

/** Why a program could not be started, for people; empty when the errno says it all. */
struct exec_error {
	char text[224];
};

/** An ELF file that was opened and checked. */
struct elf_file {
	struct file *file; /* reference held */
	Elf64_Phdr *phdrs; /* image.header.phnum of them */
	struct elf_image image;
	vaddr_t bias; /* set when placed: what to add to every address in the file */
};

/**
 * Reads and checks the headers of `file` (whose reference it takes over, also on failure).
 * `head` are the first `len` bytes. 0, -ENOEXEC with *error, -ENOMEM, -EIO.
 */
int elf_file_init(struct elf_file *elf, struct file *file, const void *head, size_t len,
		  struct elf_error *error);
void elf_file_fini(struct elf_file *elf);

/**
 * Maps all segments of a file whose bias is set into a vmspace that is not in use yet. Errors:
 * -ENOMEM, -EIO, and -EEXIST when something is in the way.
 */
int elf_map(struct vmspace *vm, const struct elf_file *elf);

/* --- bytes of a vmspace that need not be the active one (vm_access.c) -------------------------
 * The pages are brought in by vmspace_fault() and then reached through the direct map, so that a
 * new image is complete before anything of the old one is given up. The mapping must be
 * writable. 0, -ENOMEM, -EFAULT. */
int vm_write_bytes(struct vmspace *vm, vaddr_t addr, const void *bytes, size_t len);
int vm_write_zeros(struct vmspace *vm, vaddr_t addr, size_t len);
/** The bytes of the file at `offset`; -EIO when it has fewer. */
int vm_write_file(struct vmspace *vm, vaddr_t addr, struct file *file, uint64_t offset, size_t len);

/** upcall_exec() that tells why: error->text is set for what an errno cannot say. */
int exec_run(const struct exec_args *args, struct exec_error *error);

#endif /* LOADER_H */
