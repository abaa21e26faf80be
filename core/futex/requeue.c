/* SPDX-License-Identifier: BSD-3-Clause */
/* FUTEX_REQUEUE and FUTEX_CMP_REQUEUE: some waiters are woken, others wait for another word. */
#include "futex_internal.h"

int futex_requeue_begin(const struct futex_requeue_args *args, struct futex_key *from,
			struct futex_key *to)
{
	uint32_t now = 0;
	int error;

	if (args->wake_count < 0 || args->requeue_count < 0)
		return -EINVAL;
	error = futex_key_of(from, args->from);
	if (!error)
		error = futex_key_of(to, args->to);
	if (!error && args->compares)
		error = get_user(now, args->from.addr);
	if (!error && args->compares && now != args->expected)
		error = -EAGAIN;
	return error;
}

long futex_requeue(const struct futex_requeue_args *args)
{
	struct futex_waiter *waiter, *next;
	struct futex_key from, to;
	long woken = 0, moved = 0;
	unsigned long flags;
	int error = futex_requeue_begin(args, &from, &to);

	if (error)
		return error;
	flags = ukarch_irq_save();
	for (waiter = TAILQ_FIRST(futex_bucket_of(&from)); waiter; waiter = next) {
		next = TAILQ_NEXT(waiter, link);
		if (!futex_key_is(&waiter->key, &from))
			continue;
		/* Waiters of a PI kind are moved by futex_requeue_pi() only. */
		if (waiter->is_pi || waiter->requeue_to) {
			error = -EINVAL;
			break;
		}
		if (woken < args->wake_count) {
			futex_wake_waiter(waiter);
			woken++;
		} else if (moved < args->requeue_count) {
			if (!futex_key_is(&from, &to))
				futex_move(waiter, &to);
			moved++;
		} else {
			break;
		}
	}
	ukarch_irq_restore(flags);
	return error ? error : woken + moved;
}
