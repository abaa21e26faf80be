/* SPDX-License-Identifier: BSD-3-Clause */
/* The run queue: order, virtual time, weights. Pure; the caller holds the lock. */
#include <linux/sched.h>
#include <uk/sched_entity.h>

/* A woken task takes the CPU from one that is ahead by this much: about half a millisecond. Less
 * would let two that talk to each other switch at every word. */
#define PREEMPT_COUNTS (1UL << 20)
/* How far behind the others a sleeper may come back: it gets the CPU soon, not for long. */
#define SLEEPER_CREDIT_COUNTS (1UL << 22)

static int compare(const struct sched_entity *a, const struct sched_entity *b)
{
	if (a->rt_priority != b->rt_priority)
		return a->rt_priority > b->rt_priority ? -1 : 1;
	if (a->rt_priority)
		return a->sequence < b->sequence ? -1 : 1;
	/* Never 0: an equal one goes behind. */
	return a->virtual_time < b->virtual_time ? -1 : 1;
}

/* The _STATIC forms need libbsd's <sys/cdefs.h>. */
RB_PROTOTYPE_INTERNAL(sched_tree, sched_entity, node, compare, __uk_unused static)
RB_GENERATE_INTERNAL(sched_tree, sched_entity, node, compare, __uk_unused static)

/* Weights of nice -20 to 19 as in Linux' kernel/sched/core.c: each step is worth 1.25. */
static const uint32_t weights[] = {
	88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916,
	9548,  7620,  6100,  4904,  3906,  3121,  2501,  1991,  1586,  1277,
	1024,  820,   655,   526,   423,   335,   272,   215,   172,   137,
	110,   87,    70,    56,    45,    36,    29,    23,    18,    15,
};
_Static_assert(UK_ARRAY_SIZE(weights) == SCHED_NICE_MAX - SCHED_NICE_MIN + 1, "one per value");

void runq_init(struct runq *runq)
{
	*runq = (struct runq){.tree = RB_INITIALIZER(&runq->tree)};
}

static void raise_least(struct runq *runq, uint64_t virtual_time)
{
	if (virtual_time > runq->least_virtual_time)
		runq->least_virtual_time = virtual_time;
}

void runq_add(struct runq *runq, struct sched_entity *entity)
{
	RB_INSERT(sched_tree, &runq->tree, entity);
	if (!runq->first || compare(entity, runq->first) < 0)
		runq->first = entity;
	entity->is_queued = true;
	runq->count++;
}

void runq_remove(struct runq *runq, struct sched_entity *entity)
{
	if (runq->first == entity)
		runq->first = runq->count > 1 ? RB_NEXT(sched_tree, &runq->tree, entity) : NULL;
	RB_REMOVE(sched_tree, &runq->tree, entity);
	entity->is_queued = false;
	runq->count--;
}

void runq_requeue_behind(struct runq *runq, struct sched_entity *entity)
{
	entity->sequence = ++runq->last_sequence;
}

void runq_place_woken(struct runq *runq, struct sched_entity *entity)
{
	uint64_t least = runq->least_virtual_time;
	uint64_t credit = UK_MIN(least, SLEEPER_CREDIT_COUNTS);

	if (entity->virtual_time < least - credit)
		entity->virtual_time = least - credit;
	runq_requeue_behind(runq, entity);
}

void runq_place_last(struct runq *runq, struct sched_entity *entity)
{
	const struct sched_entity *last = RB_MAX(sched_tree, &runq->tree);

	if (last && !last->rt_priority && entity->virtual_time < last->virtual_time)
		entity->virtual_time = last->virtual_time;
	runq_requeue_behind(runq, entity);
}

void runq_charge(struct runq *runq, struct sched_entity *entity, uint64_t counts)
{
	entity->run_counts += counts;
	if (entity->rt_priority)
		return;
	if (entity->weight != SCHED_WEIGHT_NICE_0)
		counts = counts * SCHED_WEIGHT_NICE_0 / entity->weight;
	entity->virtual_time += counts;
	/* The least of those that compete: whoever waits first, or the runner when it is behind. */
	if (runq->first && !runq->first->rt_priority &&
	    runq->first->virtual_time < entity->virtual_time)
		raise_least(runq, runq->first->virtual_time);
	else
		raise_least(runq, entity->virtual_time);
}

bool runq_preempts(const struct sched_entity *woken, const struct sched_entity *running)
{
	if (woken->rt_priority != running->rt_priority)
		return woken->rt_priority > running->rt_priority;
	if (woken->rt_priority || woken->policy == SCHED_BATCH || woken->policy == SCHED_IDLE)
		return false;
	if (running->policy == SCHED_IDLE)
		return true;
	return running->virtual_time > woken->virtual_time + PREEMPT_COUNTS;
}

void sched_entity_set(struct sched_entity *entity, unsigned int policy, unsigned int priority,
		      int nice)
{
	entity->policy = (uint8_t)policy;
	entity->own_priority = entity->rt_priority = (uint8_t)priority;
	entity->nice = (int8_t)nice;
	entity->weight = policy == SCHED_IDLE ? SCHED_WEIGHT_IDLE : weights[nice - SCHED_NICE_MIN];
}
