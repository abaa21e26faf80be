# SPDX-License-Identifier: BSD-3-Clause
# The image. Linked twice: the first link, with an empty symbol table, tells the addresses of the
# functions; the table made from them (gen-ksyms) lies behind all code, so that the second link
# moves no function. <image>.dbg keeps symbols and debug information, the image itself has neither.

UK_IMAGE     := $(BUILD_DIR)/$(UK_NAME)_qemu-$(CONFIG_UK_ARCH)
UK_LDSCRIPT  := plat/kvm/$(CONFIG_UK_ARCH)/link.lds.S
UK_LDS       := $(BUILD_DIR)/link/link.lds
UK_PASS1     := $(BUILD_DIR)/link/pass1.elf
UK_GEN_KSYMS := $(if $(CONFIG_KALLSYMS),$(wildcard $(SCRIPTS)/gen-ksyms))

image: $(UK_IMAGE)

$(call uk_keep_text,$(BUILD_DIR)/link/.flags,$(LD) $(LDFLAGS-y) $(UK_LDFLAGS) $(UK_OBJS) \
	$(UK_GEN_KSYMS) $(ASFLAGS-y) $(CINCLUDES-y))

$(UK_LDS): $(UK_LDSCRIPT) $(BUILD_DIR)/link/.flags
	$(Q)$(CC) -E -P -x assembler-with-cpp $(ASFLAGS-y) $(CINCLUDES-y) $(ASINCLUDES-y) \
		-MMD -MP -MT $@ -MF $@.d $< -o $@
-include $(UK_LDS).d

# $(1) objects besides those of the libraries
uk_link = $(LD) $(LDFLAGS-y) $(UK_LDFLAGS) -T $(UK_LDS) -o $@ $(UK_OBJS) $(1) $(LIBGCC)

ifneq ($(UK_GEN_KSYMS),)
$(BUILD_DIR)/link/ksyms%.o: $(BUILD_DIR)/link/ksyms%.S
	$(Q)$(CC) $(ASFLAGS-y) -c $< -o $@
$(BUILD_DIR)/link/ksyms1.S: $(UK_GEN_KSYMS)
	$(Q)$(UK_GEN_KSYMS) </dev/null >$@
$(UK_PASS1): $(UK_OBJS) $(UK_LDS) $(BUILD_DIR)/link/ksyms1.o $(BUILD_DIR)/link/.flags
	$(Q)$(call uk_link,$(BUILD_DIR)/link/ksyms1.o)
$(BUILD_DIR)/link/ksyms2.S: $(UK_PASS1) $(UK_GEN_KSYMS)
	$(Q)$(NM) -n $< | $(UK_GEN_KSYMS) >$@
UK_KSYMS_OBJ := $(BUILD_DIR)/link/ksyms2.o
else
UK_KSYMS_OBJ :=
endif

$(UK_IMAGE).dbg: $(UK_OBJS) $(UK_KSYMS_OBJ) $(UK_LDS) $(BUILD_DIR)/link/.flags
	$(call uk_say,LD      $@)
	$(Q)$(call uk_link,$(UK_KSYMS_OBJ))

$(UK_IMAGE): $(UK_IMAGE).dbg
	$(Q)$(OBJCOPY) --strip-all $< $@
	$(Q)$(SCRIPTS)/check-image $@
	$(call uk_say,IMAGE   $@ ($$(($$(wc -c <$@) / 1024)) KiB))
