/* SPDX-License-Identifier: BSD-3-Clause */
/* For lwIP, which includes it by this name. */
#include <uk/string.h>
