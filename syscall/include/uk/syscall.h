/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * System calls: one prototype per row of syscalls.def that is not ENOSYS.
 *
 * A handler is an ordinary function with the types of its man page; the table holds its address
 * cast to syscall_handler. That costs nothing and is sound under both ABIs we run on: arguments
 * come in registers, a function reads only those it has parameters for, and the upper half of a
 * register that carries an `int` is unspecified by the ABI, so the callee never looks at it
 * (System V AMD64 psABI 3.2.3, AAPCS64 6.8.2). Types narrower than int would break this (clang
 * expects its callers to extend them), hence the rule in syscalls.def. All results are `long`.
 *
 * A handler that replaces the user registers (execve, rt_sigreturn) sets UKARCH_WORK_REGS and
 * returns ukarch_regs_result(), so that it works the same under strace.
 */
#ifndef UK_SYSCALL_H
#define UK_SYSCALL_H

#include <asm/siginfo.h>
#include <asm/signal.h>
#include <linux/time_types.h>
#include <linux/types.h>
#include <uk/essentials.h>

struct __kernel_timex;
struct clone_args;
struct epoll_event;
struct futex_waitv;
struct iovec;
struct new_utsname;
struct open_how;
struct pollfd;
struct rlimit64;
struct rusage;
struct sched_attr;
struct stat;
struct statfs;
struct statx;
struct sysinfo;
struct task;
struct timezone;
struct tms;
struct uk_sigaction;

#define SYSCALL_PROTO_FULL(name, ...)    long sys_##name(__VA_ARGS__);
#define SYSCALL_PROTO_PARTIAL(name, ...) long sys_##name(__VA_ARGS__);
#define SYSCALL_PROTO_ENOSYS(name, ...)
#define SYSCALL(name, status, result, note, ...) SYSCALL_PROTO_##status(name, __VA_ARGS__)
#define A(type, name, kind)                      type name
#define NOARGS                                   void
#include "../../syscalls.def"
#undef SYSCALL
#undef A
#undef NOARGS

/** The handler of every call that is not there: -ENOSYS, and one line in the log per number. */
long sys_not_there(void);

/** The name of a call, or NULL when no row has this number. */
const char *syscall_name(unsigned long nr);

/** Makes `task` print its system calls from now on (kernel parameter strace=1). */
void strace_attach(struct task *task);

/** Did the kernel command line ask for strace? */
bool strace_is_requested(void);

#endif /* UK_SYSCALL_H */
