/* SPDX-License-Identifier: BSD-3-Clause */
/* Random bytes: they differ, and are there in the amounts that are asked for. */
#include <sys/random.h>
#include "t.h"

static void calls_differ(void)
{
	unsigned char a[32], b[32];

	CHECK_EQ(getrandom(a, sizeof(a), 0), sizeof(a));
	CHECK_EQ(getrandom(b, sizeof(b), GRND_NONBLOCK), sizeof(b));
	CHECK(memcmp(a, b, sizeof(a)) != 0);
}

static void every_byte_is_filled(void)
{
	static unsigned char bytes[1 << 20];
	unsigned int counts[256] = {0};

	for (size_t have = 0; have < sizeof(bytes);) {
		ssize_t got = CHECK_OK(getrandom(bytes + have, sizeof(bytes) - have, 0));

		if (got <= 0)
			return;
		have += (size_t)got;
	}
	for (size_t i = 0; i < sizeof(bytes); i++)
		counts[bytes[i]]++;
	for (int value = 0; value < 256; value++)
		CHECK(counts[value] > 3700 && counts[value] < 4500); /* 4096, and 6 deviations */
}

static const struct t_test tests[] = {T(calls_differ), T(every_byte_is_filled)};
T_MAIN(tests)
