/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Interrupt controllers and the one-shot timer: local APIC (xAPIC registers; Intel SDM vol. 3,
 * chapter 11), I/O APIC (82093AA data sheet), and the two 8259 that are only silenced.
 *
 * Boot masks the 8259s and nothing more. The APICs are mapped and enabled when the first line is
 * registered or the timer is first armed, so a program that needs neither pays for neither.
 *
 *   vector 0x20 + n   ISA line n        0xe0  timer
 *   vector 0xd0-0xdf  the 8259s' own    0xff  spurious
 *
 * State changes with interrupts off only; there is one CPU.
 */
#include <linux/errno.h>
#include <uk/arch/cpu.h>
#include <uk/arch/io.h>
#include <uk/arch/msr.h>
#include <uk/arch/paging.h>
#include <uk/arch/upcall.h>
#include <uk/arch/x86.h>
#define UK_LOG_NAME "irq: "
#include <uk/plat/irq.h>
#include <uk/print.h>
#include "pc.h"

#define VECTOR_LINES    0x20
#define VECTOR_8259     0xd0
#define VECTOR_TIMER    0xe0
#define VECTOR_SPURIOUS 0xff
#define LINES           16
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
#define LAPIC_LVT_TIMER     (0x320 / 4)
#define LAPIC_TIMER_INITIAL (0x380 / 4)
#define LAPIC_TIMER_CURRENT (0x390 / 4)
#define LAPIC_TIMER_DIVIDE  (0x3e0 / 4)
#define LAPIC_SW_ENABLE     0x100
#define LVT_MASKED          0x10000
#define LVT_TSC_DEADLINE    0x40000

#define IOAPIC_PADDR     0xfec00000
#define IOAPIC_SELECT    (0x00 / 4)
#define IOAPIC_WINDOW    (0x10 / 4)
#define IOAPIC_VERSION   0x01
#define IOAPIC_REDIRECT0 0x10

static struct {
	volatile uint32_t *lapic, *ioapic; /* NULL until first used */
	struct {
		ukplat_irq_handler handler;
		void *arg;
	} lines[LINES];
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

volatile uint32_t *pc_map_registers(enum pc_device_page page, paddr_t pa)
{
	vaddr_t va = UKARCH_DEVICE_BASE + page * UK_PAGE_SIZE;

	if (ukarch_kernel_map(va, pa, UK_PAGE_SIZE,
			      UKARCH_PT_READ | UKARCH_PT_WRITE | UKARCH_PT_DEVICE))
		return NULL;
	return (volatile uint32_t *)va;
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
	irq.lapic = pc_map_registers(PC_PAGE_LAPIC, base & APIC_BASE_ADDR);
	if (!irq.lapic)
		return -ENOMEM;
	irq.lapic[LAPIC_TPR] = 0;
	irq.lapic[LAPIC_LVT_TIMER] = LVT_MASKED;
	irq.lapic[LAPIC_SPURIOUS] = LAPIC_SW_ENABLE | VECTOR_SPURIOUS;
	return 0;
}

/* --- lines --------------------------------------------------------------------------------------
 */

static uint32_t ioapic_read(unsigned int reg)
{
	irq.ioapic[IOAPIC_SELECT] = reg;
	return irq.ioapic[IOAPIC_WINDOW];
}

static void ioapic_write(unsigned int reg, uint32_t value)
{
	irq.ioapic[IOAPIC_SELECT] = reg;
	irq.ioapic[IOAPIC_WINDOW] = value;
}

static int ioapic_enable(void)
{
	if (!irq.ioapic)
		irq.ioapic = pc_map_registers(PC_PAGE_IOAPIC, IOAPIC_PADDR);
	if (!irq.ioapic)
		return -ENOMEM;
	/* An address nobody decodes reads as all ones; a real one has at least the ISA lines. */
	if (ioapic_read(IOAPIC_VERSION) == UINT32_MAX ||
	    (ioapic_read(IOAPIC_VERSION) >> 16 & 0xff) + 1 < LINES)
		return -ENODEV;
	return 0;
}

/* ISA lines are edge-triggered and active high: the redirection entry's zero bits. */
static int route_line(unsigned int line)
{
	unsigned int pin = line == 0 ? 2 : line; /* the PIT's line is wired to pin 2 */
	int error = lapic_enable();

	if (!error)
		error = ioapic_enable();
	if (error)
		return error;
	ioapic_write(IOAPIC_REDIRECT0 + 2 * pin + 1, irq.lapic[LAPIC_ID] & 0xff000000);
	ioapic_write(IOAPIC_REDIRECT0 + 2 * pin, VECTOR_LINES + line);
	return 0;
}

int ukplat_irq_register(unsigned int line, ukplat_irq_handler handler, void *arg)
{
	unsigned long flags;
	int error = -EBUSY;

	if (line >= LINES || line == 2 || !handler)
		return -EINVAL;
	flags = ukarch_irq_save();
	if (!irq.lines[line].handler) {
		irq.lines[line].handler = handler;
		irq.lines[line].arg = arg;
		error = route_line(line);
		if (error)
			irq.lines[line].handler = NULL;
	}
	ukarch_irq_restore(flags);
	return error;
}

void upcall_irq(unsigned int vector)
{
	unsigned int line = vector - VECTOR_LINES;

	if (vector == VECTOR_TIMER)
		timer.expired();
	else if (line < LINES && irq.lines[line].handler)
		irq.lines[line].handler(irq.lines[line].arg);
	else
		return; /* spurious, from either controller: not in service, nothing to end */
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
