# SPDX-License-Identifier: BSD-3-Clause
# How the vDSO is made: a program of its own, position-independent, for user stacks, with unwind
# tables, and without anything of the kernel's configuration. Used for the image and for the host
# test, with different tools.
#
# $(1) where the results go  $(2) compiler  $(3) linker  $(4) objcopy  $(5) architecture
# $(6) more compiler flags   $(7) more linker flags
define vdso_rules
$(1)/%.o: vdso/%.c vdso/vdso.mk
	$$(Q)mkdir -p $$(@D)
	$$(Q)$(2) -std=gnu11 -O2 -fPIC -ffreestanding -fvisibility=hidden -fno-stack-protector \
		-fasynchronous-unwind-tables -fno-strict-aliasing -Wall -Wextra \
		-Wstrict-prototypes -Wmissing-prototypes -Wvla $(6) -Icore/time/include \
		-Ivdso/$(5) -MMD -MP -MF $$(@:.o=.d) -c $$< -o $$@
$(1)/%.o: vdso/%.S vdso/vdso.mk
	$$(Q)mkdir -p $$(@D)
	$$(Q)$(2) $(6) -Icore/time/include -c $$< -o $$@
$(1)/vdso.lds: vdso/vdso.lds.S
	$$(Q)mkdir -p $$(@D)
	$$(Q)$(2) -E -P -x assembler-with-cpp $$< -o $$@
$(1)/vdso.so: $(1)/vdso.lds $(1)/vdso.o $(1)/$(5)/vsyscall.o $(1)/note.o
	$$(Q)$(3) $(7) -shared -Bsymbolic -soname linux-vdso.so.1 --hash-style=both \
		--eh-frame-hdr --build-id=none -z max-page-size=4096 -z noexecstack -z text \
		--orphan-handling=error -e __kernel_vsyscall -T $(1)/vdso.lds -o $$@.dbg \
		$$(filter %.o,$$^)
	$$(Q)$(4) --strip-all $$@.dbg $$@
-include $(1)/vdso.d
endef
