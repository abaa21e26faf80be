/* SPDX-License-Identifier: BSD-3-Clause */
/* RTC registers -> seconds: every day of four centuries against the host, every register format. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <time.h>
#include "../rtc.h"

#define FORMAT_BINARY 0x04
#define FORMAT_24H    0x02

static uint8_t encode(int value, unsigned int format)
{
	return (uint8_t)(format & FORMAT_BINARY ? value : value / 10 * 16 + value % 10);
}

static struct rtc_registers registers_of(const struct tm *tm, unsigned int format)
{
	struct rtc_registers regs = {
		.second = encode(tm->tm_sec, format),
		.minute = encode(tm->tm_min, format),
		.day = encode(tm->tm_mday, format),
		.month = encode(tm->tm_mon + 1, format),
		.year = encode(tm->tm_year % 100, format),
		.century = encode((tm->tm_year + 1900) / 100, format),
		.status_b = (uint8_t)format,
	};

	if (format & FORMAT_24H)
		regs.hour = encode(tm->tm_hour, format);
	else
		regs.hour = encode(tm->tm_hour % 12 ? tm->tm_hour % 12 : 12, format) |
			    (tm->tm_hour >= 12 ? 0x80 : 0);
	return regs;
}

static void test_days(void **state)
{
	(void)state;
	for (time_t day = -25567; day < 4 * 36525; day++) { /* 1900 to 2369 */
		time_t at = day * 86400;
		struct tm tm;

		gmtime_r(&at, &tm);
		assert_int_equal(rtc_days_from_civil(tm.tm_year + 1900, (unsigned int)tm.tm_mon + 1,
						     (unsigned int)tm.tm_mday),
				 day);
	}
	assert_int_equal(rtc_days_from_civil(0, 3, 1), -719468);
	assert_int_equal(rtc_days_from_civil(-400, 3, 1), -719468 - 146097);
}

static void test_formats(void **state)
{
	(void)state;
	for (unsigned int format = 0; format <= 6; format += 2) {
		for (time_t at = 0; at < 32503680000; at += 86399 * 1009 + 3607) { /* to 2999 */
			struct tm tm;
			struct rtc_registers regs;

			gmtime_r(&at, &tm);
			regs = registers_of(&tm, format);
			assert_int_equal(rtc_seconds(&regs), at);
		}
	}
}

static void test_without_century(void **state)
{
	struct rtc_registers regs = {.day = 1, .month = 1, .status_b = FORMAT_24H};

	(void)state;
	assert_int_equal(rtc_seconds(&regs), 946684800); /* 2000 */
	regs.year = 0x70;
	assert_int_equal(rtc_seconds(&regs), 0);
	regs.century = 0xff;
	assert_int_equal(rtc_seconds(&regs), 0);
}

static void test_nonsense(void **state)
{
	struct rtc_registers absent = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	struct rtc_registers zero = {0};

	(void)state;
	assert_true(rtc_seconds(&absent) < 0);
	assert_true(rtc_seconds(&zero) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_days),
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_without_century),
		cmocka_unit_test(test_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
