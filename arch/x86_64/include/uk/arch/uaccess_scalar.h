/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * get_user(variable, user_pointer) and put_user(value, user_pointer): one scalar of 1, 2, 4 or 8
 * bytes; 0 or -EFAULT. put_user_or_goto() is for many of them. The access is one instruction with
 * an exception-table entry: two 32-bit offsets (faulting instruction, where to go on), each
 * relative to its own place.
 */
#ifndef UK_ARCH_UACCESS_SCALAR_H
#define UK_ARCH_UACCESS_SCALAR_H

#define X86_EXTABLE(from, to)                                                                      \
	".pushsection .extable,\"a\"\n\t.balign 4\n\t.long " from " - .\n\t.long " to              \
	" - .\n\t.popsection\n"

#define X86_UACCESS_ASM(instruction)                                                                            \
	"1:\t" instruction "\n2:\n"                                                                             \
	".pushsection .text.fixup,\"ax\"\n3:\tmovl %[efault], %[error]\n\tjmp 2b\n\t.popsection\n" X86_EXTABLE( \
		"1b", "3b")

#define get_user(variable, uptr)                                                                   \
	({                                                                                         \
		__typeof__(*(uptr) + 0) value_ = 0;                                                \
		int error_ = -EFAULT;                                                              \
		_Static_assert(sizeof(*(uptr)) == 4 || sizeof(*(uptr)) == 8 ||                     \
				       sizeof(*(uptr)) == 1 || sizeof(*(uptr)) == 2,               \
			       "scalars only");                                                    \
		if (user_range_ok((uintptr_t)(uptr), sizeof(*(uptr)))) {                           \
			uint64_t word_ = 0;                                                        \
			error_ = x86_get_user(&word_, (const void *)(uptr), sizeof(*(uptr)));      \
			value_ = (__typeof__(value_))(word_);                                      \
		}                                                                                  \
		(variable) = (__typeof__(variable))value_;                                         \
		error_;                                                                            \
	})

#define put_user(value, uptr)                                                                      \
	(user_range_ok((uintptr_t)(uptr), sizeof(*(uptr)))                                         \
		 ? x86_put_user((uint64_t)(__typeof__(*(uptr)))(value), (void *)(uptr),            \
				sizeof(*(uptr)))                                                   \
		 : -EFAULT)

/*
 * For structures stored field by field: no check of the range, which the caller made for the whole,
 * and a fault goes to `fault`, a label of the caller.
 */
#define put_user_or_goto(value, uptr, fault)                                                       \
	do {                                                                                       \
		__typeof__(*(uptr)) value_ = (__typeof__(*(uptr)))(value);                         \
		__asm__ goto("1:\tmov %0, %1\n" X86_EXTABLE("1b", "%l2")                           \
			     :                                                                     \
			     : "r"(value_), "m"(*(uptr))                                           \
			     : "memory"                                                            \
			     : fault);                                                             \
	} while (0)

static inline __attribute__((always_inline)) int x86_get_user(uint64_t *value, const void *addr,
							      size_t size)
{
	int error = 0;
	uint64_t word = 0;

	if (size == 1)
		__asm__ volatile(X86_UACCESS_ASM("movzbl (%[addr]), %k[word]")
				 : [error] "+r"(error), [word] "+r"(word)
				 : [addr] "r"(addr), [efault] "i"(-EFAULT)
				 : "memory");
	else if (size == 2)
		__asm__ volatile(X86_UACCESS_ASM("movzwl (%[addr]), %k[word]")
				 : [error] "+r"(error), [word] "+r"(word)
				 : [addr] "r"(addr), [efault] "i"(-EFAULT)
				 : "memory");
	else if (size == 4)
		__asm__ volatile(X86_UACCESS_ASM("movl (%[addr]), %k[word]")
				 : [error] "+r"(error), [word] "+r"(word)
				 : [addr] "r"(addr), [efault] "i"(-EFAULT)
				 : "memory");
	else
		__asm__ volatile(X86_UACCESS_ASM("movq (%[addr]), %[word]")
				 : [error] "+r"(error), [word] "+r"(word)
				 : [addr] "r"(addr), [efault] "i"(-EFAULT)
				 : "memory");
	*value = word;
	return error;
}

static inline __attribute__((always_inline)) int x86_put_user(uint64_t value, void *addr,
							      size_t size)
{
	int error = 0;

	if (size == 1)
		__asm__ volatile(X86_UACCESS_ASM("movb %b[value], (%[addr])")
				 : [error] "+r"(error)
				 : [addr] "r"(addr), [value] "q"(value), [efault] "i"(-EFAULT)
				 : "memory");
	else if (size == 2)
		__asm__ volatile(X86_UACCESS_ASM("movw %w[value], (%[addr])")
				 : [error] "+r"(error)
				 : [addr] "r"(addr), [value] "r"(value), [efault] "i"(-EFAULT)
				 : "memory");
	else if (size == 4)
		__asm__ volatile(X86_UACCESS_ASM("movl %k[value], (%[addr])")
				 : [error] "+r"(error)
				 : [addr] "r"(addr), [value] "r"(value), [efault] "i"(-EFAULT)
				 : "memory");
	else
		__asm__ volatile(X86_UACCESS_ASM("movq %[value], (%[addr])")
				 : [error] "+r"(error)
				 : [addr] "r"(addr), [value] "r"(value), [efault] "i"(-EFAULT)
				 : "memory");
	return error;
}

/* A word among many of a range that user_range_ok() has passed: `failure` becomes -EFAULT when it
 * cannot be read, and stays what it was otherwise. For signal frames. */
#define X86_GET_WORD(failure, variable, uptr)                                                      \
	__asm__ volatile(X86_UACCESS_ASM("movq %[slot], %[word]")                                  \
			 : [error] "+r"(failure), [word] "=&r"(variable)                           \
			 : [slot] "m"(*(const uint64_t *)(uptr)), [efault] "i"(-EFAULT))

/** Replaces a 32-bit word by `value` if it is `expected`, atomically; *seen is what was there.
 *  0 or -EFAULT. */
static inline int ukarch_cmpxchg_user(uint32_t __user *uptr, uint32_t expected, uint32_t value,
				      uint32_t *seen)
{
	int error = 0;

	if (!user_range_ok((uintptr_t)uptr, sizeof(*uptr)))
		return -EFAULT;
	__asm__ volatile(X86_UACCESS_ASM("lock cmpxchgl %[value], (%[addr])")
			 : [error] "+r"(error), "+a"(expected)
			 : [addr] "r"(uptr), [value] "r"(value), [efault] "i"(-EFAULT)
			 : "memory", "cc");
	*seen = expected;
	return error;
}

#endif /* UK_ARCH_UACCESS_SCALAR_H */
