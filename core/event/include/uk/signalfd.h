/* SPDX-License-Identifier: BSD-3-Clause */
/* signalfd(2): pending signals read from a file. */
#ifndef UK_SIGNALFD_H
#define UK_SIGNALFD_H

#include <linux/signalfd.h>
#include <uk/signal.h>

struct file;

/** A file that takes the signals of `mask`; SIGKILL and SIGSTOP are left out. SFD_CLOEXEC is the
 *  descriptor's. ERR_PTR(-ENOMEM). */
struct file *signalfd_create_file(sigset_t mask, int flags);
/** 0, or -EINVAL when it is no signalfd. */
int signalfd_set_mask(struct file *file, sigset_t mask);

/** What a read shows of a signal: the members its si_code says are there, all others 0. Pure. */
void signalfd_describe(struct signalfd_siginfo *out, const struct uk_siginfo *info);

#endif /* UK_SIGNALFD_H */
