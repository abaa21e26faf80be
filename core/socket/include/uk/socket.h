/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sockets (socket(7)): what all address families have in common. A family embeds struct socket and
 * gives it operations; a file of the ops in socket.c is how the program holds it.
 *
 * Thread context; everything may sleep. Fields without a named lock are set before the file exists
 * or are single words that their reader checks again.
 */
#ifndef UK_SOCKET_H
#define UK_SOCKET_H

#include <linux/types.h>
#include <uk/essentials.h>
#include <uk/file.h>
#include <uk/uio.h>

/* Linux' numbers, which its UAPI headers leave to the C library. */
enum socket_type { UK_SOCK_STREAM = 1, UK_SOCK_DGRAM = 2, UK_SOCK_SEQPACKET = 5 };
#define UK_SOCK_TYPE_MASK 0xf
#define UK_SOCK_TYPE_MAX  11

#define UK_AF_UNIX 1
#define UK_AF_MAX  46

#define UK_MSG_PEEK     0x2
#define UK_MSG_TRUNC    0x20
#define UK_MSG_DONTWAIT 0x40
#define UK_MSG_EOR      0x80
#define UK_MSG_WAITALL  0x100
#define UK_MSG_NOSIGNAL 0x4000

/** shutdown(2): bits of what is over. */
#define SOCKET_SHUT_RECEIVE 0x1
#define SOCKET_SHUT_SEND    0x2

struct socket;

/** One send or receive. */
struct socket_transfer {
	struct uio *uio;
	unsigned int flags;     /* UK_MSG_*; DONTWAIT also when the file is non-blocking */
	unsigned int out_flags; /* receive: UK_MSG_TRUNC */
	bool has_name;          /* send: names a receiver */
};

/** Operations; every one is there. */
struct socket_ops {
	/** Bytes moved, or -EPIPE (the caller of socket_send() gets SIGPIPE), -EAGAIN, -EINTR,
	 *  -ERESTARTSYS and the errors of the family. */
	uk_ssize_t (*send)(struct socket *socket, struct socket_transfer *transfer);
	uk_ssize_t (*receive)(struct socket *socket, struct socket_transfer *transfer);
	unsigned int (*poll)(struct socket *socket, struct poll_table *table);
	int (*shutdown)(struct socket *socket, unsigned int how);
	size_t (*next_bytes)(struct socket *socket); /* FIONREAD */
	/** connect(2) to a struct sockaddr of `len` bytes. */
	int (*connect)(struct socket *socket, const void *name, size_t len);
	/** Writes a struct sockaddr of at most SOCKET_NAME_MAX bytes; its length or -errno. */
	int (*own_name)(struct socket *socket, void *name);
	int (*peer_name)(struct socket *socket, void *name);
	void (*release)(struct socket *socket); /* the last descriptor is gone */
};
#define SOCKET_NAME_MAX 128 /* sizeof(struct sockaddr_storage) */

struct socket {
	const struct socket_ops *ops;
	uint16_t family, type;
	int protocol;
	int error;                                    /* SO_ERROR: told once */
	uint32_t send_limit, receive_limit;           /* SO_SNDBUF, SO_RCVBUF: bytes */
	uint64_t send_timeout_ns, receive_timeout_ns; /* UK_NO_TIMEOUT */
};

/** Fills in all fields. */
void socket_init(struct socket *socket, const struct socket_ops *ops, unsigned int family,
		 unsigned int type);

/** A file for a socket; on failure the socket is still the caller's. `flags`: O_NONBLOCK or 0.
 *  ERR_PTR(-ENOMEM). */
struct file *socket_file(struct socket *socket, unsigned int flags);
/** NULL when the file is no socket (-ENOTSOCK). */
struct socket *socket_of(const struct file *file);

/** send(2), recv(2). `flags`: those named above; others are -EOPNOTSUPP. */
uk_ssize_t socket_send(struct file *file, struct socket_transfer *transfer);
uk_ssize_t socket_receive(struct file *file, struct socket_transfer *transfer);

/** Takes the error that is waiting to be told: 0 or -errno. */
int socket_take_error(struct socket *socket);
/** What a wait that has a time limit returns: -EAGAIN, -EINTR or (no limit) -ERESTARTSYS. */
int socket_wait_result(int result, uint64_t timeout_ns);
/** The monotonic time at which a wait of this length ends. */
uint64_t socket_deadline(uint64_t timeout_ns);

/** setsockopt(2), getsockopt(2) of level SOL_SOCKET: what is the same for all families.
 *  `len`: bytes at `value`; after getting, bytes of it used. -ENOPROTOOPT, -EINVAL, -EDOM. */
int socket_set_option(struct socket *socket, int name, const void *value, size_t len);
int socket_get_option(struct socket *socket, int name, void *value, size_t *len);
#define SOCKET_OPTION_MAX 64 /* bytes of the largest value */

/** socket(2) of AF_UNIX. ERR_PTR(-EPROTONOSUPPORT, -ESOCKTNOSUPPORT, -ENOMEM). */
struct file *unix_socket_file(unsigned int type, int protocol, unsigned int flags);
/** socketpair(2) of AF_UNIX: two connected files. -EPROTONOSUPPORT, -ESOCKTNOSUPPORT, -ENOMEM. */
int unix_socketpair(unsigned int type, int protocol, unsigned int flags, struct file *files[2]);

#endif /* UK_SOCKET_H */
