/* SPDX-License-Identifier: BSD-3-Clause */
/* Files about the machine: /proc/{meminfo,cpuinfo,stat,uptime,version,...}. proc(5). */
#include <uk/arch/cpu.h>
#include <uk/clock.h>
#include <uk/klog.h>
#include <uk/page.h>
#include <uk/plat/bootinfo.h>
#include <uk/string.h>
#include <uk/task.h>
#include <uk/uts.h>
#include "pid.h"

#define NS_PER_TICK  10000000UL /* USER_HZ 100 */
#define CPU_TEXT_MAX 4096
#define KIB_PER_PAGE (UK_PAGE_SIZE >> 10)

static void show_kib(struct seq *seq, const char *label, uint64_t kib)
{
	seq_printf(seq, "%-15s %8lu kB\n", label, kib);
}

void show_meminfo(struct seq *seq, const struct proc_ctx *ctx)
{
	static const char zeros[][16] = {
		"Buffers:",        "Cached:",       "SwapCached:",     "Active:",
		"Inactive:",       "Active(anon):", "Inactive(anon):", "Active(file):",
		"Inactive(file):", "Unevictable:",  "Mlocked:",        "SwapTotal:",
		"SwapFree:",       "Dirty:",        "Writeback:",      "AnonPages:",
		"Mapped:",         "Shmem:",        "KReclaimable:",   "Slab:",
		"SReclaimable:",   "SUnreclaim:",   "KernelStack:",    "PageTables:",
		"NFS_Unstable:",   "Bounce:",       "WritebackTmp:"};
	struct page_stats stats;
	uint64_t used;

	page_stats(&stats);
	used = stats.total_pages - stats.free_pages;
	show_kib(seq, "MemTotal:", stats.total_pages * KIB_PER_PAGE);
	show_kib(seq, "MemFree:", stats.free_pages * KIB_PER_PAGE);
	show_kib(seq, "MemAvailable:", stats.free_pages * KIB_PER_PAGE);
	for (size_t i = 0; i < UK_ARRAY_SIZE(zeros); i++)
		show_kib(seq, zeros[i], 0);
	/* Nothing is refused before memory is really used, so there is no commit limit to reach. */
	show_kib(seq, "CommitLimit:", stats.total_pages * KIB_PER_PAGE);
	show_kib(seq, "Committed_AS:", used * KIB_PER_PAGE);
	seq_puts(seq, "VmallocTotal:   34359738367 kB\n");
	show_kib(seq, "VmallocUsed:", 0);
	show_kib(seq, "VmallocChunk:", 0);
	show_kib(seq, "Percpu:", 0);
	show_kib(seq, "AnonHugePages:", 0);
	seq_puts(seq, "HugePages_Total:       0\nHugePages_Free:        0\n"
		      "HugePages_Rsvd:        0\nHugePages_Surp:        0\n");
	show_kib(seq, "Hugepagesize:", 2048);
	show_kib(seq, "Hugetlb:", 0);
}

void show_cpuinfo(struct seq *seq, const struct proc_ctx *ctx)
{
	char *room = seq_reserve(seq, CPU_TEXT_MAX);
	const uint64_t counts = 1000000000;
	uint64_t now = ukarch_counter();
	uint64_t ns = clock_counter_to_ns(now + counts) - clock_counter_to_ns(now);

	if (room)
		seq->len += (size_t)ukarch_cpu_describe(room, CPU_TEXT_MAX,
							ns ? counts * 1000000 / ns : 0);
}

void show_system_stat(struct seq *seq, const struct proc_ctx *ctx)
{
	uint64_t up_ns = clock_monotonic_ns(), busy_ns = UK_MIN(clock_cpu_ns(), up_ns);
	uint64_t busy = busy_ns / NS_PER_TICK, idle = (up_ns - busy_ns) / NS_PER_TICK;

	seq_printf(seq, "cpu  %lu 0 0 %lu 0 0 0 0 0 0\n", busy, idle);
	seq_printf(seq, "cpu0 %lu 0 0 %lu 0 0 0 0 0 0\n", busy, idle);
	seq_printf(seq, "intr 0\nctxt 0\nbtime %lu\n",
		   (clock_realtime_ns() - up_ns) / UK_NSEC_PER_SEC);
	seq_puts(seq, "processes 1\nprocs_running 1\nprocs_blocked 0\n"
		      "softirq 0 0 0 0 0 0 0 0 0 0 0\n");
}

static void show_centiseconds(struct seq *seq, uint64_t ns, char after)
{
	seq_printf(seq, "%lu.%02lu%c", ns / UK_NSEC_PER_SEC, ns % UK_NSEC_PER_SEC / NS_PER_TICK,
		   after);
}

void show_uptime(struct seq *seq, const struct proc_ctx *ctx)
{
	uint64_t up_ns = clock_monotonic_ns(), busy_ns = UK_MIN(clock_cpu_ns(), up_ns);

	show_centiseconds(seq, up_ns, ' ');
	show_centiseconds(seq, up_ns - busy_ns, '\n');
}

/* Load averages are not kept. */
void show_loadavg(struct seq *seq, const struct proc_ctx *ctx)
{
	const struct task *task;
	unsigned int threads = 0, running = 0;

	LIST_FOREACH (task, &current->process->threads, thread_link) {
		threads++;
		running += task->state == TASK_RUNNING;
	}
	seq_printf(seq, "0.00 0.00 0.00 %u/%u %d\n", running, threads, current->process->pid);
}

void show_version(struct seq *seq, const struct proc_ctx *ctx)
{
	seq_puts(seq, UTS_SYSNAME " version " UTS_RELEASE " (narthex@narthex) " UTS_VERSION "\n");
}

static void show_type(const char *name, const struct fs_type *type, void *seq)
{
	seq_printf(seq, "%s\t%s\n", type->needs_device ? "" : "nodev", name);
}

void show_filesystems(struct seq *seq, const struct proc_ctx *ctx)
{
	fs_for_each(show_type, seq);
}

void show_kernel_cmdline(struct seq *seq, const struct proc_ctx *ctx)
{
	seq_puts(seq, ukplat_bootinfo()->cmdline);
	seq_puts(seq, "\n");
}

void show_devices(struct seq *seq, const struct proc_ctx *ctx)
{
	seq_puts(seq, "Character devices:\n  1 mem\n  4 tty\n  4 ttyS\n  5 /dev/tty\n"
		      "  5 /dev/console\n\nBlock devices:\n");
}

void show_vmstat(struct seq *seq, const struct proc_ctx *ctx)
{
	const struct task *task;
	struct page_stats stats;
	unsigned long minor = 0, major = 0;

	page_stats(&stats);
	LIST_FOREACH (task, &current->process->threads, thread_link) {
		minor += task->minor_faults;
		major += task->major_faults;
	}
	seq_printf(seq,
		   "nr_free_pages %lu\nnr_anon_pages 0\nnr_mapped 0\nnr_file_pages 0\nnr_dirty 0\n"
		   "nr_writeback 0\npgpgin 0\npgpgout 0\npswpin 0\npswpout 0\npgfault %lu\n"
		   "pgmajfault %lu\noom_kill 0\n",
		   stats.free_pages, minor + major, major);
}

void show_swaps(struct seq *seq, const struct proc_ctx *ctx)
{
	seq_puts(seq, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
}

void show_cgroups(struct seq *seq, const struct proc_ctx *ctx)
{
	seq_puts(seq, "#subsys_name\thierarchy\tnum_cgroups\tenabled\n");
}

void show_log(struct seq *seq, const struct proc_ctx *ctx)
{
	struct uk_klog_record record;
	uint64_t position = 0;

	while (uk_klog_next(&position, &record)) {
		char stamp[UK_KLOG_STAMP_MAX];

		uk_klog_stamp(stamp, clock_counter_to_ns(record.counter));
		seq_printf(seq, "%s%s\n", stamp, record.text);
	}
}
