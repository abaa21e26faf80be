/* SPDX-License-Identifier: BSD-3-Clause */
/* The process as it sees itself: auxv, ids, limits, prctl, uname, getrandom, futex, scheduling. */
#include "t.h"

#include <elf.h>
#include <sched.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#ifndef AT_SYSINFO_EHDR
#define AT_SYSINFO_EHDR 33
#endif
#define AT_MINSIGSTKSZ_ 51
#define ARCH_SET_FS_    0x1002
#define ARCH_SET_GS_    0x1001
#define ARCH_GET_FS_    0x1003
#define ARCH_GET_GS_    0x1004

extern char **environ;

/* The vector itself lies behind the environment, as the ABI has it. */
static bool auxv_entry(unsigned long type, unsigned long *value)
{
	static char buf[1024];
	int fd = open("/proc/self/auxv", O_RDONLY);
	ssize_t len = read(fd, buf, sizeof(buf));
	unsigned long *entry = (unsigned long *)buf;

	close(fd);
	for (ssize_t at = 0; at + 16 <= len; at += 16, entry += 2)
		if (entry[0] == type) {
			*value = entry[1];
			return true;
		}
	return false;
}

static void auxv_values(void)
{
	unsigned long value = 0;
	const Elf64_Phdr *phdr = (const Elf64_Phdr *)getauxval(AT_PHDR);
	bool has_load = false;

	CHECK_EQ(getauxval(AT_PAGESZ), PAGE);
	CHECK_EQ(getauxval(AT_CLKTCK), 100);
	CHECK_EQ(getauxval(AT_PHENT), sizeof(Elf64_Phdr));
	CHECK_EQ(getauxval(AT_UID), getuid());
	CHECK_EQ(getauxval(AT_EUID), geteuid());
	CHECK_EQ(getauxval(AT_GID), getgid());
	CHECK_EQ(getauxval(AT_EGID), getegid());
	CHECK_EQ(getauxval(AT_SECURE), 0);
	CHECK(auxv_entry(AT_HWCAP, &value) && (value & 1)); /* CPUID 1 edx: x87 */
	CHECK_STR((const char *)getauxval(AT_PLATFORM), "x86_64");
	CHECK(getauxval(AT_ENTRY) != 0);
	if (CHECK(phdr != NULL))
		for (unsigned long i = 0; i < getauxval(AT_PHNUM); i++)
			has_load |= phdr[i].p_type == PT_LOAD;
	CHECK(has_load);
	CHECK(auxv_entry(AT_SYSINFO_EHDR, &value) && value % PAGE == 0);
	CHECK(auxv_entry(AT_HWCAP2, &value));
	CHECK(auxv_entry(AT_MINSIGSTKSZ_, &value) && value >= 1024);
	CHECK(strstr((const char *)getauxval(AT_EXECFN), "process") != NULL);
}

static void auxv_random(void)
{
	const unsigned char *bytes = (const unsigned char *)getauxval(AT_RANDOM);
	int ones = 0;

	if (!CHECK(bytes != NULL))
		return;
	for (int i = 0; i < 16; i++)
		ones += __builtin_popcount(bytes[i]);
	CHECK(ones > 20 && ones < 108);
}

static void stack_layout(void)
{
	const char *end = (const char *)getauxval(AT_EXECFN);
	const char *low = (const char *)environ;

	CHECK((uintptr_t)environ % 8 == 0);
	CHECK(low < end); /* strings lie above the vectors */
	end += strlen(end) + 1;
	CHECK((uintptr_t)end % PAGE >= PAGE - 8 || (uintptr_t)end % PAGE == 0);
}

static void identifiers(void)
{
	uid_t real, effective, saved;
	gid_t groups[64];

	CHECK(getpid() > 0);
	CHECK_EQ(syscall(SYS_gettid), getpid());
	CHECK_EQ(getuid(), 0);
	CHECK_EQ(getpgid(0), getpgrp());
	CHECK_OK(getsid(0));
	CHECK_OK(getresuid(&real, &effective, &saved));
	CHECK(real == 0 && effective == 0 && saved == 0);
	CHECK(getgroups(0, NULL) >= 0);
	CHECK(getgroups(64, groups) >= 0);
	CHECK_ERR(getgroups(-1, groups), EINVAL);
	CHECK_ERR(getpgid(0x3fffffff), ESRCH);
	CHECK_ERR(getsid(0x3fffffff), ESRCH);
}

/* Raw calls: the libc's would have to reach every thread. */
static void identifiers_change(void)
{
	uid_t real, effective, saved;
	gid_t groups[2] = {7, 8}, back[4];

	CHECK_OK(syscall(SYS_setgroups, 2, groups));
	CHECK_EQ(getgroups(4, back), 2);
	CHECK(back[0] == 7 && back[1] == 8);
	CHECK_OK(syscall(SYS_setresuid, 10, 20, 0));
	CHECK_OK(getresuid(&real, &effective, &saved));
	CHECK(real == 10 && effective == 20 && saved == 0);
	CHECK_ERR(syscall(SYS_setuid, 30), EPERM);
	CHECK_OK(syscall(SYS_setresuid, -1, 0, -1)); /* the saved id */
	CHECK_OK(syscall(SYS_setresuid, 0, 0, 0));
	CHECK_EQ(syscall(SYS_setfsuid, -1), 0);
	CHECK_OK(syscall(SYS_setregid, 5, 6));
	CHECK_EQ(getgid(), 5);
	CHECK_EQ(getegid(), 6);
	CHECK_OK(syscall(SYS_setgid, 0));
	CHECK_EQ(getgid(), 0);
}

static void resource_limits(void)
{
	struct rlimit limit, old;

	CHECK_OK(getrlimit(RLIMIT_STACK, &limit));
	CHECK(limit.rlim_cur >= 65536);
	CHECK_OK(getrlimit(RLIMIT_NOFILE, &old));
	CHECK(old.rlim_cur >= 256 && old.rlim_cur <= old.rlim_max);
	limit = old;
	limit.rlim_cur = 200;
	CHECK_OK(setrlimit(RLIMIT_NOFILE, &limit));
	CHECK_OK(getrlimit(RLIMIT_NOFILE, &limit));
	CHECK_EQ(limit.rlim_cur, 200);
	CHECK_EQ(sysconf(_SC_OPEN_MAX), 200);
	CHECK_OK(setrlimit(RLIMIT_NOFILE, &old));
	limit.rlim_cur = limit.rlim_max + 1;
	limit.rlim_cur = 20;
	limit.rlim_max = 10;
	CHECK_ERR(setrlimit(RLIMIT_NOFILE, &limit), EINVAL);
	CHECK_ERR(syscall(SYS_getrlimit, 99, &limit), EINVAL);
	CHECK_OK(syscall(SYS_prlimit64, 0, RLIMIT_CORE, NULL, &limit));
	CHECK_ERR(syscall(SYS_prlimit64, 0x3fffffff, RLIMIT_CORE, NULL, &limit), ESRCH);
}

static void prctl_options(void)
{
	char name[17] = "", comm[32] = "";

	CHECK_OK(prctl(PR_SET_NAME, "a name that is too long"));
	CHECK_OK(prctl(PR_GET_NAME, name));
	CHECK_STR(name, "a name that is ");
	CHECK(t_get_file("/proc/self/comm", comm, sizeof(comm)) > 0);
	CHECK_STR(comm, "a name that is \n");
	CHECK_OK(prctl(PR_SET_NAME, "process"));
	CHECK_EQ(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 1);
	CHECK_OK(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
	CHECK_EQ(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 0);
	CHECK_OK(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
	CHECK_ERR(prctl(PR_SET_DUMPABLE, 7, 0, 0, 0), EINVAL);
	CHECK_EQ(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 0);
	CHECK_EQ(prctl(PR_CAPBSET_READ, 0, 0, 0, 0), 1);
	CHECK_ERR(prctl(PR_CAPBSET_READ, 63, 0, 0, 0), EINVAL);
	CHECK_ERR(prctl(123456, 0, 0, 0, 0), EINVAL);
}

static void system_names(void)
{
	struct utsname uts;
	struct sysinfo info;

	CHECK_OK(uname(&uts));
	CHECK_STR(uts.sysname, "Linux");
	CHECK_STR(uts.machine, "x86_64");
	CHECK(atoi(uts.release) >= 3); /* older ones make glibc refuse */
	CHECK_OK(sysinfo(&info));
	CHECK(info.totalram > 0 && info.freeram <= info.totalram && info.mem_unit > 0);
	CHECK(info.procs > 0);
}

static void random_bytes(void)
{
	unsigned char a[256], b[256];

	CHECK_EQ(syscall(SYS_getrandom, a, sizeof(a), 0), (long)sizeof(a));
	CHECK_EQ(syscall(SYS_getrandom, b, sizeof(b), 1), (long)sizeof(b));
	CHECK(memcmp(a, b, sizeof(a)) != 0);
	CHECK_EQ(syscall(SYS_getrandom, a, 0, 0), 0);
	CHECK_ERR(syscall(SYS_getrandom, a, 1, 0x100), EINVAL);
	CHECK_ERR(syscall(SYS_getrandom, a, 1, 2 | 4), EINVAL);
}

static void segment_bases(void)
{
	unsigned long fs = 0, gs = 1, here = 0;

	CHECK_OK(syscall(SYS_arch_prctl, ARCH_GET_FS_, &fs));
	CHECK(fs != 0);
	asm("mov %%fs:0, %0" : "=r"(here));
	CHECK_EQ(here, fs); /* the thread pointer points to itself */
	CHECK_OK(syscall(SYS_arch_prctl, ARCH_GET_GS_, &gs));
	CHECK_EQ(gs, 0);
	CHECK_OK(syscall(SYS_arch_prctl, ARCH_SET_GS_, 0));
	CHECK_ERR(syscall(SYS_arch_prctl, ARCH_SET_FS_, 1UL << 63), EPERM);
	CHECK_ERR(syscall(SYS_arch_prctl, 0x9999, 0), EINVAL);
}

static void futex_alone(void)
{
	const struct {
		long sec, nsec;
	} soon = {0, 10000000};
	uint32_t word = 5;

	CHECK_ERR(syscall(SYS_futex, &word, 0 /* WAIT */, 4, NULL), EAGAIN);
	CHECK_ERR(syscall(SYS_futex, &word, 0 | 128, 5, &soon), ETIMEDOUT);
	CHECK_EQ(syscall(SYS_futex, &word, 1 | 128 /* WAKE */, 1), 0);
	CHECK_ERR(syscall(SYS_futex, &word, 9 /* WAIT_BITSET */, 5, &soon, NULL, 0), EINVAL);
	CHECK_ERR(syscall(SYS_futex, (char *)&word + 1, 1, 1), EINVAL);
	CHECK_ERR(syscall(SYS_futex, &word, 99, 1), ENOSYS);
}

static void no_children(void)
{
	int status;

	CHECK_ERR(wait4(-1, &status, 0, NULL), ECHILD);
	CHECK_ERR(wait4(-1, &status, WNOHANG, NULL), ECHILD);
	CHECK_ERR(syscall(SYS_waitid, P_ALL, 0, NULL, WEXITED, NULL), ECHILD);
	CHECK_ERR(syscall(SYS_wait4, -1, &status, 0x100, NULL), EINVAL);
}

static void scheduling(void)
{
	unsigned long mask[16] = {0};
	struct sched_param param = {.sched_priority = 9};
	long got = CHECK_OK(syscall(SYS_sched_getaffinity, 0, sizeof(mask), mask));

	CHECK(got > 0 && got % 8 == 0);
	CHECK(mask[0] != 0);
	CHECK_OK(syscall(SYS_sched_setaffinity, 0, sizeof(mask), mask));
	CHECK_ERR(syscall(SYS_sched_getaffinity, 0, 3, mask), EINVAL);
	CHECK_EQ(syscall(SYS_sched_getscheduler, 0), SCHED_OTHER);
	CHECK_OK(syscall(SYS_sched_getparam, 0, &param));
	CHECK_EQ(param.sched_priority, 0);
	CHECK_EQ(sched_get_priority_max(SCHED_FIFO), 99);
	CHECK_EQ(sched_get_priority_min(SCHED_FIFO), 1);
	CHECK_ERR(sched_get_priority_max(77), EINVAL);
	CHECK_OK(sched_yield());
	errno = 0;
	CHECK_EQ(getpriority(PRIO_PROCESS, 0), 0);
	CHECK_EQ(errno, 0);
}

static void unknown_calls(void)
{
	CHECK_ERR(syscall(999), ENOSYS);
	CHECK_ERR(syscall(-1), ENOSYS);
	CHECK_ERR(syscall(400), ENOSYS);                      /* a hole in the table */
	CHECK_EQ(syscall(SYS_getppid | 1L << 40), getppid()); /* the number is 32 bits wide */
}

static const struct t_test tests[] = {
	T(auxv_values),   T(auxv_random),        T(stack_layout),    T(identifiers),
	T(prctl_options), T(identifiers_change), T(resource_limits), T(system_names),
	T(random_bytes),  T(segment_bases),      T(futex_alone),     T(no_children),
	T(scheduling),    T(unknown_calls),
};

T_MAIN(tests)
