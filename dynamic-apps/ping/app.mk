# SPDX-License-Identifier: BSD-3-Clause
# make run APP=ping NET=1 ARGS="-c 3 10.0.2.2"; alone it asks the guest itself.
$(eval $(call addapp,ping))
APPPING_ABOUT    := ping of iputils from Debian
APPPING_PACKAGES := iputils-ping
APPPING_PROGRAM  := /usr/bin/ping
APPPING_ARGS     := -c 3 -i 0.01 127.0.0.1
