/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls that move much data: other threads run meanwhile, and a signal ends them early. */
#include "t_threads.h"

#include <sys/sendfile.h>

#define BUFFER_BYTES (64UL << 20)
#define FILE_BYTES   (1UL << 30) /* a hole */
#define TRIES        50          /* a call may be over before a signal comes */

static char *buffer;
static pthread_t caller;
static atomic_bool is_done;

static void on_signal(int signo)
{
	(void)signo;
}

static void *disturbs(void *argument)
{
	while (!is_done) {
		sleep_ms(1);
		pthread_kill(caller, SIGUSR1);
	}
	return argument;
}

/* Calls until one of the calls was cut short by a signal. */
static void check_ends_early(ssize_t (*call)(void), size_t whole)
{
	const struct sigaction action = {.sa_handler = on_signal};
	ssize_t moved = (ssize_t)whole;
	pthread_t thread;

	if (!buffer)
		buffer = malloc(BUFFER_BYTES);
	if (!CHECK(buffer))
		return;
	memset(buffer, 1, BUFFER_BYTES);
	CHECK_OK(sigaction(SIGUSR1, &action, NULL));
	caller = pthread_self();
	is_done = false;
	thread = start(disturbs, NULL);
	for (int i = 0; i < TRIES && moved == (ssize_t)whole; i++)
		moved = call();
	is_done = true;
	join(thread);
	CHECK(moved > 0 && moved < (ssize_t)whole);
}

static ssize_t read_device(const char *name)
{
	int fd = CHECK_OK(open(name, O_RDONLY));
	ssize_t got = read(fd, buffer, BUFFER_BYTES);

	close(fd);
	return got;
}

static ssize_t read_zeros(void)
{
	return read_device("/dev/zero");
}

static ssize_t read_random(void)
{
	return read_device("/dev/urandom");
}

static ssize_t get_random(void)
{
	return syscall(SYS_getrandom, buffer, BUFFER_BYTES, 0);
}

static ssize_t send_hole(void)
{
	int in = CHECK_OK(open("hole", O_RDONLY)), out = CHECK_OK(open("/dev/null", O_WRONLY));
	ssize_t sent = sendfile(out, in, NULL, FILE_BYTES);

	CHECK_EQ(lseek(in, 0, SEEK_CUR), sent);
	close(in);
	close(out);
	return sent;
}

static void zeros(void)
{
	check_ends_early(read_zeros, BUFFER_BYTES);
}

static void random_bytes(void)
{
	check_ends_early(read_random, BUFFER_BYTES);
	check_ends_early(get_random, BUFFER_BYTES);
}

static void sending(void)
{
	int fd = t_make_file("hole", "", 0);

	CHECK_OK(ftruncate(fd, FILE_BYTES));
	close(fd);
	check_ends_early(send_hole, FILE_BYTES);
}

static const struct t_test tests[] = {
	T(zeros),
	T(random_bytes),
	T(sending),
};

T_MAIN(tests)
