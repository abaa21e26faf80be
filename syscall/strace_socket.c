/* SPDX-License-Identifier: BSD-3-Clause */
/* What strace shows of the memory of socket calls: addresses, messages, control messages. */
#include <asm/socket.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/netlink.h>
#include <linux/un.h>
#include <uk/arch/uaccess.h>
#include <uk/socket.h>
#include "strace.h"

#define SHOWN_CMSGS  4
#define SHOWN_RIGHTS 8
#define SCM_RIGHTS   1

/* --- addresses ------------------------------------------------------------------------------ */

/* A port in network byte order. */
static unsigned int port_of(uint16_t port)
{
	return (unsigned int)(uint16_t)(port << 8 | port >> 8);
}

static void put_unix(struct strace_line *line, unsigned long addr, size_t len)
{
	unsigned long path = addr + offsetof(struct sockaddr_un, sun_path);
	size_t path_len = len - offsetof(struct sockaddr_un, sun_path);
	char first = 0;

	if (!path_len)
		return;
	get_user(first, (const char __user *)path);
	strace_put(line, first ? ", sun_path=" : ", sun_path=@");
	if (first)
		strace_put_string(line, path);
	else
		strace_put_bytes(line, path + 1, path_len - 1);
}

static void put_in(struct strace_line *line, const struct sockaddr_in *in)
{
	const uint8_t *ip = (const uint8_t *)&in->sin_addr;

	strace_put(line, ", sin_port=htons(%u), sin_addr=inet_addr(\"%u.%u.%u.%u\")",
		   port_of(in->sin_port), ip[0], ip[1], ip[2], ip[3]);
}

static void put_in6(struct strace_line *line, const struct sockaddr_in6 *in6)
{
	strace_put(line, ", sin6_port=htons(%u), inet_pton(AF_INET6, \"", port_of(in6->sin6_port));
	for (unsigned int i = 0; i < 8; i++)
		strace_put(line, i ? ":%x" : "%x", port_of(in6->sin6_addr.s6_addr16[i]));
	strace_put(line, "\"), sin6_scope_id=%u", in6->sin6_scope_id);
}

static void put_nl(struct strace_line *line, const struct sockaddr_nl *nl)
{
	strace_put(line, ", nl_pid=%u, nl_groups=%#x", nl->nl_pid, nl->nl_groups);
}

static bool put_sockaddr(struct strace_line *line, unsigned long addr, size_t len)
{
	union {
		uint16_t family;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_nl nl;
		uint8_t bytes[SOCKET_NAME_MAX];
	} name;

	len = UK_MIN(len, sizeof(name));
	if (len < sizeof(name.family) || copy_from_user(name.bytes, (const void __user *)addr, len))
		return false;
	strace_put(line, "{sa_family=");
	strace_put_named(line, KIND_AF, name.family);
	if (name.family == UK_AF_UNIX)
		put_unix(line, addr, len);
	else if (name.family == UK_AF_INET && len >= sizeof(name.in))
		put_in(line, &name.in);
	else if (name.family == UK_AF_INET6 && len >= sizeof(name.in6))
		put_in6(line, &name.in6);
	else if (name.family == UK_AF_NETLINK && len >= sizeof(name.nl))
		put_nl(line, &name.nl);
	strace_put_char(line, '}');
	return true;
}

/* --- control messages ----------------------------------------------------------------------- */

struct control_head {
	size_t len;
	int level, type;
};

static void put_rights(struct strace_line *line, unsigned long addr, size_t count)
{
	strace_put(line, ", cmsg_type=SCM_RIGHTS, cmsg_data=[");
	for (size_t i = 0; i < count && i < SHOWN_RIGHTS; i++) {
		int fd = -1;

		get_user(fd, (const int __user *)addr + i);
		strace_put(line, i ? ", %d" : "%d", fd);
	}
	strace_put(line, count > SHOWN_RIGHTS ? ", ...]" : "]");
}

static void put_control(struct strace_line *line, unsigned long addr, size_t len)
{
	struct control_head head;
	unsigned int shown = 0;
	size_t at = 0;

	strace_put_char(line, '[');
	for (; shown < SHOWN_CMSGS && len - at >= sizeof(head); shown++) {
		if (copy_from_user(&head, (const void __user *)(addr + at), sizeof(head)) ||
		    head.len < sizeof(head) || head.len > len - at)
			break;
		strace_put(line,
			   shown ? ", {cmsg_len=%lu, cmsg_level=" : "{cmsg_len=%lu, cmsg_level=",
			   (unsigned long)head.len);
		strace_put_named(line, KIND_SOL, (unsigned int)head.level);
		if (head.level == SOL_SOCKET && head.type == SCM_RIGHTS)
			put_rights(line, addr + at + sizeof(head),
				   (head.len - sizeof(head)) / sizeof(int));
		else
			strace_put(line, ", cmsg_type=%#x", (unsigned int)head.type);
		strace_put_char(line, '}');
		at = UK_MIN(at + UK_ALIGN_UP(head.len, sizeof(size_t)), len);
	}
	strace_put_char(line, ']');
}

/* --- messages ------------------------------------------------------------------------------- */

struct message_head { /* struct msghdr */
	unsigned long name;
	int name_len;
	unsigned long iov;
	size_t iov_count;
	unsigned long control;
	size_t control_len;
	unsigned int flags;
};

/* `len` bytes of the buffers hold data. */
static bool put_message(struct strace_line *line, unsigned long addr, size_t len)
{
	struct message_head head;

	if (copy_from_user(&head, (const void __user *)addr, sizeof(head)))
		return false;
	strace_put(line, "{msg_name=");
	if (!head.name || !put_sockaddr(line, head.name, (size_t)UK_MAX(head.name_len, 0)))
		strace_put_pointer(line, head.name);
	strace_put(line, ", msg_namelen=%d, msg_iov=", head.name_len);
	strace_put_iovec(line, head.iov, head.iov_count, len);
	strace_put(line, ", msg_iovlen=%lu", (unsigned long)head.iov_count);
	if (head.control && head.control_len) {
		strace_put(line, ", msg_control=");
		put_control(line, head.control, head.control_len);
	}
	strace_put(line, ", msg_controllen=%lu, msg_flags=", (unsigned long)head.control_len);
	strace_put_named(line, KIND_MSG_FLAGS, head.flags);
	strace_put_char(line, '}');
	return true;
}

/* --- options -------------------------------------------------------------------------------- */

static bool put_value(struct strace_line *line, unsigned long addr, size_t len)
{
	int number = 0;

	if (len != sizeof(number)) {
		strace_put_bytes(line, addr, len);
		return true;
	}
	if (get_user(number, (const int __user *)addr))
		return false;
	strace_put(line, "[%d]", number);
	return true;
}

/* The length that the call has stored, or 0. */
static size_t stored_length(unsigned long addr)
{
	int len = 0;

	return addr && !get_user(len, (const int __user *)addr) && len > 0 ? (size_t)len : 0;
}

bool strace_put_socket(struct strace_line *line, enum strace_kind kind, unsigned long addr,
		       unsigned long next, long result)
{
	switch (kind) {
	case KIND_SOCKADDR_IN:
		return put_sockaddr(line, addr, (size_t)UK_MAX((int)next, 0));
	case KIND_SOCKADDR_OUT:
		return put_sockaddr(line, addr, stored_length(next));
	case KIND_SOCKLEN_OUT:
		return put_value(line, addr, sizeof(int));
	case KIND_OPTVAL_IN:
		return put_value(line, addr, (size_t)UK_MAX((int)next, 0));
	case KIND_OPTVAL_OUT:
		return put_value(line, addr, stored_length(next));
	case KIND_MSGHDR_IN:
		return put_message(line, addr, SIZE_MAX);
	case KIND_MSGHDR_OUT:
		return put_message(line, addr, (size_t)result);
	default:
		return false;
	}
}
