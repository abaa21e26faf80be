/* SPDX-License-Identifier: BSD-3-Clause */
/* Futexes with priority inheritance (futex(2)), and robust lists, good and bad ones. */
#include "t_futex.h"

#include <sys/mman.h>

#define OWNER(word) ((pid_t)((word)&FUTEX_TID_MASK))

static long lock_pi(void *word)
{
	return futex(word, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0);
}

static long unlock_pi(void *word)
{
	return futex(word, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0);
}

/* --- LOCK_PI and its kin -------------------------------------------------------------------- */

static void pi_without_rival(void)
{
	uint32_t word = 0;

	CHECK_OK(lock_pi(&word));
	CHECK_EQ(word, tid());
	CHECK_ERR(lock_pi(&word), EDEADLK);
	CHECK_ERR(futex(&word, FUTEX_TRYLOCK_PI_PRIVATE, 0, NULL, NULL, 0), EDEADLK);
	CHECK_OK(unlock_pi(&word));
	CHECK_EQ(word, 0);
	CHECK_ERR(unlock_pi(&word), EPERM);
	CHECK_OK(futex(&word, FUTEX_TRYLOCK_PI_PRIVATE, 0, NULL, NULL, 0));
	CHECK_EQ(word, tid());
	CHECK_OK(unlock_pi(&word));
	word = 0x3ffffffe; /* nobody's id */
	CHECK_ERR(lock_pi(&word), ESRCH);
	CHECK_ERR(futex(NULL, FUTEX_LOCK_PI, 0, NULL, NULL, 0), EFAULT);
	CHECK_ERR(futex((char *)&word + 1, FUTEX_LOCK_PI, 0, NULL, NULL, 0), EINVAL);
}

/* The lock goes to who waits, in the order they came. */
static void pi_is_handed_over(void)
{
	static uint32_t word;
	struct waiter w[2];

	CHECK_OK(lock_pi(&word));
	for (int i = 0; i < 2; i++) {
		w[i] = (struct waiter){.word = &word, .op = FUTEX_LOCK_PI_PRIVATE};
		waiter_start(&w[i]);
	}
	CHECK_EQ(OWNER(word), tid());
	CHECK(word & FUTEX_WAITERS);
	CHECK_OK(unlock_pi(&word));
	CHECK(OWNER(word) != tid());
	WAITER_ENDS(&w[0], 0); /* it ends as the owner: the next gets it, with a mark */
	WAITER_ENDS(&w[1], 0);
	CHECK(w[0].is_done < w[1].is_done);
	CHECK(word & FUTEX_OWNER_DIED);
	word = 0;
}

static void *holds_until_told(void *argument)
{
	uint32_t *word = argument;

	CHECK_OK(lock_pi(&word[0]));
	CHECK_ERR(unlock_pi(&word[1]), EPERM);
	word[2] = 1;
	while (!((volatile uint32_t *)word)[3])
		sched_yield();
	CHECK_OK(unlock_pi(&word[0]));
	return NULL;
}

static void pi_with_rival(void)
{
	static volatile uint32_t word[4];
	uint32_t *lock = (uint32_t *)&word[0];
	struct timespec limit;
	pthread_t holder;

	CHECK_OK(lock_pi((uint32_t *)&word[1]));
	holder = start(holds_until_told, (void *)word);
	while (!word[2])
		sched_yield();
	CHECK_ERR(futex(lock, FUTEX_TRYLOCK_PI_PRIVATE, 0, NULL, NULL, 0), EAGAIN);
	limit = after_ms(CLOCK_REALTIME, 20);
	CHECK_ERR(futex(lock, FUTEX_LOCK_PI_PRIVATE, 0, &limit, NULL, 0), ETIMEDOUT);
	limit = after_ms(CLOCK_MONOTONIC, 20);
	CHECK_ERR(futex(lock, FUTEX_LOCK_PI2 | FUTEX_PRIVATE_FLAG, 0, &limit, NULL, 0), ETIMEDOUT);
	limit = after_ms(CLOCK_REALTIME, 20);
	CHECK_ERR(futex(lock, FUTEX_LOCK_PI2 | FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME, 0, &limit,
			NULL, 0),
		  ETIMEDOUT);
	CHECK_ERR(unlock_pi(lock), EPERM);
	CHECK(word[0] & FUTEX_TID_MASK);
	word[3] = 1;
	CHECK_OK(lock_pi(lock));
	CHECK_EQ(OWNER(word[0]), tid());
	join(holder);
	CHECK_OK(unlock_pi(lock));
	CHECK_EQ(word[0], 0);
	CHECK_OK(unlock_pi((uint32_t *)&word[1]));
}

static uint32_t ours, theirs;
static atomic_bool has_theirs;

static void *locks_crosswise(void *argument)
{
	CHECK_OK(lock_pi(&theirs));
	has_theirs = true;
	CHECK_OK(lock_pi(&ours)); /* waits for us */
	CHECK_OK(unlock_pi(&ours));
	CHECK_OK(unlock_pi(&theirs));
	return argument;
}

/* A circle of two: the kernel follows the chain. */
static void pi_deadlock(void)
{
	pthread_t other;

	CHECK_OK(lock_pi(&ours));
	other = start(locks_crosswise, NULL);
	while (!has_theirs)
		sched_yield();
	sleep_ms(10);
	CHECK_ERR(lock_pi(&theirs), EDEADLK);
	CHECK_OK(unlock_pi(&ours));
	join(other);
	CHECK_EQ(ours, 0);
	CHECK_EQ(theirs, 0);
}

static uint32_t excluding;
static unsigned long guarded;

static void *adds_under_pi(void *argument)
{
	for (int i = 0; i < 300; i++) {
		unsigned long read;

		CHECK_OK(lock_pi(&excluding));
		read = guarded;
		if (i % 10 == 0)
			sched_yield();
		guarded = read + 1;
		CHECK_OK(unlock_pi(&excluding));
	}
	return argument;
}

static void pi_excludes(void)
{
	pthread_t threads[6];

	for (int i = 0; i < 6; i++)
		threads[i] = start(adds_under_pi, NULL);
	for (int i = 0; i < 6; i++)
		join(threads[i]);
	CHECK_EQ(guarded, 1800);
	CHECK_EQ(excluding, 0);
}

static void requeue_to_pi(void)
{
	static uint32_t condition = 3, lock;
	const struct timespec limit = after_ms(CLOCK_MONOTONIC, 20);
	struct waiter w = {.word = &condition,
			   .op = FUTEX_WAIT_REQUEUE_PI_PRIVATE,
			   .value = 3,
			   .word2 = &lock};

	CHECK_OK(lock_pi(&lock));
	waiter_start(&w);
	CHECK_ERR(futex(&condition, FUTEX_CMP_REQUEUE_PI_PRIVATE, 1, count_of(INT_MAX), &lock, 4),
		  EAGAIN);
	CHECK_ERR(futex(&condition, FUTEX_CMP_REQUEUE_PI_PRIVATE, 2, count_of(1), &lock, 3),
		  EINVAL); /* it can have one new owner */
	CHECK_EQ(futex(&condition, FUTEX_CMP_REQUEUE_PI_PRIVATE, 1, count_of(INT_MAX), &lock, 3),
		 1);
	CHECK_EQ(w.is_done, 0);
	CHECK_OK(unlock_pi(&lock));
	WAITER_ENDS(&w, 0);
	CHECK_EQ(OWNER(lock), w.tid); /* it ended as the owner, and nobody waits */
	CHECK_ERR(futex(&condition, FUTEX_WAIT_REQUEUE_PI_PRIVATE, 3, &limit, &lock, 0), ETIMEDOUT);
	CHECK_ERR(futex(&condition, FUTEX_WAIT_REQUEUE_PI_PRIVATE, 4, NULL, &lock, 0), EAGAIN);
	CHECK_ERR(futex(&lock, FUTEX_WAIT_REQUEUE_PI_PRIVATE, lock, NULL, &lock, 0), EINVAL);
}

/* --- robust lists --------------------------------------------------------------------------- */

struct entry {
	struct robust_list list;
	uint32_t word;
};

static struct robust_list_head head;
static struct entry entries[4];
static void *head_to_register;

/* What the next thread shall leave behind. */
static void begin_list(void)
{
	head = (struct robust_list_head){.list = {&head.list},
					 .futex_offset = offsetof(struct entry, word)};
	head_to_register = &head;
	memset(entries, 0, sizeof(entries));
}

static void append(struct entry *entry)
{
	struct robust_list *last = &head.list;

	while (last->next != &head.list)
		last = last->next;
	last->next = &entry->list;
	entry->list.next = &head.list;
}

static atomic_int ender_tid, may_end;

static void *ends_with_list(void *argument)
{
	ender_tid = tid();
	CHECK_OK(syscall(SYS_set_robust_list, head_to_register, sizeof(head)));
	while (!may_end)
		sched_yield();
	return argument;
}

static pthread_t start_ender(void)
{
	pthread_t thread;

	ender_tid = may_end = 0;
	thread = start(ends_with_list, NULL);
	while (!ender_tid)
		sched_yield();
	return thread;
}

static void end(pthread_t ender)
{
	may_end = 1;
	join(ender);
}

static void robust_calls(void)
{
	struct robust_list_head *got = NULL;
	size_t size = 0;
	pthread_t ender;

	begin_list();
	CHECK_ERR(syscall(SYS_set_robust_list, &head, sizeof(head) + 1), EINVAL);
	CHECK_ERR(syscall(SYS_set_robust_list, &head, 0), EINVAL);
	CHECK_OK(syscall(SYS_get_robust_list, 0, &got, &size));
	CHECK_EQ(size, sizeof(head));
	CHECK(got != &head);
	ender = start_ender();
	while (got != &head && syscall(SYS_get_robust_list, ender_tid, &got, &size) == 0)
		sched_yield();
	CHECK(got == &head);
	end(ender);
	CHECK_ERR(syscall(SYS_get_robust_list, 0x3ffffffe, &got, &size), ESRCH);
	CHECK_ERR(syscall(SYS_get_robust_list, 0, 8, &size), EFAULT);
}

static void robust_marks(void)
{
	pthread_t ender;

	begin_list();
	ender = start_ender();
	append(&entries[0]);
	append(&entries[1]);
	append(&entries[2]);
	entries[0].word = (uint32_t)ender_tid;
	entries[1].word = (uint32_t)tid(); /* not its own */
	entries[2].word = (uint32_t)ender_tid | FUTEX_WAITERS;
	entries[3].word = (uint32_t)ender_tid; /* neither in the list */
	end(ender);
	CHECK_EQ(entries[0].word, FUTEX_OWNER_DIED);
	CHECK_EQ(entries[1].word, tid());
	CHECK_EQ(entries[2].word, FUTEX_OWNER_DIED | FUTEX_WAITERS);
	CHECK_EQ(OWNER(entries[3].word), ender_tid);
}

/* The owner dies: one of those who wait is woken. */
static void robust_wakes(void)
{
	pthread_t ender;
	struct waiter w;

	begin_list();
	ender = start_ender();
	append(&entries[0]);
	entries[0].word = (uint32_t)ender_tid | FUTEX_WAITERS;
	/* the kernel wakes without the private flag, so that is how one waits */
	w = (struct waiter){.word = &entries[0].word, .op = FUTEX_WAIT, .value = entries[0].word};
	waiter_start(&w);
	end(ender);
	WAITER_ENDS(&w, 0);
}

static void robust_pending(void)
{
	pthread_t ender;
	struct waiter w;

	begin_list(); /* between taking the lock and entering it in the list */
	ender = start_ender();
	head.list_op_pending = &entries[0].list;
	entries[0].word = (uint32_t)ender_tid;
	end(ender);
	CHECK_EQ(entries[0].word, FUTEX_OWNER_DIED);
	begin_list(); /* between unlocking and waking */
	ender = start_ender();
	head.list_op_pending = &entries[0].list;
	w = (struct waiter){.word = &entries[0].word, .op = FUTEX_WAIT};
	waiter_start(&w);
	end(ender);
	WAITER_ENDS(&w, 0);
	CHECK_EQ(entries[0].word, 0);
}

static void robust_loop(void)
{
	pthread_t ender;

	begin_list();
	ender = start_ender();
	append(&entries[0]);
	append(&entries[1]);
	entries[0].word = (uint32_t)ender_tid;
	entries[1].list.next = &entries[0].list; /* never back to the head */
	end(ender);
	CHECK_EQ(entries[0].word, FUTEX_OWNER_DIED);
}

static void robust_nowhere(void)
{
	static const uintptr_t nowhere[] = {8, 0x123456789000, 0xffff800000000000,
					    0x8000000000000000};
	pthread_t ender;

	for (size_t i = 0; i < sizeof(nowhere) / sizeof(nowhere[0]); i++) {
		begin_list();
		ender = start_ender();
		append(&entries[0]);
		entries[0].word = (uint32_t)ender_tid;
		entries[0].list.next = (struct robust_list *)nowhere[i];
		end(ender);
		CHECK_EQ(entries[0].word, FUTEX_OWNER_DIED);
		begin_list();
		head_to_register = (void *)nowhere[i];
		end(start_ender());
		begin_list();
		head.list.next = (struct robust_list *)nowhere[i];
		end(start_ender());
		begin_list();
		append(&entries[0]);
		head.futex_offset = (long)nowhere[i];
		end(start_ender());
		begin_list();
		head.list_op_pending = (struct robust_list *)nowhere[i];
		end(start_ender());
	}
	begin_list();
	head.futex_offset = offsetof(struct entry, word) + 1; /* not aligned */
	append(&entries[0]);
	end(start_ender());
	CHECK_EQ(entries[0].word, 0);
}

static void robust_read_only(void)
{
	struct entry *page =
		mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_t ender;

	begin_list();
	ender = start_ender();
	append(page);
	page->word = (uint32_t)ender_tid;
	CHECK_OK(mprotect(page, PAGE, PROT_READ));
	end(ender);
	CHECK_EQ(OWNER(page->word), ender_tid);
	CHECK_OK(munmap(page, PAGE));
}

static const struct t_test tests[] = {
	T(pi_without_rival), T(pi_is_handed_over), T(pi_with_rival), T(pi_deadlock),
	T(pi_excludes),      T(requeue_to_pi),     T(robust_calls),  T(robust_marks),
	T(robust_wakes),     T(robust_pending),    T(robust_loop),   T(robust_nowhere),
	T(robust_read_only),
};

T_MAIN(tests)
