/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Everything in /proc and /sys, one row per name: the directories it is in, its type and mode,
 * and its text or who generates it. A directory row also says which directory it is.
 */
#include <linux/stat.h>
#include <uk/netinfo.h>
#include <uk/socket.h>
#include <uk/uts.h>
#include "pid.h"

#define IN(dir) PROC_IN(DIR_##dir)
/* Most of what a process has, each of its threads has too. */
#define OF_PID (IN(PID) | IN(TID))

#define DIRECTORY(where, name_, dir_)                                                              \
	{                                                                                          \
		.in = where, .mode = S_IFDIR | 0555, .dir = DIR_##dir_, .name = name_              \
	}
#define FILE_SHOW(where, name_, show_)                                                             \
	{                                                                                          \
		.in = where, .mode = S_IFREG | 0444, .name = name_, .show = show_                  \
	}
/* Only the owner may read what it tells. */
#define FILE_PRIVATE(where, name_, show_)                                                          \
	{                                                                                          \
		.in = where, .mode = S_IFREG | 0400, .name = name_, .show = show_                  \
	}
#define FILE_TEXT(where, name_, text_)                                                             \
	{                                                                                          \
		.in = where, .mode = S_IFREG | 0444, .name = name_ "\0" text_                      \
	}
#define FILE_STORE(where, name_, show_, store_)                                                    \
	{                                                                                          \
		.in = where, .mode = S_IFREG | 0644, .name = name_, .show = show_, .store = store_ \
	}
#define FILE_SYSCTL(where, name_, number_)                                                         \
	{                                                                                          \
		.in = where, .mode = S_IFREG | 0644, .name = name_, .arg = SYSCTL_##number_,       \
		.show = show_sysctl, .store = store_sysctl                                         \
	}
/* Of a family of sockets. */
#define FILE_FAMILY(where, name_, show_, family_)                                                  \
	{                                                                                          \
		.in = where, .mode = S_IFREG | 0444, .name = name_, .arg = UK_AF_##family_,        \
		.show = show_                                                                      \
	}
#define FILE_NETINFO(where, name_, text_)                                                          \
	{                                                                                          \
		.in = where, .mode = S_IFREG | 0444, .name = name_, .arg = NETINFO_##text_,        \
		.show = show_net_info                                                              \
	}
#define FILE_INTERFACE(where, name_, attribute_)                                                   \
	{                                                                                          \
		.in = where, .mode = S_IFREG | 0444, .name = name_, .arg = NETINFO_##attribute_,   \
		.show = show_net_attribute                                                         \
	}
#define LINK_TEXT(where, name_, text_)                                                             \
	{                                                                                          \
		.in = where, .mode = S_IFLNK | 0777, .name = name_ "\0" text_                      \
	}
#define LINK_SHOW(where, name_, show_)                                                             \
	{                                                                                          \
		.in = where, .mode = S_IFLNK | 0777, .name = name_, .show = show_                  \
	}
#define LINK_MAGIC(where, name_, place_)                                                           \
	{                                                                                          \
		.in = where, .mode = S_IFLNK | 0777, .name = name_, .place = place_                \
	}

const struct proc_entry proc_entries[] = {
	/* /proc */
	LINK_SHOW(IN(ROOT), "self", show_self),
	LINK_SHOW(IN(ROOT), "thread-self", show_thread_self),
	FILE_SHOW(IN(ROOT), "cgroups", show_cgroups),
	FILE_SHOW(IN(ROOT), "cmdline", show_kernel_cmdline),
	FILE_SHOW(IN(ROOT), "cpuinfo", show_cpuinfo),
	FILE_SHOW(IN(ROOT), "devices", show_devices),
	FILE_TEXT(IN(ROOT), "diskstats", ""),
	FILE_SHOW(IN(ROOT), "filesystems", show_filesystems),
	FILE_SHOW(IN(ROOT), "loadavg", show_loadavg),
	FILE_SHOW(IN(ROOT), "meminfo", show_meminfo),
	FILE_TEXT(IN(ROOT), "modules", ""),
	LINK_TEXT(IN(ROOT), "mounts", "self/mounts"),
	DIRECTORY(IN(ROOT), "narthex", NARTHEX),
	LINK_TEXT(IN(ROOT), "net", "self/net"),
	FILE_TEXT(IN(ROOT), "partitions", ""),
	FILE_SHOW(IN(ROOT), "stat", show_system_stat),
	FILE_SHOW(IN(ROOT), "swaps", show_swaps),
	DIRECTORY(IN(ROOT), "sys", SYS),
	FILE_SHOW(IN(ROOT), "uptime", show_uptime),
	FILE_SHOW(IN(ROOT), "version", show_version),
	FILE_SHOW(IN(ROOT), "vmstat", show_vmstat),

	/* /proc/<pid>, /proc/<pid>/task/<tid> */
	FILE_PRIVATE(OF_PID, "auxv", show_auxv),
	FILE_TEXT(OF_PID, "cgroup", "0::/\n"),
	FILE_SHOW(IN(TID), "children", show_children),
	FILE_SHOW(OF_PID, "cmdline", show_cmdline),
	FILE_STORE(OF_PID, "comm", show_comm, store_comm),
	FILE_SYSCTL(IN(PID), "coredump_filter", COREDUMP_FILTER),
	FILE_TEXT(OF_PID, "cpuset", "/\n"),
	LINK_MAGIC(OF_PID, "cwd", place_cwd),
	FILE_PRIVATE(OF_PID, "environ", show_environ),
	LINK_MAGIC(OF_PID, "exe", place_exe),
	DIRECTORY(OF_PID, "fd", FD),
	DIRECTORY(OF_PID, "fdinfo", FDINFO),
	FILE_SHOW(OF_PID, "gid_map", show_id_map),
	FILE_PRIVATE(OF_PID, "io", show_io),
	FILE_SHOW(OF_PID, "limits", show_limits),
	FILE_TEXT(OF_PID, "loginuid", "4294967295"),
	FILE_SHOW(OF_PID, "maps", show_maps),
	{.in = OF_PID, .mode = S_IFREG | 0600, .dir = PROC_FILE_MEMORY, .name = "mem"},
	FILE_SHOW(OF_PID, "mountinfo", show_mountinfo),
	FILE_SHOW(OF_PID, "mounts", show_mounts),
	DIRECTORY(OF_PID, "net", NET),
	DIRECTORY(OF_PID, "ns", NS),
	FILE_TEXT(OF_PID, "oom_adj", "0\n"),
	FILE_TEXT(OF_PID, "oom_score", "0\n"),
	FILE_SYSCTL(OF_PID, "oom_score_adj", OOM_SCORE_ADJ),
	FILE_PRIVATE(OF_PID, "personality", show_personality),
	FILE_SHOW(OF_PID, "projid_map", show_id_map),
	LINK_MAGIC(OF_PID, "root", place_root),
	FILE_SHOW(OF_PID, "schedstat", show_schedstat),
	FILE_TEXT(OF_PID, "sessionid", "4294967295"),
	FILE_TEXT(OF_PID, "setgroups", "allow\n"),
	FILE_SHOW(OF_PID, "smaps", show_smaps),
	FILE_SHOW(OF_PID, "smaps_rollup", show_smaps_rollup),
	FILE_SHOW(OF_PID, "stat", show_stat),
	FILE_SHOW(OF_PID, "statm", show_statm),
	FILE_SHOW(OF_PID, "status", show_status),
	DIRECTORY(IN(PID), "task", TASK),
	FILE_SHOW(OF_PID, "uid_map", show_id_map),
	FILE_SHOW(OF_PID, "wchan", show_wchan),
	/* There is one namespace of each kind, with the number Linux gives the first. */
	LINK_TEXT(IN(NS), "cgroup", "cgroup:[4026531835]"),
	LINK_TEXT(IN(NS), "ipc", "ipc:[4026531839]"),
	LINK_TEXT(IN(NS), "mnt", "mnt:[4026531841]"),
	LINK_TEXT(IN(NS), "net", "net:[4026531840]"),
	LINK_TEXT(IN(NS), "pid", "pid:[4026531836]"),
	LINK_TEXT(IN(NS), "pid_for_children", "pid:[4026531836]"),
	LINK_TEXT(IN(NS), "time", "time:[4026531834]"),
	LINK_TEXT(IN(NS), "user", "user:[4026531837]"),
	LINK_TEXT(IN(NS), "uts", "uts:[4026531838]"),

	/* /proc/<pid>/net */
	FILE_NETINFO(IN(NET), "arp", ARP),
	FILE_NETINFO(IN(NET), "dev", DEV),
	FILE_NETINFO(IN(NET), "dev_mcast", DEV_MCAST),
	FILE_FAMILY(IN(NET), "icmp", show_net_icmp, INET),
	FILE_FAMILY(IN(NET), "icmp6", show_net_icmp, INET6),
	FILE_NETINFO(IN(NET), "if_inet6", IF_INET6),
	FILE_NETINFO(IN(NET), "igmp", IGMP),
	FILE_NETINFO(IN(NET), "igmp6", IGMP6),
	FILE_NETINFO(IN(NET), "ipv6_route", IPV6_ROUTE),
	FILE_NETINFO(IN(NET), "netlink", NETLINK),
	FILE_NETINFO(IN(NET), "netstat", NETSTAT),
	FILE_SHOW(IN(NET), "packet", show_net_packet),
	FILE_FAMILY(IN(NET), "raw", show_net_raw, INET),
	FILE_FAMILY(IN(NET), "raw6", show_net_raw, INET6),
	FILE_NETINFO(IN(NET), "route", ROUTE),
	FILE_NETINFO(IN(NET), "snmp", SNMP),
	FILE_FAMILY(IN(NET), "sockstat", show_net_sockstat, INET),
	FILE_FAMILY(IN(NET), "sockstat6", show_net_sockstat, INET6),
	FILE_FAMILY(IN(NET), "tcp", show_net_tcp, INET),
	FILE_FAMILY(IN(NET), "tcp6", show_net_tcp, INET6),
	FILE_FAMILY(IN(NET), "udp", show_net_udp, INET),
	FILE_FAMILY(IN(NET), "udp6", show_net_udp, INET6),
	FILE_SHOW(IN(NET), "unix", show_net_unix),

	/* /proc/narthex */
	FILE_SHOW(IN(NARTHEX), "log", show_log),

	/* /proc/sys */
	DIRECTORY(IN(SYS), "fs", SYS_FS),
	DIRECTORY(IN(SYS), "kernel", SYS_KERNEL),
	DIRECTORY(IN(SYS), "net", SYS_NET),
	DIRECTORY(IN(SYS), "vm", SYS_VM),
	FILE_TEXT(IN(SYS_FS), "aio-max-nr", "65536\n"),
	FILE_TEXT(IN(SYS_FS), "aio-nr", "0\n"),
	DIRECTORY(IN(SYS_FS), "epoll", SYS_EPOLL),
	FILE_TEXT(IN(SYS_FS), "file-max", "9223372036854775807\n"),
	FILE_TEXT(IN(SYS_FS), "file-nr", "0\t0\t9223372036854775807\n"),
	DIRECTORY(IN(SYS_FS), "inotify", SYS_INOTIFY),
	FILE_TEXT(IN(SYS_FS), "nr_open", "1048576\n"),
	FILE_TEXT(IN(SYS_FS), "overflowgid", "65534\n"),
	FILE_TEXT(IN(SYS_FS), "overflowuid", "65534\n"),
	FILE_SYSCTL(IN(SYS_FS), "pipe-max-size", PIPE_MAX_SIZE),
	FILE_TEXT(IN(SYS_FS), "protected_fifos", "0\n"),
	FILE_TEXT(IN(SYS_FS), "protected_hardlinks", "0\n"),
	FILE_TEXT(IN(SYS_FS), "protected_regular", "0\n"),
	FILE_TEXT(IN(SYS_FS), "protected_symlinks", "0\n"),
	FILE_TEXT(IN(SYS_FS), "suid_dumpable", "0\n"),
	FILE_TEXT(IN(SYS_EPOLL), "max_user_watches", "9223372036854775807\n"),
	FILE_SYSCTL(IN(SYS_INOTIFY), "max_queued_events", MAX_QUEUED_EVENTS),
	FILE_SYSCTL(IN(SYS_INOTIFY), "max_user_instances", MAX_USER_INSTANCES),
	FILE_SYSCTL(IN(SYS_INOTIFY), "max_user_watches", MAX_USER_WATCHES),
	FILE_TEXT(IN(SYS_KERNEL), "cap_last_cap", "40\n"),
	FILE_STORE(IN(SYS_KERNEL), "core_pattern", show_core_pattern, store_core_pattern),
	FILE_TEXT(IN(SYS_KERNEL), "ctrl-alt-del", "0\n"),
	FILE_TEXT(IN(SYS_KERNEL), "dmesg_restrict", "0\n"),
	FILE_STORE(IN(SYS_KERNEL), "domainname", show_domainname, store_domainname),
	FILE_STORE(IN(SYS_KERNEL), "hostname", show_hostname, store_hostname),
	FILE_TEXT(IN(SYS_KERNEL), "kptr_restrict", "0\n"),
	FILE_TEXT(IN(SYS_KERNEL), "msgmax", "8192\n"),
	FILE_TEXT(IN(SYS_KERNEL), "msgmnb", "16384\n"),
	FILE_TEXT(IN(SYS_KERNEL), "msgmni", "32000\n"),
	FILE_TEXT(IN(SYS_KERNEL), "ngroups_max", "32\n"),
	FILE_TEXT(IN(SYS_KERNEL), "numa_balancing", "0\n"),
	FILE_TEXT(IN(SYS_KERNEL), "osrelease", UTS_RELEASE "\n"),
	FILE_TEXT(IN(SYS_KERNEL), "ostype", UTS_SYSNAME "\n"),
	FILE_TEXT(IN(SYS_KERNEL), "overflowgid", "65534\n"),
	FILE_TEXT(IN(SYS_KERNEL), "overflowuid", "65534\n"),
	FILE_TEXT(IN(SYS_KERNEL), "panic", "-1\n"),
	FILE_TEXT(IN(SYS_KERNEL), "panic_on_oops", "1\n"),
	FILE_TEXT(IN(SYS_KERNEL), "perf_event_paranoid", "4\n"),
	FILE_TEXT(IN(SYS_KERNEL), "pid_max", "32768\n"),
	FILE_SHOW(IN(SYS_KERNEL), "printk", show_printk),
	DIRECTORY(IN(SYS_KERNEL), "random", SYS_RANDOM),
	FILE_TEXT(IN(SYS_KERNEL), "randomize_va_space", "2\n"),
	FILE_TEXT(IN(SYS_KERNEL), "sched_rr_timeslice_ms", "100\n"),
	FILE_TEXT(IN(SYS_KERNEL), "sched_rt_period_us", "1000000\n"),
	FILE_TEXT(IN(SYS_KERNEL), "sched_rt_runtime_us", "-1\n"),
	FILE_TEXT(IN(SYS_KERNEL), "sem", "32000\t1024000000\t500\t32000\n"),
	FILE_TEXT(IN(SYS_KERNEL), "shmall", "18446744073692774399\n"),
	FILE_TEXT(IN(SYS_KERNEL), "shmmax", "18446744073692774399\n"),
	FILE_TEXT(IN(SYS_KERNEL), "shmmni", "4096\n"),
	FILE_TEXT(IN(SYS_KERNEL), "tainted", "0\n"),
	FILE_TEXT(IN(SYS_KERNEL), "threads-max", "32768\n"),
	FILE_TEXT(IN(SYS_KERNEL), "unprivileged_bpf_disabled", "2\n"),
	FILE_TEXT(IN(SYS_KERNEL), "version", UTS_VERSION "\n"),
	DIRECTORY(IN(SYS_KERNEL), "yama", SYS_YAMA),
	FILE_SHOW(IN(SYS_RANDOM), "boot_id", show_boot_id),
	FILE_TEXT(IN(SYS_RANDOM), "entropy_avail", "256\n"),
	FILE_TEXT(IN(SYS_RANDOM), "poolsize", "256\n"),
	FILE_SHOW(IN(SYS_RANDOM), "uuid", show_uuid),
	FILE_TEXT(IN(SYS_YAMA), "ptrace_scope", "0\n"),
	FILE_TEXT(IN(SYS_VM), "dirty_background_ratio", "10\n"),
	FILE_TEXT(IN(SYS_VM), "dirty_expire_centisecs", "3000\n"),
	FILE_TEXT(IN(SYS_VM), "dirty_ratio", "20\n"),
	FILE_TEXT(IN(SYS_VM), "dirty_writeback_centisecs", "500\n"),
	FILE_SYSCTL(IN(SYS_VM), "drop_caches", DROP_CACHES),
	FILE_SYSCTL(IN(SYS_VM), "max_map_count", MAX_MAP_COUNT),
	FILE_TEXT(IN(SYS_VM), "mmap_min_addr", "65536\n"),
	FILE_TEXT(IN(SYS_VM), "nr_hugepages", "0\n"),
	FILE_TEXT(IN(SYS_VM), "nr_overcommit_hugepages", "0\n"),
	FILE_TEXT(IN(SYS_VM), "overcommit_kbytes", "0\n"),
	FILE_SYSCTL(IN(SYS_VM), "overcommit_memory", OVERCOMMIT_MEMORY),
	FILE_TEXT(IN(SYS_VM), "overcommit_ratio", "50\n"),
	FILE_TEXT(IN(SYS_VM), "panic_on_oom", "0\n"),
	FILE_SYSCTL(IN(SYS_VM), "swappiness", SWAPPINESS),
	FILE_TEXT(IN(SYS_VM), "zone_reclaim_mode", "0\n"),
	DIRECTORY(IN(SYS_NET), "core", SYS_NET_CORE),
	DIRECTORY(IN(SYS_NET), "ipv4", SYS_NET_IPV4),
	DIRECTORY(IN(SYS_NET), "ipv6", SYS_NET_IPV6),
	DIRECTORY(IN(SYS_NET), "unix", SYS_NET_UNIX),
	FILE_TEXT(IN(SYS_NET_CORE), "busy_poll", "0\n"),
	FILE_TEXT(IN(SYS_NET_CORE), "busy_read", "0\n"),
	FILE_TEXT(IN(SYS_NET_CORE), "default_qdisc", "noqueue\n"),
	FILE_TEXT(IN(SYS_NET_CORE), "optmem_max", "65536\n"), /* CONTROL_MAX of sendmsg(2) */
	FILE_SYSCTL(IN(SYS_NET_CORE), "rmem_default", RMEM_DEFAULT),
	FILE_SYSCTL(IN(SYS_NET_CORE), "rmem_max", RMEM_MAX),
	FILE_SYSCTL(IN(SYS_NET_CORE), "somaxconn", SOMAXCONN),
	FILE_SYSCTL(IN(SYS_NET_CORE), "wmem_default", WMEM_DEFAULT),
	FILE_SYSCTL(IN(SYS_NET_CORE), "wmem_max", WMEM_MAX),
	FILE_SYSCTL(IN(SYS_NET_UNIX), "max_dgram_qlen", MAX_DGRAM_QLEN),
	/* What lwIP does, in Linux' words; it is not to be changed (core/net/lwip/lwipopts.h). */
	FILE_TEXT(IN(SYS_NET_IPV4), "icmp_echo_ignore_all", "0\n"),
	FILE_TEXT(IN(SYS_NET_IPV4), "icmp_echo_ignore_broadcasts", "1\n"),
	FILE_TEXT(IN(SYS_NET_IPV4), "ip_default_ttl", "64\n"),
	FILE_TEXT(IN(SYS_NET_IPV4), "ip_forward", "0\n"),
	FILE_TEXT(IN(SYS_NET_IPV4), "ip_local_port_range", "49152\t65535\n"),
	FILE_TEXT(IN(SYS_NET_IPV4), "ip_local_reserved_ports", "\n"),
	FILE_TEXT(IN(SYS_NET_IPV4), "ip_nonlocal_bind", "0\n"),
	FILE_TEXT(IN(SYS_NET_IPV4), "ip_unprivileged_port_start", "0\n"),
	FILE_TEXT(IN(SYS_NET_IPV4), "ping_group_range", "0\t2147483647\n"),
	FILE_TEXT(IN(SYS_NET_IPV4), "tcp_allowed_congestion_control", "reno\n"),
	FILE_TEXT(IN(SYS_NET_IPV4), "tcp_available_congestion_control", "reno\n"),
	FILE_TEXT(IN(SYS_NET_IPV4), "tcp_congestion_control", "reno\n"),
	FILE_TEXT(IN(SYS_NET_IPV4), "tcp_ecn", "0\n"),
	FILE_TEXT(IN(SYS_NET_IPV4), "tcp_fastopen", "0\n"),
	FILE_TEXT(IN(SYS_NET_IPV4), "tcp_fin_timeout", "20\n"),
	FILE_TEXT(IN(SYS_NET_IPV4), "tcp_keepalive_intvl", "75\n"),
	FILE_TEXT(IN(SYS_NET_IPV4), "tcp_keepalive_probes", "9\n"),
	FILE_TEXT(IN(SYS_NET_IPV4), "tcp_keepalive_time", "7200\n"),
	FILE_TEXT(IN(SYS_NET_IPV4), "tcp_max_syn_backlog", "4096\n"),
	FILE_TEXT(IN(SYS_NET_IPV4), "tcp_mtu_probing", "0\n"),
	FILE_TEXT(IN(SYS_NET_IPV4), "tcp_retries2", "12\n"),
	FILE_TEXT(IN(SYS_NET_IPV4), "tcp_rmem", "4096\t524288\t524288\n"),
	FILE_TEXT(IN(SYS_NET_IPV4), "tcp_sack", "1\n"),
	FILE_TEXT(IN(SYS_NET_IPV4), "tcp_slow_start_after_idle", "0\n"),
	FILE_TEXT(IN(SYS_NET_IPV4), "tcp_syn_retries", "6\n"),
	FILE_TEXT(IN(SYS_NET_IPV4), "tcp_syncookies", "0\n"),
	FILE_TEXT(IN(SYS_NET_IPV4), "tcp_timestamps", "1\n"),
	FILE_TEXT(IN(SYS_NET_IPV4), "tcp_tw_reuse", "0\n"),
	FILE_TEXT(IN(SYS_NET_IPV4), "tcp_window_scaling", "1\n"),
	FILE_TEXT(IN(SYS_NET_IPV4), "tcp_wmem", "4096\t524288\t524288\n"),
	FILE_TEXT(IN(SYS_NET_IPV6), "bindv6only", "0\n"),
	DIRECTORY(IN(SYS_NET_IPV6), "conf", SYS_NET_IPV6_CONF),
	DIRECTORY(IN(SYS_NET_IPV6_CONF), "all", SYS_NET_IPV6_IF),
	DIRECTORY(IN(SYS_NET_IPV6_CONF), "default", SYS_NET_IPV6_IF),
	DIRECTORY(IN(SYS_NET_IPV6_CONF), "lo", SYS_NET_IPV6_IF),
	FILE_TEXT(IN(SYS_NET_IPV6_IF), "accept_ra", "1\n"),
	FILE_TEXT(IN(SYS_NET_IPV6_IF), "disable_ipv6", "0\n"),
	FILE_TEXT(IN(SYS_NET_IPV6_IF), "forwarding", "0\n"),
	FILE_TEXT(IN(SYS_NET_IPV6_IF), "use_tempaddr", "0\n"),

	/* /sys: one CPU, one node */
	DIRECTORY(IN(SYSFS), "class", CLASS),
	DIRECTORY(IN(SYSFS), "devices", DEVICES),
	DIRECTORY(IN(SYSFS), "fs", FS),
	DIRECTORY(IN(SYSFS), "kernel", KERNEL),
	DIRECTORY(IN(DEVICES), "system", DEVICES_SYSTEM),
	DIRECTORY(IN(DEVICES_SYSTEM), "clocksource", CLOCKSOURCE),
	DIRECTORY(IN(DEVICES_SYSTEM), "cpu", CPU),
	DIRECTORY(IN(DEVICES_SYSTEM), "node", NODE),
	DIRECTORY(IN(CLOCKSOURCE), "clocksource0", CLOCKSOURCE0),
	FILE_TEXT(IN(CLOCKSOURCE0), "available_clocksource", "tsc\n"),
	FILE_TEXT(IN(CLOCKSOURCE0), "current_clocksource", "tsc\n"),
	DIRECTORY(IN(CPU), "cpu0", CPU0),
	FILE_TEXT(IN(CPU), "isolated", "\n"),
	FILE_TEXT(IN(CPU), "kernel_max", "0\n"),
	FILE_TEXT(IN(CPU), "offline", "\n"),
	FILE_TEXT(IN(CPU) | IN(NODE), "online", "0\n"),
	FILE_TEXT(IN(CPU) | IN(NODE), "possible", "0\n"),
	FILE_TEXT(IN(CPU), "present", "0\n"),
	FILE_TEXT(IN(CPU0), "online", "1\n"),
	DIRECTORY(IN(CPU0), "topology", TOPOLOGY),
	FILE_TEXT(IN(TOPOLOGY), "core_cpus", "1\n"),
	FILE_TEXT(IN(TOPOLOGY), "core_cpus_list", "0\n"),
	FILE_TEXT(IN(TOPOLOGY), "core_id", "0\n"),
	FILE_TEXT(IN(TOPOLOGY), "core_siblings", "1\n"),
	FILE_TEXT(IN(TOPOLOGY), "core_siblings_list", "0\n"),
	FILE_TEXT(IN(TOPOLOGY), "die_cpus", "1\n"),
	FILE_TEXT(IN(TOPOLOGY), "die_cpus_list", "0\n"),
	FILE_TEXT(IN(TOPOLOGY), "die_id", "0\n"),
	FILE_TEXT(IN(TOPOLOGY), "package_cpus", "1\n"),
	FILE_TEXT(IN(TOPOLOGY), "package_cpus_list", "0\n"),
	FILE_TEXT(IN(TOPOLOGY), "physical_package_id", "0\n"),
	FILE_TEXT(IN(TOPOLOGY), "thread_siblings", "1\n"),
	FILE_TEXT(IN(TOPOLOGY), "thread_siblings_list", "0\n"),
	FILE_TEXT(IN(NODE), "has_cpu", "0\n"),
	FILE_TEXT(IN(NODE), "has_memory", "0\n"),
	FILE_TEXT(IN(NODE), "has_normal_memory", "0\n"),
	DIRECTORY(IN(NODE), "node0", NODE0),
	LINK_TEXT(IN(NODE0), "cpu0", "../../cpu/cpu0"),
	FILE_TEXT(IN(NODE0), "cpulist", "0\n"),
	FILE_TEXT(IN(NODE0), "cpumap", "1\n"),
	FILE_TEXT(IN(NODE0), "distance", "10\n"),
	FILE_SHOW(IN(NODE0), "meminfo", show_node_meminfo),
	DIRECTORY(IN(KERNEL), "mm", KERNEL_MM),
	DIRECTORY(IN(KERNEL_MM), "hugepages", HUGEPAGES),
	DIRECTORY(IN(KERNEL_MM), "transparent_hugepage", THP),
	/* There is no pool of them: mmap(MAP_HUGETLB) is ENOMEM. */
	DIRECTORY(IN(HUGEPAGES), "hugepages-2048kB", HUGE_2M),
	FILE_TEXT(IN(HUGE_2M), "free_hugepages", "0\n"),
	FILE_TEXT(IN(HUGE_2M), "nr_hugepages", "0\n"),
	FILE_TEXT(IN(HUGE_2M), "nr_overcommit_hugepages", "0\n"),
	FILE_TEXT(IN(HUGE_2M), "resv_hugepages", "0\n"),
	FILE_TEXT(IN(HUGE_2M), "surplus_hugepages", "0\n"),
	FILE_TEXT(IN(THP), "defrag", "always [madvise] never\n"),
	FILE_TEXT(IN(THP), "enabled", "always [madvise] never\n"),
	FILE_TEXT(IN(THP), "hpage_pmd_size", "2097152\n"),
	FILE_TEXT(IN(THP), "shmem_enabled", "always [never]\n"),
	FILE_TEXT(IN(THP), "use_zero_page", "0\n"),
	/* No cgroup filesystem is mounted: runtimes then size themselves by the machine. */
	DIRECTORY(IN(FS), "cgroup", CGROUP),

	/* /sys/class/net/<interface> */
	DIRECTORY(IN(CLASS), "net", CLASS_NET),
	FILE_TEXT(IN(NET_IF), "addr_assign_type", "0\n"),
	FILE_TEXT(IN(NET_IF), "addr_len", "6\n"),
	FILE_INTERFACE(IN(NET_IF), "address", ADDRESS),
	FILE_INTERFACE(IN(NET_IF), "broadcast", BROADCAST),
	FILE_INTERFACE(IN(NET_IF), "carrier", CARRIER),
	FILE_TEXT(IN(NET_IF), "dev_id", "0x0\n"),
	FILE_TEXT(IN(NET_IF), "dev_port", "0\n"),
	FILE_TEXT(IN(NET_IF), "dormant", "0\n"),
	FILE_TEXT(IN(NET_IF), "duplex", "unknown\n"),
	FILE_INTERFACE(IN(NET_IF), "flags", FLAGS),
	FILE_TEXT(IN(NET_IF), "ifalias", ""),
	FILE_INTERFACE(IN(NET_IF), "ifindex", INDEX),
	FILE_INTERFACE(IN(NET_IF), "iflink", INDEX),
	FILE_TEXT(IN(NET_IF), "link_mode", "0\n"),
	FILE_INTERFACE(IN(NET_IF), "mtu", MTU),
	FILE_TEXT(IN(NET_IF), "netdev_group", "0\n"),
	FILE_INTERFACE(IN(NET_IF), "operstate", OPERSTATE),
	FILE_TEXT(IN(NET_IF), "speed", "-1\n"),
	DIRECTORY(IN(NET_IF), "statistics", NET_IF_STATISTICS),
	FILE_INTERFACE(IN(NET_IF), "tx_queue_len", TX_QUEUE_LEN),
	FILE_INTERFACE(IN(NET_IF), "type", TYPE),
	FILE_INTERFACE(IN(NET_IF_STATISTICS), "multicast", MULTICAST),
	FILE_INTERFACE(IN(NET_IF_STATISTICS), "rx_bytes", RX_BYTES),
	FILE_INTERFACE(IN(NET_IF_STATISTICS), "rx_dropped", RX_DROPPED),
	FILE_INTERFACE(IN(NET_IF_STATISTICS), "rx_errors", RX_ERRORS),
	FILE_INTERFACE(IN(NET_IF_STATISTICS), "rx_packets", RX_PACKETS),
	FILE_INTERFACE(IN(NET_IF_STATISTICS), "tx_bytes", TX_BYTES),
	FILE_INTERFACE(IN(NET_IF_STATISTICS), "tx_dropped", TX_DROPPED),
	FILE_INTERFACE(IN(NET_IF_STATISTICS), "tx_errors", TX_ERRORS),
	FILE_INTERFACE(IN(NET_IF_STATISTICS), "tx_packets", TX_PACKETS),
};
const unsigned int proc_entry_count = UK_ARRAY_SIZE(proc_entries);

const struct proc_entry proc_fd_entry = {.mode = S_IFLNK, .place = place_fd};
const struct proc_entry proc_fdinfo_entry = {.mode = S_IFREG | 0444, .show = show_fdinfo};
const struct proc_entry proc_added_entry = {.mode = S_IFREG | 0444, .show = proc_show_added};
