#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Compares the rows of syscalls.def with the numbers of the build host's <asm/unistd.h>: each must
# have exactly one row, and no row may be without a number. Run from the top of the tree; silent
# when all is well. Uses the C preprocessor only.
set -eu
export LC_ALL=C
cc=${HOSTCC:-cc}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

printf '#include <asm/unistd.h>\n' | $cc -E -dM -x c - |
	sed -n 's/^#define __NR_\([a-z0-9_]*\) .*/\1/p' | sort > "$work/numbers"
printf '#define SYSCALL(name, ...) ROW name\n#define SYSCALL_HOLE(...)\n#include "syscall/syscalls.def"\n' |
	$cc -E -P -x c -I. -Isyscall/x86_64/include - |
	tr ' ' '\n' | sed '/^$/d;/^ROW$/d' | sort > "$work/rows"

if ! diff "$work/numbers" "$work/rows" > "$work/differences"; then
	echo "syscalls.def: '<' is a call without a row, '>' a row without a call or one too many:" >&2
	cat "$work/differences" >&2
	exit 1
fi
