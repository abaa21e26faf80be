# SPDX-License-Identifier: BSD-3-Clause
$(eval $(call addapp,bc))
APPBC_ABOUT    := GNU bc from Debian; by default a script that counts, divides and draws a root
APPBC_PACKAGES := bc
APPBC_PROGRAM  := /usr/bin/bc
APPBC_FILES    := $(APPBC_BASE)/sample.bc:/sample.bc
APPBC_ARGS     := -q -l /sample.bc
APPBC_EXPECT   := $(APPBC_BASE)/expected
