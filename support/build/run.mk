# SPDX-License-Identifier: BSD-3-Clause
# make run: boots one program in QEMU and returns its status.
#
#   APP=<name>        an app of the catalogue (lua), or
#   EXEC=<program>    any program of this machine, with its libraries
#   ARGS="..."        its arguments, quoted as for a shell; the kernel splits them
#   FILES="HOST[:GUEST] ..."   files and folders to take along
#   LIBC=patched|distro        which C libraries (apps: patched, programs of this machine: distro)
#   PARAMS="..."      kernel parameters
#   KERNEL=<image>    another image than the one built here
#   PORTS="tcp:6379 udp:5353:53"   a network device, and ports of 127.0.0.1 that lead to the guest;
#                                  an app that serves has its own
#   NET=1, BRIDGE=br0, TAP=tap0     a network device on QEMU's user network, a bridge, a tap interface
#   MEM= CPUS= MACHINE= ACCEL= CPU= BOOT= TIMEOUT= QEMU_ARGS=   see qemu-guest -h
#
# make itself turns every failure into status 2. A loaded function (make_exit.c) ends it with the
# program's own; where make cannot load, the status is printed and make returns 2.

ifneq ($(filter run,$(MAKECMDGOALS)),)

UK_RUN_DIR  := $(BUILD_DIR)/run
UK_RUN_EXIT := $(BUILD_DIR)/support/make_exit.so

ifneq ($(EXEC),)
ifneq ($(APP),)
$(error EXEC= and APP= both name a program; give one)
endif
# Not `command -v`: a shell has some of them built in.
UK_RUN_FOUND   := $(firstword $(wildcard $(addsuffix /$(EXEC),$(subst :, ,$(PATH)))))
UK_RUN_PROGRAM := $(if $(findstring /,$(EXEC)),$(abspath $(EXEC)),$(UK_RUN_FOUND))
ifeq ($(wildcard $(UK_RUN_PROGRAM)),)
$(error EXEC=$(EXEC): no such program on this machine)
endif
UK_RUN_INITRD  := $(UK_RUN_DIR)/initrd.cpio
UK_RUN_ARGS     = $(value ARGS)
UK_RUN_PARAMS   = $(value PARAMS)
# So that the program shows names and times as it does on this machine.
UK_RUN_NAMES   := $(wildcard /etc/passwd /etc/group /etc/nsswitch.conf /etc/localtime)
$(UK_RUN_INITRD): FORCE | $(call uk_libc_goals,$(UK_LIBCS),distro)
	$(Q)mkdir -p $(@D)
	$(Q)$(SCRIPTS)/mkinitrd -o $@ $(call uk_libc_replace,$(UK_LIBCS),distro) $(addprefix -f ,$(UK_RUN_NAMES) $(FILES)) $(UK_RUN_PROGRAM)
else
UK_RUN_APP     := $(or $(APP),lua)
ifeq ($(filter $(UK_RUN_APP),$(UK_APPS)),)
$(error APP=$(UK_RUN_APP): not in the catalogue ($(strip $(UK_APPS))))
endif
UK_RUN_VAR     := APP$(call ucase,$(UK_RUN_APP))
UK_RUN_PROGRAM := $($(UK_RUN_VAR)_PROGRAM)
UK_RUN_INITRD  := $($(UK_RUN_VAR)_BUILD)/initrd.cpio
UK_RUN_ARGS     = $(if $(filter undefined,$(origin ARGS)),$($(UK_RUN_VAR)_ARGS),$(value ARGS))
UK_RUN_PARAMS   = $($(UK_RUN_VAR)_PARAMS) $(value PARAMS)
MEM            ?= $($(UK_RUN_VAR)_MEM)
ifeq ($(NET)$(BRIDGE)$(TAP),)
PORTS          ?= $($(UK_RUN_VAR)_PORTS)
endif
ifneq ($(FILES),)
UK_RUN_INITRD  := $(UK_RUN_DIR)/initrd.cpio
$(UK_RUN_INITRD): $($(UK_RUN_VAR)_BINARIES) FORCE | prerequisites-app-$(UK_RUN_APP) \
		   $(call uk_app_libc_goals,$(patsubst APP%,%,$(UK_RUN_VAR)))
	$(Q)mkdir -p $(@D)
	$(Q)$(SCRIPTS)/mkinitrd -o $@ $(addprefix -f ,$(FILES)) \
		$(call uk_app_libc_replace,$(patsubst APP%,%,$(UK_RUN_VAR))) \
		$(call uk_app_initrd_args,$(patsubst APP%,%,$(UK_RUN_VAR)))
endif
endif

# Through the environment, so that no shell takes the quotes of ARGS away.
run-guest: export UK_RUN_CMDLINE = $(strip $(UK_RUN_PARAMS) -- $(UK_RUN_PROGRAM)) $(UK_RUN_ARGS)
run-guest: export UK_RUN_QEMU_ARGS = $(value QEMU_ARGS)
run-guest: $(if $(KERNEL),,image) $(UK_RUN_INITRD) | prerequisites-run
	$(Q)mkdir -p $(UK_RUN_DIR)
	$(Q)status=0; $(SCRIPTS)/qemu-guest -k $(or $(KERNEL),$(UK_IMAGE)) \
		-i $(UK_RUN_INITRD) -a "$$UK_RUN_CMDLINE" -m $(or $(MEM),128) -c $(or $(CPUS),1) \
		-t $(or $(MACHINE),microvm) -A $(or $(ACCEL),auto) \
		$(if $(NET),-n) $(addprefix -p ,$(PORTS)) $(if $(BRIDGE),-b $(BRIDGE)) \
		$(if $(TAP),-d $(TAP)) $(if $(CPU),-C $(CPU)) $(if $(BOOT),-B $(BOOT)) \
		$(if $(TIMEOUT),-T $(TIMEOUT)) $(if $(filter 1,$(V)),-v) -x "$$UK_RUN_QEMU_ARGS" || status=$$?; \
		echo $$status >$(UK_RUN_DIR)/status

uk_dry_run    = $(findstring n,$(filter-out --%,$(firstword -$(MAKEFLAGS))))
uk_run_status = $(if $(uk_dry_run),0,$(file <$(UK_RUN_DIR)/status))

ifneq ($(filter load,$(.FEATURES)),)
-load $(UK_RUN_EXIT)(uk_exit_setup)
$(UK_RUN_EXIT): support/build/make_exit.c | prerequisites-build
	$(Q)mkdir -p $(@D)
	$(Q)$(HOSTCC) -shared -fPIC -O1 $< -o $@
run: run-guest
	@:$(if $(filter-out 0,$(uk_run_status)),$(uk-exit $(uk_run_status)))
else
run: run-guest
	@test $(uk_run_status) = 0 || { echo 'status: $(uk_run_status)'; exit $(uk_run_status); }
endif
.PHONY: run run-guest

endif
