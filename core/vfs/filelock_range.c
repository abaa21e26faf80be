/* SPDX-License-Identifier: BSD-3-Clause */
/* Arithmetic of byte-range locks (fcntl(2), "Advisory record locking"). Pure but for the heap. */
#include <linux/errno.h>
#include <uk/filelock.h>
#include <uk/heap.h>

static inline bool overlaps(const struct filelock *lock, uint64_t first, uint64_t last)
{
	return lock->first <= last && first <= lock->last;
}

struct filelock *filelock_conflict(const struct filelock_ranges *ranges,
				   const struct filelock *request)
{
	struct filelock *lock, *found = NULL;

	LIST_FOREACH (lock, ranges, link) {
		if (lock->owner == request->owner ||
		    !overlaps(lock, request->first, request->last) ||
		    !(lock->is_exclusive || request->is_exclusive))
			continue;
		if (!found || lock->first < found->first)
			found = lock;
	}
	return found;
}

static void remove_lock(struct filelock *lock)
{
	LIST_REMOVE(lock, link);
	uk_free(lock);
}

int filelock_clear(struct filelock_ranges *ranges, const void *owner, uint64_t first, uint64_t last)
{
	struct filelock *lock, *next;

	for (lock = LIST_FIRST(ranges); lock; lock = next) {
		next = LIST_NEXT(lock, link);
		if (lock->owner != owner || !overlaps(lock, first, last))
			continue;
		if (lock->first < first && lock->last > last) {
			/* The only one touched: an owner's locks do not overlap. */
			struct filelock *right = uk_malloc(sizeof(*right));

			if (!right)
				return -ENOMEM;
			*right = *lock;
			right->first = last + 1;
			lock->last = first - 1;
			LIST_INSERT_AFTER(lock, right, link);
			return 0;
		}
		if (lock->first < first)
			lock->last = first - 1;
		else if (lock->last > last)
			lock->first = last + 1;
		else
			remove_lock(lock);
	}
	return 0;
}

int filelock_set(struct filelock_ranges *ranges, const struct filelock *request)
{
	struct filelock *set = uk_malloc(sizeof(*set)), *lock, *next;

	if (!set)
		return -ENOMEM;
	*set = *request;
	if (filelock_clear(ranges, set->owner, set->first, set->last)) {
		uk_free(set);
		return -ENOMEM;
	}
	for (lock = LIST_FIRST(ranges); lock; lock = next) {
		next = LIST_NEXT(lock, link);
		if (lock->owner != set->owner || lock->is_exclusive != set->is_exclusive)
			continue;
		if (set->first && lock->last == set->first - 1)
			set->first = lock->first;
		else if (set->last != FILELOCK_END && lock->first == set->last + 1)
			set->last = lock->last;
		else
			continue;
		remove_lock(lock);
	}
	LIST_INSERT_HEAD(ranges, set, link);
	return 0;
}
