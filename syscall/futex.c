/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * futex(2) for a process of one thread: nobody else can be waiting, so a wake finds no one and a
 * wait ends by timeout or signal. The checks and results are those of Linux.
 */
#include <linux/errno.h>
#include <linux/futex.h>
#include <uk/arch/uaccess.h>
#include <uk/syscall.h>
#include <uk/task.h>
#include "sys_time.h"

static int check_word(const uint32_t __user *word)
{
	if (!UK_IS_ALIGNED((uintptr_t)word, sizeof(*word)))
		return -EINVAL;
	return user_range_ok((uintptr_t)word, sizeof(*word)) ? 0 : -EFAULT;
}

/* WAIT counts from now, WAIT_BITSET names a point in time on one of two clocks. */
static int get_deadline(uint64_t *deadline_ns, int op,
			const struct __kernel_timespec __user *timeout)
{
	uint64_t ns;
	int error;

	*deadline_ns = UK_NO_TIMEOUT;
	if (!timeout)
		return 0;
	error = get_timespec(&ns, timeout);
	if (error)
		return error;
	if ((op & FUTEX_CMD_MASK) == FUTEX_WAIT)
		*deadline_ns = deadline_after(ns);
	else
		*deadline_ns = deadline_at(ns, op & FUTEX_CLOCK_REALTIME);
	return 0;
}

static long wait_on(const uint32_t __user *word, int op, uint32_t value,
		    const struct __kernel_timespec __user *timeout)
{
	uint64_t deadline_ns;
	uint32_t now = 0;
	int error = get_deadline(&deadline_ns, op, timeout);

	if (!error)
		error = check_word(word);
	if (!error)
		error = get_user(now, word);
	if (error)
		return error;
	if (now != value)
		return -EAGAIN;
	if (!deadline_ns)
		return -ETIMEDOUT;
	if (!sleep_interruptible(deadline_ns))
		return -ETIMEDOUT;
	/* A restart would wait the whole of a relative time again: Linux ends it there, too. */
	return timeout && (op & FUTEX_CMD_MASK) == FUTEX_WAIT ? -EINTR : -ERESTARTSYS;
}

static long requeue(const uint32_t __user *word, const uint32_t __user *word2, bool compares,
		    uint32_t expected)
{
	uint32_t now = 0;
	int error = check_word(word);

	if (!error)
		error = check_word(word2);
	if (!error && compares)
		error = get_user(now, word);
	if (error)
		return error;
	return compares && now != expected ? -EAGAIN : 0;
}

long sys_futex(uint32_t __user *word, int op, uint32_t value, const void __user *timeout,
	       uint32_t __user *word2, uint32_t value3)
{
	int command = op & FUTEX_CMD_MASK;

	if ((op & FUTEX_CLOCK_REALTIME) && command != FUTEX_WAIT_BITSET && command != FUTEX_WAIT)
		return -ENOSYS;
	switch (command) {
	case FUTEX_WAIT:
		return wait_on(word, op, value, timeout);
	case FUTEX_WAIT_BITSET:
		return value3 ? wait_on(word, op, value, timeout) : -EINVAL;
	case FUTEX_WAKE:
		return check_word(word);
	case FUTEX_WAKE_BITSET:
		return value3 ? check_word(word) : -EINVAL;
	case FUTEX_REQUEUE:
		return requeue(word, word2, false, 0);
	case FUTEX_CMP_REQUEUE:
		return requeue(word, word2, true, value3);
	default:
		return sys_not_there();
	}
}
