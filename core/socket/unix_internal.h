/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Local sockets (unix(7)), private to core/socket. What one socket sends lies in the queue of the
 * other and counts against the sender's SO_SNDBUF.
 *
 *   unix.c          birth and end, options, poll, shutdown: what all types share
 *   unix_names.c    bind(2), and who is bound where
 *   unix_connect.c  listen(2), connect(2), accept(2); datagram sockets' receivers
 *   unix_stream.c   sending and receiving bytes
 *   unix_record.c   sending and receiving records: SOCK_DGRAM, SOCK_SEQPACKET
 *   unix_control.c  SCM_RIGHTS and SCM_CREDENTIALS in and out
 *   unix_rights.c   files in flight, and sockets that only their own queues hold
 *   unix_queue.c    the queue
 *   unix_proc.c     /proc/net/unix
 *
 * Locks: unix_lock guards names, connections that were not accepted, and what is in flight; it
 * comes before a socket's `lock`, which guards the rest. Program memory is copied under `lock`
 * (never under unix_lock, which is held for moments), so that comes before vmspace.lock; nobody
 * holds two of them. Files are put with no lock held: the last reference to one may be that of a
 * message in a queue, and its release comes back here.
 *
 * A socket is allocated while it is open, another one points to it (`peer`), or a record from it
 * is on its way: refcount, atomic.
 */
#ifndef UNIX_INTERNAL_H
#define UNIX_INTERNAL_H

#include <linux/un.h>
#include <uk/inode.h>
#include <uk/lock.h>
#include <uk/poll.h>
#include <uk/socket.h>
#include <uk/task.h>
#include "unix_queue.h"

#define EVENTS_IN  (EPOLLIN | EPOLLRDNORM)
#define EVENTS_OUT (EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND)
#define SHUT_BOTH  (SOCKET_SHUT_RECEIVE | SOCKET_SHUT_SEND)

/** An address and, when it is in the filesystem, the place; shared with accepted sockets. */
struct unix_name {
	unsigned int refcount; /* atomic */
	uint32_t hash;
	size_t len;       /* of addr, as getsockname(2) tells it */
	struct path path; /* dentry NULL: abstract. References go when the bound socket closes. */
	struct sockaddr_un addr;
	char nul; /* a path of full length is one byte longer than its field */
};

enum unix_state { UNIX_CLOSED, UNIX_LISTENING, UNIX_CONNECTED };

enum unix_mark { MARK_NONE, MARK_CANDIDATE, MARK_LIVE };

struct unix_socket {
	struct socket base; /* must stay first */
	unsigned int refcount;
	/* Streams and SEQPACKET: set once, when it becomes connected. Datagrams: under `lock`. */
	struct unix_socket *peer;

	struct mutex lock;
	/* Under lock: */
	struct unix_queue queue;
	unsigned int shut; /* SOCKET_SHUT_* */
	bool is_closed;    /* nobody can read the queue any more */

	struct waitq readable; /* who receives or accepts here, */
	struct waitq writable; /* who sends from here; */
	struct waitq room;     /* who waits for this one to take a record or a connection */
	/* A datagram socket's, on peer->room: passes that on to `writable`. */
	struct waitq_entry relay;
	size_t in_flight_bytes; /* records sent and not received, as charged; atomic */

	/* Under unix_lock: */
	enum unix_state state;             /* not of datagram sockets */
	struct unix_name *name;            /* set once */
	LIST_ENTRY(unix_socket) name_link; /* in the table; le_prev NULL: not */
	LIST_ENTRY(unix_socket) all_link;
	TAILQ_HEAD(unix_sockets, unix_socket) pending; /* connections to a listening one */
	TAILQ_ENTRY(unix_socket) pending_link;
	unsigned int pending_count, backlog;
	int peer_pid; /* SO_PEERCRED: of the peer; of itself while it listens */
	struct creds peer_creds;
	LIST_HEAD(, unix_rights) rights; /* of messages that are or soon will be in the queue */
	unsigned int in_flight;          /* references that messages have to our file */
	LIST_ENTRY(unix_socket) flight_link;
	/* of unix_collect(): */
	TAILQ_ENTRY(unix_socket) mark_link;
	enum unix_mark mark;
	unsigned int mark_count;
};

LIST_HEAD(unix_socket_list, unix_socket);

extern struct mutex unix_lock;
extern struct unix_socket_list unix_all; /* unix_lock */

static inline struct unix_socket *unix_of(struct socket *socket)
{
	return (struct unix_socket *)socket;
}
static inline bool unix_is_stream(const struct unix_socket *sock)
{
	return sock->base.type == UK_SOCK_STREAM;
}
static inline bool unix_is_datagram(const struct unix_socket *sock)
{
	return sock->base.type == UK_SOCK_DGRAM; /* each message for itself, no connection */
}

/* --- unix.c -------------------------------------------------------------------------------------
 */

/** A single socket; NULL: no memory. */
struct unix_socket *unix_alloc(unsigned int type);
static inline void unix_get(struct unix_socket *sock)
{
	__atomic_fetch_add(&sock->refcount, 1, __ATOMIC_RELAXED);
}
void unix_put(struct unix_socket *sock);
/** The end of a socket that nobody has open. `is_embryo`: it was never accepted. No locks. */
void unix_close(struct unix_socket *sock, bool is_embryo);
void unix_release(struct socket *socket);

/** What counts against SO_SNDBUF. A word that changes: ask again before it matters. */
static inline size_t unix_sent_bytes(const struct unix_socket *sock)
{
	if (!unix_is_stream(sock))
		return __atomic_load_n(&sock->in_flight_bytes, __ATOMIC_RELAXED);
	return sock->peer ? sock->peer->queue.charged : 0;
}
/** Linux calls a socket writable while three quarters are free, and wakes senders then. */
static inline bool unix_is_writable(const struct unix_socket *sock)
{
	return sock->state != UNIX_LISTENING && unix_sent_bytes(sock) * 4 <= sock->base.send_limit;
}
static inline void unix_wake_senders(struct unix_socket *sock)
{
	if (uk_unlikely(!waitq_is_empty(&sock->writable)) && unix_is_writable(sock))
		waitq_wake_all(&sock->writable, EVENTS_OUT);
}
/** Adds to `shut` and wakes everybody. */
void unix_shut(struct unix_socket *sock, unsigned int how);
/** SO_PEERCRED of whom we are connected to from now on: the current process. */
void unix_set_peer_creds(struct unix_socket *sock);

/* --- unix_names.c -------------------------------------------------------------------------------
 */

/** Is it an address that sockets can have? 0 or -EINVAL. */
int unix_check_name(const struct socket_name *name);
int unix_bind(struct socket *socket, const struct socket_name *name);
/** An abstract name that nobody has, if the socket has none. 0, -ENOSPC, -ENOMEM. */
int unix_autobind(struct unix_socket *sock);
/** SO_PASSCRED gives those a name who did not take one, so that they can be answered. */
static inline int unix_autobind_if_passing(struct unix_socket *sock)
{
	return uk_unlikely(sock->base.passes_credentials) && !sock->name ? unix_autobind(sock) : 0;
}
/** Who is bound there, with a reference. ERR_PTR: -ECONNREFUSED, -EPROTOTYPE, or of the path. */
struct unix_socket *unix_find(const struct socket_name *name, unsigned int type);
/** unix_lock held: nobody finds it any more. The place it was bound to, with its references, or
 *  one without a dentry. */
struct path unix_unhash(struct unix_socket *sock);
void unix_name_put(struct unix_name *name);
/** As getsockname(2) tells it: without one, the family alone. */
void unix_tell_name(const struct unix_socket *sock, struct socket_name *name);
/** As recvfrom(2) does: without one, nothing. */
static inline void unix_tell_sender(const struct unix_socket *sock, struct socket_name *name)
{
	if (sock->name)
		unix_tell_name(sock, name);
}

/* --- unix_connect.c -----------------------------------------------------------------------------
 */

int unix_listen(struct socket *socket, int backlog);
int unix_connect(struct socket *socket, const struct socket_name *name, bool is_nonblocking);
int unix_accept(struct socket *socket, bool is_nonblocking, struct socket **child);
/** connect(2) of datagram sockets: the one they send to. */
int unix_connect_datagram(struct socket *socket, const struct socket_name *name,
			  bool is_nonblocking);
/** The peer with a reference, or NULL. */
struct unix_socket *unix_peer_get(struct unix_socket *sock);
/** The peer is gone: forget it, if it is still that one. */
void unix_forget_peer(struct unix_socket *sock, struct unix_socket *peer);
/** Is a datagram's receiver too busy for one that it is not connected to? As on Linux there may
 *  be one more than the limit. */
static inline bool unix_is_crowded(const struct unix_socket *receiver,
				   const struct unix_socket *sender)
{
	return receiver != sender && receiver->peer != sender &&
	       receiver->queue.records > socket_limits.max_dgram_qlen;
}

/* --- transfers ----------------------------------------------------------------------------------
 */

uk_ssize_t unix_stream_send(struct socket *socket, struct socket_transfer *transfer);
uk_ssize_t unix_stream_receive(struct socket *socket, struct socket_transfer *transfer);
uk_ssize_t unix_dgram_send(struct socket *socket, struct socket_transfer *transfer);
uk_ssize_t unix_dgram_receive(struct socket *socket, struct socket_transfer *transfer);
uk_ssize_t unix_seqpacket_send(struct socket *socket, struct socket_transfer *transfer);
uk_ssize_t unix_seqpacket_receive(struct socket *socket, struct socket_transfer *transfer);
/** No locks held. */
void unix_message_free(struct unix_message *message);
void unix_messages_free(struct unix_messages *messages);

/* --- unix_control.c -----------------------------------------------------------------------------
 */

/** What sendmsg(2) was given. 0, -EINVAL, -EBADF, -EPERM, -ESRCH, -ENOMEM, -ETOOMANYREFS. */
int unix_control_get(const struct socket_control *control, struct unix_ancillary *ancillary);
/** Those of the sender go along if one of the two wants them. */
static inline bool unix_wants_ids(const struct unix_socket *from, const struct unix_socket *to)
{
	return uk_unlikely(from->base.passes_credentials | to->base.passes_credentials);
}
struct unix_ids unix_own_ids(void);
/** What was received, to the one who asked; the rights are no longer the caller's. */
void unix_control_put(struct unix_socket *sock, struct socket_transfer *transfer,
		      struct unix_ancillary *ancillary);

/* --- unix_rights.c ------------------------------------------------------------------------------
 */

#define UNIX_RIGHTS_MAX 253 /* SCM_MAX_FD: files of one message */

struct unix_right {
	struct file *file; /* with a reference */
	int fd;            /* received: the descriptor reserved for it; -1: none */
};

/** Files of one message. One owner: the message, or who makes or receives it. */
struct unix_rights {
	LIST_ENTRY(unix_rights) link; /* unix_lock: unix_socket.rights, or to be freed */
	bool is_parked;               /* it is in unix_socket.rights */
	unsigned int count, room;
	struct unix_right list[];
};

/** Adds descriptors of the current process; *rights NULL: there are none yet. -EBADF, -EINVAL,
 *  -ENOMEM. */
int unix_rights_add(struct unix_rights **rights, const int *fds, unsigned int more);
/** The same files again; NULL: no memory. */
struct unix_rights *unix_rights_copy(const struct unix_rights *rights);
/** From here on they are in flight, in the queue of `holder`. 0 or -ETOOMANYREFS. */
int unix_rights_park(struct unix_rights *rights, struct unix_socket *holder);
/** They are not any more; nothing when they were not. */
void unix_rights_unpark(struct unix_rights *rights);
/** Also of parked ones. Puts the files, or leaves that to a call that does so further out: files
 *  may be sockets with files in their queues, to any depth. */
void unix_rights_free(struct unix_rights *rights);
/** Empties the queues of sockets that nobody can reach. */
void unix_collect(void);

#endif /* UNIX_INTERNAL_H */
