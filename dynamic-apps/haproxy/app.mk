# SPDX-License-Identifier: BSD-3-Clause
# make run APP=haproxy PORTS=tcp:8081:80
# In front of the machine that runs QEMU: port 8080 there, which nginx of the catalogue can be.
$(eval $(call addapp,haproxy))
APPHAPROXY_ABOUT    := HAProxy from Debian as one process, port 80 to port 8080 of the host
APPHAPROXY_PACKAGES := haproxy
APPHAPROXY_PROGRAM  := /usr/sbin/haproxy
APPHAPROXY_FILES    := $(APPHAPROXY_BASE)/haproxy.cfg:/etc/haproxy/haproxy.cfg
APPHAPROXY_ARGS     := -f /etc/haproxy/haproxy.cfg
APPHAPROXY_PORTS    := tcp:8081:80
