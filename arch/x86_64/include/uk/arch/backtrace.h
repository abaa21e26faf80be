/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How return addresses look on x86_64: right behind a call instruction (Intel SDM vol. 2, CALL).
 * Frames chained through RBP: [rbp] is the caller's rbp, [rbp + 8] the return address.
 */
#ifndef UK_ARCH_BACKTRACE_H
#define UK_ARCH_BACKTRACE_H

#include <uk/essentials.h>

#define UKARCH_CALL_BYTES 7 /* the longest form we know */

/** May the UKARCH_CALL_BYTES before an address end in a call? Some other bytes may, too. */
static inline bool ukarch_ends_in_call(const unsigned char *b)
{
	if (b[2] == 0xe8) /* call rel32 */
		return true;
	if (b[5] == 0xff && (b[6] & 0x38) == 0x10) /* call *%reg, call *(%reg) */
		return true;
	if (b[4] == 0xff && ((b[5] & 0xf8) == 0x50 || b[5] == 0x14)) /* disp8(%reg), (sib) */
		return true;
	if (b[3] == 0xff && b[4] == 0x54) /* disp8(sib) */
		return true;
	if (b[1] == 0xff && ((b[2] & 0xf8) == 0x90 || b[2] == 0x15)) /* disp32(%reg), (%rip) */
		return true;
	return b[0] == 0xff && b[1] == 0x94; /* disp32(sib) */
}

#endif /* UK_ARCH_BACKTRACE_H */
