/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Settings under /proc/sys (and oom_score_adj, coredump_filter). Most are read by programs to
 * size themselves; what is written is kept and given back, within Linux' limits, and changes
 * nothing else, unless value_of() finds it with whom it concerns. Values are single words, so
 * readers need no lock.
 */
#include <uk/fmt.h>
#include <uk/heap.h>
#include <uk/inotify.h>
#include <uk/klog.h>
#include <uk/print.h>
#include <uk/random.h>
#include <uk/socket.h>
#include <uk/string.h>
#include <uk/uts.h>
#include <uk/vmspace.h>
#include "pid.h"

struct sysctl {
	int64_t value, min, max;
};

static struct sysctl sysctls[SYSCTL_COUNT] = {
	/* 1, always: what lazy memory amounts to. 2, never more than there is, cannot be had. */
	[SYSCTL_OVERCOMMIT_MEMORY] = {1, 0, 1},
	[SYSCTL_MAX_MAP_COUNT] = {0, 0, INT32_MAX},
	[SYSCTL_SWAPPINESS] = {60, 0, 200},
	[SYSCTL_DROP_CACHES] = {0, 1, 4},
	[SYSCTL_PIPE_MAX_SIZE] = {1048576, 4096, 1L << 31},
	[SYSCTL_SOMAXCONN] = {0, 0, INT32_MAX},
	[SYSCTL_MAX_DGRAM_QLEN] = {0, 0, INT32_MAX},
	[SYSCTL_WMEM_DEFAULT] = {0, 4608, INT32_MAX},
	[SYSCTL_WMEM_MAX] = {0, 4608, INT32_MAX},
	[SYSCTL_RMEM_DEFAULT] = {0, 2304, INT32_MAX},
	[SYSCTL_RMEM_MAX] = {0, 2304, INT32_MAX},
	[SYSCTL_OOM_SCORE_ADJ] = {0, -1000, 1000},
	[SYSCTL_COREDUMP_FILTER] = {0x33, 0, 0x1ff},
	[SYSCTL_MAX_QUEUED_EVENTS] = {0, 0, INT32_MAX},
	[SYSCTL_MAX_USER_INSTANCES] = {0, 0, INT32_MAX},
	[SYSCTL_MAX_USER_WATCHES] = {0, 0, INT32_MAX},
};

static int64_t *value_of(enum sysctl_number number)
{
	switch (number) {
	case SYSCTL_MAX_MAP_COUNT:
		return &vm_max_map_count;
	case SYSCTL_SOMAXCONN:
		return &socket_limits.somaxconn;
	case SYSCTL_MAX_DGRAM_QLEN:
		return &socket_limits.max_dgram_qlen;
	case SYSCTL_WMEM_DEFAULT:
		return &socket_limits.wmem_default;
	case SYSCTL_WMEM_MAX:
		return &socket_limits.wmem_max;
	case SYSCTL_RMEM_DEFAULT:
		return &socket_limits.rmem_default;
	case SYSCTL_RMEM_MAX:
		return &socket_limits.rmem_max;
	case SYSCTL_MAX_QUEUED_EVENTS:
		return &inotify_limits.max_queued_events;
	case SYSCTL_MAX_USER_INSTANCES:
		return &inotify_limits.max_user_instances;
	case SYSCTL_MAX_USER_WATCHES:
		return &inotify_limits.max_user_watches;
	default:
		return &sysctls[number].value;
	}
}

void show_sysctl(struct seq *seq, const struct proc_ctx *ctx)
{
	int64_t value = *value_of((enum sysctl_number)ctx->entry->arg);

	if (ctx->entry->arg == SYSCTL_COREDUMP_FILTER)
		seq_printf(seq, "%08lx\n", value);
	else
		seq_printf(seq, "%ld\n", value);
}

int store_sysctl(const struct proc_ctx *ctx, char *text, size_t len)
{
	const struct sysctl *sysctl = &sysctls[ctx->entry->arg];
	bool is_negative = *text == '-';
	uint64_t magnitude;
	int64_t value;

	if (uk_parse_u64(text + is_negative, 0, &magnitude) || magnitude > INT64_MAX)
		return -EINVAL;
	value = is_negative ? -(int64_t)magnitude : (int64_t)magnitude;
	if (value < sysctl->min || value > sysctl->max)
		return -EINVAL;
	*value_of((enum sysctl_number)ctx->entry->arg) = value;
	return 0;
}

/* --- names ------------------------------------------------------------------------------- */

void show_hostname(struct seq *seq, const struct proc_ctx *ctx)
{
	seq_printf(seq, "%s\n", uts_nodename);
}

void show_domainname(struct seq *seq, const struct proc_ctx *ctx)
{
	seq_printf(seq, "%s\n", uts_domainname);
}

static int store_name(char *name, const char *text, size_t len)
{
	if (len > UTS_NAME_MAX)
		return -EINVAL;
	memcpy(name, text, len + 1);
	return 0;
}

int store_hostname(const struct proc_ctx *ctx, char *text, size_t len)
{
	return store_name(uts_nodename, text, len);
}

int store_domainname(const struct proc_ctx *ctx, char *text, size_t len)
{
	return store_name(uts_domainname, text, len);
}

static char core_pattern[128] = "core";

void show_core_pattern(struct seq *seq, const struct proc_ctx *ctx)
{
	seq_printf(seq, "%s\n", core_pattern);
}

int store_core_pattern(const struct proc_ctx *ctx, char *text, size_t len)
{
	if (len >= sizeof(core_pattern))
		return -EINVAL;
	memcpy(core_pattern, text, len + 1);
	return 0;
}

/* The console's level as Linux counts them, and its defaults for the other three. */
void show_printk(struct seq *seq, const struct proc_ctx *ctx)
{
	unsigned int level = uk_klog_console_level();

	seq_printf(seq, "%u\t4\t1\t7\n", level <= UK_LOG_WARN ? level + 3 : level + 4);
}

/* --- random ------------------------------------------------------------------------------ */

/* A version 4 UUID of RFC 4122 out of 16 random bytes. */
static void put_uuid(struct seq *seq, const unsigned char bytes[16])
{
	for (unsigned int i = 0; i < 16; i++) {
		unsigned char byte = bytes[i];

		if (i == 6)
			byte = (byte & 0x0f) | 0x40;
		if (i == 8)
			byte = (byte & 0x3f) | 0x80;
		seq_printf(seq, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", byte);
	}
	seq_puts(seq, "\n");
}

void show_uuid(struct seq *seq, const struct proc_ctx *ctx)
{
	unsigned char bytes[16];

	random_bytes(bytes, sizeof(bytes));
	put_uuid(seq, bytes);
}

void show_boot_id(struct seq *seq, const struct proc_ctx *ctx)
{
	static unsigned char boot_id[16];
	static bool is_made;

	if (!is_made)
		random_bytes(boot_id, sizeof(boot_id));
	is_made = true;
	put_uuid(seq, boot_id);
}
