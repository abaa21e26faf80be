/* SPDX-License-Identifier: BSD-3-Clause */
/* The little of tasks and signals that core/vfs uses, without the UAPI headers that libc's clash
 * with. Numbers are Linux'. */
#ifndef UK_TASK_H
#define UK_TASK_H

#include <uk/lock.h>

#define RLIMIT_FSIZE  1
#define RLIMIT_NOFILE 7
#define RLIM_NLIMITS  16
#define ERESTARTSYS   512
#ifndef SIGPIPE
#define SIGPIPE 13
#define SIGXFSZ 25
#endif

struct creds {
	uint32_t uid, euid, suid, fsuid;
	uint32_t gid, egid, sgid, fsgid;
	unsigned int group_count;
	uint32_t groups[32];
};
struct process_attributes {
	uint64_t caps_lost_effective;
};
struct process {
	int pid;
	uint64_t rlimits[RLIM_NLIMITS];
	struct creds creds;
	struct process_attributes attributes;
};
struct task {
	struct process *process;
	struct fdtable *fdtable;
	struct fsctx *fs;
};

extern struct task machine_task;
#define current (&machine_task)

struct task *task_find(int tid);
uint64_t process_rlimit(unsigned int resource);
void signal_raise_self(int signo);

#endif /* UK_TASK_H */
