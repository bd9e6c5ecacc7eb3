"""Measures Jupyter kernels with one client. Reads a list of kernels as JSON from standard input, writes one JSON object
a kernel, and lines that start with "# " about its progress to standard error."""
import json
import os
import queue
import statistics
import sys
import time

import psutil
from jupyter_client import KernelManager
from jupyter_client.kernelspec import KernelSpec

LONG = 120.0  # seconds that an answer may take


class Kernel:
    """A running kernel and its client."""

    def __init__(self, spec):
        self.spec = spec
        self.km = KernelManager()
        self.km._kernel_spec = KernelSpec(
            argv=spec["argv"], display_name=spec["name"], language=spec["name"],
            interrupt_mode=spec.get("interrupt_mode", "signal"), env=spec.get("env") or {})
        self.km.start_kernel(cwd=spec["dir"], stdout=sys.stderr, stderr=sys.stderr)
        self.kc = self.km.client()
        self.kc.start_channels()

    def reply(self, msg_id, timeout=LONG):
        end = time.monotonic() + timeout
        while True:
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError("no answer in %g s" % timeout)
            try:
                m = self.kc.get_shell_msg(timeout=left)
            except queue.Empty:
                continue
            if m["parent_header"].get("msg_id") == msg_id:
                return m["content"]

    def idle(self, msg_id, timeout=LONG):
        """Waits for the end of a request and returns what was published about it."""
        end = time.monotonic() + timeout
        seen = []
        while True:
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError("not idle in %g s" % timeout)
            try:
                m = self.kc.get_iopub_msg(timeout=left)
            except queue.Empty:
                continue
            if m["parent_header"].get("msg_id") != msg_id:
                continue
            seen.append(m)
            if m["msg_type"] == "status" and m["content"]["execution_state"] == "idle":
                return seen

    def subscribe(self):
        """Waits until the client hears what the kernel publishes: the first messages may come too early for it."""
        for _ in range(50):
            msg_id = self.kc.kernel_info()
            self.reply(msg_id)
            try:
                self.idle(msg_id, 0.5)
                return
            except TimeoutError:
                pass
        raise TimeoutError("the kernel publishes nothing")

    def run(self, code, ok=True, timeout=LONG):
        """Runs a cell; returns the seconds to its reply and what was published."""
        start = time.monotonic()
        msg_id = self.kc.execute(code, allow_stdin=False)
        content = self.reply(msg_id, timeout)
        took = time.monotonic() - start
        seen = self.idle(msg_id, timeout)
        if ok and content["status"] != "ok":
            raise RuntimeError("%r fails: %s" % (code, content.get("evalue", content["status"])))
        if not ok and content["status"] == "ok":
            raise RuntimeError("%r does not fail" % code)
        return took, seen

    def ask(self, send):
        start = time.monotonic()
        content = self.reply(send())
        return time.monotonic() - start, content

    def memory(self):
        """Resident memory of the kernel and all it started, in MB."""
        total = 0
        root = psutil.Process(self.km.provisioner.process.pid)
        for p in [root] + root.children(recursive=True):
            try:
                total += p.memory_info().rss
            except psutil.NoSuchProcess:
                pass
        return total / 2**20

    def close(self):
        self.kc.stop_channels()
        self.km.shutdown_kernel(now=True)


def text_of(seen):
    """All text that a cell showed."""
    out = []
    for m in seen:
        c = m["content"]
        if m["msg_type"] == "stream":
            out.append(c["text"])
        elif m["msg_type"] in ("execute_result", "display_data"):
            out.append(str(c["data"].get("text/plain", "")))
    return "".join(out)


def started(spec):
    """A started kernel, with the seconds to its kernel_info and to its first cell."""
    start = time.monotonic()
    k = Kernel(spec)
    try:
        # What is sent before the kernel has bound its sockets waits there.
        k.reply(k.kc.kernel_info())
        info = time.monotonic() - start
        k.reply(k.kc.execute(spec["first"], allow_stdin=False))
        first = time.monotonic() - start
        k.subscribe()
        return k, info, first
    except BaseException:
        k.close()
        raise


def measure(spec, cells):
    result = {}

    def note(what):
        print("# %s: %s" % (spec["name"], what), file=sys.stderr, flush=True)

    def row(name, f):
        note(name)
        try:
            value = f()
            if value is not None:
                result[name] = value
        except Exception as e:  # a peer may fail at anything; the rest is measured all the same
            result[name + "_error"] = "%s: %s" % (type(e).__name__, e)

    infos, firsts = [], []
    k = None
    for i in range(spec["starts"]):
        if k:
            k.close()
        k, info, first = started(spec)
        infos.append(info)
        firsts.append(first)
    result["start"], result["first_cell"] = statistics.median(infos), statistics.median(firsts)
    time.sleep(1)
    result["memory_start"] = k.memory()
    n = [0]

    def many(code, count, ok=True):
        times = []
        for _ in range(count):
            n[0] += 1
            times.append(k.run(code.replace("@", str(n[0])), ok)[0])
        return statistics.median(times)

    for code in spec["setup"]:
        k.run(code)

    row("trivial", lambda: many(spec["trivial"], cells))
    row("print", lambda: many(spec["print"], cells))

    def again():
        k.run(spec["again"])
        return many(spec["again"], cells)
    row("again", again)
    row("error", lambda: many(spec["error"], cells, ok=False))

    def state():
        _, seen = k.run(spec["read"])
        return spec["state"] in text_of(seen)
    row("state", state)

    def complete():
        times = []
        for _ in range(cells):
            t, c = k.ask(lambda: k.kc.complete(spec["complete"], len(spec["complete"])))
            if not c.get("matches"):
                raise RuntimeError("no matches")
            times.append(t)
        return statistics.median(times)
    row("complete", complete)

    def inspect():
        times = []
        for _ in range(cells):
            t, c = k.ask(lambda: k.kc.inspect(spec["inspect"], len(spec["inspect"])))
            if not c.get("found"):
                raise RuntimeError("not found")
            times.append(t)
        return statistics.median(times)
    row("inspect", inspect)

    def while_running():
        cell = k.kc.execute(spec["sleep"], allow_stdin=False)
        time.sleep(0.7)
        question = k.kc.complete(spec["complete"], len(spec["complete"]))
        first = None
        while True:
            m = k.kc.get_shell_msg(timeout=LONG)
            parent = m["parent_header"].get("msg_id")
            if parent in (cell, question) and first is None:
                first = parent
            if parent == cell:
                break
        k.idle(cell)
        return first == question
    row("answers_while_running", while_running)

    if spec.get("plot"):
        def plot():
            for code in spec.get("plot_setup", []):
                k.run(code)
            _, seen = k.run(spec["plot"].replace("@", "1"))
            if not any("image/png" in m["content"].get("data", {}) for m in seen):
                raise RuntimeError("no image")
            return many(spec["plot"], min(cells, 5))
        row("plot", plot)

    for name, code in (spec.get("extra") or {}).items():
        def first(code=code):
            return k.run(code.replace("@", "0"))[0]
        row(name + "_first", first)

        def later(code=code):
            return many(code, min(cells, 3))
        row(name + "_later", later)

    def memory():
        k2, _, _ = started(spec)
        try:
            for code in spec["setup"]:
                k2.run(code)
            for i in range(100):
                k2.run(spec["print"].replace("@", str(10**6 + i)))
            return k2.memory()
        finally:
            k2.close()
    row("memory_100", memory)

    def interrupt():
        cell = k.kc.execute(spec["loop"], allow_stdin=False)
        time.sleep(1.5)
        start = time.monotonic()
        k.km.interrupt_kernel()
        k.reply(cell, 20)
        took = time.monotonic() - start
        k.idle(cell, 20)
        try:
            _, seen = k.run(spec["read"], timeout=20)
            kept = spec["state"] in text_of(seen)
        except Exception:
            kept = False
        result["interrupt_keeps_state"] = kept
        return took
    row("interrupt", interrupt)
    k.close()
    return result


def main():
    request = json.load(sys.stdin)
    for spec in request["kernels"]:
        try:
            result = measure(spec, request["cells"])
        except Exception as e:
            result = {"failed": "%s: %s" % (type(e).__name__, e)}
        result["name"] = spec["name"]
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    os.environ.pop("JPY_PARENT_PID", None)
    main()
