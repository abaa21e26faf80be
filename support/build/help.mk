# SPDX-License-Identifier: BSD-3-Clause
define UK_HELP
Build
  make                  the image, build/$(UK_NAME)_qemu-<arch> (and .dbg with debug information)
  make menuconfig       choose options; the choice is kept in .config
  make defconfig        default options [UK_DEFCONFIG=file]
  make savedefconfig    the options that differ from the default, to defconfig [UK_DEFCONFIG=file]
  make oldconfig        ask for options that are new since .config was written
  make clean            remove what was built      make distclean   also .config and downloads
  CC=clang  CROSS_COMPILE=prefix-  UK_CFLAGS=  UK_ASFLAGS=  UK_LDFLAGS=  WERROR=1
  BUILD_DIR=build/other build there                V=1              show commands
  UK_CONFIG=file        another configuration than .config (with a BUILD_DIR of its own)
Run (returns the program's status)
  make run              the Lua sample
  make run APP=name     an app of the catalogue:
                        $(strip $(UK_APPS))
  make run EXEC=/usr/bin/sqlite3 ARGS="-batch :memory: 'select 1;'" [FILES="host[:guest] ..."]
                        a program of this machine, with its libraries
  LIBC=patched|distro   C libraries that call the kernel (apps: the default), or Debian's own
  PARAMS="strace=1"  MEM=128  CPUS=1  MACHINE=microvm|x86pc|x86q35  ACCEL=auto|tcg|kvm
  CPU=model  BOOT=pvh|multiboot|auto  TIMEOUT=seconds  QEMU_ARGS=  KERNEL=image
  PORTS="tcp:6379 udp:5353:53"  NET=1  BRIDGE=br0  TAP=tap0
                        a network device, and ports of this machine that lead to the guest
  make apps             collect all apps into build/apps/
  make libc-glibc  make libc-musl
                        the patched C libraries, to build/libc/ (glibc takes minutes, once)
Test
  make test             everything: builds, checks, host tests, fuzzing, apps, tests in the guest
  make check            $(UK_CHECKS)
  make host-tests       unit tests [TESTS="name ..."]    make host-fuzz   [FUZZ_SECONDS=3]
  make script-tests     tests of support/scripts
  make test-python      suites of CPython in the guest, minutes long [SUITES="test_json ..."]
  make test-redis       Redis' own tests against the guest, minutes long [UNITS="unit/scan ..."]
  make bench            Narthex beside a Linux guest, in one table
  make compatibility    docs/compatibility.md, from the table of system calls
  make syscall-sites    docs/syscall-sites.md: which calls of some programs can be patched
  make prerequisites    install the Debian packages all this needs
endef
export UK_HELP
help:
	@echo "$$UK_HELP"
.PHONY: help
