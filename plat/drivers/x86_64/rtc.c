/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Wall clock of the machine: KVM's if there is one, else the CMOS real-time clock, which holds
 * whole seconds of UTC. It is read until two readings agree, so that none of them was torn by an
 * update (MC146818A data sheet, "update cycle").
 */
#include <uk/arch/cpu.h>
#include <uk/arch/io.h>
#include <uk/string.h>
#include "pc.h"
#include "rtc.h"

#define PORT_INDEX 0x70
#define PORT_DATA  0x71

#define REG_SECOND   0x00
#define REG_STATUS_A 0x0a
#define REG_STATUS_B 0x0b

#define STATUS_A_UPDATING 0x80

#define READ_TRIES 100
#define EDGE_POLLS 20000000 /* more than a second of port reads */

static uint8_t cmos_read(uint8_t reg)
{
	outb(PORT_INDEX, reg);
	return inb(PORT_DATA);
}

static void read_registers(struct rtc_registers *regs)
{
	static const uint8_t index[] = {REG_SECOND, 0x02, 0x04, 0x07,
					0x08,       0x09, 0x32, REG_STATUS_B};
	uint8_t *bytes = (uint8_t *)regs;

	_Static_assert(sizeof(index) == sizeof(*regs), "one byte per register, in order");
	for (unsigned int i = 0; i < sizeof(index); i++)
		bytes[i] = cmos_read(index[i]);
}

static uint64_t rtc_wall_ns(void)
{
	struct rtc_registers regs, again;
	int64_t seconds;

	read_registers(&regs);
	for (unsigned int i = 0; i < READ_TRIES; i++) {
		bool is_updating = cmos_read(REG_STATUS_A) & STATUS_A_UPDATING;

		read_registers(&again);
		if (!is_updating && memcmp(&regs, &again, sizeof(regs)) == 0)
			break;
		regs = again;
	}
	seconds = rtc_seconds(&regs);
	/* Anything within this second is as likely: its middle errs least (as Linux does it). */
	return seconds < 0 ? 0 : (uint64_t)seconds * UK_NSEC_PER_SEC + UK_NSEC_PER_SEC / 2;
}

uint64_t ukplat_wallclock_ns(void)
{
	uint64_t ns = pc_pvclock_wall_ns();

	return ns ? ns : rtc_wall_ns();
}

bool pc_rtc_wait_for_second(void)
{
	uint8_t second = cmos_read(REG_SECOND);

	if (second == 0xff)
		return false;
	for (unsigned int i = 0; i < EDGE_POLLS; i++)
		if (cmos_read(REG_SECOND) != second)
			return true;
	return false;
}
