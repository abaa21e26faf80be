/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of core/net share. */
#ifndef NET_INTERNAL_H
#define NET_INTERNAL_H

#include <uk/netdev.h>

/* Kinds of work. */
#define NET_WORK_DEVICES 0x1
#define NET_WORK_TIMERS  0x2
#define NET_WORK_CONFIG  0x4 /* an address changed: files to write, outside net_lock */

/** There is work of this kind: soon, in any thread's context / for the net task. Any context. */
void net_raise(unsigned int kinds);
void net_raise_task(unsigned int kinds);

/* --- devices (netdev.c) -------------------------------------------------------------------------
 */
TAILQ_HEAD(netdev_list, netdev);
extern struct netdev_list netdevs; /* grows at boot only */

/** Every registered device becomes an interface. */
void netdev_add_all(void);
/** Polls the devices that asked for it, or were marked. */
void netdev_poll_marked(void);
void netdev_mark_all(void);
/** Kicks the devices that have something to send, after ourselves. */
void netdev_flush_all(void);
static inline struct netdev *netdev_of(const struct netif *netif)
{
	return uk_container_of(netif, struct netdev, netif);
}

/* --- header prediction (tcp_predict.c)
 * ------------------------------------------------------------
 */

/** A frame that came in. */
struct net_frame {
	const void *data;
	size_t len, total_len; /* at `data`, and altogether */
	struct pbuf *pbuf;     /* that holds it; NULL: what is wanted must be copied */
	enum netdev_rx_checksum checksum;
};

/** Handles the frame if it is what some flow waits for. true: done, frame->pbuf is NULL if it was
 *  used. */
bool net_tcp_predict(struct netif *netif, struct net_frame *frame);

/* --- lwIP's timers (timers.c) -------------------------------------------------------------------
 */
void net_timers_run(void);
extern bool net_saw_traffic; /* since the timers looked last; net_lock */
/** After anything that lwIP did: do its timers have to run? */
void net_timers_update(void);

/* --- configuration (config.c, dhcp.c, etc_files.c) ----------------------------------------------
 */

/** Reads netdev.ip=. */
void net_config_parse(void);
/** Starts DHCP or sets the address. */
void net_config_start(struct netdev *dev);
/** NET_WORK_CONFIG: logs what changed, writes files. May sleep; net_lock not held. */
void net_config_changed(void);
bool net_config_is_complete(void);

/** /etc/hosts, /etc/hostname, /etc/resolv.conf, where the root filesystem has none. */
void net_files_create(void);
/** /etc/resolv.conf again, if it is ours. */
void net_files_update(const struct netconf *conf);

#endif /* NET_INTERNAL_H */
