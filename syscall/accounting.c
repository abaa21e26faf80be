/* SPDX-License-Identifier: BSD-3-Clause */
/* CPU time as user and system time, and the capability test of the few calls that make one. */
#include <uk/task.h>
#include "accounting.h"

/* Program and kernel share a privilege level and a clock is not read at every call: all time
 * counts as the program's. */
void process_cpu_times(const struct process *process, struct cpu_times *times)
{
	*times = (struct cpu_times){.user_ns = process_cpu_ns(process)};
}

bool is_capable(unsigned int capability)
{
	return !(current->process->attributes.caps_lost_effective >> capability & 1);
}
