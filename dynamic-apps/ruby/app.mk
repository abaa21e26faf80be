# SPDX-License-Identifier: BSD-3-Clause
$(eval $(call addapp,ruby))
APPRUBY_ABOUT    := Ruby from Debian with its standard library and a sample script with threads
APPRUBY_PACKAGES := ruby
APPRUBY_PROGRAM  := /usr/bin/ruby
APPRUBY_FILES    := /usr/lib/ruby /usr/lib/x86_64-linux-gnu/ruby \
		    $(APPRUBY_BASE)/sample.rb:/sample.rb
APPRUBY_ARGS     := /sample.rb
APPRUBY_EXPECT   := $(APPRUBY_BASE)/expected
