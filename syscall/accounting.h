/* SPDX-License-Identifier: BSD-3-Clause */
/* CPU time and capabilities of the current process (private to syscall/). */
#ifndef UK_SYSCALL_ACCOUNTING_H
#define UK_SYSCALL_ACCOUNTING_H

#include <uk/essentials.h>

struct process;

struct cpu_times {
	uint64_t user_ns, system_ns;
};
void process_cpu_times(const struct process *process, struct cpu_times *times);

/** Is capability CAP_* in the effective set of the current process? */
bool is_capable(unsigned int capability);

#endif /* UK_SYSCALL_ACCOUNTING_H */
