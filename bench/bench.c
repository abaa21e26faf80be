/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The benchmark program: what one system call costs, seen from the program. The same static
 * binary runs in Narthex, in a Linux guest (there as /init) and on any Linux host.
 *
 * Prints one `name value` line per measurement. With -u insn a value is a count of guest
 * instructions and comes from the time-stamp counter, which under `-icount shift=0` advances by
 * one per instruction; with -u ns it is nanoseconds, of the same counter when -t names its rate
 * (so that no guest's idea of time enters), else of CLOCK_MONOTONIC. Timed loops make their with
 * inline instructions, so that no libc is measured; the loop's own cost is stated as loop_empty
 * and not subtracted. A value is the median over many batches: batches are short enough that most
 * of them meet no timer tick.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/reboot.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "bench.h"

#define BENCH_FILE  "/tmp/bench-file"
#define PAGE        4096UL
#define TOUCH_BYTES (64UL << 20)
#define MAX_BATCHES 41

typedef int (*clock_gettime_fn)(clockid_t, struct timespec *);

static struct {
	int zero, null, file; /* open descriptors */
	int pipe[2];
	int event, ready_epoll; /* an eventfd; an epoll that watches another one, which is ready */
	int timer;              /* of timer_create, on the monotonic clock */
	clock_gettime_fn vdso;  /* NULL without a vDSO */
	char *page;             /* one touched page for mprotect */
	bool is_insn;           /* -u insn */
	double tsc_khz;         /* -t: rate of the time-stamp counter, 0: use the clock */
	uint64_t last_failures; /* calls of an item that did not return what they should */
	/* the other options, see options() */
	bool is_init, is_calibration, wants_ways;
	unsigned int batches;
	const char *only, *program;
} bench;

void bench_failed(void)
{
	bench.last_failures++;
}

static inline uint64_t read_tsc(void)
{
	uint32_t low, high;

	asm volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

static uint64_t read_clock(void)
{
	struct timespec ts;

	call3(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&ts, 0);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* A handful of instructions, which a batch makes disappear in the rounding. */
static inline uint64_t now(void)
{
	return bench.is_insn || bench.tsc_khz != 0 ? read_tsc() : read_clock();
}

/* Of a difference of two now(), per call: instructions or nanoseconds. */
static double per_call(uint64_t elapsed, unsigned long n)
{
	double scale = bench.is_insn || bench.tsc_khz == 0 ? 1 : 1e6 / bench.tsc_khz;

	return (double)elapsed * scale / (double)n;
}

/* --- what is measured ----------------------------------------------------------------------- */

static void run_loop_empty(unsigned long n)
{
	LOOP(n);
}

static void run_clock_vdso(unsigned long n)
{
	clock_gettime_fn fn = bench.vdso;
	struct timespec ts;

	LOOP(n)
	fn(CLOCK_MONOTONIC, &ts);
}

static void run_clock_trap(unsigned long n)
{
	struct timespec ts;

	LOOP(n)
	call3(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&ts, 0);
}

static void run_getppid(unsigned long n)
{
	LOOP(n)
	call3(SYS_getppid, 0, 0, 0);
}

static void run_invalid(unsigned long n)
{
	LOOP(n)
	bench.last_failures += call3(1000, 0, 0, 0) != -ENOSYS;
}

static void run_sched_yield(unsigned long n)
{
	LOOP(n)
	call3(SYS_sched_yield, 0, 0, 0);
}

static void run_read_zero(unsigned long n)
{
	char c;

	LOOP(n)
	bench.last_failures += call3(SYS_read, bench.zero, (long)&c, 1) != 1;
}

static void run_write_null(unsigned long n)
{
	char c = 0;

	LOOP(n)
	bench.last_failures += call3(SYS_write, bench.null, (long)&c, 1) != 1;
}

static void run_pipe(unsigned long n)
{
	char c = 0;

	LOOP(n)
	{
		bench.last_failures += call3(SYS_write, bench.pipe[1], (long)&c, 1) != 1;
		bench.last_failures += call3(SYS_read, bench.pipe[0], (long)&c, 1) != 1;
	}
}

static void run_eventfd(unsigned long n)
{
	uint64_t value = 1;

	LOOP(n)
	{
		bench.last_failures += call3(SYS_write, bench.event, (long)&value, 8) != 8;
		bench.last_failures += call3(SYS_read, bench.event, (long)&value, 8) != 8;
	}
}

static void run_epoll_ready(unsigned long n)
{
	struct epoll_event events[8];

	LOOP(n)
	bench.last_failures +=
		call6(SYS_epoll_wait, bench.ready_epoll, (long)events, 8, -1, 0, 0) != 1;
}

static void run_open_read_close(unsigned long n)
{
	char buf[16];

	LOOP(n)
	{
		long fd = call3(SYS_open, (long)BENCH_FILE, O_RDONLY, 0);

		bench.last_failures += call3(SYS_read, fd, (long)buf, sizeof(buf)) != sizeof(buf);
		call3(SYS_close, fd, 0, 0);
	}
}

static void run_stat(unsigned long n)
{
	struct stat st;

	LOOP(n)
	bench.last_failures += call3(SYS_stat, (long)BENCH_FILE, (long)&st, 0) != 0;
}

static void run_pread_4k(unsigned long n)
{
	static char buf[PAGE] __attribute__((aligned(4096)));

	LOOP(n)
	bench.last_failures +=
		call6(SYS_pread64, bench.file, (long)buf, PAGE, 0, 0, 0) != (long)PAGE;
}

static void run_mmap_touch_munmap(unsigned long n)
{
	LOOP(n)
	{
		long p = call6(SYS_mmap, 0, PAGE, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (p < 0 && p > -4096) {
			bench.last_failures++;
			continue;
		}
		*(volatile char *)p = 1;
		call3(SYS_munmap, p, PAGE, 0);
	}
}

static void run_mprotect_twice(unsigned long n)
{
	char *p = bench.page;

	LOOP(n)
	{
		bench.last_failures += call3(SYS_mprotect, (long)p, PAGE, PROT_READ) != 0;
		bench.last_failures +=
			call3(SYS_mprotect, (long)p, PAGE, PROT_READ | PROT_WRITE) != 0;
	}
}

/* Until the sleep is over and the program goes on: the sleep itself is in the figure. */
static void run_nanosleep_1us(unsigned long n)
{
	const struct timespec pause = {0, 1000};

	LOOP(n)
	bench.last_failures += call3(SYS_nanosleep, (long)&pause, 0, 0) != 0;
}

static void run_timer_arm_disarm(unsigned long n)
{
	const struct itimerspec hour = {.it_value = {3600, 0}}, none = {.it_value = {0, 0}};

	LOOP(n)
	{
		bench.last_failures +=
			call6(SYS_timer_settime, bench.timer, 0, (long)&hour, 0, 0, 0) != 0;
		bench.last_failures +=
			call6(SYS_timer_settime, bench.timer, 0, (long)&none, 0, 0, 0) != 0;
	}
}

static const struct item items[] = {
	{"loop_empty", run_loop_empty, 1000},
	{"clock_gettime_vdso", run_clock_vdso, 1000},
	{"clock_gettime_trap", run_clock_trap, 1000},
	{"getppid", run_getppid, 1000},
	{"invalid_call", run_invalid, 1000},
	{"sched_yield", run_sched_yield, 1000},
	{"read_zero_1", run_read_zero, 1000},
	{"write_null_1", run_write_null, 1000},
	{"pipe_write_read_1", run_pipe, 500},
	{"eventfd_write_read", run_eventfd, 500},
	{"unix_write_read_1", run_unix_pair, 500},
	{"unix_dgram_write_read_1", run_unix_records, 500},
	{"epoll_wait_ready", run_epoll_ready, 500},
	{"open_read_close", run_open_read_close, 200},
	{"stat", run_stat, 200},
	{"pread_4k", run_pread_4k, 500},
	{"mmap_touch_munmap_4k", run_mmap_touch_munmap, 60},
	{"mprotect_twice", run_mprotect_twice, 200},
	{"pthread_create_join", run_pthread_create_join, 60},
	{"futex_ping_pong", run_futex_ping_pong, 300},
	{"pipe_ping_pong", run_pipe_ping_pong, 300},
	{"unix_ping_pong", run_unix_ping_pong, 300},
	{"signal_self", run_signal_self, 200},
	{"nanosleep_1us", run_nanosleep_1us, 100},
	{"timer_arm_disarm", run_timer_arm_disarm, 200},
};

/* --- measuring ------------------------------------------------------------------------------ */

static int compare_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void print_value(const char *name, double value)
{
	if (bench.is_insn)
		printf("%s %.0f\n", name, value);
	else
		printf("%s %.1f\n", name, value);
	fflush(stdout);
}

static void measure(const struct item *item, unsigned int batches)
{
	unsigned long n = bench.is_insn ? item->batch : item->batch * 10UL;
	double samples[MAX_BATCHES];

	if (item->run == run_clock_vdso && !bench.vdso) {
		printf("%s none\n", item->name);
		return;
	}
	bench.last_failures = 0;
	item->run(n); /* warm-up: caches, the guest's translations, a message that is logged once */
	for (unsigned int i = 0; i < batches; i++) {
		uint64_t start = now();

		item->run(n);
		samples[i] = per_call(now() - start, n);
	}
	qsort(samples, batches, sizeof(samples[0]), compare_double);
	if (bench.last_failures)
		printf("%s failed\n", item->name);
	else
		print_value(item->name, samples[batches / 2]);
}

/* First touch of every page of 64 MiB, per page; mapping and unmapping are outside. */
static void measure_touch(unsigned int batches)
{
	double samples[MAX_BATCHES];

	for (unsigned int i = 0; i < batches; i++) {
		char *p = mmap(NULL, TOUCH_BYTES, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		uint64_t start;

		if (p == MAP_FAILED) {
			printf("touch_64m_per_4k failed\n");
			return;
		}
		start = now();
		for (size_t at = 0; at < TOUCH_BYTES; at += PAGE)
			*(volatile char *)(p + at) = 1;
		samples[i] = per_call(now() - start, TOUCH_BYTES / PAGE);
		munmap(p, TOUCH_BYTES);
	}
	qsort(samples, batches, sizeof(samples[0]), compare_double);
	print_value("touch_64m_per_4k", samples[batches / 2]);
}

/* --- set-up --------------------------------------------------------------------------------- */

/* Walks the vDSO's dynamic section by hand, as a static libc does. */
static clock_gettime_fn vdso_find(const char *name)
{
	const char *base = (const char *)getauxval(AT_SYSINFO_EHDR);
	const Elf64_Ehdr *ehdr = (const Elf64_Ehdr *)base;
	const Elf64_Phdr *phdr;
	const Elf64_Dyn *dyn = NULL;
	const Elf64_Sym *symtab = NULL;
	const Elf64_Word *hash = NULL;
	const char *strtab = NULL;
	uintptr_t bias = 0;

	if (!base)
		return NULL;
	phdr = (const Elf64_Phdr *)(base + ehdr->e_phoff);
	for (unsigned int i = 0; i < ehdr->e_phnum; i++) {
		if (phdr[i].p_type == PT_LOAD)
			bias = (uintptr_t)base + phdr[i].p_offset - phdr[i].p_vaddr;
		else if (phdr[i].p_type == PT_DYNAMIC)
			dyn = (const Elf64_Dyn *)(base + phdr[i].p_offset);
	}
	for (; dyn && dyn->d_tag != DT_NULL; dyn++) {
		if (dyn->d_tag == DT_SYMTAB)
			symtab = (const Elf64_Sym *)(bias + dyn->d_un.d_ptr);
		else if (dyn->d_tag == DT_STRTAB)
			strtab = (const char *)(bias + dyn->d_un.d_ptr);
		else if (dyn->d_tag == DT_HASH)
			hash = (const Elf64_Word *)(bias + dyn->d_un.d_ptr);
	}
	for (Elf64_Word i = 0; symtab && strtab && hash && i < hash[1]; i++)
		if (symtab[i].st_shndx != SHN_UNDEF && !strcmp(strtab + symtab[i].st_name, name))
			return (clock_gettime_fn)(bias + symtab[i].st_value);
	return NULL;
}

/* The initrd normally holds the file; elsewhere it is made here. */
static int file_open(void)
{
	char block[8192];
	int fd = open(BENCH_FILE, O_RDONLY);

	if (fd >= 0)
		return fd;
	mkdir("/tmp", 01777);
	fd = open(BENCH_FILE, O_RDWR | O_CREAT | O_TRUNC, 0644);
	memset(block, 'x', sizeof(block));
	if (fd >= 0 && write(fd, block, sizeof(block)) != (ssize_t)sizeof(block))
		return -1;
	return fd;
}

static bool set_up_events(void)
{
	struct epoll_event wanted = {.events = EPOLLIN};
	int ready = eventfd(1, 0);

	bench.event = eventfd(0, 0);
	bench.ready_epoll = epoll_create1(0);
	return bench.event >= 0 && epoll_ctl(bench.ready_epoll, EPOLL_CTL_ADD, ready, &wanted) == 0;
}

static bool set_up(void)
{
	bench.vdso = vdso_find("__vdso_clock_gettime");
	bench.zero = open("/dev/zero", O_RDONLY);
	bench.null = open("/dev/null", O_WRONLY);
	bench.file = file_open();
	bench.page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (bench.page == MAP_FAILED || pipe(bench.pipe) != 0 || !set_up_events() ||
	    syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, &bench.timer) != 0)
		return false;
	*(volatile char *)bench.page = 1;
	return bench.zero >= 0 && bench.null >= 0 && bench.file >= 0;
}

static void linux_init_set_up(void)
{
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
}

/* As /init of a Linux guest: /init may not return, so the machine is reset. */
static void linux_init_end(void)
{
	fflush(stdout);
	syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_RESTART,
		NULL);
}

/* Runs one program as a child: for what is measured of a whole Linux boot. */
static void run_program(const char *program)
{
	pid_t pid = vfork();

	if (pid == 0) {
		execl(program, program, (char *)NULL);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
}

/* -w: only the ways into the kernel. One that is not there is "none". */
static void measure_ways(void)
{
	if (ways_set_up() < 0)
		printf("ways failed\n");
	for (size_t i = 0; i < way_count; i++) {
		const struct item *item = &way_items[i];

		if (bench.only && !strstr(item->name, bench.only))
			continue;
		if (!way_function && !strncmp(item->name, "function:", 9))
			printf("%s none\n", item->name);
		else
			measure(item, bench.batches);
	}
}

static void measure_all(void)
{
	if (bench.wants_ways) {
		measure_ways();
		return;
	}
	for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++)
		if (!bench.only || strstr(items[i].name, bench.only))
			measure(&items[i], bench.batches);
	if (!bench.only || strstr("touch_64m_per_4k", bench.only))
		measure_touch(bench.is_insn ? 3 : 5);
}

/* On the build host: the rate that -t of a guest under TCG takes, which hands the counter on. */
static void print_tsc_khz(void)
{
	const struct timespec pause = {.tv_nsec = 200000000};
	uint64_t clock = read_clock(), tsc = read_tsc();

	nanosleep(&pause, NULL);
	tsc = read_tsc() - tsc;
	clock = read_clock() - clock;
	printf("tsc_khz %.0f\n", (double)tsc * 1e6 / (double)clock);
}

/*
 * -c              print the rate of the time-stamp counter
 * -i              we are /init of a Linux guest
 * -x PROGRAM      run only this program (with -i)
 * -w              measure the ways into the kernel instead of the calls
 * -u insn|ns, -t KHZ, -b BATCHES, -o PART_OF_A_NAME
 */
static int options(int argc, char **argv)
{
	int opt;

	bench.batches = MAX_BATCHES;
	while ((opt = getopt(argc, argv, "ciwu:t:b:o:x:")) != -1) {
		if (opt == 'c')
			bench.is_calibration = true;
		else if (opt == 'i')
			bench.is_init = true;
		else if (opt == 'w')
			bench.wants_ways = true;
		else if (opt == 'u')
			bench.is_insn = !strcmp(optarg, "insn");
		else if (opt == 't')
			bench.tsc_khz = atof(optarg);
		else if (opt == 'b')
			bench.batches = (unsigned int)atoi(optarg);
		else if (opt == 'o')
			bench.only = optarg;
		else if (opt == 'x')
			bench.program = optarg;
		else
			return -1;
	}
	return bench.batches < 1 || bench.batches > MAX_BATCHES ? -1 : 0;
}
int main(int argc, char **argv)
{
	int status = 0;

	if (options(argc, argv) < 0)
		return 2;
	if (bench.is_init)
		linux_init_set_up();
	if (bench.is_calibration) {
		print_tsc_khz();
	} else if (bench.program) {
		run_program(bench.program);
	} else if (set_up()) {
		measure_all();
		printf("end 0\n");
	} else {
		perror("bench: set-up");
		status = 1;
	}
	if (bench.is_init)
		linux_init_end();
	return status;
}
