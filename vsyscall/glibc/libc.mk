# SPDX-License-Identifier: BSD-3-Clause
$(eval $(call addlibc,glibc,libc6))
LIBC_GLIBC_VERSION       := 2.36-9+deb12u14
LIBC_GLIBC_SHA256        := a543c02070d46ccaf866957efd13f10c924daa74c86a90a0254db09a92a708ee
LIBC_GLIBC_DEBIAN_SHA256 := cf4ac9cd98185452cae3ef34e2e4ee12753e3d93fd0c62c61396d4a47eec902f
LIBC_GLIBC_FILES         := /lib/x86_64-linux-gnu/ld-linux-x86-64.so.2 \
			    /lib/x86_64-linux-gnu/libc.so.6
