/* SPDX-License-Identifier: BSD-3-Clause */
/* What the drivers of the PC's on-board devices share. Not for other folders. */
#ifndef PLAT_PC_H
#define PLAT_PC_H

#include <uk/arch/types.h>
#include <uk/plat/time.h>

/* --- interrupt controllers ----------------------------------------------------------------------
 */

/** Where an I/O APIC sends the interrupt of one pin. */
struct pc_ioapic_route {
	unsigned int vector, apic_id;
	bool is_level;
};
/** Programs the pin of a global system interrupt. Interrupts off. 0, -ENODEV, -ENOMEM. */
int pc_ioapic_route(unsigned int gsi, const struct pc_ioapic_route *route);

/** Waits until everything written to the console is on the wire (or nobody takes it). */
void pc_uart_flush(void);

/** Is the hypervisor's CPUID signature (leaf 0x40000000) this one (12 characters)? */
bool pc_hypervisor_is(const char *signature);

/* --- a counter of known frequency, for measuring the CPU's (reference.c) ----------- */

struct pc_reference {
	const char *name;
	uint64_t hz;
	uint64_t wrap_mask;     /* the counter has this many ones */
	uint64_t (*read)(void); /* ticks, counting up */
};

/** The CPU counter's frequency as far as known; measures it the first time. */
uint64_t pc_counter_hz(void);

/** Starts channel 0 of the PIT; its count is 0 at a CPU counter value in [*before, *after]. */
void pc_pit_start(uint64_t *before, uint64_t *after);
extern const struct pc_reference pc_pit, pc_pm_timer;

/** Waits for the next second of the real-time clock to begin; false when it does not come. */
bool pc_rtc_wait_for_second(void);

/* --- KVM's paravirtual clock (pvclock.c) --------------------------------------------------------
 */

/** The counter's frequency as KVM states it; 0 when this is not KVM. */
uint64_t pc_pvclock_hz(void);
/** KVM's wall clock now, ns since 1970; 0 when this is not KVM. */
uint64_t pc_pvclock_wall_ns(void);

/* --- arithmetic of the calibration (calibrate_math.c, pure) -------------------------------------
 */

/** What is known of a frequency: it lies in [lo, hi]. */
struct pc_freq_bounds {
	uint64_t lo_hz, hi_hz;
};

/**
 * Narrows *bounds by one look at the reference: it showed `ticks` whole ticks since a start that
 * lies in [start_before, start_after] when the CPU counter was in [now_before, now_after].
 */
void pc_bounds_narrow(struct pc_freq_bounds *bounds, uint64_t reference_hz, uint64_t ticks,
		      const uint64_t start[2], const uint64_t now[2]);

/** The best single value: a whole multiple of 1 MHz if the bounds allow one, else the middle. */
uint64_t pc_bounds_best(const struct pc_freq_bounds *bounds);

/** The total of a wrapping counter that shows `shown`, given a rough estimate of the total. */
uint64_t pc_unwrap_ticks(uint64_t shown, uint64_t wrap_mask, uint64_t estimate);

#endif /* PLAT_PC_H */
