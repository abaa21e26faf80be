# SPDX-License-Identifier: BSD-3-Clause
# Go makes its own system calls and has its own threads, stacks and signal frames: no C library.
$(eval $(call addapp,go))
APPGO_ABOUT    := a static program built by the Go of Debian: goroutines, collector, timers, signals
APPGO_PACKAGES := golang-go
APPGO_BINARIES := $(APPGO_BUILD)/sample
APPGO_PROGRAM  := /sample
APPGO_FILES    := $(APPGO_BUILD)/sample:/sample
APPGO_EXPECT   := $(APPGO_BASE)/expected
$(APPGO_BUILD)/sample: $(APPGO_BASE)/sample.go
	$(Q)mkdir -p $(@D)
	$(Q)cd $(<D) && GOCACHE=$(abspath $(@D))/cache GOPATH=$(abspath $(@D))/path GO111MODULE=off \
		GOFLAGS= CGO_ENABLED=0 GOOS=linux GOARCH=amd64 go build -o $(abspath $@) $(<F)
