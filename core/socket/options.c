/* SPDX-License-Identifier: BSD-3-Clause */
/* Options of level SOL_SOCKET (socket(7)) that mean the same for every family. */
#include <asm/socket.h>
#include <linux/errno.h>
#include <linux/time_types.h>
#include <uk/clock.h>
#include <uk/socket.h>
#include <uk/string.h>
#include <uk/task.h>

#define SEND_LIMIT_MIN    4608
#define RECEIVE_LIMIT_MIN 2304

#define LIMIT_MAX INT32_MAX /* of SO_SNDBUFFORCE, SO_RCVBUFFORCE */

/* As Linux does: twice what is asked, for the bookkeeping, within bounds. */
static uint32_t limit_of(int wanted, uint32_t least, int64_t most)
{
	uint32_t limit = UK_MIN((uint32_t)wanted, (uint32_t)UK_MIN(most, LIMIT_MAX / 2));

	return UK_MAX(2 * limit, least);
}

static bool is_buffer_size(int name)
{
	return name == SO_SNDBUF || name == SO_SNDBUFFORCE || name == SO_RCVBUF ||
	       name == SO_RCVBUFFORCE;
}

static int set_limit(struct socket *socket, int name, int number)
{
	bool is_forced = name == SO_SNDBUFFORCE || name == SO_RCVBUFFORCE;

	if (name == SO_SNDBUF || name == SO_SNDBUFFORCE)
		socket->send_limit = limit_of(number, SEND_LIMIT_MIN,
					      is_forced ? LIMIT_MAX : socket_limits.wmem_max);
	else
		socket->receive_limit = limit_of(number, RECEIVE_LIMIT_MIN,
						 is_forced ? LIMIT_MAX : socket_limits.rmem_max);
	return 0;
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
	*len = UK_MIN(*len, sizeof(time));
	memcpy(value, &time, *len);
}

int socket_option_int(const void *value, size_t len, int *number)
{
	if (len < sizeof(*number))
		return -EINVAL;
	memcpy(number, value, sizeof(*number));
	return 0;
}

static int set_linger(struct socket *socket, const void *value, size_t len)
{
	struct {
		int is_on, seconds;
	} linger;

	if (len < sizeof(linger))
		return -EINVAL;
	memcpy(&linger, value, sizeof(linger));
	socket->linger_seconds = linger.is_on ? UK_MAX(linger.seconds, 0) : -1;
	return 0;
}

/* The switches: where their value is kept, or NULL. */
static bool *switch_of(struct socket *socket, int name)
{
	switch (name) {
	case SO_REUSEADDR:
		return &socket->reuses_address;
	case SO_REUSEPORT:
		return &socket->reuses_port;
	case SO_KEEPALIVE:
		return &socket->keeps_alive;
	case SO_BROADCAST:
		return &socket->may_broadcast;
	case SO_OOBINLINE:
		return &socket->oob_inline;
	case SO_DONTROUTE:
		return &socket->dont_route;
	case SO_PASSCRED:
		return &socket->passes_credentials;
	case SO_TIMESTAMP_OLD:
	case SO_TIMESTAMP_NEW:
		return &socket->timestamps;
	case SO_TIMESTAMPNS_OLD:
	case SO_TIMESTAMPNS_NEW:
		return &socket->timestamps_ns;
	default:
		return NULL;
	}
}

static int set_common(struct socket *socket, int name, const void *value, size_t len)
{
	bool *on = switch_of(socket, name);
	int number = 0;

	if (name == SO_LINGER)
		return set_linger(socket, value, len);
	if (name == SO_SNDTIMEO_OLD || name == SO_SNDTIMEO_NEW)
		return set_timeout(&socket->send_timeout_ns, value, len);
	if (name == SO_RCVTIMEO_OLD || name == SO_RCVTIMEO_NEW)
		return set_timeout(&socket->receive_timeout_ns, value, len);
	if (socket_option_int(value, len, &number))
		return -EINVAL;
	if (on) {
		*on = number != 0;
		return 0;
	}
	if (is_buffer_size(name))
		return set_limit(socket, name, number);
	switch (name) {
	case SO_RCVLOWAT:
		socket->receive_low = number > 0 ? (uint32_t)number : 1;
		return 0;
	case SO_PRIORITY:
		socket->priority = number;
		return 0;
	case SO_MARK:
		socket->mark = number;
		return 0;
	case SO_TYPE:
	case SO_DOMAIN:
	case SO_PROTOCOL:
	case SO_ERROR:
	case SO_ACCEPTCONN:
	default:
		return -ENOPROTOOPT;
	}
}

int socket_set_option(struct socket *socket, int level, int name, const void *value, size_t len)
{
	int error = -ENOPROTOOPT;

	if (level == SOL_SOCKET)
		error = set_common(socket, name, value, len);
	/* The family hears of what it has to pass on, too. */
	if (socket->ops->set_option &&
	    (error == -ENOPROTOOPT ||
	     (!error && (is_buffer_size(name) || switch_of(socket, name))))) {
		int own = socket->ops->set_option(socket, level, name, value, len);

		return own == -ENOPROTOOPT ? error : own;
	}
	return error;
}

void socket_put_int(int number, void *value, size_t *len)
{
	*len = UK_MIN(*len, sizeof(number));
	memcpy(value, &number, *len);
}

static void get_linger(const struct socket *socket, void *value, size_t *len)
{
	int linger[2] = {socket->linger_seconds >= 0, UK_MAX(socket->linger_seconds, 0)};

	*len = UK_MIN(*len, sizeof(linger));
	memcpy(value, linger, *len);
}

/* The ones that are a number; -ENOPROTOOPT. */
static int get_number(struct socket *socket, int name, int *number)
{
	const bool *on = switch_of(socket, name);

	if (on) {
		*number = *on;
		return 0;
	}
	switch (name) {
	case SO_TYPE:
		*number = socket->type;
		return 0;
	case SO_DOMAIN:
		*number = socket->family;
		return 0;
	case SO_PROTOCOL:
		*number = socket->protocol;
		return 0;
	case SO_ERROR:
		*number = -socket_take_error(socket);
		return 0;
	case SO_ACCEPTCONN:
		*number = socket->is_listening;
		return 0;
	case SO_SNDBUF:
		*number = (int)socket->send_limit;
		return 0;
	case SO_RCVBUF:
		*number = (int)socket->receive_limit;
		return 0;
	case SO_RCVLOWAT:
		*number = (int)socket->receive_low;
		return 0;
	case SO_SNDLOWAT:
		*number = 1;
		return 0;
	case SO_PRIORITY:
		*number = socket->priority;
		return 0;
	case SO_MARK:
		*number = socket->mark;
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

int socket_get_option(struct socket *socket, int level, int name, void *value, size_t *len)
{
	int number;

	if (level == SOL_SOCKET) {
		if (name == SO_LINGER) {
			get_linger(socket, value, len);
			return 0;
		}
		if (name == SO_SNDTIMEO_OLD || name == SO_SNDTIMEO_NEW) {
			get_timeout(socket->send_timeout_ns, value, len);
			return 0;
		}
		if (name == SO_RCVTIMEO_OLD || name == SO_RCVTIMEO_NEW) {
			get_timeout(socket->receive_timeout_ns, value, len);
			return 0;
		}
		if (!get_number(socket, name, &number)) {
			socket_put_int(number, value, len);
			return 0;
		}
	}
	return socket->ops->get_option ? socket->ops->get_option(socket, level, name, value, len)
				       : -ENOPROTOOPT;
}
