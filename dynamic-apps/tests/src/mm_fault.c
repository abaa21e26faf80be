/* SPDX-License-Identifier: BSD-3-Clause */
/* Protection: which access faults, with which signal, code and address; stack growth. */
#include "t.h"

#include <limits.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <ucontext.h>

#define RW        (PROT_READ | PROT_WRITE)
#define ANONYMOUS (MAP_PRIVATE | MAP_ANONYMOUS)

static char *map(size_t pages, int prot)
{
	char *p = mmap(NULL, pages * PAGE, prot, ANONYMOUS, -1, 0);

	CHECK(p != MAP_FAILED);
	return p;
}

#define CHECK_FAULT(statement, signo, code, address)                                               \
	do {                                                                                       \
		CHECK_EQ(FAULT_OF(statement), signo);                                              \
		CHECK_EQ(t_fault_code, code);                                                      \
		CHECK((uintptr_t)t_fault_addr == (uintptr_t)(address));                            \
	} while (0)

/* An address the compiler knows nothing about. */
static volatile char *at(uintptr_t address)
{
	asm("" : "+r"(address));
	return (volatile char *)address;
}

#define READ(p)  ((void)*at((uintptr_t)(p)))
#define WRITE(p) (*at((uintptr_t)(p)) = 1)

static void read_write_protection(void)
{
	char *p = map(3, RW);

	p[PAGE] = 'k';
	CHECK_OK(mprotect(p + PAGE, PAGE, PROT_READ));
	CHECK_EQ(FAULT_OF(READ(p + PAGE)), 0);
	CHECK_FAULT(WRITE(p + PAGE + 7), SIGSEGV, SEGV_ACCERR, p + PAGE + 7);
	CHECK_EQ(FAULT_OF(WRITE(p)), 0);
	CHECK_EQ(FAULT_OF(WRITE(p + 2 * PAGE)), 0);
	CHECK_OK(mprotect(p + PAGE, PAGE, PROT_NONE));
	CHECK_FAULT(READ(p + PAGE), SIGSEGV, SEGV_ACCERR, p + PAGE);
	CHECK_OK(mprotect(p, 3 * PAGE, RW));
	CHECK_EQ(p[PAGE], 'k');
	CHECK_EQ(FAULT_OF(WRITE(p + PAGE)), 0);
	munmap(p, 3 * PAGE);
	CHECK_FAULT(READ(p), SIGSEGV, SEGV_MAPERR, p);
}

/* What may be written or executed can be read, also before it was ever written. */
static void every_right_implies_reading(void)
{
	static const int prots[] = {PROT_WRITE, PROT_EXEC, PROT_WRITE | PROT_EXEC};
	int fd = t_make_file("f", "file", 4);

	for (int i = 0; i < 3; i++) {
		char *p = map(2, prots[i]);
		char *q = mmap(NULL, PAGE, prots[i], MAP_PRIVATE, fd, 0);

		CHECK_EQ(*at((uintptr_t)p), 0);
		CHECK_EQ(*at((uintptr_t)q), 'f');
		if (prots[i] & PROT_WRITE) {
			WRITE(p);
			WRITE(p + PAGE);
			WRITE(q);
			CHECK_EQ(p[0] + p[PAGE] + q[0], 3);
		}
		munmap(p, 2 * PAGE);
		munmap(q, PAGE);
	}
	close(fd);
}

static void wild_addresses(void)
{
	CHECK_FAULT(READ(NULL), SIGSEGV, SEGV_MAPERR, 0);
	CHECK_FAULT(WRITE(8), SIGSEGV, SEGV_MAPERR, 8);
	CHECK_FAULT(READ(0xfff), SIGSEGV, SEGV_MAPERR, 0xfff);
	CHECK_FAULT(READ(0x7fffffffe000UL + PAGE + 1), SIGSEGV, SEGV_MAPERR, 0x7ffffffff001UL);
}

/*
 * The kernel's half: a program at ring 3 sees SIGSEGV; the address given is the true one. What is
 * tested is that the program gets a signal; si_code is the machine's affair at ring 0.
 */
static void kernel_half(void)
{
	CHECK_EQ(FAULT_OF(READ(0xffffa0bad0000000UL)), SIGSEGV);
	CHECK_EQ(FAULT_OF(WRITE(0xffffa0bad0000000UL)), SIGSEGV);
}

static void non_canonical(void)
{
	CHECK_EQ(FAULT_OF(READ(0x8000000000000000UL)), SIGSEGV);
	CHECK_EQ(t_fault_code, SI_KERNEL);
	CHECK(t_fault_addr == NULL);
}

static void execute_protection(void)
{
	static const unsigned char code[] = {0xb8, 0x2a, 0, 0, 0, 0xc3}; /* mov $42,%eax; ret */
	char *p = map(1, RW);
	int (*function)(void) = (int (*)(void))(uintptr_t)p;
	volatile int result = 0;

	memcpy(p, code, sizeof(code));
	CHECK_FAULT(function(), SIGSEGV, SEGV_ACCERR, p);
	CHECK_OK(mprotect(p, PAGE, PROT_READ | PROT_EXEC));
	CHECK_EQ(FAULT_OF(result = function()), 0);
	CHECK_EQ(result, 42);
	CHECK_FAULT(WRITE(p), SIGSEGV, SEGV_ACCERR, p);
	CHECK_OK(mprotect(p, PAGE, RW | PROT_EXEC));
	p[1] = 43;
	CHECK_EQ(FAULT_OF(result = function()), 0);
	CHECK_EQ(result, 43);
	munmap(p, PAGE);
	CHECK_FAULT(function(), SIGSEGV, SEGV_MAPERR, p);
}

static void program_segments(void)
{
	static const char constant[64] = "constant";
	static int data = 1;
	uintptr_t text = (uintptr_t)&program_segments;

	CHECK_FAULT(WRITE(text), SIGSEGV, SEGV_ACCERR, text);
	CHECK_FAULT(WRITE(constant), SIGSEGV, SEGV_ACCERR, constant);
	CHECK_FAULT(((void (*)(void))(uintptr_t)&data)(), SIGSEGV, SEGV_ACCERR, &data);
}

static void stack_is_not_executable(void)
{
	volatile unsigned char code[16] = {0xc3};

	CHECK_FAULT(((void (*)(void))(uintptr_t)code)(), SIGSEGV, SEGV_ACCERR, code);
}

static void mprotect_errors(void)
{
	char *p = map(3, RW);

	CHECK_ERR(syscall(SYS_mprotect, p + 1, PAGE, RW), EINVAL);
	CHECK_ERR(mprotect(p, PAGE, 0x100), EINVAL);
	CHECK_OK(mprotect(p, 0, RW));
	munmap(p + PAGE, PAGE);
	CHECK_ERR(mprotect(p, 3 * PAGE, PROT_READ), ENOMEM);
	CHECK_EQ(FAULT_OF(WRITE(p)), SIGSEGV); /* what lies before the hole is changed */
	CHECK_EQ(FAULT_OF(WRITE(p + 2 * PAGE)), 0);
	munmap(p, 3 * PAGE);
	CHECK_ERR(mprotect(p, PAGE, RW), ENOMEM);
}

/* glibc makes the stack executable like this: from where it has grown to, and further growth too.
 */
static void mprotect_grows_down(void)
{
	volatile char here = 0;
	uintptr_t top = (uintptr_t)&here & -PAGE, below = top - 10 * PAGE;
	char *p = map(2, RW);

	*at(below) = (char)0xc3;
	CHECK_OK(mprotect((void *)top, PAGE, RW | PROT_EXEC | PROT_GROWSDOWN));
	CHECK_EQ(FAULT_OF(((void (*)(void))below)()), 0);
	CHECK_OK(mprotect((void *)top, PAGE, RW | PROT_GROWSDOWN));
	CHECK_EQ(FAULT_OF(((void (*)(void))below)()), SIGSEGV);
	CHECK_ERR(mprotect(p, PAGE, RW | PROT_GROWSDOWN), EINVAL);
	CHECK_ERR(mprotect(p, PAGE, RW | PROT_GROWSUP), EINVAL);
	CHECK_ERR(mprotect((void *)top, PAGE, RW | PROT_GROWSDOWN | PROT_GROWSUP), EINVAL);
	munmap(p, 2 * PAGE);
	CHECK_ERR(mprotect(p, PAGE, RW | PROT_GROWSDOWN), ENOMEM);
	CHECK_ERR(mprotect(p, PAGE, RW | PROT_GROWSUP), ENOMEM);
}

static void mprotect_shared_read_only_file(void)
{
	char *p;
	int fd;

	t_put_file("f", "abc");
	fd = CHECK_OK(open("f", O_RDONLY));
	p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	CHECK_ERR(mprotect(p, PAGE, RW), EACCES);
	munmap(p, PAGE);
	p = map(3, PROT_READ);
	CHECK(mmap(p + PAGE, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0) == p + PAGE);
	CHECK_ERR(mprotect(p, 3 * PAGE, RW), EACCES);
	CHECK_EQ(FAULT_OF(WRITE(p)), 0);
	CHECK_EQ(FAULT_OF(WRITE(p + 2 * PAGE)), SIGSEGV);
	munmap(p, 3 * PAGE);
	p = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	CHECK_OK(mprotect(p, PAGE, RW));
	p[0] = 'A';
	munmap(p, PAGE);
	close(fd);
}

static void read_sees_shared_zero(void)
{
	char *p = map(64, RW);
	int sum = 0;

	for (int i = 0; i < 64; i++)
		sum += p[i * (long)PAGE]; /* read first, then written */
	CHECK_EQ(sum, 0);
	for (int i = 0; i < 64; i++)
		p[i * (long)PAGE] = (char)i;
	for (int i = 0; i < 64; i++)
		sum += p[i * (long)PAGE];
	CHECK_EQ(sum, 63 * 64 / 2);
	munmap(p, 64 * PAGE);
}

/* Each level takes a page, so that the stack grows by the kernel's fault handler. */
static int __attribute__((noinline)) descend(int levels)
{
	volatile char frame[PAGE];

	frame[0] = (char)levels;
	if (levels == 0)
		return 0;
	return descend(levels - 1) + (frame[0] == (char)levels);
}

static void stack_grows(void)
{
	CHECK_EQ(descend(1500), 1500); /* 6 MiB of the usual 8 */
}

static void stack_far_below(void)
{
	volatile char here;
	volatile char *far = at((uintptr_t)&here - (1 << 20));

	*far = 7; /* Linux lets any access between the limit and the stack grow it */
	CHECK_EQ(*far, 7);
}

/* Endless recursion on a signal stack's report: SIGSEGV, near the stack's end. */
static volatile int overflow_depth;

static int __attribute__((noinline)) overflow(int level)
{
	volatile char frame[PAGE];

	frame[1] = (char)level;
	overflow_depth = level;
	return level < INT_MAX ? overflow(level + 1) + frame[1] : 0;
}

static void on_overflow(int signo, siginfo_t *info, void *context)
{
	(void)context;
	t_fault_signal = signo;
	t_fault_code = info->si_code;
	t_fault_addr = info->si_addr;
	siglongjmp(t_fault_back, 1);
}

static void stack_overflow(void)
{
	static char alternative[64 * 1024];
	stack_t stack = {.ss_sp = alternative, .ss_size = sizeof(alternative)};
	struct sigaction action = {.sa_sigaction = on_overflow,
				   .sa_flags = SA_SIGINFO | SA_ONSTACK};
	struct rlimit limit;
	volatile char here;

	CHECK_OK(getrlimit(RLIMIT_STACK, &limit));
	CHECK_OK(sigaltstack(&stack, NULL));
	CHECK_OK(sigaction(SIGSEGV, &action, NULL));
	t_fault_signal = 0;
	if (!sigsetjmp(t_fault_back, 1))
		overflow(0);
	CHECK_EQ(t_fault_signal, SIGSEGV);
	CHECK(overflow_depth > 1000);
	if (limit.rlim_cur != RLIM_INFINITY)
		CHECK((uintptr_t)&here - (uintptr_t)t_fault_addr <= limit.rlim_cur + 65536);
	signal(SIGSEGV, SIG_DFL);
	stack.ss_flags = SS_DISABLE;
	CHECK_OK(sigaltstack(&stack, NULL));
}

static void grows_down_mapping(void)
{
	char *area = map(64, PROT_NONE), *p;

	munmap(area, 64 * PAGE);
	p = mmap(area + 60 * PAGE, PAGE, RW, ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED, -1, 0);
	if (!CHECK(p != MAP_FAILED))
		return;
	CHECK_EQ(FAULT_OF(WRITE(p - 1)), 0);
	CHECK_EQ(FAULT_OF(WRITE(p - PAGE - 1)), 0);
	munmap(p - 2 * PAGE, 3 * PAGE);
}

/* What the handler's frame tells of the exception: emulators and collectors read it. */
static volatile greg_t frame_error, frame_vector;

static void on_frame(int signo, siginfo_t *info, void *context)
{
	const ucontext_t *uc = context;

	frame_error = uc->uc_mcontext.gregs[REG_ERR];
	frame_vector = uc->uc_mcontext.gregs[REG_TRAPNO];
	t_on_fault(signo, info, context);
}

#define FRAME_OF(statement, vector, error)                                                         \
	do {                                                                                       \
		struct sigaction action_ = {.sa_sigaction = on_frame, .sa_flags = SA_SIGINFO};     \
		CHECK_OK(sigaction(SIGSEGV, &action_, NULL));                                      \
		if (!sigsetjmp(t_fault_back, 1)) {                                                 \
			statement;                                                                 \
			CHECK(!"it faults");                                                       \
		}                                                                                  \
		CHECK_EQ(frame_vector, vector);                                                    \
		CHECK_EQ(frame_error, error);                                                      \
		signal(SIGSEGV, SIG_DFL);                                                          \
	} while (0)

static void error_codes(void)
{
	enum { PRESENT = 1, WRITING = 2, USER = 4, EXECUTING = 16 };
	char *p = map(2, RW);

	p[0] = 1;
	CHECK_OK(mprotect(p, PAGE, PROT_READ));
	FRAME_OF(READ(16), 14, USER);
	FRAME_OF(WRITE(16), 14, USER | WRITING);
	FRAME_OF(WRITE(p), 14, USER | WRITING | PRESENT);
	FRAME_OF(((void (*)(void))(uintptr_t)p)(), 14, USER | EXECUTING | PRESENT);
	FRAME_OF(READ(0x8000000000000000UL), 13, 0);
	munmap(p, 2 * PAGE);
}

static char *repair_page;

static void on_repair(int signo, siginfo_t *info, void *context)
{
	(void)signo;
	(void)context;
	if ((char *)info->si_addr >= repair_page && (char *)info->si_addr < repair_page + PAGE)
		mprotect(repair_page, PAGE, RW);
	else
		_exit(99);
}

/* The faulting instruction is executed again after the handler: garbage collectors do this. */
static void write_in_handler_repairs(void)
{
	struct sigaction action = {.sa_sigaction = on_repair, .sa_flags = SA_SIGINFO};

	repair_page = map(1, PROT_NONE);
	CHECK_OK(sigaction(SIGSEGV, &action, NULL));
	WRITE(repair_page + 100);
	CHECK_EQ(repair_page[100], 1);
	signal(SIGSEGV, SIG_DFL);
	munmap(repair_page, PAGE);
}

static void kernel_writes_through_protection(void)
{
	char *p = map(1, RW);
	int fd = CHECK_OK(open("/dev/zero", O_RDONLY));

	p[0] = 'x';
	CHECK_OK(mprotect(p, PAGE, PROT_READ));
	CHECK_ERR(read(fd, p, 1), EFAULT); /* CR0.WP: the kernel obeys as well */
	CHECK_EQ(p[0], 'x');
	CHECK_OK(mprotect(p, PAGE, PROT_NONE));
	CHECK_ERR(write(fd, p, 1), EBADF);
	close(fd);
	fd = t_make_file("f", "", 0);
	CHECK_ERR(write(fd, p, 1), EFAULT);
	close(fd);
	munmap(p, PAGE);
}

/* A copy into memory that is not there yet: the kernel's own first touch. */
static void kernel_touches_first(void)
{
	const size_t size = 1 << 20;
	char *p = map(size / PAGE, RW);
	int fd = CHECK_OK(open("/dev/zero", O_RDONLY));
	int file = t_make_file("f", "", 0);

	CHECK_EQ(read(fd, p, size), (long)size);
	CHECK_EQ(write(file, p, size), (long)size);
	munmap(p, size);
	p = map(size / PAGE, RW);
	CHECK_EQ(write(file, p, size), (long)size); /* reads of untouched memory */
	CHECK_EQ(pread(file, p, size, 0), (long)size);
	munmap(p, size);
	close(fd);
	close(file);
}

#define SPARSE_BYTES (8UL << 40)

static void cut_sparse_mapping(int flags)
{
	int fd = t_make_file("sparse", "x", 1);
	char *p;

	CHECK_OK(ftruncate(fd, SPARSE_BYTES));
	p = mmap(NULL, SPARSE_BYTES, PROT_READ | PROT_WRITE, flags | MAP_NORESERVE, fd, 0);
	if (!CHECK(p != MAP_FAILED))
		return;
	CHECK_EQ(p[0], 'x');
	CHECK_EQ(p[SPARSE_BYTES - 1], 0);
	p[SPARSE_BYTES / 2] = 'y';
	CHECK_OK(ftruncate(fd, 1));
	CHECK_EQ(p[0], 'x');
	CHECK_EQ(FAULT_OF(p[SPARSE_BYTES - 1] = 'z'), SIGBUS);
	munmap(p, SPARSE_BYTES);
	close(fd);
}

/* What is not resident costs nothing: eight TiB are cut at once. */
static void cutting_sparse_files(void)
{
	cut_sparse_mapping(MAP_SHARED);
	cut_sparse_mapping(MAP_PRIVATE);
}

static const struct t_test tests[] = {
	T(read_write_protection),
	T(every_right_implies_reading),
	T(wild_addresses),
	T(kernel_half),
	T(non_canonical),
	T(execute_protection),
	T(program_segments),
	T(stack_is_not_executable),
	T(mprotect_errors),
	T(mprotect_grows_down),
	T(mprotect_shared_read_only_file),
	T(read_sees_shared_zero),
	T(stack_grows),
	T(stack_far_below),
	T(stack_overflow),
	T(grows_down_mapping),
	T(error_codes),
	T(write_in_handler_repairs),
	T(kernel_writes_through_protection),
	T(kernel_touches_first),
	T(cutting_sparse_files),
};

T_MAIN(tests)
