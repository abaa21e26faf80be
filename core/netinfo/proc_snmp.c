/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Counters: /proc/net/snmp, netstat (proc(5)). lwIP counts what RFC 1213 has, in 32 bits; names of
 * counters that nobody here counts are left out. Who reads these goes by the names.
 */
#include <lwip/priv/tcp_priv.h>
#include <lwip/stats.h>
#include <uk/procfs.h>
#include "facts.h"
#include "proc.h"

#define TTL_DEFAULT 64
#define RTO_RFC6298 1 /* "other" in RFC 1213; Linux says 1, too */
#define RTO_MIN_MS  200
#define RTO_MAX_MS  120000

static void show_ip(struct seq *seq, const struct stats_mib2 *mib)
{
	seq_puts(seq,
		 "Ip: Forwarding DefaultTTL InReceives InHdrErrors InAddrErrors ForwDatagrams "
		 "InUnknownProtos InDiscards InDelivers OutRequests OutDiscards OutNoRoutes "
		 "ReasmTimeout ReasmReqds ReasmOKs ReasmFails FragOKs FragFails FragCreates\n");
	seq_printf(seq, "Ip: %d %d %u %u %u %u %u %u %u %u %u %u %u %u %u %u %u %u %u\n", 2,
		   TTL_DEFAULT, mib->ipinreceives, mib->ipinhdrerrors, mib->ipinaddrerrors,
		   mib->ipforwdatagrams, mib->ipinunknownprotos, mib->ipindiscards,
		   mib->ipindelivers, mib->ipoutrequests, mib->ipoutdiscards, mib->ipoutnoroutes, 0,
		   mib->ipreasmreqds, mib->ipreasmoks, mib->ipreasmfails, mib->ipfragoks,
		   mib->ipfragfails, mib->ipfragcreates);
}

static void show_icmp(struct seq *seq, const struct stats_mib2 *mib)
{
	seq_puts(seq, "Icmp: InMsgs InErrors InDestUnreachs InTimeExcds InParmProbs InSrcQuenchs "
		      "InRedirects InEchos InEchoReps OutMsgs OutErrors OutDestUnreachs "
		      "OutTimeExcds OutEchos OutEchoReps\n");
	seq_printf(seq, "Icmp: %u %u %u %u %u %u %u %u %u %u %u %u %u %u %u\n", mib->icmpinmsgs,
		   mib->icmpinerrors, mib->icmpindestunreachs, mib->icmpintimeexcds,
		   mib->icmpinparmprobs, mib->icmpinsrcquenchs, mib->icmpinredirects,
		   mib->icmpinechos, mib->icmpinechoreps, mib->icmpoutmsgs, mib->icmpouterrors,
		   mib->icmpoutdestunreachs, mib->icmpouttimeexcds, mib->icmpoutechos,
		   mib->icmpoutechoreps);
}

static void show_tcp(struct seq *seq, const struct stats_mib2 *mib, unsigned int established)
{
	seq_puts(seq, "Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens "
		      "AttemptFails EstabResets CurrEstab InSegs OutSegs RetransSegs InErrs "
		      "OutRsts\n");
	seq_printf(seq, "Tcp: %d %d %d %d %u %u %u %u %u %u %u %u %u %u\n", RTO_RFC6298, RTO_MIN_MS,
		   RTO_MAX_MS, -1, mib->tcpactiveopens, mib->tcppassiveopens, mib->tcpattemptfails,
		   mib->tcpestabresets, established, mib->tcpinsegs, mib->tcpoutsegs,
		   mib->tcpretranssegs, mib->tcpinerrs, mib->tcpoutrsts);
}

static void show_udp(struct seq *seq, const struct stats_mib2 *mib)
{
	seq_puts(seq, "Udp: InDatagrams NoPorts InErrors OutDatagrams\n");
	seq_printf(seq, "Udp: %u %u %u %u\n", mib->udpindatagrams, mib->udpnoports,
		   mib->udpinerrors, mib->udpoutdatagrams);
}

static unsigned int count_established(void)
{
	unsigned int count = 0;

	for (const struct tcp_pcb *pcb = tcp_active_pcbs; pcb; pcb = pcb->next)
		count += pcb->state == ESTABLISHED || pcb->state == CLOSE_WAIT;
	return count;
}

void netinfo_show_snmp(struct seq *seq)
{
	unsigned int established;
	struct stats_mib2 mib;

	if (net_start())
		return;
	net_lock();
	mib = lwip_stats.mib2;
	established = count_established();
	net_unlock();
	show_ip(seq, &mib);
	show_icmp(seq, &mib);
	show_tcp(seq, &mib, established);
	show_udp(seq, &mib);
}

void netinfo_show_netstat(struct seq *seq)
{
	uint64_t in = 0, out = 0;
	struct if_facts facts;
	struct netif *netif;

	if (net_start())
		return;
	net_lock();
	for (unsigned int i = 0; (netif = if_next(i)); i = facts.index + 1) {
		if_facts(netif, &facts);
		in += facts.stats.rx_bytes;
		out += facts.stats.tx_bytes;
	}
	net_unlock();
	seq_puts(seq, "IpExt: InOctets OutOctets\n");
	seq_printf(seq, "IpExt: %lu %lu\n", in, out);
}
