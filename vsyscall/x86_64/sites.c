/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which call sites of the program are patched.
 *
 * Traps are sampled: one of a few asks upcall_syscall_sampled() whether its site may be patched, so
 * a site is met the sooner the more it is executed, and those that run once stay as they are. While
 * nothing is found, samples become rare.
 *
 * The original bytes come back before anybody could read or change them for a purpose: when the
 * page becomes writable, or moves. A site keeps its slot for as long as the program lives, since
 * threads may be in it. The table belongs to the address space and is guarded by
 * vmspace.lock.
 *
 * One CPU: nobody executes a site while it is written. With more, they will have to be stopped
 * meanwhile (SDM vol. 3, 9.1.3).
 */
#include <bsd/sys/tree.h>
#include <limits.h>
#include <linux/errno.h>
#include <linux/mman.h>
#include <uk/arch/cpu.h>
#include <uk/arch/upcall.h>
#include <uk/clock.h>
#include <uk/heap.h>
#include <uk/page.h>
#include <uk/param.h>
#include <uk/procfs.h>
#include <uk/string.h>
#include <uk/task.h>
#include <uk/vmspace.h>
#include "sites.h"
#include "stubs.h"

#define MIN_SPACING 8 /* between samples, on average */
#define MAX_SPACING 1024
#define MAX_SITES   4096
#define MAX_REPAIRS 10000 /* in a second */

struct site {
	RB_ENTRY(site) node;
	vaddr_t syscall;       /* address of the instruction */
	vaddr_t slot;          /* 0: was never patched */
	struct site_code code; /* what is or was there */
	uint16_t nr;
	uint8_t reason; /* enum site_reason: why it is not patched */
	bool is_patched;
	uint16_t repairs;          /* how often the program went on in its middle, */
	uint64_t repairs_since_ns; /* within a second */
};
RB_HEAD(site_tree, site);

/* Of one address space. */
struct sites {
	struct vm_watch watch;
	struct site_tree tree;
	unsigned int count;
};

static unsigned int table_count;           /* address spaces with sites; atomic */
static unsigned int spacing = MIN_SPACING; /* between samples */
static bool is_on = true;
UK_PARAM(syscall_patching, "syscall.patching", UK_PARAM_BOOL, is_on,
	 "make system call sites that are executed often jump into the kernel");

static int compare(const struct site *a, const struct site *b)
{
	return a->syscall < b->syscall ? -1 : a->syscall > b->syscall;
}
RB_PROTOTYPE_INTERNAL(site_tree, site, node, compare, __uk_unused static)
RB_GENERATE_INTERNAL(site_tree, site, node, compare, __uk_unused static)

static struct sites *sites_of(struct vmspace *vm)
{
	return vm->watch ? uk_container_of(vm->watch, struct sites, watch) : NULL;
}

static struct site *find(struct vmspace *vm, vaddr_t address)
{
	struct sites *sites = sites_of(vm);
	struct site wanted = {.syscall = address};

	return sites ? RB_FIND(site_tree, &sites->tree, &wanted) : NULL;
}

static vaddr_t start_of(const struct site *site)
{
	return site->syscall - site->code.start;
}

/* --- bytes ------------------------------------------------------------------------------------ */

static bool shows(struct vmspace *vm, const struct site *site, const uint8_t *bytes)
{
	const uint8_t *page = vm_peek_locked(vm, start_of(site));

	return page && !memcmp(page + start_of(site) % UK_PAGE_SIZE, bytes, site->code.len);
}

static bool shows_jump(struct vmspace *vm, const struct site *site)
{
	uint8_t jump[SITE_BYTES_MAX];

	site_encode_jump(&site->code, site->slot, jump);
	return shows(vm, site, jump);
}

/* The program may have replaced the memory: then its bytes are not ours to change. */
static void restore(struct vmspace *vm, struct site *site)
{
	if (site->is_patched && shows_jump(vm, site)) {
		vm_poke_locked(vm, start_of(site), site->code.bytes, site->code.len);
		ukarch_sync_code();
	}
	site->is_patched = false;
}

/* Is there a stub for just this code? Another one may still be in use. */
static bool has_stub(const struct site *site, const struct site_code *code)
{
	return site->slot && site->code.shape == code->shape && site->code.len == code->len &&
	       !memcmp(site->code.bytes, code->bytes, code->len);
}

static enum site_reason patch(struct vmspace *vm, struct site *site, const struct site_code *code)
{
	uint8_t jump[SITE_BYTES_MAX];

	if (!has_stub(site, code)) {
		vaddr_t slot = stub_make(code, site->syscall - code->start);

		if (!slot)
			return SITE_NO_ROOM;
		site->slot = slot;
		site->code = *code;
	}
	site_encode_jump(code, site->slot, jump);
	if (vm_poke_locked(vm, start_of(site), jump, code->len))
		return SITE_NO_ROOM;
	ukarch_sync_code();
	site->is_patched = true;
	return SITE_OK;
}

/* --- what becomes of the memory ----------------------------------------------------------------
 */

#define SITES_FOREACH(site, sites, from, to)                                                       \
	for (struct site first_ = {.syscall = (from)},                                             \
			 *(site) = RB_NFIND(site_tree, &(sites)->tree, &first_);                   \
	     (site) && (site)->syscall < (to); (site) = RB_NEXT(site_tree, &(sites)->tree, site))

static void before_change(struct vmspace *vm, vaddr_t start, vaddr_t end)
{
	SITES_FOREACH (site, sites_of(vm), start, end)
		restore(vm, site);
}

/* What is mapped there next is other code, even with the same bytes. */
static void before_unmap(struct vmspace *vm, vaddr_t start, vaddr_t end)
{
	SITES_FOREACH (site, sites_of(vm), start, end) {
		site->is_patched = false;
		site->reason = SITE_OK;
	}
}

static void release(struct vm_watch *watch)
{
	struct sites *sites = uk_container_of(watch, struct sites, watch);
	struct site *site;

	while ((site = RB_ROOT(&sites->tree))) {
		RB_REMOVE(site_tree, &sites->tree, site);
		uk_free(site);
	}
	uk_free(sites);
	if (__atomic_sub_fetch(&table_count, 1, __ATOMIC_ACQ_REL) == 0)
		stubs_reset();
}

/* --- samples ---------------------------------------------------------------------------------- */

static struct sites *make_sites(struct vmspace *vm)
{
	struct sites *sites = uk_zalloc(sizeof(*sites));

	if (!sites)
		return NULL;
	RB_INIT(&sites->tree);
	sites->watch = (struct vm_watch){before_change, before_unmap, release};
	vm->watch = &sites->watch;
	__atomic_add_fetch(&table_count, 1, __ATOMIC_ACQ_REL);
	return sites;
}

static struct site *make_site(struct vmspace *vm, vaddr_t address)
{
	struct sites *sites = vm->watch ? sites_of(vm) : make_sites(vm);
	struct site *site;

	if (!sites || sites->count == MAX_SITES || !(site = uk_zalloc(sizeof(*site))))
		return NULL;
	site->syscall = address;
	RB_INSERT(site_tree, &sites->tree, site);
	sites->count++;
	return site;
}

static enum site_reason judge(struct vmspace *vm, const struct site *site, uint64_t nr,
			      struct site_code *code)
{
	const struct vma *vma = vma_find_locked(vm, site->syscall);
	const uint8_t *page = vm_peek_locked(vm, site->syscall);

	if (!vma || !page || (vma->flags & VMA_SPECIAL))
		return SITE_SPECIAL;
	if (vma->flags & VMA_SHARED)
		return SITE_SHARED;
	if (vma->prot & PROT_WRITE)
		return SITE_WRITABLE;
	if (site->reason == SITE_JUMPED_AT)
		return SITE_JUMPED_AT;
	return site_recognize(page, UK_PAGE_SIZE, site->syscall % UK_PAGE_SIZE, nr, code);
}

/* The trap that a site was patched at returns behind its `syscall`: in the middle, of some. */
static void leave_patched(const struct site *site, struct ukarch_regs *regs)
{
	if (!site->code.start)
		regs->rip = stub_of_slot(site->slot) + site_stub_post(&site->code);
}

/* Is the site patched now? */
static bool look_at(struct vmspace *vm, struct ukarch_regs *regs, uint64_t nr)
{
	vaddr_t address = regs->rip - SITE_SYSCALL_BYTES;
	struct site *site = find(vm, address);
	struct site_code code;

	if (!site)
		site = make_site(vm, address);
	if (!site)
		return false;
	site->nr = (uint16_t)nr;
	/* It trapped, so its memory has been replaced; or somebody was first who had the lock. */
	if (!site->is_patched || !shows_jump(vm, site)) {
		site->is_patched = false;
		site->reason = judge(vm, site, nr, &code);
		if (site->reason == SITE_OK)
			site->reason = patch(vm, site, &code);
	}
	if (site->is_patched)
		leave_patched(site, regs);
	return site->is_patched;
}

/* Somewhere around `spacing`: a program that repeats itself is not to meet us at the same site for
 * ever. */
static int next_sample(bool was_patched)
{
	static uint32_t random; /* any value will do, on any CPU */

	spacing = was_patched ? MIN_SPACING : UK_MIN(2 * spacing, (unsigned int)MAX_SPACING);
	random = random * 1664525 + 1013904223;
	return (int)(1 + (random >> 16) % (2 * spacing - 1));
}

int upcall_syscall_sampled(struct ukarch_regs *regs)
{
	struct vmspace *vm = current_vm();
	uint64_t nr = ukarch_regs_syscall_nr(regs);
	bool is_patched = false;

	if (!is_on)
		return INT_MAX;
	if (regs->rip < UKARCH_USER_END && nr < syscall_table_entries) {
		mutex_lock(&vm->lock);
		if (is_on) /* still: sites_stop() may have come before us */
			is_patched = look_at(vm, regs, nr);
		mutex_unlock(&vm->lock);
	}
	return next_sample(is_patched);
}

/* --- the middle of a site ----------------------------------------------------------------------
 */

/* A program that does so all the time is better off without: it costs ten times a trap. */
static void count_repair(struct vmspace *vm, struct site *site)
{
	uint64_t now = clock_monotonic_ns();

	if (now - site->repairs_since_ns > UK_NSEC_PER_SEC) {
		site->repairs_since_ns = now;
		site->repairs = 0;
	}
	if (++site->repairs < MAX_REPAIRS)
		return;
	restore(vm, site);
	site->reason = SITE_JUMPED_AT;
}

/* Where in the stub it goes on that began at `pc` of the site; 0: nothing did. */
static size_t point_in_stub(const struct site *site, vaddr_t pc)
{
	if (pc == site->syscall)
		return site->code.start ? site_stub_trap(&site->code) : 0;
	if (pc == site->syscall + SITE_SYSCALL_BYTES)
		return site->code.start ? 0 : site_stub_post(&site->code);
	return site->code.shape == SITE_CALL ? site_stub_call(&site->code) : 0;
}

static bool repair_in(struct vmspace *vm, struct site *site, struct ukarch_regs *regs)
{
	size_t point = site && site->slot ? point_in_stub(site, regs->rip) : 0;

	if (!point)
		return false;
	if (!site->is_patched || !shows_jump(vm, site))
		return shows(vm, site, site->code.bytes); /* again: while we waited for the lock */
	regs->rip = stub_of_slot(site->slot) + point;
	count_repair(vm, site);
	return true;
}

static bool repair(struct vmspace *vm, struct ukarch_regs *regs)
{
	return repair_in(vm, find(vm, regs->rip), regs) ||
	       repair_in(vm, find(vm, regs->rip - SITE_SYSCALL_BYTES), regs) ||
	       repair_in(vm, find(vm, regs->rip - SITE_CALL_AT), regs);
}

bool upcall_site_repair(struct ukarch_regs *regs)
{
	struct vmspace *vm = current_vm();
	bool is_repaired;

	if (!vm || !vm->watch)
		return false;
	ukarch_irq_enable();
	mutex_lock(&vm->lock);
	is_repaired = repair(vm, regs);
	mutex_unlock(&vm->lock);
	return is_repaired;
}

vaddr_t sites_settle(vaddr_t pc)
{
	vaddr_t stub = stub_at(pc);

	return stub ? site_stub_settle((const uint8_t *)stub, pc - stub) : 0;
}

vaddr_t sites_syscall_of(vaddr_t rcx)
{
	vaddr_t behind = sites_settle(rcx);

	return (behind ? behind : rcx) - SITE_SYSCALL_BYTES;
}

void sites_stop(void)
{
	struct vmspace *vm = current_vm();

	is_on = false;
	if (!vm || !vm->watch)
		return;
	mutex_lock(&vm->lock);
	before_change(vm, 0, UKARCH_USER_END);
	mutex_unlock(&vm->lock);
}

/* --- /proc/narthex/syscall_sites ----------------------------------------------------------------
 */

static void show_site(struct seq *seq, const struct site *site)
{
	if (site->is_patched)
		seq_printf(seq, "%016lx patched %s %u\n", start_of(site),
			   site_shape_text(site->code.shape), site->nr);
	else if (site->reason != SITE_OK)
		seq_printf(seq, "%016lx left %s %u\n", site->syscall,
			   site_reason_text(site->reason), site->nr);
}

static void show_sites(struct seq *seq)
{
	struct vmspace *vm = current_vm();
	struct sites *sites;

	mutex_lock(&vm->lock);
	sites = sites_of(vm);
	if (sites)
		SITES_FOREACH (site, sites, 0, UKARCH_USER_END)
			show_site(seq, site);
	mutex_unlock(&vm->lock);
}

int sites_init(void)
{
	return procfs_add("syscall_sites", show_sites);
}
