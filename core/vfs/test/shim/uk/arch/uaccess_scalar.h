/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef UK_ARCH_UACCESS_SCALAR_H
#define UK_ARCH_UACCESS_SCALAR_H

#define put_user(value, uptr)                                                                      \
	({                                                                                         \
		__typeof__(*(uptr)) value_ = (value);                                              \
		copy_to_user(uptr, &value_, sizeof(value_));                                       \
	})

#define get_user(variable, uptr) copy_from_user(&(variable), uptr, sizeof(variable))

#endif /* UK_ARCH_UACCESS_SCALAR_H */
