"""The figures of the chapter on receptive fields. Every number drawn comes out of `cnnref`."""

import functools

import numpy as np
from matplotlib.colors import to_rgba
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from cnnref import conv2d, max_pool2d, relu
from cnnref.receptive_field import Layer, receptive_field

WORDS = {
    "zh": {
        "which-pixels": {
            "maps": ["输入 9×9", "第一层之后 7×7", "第二层之后 5×5"],
            "count": "{} 个",
        },
        "units": {
            "input": "输入：3 个通道",
            "output": "特征图：64 个通道",
            "patch": "3×3×3 = {} 个数",
            "one": "一个神经元",
            "weights": "参数个数（对数刻度）",
            "conv": "卷积，权重共享：{}",
            "dense": "全连接，同样多的输出：{}",
        },
        "output-size": {"title": "n={n}, k={k}, s={s}, p={p}, d={d}", "result": "n′ = {}"},
        "derivation": {
            "one": "一个单元看到 r = {} 个像素",
            "two": "相邻的单元往右挪 j = {} 个像素",
            "window": "窗口盖住 k = {} 个单元：{} + {}·{} = {}",
        },
        "depth": {"layers": ["输入", "卷积 3", "卷积 3", "卷积 3"], "row": "r = {}，j = {}"},
        "stride": {
            "titles": ["步幅 2 在第一层", "步幅 2 在最后一层"],
            "layers": [["输入", "卷积 3，步幅 2", "卷积 3"], ["输入", "卷积 3", "卷积 3，步幅 2"]],
            "row": "r = {}，j = {}",
        },
        "pooling": {"layers": ["输入", "卷积 3", "池化 2", "卷积 3"], "row": "r = {}，j = {}"},
        "claimed-measured": {
            "layers": ["卷积 3", "池化 2", "卷积 3", "卷积 3"],
            "y": "感受野的边长",
            "claimed": "“池化使它加倍”",
            "measured": "逐个拨动像素，量出来的",
        },
        "dilation": {
            "titles": ["空洞率 1、2、4", "空洞率 2、2、2"],
            "layers": [["输入", "d = 1", "d = 2", "d = 4"], ["输入", "d = 2", "d = 2", "d = 2"]],
            "row": "r = {}，读到 {}",
        },
        "borders": {
            "left": "三个单元各自的 5×5",
            "right": "每个单元看到的真实像素数",
        },
        "effective": {"title": "{} 层，r = {}", "sigma": "标准差 {}"},
        "effective-growth": {
            "x": "层数 L",
            "y": "宽度（像素）",
            "theory": "理论感受野",
            "mass": "装下 95% 的影响",
            "sigma": "标准差",
            "nets": "随机网络",
        },
        "two-dots": {
            "pictures": ["相距 4", "相距 8"],
            "x": "感受野的边长",
            "y": "100 个随机网络中，分得清两幅图的个数",
        },
        "corner": {
            "pictures": ["竖直边", "水平边", "斜边", "角"],
            "rows": ["图像", "边\n滤波器", "角\n滤波器", "两层：\n角点"],
        },
    },
    "en": {
        "which-pixels": {
            "maps": ["input, 9×9", "after layer one, 7×7", "after layer two, 5×5"],
            "count": "{}",
        },
        "units": {
            "input": "input: 3 channels",
            "output": "feature maps: 64 channels",
            "patch": "3×3×3 = {} numbers",
            "one": "one neuron",
            "weights": "number of parameters (logarithmic)",
            "conv": "convolution, weights shared: {}",
            "dense": "fully connected, as many outputs: {}",
        },
        "output-size": {"title": "n={n}, k={k}, s={s}, p={p}, d={d}", "result": "n′ = {}"},
        "derivation": {
            "one": "one unit sees r = {} pixels",
            "two": "the unit beside it sees the same, j = {} pixels on",
            "window": "a window over k = {} units: {} + {}·{} = {}",
        },
        "depth": {"layers": ["input", "conv 3", "conv 3", "conv 3"], "row": "r = {}, j = {}"},
        "stride": {
            "titles": ["stride 2 in the first layer", "stride 2 in the last layer"],
            "layers": [["input", "conv 3, stride 2", "conv 3"], ["input", "conv 3", "conv 3, stride 2"]],
            "row": "r = {}, j = {}",
        },
        "pooling": {"layers": ["input", "conv 3", "pool 2", "conv 3"], "row": "r = {}, j = {}"},
        "claimed-measured": {
            "layers": ["conv 3", "pool 2", "conv 3", "conv 3"],
            "y": "side of the receptive field",
            "claimed": "“pooling doubles it”",
            "measured": "measured, pixel by pixel",
        },
        "dilation": {
            "titles": ["dilation 1, 2, 4", "dilation 2, 2, 2"],
            "layers": [["input", "d = 1", "d = 2", "d = 4"], ["input", "d = 2", "d = 2", "d = 2"]],
            "row": "r = {}, read {}",
        },
        "borders": {
            "left": "three units and their 5×5",
            "right": "real pixels that each unit sees",
        },
        "effective": {"title": "{} layers, r = {}", "sigma": "std {}"},
        "effective-growth": {
            "x": "number of layers L",
            "y": "width in pixels",
            "theory": "theoretical field",
            "mass": "95% of the influence",
            "sigma": "standard deviation",
            "nets": "random ReLU networks",
        },
        "two-dots": {
            "pictures": ["4 apart", "8 apart"],
            "x": "side of the receptive field",
            "y": "of 100 random networks, how many tell them apart",
        },
        "corner": {
            "pictures": ["vertical", "horizontal", "diagonal", "corner"],
            "rows": ["image", "edge\nfilter", "corner\nfilter", "two layers:\ncorners"],
        },
    },
}


def which_pixels(words, ink):
    """Poke every position of a map, and see which pokes reach the unit in the middle of the last map."""
    figure, panels = ink.panels(1, 3, height=2.3)
    kernels = np.random.default_rng(0).normal(size=(2, 1, 1, 3, 3))
    for depth, (axes, title, color) in enumerate(zip(panels, words["maps"], ink.accents, strict=False)):
        size = 9 - 2 * depth
        reached = _reached(lambda x, below=depth: _chain(x, kernels[below:]), size)
        for (row, column), hit in np.ndenumerate(reached):
            ground = to_rgba(color, 0.85) if hit else "none"
            axes.add_patch(
                Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor=ground, edgecolor=ink.muted, linewidth=0.7)
            )
        axes.set_xlim(-5 + size / 2 - 0.5, 5 + size / 2 - 0.5)
        axes.set_ylim(size / 2 + 5.6, size / 2 - 5.6)
        axes.set_aspect("equal")
        axes.axis("off")
        axes.set_title(title, loc="center", fontsize=9.5)
        axes.text(
            size / 2 - 0.5, size + 0.3, words["count"].format(reached.sum()), ha="center", va="center", color=color
        )
    return figure


def units(words, ink):
    """Where one neuron of a convolution sits, what it reads, and what the same outputs would cost fully connected."""
    figure, (above, below) = ink.panels(2, height=4.6, height_ratios=(3, 1.5))
    image, weight = np.zeros((1, 3, 32, 32)), np.zeros((64, 3, 3, 3))
    maps = conv2d(image, weight, padding=1)
    _sheets(above, 0, image.shape[1], ink, ink.accents[0])
    _sheets(above, 10.4, 7, ink, ink.accents[1])
    above.add_patch(
        Rectangle((1.5625, 3.125), 0.9375, 0.9375, facecolor=to_rgba(ink.accents[0], 0.55), edgecolor=ink.accents[0])
    )
    above.plot(12.7, 3.3, "o", color=ink.accents[1], markersize=7)
    for corner in ((2.5, 4.0625), (2.5, 3.125)):
        above.plot([corner[0], 12.7], [corner[1], 3.3], color=ink.muted, linewidth=1)
    above.text(2.5, 7.9, words["input"], ha="center")
    above.text(13.7, 7.9, words["output"], ha="center")
    above.text(8.0, 6.1, words["patch"].format(weight[0].size), ha="center", color=ink.accents[0])
    above.text(8.0, 2.35, words["one"], ha="center", color=ink.accents[1])
    above.text(2.5, -0.9, "×".join(map(str, image.shape[1:])), ha="center", color=ink.muted)
    above.text(13.7, -0.9, "×".join(map(str, maps.shape[1:])), ha="center", color=ink.muted)
    above.set_xlim(-0.6, 17.6)
    above.set_ylim(-1.6, 8.8)
    above.axis("off")
    counts = {"conv": weight.size + maps.shape[1], "dense": image.size * maps.size + maps.size}
    for row, (name, color) in enumerate(zip(counts, (ink.accents[1], ink.muted), strict=True)):
        below.barh(-row, counts[name], color=color, height=0.36)
        below.text(110, -row + 0.24, words[name].format(f"{counts[name]:,}"), va="bottom")
    below.set_xscale("log")
    below.set_xlim(100, 1e9)
    below.set_ylim(-1.35, 0.75)
    below.set_yticks([])
    below.minorticks_off()
    below.set_xticks([1e3, 1e6, 1e9], ["1000", "1,000,000", "1,000,000,000"])
    for label, side in zip(below.get_xticklabels(), ("center", "center", "right"), strict=True):
        label.set_ha(side)
    below.grid(axis="y", visible=False)
    below.set_xlabel(words["weights"])
    return figure


def output_size(words, ink):
    """Each unit of the upper row reads the cells of the strip below that its wires reach."""
    cases = (
        {"n": 7, "k": 3, "s": 1, "p": 0, "d": 1},
        {"n": 7, "k": 3, "s": 2, "p": 0, "d": 1},
        {"n": 7, "k": 3, "s": 1, "p": 1, "d": 1},
        {"n": 7, "k": 2, "s": 2, "p": 0, "d": 1},
        {"n": 7, "k": 3, "s": 1, "p": 0, "d": 2},
    )
    figure, panels = ink.panels(len(cases), height=6.0)
    for axes, case in zip(panels, cases, strict=True):
        layer = Layer(case["k"], case["s"], case["p"], case["d"])
        (row,) = receptive_field([layer], case["n"])
        _cells(axes, range(-case["p"], case["n"] + case["p"]), case["n"], ink)
        for unit in range(row.output_size):
            color = ink.accents[unit % 2]
            at = float(row.start + unit * row.jump)
            for pixel in row.positions(unit):
                axes.plot([pixel, at], [0.5, 2], color=color, linewidth=1.1)
            axes.plot(at, 2, "o", color=color, markersize=7)
        axes.text(-4.6, 1.9, words["title"].format(**case), va="center", color=ink.muted, fontsize=9.5)
        axes.text(9.3, 1.9, words["result"].format(row.output_size), va="center")
        axes.set_xlim(-4.7, 11.2)
        axes.set_ylim(-0.7, 2.4)
        axes.axis("off")
    return figure


def derivation(words, ink):
    """The size of a field, step by step: one unit, its neighbor, a window of units."""
    figure, panels = ink.panels(3, height=5.0)
    below, above = Layer(3, stride=2), Layer(3)
    low, high = receptive_field([below, above], 11)
    texts = (
        words["one"].format(low.size),
        words["two"].format(low.jump),
        words["window"].format(above.kernel_size, low.size, above.kernel_size - 1, low.jump, high.size),
    )
    for axes, text, seen in zip(panels, texts, ([1], [1, 2], [1, 2, 3]), strict=True):
        _cells(axes, range(11), 11, ink)
        for unit in range(low.output_size):
            place, color = low.start + unit * low.jump, ink.accents[(unit - 1) % 3] if unit in seen else ink.grid
            axes.plot(place, 2, "o", color=color, markersize=9)
            if unit in seen:
                region = low.input_region(unit)
                for pixel in low.positions(unit):
                    axes.plot([pixel, place], [0.5, 2], color=color, linewidth=1.3)
                _bracket(axes, region, -0.85 - 0.45 * seen.index(unit), color)
        if len(seen) == above.kernel_size:
            region, top = high.input_region(1), float(high.start + high.jump)
            for unit in seen:
                axes.plot([float(low.start + unit * low.jump), top], [2, 3.3], color=ink.foreground, linewidth=1.3)
            axes.plot(top, 3.3, "s", color=ink.foreground, markersize=9)
            _bracket(axes, region, -2.4, ink.foreground)
        axes.set_xlim(-0.8, 10.8)
        axes.set_ylim(-2.8 if len(seen) == 3 else -1.6, 3.7 if len(seen) == 3 else 2.4)
        axes.axis("off")
        axes.set_title(text, loc="left")
    _match_heights(figure, panels)
    return figure


def depth(words, ink):
    """Three layers of three taps: the field grows by two with every layer."""
    figure, (axes,) = ink.panels(height=2.9)
    _wiring(axes, [Layer(3)] * 3, 11, 2, words["layers"], words["row"], ink)
    return figure


def stride(words, ink):
    """The same two layers; only where the stride stands differs."""
    figure, panels = ink.panels(2, height=4.8)
    chains = ([Layer(3, stride=2), Layer(3)], [Layer(3), Layer(3, stride=2)])
    for axes, chain, title, names, unit in zip(panels, chains, words["titles"], words["layers"], (1, 1), strict=True):
        _wiring(axes, chain, 11, unit, names, words["row"], ink)
        axes.set_title(title, loc="left")
    return figure


def pooling(words, ink):
    """A pooling of two taps adds one jump to the field and doubles the jump of all that follows."""
    figure, (axes,) = ink.panels(height=3.1)
    _wiring(axes, [Layer(3), Layer(2, stride=2), Layer(3)], 12, 1, words["layers"], words["row"], ink)
    return figure


def claimed_measured(words, ink):
    """Field after each layer: if pooling doubled it, and as the pixels tell."""
    figure, (axes,) = ink.panels(height=3.3)
    mean = np.full((1, 1, 3, 3), 1 / 9)
    steps = [
        lambda x: conv2d(x, mean),
        lambda x: max_pool2d(x, 2),
        lambda x: conv2d(x, mean),
        lambda x: conv2d(x, mean),
    ]
    measured = [int(_reached(lambda x, n=n: _steps(x, steps[:n]), 16, 1000).any(0).sum()) for n in range(1, 5)]
    (first,) = receptive_field([Layer(3)])
    claimed = [first.size, 2 * first.size, 2 * first.size + 2, 2 * first.size + 4]
    for shift, values, color in ((-0.19, claimed, ink.muted), (0.19, measured, ink.accents[1])):
        axes.bar(np.arange(4) + shift, values, width=0.36, color=color)
        for place, value in enumerate(values):
            axes.text(place + shift, value + 0.25, str(value), ha="center", color=color)
    axes.text(-0.4, 12.3, words["claimed"], color=ink.muted)
    axes.text(-0.4, 10.8, words["measured"], color=ink.accents[1])
    axes.set_xticks(range(4), [name if i == 0 else f"→ {name}" for i, name in enumerate(words["layers"])])
    axes.set_ylim(0, 13.8)
    axes.grid(axis="x", visible=False)
    ink.name_axes(axes, y=words["y"])
    return figure


def dilation(words, ink):
    """Growing holes fill each other; equal holes stay holes."""
    figure, panels = ink.panels(2, height=5.4)
    for axes, rates, title, names in zip(panels, ((1, 2, 4), (2, 2, 2)), words["titles"], words["layers"], strict=True):
        _wiring(axes, [Layer(3, dilation=d) for d in rates], 17, "middle", names, words["row"], ink, touched=True)
        axes.set_title(title, loc="left")
    return figure


def borders(words, ink):
    """Two padded layers on 11 by 11: the fields of three units, and how many real pixels every unit has."""
    figure, (left, right) = ink.panels(1, 2, height=3.1)
    (_, row) = receptive_field([Layer((3, 3), padding=(1, 1))] * 2, (11, 11))
    for i, j in np.ndindex(11, 11):
        left.add_patch(Rectangle((j - 0.5, i - 0.5), 1, 1, facecolor="none", edgecolor=ink.grid, linewidth=0.7))
    left.add_patch(Rectangle((-0.5, -0.5), 11, 11, facecolor="none", edgecolor=ink.muted, linewidth=1.3))
    real = _real_pixels(11)
    for unit, color in zip(((0, 0), (4, 10), (7, 4)), ink.accents, strict=False):
        whole, inside = row.input_region(unit), row.input_region(unit, clip=True)
        _box(left, whole, facecolor="none", edgecolor=color, linestyle=":", linewidth=1.4)
        _box(left, inside, facecolor=to_rgba(color, 0.3), edgecolor=color, linewidth=1.8)
        left.plot(unit[1], unit[0], "o", color=color, markersize=6)
        middle = (inside[1][0] + inside[1][-1]) / 2
        above = inside[0][-1] + 1.1
        left.text(middle, above, str(real[unit]), color=color, ha="center", va="center")
    _heat(right, real / real.max() * 0.8, ink.accents[0])
    for unit in ((0, 0), (0, 1), (1, 1), (0, 5), (1, 5), (5, 5)):
        right.text(unit[1], unit[0], str(real[unit]), ha="center", va="center", fontsize=8.5)
    for axes, title in ((left, words["left"]), (right, words["right"])):
        axes.set_xlim(-2.8, 12.8)
        axes.set_ylim(11.2, -2.8)
        axes.set_aspect("equal")
        axes.axis("off")
        axes.set_title(title, loc="center", fontsize=9.5)
    return figure


def effective(words, ink):
    """Mean squared gradient of one unit of random ReLU networks, inside its theoretical square."""
    figure, panels = ink.panels(1, 3, height=2.3)
    for axes, layers in zip(panels, (5, 10, 20), strict=True):
        heat = _influence(layers)
        (*_, row) = receptive_field([Layer(3)] * layers)
        corner = -row.size / 2
        _heat(axes, heat / heat.max(), ink.accents[1], left=corner + 0.5)
        frame = Rectangle((corner, corner), row.size, row.size, facecolor="none", edgecolor=ink.foreground)
        frame.set_linewidth(1.3)
        axes.add_patch(frame)
        axes.set_xlim(-21.5, 21.5)
        axes.set_ylim(-26.5, 21.5)
        axes.set_aspect("equal")
        axes.axis("off")
        axes.set_title(words["title"].format(layers, row.size), loc="center", fontsize=9.5)
        sigma = words["sigma"].format(f"{_deviation(heat.sum(0)):.2f}")
        axes.text(0, -24.5, sigma, ha="center", va="center", color=ink.accents[1], fontsize=9.5)
    return figure


def effective_growth(words, ink):
    """The theoretical field grows like L, the influence spreads like the square root of L."""
    figure, (axes,) = ink.panels(height=3.7)
    layers = np.array([1, 2, 3, 5, 8, 12, 20, 32, 50, 80])
    profiles = [_composed(int(n)) for n in layers]
    theory = [receptive_field([Layer(3)] * int(n))[-1].size for n in layers]
    curves = {
        "theory": (theory, "-", (11, 44)),
        "mass": ([_width_of(p, 0.95) for p in profiles], "--", (79, 11.2)),
        "sigma": ([_deviation(p) for p in profiles], "-.", (21, 2.4)),
    }
    for (name, (values, dash, at)), color in zip(curves.items(), ink.accents, strict=False):
        axes.loglog(layers, values, dash, color=color)
        axes.text(*at, words[name], color=color, ha="left" if name == "sigma" else "right", va="center")
    nets = (5, 10, 20)
    axes.loglog(nets, [_deviation(_influence(n).sum(0)) for n in nets], "o", color=ink.accents[3], markersize=8)
    axes.text(5.3, 1.12, words["nets"], color=ink.accents[3], ha="left", va="center")
    axes.set_xticks([1, 5, 10, 20, 80], ["1", "5", "10", "20", "80"])
    axes.set_yticks([1, 10, 100], ["1", "10", "100"])
    axes.minorticks_off()
    ink.name_axes(axes, x=words["x"], y=words["y"])
    return figure


def two_dots(words, ink):
    """Two pictures, and how many random networks of each field give them different pooled features."""
    figure, panels = ink.panels(1, 3, height=2.9, width_ratios=(1, 1, 1.7))
    pictures = _dots()
    for axes, picture, title, color in zip(panels, pictures, words["pictures"], ink.accents, strict=False):
        axes.add_patch(Rectangle((-0.5, -0.5), 26, 13, facecolor="none", edgecolor=ink.muted))
        for row, column in np.argwhere(picture[0]):
            axes.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor=color, edgecolor=color))
        axes.set_xlim(-1, 26)
        axes.set_ylim(13, -1)
        axes.set_aspect("equal")
        axes.axis("off")
        axes.set_title(title, loc="center", fontsize=9.5)
    bars = panels[2]
    sizes = [receptive_field([Layer(3)] * n)[-1].size for n in (1, 2, 3)]
    counts = [sum(_told_apart(pictures, n, seed) for seed in range(100)) for n in (1, 2, 3)]
    bars.bar([str(size) for size in sizes], counts, color=ink.accents[2], width=0.6)
    for place, count in enumerate(counts):
        bars.text(place, count + 3, str(count), ha="center", color=ink.accents[2])
    bars.set_ylim(0, 115)
    bars.set_yticks([0, 50, 100])
    bars.grid(axis="x", visible=False)
    bars.set_xlabel(words["x"])
    figure.suptitle(words["y"], x=0.99, ha="right", fontsize=10.5)
    return figure


def corner(words, ink):
    """Four pictures, what two filters of 3 by 3 answer, and what two layers answer."""
    figure, panels = ink.panels(4, 4, height=5.4)
    pictures = _edges()
    answers = (pictures, abs(conv2d(pictures, SOBEL)), conv2d(pictures, CORNER), _corners(pictures))
    for row, (maps, name) in enumerate(zip(answers, words["rows"], strict=True)):
        for column in range(4):
            axes, picture = panels[4 * row + column], maps[column, 0]
            shown = np.maximum(picture, 0) / max(maps.max(), 1)
            _heat(axes, shown, (ink.foreground, *ink.accents)[row])
            axes.set_xlim(-0.5, len(picture) - 0.5)
            axes.set_ylim(len(picture) - 0.5, -0.5)
            axes.set_aspect("equal")
            axes.set_xticks([])
            axes.set_yticks([])
            axes.grid(visible=False)
            for side in axes.spines.values():
                side.set_visible(True)
            if row == 0:
                axes.set_title(words["pictures"][column], loc="center")
            else:
                axes.set_xlabel(f"{picture.max():.0f}", labelpad=2)
            if column == 0:
                axes.set_ylabel(name, rotation=0, ha="right", va="center", labelpad=8, multialignment="right")
    return figure


SOBEL = np.array([[[[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]]])
CORNER = np.array([[[[1.0, 0.0, -1.0], [0.0, 0.0, 0.0], [-1.0, 0.0, 1.0]]]])


def _edges():
    i, j = np.mgrid[:12, :12]
    return np.stack([j > 5, i > 5, i + j > 11, (i > 5) & (j > 5)])[:, None].astype(float)


def _corners(pictures):
    """The determinant of the structure tensor: products of slopes, summed over a window."""
    gx, gy = conv2d(pictures, SOBEL), conv2d(pictures, np.swapaxes(SOBEL, 2, 3))
    window = np.ones((1, 1, 3, 3))
    xx, yy, xy = (conv2d(each, window) for each in (gx * gx, gy * gy, gx * gy))
    return xx * yy - xy * xy


def _dots():
    pictures = np.zeros((2, 1, 13, 26))
    pictures[:, 0, 6, 9] = 1
    pictures[0, 0, 6, 13] = pictures[1, 0, 6, 17] = 1
    return pictures


def _told_apart(pictures, layers, seed):
    rng, x = np.random.default_rng(seed), pictures
    for _ in range(layers):
        x = relu(conv2d(x, rng.normal(size=(8, x.shape[1], 3, 3)), rng.normal(size=8)))
    features = x.max(axis=(2, 3))
    return bool(abs(features[0] - features[1]).max() > 1e-9)


def _chain(x, kernels):
    for kernel in kernels:
        x = conv2d(x, kernel)
    return x


def _steps(x, steps):
    for step in steps:
        x = step(x)
    return x


def _reached(network, size, poke=1.0):
    """Which positions of a map move the unit in the middle of what the network makes of it."""
    base = np.random.default_rng(1).normal(size=(1, 1, size, size))
    pokes = base + poke * np.eye(size * size).reshape(-1, 1, size, size)
    before, after = network(base), network(pokes)
    middle = before.shape[-1] // 2
    return (abs(after - before)[:, 0, middle, middle] > 1e-9).reshape(size, size)


def _real_pixels(size):
    """How many pixels move each unit after two padded layers."""
    ones = np.ones((1, 1, 3, 3))
    pokes = np.eye(size * size).reshape(-1, 1, size, size)
    return (conv2d(conv2d(pokes, ones, padding=1), ones, padding=1)[:, 0] > 0).sum(axis=0)


def _composed(layers):
    """The one kernel, along one axis, that equals so many uniform kernels of three taps."""
    kernel = np.ones((1, 1, 1, 1))
    for _ in range(layers):
        kernel = conv2d(kernel, np.full((1, 1, 1, 3), 1 / 3), padding=(0, 2))
    return kernel[0, 0, 0]


def _deviation(mass):
    place = np.arange(mass.size) - (mass.size - 1) / 2
    return float(np.sqrt((mass * place**2).sum() / mass.sum()))


def _width_of(mass, share):
    """The narrowest interval around the middle that holds this share of the mass."""
    middle = mass.size // 2
    return next(2 * h + 1 for h in range(middle + 1) if mass[middle - h : middle + h + 1].sum() >= share * mass.sum())


@functools.cache
def _influence(layers, networks=20, channels=8):
    """Share of the squared gradient that falls on each pixel, over random ReLU networks that all weigh the same."""
    squares = [_squared_gradient(layers, channels, seed) for seed in range(networks)]
    return sum(each / each.sum() for each in squares) / networks


def _squared_gradient(layers, channels, seed):
    rng = np.random.default_rng(seed)
    x, weights, maps = rng.normal(size=(1, 1, 2 * layers + 1, 2 * layers + 1)), [], []
    for _ in range(layers):
        weights.append(rng.normal(size=(channels, x.shape[1], 3, 3)) * np.sqrt(2 / (9 * x.shape[1])))
        x = relu(conv2d(x, weights[-1]))
        maps.append(x)
    gradient = np.ones((1, channels, 1, 1))
    for weight, x in zip(weights[::-1], maps[::-1], strict=True):
        flipped = np.ascontiguousarray(np.swapaxes(weight[:, :, ::-1, ::-1], 0, 1))
        gradient = conv2d(np.where(x > 0, gradient, 0.0), flipped, padding=2)
    return gradient[0, 0] ** 2


def _wiring(axes, layers, size, unit, names, row_text, ink, touched=False):
    """One row of units per layer; the chosen unit of the top row, all that it reads, and the span below."""
    table = receptive_field(layers, size)
    if unit == "middle":
        unit = table[-1].output_size // 2
    places = [[float(i) for i in range(size)]]
    places += [[float(row.start + i * row.jump) for i in range(row.output_size)] for row in table]
    lit = [set(receptive_field(layers[n:], len(places[n])).__getitem__(-1).positions(unit)) for n in range(len(layers))]
    lit.append({unit})
    for level, (layer, color) in enumerate(zip(layers, ink.accents, strict=False)):
        (step,) = receptive_field([layer], len(places[level]))
        for above in range(len(places[level + 1])):
            on = above in lit[level + 1]
            for read in step.positions(above):
                ends = [places[level][read], places[level + 1][above]]
                axes.plot(
                    ends,
                    [level, level + 1],
                    color=color if on else ink.grid,
                    linewidth=1.5 if on else 0.7,
                    zorder=2 if on else 1,
                )
    for level, row in enumerate(places):
        for i, x in enumerate(row):
            color = ink.accents[min(level, len(layers) - 1)] if i in lit[level] else ink.grid
            axes.plot(x, level, "s" if level == 0 else "o", color=color, markersize=7.5, zorder=3)
        left = min(-0.9, -0.05 * size)
        axes.text(left, level, names[level], ha="right", va="center")
    for level, row in enumerate(table, 1):
        numbers = row_text.format(row.size, row.touched if touched else row.jump)
        axes.text(size - 0.1, level, numbers, ha="left", va="center", color=ink.foreground)
    _bracket(axes, table[-1].input_region(unit), -0.45, ink.foreground)
    axes.set_xlim(-0.36 * size, 1.33 * size)
    axes.set_ylim(-1.15, len(layers) + 0.45)
    axes.axis("off")


def _bracket(axes, region, y, color):
    """A span under the pixels of a region, with their number."""
    left, right = region[0] - 0.42, region[-1] + 0.42
    axes.plot([left, right], [y, y], color=color, linewidth=2.2, solid_capstyle="butt")
    axes.text(right + 0.15, y, str(len(region)), color=color, ha="left", va="center")


def _cells(axes, positions, size, ink):
    for place in positions:
        real = 0 <= place < size
        axes.add_patch(
            Rectangle(
                (place - 0.5, -0.5),
                1,
                1,
                facecolor=to_rgba(ink.muted, 0.16) if real else "none",
                edgecolor=ink.muted,
                linestyle="-" if real else ":",
                linewidth=0.9,
            )
        )


def _box(axes, regions, **style):
    rows, columns = regions
    axes.add_patch(Rectangle((columns[0] - 0.5, rows[0] - 0.5), len(columns), len(rows), **style))


def _sheets(axes, left, count, ink, color):
    """A stack of maps, the front one divided into cells."""
    for n in reversed(range(count)):
        shift = 0.3 * n
        face = to_rgba(ink.ground, 1)
        axes.add_patch(Rectangle((left + shift, shift), 5, 5, facecolor=face, edgecolor=color, linewidth=1.1))
    for step in np.linspace(0, 5, 17)[1:-1]:
        axes.plot([left + step] * 2, [0, 5], color=ink.grid, linewidth=0.5)
        axes.plot([left, left + 5], [step] * 2, color=ink.grid, linewidth=0.5)


def _heat(axes, values, color, left=0.0, levels=12):
    """Cells in shades of one color, all cells of a shade in one path; the middle of the first is at (left, left)."""
    steps = np.ceil(np.asarray(values) * levels - 0.25).astype(int)
    square = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5], [-0.5, -0.5]])
    for step in range(1, levels + 1):
        middles = np.argwhere(steps == step)[:, ::-1]
        if len(middles):
            corners = (middles[:, None, :] + square + left).reshape(-1, 2)
            codes = [Path.MOVETO, *[Path.LINETO] * 3, Path.CLOSEPOLY] * len(middles)
            shade = to_rgba(color, step / levels)
            axes.add_patch(PathPatch(Path(corners, codes), facecolor=shade, linewidth=0, antialiased=False))


def _match_heights(figure, panels):
    """Give each panel room in proportion to its range, so that cells are of one size."""
    ranges = [axes.get_ylim()[1] - axes.get_ylim()[0] for axes in panels]
    panels[0].get_gridspec().set_height_ratios(ranges)
