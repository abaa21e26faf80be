/* SPDX-License-Identifier: BSD-3-Clause */
/* The names of this system that a program can change; initial values as in a fresh Linux. */
#include <uk/uts.h>

char uts_nodename[UTS_NAME_MAX + 1] = "narthex";
char uts_domainname[UTS_NAME_MAX + 1] = "(none)";
