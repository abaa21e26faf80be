# SPDX-License-Identifier: BSD-3-Clause
"""What programs of this machine are told about the network: netlink, ioctl, /proc/net, /sys."""
import contextlib
import re
import shutil

from . import guest, net
from .guest import Failed, Skipped

NETWORK = "-netdev user,id=n -device virtio-net-device,netdev=n,mac=52:54:00:00:00:07"
STATIC = "netdev.ip=10.0.2.15/24:10.0.2.2"

# name: (program, arguments, what its lines match in this order; others may come in between)
PROGRAMS = {
    "ip-addr": ("ip", "addr", (
        r"1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 .*",
        r" +inet 127.0.0.1/8 scope host lo",
        r"2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 .* state UP .*",
        r" +link/ether 52:54:00:00:00:07 brd ff:ff:ff:ff:ff:ff",
        r" +inet 10.0.2.15/24 brd 10.0.2.255 scope global eth0",
        r" +inet6 fe80::5054:ff:fe00:7/64 scope link .*")),
    "ip-route": ("ip", "route", (
        r"default via 10.0.2.2 dev eth0 *",
        r"10.0.2.0/24 dev eth0 proto kernel scope link src 10.0.2.15 *")),
    "ip-route6": ("ip", "-6 route", (r"fe80::/64 dev eth0 proto kernel .*",)),
    "ip-route-get": ("ip", "route get 8.8.8.8", (
        r"8.8.8.8 via 10.0.2.2 dev eth0 src 10.0.2.15 *",)),
    "ip-link-one": ("ip", "-s link show dev eth0", (r"2: eth0: .*", r" +RX: .*", r" +TX: .*")),
    "ifconfig": ("ifconfig", "", (
        r"eth0: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 1500",
        r" +inet 10.0.2.15  netmask 255.255.255.0  broadcast 10.0.2.255",
        r"lo: flags=73<UP,LOOPBACK,RUNNING>  mtu 65536")),
    "route": ("route", "-n", (
        r"0.0.0.0 +10.0.2.2 +0.0.0.0 +UG .* eth0", r"10.0.2.0 +0.0.0.0 +255.255.255.0 +U .* eth0")),
    "netstat-interfaces": ("netstat", "-i", (r"eth0 +1500 .* BMRU", r"lo +65536 .* LRU")),
    "netstat-counters": ("netstat", "-s", (r"Ip:", r"Tcp:", r"Udp:")),
    "netstat-sockets": ("netstat", "-an", (r"Active Internet connections .*",
                                           r"Active UNIX domain sockets .*")),
    "ss": ("ss", "-an", (r"Netid +State +Recv-Q .*",)),
    "hostname": ("hostname", "-I", (r"10.0.2.15 *",)),
    "getent": ("getent", "ahosts localhost", (r"(127.0.0.1|::1) +STREAM localhost",)),
}


def find(name):
    path = shutil.which(name)
    if not path:
        raise Skipped(f"{name} is not on this machine")
    return path


def initrd_with(context, path):
    return guest.mkinitrd(context, f"netinfo-{path.rsplit('/', 1)[1]}", programs=[path])


def program(context, name, args, patterns):
    path = find(name)
    result = guest.boot(context, initrd_with(context, path), f"{path} {args}", params=STATIC,
                        extra=NETWORK)
    guest.expect_status(result, 0)
    lines = iter(result.output.splitlines())
    for pattern in patterns:
        if not any(re.fullmatch(pattern, line) for line in lines):
            raise Failed(f"no line {pattern!r} where it should be in {result.output!r}")


def monitor(context):
    """Who listens hears of a link that goes down and comes back. From when on ip listens it does
    not say, so the link goes more than once."""
    path = find("ip")
    with net.Guest(context, program=f"{path} monitor link", initrd=initrd_with(context, path)) as it:
        it.resolve()
        it.ping()
        for _ in range(10):
            it.monitor.say("set_link wire off")
            with contextlib.suppress(Failed):
                it.session.expect(r"2: eth0: <NO-CARRIER,BROADCAST,MULTICAST,UP> .* state DOWN", 2)
                break
            it.monitor.say("set_link wire on")
        it.monitor.say("set_link wire on")
        it.session.expect(r"2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> .* state UP")


def tests(context):
    for name, what in PROGRAMS.items():
        yield f"netinfo/{name}", lambda w=what: program(context, *w)
    yield "netinfo/monitor", lambda: monitor(context)
