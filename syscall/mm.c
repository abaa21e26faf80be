/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mmap(2) and kin: Linux' checks of the arguments, in its order where programs can tell; the work
 * is done by <uk/vmspace.h>.
 */
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/mman.h>
#include <uk/arch/mman_flags.h>
#include <uk/arch/uaccess.h>
#include <uk/file.h>
#include <uk/syscall.h>
#include <uk/task.h>
#include <uk/vfs.h>
#include <uk/vmspace.h>
#include "accounting.h"

#define PROT_ALL (PROT_READ | PROT_WRITE | PROT_EXEC)
/* With MAP_SHARED_VALIDATE an unknown flag is an error; the older types ignore it. */
#define MAP_KNOWN                                                                                  \
	(MAP_TYPE | MAP_FIXED | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_DENYWRITE | MAP_EXECUTABLE |   \
	 MAP_LOCKED | MAP_NORESERVE | MAP_POPULATE | MAP_NONBLOCK | MAP_STACK | MAP_HUGETLB |      \
	 MAP_FIXED_NOREPLACE | UK_ARCH_MAP_LOW_2G)

/* Rounds up to pages; false when it wraps or is 0. */
static bool page_align_len(size_t *len)
{
	size_t aligned = UK_ALIGN_UP(*len, UK_PAGE_SIZE);

	if (!aligned || aligned < *len)
		return false;
	*len = aligned;
	return true;
}

static bool is_page_aligned(unsigned long addr)
{
	return UK_IS_ALIGNED(addr, UK_PAGE_SIZE);
}

static unsigned int vma_flags(unsigned long flags)
{
	unsigned int result = 0;

	if ((flags & MAP_TYPE) != MAP_PRIVATE)
		result |= VMA_SHARED;
	if (flags & MAP_GROWSDOWN)
		result |= VMA_STACK;
	if (flags & MAP_NORESERVE)
		result |= VMA_NORESERVE;
	if (flags & MAP_LOCKED)
		result |= VMA_LOCKED;
	/* A large page for each thread's stack would mostly be wasted. */
	if (flags & MAP_STACK)
		result |= VMA_NOHUGEPAGE;
	return result;
}

static int placement(unsigned long flags)
{
	if (flags & MAP_FIXED_NOREPLACE)
		return VM_MAP_FIXED_NOREPLACE;
	if (flags & MAP_FIXED)
		return VM_MAP_FIXED;
	return flags & UK_ARCH_MAP_LOW_2G ? VM_MAP_LOW_2G : VM_MAP_ANYWHERE;
}

/* mmap(2), EACCES: what the file was opened for bounds what the mapping may do. */
static int check_file_access(const struct file *file, unsigned int prot, bool is_shared)
{
	if (!(file->mode & FILE_READ))
		return -EACCES;
	if (is_shared && (prot & PROT_WRITE) && !(file->mode & FILE_WRITE))
		return -EACCES;
	return file->ops->mmap ? 0 : -ENODEV;
}

/* Completes *args for a file: its object, and whether it may become writable. */
static int prepare_file(struct vm_map_args *args, struct file *file)
{
	bool is_shared = args->flags & VMA_SHARED;
	int error = check_file_access(file, args->prot, is_shared);
	struct vm_object *object;

	if (error)
		return error;
	if (args->flags & VMA_STACK)
		return -EINVAL;
	object = file->ops->mmap(file, args->prot, is_shared);
	if (IS_ERR(object))
		return (int)PTR_ERR(object);
	args->object = object; /* NULL: /dev/zero, as good as anonymous */
	args->file = file;
	if (!is_shared || (file->mode & FILE_WRITE))
		args->flags |= VMA_MAYWRITE;
	return 0;
}

static int prepare_anonymous(struct vm_map_args *args)
{
	args->offset_bytes = 0;
	args->flags |= VMA_MAYWRITE;
	if (!(args->flags & VMA_SHARED))
		return 0;
	if (args->flags & VMA_STACK)
		return -EINVAL;
	args->object = shared_anon_object(args->len_bytes);
	return IS_ERR(args->object) ? (int)PTR_ERR(args->object) : 0;
}

static long map(struct vm_map_args *args, struct file *file, unsigned long map_flags)
{
	struct vmspace *vm = current->vm;
	long addr = file ? prepare_file(args, file) : prepare_anonymous(args);

	if (addr)
		return addr;
	addr = vm_map(vm, args);
	if (args->object)
		vm_object_put(args->object); /* the mapping holds its own */
	if (addr >= 0 && (map_flags & (MAP_POPULATE | MAP_NONBLOCK)) == MAP_POPULATE)
		vm_populate(vm, (vaddr_t)addr, args->len_bytes);
	return addr;
}

static int check_map_type(unsigned long flags, bool is_file)
{
	unsigned long type = flags & MAP_TYPE;

	if (type == MAP_SHARED_VALIDATE && is_file)
		return flags & ~(unsigned long)MAP_KNOWN ? -EOPNOTSUPP : 0;
	return type == MAP_SHARED || type == MAP_PRIVATE ? 0 : -EINVAL;
}

static int check_map_range(unsigned long addr, size_t *len, unsigned long flags,
			   unsigned long offset)
{
	if (!*len)
		return -EINVAL;
	if (!page_align_len(len) || *len > UKARCH_USER_END)
		return -ENOMEM;
	if (!(flags & MAP_ANONYMOUS) && offset > INT64_MAX - *len)
		return -EOVERFLOW; /* beyond what any file may be long */
	if (!(flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)))
		return 0;
	if (!is_page_aligned(addr))
		return -EINVAL;
	if (addr > UKARCH_USER_END - *len)
		return -ENOMEM;
	return addr < UKARCH_USER_BASE ? -EPERM : 0; /* vm.mmap_min_addr */
}

long sys_mmap(unsigned long addr, size_t len, unsigned long prot, unsigned long flags, int fd,
	      unsigned long offset)
{
	struct vm_map_args args = {.hint = UK_ALIGN_DOWN(addr, UK_PAGE_SIZE),
				   .prot = prot & PROT_ALL,
				   .flags = vma_flags(flags),
				   .placement = placement(flags),
				   .offset_bytes = offset};
	struct file *file = NULL;
	long result;

	if (!is_page_aligned(offset))
		return -EINVAL;
	if (flags & MAP_HUGETLB)
		return -ENOMEM; /* there is no pool of huge pages */
	if (!(flags & MAP_ANONYMOUS)) {
		file = file_get_fd(fd);
		if (!file)
			return -EBADF;
	}
	result = check_map_range(addr, &len, flags, offset);
	if (!result)
		result = check_map_type(flags, file);
	args.len_bytes = len;
	if (!result)
		result = map(&args, file, flags);
	if (file)
		file_put(file);
	return result;
}

long sys_munmap(unsigned long addr, size_t len)
{
	if (!is_page_aligned(addr) || !page_align_len(&len) || !user_range_ok(addr, len))
		return -EINVAL;
	return vm_unmap(current->vm, addr, len);
}

long sys_mprotect(unsigned long addr, size_t len, unsigned long prot)
{
	unsigned long grows = prot & (PROT_GROWSDOWN | PROT_GROWSUP);

	if (!is_page_aligned(addr) || grows == (PROT_GROWSDOWN | PROT_GROWSUP))
		return -EINVAL;
	if (!len)
		return 0;
	if (!page_align_len(&len) || !user_range_ok(addr, len))
		return -ENOMEM;
	if (prot & ~(grows | PROT_ALL | PROT_SEM))
		return -EINVAL;
	return vm_protect(current->vm, addr, len, (unsigned int)((prot & PROT_ALL) | grows));
}

long sys_pkey_mprotect(unsigned long addr, size_t len, unsigned long prot, int key)
{
	return key == -1 ? sys_mprotect(addr, len, prot) : -EINVAL;
}

/* A CPU without protection keys has one, number 0, and it is taken. */
long sys_pkey_alloc(unsigned long flags, unsigned long rights)
{
	return flags || (rights & ~(unsigned long)PKEY_ACCESS_MASK) ? -EINVAL : -ENOSPC;
}

long sys_pkey_free(int key)
{
	return -EINVAL;
}

long sys_mremap(unsigned long old_addr, size_t old_len, size_t new_len, unsigned long flags,
		unsigned long new_addr)
{
	if (flags & ~(unsigned long)(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP))
		return -EINVAL;
	if ((flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) && !(flags & MREMAP_MAYMOVE))
		return -EINVAL;
	if ((flags & MREMAP_DONTUNMAP) && old_len != new_len)
		return -EINVAL;
	if (!is_page_aligned(old_addr) || !page_align_len(&new_len))
		return -EINVAL;
	if (old_len && !page_align_len(&old_len))
		return -EINVAL;
	if ((flags & MREMAP_FIXED) &&
	    (!is_page_aligned(new_addr) || !user_range_ok(new_addr, new_len)))
		return -EINVAL;
	if (!user_range_ok(old_addr, old_len))
		return -EFAULT;
	return vm_remap(current->vm, old_addr, old_len, new_len, (unsigned int)flags, new_addr);
}

long sys_madvise(unsigned long addr, size_t len, int advice)
{
	return vm_advise(current->vm, addr, len, advice);
}

long sys_brk(unsigned long addr)
{
	return vm_brk(current->vm, addr);
}

#define INCORE_CHUNK 256 /* pages at a time */

long sys_mincore(unsigned long addr, size_t len, unsigned char __user *vec)
{
	unsigned char chunk[INCORE_CHUNK];

	if (!is_page_aligned(addr))
		return -EINVAL;
	if (!len)
		return 0;
	if (!page_align_len(&len) || !user_range_ok(addr, len))
		return -ENOMEM;
	while (len) {
		size_t pages = UK_MIN(len >> UK_PAGE_SHIFT, sizeof(chunk));
		int error = vm_incore(current->vm, addr, pages << UK_PAGE_SHIFT, chunk);

		if (!error)
			error = copy_to_user(vec, chunk, pages);
		if (error)
			return error;
		vec += pages;
		addr += pages << UK_PAGE_SHIFT;
		len -= pages << UK_PAGE_SHIFT;
	}
	return 0;
}

long sys_msync(unsigned long addr, size_t len, int flags)
{
	if ((flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) || !is_page_aligned(addr) ||
	    (flags & (MS_ASYNC | MS_SYNC)) == (MS_ASYNC | MS_SYNC))
		return -EINVAL;
	if (!len)
		return 0;
	if (!page_align_len(&len) || !user_range_ok(addr, len))
		return -ENOMEM;
	return vm_sync(current->vm, addr, len, flags);
}

/* RLIMIT_MEMLOCK: without the capability nothing, or not more than that, can be locked. */
static int check_memlock(size_t more_bytes)
{
	uint64_t limit = process_rlimit(RLIMIT_MEMLOCK);

	if (is_capable(CAP_IPC_LOCK))
		return 0;
	if (!limit)
		return -EPERM;
	return more_bytes > limit || current->vm->locked_bytes > limit - more_bytes ? -ENOMEM : 0;
}

/* mlock takes any address: the pages that hold the range. */
static long lock_range(unsigned long addr, size_t len, unsigned int flags)
{
	unsigned long start = UK_ALIGN_DOWN(addr, UK_PAGE_SIZE);
	int error;

	if (!len)
		return 0;
	if (uk_add_overflow(len, addr - start, &len) || !page_align_len(&len))
		return -EINVAL;
	error = flags ? check_memlock(len) : 0;
	if (error)
		return error;
	if (!user_range_ok(start, len))
		return -ENOMEM;
	return vm_lock_range(current->vm, start, len, flags);
}

long sys_mlock(unsigned long addr, size_t len)
{
	return lock_range(addr, len, VMA_LOCKED);
}

long sys_mlock2(unsigned long addr, size_t len, int flags)
{
	if (flags & ~MLOCK_ONFAULT)
		return -EINVAL;
	return lock_range(addr, len, VMA_LOCKED | (flags & MLOCK_ONFAULT ? VMA_LOCKONFAULT : 0));
}

long sys_munlock(unsigned long addr, size_t len)
{
	return lock_range(addr, len, 0);
}

long sys_mlockall(int flags)
{
	unsigned int vma_flags = VMA_LOCKED | (flags & MCL_ONFAULT ? VMA_LOCKONFAULT : 0);
	struct vmspace *vm = current->vm;
	int error;

	if (!(flags & (MCL_CURRENT | MCL_FUTURE)) ||
	    (flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)))
		return -EINVAL;
	error = check_memlock(flags & MCL_CURRENT ? vm->mapped_bytes - vm->locked_bytes : 0);
	if (error)
		return error;
	vm_lock_future(vm, flags & MCL_FUTURE ? vma_flags : 0);
	return flags & MCL_CURRENT ? vm_lock_all(vm, vma_flags) : 0;
}

long sys_munlockall(void)
{
	vm_lock_future(current->vm, 0);
	return vm_lock_all(current->vm, 0);
}
