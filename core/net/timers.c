/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lwIP's cyclic timers (lwip_cyclic_timers[]) on one kernel timer, which is armed only while one of
 * them has something to do: TCP's while there are connections, DHCP's while it negotiates or holds
 * a lease, all others until ACTIVE_NS after the last sign of life. So an idle machine sleeps. When
 * it wakes up, the timers make up for the rounds they missed, and tables age as they should.
 *
 * Guarded by net_lock(); the kernel timer's callback only raises work.
 */
#include <lwip/dhcp.h>
#include <lwip/etharp.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/prot/dhcp.h>
#include <lwip/timeouts.h>
#include <uk/clock.h>
#include "net_internal.h"

#define MAX_TIMERS 16
#define ACTIVE_NS  (12 * UK_NSEC_PER_SEC) /* longer than any delay of IGMP and MLD */
#define MAX_ROUNDS 400                    /* more than an ARP entry's life */

static struct {
	struct ktimer ktimer;
	uint64_t due_ns[MAX_TIMERS];
	uint64_t active_until_ns;
	bool is_idle; /* nothing, or nothing but leases, is waited for */
	bool has_connections;
} timers;

bool net_saw_traffic;

static void expired(struct ktimer *timer)
{
	(void)timer;
	net_raise(NET_WORK_TIMERS);
}

/* --- what each of them is needed for ------------------------------------------------------------
 */

static bool has_connections(void)
{
	return tcp_active_pcbs || tcp_tw_pcbs;
}

/* Is any interface in a state where ... */
static bool any_dhcp(bool (*test)(const struct dhcp *dhcp))
{
	struct netif *netif;

	NETIF_FOREACH(netif)
	{
		const struct dhcp *dhcp = netif_dhcp_data(netif);

		if (dhcp && test(dhcp))
			return true;
	}
	return false;
}

static bool dhcp_is_waiting(const struct dhcp *dhcp)
{
	return dhcp->request_timeout != 0;
}

static bool dhcp_has_lease(const struct dhcp *dhcp)
{
	return dhcp->state != DHCP_STATE_OFF;
}

static bool is_needed(const struct lwip_cyclic_timer *timer, uint64_t now_ns)
{
	if (timer->handler == tcp_tmr)
		return has_connections();
	if (timer->handler == dhcp_fine_tmr)
		return any_dhcp(dhcp_is_waiting);
	if (timer->handler == dhcp_coarse_tmr)
		return any_dhcp(dhcp_has_lease);
	return now_ns < timers.active_until_ns;
}

/* --- running ------------------------------------------------------------------------------------
 */

static uint64_t interval_ns(unsigned int index)
{
	return lwip_cyclic_timers[index].interval_ms * (uint64_t)UK_NSEC_PER_MSEC;
}

static void run_one(unsigned int index, uint64_t now_ns)
{
	uint64_t missed, rounds;

	if (timers.due_ns[index] > now_ns)
		return;
	missed = (now_ns - timers.due_ns[index]) / interval_ns(index);
	rounds = UK_MIN(missed + 1, (uint64_t)MAX_ROUNDS);
	/* TCP's clock stood still while there was no connection: nothing to make up for. */
	if (lwip_cyclic_timers[index].handler == tcp_tmr)
		rounds = 1;
	timers.due_ns[index] += (missed + 1) * interval_ns(index);
	while (rounds--)
		lwip_cyclic_timers[index].handler();
}

static void arm(uint64_t now_ns)
{
	uint64_t next = UINT64_MAX;

	timers.is_idle = true;
	for (int i = 0; i < lwip_num_cyclic_timers; i++) {
		const struct lwip_cyclic_timer *timer = &lwip_cyclic_timers[i];

		if (!is_needed(timer, now_ns))
			continue;
		next = UK_MIN(next, timers.due_ns[i]);
		if (timer->handler != dhcp_coarse_tmr)
			timers.is_idle = false;
	}
	timers.has_connections = has_connections();
	if (next != UINT64_MAX)
		ktimer_arm(&timers.ktimer, next);
}

void net_timers_run(void)
{
	uint64_t now = clock_monotonic_ns();

	if (net_saw_traffic)
		timers.active_until_ns = now + ACTIVE_NS;
	net_saw_traffic = false;
	for (int i = 0; i < lwip_num_cyclic_timers; i++)
		run_one((unsigned int)i, now);
	arm(now);
}

void net_timers_update(void)
{
	if ((timers.is_idle && net_saw_traffic) || (!timers.has_connections && has_connections()))
		net_timers_run();
}

/* --- what lwIP calls ----------------------------------------------------------------------------
 */

void sys_timeouts_init(void)
{
	uint64_t now = clock_monotonic_ns();

	UK_ASSERT(lwip_num_cyclic_timers <= MAX_TIMERS);
	ktimer_init(&timers.ktimer, expired);
	for (int i = 0; i < lwip_num_cyclic_timers; i++)
		timers.due_ns[i] = now + interval_ns((unsigned int)i);
	timers.is_idle = true;
}
