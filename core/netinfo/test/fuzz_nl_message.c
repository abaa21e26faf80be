/* SPDX-License-Identifier: BSD-3-Clause */
/* Any bytes as netlink messages: no access out of bounds, and each cut makes progress. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <uk/heap.h>
#include "nl_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

void *uk_realloc(void *ptr, size_t size)
{
	return realloc(ptr, size);
}

static volatile uint8_t seen;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *bytes = malloc(size ? size : 1); /* aligned as the kernel's copy is */
	const struct nlmsghdr *message;
	size_t len, cut;

	memcpy(bytes, data, size);
	for (size_t at = 0; (message = nl_message_at(bytes, size, at));
	     at += NLMSG_ALIGN(message->nlmsg_len))
		for (uint16_t type = 0; type < 8; type++) {
			const uint8_t *found = nl_find(message, type, type, &len);

			for (size_t i = 0; found && i < len; i++)
				seen = found[i];
		}
	cut = nl_cut(bytes, size, 64);
	if (cut > size || (nl_message_at(bytes, size, 0) && !cut))
		abort();
	free(bytes);
	return 0;
}
