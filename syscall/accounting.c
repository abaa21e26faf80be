/* SPDX-License-Identifier: BSD-3-Clause */
/* The capability test of the few calls that make one. */
#include <uk/task.h>
#include "accounting.h"

bool is_capable(unsigned int capability)
{
	return !(current->process->attributes.caps_lost_effective >> capability & 1);
}
