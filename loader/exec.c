/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * execve(2). The new image is complete, down to the bytes of its stack, in a vmspace of its own
 * before anything of the old one is given up: every failure leaves the caller as it was. What
 * follows the point of no return (exec_commit.c) cannot fail.
 *
 *   find the file, follow #! lines -> its interpreter -> place and map both -> vDSO -> stack
 */
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/limits.h>
#include <linux/stat.h>
#include <uk/fmt.h>
#include <uk/heap.h>
#include <uk/print.h>
#include <uk/string.h>
#include <uk/vfs.h>
#include "exec_image.h"

/* Linux' limit: a script's interpreter may be a script, five times. */
#define MAX_SCRIPTS 5

/* File type and permission, before anything of the file is looked at. The program owns the
 * machine, so any x bit will do, as for root on Linux. Nobody writes the file while it is open. */
static struct file *open_executable(const struct vfs_name *name)
{
	struct path path;
	struct file *file;
	uint32_t mode;
	int ret = vfs_lookup(name, &path);

	if (ret)
		return ERR_PTR(ret);
	mode = path.dentry->inode->mode;
	if (!S_ISREG(mode) || !(mode & 0111))
		file = ERR_PTR(-EACCES);
	else
		file = vfs_open_path(&path, O_RDONLY | O_LARGEFILE);
	path_put(&path);
	ret = IS_ERR(file) ? 0 : file_deny_write(file);
	if (ret) {
		file_put(file);
		file = ERR_PTR(ret);
	}
	return file;
}

/* A name relative to a directory that is known by its path (execveat(2)). */
static struct file *open_relative(const struct exec_args *args)
{
	struct vfs_name name = {.dirfd = AT_FDCWD, .flags = args->lookup_flags};
	struct file *file = ERR_PTR(-ENAMETOOLONG);
	size_t len, name_len = strlen(args->filename);
	char *buf = uk_malloc(2 * PATH_MAX), *dir;

	if (!buf)
		return ERR_PTR(-ENOMEM);
	dir = vfs_path_name(args->at, buf, PATH_MAX);
	if (IS_ERR(dir)) {
		file = (struct file *)dir;
	} else if (name_len < PATH_MAX) {
		len = strlen(dir);
		memmove(buf, dir, len + 1);
		if (name_len) {
			buf[len++] = '/';
			memcpy(buf + len, args->filename, name_len + 1);
		}
		name.name = buf;
		file = open_executable(&name);
	}
	uk_free(buf);
	return file;
}

static struct file *open_program(const struct exec_args *args)
{
	struct vfs_name name = {
		.dirfd = AT_FDCWD,
		.name = args->filename,
		.flags = (unsigned int)args->lookup_flags,
	};

	if (args->at && args->filename[0] != '/')
		return open_relative(args);
	return open_executable(&name);
}

static struct file *open_by_name(const char *path)
{
	struct vfs_name name = {.dirfd = AT_FDCWD, .name = path, .flags = UK_LOOKUP_FOLLOW};

	return open_executable(&name);
}

/* The first bytes of a file; how many there are, or -errno. */
static int read_head(struct exec_image *exec, struct file *file)
{
	uint64_t size = file->inode->size_bytes;
	size_t len = (size_t)UK_MIN(size, (uint64_t)SCRIPT_HEAD_BYTES);
	uk_ssize_t got = len ? file_read_kernel(file, exec->head, len, 0) : 0;

	exec->head[len] = '\0';
	if (got < 0)
		return (int)got;
	return (size_t)got == len ? (int)len : -EIO;
}

/* argv[0] gives way to: the interpreter, its argument if any, the script's name. */
static int prepend_script(struct exec_image *exec, const struct script_line *line)
{
	unsigned int lead = line->argument ? 3 : 2, rest = exec->argc - 1;
	size_t interp_bytes = strlen(line->interp) + 1;
	size_t argument_bytes = line->argument ? strlen(line->argument) + 1 : 0;
	struct exec_script *script = uk_malloc(sizeof(*script) + interp_bytes + argument_bytes);
	const char **argv = uk_calloc((size_t)lead + rest, sizeof(*argv));

	if (!script || !argv) {
		uk_free(script);
		uk_free(argv);
		return -ENOMEM;
	}
	memcpy(script->text, line->interp, interp_bytes);
	if (line->argument)
		memcpy(script->text + interp_bytes, line->argument, argument_bytes);
	argv[0] = script->text;
	argv[1] = script->text + interp_bytes; /* replaced just below when there is none */
	argv[lead - 1] = exec->name;
	memcpy(argv + lead, exec->argv + 1, rest * sizeof(*argv));
	if (exec->scripts)
		uk_free(exec->argv);
	exec->argv = argv;
	exec->argc = lead + rest;
	exec->name = script->text;
	script->next = exec->scripts;
	exec->scripts = script;
	return 0;
}

static int parse_script(struct exec_image *exec, size_t len)
{
	struct script_line line;
	int ret = script_parse(exec->head, len, &line);

	if (ret) {
		uk_snprintf(exec->error->text, sizeof(exec->error->text),
			    "its #! line names no interpreter");
		return ret;
	}
	return prepend_script(exec, &line);
}

/* Tells which file of a chain it was, unless it is the one that was asked for. */
static void explain(struct exec_image *exec, const char *text)
{
	struct exec_error *error = exec->error;

	if (!text[0])
		return;
	if (exec->scripts)
		uk_snprintf(error->text, sizeof(error->text), "interpreter '%s': %s", exec->name,
			    text);
	else
		uk_snprintf(error->text, sizeof(error->text), "%s", text);
}

static int find_program(struct exec_image *exec)
{
	struct file *file = open_program(exec->args);
	struct elf_error error = {.text = ""};

	for (int depth = 0;; depth++) {
		int len, ret;

		if (IS_ERR(file)) {
			if (exec->scripts)
				explain(exec, PTR_ERR(file) == -ENOENT ? "is missing"
								       : "cannot be opened");
			return (int)PTR_ERR(file);
		}
		len = read_head(exec, file);
		if (len < 2 || exec->head[0] != '#' || exec->head[1] != '!') {
			ret = len < 0 ? len
				      : elf_file_init(&exec->program, file, exec->head, (size_t)len,
						      &error);
			if (len < 0)
				file_put(file);
			explain(exec, error.text);
			return ret;
		}
		file_put(file);
		if (depth == MAX_SCRIPTS)
			return -ELOOP;
		ret = parse_script(exec, (size_t)len);
		if (ret)
			return ret;
		file = open_by_name(exec->name);
	}
}

/* PT_INTERP's path into the kernel; freed by the caller. */
static int read_interp_name(struct exec_image *exec, char **path)
{
	const struct elf_part *part = &exec->program.image.interp;
	struct elf_error error = {.text = ""};
	uk_ssize_t got;
	int ret;

	*path = uk_malloc(part->filesz);
	if (!*path)
		return -ENOMEM;
	got = file_read_kernel(exec->program.file, *path, part->filesz, (loff_t)part->offset);
	if (got != (uk_ssize_t)part->filesz)
		return got < 0 ? (int)got : -EIO;
	ret = elf_parse_interp(*path, part->filesz, &error);
	explain(exec, error.text);
	return ret;
}

static int open_interp(struct exec_image *exec, const char *path)
{
	struct exec_error *why = exec->error;
	struct elf_error error = {.text = ""};
	struct file *file = open_by_name(path);
	int len, ret;

	if (IS_ERR(file)) {
		ret = (int)PTR_ERR(file);
		uk_snprintf(why->text, sizeof(why->text), "its interpreter '%s' %s", path,
			    ret == -ENOENT ? "is missing" : "cannot be opened");
		return ret;
	}
	len = read_head(exec, file);
	if (len < 0) {
		file_put(file);
		return len;
	}
	ret = elf_file_init(&exec->interp, file, exec->head, (size_t)len, &error);
	if (ret == -ENOEXEC) {
		uk_snprintf(why->text, sizeof(why->text), "its interpreter '%s': %s", path,
			    error.text);
		ret = -ELIBBAD;
	}
	return ret;
}

static int find_interp(struct exec_image *exec)
{
	char *path = NULL;
	int ret;

	if (!exec->program.image.interp.is_present)
		return 0;
	ret = read_interp_name(exec, &path);
	if (!ret)
		ret = open_interp(exec, path);
	uk_free(path);
	return ret;
}

static void exec_image_free(struct exec_image *exec)
{
	if (exec->interp.file)
		file_allow_write(
			exec->interp.file); /* its mappings hold it, but only the program is busy */
	elf_file_fini(&exec->program);
	elf_file_fini(&exec->interp);
	if (exec->vm)
		vmspace_put(exec->vm);
	if (exec->scripts)
		uk_free(exec->argv);
	while (exec->scripts) {
		struct exec_script *script = exec->scripts;

		exec->scripts = script->next;
		uk_free(script);
	}
	uk_free(exec);
}

int exec_run(const struct exec_args *args, struct exec_error *error)
{
	static const char *const empty[] = {""};
	struct exec_image *exec = uk_zalloc(sizeof(*exec));
	int ret;

	error->text[0] = '\0';
	if (!exec)
		return -ENOMEM;
	exec->args = args;
	exec->error = error;
	exec->name = args->filename;
	/* A program always has an argv[0], as in Linux since 5.18. */
	exec->argc = args->argc ? args->argc : 1;
	exec->argv = args->argc ? (const char **)args->argv : (const char **)empty;
	ret = find_program(exec);
	if (!ret)
		ret = find_interp(exec);
	if (!ret)
		ret = exec_image_build(exec);
	if (!ret)
		ret = exec_commit(exec);
	exec_image_free(exec);
	return ret;
}

int upcall_exec(const struct exec_args *args)
{
	struct exec_error error;
	int ret = exec_run(args, &error);

	if (ret && error.text[0])
		uk_pr_warn("cannot run '%s': %s\n", args->filename, error.text);
	return ret;
}
