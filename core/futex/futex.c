/* SPDX-License-Identifier: BSD-3-Clause */
/* Keys, queues, waiting and waking. */
#include <asm/mman.h>
#include <uk/heap.h>
#include <uk/vmspace.h>
#include "futex_internal.h"

#define BUCKETS 64 /* a power of two */

static struct futex_bucket buckets[BUCKETS];

struct futex_bucket *futex_bucket_of(const struct futex_key *key)
{
	uint64_t mixed = (key->space ^ key->offset >> 2) * 0x9e3779b97f4a7c15UL;
	struct futex_bucket *bucket = &buckets[mixed >> 58];

	_Static_assert(BUCKETS == 1 << (64 - 58), "the top bits choose");
	if (uk_unlikely(!bucket->tqh_last))
		TAILQ_INIT(bucket);
	return bucket;
}

/* Memory that others may have mapped, too, has a name of its own. */
static int find_shared_key(struct futex_key *key, uintptr_t addr)
{
	struct vmspace *vm = current->vm;
	const struct vma *vma;

	mutex_lock(&vm->lock);
	vma = vma_find_locked(vm, addr);
	if (vma && (vma->flags & VMA_SHARED) && vma->object)
		*key = (struct futex_key){
			.space = (uintptr_t)vma->object,
			.offset = vma->offset_bytes + (addr - vma->start),
		};
	mutex_unlock(&vm->lock);
	return vma ? 0 : -EFAULT;
}

int futex_key_of(struct futex_key *key, struct futex_word word)
{
	uintptr_t addr = (uintptr_t)word.addr;

	if (!UK_IS_ALIGNED(addr, sizeof(uint32_t)))
		return -EINVAL;
	if (!user_range_ok(addr, sizeof(uint32_t)))
		return -EFAULT;
	*key = (struct futex_key){.space = (uintptr_t)current->vm, .offset = addr};
	return word.is_private ? 0 : find_shared_key(key, addr);
}

/* --- queues -------------------------------------------------------------------------------------
 */

void futex_queue(struct futex_waiter *waiter)
{
	unsigned long flags = ukarch_irq_save();

	TAILQ_INSERT_TAIL(futex_bucket_of(&waiter->key), waiter, link);
	waiter->is_queued = true;
	ukarch_irq_restore(flags);
}

static void take_out(struct futex_waiter *waiter)
{
	TAILQ_REMOVE(futex_bucket_of(&waiter->key), waiter, link);
	waiter->is_queued = false;
}

bool futex_unqueue(struct futex_waiter *waiter)
{
	unsigned long flags = ukarch_irq_save();
	bool was_queued = waiter->is_queued;

	if (was_queued)
		take_out(waiter);
	ukarch_irq_restore(flags);
	return was_queued;
}

void futex_move(struct futex_waiter *waiter, const struct futex_key *to)
{
	TAILQ_REMOVE(futex_bucket_of(&waiter->key), waiter, link);
	waiter->key = *to;
	TAILQ_INSERT_TAIL(futex_bucket_of(&waiter->key), waiter, link);
}

void futex_wake_waiter(struct futex_waiter *waiter)
{
	take_out(waiter);
	sched_wake(waiter->task);
}

static inline bool all_queued(const struct futex_waiter *waiters, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		if (!__atomic_load_n(&waiters[i].is_queued, __ATOMIC_ACQUIRE))
			return false;
	return true;
}

int futex_sleep(const struct futex_waiter *waiters, unsigned int count, uint64_t deadline_ns)
{
	struct task *task = current;
	int result = 0;

	while (!result && all_queued(waiters, count)) {
		__atomic_store_n(&task->state, TASK_SLEEPING, __ATOMIC_SEQ_CST);
		if (all_queued(waiters, count))
			result = sched_sleep_interruptible_until(deadline_ns);
		__atomic_store_n(&task->state, TASK_RUNNING, __ATOMIC_SEQ_CST);
	}
	return result;
}

/* --- wait and wake ------------------------------------------------------------------------------
 */

int futex_wait(struct futex_word word, uint32_t value, uint32_t bitset, uint64_t deadline_ns)
{
	struct futex_waiter waiter = {.task = current, .bitset = bitset};
	uint32_t now = 0;
	int error = futex_key_of(&waiter.key, word);

	if (error)
		return error;
	futex_queue(&waiter);
	error = get_user(now, word.addr);
	if (!error && now != value)
		error = -EAGAIN;
	if (!error)
		error = futex_sleep(&waiter, 1, deadline_ns);
	/* A wake that came all the same was meant for us: it must not get lost. */
	return futex_unqueue(&waiter) ? error : 0;
}

static long wake_key(const struct futex_key *key, int count, uint32_t bitset)
{
	unsigned long flags = ukarch_irq_save();
	struct futex_waiter *waiter, *next;
	long woken = 0;

	for (waiter = TAILQ_FIRST(futex_bucket_of(key)); waiter && woken < count; waiter = next) {
		next = TAILQ_NEXT(waiter, link);
		if (!futex_key_is(&waiter->key, key) || !(waiter->bitset & bitset) || waiter->is_pi)
			continue;
		futex_wake_waiter(waiter);
		woken++;
	}
	ukarch_irq_restore(flags);
	return woken;
}

long futex_wake(struct futex_word word, int count, uint32_t bitset)
{
	struct futex_key key;
	int error = futex_key_of(&key, word);

	/* As on Linux: one is woken even when nobody is asked for. */
	return error ? error : wake_key(&key, UK_MAX(count, 1), bitset);
}

/* --- FUTEX_WAKE_OP ------------------------------------------------------------------------------
 */

static int sign_extend_12(uint32_t value)
{
	return (int)(value << 20) >> 20;
}

static int new_value(unsigned int operation, uint32_t old, uint32_t arg, uint32_t *value)
{
	switch (operation) {
	case FUTEX_OP_SET:
		*value = arg;
		return 0;
	case FUTEX_OP_ADD:
		*value = old + arg;
		return 0;
	case FUTEX_OP_OR:
		*value = old | arg;
		return 0;
	case FUTEX_OP_ANDN:
		*value = old & ~arg;
		return 0;
	case FUTEX_OP_XOR:
		*value = old ^ arg;
		return 0;
	default:
		return -ENOSYS;
	}
}

static int compare(unsigned int comparison, int old, int arg)
{
	switch (comparison) {
	case FUTEX_OP_CMP_EQ:
		return old == arg;
	case FUTEX_OP_CMP_NE:
		return old != arg;
	case FUTEX_OP_CMP_LT:
		return old < arg;
	case FUTEX_OP_CMP_GE:
		return old >= arg;
	case FUTEX_OP_CMP_LE:
		return old <= arg;
	case FUTEX_OP_CMP_GT:
		return old > arg;
	default:
		return -ENOSYS;
	}
}

/* Applies the operation; the comparison with what was there before, or -errno. */
static int apply(uint32_t __user *addr, uint32_t op)
{
	unsigned int operation = op >> 28 & 7;
	uint32_t arg = (uint32_t)sign_extend_12(op >> 12 & 0xfff), old = 0, seen, value;
	int error = get_user(old, addr);

	if (op >> 28 & FUTEX_OP_OPARG_SHIFT)
		arg = 1U << (arg & 31);
	for (; !error; old = seen) {
		error = new_value(operation, old, arg, &value);
		if (!error)
			error = ukarch_cmpxchg_user(addr, old, value, &seen);
		if (!error && seen == old)
			return compare(op >> 24 & 15, (int)old, sign_extend_12(op & 0xfff));
	}
	return error;
}

long futex_wake_op(struct futex_word word, int count, struct futex_word word2, int count2,
		   uint32_t op)
{
	struct futex_key key, key2;
	int result = futex_key_of(&key, word);
	long woken;

	if (!result)
		result = futex_key_of(&key2, word2);
	if (!result)
		result = apply(word2.addr, op);
	if (result < 0)
		return result;
	woken = wake_key(&key, UK_MAX(count, 1), FUTEX_BITSET_MATCH_ANY);
	if (result)
		woken += wake_key(&key2, UK_MAX(count2, 1), FUTEX_BITSET_MATCH_ANY);
	return woken;
}

/* --- futex_waitv --------------------------------------------------------------------------------
 */

/* All are queued before any word is read. */
static int queue_all(struct futex_waiter *waiters, const struct futex_wait_one *words,
		     unsigned int count)
{
	uint32_t now = 0;
	int error = 0;

	for (unsigned int i = 0; i < count && !error; i++) {
		error = futex_key_of(&waiters[i].key, words[i].word);
		if (error)
			return error;
		waiters[i].task = current;
		waiters[i].bitset = FUTEX_BITSET_MATCH_ANY;
		futex_queue(&waiters[i]);
	}
	for (unsigned int i = 0; i < count && !error; i++) {
		error = get_user(now, words[i].word.addr);
		if (!error && now != words[i].value)
			error = -EAGAIN;
	}
	return error;
}

/* The index of one that was woken, or -1; takes them all out. */
static long unqueue_all(struct futex_waiter *waiters, unsigned int count)
{
	long woken = -1;

	for (unsigned int i = 0; i < count; i++)
		if (waiters[i].task && !futex_unqueue(&waiters[i]) && woken < 0)
			woken = i;
	return woken;
}

long futex_wait_any(const struct futex_wait_one *words, unsigned int count, uint64_t deadline_ns)
{
	struct futex_waiter *waiters = uk_calloc(count, sizeof(*waiters));
	long result, woken;

	if (!waiters)
		return -ENOMEM;
	result = queue_all(waiters, words, count);
	if (!result)
		result = futex_sleep(waiters, count, deadline_ns);
	woken = unqueue_all(waiters, count);
	uk_free(waiters);
	return woken >= 0 ? woken : result;
}
