/* SPDX-License-Identifier: BSD-3-Clause */
/* Event descriptors: eventfd(2), signalfd(2), pidfd_open(2), epoll(7). */
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <uk/arch/uaccess.h>
#include <uk/epoll.h>
#include <uk/eventfd.h>
#include <uk/fd.h>
#include <uk/pidfd.h>
#include <uk/signalfd.h>
#include <uk/syscall.h>
#include "events.h"
#include "open.h"
#include "sys_time.h"

long sys_eventfd2(unsigned int initial, int flags)
{
	return install_new_file(eventfd_create_file(initial, flags), flags & EFD_CLOEXEC);
}

/* A new one for -1, else a new mask for an old one. */
long sys_signalfd4(int fd, const void __user *mask, size_t mask_size, int flags)
{
	struct fd_loan old;
	sigset_t set = 0;
	long result;

	if (mask_size != sizeof(set))
		return -EINVAL;
	if (get_user(set, (const sigset_t __user *)mask))
		return -EFAULT;
	if (flags & ~(SFD_CLOEXEC | SFD_NONBLOCK))
		return -EINVAL;
	if (fd == -1)
		return install_new_file(signalfd_create_file(set, flags), flags & SFD_CLOEXEC);
	old = fd_borrow(fd);
	result = old.file ? signalfd_set_mask(old.file, set) : -EBADF;
	fd_return(old);
	return result ? result : fd;
}

/* As on Linux always close-on-exec. */
long sys_pidfd_open(int pid, unsigned int flags)
{
	return install_new_file(pidfd_create_file(pid, flags), true);
}

long sys_epoll_create1(int flags)
{
	if (flags & ~EPOLL_CLOEXEC)
		return -EINVAL;
	return install_new_file(epoll_create_file(), flags & EPOLL_CLOEXEC);
}

long sys_epoll_ctl(int epfd, int op, int fd, const struct epoll_event __user *user)
{
	struct epoll_event event = {.events = 0};
	struct fd_loan epoll, target;
	long result = -EBADF;

	if (op != EPOLL_CTL_DEL && copy_from_user(&event, user, sizeof(event)))
		return -EFAULT;
	epoll = fd_borrow(epfd);
	target = fd_borrow(fd);
	if (epoll.file && target.file)
		result = epoll_control(epoll.file, op, target.file, fd, &event);
	fd_return(target);
	fd_return(epoll);
	return result;
}

long epoll_wait_call(int epfd, struct epoll_event __user *events, int max, uint64_t timeout_ns)
{
	struct fd_loan epoll;
	long result;

	if (max <= 0 || max > EPOLL_MAX_EVENTS)
		return -EINVAL;
	if (!user_range_ok((uintptr_t)events, (size_t)max * sizeof(*events)))
		return -EFAULT;
	epoll = fd_borrow(epfd);
	if (!epoll.file)
		return -EBADF;
	result = epoll_wait_events(epoll.file, events, max, timeout_ns);
	fd_return(epoll);
	return result;
}

static long wait_with_mask(int epfd, struct epoll_event __user *events, int max,
			   uint64_t timeout_ns, const void __user *mask, size_t mask_size)
{
	long result = set_temporary_mask(mask, mask_size);

	if (result)
		return result;
	result = epoll_wait_call(epfd, events, max, timeout_ns);
	finish_temporary_mask(mask, result);
	return result;
}

long sys_epoll_pwait(int epfd, struct epoll_event __user *events, int max, int timeout_ms,
		     const void __user *mask, size_t mask_size)
{
	return wait_with_mask(epfd, events, max, timeout_of_ms(timeout_ms), mask, mask_size);
}

long sys_epoll_pwait2(int epfd, struct epoll_event __user *events, int max,
		      const struct __kernel_timespec __user *timeout, const void __user *mask,
		      size_t mask_size)
{
	uint64_t timeout_ns = UK_NO_TIMEOUT;
	long error = timeout ? get_timespec(&timeout_ns, timeout) : 0;

	return error ? error : wait_with_mask(epfd, events, max, timeout_ns, mask, mask_size);
}
