/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of system calls: every number of Linux has one row, names are found by number, and no
 * row has more than six arguments. Run from the top of the tree. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <asm/unistd.h>

const char *syscall_name(unsigned long nr);

/* One char per argument. */
#define SYSCALL(name, status, result, note, ...) sizeof((char[]){'x', __VA_ARGS__}) - 1,
#define SYSCALL_HOLE(first, last)
#define A(type, name, kind) 'x'
#define NOARGS
static const size_t argument_counts[] = {
#include "../syscalls.def"
};
#undef SYSCALL
#undef SYSCALL_HOLE
#undef A
#undef NOARGS

/* A partial call says what is missing; a complete or absent one has nothing to say. */
#define NOTE_FULL                                0
#define NOTE_PARTIAL                             1
#define NOTE_ENOSYS                              0
#define SYSCALL(name, status, result, note, ...) {#name, note, NOTE_##status},
#define SYSCALL_HOLE(first, last)
static const struct {
	const char *name, *note;
	int wants_note;
} notes[] = {
#include "../syscalls.def"
};
#undef SYSCALL
#undef SYSCALL_HOLE

static void test_rows_match_linux(void **state)
{
	assert_int_equal(system("sh syscall/host/check-rows.sh"), 0);
}

static void test_argument_counts(void **state)
{
	for (size_t i = 0; i < sizeof(argument_counts) / sizeof(argument_counts[0]); i++)
		assert_true(argument_counts[i] <= 6);
}

static void test_notes(void **state)
{
	for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++)
		if (!*notes[i].note != !notes[i].wants_note)
			fail_msg("%s: note and status do not agree", notes[i].name);
}

static void test_names(void **state)
{
	assert_string_equal(syscall_name(__NR_read), "read");
	assert_string_equal(syscall_name(__NR_openat), "openat");
	assert_string_equal(syscall_name(__NR_futex_waitv), "futex_waitv");
	assert_null(syscall_name(400)); /* in the hole before the numbers all machines share */
	assert_null(syscall_name(100000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_match_linux),
		cmocka_unit_test(test_argument_counts),
		cmocka_unit_test(test_notes),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
