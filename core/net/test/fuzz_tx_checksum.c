/* SPDX-License-Identifier: BSD-3-Clause */
/* Any frame: what the device is told lies inside it. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <uk/netdev_checksum.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *frame;
	uint16_t start;
	size_t more;

	if (size < 1)
		return 0;
	more = *data++;
	size--;
	frame = malloc(size ? size : 1);
	memcpy(frame, data, size);
	if (net_tx_checksum(frame, size, size + more, &start))
		assert(start + NET_TCP_CHECKSUM_OFFSET + 2U <= size);
	free(frame);
	return 0;
}
