/* SPDX-License-Identifier: BSD-3-Clause */
/* Files about the machine: /proc/{cpuinfo,stat,uptime,version,...}. proc(5). */
#include <uk/arch/cpu.h>
#include <uk/clock.h>
#include <uk/klog.h>
#include <uk/plat/bootinfo.h>
#include <uk/sched.h>
#include <uk/string.h>
#include <uk/task.h>
#include <uk/uts.h>
#include "pid.h"

#define NS_PER_TICK  10000000UL /* USER_HZ 100 */
#define CPU_TEXT_MAX 4096

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

static unsigned int count_processes(unsigned int *threads)
{
	unsigned int count = 0;

	*threads = 0;
	for (int pid = process_next_pid(1); pid > 0; pid = process_next_pid(pid + 1)) {
		const struct process *process = process_find(pid);

		count++;
		*threads += process ? process->thread_count : 0;
	}
	return count;
}

void show_system_stat(struct seq *seq, const struct proc_ctx *ctx)
{
	uint64_t up_ns = clock_monotonic_ns(), busy_ns = UK_MIN(clock_cpu_ns(), up_ns);
	uint64_t busy = busy_ns / NS_PER_TICK, idle = (up_ns - busy_ns) / NS_PER_TICK;
	struct sched_stats sched;
	unsigned int threads;

	sched_stats(&sched);
	seq_printf(seq, "cpu  %lu 0 0 %lu 0 0 0 0 0 0\n", busy, idle);
	seq_printf(seq, "cpu0 %lu 0 0 %lu 0 0 0 0 0 0\n", busy, idle);
	seq_printf(seq, "intr 0\nctxt %lu\nbtime %lu\n", sched.switches,
		   (clock_realtime_ns() - up_ns) / UK_NSEC_PER_SEC);
	seq_printf(seq, "processes %u\nprocs_running %u\nprocs_blocked 0\n",
		   count_processes(&threads), sched.runnable);
	seq_puts(seq, "softirq 0 0 0 0 0 0 0 0 0 0 0\n");
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
	struct sched_stats sched;
	unsigned int threads;

	sched_stats(&sched);
	count_processes(&threads);
	seq_printf(seq, "0.00 0.00 0.00 %u/%u %d\n", sched.runnable, threads, current->tid);
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
