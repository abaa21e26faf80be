/* SPDX-License-Identifier: BSD-3-Clause */
/* /proc/<pid>/net: what the families of sockets tell. There is one network for all. */
#include <uk/socket.h>
#include "pid.h"

void show_net_unix(struct seq *seq, const struct proc_ctx *ctx)
{
	unix_show_all(seq);
}
