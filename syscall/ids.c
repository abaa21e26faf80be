/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * User and group ids and capabilities: credentials(7), capabilities(7). The rules are Linux',
 * because programs that drop privileges check that they cannot get them back. Nothing but
 * these calls (and setting names and clocks) asks for a capability.
 */
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/securebits.h>
#include <uk/arch/uaccess.h>
#include <uk/string.h>
#include <uk/syscall.h>
#include <uk/task.h>
#include "accounting.h"

#define ID_NONE  UINT32_MAX
#define CAPS_ALL ((UINT64_C(1) << (CAP_LAST_CAP + 1)) - 1)

static struct creds *creds(void)
{
	return &current->process->creds;
}

/* Capabilities follow the user ids: capabilities(7), "Effect of user ID changes". */
static void follow_uids(const struct creds *old)
{
	struct process_attributes *attributes = &current->process->attributes;
	const struct creds *now = creds();
	bool was_root = !old->uid || !old->euid || !old->suid;

	if (attributes->securebits & SECBIT_NO_SETUID_FIXUP)
		return;
	if (was_root && now->uid && now->euid && now->suid) {
		if (!attributes->keep_caps)
			attributes->caps_lost_permitted = CAPS_ALL;
		attributes->caps_lost_effective = CAPS_ALL;
		attributes->caps_ambient = 0;
	}
	if (!old->euid && now->euid)
		attributes->caps_lost_effective = CAPS_ALL;
	if (old->euid && !now->euid)
		attributes->caps_lost_effective = attributes->caps_lost_permitted;
}

static bool is_one_of(uint32_t id, uint32_t a, uint32_t b, uint32_t c)
{
	return id == ID_NONE || id == a || id == b || id == c;
}

long sys_getuid(void)
{
	return creds()->uid;
}

long sys_geteuid(void)
{
	return creds()->euid;
}

long sys_getgid(void)
{
	return creds()->gid;
}

long sys_getegid(void)
{
	return creds()->egid;
}

long sys_setuid(unsigned int uid)
{
	struct creds *now = creds(), old = *now;

	if (uid == ID_NONE)
		return -EINVAL;
	if (is_capable(CAP_SETUID))
		now->uid = now->suid = uid;
	else if (uid != now->uid && uid != now->suid)
		return -EPERM;
	now->euid = now->fsuid = uid;
	follow_uids(&old);
	return 0;
}

long sys_setgid(unsigned int gid)
{
	struct creds *now = creds();

	if (gid == ID_NONE)
		return -EINVAL;
	if (is_capable(CAP_SETGID))
		now->gid = now->sgid = gid;
	else if (gid != now->gid && gid != now->sgid)
		return -EPERM;
	now->egid = now->fsgid = gid;
	return 0;
}

long sys_setreuid(unsigned int ruid, unsigned int euid)
{
	struct creds *now = creds(), old = *now;

	if (!is_capable(CAP_SETUID) && (!is_one_of(ruid, old.uid, old.euid, old.euid) ||
					!is_one_of(euid, old.uid, old.euid, old.suid)))
		return -EPERM;
	if (ruid != ID_NONE)
		now->uid = ruid;
	if (euid != ID_NONE)
		now->euid = euid;
	if (ruid != ID_NONE || (euid != ID_NONE && euid != old.uid))
		now->suid = now->euid;
	now->fsuid = now->euid;
	follow_uids(&old);
	return 0;
}

long sys_setregid(unsigned int rgid, unsigned int egid)
{
	struct creds *now = creds(), old = *now;

	if (!is_capable(CAP_SETGID) && (!is_one_of(rgid, old.gid, old.egid, old.egid) ||
					!is_one_of(egid, old.gid, old.egid, old.sgid)))
		return -EPERM;
	if (rgid != ID_NONE)
		now->gid = rgid;
	if (egid != ID_NONE)
		now->egid = egid;
	if (rgid != ID_NONE || (egid != ID_NONE && egid != old.gid))
		now->sgid = now->egid;
	now->fsgid = now->egid;
	return 0;
}

long sys_setresuid(unsigned int ruid, unsigned int euid, unsigned int suid)
{
	struct creds *now = creds(), old = *now;

	if (!is_capable(CAP_SETUID) && (!is_one_of(ruid, old.uid, old.euid, old.suid) ||
					!is_one_of(euid, old.uid, old.euid, old.suid) ||
					!is_one_of(suid, old.uid, old.euid, old.suid)))
		return -EPERM;
	if (ruid != ID_NONE)
		now->uid = ruid;
	if (euid != ID_NONE)
		now->euid = euid;
	if (suid != ID_NONE)
		now->suid = suid;
	now->fsuid = now->euid;
	follow_uids(&old);
	return 0;
}

long sys_setresgid(unsigned int rgid, unsigned int egid, unsigned int sgid)
{
	struct creds *now = creds(), old = *now;

	if (!is_capable(CAP_SETGID) && (!is_one_of(rgid, old.gid, old.egid, old.sgid) ||
					!is_one_of(egid, old.gid, old.egid, old.sgid) ||
					!is_one_of(sgid, old.gid, old.egid, old.sgid)))
		return -EPERM;
	if (rgid != ID_NONE)
		now->gid = rgid;
	if (egid != ID_NONE)
		now->egid = egid;
	if (sgid != ID_NONE)
		now->sgid = sgid;
	now->fsgid = now->egid;
	return 0;
}

long sys_getresuid(unsigned int __user *ruid, unsigned int __user *euid, unsigned int __user *suid)
{
	const struct creds *now = creds();

	return put_user(now->uid, ruid) || put_user(now->euid, euid) || put_user(now->suid, suid)
		       ? -EFAULT
		       : 0;
}

long sys_getresgid(unsigned int __user *rgid, unsigned int __user *egid, unsigned int __user *sgid)
{
	const struct creds *now = creds();

	return put_user(now->gid, rgid) || put_user(now->egid, egid) || put_user(now->sgid, sgid)
		       ? -EFAULT
		       : 0;
}

/* These two cannot fail: they return what was there before. */
long sys_setfsuid(unsigned int uid)
{
	struct creds *now = creds();
	uint32_t old = now->fsuid;

	if (uid != ID_NONE && (is_capable(CAP_SETUID) || uid == old ||
			       is_one_of(uid, now->uid, now->euid, now->suid)))
		now->fsuid = uid;
	return old;
}

long sys_setfsgid(unsigned int gid)
{
	struct creds *now = creds();
	uint32_t old = now->fsgid;

	if (gid != ID_NONE && (is_capable(CAP_SETGID) || gid == old ||
			       is_one_of(gid, now->gid, now->egid, now->sgid)))
		now->fsgid = gid;
	return old;
}

long sys_getgroups(int count, unsigned int __user *groups)
{
	const struct creds *now = creds();

	if (count < 0 || (count && (unsigned int)count < now->group_count))
		return -EINVAL;
	if (count && copy_to_user(groups, now->groups, now->group_count * sizeof(*groups)))
		return -EFAULT;
	return now->group_count;
}

#define NGROUPS_LINUX 65536

long sys_setgroups(int count, const unsigned int __user *groups)
{
	struct creds *now = creds();
	uint32_t wanted[UK_ARRAY_SIZE(now->groups)];

	if (!is_capable(CAP_SETGID))
		return -EPERM;
	if (count < 0 || count > NGROUPS_LINUX)
		return -EINVAL;
	if ((size_t)count > UK_ARRAY_SIZE(wanted))
		return -ENOMEM;
	if (copy_from_user(wanted, groups, (size_t)count * sizeof(*wanted)))
		return -EFAULT;
	memcpy(now->groups, wanted, (size_t)count * sizeof(*wanted));
	now->group_count = (unsigned int)count;
	return 0;
}

/* --- capabilities ----------------------------------------------------------------------------- */

/* Words of 32 bits per set in the version of the header; 0: unknown, and the header was told ours.
 */
static int read_header(struct __user_cap_header_struct __user *user, unsigned int *words, int *pid)
{
	struct __user_cap_header_struct header;

	if (copy_from_user(&header, user, sizeof(header)))
		return -EFAULT;
	*pid = header.pid;
	switch (header.version) {
	case _LINUX_CAPABILITY_VERSION_1:
		*words = _LINUX_CAPABILITY_U32S_1;
		return 0;
	case _LINUX_CAPABILITY_VERSION_2:
	case _LINUX_CAPABILITY_VERSION_3:
		*words = _LINUX_CAPABILITY_U32S_3;
		return 0;
	}
	*words = 0;
	return put_user((uint32_t)_LINUX_CAPABILITY_VERSION_3, &user->version);
}

long sys_capget(void __user *header, void __user *data)
{
	const struct process_attributes *attributes = &current->process->attributes;
	uint64_t effective = CAPS_ALL & ~attributes->caps_lost_effective;
	uint64_t permitted = CAPS_ALL & ~attributes->caps_lost_permitted;
	struct __user_cap_data_struct sets[2];
	unsigned int words;
	int pid, error = read_header(header, &words, &pid);

	if (error)
		return error;
	if (!words)
		return data ? -EINVAL : 0;
	if (pid < 0)
		return -EINVAL;
	if (pid && pid != current->tid && !process_find(pid))
		return -ESRCH;
	for (unsigned int i = 0; i < 2; i++)
		sets[i] = (struct __user_cap_data_struct){
			.effective = (uint32_t)(effective >> 32 * i),
			.permitted = (uint32_t)(permitted >> 32 * i),
			.inheritable = (uint32_t)(attributes->caps_inheritable >> 32 * i)};
	return data ? copy_to_user(data, sets, words * sizeof(sets[0])) : 0;
}

long sys_capset(void __user *header, const void __user *data)
{
	struct process_attributes *attributes = &current->process->attributes;
	struct __user_cap_data_struct sets[2] = {{0, 0, 0}, {0, 0, 0}};
	uint64_t effective, permitted, inheritable;
	unsigned int words;
	int pid, error = read_header(header, &words, &pid);

	if (error)
		return error;
	if (!words)
		return -EINVAL;
	if (pid && pid != current->tid && pid != current->process->pid)
		return -EPERM;
	if (copy_from_user(sets, data, words * sizeof(sets[0])))
		return -EFAULT;
	effective = (sets[0].effective | (uint64_t)sets[1].effective << 32) & CAPS_ALL;
	permitted = (sets[0].permitted | (uint64_t)sets[1].permitted << 32) & CAPS_ALL;
	inheritable = (sets[0].inheritable | (uint64_t)sets[1].inheritable << 32) & CAPS_ALL;
	if ((permitted & attributes->caps_lost_permitted) || (effective & ~permitted))
		return -EPERM;
	attributes->caps_lost_effective = CAPS_ALL & ~effective;
	attributes->caps_lost_permitted = CAPS_ALL & ~permitted;
	attributes->caps_inheritable = inheritable;
	attributes->caps_ambient &= permitted & inheritable;
	return 0;
}
