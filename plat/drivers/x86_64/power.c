/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The end of the machine. The ways are tried from the one that carries the status to the one
 * that always works; a way whose device is absent does nothing.
 */
#include <uk/arch/cpu.h>
#include <uk/arch/io.h>
#include <uk/plat/power.h>
#include "pc.h"

#define PORT_DEBUGCON   0xe9  /* QEMU isa-debugcon: reads as its own number */
#define PORT_DEBUG_EXIT 0xf4  /* QEMU isa-debug-exit: the process ends with 2 * status + 1 */
#define PORT_PM1A_CNT   0x604 /* ACPI power management of QEMU's pc and q35 */
#define PORT_PM1A_BOCHS 0xb004
#define PM1_SLEEP_S5    0x2000 /* SLP_EN, SLP_TYP 0 */
#define PORT_KBD        0x64
#define KBD_PULSE_RESET 0xfe
#define PORT_RESET      0xcf9 /* reset control register of PCI chip sets */

static void __uk_noreturn triple_fault(void)
{
	struct __uk_packed {
		uint16_t limit;
		uint64_t base;
	} no_idt = {0, 0};

	__asm__ volatile("lidt %0; int3" ::"m"(no_idt));
	for (;;)
		__asm__ volatile("cli; hlt");
}

void __uk_noreturn ukplat_exit(int status)
{
	ukarch_irq_disable();
	pc_uart_flush();
	if (inb(PORT_DEBUGCON) == PORT_DEBUGCON)
		outb(PORT_DEBUGCON, (uint8_t)status);
	outl(PORT_DEBUG_EXIT, (uint8_t)status);
	outw(PORT_PM1A_CNT, PM1_SLEEP_S5);
	outw(PORT_PM1A_BOCHS, PM1_SLEEP_S5);
	outb(PORT_KBD, KBD_PULSE_RESET);
	triple_fault();
}

void __uk_noreturn ukplat_reset(void)
{
	ukarch_irq_disable();
	pc_uart_flush();
	outb(PORT_RESET, 0x02);
	outb(PORT_RESET, 0x06);
	outb(PORT_KBD, KBD_PULSE_RESET);
	triple_fault();
}
