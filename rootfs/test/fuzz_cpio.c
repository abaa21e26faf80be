/* SPDX-License-Identifier: BSD-3-Clause */
/* Any bytes as an archive: every member handed out lies inside them, and the reader comes to an
 * end. */
#include <stdint.h>
#include <stdlib.h>
#include <uk/cpio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *bytes = (const char *)data, *why = NULL;
	struct cpio_reader reader;
	struct cpio_entry e;
	size_t members = 0;
	int ret;

	cpio_open(&reader, data, len);
	while ((ret = cpio_next(&reader, &e, &why)) > 0) {
		if (e.name < bytes || e.name + e.name_len > bytes + len || e.dir_len > e.name_len)
			abort();
		if (e.data < bytes || e.data > bytes + len ||
		    e.data_len > (size_t)(bytes + len - e.data))
			abort();
		if (++members > len / 110)
			abort();
	}
	if (ret < 0 && !why)
		abort();
	return 0;
}
