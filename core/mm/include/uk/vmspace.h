/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A program's address space: page table, VMA tree, brk. Shared by the threads of a process
 * (CLONE_VM), copied by fork.
 *
 * Only vmspace_fault() installs program PTEs; mmap and friends change the VMA tree and take
 * PTEs out. A VMA never names a physical address.
 *
 *   vmspace --> vma [start,end) prot flags --> vm_object + offset   (file or shared memory)
 *                                          \-> nothing              (private anonymous)
 *
 * Locks: vmspace.lock (mutex) guards everything below it. Functions that end in _locked expect it.
 */
#ifndef UK_VMSPACE_H
#define UK_VMSPACE_H

#include <bsd/sys/tree.h>
#include <uk/arch/paging.h>
#include <uk/lock.h>
#include <uk/vm_object.h>

struct file;

/* vma.flags; the mapping kinds of mmap(2). */
#define VMA_SHARED      0x001
#define VMA_STACK       0x002 /* grows down on faults, to the stack rlimit, keeping a guard gap */
#define VMA_NORESERVE   0x004
#define VMA_LOCKED      0x008 /* mlock: present, never dropped */
#define VMA_DONTFORK    0x010
#define VMA_WIPEONFORK  0x020
#define VMA_HUGEPAGE    0x040 /* madvise(MADV_HUGEPAGE) */
#define VMA_NOHUGEPAGE  0x080
#define VMA_SPECIAL     0x100  /* vDSO, vvar: not remappable, not in core dumps */
#define VMA_MAYWRITE    0x200  /* mprotect may add PROT_WRITE (shared file opened for writing) */
#define VMA_HEAP        0x400  /* the brk area: for /proc/self/maps */
#define VMA_LOCKONFAULT 0x800  /* with VMA_LOCKED: present from the first touch on */
#define VMA_WATCHED     0x1000 /* vmspace.watch wants to hear of it */

struct vma {
	RB_ENTRY(vma) node;
	struct vma *prev, *next;     /* neighbours in address order */
	vaddr_t start, end;          /* page-aligned, end exclusive */
	unsigned int prot;           /* PROT_READ | PROT_WRITE | PROT_EXEC */
	unsigned int flags;          /* VMA_* */
	struct vmspace *vm;          /* whose tree this is in */
	struct vm_object *object;    /* reference held; NULL: private anonymous */
	LIST_ENTRY(vma) object_link; /* object->mappings */
	uint64_t offset_bytes;       /* of `start` in the object */
	struct file *file;           /* reference held; for /proc/self/maps; NULL when none */
	const char *name;            /* "[vdso]" and the like: static storage; or NULL */
};

RB_HEAD(vma_tree, vma);

struct vmspace;

/** Whoever wrote into memory that the program only executes is told what becomes of it. Lock held;
 *  may not sleep for memory. */
struct vm_watch {
	/** The range will be writable, or move. */
	void (*before_change)(struct vmspace *vm, vaddr_t start, vaddr_t end);
	void (*before_unmap)(struct vmspace *vm, vaddr_t start, vaddr_t end);
	/** The address space is no more. */
	void (*release)(struct vm_watch *watch);
};

struct vmspace {
	struct mutex lock;
	unsigned int refcount;
	struct ukarch_pagetable pt;
	struct vma_tree vmas;
	struct vma *last_hit; /* cache of the last lookup */
	struct vma *dead;     /* unmapped, but they still hold references (vm_unlock) */
	unsigned int vma_count;
	size_t mapped_bytes, locked_bytes, data_bytes;
	size_t resident_pages;                         /* mapped, but for the page of zeros */
	size_t peak_mapped_bytes, peak_resident_pages; /* as of the last time something went */
	vaddr_t mmap_top;    /* highest address mmap chooses; grows down from here */
	vaddr_t search_from; /* gap search: nothing larger than search_hole is free above */
	size_t search_hole;
	vaddr_t brk_start, brk_end;
	uint64_t stack_limit_bytes; /* RLIMIT_STACK, kept current by the process layer */
	uint64_t data_limit_bytes, as_limit_bytes;
	unsigned int future_flags; /* VMA_* of every new mapping: mlockall(MCL_FUTURE) */
	/* Where the loader put things; for /proc. */
	vaddr_t code_start, code_end, data_start, data_end, stack_top;
	vaddr_t arg_start, arg_end, env_start, env_end, auxv_start, auxv_end;
	vaddr_t vdso_base, vsyscall; /* in it: __kernel_vsyscall */
	struct vm_watch *watch;      /* or NULL */
};

/** /proc/sys/vm/max_map_count: VMAs of one address space. */
extern int64_t vm_max_map_count;

struct vmspace *vmspace_create(void); /* refcount 1; NULL: no memory */
void vmspace_put(struct vmspace *vm); /* unmaps all with the last reference */
static inline void vmspace_get(struct vmspace *vm)
{
	__atomic_fetch_add(&vm->refcount, 1, __ATOMIC_RELAXED);
}
/** What the CPU translates with; no reference. Guarded by irq-off. */
extern const struct vmspace *vmspace_active;
/** Makes it the CPU's address space; NULL (a kernel task): any will do, the last one stays. */
static inline void vmspace_switch(const struct vmspace *vm)
{
	if (!vm || vm == vmspace_active)
		return;
	vmspace_active = vm;
	ukarch_pt_activate(&vm->pt);
}

/** Arguments of one mapping; addresses and lengths page-aligned by the caller. */
struct vm_map_args {
	vaddr_t hint; /* 0: anywhere */
	size_t len_bytes;
	unsigned int prot;
	unsigned int flags; /* VMA_* */
	enum { VM_MAP_ANYWHERE, VM_MAP_FIXED, VM_MAP_FIXED_NOREPLACE, VM_MAP_LOW_2G } placement;
	struct vm_object *object; /* a reference is taken */
	uint64_t offset_bytes;
	struct file *file; /* a reference is taken through file_get() */
	const char *name;
};

/** Maps; returns the address, or -ENOMEM, -EEXIST (NOREPLACE), -EINVAL. */
long vm_map(struct vmspace *vm, const struct vm_map_args *args);
int vm_unmap(struct vmspace *vm, vaddr_t start, size_t len); /* munmap(2) */
/** mprotect(2); `prot` may hold PROT_GROWSDOWN or PROT_GROWSUP. */
int vm_protect(struct vmspace *vm, vaddr_t start, size_t len, unsigned prot);
long vm_remap(struct vmspace *vm, vaddr_t old, size_t old_len, size_t new_len,
	      unsigned mremap_flags, vaddr_t new_addr);                   /* mremap(2) */
int vm_advise(struct vmspace *vm, vaddr_t start, size_t len, int advice); /* madvise(2) */
long vm_brk(struct vmspace *vm, vaddr_t new_end);                         /* brk(2) */
int vm_sync(struct vmspace *vm, vaddr_t start, size_t len, int flags);    /* msync(2) */
/** mlock, munlock: `flags` are VMA_LOCKED, that and VMA_LOCKONFAULT, or 0. 0 or -ENOMEM. */
int vm_lock_range(struct vmspace *vm, vaddr_t start, size_t len, unsigned int flags);
/** The same for all there is, and for all that will be mapped: mlockall, munlockall. */
int vm_lock_all(struct vmspace *vm, unsigned int flags);
void vm_lock_future(struct vmspace *vm, unsigned int flags);
/** One byte per page into a kernel buffer: bit 0 resident. -ENOMEM over a hole. mincore(2) */
int vm_incore(struct vmspace *vm, vaddr_t start, size_t len, unsigned char *vec);
/** The most there ever was. Lock held. */
static inline size_t vm_peak_mapped_bytes(const struct vmspace *vm)
{
	return UK_MAX(vm->peak_mapped_bytes, vm->mapped_bytes);
}
static inline size_t vm_peak_resident_pages(const struct vmspace *vm)
{
	return UK_MAX(vm->peak_resident_pages, vm->resident_pages);
}
/** Brings all pages of a range in (MAP_POPULATE, mlock); stops quietly at the first failure. */
void vm_populate(struct vmspace *vm, vaddr_t start, size_t len);

/** The first VMA that ends above `addr`, or NULL. Lock held. Programs work on the same memory for
 *  a while, so the last one found is tried before the tree is searched. */
struct vma *vma_search_next(struct vmspace *vm, vaddr_t addr);
static inline struct vma *vma_find_next_locked(struct vmspace *vm, vaddr_t addr)
{
	struct vma *vma = vm->last_hit;

	return vma && addr >= vma->start && addr < vma->end ? vma : vma_search_next(vm, addr);
}
/** The VMA over `addr`, or NULL. Lock held. */
static inline struct vma *vma_find_locked(struct vmspace *vm, vaddr_t addr)
{
	struct vma *vma = vma_find_next_locked(vm, addr);

	return vma && addr >= vma->start ? vma : NULL;
}

enum vm_fault_result {
	VM_FAULT_OK,
	VM_FAULT_MAPERR, /* SIGSEGV, SEGV_MAPERR */
	VM_FAULT_ACCERR, /* SIGSEGV, SEGV_ACCERR */
	VM_FAULT_BUS,    /* SIGBUS, BUS_ADRERR: past the end of a mapped file */
	VM_FAULT_NOMEM,  /* the machine is out of memory: named kill */
};
#define VM_ACCESS_READ  0x1u
#define VM_ACCESS_WRITE 0x2u
#define VM_ACCESS_EXEC  0x4u
/** Writes into the copy of a private page that the program has mapped and perhaps may not write;
 * makes that copy, and tells vmspace.watch of the mapping from now on. The bytes lie in one page.
 * 0, -EFAULT, -ENOMEM. Lock held. */
int vm_poke_locked(struct vmspace *vm, vaddr_t address, const void *bytes, size_t len);
/** The frame that is mapped at `address`, through the direct map; NULL: none. Lock held. */
void *vm_peek_locked(const struct vmspace *vm, vaddr_t address);

enum vm_fault_result vmspace_fault(struct vmspace *vm, vaddr_t addr, unsigned access);

/* The current task's, never NULL in thread context (core/proc). */
struct vmspace *current_vm(void);

#endif /* UK_VMSPACE_H */
