# SPDX-License-Identifier: BSD-3-Clause
"""The other end of a guest's network cable: raw Ethernet frames over QEMU's dgram netdev, and the
few protocols the tests speak by hand (RFC 826, 791, 792, 768, 2131, 4443, 4861)."""
import ipaddress
import os
import shutil
import socket
import struct
import tempfile
import time

GUEST_MAC = bytes.fromhex("525400abcdef")
PEER_MAC = bytes.fromhex("5254000000fe")
BROADCAST = b"\xff" * 6
ARP, IP4, IP6 = 0x0806, 0x0800, 0x86DD
ICMP, TCP, UDP, ICMP6 = 1, 6, 17, 58


class Wire:
    """QEMU has one UNIX datagram socket, we have the other."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="wire.")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(f"{self.folder}/peer")
        self.sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)  # for several threads
        self.sender.settimeout(5)

    def netdev(self, name="wire"):
        return (f"-netdev dgram,id={name},local.type=unix,local.path={self.folder}/guest,"
                f"remote.type=unix,remote.path={self.folder}/peer")

    def send(self, frame):
        try:
            self.sender.sendto(frame.ljust(60, b"\0"), f"{self.folder}/guest")
        except (FileNotFoundError, ConnectionRefusedError, TimeoutError):
            pass  # QEMU is not there yet, or its guest takes no frames

    def frames(self, seconds):
        """What comes from the guest within this time."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                yield self.socket.recv(65536)
            except TimeoutError:
                return

    def ask(self, frame, answers, seconds=20):
        """Sends again and again until a frame comes for which answers() is true; it, or None."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.send(frame)
            for got in self.frames(0.5):
                if answers(got):
                    return got
        return None

    def close(self):
        self.socket.close()
        self.sender.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class Monitor:
    """QEMU's human monitor."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "monitor")

    def argument(self):
        return f"-monitor unix:{self.path},server=on,wait=off"

    def say(self, command):
        with socket.socket(socket.AF_UNIX) as link:
            link.connect(self.path)
            link.sendall(command.encode() + b"\n")
            time.sleep(0.3)


def ethernet(to, kind, data):
    return to + PEER_MAC + struct.pack("!H", kind) + data


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def address(text):
    return ipaddress.ip_address(text).packed


def ip4(source, target, protocol, data, fragment=0, ident=1):
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(data), ident, fragment, 64, protocol, 0,
                       address(source), address(target))
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + data


TCP_SYN, TCP_RST, TCP_PSH, TCP_ACK = 2, 4, 8, 16


def tcp(source, target, ports, seq, ack, flags, data=b""):
    """An Ethernet frame to the guest with one segment; `ports`: ours, theirs."""
    head = struct.pack("!HHIIBBHHH", *ports, seq, ack, 5 << 4, flags, 65535, 0, 0)
    pseudo = address(source) + address(target) + struct.pack("!BBH", 0, TCP, len(head + data))
    head = head[:16] + struct.pack("!H", checksum(pseudo + head + data)) + head[18:]
    return ethernet(GUEST_MAC, IP4, ip4(source, target, TCP, head + data))


def tcp_answer(frame, ports):
    """(flags, seq, ack, data) of a segment to our port from theirs, else None."""
    if frame[12:14] != b"\x08\x00" or frame[23] != TCP or \
            struct.unpack("!HH", frame[34:38]) != ports[::-1]:
        return None
    seq, ack, offset, flags = struct.unpack("!IIBB", frame[38:48])
    length, = struct.unpack("!H", frame[16:18])
    return flags, seq, ack, frame[34 + (offset >> 4) * 4:14 + length]


def ip6(source, target, protocol, data, hops=255):
    return (struct.pack("!IHBB", 6 << 28, len(data), protocol, hops) + address(source) +
            address(target) + data)


def pseudo6(source, target, protocol, length):
    return address(source) + address(target) + struct.pack("!II", length, protocol)


def arp_request(source, target):
    return ethernet(BROADCAST, ARP, struct.pack("!HHBBH6s4s6s4s", 1, IP4, 6, 4, 1, PEER_MAC,
                                                address(source), b"\0" * 6, address(target)))


def is_arp_reply(frame, target):
    return frame[12:14] == b"\x08\x06" and frame[20:22] == b"\0\x02" and \
        frame[28:32] == address(target)


def echo(kind, ident, data):
    """ICMP (8: request, 0: reply)."""
    body = struct.pack("!BBHHH", kind, 0, 0, ident, 1) + data
    return body[:2] + struct.pack("!H", checksum(body)) + body[4:]


def echo6(kind, source, target, ident, data):
    """ICMPv6 (128: request, 129: reply)."""
    body = struct.pack("!BBHHH", kind, 0, 0, ident, 1) + data
    total = checksum(pseudo6(source, target, ICMP6, len(body)) + body)
    return body[:2] + struct.pack("!H", total) + body[4:]


def solicitation(source, target):
    """Who has this IPv6 address?"""
    group = "ff02::1:ff%02x:%02x%02x" % tuple(address(target)[13:])
    body = struct.pack("!BBHI", 135, 0, 0, 0) + address(target) + b"\1\1" + PEER_MAC
    total = checksum(pseudo6(source, group, ICMP6, len(body)) + body)
    body = body[:2] + struct.pack("!H", total) + body[4:]
    return ethernet(b"\x33\x33" + address(group)[12:], IP6, ip6(source, group, ICMP6, body))


def link_local(mac):
    half = bytes([mac[0] ^ 2]) + mac[1:3] + b"\xff\xfe" + mac[3:]
    return str(ipaddress.IPv6Address(bytes.fromhex("fe80") + b"\0" * 6 + half))


# --- DHCP ----------------------------------------------------------------------------------------

DISCOVER, OFFER, REQUEST, ACK, NAK = 1, 2, 3, 5, 6
COOKIE = bytes.fromhex("63825363")


def dhcp_options(frame):
    """{code: value} of a client's message, or None."""
    if frame[12:14] != b"\x08\x00" or frame[23] != UDP or frame[36:38] != b"\0\x43":
        return None
    data = frame[42:]
    if len(data) < 241 or data[236:240] != COOKIE:
        return None
    options, at = {}, 240
    while at < len(data) and data[at] != 255:
        if data[at] == 0:
            at += 1
            continue
        length = data[at + 1]
        options[data[at]] = data[at + 2:at + 2 + length]
        at += 2 + length
    return options


def dhcp_reply(frame, kind, offered, server, options):
    """Answers a client's message."""
    data = bytearray(frame[42:42 + 236])
    data[0] = 2
    data[16:20] = address(offered)
    data[20:24] = address(server)
    data += COOKIE + bytes([53, 1, kind]) + b"\x36\4" + address(server)
    for code, value in options.items():
        data += bytes([code, len(value)]) + value
    data += b"\xff"
    udp = struct.pack("!HHHH", 67, 68, 8 + len(data), 0) + bytes(data)
    return ethernet(BROADCAST, IP4, ip4(server, "255.255.255.255", UDP, udp))
