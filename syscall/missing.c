/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls that are not there: -ENOSYS as Linux would say, and one line per number in the log, so
 * that a user knows at once why a program failed and which library asked.
 */
#include <linux/errno.h>
#include <uk/fmt.h>
#include <uk/print.h>
#include <uk/string.h>
#include <uk/syscall.h>
#include <uk/task.h>
#include <uk/vfs.h>
#include <uk/vmspace.h>
#include <uk/vsyscall.h>
#include "strace.h"

#define KNOWN_NUMBERS 512

/* A benign race on SMP: two CPUs may both log a number. */
static unsigned long said[KNOWN_NUMBERS / 64];
static unsigned long last_unknown;

static bool was_said(unsigned long nr)
{
	bool answer;

	if (nr >= KNOWN_NUMBERS) {
		answer = nr == last_unknown;
		last_unknown = nr;
		return answer;
	}
	answer = said[nr / 64] >> nr % 64 & 1;
	said[nr / 64] |= 1UL << nr % 64;
	return answer;
}

/* The mapped file over `pc` with a reference, or NULL; *offset becomes that of pc in it. */
static struct file *find_object(vaddr_t pc, uint64_t *offset)
{
	struct vmspace *vm = current_vm();
	struct file *file = NULL;
	struct vma *vma;

	mutex_lock(&vm->lock);
	vma = vma_find_locked(vm, pc);
	if (vma && vma->file) {
		file = vma->file;
		file_get(file);
		*offset = pc - vma->start + vma->offset_bytes;
	}
	mutex_unlock(&vm->lock);
	return file;
}

static void __uk_noinline say(unsigned long nr)
{
	vaddr_t pc = vsyscall_caller();
	const char *name = syscall_name(nr), *object = "address ", *slash;
	uint64_t offset = pc;
	struct file *file = find_object(pc, &offset);
	char buf[256], what[48];

	if (file) {
		object = vfs_file_name(file, buf, sizeof(buf));
		if (IS_ERR(object))
			object = "?";
		slash = strrchr(object, '/');
		object = slash ? slash + 1 : object;
	}
	if (name)
		uk_snprintf(what, sizeof(what), "'%s' (%lu)", name, nr);
	else
		uk_snprintf(what, sizeof(what), "number %lu", nr);
	strace_break();
	uk_printk(UK_LOG_WARN, "system call %s is not there, called from %s%s0x%lx\n", what, object,
		  file ? "+" : "", (unsigned long)offset);
	if (file)
		file_put(file);
}

long sys_not_there(void)
{
	unsigned long nr = ukarch_regs_syscall_nr(ukarch_thread_user_regs(&current->thread));

	if (!was_said(nr))
		say(nr);
	return -ENOSYS;
}
