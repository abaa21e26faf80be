/* SPDX-License-Identifier: BSD-3-Clause */
/* Entries of vfs.fstab. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <linux/errno.h>
#include <linux/mount.h>
#include "../rootfs.h"

static char buf[256];
static struct fstab_entry e;
static const char *why;

static int parse(const char *text)
{
	strcpy(buf, text);
	return fstab_parse(buf, &e, &why);
}

static void test_good(void **state)
{
	assert_int_equal(parse("initrd0:/:initrd"), 0);
	assert_string_equal(e.source, "initrd0");
	assert_string_equal(e.mountpoint, "/");
	assert_string_equal(e.driver, "initrd");
	assert_int_equal(e.flags, 0);
	assert_null(e.options);
	assert_int_equal(parse("fs0:/data:9pfs:0x1:msize=8192,x=a:b"), 0);
	assert_int_equal(e.flags, MS_RDONLY);
	assert_string_equal(e.options, "msize=8192,x=a:b");
	assert_int_equal(parse("tmpfs:/tmp:tmpfs:ro,noexec,nosuid,mkmp:size=1m"), 0);
	assert_int_equal(e.flags, MS_RDONLY | MS_NOEXEC | MS_NOSUID);
	assert_int_equal(parse(":/run:tmpfs::"), 0);
	assert_string_equal(e.source, "");
	assert_null(e.options);
}

static void test_bad(void **state)
{
	static const char *const bad[] = {
		"",
		":",
		"a",
		"a:/b",
		"a:/b:",
		"a:b:c",
		"a::tmpfs",
		"a:/b:c:wat",
		"a:/b:c:ro,wat",
		"a:/b:c:ro,",
		"a:/b:c:0x1ffffffff",
		"a:/b:c:-1",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(parse(bad[i]), -EINVAL);
		assert_non_null(why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
