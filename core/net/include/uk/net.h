/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The network: lwIP's raw API (<lwip/tcp.h>, <lwip/udp.h>, <lwip/raw.h>, <lwip/netif.h>) under one
 * lock. Whoever holds net_lock() may call lwIP; every callback of lwIP comes with it held.
 *
 *   interrupt -> deferred work: net_poll() -> device -> lwIP -> callbacks of the sockets
 *   net_unlock() -> frames that were sent go to the devices, once for all of them
 *
 * What arrives is handled by itself, before the interrupted thread goes on and before a CPU idles
 * (<uk/deferred.h>): a socket's callback wakes its sleepers, and that is all there is to do. A
 * thread that will look at a socket anyway may call net_poll() first.
 *
 * Nothing sleeps with the lock held. Lock order: net_lock is inside every lock of the VFS and of a
 * program's memory; nothing but irq-off locks is inside it. So nothing may be copied from or to a
 * program with it held.
 */
#ifndef UK_NET_H
#define UK_NET_H

#include <sys/queue.h>
#include <uk/essentials.h>
#include <uk/page.h>

struct netif;

/** Boot: brings lwIP and the devices found by then up, configures them (netdev.ip=), starts the
 *  net task. A machine without a device pays for it only at the first net_start(). 0 or -errno. */
int net_init(void);
/** Boot, with interrupts on: waits as netdev.wait= says. */
void net_wait_configured(void);
/** The network is up when this returns: loopback at least. For socket(2). 0 or -ENOMEM. */
int net_start(void);

void net_lock(void);
/** Sends what was queued, delivers what was sent to ourselves. */
void net_unlock(void);
/** For assertions. */
bool net_is_locked_by_us(void);

/** Has something arrived (or a timer passed) that nobody has handled yet? Any context. */
bool net_has_work(void);
/** Handles it. net_lock held. */
void net_poll(void);

/* --- memory -------------------------------------------------------------------------------------
 */

/** Should less be on its way than usually may? What waits for slow readers must not take the memory
 *  that the program needs. */
static inline bool net_memory_is_short(void)
{
	struct page_stats stats;

	page_stats(&stats);
	return stats.free_pages < stats.total_pages / 16;
}
/** For lwIP: as uk_malloc(), but of the last that is left packets get none. */
void *net_malloc(unsigned long size);

/* --- flows: connections whose segments take the short way (tcp_predict.c). net_lock held
 * ----------
 */

struct tcp_pcb;

struct net_flow {
	LIST_ENTRY(net_flow) link;
	struct tcp_pcb *pcb; /* NULL: not in the table */
	uint64_t addresses;  /* as they follow each other in a packet that comes in */
	uint32_t ports;
};

/** The connection is established, and lwIP's callbacks for it neither close nor abort it. Only
 *  IPv4 is for the short way. */
void net_flow_add(struct net_flow *flow, struct tcp_pcb *pcb);
/** Before the control block goes its own way; of a flow that never was one (pcb NULL), too. */
void net_flow_remove(struct net_flow *flow);

/* --- sending without a copy too many (tcp_output.c) ----------------------------------------------
 */

struct pbuf;

/** The most data that one segment of an established connection carries. */
size_t net_tcp_segment_max(const struct tcp_pcb *pcb);
/** How much of what tcp_write() gets next goes into the last segment that was not sent yet. */
size_t net_tcp_tail_room(const struct tcp_pcb *pcb);
/** A piece: `len` bytes at its payload, to be filled in. There may be `room` for more behind. NULL:
 *  no memory. net_lock need not be held. */
struct pbuf *net_tcp_alloc(size_t len, size_t room);
/** Pieces linked by `next` that were not appended. */
void net_tcp_free(struct pbuf *pieces);
/** Queues pieces linked by `next`, below 64 KiB together, each at most net_tcp_segment_max() long,
 *  as segments for tcp_output(). They are taken over in any case. The last one has `room` left.
 *  `flags`: TCP_WRITE_FLAG_MORE. Returns an err_t: ERR_OK, ERR_MEM (nothing was queued), ERR_CONN.
 */
signed char net_tcp_append(struct tcp_pcb *pcb, struct pbuf *pieces, size_t room,
			   unsigned char flags);

/* --- interfaces: lwIP's list, with Linux' names. net_lock held -----------------------------------
 */

#define NET_NAME_MAX 16 /* IFNAMSIZ, with the NUL */

/** "lo", "eth0". Lives as long as the interface. */
const char *net_if_name(const struct netif *netif);
/** By name or by index (netif_get_index(): lo is 1); NULL. */
struct netif *net_if_by_name(const char *name);
struct netif *net_if_by_index(unsigned int index);

/** The counters of /proc/net/dev. */
struct net_if_stats {
	uint64_t rx_bytes, rx_packets, rx_errors, rx_dropped, rx_multicast;
	uint64_t tx_bytes, tx_packets, tx_errors, tx_dropped;
};
void net_if_stats(const struct netif *netif, struct net_if_stats *stats);

#endif /* UK_NET_H */
