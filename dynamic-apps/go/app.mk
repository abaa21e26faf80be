# SPDX-License-Identifier: BSD-3-Clause
# Go makes its own system calls and has its own threads, stacks and signal frames: no C library.
define uk_go
$(call addapp,$(1))
APP$(2)_ABOUT    := a static program built by the Go of Debian: $(3)
APP$(2)_PACKAGES := golang-go
APP$(2)_LIBC     := none
APP$(2)_BINARIES := $$(APP$(2)_BUILD)/$(4)
APP$(2)_PROGRAM  := /$(4)
APP$(2)_FILES    := $$(APP$(2)_BUILD)/$(4):/$(4)
$$(APP$(2)_BUILD)/$(4): dynamic-apps/go/$(4).go
	$$(Q)mkdir -p $$(@D)
	$$(Q)cd $$(<D) && GOCACHE=$$(abspath $$(@D))/cache GOPATH=$$(abspath $$(@D))/path \
		GO111MODULE=off GOFLAGS= CGO_ENABLED=0 GOOS=linux GOARCH=amd64 \
		go build -o $$(abspath $$@) $$(<F)
endef

$(eval $(call uk_go,go,GO,goroutines and signals,sample))
APPGO_EXPECT := dynamic-apps/go/expected
$(eval $(call uk_go,go-http,GO_HTTP,net/http on port 8080,http))
APPGO_HTTP_PORTS := tcp:8080
