/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The first program: named behind `--` on the kernel command line, found as a shell finds it,
 * with the console as its standard input, output and error. Failures end the machine with a
 * shell's status: 127 not found, 126 found but not runnable, 125 nothing to run.
 */
#include <linux/errno.h>
#include <linux/limits.h>
#include <uk/file.h>
#include <uk/fmt.h>
#include <uk/heap.h>
#include <uk/param.h>
#include <uk/plat/bootinfo.h>
#include <uk/plat/power.h>
#include <uk/print.h>
#include <uk/string.h>
#include <uk/syscall.h>
#include <uk/task.h>
#include <uk/tty.h>
#include <uk/vfs.h>
#include "loader.h"

#define EXIT_NOTHING_TO_RUN 125
#define EXIT_CANNOT_RUN     126
#define EXIT_NOT_FOUND      127

static struct uk_param_list env_vars;
UK_PARAM(env_vars, "env.vars", UK_PARAM_LIST, env_vars,
	 "environment of the first program: [ \"NAME=value\" ... ]");

static const char *const default_env[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	"HOME=/root",
	"TERM=linux",
};
#define MAX_ENV (UK_ARRAY_SIZE(default_env) + UK_PARAM_MAX_LIST)

/* What init.c needs at once; on the heap, the kernel stack is small. */
struct first_program {
	const char *env[MAX_ENV + 1];
	unsigned int envc;
	struct exec_error error;
	char path[PATH_MAX];
};

/* Length of "NAME=", 0 when there is no name. */
static size_t env_name_bytes(const char *var)
{
	const char *equals = strchr(var, '=');

	return equals && equals != var ? (size_t)(equals - var) + 1 : 0;
}

/* Later settings of a name replace earlier ones. */
static void set_env(struct first_program *first, const char *var)
{
	size_t len = env_name_bytes(var);

	if (!len) {
		uk_pr_warn("env.vars: '%s' is ignored, want NAME=value\n", var);
		return;
	}
	for (unsigned int i = 0; i < first->envc; i++) {
		if (strncmp(first->env[i], var, len) == 0) {
			first->env[i] = var;
			return;
		}
	}
	first->env[first->envc++] = var;
}

static const char *get_env(const struct first_program *first, const char *name_equals)
{
	size_t len = strlen(name_equals);

	for (unsigned int i = 0; i < first->envc; i++)
		if (strncmp(first->env[i], name_equals, len) == 0)
			return first->env[i] + len;
	return NULL;
}

static void build_env(struct first_program *first)
{
	for (size_t i = 0; i < UK_ARRAY_SIZE(default_env); i++)
		set_env(first, default_env[i]);
	for (unsigned int i = 0; i < env_vars.count; i++)
		set_env(first, env_vars.items[i]);
}

static void __uk_noreturn give_up(int status)
{
	if (!ukplat_bootinfo()->initrd_len_bytes)
		uk_pr_err("there is no initrd: pass one that holds the program "
			  "(support/scripts/mkinitrd -o OUT.cpio PROGRAM)\n");
	ukplat_exit(status);
}

static void open_console(void)
{
	struct file *file = tty_open_console();

	if (IS_ERR(file)) {
		uk_pr_err("cannot open the console (error %ld)\n", -PTR_ERR(file));
		ukplat_exit(EXIT_NOTHING_TO_RUN);
	}
	for (int fd = 0; fd < 3; fd++) {
		int got;

		file_get(file);
		got = fd_install(file, 0, false);
		if (got != fd) {
			uk_pr_err("cannot install descriptor %d (result %d)\n", fd, got);
			ukplat_exit(EXIT_NOTHING_TO_RUN);
		}
	}
	file_put(file);
}

static const char *reason(int error)
{
	switch (error) {
	case -ENOENT:
		return "no such file";
	case -ENOTDIR:
		return "a component of the path is no directory";
	case -EACCES:
		return "is not an executable regular file";
	case -ENOEXEC:
		return "is in no executable format";
	case -ELOOP:
		return "too many levels of symbolic links or interpreters";
	case -ENAMETOOLONG:
		return "the name is too long";
	case -E2BIG:
		return "arguments and environment are too long";
	case -ENOMEM:
		return "out of memory";
	case -EIO:
		return "input/output error";
	default:
		return "";
	}
}

static int run_at(struct first_program *first, const char *path)
{
	struct exec_args args = {
		.filename = path,
		.lookup_flags = UK_LOOKUP_FOLLOW,
		.argc = param_program_argc(),
		.argv = param_program_argv(),
		.envc = first->envc,
		.envp = (char *const *)first->env,
	};

	return exec_run(&args, &first->error);
}

/* As execvp(3): each directory of PATH in turn; what exists but cannot be run is remembered. */
static int run_by_path(struct first_program *first, const char *name)
{
	const char *dir = get_env(first, "PATH=");
	int result = -ENOENT;

	while (dir) {
		size_t len = strcspn(dir, ":");
		int ret = uk_snprintf(first->path, PATH_MAX, "%.*s%s%s", (int)len, dir,
				      len ? "/" : "", name);

		if (ret < PATH_MAX) {
			ret = run_at(first, first->path);
			if (ret == 0 || first->error.text[0])
				return ret;
			if (ret == -EACCES)
				result = ret;
			else if (ret != -ENOENT && ret != -ENOTDIR)
				return ret;
		}
		dir = dir[len] ? dir + len + 1 : NULL;
	}
	first->path[0] = '\0';
	return result;
}

static void __uk_noreturn cannot_run(struct first_program *first, const char *name, int error)
{
	bool is_missing = error == -ENOENT || error == -ENOTDIR;
	const char *why = first->error.text;

	if (!why[0] && is_missing && !first->path[0])
		why = "not found in PATH";
	if (!why[0])
		why = reason(error);
	if (why[0])
		uk_pr_err("cannot run '%s': %s\n", first->path[0] ? first->path : name, why);
	else
		uk_pr_err("cannot run '%s': error %d\n", name, -error);
	if (is_missing)
		give_up(EXIT_NOT_FOUND);
	ukplat_exit(EXIT_CANNOT_RUN);
}

static void __uk_noreturn nothing_to_run(void)
{
	uk_pr_err("no program given. Boot with an initrd that holds one and the kernel parameters\n"
		  "    [name=value ...] -- /path/to/program [argument ...]\n"
		  "or let the build do both: make run EXEC=/path/to/program ARGS=\"...\"\n");
	ukplat_exit(EXIT_NOTHING_TO_RUN);
}

static void __uk_noreturn __uk_noinline start_first_program(void)
{
	struct first_program *first = uk_zalloc(sizeof(*first));
	const char *name;
	int ret;

	if (!param_program_argc())
		nothing_to_run();
	if (!first) {
		uk_pr_err("no memory for the first program\n");
		ukplat_exit(EXIT_NOTHING_TO_RUN);
	}
	open_console();
	build_env(first);
	name = param_program_argv()[0];
	if (strchr(name, '/')) {
		strlcpy(first->path, name, sizeof(first->path));
		ret = run_at(first, name);
	} else {
		ret = run_by_path(first, name);
	}
	if (ret)
		cannot_run(first, name, ret);
	uk_free(first);
	if (strace_is_requested())
		strace_attach(current);
	ukarch_enter_user(&current->thread);
}

void upcall_init(void)
{
	/* The boot stack becomes the first thread's kernel stack: execve writes the user registers
	 * to its top, over frames that nobody returns to. This keeps ours out of the way. */
	struct ukarch_regs reserved;

	__asm__ volatile("" : : "r"(&reserved) : "memory");
	start_first_program();
}
