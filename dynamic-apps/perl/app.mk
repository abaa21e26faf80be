# SPDX-License-Identifier: BSD-3-Clause
# perl itself is in every Debian ("perl-base"); "perl" brings the modules that go along here.
$(eval $(call addapp,perl))
APPPERL_ABOUT    := Perl from Debian with its modules and a sample script
APPPERL_PACKAGES := perl
APPPERL_PROGRAM  := /usr/bin/perl
APPPERL_FILES    := /usr/share/perl /usr/lib/x86_64-linux-gnu/perl \
		    /usr/lib/x86_64-linux-gnu/perl-base $(APPPERL_BASE)/sample.pl:/sample.pl
APPPERL_EXCLUDE  := */CORE *.pod *.a
APPPERL_ARGS     := /sample.pl
APPPERL_EXPECT   := $(APPPERL_BASE)/expected
