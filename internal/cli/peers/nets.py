"""Train or infer with dense layers in PyTorch or onnxruntime, as often as asked.

The first line of standard input is a JSON request: peer ("torch" or "onnxruntime"), dims (widths of the layers), batch,
threads and, for onnxruntime, model (an ONNX file). It is answered by {"version": ..}. Every other line is a number of
steps or inferences to make, which is answered by {"cpu_s": .., "wall_s": ..}, the time that they took together.
"""

import json
import sys
import time


def torch_step(request):
    import torch

    torch.manual_seed(1)
    torch.set_num_threads(request["threads"])
    dims, batch = request["dims"], request["batch"]
    layers = []
    for i, o in zip(dims, dims[1:]):
        layers += [torch.nn.Linear(i, o), torch.nn.ReLU()]
    net = torch.nn.Sequential(*layers[:-1])
    adam = torch.optim.Adam(net.parameters(), lr=1e-4, fused=True)
    x, target = torch.rand(batch, dims[0]), torch.rand(batch, dims[-1])
    n = dims[-1] - 2

    def step():
        adam.zero_grad()
        z = net(x)
        composition = (torch.log_softmax(z[:, :n], 1) - target[:, :n]).abs().mean()
        energies = (z[:, n:] - target[:, n:]).abs().mean()
        (composition + energies).backward()
        adam.step()

    return torch.__version__, step


def onnxruntime_inference(request):
    import numpy
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = request["threads"]
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(request["model"], options, providers=["CPUExecutionProvider"])
    x = numpy.random.default_rng(1).random((request["batch"], request["dims"][0]), numpy.float32)
    return onnxruntime.__version__, lambda: session.run(None, {"x": x})


def main():
    request = json.loads(sys.stdin.readline())
    peers = {"torch": torch_step, "onnxruntime": onnxruntime_inference}
    version, work = peers[request["peer"]](request)
    print(json.dumps({"version": version}), flush=True)
    for line in sys.stdin:
        cpu, wall = time.process_time(), time.perf_counter()
        for _ in range(int(line)):
            work()
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        print(json.dumps({"cpu_s": cpu, "wall_s": wall}), flush=True)


if __name__ == "__main__":
    try:
        main()
    except ImportError as err:
        sys.exit(f"{type(err).__name__}: {err}")
