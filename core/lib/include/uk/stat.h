/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * <linux/stat.h> with S_IFMT and friends. The UAPI header leaves them to the libc once __GLIBC__ is
 * defined, which <bsd/sys/tree.h> does by way of <features.h>. Include this one instead.
 */
#ifndef UK_STAT_H
#define UK_STAT_H

#ifdef S_IFMT /* a host test that has <sys/stat.h> */
#include <linux/stat.h>
#else
#pragma push_macro("__GLIBC__")
#undef __GLIBC__
#include <linux/stat.h>
#pragma pop_macro("__GLIBC__")
#endif

#endif /* UK_STAT_H */
