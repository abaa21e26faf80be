/* SPDX-License-Identifier: BSD-3-Clause */
/* NETLINK_ROUTE (rtnetlink(7)): answers to requests (private to core/netinfo). */
#ifndef NETINFO_RTNETLINK_H
#define NETINFO_RTNETLINK_H

#include "nl_message.h"

struct netif;

/** Appends the answer, if there is one, to a request. 0, or -errno for the acknowledgement. */
int rtnetlink_answer(struct nl_writer *writer, const struct nlmsghdr *request);

/** For those who listen; net_lock() held. */
void rtnetlink_tell_link(struct nl_writer *writer, const struct netif *netif);
/** `type`: RTM_NEWADDR or RTM_DELADDR. */
struct if_address;
void rtnetlink_put_address(struct nl_writer *writer, uint16_t type, uint16_t flags,
			   const struct if_address *address);

#endif /* NETINFO_RTNETLINK_H */
