# SPDX-License-Identifier: BSD-3-Clause
# Objects of the registered micro-libraries. An object is remade when its source, a header it
# includes (-MMD), the configuration or its command line changed; the last is known from the file
# <library>/.flags, which is written only when it would read differently.

uk_if_c  = $(if $(filter %.c,$(1)),$(2),$(3))
# build/<lib>/<path below its folder>.o
uk_obj   = $($(2)_BUILD)/$(patsubst $($(2)_BASE)/%,%,$(patsubst $($(2)_BUILD)/%,%,$(1))).o
uk_file_name  = $(basename $(notdir $(1)))
uk_file_flags = $(if $(filter all $(uk_file_name),$($(2)_COLD-y)),-Os) \
		$($(2)_$(call ucase,$(uk_file_name))_FLAGS-y)

# $(1) the library in upper case
uk_lib_cflags  = $(filter-out $($(1)_SUPPRESS-y),$(CFLAGS-y)) $($(1)_CINCLUDES-y) \
		 $(if $($(1)_NO_GLOBAL_INCLUDES),,$(CINCLUDES-y)) $($(1)_CFLAGS-y) $(UK_CFLAGS)
uk_lib_asflags = $(ASFLAGS-y) $($(1)_CINCLUDES-y) $(CINCLUDES-y) $(ASINCLUDES-y) \
		 $($(1)_ASFLAGS-y) $(UK_ASFLAGS)

# $(1) library, $(2) the same in upper case, $(3) source, $(4) object
define uk_object_rule
UK_OBJS += $(4)
$(4): $(3) $($(2)_BUILD)/.flags | $($(2)_DEPS-y)
	$$(Q)mkdir -p $$(@D)
	$$(call uk_say,$(call uk_if_c,$(3),CC,AS)      $(4))
	$$(Q)$(CC) $(call uk_if_c,$(3),$$($(2)_ALL_CFLAGS),$$($(2)_ALL_ASFLAGS)) \
		$(call uk_file_flags,$(3),$(2)) -MMD -MP -MF $(4:.o=.d) -c $(3) -o $(4)
-include $(4:.o=.d)
endef

define uk_library_rules
$(2)_ALL_CFLAGS  := $$(strip $$(call uk_lib_cflags,$(2)))
$(2)_ALL_ASFLAGS := $$(strip $$(call uk_lib_asflags,$(2)))
$$(call uk_keep_text,$$($(2)_BUILD)/.flags,$$(CC_VERSION) $$(CC) $$($(2)_ALL_CFLAGS) : \
	$$($(2)_ALL_ASFLAGS) $$(foreach src,$$($(2)_SRCS-y),$$(call uk_file_flags,$$(src),$(2))))
$$(foreach src,$$($(2)_SRCS-y),$$(eval $$(call uk_object_rule,$(1),$(2),$$(src),$$(call \
	uk_obj,$$(src),$(2)))))
UK_OBJS += $$($(2)_OBJS-y)
endef

UK_OBJS :=
$(foreach lib,$(UK_LIBS),$(eval $(call uk_library_rules,$(lib),$(call ucase,$(lib)))))
