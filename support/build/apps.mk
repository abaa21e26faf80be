# SPDX-License-Identifier: BSD-3-Clause
# The catalogue: dynamic-apps/<folder>/app.mk describes one app or several variants of one.
#
#   $(eval $(call addapp,foo-bar))      one line that says what it is for follows in
#   APPFOO_BAR_ABOUT     := ...
#   APPFOO_BAR_PACKAGES  := Debian packages it comes from (installed when missing)
#   APPFOO_BAR_PROGRAM   := its path in the guest; taken from there on this machine, unless
#   APPFOO_BAR_FILES     := HOST[:GUEST] ... has it; further files and folders
#   APPFOO_BAR_EXCLUDE   := patterns of host paths to leave out of these folders
#   APPFOO_BAR_BINARIES  := files that rules in app.mk make in $(APPFOO_BAR_BUILD)
#   APPFOO_BAR_ARGS, APPFOO_BAR_PARAMS, APPFOO_BAR_MEM    defaults for `make run APP=foo-bar`
#   APPFOO_BAR_PORTS     := the ports of a server; it is tested by clients (tests/runner/servers.py),
#                           any other program by its output and status:
#   APPFOO_BAR_EXPECT    := file with the output expected with the defaults, or
#   APPFOO_BAR_EXPECT_CMD := a shell command that prints it on this machine
#   APPFOO_BAR_STATUS    := the status expected (0)
#   APPFOO_BAR_LIBC      := the C library that it loads: glibc (the default), musl or none

UK_APPS :=

define uk_addapp
UK_APPS += $(1)
APP$(2)_BASE  := $(3)
APP$(2)_BUILD := $(BUILD_DIR)/apps/$(1)
endef
addapp = $(call uk_addapp,$(1),$(call ucase,$(1)),$(uk_this_folder))

include $(sort $(wildcard dynamic-apps/*/app.mk))

# What mkinitrd is told for app $(1) (upper case).
uk_app_initrd_args = $(addprefix -f ,$(APP$(1)_FILES)) \
		     $(patsubst %,-x '%',$(APP$(1)_EXCLUDE)) \
		     $(if $(filter %:$(APP$(1)_PROGRAM),$(APP$(1)_FILES)),,$(APP$(1)_PROGRAM))

# What replaces this machine's C library in it: as a goal, and for mkinitrd.
uk_app_libc         = $(filter-out none,$(or $(APP$(1)_LIBC),glibc))
uk_app_libc_goals   = $(call uk_libc_goals,$(call uk_app_libc,$(1)),patched)
uk_app_libc_replace = $(call uk_libc_replace,$(call uk_app_libc,$(1)),patched)

define uk_app_rules
prerequisites-app-$(1):
	$$(Q)$(SCRIPTS)/prerequisites -p $(APP$(2)_PACKAGES)
$(APP$(2)_BINARIES): | prerequisites-app-$(1)
$(APP$(2)_BUILD):
	$$(Q)mkdir -p $$@
# make expands the whole recipe before it runs the first line: the folder is a prerequisite.
$(APP$(2)_BUILD)/initrd.cpio: $(APP$(2)_BINARIES) FORCE | prerequisites-app-$(1) \
			      $(call uk_app_libc_goals,$(2)) $(APP$(2)_BUILD)
	$$(Q)$(SCRIPTS)/mkinitrd -o $$@ $$(call uk_app_libc_replace,$(2)) \
		$(call uk_app_initrd_args,$(2))
	$$(file >$$(@D)/cmdline,$$(APP$(2)_PROGRAM) $$(APP$(2)_ARGS))
test-app-$(1): $(APP$(2)_BUILD)/initrd.cpio
	$$(Q)UK_EXPECT='$(APP$(2)_EXPECT)' UK_EXPECT_CMD='$(APP$(2)_EXPECT_CMD)' \
		$(SCRIPTS)/test-app '$(1)' '$(or $(APP$(2)_STATUS),0)' '$(MAKE)'
.PHONY: prerequisites-app-$(1) test-app-$(1)
endef
$(foreach app,$(UK_APPS),$(eval $(call uk_app_rules,$(app),$(call ucase,$(app)))))

apps: $(foreach app,$(UK_APPS),$(APP$(call ucase,$(app))_BUILD)/initrd.cpio)
	@echo 'Apps, for make run APP=<name>:'
	@$(foreach app,$(UK_APPS),printf '  %-26s %s\n' '$(app)' '$(APP$(call \
		ucase,$(app))_ABOUT)';)
# Servers do not end by themselves.
test-apps: $(foreach app,$(UK_APPS),$(if $(APP$(call ucase,$(app))_PORTS),,test-app-$(app)))

# docs/syscall-sites.md, checked in: the shapes that the system calls of these files have.
UK_SITE_APPS  := helloworld-static helloworld-musl-static go rust
UK_SITE_FILES := 'glibc, libc.so.6=/lib/x86_64-linux-gnu/libc.so.6' \
		 'glibc, ld.so=/lib64/ld-linux-x86-64.so.2' \
		 'glibc, a small static program=$(APPHELLOWORLD_STATIC_BINARIES)' \
		 'busybox, static with glibc=/bin/busybox' \
		 'glibc, patched=$(UK_LIBC_DIR)/glibc/libc.so.6' \
		 'musl, libc.so=/lib/ld-musl-x86_64.so.1' \
		 'musl, patched=$(UK_LIBC_DIR)/musl/ld-musl-x86_64.so.1' \
		 'musl, a small static program=$(APPHELLOWORLD_MUSL_STATIC_BINARIES)' \
		 'Go, static=$(APPGO_BINARIES)' \
		 'Rust, dynamic=$(APPRUST_BINARIES)' \
		 'redis-server=/usr/bin/redis-server' \
		 'python3=/usr/bin/python3'
syscall-sites: $(foreach app,$(UK_SITE_APPS),$(APP$(call ucase,$(app))_BINARIES)) libc-glibc \
		libc-musl | prerequisites-test
	$(Q)$(SCRIPTS)/prerequisites -p redis-server python3 musl $(APPBUSYBOX_PACKAGES)
	$(Q)$(SCRIPTS)/syscall-sites -o docs/syscall-sites.md $(UK_SITE_FILES)

FORCE:
.PHONY: apps test-apps syscall-sites FORCE
