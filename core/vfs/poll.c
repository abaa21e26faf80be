/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * poll(2) and select(2) over file_ops.poll.
 *
 * The first pass over the files registers a waiter on each of their queues, unless one is ready
 * already or nothing is to be waited for. Waiters stay registered until the call ends; a wake of
 * any of them for something wanted sets `is_woken` and wakes our own queue, and then the files are
 * asked again. A few waiters live on the stack, more come from the heap in chunks.
 *
 * Another thread may close a descriptor, and open another file under its number, while we sleep.
 * So each waiter holds a reference to its file, with whose wait queue it lives; and each pass looks
 * the descriptors up anew, as Linux does: poll shows a closed one as POLLNVAL, select as ready
 * (one that was closed before is EBADF).
 *
 * `is_woken` is cleared before the files are asked, so a wake during the pass is not lost.
 */
#include <asm/poll.h>
#include <linux/errno.h>
#include <uk/clock.h>
#include <uk/fd.h>
#include <uk/heap.h>
#include <uk/select.h>
#include <uk/string.h>

#define WAITERS_ON_STACK  4
#define WAITERS_PER_CHUNK 32

struct poll_waiter {
	struct waitq_entry entry;
	struct waitq *wq;
	struct file *file;
	unsigned int wanted;
};

struct waiter_chunk {
	struct waiter_chunk *next;
	unsigned int used;
	struct poll_waiter waiters[WAITERS_PER_CHUNK];
};

struct poller {
	struct poll_table table; /* what files see */
	/* &table in the first pass of a call that may wait, until a file is found ready. */
	struct poll_table *registering;
	bool is_first_pass;
	struct waitq sleepers; /* us */
	bool is_woken;
	bool is_out_of_memory;
	struct file *asking; /* the file that file_ops.poll runs for, */
	unsigned int wanted; /* and what is wanted of it */
	unsigned int used;
	struct waiter_chunk *chunks;
	struct poll_waiter waiters[WAITERS_ON_STACK];
};

static bool on_wake(struct waitq_entry *entry, unsigned int events)
{
	const struct poll_waiter *waiter = uk_container_of(entry, struct poll_waiter, entry);
	struct poller *poller = entry->ctx;

	if (events && !(events & waiter->wanted))
		return false;
	poller->is_woken = true;
	waitq_wake(&poller->sleepers, events);
	return true;
}

static struct poll_waiter *next_waiter(struct poller *poller)
{
	struct waiter_chunk *chunk = poller->chunks;

	if (poller->used < WAITERS_ON_STACK)
		return &poller->waiters[poller->used++];
	if (!chunk || chunk->used == WAITERS_PER_CHUNK) {
		chunk = uk_malloc(sizeof(*chunk));
		if (!chunk)
			return NULL;
		chunk->used = 0;
		chunk->next = poller->chunks;
		poller->chunks = chunk;
	}
	return &chunk->waiters[chunk->used++];
}

static void add_waiter(struct poll_table *table, struct waitq *wq)
{
	struct poller *poller = uk_container_of(table, struct poller, table);
	struct poll_waiter *waiter = next_waiter(poller);

	if (!waiter) {
		poller->is_out_of_memory = true;
		return;
	}
	waiter->entry = (struct waitq_entry){.wake = on_wake, .ctx = poller};
	waiter->wq = wq;
	waiter->file = poller->asking;
	waiter->wanted = poller->wanted;
	file_get(waiter->file);
	waitq_add(wq, &waiter->entry);
}

static void poller_begin(struct poller *poller, bool may_wait)
{
	poller->table.add = add_waiter;
	poller->registering = may_wait ? &poller->table : NULL;
	poller->is_first_pass = true;
	waitq_init(&poller->sleepers);
	poller->is_woken = poller->is_out_of_memory = false;
	poller->used = 0;
	poller->chunks = NULL;
}

static void remove_waiters(struct poll_waiter *waiters, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		waitq_remove(waiters[i].wq, &waiters[i].entry);
		file_put(waiters[i].file);
	}
}

static void poller_end(struct poller *poller)
{
	struct waiter_chunk *chunk, *next;

	remove_waiters(poller->waiters, poller->used);
	for (chunk = poller->chunks; chunk; chunk = next) {
		next = chunk->next;
		remove_waiters(chunk->waiters, chunk->used);
		uk_free(chunk);
	}
}

/* Those of the `wanted` events that are there, or POLLNVAL. */
static unsigned int ask_fd(struct poller *poller, int fd, unsigned int wanted)
{
	struct fd_loan loan = fd_borrow(fd);
	unsigned int events;

	if (!loan.file)
		return POLLNVAL;
	poller->asking = loan.file;
	poller->wanted = wanted;
	events = file_poll(loan.file, poller->registering) & wanted;
	fd_return(loan);
	if (events)
		poller->registering = NULL;
	return events;
}

/* One pass over what is asked for: how many are ready, or -errno. */
typedef long (*poll_pass)(struct poller *poller, void *what);

static long poll_until(poll_pass pass, void *what, uint64_t deadline_ns)
{
	struct poller poller;
	int wait = 0;
	long ready;

	poller_begin(&poller, deadline_ns != 0);
	for (;;) {
		poller.is_woken = false;
		ready = pass(&poller, what);
		poller.registering = NULL; /* once registered, always registered */
		poller.is_first_pass = false;
		if (!ready && poller.is_out_of_memory)
			ready = -ENOMEM;
		if (ready || !deadline_ns || wait == -ETIMEDOUT)
			break;
		if (wait) {
			ready = wait;
			break;
		}
		/* After a timeout or a signal the files are asked one last time. */
		wait = waitq_wait_event(&poller.sleepers, poller.is_woken, deadline_ns);
	}
	poller_end(&poller);
	return ready;
}

/* --- poll ------------------------------------------------------------------------------------- */

struct poll_request {
	struct pollfd *fds;
	unsigned int count;
};

static long poll_once(struct poller *poller, void *what)
{
	const struct poll_request *request = what;
	long ready = 0;

	for (unsigned int i = 0; i < request->count; i++) {
		struct pollfd *fd = &request->fds[i];
		unsigned int wanted = (unsigned short)fd->events | POLLERR | POLLHUP;

		fd->revents = fd->fd < 0 ? 0 : (short)ask_fd(poller, fd->fd, wanted);
		ready += fd->revents != 0;
	}
	return ready;
}

long poll_files(struct pollfd *fds, unsigned int count, uint64_t deadline_ns)
{
	struct poll_request request = {.fds = fds, .count = count};

	return poll_until(poll_once, &request, deadline_ns);
}

/* --- select ----------------------------------------------------------------------------------- */

/* What Linux' select calls readable, writable, exceptional. */
#define SELECT_IN     (POLLIN | POLLRDNORM | POLLRDBAND | POLLHUP | POLLERR | POLLNVAL)
#define SELECT_OUT    (POLLOUT | POLLWRNORM | POLLWRBAND | POLLERR | POLLNVAL)
#define SELECT_EXCEPT (POLLPRI | POLLNVAL)

#define BITS 64

struct select_request {
	unsigned int count;
	const struct select_sets *wanted;
	struct select_sets *ready; /* where results go; same presence as `wanted` */
};

static bool has_bit(const unsigned long *set, unsigned int bit)
{
	return set && (set[bit / BITS] >> bit % BITS & 1);
}

static unsigned int mark(unsigned long *set, unsigned int bit)
{
	set[bit / BITS] |= 1UL << bit % BITS;
	return 1;
}

/* What the sets ask of a descriptor. */
static unsigned int wanted_of(const struct select_sets *sets, unsigned int fd)
{
	return (has_bit(sets->in, fd) ? SELECT_IN : 0) | (has_bit(sets->out, fd) ? SELECT_OUT : 0) |
	       (has_bit(sets->except, fd) ? SELECT_EXCEPT : 0);
}

static unsigned int mark_ready(const struct select_request *request, unsigned int fd,
			       unsigned int events)
{
	const struct select_sets *wanted = request->wanted;
	unsigned int marks = 0;

	if (has_bit(wanted->in, fd) && (events & SELECT_IN))
		marks += mark(request->ready->in, fd);
	if (has_bit(wanted->out, fd) && (events & SELECT_OUT))
		marks += mark(request->ready->out, fd);
	if (has_bit(wanted->except, fd) && (events & SELECT_EXCEPT))
		marks += mark(request->ready->except, fd);
	return marks;
}

static bool is_empty_word(const struct select_sets *sets, unsigned int word)
{
	return !((sets->in ? sets->in[word] : 0) | (sets->out ? sets->out[word] : 0) |
		 (sets->except ? sets->except[word] : 0));
}

static long select_once(struct poller *poller, void *what)
{
	const struct select_request *request = what;
	long ready = 0;

	for (unsigned int fd = 0; fd < request->count; fd++) {
		unsigned int wanted, events;

		if (fd % BITS == 0 && is_empty_word(request->wanted, fd / BITS)) {
			fd += BITS - 1;
			continue;
		}
		wanted = wanted_of(request->wanted, fd);
		if (!wanted)
			continue;
		events = ask_fd(poller, (int)fd, wanted);
		if (events & POLLNVAL && poller->is_first_pass)
			return -EBADF;
		ready += mark_ready(request, fd, events);
	}
	return ready;
}

long select_files(unsigned int count, struct select_sets *sets, uint64_t deadline_ns)
{
	size_t words = UK_DIV_ROUND_UP(count, BITS), set_bytes = words * sizeof(unsigned long);
	unsigned long small[3 * 4], *bits = small;
	struct select_sets ready;
	struct select_request request = {.count = count, .wanted = sets, .ready = &ready};
	long result;

	if (3 * set_bytes > sizeof(small))
		bits = uk_malloc(3 * set_bytes);
	if (!bits)
		return -ENOMEM;
	memset(bits, 0, 3 * set_bytes);
	ready = (struct select_sets){bits, bits + words, bits + 2 * words};
	result = poll_until(select_once, &request, deadline_ns);
	if (result >= 0) {
		if (sets->in)
			memcpy(sets->in, ready.in, set_bytes);
		if (sets->out)
			memcpy(sets->out, ready.out, set_bytes);
		if (sets->except)
			memcpy(sets->except, ready.except, set_bytes);
	}
	if (bits != small)
		uk_free(bits);
	return result;
}
