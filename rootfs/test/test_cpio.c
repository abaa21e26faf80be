/* SPDX-License-Identifier: BSD-3-Clause */
/* The cpio reader on good, odd and broken archives. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <linux/errno.h>
#include <uk/cpio.h>
#include "archive.h"

static struct archive a;
static struct cpio_reader reader;
static struct cpio_entry e;
static const char *why;

static int setup(void **state)
{
	memset(&a, 0, sizeof(a));
	return 0;
}

/* A copy of exactly the given length, so that the sanitizer sees every byte too far. */
static int read_all(size_t len, unsigned int *members)
{
	char *copy = malloc(len ? len : 1);
	int ret;

	memcpy(copy, a.bytes, len);
	cpio_open(&reader, copy, len);
	for (*members = 0; (ret = cpio_next(&reader, &e, &why)) > 0; ++*members) {
		volatile char sum = 0;

		for (size_t i = 0; i < e.name_len; i++)
			sum = (char)(sum + e.name[i]);
		for (size_t i = 0; i < e.data_len; i++)
			sum = (char)(sum + e.data[i]);
		assert_true(e.dir_len <= e.name_len);
	}
	free(copy);
	return ret;
}

static void expect_error(const char *part)
{
	unsigned int members;

	assert_int_equal(read_all(a.len, &members), -EINVAL);
	if (!strstr(why, part))
		fail_msg("'%s' does not say '%s'", why, part);
}

static void expect_next(const char *name, size_t dir_len)
{
	assert_int_equal(cpio_next(&reader, &e, &why), 1);
	assert_int_equal(e.name_len, strlen(name));
	assert_memory_equal(e.name, name, e.name_len);
	assert_int_equal(e.dir_len, dir_len);
}

static void test_good(void **state)
{
	archive_add(&a, (struct member){.name = ".", .mode = 040755, .nlink = 2});
	archive_add(&a, (struct member){.name = "./bin/sh",
					.mode = 0104755,
					.nlink = 3,
					.ino = 0xABCDEF,
					.uid = 7,
					.mtime = 0x65432100,
					.data = "data",
					.data_len = 4,
					.name_padding = 999});
	archive_file(&a, "/etc/", "");
	archive_file(&a, "a..b/..c", "xyz");
	archive_end(&a);
	a.len += 512;
	cpio_open(&reader, a.bytes, a.len);
	expect_next("", 0);
	assert_int_equal(e.mode, 040755);
	expect_next("bin/sh", 4);
	assert_int_equal(e.mode, 0104755);
	assert_int_equal(e.nlink, 3);
	assert_int_equal(e.ino, 0xabcdef);
	assert_int_equal(e.uid, 7);
	assert_int_equal(e.mtime, 0x65432100);
	assert_int_equal(e.dev_major, 8);
	assert_int_equal(e.data_len, 4);
	assert_memory_equal(e.data, "data", 4);
	expect_next("etc", 0);
	expect_next("a..b/..c", 5);
	assert_int_equal(cpio_next(&reader, &e, &why), 0);
	assert_int_equal(cpio_next(&reader, &e, &why), 0);
}

static void test_several_archives(void **state)
{
	archive_file(&a, "one", "1");
	archive_end(&a);
	a.len += 500;
	archive_file(&a, "two", "2");
	archive_end(&a);
	cpio_open(&reader, a.bytes, a.len);
	expect_next("one", 0);
	assert_int_equal(e.archive, 0);
	expect_next("two", 0);
	assert_int_equal(e.archive, 1);
	assert_int_equal(cpio_next(&reader, &e, &why), 0);
}

/* Wherever it is cut: an error, or at the very end of a member the missing trailer. */
static void test_every_truncation(void **state)
{
	unsigned int members;
	size_t end;

	archive_file(&a, "first", "some text");
	archive_file(&a, "dir/second", "more");
	end = a.len;
	archive_end(&a);
	for (size_t len = 0; len < end + 110 + 11; len++) {
		int ret = read_all(len, &members);

		assert_int_equal(ret, -EINVAL);
		assert_true(members <= 2);
	}
	assert_int_equal(read_all(a.len, &members), 0);
	a.len = end;
	expect_error("TRAILER");
	a.len = 0;
	expect_error("no archive");
}

static void test_every_broken_byte(void **state)
{
	unsigned int members;

	archive_file(&a, "first", "some text");
	archive_add(&a, (struct member){.name = "x/y",
					.mode = 0120777,
					.nlink = 1,
					.data = "first",
					.data_len = 5});
	archive_end(&a);
	for (size_t i = 0; i < a.len; i++) {
		for (int value = 0; value < 256; value++) {
			char old = a.bytes[i];

			a.bytes[i] = (char)value;
			read_all(a.len, &members);
			a.bytes[i] = old;
		}
	}
}

static void set_field(size_t field, const char *digits)
{
	memcpy(a.bytes + 6 + field * 8, digits, 8);
}

static void test_fields(void **state)
{
	archive_file(&a, "first", "some text");
	archive_end(&a);
	set_field(6, "FFFFFFFF");
	expect_error("c_filesize");
	set_field(6, "7fffffff");
	expect_error("c_filesize");
	set_field(6, "0000000G");
	expect_error("hexadecimal");
	set_field(6, "+0000001");
	expect_error("hexadecimal");
	set_field(6, "00000009");
	set_field(11, "ffffffff");
	expect_error("c_namesize");
	set_field(11, "00000000");
	expect_error("c_namesize");
	set_field(11, "00000005"); /* "first" without its NUL */
	expect_error("NUL");
}

static void test_names(void **state)
{
	static const char *const bad[] = {"..", "../x", "a/../b", "a/..", "/../x", "./.."};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		memset(&a, 0, sizeof(a));
		archive_file(&a, bad[i], "");
		archive_end(&a);
		expect_error("..");
	}
}

static void expect_magic(const char *bytes, size_t len, const char *part)
{
	memset(&a, 0, sizeof(a));
	memcpy(a.bytes, bytes, len);
	a.len = 300;
	expect_error(part);
}

static void test_foreign_formats(void **state)
{
	expect_magic("\x1f\x8b\x08", 3, "gzip");
	expect_magic("\xfd"
		     "7zXZ\0",
		     6, "xz");
	expect_magic("\x28\xb5\x2f\xfd", 4, "zstd");
	expect_magic("BZh9", 4, "bzip2");
	expect_magic("\x02\x21\x4c\x18", 4, "lz4");
	expect_magic("070707", 6, "odc");
	expect_magic("\xc7\x71", 2, "binary");
	expect_magic("\x7f"
		     "ELF",
		     4, "070701");
	/* And behind a good one, where Linux would accept a second archive. */
	memset(&a, 0, sizeof(a));
	archive_end(&a);
	memcpy(a.bytes + a.len, "\x1f\x8b", 2);
	a.len += 100;
	expect_error("gzip");
}

#define T(name) cmocka_unit_test_setup(name, setup)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_good),
		T(test_several_archives),
		T(test_every_truncation),
		T(test_every_broken_byte),
		T(test_fields),
		T(test_names),
		T(test_foreign_formats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
