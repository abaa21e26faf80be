/* SPDX-License-Identifier: BSD-3-Clause */
/* What a device that completes TCP checksums must be told. Pure. */
#ifndef UK_NETDEV_CHECKSUM_H
#define UK_NETDEV_CHECKSUM_H

#include <uk/essentials.h>

/**
 * If the Ethernet frame is a whole TCP segment (IPv4 or IPv6 without extension headers): puts the
 * sum of the pseudo header where the checksum belongs and gives the place from which the device
 * is to sum. `len` bytes of the frame's `total_bytes` are at `frame`. false: nothing was changed.
 */
bool net_tx_checksum(uint8_t *frame, size_t len, size_t total_bytes, uint16_t *start);
#define NET_TCP_CHECKSUM_OFFSET 16 /* from there */

#endif /* UK_NETDEV_CHECKSUM_H */
