/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sending and receiving: sendto(2), recvfrom(2), sendmsg(2), recvmsg(2), sendmmsg(2), recvmmsg(2).
 * Buffers, names and control messages in and out; the transfer is uk/socket.h's.
 */
#include <linux/errno.h>
#include <uk/arch/uaccess.h>
#include <uk/heap.h>
#include <uk/syscall.h>
#include "fs.h"
#include "socket.h"
#include "sys_time.h"

#define CONTROL_MAX     (64 * 1024UL) /* a longer list is -ENOBUFS */
#define CONTROL_SMALL   256
#define MESSAGES_MAX    1024 /* UIO_MAXIOV: more are cut off */
#define RECEIVE_CONTROL 4096 /* more room than any family fills */

/* struct msghdr of the C library and the kernel (recvmsg(2)) */
struct user_msghdr {
	void __user *name;
	int name_len;
	struct iovec __user *iov;
	size_t iov_count;
	void __user *control;
	size_t control_len;
	unsigned int flags;
};
_Static_assert(sizeof(struct user_msghdr) == 56, "struct msghdr");

/* struct mmsghdr (sendmmsg(2)) */
struct user_mmsghdr {
	struct user_msghdr header;
	unsigned int len;
};
_Static_assert(sizeof(struct user_mmsghdr) == 64, "struct mmsghdr");

/* --- one buffer ---------------------------------------------------------------------------------
 */

/* Checked and cut as read(2) and write(2) do. */
static int single_buffer(struct uio *uio, void __user *buf, size_t len)
{
	len = UK_MIN(len, UK_RW_MAX_BYTES);
	if (!user_range_ok((uintptr_t)buf, len))
		return -EFAULT;
	*uio = uio_user(buf, len);
	return 0;
}

/* `name` is room for the address. */
static long send_to(struct file *file, struct socket_transfer *transfer, struct socket_name *name,
		    const void __user *addr, int addr_len)
{
	int error = addr ? get_socket_name(name, addr, addr_len) : 0;

	if (error)
		return error;
	transfer->to = addr ? name : NULL;
	return socket_send(file, transfer);
}

long sys_sendto(int fd, const void __user *buf, size_t len, unsigned int flags,
		const void __user *addr, int addr_len)
{
	struct socket_name name;
	struct uio uio;
	struct socket_transfer transfer = {.uio = &uio, .flags = flags};
	long result = single_buffer(&uio, (void __user *)buf, len);
	struct file *file;

	if (result)
		return result;
	file = socket_get_fd(fd, &result);
	if (!file)
		return result;
	result = send_to(file, &transfer, &name, addr, addr_len);
	file_put(file);
	return result;
}

long sys_recvfrom(int fd, void __user *buf, size_t len, unsigned int flags, void __user *addr,
		  int __user *addr_len)
{
	struct socket_name name;
	struct uio uio;
	struct socket_transfer transfer = {.uio = &uio, .flags = flags};
	long result = single_buffer(&uio, buf, len);
	struct file *file;

	if (result)
		return result;
	file = socket_get_fd(fd, &result);
	if (!file)
		return result;
	name.len = 0;
	transfer.from = addr ? &name : NULL;
	result = socket_receive(file, &transfer);
	file_put(file);
	if (result >= 0 && addr && put_socket_name(&name, addr, addr_len))
		return -EFAULT;
	return result;
}

/* --- one message --------------------------------------------------------------------------------
 */

static int get_message(struct user_msghdr *header, struct user_vector *vector,
		       const void __user *message)
{
	if (copy_from_user(header, message, sizeof(*header)))
		return -EFAULT;
	if (header->iov_count > UIO_MAXIOV)
		return -EMSGSIZE;
	/* As on Linux: a name longer than any is cut, one that is nowhere has no length. */
	if (header->name_len < 0)
		return -EINVAL;
	header->name_len = header->name ? UK_MIN(header->name_len, SOCKET_NAME_MAX) : 0;
	return user_vector_get(vector, header->iov, header->iov_count);
}

/* Control messages into kernel memory: `small` or a block of the heap. */
static int get_control(struct socket_control *control, const struct user_msghdr *header,
		       uint8_t small[CONTROL_SMALL])
{
	if (header->control_len > CONTROL_MAX)
		return -ENOBUFS;
	control->len = control->room = header->control_len;
	control->bytes = control->len <= CONTROL_SMALL ? small : uk_malloc(control->len);
	if (!control->bytes)
		return -ENOBUFS;
	return copy_from_user(control->bytes, header->control, control->len);
}

static long send_message(struct file *file, struct user_msghdr *header, struct uio *uio,
			 unsigned int flags)
{
	uint8_t small[CONTROL_SMALL] __uk_aligned(8);
	struct socket_control control = {.bytes = small};
	struct socket_transfer transfer = {.uio = uio, .flags = flags};
	struct socket_name name;
	long result = 0;

	if (header->control && header->control_len) {
		result = get_control(&control, header, small);
		transfer.control = &control;
	}
	if (!result)
		result = send_to(file, &transfer, &name, header->name_len ? header->name : NULL,
				 header->name_len);
	if (control.bytes != small)
		uk_free(control.bytes);
	return result;
}

static long send_one(struct file *file, const void __user *message, unsigned int flags)
{
	struct user_msghdr header;
	struct user_vector vector;
	long result = get_message(&header, &vector, message);

	if (result)
		return result;
	result = send_message(file, &header, &vector.uio, flags);
	user_vector_put(&vector);
	return result;
}

long sys_sendmsg(int fd, const void __user *message, unsigned int flags)
{
	long result;
	struct file *file = socket_get_fd(fd, &result);

	if (!file)
		return result;
	result = send_one(file, message, flags);
	file_put(file);
	return result;
}

static int put_message_results(struct user_msghdr __user *message, const struct user_msghdr *header,
			       const struct socket_transfer *transfer)
{
	const struct socket_control *control = transfer->control;
	unsigned int flags = transfer->out_flags | (transfer->flags & UK_MSG_CMSG_CLOEXEC);

	if (control->is_truncated)
		flags |= UK_MSG_CTRUNC;
	if (header->name && put_socket_name(transfer->from, header->name, &message->name_len))
		return -EFAULT;
	if (copy_to_user(header->control, control->bytes, control->len) ||
	    put_user(control->len, &message->control_len) || put_user(flags, &message->flags))
		return -EFAULT;
	return 0;
}

/* What may come along is bounded, so the room is on the stack or a fixed block. */
static long receive_message(struct file *file, struct user_msghdr __user *message,
			    const struct user_msghdr *header, struct uio *uio, unsigned int flags)
{
	uint8_t small[CONTROL_SMALL] __uk_aligned(8);
	struct socket_name name = {.len = 0};
	struct socket_control control = {.bytes = small};
	struct socket_transfer transfer = {
		.uio = uio, .flags = flags, .from = &name, .control = &control};
	long result;

	control.room = header->control ? UK_MIN(header->control_len, (size_t)RECEIVE_CONTROL) : 0;
	if (control.room > sizeof(small))
		control.bytes = uk_malloc(control.room);
	if (!control.bytes)
		return -ENOMEM;
	result = socket_receive(file, &transfer);
	if (result >= 0 && put_message_results(message, header, &transfer))
		result = -EFAULT;
	socket_control_finish(&control, result >= 0);
	if (control.bytes != small)
		uk_free(control.bytes);
	return result;
}

static long receive_one(struct file *file, struct user_msghdr __user *message, unsigned int flags)
{
	struct user_msghdr header;
	struct user_vector vector;
	long result = get_message(&header, &vector, message);

	if (result)
		return result;
	result = receive_message(file, message, &header, &vector.uio, flags);
	user_vector_put(&vector);
	return result;
}

long sys_recvmsg(int fd, void __user *message, unsigned int flags)
{
	long result;
	struct file *file = socket_get_fd(fd, &result);

	if (!file)
		return result;
	result = receive_one(file, message, flags);
	file_put(file);
	return result;
}

/* --- several messages ---------------------------------------------------------------------------
 */

long sys_sendmmsg(int fd, void __user *messages, unsigned int count, unsigned int flags)
{
	struct user_mmsghdr __user *message = messages;
	unsigned int done;
	long result;
	struct file *file = socket_get_fd(fd, &result);

	if (!file)
		return result;
	result = 0;
	for (done = 0; done < UK_MIN(count, MESSAGES_MAX); done++, message++) {
		result = send_one(file, &message->header, flags);
		if (result < 0)
			break;
		if (put_user((unsigned int)result, &message->len)) {
			result = -EFAULT;
			break;
		}
	}
	file_put(file);
	return done ? (long)done : result < 0 ? result : 0;
}

/* The time limit is looked at between messages, as recvmmsg(2), BUGS, says. */
static long receive_many(struct file *file, struct user_mmsghdr __user *message, unsigned int count,
			 unsigned int flags, uint64_t deadline_ns)
{
	unsigned int done = 0, one_flags = flags & ~UK_MSG_WAITFORONE;
	long result = 0;

	while (done < count) {
		result = receive_one(file, &message->header, one_flags);
		if (result < 0)
			break;
		if (put_user((unsigned int)result, &message->len)) {
			result = -EFAULT;
			break;
		}
		done++;
		message++;
		if (flags & UK_MSG_WAITFORONE)
			one_flags |= UK_MSG_DONTWAIT;
		if (deadline_ns != UK_NO_TIMEOUT && !remaining_until(deadline_ns))
			break;
	}
	/* An error after the first message is told by the next call. */
	if (done && result < 0 && result != -EAGAIN && result != -EINTR && result != -ERESTARTSYS)
		socket_of(file)->error = (int)-result;
	return done ? (long)done : result;
}

long sys_recvmmsg(int fd, void __user *messages, unsigned int count, unsigned int flags,
		  struct __kernel_timespec __user *timeout)
{
	uint64_t ns, deadline_ns = UK_NO_TIMEOUT;
	struct file *file;
	long result;

	if (timeout) {
		result = get_timespec(&ns, timeout);
		if (result)
			return result;
		deadline_ns = deadline_after(ns);
	}
	file = socket_get_fd(fd, &result);
	if (!file)
		return result;
	result = socket_take_error(socket_of(file));
	if (!result)
		result = receive_many(file, messages, UK_MIN(count, MESSAGES_MAX), flags,
				      deadline_ns);
	file_put(file);
	if (result > 0 && timeout && put_timespec(remaining_until(deadline_ns), timeout))
		return -EFAULT;
	return result;
}
