/* SPDX-License-Identifier: BSD-3-Clause */
/* How poll, select and (later) epoll learn that a file's readiness changed. */
#ifndef UK_POLL_H
#define UK_POLL_H

#include <linux/eventpoll.h>
#include <uk/wait.h>

/** Handed to file_ops.poll; NULL when only the present state is asked. */
struct poll_table {
	/** Called by the file for each wait queue that matters. */
	void (*add)(struct poll_table *table, struct waitq *wq);
};

static inline void poll_register(struct poll_table *table, struct waitq *wq)
{
	if (table)
		table->add(table, wq);
}

#endif /* UK_POLL_H */
