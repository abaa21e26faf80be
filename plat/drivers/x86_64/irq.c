/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Interrupt vectors and the one-shot timer: local APIC (xAPIC registers; Intel SDM vol. 3,
 * chapter 11), and the two 8259 that are only silenced. ioapic.c has the lines' side.
 *
 * Boot masks the 8259s and nothing more. The APICs are mapped and enabled when the first
 * interrupt is registered or the timer is first armed, so a program that needs neither pays for
 * neither.
 *
 *   vector 0x20 + n   ISA line n                       0xe0  timer
 *   vector 0x30-0xcf  other lines, MSI; as they come   0xff  spurious
 *   vector 0xd0-0xdf  the 8259s' own
 *
 * State changes with interrupts off only; there is one CPU.
 */
#include <linux/errno.h>
#include <uk/arch/cpu.h>
#include <uk/arch/io.h>
#include <uk/arch/msr.h>
#include <uk/arch/upcall.h>
#include <uk/arch/x86.h>
#define UK_LOG_NAME "irq: "
#include <uk/plat/irq.h>
#include <uk/plat/mmio.h>
#include <uk/print.h>
#include "pc.h"

#define VECTOR_FIRST    0x20
#define VECTOR_FREE     0x30
#define VECTOR_8259     0xd0
#define VECTOR_TIMER    0xe0
#define VECTOR_SPURIOUS 0xff
#define VECTORS         (VECTOR_8259 - VECTOR_FIRST)
#define ISA_LINES       16
#define RATE_SHIFT      30 /* up to 17 GHz in 64 bits */

#define PIC1_COMMAND 0x20
#define PIC1_DATA    0x21
#define PIC2_COMMAND 0xa0
#define PIC2_DATA    0xa1

#define MSR_APIC_BASE       0x1b
#define APIC_BASE_X2APIC    (1UL << 10)
#define APIC_BASE_ENABLE    (1UL << 11)
#define APIC_BASE_ADDR      0x000ffffffffff000UL
#define MSR_TSC_DEADLINE    0x6e0
#define CPUID1_EDX_APIC     (1U << 9)
#define CPUID1_ECX_DEADLINE (1U << 24)

/* Local APIC registers, as indices of 32-bit words. */
#define LAPIC_ID            (0x020 / 4)
#define LAPIC_TPR           (0x080 / 4)
#define LAPIC_EOI           (0x0b0 / 4)
#define LAPIC_SPURIOUS      (0x0f0 / 4)
#define LAPIC_IN_SERVICE    (0x100 / 4) /* 8 words, 16 bytes apart */
#define LAPIC_LVT_TIMER     (0x320 / 4)
#define LAPIC_TIMER_INITIAL (0x380 / 4)
#define LAPIC_TIMER_CURRENT (0x390 / 4)
#define LAPIC_TIMER_DIVIDE  (0x3e0 / 4)
#define LAPIC_SW_ENABLE     0x100
#define LVT_MASKED          0x10000
#define LVT_TSC_DEADLINE    0x40000

#define MSI_ADDRESS 0xfee00000UL /* | APIC id << 12: fixed delivery to this CPU, edge */

enum vector_use { VECTOR_UNUSED, VECTOR_EDGE, VECTOR_LEVEL, VECTOR_MSI };

static struct {
	volatile uint32_t *lapic; /* NULL until first used */
	struct irq_vector {
		struct ukplat_irq_action *actions;
		enum vector_use use;
		unsigned int gsi;
	} vectors[VECTORS];
	struct ukplat_irq_action isa_actions[ISA_LINES];
} irq;

static struct {
	void (*expired)(void);
	bool is_ready, has_deadline; /* has_deadline: in units of the CPU counter */
	unsigned int divide_shift;   /* as programmed */
	uint64_t ticks_per_ns;       /* of the undivided timer, scaled by 2^RATE_SHIFT */
} timer;

void ukplat_irq_init(void)
{
	/* Initialisation words 1 to 4, then every line masked. */
	outb(PIC1_COMMAND, 0x11);
	outb(PIC2_COMMAND, 0x11);
	outb(PIC1_DATA, VECTOR_8259);
	outb(PIC2_DATA, VECTOR_8259 + 8);
	outb(PIC1_DATA, 0x04);
	outb(PIC2_DATA, 0x02);
	outb(PIC1_DATA, 0x01);
	outb(PIC2_DATA, 0x01);
	outb(PIC1_DATA, 0xff);
	outb(PIC2_DATA, 0xff);
}

/* Maps and enables the local APIC once. Interrupts off. */
static int lapic_enable(void)
{
	uint64_t base;

	if (irq.lapic)
		return 0;
	if (!(x86_cpuid(1, 0).edx & CPUID1_EDX_APIC))
		return -ENODEV;
	base = rdmsr(MSR_APIC_BASE);
	if (base & APIC_BASE_X2APIC) {
		/* Firmware chose the MSR interface; the way back leads through "disabled". */
		base &= ~(APIC_BASE_X2APIC | APIC_BASE_ENABLE);
		wrmsr(MSR_APIC_BASE, base);
	}
	if (!(base & APIC_BASE_ENABLE))
		wrmsr(MSR_APIC_BASE, base | APIC_BASE_ENABLE);
	irq.lapic = ukplat_mmio_map(base & APIC_BASE_ADDR, UK_PAGE_SIZE);
	if (!irq.lapic)
		return -ENOMEM;
	irq.lapic[LAPIC_TPR] = 0;
	irq.lapic[LAPIC_LVT_TIMER] = LVT_MASKED;
	irq.lapic[LAPIC_SPURIOUS] = LAPIC_SW_ENABLE | VECTOR_SPURIOUS;
	return 0;
}

/* --- vectors ------------------------------------------------------------------------------------
 */

/* The vector of a line that is in use, or one that is free. NULL: there is none. */
static struct irq_vector *vector_for_gsi(unsigned int gsi)
{
	if (gsi < ISA_LINES)
		return &irq.vectors[gsi];
	for (unsigned int i = ISA_LINES; i < VECTORS; i++) {
		struct irq_vector *v = &irq.vectors[i];

		if ((v->use == VECTOR_EDGE || v->use == VECTOR_LEVEL) && v->gsi == gsi)
			return v;
	}
	for (unsigned int i = VECTOR_FREE - VECTOR_FIRST; i < VECTORS; i++)
		if (irq.vectors[i].use == VECTOR_UNUSED)
			return &irq.vectors[i];
	return NULL;
}

static unsigned int vector_number(const struct irq_vector *v)
{
	return VECTOR_FIRST + (unsigned int)(v - irq.vectors);
}

static int register_locked(unsigned int gsi, enum vector_use use, struct ukplat_irq_action *action)
{
	struct irq_vector *v = vector_for_gsi(gsi);
	struct pc_ioapic_route route;
	int error;

	if (!v)
		return -ENOSPC;
	if (v->use != VECTOR_UNUSED && (v->use != use || use == VECTOR_EDGE))
		return -EBUSY;
	if (v->use == VECTOR_UNUSED) {
		error = lapic_enable();
		if (error)
			return error;
		route = (struct pc_ioapic_route){.vector = vector_number(v),
						 .apic_id = irq.lapic[LAPIC_ID] >> 24,
						 .is_level = use == VECTOR_LEVEL};
		error = pc_ioapic_route(gsi, &route);
		if (error)
			return error;
		v->use = use;
		v->gsi = gsi;
	}
	action->next = v->actions;
	v->actions = action;
	return 0;
}

int ukplat_irq_register_gsi(unsigned int gsi, enum ukplat_irq_trigger trigger,
			    struct ukplat_irq_action *action)
{
	unsigned long flags = ukarch_irq_save();
	int error = register_locked(gsi, trigger == UKPLAT_IRQ_LEVEL ? VECTOR_LEVEL : VECTOR_EDGE,
				    action);

	ukarch_irq_restore(flags);
	return error;
}

int ukplat_irq_register(unsigned int line, ukplat_irq_handler handler, void *arg)
{
	if (line >= ISA_LINES || line == 2 || !handler)
		return -EINVAL;
	if (irq.vectors[line].use != VECTOR_UNUSED)
		return -EBUSY;
	irq.isa_actions[line].handler = handler;
	irq.isa_actions[line].arg = arg;
	return ukplat_irq_register_gsi(line, UKPLAT_IRQ_EDGE, &irq.isa_actions[line]);
}

static int msi_alloc_locked(struct ukplat_irq_action *action, struct ukplat_msi *msi)
{
	int error = lapic_enable();

	if (error)
		return error;
	for (unsigned int i = VECTOR_FREE - VECTOR_FIRST; i < VECTORS; i++) {
		struct irq_vector *v = &irq.vectors[i];

		if (v->use != VECTOR_UNUSED)
			continue;
		action->next = NULL;
		v->use = VECTOR_MSI;
		v->actions = action;
		msi->address = MSI_ADDRESS | (irq.lapic[LAPIC_ID] >> 24) << 12;
		msi->data = vector_number(v);
		return 0;
	}
	return -ENOSPC;
}

int ukplat_msi_alloc(struct ukplat_irq_action *action, struct ukplat_msi *msi)
{
	unsigned long flags = ukarch_irq_save();
	int error = msi_alloc_locked(action, msi);

	ukarch_irq_restore(flags);
	return error;
}

void ukplat_msi_free(const struct ukplat_msi *msi)
{
	unsigned long flags = ukarch_irq_save();
	struct irq_vector *v = &irq.vectors[msi->data - VECTOR_FIRST];

	v->actions = NULL;
	v->use = VECTOR_UNUSED;
	ukarch_irq_restore(flags);
}

bool upcall_irq_is_real(unsigned int vector)
{
	uint32_t in_service = irq.lapic ? irq.lapic[LAPIC_IN_SERVICE + vector / 32 * 4] : 0;

	return in_service >> vector % 32 & 1;
}

void upcall_irq(unsigned int vector)
{
	if (vector == VECTOR_TIMER) {
		timer.expired();
	} else if (vector - VECTOR_FIRST < VECTORS) {
		/* One without an action was on its way when it was freed: it ends like others. */
		const struct ukplat_irq_action *a = irq.vectors[vector - VECTOR_FIRST].actions;

		for (; a; a = a->next)
			a->handler(a->arg);
	} else {
		return; /* spurious, from either controller: not in service, nothing to end */
	}
	if (irq.lapic)
		irq.lapic[LAPIC_EOI] = 0;
}

/* --- timer --------------------------------------------------------------------------------------
 */

/* The rate of an unknown machine's LAPIC timer, measured against the CPU counter. */
static uint64_t lapic_timer_measure(uint64_t counter_hz)
{
	uint64_t wait = counter_hz / 2000; /* 0.5 ms: good to 0.1 %; early wakes are re-armed */
	uint64_t begin, ticks, elapsed;    /* ticks of 0.5 ms times counter_hz: within 64 bits */

	irq.lapic[LAPIC_TIMER_INITIAL] = UINT32_MAX;
	begin = ukarch_counter();
	do
		elapsed = ukarch_counter() - begin;
	while (elapsed < wait);
	ticks = UINT32_MAX - irq.lapic[LAPIC_TIMER_CURRENT];
	irq.lapic[LAPIC_TIMER_INITIAL] = 0;
	return ticks * counter_hz / elapsed;
}

static void timer_set_divide(unsigned int shift)
{
	/* Encoding of 2^shift: 1011 means 1, then 0000 means 2, 0001 4, 0010 8, 0011 16, 1000 32.
	 */
	static const uint8_t code[] = {0xb, 0x0, 0x1, 0x2, 0x3, 0x8, 0x9, 0xa};

	irq.lapic[LAPIC_TIMER_DIVIDE] = code[shift];
	timer.divide_shift = shift;
}

static bool timer_prepare(void)
{
	static bool is_warned;
	int error = lapic_enable();
	uint64_t hz;

	if (error) {
		if (!is_warned)
			uk_pr_err("no timer: local APIC unusable (error %d)\n", -error);
		is_warned = true;
		return false;
	}
	timer_set_divide(0);
	timer.has_deadline = x86_cpuid(1, 0).ecx & CPUID1_ECX_DEADLINE;
	if (timer.has_deadline)
		hz = pc_counter_hz();
	else if (pc_hypervisor_is("TCGTCGTCGTCG") || pc_hypervisor_is("KVMKVMKVM"))
		hz = UK_NSEC_PER_SEC; /* both count nanoseconds */
	else
		hz = lapic_timer_measure(pc_counter_hz());
	timer.ticks_per_ns = (hz << RATE_SHIFT) / UK_NSEC_PER_SEC;
	irq.lapic[LAPIC_LVT_TIMER] = VECTOR_TIMER | (timer.has_deadline ? LVT_TSC_DEADLINE : 0);
	/* The mode must be seen before the first write to the deadline MSR (SDM 11.5.4.1). */
	__asm__ volatile("mfence" ::: "memory");
	timer.is_ready = true;
	return true;
}

void ukplat_timer_init(void (*expired)(void))
{
	timer.expired = expired;
}

void ukplat_timer_arm(uint64_t delay_ns)
{
	unsigned long flags = ukarch_irq_save();
	__uint128_t ticks;
	unsigned int shift = 0;

	if (!timer.is_ready && !timer_prepare())
		goto out;
	/* Longer delays end early; whoever waits looks at the clock and arms again. */
	delay_ns = UK_MIN(delay_ns, 500 * (uint64_t)UK_NSEC_PER_SEC);
	ticks = ((__uint128_t)delay_ns * timer.ticks_per_ns >> RATE_SHIFT) + 1;
	if (timer.has_deadline) {
		wrmsr(MSR_TSC_DEADLINE, ukarch_counter() + (uint64_t)ticks);
		goto out;
	}
	while (ticks >> shift > UINT32_MAX && shift < 7)
		shift++;
	if (shift != timer.divide_shift)
		timer_set_divide(shift);
	irq.lapic[LAPIC_TIMER_INITIAL] = (uint32_t)UK_MIN(ticks >> shift, (__uint128_t)UINT32_MAX);
out:
	ukarch_irq_restore(flags);
}

void ukplat_timer_disarm(void)
{
	unsigned long flags = ukarch_irq_save();

	if (timer.is_ready && timer.has_deadline)
		wrmsr(MSR_TSC_DEADLINE, 0);
	else if (timer.is_ready)
		irq.lapic[LAPIC_TIMER_INITIAL] = 0;
	ukarch_irq_restore(flags);
}
