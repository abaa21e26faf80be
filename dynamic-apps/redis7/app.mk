# SPDX-License-Identifier: BSD-3-Clause
# make run APP=redis7 PORTS=tcp:6379
# Snapshots (--save) and rewrites of the log need a child process; an append-only file does not:
#   ARGS="--protected-mode no --save '' --appendonly yes"
$(eval $(call addapp,redis7))
APPREDIS7_ABOUT    := Redis 7.0 from Debian, port 6379
APPREDIS7_PACKAGES := redis-server redis-tools
APPREDIS7_PROGRAM  := /usr/bin/redis-server
APPREDIS7_ARGS     := --protected-mode no --save ''
APPREDIS7_PORTS    := tcp:6379

# Redis' own tests, from its source package, against the server in the guest.
# [UNITS="unit/type/string ..."] [UPDATE=1]
REDIS_VERSION := 7.0.15-1~deb12u10
REDIS_SHA256  := 4b1dc4ee6d622a09fff9c6777191209750fb5e5a725ef78ea012d6eef4c22982
REDIS_DIR     := $(UK_SOURCES)/redis-$(REDIS_VERSION)

test-redis: image $(APPREDIS7_BUILD)/initrd.cpio | prerequisites-run
	$(Q)$(SCRIPTS)/prerequisites -p tcl iproute2
	$(Q)$(SCRIPTS)/fetch-source redis 5:$(REDIS_VERSION) $(REDIS_SHA256)
	$(Q)$(APPREDIS7_BASE)/test-redis --kernel $(UK_IMAGE) \
		--initrd $(APPREDIS7_BUILD)/initrd.cpio --source '$(REDIS_DIR)' \
		$(if $(UPDATE),--update) $(UNITS)
.PHONY: test-redis
