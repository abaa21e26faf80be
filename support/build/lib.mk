# SPDX-License-Identifier: BSD-3-Clause
# Micro-library registration, for Makefile.uk files:
#
#   $(eval $(call addlib,libukfoo))                      always part of the image
#   $(eval $(call addlib_s,libukfoo,$(CONFIG_LIBUKFOO))) part of it when the option is set
#
# after which these may be set (+=; the suffix is y, or an option's value):
#
#   LIBUKFOO_SRCS-y         sources, .c or .S, below $(LIBUKFOO_BASE) or $(LIBUKFOO_BUILD)
#   LIBUKFOO_CFLAGS-y  LIBUKFOO_ASFLAGS-y  LIBUKFOO_CINCLUDES-y    for these sources
#   LIBUKFOO_BAR_FLAGS-y    for bar.c (or bar.S) alone
#   LIBUKFOO_COLD-y         files that run seldom (bar, without .c; `all`): made small, not fast
#   LIBUKFOO_DEPS-y         what must exist before they are compiled (generated headers, say)
#   LIBUKFOO_OBJS-y         objects made by rules of the library's own
#   LIBUKFOO_SUPPRESS-y     flags taken away from these sources
#   CINCLUDES-y CFLAGS-y ASINCLUDES-y ASFLAGS-y    for every source of the image
#
# LIBUKFOO_BASE is the folder of the Makefile.uk, LIBUKFOO_BUILD where its objects go.

UK_LIBS :=
empty   :=
space   := $(empty) $(empty)

uk_letters := a:A b:B c:C d:D e:E f:F g:G h:H i:I j:J k:K l:L m:M n:N o:O p:P q:Q r:R s:S t:T u:U \
	      v:V w:W x:X y:Y z:Z -:_ .:_ +:_
# Upper case, and an underscore for what no variable name may hold.
uk_from = $(word 1,$(subst :, ,$(firstword $(1))))
uk_to   = $(word 2,$(subst :, ,$(firstword $(1))))
uk_fold = $(if $(2),$(call uk_fold,$(subst $(call uk_from,$(2)),$(call uk_to,$(2)),$(1)),$(wordlist \
	  2,99,$(2))),$(1))
ucase   = $(call uk_fold,$(1),$(uk_letters))

# $(1) name, $(2) its folder, $(3) its name in upper case
define uk_register
$(if $(filter $(1),$(UK_LIBS)),$(error $(2): micro-library '$(1)' is registered twice))
UK_LIBS += $(1)
$(3)_BASE  := $(2)
$(3)_BUILD := $(BUILD_DIR)/$(1)
endef

uk_this_folder = $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))

addlib   = $(call uk_register,$(1),$(uk_this_folder),$(call ucase,$(1)))
# Without its option a library is not there, but its folder still has a name.
addlib_s = $(if $(filter y,$(2)),$(call addlib,$(1)),$(call ucase,$(1))_BASE := $(uk_this_folder))

# Makes file $(1) hold the text $(2); leaves it alone when it does already. (GNU Make 4.3 does not
# always take the newline from the end of what $(file <) reads: hence strip.)
uk_keep_text = $(if $(call uk_same,$(strip $(file <$(1))),$(strip $(2))),,$(shell mkdir -p $(dir \
	       $(1)))$(file >$(1),$(strip $(2))))
uk_same      = $(and $(findstring x$(1)x,x$(2)x),$(findstring x$(2)x,x$(1)x))
