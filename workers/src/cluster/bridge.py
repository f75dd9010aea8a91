"""Talks to a Dask cluster for a program of parcell, in the Python environment of its user.

The program writes frames to standard input and reads frames from standard output: the lengths of a header and of a body,
as two little-endian 64-bit numbers; the header, which is JSON; and the body. A map's chunks become Dask tasks. Dask decides
where they run, runs them again when a worker is lost, and shows them on its dashboard.

On each Dask worker a plugin keeps Rust children, at most one for each of the worker's threads. They get the encoded
arguments of a chunk and give back encoded results, in frames of the same form. What they print travels as Dask events,
on the connection that says afterwards that the task is done, so that none of it comes too late.

Everything here is pickled by value, since this is the main module: workers need nothing but Dask.
"""

import asyncio
import json
import logging
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import uuid
import warnings

try:
    import distributed
    from distributed import Client
    from distributed.diagnostics.plugin import SchedulerPlugin, WorkerPlugin
except ImportError as error:
    distributed, Client, SchedulerPlugin, WorkerPlugin, import_error = None, object, object, object, error

# Lengths in front of a frame, for `struct`.
LENGTHS = "<QQ"
LENGTHS_SIZE = 16
# A cell's child is kept for the next chunk, and its code for the next cell. Without use they go after this many seconds,
# also where the program has died and nobody tells the workers.
IDLE = 60
TIDY_INTERVAL_MS = 5000
# How long output waits for more of it, in seconds, and how much is sent at a time and of one chunk, in bytes.
OUTPUT_DELAY = 0.05
OUTPUT_PIECE = 64 << 10
OUTPUT_LIMIT = 4 << 20
CONNECT_TIMEOUT = 10
# What a pipe holds.
PIPE_BYTES = 64 << 10
# In a child: loads the library and gives it the process; where it cannot be loaded, a reply says why.
LOADER = """
import ctypes, json, os, struct, sys
try:
    library = ctypes.CDLL(sys.argv[1], ctypes.RTLD_GLOBAL)
except OSError as error:
    reply = json.dumps({"not_loaded": str(error)}).encode()
    replies = int(os.environ["PARCELL_CLUSTER_WORKER"].split(",")[1])
    os.write(replies, struct.pack("<QQ", len(reply), 0) + reply)
    sys.exit(1)
library.parcell_cluster_worker()
"""


# --- frames ---


def frame(header, body=b""):
    header = json.dumps(header).encode()
    return struct.pack(LENGTHS, len(header), len(body)) + header + body


class Frames:
    """Frames out of the bytes of a stream."""

    def __init__(self):
        self.buffer = bytearray()

    def feed(self, data):
        self.buffer += data
        while len(self.buffer) >= LENGTHS_SIZE:
            header, body = struct.unpack_from(LENGTHS, self.buffer)
            start, end = LENGTHS_SIZE + header, LENGTHS_SIZE + header + body
            if len(self.buffer) < end:
                return
            yield json.loads(self.buffer[LENGTHS_SIZE : start]), bytes(self.buffer[start:end])
            del self.buffer[:end]


# --- on a Dask worker ---


class Child:
    """A Rust process on a Dask worker."""

    def __init__(self, command, environment):
        requests, self.requests = os.pipe()
        self.replies, replies = os.pipe()
        environment["PARCELL_CLUSTER_WORKER"] = f"{requests},{replies}"
        try:
            self.process = subprocess.Popen(
                command,
                env=environment,
                pass_fds=(requests, replies),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
            )
        except BaseException:
            os.close(self.requests)
            os.close(self.replies)
            raise
        finally:
            os.close(requests)
            os.close(replies)
        self.pid = self.process.pid
        self.used = time.monotonic()
        self.frames = Frames()
        self.pipes = {self.process.stdout.fileno(): "stdout", self.process.stderr.fileno(): "stderr"}
        for descriptor in (self.requests, self.replies, *self.pipes):
            os.set_blocking(descriptor, False)

    def end(self):
        """Kills it, and waits for it."""
        if self.process.stdout.closed:
            return
        self.process.kill()
        self.process.wait()
        for descriptor in (self.requests, self.replies):
            os.close(descriptor)
        self.process.stdout.close()
        self.process.stderr.close()


class Output:
    """What a child prints during one chunk, on its way to the program."""

    def __init__(self, send):
        self.send = send
        self.held = {"stdout": bytearray(), "stderr": bytearray()}
        self.since = None
        self.sent = 0
        self.left_out = 0
        self.tail = b""

    def take(self, stream, data, item):
        if stream == "stderr":
            self.tail = (self.tail + data)[-4096:]
        room = max(OUTPUT_LIMIT - self.sent, 0)
        self.sent += min(len(data), room)
        self.left_out += max(len(data) - room, 0)
        self.held[stream] += data[:room]
        self.since = self.since or time.monotonic()
        if len(self.held[stream]) >= OUTPUT_PIECE:
            self.flush(item)

    def due(self):
        """In how many seconds something has to be sent."""
        return None if self.since is None else max(self.since + OUTPUT_DELAY - time.monotonic(), 0)

    def flush(self, item):
        for stream, held in self.held.items():
            if held:
                self.send({"item": item, "stream": stream}, bytes(held))
                held.clear()
        self.since = None

    def end(self, item):
        if self.left_out:
            text = f"parcell: {self.left_out} bytes of output are left out here, which exceed {OUTPUT_LIMIT >> 20} MiB in one chunk\n"
            self.held["stderr"] += text.encode()
        self.flush(item)


class Run:
    """One chunk in one child."""

    def __init__(self, spec, lengths, body, send):
        self.child = None
        self.spec = spec
        self.lengths = lengths
        self.body = body
        self.output = Output(send)
        self.outcomes = []
        self.payloads = []
        self.cancelled = False
        self.not_loaded = None

    def first_left(self):
        return self.spec["items"][len(self.outcomes)]

    def note(self, status, payload=b"", **more):
        item = self.first_left()
        self.output.flush(item)
        self.outcomes.append({"item": item, "status": status, "pid": self.child.pid, "length": len(payload), **more})
        self.payloads.append(payload)

    def proceed(self):
        """Runs until all items have an outcome, or one has cost the child, which is then ended."""
        done = len(self.outcomes)
        header = {
            "function": self.spec["function"],
            "lengths": self.lengths[done:],
        }
        request = memoryview(frame(header, self.body[sum(self.lengths[:done]) :]))
        limit = self.spec["timeout"]
        begun = time.monotonic()
        while len(self.outcomes) < len(self.lengths):
            waits = [wait for wait in (self.output.due(), limit and begun + limit - time.monotonic()) if wait is not None]
            ready, writable = self.poll(max(min(waits), 0) if waits else None, bool(request))
            if writable:
                try:
                    request = request[os.write(self.child.requests, request[: 1 << 20]) :]
                except BlockingIOError:
                    pass
                except BrokenPipeError:
                    request = request[:0]
            self.drain(ready)
            replies = self.read_replies(ready)
            if replies is None:
                return self.crashed()
            if replies:
                # What the items printed was in the pipes before the replies.
                self.drain(self.child.pipes)
            for reply, payload in replies:
                if "not_loaded" in reply:
                    self.not_loaded = reply["not_loaded"]
                    return self.child.end()
                self.note("failed" if reply["failed"] else "done", payload)
                begun = time.monotonic()
            if self.output.due() == 0:
                self.output.flush(self.first_left())
            if limit and not replies and time.monotonic() - begun >= limit:
                self.child.end()
                return self.note("timed_out")

    def poll(self, wait, writing):
        poll = select.poll()
        for descriptor in (self.child.replies, *self.child.pipes):
            poll.register(descriptor, select.POLLIN)
        if writing:
            poll.register(self.child.requests, select.POLLOUT)
        ready = {descriptor for descriptor, _ in poll.poll(None if wait is None else wait * 1000 + 1)}
        return ready, self.child.requests in ready

    def drain(self, descriptors):
        """Takes what the pipes hold; not what is printed meanwhile, which may have no end."""
        for descriptor in list(descriptors):
            stream = self.child.pipes.get(descriptor)
            left = PIPE_BYTES if stream else 0
            while left > 0:
                try:
                    data = os.read(descriptor, left)
                except BlockingIOError:
                    break
                if not data:
                    del self.child.pipes[descriptor]
                    break
                left -= len(data)
                self.output.take(stream, data, self.first_left())

    def read_replies(self, ready):
        """None where the child has ended."""
        replies = []
        while self.child.replies in ready:
            try:
                data = os.read(self.child.replies, 1 << 20)
            except BlockingIOError:
                break
            if not data:
                return replies or None
            replies.extend(self.child.frames.feed(data))
        return replies

    def crashed(self):
        process = self.child.process
        try:
            process.wait(1)
        except subprocess.TimeoutExpired:
            process.kill()
        code = process.wait()
        self.drain(self.child.pipes)
        tail = self.output.tail.decode(errors="replace")
        self.child.end()
        self.note(
            "crashed",
            signal=-code if code < 0 else None,
            code=code if code >= 0 else None,
            out_of_memory=code == -signal.SIGABRT and "memory allocation of" in tail,
        )


class ParcellPlugin(WorkerPlugin):
    """The Rust children of one program on one Dask worker."""

    def __init__(self, name):
        # Also that of the topic of its events.
        self.name = name

    def setup(self, worker):
        from tornado.ioloop import PeriodicCallback

        self.worker = worker
        self.lock = threading.Lock()
        self.idle = {}
        self.running = {}
        self.files = set()
        self.used = time.monotonic()
        self.directory = os.path.join(worker.local_directory, self.name)
        self.tidying = PeriodicCallback(self.tidy, TIDY_INTERVAL_MS)
        self.tidying.start()

    def teardown(self, worker):
        self.tidying.stop()
        with self.lock:
            for run in self.running.values():
                run.cancelled = True
                run.child.process.kill()
        self.forget(0)
        shutil.rmtree(self.directory, ignore_errors=True)

    def transition(self, key, start, finish, **_):
        if finish in ("cancelled", "released", "forgotten"):
            with self.lock:
                run = self.running.get(key)
                if run:
                    run.cancelled = True
                    run.child.process.kill()

    def tidy(self):
        self.forget(IDLE)
        with self.lock:
            if not self.idle and not self.running and time.monotonic() - self.used > IDLE:
                self.files.clear()
                shutil.rmtree(self.directory, ignore_errors=True)

    def forget(self, idle):
        """Ends the children that have not been used for so many seconds."""
        now = time.monotonic()
        with self.lock:
            ended = [child for children in self.idle.values() for child in children if now - child.used >= idle]
            for children in self.idle.values():
                children[:] = [child for child in children if child not in ended]
            self.idle = {program: children for program, children in self.idle.items() if children}
        for child in ended:
            child.end()

    def store(self, files):
        """Takes files in, which are named by what they contain."""
        for name, data in files.items():
            path = os.path.join(self.directory, name)
            os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
            with open(path + ".part", "wb") as file:
                file.write(data)
            os.chmod(path + ".part", 0o700)
            os.replace(path + ".part", path)
            self.files.add(name)

    def run(self, key, spec, lengths, body):
        """Runs a chunk; or says which files are missing."""
        with self.lock:
            self.used = time.monotonic()
            missing = [name for name in spec["files"] if name not in self.files]
        if missing:
            return {"missing": missing, "worker": self.worker.address}, b""
        host = socket.gethostname()
        run = Run(spec, lengths, body, lambda what, data: self.send(host, run, what, data))
        while len(run.outcomes) < len(lengths):
            run.child = self.take(spec)
            with self.lock:
                self.running[key] = run
            try:
                run.proceed()
            except BaseException:
                run.child.end()
                raise
            finally:
                with self.lock:
                    del self.running[key]
            if run.cancelled:
                if run.child.process.returncode is None:
                    run.child.end()
                raise RuntimeError("cancelled")
            if run.not_loaded:
                return {"refused": f"its code cannot be loaded on the host {host}: {run.not_loaded}"}, b""
        run.output.end(spec["items"][-1])
        self.give_back(spec, run.child)
        return {"host": host, "outcomes": run.outcomes}, b"".join(run.payloads)

    def send(self, host, run, what, data):
        event = {"chunk": run.spec["chunk"], "host": host, "pid": run.child.pid, **what, "data": data}
        self.worker.log_event(self.name, event)

    def take(self, spec):
        """A child that is not in use."""
        with self.lock:
            children = self.idle.get(self.program(spec), [])
            while children:
                child = children.pop()
                if child.process.poll() is None:
                    return child
                child.end()
        # The system ends a child with the thread that started it: so that is one that lives as long as the worker.
        return asyncio.run_coroutine_threadsafe(self.start(spec), self.worker.loop.asyncio_loop).result()

    def give_back(self, spec, child):
        if child.process.poll() is not None:
            return
        child.used = time.monotonic()
        with self.lock:
            self.idle.setdefault(self.program(spec), []).append(child)

    async def start(self, spec):
        path = lambda name: os.path.join(self.directory, name)
        program = path(spec["program"])
        environment = dict(os.environ)
        # In a notebook the calls are told as places in cells.
        environment.pop("RUST_BACKTRACE", None)
        environment["PARCELL_CLUSTER_FILES"] = self.directory
        if spec["memory_limit"] is not None:
            environment["PARCELL_CLUSTER_MEMORY"] = str(spec["memory_limit"])
        if not spec["is_library"]:
            return Child([program], environment)
        folders = [os.path.dirname(path(name)) for name in spec["files"]]
        environment["LD_LIBRARY_PATH"] = ":".join([*folders, os.environ.get("LD_LIBRARY_PATH", "")]).rstrip(":")
        return Child([sys.executable, "-S", "-E", "-c", LOADER, program], environment)

    def program(self, spec):
        return spec["program"], spec["memory_limit"]


# --- on the Dask scheduler ---


class ClearingPlugin(SchedulerPlugin):
    """Clears up on the cluster when the program's connection ends, however it ends."""

    def __init__(self, name, plugin, client):
        self.name = name
        self.plugin = plugin
        self.client = client

    def remove_client(self, scheduler, client):
        if client == self.client:
            scheduler.loop.add_callback(self.clear, scheduler)

    async def clear(self, scheduler):
        if self.name in scheduler.plugins:
            await scheduler.unregister_scheduler_plugin(name=self.name)
        if self.plugin in scheduler.worker_plugins:
            await scheduler.unregister_worker_plugin(comm=None, name=self.plugin)


# --- the tasks ---


def run_chunk(plugin, key, spec, lengths, body):
    return distributed.get_worker().plugins[plugin].run(key, spec, lengths, body)


def store_files(plugin, files, dask_worker=None):
    dask_worker.plugins[plugin].store(files)


# --- beside the program ---


class EndingClient(Client):
    """Tells when the connection is lost. It does not connect again: whoever answers then has none of what was registered,
    and maps would wait for chunks that nobody knows."""

    lost = None

    async def _reconnect(self):
        self.lost()


class Bridge:
    def __init__(self, client):
        self.client = client
        self.name = f"parcell-{uuid.uuid4().hex}"
        self.futures = set()
        self.tasks = set()
        self.map = 0
        self.paths = {}
        self.stores = {}

    def tell(self, header, body=b""):
        data = memoryview(frame(header, body))
        while data:
            data = data[os.write(1, data) :]

    async def begin(self):
        self.client.subscribe_topic(self.name, self.on_event)
        await self.client.register_plugin(ParcellPlugin(self.name))
        await self.client.register_plugin(ClearingPlugin(f"{self.name}-clearing", self.name, self.client.id))
        # So that it is subscribed before any worker speaks.
        await self.client.scheduler.identity()
        await self.tell_connected()

    async def tell_connected(self):
        workers = (await self.client.scheduler.identity())["workers"].values()
        threads = sum(worker["nthreads"] for worker in workers)
        self.tell({"kind": "connected", "workers": len(workers), "threads": threads})

    async def end(self):
        self.cancel()
        try:
            await self.client.unregister_worker_plugin(self.name)
        except Exception:
            # The scheduler has gone, or never got it.
            pass
        await self.client.close()

    def on_event(self, event):
        _, event = event
        data = event.pop("data")
        if event["chunk"][0] == self.map:
            self.tell({"kind": "output", **event}, bytes(data))

    async def hear(self, header, body):
        kind = header["kind"]
        if kind == "map":
            self.map = header["map"]
            self.paths = header["files"]
            await self.tell_connected()
        elif kind == "chunk":
            task = asyncio.create_task(self.run(header["spec"], header["lengths"], body))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
        elif kind == "cancel":
            self.cancel()

    def cancel(self):
        self.map = None
        futures = list(self.futures)
        self.futures.clear()
        if futures:
            asyncio.ensure_future(self.client.cancel(futures, force=True))

    async def run(self, spec, lengths, body):
        chunk = spec["chunk"]
        spec["files"] = list(self.paths)
        workers = None
        try:
            while True:
                submitted = time.monotonic()
                header, payload = await self.run_once(spec, lengths, body, workers)
                if "missing" not in header:
                    break
                await self.store(header["worker"], header["missing"], submitted)
                workers = [header["worker"]]
        except asyncio.CancelledError:
            return
        except Exception as error:
            if chunk[0] == self.map:
                self.tell({"kind": "lost", "chunk": chunk, "error": describe(error)})
            return
        if chunk[0] != self.map:
            return
        if "refused" in header:
            self.tell({"kind": "lost", "chunk": chunk, "error": header["refused"]})
        else:
            self.tell({"kind": "done", "chunk": chunk, **header}, payload)

    async def run_once(self, spec, lengths, body, workers):
        key = f"parcell-map-{uuid.uuid4().hex}"
        future = self.client.submit(
            run_chunk, self.name, key, spec, lengths, body,
            key=key, pure=False, workers=workers, allow_other_workers=bool(workers),
        )  # fmt: skip
        self.futures.add(future)
        try:
            return await future
        finally:
            self.futures.discard(future)
            future.release()

    async def store(self, worker, names, missed):
        """Sends files to a worker that missed them then: each once, however many chunks there miss them."""
        for name in names:
            place = (worker, name)
            begun, sending = self.stores.get(place, (None, None))
            if sending is None or sending.done() and begun < missed:
                sending = asyncio.ensure_future(self.send_file(worker, name))
                self.stores[place] = time.monotonic(), sending
            await sending

    async def send_file(self, worker, name):
        with open(self.paths[name], "rb") as file:
            data = file.read()
        await self.client.run(store_files, self.name, {name: data}, workers=[worker])


def describe(error):
    text = str(error).strip()
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


async def main(url, parent):
    bridge = None
    tell = lambda error: os.write(1, frame({"kind": "unavailable", "error": error}))
    if distributed is None:
        return tell(f"`{sys.executable}` has no Dask ({import_error}): `{sys.executable} -m pip install distributed` installs it")
    where = {"scheduler_file": url} if url.endswith(".json") else {"address": url}
    try:
        client = await EndingClient(**where, asynchronous=True, timeout=CONNECT_TIMEOUT, name="parcell")
    except Exception as error:
        return tell(f"no Dask scheduler answers at {url}: {describe(error)}")
    bridge = Bridge(client)

    def lose():
        tell(f"the connection to {url} has failed: the scheduler has ended, or cannot be reached any more")
        # There is nobody left to clear up with; a scheduler that goes on does so itself.
        os._exit(1)

    client.lost = lose
    try:
        await bridge.begin()
        await serve(bridge, parent)
    except Exception as error:
        tell(f"the connection to {url} has failed: {describe(error)}")
    finally:
        await bridge.end()


async def serve(bridge, parent):
    """Until the program has ended, or closed its end."""
    loop = asyncio.get_running_loop()
    ended, arrived, frames = asyncio.Event(), asyncio.Queue(), Frames()
    loop.add_reader(parent, ended.set)

    def read():
        data = os.read(0, 1 << 20)
        if not data:
            loop.remove_reader(0)
            ended.set()
        for parts in frames.feed(data):
            arrived.put_nowait(parts)

    loop.add_reader(0, read)
    end = asyncio.create_task(ended.wait())
    while not end.done():
        get = asyncio.create_task(arrived.get())
        await asyncio.wait([get, end], return_when=asyncio.FIRST_COMPLETED)
        if get.done():
            await bridge.hear(*get.result())
        else:
            get.cancel()


if __name__ == "__main__":
    # Where nobody reads any more, the end follows.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore")
    logging.disable(logging.ERROR)
    try:
        asyncio.run(main(sys.argv[1], os.pidfd_open(int(sys.argv[2]))))
    except (BrokenPipeError, ProcessLookupError):
        pass
