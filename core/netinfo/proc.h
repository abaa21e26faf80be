/* SPDX-License-Identifier: BSD-3-Clause */
/* Texts of /proc/net that are made outside proc.c (private to core/netinfo). */
#ifndef NETINFO_PROC_H
#define NETINFO_PROC_H

struct seq;

void netinfo_show_dev_mcast(struct seq *seq);
void netinfo_show_igmp(struct seq *seq);
void netinfo_show_igmp6(struct seq *seq);
void netinfo_show_netlink(struct seq *seq);
void netinfo_show_netstat(struct seq *seq);
void netinfo_show_snmp(struct seq *seq);

#endif /* NETINFO_PROC_H */
