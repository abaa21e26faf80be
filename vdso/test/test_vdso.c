/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The real vDSO on the build host: mapped from its file with a data page below it, looked up the
 * way C libraries do (System V hash and GNU hash, symbol versions), and its clocks compared with
 * the formula of <uk/vdso_data.h> over values that carry, wrap and lie days apart.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#include <uk/vdso_data.h>

#define PAGE 4096

typedef unsigned __int128 u128;

static struct vdso_data *data;
static char *image;
static size_t image_len;

static struct {
	const Elf64_Sym *symbols;
	const char *strings;
	const uint32_t *hash, *gnu_hash;
	const uint16_t *versions;
	const char *version_defs;
	uint64_t soname;
} dyn;

static int (*gettime)(int id, struct timespec *ts);
static int (*getres)(int id, struct timespec *ts);
static int (*timeofday)(struct timeval *tv, struct timezone *tz);
static time_t (*seconds)(time_t *out);
static long (*cpu_number)(unsigned int *cpu, unsigned int *node, void *cache);

static void read_dynamic(const Elf64_Dyn *entry)
{
	for (; entry->d_tag != DT_NULL; entry++) {
		void *at = image + entry->d_un.d_ptr;

		switch (entry->d_tag) {
		case DT_SYMTAB:
			dyn.symbols = at;
			break;
		case DT_STRTAB:
			dyn.strings = at;
			break;
		case DT_HASH:
			dyn.hash = at;
			break;
		case DT_GNU_HASH:
			dyn.gnu_hash = at;
			break;
		case DT_VERSYM:
			dyn.versions = at;
			break;
		case DT_VERDEF:
			dyn.version_defs = at;
			break;
		case DT_SONAME:
			dyn.soname = entry->d_un.d_val;
			break;
		case DT_RELA:
		case DT_REL:
		case DT_JMPREL:
		case DT_TEXTREL:
		case DT_NEEDED:
			fail_msg("the vDSO has dynamic tag %ld", (long)entry->d_tag);
		}
	}
}

static int map_vdso(void **state)
{
	struct stat st;
	int fd = open(VDSO_SO, O_RDONLY);
	const Elf64_Ehdr *ehdr;
	const Elf64_Phdr *phdr;
	int loads = 0;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	image_len = (size_t)(st.st_size + PAGE - 1) & ~(size_t)(PAGE - 1);
	data = mmap(NULL, PAGE + image_len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0);
	assert_true(data != MAP_FAILED);
	image = mmap((char *)data + PAGE, image_len, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED,
		     fd, 0);
	assert_true(image != MAP_FAILED);
	close(fd);
	ehdr = (const void *)image;
	assert_memory_equal(ehdr->e_ident, ELFMAG, SELFMAG);
	assert_int_equal(ehdr->e_type, ET_DYN);
	phdr = (const void *)(image + ehdr->e_phoff);
	for (int i = 0; i < ehdr->e_phnum; i++) {
		if (phdr[i].p_type == PT_LOAD) {
			loads++;
			assert_int_equal(phdr[i].p_offset, 0);
			assert_int_equal(phdr[i].p_vaddr, 0);
			assert_int_equal(phdr[i].p_flags, PF_R | PF_X);
		} else if (phdr[i].p_type == PT_DYNAMIC) {
			read_dynamic((const void *)(image + phdr[i].p_offset));
		}
	}
	assert_int_equal(loads, 1);
	return 0;
}

static int version_matches(uint16_t index, const char *version)
{
	const char *at = dyn.version_defs;

	for (;;) {
		const Elf64_Verdef *def = (const void *)at;
		const Elf64_Verdaux *aux = (const void *)(at + def->vd_aux);

		if (!(def->vd_flags & VER_FLG_BASE) && (def->vd_ndx & 0x7fff) == (index & 0x7fff))
			return strcmp(version, dyn.strings + aux->vda_name) == 0;
		if (!def->vd_next)
			return 0;
		at += def->vd_next;
	}
}

/* By walking the symbols that DT_HASH counts, as musl does. */
static void *lookup(const char *name, const char *version)
{
	for (uint32_t i = 0; i < dyn.hash[1]; i++) {
		const Elf64_Sym *sym = &dyn.symbols[i];

		if (sym->st_shndx && ELF64_ST_TYPE(sym->st_info) == STT_FUNC &&
		    strcmp(name, dyn.strings + sym->st_name) == 0 &&
		    version_matches(dyn.versions[i], version))
			return image + sym->st_value;
	}
	return NULL;
}

/* By DT_GNU_HASH, as glibc does. */
static void *lookup_gnu(const char *name)
{
	uint32_t buckets = dyn.gnu_hash[0], first = dyn.gnu_hash[1], bloom = dyn.gnu_hash[2];
	const uint64_t *filter = (const void *)(dyn.gnu_hash + 4);
	const uint32_t *bucket = (const void *)(filter + bloom), *chain = bucket + buckets;
	uint32_t hash = 5381;

	for (const char *c = name; *c; c++)
		hash = hash * 33 + (unsigned char)*c;
	if (!(filter[hash / 64 % bloom] & 1UL << hash % 64))
		return NULL;
	for (uint32_t i = bucket[hash % buckets]; i; i++) {
		uint32_t entry = chain[i - first];

		if ((entry | 1) == (hash | 1) &&
		    strcmp(name, dyn.strings + dyn.symbols[i].st_name) == 0)
			return image + dyn.symbols[i].st_value;
		if (entry & 1)
			break;
	}
	return NULL;
}

static uint64_t counter(void)
{
	uint32_t lo, hi;

	__asm__ volatile("lfence; rdtsc" : "=a"(lo), "=d"(hi)::"memory");
	return (uint64_t)hi << 32 | lo;
}

static void set_clock(int id, uint64_t rate, uint64_t sec, uint64_t frac)
{
	data->clocks[id] = (struct vdso_clock){rate, frac, sec, 7, 7};
}

static u128 oracle(int id, uint64_t at)
{
	return (u128)at * data->clocks[id].rate +
	       ((u128)data->clocks[id].sec << 64 | data->clocks[id].frac);
}

static uint64_t oracle_ns(u128 time)
{
	return (uint64_t)(time >> 64) * 1000000000 +
	       (uint64_t)((u128)(uint64_t)time * 1000000000 >> 64);
}

static void reset(void)
{
	memset(data, 0, PAGE);
	for (int id = 0; id < VDSO_CLOCKS; id++)
		data->clocks[id].seq_before = 1;
	data->nsec_per_sec = 1000000000;
	data->usec_per_sec = 1000000;
	data->resolution_ns = 1;
	data->cpu_count = 1;
}

static void test_symbols(void **state)
{
	static const char *const names[] = {"clock_gettime", "clock_getres", "gettimeofday", "time",
					    "getcpu"};

	(void)state;
	assert_string_equal(dyn.strings + dyn.soname, "linux-vdso.so.1");
	for (unsigned int i = 0; i < 5; i++) {
		char name[32] = "__vdso_";

		strcat(name, names[i]);
		assert_non_null(lookup(name, "LINUX_2.6"));
		assert_null(lookup(name, "LINUX_2.7"));
		assert_ptr_equal(lookup_gnu(name), lookup(name, "LINUX_2.6"));
		assert_ptr_equal(lookup(names[i], "LINUX_2.6"), lookup(name, "LINUX_2.6"));
	}
	assert_null(lookup_gnu("__vdso_nothing"));
	gettime = lookup("__vdso_clock_gettime", "LINUX_2.6");
	getres = lookup("__vdso_clock_getres", "LINUX_2.6");
	timeofday = lookup("__vdso_gettimeofday", "LINUX_2.6");
	seconds = lookup("__vdso_time", "LINUX_2.6");
	cpu_number = lookup("__vdso_getcpu", "LINUX_2.6");
}

/* What the kernel's way in does to a call that it answers with number + 1. */
__asm__(".pushsection .text\n"
	"way_in: leaq 1(%rax), %rax\n"
	"	ret\n"
	".popsection");
extern const char way_in[];

static void test_vsyscall(void **state)
{
	const uint8_t *vsyscall = lookup("__kernel_vsyscall", "LINUX_2.6");
	long result = 41;

	(void)state;
	assert_non_null(vsyscall);
	assert_ptr_equal(vsyscall, (uint8_t *)image + ((Elf64_Ehdr *)image)->e_entry);
	assert_memory_equal(vsyscall + VDSO_VSYSCALL_TRAP, "\x0f\x05\xc3", 3);
	data->syscall_entry = (uintptr_t)way_in;
	__asm__ volatile("subq $128, %%rsp; call *%1; addq $128, %%rsp"
			 : "+a"(result)
			 : "r"(vsyscall)
			 : "rcx", "r11", "rdi", "rsi", "rdx", "r10", "r8", "r9", "memory", "cc");
	assert_int_equal(result, 42);
}

static void check_clock(int id)
{
	struct timespec ts;
	uint64_t before = counter(), after, ns;

	assert_int_equal(gettime(id, &ts), 0);
	after = counter();
	assert_true(ts.tv_nsec >= 0 && ts.tv_nsec < 1000000000);
	ns = (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
	assert_true(ns >= oracle_ns(oracle(id, before)));
	assert_true(ns <= oracle_ns(oracle(id, after)));
}

static void test_clocks(void **state)
{
	static const uint64_t rates[] = {18446744074, 7105588521, 36893488147419, 3689348815};
	static const uint64_t secs[] = {0, 1700000000, 86400 * 365, 4102444800};
	static const int ids[] = {0, 1, 4, 5, 6, 7, 8, 9, 11};

	(void)state;
	reset();
	for (unsigned int r = 0; r < 4; r++) {
		for (unsigned int s = 0; s < 4; s++) {
			for (unsigned int i = 0; i < 9; i++) {
				/* The fraction makes the sum carry for some, and so does the next.
				 */
				set_clock(ids[i], rates[r], secs[s], UINT64_MAX / 9 * i + r);
				check_clock(ids[i]);
				set_clock(ids[i], rates[r], secs[s], UINT64_MAX);
				check_clock(ids[i]);
				/* An offset below zero: the clock began after the counter. */
				set_clock(ids[i], rates[r],
					  (uint64_t)(-(u128)counter() * rates[r] >> 64) + secs[s],
					  0);
				check_clock(ids[i]);
			}
		}
	}
}

static void test_gettimeofday_and_time(void **state)
{
	uint64_t before, after, us;
	struct timezone tz = {.tz_minuteswest = 77};
	struct timeval tv;
	time_t stored = 0, now;

	(void)state;
	reset();
	set_clock(CLOCK_REALTIME, 7105588521, 1700000000, 12345678901234567);
	before = counter();
	assert_int_equal(timeofday(&tv, NULL), 0);
	now = seconds(&stored);
	after = counter();
	us = (uint64_t)tv.tv_sec * 1000000 + (uint64_t)tv.tv_usec;
	assert_true(us >= oracle_ns(oracle(0, before)) / 1000);
	assert_true(us <= oracle_ns(oracle(0, after)) / 1000);
	assert_int_equal(now, stored);
	assert_true(now - tv.tv_sec <= 1);
	assert_true(seconds(NULL) >= now);
	assert_int_equal(timeofday(NULL, &tz), 0); /* the host's kernel answers */
	assert_int_not_equal(tz.tz_minuteswest, 77);
}

static void test_falls_back(void **state)
{
	struct timespec ts, host;
	struct timeval tv;
	unsigned int cpu = 99, node = 99;

	(void)state;
	reset();
	for (int id = 0; id < VDSO_CLOCKS; id++) {
		/* Some hosts have no alarm clocks; nobody has number 10. */
		if (clock_gettime(id, &host)) {
			assert_int_equal(gettime(id, &ts), -errno);
			continue;
		}
		assert_int_equal(gettime(id, &ts), 0);
		assert_true(ts.tv_sec - host.tv_sec <= 1);
	}
	assert_int_equal(gettime(10, &ts), -EINVAL);
	assert_int_equal(gettime(12, &ts), -EINVAL);
	assert_int_equal(gettime(1234567, &ts), -EINVAL);
	assert_int_equal(gettime(-6, &ts), 0); /* own CPU time by pid 0 */
	assert_int_equal(gettime(INT32_MIN, &ts), -EINVAL);
	assert_int_equal(timeofday(&tv, NULL), 0);
	assert_true(seconds(NULL) - tv.tv_sec <= 1);
	data->cpu_count = 2;
	assert_int_equal(cpu_number(&cpu, &node, NULL), 0);
	assert_int_not_equal(cpu, 99);
	/* A writer at work: the sequence counts differ, whatever the rest says. */
	set_clock(CLOCK_MONOTONIC, 1, 999, 0);
	data->clocks[CLOCK_MONOTONIC].seq_before++;
	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &host), 0);
	assert_int_equal(gettime(CLOCK_MONOTONIC, &ts), 0);
	assert_true(ts.tv_sec - host.tv_sec <= 1);
}

static void test_getres_and_getcpu(void **state)
{
	struct timespec ts = {5, 5};
	unsigned int cpu = 99, node = 99;

	(void)state;
	reset();
	data->resolution_ns = 17;
	for (int id = 0; id < VDSO_CLOCKS; id++) {
		if (id == CLOCK_PROCESS_CPUTIME_ID || id == CLOCK_THREAD_CPUTIME_ID || id == 10)
			continue;
		assert_int_equal(getres(id, &ts), 0);
		assert_int_equal(ts.tv_sec, 0);
		assert_int_equal(ts.tv_nsec, 17);
	}
	assert_int_equal(getres(CLOCK_MONOTONIC, NULL), 0);
	assert_int_equal(getres(CLOCK_PROCESS_CPUTIME_ID, &ts), 0);
	assert_int_equal(getres(12, &ts), -EINVAL);
	assert_int_equal(cpu_number(&cpu, &node, NULL), 0);
	assert_int_equal(cpu, 0);
	assert_int_equal(node, 0);
	assert_int_equal(cpu_number(NULL, NULL, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_symbols),    cmocka_unit_test(test_vsyscall),
		cmocka_unit_test(test_clocks),     cmocka_unit_test(test_gettimeofday_and_time),
		cmocka_unit_test(test_falls_back), cmocka_unit_test(test_getres_and_getcpu),
	};

	return cmocka_run_group_tests(tests, map_vdso, NULL);
}
