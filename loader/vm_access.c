/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writing into a vmspace that is not active: page by page, faulted in for writing (which ends
 * copy-on-write and the zero page) and then written through the direct map. The loader is the
 * vmspace's only user, so nothing takes the page away in between.
 */
#include <uk/arch/paging.h>
#include <uk/file.h>
#include <uk/string.h>
#include "loader.h"

/* Where the direct map shows `addr`, and how many bytes there are to the end of the page. */
static int window(struct vmspace *vm, vaddr_t addr, void **bytes, size_t *len)
{
	struct ukarch_pte pte;
	bool is_mapped = ukarch_pt_lookup(&vm->pt, addr, &pte);
	size_t offset;

	if (!is_mapped || !(pte.prot & UKARCH_PT_WRITE) || (pte.prot & UKARCH_PT_SHARED)) {
		enum vm_fault_result result = vmspace_fault(vm, addr, VM_ACCESS_WRITE);

		if (result == VM_FAULT_NOMEM)
			return -ENOMEM;
		if (result == VM_FAULT_BUS)
			return -EIO;
		if (result != VM_FAULT_OK || !ukarch_pt_lookup(&vm->pt, addr, &pte))
			return -EFAULT;
	}
	offset = addr & (pte.size_bytes - 1);
	*bytes = (char *)ukarch_phys_to_virt(pte.paddr) + offset;
	*len = pte.size_bytes - offset;
	return 0;
}

int vm_write_bytes(struct vmspace *vm, vaddr_t addr, const void *bytes, size_t len)
{
	const char *from = bytes;

	while (len) {
		void *to;
		size_t part;
		int ret = window(vm, addr, &to, &part);

		if (ret)
			return ret;
		part = UK_MIN(part, len);
		memcpy(to, from, part);
		addr += part;
		from += part;
		len -= part;
	}
	return 0;
}

int vm_write_zeros(struct vmspace *vm, vaddr_t addr, size_t len)
{
	while (len) {
		void *to;
		size_t part;
		int ret = window(vm, addr, &to, &part);

		if (ret)
			return ret;
		part = UK_MIN(part, len);
		memset(to, 0, part);
		addr += part;
		len -= part;
	}
	return 0;
}

int vm_write_file(struct vmspace *vm, vaddr_t addr, struct file *file, uint64_t offset, size_t len)
{
	while (len) {
		void *to;
		size_t part;
		uk_ssize_t got;
		int ret = window(vm, addr, &to, &part);

		if (ret)
			return ret;
		part = UK_MIN(part, len);
		got = file_read_kernel(file, to, part, (loff_t)offset);
		if (got < 0)
			return (int)got;
		if ((size_t)got != part)
			return -EIO;
		addr += part;
		offset += part;
		len -= part;
	}
	return 0;
}
