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

#include <sys/queue.h>
#include <linux/types.h>
#include <uk/essentials.h>
#include <uk/file.h>
#include <uk/uio.h>
#include <uk/wait.h>

/* Linux' numbers, which its UAPI headers leave to the C library. */
enum socket_type { UK_SOCK_STREAM = 1, UK_SOCK_DGRAM = 2, UK_SOCK_RAW = 3, UK_SOCK_SEQPACKET = 5 };
#define UK_SOCK_TYPE_MASK 0xf
#define UK_SOCK_TYPE_MAX  11

#define UK_AF_UNSPEC  0
#define UK_AF_UNIX    1
#define UK_AF_INET    2
#define UK_AF_INET6   10
#define UK_AF_NETLINK 16
#define UK_AF_MAX     46

#define UK_MSG_OOB          0x1
#define UK_MSG_PEEK         0x2
#define UK_MSG_DONTROUTE    0x4
#define UK_MSG_CTRUNC       0x8
#define UK_MSG_TRUNC        0x20
#define UK_MSG_DONTWAIT     0x40
#define UK_MSG_EOR          0x80
#define UK_MSG_WAITALL      0x100
#define UK_MSG_CONFIRM      0x800
#define UK_MSG_ERRQUEUE     0x2000
#define UK_MSG_NOSIGNAL     0x4000
#define UK_MSG_MORE         0x8000
#define UK_MSG_WAITFORONE   0x10000
#define UK_MSG_CMSG_CLOEXEC 0x40000000

/** shutdown(2): bits of what is over. */
#define SOCKET_SHUT_RECEIVE 0x1
#define SOCKET_SHUT_SEND    0x2

/** A struct sockaddr in kernel memory. */
#define SOCKET_NAME_MAX 128 /* sizeof(struct sockaddr_storage) */
struct socket_name {
	union {
		uint16_t family; /* there when len >= 2 */
		uint8_t bytes[SOCKET_NAME_MAX];
	};
	size_t len;
} __uk_aligned(8);

/**
 * Control messages (cmsg(3)) in kernel memory. Sending: `len` bytes, whose headers the family
 * checks. Receiving: socket_control_put() appends while there is room.
 */
struct unix_rights;
struct socket_control {
	uint8_t *bytes;
	size_t len, room;
	bool is_truncated;          /* MSG_CTRUNC */
	struct unix_rights *rights; /* received files whose descriptors are reserved, or NULL */
};

struct socket;

/** One send or receive. */
struct socket_transfer {
	struct uio *uio;
	unsigned int flags;           /* UK_MSG_*; DONTWAIT also when the file is non-blocking */
	unsigned int out_flags;       /* receive: UK_MSG_TRUNC, OOB, EOR, ERRQUEUE */
	const struct socket_name *to; /* send: the receiver; NULL: the connected one */
	struct socket_name
		*from; /* receive: the sender, len 0 when there is none; NULL: not asked */
	struct socket_control *control; /* NULL: none, not asked */
};

/**
 * Operations. Calls that wait return -ERESTARTSYS or -EINTR by socket_wait_result(); with
 * `is_nonblocking` (or UK_MSG_DONTWAIT) -EAGAIN, connect -EINPROGRESS.
 */
struct socket_ops {
	/** Bytes moved, or -EPIPE (the caller of socket_send() gets SIGPIPE), -EAGAIN, -EINTR,
	 *  -ERESTARTSYS and the errors of the family. */
	uk_ssize_t (*send)(struct socket *socket, struct socket_transfer *transfer);
	uk_ssize_t (*receive)(struct socket *socket, struct socket_transfer *transfer);
	unsigned int (*poll)(struct socket *socket, struct poll_table *table);
	int (*shutdown)(struct socket *socket, unsigned int how);
	size_t (*next_bytes)(struct socket *socket);                        /* FIONREAD */
	int (*bind)(struct socket *socket, const struct socket_name *name); /* (-EOPNOTSUPP) */
	int (*listen)(struct socket *socket, int backlog);                  /* (-EOPNOTSUPP) */
	/** The next connection, as a new socket. (-EOPNOTSUPP) */
	int (*accept)(struct socket *socket, bool is_nonblocking, struct socket **child);
	int (*connect)(struct socket *socket, const struct socket_name *name,
		       bool is_nonblocking); /* (-EOPNOTSUPP) */
	/** Fills in *name. 0, -ENOTCONN. */
	int (*own_name)(struct socket *socket, struct socket_name *name);
	int (*peer_name)(struct socket *socket, struct socket_name *name);
	/** Other levels than SOL_SOCKET, and what of that is the family's; as socket_set_option().
	 *  (-ENOPROTOOPT) */
	int (*set_option)(struct socket *socket, int level, int name, const void *value,
			  size_t len);
	int (*get_option)(struct socket *socket, int level, int name, void *value, size_t *len);
	long (*ioctl)(struct socket *socket, unsigned int cmd, unsigned long arg); /* (-ENOTTY) */
	void (*release)(struct socket *socket); /* the last descriptor is gone */
};

struct socket {
	const struct socket_ops *ops;
	struct file *file;       /* that it is behind, without a reference; NULL: not yet */
	LIST_ENTRY(socket) link; /* of all that have a file */
	uint16_t family, type;
	int protocol;
	int error;                                    /* SO_ERROR: told once */
	uint32_t send_limit, receive_limit;           /* SO_SNDBUF, SO_RCVBUF: bytes */
	uint64_t send_timeout_ns, receive_timeout_ns; /* UK_NO_TIMEOUT */
	uint32_t receive_low;                         /* SO_RCVLOWAT: bytes */
	int linger_seconds;                           /* SO_LINGER; -1: off */
	int priority, mark;                           /* kept, without effect */
	bool reuses_address, reuses_port, keeps_alive, may_broadcast, oob_inline, dont_route;
	bool passes_credentials; /* SO_PASSCRED */
	bool timestamps, timestamps_ns;
	bool is_listening; /* SO_ACCEPTCONN; the family sets it */
};

/** Fills in all fields. */
void socket_init(struct socket *socket, const struct socket_ops *ops, unsigned int family,
		 unsigned int type);

/** A file for a socket; on failure the socket is still the caller's. `flags`: O_NONBLOCK or 0.
 *  ERR_PTR(-ENOMEM). */
struct file *socket_file(struct socket *socket, unsigned int flags);
/** NULL when the file is no socket (-ENOTSOCK). */
struct socket *socket_of(const struct file *file);
/** Each socket that is open anywhere, for listings. They stay open meanwhile. Sleeps. */
void socket_each(void (*visit)(struct socket *socket, void *ctx), void *ctx);

/** socket(2). -EAFNOSUPPORT, -EPROTONOSUPPORT, -ESOCKTNOSUPPORT, -EPERM, -ENOMEM. */
int socket_create(unsigned int family, unsigned int type, int protocol, struct socket **socket);

/** send(2), recv(2). Flags nobody knows are ignored, as on Linux. */
uk_ssize_t socket_send(struct file *file, struct socket_transfer *transfer);
uk_ssize_t socket_receive(struct file *file, struct socket_transfer *transfer);

/** Takes the error that is waiting to be told: 0 or -errno. */
static inline int socket_take_error(struct socket *socket)
{
	return uk_likely(!socket->error)
		       ? 0
		       : -__atomic_exchange_n(&socket->error, 0, __ATOMIC_RELAXED);
}
/** What a wait that has a time limit returns: 0, -EAGAIN, -EINTR or (no limit) -ERESTARTSYS. */
int socket_wait_error(int result, uint64_t timeout_ns);
static inline int socket_wait_result(int result, uint64_t timeout_ns)
{
	return uk_likely(!result) ? 0 : socket_wait_error(result, timeout_ns);
}
/** The monotonic time at which a wait of this length ends. */
uint64_t socket_deadline_after(uint64_t timeout_ns);
static inline uint64_t socket_deadline(uint64_t timeout_ns)
{
	return uk_likely(timeout_ns == UK_NO_TIMEOUT) ? UK_NO_TIMEOUT
						      : socket_deadline_after(timeout_ns);
}

/** Appends a control message; what does not fit is cut off and noted. NULL control: nothing. */
void socket_control_put(struct socket_control *control, int level, int type, const void *data,
			size_t len);
/** SO_TIMESTAMP or SO_TIMESTAMPNS, as the socket wants: when the message came (CLOCK_REALTIME). */
void socket_control_put_time(const struct socket *socket, struct socket_control *control,
			     uint64_t time_ns);
/** After every receive with `control`: once the program has the message, the files that came along
 *  get their descriptors; when it could not be stored, they are gone. */
void socket_control_finish(struct socket_control *control, bool is_stored);

/** setsockopt(2), getsockopt(2), every level. `len`: bytes at `value`; when getting, the room
 *  before and the bytes used after. -ENOPROTOOPT, -EINVAL, -EDOM. */
int socket_set_option(struct socket *socket, int level, int name, const void *value, size_t len);
int socket_get_option(struct socket *socket, int level, int name, void *value, size_t *len);
#define SOCKET_OPTION_MAX 256 /* bytes of the largest value */
/** For families: an int out of and into a value. */
int socket_option_int(const void *value, size_t len, int *number); /* -EINVAL */
void socket_put_int(int number, void *value, size_t *len);

/** /proc/sys/net/core, /proc/sys/net/unix: for every socket. SO_SNDBUF, SO_RCVBUF: what new ones
 *  have, and what may be asked for (twice as much is given). */
extern struct socket_limits {
	int64_t somaxconn, max_dgram_qlen;
	int64_t wmem_default, wmem_max, rmem_default, rmem_max;
} socket_limits;

/* --- families: what socket_create() calls -------------------------------------------------------
 */

int unix_socket_create(unsigned int type, int protocol, struct socket **socket);
/** AF_INET and AF_INET6 (core/inet). */
int inet_socket_create(unsigned int family, unsigned int type, int protocol,
		       struct socket **socket);
/** /proc/net/tcp, tcp6 and so on. */
struct seq;
void inet_show_tcp(struct seq *seq, unsigned int family);
void inet_show_udp(struct seq *seq, unsigned int family);
void inet_show_raw(struct seq *seq, unsigned int family);
void inet_show_icmp(struct seq *seq, unsigned int family);
void inet_show_sockstat(struct seq *seq, unsigned int family);
/** AF_NETLINK (core/netinfo). */
int netlink_socket_create(unsigned int type, int protocol, struct socket **socket);
/** socketpair(2) of AF_UNIX: two connected sockets. */
int unix_socket_pair(unsigned int type, int protocol, struct socket *ends[2]);
void unix_show_all(struct seq *seq); /* /proc/net/unix */

#endif /* UK_SOCKET_H */
