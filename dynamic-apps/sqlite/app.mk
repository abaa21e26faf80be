# SPDX-License-Identifier: BSD-3-Clause
$(eval $(call addapp,sqlite))
APPSQLITE_ABOUT    := the SQLite shell from Debian; by default a script against a database in /tmp
APPSQLITE_PACKAGES := sqlite3
APPSQLITE_PROGRAM  := /usr/bin/sqlite3
APPSQLITE_FILES    := $(APPSQLITE_BASE)/sample.sql:/sample.sql
APPSQLITE_ARGS     := -batch /tmp/sample.db '.read /sample.sql'
APPSQLITE_EXPECT   := $(APPSQLITE_BASE)/expected
