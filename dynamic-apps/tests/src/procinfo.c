/* SPDX-License-Identifier: BSD-3-Clause */
/* /proc, /sys and /dev/shm as language runtimes read them: threads, sizes, CPUs, settings. */
#include "t_threads.h"

#include <dirent.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/statfs.h>
#include <sys/utsname.h>

#define MIB (1L << 20)

static char text[1 << 16];

/* The number behind `key` in a file of `key: number` lines; -1 when there is none. */
static long number_of(const char *path, const char *key)
{
	char wanted[64];
	const char *at;

	snprintf(wanted, sizeof(wanted), "\n%s:", key);
	text[0] = '\n';
	if (t_get_file(path, text + 1, sizeof(text) - 1) < 0)
		return -1;
	at = strstr(text, wanted);
	return at ? strtol(at + strlen(wanted), NULL, 0) : -1;
}

/* The same for sets of signals. */
static unsigned long set_of(const char *path, const char *key)
{
	char wanted[64];
	const char *at;

	snprintf(wanted, sizeof(wanted), "\n%s:\t", key);
	CHECK(t_get_file(path, text, sizeof(text)) > 0);
	at = strstr(text, wanted);
	return at ? strtoul(at + strlen(wanted), NULL, 16) : ~0UL;
}

/* Field `number` (proc(5) counts from 1; the third and later) of a stat file. */
static long field_of(const char *path, int number)
{
	const char *at;

	if (t_get_file(path, text, sizeof(text)) < 0)
		return -1;
	at = strrchr(text, ')');
	for (int i = 2; at && i < number; i++)
		at = strchr(at + 1, ' ');
	return at ? strtol(at + 1, NULL, 10) : -1;
}

static bool has(const char *path, const char *wanted)
{
	return t_get_file(path, text, sizeof(text)) > 0 && strstr(text, wanted);
}

/* --- threads --------------------------------------------------------------------------------- */

static atomic_int worker_tid;
static atomic_bool may_end;

static void *work(void *argument)
{
	struct timespec used;

	(void)argument;
	prctl(PR_SET_NAME, "a (worker)");
	do
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
	while (used.tv_nsec < 80000000 && !used.tv_sec);
	atomic_store(&worker_tid, (int)tid());
	while (!atomic_load(&may_end))
		sleep_ms(1);
	return NULL;
}

static int count_tasks(void)
{
	DIR *dir = opendir("/proc/self/task");
	struct dirent *entry;
	int count = 0;

	while (dir && (entry = readdir(dir)) != NULL)
		count += entry->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return count;
}

static const char *task_file(const char *name)
{
	static char path[64];

	snprintf(path, sizeof(path), "/proc/self/task/%d/%s", atomic_load(&worker_tid), name);
	return path;
}

static void threads(void)
{
	pthread_t thread;
	char name[64] = "";
	struct stat st;

	thread = start(work, NULL);
	while (!atomic_load(&worker_tid))
		sleep_ms(1);
	CHECK_EQ(count_tasks(), 2);
	CHECK_EQ(number_of("/proc/self/status", "Threads"), 2);
	CHECK_EQ(field_of("/proc/self/stat", 20), 2);
	CHECK(t_get_file(task_file("comm"), name, sizeof(name)) > 0);
	CHECK_STR(name, "a (worker)\n");
	CHECK_EQ(number_of(task_file("status"), "Pid"), atomic_load(&worker_tid));
	CHECK_EQ(number_of(task_file("status"), "Tgid"), getpid());
	CHECK(has(task_file("status"), "Name:\ta (worker)\n"));
	CHECK(has(task_file("stat"), " (a (worker)) "));
	CHECK(has("/proc/thread-self/status", "State:\tR"));
	snprintf(name, sizeof(name), "/proc/%d/stat", atomic_load(&worker_tid));
	CHECK(has(name, " (a (worker)) ")); /* found, though not listed */
	/* 80 ms of CPU time are 8 ticks; all of it is in the process's. */
	CHECK(field_of(task_file("stat"), 14) + field_of(task_file("stat"), 15) >= 7);
	CHECK(field_of("/proc/self/stat", 14) + field_of("/proc/self/stat", 15) >= 7);
	CHECK_OK(stat(task_file("fd/1"), &st));
	CHECK_ERR(stat(task_file("task"), &st), ENOENT);
	t_put_file(task_file("comm"), "renamed");
	CHECK(has(task_file("comm"), "renamed\n"));
	atomic_store(&may_end, true);
	join(thread);
	CHECK_ERR(stat(task_file("stat"), &st), ENOENT);
	CHECK_EQ(count_tasks(), 1);
}

static void *end_at_once(void *argument)
{
	return argument;
}

/* What is shown may end meanwhile: there is all of it or nothing. */
static void threads_that_end(void)
{
	static const char *const files[] = {"stat", "status", "maps", "comm", "fdinfo/1"};

	for (int i = 0; i < 200; i++) {
		pthread_t thread = start(end_at_once, NULL);
		char path[320];
		DIR *dir = opendir("/proc/self/task");
		struct dirent *entry;

		while (dir && (entry = readdir(dir)) != NULL) {
			if (entry->d_name[0] == '.')
				continue;
			snprintf(path, sizeof(path), "/proc/self/task/%s/%s", entry->d_name,
				 files[i % 5]);
			sched_yield();
			if (t_get_file(path, text, sizeof(text)) < 0)
				CHECK(errno == ENOENT || errno == ESRCH);
		}
		if (dir)
			closedir(dir);
		join(thread);
	}
	CHECK_EQ(count_tasks(), 1);
}

static void switches(void)
{
	const char *key = "voluntary_ctxt_switches";
	long before = number_of("/proc/thread-self/status", key);

	for (int i = 0; i < 5; i++)
		sleep_ms(5);
	CHECK(before >= 0 && number_of("/proc/thread-self/status", key) > before);
	CHECK(number_of("/proc/self/status", "nonvoluntary_ctxt_switches") >= 0);
}

static void on_signal(int signo)
{
	(void)signo;
}

static void signal_sets(void)
{
	sigset_t set;

	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR2, on_signal);
	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	kill(getpid(), SIGHUP);
	CHECK(set_of("/proc/self/status", "SigIgn") >> (SIGUSR1 - 1) & 1);
	CHECK(set_of("/proc/self/status", "SigCgt") >> (SIGUSR2 - 1) & 1);
	CHECK_EQ(set_of("/proc/self/status", "SigBlk"), 1UL << (SIGHUP - 1));
	CHECK_EQ(set_of("/proc/self/status", "ShdPnd"), 1UL << (SIGHUP - 1));
	CHECK_EQ(set_of("/proc/self/status", "SigPnd"), 0);
	signal(SIGHUP, SIG_IGN);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	signal(SIGUSR1, SIG_DFL);
	signal(SIGUSR2, SIG_DFL);
}

/* --- memory ---------------------------------------------------------------------------------- */

static void peaks(void)
{
	long size = number_of("/proc/self/status", "VmSize"), resident;
	char *p = mmap(NULL, 16 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memset(p, 1, 16 * MIB);
	CHECK(number_of("/proc/self/status", "VmRSS") >= 16 * 1024);
	CHECK(number_of("/proc/self/status", "RssAnon") >= 16 * 1024);
	munmap(p, 16 * MIB);
	resident = number_of("/proc/self/status", "VmRSS");
	CHECK(resident < 16 * 1024);
	CHECK(number_of("/proc/self/status", "VmHWM") >= resident + 15 * 1024);
	CHECK(number_of("/proc/self/status", "VmPeak") >= size + 16 * 1024);
	CHECK(number_of("/proc/self/status", "VmSize") < size + 16 * 1024);
}

static void maps_and_smaps(void)
{
	struct utsname name;
	char *p = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char wanted[64], *at;

	p[0] = p[PAGE] = 1;
	mprotect(p, 2 * PAGE, PROT_READ);
	snprintf(wanted, sizeof(wanted), "%lx-%lx r--p", (long)p, (long)p + 2 * PAGE);
	CHECK(t_get_file("/proc/self/smaps", text, sizeof(text)) > 0);
	at = strstr(text, wanted);
	CHECK(at && (at = strstr(at, "\nSize:")) && strtol(at + 6, NULL, 10) == 8);
	CHECK(at && (at = strstr(at, "\nRss:")) && strtol(at + 5, NULL, 10) == 8);
	CHECK(at && (at = strstr(at, "\nPrivate_Dirty:")) && strtol(at + 15, NULL, 10) == 8);
	CHECK(at && (at = strstr(at, "\nAnonymous:")) && strtol(at + 11, NULL, 10) == 8);
	CHECK(at && (at = strstr(at, "\nVmFlags: rd mr mw me")));
	CHECK(number_of("/proc/self/smaps_rollup", "Rss") > 0);
	munmap(p, 3 * PAGE);
	uname(&name); /* Linux can be built without the page */
	CHECK(has("/proc/self/maps", "[vsyscall]\n") || !strstr(name.version, "Narthex"));
}

static void shared_memory(void)
{
	struct statfs fs;
	int fd, again;
	char *p, *q;

	CHECK_OK(statfs("/dev/shm", &fs));
	CHECK_EQ(fs.f_type, 0x01021994); /* TMPFS_MAGIC */
	fd = CHECK_OK(shm_open("/narthex-test", O_RDWR | O_CREAT | O_EXCL, 0600));
	CHECK_OK(ftruncate(fd, (off_t)PAGE));
	again = CHECK_OK(shm_open("/narthex-test", O_RDWR, 0));
	p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	q = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, again, 0);
	if (CHECK(p != MAP_FAILED && q != MAP_FAILED)) {
		p[7] = 'x';
		CHECK_EQ(q[7], 'x');
		CHECK(number_of("/proc/self/status", "RssShmem") +
			      number_of("/proc/self/status", "RssFile") >=
		      4);
	}
	CHECK_OK(shm_unlink("/narthex-test"));
	CHECK_ERR(shm_open("/narthex-test", O_RDWR, 0), ENOENT);
	close(fd);
	close(again);
}

/* --- settings and the machine ---------------------------------------------------------------- */

static long number_in(const char *path)
{
	return t_get_file(path, text, sizeof(text)) > 0 ? strtol(text, NULL, 10) : -1;
}

static void settings(void)
{
	static const char *const positive[] = {
		"/proc/sys/kernel/pid_max",        "/proc/sys/kernel/threads-max",
		"/proc/sys/kernel/cap_last_cap",   "/proc/sys/kernel/ngroups_max",
		"/proc/sys/vm/max_map_count",      "/proc/sys/vm/mmap_min_addr",
		"/proc/sys/fs/file-max",           "/proc/sys/fs/nr_open",
		"/proc/sys/fs/pipe-max-size",      "/proc/sys/fs/inotify/max_user_watches",
		"/proc/sys/net/core/somaxconn",    "/proc/sys/fs/epoll/max_user_watches",
		"/proc/sys/kernel/random/poolsize"};
	static const char *const any[] = {"/proc/sys/kernel/printk",
					  "/proc/sys/kernel/sem",
					  "/proc/sys/kernel/shmmax",
					  "/proc/sys/kernel/randomize_va_space",
					  "/proc/sys/kernel/random/uuid",
					  "/proc/sys/vm/overcommit_memory",
					  "/proc/sys/vm/swappiness",
					  "/proc/self/limits",
					  "/proc/self/cgroup",
					  "/proc/self/loginuid",
					  "/proc/self/setgroups",
					  "/proc/self/schedstat",
					  "/proc/self/wchan",
					  "/proc/self/io",
					  "/proc/self/cpuset",
					  "/proc/cgroups",
					  "/proc/swaps",
					  "/proc/devices",
					  "/proc/cmdline",
					  "/proc/vmstat"};

	for (size_t i = 0; i < sizeof(positive) / sizeof(positive[0]); i++)
		if (number_in(positive[i]) <= 0)
			t_fail(__FILE__, __LINE__, "%s: %s", positive[i], text);
	for (size_t i = 0; i < sizeof(any) / sizeof(any[0]); i++)
		if (t_get_file(any[i], text, sizeof(text)) <= 0)
			t_fail(__FILE__, __LINE__, "%s is empty or missing", any[i]);
}

static void stores(void)
{
	t_put_file("/proc/self/oom_score_adj", "500\n");
	CHECK_EQ(number_in("/proc/self/oom_score_adj"), 500);
	t_put_file("/proc/self/oom_score_adj", "0");
	t_put_file("/proc/self/coredump_filter", "0x7f");
	CHECK(has("/proc/self/coredump_filter", "0000007f\n"));
	t_put_file("/proc/self/comm", "a name of more than fifteen bytes");
	CHECK(has("/proc/self/comm", "a name of more \n") ||
	      has("/proc/self/comm", "a name of more\n"));
	CHECK_ERR(write(CHECK_OK(open("/proc/self/oom_score_adj", O_WRONLY)), "2000", 4), EINVAL);
}

static void machine(void)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN), last = 0;
	struct stat st;

	CHECK(t_get_file("/sys/devices/system/cpu/online", text, sizeof(text)) > 0);
	if (strrchr(text, '-'))
		last = strtol(strrchr(text, '-') + 1, NULL, 10);
	CHECK_EQ(last + 1, cpus);
	CHECK_EQ(number_in("/sys/devices/system/cpu/possible"), 0);
	CHECK_EQ(number_in("/sys/devices/system/cpu/cpu0/topology/core_id"), 0);
	CHECK(has("/sys/devices/system/node/online", "0"));
	CHECK(has("/sys/devices/system/node/node0/meminfo", "Node 0 MemTotal:"));
	CHECK(has("/sys/devices/system/node/node0/cpulist", "0"));
	CHECK(has("/sys/kernel/mm/transparent_hugepage/enabled", "["));
	CHECK_EQ(number_in("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size"), 2 * MIB);
	CHECK(number_in("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages") >= 0);
	CHECK_OK(stat("/sys/fs/cgroup", &st));
	CHECK(has("/sys/devices/system/clocksource/clocksource0/current_clocksource", "\n"));
	CHECK(has("/proc/stat", "\nctxt ") && has("/proc/stat", "\nprocs_running "));
	CHECK(number_of("/proc/meminfo", "AnonPages") > 0);
}

static void descriptor_info(void)
{
	char path[64];
	int fd = CHECK_OK(open("/dev/null", O_RDWR | O_APPEND | O_CLOEXEC));

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	CHECK_EQ(number_of(path, "flags") & ~0100000, O_RDWR | O_APPEND | O_CLOEXEC);
	CHECK_OK(fcntl(fd, F_SETFD, 0));
	CHECK_EQ(number_of(path, "flags") & ~0100000, O_RDWR | O_APPEND);
	close(fd);
}

static const struct t_test tests[] = {
	T(threads), T(threads_that_end), T(switches),        T(signal_sets),
	T(peaks),   T(maps_and_smaps),   T(shared_memory),   T(settings),
	T(stores),  T(machine),          T(descriptor_info),
};

T_MAIN(tests)
