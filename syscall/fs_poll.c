/* SPDX-License-Identifier: BSD-3-Clause */
/* poll(2), ppoll(2), select(2), pselect6(2): arguments in and out; the waiting is uk/select.h's. */
#include <asm/poll.h>
#include <linux/errno.h>
#include <uk/arch/uaccess.h>
#include <uk/heap.h>
#include <uk/select.h>
#include <uk/syscall.h>
#include <uk/task.h>
#include <uk/file.h>
#include "poll.h"
#include "sys_time.h"

#define POLLFDS_ON_STACK 16
#define SET_WORDS_SMALL  4

static long poll_copied(struct pollfd *fds, struct pollfd __user *user, unsigned int count,
			uint64_t deadline_ns)
{
	long ready;

	if (copy_from_user(fds, user, count * sizeof(*fds)))
		return -EFAULT;
	ready = poll_files(fds, count, deadline_ns);
	for (unsigned int i = 0; ready >= 0 && i < count; i++)
		if (put_user(fds[i].revents, &user[i].revents))
			return -EFAULT;
	return ready == -EINTR ? -ERESTARTNOHAND : ready;
}

long poll_user(struct pollfd __user *user, unsigned int count, uint64_t deadline_ns)
{
	struct pollfd small[POLLFDS_ON_STACK], *fds = small;
	long ready;

	if (count > process_rlimit(RLIMIT_NOFILE))
		return -EINVAL;
	if (count > POLLFDS_ON_STACK)
		fds = uk_malloc(count * sizeof(*fds));
	if (!fds)
		return -ENOMEM;
	ready = poll_copied(fds, user, count, deadline_ns);
	if (fds != small)
		uk_free(fds);
	return ready;
}

/* Linux tells how much time was left; a timeout of zero is not touched. */
static long put_remaining(long result, uint64_t deadline_ns,
			  struct __kernel_timespec __user *timeout)
{
	if (!timeout || !deadline_ns)
		return result;
	if (put_timespec(remaining_until(deadline_ns), timeout) && result == -ERESTARTNOHAND)
		return -EINTR; /* a restart would wait the whole time again */
	return result;
}

static int get_deadline(uint64_t *deadline_ns, const struct __kernel_timespec __user *timeout)
{
	uint64_t ns;
	int error;

	*deadline_ns = UK_NO_TIMEOUT;
	if (!timeout)
		return 0;
	error = get_timespec(&ns, timeout);
	if (!error)
		*deadline_ns = deadline_after(ns);
	return error;
}

long sys_ppoll(struct pollfd __user *fds, unsigned int count,
	       struct __kernel_timespec __user *timeout, const void __user *mask, size_t mask_size)
{
	uint64_t deadline_ns;
	long result = get_deadline(&deadline_ns, timeout);

	if (!result)
		result = set_temporary_mask(mask, mask_size);
	if (result)
		return result;
	result = poll_user(fds, count, deadline_ns);
	finish_temporary_mask(mask, result);
	return put_remaining(result, deadline_ns, timeout);
}

static int copy_set_in(unsigned long **set, unsigned long *space, const unsigned long __user *user,
		       size_t bytes)
{
	*set = user ? space : NULL;
	return user ? copy_from_user(space, user, bytes) : 0;
}

static int copy_set_out(unsigned long __user *user, const unsigned long *set, size_t bytes)
{
	return user ? copy_to_user(user, set, bytes) : 0;
}

static long select_copied(const struct select_user *user, unsigned long *space, size_t words,
			  uint64_t deadline_ns)
{
	size_t bytes = words * sizeof(*space);
	struct select_sets sets;
	long ready;

	if (copy_set_in(&sets.in, space, user->in, bytes) ||
	    copy_set_in(&sets.out, space + words, user->out, bytes) ||
	    copy_set_in(&sets.except, space + 2 * words, user->except, bytes))
		return -EFAULT;
	ready = select_files((unsigned int)user->count, &sets, deadline_ns);
	if (ready < 0)
		return ready == -EINTR ? -ERESTARTNOHAND : ready;
	if (copy_set_out(user->in, sets.in, bytes) || copy_set_out(user->out, sets.out, bytes) ||
	    copy_set_out(user->except, sets.except, bytes))
		return -EFAULT;
	return ready;
}

long select_call(struct select_user *user, uint64_t deadline_ns)
{
	unsigned long small[3 * SET_WORDS_SMALL], *space = small;
	size_t words;
	long result;

	if (user->count < 0)
		return -EINVAL;
	/* As on Linux: descriptors the table could not hold are not looked at. */
	user->count = UK_MIN(user->count, (int)current_fdtable()->size);
	words = UK_DIV_ROUND_UP((size_t)user->count, 8 * sizeof(*space));
	if (words > SET_WORDS_SMALL)
		space = uk_malloc(3 * words * sizeof(*space));
	if (!space)
		return -ENOMEM;
	result = select_copied(user, space, words, deadline_ns);
	if (space != small)
		uk_free(space);
	return result;
}

/* The last argument of pselect6 is a pair: there is no seventh register. */
struct mask_and_size {
	const void __user *mask;
	size_t size;
};

long sys_pselect6(int count, unsigned long __user *in, unsigned long __user *out,
		  unsigned long __user *except, struct __kernel_timespec __user *timeout,
		  const void __user *mask)
{
	struct select_user user = {.count = count, .in = in, .out = out, .except = except};
	struct mask_and_size pair = {.mask = NULL};
	uint64_t deadline_ns;
	long result;

	if (mask && copy_from_user(&pair, mask, sizeof(pair)))
		return -EFAULT;
	result = get_deadline(&deadline_ns, timeout);
	if (!result)
		result = set_temporary_mask(pair.mask, pair.size);
	if (result)
		return result;
	result = select_call(&user, deadline_ns);
	finish_temporary_mask(pair.mask, result);
	return put_remaining(result, deadline_ns, timeout);
}
