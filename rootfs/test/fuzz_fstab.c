/* SPDX-License-Identifier: BSD-3-Clause */
/* Any text as an entry of vfs.fstab. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "../rootfs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = malloc(len + 1);
	struct fstab_entry e;
	const char *why;

	memcpy(text, data, len);
	text[len] = '\0';
	if (fstab_parse(text, &e, &why)) {
		if (!why)
			abort();
	} else if (e.mountpoint[0] != '/' || !*e.driver || strlen(e.source) > len) {
		abort();
	}
	free(text);
	return 0;
}
