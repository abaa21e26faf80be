/* SPDX-License-Identifier: BSD-3-Clause */
/* Keys, queues, waiting and waking. */
#include <asm/mman.h>
#include <uk/heap.h>
#include <uk/vmspace.h>
#include "futex_internal.h"

#define BUCKETS 64 /* a power of two */

static struct futex_bucket buckets[BUCKETS];

static inline struct futex_bucket *bucket_of(const struct futex_key *key)
{
	struct futex_bucket *bucket = &buckets[(key->offset >> 2 ^ key->offset >> 12) % BUCKETS];

	if (uk_unlikely(!bucket->tqh_last))
		TAILQ_INIT(bucket);
	return bucket;
}

struct futex_bucket *futex_bucket_of(const struct futex_key *key)
{
	return bucket_of(key);
}

int futex_find_shared_key(struct futex_key *key, uintptr_t addr)
{
	struct vmspace *vm = current->vm;
	const struct vma *vma;
	bool is_accessible;

	mutex_lock(&vm->lock);
	vma = vma_find_locked(vm, addr);
	is_accessible = vma && vma->prot;
	if (vma && (vma->flags & VMA_SHARED) && vma->object)
		*key = (struct futex_key){
			.space = (uintptr_t)vma->object,
			.offset = vma->offset_bytes + (addr - vma->start),
		};
	mutex_unlock(&vm->lock);
	return is_accessible ? 0 : -EFAULT;
}

static inline bool is_queued(const struct futex_waiter *waiter)
{
	return __atomic_load_n(&waiter->is_queued, __ATOMIC_ACQUIRE);
}

/* --- queues -------------------------------------------------------------------------------------
 */

static inline void queue(struct futex_waiter *waiter)
{
	waiter->bucket = bucket_of(&waiter->key);
	TAILQ_INSERT_TAIL(waiter->bucket, waiter, link);
	waiter->is_queued = true;
}

void futex_queue_irqoff(struct futex_waiter *waiter)
{
	queue(waiter);
}

static inline void take_out(struct futex_waiter *waiter)
{
	TAILQ_REMOVE(waiter->bucket, waiter, link);
	waiter->is_queued = false;
}

bool futex_unqueue_irqoff(struct futex_waiter *waiter)
{
	bool was_queued = waiter->is_queued;

	if (was_queued)
		take_out(waiter);
	return was_queued;
}

static bool unqueue(struct futex_waiter *waiter)
{
	bool was_queued;

	if (!is_queued(waiter)) /* a woken waiter is nobody else's any more */
		return false;
	ukarch_irq_disable();
	was_queued = futex_unqueue_irqoff(waiter);
	ukarch_irq_enable();
	return was_queued;
}

void futex_move(struct futex_waiter *waiter, const struct futex_key *to)
{
	TAILQ_REMOVE(waiter->bucket, waiter, link);
	waiter->key = *to;
	waiter->bucket = futex_bucket_of(to);
	TAILQ_INSERT_TAIL(waiter->bucket, waiter, link);
}

void futex_wake_waiter(struct futex_waiter *waiter)
{
	take_out(waiter);
	sched_wake_irqoff(waiter->task);
}

static inline bool all_queued(const struct futex_waiter *waiters, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		if (!is_queued(&waiters[i]))
			return false;
	return true;
}

static inline int sleep_on(const struct futex_waiter *waiters, unsigned int count,
			   uint64_t deadline_ns)
{
	struct task *task = current;
	int result = 0;

	do {
		sched_announce_sleep(task);
		if (uk_unlikely(!all_queued(waiters, count))) {
			sched_cancel_sleep(task);
			return 0;
		}
		result = sched_sleep_interruptible_until(deadline_ns);
	} while (uk_unlikely(!result && all_queued(waiters, count)));
	return result;
}

int futex_sleep(const struct futex_waiter *waiter, uint64_t deadline_ns)
{
	return sleep_on(waiter, 1, deadline_ns);
}

/* --- wait and wake ------------------------------------------------------------------------------
 */

static __uk_always_inline int wait_until(struct futex_word word, uint32_t value, uint32_t bitset,
					 uint64_t deadline_ns)
{
	struct futex_waiter waiter; /* by hand: most of it only PI waiters use */
	uint32_t now = 0;
	int error = futex_key_of(&waiter.key, word);

	if (error)
		return error;
	waiter.task = current;
	waiter.bitset = bitset;
	waiter.is_pi = false;
	waiter.requeue_to = NULL;
	ukarch_irq_disable();
	queue(&waiter);
	ukarch_irq_enable();
	error = get_user(now, word.addr);
	if (uk_likely(!error)) {
		error = -EAGAIN;
		if (uk_likely(now == value))
			error = sleep_on(&waiter, 1, deadline_ns);
	}
	/* A wake that came all the same was meant for us: it must not get lost. */
	return error && unqueue(&waiter) ? error : 0;
}

int futex_wait(struct futex_word word, uint32_t value, uint32_t bitset, uint64_t deadline_ns)
{
	return wait_until(word, value, bitset, deadline_ns);
}

long futex_wait_for_ever(struct futex_word word, uint32_t value)
{
	int result = wait_until(word, value, FUTEX_BITSET_MATCH_ANY, UK_NO_TIMEOUT);

	return result == -EINTR ? -ERESTARTSYS : result;
}

/* The first waiter from `waiter` on that a wake of `key` and `bitset` reaches, or NULL. */
static inline struct futex_waiter *find(struct futex_waiter *waiter, const struct futex_key *key,
					uint32_t bitset)
{
	while (waiter &&
	       (!futex_key_is(&waiter->key, key) || !(waiter->bitset & bitset) || waiter->is_pi))
		waiter = TAILQ_NEXT(waiter, link);
	return waiter;
}

static __uk_always_inline bool wake_first(const struct futex_key *key, uint32_t bitset)
{
	struct futex_waiter *waiter;

	ukarch_irq_disable();
	waiter = find(TAILQ_FIRST(bucket_of(key)), key, bitset);
	if (waiter)
		futex_wake_waiter(waiter);
	ukarch_irq_enable();
	return waiter != NULL;
}

/* As on Linux, one is woken even when `count` says none. */
static long wake_key(const struct futex_key *key, int count, uint32_t bitset)
{
	struct futex_waiter *waiter, *next;
	long woken = 0;

	if (count <= 1)
		return wake_first(key, bitset);
	ukarch_irq_disable();
	waiter = find(TAILQ_FIRST(bucket_of(key)), key, bitset);
	for (; waiter && woken < count; woken++) {
		next = TAILQ_NEXT(waiter, link);
		futex_wake_waiter(waiter);
		waiter = find(next, key, bitset);
	}
	ukarch_irq_enable();
	return woken;
}

long futex_wake(struct futex_word word, int count, uint32_t bitset)
{
	struct futex_key key;
	int error = futex_key_of(&key, word);

	if (error)
		return error;
	return count <= 1 ? wake_first(&key, bitset) : wake_key(&key, count, bitset);
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
	woken = wake_key(&key, count, FUTEX_BITSET_MATCH_ANY);
	if (result)
		woken += wake_key(&key2, count2, FUTEX_BITSET_MATCH_ANY);
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
		ukarch_irq_disable();
		futex_queue_irqoff(&waiters[i]);
		ukarch_irq_enable();
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
		if (waiters[i].task && !unqueue(&waiters[i]) && woken < 0)
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
		result = sleep_on(waiters, count, deadline_ns);
	woken = unqueue_all(waiters, count);
	uk_free(waiters);
	return woken >= 0 ? woken : result;
}
