/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reader for cpio archives in the "new ASCII" format, magic 070701 and 070702 (cpio(5)). Pure:
 * works in place on the archive's bytes, believes no length in it, allocates nothing.
 */
#ifndef UK_CPIO_H
#define UK_CPIO_H

#include <uk/essentials.h>

struct cpio_reader {
	const char *bytes;
	size_t len, pos;
	unsigned int archive; /* trailers seen */
	bool is_inside;       /* between a first member and its trailer */
};

struct cpio_entry {
	const char *name; /* not NUL-terminated; without leading "./" and "/" */
	size_t name_len;
	size_t dir_len; /* of the folder in the name, with its last slash; 0: none */
	const char *data;
	size_t data_len;
	uint32_t ino, mode, uid, gid, nlink, mtime;
	uint32_t dev_major, dev_minor, rdev_major, rdev_minor;
	unsigned int archive; /* which of several: inode numbers begin anew in each */
};

void cpio_open(struct cpio_reader *reader, const void *bytes, size_t len);

/**
 * The next member. 1: *entry is valid; 0: end of the last archive; -EINVAL: *why says what is
 * wrong and reader->pos where. Archives may follow one another, with NUL bytes between.
 */
int cpio_next(struct cpio_reader *reader, struct cpio_entry *entry, const char **why);

#endif /* UK_CPIO_H */
