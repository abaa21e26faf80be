/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How strace shows arguments and results: flags, strings, structures, arrays, errors. The tests
 * play the program: its memory is that of the test process.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <asm/poll.h>
#include <asm/unistd.h>
#include <linux/errno.h>
#include <linux/eventpoll.h>
#include <linux/fcntl.h>
#include <linux/inotify.h>
#include <linux/futex.h>
#include <linux/mman.h>
#include <linux/resource.h>
#include <linux/sched.h>
#include <linux/time_types.h>
#include <linux/uio.h>
#include <uk/arch/uaccess.h>
#include <uk/signal.h>
#include <uk/print.h>
#include <uk/string.h>
#include "strace_show.h"

/* --- tests ------------------------------------------------------------------------------------ */

static void test_flags(void **state)
{
	static const struct {
		enum strace_kind kind;
		unsigned long value;
		const char *text;
	} rows[] = {
		{KIND_OPEN_FLAGS, O_RDONLY | O_CLOEXEC, "O_RDONLY|O_CLOEXEC"},
		{KIND_OPEN_FLAGS, O_RDWR | O_CREAT | O_TRUNC, "O_RDWR|O_CREAT|O_TRUNC"},
		{KIND_OPEN_FLAGS, O_WRONLY | O_SYNC, "O_WRONLY|O_SYNC"},
		{KIND_OPEN_FLAGS, O_RDWR | O_TMPFILE, "O_RDWR|O_TMPFILE"},
		{KIND_OPEN_FLAGS, O_RDONLY | 0x40000000, "O_RDONLY|0x40000000"},
		{KIND_O_FLAGS, 0, "0"},
		{KIND_O_FLAGS, O_CLOEXEC | O_NONBLOCK, "O_NONBLOCK|O_CLOEXEC"},
		{KIND_AT_FLAGS, AT_EMPTY_PATH, "AT_EMPTY_PATH"},
		{KIND_ACCESS, 0, "F_OK"},
		{KIND_ACCESS, 6, "R_OK|W_OK"},
		{KIND_PROT, 0, "PROT_NONE"},
		{KIND_PROT, PROT_READ | PROT_EXEC, "PROT_READ|PROT_EXEC"},
		{KIND_MMAP_FLAGS, MAP_PRIVATE | MAP_FIXED | MAP_DENYWRITE,
		 "MAP_PRIVATE|MAP_FIXED|MAP_DENYWRITE"},
		{KIND_MMAP_FLAGS, MAP_SHARED | 1UL << 31, "MAP_SHARED|0x80000000"},
		{KIND_INOTIFY, IN_CREATE | IN_ONESHOT, "IN_CREATE|IN_ONESHOT"},
		{KIND_WHENCE, 2, "SEEK_END"},
		{KIND_WHENCE, 99, "0x63"},
		{KIND_FCNTL, F_DUPFD_CLOEXEC, "F_DUPFD_CLOEXEC"},
		{KIND_IOCTL, 0x5401, "TCGETS"},
		{KIND_IOCTL, 0x12345678, "0x12345678"},
		{KIND_CLOCK, 1, "CLOCK_MONOTONIC"},
		{KIND_SIGNO, SIGINT, "SIGINT"},
		{KIND_SIGNO, 34, "SIGRT_2"},
		{KIND_SIGNO, 0, "0"},
		{KIND_FUTEX_OP, FUTEX_WAKE_PRIVATE, "FUTEX_WAKE_PRIVATE"},
		{KIND_FUTEX_OP, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME,
		 "FUTEX_WAIT_BITSET|FUTEX_CLOCK_REALTIME"},
		{KIND_CLONE, CLONE_VM | CLONE_VFORK | SIGCHLD, "CLONE_VM|CLONE_VFORK|SIGCHLD"},
		{KIND_SOCK_TYPE, 1 | O_CLOEXEC, "SOCK_STREAM|SOCK_CLOEXEC"},
		{KIND_EVENTFD_FLAGS, 1 | O_NONBLOCK, "EFD_SEMAPHORE|EFD_NONBLOCK"},
		{KIND_SIGNALFD_FLAGS, O_CLOEXEC, "SFD_CLOEXEC"},
		{KIND_EPOLL_FLAGS, O_CLOEXEC, "EPOLL_CLOEXEC"},
		{KIND_EPOLL_OP, EPOLL_CTL_MOD, "EPOLL_CTL_MOD"},
		{KIND_EPOLL_OP, 9, "0x9"},
		{KIND_MADVICE, MADV_DONTNEED, "MADV_DONTNEED"},
		{KIND_ARCH_PRCTL, 0x1002, "ARCH_SET_FS"},
	};

	for (size_t i = 0; i < UK_ARRAY_SIZE(rows); i++)
		assert_string_equal(show_named(rows[i].kind, rows[i].value), rows[i].text);
}

static void test_values(void **state)
{
	assert_string_equal(show_arg(KIND_DIRFD, (unsigned long)(long)AT_FDCWD, 0, 0), "AT_FDCWD");
	assert_string_equal(show_arg(KIND_DIRFD, 5, 0, 0), "5");
	/* The upper half of a register that carries an int is noise. */
	assert_string_equal(show_arg(KIND_FD, 0xdead00000003UL, 0, 0), "3");
	assert_string_equal(show_arg(KIND_OCT, 0644, 0, 0), "0644");
	assert_string_equal(show_arg(KIND_OCT, 0, 0, 0), "0");
	assert_string_equal(show_arg(KIND_PTR, 0, 0, 0), "NULL");
	assert_string_equal(show_arg(KIND_PTR, 0x1234, 0, 0), "0x1234");
	assert_string_equal(show_arg(KIND_LONG, (unsigned long)-1L, 0, 0), "-1");
}

static void test_strings(void **state)
{
	char exact[33];

	assert_string_equal(show_arg(KIND_STR, STR("/etc/ld.so.cache"), 0, 0),
			    "\"/etc/ld.so.cache\"");
	assert_string_equal(show_arg(KIND_STR, STR("a\tb\n\"\\"), 0, 0), "\"a\\tb\\n\\\"\\\\\"");
	assert_string_equal(show_arg(KIND_STR, 0, 0, 0), "NULL");
	assert_string_equal(show_arg(KIND_STR, BAD_ADDRESS, 0, 0), "0x10");
	memset(exact, 'x', 32);
	exact[32] = '\0';
	assert_string_equal(show_arg(KIND_STR, STR(exact), 0, 0),
			    "\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"");
	assert_string_equal(show_arg(KIND_STR, STR("yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyzz"), 0, 0),
			    "\"yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\"...");
}

static void test_bytes(void **state)
{
	assert_string_equal(show_arg(KIND_BYTES_IN,
				     STR("\0\1\177ELF\0"
					 "1"),
				     8, 0),
			    "\"\\0\\1\\177ELF\\0001\"");
	assert_string_equal(show_arg(KIND_BYTES_OUT, STR("hello"), 100, 5), "\"hello\"");
	assert_string_equal(show_arg(KIND_BYTES_OUT, STR("hello"), 100, 0), "\"\"");
	assert_string_equal(show_arg(KIND_BYTES_OUT, 0x7000000, 100, -EFAULT), "0x7000000");
}

static void test_vectors(void **state)
{
	struct iovec iov[2] = {{.iov_base = "abc", .iov_len = 3},
			       {.iov_base = "defg", .iov_len = 4}};

	assert_string_equal(show_arg(KIND_IOV_IN, STR(iov), 2, 0),
			    "[{iov_base=\"abc\", iov_len=3}, {iov_base=\"defg\", iov_len=4}]");
	assert_string_equal(show_arg(KIND_IOV_OUT, STR(iov), 2, 4),
			    "[{iov_base=\"abc\", iov_len=3}, {iov_base=\"d\", iov_len=4}]");
}

static void test_string_arrays(void **state)
{
	const char *argv[] = {"ls", "-l", NULL};

	assert_string_equal(show_arg(KIND_ARGV, STR(argv), 0, 0), "[\"ls\", \"-l\"]");
	assert_non_null(strstr(show_arg(KIND_ENVP, STR(argv), 0, 0), "/* 2 vars */"));
	assert_string_equal(show_arg(KIND_ARGV, 0, 0, 0), "NULL");
}

static void test_structs(void **state)
{
	struct __kernel_timespec ts = {.tv_sec = 1, .tv_nsec = 500};
	struct pollfd fd = {.fd = 3, .events = POLLIN, .revents = POLLIN | POLLHUP};
	sigset_t few = UK_SIGMASK(SIGINT) | UK_SIGMASK(SIGCHLD);
	sigset_t most = ~few;
	int fds[2] = {3, 4};

	assert_string_equal(show_arg(KIND_TS_IN, STR(&ts), 0, 0), "{tv_sec=1, tv_nsec=500}");
	/* What a failed call was to write is not there: only its address is shown. */
	assert_memory_equal(show_arg(KIND_TS_OUT, STR(&ts), 0, -EINTR), "0x", 2);
	assert_string_equal(show_arg(KIND_POLLFDS, STR(&fd), 1, 1),
			    "[{fd=3, events=POLLIN, revents=POLLIN|POLLHUP}]");
	assert_string_equal(show_arg(KIND_SIGSET_IN, STR(&few), 0, 0), "[INT CHLD]");
	assert_string_equal(show_arg(KIND_SIGSET_IN, STR(&most), 0, 0), "~[INT CHLD]");
	assert_string_equal(show_arg(KIND_FD2_OUT, STR(fds), 0, 0), "[3, 4]");
	assert_string_equal(show_arg(KIND_TS_IN, BAD_ADDRESS, 0, 0), "0x10");
}

static void test_epoll_events(void **state)
{
	struct epoll_event events[9] = {
		{.events = EPOLLIN | EPOLLET, .data = 5},
		{.events = EPOLLHUP, .data = 1UL << 32 | 7},
	};

	assert_string_equal(show_arg(KIND_EPOLL_EVENT_IN, STR(events), 0, 0),
			    "{events=EPOLLIN|EPOLLET, data={u32=5, u64=5}}");
	assert_string_equal(show_arg(KIND_EPOLL_EVENTS_OUT, STR(events), 9, 2),
			    "[{events=EPOLLIN|EPOLLET, data={u32=5, u64=5}}, "
			    "{events=EPOLLHUP, data={u32=7, u64=4294967303}}]");
	assert_string_equal(show_arg(KIND_EPOLL_EVENTS_OUT, STR(events), 9, 0), "[]");
	assert_non_null(strstr(show_arg(KIND_EPOLL_EVENTS_OUT, STR(events), 9, 9), ", ...]"));
	assert_memory_equal(show_arg(KIND_EPOLL_EVENTS_OUT, STR(events), 9, -EINTR), "0x", 2);
	assert_string_equal(show_arg(KIND_EPOLL_EVENT_IN, BAD_ADDRESS, 0, 0), "0x10");
}

static void test_timers(void **state)
{
	struct __kernel_itimerspec spec = {.it_interval = {1, 2}, .it_value = {3, 4}};
	struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGINT};
	struct rusage usage = {.ru_utime = {1, 2}};
	int id = 5;

	(void)state;
	event._sigev_un._tid = 7;
	assert_string_equal(show_arg(KIND_ITIMERSPEC_IN, STR(&spec), 0, 0),
			    "{it_interval={tv_sec=1, tv_nsec=2}, it_value={tv_sec=3, tv_nsec=4}}");
	assert_string_equal(show_arg(KIND_ITIMERVAL_OUT, STR(&spec), 0, 0),
			    "{it_interval={tv_sec=1, tv_usec=2}, it_value={tv_sec=3, tv_usec=4}}");
	assert_string_equal(show_arg(KIND_SIGEVENT_IN, STR(&event), 0, 0),
			    "{sigev_value={sival_ptr=NULL}, sigev_signo=SIGINT, "
			    "sigev_notify=SIGEV_THREAD_ID, sigev_notify_thread_id=7}");
	assert_string_equal(
		show_arg(KIND_RUSAGE_OUT, STR(&usage), 0, 0),
		"{ru_utime={tv_sec=1, tv_usec=2}, ru_stime={tv_sec=0, tv_usec=0}, ...}");
	assert_string_equal(show_arg(KIND_INT_OUT, STR(&id), 0, 0), "[5]");
	assert_string_equal(show_named(KIND_ITIMER, 2), "ITIMER_PROF");
	assert_string_equal(show_named(KIND_RUSAGE, (unsigned long)-1), "RUSAGE_CHILDREN");
	assert_string_equal(show_named(KIND_TIMERFD_FLAGS, O_CLOEXEC), "TFD_CLOEXEC");
	assert_string_equal(show_named(KIND_TIMERFD_SET, 3),
			    "TFD_TIMER_ABSTIME|TFD_TIMER_CANCEL_ON_SET");
}

static void test_trim(void **state)
{
	struct strace_call open = {
		.count = 4, .kinds = {KIND_DIRFD, KIND_STR, KIND_OPEN_FLAGS, KIND_OPEN_MODE}};
	struct strace_call getfd = {.count = 3, .kinds = {KIND_FD, KIND_FCNTL, KIND_FCNTL_ARG}};

	open.args[2] = O_RDONLY | O_DIRECTORY;
	strace_trim_args(&open);
	assert_int_equal(open.count, 3);
	open.count = 4;
	open.args[2] = O_WRONLY | O_CREAT;
	strace_trim_args(&open);
	assert_int_equal(open.count, 4);
	getfd.args[1] = F_GETFD;
	strace_trim_args(&getfd);
	assert_int_equal(getfd.count, 2);
}

static void test_results(void **state)
{
	assert_string_equal(show_result(3, RESULT_FD), " = 3");
	assert_string_equal(show_result(0x7f0000001000, RESULT_PTR), " = 0x7f0000001000");
	assert_string_equal(show_result(022, RESULT_OCT), " = 022");
	assert_string_equal(show_result(-ENOENT, RESULT_FD),
			    " = -1 ENOENT (No such file or directory)");
	assert_string_equal(show_result(-ENOSYS, RESULT_PTR),
			    " = -1 ENOSYS (Function not implemented)");
	assert_string_equal(show_result(-ERESTARTSYS, RESULT_INT),
			    " = ? ERESTARTSYS (To be restarted if SA_RESTART is set)");
	assert_string_equal(show_result(-600, RESULT_INT), " = -1 (errno 600)");
}

/* A line longer than the buffer goes out in pieces, none lost. */
static void test_long_lines(void **state)
{
	begin();
	for (int i = 0; i < 200; i++)
		strace_put(&line, "%d,", i);
	strace_put_char(&line, '.');
	assert_int_equal(strlen(shown()), 10 * 2 + 90 * 3 + 100 * 4 + 1);
	assert_memory_equal(output, "0,1,2,3,4,5,6,7,8,9,10,", 23);
}

static void show_of(struct strace_line *of, int tid, const char *text)
{
	shown_tid = tid;
	strace_put(of, "%s", text);
	strace_flush(of);
}

static void end_of(struct strace_line *of, int tid, const char *text)
{
	shown_tid = tid;
	strace_put(of, "%s", text);
	strace_end(of);
}

/* Lines that break each other, as strace -f shows them. */
static void test_threads(void **state)
{
	struct strace_line other;

	begin();
	show_of(&line, 0, "read(0, ");
	strace_begin(&other, 9999);
	show_of(&other, 7, "a(");
	end_of(&other, 7, ") = 0");
	strace_begin(&other, 9999);
	show_of(&other, 7, "b(");
	end_of(&line, 6, "\"\", 1) = 0");
	end_of(&other, 0, ") = 1");
	assert_string_equal(output, "read(0,  <unfinished ...>\n"
				    "[pid     7] a() = 0\n"
				    "[pid     7] b( <unfinished ...>\n"
				    "[pid     6] <... read resumed>\"\", 1) = 0\n"
				    "<... syscall_9999 resumed>) = 1\n");
}

static void test_message_in_a_call(void **state)
{
	begin();
	show_of(&line, 0, "read(0, ");
	strace_break();
	strace_break();
	end_of(&line, 0, "1) = 0");
	strace_break();
	assert_string_equal(output, "read(0,  <unfinished ...>\n<... read resumed>1) = 0\n");
}

static void on_record(const char *text, void *ctx)
{
	strcpy(ctx, text);
}

/* The end of a line that was long in between is not written into what others keep. */
static void test_records(void **state)
{
	struct strace_line other;
	char last[STRACE_RECORD_BYTES];

	begin();
	show_of(&line, 0, "read(0, ");
	strace_visit_records(on_record, last);
	assert_string_equal(last, "read(0, ");
	for (int i = 0; i < 20; i++) {
		strace_begin(&other, 9999);
		end_of(&other, 7, "other() = 0");
	}
	strace_visit_records(on_record, last);
	assert_string_equal(last, "[pid     7] other() = 0");
	end_of(&line, 6, "1) = 0");
	strace_visit_records(on_record, last);
	assert_string_equal(last, "read(0, 1) = 0");
	begin();
	for (int i = 0; i < 300; i++)
		strace_put_char(&line, 'x');
	strace_end(&line);
	strace_visit_records(on_record, last);
	assert_int_equal(strlen(last), STRACE_RECORD_BYTES - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_epoll_events),

		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_string_arrays),
		cmocka_unit_test(test_structs),
		cmocka_unit_test(test_timers),
		cmocka_unit_test(test_trim),
		cmocka_unit_test(test_results),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_message_in_a_call),
		cmocka_unit_test(test_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
