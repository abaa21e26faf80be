/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Futexes with priority inheritance (futex(2), "Priority-inheritance futexes"). The word holds the
 * owner's tid; FUTEX_WAITERS sends unlock and lock into the kernel. Waiters know the owner, so that
 * the priority of the best of them is the least the owner runs with.
 *
 * The owner that unlocks hands over: it writes the new owner's tid and wakes it. When an owner
 * dies, its waiters find `owner` NULL; the best of them is woken and takes the word itself, with
 * FUTEX_OWNER_DIED in it.
 *
 * Guarded by irq-off like all of core/futex: task->pi_waiters, task->pi_blocked_on.
 */
#include "futex_internal.h"

#define CHAIN_MAX 1024 /* as Linux' max_lock_depth */

/* --- who inherits: interrupts off ---------------------------------------------------------------
 */

struct futex_waiter *futex_best_pi(const struct futex_key *key)
{
	struct futex_waiter *waiter, *best = NULL;

	TAILQ_FOREACH (waiter, futex_bucket_of(key), link)
		if (waiter->is_pi && futex_key_is(&waiter->key, key) &&
		    (!best || waiter->task->sched.rt_priority > best->task->sched.rt_priority))
			best = waiter;
	return best;
}

static unsigned int inherited_priority(const struct task *task)
{
	unsigned int priority = task->sched.own_priority;
	const struct futex_waiter *waiter;

	LIST_FOREACH (waiter, &task->pi_waiters, owner_link)
		priority = UK_MAX(priority, (unsigned int)waiter->task->sched.rt_priority);
	return priority;
}

/* `task` and, along the chain, whoever it waits for. */
static void update_priority(struct task *task)
{
	for (int depth = 0; task && depth < CHAIN_MAX; depth++) {
		unsigned int priority = inherited_priority(task);

		if (priority == task->sched.rt_priority)
			return;
		sched_set_priority(task, priority);
		task = task->pi_blocked_on ? task->pi_blocked_on->owner : NULL;
	}
}

/* Would waiting for `owner` close a circle? */
static bool waits_for_us(const struct task *owner)
{
	for (int depth = 0; owner && depth < CHAIN_MAX; depth++) {
		if (owner == current)
			return true;
		owner = owner->pi_blocked_on ? owner->pi_blocked_on->owner : NULL;
	}
	return owner != NULL;
}

static void set_owner(struct futex_waiter *waiter, struct task *owner)
{
	if (waiter->owner)
		LIST_REMOVE(waiter, owner_link);
	waiter->owner = owner;
	if (owner)
		LIST_INSERT_HEAD(&owner->pi_waiters, waiter, owner_link);
}

static void leave_owner(struct futex_waiter *waiter)
{
	struct task *owner = waiter->owner;

	set_owner(waiter, NULL);
	waiter->task->pi_blocked_on = NULL;
	if (owner)
		update_priority(owner);
}

/* `waiter`, in its bucket, now waits for `owner` to unlock. */
static void wait_for_owner(struct futex_waiter *waiter, struct task *owner)
{
	waiter->is_pi = true;
	set_owner(waiter, owner);
	waiter->task->pi_blocked_on = waiter;
	update_priority(owner);
}

/* Everybody else who waits for `key` waits for its new owner. */
static void change_owner(const struct futex_key *key, struct task *owner)
{
	struct futex_waiter *waiter;

	TAILQ_FOREACH (waiter, futex_bucket_of(key), link)
		if (waiter->is_pi && futex_key_is(&waiter->key, key))
			set_owner(waiter, owner);
	update_priority(owner);
}

static void hand_over(struct futex_waiter *waiter)
{
	waiter->owns = true;
	leave_owner(waiter);
	futex_wake_waiter(waiter);
	change_owner(&waiter->key, waiter->task);
}

/* --- the word -----------------------------------------------------------------------------------
 */

static int replace(uint32_t __user *addr, uint32_t *old, uint32_t value)
{
	uint32_t seen = *old;
	int error = ukarch_cmpxchg_user(addr, *old, value, &seen);

	if (!error && seen != *old)
		error = -EAGAIN;
	*old = seen;
	return error;
}

/*
 * One try: 0 when `task` owns the word now. -EAGAIN: *owner has it, and FUTEX_WAITERS is set
 * if `marks`. `was_owner_lost`: the owner died without a robust list.
 */
static int try_lock(uint32_t __user *addr, struct task *task, bool has_waiters, bool was_owner_lost,
		    struct task **owner)
{
	uint32_t word = 0;
	int error = get_user(word, addr);

	while (!error) {
		uint32_t tid = word & FUTEX_TID_MASK;

		*owner = NULL;
		if (!tid || was_owner_lost) {
			uint32_t died =
				was_owner_lost && tid ? FUTEX_OWNER_DIED : word & FUTEX_OWNER_DIED;

			error = replace(addr, &word,
					(uint32_t)task->tid | died |
						(has_waiters ? FUTEX_WAITERS : 0));
			if (!error)
				return 0;
		} else if (tid == (uint32_t)task->tid) {
			return -EDEADLK;
		} else {
			*owner = task_find((int)tid);
			if (!*owner)
				return -ESRCH;
			if (!(*owner)->vm)
				return -EPERM; /* a task of the kernel */
			if (word & FUTEX_WAITERS)
				return -EAGAIN;
			error = replace(addr, &word, word | FUTEX_WAITERS);
			if (!error)
				return -EAGAIN;
		}
		if (error == -EAGAIN)
			error = 0; /* the word changed: look again */
	}
	return error;
}

static bool has_waiters(const struct futex_key *key)
{
	unsigned long flags = ukarch_irq_save();
	bool answer = futex_best_pi(key) != NULL;

	ukarch_irq_restore(flags);
	return answer;
}

/* --- lock and unlock ----------------------------------------------------------------------------
 */

/* trylock(2) leaves the word alone when somebody has it. */
static int trylock(uint32_t __user *addr, const struct futex_key *key)
{
	struct task *owner;
	uint32_t word = 0;
	int error = get_user(word, addr);

	if (error)
		return error;
	if ((word & FUTEX_TID_MASK) == (uint32_t)current->tid)
		return -EDEADLK;
	if (word & FUTEX_TID_MASK)
		return task_find((int)(word & FUTEX_TID_MASK)) ? -EAGAIN : -ESRCH;
	return try_lock(addr, current, has_waiters(key), false, &owner);
}

/* Queued and asleep until handed the word, or the owner is gone. */
static int wait_for_word(struct futex_waiter *waiter, struct task *owner, uint64_t deadline_ns)
{
	unsigned long flags = ukarch_irq_save();
	int error;

	if (waits_for_us(owner)) {
		ukarch_irq_restore(flags);
		return -EDEADLK;
	}
	futex_queue_irqoff(waiter);
	wait_for_owner(waiter, owner);
	ukarch_irq_restore(flags);
	error = futex_sleep(waiter, deadline_ns);
	flags = ukarch_irq_save();
	if (!futex_unqueue_irqoff(waiter))
		error = 0;
	else
		leave_owner(waiter);
	ukarch_irq_restore(flags);
	return error;
}

int futex_lock_pi(struct futex_word word, uint64_t deadline_ns)
{
	struct futex_waiter waiter = {.task = current, .bitset = FUTEX_BITSET_MATCH_ANY};
	bool was_owner_lost = false;
	struct task *owner;
	int error = futex_key_of(&waiter.key, word);

	if (error)
		return error;
	if (!deadline_ns)
		return trylock(word.addr, &waiter.key);
	for (;;) {
		error = try_lock(word.addr, current, has_waiters(&waiter.key), was_owner_lost,
				 &owner);
		if (error != -EAGAIN)
			return error;
		error = wait_for_word(&waiter, owner, deadline_ns);
		if (error || waiter.owns)
			return error;
		was_owner_lost = true;
	}
}

/* The accesses to the word may sleep, and the best waiter may give up meanwhile or a better one
 * come: then the word is written again. */
int futex_unlock_pi(struct futex_word word)
{
	uint32_t now = 0, mine = (uint32_t)current->tid;
	struct futex_waiter *best;
	struct futex_key key;
	unsigned long flags;
	int error = futex_key_of(&key, word);

	if (!error)
		error = get_user(now, word.addr);
	while (!error) {
		if ((now & FUTEX_TID_MASK) != mine)
			return -EPERM;
		flags = ukarch_irq_save();
		best = futex_best_pi(&key);
		mine = best ? (uint32_t)best->task->tid : 0;
		ukarch_irq_restore(flags);
		error = replace(word.addr, &now, best ? mine | FUTEX_WAITERS : 0);
		if (error == -EAGAIN) {
			mine = (uint32_t)current->tid;
			error = 0;
			continue;
		}
		flags = ukarch_irq_save();
		if (error || futex_best_pi(&key) == best) {
			if (!error && best)
				hand_over(best);
			ukarch_irq_restore(flags);
			return error;
		}
		ukarch_irq_restore(flags);
		now = best ? mine | FUTEX_WAITERS : 0;
	}
	return error;
}

/* --- condition variables ------------------------------------------------------------------------
 */

int futex_wait_requeue_pi(struct futex_word word, uint32_t value, uint64_t deadline_ns,
			  struct futex_word to)
{
	struct futex_waiter waiter = {.task = current, .bitset = FUTEX_BITSET_MATCH_ANY};
	struct futex_key key;
	uint32_t now = 0;
	unsigned long flags;
	int error = futex_key_of(&waiter.key, word);

	if (!error)
		error = futex_key_of(&key, to);
	if (!error && futex_key_is(&waiter.key, &key))
		error = -EINVAL;
	if (error)
		return error;
	waiter.requeue_to = &key;
	ukarch_irq_disable();
	futex_queue_irqoff(&waiter);
	ukarch_irq_enable();
	error = get_user(now, word.addr);
	if (!error && now != value)
		error = -EAGAIN;
	if (!error)
		error = futex_sleep(&waiter, deadline_ns);
	flags = ukarch_irq_save();
	if (futex_unqueue_irqoff(&waiter)) {
		leave_owner(&waiter);
	} else {
		error = 0;
	}
	ukarch_irq_restore(flags);
	if (error == -EINTR)
		error = -EAGAIN; /* Linux: spurious, the caller takes the mutex and looks again */
	if (error)
		return error;
	/* Moved, and then the owner died. */
	return waiter.owns ? 0 : futex_lock_pi(to, UK_NO_TIMEOUT);
}

/* The first waiter gets the word at once when it is free. */
static int give_to_first(const struct futex_requeue_args *args, const struct futex_key *from,
			 const struct futex_key *to, struct task **owner)
{
	struct futex_waiter *waiter;
	unsigned long flags = ukarch_irq_save();
	int error;

	TAILQ_FOREACH (waiter, futex_bucket_of(from), link)
		if (futex_key_is(&waiter->key, from))
			break;
	ukarch_irq_restore(flags);
	if (!waiter)
		return -ENOENT;
	if (!waiter->requeue_to || !futex_key_is(waiter->requeue_to, to))
		return -EINVAL;
	error = try_lock(args->to.addr, waiter->task, true, false, owner);
	if (error)
		return error;
	*owner = waiter->task;
	flags = ukarch_irq_save();
	waiter->owns = true;
	futex_wake_waiter(waiter);
	ukarch_irq_restore(flags);
	return 0;
}

long futex_requeue_pi(const struct futex_requeue_args *args)
{
	struct futex_waiter *waiter, *next;
	struct futex_key from, to;
	struct task *owner = NULL;
	long done = 0;
	unsigned long flags;
	int error = futex_requeue_begin(args, &from, &to);

	if (error)
		return error;
	if (args->wake_count != 1)
		return -EINVAL;
	error = give_to_first(args, &from, &to, &owner);
	if (error == -ENOENT)
		return 0;
	if (error && error != -EAGAIN)
		return error;
	if (!error)
		done = 1;
	flags = ukarch_irq_save();
	for (waiter = TAILQ_FIRST(futex_bucket_of(&from)); waiter; waiter = next) {
		next = TAILQ_NEXT(waiter, link);
		if (done > args->requeue_count || !futex_key_is(&waiter->key, &from) ||
		    !waiter->requeue_to)
			continue;
		futex_move(waiter, &to);
		wait_for_owner(waiter, owner);
		done++;
	}
	ukarch_irq_restore(flags);
	return done;
}

/* --- the end of an owner ------------------------------------------------------------------------
 */

void futex_abandon_pi(struct task *task)
{
	unsigned long flags = ukarch_irq_save();
	struct futex_waiter *waiter, *best;

	while ((waiter = LIST_FIRST(&task->pi_waiters))) {
		struct futex_key key = waiter->key;

		best = futex_best_pi(&key);
		/* The best one takes the word itself; the others follow it. */
		set_owner(best, NULL);
		best->task->pi_blocked_on = NULL;
		futex_wake_waiter(best);
		change_owner(&key, best->task);
	}
	ukarch_irq_restore(flags);
}
