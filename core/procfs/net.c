/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * /proc/<pid>/net and /sys/class/net: who tells what. There is one network for all processes; in an
 * image without one the texts are empty.
 */
#include <uk/netinfo.h>
#include <uk/socket.h>
#include "pid.h"

void show_net_unix(struct seq *seq, const struct proc_ctx *ctx)
{
	unix_show_all(seq);
}

/* AF_PACKET is missing, and so are its sockets. */
void show_net_packet(struct seq *seq, const struct proc_ctx *ctx)
{
	seq_puts(seq, "sk               RefCnt Type Proto  Iface R Rmem   User   Inode\n");
}

/* --- Internet sockets: proc_entry.arg is the family ------------------------------------------ */

void show_net_tcp(struct seq *seq, const struct proc_ctx *ctx)
{
	if (IS_ENABLED(CONFIG_LIBUKINET))
		inet_show_tcp(seq, ctx->entry->arg);
}

void show_net_udp(struct seq *seq, const struct proc_ctx *ctx)
{
	if (IS_ENABLED(CONFIG_LIBUKINET))
		inet_show_udp(seq, ctx->entry->arg);
}

void show_net_raw(struct seq *seq, const struct proc_ctx *ctx)
{
	if (IS_ENABLED(CONFIG_LIBUKINET))
		inet_show_raw(seq, ctx->entry->arg);
}

void show_net_icmp(struct seq *seq, const struct proc_ctx *ctx)
{
	if (IS_ENABLED(CONFIG_LIBUKINET))
		inet_show_icmp(seq, ctx->entry->arg);
}

void show_net_sockstat(struct seq *seq, const struct proc_ctx *ctx)
{
	if (IS_ENABLED(CONFIG_LIBUKINET))
		inet_show_sockstat(seq, ctx->entry->arg);
}

/* --- interfaces: proc_entry.arg is one of these ---------------------------------------------- */

void show_net_info(struct seq *seq, const struct proc_ctx *ctx)
{
	if (IS_ENABLED(CONFIG_LIBUKNET))
		netinfo_show(seq, (enum netinfo_text)ctx->entry->arg);
}

/* proc_ctx.fd is the index of the interface. */
void show_net_attribute(struct seq *seq, const struct proc_ctx *ctx)
{
	if (IS_ENABLED(CONFIG_LIBUKNET))
		netinfo_show_attribute(seq, (unsigned int)ctx->fd,
				       (enum netinfo_attribute)ctx->entry->arg);
}

int proc_net_index(const char *name)
{
	return IS_ENABLED(CONFIG_LIBUKNET) ? (int)netinfo_index(name) : 0;
}

int proc_net_next(int from)
{
	int index = IS_ENABLED(CONFIG_LIBUKNET) ? (int)netinfo_next((unsigned int)from) : 0;

	return index ? index : -1;
}

void proc_net_name(int index, char name[PROC_NET_NAME_MAX])
{
	name[0] = '\0';
	if (IS_ENABLED(CONFIG_LIBUKNET))
		netinfo_name((unsigned int)index, name);
}
