# SPDX-License-Identifier: BSD-3-Clause
# One source, linked in the five ways a program can be; `helloworld` alone is the dynamic one.

# $(1) app, $(2) in upper case, $(3) about, $(4) compiler, $(5) its flags
define uk_hello
$(call addapp,$(1))
APP$(2)_ABOUT    := Hello, world: $(3)
APP$(2)_PACKAGES := gcc libc6-dev $(if $(filter musl-gcc,$(4)),musl-tools)
APP$(2)_LIBC     := $(if $(findstring static,$(1)),none,$(if $(filter musl-gcc,$(4)),musl,glibc))
APP$(2)_BINARIES := $(BUILD_DIR)/apps/$(1)/helloworld
APP$(2)_PROGRAM  := /helloworld
APP$(2)_FILES    := $(BUILD_DIR)/apps/$(1)/helloworld:/helloworld
APP$(2)_ARGS     := one 'two words'
APP$(2)_EXPECT   := dynamic-apps/helloworld/expected
$(BUILD_DIR)/apps/$(1)/helloworld: dynamic-apps/helloworld/hello.c
	$$(Q)mkdir -p $$(@D)
	$$(Q)$(4) -O2 $(5) $$< -o $$@
endef

$(eval $(call uk_hello,helloworld,HELLOWORLD,dynamic PIE with glibc,$(HOSTCC),-fPIE -pie))
$(eval $(call uk_hello,helloworld-static,HELLOWORLD_STATIC,static with \
	glibc at its fixed address,$(HOSTCC),-fno-pie -static -no-pie))
$(eval $(call uk_hello,helloworld-static-pie,HELLOWORLD_STATIC_PIE,static PIE with \
	glibc,$(HOSTCC),-fPIE -static-pie))
$(eval $(call uk_hello,helloworld-musl,HELLOWORLD_MUSL,dynamic PIE with musl,musl-gcc,-fPIE -pie))
$(eval $(call uk_hello,helloworld-musl-static,HELLOWORLD_MUSL_STATIC,static with \
	musl,musl-gcc,-fno-pie -static -no-pie))
