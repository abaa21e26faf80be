/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the benchmark program share: raw calls, and what they measure. */
#ifndef BENCH_H
#define BENCH_H

/* One call of each of these is measured `n` times. They count what did not go as it should. */
void run_pthread_create_join(unsigned long n);
void run_futex_ping_pong(unsigned long n);
void run_pipe_ping_pong(unsigned long n);
void run_signal_self(unsigned long n);

void bench_failed(void);

#endif /* BENCH_H */
