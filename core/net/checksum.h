/* SPDX-License-Identifier: BSD-3-Clause */
/* Internet checksums. Pure. */
#ifndef NET_CHECKSUM_H
#define NET_CHECKSUM_H

#include <uk/essentials.h>

/** The one's complement sum of the bytes, not inverted, in network order; as lwIP wants it. */
uint16_t net_checksum(const void *data, int len);

#endif /* NET_CHECKSUM_H */
