/* SPDX-License-Identifier: BSD-3-Clause */
/* futex(2) and futex_waitv(2): operations taken apart, times turned into deadlines. */
#include <linux/errno.h>
#include <linux/futex.h>
#include <linux/time.h>
#include <uk/arch/uaccess.h>
#include <uk/futex.h>
#include <uk/syscall.h>
#include <uk/task.h>
#include "sys_time.h"

/* WAIT counts from now, the others name a point in time on one of two clocks. A PI lock is always
 * on the wall clock unless it is the second form. */
static int get_deadline(uint64_t *deadline_ns, int op,
			const struct __kernel_timespec __user *timeout)
{
	int command = op & FUTEX_CMD_MASK;
	uint64_t ns;
	int error;

	*deadline_ns = UK_NO_TIMEOUT;
	if (!timeout)
		return 0;
	error = get_timespec(&ns, timeout);
	if (error)
		return error;
	if (command == FUTEX_WAIT)
		*deadline_ns = deadline_after(ns);
	else
		*deadline_ns =
			deadline_at(ns, command == FUTEX_LOCK_PI || (op & FUTEX_CLOCK_REALTIME));
	/* 0 would mean not to look at the word at all. */
	*deadline_ns = UK_MAX(*deadline_ns, (uint64_t)1);
	return 0;
}

static long wait_on(struct futex_word word, int op, uint32_t value, uint32_t bitset,
		    const struct __kernel_timespec __user *timeout)
{
	uint64_t deadline_ns;
	int result = get_deadline(&deadline_ns, op, timeout);

	if (!result)
		result = bitset ? futex_wait(word, value, bitset, deadline_ns) : -EINVAL;
	if (result != -EINTR)
		return result;
	/* A restart would wait the whole of a relative time again: Linux ends it there, too. */
	return timeout && (op & FUTEX_CMD_MASK) == FUTEX_WAIT ? -EINTR : -ERESTARTSYS;
}

static long lock_pi(struct futex_word word, int op, const struct __kernel_timespec __user *timeout)
{
	uint64_t deadline_ns;
	int result = get_deadline(&deadline_ns, op, timeout);

	if (!result)
		result = futex_lock_pi(word, deadline_ns);
	return result == -EINTR ? -ERESTARTNOINTR : result;
}

static long wait_requeue_pi(struct futex_word word, int op, uint32_t value,
			    const struct __kernel_timespec __user *timeout, struct futex_word to)
{
	uint64_t deadline_ns;
	int result = get_deadline(&deadline_ns, op, timeout);

	return result ? result : futex_wait_requeue_pi(word, value, deadline_ns, to);
}

static bool may_use_realtime(int command)
{
	return command == FUTEX_WAIT || command == FUTEX_WAIT_BITSET ||
	       command == FUTEX_WAIT_REQUEUE_PI || command == FUTEX_LOCK_PI2;
}

/* For the operations on two words `timeout` is a number of waiters. */
static long on_two_words(struct futex_word word, int command, uint32_t value,
			 const void __user *timeout, struct futex_word word2, uint32_t value3)
{
	struct futex_requeue_args requeue = {
		.from = word,
		.to = word2,
		.wake_count = (int)value,
		.requeue_count = (int)(intptr_t)timeout,
		.compares = command != FUTEX_REQUEUE,
		.expected = value3,
	};

	if (command == FUTEX_WAKE_OP)
		return futex_wake_op(word, (int)value, word2, (int)(intptr_t)timeout, value3);
	return command == FUTEX_CMP_REQUEUE_PI ? futex_requeue_pi(&requeue)
					       : futex_requeue(&requeue);
}

/* Everything, the common operations included. */
static long __uk_noinline any_operation(uint32_t __user *addr, int op, uint32_t value,
					const void __user *timeout, uint32_t __user *addr2,
					uint32_t value3)
{
	struct futex_word word = {addr, op & FUTEX_PRIVATE_FLAG};
	struct futex_word word2 = {addr2, op & FUTEX_PRIVATE_FLAG};
	int command = op & FUTEX_CMD_MASK;

	if ((op & FUTEX_CLOCK_REALTIME) && !may_use_realtime(command))
		return -ENOSYS;
	switch (command) {
	case FUTEX_WAIT:
		return wait_on(word, op, value, FUTEX_BITSET_MATCH_ANY, timeout);
	case FUTEX_WAIT_BITSET:
		return wait_on(word, op, value, value3, timeout);
	case FUTEX_WAKE:
		return futex_wake(word, (int)value, FUTEX_BITSET_MATCH_ANY);
	case FUTEX_WAKE_BITSET:
		return value3 ? futex_wake(word, (int)value, value3) : -EINVAL;
	case FUTEX_REQUEUE:
	case FUTEX_CMP_REQUEUE:
	case FUTEX_CMP_REQUEUE_PI:
	case FUTEX_WAKE_OP:
		return on_two_words(word, command, value, timeout, word2, value3);
	case FUTEX_LOCK_PI:
	case FUTEX_LOCK_PI2:
		return lock_pi(word, op, timeout);
	case FUTEX_TRYLOCK_PI:
		return futex_lock_pi(word, 0);
	case FUTEX_UNLOCK_PI:
		return futex_unlock_pi(word);
	case FUTEX_WAIT_REQUEUE_PI:
		return wait_requeue_pi(word, op, value, timeout, word2);
	default:
		return sys_not_there();
	}
}

/* Ways straight through for what mutexes and condition variables do most; the others move on with
 * all arguments where they are. */
long sys_futex(uint32_t __user *addr, int op, uint32_t value, const void __user *timeout,
	       uint32_t __user *addr2, uint32_t value3)
{
	struct futex_word word = {addr, op & FUTEX_PRIVATE_FLAG};

	if ((op & ~FUTEX_PRIVATE_FLAG) == FUTEX_WAKE)
		return futex_wake(word, (int)value, FUTEX_BITSET_MATCH_ANY);
	if ((op & ~FUTEX_PRIVATE_FLAG) == FUTEX_WAIT && !timeout)
		return futex_wait_for_ever(word, value);
	return any_operation(addr, op, value, timeout, addr2, value3);
}

static int get_waiter(struct futex_wait_one *one, const struct futex_waitv __user *user)
{
	struct futex_waitv waiter;

	if (copy_from_user(&waiter, user, sizeof(waiter)))
		return -EFAULT;
	if ((waiter.flags & ~(uint32_t)(FUTEX_32 | FUTEX_PRIVATE_FLAG)) || waiter.__reserved ||
	    !(waiter.flags & FUTEX_32) || waiter.val > UINT32_MAX)
		return -EINVAL;
	*one = (struct futex_wait_one){
		.word = {(uint32_t __user *)(uintptr_t)waiter.uaddr,
			 waiter.flags & FUTEX_PRIVATE_FLAG},
		.value = (uint32_t)waiter.val,
	};
	return 0;
}

long sys_futex_waitv(struct futex_waitv __user *waiters, unsigned int count, unsigned int flags,
		     struct __kernel_timespec __user *timeout, int clock)
{
	struct futex_wait_one words[FUTEX_WAITV_MAX];
	uint64_t ns, deadline_ns = UK_NO_TIMEOUT;
	long result = 0;

	if (flags || !count || count > FUTEX_WAITV_MAX || !waiters)
		return -EINVAL;
	if (timeout) {
		if (clock != CLOCK_MONOTONIC && clock != CLOCK_REALTIME)
			return -EINVAL;
		result = get_timespec(&ns, timeout);
		if (!result)
			deadline_ns = UK_MAX(deadline_at(ns, clock == CLOCK_REALTIME), (uint64_t)1);
	}
	for (unsigned int i = 0; i < count && !result; i++)
		result = get_waiter(&words[i], &waiters[i]);
	if (!result)
		result = futex_wait_any(words, count, deadline_ns);
	return result == -EINTR ? -ERESTARTSYS : result;
}
