/* SPDX-License-Identifier: BSD-3-Clause */
/* The real-time clock's registers and what they mean. Not for other folders. */
#ifndef PLAT_PC_RTC_H
#define PLAT_PC_RTC_H

#include <uk/essentials.h>

struct rtc_registers {
	uint8_t second, minute, hour, day, month, year, century, status_b;
};

/** Seconds since 1970-01-01 UTC; negative when the registers hold no date. */
int64_t rtc_seconds(const struct rtc_registers *regs);

/** Days since 1970-01-01 in the Gregorian calendar. */
int64_t rtc_days_from_civil(int64_t year, unsigned int month, unsigned int day);

#endif /* PLAT_PC_RTC_H */
