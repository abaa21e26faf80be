# SPDX-License-Identifier: BSD-3-Clause
# CPython from Debian with its whole standard library; `python3` alone is the plain sample, and what
# `make run APP=python3 ARGS="-c '...'"` takes.
UK_PYTHON_LIB := /usr/lib/python3.11

# $(1) app, $(2) in upper case, $(3) about, $(4) sample
define uk_python
$(call addapp,$(1))
APP$(2)_ABOUT    := Python 3 from Debian with its standard library: $(3)
APP$(2)_PACKAGES := python3
APP$(2)_PROGRAM  := /usr/bin/python3
APP$(2)_FILES    := $(UK_PYTHON_LIB) dynamic-apps/python3/$(4).py:/$(4).py
APP$(2)_EXCLUDE  := $(addprefix $(UK_PYTHON_LIB)/,config-* test ctypes/test) */tests
APP$(2)_ARGS     := /$(4).py
APP$(2)_EXPECT   := dynamic-apps/python3/$(4).expected
endef

$(eval $(call uk_python,python3,PYTHON3,a plain script,sample))
$(eval $(call uk_python,python3-threads,PYTHON3_THREADS,threads,threads))
$(eval $(call uk_python,python3-asyncio,PYTHON3_ASYNCIO,asyncio,aio))

# A server in the guest that any browser reads.
$(eval $(call uk_python,python3-http,PYTHON3_HTTP,http.server on port 8000,sample))
APPPYTHON3_HTTP_FILES := $(UK_PYTHON_LIB) dynamic-apps/nginx/index.html:/srv/index.html
APPPYTHON3_HTTP_ARGS  := -m http.server -d /srv 8000
APPPYTHON3_HTTP_EXPECT :=
APPPYTHON3_HTTP_PORTS := tcp:8000

# CPython's own tests as well: any of them by hand, and those of suites.expected by a goal of its own
# (they take minutes).
$(eval $(call addapp,python3-tests))
APPPYTHON3_TESTS_ABOUT    := Python 3 with the tests of its own: ARGS="-m test -v NAME"
APPPYTHON3_TESTS_PACKAGES := python3 libpython3.11-testsuite netbase
APPPYTHON3_TESTS_PROGRAM  := /usr/bin/python3
APPPYTHON3_TESTS_FILES    := $(UK_PYTHON_LIB) $(APPPYTHON3_TESTS_BASE)/suite.py:/suite.py \
			     /etc/passwd /etc/group /etc/services
APPPYTHON3_TESTS_EXCLUDE  := $(UK_PYTHON_LIB)/config-*
APPPYTHON3_TESTS_ARGS     := -m test test_bisect
APPPYTHON3_TESTS_MEM      := 512

# [SUITES="test_json ..."] [UPDATE=1]
test-python: image $(APPPYTHON3_TESTS_BUILD)/initrd.cpio | prerequisites-run
	$(Q)$(APPPYTHON3_TESTS_BASE)/test-python --kernel $(UK_IMAGE) \
		--initrd $(APPPYTHON3_TESTS_BUILD)/initrd.cpio $(if $(UPDATE),--update) $(SUITES)
.PHONY: test-python
