/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How a process with several threads ends, in the way its argument names. The runner compares
 * status and output with Linux. Meanwhile other threads spin, sleep and wait: they end with it.
 */
#include "t_threads.h"

#include <sys/mman.h>
#include <ucontext.h>

static pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER;
static pthread_t main_thread;

static void *spins(void *argument)
{
	for (;;)
		asm volatile("pause");
	return argument;
}

static void *sleeps(void *argument)
{
	for (;;)
		sleep_ms(100000);
	return argument;
}

static void *waits(void *argument)
{
	pthread_mutex_lock(&held);
	return argument;
}

static void *calls(void *argument)
{
	for (;;)
		getppid();
	return argument;
}

static void surround(void)
{
	pthread_mutex_lock(&held);
	start(spins, NULL);
	start(sleeps, NULL);
	start(waits, NULL);
	start(calls, NULL);
	sleep_ms(20);
}

static void *exits(void *argument)
{
	exit(argument ? 9 : 7);
}

static void *exits_group(void *argument)
{
	syscall(SYS_exit_group, 11);
	return argument;
}

static void *faults(void *argument)
{
	*(volatile char *)PAGE = 1;
	return argument;
}

static void *aborts(void *argument)
{
	abort();
	return argument;
}

static void *is_last(void *argument)
{
	pthread_join(main_thread, NULL);
	printf("main has ended\n");
	fflush(stdout);
	return argument;
}

static void *raises_term(void *argument)
{
	raise(SIGTERM);
	return argument;
}

static void *kills_main(void *argument)
{
	pthread_kill(main_thread, SIGKILL);
	pause();
	return argument;
}

static void *executes(void *argument)
{
	char *argv[] = {argument, "again", NULL};

	execv("/proc/self/exe", argv);
	perror("execv");
	_exit(1);
}

static void *overflows(void *argument)
{
	volatile char frame[4096];
	char *deeper;

	frame[0] = 1;
	asm volatile("" : "+r"(argument));
	deeper = argument ? overflows((char *)argument + 1) : NULL;
	return deeper + frame[0];
}

static void *fills_memory(void *argument)
{
	for (;;) {
		char *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			       -1, 0);

		if (p == MAP_FAILED)
			exit(5);
		memset(p, 1, 1 << 20);
	}
	return argument;
}

/* The same, but it is the kernel that touches the memory, on the program's behalf. */
static void *fills_memory_by_call(void *argument)
{
	const size_t size = 1UL << 30;
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	int fd = open("/dev/zero", O_RDONLY);

	if (p == MAP_FAILED || fd < 0)
		exit(5);
	exit(read(fd, p, size) < 0 ? 6 : 7);
	return argument;
}

/* Ten thousand threads, or until none can be made: that is an error, and the process goes on. */
static void *fills_with_threads(void *argument)
{
	pthread_attr_t attr;
	pthread_t thread;
	int count = 0, error = 0;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 16384);
	for (; count < 10000 && error == 0; count += error == 0)
		error = pthread_create(&thread, &attr, waits, NULL);
	printf("%s\n", error == 0 || error == EAGAIN ? "as it should" : strerror(error));
	fflush(stdout);
	_exit(count > 500 ? 21 : 22);
	return argument;
}

/* A thread is killed, with all others, while it holds a lock that others wait for. */
static void *killed_as_holder(void *argument)
{
	static pthread_mutex_t mine = PTHREAD_MUTEX_INITIALIZER;

	pthread_mutex_lock(&mine);
	syscall(SYS_tgkill, getpid(), tid(), SIGKILL);
	return argument;
}

/* --- frames of signals ------------------------------------------------------------------------ */

static void handle(int signo, void (*handler)(int, siginfo_t *, void *))
{
	struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};

	sigaction(signo, &action, NULL);
}

static void on_signal_fault(int signo, siginfo_t *info, void *context)
{
	(void)context;
	*(volatile int *)info->si_addr = signo;
}

static void *handler_faults(void *argument)
{
	handle(SIGSEGV, on_signal_fault);
	return faults(argument);
}

static void *frame_has_no_room(void *argument)
{
	handle(SIGUSR1, on_signal_fault);
	asm volatile("mov $0x1000, %%esp\n\tsyscall\n\tud2"
		     :
		     : "a"(SYS_tgkill), "D"(getpid()), "S"(tid()), "d"(SIGUSR1)
		     : "memory", "rcx", "r11");
	return argument;
}

static void *frame_is_nonsense(void *argument)
{
	static char frame[8192] __attribute__((aligned(64)));

	memset(frame, 0xa5, sizeof(frame));
	asm volatile("mov %1, %%rsp\n\tsyscall\n\tud2"
		     :
		     : "a"(SYS_rt_sigreturn), "r"(frame + 1024)
		     : "memory", "rcx", "r11");
	return argument;
}

static void on_signal_leave(int signo, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	(void)signo;
	(void)info;
	uc->uc_mcontext.gregs[REG_RIP] = (long long)0xffffffff80001000;
}

static void *frame_leads_to_kernel(void *argument)
{
	handle(SIGUSR1, on_signal_leave);
	raise(SIGUSR1);
	return argument;
}

static const struct {
	const char *name;
	void *(*run)(void *);
} ways[] = {
	{"exit", exits},
	{"exit-group", exits_group},
	{"fault", faults},
	{"handler-faults", handler_faults},
	{"frame-has-no-room", frame_has_no_room},
	{"frame-is-nonsense", frame_is_nonsense},
	{"frame-leads-to-kernel", frame_leads_to_kernel},
	{"abort", aborts},
	{"terminate", raises_term},
	{"kill", kills_main},
	{"killed-as-holder", killed_as_holder},
	{"exec", executes},
	{"overflow", overflows},
	{"memory", fills_memory},
	{"memory-by-call", fills_memory_by_call},
	{"threads", fills_with_threads},
};

static void end_main(const char *way)
{
	if (!strcmp(way, "fault-twice")) {
		start(faults, NULL);
		start(faults, NULL);
		pause();
	}
	if (!strcmp(way, "return"))
		exit(3);
	if (!strcmp(way, "all-end")) { /* the last thread's end is the process' */
		start(is_last, NULL);
		pthread_exit(NULL);
	}
	if (!strcmp(way, "bare-exit")) { /* main goes without a word, the process by another */
		start(sleeps, NULL);
		start(exits, (void *)1);
		syscall(SYS_exit, 4);
	}
}

int main(int argc, char **argv)
{
	const char *way = argc > 1 ? argv[1] : "";

	t_running = way;
	printf("about to: %s\n", way);
	fflush(stdout);
	main_thread = pthread_self();
	if (!strcmp(way, "again")) { /* after execve from a thread: alone, and the main thread */
		printf("%s\n", tid() == getpid() ? "one thread" : "another id");
		exit(getpid() == 0);
	}
	if (!strcmp(way, "all-end") || !strcmp(way, "bare-exit") || !strcmp(way, "fault-twice"))
		end_main(way);
	if (strcmp(way, "threads") != 0)
		surround();
	else
		pthread_mutex_lock(&held);
	end_main(way);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (!strcmp(way, ways[i].name))
			start(ways[i].run, argv[0]);
	if (!strncmp(way, "exit", 4))
		pthread_exit(NULL);
	sleep_ms(20000);
	printf("still here\n");
	return 1;
}
