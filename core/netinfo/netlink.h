/* SPDX-License-Identifier: BSD-3-Clause */
/* Between netlink sockets and those who tell them something (private to core/netinfo). */
#ifndef NETINFO_NETLINK_H
#define NETINFO_NETLINK_H

#include <uk/essentials.h>

/** One message to everybody in a group (RTNLGRP_*). Any context. */
void netlink_tell(unsigned int group, const uint8_t *bytes, size_t len);
bool netlink_has_listeners(unsigned int group);

/** Brings the network up, and from the first time on tells of its changes. 0 or -ENOMEM. */
int netlink_start(void);

#endif /* NETINFO_NETLINK_H */
