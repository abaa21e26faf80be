# SPDX-License-Identifier: BSD-3-Clause
"""Threads: pools, queues, locks, conditions, events, timers, locals, a thousand hand-overs."""
import concurrent.futures
import hashlib
import queue
import sys
import threading
import time

sys.setswitchinterval(0.001)


def pool():
    with concurrent.futures.ThreadPoolExecutor(16) as executor:
        # hashlib lets go of the interpreter lock for texts of this size
        digests = executor.map(lambda n: hashlib.sha256(bytes([n]) * 200000).digest(), range(64))
        print("pool", hashlib.md5(b"".join(digests)).hexdigest())
        future = executor.submit(lambda: 1 // 0)
        print("exception", type(future.exception()).__name__)


def producers_and_consumers():
    jobs, results = queue.Queue(maxsize=5), queue.SimpleQueue()

    def consume():
        while (n := jobs.get()) is not None:
            results.put(n * n)
            jobs.task_done()

    consumers = [threading.Thread(target=consume) for _ in range(8)]
    for thread in consumers:
        thread.start()
    for n in range(1000):
        jobs.put(n)
    jobs.join()
    for _ in consumers:
        jobs.put(None)
    for thread in consumers:
        thread.join()
    print("squares", sum(results.get() for _ in range(1000)))


def counting():
    lock, count = threading.Lock(), 0

    def add():
        nonlocal count
        for _ in range(2000):
            with lock:
                count += 1

    threads = [threading.Thread(target=add) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print("counted", count)


def ping_pong():
    condition, turn, said = threading.Condition(), 0, []

    def play(mine):
        nonlocal turn
        for i in range(500):
            with condition:
                condition.wait_for(lambda: turn == mine)
                said.append(mine)
                turn = 1 - mine
                condition.notify()

    other = threading.Thread(target=play, args=(1,))
    other.start()
    play(0)
    other.join()
    print("ping-pong", said == [0, 1] * 500)


def waiting():
    event, barrier = threading.Event(), threading.Barrier(4)
    print("event", event.wait(0.02))
    timer = threading.Timer(0.02, event.set)
    timer.start()
    print("event", event.wait(10))
    local = threading.local()
    values = []

    def meet(n):
        local.n = n
        barrier.wait()
        values.append(local.n)

    threads = [threading.Thread(target=meet, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print("barrier", sorted(values))
    semaphore = threading.Semaphore(0)
    print("semaphore", semaphore.acquire(timeout=0.01))


def spinning():
    """A thread that only computes does not keep the others from running."""
    stop = False

    def spin():
        while not stop:
            pass

    thread = threading.Thread(target=spin)
    thread.start()
    start = time.monotonic()
    time.sleep(0.05)
    stop = True
    thread.join()
    print("woke up", time.monotonic() - start < 5)


def many():
    gate = threading.Event()
    threading.stack_size(128 * 1024)
    threads = [threading.Thread(target=gate.wait) for _ in range(200)]
    for thread in threads:
        thread.start()
    print("alive", threading.active_count() - 1)
    gate.set()
    for thread in threads:
        thread.join()
    print("alive", threading.active_count() - 1)


for part in (pool, producers_and_consumers, counting, ping_pong, waiting, spinning, many):
    part()
