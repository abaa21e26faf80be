/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the registers of the real-time clock mean (Motorola MC146818A data sheet; the century in
 * register 0x32 is the PC's convention). Pure.
 */
#include "rtc.h"

#define STATUS_B_24H    0x02
#define STATUS_B_BINARY 0x04
#define HOUR_PM         0x80

static unsigned int from_bcd(unsigned int value, unsigned int status_b)
{
	return status_b & STATUS_B_BINARY ? value : (value >> 4) * 10 + (value & 0xf);
}

int64_t rtc_days_from_civil(int64_t year, unsigned int month, unsigned int day)
{
	/* Years that begin in March put the leap day last; 400 of them have 146097 days. */
	int64_t shifted = month > 2 ? year : year - 1;
	int64_t era = (shifted >= 0 ? shifted : shifted - 399) / 400;
	int64_t of_era = shifted - era * 400;
	int64_t of_year = (153 * (int64_t)(month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

int64_t rtc_seconds(const struct rtc_registers *regs)
{
	unsigned int b = regs->status_b;
	unsigned int second = from_bcd(regs->second, b), minute = from_bcd(regs->minute, b);
	unsigned int hour = from_bcd(regs->hour & ~HOUR_PM, b), day = from_bcd(regs->day, b);
	unsigned int month = from_bcd(regs->month, b), year = from_bcd(regs->year, b);
	unsigned int century = from_bcd(regs->century, b);

	if (b & STATUS_B_24H)
		hour = from_bcd(regs->hour, b);
	else
		hour = hour % 12 + (regs->hour & HOUR_PM ? 12 : 0);
	if (second > 59 || minute > 59 || hour > 23 || day < 1 || day > 31 || month < 1 ||
	    month > 12 || year > 99)
		return -1;
	if (century < 19 || century > 29) /* no such register: 1970 to 2069 */
		century = year < 70 ? 20 : 19;
	return ((rtc_days_from_civil(century * 100 + year, month, day) * 24 + hour) * 60 + minute) *
		       60 +
	       second;
}
