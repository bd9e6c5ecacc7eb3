"""Measures Jupyter kernels with one client. Reads a list of kernels as JSON from standard input, writes one JSON object
a kernel, and lines that start with "# " about its progress to standard error."""
import json
import os
import queue
import random
import statistics
import sys
import time

import psutil
from jupyter_client import KernelManager
from jupyter_client.kernelspec import KernelSpec

LONG = 120.0  # seconds that a cell may take
SHORT = 20.0  # seconds that a question may take, and that a kernel has to show whether it outlives a cell

# What stands for @ in cells is new in every run too: a kernel may know again what it has compiled before.
number = random.SystemRandom().randrange(10**6, 10**9)


def new(code):
    """The code with a number that no cell has had."""
    global number
    number += 1
    return code.replace("@", str(number))


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

    def ask(self, send, answered):
        """The seconds to a reply that answers the question."""
        start = time.monotonic()
        content = self.reply(send(), SHORT)
        if not answered(content):
            raise RuntimeError("no answer in the reply")
        return time.monotonic() - start

    def questions(self, send, answered, count):
        """The median of the seconds to an answer. What a kernel starts for its first answer is not measured."""
        end = time.monotonic() + SHORT
        while True:
            try:
                self.ask(send, answered)
                break
            except RuntimeError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.5)
        return statistics.median(self.ask(send, answered) for _ in range(count))

    def processes(self):
        """The process of the kernel, and all it started."""
        try:
            root = psutil.Process(self.km.provisioner.process.pid)
            return [root] + root.children(recursive=True)
        except (AttributeError, psutil.NoSuchProcess):
            return []

    def memory(self):
        """Resident memory of the kernel and all it started, in MB."""
        total = 0
        for p in self.processes():
            try:
                total += p.memory_info().rss
            except psutil.NoSuchProcess:
                pass
        return total / 2**20

    def close(self):
        all = self.processes()
        self.kc.stop_channels()
        self.km.shutdown_kernel(now=True)
        for p in all:  # gonb leaves its language server behind
            try:
                p.kill()
            except psutil.NoSuchProcess:
                pass


def text_of(seen):
    """All text that a cell showed."""
    out = []
    for m in seen:
        c = m["content"]
        if m["msg_type"] == "stream":
            out.append(c["text"])
        elif m["msg_type"] in ("execute_result", "display_data"):
            out.append(str(c["data"].get("text/plain", "")))
        elif m["msg_type"] == "error":
            out.append(" ".join([c["ename"], c["evalue"]] + c["traceback"]))
    return "".join(out)


def started(spec):
    """A started kernel, with the seconds to its kernel_info and to its first cell."""
    start = time.monotonic()
    k = Kernel(spec)
    try:
        # What is sent before the kernel has bound its sockets waits there.
        k.reply(k.kc.kernel_info())
        info = time.monotonic() - start
        k.reply(k.kc.execute(new(spec["first"]), allow_stdin=False))
        first = time.monotonic() - start
        k.subscribe()
        return k, info, first
    except BaseException:
        k.close()
        raise


def outlived(spec, fatal):
    """What is left of a kernel after a cell that is bad for its process: in words."""
    k, _, _ = started(spec)
    try:
        for code in spec["setup"]:
            k.run(code)
        end = time.monotonic() + SHORT
        cell = k.kc.execute(fatal["code"], allow_stdin=False, stop_on_error=False)
        question = k.kc.execute(spec["read"], allow_stdin=False)
        texts = {cell: "", question: ""}
        while True:
            if not k.km.is_alive():
                return "dies"
            if time.monotonic() > end:
                return "hangs"
            try:
                m = k.kc.get_iopub_msg(timeout=0.2)
            except queue.Empty:
                continue
            parent = m["parent_header"].get("msg_id")
            if parent not in texts:
                continue
            texts[parent] += text_of([m])
            if parent == question and m["msg_type"] == "status" and m["content"]["execution_state"] == "idle":
                break
        words = ["alive"] if k.km.is_alive() else ["dies"]
        if spec["state"]:
            words.append("kept" if spec["state"] in texts[question] else "lost")
        if fatal["reason"] in texts[cell] + texts[question]:
            words.append("said")
        return ", ".join(words)
    finally:
        k.close()


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

    def many(code, count, ok=True):
        return statistics.median(k.run(new(code), ok)[0] for _ in range(count))

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
        return spec["state"] != "" and spec["state"] in text_of(seen)
    row("state", state)

    row("complete", lambda: k.questions(
        lambda: k.kc.complete(spec["complete"], len(spec["complete"])), lambda c: c.get("matches"), cells))
    row("inspect", lambda: k.questions(
        lambda: k.kc.inspect(spec["inspect"], len(spec["inspect"])), lambda c: c.get("found"), cells))

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
            _, seen = k.run(new(spec["plot"]))
            if not any("image/png" in m["content"].get("data", {}) for m in seen):
                raise RuntimeError("no image")
            return many(spec["plot"], min(cells, 5))
        row("plot", plot)

    for name, code in (spec.get("extra") or {}).items():
        def first(code=code):
            return k.run(new(code))[0]
        row(name + "_first", first)

        def later(code=code, name=name):
            count = min(cells, 10)
            before = k.memory()
            took = many(code, count)
            result[name + "_memory"] = (k.memory() - before) / count
            return took
        row(name + "_later", later)

    def memory():
        k2, _, _ = started(spec)
        try:
            for code in spec["setup"]:
                k2.run(code)
            for _ in range(100):
                k2.run(new(spec["print"]))
            return k2.memory()
        finally:
            k2.close()
    row("memory_100", memory)

    def interrupt():
        cell = k.kc.execute(spec["loop"], allow_stdin=False)
        time.sleep(1.5)
        start = time.monotonic()
        k.km.interrupt_kernel()
        k.reply(cell, SHORT)
        took = time.monotonic() - start
        k.idle(cell, SHORT)
        try:
            _, seen = k.run(spec["read"], timeout=SHORT)
            kept = spec["state"] != "" and spec["state"] in text_of(seen)
        except Exception:
            kept = False
        result["interrupt_keeps_state"] = kept
        return took
    row("interrupt", interrupt)
    k.close()
    for name, fatal in (spec.get("fatal") or {}).items():
        row(name, lambda fatal=fatal: outlived(spec, fatal))
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
