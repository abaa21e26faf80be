/* SPDX-License-Identifier: BSD-3-Clause */
/* lwIP's view of the compiler and of the kernel. */
#ifndef LWIP_ARCH_CC_H
#define LWIP_ARCH_CC_H

#include <uk/assert.h>
#include <uk/essentials.h>

#define LWIP_NO_INTTYPES_H 1
#define LWIP_NO_UNISTD_H   1
#define LWIP_NO_CTYPE_H    1
#define SSIZE_MAX          INTPTR_MAX
typedef uk_ssize_t ssize_t;

#define X8_F  "02x"
#define U16_F "u"
#define S16_F "d"
#define X16_F "x"
#define U32_F "u"
#define S32_F "d"
#define X32_F "x"
#define SZT_F "zu"

#ifndef BYTE_ORDER
#define BYTE_ORDER __BYTE_ORDER__
#endif
#define lwip_htons(x) ((u16_t)__builtin_bswap16(x))
#define lwip_htonl(x) ((u32_t)__builtin_bswap32(x))

#define LWIP_PLATFORM_DIAG(x)                                                                      \
	do {                                                                                       \
	} while (0)
#define LWIP_PLATFORM_ASSERT(text) uk_crash("lwip: %s (%s:%d)\n", text, __FILE__, __LINE__)

/* core/net/net.c */
uint32_t net_random(void);
#define LWIP_RAND() net_random()

/* core/net/checksum.c */
uint16_t net_checksum(const void *data, int len);
#define LWIP_CHKSUM net_checksum

#endif /* LWIP_ARCH_CC_H */
