# SPDX-License-Identifier: BSD-3-Clause
"""Much of the standard library, pure and in C, in one go; no threads."""
import collections
import contextlib
import ctypes
import datetime
import decimal
import fractions
import gc
import hashlib
import io
import itertools
import json
import math
import os
import pathlib
import pickle
import random
import re
import select
import signal
import sqlite3
import statistics
import struct
import sys
import tempfile
import time
import unicodedata
import weakref
import xml.etree.ElementTree as ElementTree
import zlib


def numbers():
    decimal.getcontext().prec = 50
    print("sqrt(2) =", decimal.Decimal(2).sqrt())
    print(sum(fractions.Fraction(1, n) for n in range(1, 21)), math.comb(100, 50))
    random.seed(4711)
    sample = [random.gauss(0, 1) for _ in range(5000)]
    print(f"mean {statistics.fmean(sample):.6f}, deviation {statistics.stdev(sample):.6f}")
    print(struct.pack(">IhQ", 1, -2, 3).hex(), (0.1).hex(), hash(2**61), math.nan == math.nan)


def texts():
    text = "the quick brown fox jumps over the lazy dog"
    print(re.sub(r"\b(\w)(\w*)", lambda m: m[1].upper() + m[2], text))
    print(collections.Counter(text.replace(" ", "")).most_common(3))
    parts = unicodedata.normalize("NFD", "\u00e9")
    print(unicodedata.name("\u20ac"), "\u00e9".encode(), len(parts))
    print(hashlib.sha256(text.encode()).hexdigest()[:32], zlib.crc32(text.encode()))
    tree = ElementTree.fromstring("<a><b n='1'/><b n='2'>x</b></a>")
    print([dict(b.attrib) for b in tree.iter("b")], json.dumps({"k": [1, None, {"z": 2.5}]}))
    leap_day = datetime.datetime(2024, 2, 29, tzinfo=datetime.timezone.utc)
    print(leap_day + datetime.timedelta(days=366))


def files():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for i in range(50):
            (folder / f"{i:02}.txt").write_text("x" * i * 100)
        os.symlink("10.txt", folder / "link")
        print(len(list(folder.glob("*.txt"))), sum(p.stat().st_size for p in folder.iterdir()),
              (folder / "link").read_text() == "x" * 1000)
        (folder / "10.txt").rename(folder / "moved")
        print((folder / "link").exists(), (folder / "link").is_symlink())
        with sqlite3.connect(folder / "db") as db:
            db.execute("create table t(a integer, b text)")
            db.executemany("insert into t values(?, ?)", ((i, str(i * i)) for i in range(1000)))
            print(db.execute("select count(*), sum(a), max(b) from t where a % 3 = 0").fetchone())
    print("gone" if not folder.exists() else "still there")


def objects():
    class Node:
        pass

    print(pickle.loads(pickle.dumps({"a": (1, b"2", {3})})), sys.getsizeof([]) > 0)
    node = Node()
    node.self = node
    ref = weakref.ref(node)
    del node
    gc.collect()
    print("collected" if ref() is None else "kept")
    print(list(itertools.accumulate(itertools.takewhile(lambda n: n < 30, itertools.count(1, 7)))))
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        print("hidden")
    print(repr(output.getvalue()), ctypes.CDLL(None).abs(-5))


def system():
    seen = []
    signal.signal(signal.SIGUSR1, lambda number, frame: seen.append(number))
    os.kill(os.getpid(), signal.SIGUSR1)
    print(signal.Signals(seen[0]).name)
    start = time.monotonic()
    time.sleep(0.02)
    print("slept" if 0.02 <= time.monotonic() - start < 5 else "slept badly")
    reader, writer = os.pipe()
    print(select.select([reader], [], [], 0.01), os.write(writer, b"data"))
    print(select.select([reader], [], [], 1)[0] == [reader], os.read(reader, 10))
    try:
        os.open("/no/such/file", os.O_RDONLY)
    except FileNotFoundError as error:
        print(error)


for part in (numbers, texts, files, objects, system):
    part()
