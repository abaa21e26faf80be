/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The engine of poll(2) and select(2): asks files for their readiness and waits on all their
 * queues at once. Works on arrays in kernel memory; syscall/ copies them in and out.
 */
#ifndef UK_SELECT_H
#define UK_SELECT_H

#include <uk/essentials.h>

struct pollfd;

/**
 * poll(2) until `deadline_ns` (monotonic; UK_NO_TIMEOUT for ever, 0 not at all). Sets revents of
 * every entry. Returns how many are not 0, or -EINTR (a signal is pending), -ENOMEM.
 */
long poll_files(struct pollfd *fds, unsigned int count, uint64_t deadline_ns);

/** The sets of select(2), bitmaps of `count` bits rounded up to longs; NULL: not asked for. */
struct select_sets {
	unsigned long *in, *out, *except;
};

/**
 * select(2): *sets are replaced by those that are ready, unless an error is returned. Returns the
 * number of bits set, or -EBADF, -EINTR, -ENOMEM.
 */
long select_files(unsigned int count, struct select_sets *sets, uint64_t deadline_ns);

#endif /* UK_SELECT_H */
