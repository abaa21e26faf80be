/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One line of /proc/<pid>/maps up to the name, byte for byte as Linux writes it (proc(5)):
 * addresses have at least 8 digits, a name starts in column 73, and a mapping without one ends
 * in a blank. Pure.
 */
#include <uk/fmt.h>
#include <uk/string.h>
#include "procfs_internal.h"

#define NAME_COLUMN 73

int proc_map_line_format(char *buf, size_t size, const struct proc_map_line *line, bool has_name)
{
	int len = uk_scnprintf(buf, size, "%08lx-%08lx %c%c%c%c %08lx %02x:%02x %lu ", line->start,
			       line->end, line->prot & 1 ? 'r' : '-', line->prot & 2 ? 'w' : '-',
			       line->prot & 4 ? 'x' : '-', line->is_shared ? 's' : 'p',
			       line->offset_bytes, line->dev_major, line->dev_minor, line->ino);

	while (has_name && len < NAME_COLUMN && (size_t)len + 1 < size)
		buf[len++] = ' ';
	buf[len] = '\0';
	return len;
}
