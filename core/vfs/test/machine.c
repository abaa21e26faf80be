/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <linux/errno.h>
#include <uk/clock.h>
#include <uk/heap.h>
#include <uk/page.h>
#include <uk/print.h>
#include <uk/vm_object.h>
#include "machine.h"

static struct process process;
struct task machine_task = {.process = &process};
int (*machine_on_sleep)(void);
void (*machine_on_copy)(void);
uint64_t machine_unmapped_pages, machine_cut_at;

static int fail_countdown = -1, last_signal;
static const char *bad_start, *bad_end;

void machine_fail_after(int count)
{
	fail_countdown = count;
}

static bool fails_now(void)
{
	return fail_countdown >= 0 && fail_countdown-- == 0;
}

void machine_bad_range(const void *start, size_t len)
{
	bad_start = start;
	bad_end = bad_start + len;
}

/* --- asserts, log, locks, time -------------------------------------------------------------------
 */

void uk_assert_failed(const char *expr, const char *file, int line)
{
	fprintf(stderr, "assertion %s failed at %s:%d\n", expr, file, line);
	abort();
}
void uk_printk(enum uk_loglevel level, const char *fmt, ...)
{
}
struct task *mutex_self(void)
{
	return &machine_task;
}
void mutex_lock_slow(struct mutex *mutex)
{
	fprintf(stderr, "a lock is taken twice\n");
	abort();
}
void mutex_unlock_slow(struct mutex *mutex)
{
	abort();
}
void waitq_prepare(struct waitq *wq, struct waitq_entry *entry)
{
}
void waitq_prepare_exclusive(struct waitq *wq, struct waitq_entry *entry)
{
}
void waitq_finish(struct waitq *wq, struct waitq_entry *entry)
{
}
void waitq_add(struct waitq *wq, struct waitq_entry *entry)
{
	TAILQ_INSERT_TAIL(&wq->entries, entry, link);
	entry->is_queued = true;
}
void waitq_remove(struct waitq *wq, struct waitq_entry *entry)
{
	if (entry->is_queued)
		TAILQ_REMOVE(&wq->entries, entry, link);
	entry->is_queued = false;
}
void waitq_wake_all(struct waitq *wq, unsigned int events)
{
	struct waitq_entry *entry, *next;

	for (entry = TAILQ_FIRST(&wq->entries); entry; entry = next) {
		next = TAILQ_NEXT(entry, link);
		entry->wake(entry, events);
	}
}
void waitq_wake_next(struct waitq *wq, unsigned int events)
{
	waitq_wake_all(wq, events);
}
/* Unless the test brings core/event along. */
__attribute__((weak)) void epoll_forget_file(struct file *file)
{
	abort();
}
int sched_sleep_interruptible_until(uint64_t deadline_ns)
{
	return machine_on_sleep ? machine_on_sleep() : -EINTR;
}
uint64_t clock_realtime_coarse_ns(void)
{
	static uint64_t now = 1000 * (uint64_t)UK_NSEC_PER_SEC;

	return now += UK_NSEC_PER_MSEC;
}

/* --- the task ----------------------------------------------------------------------------------
 */

uint64_t process_rlimit(unsigned int resource)
{
	return process.rlimits[resource];
}
struct fdtable *current_fdtable(void)
{
	return machine_task.fdtable;
}
struct fsctx *current_fs(void)
{
	return machine_task.fs;
}
struct task *task_find(int tid)
{
	return tid == process.pid ? &machine_task : NULL;
}
void signal_raise_self(int signo)
{
	last_signal = signo;
}
int machine_take_signal(void)
{
	int signo = last_signal;

	last_signal = 0;
	return signo;
}

/* --- memory ------------------------------------------------------------------------------------
 */

static unsigned char is_used[MACHINE_RAM_PAGES];
static size_t used_count;

size_t machine_pages_in_use(void)
{
	return used_count;
}
char *machine_rom(void)
{
	return ukarch_phys_to_virt((paddr_t)MACHINE_RAM_PAGES << UK_PAGE_SHIFT);
}
struct page *page_alloc(unsigned int order)
{
	static size_t at;

	assert(order == 0);
	if (fails_now() || used_count == MACHINE_RAM_PAGES)
		return NULL;
	while (is_used[at])
		at = (at + 1) % MACHINE_RAM_PAGES;
	is_used[at] = 1;
	used_count++;
	memset(page_address(pfn_to_page(at)), 0xa5, UK_PAGE_SIZE);
	*pfn_to_page(at) = (struct page){.refcount = 1, .flags = PAGE_MANAGED};
	return pfn_to_page(at);
}
void page_free(struct page *page)
{
	size_t pfn = page_to_pfn(page);

	assert(pfn < MACHINE_RAM_PAGES && is_used[pfn]);
	memset(page_address(page), 0x5a, UK_PAGE_SIZE);
	is_used[pfn] = 0;
	used_count--;
}
struct page *page_of_foreign(paddr_t pa)
{
	return phys_to_page(pa);
}
void page_stats(struct page_stats *stats)
{
	stats->total_pages = MACHINE_RAM_PAGES;
	stats->free_pages = MACHINE_RAM_PAGES - used_count;
}
void vm_object_unmap(struct vm_object *object, uint64_t first, uint64_t count)
{
	machine_unmapped_pages += count;
}

void vm_object_cut(struct vm_object *object, uint64_t first)
{
	machine_cut_at = first;
}

void *uk_malloc(size_t size)
{
	return fails_now() ? NULL : malloc(size);
}
void *uk_zalloc(size_t size)
{
	return fails_now() ? NULL : calloc(1, size);
}
void *uk_calloc(size_t count, size_t size)
{
	return fails_now() ? NULL : calloc(count, size);
}
void *uk_realloc(void *ptr, size_t size)
{
	return fails_now() ? NULL : realloc(ptr, size);
}
void uk_free(void *ptr)
{
	free(ptr);
}
char *uk_strdup(const char *s)
{
	return fails_now() ? NULL : strdup(s);
}

/* --- program memory ----------------------------------------------------------------------------
 */

static size_t reachable(const char *p, size_t len)
{
	if (p >= bad_end || p + len <= bad_start)
		return len;
	return p >= bad_start ? 0 : (size_t)(bad_start - p);
}
size_t ukarch_copy_user(void *dst, const void *src, size_t len)
{
	size_t part = UK_MIN(reachable(dst, len), reachable(src, len));
	void (*on_copy)(void) = machine_on_copy;

	machine_on_copy = NULL;
	if (on_copy)
		on_copy();

	memcpy(dst, src, part);
	return len - part;
}
long ukarch_clear_user(void *dst, size_t len)
{
	size_t part = reachable(dst, len);

	memset(dst, 0, part);
	return part || !len ? (long)part : -EFAULT;
}

/* --- start -------------------------------------------------------------------------------------
 */

void machine_init(void)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_NORESERVE;
	const size_t pages = MACHINE_RAM_PAGES + MACHINE_ROM_PAGES;
	struct path root;

	assert(mmap((void *)UKARCH_DIRECTMAP_BASE, pages << UK_PAGE_SHIFT, PROT_READ | PROT_WRITE,
		    flags, -1, 0) != MAP_FAILED);
	assert(mmap((void *)UKARCH_PAGEMAP_BASE, pages * sizeof(struct page),
		    PROT_READ | PROT_WRITE, flags, -1, 0) != MAP_FAILED);
	for (int i = 0; i < RLIM_NLIMITS; i++)
		process.rlimits[i] = UINT64_MAX;
	process.rlimits[RLIMIT_NOFILE] = 1024;
	process.pid = 1;
	assert(!vfs_init());
	vfs_stamp_from_clock();
	vfs_root(&root);
	machine_task.fs = fsctx_create(&root);
	machine_task.fdtable = fdtable_create();
	assert(machine_task.fs && machine_task.fdtable);
}
