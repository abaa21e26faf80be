/* SPDX-License-Identifier: BSD-3-Clause */
/* NUMA memory policy on a machine of one node: everything valid is obeyed by doing nothing.
 * set_mempolicy(2), get_mempolicy(2), mbind(2). */
#include <linux/errno.h>
#include <linux/mempolicy.h>
#include <uk/arch/uaccess.h>
#include <uk/syscall.h>

#define NODES_MAX 4096 /* bits of a node mask that we are willing to look at */
#define BITS      64

/* The mask may name node 0 only. *is_empty: it names none. As Linux, the last bit is not used. */
static int check_nodes(const unsigned long __user *nodes, unsigned long max_node, bool *is_empty)
{
	*is_empty = true;
	if (!nodes || max_node <= 1)
		return 0;
	if (--max_node > NODES_MAX)
		return -EINVAL;
	for (unsigned long i = 0; i < UK_DIV_ROUND_UP(max_node, BITS); i++) {
		unsigned long word = 0;

		if (get_user(word, nodes + i))
			return -EFAULT;
		if (i == max_node / BITS)
			word &= (1UL << max_node % BITS) - 1;
		if (i ? word : word & ~1UL)
			return -EINVAL;
		if (word)
			*is_empty = false;
	}
	return 0;
}

static int check_policy(int mode, const unsigned long __user *nodes, unsigned long max_node)
{
	int flags = mode & (MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES);
	bool is_empty;
	int error = check_nodes(nodes, max_node, &is_empty);

	mode &= ~(MPOL_MODE_FLAGS);
	if (error)
		return error;
	if (mode < 0 || mode >= MPOL_MAX || flags == (MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES))
		return -EINVAL;
	if (mode == MPOL_DEFAULT || mode == MPOL_LOCAL)
		return is_empty ? 0 : -EINVAL;
	return is_empty && mode != MPOL_PREFERRED ? -EINVAL : 0;
}

long sys_set_mempolicy(int mode, const unsigned long __user *nodes, unsigned long max_node)
{
	return check_policy(mode, nodes, max_node);
}

long sys_mbind(unsigned long addr, unsigned long len, int mode, const unsigned long __user *nodes,
	       unsigned long max_node, unsigned int flags)
{
	if (!UK_IS_ALIGNED(addr, UK_PAGE_SIZE) ||
	    (flags & ~(unsigned int)(MPOL_MF_STRICT | MPOL_MF_MOVE | MPOL_MF_MOVE_ALL)))
		return -EINVAL;
	if (!user_range_ok(addr, len))
		return -EINVAL;
	return check_policy(mode, nodes, max_node);
}

static int put_nodes(unsigned long __user *nodes, unsigned long max_node, unsigned long first)
{
	unsigned long bytes = UK_DIV_ROUND_UP(max_node, BITS) * sizeof(first);

	if (!nodes)
		return 0;
	if (!max_node || max_node > NODES_MAX)
		return -EINVAL;
	if (clear_user(nodes, bytes))
		return -EFAULT;
	return put_user(first, nodes);
}

long sys_get_mempolicy(int __user *mode, unsigned long __user *nodes, unsigned long max_node,
		       unsigned long addr, unsigned long flags)
{
	int answer = MPOL_DEFAULT; /* and node 0, which is the same number */

	if (flags & ~(unsigned long)(MPOL_F_NODE | MPOL_F_ADDR | MPOL_F_MEMS_ALLOWED))
		return -EINVAL;
	if ((flags & MPOL_F_MEMS_ALLOWED) && (flags & (MPOL_F_NODE | MPOL_F_ADDR)))
		return -EINVAL;
	if (!(flags & MPOL_F_ADDR) && addr)
		return -EINVAL;
	if (mode && put_user(answer, mode))
		return -EFAULT;
	return put_nodes(nodes, max_node, flags & MPOL_F_MEMS_ALLOWED ? 1 : 0);
}
