/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The lock, and where what arrives is handled: as deferred work, in whichever thread was
 * interrupted or went to sleep last; no thread is switched to for a packet. The net task does what
 * that cannot: it goes on when there is more than one round's worth, and it writes files.
 *
 * Nobody sleeps or is preempted with net.lock held, so on one CPU deferred work finds it free.
 *
 * Locks: net.lock guards lwIP and everything of core/net and of network drivers but `work` and
 * has_work, which are atomic.
 */
#include <linux/errno.h>
#include <lwip/init.h>
#include <lwip/sys.h>
#include <uk/clock.h>
#include <uk/deferred.h>
#include <uk/param.h>
#include <uk/random.h>
#include <uk/sched.h>
#include <uk/task.h>
#include <uk/vfs.h>
#include "net_internal.h"
#define UK_LOG_NAME "net: "
#include <uk/print.h>

static void run_deferred(struct deferred *work);

static struct {
	struct mutex lock;
	unsigned int work; /* NET_WORK_*; atomic */
	struct deferred deferred;
	struct waitq task_waiters; /* the net task */
	struct waitq config_waiters;
	bool is_started;
} net = {.lock = MUTEX_INIT(net.lock),
	 .deferred = {.run = run_deferred},
	 .task_waiters = WAITQ_INIT(net.task_waiters),
	 .config_waiters = WAITQ_INIT(net.config_waiters)};

static uint64_t wait_seconds;
UK_PARAM(netdev_wait, "netdev.wait", UK_PARAM_U64, wait_seconds,
	 "seconds to wait for DHCP before the program starts (0: it starts at once)");

void net_lock(void)
{
	mutex_lock(&net.lock);
}

void net_unlock(void)
{
	netdev_flush_all();
	net_timers_update();
	mutex_unlock(&net.lock);
}

bool net_is_locked_by_us(void)
{
	return net.lock.owner == current;
}

/* --- work ---------------------------------------------------------------------------------------
 */

bool net_has_work(void)
{
	return __atomic_load_n(&net.work, __ATOMIC_ACQUIRE) != 0;
}

void net_raise(unsigned int kinds)
{
	__atomic_fetch_or(&net.work, kinds, __ATOMIC_SEQ_CST);
	deferred_raise(&net.deferred);
}

void net_raise_task(unsigned int kinds)
{
	__atomic_fetch_or(&net.work, kinds, __ATOMIC_SEQ_CST);
	waitq_wake(&net.task_waiters, 0);
}

void net_poll(void)
{
	unsigned int kinds = __atomic_fetch_and(&net.work, NET_WORK_CONFIG, __ATOMIC_SEQ_CST);

	/* lwIP sends nothing again that a device still seems to have: look before its timers do. */
	if (kinds & NET_WORK_TIMERS)
		netdev_mark_all();
	if (kinds & (NET_WORK_DEVICES | NET_WORK_TIMERS))
		netdev_poll_marked();
	if (kinds & NET_WORK_TIMERS)
		net_timers_run();
}

static void run_deferred(struct deferred *work)
{
	(void)work;
	if (!net_has_work())
		return; /* somebody was faster */
	if (!net.is_started || !mutex_trylock(&net.lock)) {
		waitq_wake(&net.task_waiters, 0);
		return;
	}
	net_poll();
	net_unlock();
}

static void handle_config(void)
{
	if (!(__atomic_fetch_and(&net.work, ~NET_WORK_CONFIG, __ATOMIC_SEQ_CST) & NET_WORK_CONFIG))
		return;
	if (current->fs)
		net_config_changed();
	waitq_wake(&net.config_waiters, 0);
}

static void net_main(void *arg)
{
	struct path root;

	vfs_root(&root);
	current->fs = fsctx_create(&root); /* it writes files; NULL: then it does not */
	for (;;) {
		waitq_wait_event(&net.task_waiters, net_has_work(), UK_NO_TIMEOUT);
		net_lock();
		net_poll();
		net_unlock();
		handle_config();
		sched_yield(); /* under a flood the program still gets its turn */
	}
}

/* --- start --------------------------------------------------------------------------------------
 */

int net_start(void)
{
	if (net.is_started)
		return 0;
	if (!task_create_kernel("net", net_main, NULL))
		return -ENOMEM;
	net.is_started = true;
	net_lock();
	lwip_init();
	netdev_add_all();
	net_unlock();
	return 0;
}

int net_init(void)
{
	net_config_parse();
	net_files_create();
	return TAILQ_EMPTY(&netdevs) ? 0 : net_start();
}

void net_wait_configured(void)
{
	uint64_t deadline;

	if (!wait_seconds || TAILQ_EMPTY(&netdevs))
		return;
	deadline = clock_monotonic_ns() + wait_seconds * (uint64_t)UK_NSEC_PER_SEC;
	if (waitq_wait_event(&net.config_waiters, net_config_is_complete(), deadline))
		uk_pr_warn("no address after %lu s (netdev.wait=)\n", wait_seconds);
}

/* --- what lwIP asks for -------------------------------------------------------------------------
 */

uint32_t net_random(void)
{
	return (uint32_t)random_u64();
}

u32_t sys_now(void)
{
	return (u32_t)(clock_monotonic_ns() / UK_NSEC_PER_MSEC);
}
