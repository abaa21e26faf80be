/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Numbers out of text, strictly: the whole text must be the number, and nothing wraps. Pure.
 */
#include <linux/errno.h>
#include <uk/fmt.h>

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'Z')
		return c - 'A' + 10;
	return 36;
}

int uk_parse_u64(const char *text, int base, uint64_t *value)
{
	uint64_t n = 0;

	if ((base == 0 || base == 16) && text[0] == '0' && (text[1] | 0x20) == 'x' &&
	    digit_value(text[2]) < 16) {
		text += 2;
		base = 16;
	} else if (base == 0) {
		base = text[0] == '0' ? 8 : 10;
	}
	if (!*text)
		return -EINVAL;
	for (; *text; text++) {
		int digit = digit_value(*text);

		if (digit >= base)
			return -EINVAL;
		if (uk_mul_overflow(n, (uint64_t)base, &n) ||
		    uk_add_overflow(n, (uint64_t)digit, &n))
			return -ERANGE;
	}
	*value = n;
	return 0;
}
