/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the scheduler keeps about a task, and the run queue: the runnable tasks of one CPU, best one
 * first. Pure: the host tests order entities without tasks.
 *
 * One order for all policies (sched(7)): real-time priority first, equal ones as they came; then
 * virtual run time, the CPU time used so far divided by the weight of the nice value. A task that
 * wakes is placed a little before the least virtual time: sleeping earns no more credit than that.
 *
 * Times are counts of the CPU's counter: nothing here needs to know how long one is.
 */
#ifndef UK_SCHED_ENTITY_H
#define UK_SCHED_ENTITY_H

#include <bsd/sys/tree.h>
#include <linux/sched.h>
#include <uk/essentials.h>

#define SCHED_NICE_MIN        (-20)
#define SCHED_NICE_MAX        19
#define SCHED_WEIGHT_NICE_0   1024
#define SCHED_WEIGHT_IDLE     3
#define SCHED_RT_PRIORITY_MAX 99
/* About half a millisecond. */
#define SCHED_PREEMPT_COUNTS (1UL << 20)
/* How far behind the others a sleeper may come back. */
#define SCHED_SLEEPER_COUNTS (1UL << 22)

struct sched_entity {
	RB_ENTRY(sched_entity) node;
	uint64_t run_counts;   /* CPU time used */
	uint64_t virtual_time; /* of policies without real-time priority */
	uint64_t sequence;     /* of real-time ones: when they got in line */
	uint32_t weight;
	uint8_t rt_priority;  /* as it counts now: own or inherited; 0: none */
	uint8_t own_priority; /* sched_setscheduler(2) */
	uint8_t policy;       /* SCHED_* */
	int8_t nice;
	bool is_queued;
};

RB_HEAD(sched_tree, sched_entity);

/* Two tasks that talk to each other find the queue empty each time: one alone is not in the tree.
 */
struct runq {
	struct sched_entity *first; /* the best, or NULL */
	struct sched_tree tree;     /* all, when there are more than one */
	unsigned int count;
	uint64_t least_virtual_time; /* only grows */
	uint64_t last_sequence;
};

void runq_init(struct runq *runq);
/* runq_add() to others, runq_remove() from others; `count` is the new one. */
void runq_insert(struct runq *runq, struct sched_entity *entity);
void runq_take(struct runq *runq, struct sched_entity *entity);

static inline void runq_add(struct runq *runq, struct sched_entity *entity)
{
	entity->is_queued = true;
	if (runq->count++)
		runq_insert(runq, entity);
	else
		runq->first = entity;
}

static inline void runq_remove(struct runq *runq, struct sched_entity *entity)
{
	entity->is_queued = false;
	if (--runq->count)
		runq_take(runq, entity);
	else
		runq->first = NULL;
}

/** Goes behind those of its real-time priority; before runq_add() of one that yields or wakes. */
static inline void runq_requeue_behind(struct runq *runq, struct sched_entity *entity)
{
	entity->sequence = ++runq->last_sequence;
}

/** Before runq_add() of one that slept: it gets the CPU soon, but has saved up no more than this.
 */
static inline void runq_place_woken(struct runq *runq, struct sched_entity *entity)
{
	if (uk_unlikely(entity->rt_priority))
		runq_requeue_behind(runq, entity);
	else if (entity->virtual_time + SCHED_SLEEPER_COUNTS < runq->least_virtual_time)
		entity->virtual_time = runq->least_virtual_time - SCHED_SLEEPER_COUNTS;
}

/** Before runq_add() of one that yields: behind all others. */
void runq_place_last(struct runq *runq, struct sched_entity *entity);

/** `entity` has run for `counts`; it is not in the queue. */
static inline void runq_charge(struct runq *runq, struct sched_entity *entity, uint64_t counts)
{
	uint64_t least;

	entity->run_counts += counts;
	if (entity->rt_priority)
		return;
	if (uk_unlikely(entity->weight != SCHED_WEIGHT_NICE_0))
		counts = counts * SCHED_WEIGHT_NICE_0 / entity->weight;
	least = entity->virtual_time += counts;
	/* The least of those that compete: whoever waits first, or the runner when it is behind. */
	if (runq->first && !runq->first->rt_priority)
		least = UK_MIN(least, runq->first->virtual_time);
	runq->least_virtual_time = UK_MAX(runq->least_virtual_time, least);
}

/** Should `woken` take the CPU from `running` at once? Not for a small lead: two that talk to each
 *  other would switch at every word. */
static inline bool runq_preempts(const struct sched_entity *woken,
				 const struct sched_entity *running)
{
	if (uk_unlikely(woken->rt_priority | running->rt_priority))
		return woken->rt_priority > running->rt_priority;
	return uk_unlikely(running->virtual_time > woken->virtual_time + SCHED_PREEMPT_COUNTS) &&
	       (woken->policy == SCHED_NORMAL || running->policy == SCHED_IDLE);
}

/** Policy, priority and nice value to weight; the entity is not queued. */
void sched_entity_set(struct sched_entity *entity, unsigned int policy, unsigned int priority,
		      int nice);

#endif /* UK_SCHED_ENTITY_H */
