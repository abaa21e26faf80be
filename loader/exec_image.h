/* SPDX-License-Identifier: BSD-3-Clause */
/* One execve(2) in progress: found (exec.c), built (exec_image.c), put in place (exec_commit.c). */
#ifndef LOADER_EXEC_IMAGE_H
#define LOADER_EXEC_IMAGE_H

#include "exec_stack.h"
#include "layout.h"
#include "loader.h"
#include "script.h"

/* The strings of one #! line, while arguments point to them. */
struct exec_script {
	struct exec_script *next;
	char text[]; /* the interpreter, then its argument */
};

struct exec_image {
	const struct exec_args *args;
	struct exec_error *error;
	const char *name; /* of the file being looked at */
	unsigned int argc;
	const char **argv;           /* ours when there are scripts, else the caller's */
	struct exec_script *scripts; /* innermost first */
	char head[SCRIPT_HEAD_BYTES + 1];

	struct elf_file program, interp; /* interp.file is NULL when there is none */
	struct vmspace *vm;              /* the new one, until it is put in place */
	struct exec_layout layout;
	vaddr_t vdso_ehdr; /* 0: none */
	struct exec_stack_args stack;
	struct exec_stack_layout stack_layout;
};

/** Makes exec->vm, complete. 0 or -errno. */
int exec_image_build(struct exec_image *exec);

/** Makes exec->vm the current program. 0, or -ENOMEM before anything was changed. */
int exec_commit(struct exec_image *exec);

#endif /* LOADER_EXEC_IMAGE_H */
