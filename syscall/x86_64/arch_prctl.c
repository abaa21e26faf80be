/* SPDX-License-Identifier: BSD-3-Clause */
/* arch_prctl(2): the bases of FS and GS. */
#include <asm/prctl.h>
#include <linux/errno.h>
#include <uk/arch/thread.h>
#include <uk/arch/uaccess.h>
#include <uk/arch/upcall.h>
#include <uk/syscall.h>
#include <uk/task.h>

long sys_arch_prctl(int option, unsigned long addr)
{
	struct ukarch_thread *thread = &current->thread;

	switch (option) {
	case ARCH_SET_FS:
		if (addr >= UKARCH_USER_END)
			return -EPERM;
		ukarch_thread_set_tls(thread, addr);
		return 0;
	case ARCH_GET_FS:
		return put_user(thread->tls_base, (uint64_t __user *)addr);
	case ARCH_SET_GS:
		if (addr >= UKARCH_USER_END)
			return -EPERM;
		if (addr)
			upcall_trap_always();
		x86_thread_set_gs(thread, addr);
		return 0;
	case ARCH_GET_GS:
		return put_user(thread->gs_base, (uint64_t __user *)addr);
	default:
		return -EINVAL;
	}
}
