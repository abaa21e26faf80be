/* SPDX-License-Identifier: BSD-3-Clause */
/* Options of level SOL_SOCKET (socket(7)) that mean the same for every family. */
#include <asm/socket.h>
#include <linux/errno.h>
#include <linux/time_types.h>
#include <uk/clock.h>
#include <uk/socket.h>
#include <uk/string.h>
#include <uk/task.h>

#define LIMIT_MAX         212992 /* net.core.wmem_max, rmem_max */
#define SEND_LIMIT_MIN    4608
#define RECEIVE_LIMIT_MIN 2304

/* As Linux does: twice what is asked, for the bookkeeping, within bounds. */
static uint32_t limit_of(int wanted, uint32_t least)
{
	uint32_t limit = (uint32_t)wanted < LIMIT_MAX ? (uint32_t)wanted : LIMIT_MAX;

	return UK_MAX(2 * limit, least);
}

static int set_timeout(uint64_t *timeout_ns, const void *value, size_t len)
{
	struct __kernel_sock_timeval time;

	if (len < sizeof(time))
		return -EINVAL;
	memcpy(&time, value, sizeof(time));
	if (time.tv_usec < 0 || time.tv_usec >= (int64_t)(UK_NSEC_PER_SEC / UK_NSEC_PER_USEC))
		return -EDOM;
	if (time.tv_sec < 0)
		*timeout_ns = 0; /* as Linux: does not wait at all */
	else if (!time.tv_sec && !time.tv_usec)
		*timeout_ns = UK_NO_TIMEOUT;
	else if (uk_mul_overflow((uint64_t)time.tv_sec, UK_NSEC_PER_SEC, timeout_ns) ||
		 uk_add_overflow(*timeout_ns, (uint64_t)time.tv_usec * UK_NSEC_PER_USEC,
				 timeout_ns))
		*timeout_ns = UK_NO_TIMEOUT;
	return 0;
}

static void get_timeout(uint64_t timeout_ns, void *value, size_t *len)
{
	struct __kernel_sock_timeval time = {0};

	if (timeout_ns != UK_NO_TIMEOUT) {
		time.tv_sec = (int64_t)(timeout_ns / UK_NSEC_PER_SEC);
		time.tv_usec = (int64_t)(timeout_ns % UK_NSEC_PER_SEC / UK_NSEC_PER_USEC);
	}
	memcpy(value, &time, sizeof(time));
	*len = sizeof(time);
}

int socket_set_option(struct socket *socket, int name, const void *value, size_t len)
{
	int number;

	if (len < sizeof(number))
		return -EINVAL;
	memcpy(&number, value, sizeof(number));
	switch (name) {
	case SO_SNDBUF:
		socket->send_limit = limit_of(number, SEND_LIMIT_MIN);
		return 0;
	case SO_RCVBUF:
		socket->receive_limit = limit_of(number, RECEIVE_LIMIT_MIN);
		return 0;
	case SO_SNDTIMEO_OLD: /* the same layout where long has 64 bits */
	case SO_SNDTIMEO_NEW:
		return set_timeout(&socket->send_timeout_ns, value, len);
	case SO_RCVTIMEO_OLD:
	case SO_RCVTIMEO_NEW:
		return set_timeout(&socket->receive_timeout_ns, value, len);
	default:
		return -ENOPROTOOPT;
	}
}

static void get_number(int number, void *value, size_t *len)
{
	memcpy(value, &number, sizeof(number));
	*len = sizeof(number);
}

int socket_get_option(struct socket *socket, int name, void *value, size_t *len)
{
	switch (name) {
	case SO_TYPE:
		get_number(socket->type, value, len);
		return 0;
	case SO_DOMAIN:
		get_number(socket->family, value, len);
		return 0;
	case SO_PROTOCOL:
		get_number(socket->protocol, value, len);
		return 0;
	case SO_ERROR:
		get_number(-socket_take_error(socket), value, len);
		return 0;
	case SO_ACCEPTCONN: /* nothing listens yet */
		get_number(0, value, len);
		return 0;
	case SO_SNDBUF:
		get_number((int)socket->send_limit, value, len);
		return 0;
	case SO_RCVBUF:
		get_number((int)socket->receive_limit, value, len);
		return 0;
	case SO_SNDTIMEO_OLD:
	case SO_SNDTIMEO_NEW:
		get_timeout(socket->send_timeout_ns, value, len);
		return 0;
	case SO_RCVTIMEO_OLD:
	case SO_RCVTIMEO_NEW:
		get_timeout(socket->receive_timeout_ns, value, len);
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}
