#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# docs/compatibility.md, from the table of system calls, after the table was checked.
# usage, from the top of the tree: compatibility.sh write | check
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

sh syscall/host/check-rows.sh
"${HOSTCC:-cc}" -std=gnu11 -Wall -Wextra -Isyscall/x86_64/include \
	-o "$work/generator" syscall/host/gen-compatibility.c
"$work/generator" >"$work/page"
case $1 in
write) cp "$work/page" docs/compatibility.md ;;
check)
	if ! diff docs/compatibility.md "$work/page"; then
		echo "docs/compatibility.md is not what syscall/syscalls.def says: make compatibility"
		exit 1
	fi
	;;
esac
