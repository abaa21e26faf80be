/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Files in flight (SCM_RIGHTS). A message holds references to its files. When one of them is a
 * local socket, the queue it lies in may come to be held by nothing but messages: a socket sent to
 * itself, two sent to each other. unix_collect() finds such sockets and takes the files out of
 * their queues, which frees them all.
 *
 * A socket is a candidate when every reference to its file is from a message (in_flight). Those
 * that are referred to from the queue of one that is no candidate can be reached, and what lies in
 * their queues with them; the rest is garbage. Nobody can begin to use a candidate meanwhile but
 * by taking it out of a queue, which goes through unix_lock.
 *
 * It runs when a local socket closes, and when much is in flight.
 */
#include <linux/capability.h>
#include <linux/errno.h>
#include <uk/heap.h>
#include "unix_internal.h"

/* --- making --------------------------------------------------------------------------------- */

static int make_room(struct unix_rights **rights, unsigned int more)
{
	unsigned int count = *rights ? (*rights)->count : 0;
	struct unix_rights *grown;

	if (more > UNIX_RIGHTS_MAX - count)
		return -EINVAL;
	grown = uk_realloc(*rights, sizeof(*grown) + (count + more) * sizeof(grown->list[0]));
	if (!grown)
		return -ENOMEM;
	grown->count = count;
	grown->is_parked = false;
	*rights = grown;
	return 0;
}

int unix_rights_add(struct unix_rights **rights, const int *fds, unsigned int more)
{
	int error = more ? make_room(rights, more) : 0;

	for (unsigned int i = 0; i < more && !error; i++) {
		struct file *file = file_get_fd_path(fds[i]);

		if (file)
			(*rights)->list[(*rights)->count++] = (struct unix_right){file, -1};
		else
			error = -EBADF;
	}
	return error;
}

struct unix_rights *unix_rights_copy(const struct unix_rights *rights)
{
	struct unix_rights *copy = NULL;

	if (make_room(&copy, rights->count))
		return NULL;
	for (; copy->count < rights->count; copy->count++) {
		copy->list[copy->count] = rights->list[copy->count];
		file_get(copy->list[copy->count].file);
	}
	return copy;
}

/* --- in flight: unix_lock ------------------------------------------------------------------- */

static struct unix_socket_list flight = LIST_HEAD_INITIALIZER(flight); /* in_flight != 0 */
static unsigned int flight_files;                                      /* of any kind */

static struct unix_socket *unix_socket_of(const struct file *file)
{
	struct socket *socket = file ? socket_of(file) : NULL;

	return socket && socket->family == UK_AF_UNIX ? unix_of(socket) : NULL;
}

static void take_off(struct unix_socket *sock)
{
	if (!sock->in_flight++)
		LIST_INSERT_HEAD(&flight, sock, flight_link);
}

static void land(struct unix_socket *sock)
{
	if (!--sock->in_flight)
		LIST_REMOVE(sock, flight_link);
}

/* As on Linux privilege lifts the limit. */
static bool is_too_much(void)
{
	uint64_t lost = current->process->attributes.caps_lost_effective;

	return flight_files > process_rlimit(RLIMIT_NOFILE) && lost >> CAP_SYS_RESOURCE & 1 &&
	       lost >> CAP_SYS_ADMIN & 1;
}

#define COLLECT_LEAST 256
static unsigned int collect_above = COLLECT_LEAST; /* files in flight */

int unix_rights_park(struct unix_rights *rights, struct unix_socket *holder)
{
	int error = 0;

	if (flight_files > collect_above) {
		unix_collect();
		collect_above = UK_MAX(2 * flight_files, COLLECT_LEAST);
	}
	mutex_lock(&unix_lock);
	if (is_too_much()) {
		error = -ETOOMANYREFS;
	} else {
		LIST_INSERT_HEAD(&holder->rights, rights, link);
		rights->is_parked = true;
		flight_files += rights->count;
		for (unsigned int i = 0; i < rights->count; i++) {
			struct unix_socket *sock = unix_socket_of(rights->list[i].file);

			if (sock)
				take_off(sock);
		}
	}
	mutex_unlock(&unix_lock);
	return error;
}

static void unpark(struct unix_rights *rights)
{
	if (!rights->is_parked)
		return;
	LIST_REMOVE(rights, link);
	rights->is_parked = false;
	flight_files -= rights->count;
	for (unsigned int i = 0; i < rights->count; i++) {
		struct unix_socket *sock = unix_socket_of(rights->list[i].file);

		if (sock)
			land(sock);
	}
}

void unix_rights_unpark(struct unix_rights *rights)
{
	mutex_lock(&unix_lock);
	unpark(rights);
	mutex_unlock(&unix_lock);
}

/* --- the end of them ------------------------------------------------------------------------ */

LIST_HEAD(unix_rights_list, unix_rights);

/* A task that is putting files, and what more it is to put. */
struct drain {
	LIST_ENTRY(drain) link;
	struct task *task;
	struct unix_rights_list rights;
};
static LIST_HEAD(, drain) drains = LIST_HEAD_INITIALIZER(drains); /* unix_lock */

static struct drain *drain_of(const struct task *task)
{
	struct drain *drain;

	LIST_FOREACH (drain, &drains, link)
		if (drain->task == task)
			return drain;
	return NULL;
}

static void put_files(struct unix_rights *rights)
{
	for (unsigned int i = 0; i < rights->count; i++)
		if (rights->list[i].file)
			file_put(rights->list[i].file);
	uk_free(rights);
}

void unix_rights_free(struct unix_rights *rights)
{
	struct drain *outer, own = {.task = current, .rights = LIST_HEAD_INITIALIZER(own.rights)};

	mutex_lock(&unix_lock);
	unpark(rights);
	outer = drain_of(current);
	LIST_INSERT_HEAD(outer ? &outer->rights : &own.rights, rights, link);
	if (!outer)
		LIST_INSERT_HEAD(&drains, &own, link);
	while ((rights = LIST_FIRST(&own.rights))) {
		LIST_REMOVE(rights, link);
		mutex_unlock(&unix_lock);
		put_files(rights);
		mutex_lock(&unix_lock);
	}
	if (!outer)
		LIST_REMOVE(&own, link);
	mutex_unlock(&unix_lock);
}

/* --- collecting: unix_lock ------------------------------------------------------------------ */

typedef void (*visit_socket)(struct unix_socket *sock, struct unix_sockets *more);

static void visit_rights(const struct unix_socket *sock, visit_socket visit,
			 struct unix_sockets *more)
{
	const struct unix_rights *rights;

	LIST_FOREACH (rights, &sock->rights, link)
		for (unsigned int i = 0; i < rights->count; i++) {
			struct unix_socket *found = unix_socket_of(rights->list[i].file);

			if (found && found->mark == MARK_CANDIDATE)
				visit(found, more);
		}
}

/* Each candidate that lies in a queue which `sock` gives access to, once for each time. */
static void visit_queues(const struct unix_socket *sock, visit_socket visit,
			 struct unix_sockets *more)
{
	const struct unix_socket *child;

	visit_rights(sock, visit, more);
	TAILQ_FOREACH (child, &sock->pending, pending_link)
		visit_rights(child, visit, more);
}

static void count_reference(struct unix_socket *sock, struct unix_sockets *more)
{
	sock->mark_count++;
}

static void mark_live(struct unix_socket *sock, struct unix_sockets *more)
{
	sock->mark = MARK_LIVE;
	TAILQ_INSERT_TAIL(more, sock, mark_link);
}

static void mark_candidates(void)
{
	struct unix_socket *sock;

	LIST_FOREACH (sock, &flight, flight_link) {
		unsigned int references =
			__atomic_load_n(&sock->base.file->refcount, __ATOMIC_RELAXED);

		sock->mark = references == sock->in_flight ? MARK_CANDIDATE : MARK_NONE;
		sock->mark_count = 0;
	}
	LIST_FOREACH (sock, &flight, flight_link)
		if (sock->mark == MARK_CANDIDATE)
			visit_queues(sock, count_reference, NULL);
}

static void mark_reachable(void)
{
	struct unix_sockets live = TAILQ_HEAD_INITIALIZER(live);
	struct unix_socket *sock;

	LIST_FOREACH (sock, &flight, flight_link)
		if (sock->mark == MARK_CANDIDATE && sock->in_flight > sock->mark_count)
			mark_live(sock, &live);
	while ((sock = TAILQ_FIRST(&live))) {
		TAILQ_REMOVE(&live, sock, mark_link);
		visit_queues(sock, mark_live, &live);
	}
}

/* They land here, while the holder is there: freeing the first may free all these sockets. */
static void purge(struct unix_socket *sock, struct unix_messages *out)
{
	struct unix_messages detached = TAILQ_HEAD_INITIALIZER(detached);
	struct unix_message *message;

	mutex_lock(&sock->lock);
	unix_queue_detach_rights(&sock->queue, &detached);
	mutex_unlock(&sock->lock);
	TAILQ_FOREACH (message, &detached, link)
		unpark(message->ancillary.rights);
	TAILQ_CONCAT(out, &detached, link);
}

/* A sender may have parked files for such a queue and not put the message there yet: when the
 * socket closes they go, too. */
static void purge_garbage(struct unix_messages *out)
{
	struct unix_sockets dead = TAILQ_HEAD_INITIALIZER(dead);
	struct unix_socket *sock, *child;

	LIST_FOREACH (sock, &flight, flight_link)
		if (sock->mark == MARK_CANDIDATE)
			TAILQ_INSERT_TAIL(&dead, sock, mark_link);
	TAILQ_FOREACH (sock, &dead, mark_link) {
		purge(sock, out);
		TAILQ_FOREACH (child, &sock->pending, pending_link)
			purge(child, out);
	}
}

void unix_collect(void)
{
	struct unix_messages garbage = TAILQ_HEAD_INITIALIZER(garbage);

	if (uk_likely(LIST_EMPTY(&flight)))
		return;
	mutex_lock(&unix_lock);
	mark_candidates();
	mark_reachable();
	purge_garbage(&garbage);
	mutex_unlock(&unix_lock);
	unix_messages_free(&garbage);
}
