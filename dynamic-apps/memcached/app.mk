# SPDX-License-Identifier: BSD-3-Clause
# make run APP=memcached PORTS=tcp:11211
$(eval $(call addapp,memcached))
APPMEMCACHED_ABOUT    := memcached from Debian, four worker threads, port 11211
APPMEMCACHED_PACKAGES := memcached
APPMEMCACHED_PROGRAM  := /usr/bin/memcached
APPMEMCACHED_ARGS     := -u root -A
APPMEMCACHED_PORTS    := tcp:11211
