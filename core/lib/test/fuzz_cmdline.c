/* SPDX-License-Identifier: BSD-3-Clause */
/* Any line: no access outside it, every string inside it, errors point into it. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <uk/cmdline.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *line, size_t size, const char *text)
{
	if (text < line || text > line + size || !memchr(text, 0, size + 1 - (size_t)(text - line)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line = malloc(size + 1), *items[8];
	enum uk_cmdline_status status;
	struct uk_cmdline_param param;
	struct uk_cmdline cmdline;
	unsigned int count = 0;

	memcpy(line, data, size);
	line[size] = '\0';
	status = uk_cmdline_open(&cmdline, line);
	while (status == UK_CMDLINE_OK) {
		status = uk_cmdline_next(&cmdline, &param, items, 8);
		if (status != UK_CMDLINE_OK)
			break;
		check(line, size, param.name);
		if (param.value)
			check(line, size, param.value);
		for (unsigned int i = 0; i < param.item_count; i++)
			check(line, size, items[i]);
	}
	if (status == UK_CMDLINE_END) {
		status = uk_cmdline_args(&cmdline, items, 8, &count);
		for (unsigned int i = 0; status == UK_CMDLINE_OK && i < count; i++)
			check(line, size, items[i]);
	}
	if (status != UK_CMDLINE_OK && cmdline.error_offset > size)
		abort();
	free(line);
	return 0;
}
