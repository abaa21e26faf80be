# SPDX-License-Identifier: BSD-3-Clause
# make run APP=curl NET=1 ARGS="-s http://10.0.2.2:8080/" reads from a server on this machine.
$(eval $(call addapp,curl))
APPCURL_ABOUT    := curl from Debian with its certificates; alone it tells its version
APPCURL_PACKAGES := curl ca-certificates
APPCURL_PROGRAM  := /usr/bin/curl
APPCURL_FILES    := /etc/ssl/certs/ca-certificates.crt
APPCURL_ARGS     := --version
APPCURL_EXPECT_CMD := curl --version
