/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The up-calls: every place where control goes from a lower rank to a higher one
 * (core/lib < arch < plat < core < rootfs, vdso, vsyscall < syscall < loader). The caller is in
 * the lower rank, the definition in the rank that is named.
 */
#ifndef UK_ARCH_UPCALL_H
#define UK_ARCH_UPCALL_H

#include <uk/arch/types.h>
#include <uk/arch/regs.h>

struct ukarch_thread;
struct ukplat_bootinfo;

/* --- arch -> core --------------------------------------------------------------------------- */

/** The kernel proper, on its own stack, in the high half, interrupts off (core/main.c). */
void __uk_noreturn kmain(struct ukplat_bootinfo *bootinfo);

/** A zeroed page for a page table, through the direct map, or NULL; and its way back (core/mm). */
void *upcall_pt_alloc(void);
void upcall_pt_free(void *table);

enum ukarch_fault_kind {
	UKARCH_FAULT_PAGE,       /* addr, is_write, is_exec, is_present are valid */
	UKARCH_FAULT_PROTECTION, /* general protection, stack segment: SIGSEGV, SI_KERNEL */
	UKARCH_FAULT_INVALID_OP, /* SIGILL, ILL_ILLOPN */
	UKARCH_FAULT_DIVIDE,     /* SIGFPE, FPE_INTDIV */
	UKARCH_FAULT_FLOAT,      /* SIGFPE, code from the unit's status */
	UKARCH_FAULT_BREAKPOINT, /* SIGTRAP, SI_KERNEL */
	UKARCH_FAULT_DEBUG,      /* SIGTRAP, TRAP_TRACE or TRAP_HWBKPT */
	UKARCH_FAULT_OVERFLOW,   /* SIGSEGV, SI_KERNEL */
	UKARCH_FAULT_ALIGNMENT,  /* SIGBUS, BUS_ADRALN */
	UKARCH_FAULT_FATAL, /* double fault, machine check, NMI, stack overflow: kernel crash */
};

struct ukarch_fault {
	enum ukarch_fault_kind kind;
	const char *name;    /* "page fault", "double fault", ... */
	unsigned vector;     /* hardware exception number (sigcontext trapno) */
	uint64_t error_code; /* as the hardware pushed it (sigcontext err) */
	int si_code;         /* for the kinds that carry one; 0 otherwise */
	vaddr_t addr;        /* faulting address (UKARCH_FAULT_PAGE), else the pc */
	bool from_user;      /* the program was running, not the kernel */
	bool is_write, is_exec, is_present;
};

/**
 * An exception. Returns when it was resolved (page brought in, exception-table fixup applied,
 * signal queued); does not return when it ends the program or the machine (core/proc/fault.c).
 * Interrupts are off on entry.
 */
void upcall_fault(struct ukarch_regs *regs, const struct ukarch_fault *fault);

/** Down-call: has the faulting kernel instruction an exception-table entry? */
bool ukarch_fault_has_fixup(const struct ukarch_regs *regs);
/** Down-call: if it has, goes on there. */
bool ukarch_fault_fixup(struct ukarch_regs *regs);

/**
 * Work flags of the current thread were set on the way back to the program: deliver signals,
 * reschedule. May replace the whole of *regs. Interrupts are on; loops until no flag is left
 * (core/proc/signal.c).
 */
void upcall_return_to_user(struct ukarch_regs *regs);

/* --- arch -> plat --------------------------------------------------------------------------- */

/** A device interrupt; `vector` as programmed into the interrupt controller. Interrupts off. */
void upcall_irq(unsigned vector);
/** Does a controller wait for the end of interrupt `vector`? If not, an instruction raised it, or
 * it is spurious. Before upcall_irq(). */
bool upcall_irq_is_real(unsigned vector);

/* --- arch -> syscall ------------------------------------------------------------------------ */

typedef long (*syscall_handler)(long, long, long, long, long, long);

/** Handlers by number; a call that is not there points to a handler that says so once. */
extern const syscall_handler syscall_table[];
extern const unsigned long syscall_table_entries;

/**
 * The whole of a system call when the thread has UKARCH_WORK_TRACE set: trace, dispatch, trace.
 * Number and arguments are in *regs, all of which is valid; the result goes into *regs.
 */
void upcall_syscall_traced(struct ukarch_regs *regs);

/**
 * clone(2) and clone3(2): every user register is saved. Arguments in the order of the
 * architecture's sys_clone(); see the rows of the table.
 */
long upcall_clone(unsigned long flags, uintptr_t stack, int __user *parent_tid,
		  int __user *child_tid, unsigned long tls);
struct clone_args;
long upcall_clone3(const struct clone_args __user *args, size_t size);

/* --- arch, core -> vsyscall ----------------------------------------------------------------- */

/**
 * Turns the pc of a thread's saved registers into one that the program knows, when it lies in the
 * kernel's half: the ways in and out that run on the program's stack, the stubs of patched call
 * sites; 0 in a system call stands for the return of __kernel_vsyscall. Other registers follow
 * where the way in did not store them. Everything but the pc and those stays; idempotent. Before
 * the program sees the registers: the thread itself goes on from the kernel's address as well.
 */
void upcall_settle(struct ukarch_regs *regs);

/** A trap of the program, all registers saved, interrupts on: its site may be patched. Returns how
 *  many traps may pass until the next call. May sleep. */
int upcall_syscall_sampled(struct ukarch_regs *regs);

/** An invalid instruction of the program's: one that a patched call site shows in its middle? Then
 *  the registers are made to go on as if it had not been patched. May sleep. */
bool upcall_site_repair(struct ukarch_regs *regs);

/** From now on every system call traps, as the program can tell the difference: it runs step by
 *  step, or uses GS. May sleep. */
void upcall_trap_always(void);

/** By system call number: where in entry.S the way in through __kernel_vsyscall goes on. */
extern const char *const upcall_keep_args[];

/* --- core -> syscall ------------------------------------------------------------------------ */

/**
 * Tells `visit` the last system calls as strace shows them, oldest first, one line each without
 * its newline. There are some only of traced tasks (strace=1). For crash reports: takes no locks.
 */
void upcall_last_syscalls(void (*visit)(const char *text, void *ctx), void *ctx);

/* --- core, syscall -> loader ---------------------------------------------------------------- */

struct exec_args; /* <uk/proc/exec.h> */

/**
 * Replaces the current process image (execve(2)). On success the current thread's saved user
 * registers start the new program when the kernel is left; 0 or -errno, and then the old
 * image is untouched. Past the point of no return a failure kills the process.
 */
int upcall_exec(const struct exec_args *args);

/* --- core -> rootfs, vsyscall ---------------------------------------------------------------- */

/** Mounts the initrd, what vfs.fstab names, /dev, /proc, /tmp (rootfs/). 0 or -errno, logged. */
int upcall_mount_rootfs(void);
/** Puts the legacy vsyscall page in place (vsyscall/). 0 or -errno. */
int upcall_vsyscall_init(void);

/** Starts the first program named on the kernel command line (loader/init.c). */
void __uk_noreturn upcall_init(void);

#endif /* UK_ARCH_UPCALL_H */
