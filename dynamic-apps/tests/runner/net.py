# SPDX-License-Identifier: BSD-3-Clause
"""The network below sockets: interfaces come up on every transport, answer ARP and ping without
any program's help, take their addresses from netdev.ip= or DHCP, and survive bad frames."""
import os
import random
import shlex
import shutil
import struct
import time

from . import guest, wire
from .guest import Failed, Skipped
from .terminal import CTRL_D, Session
from .wire import Wire

GUEST, PEER = "192.0.2.15", "192.0.2.1"
STATIC = f"netdev.ip={GUEST}/24:{PEER}"
MAC = f"mac={wire.GUEST_MAC.hex(':')}"
MODERN_MMIO = "-global virtio-mmio.force-legacy=false"

# name: (machine, device, further QEMU arguments)
TRANSPORTS = {
    "mmio-legacy": ("microvm", "virtio-net-device", ""),
    "mmio": ("microvm", "virtio-net-device", MODERN_MMIO),
    "mmio-no-events": ("microvm", "virtio-net-device,event_idx=off,indirect_desc=off", MODERN_MMIO),
    "mmio-announced": ("microvm", "virtio-net-device", "-machine acpi=off"),
    "mmio-announced-modern": ("microvm", "virtio-net-device", f"-machine acpi=off {MODERN_MMIO}"),
    "pc": ("x86pc", "virtio-net-pci", ""),
    "pc-intx": ("x86pc", "virtio-net-pci,vectors=0", ""),
    "q35": ("x86q35", "virtio-net-pci", ""),
    "q35-intx": ("x86q35", "virtio-net-pci,vectors=0", ""),
    "q35-modern": ("x86q35", "virtio-net-pci,disable-legacy=on", ""),
    "q35-legacy": ("x86q35", "virtio-net-pci,disable-modern=on", ""),
    "q35-legacy-intx": ("x86q35", "virtio-net-pci,disable-modern=on,vectors=0", ""),
    "q35-bridge": ("x86q35", "virtio-net-pci,bus=bridge", "-device pcie-root-port,id=bridge"),
    "q35-no-merge": ("x86q35", "virtio-net-pci,mrg_rxbuf=off", ""),
    "q35-split-header": ("x86q35", "virtio-net-pci,disable-modern=on,mrg_rxbuf=off,any_layout=off",
                         ""),
    "q35-small-rings": ("x86q35", "virtio-net-pci,rx_queue_size=256,tx_queue_size=256,page-per-vq"
                        "=on", ""),
}


class Guest:
    """A guest on a wire, running a program that waits for its end of file."""

    def __init__(self, context, transport="mmio-legacy", params=STATIC, program="/usr/bin/cat",
                 more="", initrd=None):
        machine, device, first = TRANSPORTS[transport]
        self.wire = Wire()
        self.monitor = wire.Monitor(self.wire.folder)
        # A -device that others sit on comes first.
        extra = f"{first} {self.wire.netdev()} -device {device},netdev=wire,{MAC} {more} " \
                f"{self.monitor.argument()}"
        initrd = initrd or guest.mkinitrd(context, "net", programs=["/usr/bin/cat"])
        self.session = Session(guest.guest_argv(context, initrd, program, machine=machine,
                                                params=f"loglevel=3 {params}", extra=extra))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.session.close()
        self.wire.close()

    def end(self):
        """^D: cat ends, and with it the guest."""
        self.session.type(CTRL_D)
        status = self.session.finish()
        if status != 0:
            raise Failed(f"status {status}; last it said {self.session.seen[-200:]!r}")

    def resolve(self, target=GUEST):
        if not self.wire.ask(wire.arp_request(PEER, target),
                             lambda f: wire.is_arp_reply(f, target)):
            raise Failed(f"nobody answers ARP for {target}: {self.session.seen[-200:]!r}")

    def ping(self, data=b"ping", target=GUEST, seconds=20):
        request = wire.echo(8, 7, data)
        wanted = wire.echo(0, 7, data)
        frame = wire.ethernet(wire.GUEST_MAC, wire.IP4, wire.ip4(PEER, target, wire.ICMP, request))
        answer = self.wire.ask(frame, lambda f: self.answer_arp(f) or f[34:34 + len(wanted)] ==
                               wanted and f[23] == wire.ICMP, seconds)
        if not answer:
            raise Failed(f"no echo of {len(data)} bytes: {self.session.seen[-200:]!r}")

    def answer_arp(self, frame):
        """The guest looks for us. Returns False."""
        if frame[12:14] == b"\x08\x06" and frame[20:22] == b"\0\1" and \
                frame[38:42] == wire.address(PEER):
            self.wire.send(wire.ethernet(wire.GUEST_MAC, wire.ARP, struct.pack(
                "!HHBBH6s4s6s4s", 1, wire.IP4, 6, 4, 2, wire.PEER_MAC, wire.address(PEER),
                wire.GUEST_MAC, wire.address(GUEST))))
        return False


def replug(it):
    """The link goes and comes back: the guest asks whether its address is still good."""
    it.monitor.say("set_link wire off")
    it.session.expect("eth0: link down")
    it.monitor.say("set_link wire on")
    it.session.expect("eth0: link up")


def ping(context, transport):
    with Guest(context, transport) as it:
        it.resolve()
        for size in (0, 1, 56, 300, 1472):
            it.ping(bytes(i & 255 for i in range(size)))
        it.end()


def fragments(context):
    """A datagram in pieces, the last one first; the answer comes in pieces too."""
    data = bytes(i * 7 & 255 for i in range(4000))
    whole = wire.echo(8, 9, data)
    with Guest(context) as it:
        it.resolve()
        it.ping()
        for start in (2960, 1480, 0):
            piece = whole[start:start + 1480]
            more = 0x2000 if start + len(piece) < len(whole) else 0
            it.wire.send(wire.ethernet(wire.GUEST_MAC, wire.IP4, wire.ip4(
                PEER, GUEST, wire.ICMP, piece, start // 8 | more)))
        got = {}
        for frame in it.wire.frames(10):
            if frame[12:14] == b"\x08\x00" and frame[23] == wire.ICMP:
                length, = struct.unpack("!H", frame[16:18])
                offset = struct.unpack("!H", frame[20:22])[0] & 0x1FFF
                got[offset * 8] = frame[34:14 + length]
            if sum(map(len, got.values())) == len(whole):
                break
        if b"".join(got[k] for k in sorted(got)) != wire.echo(0, 9, data):
            raise Failed(f"the echo's pieces are {sorted((k, len(v)) for k, v in got.items())}")
        it.end()


def ping6(context):
    target, source = wire.link_local(wire.GUEST_MAC), wire.link_local(wire.PEER_MAC)
    with Guest(context) as it:
        if not it.wire.ask(wire.solicitation(source, target),
                           lambda f: f[12:14] == b"\x86\xdd" and f[54:55] == b"\x88"):
            raise Failed(f"nobody advertises {target}: {it.session.seen[-200:]!r}")
        request = wire.echo6(128, source, target, 3, b"six")
        wanted = wire.echo6(129, target, source, 3, b"six")
        if not it.wire.ask(wire.ethernet(wire.GUEST_MAC, wire.IP6,
                                         wire.ip6(source, target, wire.ICMP6, request)),
                           lambda f: f[54:54 + len(wanted)] == wanted):
            raise Failed("no echo by IPv6")
        it.end()


def serve_dhcp(it, offered, options, seconds=20):
    """Answers until the guest has its lease; the options it asked for."""
    for frame in it.wire.frames(seconds):
        asked = wire.dhcp_options(frame)
        if not asked:
            continue
        is_request = asked[53][0] == wire.REQUEST
        it.wire.send(wire.dhcp_reply(frame, wire.ACK if is_request else wire.OFFER, offered, PEER,
                                     options))
        if is_request:
            return set(asked[55])
    raise Failed(f"no request for a lease: {it.session.seen[-200:]!r}")


LEASE = {1: wire.address("255.255.255.0"), 3: wire.address(PEER), 15: b"example.test",
         6: wire.address("192.0.2.53") + wire.address("192.0.2.54"), 51: struct.pack("!I", 3600)}


def dhcp(context):
    """The program runs although nobody answers; the address arrives when the server does."""
    with Guest(context, params="") as it:
        it.session.expect(r"asking for an address \(DHCP\)")
        time.sleep(1)  # the console takes input from the program's start on
        it.session.type("still here\n")
        it.session.expect("still here\nstill here\n")
        asked = serve_dhcp(it, GUEST, LEASE)
        if not {1, 3, 6, 15} <= asked:
            raise Failed(f"it asks for the options {sorted(asked)} only")
        it.session.expect(rf"eth0: address {GUEST}/24, gateway {PEER}, DNS 192.0.2.53 \(DHCP\)")
        it.resolve()
        it.ping()
        it.end()


def broken_replies(frame, rng):
    """Offers, leases and refusals for this question, each broken in a few bytes or cut short."""
    for _ in range(200):
        reply = bytearray(wire.dhcp_reply(frame, rng.choice((wire.OFFER, wire.ACK, wire.NAK)), GUEST,
                                          PEER, LEASE))
        for _ in range(rng.randint(1, 8)):
            reply[rng.choice((rng.randrange(14, len(reply)), rng.randrange(282, len(reply))))] = \
                rng.choice((0, 1, 4, 53, 128, 255, rng.randrange(256)))
        if rng.random() < 0.3:
            del reply[rng.randrange(42, len(reply)):]
        yield bytes(reply)


def dhcp_malformed(context):
    """Whatever a server answers, the guest lives, and takes its address from a sound one."""
    rng = random.Random(8)
    with Guest(context, params="") as it:
        it.session.expect(r"asking for an address \(DHCP\)")
        for _ in range(6):
            for frame in it.wire.frames(2):
                if wire.dhcp_options(frame):
                    for reply in broken_replies(frame, rng):
                        it.wire.send(reply)
            replug(it)
        serve_dhcp(it, GUEST, LEASE)
        it.resolve()
        it.ping()
        it.end()


def dhcp_wait(context):
    """netdev.wait= keeps the program back until there is an address, which it then finds."""
    with Guest(context, params="netdev.wait=30",
               program="/usr/bin/cat /etc/resolv.conf -") as it:
        time.sleep(1)
        serve_dhcp(it, GUEST, LEASE)
        it.session.expect("search example.test\nnameserver 192.0.2.53\nnameserver 192.0.2.54\n")
        it.end()


def wait_in_vain(context):
    with Guest(context, params="netdev.wait=1", program="/usr/bin/cat") as it:
        it.session.expect("no address after 1 s")
        it.session.type("runs\n")
        it.session.expect("runs\nruns\n")
        it.end()


def bad_parameter(context):
    """A bad address is said and leaves the interface alone; the program runs."""
    with Guest(context, params="netdev.ip=10.0.0.300/24") as it:
        it.session.expect("netdev.ip=10.0.0.300/24: the address is not A.B.C.D/PREFIX")
        it.session.type("runs\n")
        it.session.expect("runs\nruns\n")
        it.end()


def names(context):
    with Guest(context, params=f"netdev.ip={GUEST}/24:{PEER}:192.0.2.7::box:lan",
               program="/usr/bin/cat /etc/hostname /etc/hosts /etc/resolv.conf -") as it:
        it.session.expect(r"box\n127.0.0.1\tlocalhost\n127.0.1.1\tbox\n(.|\n)*"
                          r"search lan\nnameserver 192.0.2.7\n")
        it.end()


def link(context):
    with Guest(context) as it:
        it.resolve()
        it.ping()
        replug(it)
        it.ping()
        it.end()


def mutations(rng):
    """Frames of every protocol, each broken in a few bytes or cut short."""
    tcp = struct.pack("!HHIIBBHHH", 1234, 80, 1, 0, 0x50, 2, 1024, 0, 0)
    seeds = [
        wire.arp_request(PEER, GUEST),
        wire.ethernet(wire.GUEST_MAC, wire.IP4, wire.ip4(PEER, GUEST, 1, wire.echo(8, 1, b"x" * 40))),
        wire.ethernet(wire.GUEST_MAC, wire.IP4, wire.ip4(PEER, GUEST, 6, tcp + b"\2\4\5\xb4" * 5)),
        wire.ethernet(wire.GUEST_MAC, wire.IP4, wire.ip4(
            PEER, GUEST, 17, struct.pack("!HHHH", 67, 68, 300, 0) + b"\2\1\6\0" * 73)),
        wire.ethernet(wire.GUEST_MAC, wire.IP4, wire.ip4(PEER, GUEST, 1, b"z" * 64, 0x2000 | 5)),
        wire.ethernet(wire.GUEST_MAC, wire.IP4, wire.ip4(PEER, "224.0.0.1", 2, b"\x11\0\0\0" * 2)),
        wire.solicitation(wire.link_local(wire.PEER_MAC), wire.link_local(wire.GUEST_MAC)),
        wire.ethernet(wire.GUEST_MAC, wire.IP6, wire.ip6(
            wire.link_local(wire.PEER_MAC), wire.link_local(wire.GUEST_MAC), 44, b"\6\0\0\1" * 20)),
        wire.ethernet(wire.GUEST_MAC, wire.IP6, wire.ip6(
            wire.link_local(wire.PEER_MAC), "ff02::1", 58, b"\x86\0\0\0" + b"\3\4\x40\xc0" * 20)),
    ]
    while True:
        frame = bytearray(rng.choice(seeds))
        for _ in range(rng.randint(1, 6)):
            frame[rng.randrange(12, len(frame))] = rng.choice((0, 1, 127, 128, 255,
                                                               rng.randrange(256)))
        if rng.random() < 0.3:
            del frame[rng.randrange(14, len(frame)):]
        yield bytes(frame)


def malformed(context, count=4000):
    with Guest(context) as it:
        it.resolve()
        frames = mutations(random.Random(4))
        for number in range(count):
            it.wire.send(next(frames))
            if number % 500 == 499:
                it.ping(b"alive")
        it.ping(b"alive to the end")
        it.end()


def two_devices(context):
    """Each has its own address, and answers for it on its own wire."""
    second = Wire()
    try:
        extra = f"{second.netdev('other')} -device virtio-net-device,netdev=other"
        with Guest(context, params=f'netdev.ip=[ "198.51.100.7/24" "{GUEST}/24" ]',
                   more=extra) as it:
            it.session.expect(r"eth1: address")
            found = [link.ask(wire.arp_request(PEER, GUEST), lambda f: wire.is_arp_reply(f, GUEST),
                              3) is not None for link in (it.wire, second)]
            if sorted(found) != [False, True]:
                raise Failed(f"{GUEST} answered on the wires: {found}")
            it.end()
    finally:
        second.close()


def entropy(context):
    """A CPU without RDRAND: the device's bytes are used, and nobody is warned."""
    program = guest.compile_c(context, guest.TESTS / "src" / "random.c", "random-static")
    initrd = guest.mkinitrd(context, "entropy", programs=[program])
    for machine, device in (("microvm", "virtio-rng-device"), ("x86q35", "virtio-rng-pci")):
        result = guest.boot(context, initrd, str(program), cpu="qemu64", machine=machine,
                            params="loglevel=2", extra=f"-device {device}")
        guest.expect_status(result, 0)
        if "guessable" in result.output:
            raise Failed(f"{device}: {result.output!r}")
    result = guest.boot(context, initrd, str(program), cpu="qemu64", params="loglevel=2")
    guest.expect_text(result, "guessable")


TAP_SETUP = ("ip tuntap add tap0 mode tap && ip addr add 10.99.0.1/24 dev tap0 && "
             "ip link set tap0 up && ip link set lo up")
TAP_PEER = """
import socket, sys, time
for _ in range(100):
    s = socket.socket()
    s.settimeout(1)
    try:
        s.connect(("10.99.0.15", 80))
    except ConnectionRefusedError:
        sys.exit(0)
    except OSError:
        time.sleep(0.1)
sys.exit("nobody refuses the connection")
"""


def tap(context):
    """Linux' TCP against ours over a device that leaves checksums to the other side: a segment
    whose checksum is wrong would get no answer, and our answer none of its attention."""
    if os.geteuid() != 0 or not os.path.exists("/dev/net/tun") or not shutil.which("ip"):
        raise Skipped("needs root, /dev/net/tun and ip")
    initrd = guest.mkinitrd(context, "net", programs=["/usr/bin/cat"])
    argv = guest.guest_argv(context, initrd, "/usr/bin/cat", machine="x86q35",
                            params="netdev.ip=10.99.0.15/24",
                            extra="-netdev tap,id=n,ifname=tap0,script=no,downscript=no "
                                  "-device virtio-net-pci,netdev=n")
    script = (f"{TAP_SETUP} || exit 77; {shlex.join(argv)} <&3 & python3 -c {shlex.quote(TAP_PEER)}"
              "; result=$?; kill $!; wait; exit $result")
    read, write = os.pipe()  # the guest's standard input: it waits there
    try:
        result = guest.run(["unshare", "-n", "--", "bash", "-c", f"exec 3<&{read}; {script}"], 60,
                           pass_fds=[read])
    finally:
        os.close(read)
        os.close(write)
    if result.status == 77:
        raise Skipped("no tap interface can be made here")
    guest.expect_status(result, 0)


def tests(context):
    for name in TRANSPORTS:
        yield f"net/ping/{name}", lambda n=name: ping(context, n)
    for test in (ping6, fragments, dhcp, dhcp_malformed, dhcp_wait, wait_in_vain, bad_parameter, names, link,
                 malformed, two_devices, entropy, tap):
        yield f"net/{test.__name__}", lambda t=test: t(context)
