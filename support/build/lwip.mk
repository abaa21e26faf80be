# SPDX-License-Identifier: BSD-3-Clause
# liblwip: the TCP/IP stack, as Debian's source package carries it, compiled with the kernel's flags
# and the configuration in core/net/lwip/include. Nothing of it is in this tree.

LWIP_VERSION := 2.1.3+dfsg1-2
LWIP_SHA256  := 0a8276d09fc4e97bbba2f953d74af2388fc2195ea156be9d7589e297a68fde24
LWIP_DIR     := $(UK_SOURCES)/lwip-$(LWIP_VERSION)
LWIP_READY   := $(LWIP_DIR)/.unpacked
LWIP_PORT    := core/net/lwip/include

# Not raw and tcp_in, which are part of core/net/tcp_predict.c, and tcp_out, ip4 and etharp, which are
# part of core/net/tcp_output.c; core/net/lwip_checksum.c and lwip_memp.c stand for inet_chksum and memp.
LWIP_CORE := def init ip mem netif pbuf stats tcp timeouts udp ipv4/dhcp ipv4/icmp ipv4/igmp \
	     ipv4/ip4_addr ipv4/ip4_frag \
	     ipv6/ethip6 ipv6/icmp6 ipv6/inet6 ipv6/ip6 ipv6/ip6_addr ipv6/ip6_frag ipv6/mld6 ipv6/nd6

# What core/net and the drivers of network devices need to see of it.
LWIP_CINCLUDES := -I$(LWIP_PORT) -I$(LWIP_DIR)/src/include

$(eval $(call addlib_s,liblwip,$(CONFIG_LIBUKNET)))
LIBLWIP_BASE := $(LWIP_DIR)
LIBLWIP_SRCS-y += $(LWIP_CORE:%=$(LWIP_DIR)/src/core/%.c) $(LWIP_DIR)/src/netif/ethernet.c

# Its own style of C, and a few headers of a C library (core/net/lwip/include/libc).
LIBLWIP_SUPPRESS-y  := -Wall -Wextra -Wstrict-prototypes -Wmissing-prototypes
LIBLWIP_CFLAGS-y    := -w
LIBLWIP_CINCLUDES-y := $(LWIP_CINCLUDES) -I$(LWIP_PORT)/libc
LIBLWIP_DEPS-y      := $(LWIP_READY)

# Named once, so that libraries which include its headers can depend on it.
$(LWIP_READY):
	$(Q)$(SCRIPTS)/fetch-source lwip $(LWIP_VERSION) $(LWIP_SHA256)
$(LIBLWIP_SRCS-y): | $(LWIP_READY)
	$(Q)test -f $@

LIBLWIP_COLD-y := dhcp icmp icmp6 igmp ip4_frag ip6_frag mld6
