/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * epoll over files that the test makes ready: against a model that knows what must be reported,
 * with events that come at the worst moment, and when memory ends.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <linux/errno.h>
#include <uk/clock.h>
#include <uk/epoll.h>
#include <uk/procfs.h>
#include "machine.h"

uint64_t clock_monotonic_ns(void)
{
	return 1000;
}

/* --- files ------------------------------------------------------------------------------------ */

#define QUEUES 3

/* A file with several queues and some events. `during_poll` runs right after it was asked. */
struct fake {
	struct file *file;
	struct waitq queues[QUEUES];
	unsigned int queue_count, events;
	void (*during_poll)(struct fake *fake);
};

static unsigned int fake_poll(struct file *file, struct poll_table *table)
{
	struct fake *fake = file->priv;
	unsigned int events = fake->events;

	for (unsigned int i = 0; i < fake->queue_count; i++)
		poll_register(table, &fake->queues[i]);
	if (!table && fake->during_poll)
		fake->during_poll(fake);
	return events;
}

static const struct file_ops fake_ops = {.poll = fake_poll}, deaf_ops = {.poll = NULL};

static void fake_init(struct fake *fake, unsigned int queue_count)
{
	*fake = (struct fake){.queue_count = queue_count};
	for (int i = 0; i < QUEUES; i++)
		waitq_init(&fake->queues[i]);
	fake->file = file_alloc(&fake_ops, 0, FILE_READ | FILE_WRITE);
	assert_false(IS_ERR(fake->file));
	fake->file->priv = fake;
}

static void fake_event(struct fake *fake, unsigned int events)
{
	fake->events = events;
	waitq_wake(&fake->queues[(unsigned int)rand() % fake->queue_count], events);
}

static bool fake_is_watched(const struct fake *fake)
{
	for (unsigned int i = 0; i < fake->queue_count; i++)
		if (!waitq_is_empty(&fake->queues[i]))
			return true;
	return false;
}

/* --- calls ------------------------------------------------------------------------------------ */

static struct epoll_event out[64];

static int control(struct file *epoll, int op, struct file *file, int fd, uint32_t events)
{
	struct epoll_event event = {.events = events, .data = (uint64_t)fd};

	return epoll_control(epoll, op, file, fd, &event);
}

static int add(struct file *epoll, struct fake *fake, int fd, uint32_t events)
{
	return control(epoll, EPOLL_CTL_ADD, fake->file, fd, events);
}

static long wait_now(struct file *epoll)
{
	return epoll_wait_events(epoll, out, 64, 0);
}

static struct file *new_epoll(void)
{
	struct file *epoll = epoll_create_file();

	assert_false(IS_ERR(epoll));
	return epoll;
}

/* --- against a model -------------------------------------------------------------------------- */

#define FILES 6
#define FDS   3 /* of each file */

/* What must come of one (file, fd) pair. */
struct expected {
	bool is_there, has_edge, is_used_up;
	uint32_t events; /* as given */
};

static struct fake fakes[FILES];
static struct expected model[FILES][FDS];

static int fd_of(int file, int fd)
{
	return file * 100 + fd;
}

static uint32_t due(const struct fake *fake, const struct expected *e)
{
	if (!e->is_there || e->is_used_up || (e->events & EPOLLET && !e->has_edge))
		return 0;
	return fake->events & (e->events | EPOLLERR | EPOLLHUP) & 0xffff;
}

static void model_event(int file, unsigned int events)
{
	for (int fd = 0; fd < FDS; fd++)
		if (events & (model[file][fd].events | EPOLLERR | EPOLLHUP))
			model[file][fd].has_edge = true;
}

static void random_control(struct file *epoll)
{
	static const uint32_t masks[] = {
		EPOLLIN,
		EPOLLOUT,
		EPOLLIN | EPOLLOUT,
		0,
		EPOLLIN | EPOLLET,
		EPOLLIN | EPOLLOUT | EPOLLET,
		EPOLLIN | EPOLLONESHOT,
		EPOLLOUT | EPOLLET | EPOLLONESHOT,
	};
	int file = rand() % FILES, fd = rand() % FDS, op = rand() % 3 + 1;
	uint32_t mask = masks[rand() % 8];
	struct expected *e = &model[file][fd];
	int error = control(epoll, op, fakes[file].file, fd_of(file, fd), mask);

	if (op == EPOLL_CTL_ADD)
		assert_int_equal(error, e->is_there ? -EEXIST : 0);
	else
		assert_int_equal(error, e->is_there ? 0 : -ENOENT);
	if (!error)
		*e = (struct expected){
			.is_there = op != EPOLL_CTL_DEL, .has_edge = true, .events = mask};
}

static void check_report(struct file *epoll)
{
	long count = wait_now(epoll);
	unsigned int seen = 0, wanted = 0;

	assert_true(count >= 0);
	for (long i = 0; i < count; i++) {
		int file = (int)out[i].data / 100, fd = (int)out[i].data % 100;

		assert_int_equal(out[i].events, due(&fakes[file], &model[file][fd]));
		assert_false(seen & 1u << (file * FDS + fd));
		seen |= 1u << (file * FDS + fd);
	}
	for (int i = 0; i < FILES * FDS; i++) {
		struct expected *e = &model[i / FDS][i % FDS];

		if (due(&fakes[i / FDS], e)) {
			wanted |= 1u << i;
			e->is_used_up = e->events & EPOLLONESHOT;
		}
		e->has_edge = false; /* taken, or looked at and found over */
	}
	assert_int_equal(seen, wanted);
}

static void test_model(void **state)
{
	static const unsigned int states[] = {
		0, EPOLLIN, EPOLLOUT, EPOLLIN | EPOLLOUT, EPOLLHUP, EPOLLERR, EPOLLIN | EPOLLHUP,
	};
	struct file *epoll = new_epoll();

	srand(3);
	memset(model, 0, sizeof(model));
	for (int i = 0; i < FILES; i++)
		fake_init(&fakes[i], (unsigned int)i % QUEUES + 1);
	for (int step = 0; step < 60000; step++) {
		int file = rand() % FILES;

		switch (rand() % 4) {
		case 0:
			random_control(epoll);
			break;
		case 1:
			check_report(epoll);
			break;
		case 2: /* becomes ready, or is again */
			fake_event(&fakes[file], states[rand() % 6 + 1]);
			model_event(file, fakes[file].events);
			break;
		default: /* what was there is consumed: no event */
			fakes[file].events &= states[rand() % 7];
		}
	}
	file_put(epoll);
	for (int i = 0; i < FILES; i++) {
		assert_false(fake_is_watched(&fakes[i]));
		file_put(fakes[i].file);
	}
}

/* --- the worst moments ------------------------------------------------------------------------ */

static void ready_meanwhile(struct fake *fake)
{
	fake->during_poll = NULL;
	fake_event(fake, EPOLLIN);
}

/* The file says no, and becomes ready before that is written down. */
static void test_event_after_no(void **state)
{
	struct file *epoll = new_epoll();
	struct fake fake;

	fake_init(&fake, 1);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(add(epoll, &fake, 1, EPOLLIN | (i ? EPOLLET : 0)), 0);
		fake_event(&fake, EPOLLIN);
		fake.events = 0;
		fake.during_poll = ready_meanwhile;
		assert_int_equal(wait_now(epoll), 0);
		assert_int_equal(wait_now(epoll), 1);
		assert_int_equal(wait_now(epoll), i ? 0 : 1);
		assert_int_equal(control(epoll, EPOLL_CTL_DEL, fake.file, 1, 0), 0);
	}
	file_put(epoll);
	file_put(fake.file);
}

/* An edge that comes while the last one is being reported is one more. */
static void test_edge_while_reported(void **state)
{
	struct file *epoll = new_epoll();
	struct fake fake;

	fake_init(&fake, 2);
	assert_int_equal(add(epoll, &fake, 1, EPOLLIN | EPOLLET), 0);
	fake_event(&fake, EPOLLIN);
	fake.during_poll = ready_meanwhile;
	assert_int_equal(wait_now(epoll), 1);
	assert_int_equal(wait_now(epoll), 1);
	assert_int_equal(wait_now(epoll), 0);
	file_put(epoll);
	file_put(fake.file);
}

static struct fake *to_wake;
static int wake_from_sleep(void)
{
	fake_event(to_wake, EPOLLIN);
	return 0;
}

static void test_sleep(void **state)
{
	struct file *outer = new_epoll(), *inner = new_epoll();
	struct fake fake;

	fake_init(&fake, 1);
	assert_int_equal(add(inner, &fake, 1, EPOLLIN), 0);
	assert_int_equal(control(outer, EPOLL_CTL_ADD, inner, 2, EPOLLIN), 0);
	assert_int_equal(epoll_wait_events(outer, out, 1, UK_NO_TIMEOUT), -EINTR);
	to_wake = &fake;
	machine_on_sleep = wake_from_sleep;
	assert_int_equal(epoll_wait_events(outer, out, 1, UK_NO_TIMEOUT), 1);
	assert_int_equal(out[0].data, 2);
	machine_on_sleep = NULL;
	fake.events = 0; /* what is on the list is not ready: it would sleep */
	assert_int_equal(epoll_wait_events(outer, out, 1, UK_NO_TIMEOUT), -EINTR);
	file_put(inner);
	file_put(outer);
	file_put(fake.file);
}

/* --- ends ------------------------------------------------------------------------------------- */

static void test_file_ends(void **state)
{
	struct file *a = new_epoll(), *b = new_epoll();
	struct fake fake;

	fake_init(&fake, 3);
	assert_int_equal(add(a, &fake, 1, EPOLLIN), 0);
	assert_int_equal(add(a, &fake, 2, EPOLLIN), 0);
	assert_int_equal(add(b, &fake, 1, EPOLLIN), 0);
	fake_event(&fake, EPOLLIN);
	assert_int_equal(wait_now(a), 2);
	file_put(fake.file);
	assert_false(fake_is_watched(&fake));
	assert_int_equal(wait_now(a), 0);
	assert_int_equal(wait_now(b), 0);
	file_put(a);
	file_put(b);
}

static void test_memory_ends(void **state)
{
	struct file *epoll = ERR_PTR(-ENOMEM);
	struct fake fake;
	int error = -ENOMEM;

	fake_init(&fake, 3);
	fake.events = EPOLLIN;
	for (int i = 0; IS_ERR(epoll); i++) {
		assert_int_equal(PTR_ERR(epoll), -ENOMEM);
		machine_fail_after(i);
		epoll = epoll_create_file();
		machine_fail_after(-1);
	}
	for (int i = 0; error == -ENOMEM; i++) {
		machine_fail_after(i);
		error = add(epoll, &fake, 1, EPOLLIN);
		machine_fail_after(-1);
		assert_int_equal(fake_is_watched(&fake), error == 0);
		assert_int_equal(wait_now(epoll), error == 0);
	}
	assert_int_equal(error, 0);
	file_put(fake.file);
	file_put(epoll);
}

static void test_refusals(void **state)
{
	struct file *epoll = new_epoll(), *deaf = file_alloc(&deaf_ops, 0, FILE_READ);
	struct fake fake;

	fake_init(&fake, 1);
	assert_int_equal(control(epoll, EPOLL_CTL_ADD, deaf, 1, EPOLLIN), -EPERM);
	assert_int_equal(control(epoll, EPOLL_CTL_ADD, epoll, 1, EPOLLIN), -EINVAL);
	assert_int_equal(control(fake.file, EPOLL_CTL_ADD, epoll, 1, EPOLLIN), -EINVAL);
	assert_int_equal(control(epoll, 4, fake.file, 1, EPOLLIN), -EINVAL);
	assert_int_equal(epoll_wait_events(fake.file, out, 1, 0), -EINVAL);
	assert_int_equal(add(epoll, &fake, 1, EPOLLIN | EPOLLEXCLUSIVE | EPOLLONESHOT), -EINVAL);
	file_put(fake.file);
	file_put(deaf);
	file_put(epoll);
}

/* --- instances that watch instances ----------------------------------------------------------- */

#define NODES 8

static bool edges[NODES][NODES];

static int longest_from(int node, int limit)
{
	int longest = 0;

	for (int to = 0; to < NODES && limit; to++)
		if (edges[node][to])
			longest = UK_MAX(longest, longest_from(to, limit - 1));
	return longest + 1;
}

static int longest_chain(void)
{
	int longest = 0;

	for (int node = 0; node < NODES; node++)
		longest = UK_MAX(longest, longest_from(node, NODES));
	return longest;
}

/* What is accepted leaves no chain of more than five; what is refused would, or close a loop. */
static void test_nesting(void **state)
{
	struct file *nodes[NODES];

	srand(11);
	for (int round = 0; round < 100; round++) {
		memset(edges, 0, sizeof(edges));
		for (int i = 0; i < NODES; i++)
			nodes[i] = new_epoll();
		for (int step = 0; step < 60; step++) {
			int a = rand() % NODES, b = rand() % NODES, error;

			if (a == b || edges[a][b])
				continue;
			error = control(nodes[a], EPOLL_CTL_ADD, nodes[b], b, EPOLLIN);
			edges[a][b] = true;
			assert_int_equal(error, longest_chain() > 5 ? -ELOOP : 0);
			if (error || rand() % 4 == 0) {
				edges[a][b] = false;
				assert_int_equal(control(nodes[a], EPOLL_CTL_DEL, nodes[b], b, 0),
						 error ? -ENOENT : 0);
			}
		}
		for (int i = 0; i < NODES; i++)
			file_put(nodes[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_event_after_no),
		cmocka_unit_test(test_edge_while_reported),
		cmocka_unit_test(test_sleep),
		cmocka_unit_test(test_file_ends),
		cmocka_unit_test(test_memory_ends),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_nesting),
	};

	machine_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
