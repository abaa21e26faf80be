/* SPDX-License-Identifier: BSD-3-Clause */
/* Signals within one process: actions, masks, pending ones, the handler's frame, waiting. */
#include "t.h"

#include <sys/mman.h>
#include <sys/uio.h>
#include <time.h>
#include <ucontext.h>

static volatile int seen_count, seen_signo, seen_code, seen_value, seen_on_stack;
static volatile pid_t seen_pid;
static volatile uid_t seen_uid;
static sigset_t seen_mask;
static char alternative[64 * 1024];

static void on_signal(int signo, siginfo_t *info, void *context)
{
	char here;

	(void)context;
	seen_count++;
	seen_signo = signo;
	seen_code = info->si_code;
	seen_pid = info->si_pid;
	seen_uid = info->si_uid;
	seen_value = info->si_value.sival_int;
	seen_on_stack = &here >= alternative && &here < alternative + sizeof(alternative);
	sigprocmask(SIG_BLOCK, NULL, &seen_mask);
}

static void install(int signo, int flags)
{
	struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | flags};

	seen_count = seen_signo = seen_code = seen_value = seen_on_stack = 0;
	sigemptyset(&seen_mask);
	CHECK_OK(sigaction(signo, &action, NULL));
}

static void block(int how, int signo)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signo);
	CHECK_OK(sigprocmask(how, &set, NULL));
}

/* As rt_sigaction(2) takes it. */
struct kernel_action {
	void (*handler)(int);
	unsigned long flags;
	void (*restorer)(void);
	unsigned long mask;
};

/* The old action is told after the new one is in place, which is not undone when it cannot be. */
static void action_told_in_vain(void)
{
	struct kernel_action action = {.handler = SIG_IGN}, old;

	CHECK_ERR(syscall(SYS_rt_sigaction, SIGUSR1, &action, (void *)8, 8), EFAULT);
	CHECK_OK(syscall(SYS_rt_sigaction, SIGUSR1, NULL, &old, 8));
	CHECK(old.handler == SIG_IGN);
	CHECK_ERR(syscall(SYS_rt_sigaction, SIGUSR1, (void *)8, &old, 8), EFAULT);
	signal(SIGUSR1, SIG_DFL);
	/* To the same place. */
	old.handler = SIG_IGN;
	CHECK_OK(syscall(SYS_rt_sigaction, SIGUSR1, &old, &old, 8));
	CHECK(old.handler == SIG_DFL);
	CHECK(signal(SIGUSR1, SIG_DFL) == SIG_IGN);
}

static void actions_are_kept(void)
{
	struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART};
	struct sigaction old;

	sigemptyset(&action.sa_mask);
	sigaddset(&action.sa_mask, SIGUSR2);
	CHECK_OK(sigaction(SIGUSR1, &action, &old));
	CHECK(old.sa_handler == SIG_DFL);
	CHECK_OK(sigaction(SIGUSR1, NULL, &old));
	CHECK(old.sa_sigaction == on_signal);
	CHECK_EQ(old.sa_flags & (SA_SIGINFO | SA_RESTART), SA_SIGINFO | SA_RESTART);
	CHECK(sigismember(&old.sa_mask, SIGUSR2));
	CHECK(!sigismember(&old.sa_mask, SIGUSR1));
	CHECK_ERR(sigaction(SIGKILL, &action, NULL), EINVAL);
	CHECK_ERR(sigaction(SIGSTOP, &action, NULL), EINVAL);
	CHECK_ERR(sigaction(0, &action, NULL), EINVAL);
	CHECK_ERR(sigaction(65, &action, NULL), EINVAL);
	CHECK_OK(sigaction(SIGKILL, NULL, &old));
	CHECK_ERR(syscall(SYS_rt_sigaction, SIGUSR1, NULL, NULL, 4L), EINVAL);
	signal(SIGUSR1, SIG_DFL);
}

static void kill_self(void)
{
	install(SIGUSR1, 0);
	CHECK_OK(kill(getpid(), SIGUSR1));
	CHECK_EQ(seen_count, 1); /* delivered before kill returns */
	CHECK_EQ(seen_signo, SIGUSR1);
	CHECK_EQ(seen_code, SI_USER);
	CHECK_EQ(seen_pid, getpid());
	CHECK_EQ(seen_uid, getuid());
	CHECK(sigismember(&seen_mask, SIGUSR1)); /* blocked while it runs */
	CHECK_OK(raise(SIGUSR1));
	CHECK_EQ(seen_count, 2);
	CHECK_EQ(seen_code, SI_TKILL);
	CHECK_OK(kill(getpid(), 0));
	CHECK_OK(syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), 0));
	CHECK_ERR(kill(getpid(), 65), EINVAL);
	CHECK_ERR(kill(getpid(), -1), EINVAL);
	CHECK_ERR(kill(0x3fffffff, SIGUSR1), ESRCH);
	CHECK_ERR(syscall(SYS_tkill, 0x3fffffff, SIGUSR1), ESRCH);
	CHECK_ERR(syscall(SYS_tgkill, -1, 1, SIGUSR1), EINVAL);
	signal(SIGUSR1, SIG_DFL);
}

static void queued_value(void)
{
	const union sigval value = {.sival_int = 4711};

	install(SIGRTMIN, 0);
	CHECK_OK(sigqueue(getpid(), SIGRTMIN, value));
	CHECK_EQ(seen_value, 4711);
	CHECK_EQ(seen_code, SI_QUEUE);
	signal(SIGRTMIN, SIG_DFL);
}

static void masks_and_pending(void)
{
	sigset_t pending, set;

	install(SIGUSR1, 0);
	block(SIG_BLOCK, SIGUSR1);
	kill(getpid(), SIGUSR1);
	kill(getpid(), SIGUSR1);
	CHECK_EQ(seen_count, 0);
	CHECK_OK(sigpending(&pending));
	CHECK(sigismember(&pending, SIGUSR1));
	block(SIG_UNBLOCK, SIGUSR1);
	CHECK_EQ(seen_count, 1); /* a standard signal is pending once */
	CHECK_OK(sigpending(&pending));
	CHECK(!sigismember(&pending, SIGUSR1));
	sigfillset(&set);
	CHECK_OK(sigprocmask(SIG_SETMASK, &set, NULL));
	CHECK_OK(sigprocmask(SIG_BLOCK, NULL, &set));
	CHECK(!sigismember(&set, SIGKILL) && !sigismember(&set, SIGSTOP));
	CHECK(sigismember(&set, SIGTERM));
	sigemptyset(&set);
	CHECK_OK(sigprocmask(SIG_SETMASK, &set, NULL));
	CHECK_ERR(sigprocmask(77, &set, NULL), EINVAL);
	CHECK_ERR(syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, NULL, 4L), EINVAL);
	signal(SIGUSR1, SIG_DFL);
}

static void realtime_signals_queue(void)
{
	const union sigval values[3] = {{.sival_int = 1}, {.sival_int = 2}, {.sival_int = 3}};

	install(SIGRTMIN, 0);
	block(SIG_BLOCK, SIGRTMIN);
	for (int i = 0; i < 3; i++)
		CHECK_OK(sigqueue(getpid(), SIGRTMIN, values[i]));
	block(SIG_UNBLOCK, SIGRTMIN);
	CHECK_EQ(seen_count, 3);
	CHECK_EQ(seen_value, 3); /* in order: the last came last */
	signal(SIGRTMIN, SIG_DFL);
}

static void ignored_signals(void)
{
	sigset_t pending;

	install(SIGUSR1, 0);
	block(SIG_BLOCK, SIGUSR1);
	kill(getpid(), SIGUSR1);
	signal(SIGUSR1, SIG_IGN); /* drops what is pending */
	CHECK_OK(sigpending(&pending));
	CHECK(!sigismember(&pending, SIGUSR1));
	block(SIG_UNBLOCK, SIGUSR1);
	CHECK_EQ(seen_count, 0);
	kill(getpid(), SIGUSR1);
	signal(SIGUSR1, SIG_DFL);
	kill(getpid(), SIGCHLD); /* ignored by default */
	kill(getpid(), SIGURG);
	kill(getpid(), SIGWINCH);
	kill(getpid(), SIGCONT);
}

static void handler_flags(void)
{
	struct sigaction old;

	install(SIGUSR1, SA_RESETHAND);
	raise(SIGUSR1);
	CHECK_OK(sigaction(SIGUSR1, NULL, &old));
	CHECK(old.sa_handler == SIG_DFL);
	install(SIGUSR1, SA_NODEFER);
	raise(SIGUSR1);
	CHECK(!sigismember(&seen_mask, SIGUSR1));
	signal(SIGUSR1, SIG_DFL);
}

static volatile int nested_order[4], nested_count;

static void on_nested(int signo)
{
	nested_order[nested_count++] = signo;
	if (signo == SIGUSR1)
		raise(SIGUSR2); /* not blocked: runs inside */
	nested_order[nested_count++] = -signo;
}

static void nested_handlers(void)
{
	nested_count = 0;
	signal(SIGUSR1, on_nested);
	signal(SIGUSR2, on_nested);
	raise(SIGUSR1);
	CHECK_EQ(nested_count, 4);
	CHECK_EQ(nested_order[0], SIGUSR1);
	CHECK_EQ(nested_order[1], SIGUSR2);
	CHECK_EQ(nested_order[2], -SIGUSR2);
	CHECK_EQ(nested_order[3], -SIGUSR1);
	signal(SIGUSR1, SIG_DFL);
	signal(SIGUSR2, SIG_DFL);
}

static void handler_masks(void)
{
	struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
	sigset_t set;

	sigemptyset(&action.sa_mask);
	sigaddset(&action.sa_mask, SIGUSR2);
	sigemptyset(&seen_mask);
	CHECK_OK(sigaction(SIGUSR1, &action, NULL));
	raise(SIGUSR1);
	CHECK(sigismember(&seen_mask, SIGUSR2) && sigismember(&seen_mask, SIGUSR1));
	CHECK_OK(sigprocmask(SIG_BLOCK, NULL, &set)); /* and free again afterwards */
	CHECK(!sigismember(&set, SIGUSR2) && !sigismember(&set, SIGUSR1));
	signal(SIGUSR1, SIG_DFL);
}

static void alternate_stack(void)
{
	stack_t stack = {.ss_sp = alternative, .ss_size = sizeof(alternative)}, old;

	CHECK_OK(sigaltstack(NULL, &old));
	CHECK_EQ(old.ss_flags, SS_DISABLE);
	CHECK_OK(sigaltstack(&stack, NULL));
	CHECK_OK(sigaltstack(NULL, &old));
	CHECK(old.ss_sp == alternative && old.ss_size == sizeof(alternative) && old.ss_flags == 0);
	install(SIGUSR1, 0);
	raise(SIGUSR1);
	CHECK_EQ(seen_on_stack, 0); /* only with SA_ONSTACK */
	install(SIGUSR1, SA_ONSTACK);
	raise(SIGUSR1);
	CHECK_EQ(seen_on_stack, 1);
	stack.ss_size = 100;
	CHECK_ERR(sigaltstack(&stack, NULL), ENOMEM);
	stack.ss_size = sizeof(alternative);
	stack.ss_flags = 0x40;
	CHECK_ERR(sigaltstack(&stack, NULL), EINVAL);
	stack.ss_flags = SS_DISABLE;
	CHECK_OK(sigaltstack(&stack, NULL));
	raise(SIGUSR1);
	CHECK_EQ(seen_on_stack, 0);
	signal(SIGUSR1, SIG_DFL);
}

static void on_change_of_context(int signo, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	(void)signo;
	(void)info;
	sigaddset(&uc->uc_sigmask, SIGUSR2); /* the mask to return to */
	uc->uc_mcontext.gregs[16] += 2;      /* RIP: over the ud2 */
	uc->uc_mcontext.gregs[11] = 0x1234;  /* RBX */
}

static void context_can_be_changed(void)
{
	struct sigaction action = {.sa_sigaction = on_change_of_context, .sa_flags = SA_SIGINFO};
	unsigned long rbx = 0;
	sigset_t set;

	CHECK_OK(sigaction(SIGILL, &action, NULL));
	asm volatile("ud2" : "+b"(rbx) : : "memory");
	CHECK_EQ(rbx, 0x1234);
	CHECK_OK(sigprocmask(SIG_BLOCK, NULL, &set));
	CHECK(sigismember(&set, SIGUSR2));
	block(SIG_UNBLOCK, SIGUSR2);
	signal(SIGILL, SIG_DFL);
}

static void fault_codes(void)
{
	volatile int zero = 0, one = 1;
	int fault;

	fault = FAULT_OF(one = one / zero);
	CHECK_EQ(fault, SIGFPE);
	CHECK_EQ(t_fault_code, FPE_INTDIV);
	fault = FAULT_OF(asm volatile("ud2"));
	CHECK_EQ(fault, SIGILL);
	CHECK_EQ(t_fault_code, ILL_ILLOPN);
	fault = FAULT_OF(*(volatile int *)(uintptr_t)PAGE = 1);
	CHECK_EQ(fault, SIGSEGV);
	CHECK_EQ(t_fault_code, SEGV_MAPERR);
	CHECK((uintptr_t)t_fault_addr == PAGE);
	t_catch(SIGTRAP);
	if (!sigsetjmp(t_fault_back, 1))
		asm volatile("int3");
	CHECK_EQ(t_fault_signal, SIGTRAP);
	CHECK_EQ(t_fault_code, SI_KERNEL);
	signal(SIGTRAP, SIG_DFL);
}

/* Does the "CPU" say that it is QEMU's TCG (CPUID leaf 0x40000000)? */
static bool t_is_tcg(void)
{
	unsigned int a = 0x40000000, b, c, d;

	asm volatile("cpuid" : "+a"(a), "=b"(b), "=c"(c), "=d"(d));
	return b == 0x54474354 && c == 0x43544743 && d == 0x47435447;
}

static void sse_exception(void)
{
	unsigned int mxcsr = 0x1f80, unmasked = 0x1f80 & ~0x200u; /* divide by zero */
	volatile double one = 1, zero = 0;
	int fault;

	if (t_is_tcg())
		return; /* QEMU's emulator never raises SIMD exceptions */
	asm volatile("ldmxcsr %0" : : "m"(unmasked));
	fault = FAULT_OF(one = one / zero);
	asm volatile("ldmxcsr %0" : : "m"(mxcsr));
	CHECK_EQ(fault, SIGFPE);
	CHECK_EQ(t_fault_code, FPE_FLTDIV);
}

static void blocked_fault_is_deadly_only_if_it_comes(void)
{
	sigset_t set;

	block(SIG_BLOCK, SIGSEGV);
	kill(getpid(), SIGSEGV); /* sent, not caused: waits */
	CHECK_OK(sigpending(&set));
	CHECK(sigismember(&set, SIGSEGV));
	signal(SIGSEGV, SIG_IGN);
	block(SIG_UNBLOCK, SIGSEGV);
	signal(SIGSEGV, SIG_DFL);
}

static volatile unsigned int handler_mxcsr;
static volatile unsigned short handler_x87;

static void on_signal_look(int signo)
{
	unsigned int mxcsr;
	unsigned short x87;

	(void)signo;
	asm volatile("stmxcsr %0\n\tfnstcw %1" : "=m"(mxcsr), "=m"(x87));
	handler_mxcsr = mxcsr;
	handler_x87 = x87;
}

/* A handler starts with the initial rounding and masks, whatever it interrupts; that is put back.
 */
static void handlers_calculate_afresh(void)
{
	unsigned int mxcsr, rounds_up = 0x1f80 | 0x4000, initial = 0x1f80;
	unsigned short x87, rounds_down = 0x37f | 0x400, initial_x87 = 0x37f;

	CHECK(signal(SIGUSR1, on_signal_look) != SIG_ERR);
	asm volatile("ldmxcsr %0\n\tfldcw %1" : : "m"(rounds_up), "m"(rounds_down));
	raise(SIGUSR1);
	asm volatile("stmxcsr %0\n\tfnstcw %1" : "=m"(mxcsr), "=m"(x87));
	asm volatile("ldmxcsr %0\n\tfldcw %1" : : "m"(initial), "m"(initial_x87));
	CHECK_EQ(mxcsr, rounds_up);
	CHECK_EQ(x87, rounds_down);
	CHECK_EQ(handler_mxcsr, initial);
	CHECK_EQ(handler_x87, initial_x87);
}

static void suspend_with_pending(void)
{
	sigset_t empty, set;

	install(SIGUSR1, 0);
	block(SIG_BLOCK, SIGUSR1);
	raise(SIGUSR1);
	sigemptyset(&empty);
	CHECK_ERR(sigsuspend(&empty), EINTR);
	CHECK_EQ(seen_count, 1);
	CHECK_OK(sigprocmask(SIG_BLOCK, NULL, &set));
	CHECK(sigismember(&set, SIGUSR1)); /* the old mask is back */
	block(SIG_UNBLOCK, SIGUSR1);
	signal(SIGUSR1, SIG_DFL);
}

static void wait_for_signal(void)
{
	const struct timespec none = {0}, soon = {.tv_nsec = 20000000};
	const union sigval value = {.sival_int = 12};
	siginfo_t info;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGRTMIN);
	CHECK_OK(sigprocmask(SIG_BLOCK, &set, NULL));
	CHECK_ERR(sigtimedwait(&set, &info, &none), EAGAIN);
	CHECK_ERR(sigtimedwait(&set, &info, &soon), EAGAIN);
	raise(SIGUSR1);
	CHECK_EQ(syscall(SYS_rt_sigtimedwait, &set, &info, &none, 8L), SIGUSR1);
	CHECK_EQ(info.si_signo, SIGUSR1);
	CHECK_EQ(info.si_code, SI_TKILL);
	CHECK_OK(sigqueue(getpid(), SIGRTMIN, value));
	CHECK_EQ(sigwaitinfo(&set, &info), SIGRTMIN);
	CHECK_EQ(info.si_value.sival_int, 12);
	CHECK_OK(sigprocmask(SIG_UNBLOCK, &set, NULL));
}

static void broken_pipe(void)
{
	int fds[2];

	install(SIGPIPE, 0);
	CHECK_OK(pipe(fds));
	close(fds[0]);
	CHECK_ERR(write(fds[1], "x", 1), EPIPE);
	CHECK_EQ(seen_count, 1);
	signal(SIGPIPE, SIG_IGN);
	CHECK_ERR(write(fds[1], "x", 1), EPIPE);
	signal(SIGPIPE, SIG_DFL);
	close(fds[1]);
}

static void pending_interrupts_no_ready_call(void)
{
	sigset_t set;
	int fds[2];
	char c;

	/* a signal that is delivered at the end of a call does not spoil its result */
	install(SIGUSR1, 0);
	CHECK_OK(pipe(fds));
	CHECK_EQ(write(fds[1], "a", 1), 1);
	block(SIG_BLOCK, SIGUSR1);
	raise(SIGUSR1);
	sigemptyset(&set);
	CHECK_OK(sigprocmask(SIG_SETMASK, &set, NULL));
	CHECK_EQ(seen_count, 1);
	CHECK_EQ(read(fds[0], &c, 1), 1);
	close(fds[0]);
	close(fds[1]);
	signal(SIGUSR1, SIG_DFL);
}

static volatile int deep_level;

static void on_deep(int signo)
{
	if (deep_level++ < 50)
		raise(signo);
}

static void deep_nesting(void)
{
	struct sigaction action = {.sa_handler = on_deep, .sa_flags = SA_NODEFER};

	deep_level = 0;
	CHECK_OK(sigaction(SIGUSR1, &action, NULL));
	raise(SIGUSR1);
	CHECK_EQ(deep_level, 51);
	signal(SIGUSR1, SIG_DFL);
}

static const struct t_test tests[] = {
	T(action_told_in_vain),
	T(actions_are_kept),
	T(kill_self),
	T(queued_value),
	T(masks_and_pending),
	T(realtime_signals_queue),
	T(ignored_signals),
	T(handler_flags),
	T(nested_handlers),
	T(handler_masks),
	T(alternate_stack),
	T(context_can_be_changed),
	T(fault_codes),
	T(sse_exception),
	T(handlers_calculate_afresh),
	T(blocked_fault_is_deadly_only_if_it_comes),
	T(suspend_with_pending),
	T(wait_for_signal),
	T(broken_pipe),
	T(pending_interrupts_no_ready_call),
	T(deep_nesting),
};

T_MAIN(tests)
