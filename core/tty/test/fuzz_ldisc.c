/* SPDX-License-Identifier: BSD-3-Clause */
/* Any bytes typed, mixed with changes of the settings and reads: the ring stays consistent. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "../ldisc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_echo(void *ctx, const char *bytes, size_t len)
{
	if (len > 16)
		abort();
}

static void on_signal(void *ctx, int signo)
{
}

static void check(const struct ldisc *ld)
{
	uint32_t used = ld->head - ld->tail;

	if (used > LDISC_BYTES || ldisc_readable_bytes(ld) > used)
		abort();
	if ((ld->termios.c_lflag & ICANON) && ld->line_start - ld->tail > used)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct ldisc_ops ops = {on_echo, on_signal};
	static struct ldisc ld;
	char buf[64];

	ldisc_init(&ld, &ops, NULL);
	ldisc_flush_input(&ld);
	for (size_t i = 0; i + 1 < size; i += 2) {
		struct termios2 termios = ld.termios;
		bool done;

		switch (data[i] % 8) {
		case 0:
			termios.c_lflag ^= 1u << data[i + 1] % 16;
			ldisc_set_termios(&ld, &termios);
			break;
		case 1:
			termios.c_iflag ^= 1u << data[i + 1] % 16;
			ldisc_set_termios(&ld, &termios);
			break;
		case 2:
			ldisc_read(&ld, buf, data[i + 1] % sizeof(buf), &done);
			break;
		case 3:
			for (int n = 0; n < 300; n++)
				ldisc_receive(&ld, (const char *)&data[i + 1], 1);
			break;
		default:
			ldisc_receive(&ld, (const char *)&data[i + 1], 1);
			break;
		}
		check(&ld);
	}
	return 0;
}
