/* SPDX-License-Identifier: BSD-3-Clause */
/* About the machine: uname(2), sysinfo(2), getrandom(2), reboot(2). */
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/random.h>
#include <linux/reboot.h>
#include <linux/sysinfo.h>
#include <linux/utsname.h>
#include <uk/arch/cpu.h>
#include <uk/arch/uaccess.h>
#include <uk/clock.h>
#include <uk/page.h>
#include <uk/plat/power.h>
#include <uk/random.h>
#include <uk/sched.h>
#include <uk/string.h>
#include <uk/syscall.h>
#include <uk/task.h>
#include <uk/uts.h>
#include "accounting.h"

_Static_assert(UTS_NAME_MAX == __NEW_UTS_LEN, "uk/uts.h");

long sys_uname(struct new_utsname __user *out)
{
	struct new_utsname name;

	memset(&name, 0, sizeof(name));
	strlcpy(name.sysname, UTS_SYSNAME, sizeof(name.sysname));
	strlcpy(name.nodename, uts_nodename, sizeof(name.nodename));
	strlcpy(name.release, UTS_RELEASE, sizeof(name.release));
	strlcpy(name.version, UTS_VERSION, sizeof(name.version));
	strlcpy(name.machine, ukarch_cpu_caps()->platform, sizeof(name.machine));
	strlcpy(name.domainname, uts_domainname, sizeof(name.domainname));
	return copy_to_user(out, &name, sizeof(name));
}

static long set_name(char *to, const char __user *user, int len)
{
	char name[UTS_NAME_MAX + 1] = {0};

	if (!is_capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (len < 0 || len > UTS_NAME_MAX)
		return -EINVAL;
	if (copy_from_user(name, user, (size_t)len))
		return -EFAULT;
	memcpy(to, name, sizeof(name));
	return 0;
}

long sys_sethostname(const char __user *name, int len)
{
	return set_name(uts_nodename, name, len);
}

long sys_setdomainname(const char __user *name, int len)
{
	return set_name(uts_domainname, name, len);
}

long sys_sysinfo(struct sysinfo __user *out)
{
	struct page_stats pages;
	struct sysinfo info;

	memset(&info, 0, sizeof(info));
	page_stats(&pages);
	info.uptime = (long)UK_DIV_ROUND_UP(clock_monotonic_ns(), (uint64_t)UK_NSEC_PER_SEC);
	info.totalram = pages.total_pages << UK_PAGE_SHIFT;
	info.freeram = pages.free_pages << UK_PAGE_SHIFT;
	info.procs = 1;
	info.mem_unit = 1;
	return copy_to_user(out, &info, sizeof(info));
}

/* Random bytes go out in pieces; a signal may end a long request early, as on Linux. */
#define RANDOM_PIECE 256

long sys_getrandom(void __user *buf, size_t len, unsigned int flags)
{
	char piece[RANDOM_PIECE];
	size_t done = 0;

	if ((flags & ~(unsigned int)(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE)) ||
	    (flags & (GRND_RANDOM | GRND_INSECURE)) == (GRND_RANDOM | GRND_INSECURE))
		return -EINVAL;
	len = UK_MIN(len, (size_t)INT32_MAX);
	while (done < len) {
		size_t count = UK_MIN(len - done, sizeof(piece)), missed;

		random_bytes(piece, count);
		missed = copy_to_user_partial((char __user *)buf + done, piece, count);
		done += count - missed;
		if (missed)
			return done ? (long)done : -EFAULT;
		if (done % UK_PAGE_SIZE == 0 && sched_pause())
			break;
	}
	memset(piece, 0, sizeof(piece));
	return (long)done;
}

static bool is_magic(int magic1, int magic2)
{
	return (unsigned int)magic1 == LINUX_REBOOT_MAGIC1 &&
	       (magic2 == LINUX_REBOOT_MAGIC2 || magic2 == LINUX_REBOOT_MAGIC2A ||
		magic2 == LINUX_REBOOT_MAGIC2B || magic2 == LINUX_REBOOT_MAGIC2C);
}

long sys_reboot(int magic1, int magic2, unsigned int cmd, void __user *arg)
{
	if (!is_capable(CAP_SYS_BOOT))
		return -EPERM;
	if (!is_magic(magic1, magic2))
		return -EINVAL;
	switch (cmd) {
	case LINUX_REBOOT_CMD_RESTART:
	case LINUX_REBOOT_CMD_RESTART2:
		ukplat_reset();
	case LINUX_REBOOT_CMD_HALT:
	case LINUX_REBOOT_CMD_POWER_OFF:
		ukplat_exit(0);
	case LINUX_REBOOT_CMD_CAD_ON:
	case LINUX_REBOOT_CMD_CAD_OFF:
		return 0; /* nobody can press Ctrl-Alt-Del */
	default:
		return -EINVAL;
	}
}
