/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Instances that watch instances. A wake climbs such a chain by recursion, with interrupts off, so
 * chains are short and never closed: at most CHAIN_MAX instances, as on Linux (epoll_ctl(2),
 * ELOOP). epoll_links_lock guards everything here.
 */
#include <uk/essentials.h>
#include "epoll_internal.h"

#define CHAIN_MAX 5

/* Number of the current walk: an instance that carries it has its depth already, so a walk visits
 * each instance once, however many ways lead there. */
static uint64_t check;

/* Instances in the longest chain from `epoll` down; more than allowed when `outer` is among them.
 */
static unsigned int depth_below(struct epoll *epoll, const struct epoll *outer)
{
	const struct epoll_item *item;
	unsigned int depth = 0;

	if (epoll == outer)
		return CHAIN_MAX + 1;
	if (epoll->check == check)
		return epoll->depth;
	LIST_FOREACH (item, &epoll->nested, nested_link)
		depth = UK_MAX(depth, depth_below(item->file->priv, outer));
	epoll->check = check;
	epoll->depth = depth + 1;
	return depth + 1;
}

static unsigned int depth_above(struct epoll *epoll)
{
	const struct epoll_item *item;
	unsigned int depth = 0;

	if (epoll->check == check)
		return epoll->depth;
	LIST_FOREACH (item, &epoll->file->watches, watch_link)
		depth = UK_MAX(depth, depth_above(item->epoll));
	epoll->check = check;
	epoll->depth = depth + 1;
	return depth + 1;
}

bool epoll_nests_too_deep(struct epoll *outer, struct epoll *inner)
{
	unsigned int below, above;

	check++;
	below = depth_below(inner, outer);
	check++;
	above = depth_above(outer);
	return below + above > CHAIN_MAX;
}
