# SPDX-License-Identifier: BSD-3-Clause
$(eval $(call addapp,duktape))
APPDUKTAPE_ABOUT    := the Duktape JavaScript shell from Debian with a sample script
APPDUKTAPE_PACKAGES := duktape
APPDUKTAPE_PROGRAM  := /usr/bin/duk
APPDUKTAPE_FILES    := $(APPDUKTAPE_BASE)/sample.js:/sample.js
APPDUKTAPE_ARGS     := /sample.js
APPDUKTAPE_EXPECT   := $(APPDUKTAPE_BASE)/expected
