/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Everything in /proc and /sys, one row per name: the directories it is in, its type and mode,
 * and its text or who generates it. A directory row also says which directory it is.
 *
 * The texts are in the rows and not pointed to: a pointer in static data costs a relocation at
 * every boot.
 */
#include <linux/stat.h>
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
		.in = where, .mode = S_IFREG | 0444, .name = name_, .text = text_                  \
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
#define LINK_TEXT(where, name_, text_)                                                             \
	{                                                                                          \
		.in = where, .mode = S_IFLNK | 0777, .name = name_, .text = text_                  \
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
	FILE_SHOW(IN(ROOT), "filesystems", show_filesystems),
	FILE_SHOW(IN(ROOT), "loadavg", show_loadavg),
	FILE_SHOW(IN(ROOT), "meminfo", show_meminfo),
	LINK_TEXT(IN(ROOT), "mounts", "self/mounts"),
	DIRECTORY(IN(ROOT), "narthex", NARTHEX),
	FILE_SHOW(IN(ROOT), "stat", show_system_stat),
	FILE_SHOW(IN(ROOT), "swaps", show_swaps),
	DIRECTORY(IN(ROOT), "sys", SYS),
	FILE_SHOW(IN(ROOT), "uptime", show_uptime),
	FILE_SHOW(IN(ROOT), "version", show_version),
	FILE_SHOW(IN(ROOT), "vmstat", show_vmstat),

	/* /proc/<pid>, /proc/<pid>/task/<tid> */
	FILE_PRIVATE(OF_PID, "auxv", show_auxv),
	FILE_TEXT(OF_PID, "cgroup", "0::/\n"),
	FILE_SHOW(OF_PID, "cmdline", show_cmdline),
	FILE_STORE(OF_PID, "comm", show_comm, store_comm),
	FILE_SYSCTL(IN(PID), "coredump_filter", COREDUMP_FILTER),
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
	FILE_TEXT(OF_PID, "oom_adj", "0\n"),
	FILE_TEXT(OF_PID, "oom_score", "0\n"),
	FILE_SYSCTL(OF_PID, "oom_score_adj", OOM_SCORE_ADJ),
	FILE_TEXT(OF_PID, "personality", "00000000\n"),
	LINK_MAGIC(OF_PID, "root", place_root),
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

	/* /proc/narthex */
	FILE_SHOW(IN(NARTHEX), "log", show_log),

	/* /proc/sys */
	DIRECTORY(IN(SYS), "fs", SYS_FS),
	DIRECTORY(IN(SYS), "kernel", SYS_KERNEL),
	DIRECTORY(IN(SYS), "net", SYS_NET),
	DIRECTORY(IN(SYS), "vm", SYS_VM),
	FILE_SYSCTL(IN(SYS_FS), "file-max", FILE_MAX),
	FILE_SHOW(IN(SYS_FS), "file-nr", show_file_nr),
	DIRECTORY(IN(SYS_FS), "inotify", SYS_INOTIFY),
	FILE_SYSCTL(IN(SYS_FS), "nr_open", NR_OPEN),
	FILE_TEXT(IN(SYS_FS), "overflowgid", "65534\n"),
	FILE_TEXT(IN(SYS_FS), "overflowuid", "65534\n"),
	FILE_SYSCTL(IN(SYS_FS), "pipe-max-size", PIPE_MAX_SIZE),
	FILE_SYSCTL(IN(SYS_INOTIFY), "max_queued_events", MAX_QUEUED_EVENTS),
	FILE_SYSCTL(IN(SYS_INOTIFY), "max_user_instances", MAX_USER_INSTANCES),
	FILE_SYSCTL(IN(SYS_INOTIFY), "max_user_watches", MAX_USER_WATCHES),
	FILE_TEXT(IN(SYS_KERNEL), "cap_last_cap", "40\n"),
	FILE_STORE(IN(SYS_KERNEL), "core_pattern", show_core_pattern, store_core_pattern),
	FILE_STORE(IN(SYS_KERNEL), "domainname", show_domainname, store_domainname),
	FILE_STORE(IN(SYS_KERNEL), "hostname", show_hostname, store_hostname),
	FILE_TEXT(IN(SYS_KERNEL), "ngroups_max", "65536\n"),
	FILE_TEXT(IN(SYS_KERNEL), "osrelease", UTS_RELEASE "\n"),
	FILE_TEXT(IN(SYS_KERNEL), "ostype", UTS_SYSNAME "\n"),
	FILE_TEXT(IN(SYS_KERNEL), "overflowgid", "65534\n"),
	FILE_TEXT(IN(SYS_KERNEL), "overflowuid", "65534\n"),
	FILE_SYSCTL(IN(SYS_KERNEL), "pid_max", PID_MAX),
	DIRECTORY(IN(SYS_KERNEL), "random", SYS_RANDOM),
	FILE_SYSCTL(IN(SYS_KERNEL), "randomize_va_space", RANDOMIZE_VA_SPACE),
	FILE_TEXT(IN(SYS_KERNEL), "rtsig-max", "4096\n"),
	FILE_TEXT(IN(SYS_KERNEL), "seccomp", "\n"),
	FILE_TEXT(IN(SYS_KERNEL), "shmall", "18446744073692774399\n"),
	FILE_TEXT(IN(SYS_KERNEL), "shmmax", "18446744073692774399\n"),
	FILE_TEXT(IN(SYS_KERNEL), "shmmni", "4096\n"),
	FILE_TEXT(IN(SYS_KERNEL), "tainted", "0\n"),
	FILE_SYSCTL(IN(SYS_KERNEL), "threads-max", THREADS_MAX),
	FILE_TEXT(IN(SYS_KERNEL), "version", UTS_VERSION "\n"),
	DIRECTORY(IN(SYS_KERNEL), "yama", SYS_YAMA),
	FILE_SHOW(IN(SYS_RANDOM), "boot_id", show_boot_id),
	FILE_TEXT(IN(SYS_RANDOM), "entropy_avail", "256\n"),
	FILE_TEXT(IN(SYS_RANDOM), "poolsize", "256\n"),
	FILE_SHOW(IN(SYS_RANDOM), "uuid", show_uuid),
	FILE_SYSCTL(IN(SYS_YAMA), "ptrace_scope", PTRACE_SCOPE),
	FILE_SYSCTL(IN(SYS_VM), "drop_caches", DROP_CACHES),
	FILE_SYSCTL(IN(SYS_VM), "max_map_count", MAX_MAP_COUNT),
	FILE_SYSCTL(IN(SYS_VM), "mmap_min_addr", MMAP_MIN_ADDR),
	FILE_TEXT(IN(SYS_VM), "nr_hugepages", "0\n"),
	FILE_SYSCTL(IN(SYS_VM), "overcommit_memory", OVERCOMMIT_MEMORY),
	FILE_SYSCTL(IN(SYS_VM), "overcommit_ratio", OVERCOMMIT_RATIO),
	FILE_SYSCTL(IN(SYS_VM), "swappiness", SWAPPINESS),
	DIRECTORY(IN(SYS_NET), "core", SYS_NET_CORE),
	FILE_SYSCTL(IN(SYS_NET_CORE), "somaxconn", SOMAXCONN),

	/* /sys */
	DIRECTORY(IN(SYSFS), "devices", DEVICES),
	DIRECTORY(IN(SYSFS), "fs", FS),
	DIRECTORY(IN(SYSFS), "kernel", KERNEL),
	DIRECTORY(IN(DEVICES), "system", DEVICES_SYSTEM),
	DIRECTORY(IN(DEVICES_SYSTEM), "clocksource", CLOCKSOURCE),
	DIRECTORY(IN(DEVICES_SYSTEM), "cpu", CPU),
	DIRECTORY(IN(CLOCKSOURCE), "clocksource0", CLOCKSOURCE0),
	FILE_TEXT(IN(CLOCKSOURCE0), "available_clocksource", "tsc\n"),
	FILE_TEXT(IN(CLOCKSOURCE0), "current_clocksource", "tsc\n"),
	DIRECTORY(IN(CPU), "cpu0", CPU0),
	FILE_TEXT(IN(CPU), "kernel_max", "0\n"),
	FILE_TEXT(IN(CPU), "online", "0\n"),
	FILE_TEXT(IN(CPU), "possible", "0\n"),
	FILE_TEXT(IN(CPU), "present", "0\n"),
	FILE_TEXT(IN(CPU0), "online", "1\n"),
	DIRECTORY(IN(KERNEL), "mm", KERNEL_MM),
	DIRECTORY(IN(KERNEL_MM), "transparent_hugepage", THP),
	FILE_TEXT(IN(THP), "defrag", "madvise\n"),
	FILE_TEXT(IN(THP), "enabled", "always [madvise] never\n"),
	FILE_TEXT(IN(THP), "hpage_pmd_size", "2097152\n"),
};
const unsigned int proc_entry_count = UK_ARRAY_SIZE(proc_entries);

const struct proc_entry proc_fd_entry = {.mode = S_IFLNK, .place = place_fd};
const struct proc_entry proc_fdinfo_entry = {.mode = S_IFREG | 0444, .show = show_fdinfo};
const struct proc_entry proc_added_entry = {.mode = S_IFREG | 0444, .show = proc_show_added};
