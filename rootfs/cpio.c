/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One header is 110 bytes: a magic of six and thirteen numbers of eight hexadecimal digits; then
 * the name with its NUL, padding to 4, the data, padding to 4. mkinitrd lengthens the name field
 * with NULs so that data starts on a page boundary: the name ends at its first NUL.
 */
#include <linux/errno.h>
#include <uk/cpio.h>
#include <uk/string.h>

#define HEADER_BYTES   110
#define NAME_MAX_BYTES 65536 /* names are shorter than 4096; the rest is padding */

enum field {
	F_INO,
	F_MODE,
	F_UID,
	F_GID,
	F_NLINK,
	F_MTIME,
	F_SIZE,
	F_DEV_MAJOR,
	F_DEV_MINOR,
	F_RDEV_MAJOR,
	F_RDEV_MINOR,
	F_NAME_SIZE,
	F_CHECK,
	FIELDS
};

void cpio_open(struct cpio_reader *reader, const void *bytes, size_t len)
{
	*reader = (struct cpio_reader){.bytes = bytes, .len = len};
}

/* Four digits; bits above the low 16 of the result tell a bad one. */
static uint32_t parse_hex4(const char *text)
{
	uint32_t result = 0, bad = 0;

	for (int i = 0; i < 4; i++) {
		unsigned int c = (unsigned char)text[i];
		unsigned int digit = c - '0';

		if (digit > 9) {
			digit = (c | 0x20) - 'a';
			bad |= digit > 5;
			digit += 10;
		}
		result = result << 4 | (digit & 0xf);
	}
	return bad << 16 | result;
}

/* Most halves of most fields are zero: one comparison. */
static bool parse_hex8(const char *text, uint32_t *value)
{
	uint32_t high = memcmp(text, "0000", 4) ? parse_hex4(text) : 0;
	uint32_t low = memcmp(text + 4, "0000", 4) ? parse_hex4(text + 4) : 0;

	*value = high << 16 | low;
	return !((high | low) >> 16);
}

static const char *foreign_format(const char *bytes, size_t len)
{
	static const struct {
		char magic[6];
		uint8_t len;
		char why[58];
	} formats[] = {
		{"\x1f\x8b", 2, "compressed with gzip; Narthex reads it uncompressed"},
		{"\xfd"
		 "7zXZ",
		 5, "compressed with xz; Narthex reads it uncompressed"},
		{"\x28\xb5\x2f\xfd", 4, "compressed with zstd; Narthex reads it uncompressed"},
		{"BZh", 3, "compressed with bzip2; Narthex reads it uncompressed"},
		{"\x02\x21\x4c\x18", 4, "compressed with lz4; Narthex reads it uncompressed"},
		{"070707", 6, "an old cpio format (odc); use `cpio -H newc`"},
		{"\xc7\x71", 2, "an old cpio format (binary); use `cpio -H newc`"},
	};

	for (size_t i = 0; i < UK_ARRAY_SIZE(formats); i++)
		if (len >= formats[i].len && !memcmp(bytes, formats[i].magic, formats[i].len))
			return formats[i].why;
	return "no cpio header (magic 070701) where one is due";
}

static int fail(const char **why, const char *text)
{
	*why = text;
	return -EINVAL;
}

/* Skips `len` bytes and the padding to a multiple of four; false past the end. */
static bool skip(struct cpio_reader *reader, size_t len)
{
	size_t end;

	if (len > reader->len - reader->pos)
		return false;
	end = reader->pos + UK_ALIGN_UP(len, 4);
	reader->pos = UK_MIN(end, reader->len);
	return true;
}

static void trim_name(struct cpio_entry *entry)
{
	for (;;) {
		if (entry->name_len && entry->name[0] == '/') {
			entry->name++;
			entry->name_len--;
		} else if (entry->name_len >= 2 && !memcmp(entry->name, "./", 2)) {
			entry->name += 2;
			entry->name_len -= 2;
		} else {
			break;
		}
	}
	while (entry->name_len && entry->name[entry->name_len - 1] == '/')
		entry->name_len--;
	if (entry->name_len == 1 && entry->name[0] == '.')
		entry->name_len = 0;
}

/* Finds the folder part; false when a component is "..". */
static bool split_name(struct cpio_entry *entry)
{
	const char *name = entry->name, *end = name + entry->name_len, *start = name;

	for (const char *c = name; c < end; c++) {
		if (*c != '/')
			continue;
		if (c - start == 2 && start[0] == '.' && start[1] == '.')
			return false;
		start = c + 1;
	}
	entry->dir_len = (size_t)(start - name);
	return !(end - start == 2 && start[0] == '.' && start[1] == '.');
}

static int read_header(struct cpio_reader *reader, uint32_t field[FIELDS], const char **why)
{
	const char *header = reader->bytes + reader->pos;
	size_t left = reader->len - reader->pos;

	if (left < 6 || memcmp(header, "07070", 5) || (header[5] != '1' && header[5] != '2'))
		return fail(why, foreign_format(header, left));
	if (left < HEADER_BYTES)
		return fail(why, "the archive ends within a header");
	for (int i = 0; i < FIELDS; i++)
		if (!parse_hex8(header + 6 + i * 8, &field[i]))
			return fail(why, "a header field is not a hexadecimal number");
	reader->pos += HEADER_BYTES;
	return 0;
}

static int read_name(struct cpio_reader *reader, size_t size, struct cpio_entry *entry,
		     const char **why)
{
	size_t header = reader->pos - HEADER_BYTES;

	entry->name = reader->bytes + reader->pos;
	if (!size || size > NAME_MAX_BYTES || size > reader->len - reader->pos)
		return fail(why, "c_namesize reaches past the end of the archive");
	entry->name_len = strnlen(entry->name, size);
	if (entry->name_len == size)
		return fail(why, "a name does not end with a NUL");
	/* Padding counts from the start of the header. */
	reader->pos = UK_MIN(header + UK_ALIGN_UP(HEADER_BYTES + size, 4), reader->len);
	return 0;
}

/* NULs between archives and behind the last: 512 are usual. */
static void skip_nuls(struct cpio_reader *reader)
{
	static const char nuls[16];

	while (reader->len - reader->pos >= sizeof(nuls) &&
	       !memcmp(reader->bytes + reader->pos, nuls, sizeof(nuls)))
		reader->pos += sizeof(nuls);
	while (reader->pos < reader->len && !reader->bytes[reader->pos])
		reader->pos++;
}

/* The next member or trailer as it stands there. 0: there is none. */
static int next_raw(struct cpio_reader *reader, uint32_t field[FIELDS], struct cpio_entry *entry,
		    const char **why)
{
	int error;

	skip_nuls(reader);
	if (reader->pos == reader->len) {
		if (reader->is_inside)
			return fail(why, "the archive ends without its TRAILER!!!");
		return reader->archive ? 0 : fail(why, "there is no archive");
	}
	error = read_header(reader, field, why);
	if (!error)
		error = read_name(reader, field[F_NAME_SIZE], entry, why);
	if (error)
		return error;
	entry->data = reader->bytes + reader->pos;
	entry->data_len = field[F_SIZE];
	if (!skip(reader, entry->data_len))
		return fail(why, "c_filesize reaches past the end of the archive");
	return 1;
}

int cpio_next(struct cpio_reader *reader, struct cpio_entry *entry, const char **why)
{
	uint32_t field[FIELDS];
	int ret;

	while ((ret = next_raw(reader, field, entry, why)) > 0) {
		if (entry->name_len != 10 || memcmp(entry->name, "TRAILER!!!", 10))
			break;
		reader->is_inside = false;
		reader->archive++;
	}
	if (ret <= 0)
		return ret;
	reader->is_inside = true;
	trim_name(entry);
	if (!split_name(entry))
		return fail(why, "a name contains `..'");
	entry->ino = field[F_INO];
	entry->mode = field[F_MODE];
	entry->uid = field[F_UID];
	entry->gid = field[F_GID];
	entry->nlink = field[F_NLINK];
	entry->mtime = field[F_MTIME];
	entry->dev_major = field[F_DEV_MAJOR];
	entry->dev_minor = field[F_DEV_MINOR];
	entry->rdev_major = field[F_RDEV_MAJOR];
	entry->rdev_minor = field[F_RDEV_MINOR];
	entry->archive = reader->archive;
	return 1;
}
