# SPDX-License-Identifier: BSD-3-Clause
"""The network part of the benchmark page."""
from tables import number, ratio, table, verdict

# name in net.py's results, label, least ratio to Linux
TIMED_ITEMS = [(f"redis_{test}_c{clients}_p{depth}",
                f"redis {test.upper()}, {clients} clients{', -P 16' if depth > 1 else ''}, requests/s",
                1.15 if depth > 1 else 1.7)
               for depth in (1, 16) for clients in (10, 50) for test in ("get", "set")]
TIMED_ITEMS += [(f"nginx_c{clients}", f"nginx, {clients} clients, requests/s", 1.7)
                for clients in (10, 50)]
TIMED_ITEMS += [("tcp_in", "TCP into the guest, Mbit/s", 1.0),
                ("tcp_out", "TCP out of the guest, Mbit/s", 1.0)]

# name, label, target, what the program itself takes (None: not known)
INSN_ITEMS = [
    ("get_p1", "redis GET, 10 clients, no such key", 9000, 3922),
    ("get_p16", "the same, -P 16", 3300, 2890),
    ("set_p1", "redis SET, 10 clients", 10_500, 5544),
    ("set_p16", "the same, -P 16", 4900, 4505),
    ("get_found_p1", "redis GET, 10 clients, a value of 3 bytes", None, None),
    ("get_found_p16", "the same, -P 16", None, None),
    ("nginx", "nginx, a small file, 10 clients", None, None),
]
LEAST_TARGET = 20


def missing_net(net, with_timed=True):
    """Of what was to be measured of ours, what is not there."""
    parts = {"insn": INSN_ITEMS} | ({"timed": TIMED_ITEMS} if with_timed else {})
    missing = [f"net {name}" for part, items in parts.items() for name, *_ in items
               if net[part].get("Narthex", {}).get(name) is None]
    return missing + ([] if net["least"].get("Narthex") else ["net least memory"])


def at_least(ours, linux, wanted):
    if ours is None or not linux:
        return f">= {wanted}"
    return f">= {wanted} {'yes' if ours / linux >= wanted else '**no**'}"


def timed_table(timed):
    rows = []
    for name, label, wanted in TIMED_ITEMS:
        li, na = (timed.get(who, {}).get(name) for who in ("Linux", "Narthex"))
        if li is not None or na is not None:
            rows.append([label, number(li), number(na), ratio(na, li), at_least(na, li, wanted)])
    return table(["server", "Linux", "Narthex", "ratio", "target"], rows) if rows else ""


def insn_table(insn, least):
    rows = []
    for name, label, target, own in INSN_ITEMS:
        li, na = (insn.get(who, {}).get(name) for who in ("Linux", "Narthex"))
        if name == "nginx" and li:
            target = round(li / 2)
        rows.append([label, number(own), number(li), number(na), ratio(li, na),
                     verdict(na, target)])
    li, na = (least.get(who) for who in ("Linux", "Narthex"))
    rows.append(["least memory, redis under load, MiB", "-", number(li), number(na), ratio(li, na),
                 verdict(na, LEAST_TARGET)])
    return table(["instructions per request", "program", "Linux", "Narthex", "ratio", "target"],
                 rows)


def net_text(net):
    return f"""
## Network

Debian's servers in both guests, clients on the host, through QEMU's user network (no offloads), medians
of rounds that alternate. What the host does is most of the time, so the figure that counts is that of
instructions: executed in the guest, idle time left out (TCG plugin), per request; `program` is
what of it is redis itself, as measured on the host. The ratio is above 1 in our favour.

{timed_table(net['timed'])}

{insn_table(net['insn'], net['least'])}
"""
