/* SPDX-License-Identifier: BSD-3-Clause */
/* What this CPU is and can do: auxiliary vector, /proc/cpuinfo, register dumps, random words. */
#include <uk/arch/cpu.h>
#include <uk/arch/regs.h>
#include <uk/arch/x86.h>
#include <uk/fmt.h>
#include <uk/string.h>

const struct ukarch_cpu_caps *ukarch_cpu_caps(void)
{
	static struct ukarch_cpu_caps caps;

	if (!caps.platform) {
		/* AT_HWCAP is CPUID.1:EDX on x86; AT_HWCAP2 bit 1 (FSGSBASE) stays clear: GS is
		 * the kernel's (docs/architecture.md). */
		caps.hwcap = x86_cpuid(1, 0).edx;
		caps.platform = "x86_64";
	}
	return &caps;
}

/* Flag names in Linux' spelling: bit numbers of CPUID.1:EDX and ECX, CPUID.7:EBX. */
static const char edx1_names[32][8] = {
	"fpu",  "vme",  "de",   "pse", "tsc",  "msr", "pae",   "mce", "cx8",     "apic", "",
	"sep",  "mtrr", "pge",  "mca", "cmov", "pat", "pse36", "pn",  "clflush", "",     "dts",
	"acpi", "mmx",  "fxsr", "sse", "sse2", "ss",  "ht",    "tm",  "ia64",    "pbe"};
static const char ecx1_names[32][12] = {
	"pni", "pclmulqdq", "dtes64", "monitor", "ds_cpl", "vmx",    "smx",    "est",
	"tm2", "ssse3",     "cid",    "sdbg",    "fma",    "cx16",   "xtpr",   "pdcm",
	"",    "pcid",      "dca",    "sse4_1",  "sse4_2", "x2apic", "movbe",  "popcnt",
	"",    "aes",       "xsave",  "",        "avx",    "f16c",   "rdrand", "hypervisor"};
static const char ebx7_names[32][12] = {
	"",           "tsc_adjust", "sgx",        "bmi1",     "",       "avx2",     "",
	"",           "bmi2",       "erms",       "invpcid",  "rtm",    "",         "",
	"mpx",        "",           "avx512f",    "avx512dq", "rdseed", "adx",      "",
	"avx512ifma", "",           "clflushopt", "clwb",     "",       "avx512pf", "avx512er",
	"avx512cd",   "sha_ni",     "avx512bw",   "avx512vl"};

static int describe_flags(char *buf, size_t size, uint32_t word, const char *names, size_t stride)
{
	int len = 0;

	for (unsigned int bit = 0; bit < 32; bit++)
		if ((word >> bit & 1) && names[bit * stride])
			len += uk_scnprintf(buf + len, size - (size_t)len, " %s",
					    names + bit * stride);
	return len;
}

static int describe_sizes(char *buf, size_t size, uint64_t counter_khz)
{
	unsigned int line_bytes = (x86_cpuid(1, 0).ebx >> 8 & 0xff) * 8, physical_bits = 36;
	uint64_t bogomips = counter_khz * 2 / 10; /* hundredths */

	if (x86_cpuid(0x80000000, 0).eax >= 0x80000008)
		physical_bits = x86_cpuid(0x80000008, 0).eax & 0xff;
	return uk_scnprintf(buf, size,
			    "bogomips\t: %lu.%02lu\nclflush size\t: %u\ncache_alignment\t: %u\n"
			    "address sizes\t: %u bits physical, 48 bits virtual\n"
			    "power management:\n\n",
			    bogomips / 100, bogomips % 100, line_bytes, line_bytes, physical_bits);
}

int ukarch_cpu_describe(char *buf, size_t size, uint64_t counter_khz)
{
	struct x86_cpuid vendor = x86_cpuid(0, 0), version = x86_cpuid(1, 0);
	char brand[49] = "", vendor_name[13] = "";
	unsigned int family = version.eax >> 8 & 0xf, model = version.eax >> 4 & 0xf;
	int len;

	memcpy(vendor_name, &vendor.ebx, 4);
	memcpy(vendor_name + 4, &vendor.edx, 4);
	memcpy(vendor_name + 8, &vendor.ecx, 4);
	for (uint32_t leaf = 0; x86_cpuid(0x80000000, 0).eax >= 0x80000004 && leaf < 3; leaf++) {
		struct x86_cpuid part = x86_cpuid(0x80000002 + leaf, 0);

		memcpy(brand + leaf * 16, &part, 16);
	}
	if (family == 0xf)
		family += version.eax >> 20 & 0xff;
	if (family >= 6)
		model |= version.eax >> 12 & 0xf0;
	len = uk_scnprintf(
		buf, size,
		"processor\t: 0\nvendor_id\t: %s\ncpu family\t: %u\nmodel\t\t: %u\n"
		"model name\t: %s\nstepping\t: %u\ncpu MHz\t\t: %lu.%03lu\nphysical id\t: 0\nsiblings\t: 1\n"
		"core id\t\t: 0\ncpu cores\t: 1\nfpu\t\t: yes\nflags\t\t:",
		vendor_name, family, model, brand, version.eax & 0xf, counter_khz / 1000,
		counter_khz % 1000);
	len += describe_flags(buf + len, size - (size_t)len, version.edx, edx1_names[0], 8);
	len += describe_flags(buf + len, size - (size_t)len, version.ecx, ecx1_names[0], 12);
	if (vendor.eax >= 7)
		len += describe_flags(buf + len, size - (size_t)len, x86_cpuid(7, 0).ebx,
				      ebx7_names[0], 12);
	len += uk_scnprintf(buf + len, size - (size_t)len, " syscall nx lm\n");
	len += describe_sizes(buf + len, size - (size_t)len, counter_khz);
	return len;
}

bool ukarch_random_word(uint64_t *word)
{
	static int has_rdrand = -1;

	if (has_rdrand < 0)
		has_rdrand = x86_cpuid(1, 0).ecx >> 30 & 1;
	for (int tries = 0; has_rdrand && tries < 10; tries++) {
		bool ok;

		__asm__ volatile("rdrand %0" : "=r"(*word), "=@ccc"(ok));
		if (ok)
			return true;
	}
	return false;
}

int ukarch_regs_describe(const struct ukarch_regs *r, char *buf, size_t size)
{
	return uk_scnprintf(buf, size,
			    "rip %016lx  rsp %016lx  rflags %08lx\n"
			    "rax %016lx  rbx %016lx  rcx %016lx  rdx %016lx\n"
			    "rsi %016lx  rdi %016lx  rbp %016lx  r8  %016lx\n"
			    "r9  %016lx  r10 %016lx  r11 %016lx  r12 %016lx\n"
			    "r13 %016lx  r14 %016lx  r15 %016lx  cr2 %016lx\n",
			    r->rip, r->rsp, r->rflags, r->rax, r->rbx, r->rcx, r->rdx, r->rsi,
			    r->rdi, r->rbp, r->r8, r->r9, r->r10, r->r11, r->r12, r->r13, r->r14,
			    r->r15, X86_READ_CR(2));
}
