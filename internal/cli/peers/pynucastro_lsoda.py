"""Burn with pynucastro's network and SciPy's LSODA: one JSON request on standard input, one JSON answer on standard output.

Request: nuclides (names), links (lists "in" and "out" of names: the direction that REACLIB fits; the other one follows from
detailed balance), x (mass fractions), burns (T in K, rho in g/cm3, t in s), rtol, atol (of molar abundances), repeats,
compile (whether numba must be there) and cache (a folder that keeps the compiled network).
Answer: versions, and for each burn cpu_s (processor times), rhs (evaluations) and x (mass fractions at t).
"""

import contextlib
import hashlib
import importlib.util
import inspect
import json
import math
import os
import sys
import time
import warnings
from importlib.metadata import version
from pathlib import Path


def report(text):
    print("#", text, file=sys.stderr, flush=True)


def write_network(links, path):
    """Write the Python module that pynucastro generates for the links, each in both directions."""
    import pynucastro

    def key(nuclei):
        return tuple(sorted((n.Z, n.A) for n in nuclei))

    known = {}
    for rate in pynucastro.ReacLibLibrary().get_rates():
        if not rate.weak and not rate.derived_from_inverse:
            known.setdefault((key(rate.reactants), key(rate.products)), []).append(rate)
    rates = []
    for link in links:
        ends = tuple(key(pynucastro.Nucleus(n) for n in link[side]) for side in ("in", "out"))
        if ends not in known:
            sys.exit(f"pynucastro has no rate {' + '.join(link['in'])} -> {' + '.join(link['out'])}")
        rates += known[ends]
    reverse = [pynucastro.DerivedRate(rate) for rate in rates]
    for rate in reverse:
        # Its equilibrium constants have the mass of each nuclide to the power 5/2 over A where nuclab has 3/2.
        source = rate.source_rate
        excess = sum(math.log(n.A_nuc / n.A) for n in source.reactants) - sum(math.log(n.A_nuc / n.A) for n in source.products)
        for fit in rate.derived_sets:
            fit.a[0] -= excess
    network = pynucastro.PythonNetwork(rates=rates + reverse)
    draft = path.with_suffix(f".{os.getpid()}")
    network.write_network(draft)
    text = draft.read_text()
    draft.unlink()
    # With its stand-in for numba the module runs without one; what LSODA calls is kept compiled on disk.
    text = text.replace("import numba\n", "import pynucastro.numba_util as numba\n", 1)
    text = text.replace("from numba.experimental import jitclass\n", "from pynucastro.numba_util import jitclass\n", 1)
    for name in ("rhs_eq", "jacobian_eq"):
        text = text.replace(f"@numba.njit()\ndef {name}(", f"@numba.njit(cache=True)\ndef {name}(", 1)
    draft.write_text(text)
    draft.replace(path)


def load_network(links, cache):
    """Return pynucastro's module for the links. It is generated once and kept, compiled, in the folder cache."""
    cache.mkdir(parents=True, exist_ok=True)
    recipe = json.dumps([links, version("pynucastro"), sys.version, inspect.getsource(write_network)])
    path = cache / f"network_{hashlib.sha256(recipe.encode()).hexdigest()[:16]}.py"
    if not path.exists():
        report(f"generating pynucastro's network of {len(links)} links")
        write_network(links, path)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # where numba looks for it
    spec.loader.exec_module(module)
    return module


def burn(network, start, case, rtol, atol, repeats):
    """Return the processor times of equal burns, the evaluations of the right-hand side and the final abundances."""
    from scipy.integrate import solve_ivp

    args = (case["rho"], case["T"], None)
    used = []
    for _ in range(int(repeats)):
        before = time.process_time()
        end = solve_ivp(network.rhs_eq, (0.0, case["t"]), start, method="LSODA", t_eval=[case["t"]],
                        jac=network.jacobian_eq, args=args, rtol=rtol, atol=atol)
        used.append(time.process_time() - before)
        if not end.success:
            sys.exit(f"LSODA at T = {case['T']:g} K, rho = {case['rho']:g} g/cm3: {end.message}")
    return used, end.nfev, end.y[:, -1]


def main():
    request = json.load(sys.stdin, parse_int=float)  # numba would compile anew for whole numbers
    with contextlib.redirect_stdout(sys.stderr):  # standard output is for the answer
        answer = run(request)
    json.dump(answer, sys.stdout)


def run(request):
    warnings.simplefilter("ignore")  # pynucastro names each light nuclide that has no partition function
    have_numba = importlib.util.find_spec("numba") is not None
    for name in ("pynucastro", "scipy") + (("numba",) if request["compile"] else ()):
        if importlib.util.find_spec(name) is None:
            sys.exit(f"this Python has no {name}")
    network = load_network(request["links"], Path(request["cache"]))

    import numpy as np
    from pynucastro import Nucleus

    order = {Nucleus(name): i for i, name in enumerate(network.names)}
    index = [order.get(Nucleus(n)) for n in request["nuclides"]]  # None: no link touches it
    start = np.zeros(network.nnuc)
    for i, x in zip(index, request["x"]):
        if i is not None:
            start[i] = x / network.A[i]
        elif x > 0:
            sys.exit("a nuclide of the initial composition takes part in no link")

    began = time.monotonic()
    first = request["burns"][0]
    if have_numba:
        report("compiling it with numba, for 80 nuclides some 5 minutes, or reading what an earlier run compiled")
    network.rhs_eq(0.0, start, first["rho"], first["T"], None)
    network.jacobian_eq(0.0, start, first["rho"], first["T"], None)
    if have_numba:
        report(f"compiled or read from {request['cache']} in {time.monotonic() - began:.1f} s")

    burns = []
    for case in request["burns"]:
        used, calls, y = burn(network, start, case, request["rtol"], request["atol"], request["repeats"])
        x = [0.0 if i is None else float(y[i] * network.A[i]) for i in index]
        burns.append({"cpu_s": used, "rhs": calls, "x": x})
    versions = {name: version(name) for name in ("pynucastro", "scipy", "numpy")}
    versions["numba"] = version("numba") if have_numba else ""
    return {"versions": versions, "burns": burns}


main()
