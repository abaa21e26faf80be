/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * KVM's paravirtual clock (Linux Documentation/virt/kvm/x86/msr.rst): the hypervisor writes how
 * the counter relates to its clock into a page of ours. It is asked once: the rate for
 * the calibration, the wall clock for boot; afterwards the counter alone serves.
 */
#include <uk/arch/cpu.h>
#include <uk/arch/msr.h>
#include <uk/arch/x86.h>
#include <uk/plat/bootinfo.h>
#include "pc.h"

#define MSR_KVM_WALL_CLOCK_NEW   0x4b564d00
#define MSR_KVM_SYSTEM_TIME_NEW  0x4b564d01
#define SYSTEM_TIME_ENABLE       1
#define CPUID_KVM_FEATURES       0x40000001
#define KVM_FEATURE_CLOCKSOURCE2 (1U << 3)

struct pvclock_time {
	uint32_t version, reserved0; /* odd while being written */
	uint64_t tsc_timestamp, system_time_ns;
	uint32_t tsc_to_system_mul;
	int8_t tsc_shift;
	uint8_t flags, reserved1[2];
};
_Static_assert(sizeof(struct pvclock_time) == 32, "KVM ABI");

struct pvclock_wall {
	uint32_t version, sec, nsec;
};

/* Written by the hypervisor; must not cross a page. */
static volatile struct pvclock_time system_time __uk_aligned(64);
static volatile struct pvclock_wall wall __uk_aligned(16);

static bool ask(struct pvclock_time *time)
{
	if (!pc_hypervisor_is("KVMKVMKVM") ||
	    !(x86_cpuid(CPUID_KVM_FEATURES, 0).eax & KVM_FEATURE_CLOCKSOURCE2))
		return false;
	wrmsr(MSR_KVM_SYSTEM_TIME_NEW, ukplat_image_to_phys(&system_time) | SYSTEM_TIME_ENABLE);
	do {
		*time = system_time;
	} while ((time->version & 1) || time->version != system_time.version);
	wrmsr(MSR_KVM_SYSTEM_TIME_NEW, 0);
	return time->version != 0 && time->tsc_to_system_mul != 0;
}

uint64_t pc_pvclock_hz(void)
{
	struct pvclock_time time;
	uint64_t hz;

	/* ns = (counts << shift) * mul >> 32, so counts per second = (10^9 << 32) / mul >> shift.
	 */
	if (!ask(&time))
		return 0;
	hz = ((uint64_t)UK_NSEC_PER_SEC << 32) / time.tsc_to_system_mul;
	return time.tsc_shift >= 0 ? hz >> time.tsc_shift : hz << -time.tsc_shift;
}

uint64_t pc_pvclock_wall_ns(void)
{
	struct pvclock_time time;
	uint32_t version;
	uint64_t boot_ns, delta;

	if (!ask(&time))
		return 0;
	wrmsr(MSR_KVM_WALL_CLOCK_NEW, ukplat_image_to_phys(&wall));
	do {
		version = wall.version;
		boot_ns = wall.sec * (uint64_t)UK_NSEC_PER_SEC + wall.nsec;
	} while ((version & 1) || version != wall.version);
	if (!boot_ns)
		return 0;
	delta = ukarch_counter() - time.tsc_timestamp;
	delta = time.tsc_shift >= 0 ? delta << time.tsc_shift : delta >> -time.tsc_shift;
	return boot_ns + time.system_time_ns +
	       (uint64_t)((__uint128_t)delta * time.tsc_to_system_mul >> 32);
}
