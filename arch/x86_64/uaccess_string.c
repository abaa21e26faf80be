/* SPDX-License-Identifier: BSD-3-Clause */
/* Strings from the program's memory, a word at a time as long as words can be read. */
#include <uk/arch/uaccess.h>

#define ONES  0x0101010101010101UL
#define HIGHS 0x8080808080808080UL

/* The word at `src`. Where there is none *error becomes -EFAULT, and the word all zeros. */
static inline uint64_t load_word(const char __user *src, int *error)
{
	uint64_t word;

	__asm__ volatile(
		"1:\tmovq %[src], %[word]\n2:\n"
		".pushsection .text.fixup,\"ax\"\n3:\txorl %k[word], %k[word]\n"
		"\tmovl %[efault], %[error]\n\tjmp 2b\n\t.popsection\n" X86_EXTABLE("1b", "3b")
		: [word] "=&r"(word), [error] "+r"(*error)
		: [src] "m"(*(const uint64_t *)src), [efault] "i"(-EFAULT));
	return word;
}

/* From byte `done` on, byte by byte. */
static long __uk_noinline copy_rest(char *dst, const char __user *src, size_t done, size_t size)
{
	for (; done < size; done++) {
		if (get_user(dst[done], src + done))
			return -EFAULT;
		if (!dst[done])
			return (long)done;
	}
	return -ENAMETOOLONG;
}

long strncpy_from_user(char *dst, const char __user *src, size_t size)
{
	size_t done = 0;
	int error = 0;

	if (uk_unlikely(!user_range_ok((uintptr_t)src, size)))
		return copy_rest(dst, src, 0, size);
	for (; done + sizeof(uint64_t) <= size; done += sizeof(uint64_t)) {
		uint64_t word = load_word(src + done, &error), zeros;

		__builtin_memcpy(dst + done, &word, sizeof(word));
		zeros = (word - ONES) & ~word & HIGHS;
		if (!zeros)
			continue;
		/* A word may reach into a page that is not there although the string ends before.
		 */
		if (uk_unlikely(error))
			break;
		return (long)(done + (size_t)__builtin_ctzl(zeros) / 8);
	}
	return copy_rest(dst, src, done, size);
}
