/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Crash reports and the end of the machine after a bug of our own. A report needs no memory beyond
 * its own buffer. A crash inside a report ends the machine with one line.
 */
#include <uk/arch/cpu.h>
#include <uk/arch/layout.h>
#include <uk/assert.h>
#include <uk/fmt.h>
#include <uk/plat/power.h>
#include <uk/signal.h>
#include <uk/string.h>
#include <uk/task.h>
#include "crash_priv.h"

#define MAX_REPORTERS 4

static void (*reporters[MAX_REPORTERS])(void);
static unsigned int reporter_count;

/* One report at a time; it may sleep. One of the kernel's own crash waits for nobody. */
static struct mutex reporting = MUTEX_INIT(reporting);
static bool is_last_report;
static char scratch[1280]; /* register dump, then path names */

void crash_register_reporter(void (*reporter)(void))
{
	UK_ASSERT(reporter_count < MAX_REPORTERS);
	reporters[reporter_count++] = reporter;
}

static void check_not_reporting(vaddr_t pc)
{
	if (!is_last_report && reporting.owner != current)
		return;
	uk_pr_crit("\ncrash inside a crash report, pc=0x%lx: giving up\n", pc);
	ukplat_exit(CRASH_EXIT_KERNEL);
}

static void begin_last_report(vaddr_t pc)
{
	ukarch_irq_disable();
	check_not_reporting(pc);
	is_last_report = true;
}

static void print_registers(const struct ukarch_regs *regs)
{
	char *line = scratch;

	ukarch_regs_describe(regs, scratch, sizeof(scratch));
	while (*line) {
		size_t len = strcspn(line, "\n");

		crash_line("%.*s", (int)len, line);
		line += len + (line[len] == '\n');
	}
}

static void run_reporters(void)
{
	uk_printk(UK_LOG_CRIT, "\n"); /* ends the report's last line */
	for (unsigned int i = 0; i < reporter_count; i++)
		reporters[i]();
}

void crash_report_program(const struct ukarch_regs *regs, const struct ukarch_fault *fault,
			  int signo)
{
	const char *name = signal_name(signo);

	check_not_reporting(ukarch_regs_pc(regs));
	mutex_lock(&reporting);
	scratch[0] = '\0';
	if (fault)
		crash_explain_fault(fault, scratch, sizeof(scratch));
	uk_pr_crit("%s[%d] killed by %s%s%s, pc=0x%lx", current->comm, current->tid,
		   name ? name : "a signal", fault ? ": " : "", scratch, ukarch_regs_pc(regs));
	print_registers(regs);
	crash_program_backtrace(regs);
	crash_print_mappings(scratch, sizeof(scratch));
	run_reporters();
	mutex_unlock(&reporting);
}

void crash_kernel(const struct ukarch_regs *regs, const struct ukarch_fault *fault)
{
	vaddr_t pc = ukarch_regs_pc(regs);

	begin_last_report(pc);
	uk_pr_crit("kernel crash: %s", fault->name);
	if (fault->kind == UKARCH_FAULT_PAGE)
		uk_printk(UK_LOG_CRIT, " at 0x%lx, %s", fault->addr,
			  fault->is_write  ? "writing"
			  : fault->is_exec ? "executing"
					   : "reading");
	uk_printk(UK_LOG_CRIT, ", pc=0x%lx, error code 0x%lx", pc, fault->error_code);
	print_registers(regs);
	if (crash_is_kernel_code(pc) || ukarch_regs_sp(regs) >= UKARCH_USER_END)
		crash_kernel_backtrace(pc, ukarch_regs_sp(regs), ukarch_regs_fp(regs));
	run_reporters();
	ukplat_exit(CRASH_EXIT_KERNEL);
}

/* Ends the machine from where it stands, with the callers of `frame`. */
static void __uk_noreturn die(vaddr_t pc, const void *frame)
{
	crash_kernel_backtrace(pc, (vaddr_t)frame, (vaddr_t)frame);
	run_reporters();
	ukplat_exit(CRASH_EXIT_KERNEL);
}

void uk_assert_failed(const char *expr, const char *file, int line)
{
	vaddr_t pc = (vaddr_t)__builtin_return_address(0);

	begin_last_report(pc);
	uk_pr_crit("kernel bug: assertion `%s` failed at %s:%d", expr, file, line);
	die(pc, __builtin_frame_address(0));
}

void uk_crash(const char *fmt, ...)
{
	vaddr_t pc = (vaddr_t)__builtin_return_address(0);
	va_list ap;

	begin_last_report(pc);
	uk_pr_crit("kernel crash: ");
	va_start(ap, fmt);
	uk_vprintk(UK_LOG_CRIT, fmt, ap);
	va_end(ap);
	die(pc, __builtin_frame_address(0));
}
