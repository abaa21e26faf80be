/* SPDX-License-Identifier: BSD-3-Clause */
/* Strings from the program's memory, a word at a time as long as words can be read. */
#include <uk/arch/uaccess.h>

#define ONES  0x0101010101010101UL
#define HIGHS 0x8080808080808080UL

long strncpy_from_user(char *dst, const char __user *src, size_t size)
{
	uintptr_t addr = (uintptr_t)src;
	size_t max, done = 0;

	if (addr >= UKARCH_USER_END)
		return -EFAULT;
	max = UK_MIN(size, UKARCH_USER_END - addr);
	while (max - done >= sizeof(uint64_t)) {
		uint64_t word, zeros;

		/* A word may reach into a page that is not there although the string ends before.
		 */
		if (x86_get_user(&word, src + done, sizeof(word)))
			break;
		__builtin_memcpy(dst + done, &word, sizeof(word));
		zeros = (word - ONES) & ~word & HIGHS;
		if (zeros)
			return (long)(done + (size_t)__builtin_ctzl(zeros) / 8);
		done += sizeof(word);
	}
	for (; done < max; done++) {
		uint64_t byte;

		if (x86_get_user(&byte, src + done, 1))
			return -EFAULT;
		dst[done] = (char)byte;
		if (!byte)
			return (long)done;
	}
	return max == size ? -ENAMETOOLONG : -EFAULT;
}
