/* SPDX-License-Identifier: BSD-3-Clause */
/* The counter of an eventfd against a plain one: random reads and writes, near the limits too. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <linux/errno.h>
#include <uk/clock.h>
#include <uk/eventfd.h>
#include "machine.h"

#define MAX (UINT64_MAX - 1)

uint64_t clock_monotonic_ns(void)
{
	return 1000;
}

static uk_ssize_t get(struct file *file, uint64_t *value, size_t len)
{
	struct uio uio = uio_user(value, len);

	return file_read(file, &uio, NULL);
}

static uk_ssize_t put(struct file *file, const uint64_t *value, size_t len)
{
	struct uio uio = uio_user((void *)value, len);

	return file_write(file, &uio, NULL);
}

static uint64_t random_value(uint64_t count)
{
	switch (rand() % 5) {
	case 0:
		return (uint64_t)rand() % 3;
	case 1:
		return MAX - count; /* just fits */
	case 2:
		return MAX - count + 1;
	case 3:
		return UINT64_MAX;
	default:
		return (uint64_t)rand() << 33;
	}
}

static void check_read(struct file *file, uint64_t *count, bool is_semaphore)
{
	uint64_t value = 0, taken = is_semaphore ? *count != 0 : *count;

	assert_int_equal(get(file, &value, sizeof(value)), *count ? 8 : -EAGAIN);
	assert_true(value == taken);
	*count -= taken;
}

static void check_write(struct file *file, uint64_t *count)
{
	uint64_t value = random_value(*count);
	uk_ssize_t wanted = 8;

	if (value == UINT64_MAX)
		wanted = -EINVAL;
	else if (value > MAX - *count)
		wanted = -EAGAIN;
	assert_int_equal(put(file, &value, sizeof(value)), wanted);
	*count += wanted == 8 ? value : 0;
}

static void run(int flags)
{
	struct file *file = eventfd_create_file(3, flags | EFD_NONBLOCK);
	uint64_t count = 3;

	assert_false(IS_ERR(file));
	srand(5);
	for (int i = 0; i < 20000; i++) {
		assert_int_equal(file_poll(file, NULL),
				 (count ? EPOLLIN : 0) | (count < MAX ? EPOLLOUT : 0));
		if (rand() % 2)
			check_read(file, &count, flags & EFD_SEMAPHORE);
		else
			check_write(file, &count);
	}
	file_put(file);
}

static void test_counter(void **state)
{
	run(0);
}

static void test_semaphore(void **state)
{
	run(EFD_SEMAPHORE);
}

static struct file *blocked;
static int write_from_sleep(void)
{
	uint64_t value = 5;

	assert_int_equal(put(blocked, &value, sizeof(value)), 8);
	return 0;
}
static int read_from_sleep(void)
{
	uint64_t value;

	assert_int_equal(get(blocked, &value, sizeof(value)), 8);
	return 0;
}

static void test_blocking(void **state)
{
	uint64_t value = MAX;

	blocked = eventfd_create_file(0, 0);
	assert_int_equal(get(blocked, &value, sizeof(value)), -ERESTARTSYS);
	machine_on_sleep = write_from_sleep;
	assert_int_equal(get(blocked, &value, sizeof(value)), 8);
	assert_true(value == 5);
	machine_on_sleep = NULL;
	value = MAX;
	assert_int_equal(put(blocked, &value, sizeof(value)), 8);
	assert_int_equal(put(blocked, &value, sizeof(value)), -ERESTARTSYS);
	machine_on_sleep = read_from_sleep;
	assert_int_equal(put(blocked, &value, sizeof(value)), 8);
	machine_on_sleep = NULL;
	file_put(blocked);
}

static void test_refusals(void **state)
{
	struct file *file = ERR_PTR(-ENOMEM);
	uint64_t value = 1;

	assert_ptr_equal(eventfd_create_file(0, 2), ERR_PTR(-EINVAL));
	for (int i = 0; IS_ERR(file); i++) {
		assert_int_equal(PTR_ERR(file), -ENOMEM);
		machine_fail_after(i);
		file = eventfd_create_file(1, EFD_NONBLOCK);
		machine_fail_after(-1);
	}
	assert_int_equal(get(file, &value, 7), -EINVAL);
	assert_int_equal(put(file, &value, 7), -EINVAL);
	machine_bad_range(&value, 8);
	assert_int_equal(put(file, &value, 8), -EFAULT);
	assert_int_equal(get(file, &value, 8), -EFAULT); /* and the value is gone */
	machine_bad_range(NULL, 0);
	assert_int_equal(get(file, &value, 8), -EAGAIN);
	file_put(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counter),
		cmocka_unit_test(test_semaphore),
		cmocka_unit_test(test_blocking),
		cmocka_unit_test(test_refusals),
	};

	machine_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
