/* SPDX-License-Identifier: BSD-3-Clause */
/* Writes cpio archives for tests. */
#ifndef ARCHIVE_H
#define ARCHIVE_H

#include <stdio.h>
#include <string.h>

struct archive {
	char bytes[1 << 16];
	size_t len;
};

struct member {
	const char *name;
	unsigned int mode, nlink, ino, uid, mtime, rdev_minor;
	const char *data;
	size_t data_len, name_padding;
};

static inline void archive_align(struct archive *a)
{
	while (a->len % 4)
		a->bytes[a->len++] = '\0';
}

static inline void archive_add(struct archive *a, struct member m)
{
	size_t name_size = strlen(m.name) + 1 + m.name_padding;

	a->len += (size_t)sprintf(
		a->bytes + a->len, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x",
		m.ino, m.mode, m.uid, 0u, m.nlink, m.mtime, (unsigned int)m.data_len, 8u, 1u, 4u,
		m.rdev_minor, (unsigned int)name_size, 0u);
	memset(a->bytes + a->len, 0, name_size);
	memcpy(a->bytes + a->len, m.name, strlen(m.name));
	a->len += name_size;
	archive_align(a);
	memcpy(a->bytes + a->len, m.data ? m.data : "", m.data_len);
	a->len += m.data_len;
	archive_align(a);
}

static inline void archive_file(struct archive *a, const char *name, const char *text)
{
	archive_add(a, (struct member){.name = name,
				       .mode = 0100644,
				       .nlink = 1,
				       .data = text,
				       .data_len = strlen(text)});
}

static inline void archive_end(struct archive *a)
{
	archive_add(a, (struct member){.name = "TRAILER!!!", .nlink = 1});
}

#endif /* ARCHIVE_H */
