/* SPDX-License-Identifier: BSD-3-Clause */
/* Generators of procfs, by file; table.c puts them in their places. */
#ifndef PROCFS_PID_H
#define PROCFS_PID_H

#include <linux/mount.h>
#include <uk/task.h>
#include "procfs_internal.h"

typedef void proc_show(struct seq *seq, const struct proc_ctx *ctx);
typedef int proc_store(const struct proc_ctx *ctx, char *text, size_t len);
typedef int proc_place(const struct proc_ctx *ctx, struct path *place);

/* pid_files.c */
proc_place place_fd, place_exe, place_cwd, place_root;
proc_show show_fdinfo, show_mounts, show_mountinfo;
/** As in /proc/self/mountinfo; 0 when it is not mounted. */
unsigned int proc_mount_id(const struct mount *mount);

/* pid_usage.c */
/** Of the thread, or of the whole process, as the file is about one or the other. */
void proc_usage_of(const struct proc_ctx *ctx, struct task_usage *usage);
struct proc_signals {
	uint64_t pending, shared_pending, blocked, ignored, caught; /* sets */
	unsigned int queued;
};
struct proc_signals proc_signals_of(const struct proc_ctx *ctx);

/* pid_status.c */
proc_show show_status;
char proc_state_letter(const struct task *task);
int proc_parent_pid(const struct process *process);

/* pid_stat.c */
proc_show show_stat, show_statm, show_schedstat;

/* pid_misc.c */
proc_show show_self, show_thread_self, show_comm, show_wchan, show_personality, show_id_map;
proc_show show_children, show_limits, show_io;
proc_store store_comm;

/* pid_maps.c */
proc_show show_maps, show_smaps, show_smaps_rollup, show_cmdline, show_environ, show_auxv;

/* meminfo.c */
proc_show show_meminfo, show_node_meminfo, show_vmstat;

/* system.c */
proc_show show_cpuinfo, show_system_stat, show_uptime, show_loadavg, show_version;
proc_show show_filesystems, show_kernel_cmdline, show_devices, show_log, show_swaps;
proc_show show_cgroups;

/* net.c */
proc_show show_net_unix, show_net_tcp, show_net_udp, show_net_raw, show_net_icmp;
proc_show show_net_packet, show_net_sockstat, show_net_info, show_net_attribute;

/* sysctl.c */
proc_show show_sysctl, show_hostname, show_domainname, show_boot_id, show_uuid;
proc_show show_core_pattern, show_printk;
proc_store store_sysctl, store_hostname, store_domainname, store_core_pattern;

/* Settable numbers, by proc_entry.arg. */
enum sysctl_number {
	SYSCTL_OVERCOMMIT_MEMORY,
	SYSCTL_MAX_MAP_COUNT,
	SYSCTL_SWAPPINESS,
	SYSCTL_DROP_CACHES,
	SYSCTL_PIPE_MAX_SIZE,
	SYSCTL_SOMAXCONN,
	SYSCTL_MAX_DGRAM_QLEN,
	SYSCTL_WMEM_DEFAULT,
	SYSCTL_WMEM_MAX,
	SYSCTL_RMEM_DEFAULT,
	SYSCTL_RMEM_MAX,
	SYSCTL_OOM_SCORE_ADJ,
	SYSCTL_COREDUMP_FILTER,
	SYSCTL_MAX_QUEUED_EVENTS,
	SYSCTL_MAX_USER_INSTANCES,
	SYSCTL_MAX_USER_WATCHES,
	SYSCTL_COUNT,
};

#endif /* PROCFS_PID_H */
