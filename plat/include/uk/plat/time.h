/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Hardware clocks below core/time: how fast the CPU counter runs and what day it is.
 */
#ifndef UK_PLAT_TIME_H
#define UK_PLAT_TIME_H

#include <uk/essentials.h>

/** Where a frequency came from; decides whether it needs refinement. */
struct ukplat_counter_freq {
	uint64_t hz;
	const char *source; /* "pvclock", "cpuid", "pit", "acpi-pm" */
	bool is_exact;      /* stated by the machine, not measured */
};

/** Remembers the counter and the reference clock now, for a later measurement. Called at boot. */
void ukplat_counter_calibration_begin(void);

/**
 * The counter's frequency. Measured against the reference clock over the time since
 * calibration_begin, waiting only for what is missing to `min_interval_ns`.
 */
void ukplat_counter_calibrate(uint64_t min_interval_ns, struct ukplat_counter_freq *freq);

/** Wall clock now, ns since 1970-01-01 UTC; 0 when the machine has none. Reads the hardware. */
uint64_t ukplat_wallclock_ns(void);

#endif /* UK_PLAT_TIME_H */
