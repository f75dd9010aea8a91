"""What Python's pools take for the same work: reads "PEER WORK" a line, answers with the seconds of
each run, or "-" where it cannot."""

import atexit
import multiprocessing
import sys
import time
from concurrent.futures import ProcessPoolExecutor

TINY, SINGLE, SAMPLES, SEEDS = 1_000_000, 20_000, 10_000_000, 8
GIGABYTE, PARTS, PAYLOAD = 1 << 30, 64, 64 << 20
CORES = len(__import__("os").sched_getaffinity(0))


def double(n):
    return n * 2


def mean(seed):
    import numpy

    array = numpy.random.default_rng(seed).random(SAMPLES)
    return float(numpy.mean(numpy.sin(array) + numpy.cos(array)))


def total(part):
    import numpy

    return int(numpy.frombuffer(part, dtype=numpy.uint8).sum(dtype=numpy.uint64))


def length(payload):
    return len(payload)


def payload(size):
    return b"\1" * size


def timed(runs, run):
    run()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return times


class Pool:
    def __init__(self):
        self.pool = multiprocessing.Pool(CORES)

    def map(self, function, items, chunk=None):
        return self.pool.map(function, items, chunk)

    def call(self, function, argument):
        return self.pool.apply(function, (argument,))


class Executor:
    def __init__(self):
        self.executor = ProcessPoolExecutor(CORES)

    def map(self, function, items, chunk=None):
        # Its own default hands over one item at a time, which is measured apart.
        return list(self.executor.map(function, items, chunksize=chunk or max(1, len(items) // (4 * CORES))))

    def call(self, function, argument):
        return self.executor.submit(function, argument).result()


class Loky(Executor):
    def __init__(self):
        import loky

        self.executor = loky.ProcessPoolExecutor(CORES)


class Joblib:
    def __init__(self):
        import joblib

        self.delayed, self.parallel = joblib.delayed, joblib.Parallel(n_jobs=CORES)

    def map(self, function, items, chunk=None):
        self.parallel.batch_size = chunk or "auto"
        return self.parallel(self.delayed(function)(item) for item in items)

    def call(self, function, argument):
        return self.parallel([self.delayed(function)(argument)])[0]


class Ipyparallel:
    def __init__(self):
        import ipyparallel

        self.cluster = ipyparallel.Cluster(n=CORES, log_level=40)
        client = self.cluster.start_and_connect_sync(activate=False)
        atexit.register(self.cluster.stop_cluster_sync)
        # Engines have a `__main__` of their own, in which the constants of this one are not.
        client[:].push({"SAMPLES": SAMPLES}, block=True)
        self.view = client.load_balanced_view()

    def map(self, function, items, chunk=None):
        return self.view.map_sync(function, items, chunksize=chunk or max(1, len(items) // (4 * CORES)))

    def call(self, function, argument):
        return self.view.apply_sync(function, argument)


PEERS = {"Pool": Pool, "Executor": Executor, "loky": Loky, "joblib": Joblib, "ipyparallel": Ipyparallel}


def measure(peer, work):
    if work == "tiny":
        return timed(3, lambda: peer.map(double, range(TINY)))
    if work == "single":
        (tenth,) = timed(1, lambda: peer.map(double, range(SINGLE // 10), 1))
        # Who takes that long takes ten times as long for all of them, and need not be waited for.
        return [tenth * 10] if tenth > 1 else timed(3, lambda: peer.map(double, range(SINGLE), 1))
    if work == "submit":
        return timed(200, lambda: peer.call(double, 1))
    if work == "seeds":
        return timed(1, lambda: peer.map(mean, range(SEEDS), 1))
    if work == "captured":
        data = bytes(b"\1") * GIGABYTE
        size = GIGABYTE // PARTS
        return timed(1, lambda: peer.map(total, [data[n * size : (n + 1) * size] for n in range(PARTS)], 1))
    if work == "argument":
        data = payload(PAYLOAD)
        return timed(3, lambda: peer.call(length, data))
    if work == "result":
        return timed(3, lambda: peer.call(payload, PAYLOAD))
    raise ValueError(work)


def main():
    peers = {}
    for line in sys.stdin:
        name, work = line.split()
        try:
            if name not in peers:
                peers[name] = PEERS[name]()
            print(*measure(peers[name], work), flush=True)
        except ImportError as missing:
            print(f"{name} cannot do {work}: {missing}", file=sys.stderr)
            print("-", flush=True)


if __name__ == "__main__":
    main()
