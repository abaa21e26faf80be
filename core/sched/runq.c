/* SPDX-License-Identifier: BSD-3-Clause */
/* The run queue: order, virtual time, weights. Pure; the caller holds the lock. */
#include <linux/sched.h>
#include <uk/sched_entity.h>

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

void runq_insert(struct runq *runq, struct sched_entity *entity)
{
	if (runq->count == 2)
		RB_INSERT(sched_tree, &runq->tree, runq->first);
	RB_INSERT(sched_tree, &runq->tree, entity);
	if (compare(entity, runq->first) < 0)
		runq->first = entity;
}

void runq_take(struct runq *runq, struct sched_entity *entity)
{
	RB_REMOVE(sched_tree, &runq->tree, entity);
	runq->first = RB_MIN(sched_tree, &runq->tree);
	if (runq->count == 1)
		RB_REMOVE(sched_tree, &runq->tree, runq->first);
}

void runq_place_last(struct runq *runq, struct sched_entity *entity)
{
	const struct sched_entity *last =
		runq->count > 1 ? RB_MAX(sched_tree, &runq->tree) : runq->first;

	if (last && !last->rt_priority && entity->virtual_time < last->virtual_time)
		entity->virtual_time = last->virtual_time;
	runq_requeue_behind(runq, entity);
}

void sched_entity_set(struct sched_entity *entity, unsigned int policy, unsigned int priority,
		      int nice)
{
	entity->policy = (uint8_t)policy;
	entity->own_priority = entity->rt_priority = (uint8_t)priority;
	entity->nice = (int8_t)nice;
	entity->weight = policy == SCHED_IDLE ? SCHED_WEIGHT_IDLE : weights[nice - SCHED_NICE_MIN];
}
