/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a thread leaves behind (get_robust_list(2), set_tid_address(2)): mutexes it held are
 * marked, and whoever waits for it is woken. The list lies in the program's memory, so it may be
 * anything: circular, endless, or nowhere.
 */
#include "futex_internal.h"

#define LIST_MAX 2048 /* as Linux' ROBUST_LIST_LIMIT */
#define PI_BIT   1UL  /* in the pointer to an entry */

/* FUTEX_OWNER_DIED into a word that the thread still owns. */
static void mark_word(struct task *task, uintptr_t addr, bool is_pi, bool is_pending)
{
	struct futex_word word = {.addr = (uint32_t __user *)addr};
	uint32_t now = 0, seen;

	if (!UK_IS_ALIGNED(addr, sizeof(uint32_t)) || get_user(now, word.addr))
		return;
	/* It died on its way between unlocking in user space and waking. */
	if (is_pending && !is_pi && !now) {
		futex_wake(word, 1, FUTEX_BITSET_MATCH_ANY);
		return;
	}
	for (; (now & FUTEX_TID_MASK) == (uint32_t)task->tid; now = seen) {
		if (ukarch_cmpxchg_user(word.addr, now, (now & FUTEX_WAITERS) | FUTEX_OWNER_DIED,
					&seen))
			return;
		if (seen != now)
			continue;
		if (!is_pi && (now & FUTEX_WAITERS))
			futex_wake(word, 1, FUTEX_BITSET_MATCH_ANY);
		return;
	}
}

static void mark_entry(struct task *task, uintptr_t entry, long offset, bool is_pending)
{
	uintptr_t addr = (entry & ~PI_BIT) + (uintptr_t)offset;

	mark_word(task, addr, entry & PI_BIT, is_pending);
}

static void walk_robust_list(struct task *task)
{
	struct robust_list_head __user *head = task->robust_list;
	uintptr_t entry = 0, next = 0, pending = 0;
	long offset = 0;

	task->robust_list = NULL;
	if (!head || get_user(entry, (uintptr_t __user *)&head->list.next) ||
	    get_user(offset, &head->futex_offset) ||
	    get_user(pending, (uintptr_t __user *)&head->list_op_pending))
		return;
	for (int i = 0; i < LIST_MAX && (entry & ~PI_BIT) != (uintptr_t)&head->list; i++) {
		int error = get_user(next, (uintptr_t __user *)(entry & ~PI_BIT));

		if ((entry & ~PI_BIT) != (pending & ~PI_BIT))
			mark_entry(task, entry, offset, false);
		if (error)
			break;
		entry = next;
	}
	if (pending)
		mark_entry(task, pending, offset, true);
}

static void clear_tid(struct task *task)
{
	uint32_t __user *addr = task->clear_child_tid;

	task->clear_child_tid = NULL;
	if (!addr || put_user(0u, addr))
		return;
	futex_wake((struct futex_word){.addr = addr}, 1, FUTEX_BITSET_MATCH_ANY);
}

void futex_exit(struct task *task)
{
	walk_robust_list(task);
	futex_abandon_pi(task);
	clear_tid(task);
}
