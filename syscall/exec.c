/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * execve(2), execveat(2): copies name, arguments and environment in, within Linux' limits, and
 * hands them to the loader.
 */
#include <linux/binfmts.h>
#include <linux/errno.h>
#include <uk/arch/thread.h>
#include <uk/arch/upcall.h>
#include <uk/exec.h>
#include <uk/fmt.h>
#include <uk/heap.h>
#include <uk/syscall.h>
#include <uk/task.h>
#include "fs.h"

/* execve(2), "Limits on size of arguments and environment". */
#define STRING_BYTES_MAX (32 * UK_PAGE_SIZE) /* MAX_ARG_STRLEN */
#define TOTAL_BYTES_MIN  (32 * UK_PAGE_SIZE) /* ARG_MAX is always allowed */
#define TOTAL_BYTES_MAX  (6UL << 20)
#define SMALL_BYTES      256

struct strings {
	char **items;
	unsigned int count, room;
};

/* argv and envp together: their bytes and pointers. */
struct budget {
	size_t left;
};

static struct budget argument_budget(void)
{
	uint64_t bytes = UK_MIN(process_rlimit(RLIMIT_STACK) / 4, (uint64_t)TOTAL_BYTES_MAX);

	return (struct budget){.left = (size_t)UK_MAX(bytes, (uint64_t)TOTAL_BYTES_MIN)};
}

/* A string that did not fit on the stack: try ever larger buffers. */
static char *copy_long_string(const char __user *user, long *len)
{
	for (size_t size = 4096; size <= STRING_BYTES_MAX; size *= 2) {
		char *text = uk_malloc(size);

		*len = text ? strncpy_from_user(text, user, size) : -ENOMEM;
		if (*len >= 0)
			return text;
		uk_free(text);
		if (*len != -ENAMETOOLONG)
			return NULL;
	}
	*len = -E2BIG;
	return NULL;
}

/* A heap copy, or NULL with *len an error. */
static char *copy_string(const char __user *user, long *len)
{
	char small[SMALL_BYTES], *text;

	*len = strncpy_from_user(small, user, sizeof(small));
	if (*len == -ENAMETOOLONG)
		return copy_long_string(user, len);
	if (*len < 0)
		return NULL;
	text = uk_malloc((size_t)*len + 1);
	if (text)
		memcpy(text, small, (size_t)*len + 1);
	else
		*len = -ENOMEM;
	return text;
}

static int append(struct strings *strings, char *text)
{
	if (strings->count == strings->room) {
		unsigned int room = strings->room ? 2 * strings->room : 16;
		char **items = uk_realloc(strings->items, room * sizeof(*items));

		if (!items)
			return -ENOMEM;
		strings->items = items;
		strings->room = room;
	}
	strings->items[strings->count++] = text;
	return 0;
}

static void strings_free(struct strings *strings)
{
	for (unsigned int i = 0; i < strings->count; i++)
		uk_free(strings->items[i]);
	uk_free(strings->items);
}

static int charge(struct budget *budget, long len)
{
	size_t bytes = (size_t)len + 1 + sizeof(char *);

	if (bytes > budget->left)
		return -E2BIG;
	budget->left -= bytes;
	return 0;
}

/* A NULL array is an empty one, as on Linux. The caller frees *strings in any case. */
static int strings_get(struct strings *strings, const char __user *const __user *user,
		       struct budget *budget)
{
	const uintptr_t __user *pointers = (const uintptr_t __user *)user;

	for (; pointers; pointers++) {
		uintptr_t pointer = 0;
		char *text;
		long len;
		int error = get_user(pointer, pointers);

		if (error || !pointer)
			return error;
		text = copy_string((const char __user *)pointer, &len);
		if (!text)
			return (int)len;
		error = charge(budget, len);
		if (!error)
			error = append(strings, text);
		if (error) {
			uk_free(text);
			return error;
		}
	}
	return 0;
}

static long run(struct exec_args *args, const char __user *const __user *argv,
		const char __user *const __user *envp)
{
	struct strings arguments = {NULL, 0, 0}, environment = {NULL, 0, 0};
	struct budget budget = argument_budget();
	int error = strings_get(&arguments, argv, &budget);

	if (!error)
		error = strings_get(&environment, envp, &budget);
	if (!error) {
		args->argc = arguments.count;
		args->argv = arguments.items;
		args->envc = environment.count;
		args->envp = environment.items;
		error = upcall_exec(args);
	}
	strings_free(&environment);
	strings_free(&arguments);
	if (error)
		return error;
	ukarch_thread_set_work(&current->thread, UKARCH_WORK_REGS);
	return ukarch_regs_result(ukarch_thread_user_regs(&current->thread));
}

long sys_execve(const char __user *path, const char __user *const __user *argv,
		const char __user *const __user *envp)
{
	struct exec_args args = {.lookup_flags = UK_LOOKUP_FOLLOW};
	struct user_path name;
	long result = user_path_get(&name, path);

	if (result)
		return result;
	args.filename = name.text;
	result = run(&args, argv, envp);
	user_path_put(&name);
	return result;
}

/* The file of a descriptor itself: by its directory path when it has one, else through /proc. */
static long run_file(struct exec_args *args, int fd, struct file *file,
		     const char __user *const __user *argv, const char __user *const __user *envp)
{
	char name[32];

	if (!file->path.dentry) {
		uk_snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
		args->filename = name;
		args->at = NULL;
	}
	return run(args, argv, envp);
}

long sys_execveat(int dirfd, const char __user *path, const char __user *const __user *argv,
		  const char __user *const __user *envp, int flags)
{
	struct exec_args args = {.lookup_flags = (int)lookup_flags_of_at(flags)};
	struct user_path name;
	struct file *dir;
	long result;

	if (flags & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW))
		return -EINVAL;
	result = user_path_get(&name, path);
	if (result)
		return result;
	args.filename = name.text;
	if (dirfd == AT_FDCWD || name.text[0] == '/') {
		result = run(&args, argv, envp);
		goto out;
	}
	dir = file_get_fd_path(dirfd);
	if (!dir) {
		result = -EBADF;
		goto out;
	}
	args.at = &dir->path;
	if (!name.text[0])
		result = flags & AT_EMPTY_PATH ? run_file(&args, dirfd, dir, argv, envp) : -ENOENT;
	else
		result = file_is_type(dir, S_IFDIR) ? run(&args, argv, envp) : -ENOTDIR;
	file_put(dir);
out:
	user_path_put(&name);
	return result;
}
