/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The PC's counters of known frequency: channel 0 of the 8254 (Intel 82C54 data sheet) and the
 * ACPI power-management timer (ACPI 6.4, 4.8.3.3) where QEMU's chip sets have it.
 *
 * Channel 0 because it always counts: the gate of channel 2 hangs on port 0x61, which QEMU's
 * microvm does not have. Mode 0 raises its line once and then only counts; the line stays masked.
 */
#include <uk/arch/cpu.h>
#include <uk/arch/io.h>
#include "pc.h"

#define PIT_CHANNEL0   0x40
#define PIT_COMMAND    0x43
#define PIT_MODE0_LOHI 0x30
#define PIT_LATCH0     0x00
#define PIT_HZ         1193182

#define PM_TIMER_PORT 0x608
#define PM_TIMER_HZ   3579545

void pc_pit_start(uint64_t *before, uint64_t *after)
{
	/* Twice: the first time warms caches (an emulator's translation), the second counts. */
	for (unsigned int i = 0; i < 2; i++) {
		outb(PIT_COMMAND, PIT_MODE0_LOHI);
		outb(PIT_CHANNEL0, 0);
		*before = ukarch_counter();
		outb(PIT_CHANNEL0, 0); /* 65536: counting begins */
		*after = ukarch_counter();
	}
}

static uint64_t pit_read(void)
{
	uint16_t left;

	outb(PIT_COMMAND, PIT_LATCH0);
	left = inb(PIT_CHANNEL0);
	left |= (uint16_t)(inb(PIT_CHANNEL0) << 8);
	return (uint16_t)-left; /* it counts down from 65536 */
}

static uint64_t pm_timer_read(void)
{
	return inl(PM_TIMER_PORT) & 0xffffff;
}

const struct pc_reference pc_pit = {"pit", PIT_HZ, 0xffff, pit_read};
const struct pc_reference pc_pm_timer = {"acpi-pm", PM_TIMER_HZ, 0xffffff, pm_timer_read};
