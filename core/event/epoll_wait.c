/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ready list of an epoll instance: events put items on it, epoll_wait(2) goes through it. See
 * epoll_internal.h for its rules.
 *
 * A level-triggered item that was reported stays where it is: as long as all that is ready fits
 * into the caller's array no list is touched. When it does not fit, what was reported moves behind
 * what was not, so everybody gets a turn.
 */
#include <linux/errno.h>
#include <uk/arch/uaccess.h>
#include <uk/clock.h>
#include "epoll_internal.h"

/* --- events ----------------------------------------------------------------------------------- */

static inline bool has_ready(const struct epoll *epoll)
{
	return !TAILQ_EMPTY(&epoll->ready);
}

void epoll_item_ready(struct epoll_item *item)
{
	struct epoll *epoll = item->epoll;
	unsigned long flags = spin_lock_irqsave(&epoll->ready_lock);

	item->is_hit = true;
	if (!item->is_listed) {
		item->is_listed = true;
		TAILQ_INSERT_TAIL(&epoll->ready, item, ready_link);
	}
	spin_unlock_irqrestore(&epoll->ready_lock, flags);
	waitq_wake_one(&epoll->waiters, 0);
	waitq_wake(&epoll->watchers, EPOLLIN | EPOLLRDNORM);
}

/* For EPOLLEXCLUSIVE: an instance that nobody waits on leaves the event to the next one, too. */
bool epoll_on_event(struct waitq_entry *entry, unsigned int events)
{
	struct epoll_item *item = entry->ctx;
	unsigned int wanted = __atomic_load_n(&item->events, __ATOMIC_RELAXED);
	bool has_waiter = !waitq_is_empty(&item->epoll->waiters);

	if (!(wanted & ~EPOLL_MODES) || (events && !(events & wanted)))
		return false;
	epoll_item_ready(item);
	return has_waiter;
}

static void unlist_locked(struct epoll_item *item)
{
	item->is_listed = false;
	TAILQ_REMOVE(&item->epoll->ready, item, ready_link);
}

void epoll_item_unlist(struct epoll_item *item)
{
	unsigned long flags = spin_lock_irqsave(&item->epoll->ready_lock);

	if (item->is_listed)
		unlist_locked(item);
	spin_unlock_irqrestore(&item->epoll->ready_lock, flags);
}

/* --- going through the list: epoll.lock held -------------------------------------------------- */

/* What is to be reported of a listed item; settle() follows when that is nothing. */
static inline unsigned int ask(struct epoll_item *item)
{
	/* Before the file is asked: an event from now on is one that the answer may not show. */
	__atomic_store_n(&item->is_hit, false, __ATOMIC_SEQ_CST);
	return file_poll(item->file, NULL) & item->events;
}

/* What there was to tell about the item is told. */
static void settle(struct epoll_item *item)
{
	unsigned long flags = spin_lock_irqsave(&item->epoll->ready_lock);

	if (!item->is_hit)
		unlist_locked(item);
	spin_unlock_irqrestore(&item->epoll->ready_lock, flags);
}

static void settle_reported(struct epoll_item *item)
{
	if (item->events & EPOLLONESHOT)
		__atomic_store_n(&item->events, item->events & EPOLL_MODES, __ATOMIC_RELAXED);
	if (item->events & (EPOLLONESHOT | EPOLLET))
		settle(item);
}

/* Makes `first` the first. */
static void rotate(struct epoll *epoll, const struct epoll_item *first)
{
	unsigned long flags = spin_lock_irqsave(&epoll->ready_lock);
	struct epoll_item *item;

	while ((item = TAILQ_FIRST(&epoll->ready)) != first) {
		TAILQ_REMOVE(&epoll->ready, item, ready_link);
		TAILQ_INSERT_TAIL(&epoll->ready, item, ready_link);
	}
	spin_unlock_irqrestore(&epoll->ready_lock, flags);
}

/* The structure is packed on some architectures: its members are reached by their offsets. */
static inline int put_event(struct epoll_event __user *out, uint32_t events, uint64_t data)
{
	char __user *base = (char __user *)out;

	if (put_user(events, (uint32_t __user *)(base + offsetof(struct epoll_event, events))))
		return -EFAULT;
	return put_user(data, (uint64_t __user *)(base + offsetof(struct epoll_event, data)));
}

/* One pass over what was listed when it began; what comes meanwhile is for the next one. */
static long report(struct epoll *epoll, struct epoll_event __user *out, int max)
{
	struct epoll_item *item, *next, *last;
	long count = 0;

	mutex_lock(&epoll->lock);
	last = TAILQ_LAST(&epoll->ready, epoll_ready);
	for (item = TAILQ_FIRST(&epoll->ready); item && count < max; item = next) {
		unsigned int events = ask(item);

		next = item == last ? NULL : TAILQ_NEXT(item, ready_link);
		if (!events) {
			settle(item);
		} else if (uk_unlikely(put_event(&out[count], events, item->data))) {
			count = count ? count : -EFAULT;
			break;
		} else {
			count++;
			settle_reported(item);
		}
	}
	if (uk_unlikely(item != NULL))
		rotate(epoll, item);
	mutex_unlock(&epoll->lock);
	/* Whatever is still there is for another waiter. */
	if (has_ready(epoll))
		waitq_wake_one(&epoll->waiters, 0);
	return count;
}

bool epoll_is_ready(struct epoll *epoll)
{
	struct epoll_item *item, *next, *last;
	bool is_ready = false;

	mutex_lock(&epoll->lock);
	last = TAILQ_LAST(&epoll->ready, epoll_ready);
	for (item = TAILQ_FIRST(&epoll->ready); item && !is_ready; item = next) {
		next = item == last ? NULL : TAILQ_NEXT(item, ready_link);
		is_ready = ask(item);
		if (!is_ready)
			settle(item);
	}
	mutex_unlock(&epoll->lock);
	return is_ready;
}

/* --- waiting ---------------------------------------------------------------------------------- */

static uint64_t deadline_after(uint64_t timeout_ns)
{
	uint64_t deadline_ns;

	if (timeout_ns == UK_NO_TIMEOUT ||
	    uk_add_overflow(clock_monotonic_ns(), timeout_ns, &deadline_ns))
		return UK_NO_TIMEOUT;
	return deadline_ns;
}

/* Several may wait: an event wakes one of them. */
static int __uk_noinline sleep_for_event(struct epoll *epoll, uint64_t deadline_ns)
{
	return waitq_wait_event_exclusive(&epoll->waiters, has_ready(epoll), deadline_ns);
}

long epoll_wait_events(struct file *file, struct epoll_event __user *events, int max,
		       uint64_t timeout_ns)
{
	struct epoll *epoll = file->priv;
	uint64_t deadline_ns = 0;

	if (uk_unlikely(!file_is_epoll(file)))
		return -EINVAL;
	for (;;) {
		long count = has_ready(epoll) ? report(epoll, events, max) : 0;
		int error;

		if (uk_likely(count) || !timeout_ns)
			return count;
		if (!deadline_ns) /* the clock is read only by those who sleep */
			deadline_ns = deadline_after(timeout_ns);
		error = sleep_for_event(epoll, deadline_ns);
		if (error)
			return error == -ETIMEDOUT ? 0 : error;
	}
}
