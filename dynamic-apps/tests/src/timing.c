/* SPDX-License-Identifier: BSD-3-Clause */
/* Clocks through the vDSO, the instruction and the legacy vsyscall page; sleeping. */
#include "t.h"

#include <elf.h>
#include <sys/auxv.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/resource.h>
#include <time.h>

typedef int (*clock_fn)(clockid_t, struct timespec *);

static const clockid_t clocks[] = {
	CLOCK_REALTIME, CLOCK_MONOTONIC,          CLOCK_MONOTONIC_RAW,
	CLOCK_BOOTTIME, CLOCK_REALTIME_COARSE,    CLOCK_MONOTONIC_COARSE,
	11 /* TAI */,   CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID};

static int64_t ns_of(const struct timespec *ts)
{
	return ts->tv_sec * NS_PER_S + ts->tv_nsec;
}

static int64_t now(clockid_t clock)
{
	struct timespec ts = {-1, -1};

	CHECK_OK(syscall(SYS_clock_gettime, clock, &ts));
	CHECK(ts.tv_nsec >= 0 && ts.tv_nsec < NS_PER_S);
	return ns_of(&ts);
}

/* A symbol of the vDSO, by a linear search of its table. */
static void *vdso_symbol(const char *name)
{
	const char *base = (const char *)getauxval(AT_SYSINFO_EHDR);
	const Elf64_Ehdr *ehdr = (const Elf64_Ehdr *)base;
	const Elf64_Phdr *phdr;
	const Elf64_Dyn *dyn = NULL;
	const Elf64_Sym *symtab = NULL;
	const Elf64_Word *hash = NULL;
	const char *strtab = NULL;

	if (!base || memcmp(base, ELFMAG, SELFMAG) != 0)
		return NULL;
	phdr = (const Elf64_Phdr *)(base + ehdr->e_phoff);
	for (int i = 0; i < ehdr->e_phnum; i++)
		if (phdr[i].p_type == PT_DYNAMIC)
			dyn = (const Elf64_Dyn *)(base + phdr[i].p_offset);
	for (; dyn && dyn->d_tag != DT_NULL; dyn++) {
		if (dyn->d_tag == DT_SYMTAB)
			symtab = (const Elf64_Sym *)(base + dyn->d_un.d_ptr);
		else if (dyn->d_tag == DT_STRTAB)
			strtab = base + dyn->d_un.d_ptr;
		else if (dyn->d_tag == DT_HASH)
			hash = (const Elf64_Word *)(base + dyn->d_un.d_ptr);
	}
	for (Elf64_Word i = 0; symtab && strtab && hash && i < hash[1]; i++)
		if (symtab[i].st_shndx && strcmp(strtab + symtab[i].st_name, name) == 0)
			return (void *)(base + symtab[i].st_value);
	return NULL;
}

static void vdso_has_its_symbols(void)
{
	CHECK(vdso_symbol("__vdso_clock_gettime") != NULL);
	CHECK(vdso_symbol("__vdso_gettimeofday") != NULL);
	CHECK(vdso_symbol("__vdso_time") != NULL);
	CHECK(vdso_symbol("__vdso_clock_getres") != NULL);
	CHECK(vdso_symbol("__vdso_getcpu") != NULL);
}

/* Instruction, vDSO, instruction: the middle one lies between. */
static void vdso_agrees_with_call(void)
{
	clock_fn vdso = (clock_fn)vdso_symbol("__vdso_clock_gettime");

	if (!CHECK(vdso != NULL))
		return;
	for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
		struct timespec ts = {-1, -1};
		int64_t before = now(clocks[i]), after;

		CHECK_EQ(vdso(clocks[i], &ts), 0);
		after = now(clocks[i]);
		if (ns_of(&ts) < before || ns_of(&ts) > after)
			t_fail(__FILE__, __LINE__, "clock %d: vDSO %lld not in %lld..%lld",
			       clocks[i], (long long)ns_of(&ts), (long long)before,
			       (long long)after);
	}
	CHECK_EQ(vdso(99, &(struct timespec){0, 0}), -EINVAL);
}

static void clocks_never_go_back(void)
{
	clock_fn vdso = (clock_fn)vdso_symbol("__vdso_clock_gettime");

	for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
		int64_t last = now(clocks[i]);

		for (int n = 0; n < 20000; n++) {
			struct timespec ts;
			int64_t here;

			if (vdso && n % 16 != 0) {
				vdso(clocks[i], &ts);
				here = ns_of(&ts);
			} else {
				here = now(clocks[i]);
			}
			if (here < last) {
				t_fail(__FILE__, __LINE__, "clock %d went back by %lld ns",
				       clocks[i], (long long)(last - here));
				break;
			}
			last = here;
		}
	}
}

static void clock_errors(void)
{
	struct timespec ts;

	CHECK_ERR(syscall(SYS_clock_gettime, 99, &ts), EINVAL);
	CHECK_ERR(syscall(SYS_clock_getres, 99, &ts), EINVAL);
	CHECK_OK(syscall(SYS_clock_getres, CLOCK_MONOTONIC, NULL));
	CHECK_ERR(syscall(SYS_clock_settime, CLOCK_MONOTONIC, &ts), EINVAL);
	CHECK_ERR(syscall(SYS_clock_nanosleep, 99, 0, &ts, NULL), EINVAL);
}

static void resolutions(void)
{
	struct timespec ts;

	CHECK_OK(clock_getres(CLOCK_MONOTONIC, &ts));
	CHECK_EQ(ns_of(&ts), 1);
	CHECK_OK(clock_getres(CLOCK_REALTIME, &ts));
	CHECK_EQ(ns_of(&ts), 1);
	CHECK_OK(clock_getres(CLOCK_MONOTONIC_COARSE, &ts));
	CHECK(ns_of(&ts) >= 1 && ns_of(&ts) <= 10000000);
}

static void wall_clock_is_right(void)
{
	time_t built = 1700000000; /* November 2023: an unset clock is decades off */

	CHECK(time(NULL) > built);
	CHECK(time(NULL) < built + 30L * 365 * 86400);
}

static void ways_agree(void)
{
	struct timeval tv;
	struct timespec ts;
	time_t whole;

	CHECK_OK(clock_gettime(CLOCK_REALTIME, &ts));
	CHECK_OK(gettimeofday(&tv, NULL));
	CHECK(tv.tv_sec * 1000000LL + tv.tv_usec - ns_of(&ts) / 1000 < 1000000);
	CHECK(tv.tv_sec * 1000000LL + tv.tv_usec - ns_of(&ts) / 1000 >= 0);
	CHECK_OK(syscall(SYS_gettimeofday, &tv, NULL));
	CHECK(tv.tv_usec >= 0 && tv.tv_usec < 1000000);
	whole = time(NULL);
	CHECK(whole >= ts.tv_sec && whole <= ts.tv_sec + 1);
	CHECK_EQ(syscall(SYS_time, &whole), whole);
}

static void monotonic_starts_at_boot(void)
{
	int64_t up = now(CLOCK_MONOTONIC), boot = now(CLOCK_BOOTTIME);

	CHECK(up > 0);
	CHECK(boot >= up);
	CHECK(now(CLOCK_REALTIME) > boot);
}

static void sleep_lasts(clockid_t clock, int64_t ns)
{
	const struct timespec pause = {ns / NS_PER_S, ns % NS_PER_S};
	int64_t start = now(CLOCK_MONOTONIC), slept;

	CHECK_OK(syscall(SYS_clock_nanosleep, clock, 0, &pause, NULL));
	slept = now(CLOCK_MONOTONIC) - start;
	if (slept < ns || slept > ns + 500000000)
		t_fail(__FILE__, __LINE__, "clock %d: slept %lld ns instead of %lld", clock,
		       (long long)slept, (long long)ns);
}

static void sleeping(void)
{
	const struct timespec bad = {0, 1000000000}, negative = {-1, 0}, none = {0, 0};
	struct timespec until;
	int64_t start;

	sleep_lasts(CLOCK_MONOTONIC, 1000);
	sleep_lasts(CLOCK_MONOTONIC, 5000000);
	sleep_lasts(CLOCK_MONOTONIC, 120000000);
	sleep_lasts(CLOCK_REALTIME, 5000000);
	sleep_lasts(CLOCK_BOOTTIME, 5000000);
	CHECK_ERR(syscall(SYS_nanosleep, &bad, NULL), EINVAL);
	CHECK_ERR(syscall(SYS_nanosleep, &negative, NULL), EINVAL);
	CHECK_OK(syscall(SYS_nanosleep, &none, NULL));
	CHECK_OK(clock_gettime(CLOCK_MONOTONIC, &until));
	start = ns_of(&until);
	until.tv_nsec += 30000000;
	until.tv_sec += until.tv_nsec / NS_PER_S;
	until.tv_nsec %= NS_PER_S;
	CHECK_OK(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL));
	CHECK(now(CLOCK_MONOTONIC) - start >= 30000000);
	CHECK_OK(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL));
}

/* A clock was at `value` between two looks at the monotonic one. */
struct sandwich {
	int64_t before, value, after;
};

/* The tightest of several: a pause of the machine in between tells nothing. */
static struct sandwich look_at(clockid_t clock)
{
	struct sandwich best = {0, 0, INT64_MAX};

	for (int i = 0; i < 20; i++) {
		struct sandwich one = {.before = now(CLOCK_MONOTONIC)};

		one.value = now(clock);
		one.after = now(CLOCK_MONOTONIC);
		if (one.after - one.before < best.after - best.before)
			best = one;
	}
	return best;
}

/* Within 2 % of what the monotonic clock allows. */
static void check_speed(const struct sandwich *start, const struct sandwich *end)
{
	int64_t least = end->before - start->after, most = end->after - start->before;
	int64_t passed = end->value - start->value;

	CHECK(passed > least - least / 50);
	CHECK(passed < most + most / 50);
}

/* Clocks run at the same speed: the counter is calibrated against the machine's timer. */
static void clocks_run_alike(void)
{
	struct sandwich raw[2] = {look_at(CLOCK_MONOTONIC_RAW)};
	struct sandwich real[2] = {look_at(CLOCK_REALTIME)};
	const struct timespec pause = {.tv_nsec = 200000000};

	nanosleep(&pause, NULL);
	raw[1] = look_at(CLOCK_MONOTONIC_RAW);
	real[1] = look_at(CLOCK_REALTIME);
	check_speed(&raw[0], &raw[1]);
	check_speed(&real[0], &real[1]);
}

static void cpu_time(void)
{
	int64_t start = now(CLOCK_PROCESS_CPUTIME_ID), wall = now(CLOCK_MONOTONIC), used;
	volatile unsigned int work = 0;
	const struct timespec pause = {.tv_nsec = 100000000};
	struct rusage usage;
	struct tms times_now;

	while (now(CLOCK_MONOTONIC) - wall < 50000000)
		work++;
	used = now(CLOCK_PROCESS_CPUTIME_ID) - start;
	CHECK(used > 0);
	start = now(CLOCK_PROCESS_CPUTIME_ID);
	nanosleep(&pause, NULL);
	used = now(CLOCK_PROCESS_CPUTIME_ID) - start;
	CHECK(used < 90000000); /* sleeping costs nothing */
	CHECK_OK(getrusage(RUSAGE_SELF, &usage));
	CHECK(usage.ru_utime.tv_usec >= 0 && usage.ru_utime.tv_usec < 1000000);
	CHECK_OK(times(&times_now));
	CHECK_ERR(getrusage(77, &usage), EINVAL);
}

static void vsyscall_page(void)
{
	/* the addresses are the ABI of programs of old */
	long (*vgettimeofday)(struct timeval *, void *) = (void *)0xffffffffff600000UL;
	time_t (*vtime)(time_t *) = (void *)0xffffffffff600400UL;
	long (*vgetcpu)(unsigned int *, unsigned int *, void *) = (void *)0xffffffffff600800UL;
	struct timeval tv = {-1, -1};
	unsigned int cpu = 99;
	volatile time_t got = 0;
	time_t kept = 0;
	int fault;

	fault = FAULT_OF(vgettimeofday(&tv, NULL));
	if (fault) { /* a Linux host may be built or booted without it */
		CHECK_EQ(fault, SIGSEGV);
		CHECK(!t_is_guest());
		return;
	}
	CHECK(llabs((long long)tv.tv_sec - time(NULL)) <= 1);
	CHECK_EQ(FAULT_OF(got = vtime(&kept)), 0);
	CHECK(got == kept);
	CHECK(llabs((long long)got - time(NULL)) <= 1);
	CHECK_EQ(FAULT_OF(vgetcpu(&cpu, NULL, NULL)), 0);
	CHECK(cpu < 4096);
}

static void getcpu_forms(void)
{
	unsigned int cpu = 99999, node = 99999;
	int (*vdso)(unsigned int *, unsigned int *, void *) = vdso_symbol("__vdso_getcpu");

	CHECK_OK(syscall(SYS_getcpu, &cpu, &node, NULL));
	CHECK(cpu < 4096 && node < 1024);
	CHECK_OK(syscall(SYS_getcpu, NULL, NULL, NULL));
	cpu = 99999;
	if (CHECK(vdso != NULL))
		CHECK_EQ(vdso(&cpu, NULL, NULL), 0);
	CHECK(cpu < 4096);
}

static const struct t_test tests[] = {
	T(vdso_has_its_symbols),
	T(vdso_agrees_with_call),
	T(clocks_never_go_back),
	T(clock_errors),
	T(resolutions),
	T(wall_clock_is_right),
	T(ways_agree),
	T(monotonic_starts_at_boot),
	T(sleeping),
	T(clocks_run_alike),
	T(cpu_time),
	T(vsyscall_page),
	T(getcpu_forms),
};

T_MAIN(tests)
