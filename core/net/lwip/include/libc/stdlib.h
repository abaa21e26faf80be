/* SPDX-License-Identifier: BSD-3-Clause */
/* For lwIP, which includes it by this name: the number of an interface in its name. */
#ifndef LWIP_LIBC_STDLIB_H
#define LWIP_LIBC_STDLIB_H

static inline int atoi(const char *text)
{
	int value = 0;

	while (*text >= '0' && *text <= '9' && value < 1000)
		value = 10 * value + (*text++ - '0');
	return value;
}

#endif /* LWIP_LIBC_STDLIB_H */
