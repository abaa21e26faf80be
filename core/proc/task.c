/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Birth and end of tasks, and their ids. A task holds a reference to each object it uses; clone(2)
 * shares them or copies them, flag by flag. Objects are given up in task_exit(), which may sleep;
 * task_release() only frees memory, since the next task calls it in the middle of a switch.
 */
#include <linux/errno.h>
#include <linux/sched.h>
#include <uk/arch/uaccess.h>
#include <uk/clock.h>
#include <uk/file.h>
#include <uk/heap.h>
#include <uk/kstack.h>
#include <uk/page.h>
#include <uk/sched.h>
#include <uk/string.h>
#include <uk/vfs.h>
#include <uk/vmspace.h>
#include "proc_internal.h"

#define TID_BUCKETS 256
#define FPU_ALIGN   64

LIST_HEAD(tid_bucket, task);
static struct tid_bucket tids[TID_BUCKETS];
static int last_tid;

/* --- ids: interrupts off ------------------------------------------------------------------------
 */

struct task *task_find(int tid)
{
	unsigned long flags = ukarch_irq_save();
	struct task *task;

	LIST_FOREACH (task, &tids[(unsigned int)tid % TID_BUCKETS], tid_link)
		if (task->tid == tid)
			break;
	ukarch_irq_restore(flags);
	return task;
}

static int check_tid(int tid)
{
	if (tid >= PID_MAX)
		return -EINVAL;
	return task_find(tid) || process_find(tid) ? -EEXIST : tid;
}

/* Ids are used in order, so that one is not soon used again. A pid outlives its first thread. */
static int next_tid(void)
{
	for (int tries = 0; tries < PID_MAX; tries++) {
		last_tid = last_tid + 1 < PID_MAX ? last_tid + 1 : 2;
		if (!task_find(last_tid) && !process_find(last_tid))
			return last_tid;
	}
	return -EAGAIN;
}

void task_set_tid(struct task *task, int tid)
{
	unsigned long flags = ukarch_irq_save();

	if (task->tid)
		LIST_REMOVE(task, tid_link);
	task->tid = tid;
	if (tid)
		LIST_INSERT_HEAD(&tids[(unsigned int)tid % TID_BUCKETS], task, tid_link);
	ukarch_irq_restore(flags);
}

/* --- allocation ---------------------------------------------------------------------------------
 */

static bool allocate_vector_state(struct task *task)
{
	task->fpu_block = uk_malloc(ukarch_thread_state_bytes() + FPU_ALIGN - 1);
	if (!task->fpu_block)
		return false;
	task->thread.fpu_state = (void *)UK_ALIGN_UP((uintptr_t)task->fpu_block, FPU_ALIGN);
	/* XSAVE writes into a header that must have been zero. */
	memset(task->thread.fpu_state, 0, ukarch_thread_state_bytes());
	return true;
}

static struct task *task_alloc(void)
{
	struct task *task = uk_zalloc(sizeof(*task));

	if (!task)
		return NULL;
	task->refcount = 1;
	task->state = TASK_SLEEPING;
	task->affinity = 1;
	TAILQ_INIT(&task->pending.queue);
	task->altstack.ss_flags = SS_DISABLE;
	sched_entity_set(&task->sched, SCHED_NORMAL, 0, 0);
	return task;
}

static bool allocate_kstack(struct task *task)
{
	task->kstack = kstack_alloc();
	if (task->kstack)
		task->thread.user_regs = kstack_user_regs(task->kstack);
	return task->kstack != NULL;
}

void task_release(struct task *task)
{
	ukarch_thread_forget(&task->thread);
	if (task->kstack)
		kstack_free(task->kstack);
	uk_free(task->fpu_block);
	if (task->process)
		process_put(task->process);
	uk_free(task);
}

/* --- the first task, kernel tasks ----------------------------------------------------------------
 */

struct task *task_create_first(void)
{
	struct task *task = task_alloc();

	if (!task || !allocate_vector_state(task))
		return NULL; /* the boot ends here: nothing to free for */
	/* The boot stack becomes its kernel stack: nothing on it is needed once it starts. */
	task->thread.user_regs = ukarch_thread_current()->user_regs;
	task->state = TASK_RUNNING;
	strlcpy(task->comm, "init", sizeof(task->comm));
	last_tid = 1;
	task_set_tid(task, last_tid);
	task->process = process_create_first(task->tid);
	task->sighand = sighand_create();
	task->vm = vmspace_create();
	task->fdtable = fdtable_create();
	if (!task->process || !task->sighand || !task->vm || !task->fdtable)
		return NULL;
	process_add_thread(task->process, task);
	ukarch_thread_set_current(&task->thread);
	sched_init(task);
	vmspace_switch(task->vm);
	return task;
}

struct kernel_task {
	struct task task;
	void (*main)(void *arg);
	void *arg;
};

static void begin_kernel(void *arg)
{
	struct kernel_task *self = arg;

	sched_begin();
	ukarch_irq_enable();
	self->main(self->arg);
}

struct task *task_create_kernel(const char *name, void (*main)(void *arg), void *arg)
{
	struct kernel_task *self = uk_zalloc(sizeof(*self));
	struct task *task = self ? &self->task : NULL;

	if (!task || !allocate_kstack(task)) {
		uk_free(self);
		return NULL;
	}
	self->main = main;
	self->arg = arg;
	task->refcount = 1;
	task->affinity = 1;
	task->state = TASK_SLEEPING;
	TAILQ_INIT(&task->pending.queue);
	sched_entity_set(&task->sched, SCHED_NORMAL, 0, 0);
	strlcpy(task->comm, name, sizeof(task->comm));
	task->process = &kernel_process;
	ukarch_thread_prepare(&task->thread, begin_kernel, self);
	sched_start(task);
	return task;
}

/* --- clone --------------------------------------------------------------------------------------
 */

static void begin_user(void *arg)
{
	sched_begin();
	ukarch_enter_user(&current->thread);
}

static int share_files(struct task *child, uint64_t flags)
{
	struct task *parent = current;

	if (flags & CLONE_FILES) {
		child->fdtable = parent->fdtable;
		__atomic_fetch_add(&child->fdtable->refcount, 1, __ATOMIC_RELAXED);
	} else {
		child->fdtable = fdtable_copy(parent->fdtable);
	}
	if (flags & CLONE_FS) {
		child->fs = parent->fs;
		__atomic_fetch_add(&child->fs->refcount, 1, __ATOMIC_RELAXED);
	} else {
		child->fs = fsctx_copy(parent->fs);
	}
	return child->fdtable && child->fs ? 0 : -ENOMEM;
}

static void share_process(struct task *child)
{
	struct task *parent = current;

	child->process = parent->process;
	process_get(child->process);
	child->sighand = parent->sighand;
	__atomic_fetch_add(&child->sighand->refcount, 1, __ATOMIC_RELAXED);
	child->vm = parent->vm;
	vmspace_get(child->vm);
}

static void inherit(struct task *child)
{
	const struct task *parent = current;
	unsigned int policy = parent->sched.policy, priority = parent->sched.own_priority;
	int nice = parent->sched.nice;

	if (parent->sched_reset_on_fork && (priority || nice < 0)) {
		policy = SCHED_NORMAL;
		priority = 0;
		nice = UK_MAX(nice, 0);
	}
	sched_entity_set(&child->sched, policy, priority, nice);
	memcpy(child->comm, parent->comm, sizeof(child->comm));
	child->blocked = parent->blocked;
	child->affinity = parent->affinity;
	child->start_ns = clock_counter_to_ns(ukarch_counter());
	child->thread.work = parent->thread.work & UKARCH_WORK_TRACE;
}

/* The child and all it needs, or NULL; nothing of it is visible yet. */
static struct task *prepare_child(const struct task_clone *clone)
{
	struct task *child = page_spare_count() ? task_alloc() : NULL;

	if (!child)
		return NULL;
	if (!allocate_kstack(child) || !allocate_vector_state(child) ||
	    share_files(child, clone->flags)) {
		if (child->fdtable)
			fdtable_put(child->fdtable);
		if (child->fs)
			fsctx_put(child->fs);
		task_release(child);
		return NULL;
	}
	share_process(child);
	inherit(child);
	ukarch_thread_clone(&child->thread, &current->thread);
	if (clone->stack)
		ukarch_regs_set_sp(ukarch_thread_user_regs(&child->thread), clone->stack);
	if (clone->flags & CLONE_SETTLS)
		ukarch_thread_set_tls(&child->thread, clone->tls);
	ukarch_thread_prepare(&child->thread, begin_user, NULL);
	return child;
}

long task_clone(const struct task_clone *clone)
{
	struct task *child = prepare_child(clone);
	int tid;

	if (!child)
		return -ENOMEM;
	tid = clone->tid ? check_tid(clone->tid) : next_tid();
	if (tid < 0 || current->is_killed) {
		task_give_up(child);
		task_release(child);
		return tid < 0 ? tid : -ERESTARTNOINTR;
	}
	task_set_tid(child, tid);
	process_add_thread(child->process, child);
	/* As on Linux, a bad pointer does not undo the thread. They share their memory. */
	if (clone->flags & CLONE_PARENT_SETTID)
		(void)!put_user(tid, clone->parent_tid);
	if (clone->flags & CLONE_CHILD_SETTID)
		(void)!put_user(tid, clone->child_tid);
	if (clone->flags & CLONE_CHILD_CLEARTID)
		child->clear_child_tid = clone->child_tid;
	sched_start(child);
	return tid;
}
