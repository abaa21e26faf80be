/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Switching and sleeping. `cpu` is what a CPU has; with CONFIG_SMP there will be one each.
 *
 *   sched_wake --> run queue --> pick_next --> ukarch_thread_switch
 *                     ^                             |
 *                     '--- yield, preempt <---------'--> sleep, exit
 */
#include <linux/errno.h>
#include <linux/sched.h>
#include <uk/arch/cpu.h>
#include <uk/assert.h>
#include <uk/clock.h>
#include <uk/deferred.h>
#include <uk/lock.h>
#include <uk/sched.h>
#include <uk/signal.h>
#include <uk/vmspace.h>

#define SLICE_NS (4 * UK_NSEC_PER_MSEC)

static struct {
	struct spinlock lock;
	struct runq runq;
	uint64_t switched_at; /* counter when the current task got the CPU */
	struct ktimer slice;
	struct task *dead;       /* just switched away from: to be put */
	bool is_switch_followed; /* there is something to do after a switch */
	uint64_t switches;
} cpu = {.lock = SPINLOCK_INIT};

static void slice_ended(struct ktimer *timer)
{
	/* With a waiter of its own priority or better the current task goes back in line. */
	if (cpu.runq.count)
		ukarch_thread_set_work(&current->thread, UKARCH_WORK_RESCHED);
}

/* Somebody waits: the time of the running task is limited. */
static void __uk_noinline start_slice(void)
{
	ktimer_arm(&cpu.slice, clock_monotonic_ns() + SLICE_NS);
}

void sched_init(struct task *first)
{
	runq_init(&cpu.runq);
	ktimer_init(&cpu.slice, slice_ended);
	cpu.switched_at = ukarch_counter();
	first->is_on_cpu = true;
}

/* Interrupts off. */
static inline void charge(struct task *task)
{
	uint64_t now = ukarch_counter();

	runq_charge(&cpu.runq, &task->sched, now - cpu.switched_at);
	cpu.switched_at = now;
}

uint64_t sched_run_counts(const struct task *task)
{
	unsigned long flags = ukarch_irq_save();
	uint64_t counts = task->sched.run_counts;

	if (task->is_on_cpu)
		counts += ukarch_counter() - cpu.switched_at;
	ukarch_irq_restore(flags);
	return counts;
}

/* --- switching: interrupts off ------------------------------------------------------------------
 */

static void idle(void)
{
	clock_idle_begin();
	ukarch_irq_enable_and_halt();
	ukarch_irq_disable();
	clock_idle_end();
}

/* Until there is a task to run and nothing is deferred. */
static void __uk_noinline wait_for_work(void)
{
	while (!cpu.runq.first || deferred_is_pending()) {
		if (!deferred_is_pending()) {
			idle();
			continue;
		}
		ukarch_irq_enable();
		deferred_run();
		ukarch_irq_disable();
	}
	cpu.switched_at = ukarch_counter();
}

static inline struct task *pick_next(void)
{
	struct task *next;

	if (!cpu.runq.first || deferred_is_pending())
		wait_for_work();
	next = uk_container_of(cpu.runq.first, struct task, sched);
	runq_remove(&cpu.runq, &next->sched);
	next->is_on_cpu = true;
	return next;
}

/* What the task that was switched away from left to do, and timers on the CPU time of the one that
 * was switched to. */
static void __uk_noinline follow_switch(void)
{
	struct task *dead = cpu.dead;

	cpu.dead = NULL;
	if (dead)
		task_put(dead);
	cpu.is_switch_followed = ktimer_follow_task();
}

static inline void finish_switch(void)
{
	if (uk_unlikely(cpu.is_switch_followed))
		follow_switch();
}

void sched_follow_switches(void)
{
	cpu.is_switch_followed = true;
}

/* `prev` is current and charged; it is in the queue or sleeps. */
static void switch_away(struct task *prev)
{
	struct task *next;

	prev->is_on_cpu = false;
	next = pick_next();
	if (cpu.runq.count && !cpu.slice.is_armed)
		start_slice();
	if (next != prev) {
		cpu.switches++;
		vmspace_switch(next->vm);
		ukarch_thread_switch(&prev->thread, &next->thread);
	}
	finish_switch();
}

void sched_begin(void)
{
	finish_switch();
}

static void requeue_current(void)
{
	runq_add(&cpu.runq, &current->sched);
	switch_away(current);
}

void sched_yield(void)
{
	unsigned long flags;

	if (!cpu.runq.count)
		return;
	flags = spin_lock_irqsave(&cpu.lock);
	charge(current);
	current->voluntary_switches++;
	runq_place_last(&cpu.runq, &current->sched);
	requeue_current();
	spin_unlock_irqrestore(&cpu.lock, flags);
}

void sched_preempt(void)
{
	unsigned long flags;

	ukarch_thread_clear_work(&current->thread, UKARCH_WORK_RESCHED);
	if (deferred_is_pending())
		deferred_run();
	flags = spin_lock_irqsave(&cpu.lock);
	if (cpu.runq.count) {
		charge(current);
		current->involuntary_switches++;
		/* SCHED_RR: the slice is over. SCHED_FIFO keeps its place in line. */
		if (current->sched.policy == SCHED_RR && !cpu.slice.is_armed)
			runq_requeue_behind(&cpu.runq, &current->sched);
		requeue_current();
	}
	spin_unlock_irqrestore(&cpu.lock, flags);
}

void sched_exit(void)
{
	ukarch_irq_disable();
	charge(current);
	current->state = TASK_DEAD;
	cpu.dead = current;
	cpu.is_switch_followed = true;
	switch_away(current);
	__builtin_unreachable();
}

/* --- waking -------------------------------------------------------------------------------------
 */

/* A sleeping task is runnable again. */
static inline void make_runnable(struct task *task)
{
	struct task *running = current;

	task->state = TASK_RUNNING;
	if (task->is_on_cpu)
		return; /* it had announced its sleep and not got there */
	runq_place_woken(&cpu.runq, &task->sched);
	/* An idle CPU finds it by itself. */
	if (running->is_on_cpu && runq_preempts(&task->sched, &running->sched))
		ukarch_thread_set_work(&running->thread, UKARCH_WORK_RESCHED);
	if (running->is_on_cpu && !cpu.slice.is_armed)
		start_slice();
	runq_add(&cpu.runq, &task->sched);
}

void sched_wake_irqoff(struct task *task)
{
	if (task->state == TASK_SLEEPING)
		make_runnable(task);
}

void sched_wake(struct task *task)
{
	unsigned long flags = spin_lock_irqsave(&cpu.lock);

	sched_wake_irqoff(task);
	spin_unlock_irqrestore(&cpu.lock, flags);
}

void sched_interrupt(struct task *task)
{
	if (task->is_interruptible)
		sched_wake(task);
}

void sched_start(struct task *task)
{
	unsigned long flags = spin_lock_irqsave(&cpu.lock);

	charge(current);
	task->sched.virtual_time = current->sched.virtual_time;
	make_runnable(task);
	spin_unlock_irqrestore(&cpu.lock, flags);
}

/* --- sleeping -----------------------------------------------------------------------------------
 */

struct sleep_timer {
	struct ktimer timer;
	struct task *task;
};

static void sleep_expired(struct ktimer *timer)
{
	sched_wake(uk_container_of(timer, struct sleep_timer, timer)->task);
}

/* Until somebody makes the current task runnable. */
static void sleep_now(struct task *task)
{
	spin_lock_irq(&cpu.lock);
	if (uk_likely(task->state == TASK_SLEEPING)) {
		charge(task);
		task->voluntary_switches++;
		switch_away(task);
	}
	spin_unlock_irq(&cpu.lock);
}

static int __uk_noinline sleep_with_timer(struct task *task, uint64_t deadline_ns)
{
	struct sleep_timer sleep = {.task = task};

	if (clock_monotonic_ns() >= deadline_ns) {
		task->state = TASK_RUNNING;
		return -ETIMEDOUT;
	}
	ktimer_init(&sleep.timer, sleep_expired);
	ktimer_arm(&sleep.timer, deadline_ns);
	sleep_now(task);
	return ktimer_cancel(&sleep.timer) ? 0 : -ETIMEDOUT;
}

static inline int sleep_until(struct task *task, uint64_t deadline_ns)
{
	if (deadline_ns != UK_NO_TIMEOUT)
		return sleep_with_timer(task, deadline_ns);
	sleep_now(task);
	return 0;
}

int sched_sleep_until(uint64_t deadline_ns)
{
	return sleep_until(current, deadline_ns);
}

int sched_sleep_interruptible_until(uint64_t deadline_ns)
{
	struct task *task = current;
	int result;

	task->is_interruptible = true;
	if (signal_is_pending())
		task->state = TASK_RUNNING;
	result = sleep_until(task, deadline_ns);
	task->is_interruptible = false;
	return signal_is_pending() ? -EINTR : result;
}

/* --- policies -----------------------------------------------------------------------------------
 */

/* Runs `change` on an entity out of its queue. */
static void with_dequeued(struct task *task, void (*change)(struct sched_entity *, const void *),
			  const void *arg)
{
	unsigned long flags = spin_lock_irqsave(&cpu.lock);
	bool was_queued = task->sched.is_queued;

	if (was_queued)
		runq_remove(&cpu.runq, &task->sched);
	change(&task->sched, arg);
	runq_place_woken(&cpu.runq, &task->sched);
	if (was_queued)
		runq_add(&cpu.runq, &task->sched);
	if (cpu.runq.first && current->is_on_cpu && runq_preempts(cpu.runq.first, &current->sched))
		ukarch_thread_set_work(&current->thread, UKARCH_WORK_RESCHED);
	spin_unlock_irqrestore(&cpu.lock, flags);
}

struct policy {
	unsigned int policy, priority;
	int nice;
};

static void change_policy(struct sched_entity *entity, const void *arg)
{
	const struct policy *to = arg;

	sched_entity_set(entity, to->policy, to->priority, to->nice);
}

void sched_set(struct task *task, unsigned int policy, unsigned int priority, int nice)
{
	struct policy to = {policy, priority, nice};

	with_dequeued(task, change_policy, &to);
}

static void change_priority(struct sched_entity *entity, const void *arg)
{
	entity->rt_priority = *(const uint8_t *)arg;
}

void sched_set_priority(struct task *task, unsigned int rt_priority)
{
	uint8_t to = (uint8_t)rt_priority;

	if (task->sched.rt_priority != to)
		with_dequeued(task, change_priority, &to);
}

void sched_stats(struct sched_stats *stats)
{
	*stats = (struct sched_stats){
		.runnable = cpu.runq.count + current->is_on_cpu,
		.switches = cpu.switches,
	};
}
