/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef UK_VMSPACE_H
#define UK_VMSPACE_H

#include <uk/vm_object.h>

#define VMA_SHARED   0x001
#define VMA_MAYWRITE 0x200
struct vma {
	LIST_ENTRY(vma) object_link;
	unsigned int flags;
};

#endif /* UK_VMSPACE_H */
