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
