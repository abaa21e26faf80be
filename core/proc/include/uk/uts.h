/* SPDX-License-Identifier: BSD-3-Clause */
/* What uname(2) and /proc/sys/kernel tell: names of the system, of which two can be set. */
#ifndef UK_UTS_H
#define UK_UTS_H

#include <uk/essentials.h>

#define UTS_NAME_MAX 64 /* without the NUL: __NEW_UTS_LEN of <linux/utsname.h> */

/* The version of Linux whose behaviour we follow: glibc asks for 3.2 at least. */
#define UTS_SYSNAME "Linux"
#define UTS_RELEASE "6.1.0-narthex"
#define UTS_VERSION "#1 Narthex"

/* Written by sethostname(2), setdomainname(2), /proc/sys/kernel; short enough for races not to
 * matter. Always NUL-terminated. */
extern char uts_nodename[UTS_NAME_MAX + 1];
extern char uts_domainname[UTS_NAME_MAX + 1];

#endif /* UK_UTS_H */
