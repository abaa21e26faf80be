# SPDX-License-Identifier: BSD-3-Clause
$(eval $(call addlibc,musl,musl))
LIBC_MUSL_VERSION       := 1.2.3-1
LIBC_MUSL_SHA256        := 7d5b0b6062521e4627e099e4c9dc8248d32a30285e959b7eecaa780cf8cfd4a4
LIBC_MUSL_DEBIAN_SHA256 := 8f12cc808dbec030179a25ce2645a4c0b622ee8011c2afcec53b87ec5867a8cc
LIBC_MUSL_FILES         := /lib/ld-musl-x86_64.so.1
