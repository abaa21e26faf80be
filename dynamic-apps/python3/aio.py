# SPDX-License-Identifier: BSD-3-Clause
"""asyncio: tasks, timers, queues, locks, time limits, threads, pipes, signals; no network."""
import asyncio
import contextlib
import os
import signal
import time


async def in_order():
    said = []

    async def say(delay, word):
        await asyncio.sleep(delay)
        said.append(word)

    await asyncio.gather(say(0.09, "third"), say(0.03, "first"), say(0.06, "second"))
    print(*said)


async def many_tasks():
    async def work(n):
        for _ in range(3):
            await asyncio.sleep(0)
        return n

    print("tasks", sum(await asyncio.gather(*(work(n) for n in range(1000)))))


async def queues():
    jobs, total = asyncio.Queue(10), 0

    async def consume():
        nonlocal total
        while True:
            total += await jobs.get()
            jobs.task_done()

    consumers = [asyncio.create_task(consume()) for _ in range(5)]
    for n in range(500):
        await jobs.put(n)
    await jobs.join()
    for task in consumers:
        task.cancel()
    await asyncio.gather(*consumers, return_exceptions=True)
    print("queue", total, all(task.cancelled() for task in consumers))


async def time_limits():
    try:
        await asyncio.wait_for(asyncio.sleep(10), 0.02)
    except asyncio.TimeoutError:
        print("timed out")
    try:
        async with asyncio.timeout(0.02):
            await asyncio.Event().wait()
    except TimeoutError:
        print("timed out again")
    sleepers = [asyncio.create_task(asyncio.sleep(d, d)) for d in (0.01, 5)]
    done, pending = await asyncio.wait(sleepers, return_when=asyncio.FIRST_COMPLETED)
    print("first", done.pop().result())
    pending.pop().cancel()


async def groups():
    async def fail():
        await asyncio.sleep(0.01)
        raise ValueError("on purpose")

    try:
        async with asyncio.TaskGroup() as group:
            sleeper = group.create_task(asyncio.sleep(10))
            group.create_task(fail())
    except* ValueError as errors:
        print("group", *errors.exceptions, sleeper.cancelled())


async def threads():
    def work(n):
        time.sleep(0.02)
        return n

    loop = asyncio.get_running_loop()
    start = time.monotonic()
    results = await asyncio.gather(*(asyncio.to_thread(work, n) for n in range(8)))
    print("threads", results, time.monotonic() - start < 5)
    event = asyncio.Event()
    await loop.run_in_executor(None, loop.call_soon_threadsafe, event.set)
    await event.wait()
    print("woken by a thread")


async def pipes():
    loop = asyncio.get_running_loop()
    reader_fd, writer_fd = os.pipe()
    reader = asyncio.StreamReader()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader),
                                                os.fdopen(reader_fd, "rb"))
    writer, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, os.fdopen(writer_fd, "wb"))
    writer.write(b"one\ntwo\n")
    writer.write(b"x" * 100000)
    writer.close()
    print("pipe", await reader.readline(), await reader.readline(), len(await reader.read()))
    transport.close()


async def signals():
    loop, caught = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGUSR1, caught.set)
    loop.call_later(0.01, os.kill, os.getpid(), signal.SIGUSR1)
    await caught.wait()
    print("signal", loop.remove_signal_handler(signal.SIGUSR1))


async def generators():
    async def count(n):
        for i in range(n):
            await asyncio.sleep(0)
            yield i

    async with contextlib.aclosing(count(10)) as numbers:
        print("generator", [n async for n in numbers if n % 2])


async def main():
    for part in (in_order, many_tasks, queues, time_limits, groups, threads, pipes, signals,
                 generators):
        await part()


asyncio.run(main())
