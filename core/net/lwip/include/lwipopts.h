/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lwIP's configuration: the raw API under one lock (net_lock()), no thread of its own, memory from
 * the kernel heap, timers in core/net/timers.c. Numbers of objects are limited by memory only.
 */
#ifndef LWIPOPTS_H
#define LWIPOPTS_H

/* --- how it is called --- */
#define NO_SYS                  1
#define SYS_LIGHTWEIGHT_PROT    0
#define LWIP_NETCONN            0
#define LWIP_SOCKET             0
#define LWIP_TIMERS             1
#define LWIP_TIMERS_CUSTOM      1
#define LWIP_TCPIP_CORE_LOCKING 0
#define LWIP_MPU_COMPATIBLE     0

/* --- memory --- */
#define MEM_LIBC_MALLOC 1
#define MEMP_MEM_MALLOC 1
#define MEM_ALIGNMENT   8
#define mem_clib_malloc net_malloc
#define mem_clib_calloc uk_calloc
#define mem_clib_free   uk_free
void *net_malloc(unsigned long size); /* <uk/net.h> */
void *uk_calloc(unsigned long count, unsigned long size);
void uk_free(void *ptr);
#define MEMP_NUM_SYS_TIMEOUT     16 /* not used; must pass a check */
#define LWIP_PBUF_REF_T          u16_t
#define LWIP_SUPPORT_CUSTOM_PBUF 1
/* In front of every frame: the header a device wants (struct virtio_net_hdr_v1), aligned. */
#define PBUF_LINK_ENCAPSULATION_HLEN 16

/* --- interfaces --- */
#define LWIP_ARP                       1
#define ARP_TABLE_SIZE                 127
#define ETHARP_TABLE_MATCH_NETIF       1
#define ARP_QUEUEING                   1
#define ARP_QUEUE_LEN                  16
#define LWIP_HAVE_LOOPIF               1
#define LWIP_NETIF_LOOPBACK            1
#define LWIP_LOOPBACK_MAX_PBUFS        0
#define LWIP_LOOPIF_MULTICAST          1
#define LWIP_NETIF_HOSTNAME            1
#define LWIP_NETIF_EXT_STATUS_CALLBACK 1
#define LWIP_NETIF_TX_SINGLE_PBUF      0
#define LWIP_NETIF_HWADDRHINT          1

/* --- IPv4, ICMP, IGMP, UDP, raw --- */
#define LWIP_IPV4                 1
#define LWIP_ICMP                 1
#define LWIP_IGMP                 1
#define LWIP_MULTICAST_TX_OPTIONS 1
#define LWIP_RAW                  1
#define LWIP_UDP                  1
#define IP_FORWARD                0
#define IP_REASSEMBLY             1
#define IP_REASS_MAX_PBUFS        256
#define IP_FRAG                   1
#define IP_SOF_BROADCAST          1
#define IP_SOF_BROADCAST_RECV     1
#define LWIP_DHCP                 1
#define DHCP_DOES_ARP_CHECK       0 /* an address at once; Linux' clients do not check either */
#define LWIP_DNS                  0
#define LWIP_BROADCAST_PING       0
#define LWIP_MULTICAST_PING       0

/* --- IPv6 --- */
#define LWIP_IPV6                 1
#define LWIP_IPV6_NUM_ADDRESSES   5
#define LWIP_IPV6_SCOPES          1
#define LWIP_IPV6_AUTOCONFIG      1
#define LWIP_IPV6_MLD             1
#define LWIP_IPV6_FRAG            1
#define LWIP_IPV6_REASS           1
#define IPV6_FRAG_COPYHEADER      1 /* a pointer does not fit into a fragment header */
#define LWIP_IPV6_DHCP6           0
#define LWIP_ND6_NUM_NEIGHBORS    64
#define LWIP_ND6_NUM_DESTINATIONS 64
#define LWIP_ND6_QUEUEING         1
#define MEMP_NUM_ND6_QUEUE        64

/* --- TCP --- */
#define LWIP_TCP                           1
#define TCP_MSS                            1460
#define LWIP_WND_SCALE                     1
#define TCP_RCV_SCALE                      4
#define TCP_WND                            (512 * 1024)
#define TCP_SND_BUF                        (512 * 1024)
#define TCP_SND_QUEUELEN                   0xfff0
#define TCP_SNDLOWAT                       (16 * 1024) /* of an API we do not use; must pass a check */
#define TCP_SNDQUEUELOWAT                  0x8000
#define TCP_OVERSIZE                       TCP_MSS
#define TCP_QUEUE_OOSEQ                    1
#define TCP_OOSEQ_MAX_BYTES                TCP_WND
#define LWIP_TCP_SACK_OUT                  1
#define LWIP_TCP_TIMESTAMPS                1
#define LWIP_TCP_KEEPALIVE                 1
#define TCP_LISTEN_BACKLOG                 1
#define TCP_DEFAULT_LISTEN_BACKLOG         128
#define TCP_MAXRTX                         12
#define TCP_SYNMAXRTX                      6
#define SO_REUSE                           1
#define SO_REUSE_RXTOALL                   1
#define LWIP_TCP_PCB_NUM_EXT_ARGS          1
#define LWIP_RANDOMIZE_INITIAL_LOCAL_PORTS 1

/* --- checksums: what a device computes or has checked, the interface's flags turn off --- */
#define LWIP_CHECKSUM_CTRL_PER_NETIF 1

/* --- counters: those of /proc/net/snmp --- */
#define LWIP_STATS       1
#define LWIP_STATS_LARGE 1
#define MIB2_STATS       1
#define LINK_STATS       0
#define ETHARP_STATS     0
#define IP_STATS         0
#define IPFRAG_STATS     0
#define ICMP_STATS       0
#define IGMP_STATS       0
#define UDP_STATS        0
#define TCP_STATS        0
#define MEM_STATS        0
#define MEMP_STATS       0
#define SYS_STATS        0
#define IP6_STATS        0
#define ICMP6_STATS      0
#define IP6_FRAG_STATS   0
#define MLD6_STATS       0
#define ND6_STATS        0

#define LWIP_HOOK_FILENAME "lwip_hooks.h"

#endif /* LWIPOPTS_H */
