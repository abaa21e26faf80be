# SPDX-License-Identifier: BSD-3-Clause
$(eval $(call addapp,lua))
APPLUA_ABOUT    := Lua 5.4 from Debian (dynamic, PIE, glibc) with a sample script
APPLUA_PACKAGES := lua5.4
APPLUA_PROGRAM  := /usr/bin/lua5.4
APPLUA_FILES    := $(APPLUA_BASE)/sample.lua:/sample.lua
APPLUA_ARGS     := /sample.lua
APPLUA_EXPECT   := $(APPLUA_BASE)/expected
