/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Futexes (futex(2)): sleeping on a word of the program's memory. Thread context; everything may
 * sleep. Words are 32 bits, aligned (-EINVAL); a word that cannot be read is -EFAULT.
 *
 * `deadline_ns` is absolute on the monotonic clock, UK_NO_TIMEOUT for none. Waits return 0 when
 * woken, -EAGAIN when the word does not hold the value, -ETIMEDOUT, -EINTR when a signal is
 * pending; a wake may be spurious.
 */
#ifndef UK_FUTEX_H
#define UK_FUTEX_H

#include <uk/essentials.h>

struct task;

/** A futex word as the caller names it. */
struct futex_word {
	uint32_t __user *addr;
	bool is_private; /* FUTEX_PRIVATE_FLAG: of this address space alone */
};

int futex_wait(struct futex_word word, uint32_t value, uint32_t bitset, uint64_t deadline_ns);
/** The same for any wake and without a deadline; -ERESTARTSYS in place of -EINTR. */
long futex_wait_for_ever(struct futex_word word, uint32_t value);
/** Wakes up to `count` waiters whose bitset meets `bitset`; how many. */
long futex_wake(struct futex_word word, int count, uint32_t bitset);

struct futex_requeue_args {
	struct futex_word from, to;
	int wake_count, requeue_count;
	bool compares;
	uint32_t expected; /* of the word `from` */
};
/** FUTEX_REQUEUE, FUTEX_CMP_REQUEUE: how many were woken or, when comparing, moved as well. */
long futex_requeue(const struct futex_requeue_args *args);

/** FUTEX_WAKE_OP: `op` is the encoded operation on `word2`; -ENOSYS for an unknown one. */
long futex_wake_op(struct futex_word word, int count, struct futex_word word2, int count2,
		   uint32_t op);

/** futex_waitv(2): 1 to FUTEX_WAITV_MAX words; the index of one that was woken. -ENOMEM. */
struct futex_wait_one {
	struct futex_word word;
	uint32_t value;
};
long futex_wait_any(const struct futex_wait_one *words, unsigned int count, uint64_t deadline_ns);

/* --- priority inheritance: the word holds the owner's tid ----------------------------------------
 */

/** 0: owned. -EDEADLK, -ESRCH (no such owner), -EPERM; -EAGAIN with no deadline to wait for
 *  (deadline_ns 0: trylock). */
int futex_lock_pi(struct futex_word word, uint64_t deadline_ns);
int futex_unlock_pi(struct futex_word word);
/** Waits on `word` until futex_requeue_pi() moves us to `to`; then owns that. */
int futex_wait_requeue_pi(struct futex_word word, uint32_t value, uint64_t deadline_ns,
			  struct futex_word to);
long futex_requeue_pi(const struct futex_requeue_args *args);

/** The current thread gives up its memory, at its end or in execve(2): robust list, PI futexes,
 *  clear_child_tid (set_tid_address(2)). */
void futex_exit(struct task *task);

#endif /* UK_FUTEX_H */
