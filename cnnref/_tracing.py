"""Following a `torch.nn.Module` through `torch.fx`: which of its calls are layers, which only pass maps on."""

from __future__ import annotations

from fractions import Fraction

from cnnref._field_table import Table
from cnnref._layers import AdaptivePool, Element, Flatten, GlobalPool, Layer, Pad, Upsample, checked
from cnnref._network import Network


def names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Modules that work on each position by itself. Statistics of normalization are not counted as reading.
POINTWISE_MODULES = names("""
    Identity ReLU ReLU6 LeakyReLU PReLU RReLU ELU CELU SELU GELU SiLU Mish Sigmoid Tanh Softplus Softsign Softshrink
    Hardshrink Hardtanh Hardsigmoid Hardswish LogSigmoid Tanhshrink Threshold Softmax2d
    Dropout Dropout1d Dropout2d Dropout3d AlphaDropout FeatureAlphaDropout
    BatchNorm1d BatchNorm2d BatchNorm3d SyncBatchNorm LocalResponseNorm ChannelShuffle
    GroupNorm InstanceNorm1d InstanceNorm2d InstanceNorm3d LayerNorm RMSNorm
""")
# By the names that functions and tensor methods share.
POINTWISE_FUNCTIONS = names("""
    relu relu_ relu6 leaky_relu leaky_relu_ prelu rrelu elu elu_ celu selu gelu silu mish sigmoid sigmoid_ tanh tanh_
    softplus softsign softshrink hardshrink hardtanh hardsigmoid hardswish logsigmoid tanhshrink threshold
    dropout dropout1d dropout2d dropout3d alpha_dropout feature_alpha_dropout
    batch_norm group_norm instance_norm layer_norm local_response_norm
    contiguous clone detach float double half to type neg abs exp log sqrt square pow clamp clip identity
""")
JOINS = names("add iadd sub isub mul imul truediv div maximum minimum add_ mul_ sub_ div_")
# What changes nothing once each unit sees the whole input.
RESHAPES = names("view reshape squeeze unsqueeze expand expand_as permute transpose getitem")
# What a graph asks about shapes: numbers, not maps.
NUMBERS = names("size getattr getitem dim floordiv mod eq ne lt gt len int")


class Unknown(Exception):
    """A call that cannot be followed; the text names it."""


def traced(module, input_size: int | tuple[int, ...] | None) -> Table:
    import torch

    if not isinstance(module, torch.nn.Module):
        raise TypeError(f"module must be a torch.nn.Module, got {type(module).__name__}")
    if input_size is not None:
        input_size = checked("input_size", input_size, 1)
    if type(module).__module__.startswith("torch.nn") and not isinstance(module, torch.nn.Sequential):
        module = torch.nn.Sequential(module)  # torch.fx looks into the module that it is given, but not into layers
    try:
        graph = torch.fx.symbolic_trace(module).graph
    except Exception as error:  # torch.fx raises many kinds of errors, all for code that it cannot follow
        raise ValueError(f"module must be followed by torch.fx, which says: {str(error).splitlines()[0]}") from error
    modules = dict(module.named_modules())
    axes = spatial_axes(modules.values(), graph, input_size)
    if isinstance(input_size, int):
        input_size = (input_size,) * axes
    return Follower(modules, axes, input_size).follow(graph)


def spatial_axes(modules, graph, input_size) -> int:
    """How many axes the maps have besides batch and channels: as layers named ...1d, ...2d, ...3d say."""
    names = [type(m).__name__ for m in modules] + [called(node) for node in graph.nodes if node.op == "call_function"]
    dimensions = [int(n[-2]) for n in names if n[-2:] in ("1d", "2d", "3d") and not n.startswith(("Batch", "Drop"))]
    if isinstance(input_size, tuple):
        return len(input_size)
    return dimensions[0] if dimensions else 2


def called(node) -> str:
    """The name of the function or method that a node calls."""
    return node.target if isinstance(node.target, str) else getattr(node.target, "__name__", str(node.target))


class Follower:
    """Walks through a traced graph and builds the network of fields beside it."""

    def __init__(self, modules: dict, axes: int, input_size: tuple[int, ...] | None):
        self.modules, self.axes = modules, axes
        self.network = Network(axes, input_size)
        self.maps: dict = {}  # from nodes of the graph to numbers of nodes of the network
        self.unknown: list[str] = []

    def follow(self, graph) -> Table:
        for node in graph.nodes:
            try:
                self.visit(node)
            except Unknown as unknown:
                self.unknown.append(str(unknown))
                self.pass_on(node)
        if self.unknown:
            names = ", ".join(dict.fromkeys(self.unknown))
            raise ValueError(f"module must hold layers that can be followed, got {names}")
        return self.network.table()

    def visit(self, node) -> None:
        if node.op == "call_module":
            self.module(node, self.modules[node.target])
        elif node.op in ("call_function", "call_method"):
            self.function(node, called(node))
        elif node.op not in ("get_attr", "output"):
            if self.maps:
                raise Unknown(f"a second input {node.name!r}")
            self.maps[node] = 0

    def sources(self, node) -> list[int]:
        """The maps among the arguments of a call, those in lists too."""
        return [self.maps[n] for n in node.all_input_nodes if n in self.maps]

    def pass_on(self, node) -> None:
        sources = self.sources(node)
        if sources:
            self.maps[node] = sources[0]

    def put(self, node, element: Element) -> None:
        self.maps[node] = self.network.layer(element, self.sources(node)[0])

    def module(self, node, module) -> None:
        kind = type(module).__name__
        if kind in POINTWISE_MODULES:
            self.pass_on(node)
        elif kind in ("Linear", "Bilinear", "LazyLinear"):
            self.fully_connected(node, kind)
        elif kind in ("Softmax", "LogSoftmax"):
            self.softmax(node, kind, module.dim)
        else:
            self.put(node, element_of_module(module, kind, node.target, self.sizes_below(node)))

    def sizes_below(self, node) -> tuple[int | None, ...]:
        return self.network.nodes[self.sources(node)[0]].sizes

    def sees_everything(self, node) -> bool:
        return None in self.network.nodes[self.sources(node)[0]].fields

    def fully_connected(self, node, kind: str) -> None:
        if not self.sees_everything(node):
            raise Unknown(f"{kind} upon a map that is not flattened ({node.target})")
        self.pass_on(node)

    def softmax(self, node, kind: str, dim) -> None:
        if dim not in (1, -1 - self.axes) and not self.sees_everything(node):
            raise Unknown(f"{kind} over axis {dim}")
        self.pass_on(node)

    def function(self, node, name: str) -> None:
        if not self.sources(node) or (name in NUMBERS and name != "getitem"):
            return
        if name in POINTWISE_FUNCTIONS or self.takes_channels(node, name):
            self.pass_on(node)
        elif name in JOINS:
            self.join(node, "add")
        elif name in SPECIAL:
            SPECIAL[name](self, node, name)
        elif name in RESHAPES and self.sees_everything(node):
            self.pass_on(node)
        else:
            self.put(node, element_of_function(node, name, self.sizes_below(node)))

    def takes_channels(self, node, name: str) -> bool:
        """Splitting along the channels, and taking one of the parts."""
        if name in ("chunk", "split"):
            return argument(node, 2, "dim", 0) in (1, -1 - self.axes)
        return name == "getitem" and called(node.args[0]) in ("chunk", "split")

    def join(self, node, how: str) -> None:
        sources = self.sources(node)
        if len(sources) < 2:  # with a number or a weight
            self.pass_on(node)
        elif len(set(sources)) == 1:
            self.maps[node] = sources[0]
        else:
            self.maps[node] = self.network.join(sources, how, node.name)

    def concatenate(self, node, name: str) -> None:
        dim = argument(node, 1, "dim", 0)
        if dim not in (1, -1 - self.axes) and not self.sees_everything(node):
            raise Unknown(f"{name} along axis {dim}")
        self.join(node, "concat")

    def reduce(self, node, name: str) -> None:
        dims = argument(node, 1, "dim")
        dims = tuple(dims) if isinstance(dims, list | tuple) else (dims,)
        rank = self.axes + 2
        if dims != (None,) and {d % rank for d in dims} == {1}:
            self.pass_on(node)  # over the channels
        elif dims == (None,) or set(range(2, rank)) <= {d % rank for d in dims}:
            self.put(node, GlobalPool(node.name))
        else:
            raise Unknown(f"{name} over axes {dims}")

    def flatten(self, node, name: str) -> None:
        """One vector for each example; `view` to two axes is one, too."""
        if name == "flatten":
            into_vectors = argument(node, 1, "start_dim", 0) < 2 and argument(node, 2, "end_dim", -1) == -1
        else:
            shape = node.args[1] if isinstance(node.args[1], tuple | list) else node.args[1:]
            into_vectors = len(shape) == 2
        if into_vectors:
            self.put(node, Flatten(node.name))
        elif self.sees_everything(node):
            self.pass_on(node)
        else:
            raise Unknown(f"{name} to a shape other than one vector for each example")


SPECIAL = {
    **dict.fromkeys(("cat", "concat", "concatenate"), Follower.concatenate),
    **dict.fromkeys(("softmax", "log_softmax"), lambda f, node, name: f.softmax(node, name, argument(node, 1, "dim"))),
    **dict.fromkeys(("mean", "amax", "sum"), Follower.reduce),
    **dict.fromkeys(("flatten", "view", "reshape"), Follower.flatten),
    "linear": Follower.fully_connected,
}


def argument(node, place: int, name: str, default=None):
    return node.kwargs.get(name, node.args[place] if len(node.args) > place else default)


def element_of_module(module, kind: str, name: str, sizes) -> Element:
    """The layer that a module is."""
    if kind.startswith(("Conv", "LazyConv")):
        return convolution(module, name, "Transpose" in kind)
    if kind.startswith(("MaxPool", "AvgPool", "LPPool")):
        return pooling(vars(module), name)
    if kind.startswith("Adaptive"):
        return adaptive(module.output_size, name, sizes)
    if kind == "Flatten":
        return flattened(module.start_dim, module.end_dim, name)
    if kind.endswith(("Pad1d", "Pad2d", "Pad3d")) and not kind.startswith("Circular"):
        return padding(module.padding, name, len(sizes))
    if kind in ("Upsample", "UpsamplingNearest2d", "UpsamplingBilinear2d"):
        return upsampling(vars(module), name, sizes)
    if kind in ("PixelShuffle", "PixelUnshuffle"):
        return shuffled(kind, vars(module), name)
    raise Unknown(f"{kind} ({name})")


def element_of_function(node, name: str, sizes) -> Element:
    """The layer that a function call is."""
    if name == "getitem":
        raise Unknown("indexing of a map")
    if name.startswith(("max_pool", "avg_pool", "boolean_dispatch")):
        options = ("kernel_size", "stride", "padding") + (("dilation",) if "max" in name else ()) + ("ceil_mode",)
        return pooling({o: argument(node, i + 1, o) for i, o in enumerate(options)}, node.name)
    if name.startswith("adaptive_"):
        return adaptive(argument(node, 1, "output_size"), node.name, sizes)
    if name == "interpolate":
        options = ("size", "scale_factor", "mode", "align_corners")
        return upsampling({o: argument(node, i + 1, o) for i, o in enumerate(options)}, node.name, sizes)
    if name == "pad" and argument(node, 2, "mode", "constant") != "circular":
        return padding(argument(node, 1, "pad"), node.name, len(sizes))
    if name in ("pixel_shuffle", "pixel_unshuffle"):
        factor = node.args[1]
        return shuffled(name, {"upscale_factor": factor, "downscale_factor": factor}, node.name)
    raise Unknown(name)


def convolution(module, name: str, transposed: bool) -> Element:
    if module.padding_mode == "circular":
        raise Unknown(f"circular padding ({name})")
    pad = module.padding
    if isinstance(pad, str):
        reach = [d * (k - 1) for d, k in zip(module.dilation, module.kernel_size, strict=True)]
        pad = tuple((r // 2, r - r // 2) if pad == "same" else (0, 0) for r in reach)
    window = tuple(module.kernel_size), tuple(module.stride), pad, tuple(module.dilation), name
    return Layer(*window, transposed, tuple(module.output_padding)) if transposed else Layer(*window)


def pooling(options: dict, name: str) -> Element:
    stride = options.get("stride") or options["kernel_size"]
    pad, dilation = options.get("padding") or 0, options.get("dilation") or 1
    window = (tuple(v) if isinstance(v, list) else v for v in (options["kernel_size"], stride, pad, dilation))
    return Layer(*window, name, ceil_mode=bool(options.get("ceil_mode")))


def adaptive(output_size, name: str, sizes) -> Element:
    """None in an output size keeps the size below."""
    wanted = output_size if isinstance(output_size, list | tuple) else (output_size,) * len(sizes)
    kept = tuple(size if w is None else w for w, size in zip(wanted, sizes, strict=True))
    return GlobalPool(name) if set(kept) == {1} else AdaptivePool(kept, name)


def flattened(start_dim: int, end_dim: int, name: str) -> Element:
    if (start_dim, end_dim) != (1, -1):
        raise Unknown(f"Flatten from axis {start_dim} to {end_dim} ({name})")
    return Flatten(name)


def padding(amounts, name: str, axes: int) -> Element:
    """Torch names the last axis first: (left, right, top, bottom)."""
    amounts = (amounts,) * (2 * axes) if isinstance(amounts, int) else tuple(amounts)
    pairs = [amounts[i : i + 2] for i in range(0, len(amounts), 2)][::-1]
    if len(pairs) > axes:
        raise Unknown(f"padding of channels ({name})")
    return Pad(((0, 0),) * (axes - len(pairs)) + tuple(pairs), name)


def upsampling(options: dict, name: str, sizes) -> Element:
    mode = options.get("mode") or "nearest"
    if options.get("align_corners") or mode == "area":
        raise Unknown(f"interpolation with {'aligned corners' if mode != 'area' else 'mode area'} ({name})")
    size, factor = options.get("size"), options.get("scale_factor")
    if size is None:
        factors = factor if isinstance(factor, list | tuple) else (factor,) * len(sizes)
        return Upsample(tuple(Fraction(f).limit_denominator(1 << 16) for f in factors), mode, name)
    wanted = size if isinstance(size, list | tuple) else (size,) * len(sizes)
    if not all(isinstance(n, int) for n in (*wanted, *sizes)):
        raise Unknown(f"interpolation to a size, without input_size ({name})")
    return Upsample(tuple(Fraction(w, n) for w, n in zip(wanted, sizes, strict=True)), mode, name)


def shuffled(kind: str, options: dict, name: str) -> Element:
    if kind in ("PixelShuffle", "pixel_shuffle"):
        return Upsample(options["upscale_factor"], "nearest", name)
    return Layer(options["downscale_factor"], options["downscale_factor"], name=name)
