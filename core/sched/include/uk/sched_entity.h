/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the scheduler keeps about a task, and the run queue: the runnable tasks of one CPU, best one
 * first. Pure: the host tests order entities without tasks.
 *
 * One order for all policies (sched(7)): real-time priority first, equal ones as they came; then
 * virtual run time, the CPU time used so far divided by the weight of the nice value. A task that
 * wakes is placed just behind the least virtual time, so that sleeping earns no credit.
 *
 * Times are counts of the CPU's counter: nothing here needs to know how long one is.
 */
#ifndef UK_SCHED_ENTITY_H
#define UK_SCHED_ENTITY_H

#include <bsd/sys/tree.h>
#include <uk/essentials.h>

#define SCHED_NICE_MIN        (-20)
#define SCHED_NICE_MAX        19
#define SCHED_WEIGHT_NICE_0   1024
#define SCHED_WEIGHT_IDLE     3
#define SCHED_RT_PRIORITY_MAX 99

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

struct runq {
	struct sched_tree tree;
	struct sched_entity *first; /* the leftmost, or NULL */
	unsigned int count;
	uint64_t least_virtual_time; /* only grows */
	uint64_t last_sequence;
};

void runq_init(struct runq *runq);
void runq_add(struct runq *runq, struct sched_entity *entity);
void runq_remove(struct runq *runq, struct sched_entity *entity);

/** Goes behind those of its real-time priority; before runq_add() of one that yields or wakes. */
void runq_requeue_behind(struct runq *runq, struct sched_entity *entity);
/** The same for fair ones: virtual time no less than the least, and behind `all` if asked. */
void runq_place_woken(struct runq *runq, struct sched_entity *entity);
void runq_place_last(struct runq *runq, struct sched_entity *entity);

/** `entity` has run for `counts`; it is not in the queue. */
void runq_charge(struct runq *runq, struct sched_entity *entity, uint64_t counts);

/** Should `woken` take the CPU from `running` at once? */
bool runq_preempts(const struct sched_entity *woken, const struct sched_entity *running);

/** Policy, priority and nice value to weight; the entity is not queued. */
void sched_entity_set(struct sched_entity *entity, unsigned int policy, unsigned int priority,
		      int nice);

#endif /* UK_SCHED_ENTITY_H */
