/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Kernel stacks. An address range once used is used again; the pages behind it go back to the
 * allocator unless there are few free stacks. Lock: irq-off.
 */
#include <sys/queue.h>
#include <uk/arch/layout.h>
#include <uk/arch/paging.h>
#include <uk/heap.h>
#include <uk/kstack.h>
#include <uk/lock.h>
#include <uk/page.h>

#define STACK_PAGES  ((UKARCH_KSTACK_SIZE >> UK_PAGE_SHIFT) - 1) /* without the guard */
#define MAPPED_SPARE 16

struct kstack {
	SLIST_ENTRY(kstack) link;
	vaddr_t base; /* of the guard page */
	struct page *pages[STACK_PAGES];
};
SLIST_HEAD(kstack_list, kstack);

static struct {
	struct spinlock lock;
	struct kstack_list mapped, unmapped; /* free ones */
	unsigned int mapped_count;
	unsigned long made; /* address ranges handed out so far */
} stacks = {.lock = SPINLOCK_INIT};

static struct kstack *take(struct kstack_list *list)
{
	struct kstack *stack = SLIST_FIRST(list);

	if (stack)
		SLIST_REMOVE_HEAD(list, link);
	return stack;
}

static struct kstack *take_spare(bool *is_mapped)
{
	unsigned long flags = spin_lock_irqsave(&stacks.lock);
	struct kstack *stack = take(&stacks.mapped);

	*is_mapped = stack != NULL;
	if (stack)
		stacks.mapped_count--;
	else
		stack = take(&stacks.unmapped);
	spin_unlock_irqrestore(&stacks.lock, flags);
	return stack;
}

static struct kstack *make(void)
{
	struct kstack *stack = uk_zalloc(sizeof(*stack));

	if (stack)
		stack->base =
			UKARCH_KSTACK_BASE +
			__atomic_fetch_add(&stacks.made, 1, __ATOMIC_RELAXED) * UKARCH_KSTACK_SIZE;
	return stack;
}

static vaddr_t page_at(const struct kstack *stack, unsigned int i)
{
	return stack->base + UK_PAGE_SIZE * (i + 1);
}

static void unmap(struct kstack *stack)
{
	for (unsigned int i = 0; i < STACK_PAGES && stack->pages[i]; i++) {
		if (ukarch_kernel_is_mapped(page_at(stack, i)))
			ukarch_kernel_unmap(page_at(stack, i), UK_PAGE_SIZE);
		page_put(stack->pages[i]);
		stack->pages[i] = NULL;
	}
}

static bool map(struct kstack *stack)
{
	for (unsigned int i = 0; i < STACK_PAGES; i++) {
		stack->pages[i] = page_alloc(0);
		if (!stack->pages[i] ||
		    ukarch_kernel_map(page_at(stack, i), page_to_phys(stack->pages[i]),
				      UK_PAGE_SIZE, UKARCH_PT_READ | UKARCH_PT_WRITE)) {
			unmap(stack);
			return false;
		}
	}
	return true;
}

static void put_unmapped(struct kstack *stack)
{
	unsigned long flags = spin_lock_irqsave(&stacks.lock);

	SLIST_INSERT_HEAD(&stacks.unmapped, stack, link);
	spin_unlock_irqrestore(&stacks.lock, flags);
}

struct kstack *kstack_alloc(void)
{
	bool is_mapped;
	struct kstack *stack = take_spare(&is_mapped);

	if (!stack)
		stack = make();
	if (!stack || is_mapped || map(stack))
		return stack;
	put_unmapped(stack);
	return NULL;
}

void kstack_free(struct kstack *stack)
{
	unsigned long flags = spin_lock_irqsave(&stacks.lock);
	bool is_kept = stacks.mapped_count < MAPPED_SPARE;

	if (is_kept) {
		SLIST_INSERT_HEAD(&stacks.mapped, stack, link);
		stacks.mapped_count++;
	}
	spin_unlock_irqrestore(&stacks.lock, flags);
	if (is_kept)
		return;
	unmap(stack);
	put_unmapped(stack);
}

struct ukarch_regs *kstack_user_regs(const struct kstack *stack)
{
	/* They end 8 mod 16, so that they begin on a multiple of 16. */
	return (struct ukarch_regs *)(stack->base + UKARCH_KSTACK_SIZE - 8) - 1;
}
