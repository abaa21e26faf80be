/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How fast the CPU counter (TSC) runs. What the machine states is taken: KVM's clock, CPUID leaf
 * 0x15 with a crystal frequency (Intel SDM vol. 2, CPUID), the hypervisors' common leaf 0x40000010.
 * Otherwise it is measured: channel 0 of the PIT counts from boot on, so a program that asks for
 * the time after that finds most of the interval already past; without a PIT the ACPI timer of
 * QEMU's chip sets or two edges of the real-time clock serve.
 *
 * The PIT wraps every 55 ms. A short measurement then gives the rough rate that tells how often.
 * Interrupts may be on: a look that was interrupted is merely a wide one.
 */
#include <uk/arch/cpu.h>
#include <uk/arch/x86.h>
#define UK_LOG_NAME "time: "
#include <uk/print.h>
#include <uk/string.h>
#include "pc.h"

#define EDGES      8     /* reference edges per measurement: each narrows the bounds */
#define DEAD_POLLS 20000 /* the reference did not move meanwhile: it is not there */
#define TRIES      3
#define ROUGH_NS   250000
#define ASSUMED_HZ 1000000000
/* Between boot and this many counts the PIT cannot have wrapped, at 100 MHz to 20 GHz. */
#define NO_WRAP_COUNTS 5000000

/* A reference clock since the moment from which it is compared. */
struct run {
	const struct pc_reference *reference;
	uint64_t start[2];    /* the CPU counter was between these ... */
	uint64_t start_ticks; /* ... when the reference began to show this */
};

struct look {
	uint64_t counter[2]; /* before and after */
	uint64_t shown;
};

static struct run since_boot;
static uint64_t known_hz;

void ukplat_counter_calibration_begin(void)
{
	since_boot.reference = &pc_pit;
	pc_pit_start(&since_boot.start[0], &since_boot.start[1]);
}

static void look_at(const struct pc_reference *reference, struct look *look)
{
	look->counter[0] = ukarch_counter();
	look->shown = reference->read();
	look->counter[1] = ukarch_counter();
}

/* Waits until the reference moves; the looks right before and after. false: it stands still. */
static bool find_edge(const struct pc_reference *reference, struct look *before, struct look *after)
{
	look_at(reference, after);
	for (unsigned int i = 0; i < DEAD_POLLS; i++) {
		*before = *after;
		look_at(reference, after);
		if (after->shown != before->shown)
			return true;
	}
	return false;
}

static uint64_t ticks_since(const struct run *run, const struct look *look, uint64_t rough_hz)
{
	uint64_t mask = run->reference->wrap_mask;
	uint64_t shown = (look->shown - run->start_ticks) & mask;
	uint64_t counts = look->counter[0] - run->start[1];

	if (!rough_hz)
		return shown;
	/* Reduced to microseconds first, so that days fit. */
	return pc_unwrap_ticks(shown, mask,
			       counts / (rough_hz / 1000000) * run->reference->hz / 1000000);
}

/* Compares over the run so far, at least `min_ns`. `rough_hz` is 0 while no wrap is possible. */
static bool measure(const struct run *run, uint64_t rough_hz, uint64_t min_ns,
		    struct pc_freq_bounds *bounds)
{
	uint64_t min_ticks = min_ns * (run->reference->hz / 1000) / 1000000 + 1;
	struct look before, after;
	unsigned int edges = 0;

	*bounds = (struct pc_freq_bounds){0, UINT64_MAX};
	while (edges < EDGES) {
		uint64_t ticks;

		if (!find_edge(run->reference, &before, &after))
			return false;
		ticks = ticks_since(run, &after, rough_hz);
		if (ticks < min_ticks)
			continue;
		pc_bounds_narrow(bounds, run->reference->hz, ticks, run->start, after.counter);
		ticks = ticks_since(run, &before, rough_hz);
		pc_bounds_narrow(bounds, run->reference->hz, ticks, run->start, before.counter);
		edges++;
	}
	return true;
}

/* A run that begins now, at an edge. */
static bool start_run(struct run *run, const struct pc_reference *reference)
{
	struct look before, after;

	if (!find_edge(reference, &before, &after))
		return false;
	*run = (struct run){reference, {before.counter[0], after.counter[1]}, after.shown};
	return true;
}

/* A host that stopped us for longer than the reference wraps makes nonsense of a measurement. */
static bool is_plausible(uint64_t hz)
{
	return hz >= 50000000 && hz <= 10000000000;
}

static bool measure_rough(const struct pc_reference *reference, uint64_t *hz)
{
	struct pc_freq_bounds bounds;
	struct run run;

	for (unsigned int i = 0; i < TRIES; i++) {
		if (!start_run(&run, reference) || !measure(&run, 0, ROUGH_NS, &bounds))
			return false;
		*hz = pc_bounds_best(&bounds);
		if (is_plausible(*hz))
			return true;
	}
	return false;
}

static bool measure_since_boot(uint64_t min_ns, struct ukplat_counter_freq *freq)
{
	struct pc_freq_bounds bounds;

	for (unsigned int i = 0; i < TRIES; i++) {
		uint64_t rough_hz = known_hz;
		bool may_have_wrapped = ukarch_counter() - since_boot.start[0] > NO_WRAP_COUNTS;

		if (may_have_wrapped && !rough_hz &&
		    !measure_rough(since_boot.reference, &rough_hz))
			return false;
		if (!measure(&since_boot, may_have_wrapped ? rough_hz : 0, min_ns, &bounds))
			return false;
		*freq = (struct ukplat_counter_freq){pc_bounds_best(&bounds),
						     since_boot.reference->name, false};
		if (is_plausible(freq->hz))
			return true;
	}
	return false;
}

static bool measure_rtc(struct ukplat_counter_freq *freq)
{
	uint64_t start;

	if (!pc_rtc_wait_for_second())
		return false;
	start = ukarch_counter();
	if (!pc_rtc_wait_for_second())
		return false;
	/* Over a whole second; measuring again would only cost another two. */
	*freq = (struct ukplat_counter_freq){ukarch_counter() - start, "rtc", true};
	return true;
}

bool pc_hypervisor_is(const char *signature)
{
	struct x86_cpuid id = x86_cpuid(1, 0);
	char name[16] = "";

	if (!(id.ecx >> 31))
		return false;
	id = x86_cpuid(0x40000000, 0);
	memcpy(name, &id.ebx, 4);
	memcpy(name + 4, &id.ecx, 4);
	memcpy(name + 8, &id.edx, 4);
	return strcmp(name, signature) == 0;
}

static uint64_t cpuid_hz(void)
{
	struct x86_cpuid id = x86_cpuid(0, 0);

	if (id.eax >= 0x15) {
		id = x86_cpuid(0x15, 0);
		if (id.eax && id.ebx && id.ecx)
			return (uint64_t)id.ecx * id.ebx / id.eax;
	}
	if (x86_cpuid(1, 0).ecx >> 31) {
		id = x86_cpuid(0x40000000, 0);
		if (id.eax >= 0x40000010 && id.eax < 0x40000100)
			return x86_cpuid(0x40000010, 0).eax * 1000UL;
	}
	return 0;
}

static bool stated(struct ukplat_counter_freq *freq)
{
	*freq = (struct ukplat_counter_freq){pc_pvclock_hz(), "pvclock", true};
	if (!freq->hz)
		*freq = (struct ukplat_counter_freq){cpuid_hz(), "cpuid", true};
	return freq->hz != 0;
}

void ukplat_counter_calibrate(uint64_t min_interval_ns, struct ukplat_counter_freq *freq)
{
	bool is_found = (!known_hz && stated(freq)) || measure_since_boot(min_interval_ns, freq);

	/* No PIT: from now on the next reference counts as if boot had been here. */
	if (!is_found && since_boot.reference == &pc_pit && start_run(&since_boot, &pc_pm_timer)) {
		known_hz = 0;
		is_found = measure_since_boot(min_interval_ns, freq);
	}
	if (!is_found && !measure_rtc(freq)) {
		*freq = (struct ukplat_counter_freq){ASSUMED_HZ, "assumed", true};
		uk_pr_warn("no clock to measure the CPU counter with; assuming %lu Hz\n", freq->hz);
	}
	known_hz = freq->hz;
}

uint64_t pc_counter_hz(void)
{
	struct ukplat_counter_freq freq;

	if (!known_hz)
		ukplat_counter_calibrate(2 * UK_NSEC_PER_MSEC, &freq);
	return known_hz;
}
