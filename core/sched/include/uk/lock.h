/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Locks. The kernel is not preempted: a thread gives the CPU away only where it sleeps or on
 * the way back to the program. So on one CPU a spinlock only has to keep interrupts out, and
 * without CONFIG_SMP it costs just that.
 *
 * Lock order (outer first): vfs_tree_lock, inode.lock, then pipe.lock or epoll_links_lock and
 * epoll.lock, vmspace.lock, fdtable.lock, ptys_lock, net_lock (nobody sleeps with it); then,
 * irq-off: inotify_lock, wait queues (of an epoll instance inside those of the files it watches),
 * page allocator, heap. Program memory is copied while some of those before vmspace.lock are held,
 * so vm_object_ops.get_page, which runs under it, takes no inode.lock, and files are put without
 * it. A mutex is never taken with a spinlock held.
 */
#ifndef UK_LOCK_H
#define UK_LOCK_H

#include <uk/arch/cpu.h>
#include <uk/assert.h>
#include <uk/wait.h>

struct task;

/** Short critical sections that interrupt handlers share. */
struct spinlock {
	unsigned int is_locked; /* used with CONFIG_SMP, and to assert */
};
#define SPINLOCK_INIT                                                                              \
	{                                                                                          \
		0                                                                                  \
	}

static inline unsigned long spin_lock_irqsave(struct spinlock *lock)
{
	unsigned long flags = ukarch_irq_save();
#if CONFIG_SMP
	while (__atomic_exchange_n(&lock->is_locked, 1, __ATOMIC_ACQUIRE))
		ukarch_cpu_relax();
#else
	(void)lock;
#endif
	return flags;
}
static inline void spin_unlock_irqrestore(struct spinlock *lock, unsigned long flags)
{
#if CONFIG_SMP
	__atomic_store_n(&lock->is_locked, 0, __ATOMIC_RELEASE);
#else
	(void)lock;
#endif
	ukarch_irq_restore(flags);
}

/** The same where interrupts are known to be on: in thread context, no spinlock held. */
static inline void spin_lock_irq(struct spinlock *lock)
{
	ukarch_irq_disable();
#if CONFIG_SMP
	while (__atomic_exchange_n(&lock->is_locked, 1, __ATOMIC_ACQUIRE))
		ukarch_cpu_relax();
#else
	(void)lock;
#endif
}
static inline void spin_unlock_irq(struct spinlock *lock)
{
#if CONFIG_SMP
	__atomic_store_n(&lock->is_locked, 0, __ATOMIC_RELEASE);
#else
	(void)lock;
#endif
	ukarch_irq_enable();
}

/** Sleeping lock for thread context. */
struct mutex {
	struct task *owner; /* NULL when free */
	struct waitq waiters;
};
#define MUTEX_INIT(name)                                                                           \
	{                                                                                          \
		.owner = NULL, .waiters = WAITQ_INIT((name).waiters)                               \
	}

static inline void mutex_init(struct mutex *mutex)
{
	mutex->owner = NULL;
	waitq_init(&mutex->waiters);
}
void mutex_lock_slow(struct mutex *mutex);
void mutex_unlock_slow(struct mutex *mutex);
struct task *mutex_self(void);

static inline void mutex_lock(struct mutex *mutex)
{
	struct task *expected = NULL;

	if (uk_unlikely(!__atomic_compare_exchange_n(&mutex->owner, &expected, mutex_self(), false,
						     __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)))
		mutex_lock_slow(mutex);
}
/** Does the current thread hold it? */
static inline bool mutex_is_mine(const struct mutex *mutex)
{
	return __atomic_load_n(&mutex->owner, __ATOMIC_RELAXED) == mutex_self();
}
/** Takes it only if it is free; whether it did. */
static inline bool mutex_trylock(struct mutex *mutex)
{
	struct task *expected = NULL;

	return __atomic_compare_exchange_n(&mutex->owner, &expected, mutex_self(), false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}
static inline void mutex_unlock(struct mutex *mutex)
{
	__atomic_store_n(&mutex->owner, NULL, __ATOMIC_RELEASE);
	if (uk_unlikely(!waitq_is_empty(&mutex->waiters)))
		mutex_unlock_slow(mutex);
}

#endif /* UK_LOCK_H */
