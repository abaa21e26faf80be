/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lwIP's pools (<lwip/memp.h>) on the kernel heap, without limits; a few objects of each kind that
 * were freed are kept for the next who asks. net_lock. And packets, whose memory ends first.
 */
#include <lwip/etharp.h>
#include <lwip/igmp.h>
#include <lwip/ip4_frag.h>
#include <lwip/ip6_frag.h>
#include <lwip/memp.h>
#include <lwip/mld6.h>
#include <lwip/pbuf.h>
#include <lwip/priv/nd6_priv.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/raw.h>
#include <lwip/timeouts.h>
#include <lwip/udp.h>
#include <uk/heap.h>
#include <uk/net.h>

#define SPARE_MAX 32

static const u16_t sizes[MEMP_MAX] = {
#define LWIP_MEMPOOL(name, num, size, desc) (u16_t)(size),
#include <lwip/priv/memp_std.h>
};

static struct pool {
	void *spare; /* linked through their first word */
	unsigned int spare_count;
} pools[MEMP_MAX];

#define SMALL_BYTES 512 /* headers, acknowledgements: they help to get rid of data */

void *net_malloc(unsigned long size)
{
	return size <= SMALL_BYTES || page_spare_count() ? uk_malloc(size) : NULL;
}

void memp_init(void)
{
}

void *memp_malloc(memp_t type)
{
	struct pool *pool = &pools[type];
	void *object = pool->spare;

	if (!object)
		return uk_malloc(sizes[type]);
	pool->spare = *(void **)object;
	pool->spare_count--;
	return object;
}

void memp_free(memp_t type, void *object)
{
	struct pool *pool = &pools[type];

	if (!object)
		return;
	if (pool->spare_count == SPARE_MAX) {
		uk_free(object);
		return;
	}
	*(void **)object = pool->spare;
	pool->spare = object;
	pool->spare_count++;
}
