# SPDX-License-Identifier: BSD-3-Clause
$(eval $(call addapp,busybox))
APPBUSYBOX_ABOUT      := the BusyBox multi-call binary from Debian (ARGS="<applet> ...")
# "busybox" and "busybox-static" exclude each other: take the one that is there.
APPBUSYBOX_PACKAGES   := $(if $(wildcard /bin/busybox),,busybox-static)
APPBUSYBOX_LIBC       := none
APPBUSYBOX_PROGRAM    := /bin/busybox
APPBUSYBOX_ARGS       := sha256sum /bin/busybox
APPBUSYBOX_EXPECT_CMD := sha256sum /bin/busybox
