/* SPDX-License-Identifier: BSD-3-Clause */
/* sendto, recvfrom, sendmsg, recvmsg: buffers in and out; the transfer is uk/socket.h's. */
#include <linux/errno.h>
#include <uk/arch/uaccess.h>
#include <uk/syscall.h>
#include "fs.h"
#include "socket.h"

#define MSG_CMSG_CLOEXEC 0x40000000 /* about descriptors that come along: none do */

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

static uk_ssize_t transfer_on(int fd, struct socket_transfer *transfer,
			      uk_ssize_t (*move)(struct file *file,
						 struct socket_transfer *transfer))
{
	long result;
	struct file *file = socket_get_fd(fd, &result);

	if (!file)
		return result;
	result = move(file, transfer);
	file_put(file);
	return result;
}

/* One buffer, checked and cut as read(2) and write(2) do. */
static int single_buffer(struct uio *uio, void __user *buf, size_t len)
{
	len = UK_MIN(len, UK_RW_MAX_BYTES);
	if (!user_range_ok((uintptr_t)buf, len))
		return -EFAULT;
	*uio = uio_user(buf, len);
	return 0;
}

/* The address to send to: it has to be readable; what it says is the family's. */
static int take_name(struct socket_transfer *transfer, const void __user *name, int len)
{
	char copy[SOCKET_NAME_MAX];

	if (!name)
		return 0;
	if (len < 0 || len > SOCKET_NAME_MAX)
		return -EINVAL;
	transfer->has_name = len;
	return copy_from_user(copy, name, (size_t)len);
}

long sys_sendto(int fd, const void __user *buf, size_t len, unsigned int flags,
		const void __user *addr, int addr_len)
{
	struct uio uio;
	struct socket_transfer transfer = {.uio = &uio, .flags = flags};
	int error = single_buffer(&uio, (void __user *)buf, len);

	if (!error)
		error = take_name(&transfer, addr, addr_len);
	return error ? error : transfer_on(fd, &transfer, socket_send);
}

long sys_recvfrom(int fd, void __user *buf, size_t len, unsigned int flags, void __user *addr,
		  int __user *addr_len)
{
	struct uio uio;
	struct socket_transfer transfer = {.uio = &uio, .flags = flags};
	long result = single_buffer(&uio, buf, len);

	if (!result)
		result = transfer_on(fd, &transfer, socket_receive);
	if (result >= 0 && addr && put_socket_name(NULL, 0, addr, addr_len))
		return -EFAULT; /* ends of a pair have no name */
	return result;
}

static int get_message(struct user_msghdr *header, struct user_vector *vector,
		       const void __user *message)
{
	if (copy_from_user(header, message, sizeof(*header)))
		return -EFAULT;
	if (header->iov_count > UIO_MAXIOV)
		return -EMSGSIZE;
	return user_vector_get(vector, header->iov, header->iov_count);
}

long sys_sendmsg(int fd, const void __user *message, unsigned int flags)
{
	struct user_msghdr header;
	struct user_vector vector;
	struct socket_transfer transfer = {.uio = &vector.uio, .flags = flags};
	long result = get_message(&header, &vector, message);

	if (result)
		return result;
	if (header.control_len)
		result = -EINVAL; /* no kind of control message is known */
	if (!result)
		result = take_name(&transfer, header.name, header.name_len);
	if (!result)
		result = transfer_on(fd, &transfer, socket_send);
	user_vector_put(&vector);
	return result;
}

static int put_message_results(struct user_msghdr __user *message, unsigned int out_flags)
{
	return put_user(0, &message->name_len) || put_user((size_t)0, &message->control_len) ||
			       put_user(out_flags, &message->flags)
		       ? -EFAULT
		       : 0;
}

long sys_recvmsg(int fd, void __user *message, unsigned int flags)
{
	struct user_msghdr header;
	struct user_vector vector;
	struct socket_transfer transfer = {.uio = &vector.uio, .flags = flags & ~MSG_CMSG_CLOEXEC};
	long result = get_message(&header, &vector, message);

	if (result)
		return result;
	result = transfer_on(fd, &transfer, socket_receive);
	user_vector_put(&vector);
	if (result >= 0 && put_message_results(message, transfer.out_flags))
		return -EFAULT;
	return result;
}
