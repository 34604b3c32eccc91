"""The figures of the chapter on non-linearity. Every number drawn comes out of `cnnref`; what is trained is seeded."""

import functools
from itertools import pairwise

import numpy as np
from matplotlib.colors import ListedColormap, to_rgba
from sklearn.datasets import load_digits

import cnnref
from cnnref import conv2d, flatten, gelu, gradients, leaky_relu, linear, max_pool2d, relu, sigmoid, silu, tanh

CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
XOR = np.array([0, 1, 1, 0])
THREE = np.unpackbits(np.array([120, 4, 4, 56, 4, 4, 4, 120], dtype=np.uint8)).reshape(8, 8)

WORDS = {
    "zh": {
        "collapse": {"linear": "只有线性层：{} 层之后", "tanh": "隔着 tanh：{} 层之后"},
        "sine-fits": {
            "x": "x",
            "y": "拟合 sin(3x)",
            "truth": "要拟合的曲线",
            "line": "直线",
            "units": "{} 个 ReLU",
            "error": "{}：误差 {}",
        },
        "overlap-and-circles": {
            "overlap": "两团重叠的点",
            "circles": "一圈套一圈",
            "straight": "直线：{}",
            "nearest": "最近邻：{}",
            "curved": "圆：{}",
        },
        "xor-fold": {
            "input": "输入平面",
            "hidden": "隐藏层平面",
            "best": "最好的直线：4 个对 {} 个",
            "split": "一条直线就够",
            "both": "(0,1) 和 (1,0)",
        },
        "xor-regions": {"relu": "ReLU 网络", "sigmoid": "Sigmoid 网络"},
        "xor-success": {
            "x": "隐藏单元的个数",
            "y": "学会异或的比例（每点 {} 次随机初始化）",
            "relu": "ReLU",
            "leaky": "带泄漏的 ReLU",
            "tanh": "tanh",
            "sigmoid": "Sigmoid",
        },
        "pieces": {"x": "输入 x", "y": "输出：{} 种开关状态，{} 处折弯"},
        "regions": {
            "one": "一层，{} 个单元：{} 个区域",
            "two": "再加一层：{} 个区域",
        },
        "activations": {
            "names": ["ReLU", "带泄漏的 ReLU", "Sigmoid", "tanh", "GELU", "SiLU"],
            "function": "— 函数",
            "slope": "- - 导数",
        },
        "gradient-by-depth": {
            "x": "离输出几层",
            "y": "梯度的大小（起点为 1）",
            "relu": "ReLU，√2 倍初始权重",
            "tanh": "tanh",
            "sigmoid": "Sigmoid",
            "larger": "Sigmoid，4 倍初始权重",
        },
        "dead-units": {
            "share": "从不为正的单元占几成（三层，各 64 个）",
            "rate": "学习率",
            "bias": "一个单元的偏置，从 −10 出发",
            "step": "步数",
            "relu": "ReLU：一步不动",
            "leaky": "带泄漏的 ReLU",
        },
        "tent": {"title": "{} 层：{} 段", "x": "x"},
        "widths": {"layers": "一层一层往后", "values": "{}：每层有多少个数"},
        "digits": {
            "all": "全部 {} 张的正确率",
            "three": "{} 张 3 认出几成",
            "rows": ["一个线性层", "四个线性层", "四层 Sigmoid", "四层 tanh", "四层 ReLU"],
        },
        "digits-steps": {
            "x": "训练步数",
            "y": "测试正确率",
            "rows": ["一个线性层", "四个线性层", "Sigmoid", "tanh", "ReLU", "Sigmoid，4 倍初始权重"],
        },
        "which-space": {
            "pixels": "64 个像素点，2 个坐标",
            "weights": "1 个超平面，64 个权重",
        },
        "cnn-activations": {
            "y": "测试正确率",
            "rows": ["平均池化", "平均池化 + ReLU", "最大池化", "最大池化 + ReLU"],
        },
        "rbf-width": {
            "x": "宽度参数 γ",
            "y": "正确率",
            "train": "训练",
            "test": "测试",
            "linear": "线性核，测试：{}",
        },
        "extrapolation": {
            "x": "x",
            "relu": "ReLU：训练区间之外是直线",
            "tanh": "tanh：训练区间之外走平",
            "truth": "sin(2x)",
            "inside": "训练区间",
        },
        "flexibility": {"title": "{} 次：训练 {}，真实 {}"},
        "negation": {
            "phrases": ["好", "坏", "不好", "不坏"],
            "truth": "应得",
            "sum": "逐词相加",
            "net": "两个 ReLU",
            "y": "情感：正为好，负为坏",
        },
    },
    "en": {
        "collapse": {"linear": "linear layers only: after {}", "tanh": "tanh in between: after {}"},
        "sine-fits": {
            "x": "x",
            "y": "fitting sin(3x)",
            "truth": "the curve to fit",
            "line": "straight line",
            "units": "{} ReLU",
            "error": "{}: error {}",
        },
        "overlap-and-circles": {
            "overlap": "two clouds that overlap",
            "circles": "one ring around another",
            "straight": "line: {}",
            "nearest": "nearest neighbor: {}",
            "curved": "circle: {}",
        },
        "xor-fold": {
            "input": "input plane",
            "hidden": "hidden plane",
            "best": "best line: {} of 4",
            "split": "one line will do",
            "both": "(0,1) and (1,0)",
        },
        "xor-regions": {"relu": "ReLU network", "sigmoid": "sigmoid network"},
        "xor-success": {
            "x": "hidden units",
            "y": "share that learns XOR ({} random starts each)",
            "relu": "ReLU",
            "leaky": "leaky ReLU",
            "tanh": "tanh",
            "sigmoid": "sigmoid",
        },
        "pieces": {"x": "input x", "y": "output: {} on-off patterns, {} bends"},
        "regions": {
            "one": "one layer of {}: {} regions",
            "two": "one more layer: {} regions",
        },
        "activations": {
            "names": ["ReLU", "leaky ReLU", "sigmoid", "tanh", "GELU", "SiLU"],
            "function": "— function",
            "slope": "- - slope",
        },
        "gradient-by-depth": {
            "x": "layers away from the output",
            "y": "size of the gradient (1 at the start)",
            "relu": "ReLU, initial weights times √2",
            "tanh": "tanh",
            "sigmoid": "sigmoid",
            "larger": "sigmoid, weights times 4",
        },
        "dead-units": {
            "share": "share of units never positive (three layers of 64)",
            "rate": "learning rate",
            "bias": "bias of one unit, starting at −10",
            "step": "step",
            "relu": "ReLU: does not move",
            "leaky": "leaky ReLU",
        },
        "tent": {"title": "layers: {}, pieces: {}", "x": "x"},
        "widths": {"layers": "layer after layer", "values": "{}: how many values in each layer"},
        "digits": {
            "all": "accuracy on all {}",
            "three": "share of the {} threes found",
            "rows": ["one linear layer", "four linear layers", "four, sigmoid", "four, tanh", "four, ReLU"],
        },
        "digits-steps": {
            "x": "training steps",
            "y": "test accuracy",
            "rows": [
                "one linear layer",
                "four linear layers",
                "sigmoid",
                "tanh",
                "ReLU",
                "sigmoid, initial weights times 4",
            ],
        },
        "which-space": {
            "pixels": "64 pixels, 2 coordinates each",
            "weights": "1 hyperplane, 64 weights",
        },
        "cnn-activations": {
            "y": "test accuracy",
            "rows": ["mean pooling", "mean pooling + ReLU", "max pooling", "max pooling + ReLU"],
        },
        "rbf-width": {
            "x": "width parameter γ",
            "y": "accuracy",
            "train": "training",
            "test": "test",
            "linear": "linear kernel, test: {}",
        },
        "extrapolation": {
            "x": "x",
            "relu": "ReLU: a straight line outside",
            "tanh": "tanh: flat outside",
            "truth": "sin(2x)",
            "inside": "trained here",
        },
        "flexibility": {"title": "degree {}: seen {}, true {}"},
        "negation": {
            "phrases": ["good", "bad", "not good", "not bad"],
            "truth": "wanted",
            "sum": "word by word",
            "net": "two ReLU",
            "y": "mood: up is good, down is bad",
        },
    },
}


# What layers do to a plane -------------------------------------------------------------------------------------------


def collapse(words, ink):
    """Push a grid through layers: linear ones can only shear it, a tanh in between bends it."""
    figure, panels = ink.panels(2, 3, height=4.4)
    rng = np.random.default_rng(8)
    layers = [1.15 * np.linalg.qr(rng.normal(size=(2, 2)))[0] @ np.diag([1.25, 0.85]) for _ in range(6)]
    ticks, steps = np.linspace(-1, 1, 9), np.linspace(-1, 1, 21)
    lines = [np.stack([np.full_like(steps, t), steps], axis=1) for t in ticks]
    lines += [line[:, ::-1] for line in lines]
    for row, (name, between) in enumerate((("linear", lambda z: z), ("tanh", lambda z: tanh(1.1 * z)))):
        for column, depth in enumerate((1, 3, 6)):
            axes = panels[3 * row + column]
            for place, line in enumerate(lines):
                for weight in layers[:depth]:
                    line = between(linear(line, weight, np.array([0.15, -0.1])))
                axes.plot(*line.T, color=ink.accents[place >= len(ticks)], linewidth=1.1)
            axes.set_aspect("equal", adjustable="datalim")
            axes.set_xticks([])
            axes.set_yticks([])
            if column == 0:
                axes.set_title(words[name].format("1 · 3 · 6"), loc="left")
            axes.set_xlabel(str(depth))
    return figure


def sine_fits(words, ink):
    """A straight line, and sums of 8 and 64 bent ones, fitted to a sine by least squares."""
    figure, (axes,) = ink.panels(height=3.6)
    x = np.linspace(-2, 2, 401)[:, None]
    y = np.sin(3 * x[:, 0])
    axes.plot(x, y, color=ink.muted, linewidth=6, alpha=0.45)
    axes.text(2, 1.62, words["truth"], color=ink.muted, ha="right", va="center")
    for units, color, dash, height in (
        (0, ink.accents[1], "--", 1.62),
        (8, ink.accents[0], "-", 1.4),
        (64, ink.accents[2], "-.", 1.18),
    ):
        kinks = np.linspace(-2, 2, units, endpoint=False)
        hidden = relu(linear(x, np.ones((units, 1)), -kinks)) if units else x[:, :0]
        features = np.concatenate([np.ones_like(x), x, hidden], axis=1)
        fit = linear(features, np.linalg.lstsq(features, y)[0])
        axes.plot(x, fit, dash, color=color, linewidth=1.8)
        name = words["units"].format(units) if units else words["line"]
        error = f"{((fit - y) ** 2).mean() ** 0.5:.3f}"
        axes.text(-2, height, words["error"].format(name, error), color=color, va="center")
    axes.set_ylim(-1.3, 1.8)
    ink.name_axes(axes, x=words["x"], y=words["y"])
    return figure


def overlap_and_circles(words, ink):
    """Classes that overlap and are best parted by a line; classes that do not, and need a circle."""
    figure, panels = ink.panels(1, 2, height=3.5)
    rng = np.random.default_rng(0)
    mean = np.array([1.0, 0.0])
    x, new = (np.concatenate([rng.normal(size=(n, 2)) - mean, rng.normal(size=(n, 2)) + mean]) for n in (150, 2000))
    t, answer = np.repeat([0, 1], 150), np.repeat([0, 1], 2000)
    straight = ((linear(new, 2 * mean) > 0) == answer).mean()
    distances = ((new[:, None] - x) ** 2).sum(axis=2)
    nearest = (t[distances.argmin(axis=1)] == answer).mean()
    _scatter(panels[0], x, t, ink)
    panels[0].axvline(0, color=ink.foreground)
    labels = (words["straight"].format(f"{straight:.2f}"), words["nearest"].format(f"{nearest:.2f}"))
    panels[0].set_xlabel("\n".join(labels))
    ink.name_axes(panels[0], x="\n".join(labels), y=words["overlap"])
    angle, radius = rng.uniform(0, 2 * np.pi, size=300), np.repeat([1.0, 2.0], 150) + 0.15 * rng.normal(size=300)
    rings = np.stack([np.cos(angle), np.sin(angle)], axis=1) * radius[:, None]
    curved = ((linear(rings**2, np.ones(2), np.array(-2.25)) > 0) == t).mean()
    angles = np.linspace(0, 2 * np.pi, 361)
    scores = linear(rings, np.stack([np.cos(angles), np.sin(angles)], axis=1))
    best = ((scores[:, :, None] > np.linspace(-2.5, 2.5, 101)) == t[:, None, None]).mean(axis=0).max()
    _scatter(panels[1], rings, t, ink)
    panels[1].plot(1.5 * np.cos(angles), 1.5 * np.sin(angles), color=ink.foreground)
    labels = (words["straight"].format(f"{best:.2f}"), words["curved"].format(f"{curved:.2f}"))
    ink.name_axes(panels[1], x="\n".join(labels), y=words["circles"])
    for axes in panels:
        axes.set_aspect("equal", adjustable="datalim")
    return figure


# XOR -----------------------------------------------------------------------------------------------------------------


def xor_fold(words, ink):
    """The four points before the hidden layer and behind it."""
    figure, panels = ink.panels(1, 2, height=3.5)
    hidden = relu(linear(CORNERS, np.ones((2, 2)), np.array([0.0, -1.0])))
    angles, offsets = np.linspace(0, 2 * np.pi, 73), np.linspace(-2, 2, 81)
    scores = linear(CORNERS, np.stack([np.cos(angles), np.sin(angles)], axis=1))
    best = ((scores[:, :, None] > offsets) == (XOR == 1)[:, None, None]).sum(axis=0).max()
    for axes, points, name in ((panels[0], CORNERS, "input"), (panels[1], hidden, "hidden")):
        for point, t in zip(points, XOR, strict=True):
            axes.plot(*point, "o" if t else "s", color=ink.accents[t], markersize=11, zorder=3)
        ink.name_axes(axes, y=words[name])
        axes.set_xlim(-0.6, 2.6)
        axes.set_ylim(-0.9, 1.9)
        axes.set_xticks([0, 1, 2])
        axes.set_yticks([0, 1])
        axes.set_aspect("equal")
    panels[0].set_xlim(-1, 2)
    panels[0].set_xticks([0, 1])
    panels[0].plot([-0.9, 1.4], [1.4, -0.9], "--", color=ink.foreground)
    panels[0].set_xlabel(words["best"].format(best))
    for point, place in zip(CORNERS, ((-0.14, -0.3), (0.16, 1.2), (1.16, 0.22), (1.16, 1.2)), strict=True):
        panels[0].text(*place, f"({point[0]:.0f},{point[1]:.0f})", color=ink.muted)
    panels[1].plot([-0.1, 2.5], [-0.3, 1.0], color=ink.foreground)
    panels[1].set_xlabel(words["split"])
    panels[1].text(0.3, -0.55, words["both"], color=ink.accents[1])
    panels[1].text(-0.4, 0.25, "(0,0)", color=ink.muted)
    panels[1].text(1.6, 1.3, "(1,1)", color=ink.muted)
    return figure


def xor_regions(words, ink):
    """Where the two hand-made networks say 1."""
    figure, panels = ink.panels(1, 2, height=3.1, sharey=True)
    side = np.linspace(-0.5, 1.5, 201)
    plane = np.stack(np.meshgrid(side, side), axis=-1)
    folded = linear(relu(linear(plane, np.ones((2, 2)), np.array([0.0, -1.0]))), np.array([1.0, -2.0]))
    gates = sigmoid(linear(plane, np.array([[20.0, 20.0], [-20.0, -20.0]]), np.array([-10.0, 30.0])))
    smooth = sigmoid(linear(gates, np.array([20.0, 20.0]), np.array(-30.0)))
    for axes, values, name in ((panels[0], folded, "relu"), (panels[1], smooth, "sigmoid")):
        colors = [to_rgba(ink.accents[0], 0.3), to_rgba(ink.accents[1], 0.4)]
        axes.contourf(side, side, values, levels=[-9, 0.5, 9], colors=colors)
        for point, t in zip(CORNERS, XOR, strict=True):
            axes.plot(*point, "o" if t else "s", color=ink.accents[t], markersize=10, markeredgecolor=ink.ground)
        axes.set_aspect("equal")
        axes.set_xticks([0, 1])
        axes.set_yticks([0, 1])
        ink.name_axes(axes, y=words[name])
    return figure


def xor_success(words, ink):
    """Train many small networks at once, and count those that get all four right."""
    starts, widths = 200, (2, 3, 4, 8)
    figure, (axes,) = ink.panels(height=3.5)
    functions = {"relu": relu, "leaky": leaky_relu, "tanh": tanh, "sigmoid": sigmoid}
    dashes = ("-", "--", "-.", ":")
    for (name, f), color, dash in zip(functions.items(), ink.accents, dashes, strict=True):
        shares = _xor_shares(f, starts, widths)
        axes.plot(widths, shares, dash, marker="o", color=color)
        row = 0.5 - 0.1 * list(functions).index(name)
        axes.plot([4.6, 5.2], [row] * 2, dash, color=color)
        axes.text(5.4, row, words[name], color=color, va="center")
    axes.set_xticks(widths)
    axes.set_xlim(1.8, 8.2)
    axes.set_ylim(0, 1.08)
    ink.name_axes(axes, x=words["x"], y=words["y"].format(starts))
    return figure


@functools.cache
def _xor_shares(f, starts, widths):
    rng = np.random.default_rng(0)
    most, count = max(widths), starts * len(widths)
    on = np.repeat(np.arange(most) < np.array(widths)[:, None], starts, axis=0)[:, None, :].astype(float)
    fan = np.repeat(widths, starts)[:, None, None] ** -0.5
    shapes = ((2, most, 2**-0.5), (1, most, 2**-0.5), (most, 1, fan), (1, 1, fan))
    p = [scale * rng.uniform(-1, 1, size=(count, *shape)) for *shape, scale in shapes]
    mean, square = [0 * each for each in p], [0 * each for each in p]
    back, t = getattr(gradients, f.__name__), XOR[:, None]
    for step in range(1, 501):
        z = CORNERS @ p[0] + p[1]
        a = f(z) * on
        g = sigmoid(a @ p[2] + p[3]) - t
        h = back(g @ p[2].transpose(0, 2, 1) * on, z)
        grads = CORNERS.T @ h, h.sum(1, keepdims=True), a.transpose(0, 2, 1) @ g, g.sum(1, keepdims=True)
        for k, grad in enumerate(grads):  # Adam
            mean[k] = 0.9 * mean[k] + 0.1 * grad
            square[k] = 0.999 * square[k] + 0.001 * grad**2
            p[k] = p[k] - 0.05 * mean[k] / (1 - 0.9**step) / ((square[k] / (1 - 0.999**step)) ** 0.5 + 1e-8)
    return (abs(g).max(axis=(1, 2)) < 0.5).reshape(len(widths), starts).mean(axis=1)


# Pieces --------------------------------------------------------------------------------------------------------------


def pieces(words, ink):
    """The network of the page on a line: straight pieces, one for each on-off pattern."""
    figure, (axes,) = ink.panels(height=3.1)
    rng = np.random.default_rng(274)
    w1, b1, w2, b2, w3 = (rng.normal(size=n) for n in ((8, 1), 8, (8, 8), 8, 8))
    x = np.linspace(-3, 3, 20001)[:, None]
    z1 = linear(x, w1, b1)
    z2 = linear(relu(z1), w2, b2)
    y, on = linear(relu(z2), w3), np.concatenate([z1, z2], axis=1) > 0
    jumps = np.flatnonzero((on[1:] != on[:-1]).any(axis=1))
    steps = np.diff(y)
    bends = [j for j in jumps if abs(steps[min(j + 2, 19999)] - steps[max(j - 2, 0)]) > 1e-9]
    for left, right, shade in zip([0, *jumps], [*jumps, 20000], range(99), strict=False):
        axes.axvspan(x[left, 0], x[right, 0], color=to_rgba(ink.accents[shade % 2], 0.1), linewidth=0)
    axes.plot(x, y, color=ink.foreground, linewidth=1.8)
    axes.plot(x[bends, 0], y[bends], "o", color=ink.accents[1], markersize=6)
    axes.margins(x=0)
    patterns = len({tuple(row) for row in on.tolist()})
    ink.name_axes(axes, x=words["x"], y=words["y"].format(patterns, len(bends)))
    return figure


def regions(words, ink):
    """The plane cut by the units of one layer, then by those of a second one."""
    figure, panels = ink.panels(1, 2, height=3.0, sharey=True)
    rng = np.random.default_rng(3)
    w1, b1, w2, b2 = rng.normal(size=(6, 2)), rng.normal(size=6), rng.normal(size=(6, 6)), rng.normal(size=6)
    side = np.linspace(-4, 4, 401)
    plane = np.stack(np.meshgrid(side, side), axis=-1)
    z1 = linear(plane, w1, b1)
    z2 = linear(relu(z1), w2, b2)
    for axes, on, name in ((panels[0], z1 > 0, "one"), (panels[1], np.concatenate([z1, z2], axis=-1) > 0, "two")):
        codes = (on * 2 ** np.arange(on.shape[-1])).sum(axis=-1)
        kinds, which = np.unique(codes, return_inverse=True)
        tints = np.random.default_rng(1).permutation(len(kinds))
        colors = [_tint(ink, tint) for tint in tints]
        axes.imshow(
            which.reshape(codes.shape),
            origin="lower",
            extent=(-4, 4, -4, 4),
            cmap=ListedColormap(colors),
            interpolation="nearest",
        )
        for borders, color in ((z1, ink.foreground), (z2, ink.accents[1])):
            if name == "two" or borders is z1:
                for unit in range(6):
                    axes.contour(side, side, borders[:, :, unit], levels=[0], colors=[color], linewidths=0.9)
        title = words[name].format(on.shape[-1], len(kinds)) if name == "one" else words[name].format(len(kinds))
        axes.grid(visible=False)
        axes.set_xticks([-4, 0, 4])
        axes.set_yticks([-4, 0, 4])
        ink.name_axes(axes, y=title)
    return figure


def tent(words, ink):
    """Compose a tent with itself: every layer of two units doubles the pieces."""
    figure, panels = ink.panels(2, 2, height=3.9, sharex=True, sharey=True)
    x = np.linspace(0, 1, 4097)[:, None]
    y = x
    for layers, axes in enumerate(panels, start=1):
        y = linear(relu(linear(y, np.ones((2, 1)), np.array([0.0, -0.5]))), np.array([[2.0, -4.0]]))
        count = int((np.diff(np.sign(np.diff(y[:, 0]))) != 0).sum()) + 1
        axes.plot(x, y, color=ink.accents[layers - 1], linewidth=1.6)
        axes.set_xticks([0, 0.5, 1])
        axes.set_yticks([0, 1])
        ink.name_axes(axes, x=words["x"] if layers > 2 else "", y=words["title"].format(layers, count))
    return figure


def widths(words, ink):
    """How many numbers each layer holds in a small and a large network: after a first rise it goes down."""
    figure, panels = ink.panels(2, height=4.6)
    lenet = [32 * 32, 6 * 28 * 28, 6 * 14 * 14, 16 * 10 * 10, 16 * 5 * 5, 120, 84, 10]
    x, resnet = np.zeros((1, 1, 224, 224)), [3 * 224 * 224]
    x = conv2d(x, np.zeros((1, 1, 7, 7)), stride=2, padding=3)
    resnet.append(64 * x.size)
    x = max_pool2d(x, 3, stride=2, padding=1)
    resnet.append(64 * x.size)
    for stage, channels in enumerate((256, 512, 1024, 2048)):
        x = conv2d(x, np.zeros((1, 1, 3, 3)), stride=2 if stage else 1, padding=1)
        resnet.append(channels * x.size)
    resnet += [2048, 1000]
    names = (
        ["x", "C1", "S2", "C3", "S4", "C5", "F6", "10"],
        ["x", "conv1", "pool", "2", "3", "4", "5", "mean", "1000"],
    )
    names[1][1:3], names[1][-2] = ["C1", "P1"], "GAP"
    for axes, title, values, ticks, color in zip(
        panels, ("LeNet-5", "ResNet-50"), (lenet, resnet), names, ink.accents, strict=False
    ):
        places = np.arange(len(values))
        axes.bar(places, values, color=color, width=0.66)
        axes.set_yscale("log")
        axes.set_ylim(5, max(values) * 6)
        axes.set_yticks([10, 1000, 100_000], ["10", "1k", "100k"])
        axes.minorticks_off()
        for place, value in enumerate(values):
            axes.text(
                place,
                value * 1.3,
                f"{value / 1000:.0f}k" if value > 9999 else f"{value}",
                ha="center",
                va="bottom",
                fontsize=8.5,
            )
        axes.set_xticks(places, ticks)
        axes.grid(axis="x", visible=False)
        ink.name_axes(axes, x=words["layers"] if title == "ResNet-50" else "", y=words["values"].format(title))
    return figure


# Activations ---------------------------------------------------------------------------------------------------------


def activations(words, ink):
    """Six activations with their derivatives; grey where the derivative is below one twentieth."""
    figure, panels = ink.panels(3, 2, height=6.2, sharex=True)
    x = np.linspace(-5, 5, 401)
    for axes, f, name in zip(panels, (relu, leaky_relu, sigmoid, tanh, gelu, silu), words["names"], strict=True):
        h = 1e-5
        slope = (f(x + h) - f(x - h)) / (2 * h)
        if hasattr(gradients, f.__name__):
            slope = getattr(gradients, f.__name__)(np.ones_like(x), x)
        axes.fill_between(x, -1.2, 2.2, where=abs(slope) < 0.05, color=ink.muted, alpha=0.18, linewidth=0)
        axes.plot(x, f(x), color=ink.accents[0])
        axes.plot(x, slope, "--", color=ink.accents[1], linewidth=1.8)
        axes.set_ylim(-1.2, 2.2)
        axes.set_yticks([-1, 0, 1, 2])
        axes.set_xticks([-4, 0, 4])
        ink.name_axes(axes, y=name)
    panels[0].text(-4.8, 1.85, words["function"], color=ink.accents[0], va="center")
    panels[0].text(-4.8, 1.4, words["slope"], color=ink.accents[1], va="center")
    return figure


def gradient_by_depth(words, ink):
    """A gradient on its way back through twenty layers of freshly drawn weights."""
    figure, (axes,) = ink.panels(height=3.3)
    for label, gain, color, dash, place in (
        ("relu", 2**0.5, ink.accents[0], "-", (20, 8, "right")),
        ("tanh", 1, ink.accents[2], "-.", (20, 0.015, "right")),
        ("sigmoid", 1, ink.accents[1], "--", (11, 1e-9, "right")),
        ("larger", 4, ink.accents[3], ":", (20, 1e-6, "right")),
    ):
        name = "sigmoid" if label == "larger" else label
        f, back = getattr(cnnref, name), getattr(gradients, name)
        rng = np.random.default_rng(0)
        h, g, seen = rng.normal(size=(64, 128)), rng.normal(size=(64, 128)), []
        for _ in range(20):
            w = gain * rng.normal(size=(128, 128)) / 128**0.5
            seen.append((w, linear(h, w)))
            h = f(seen[-1][1])
        sizes = [g.std()]
        for w, z in seen[::-1]:
            g = back(g, z) @ w
            sizes.append(g.std())
        axes.semilogy(range(21), np.array(sizes) / sizes[0], dash, color=color)
        axes.text(*place[:2], words[label], color=color, ha=place[2], va="center")
    axes.set_xticks([0, 5, 10, 15, 20])
    axes.set_ylim(1e-14, 1e2)
    axes.set_yticks([1e-12, 1e-8, 1e-4, 1], ["10⁻¹²", "10⁻⁸", "10⁻⁴", "1"])
    axes.minorticks_off()
    ink.name_axes(axes, x=words["x"], y=words["y"])
    return figure


def dead_units(words, ink):
    """How many units die at which learning rate; and one dead unit, with and without a leak."""
    figure, (above, below) = ink.panels(2, height=5.0)
    rates = (0.1, 0.5, 1.0, 2.0, 4.0)
    for place, rate in enumerate(rates):
        shares = [_mlp("relu", 2**0.5, fold, rate, 150)["dead"] for fold in range(2)]
        above.plot([place] * 2, shares, "o", color=ink.accents[0], markersize=7)
        above.plot([place - 0.25, place + 0.25], [np.mean(shares)] * 2, color=ink.accents[0])
    above.set_xticks(range(len(rates)), [f"{rate:g}" for rate in rates])
    above.set_ylim(-0.03, 1)
    ink.name_axes(above, x=words["rate"], y=words["share"])
    for slope, color, dash in ((0.0, ink.accents[1], "--"), (0.01, ink.accents[2], "-")):
        below.plot(_bias_path(slope), dash, color=color)
    below.text(2480, -9.1, words["relu"], color=ink.accents[1], ha="right", va="center")
    below.text(1480, -2.4, words["leaky"], color=ink.accents[2], ha="right", va="center")
    below.set_ylim(-11, 1)
    ink.name_axes(below, x=words["step"], y=words["bias"])
    return figure


@functools.cache
def _bias_path(slope):
    """The bias of the page's single unit, step by step."""
    x = np.random.default_rng(0).normal(size=256)
    w, b, path = 1.0, -10.0, []
    for _ in range(2500):
        path.append(b)
        z = w * x + b
        g = gradients.leaky_relu(leaky_relu(z, slope) - abs(x), z, slope) / 256
        w, b = w - 0.5 * float((g * x).sum()), b - 0.5 * float(g.sum())
    return path


# Digits --------------------------------------------------------------------------------------------------------------


@functools.cache
def _digits():
    digits = load_digits()
    order = np.random.default_rng(0).permutation(len(digits.target))
    x = (digits.data / 16)[order]
    return x - x.mean(axis=0), digits.target[order]


@functools.cache
def _mlp(name, gain, fold, rate, steps, hidden=(64, 64, 64)):
    """Train on two thirds of the digits, test on the third left out; each digit is tested once in three folds."""
    x, t = _digits()
    test = np.arange(len(t)) % 3 == fold
    seen, answers = x[~test], t[~test]
    f = getattr(cnnref, name) if name else lambda z: z
    back = getattr(gradients, name) if name else lambda g, z: g
    rng, sizes = np.random.default_rng(fold), (64, *hidden, 10)
    ws = [gain * rng.normal(size=(o, i)) / i**0.5 for i, o in pairwise(sizes)]
    bs, curve = [np.zeros(o) for o in sizes[1:]], []

    def forward(h):
        inputs, sums = [h], []
        for w, b in zip(ws, bs, strict=True):
            sums.append(linear(inputs[-1], w, b))
            inputs.append(f(sums[-1]))
        return inputs, sums

    for step in range(steps + 1):
        if step % 25 == 0:
            guesses = forward(x[test])[1][-1].argmax(axis=1)
            curve.append((step, (guesses == t[test]).mean()))
        some = rng.integers(0, len(seen), size=64)
        inputs, sums = forward(seen[some])
        g = gradients.cross_entropy(np.array(1.0), sums[-1], answers[some])
        for k in range(len(ws) - 1, -1, -1):
            g = back(g, sums[k]) if k < len(ws) - 1 else g
            g, grad, grad_bias = gradients.linear(g, inputs[k], ws[k], bs[k])
            ws[k], bs[k] = ws[k] - rate * grad, bs[k] - rate * grad_bias
    threes = t[test] == 3
    dead = np.mean([(z <= 0).all(axis=0).mean() for z in forward(seen)[1][:-1]]) if hidden else 0.0
    return {
        "accuracy": curve[-1][1],
        "threes": (guesses[threes] == 3).sum(),
        "of": threes.sum(),
        "curve": curve,
        "dead": dead,
    }


NETWORKS = (
    ("", 1.0, ()),
    ("", 1.0, (64, 64, 64)),
    ("sigmoid", 1.0, (64, 64, 64)),
    ("tanh", 1.0, (64, 64, 64)),
    ("relu", 2**0.5, (64, 64, 64)),
)


def digits(words, ink):
    """With and without activations on the digits: all of them, and the 3 alone."""
    figure, panels = ink.panels(2, height=5.2)
    for row, (name, gain, hidden) in enumerate(NETWORKS):
        runs = [_mlp(name, gain, fold, 0.3, 250, hidden) for fold in range(3)]
        color = ink.accents[0] if name else ink.accents[1]
        values = ([run["accuracy"] for run in runs], [run["threes"] / run["of"] for run in runs])
        totals = (np.mean(values[0]), sum(run["threes"] for run in runs) / sum(run["of"] for run in runs))
        for axes, each, total in zip(panels, values, totals, strict=True):
            axes.plot(each, [row] * 3, "o", color=color, markersize=6, alpha=0.7)
            axes.text(1.02, row, f"{total:.3f}", color=color, va="center", ha="left")
    counts = len(_digits()[1]), sum(run["of"] for run in runs)
    for axes, name, count in zip(panels, ("all", "three"), counts, strict=True):
        axes.set_yticks(range(5), words["rows"])
        axes.set_ylim(4.6, -0.6)
        axes.set_xlim(-0.03, 1.17)
        axes.set_xticks([0, 0.5, 1])
        ink.name_axes(axes, y=words[name].format(count))
    return figure


def digits_steps(words, ink):
    """How fast each of them gets there, at the same learning rate."""
    figure, (axes,) = ink.panels(height=3.6)
    networks = (*NETWORKS, ("sigmoid", 4.0, (64, 64, 64)))
    colors = (ink.accents[1], ink.accents[1], ink.muted, ink.accents[2], ink.accents[0], ink.accents[3])
    for row, ((name, gain, hidden), color, dash) in enumerate(
        zip(networks, colors, (":", "--", "-.", "-", "-", ":"), strict=True)
    ):
        curves = np.array([_mlp(name, gain, fold, 0.3, 250, hidden)["curve"] for fold in range(3)])
        steps, values = curves[0, :, 0], curves[:, :, 1]
        axes.plot(steps, values.mean(axis=0), dash, color=color)
        axes.fill_between(steps, values.min(axis=0), values.max(axis=0), color=color, alpha=0.15, linewidth=0)
        place = {0: 0.66, 1: 0.58, 2: 0.17, 3: 0.42, 4: 0.5, 5: 0.34}[row]
        axes.text(245, place, words["rows"][row], color=color, ha="right", va="center")
        axes.plot([252, 272], [place] * 2, dash, color=color)
    axes.set_ylim(0, 1.02)
    ink.name_axes(axes, x=words["x"], y=words["y"])
    return figure


def which_space(words, ink):
    """Two tasks: part the pixels of one 3, in two dimensions; part images into 3 and not 3, in sixty-four."""
    figure, panels = ink.panels(1, 2, height=3.1)
    places = np.indices((8, 8)).reshape(2, 64).T / 7
    fine = np.stack(np.meshgrid(np.linspace(-0.07, 1.07, 161), np.linspace(-0.07, 1.07, 161), indexing="ij"), axis=-1)
    gram, other = (np.exp(-50 * ((u[:, None] - places) ** 2).sum(axis=2)) for u in (places, fine.reshape(-1, 2)))
    ink_here = THREE.ravel().astype(float)
    curve = linear(other, np.linalg.solve(gram + 0.01 * np.eye(64), 2 * ink_here - 1)).reshape(161, 161)
    for t in (0, 1):
        dots = places[ink_here == t]
        panels[0].plot(
            dots[:, 1], dots[:, 0], "o" if t else ".", color=ink.accents[1] if t else ink.muted, markersize=7
        )
    panels[0].contour(fine[0, :, 1], fine[:, 0, 0], curve, levels=[0], colors=[ink.accents[0]], linewidths=2)
    panels[0].set_xlim(-0.1, 1.1)
    panels[0].set_ylim(1.1, -0.1)
    x, t = _digits()
    ones = np.concatenate([x, np.ones((len(x), 1))], axis=1)
    weight = np.linalg.solve(ones.T @ ones + 10 * np.eye(65), ones.T @ (2.0 * (t == 3) - 1))[:64].reshape(8, 8)
    top = abs(weight).max()
    colors = [
        [to_rgba(ink.accents[0] if w < 0 else ink.accents[1], float(abs(w) / top)) for w in row] for row in weight
    ]
    panels[1].imshow(np.array(colors), interpolation="nearest")
    for axes, name in zip(panels, ("pixels", "weights"), strict=True):
        axes.set_aspect("equal")
        axes.set_xticks([])
        axes.set_yticks([])
        axes.grid(visible=False)
        ink.name_axes(axes, y=words[name])
    return figure


def cnn_activations(words, ink):
    """One layer of filters, with and without ReLU, before the mean or the maximum of each window."""
    figure, (axes,) = ink.panels(height=2.9)
    rows = [(pool, act) for pool in ("avg_pool2d", "max_pool2d") for act in (False, True)]
    for row, (pool, act) in enumerate(rows):
        values = [_cnn(pool, act, fold) for fold in range(3)]
        color = ink.accents[1] if row == 0 else ink.accents[0]
        axes.plot(values, [row] * 3, "o", color=color, markersize=7, alpha=0.7)
        axes.text(0.987, row, f"{np.mean(values):.3f}", color=color, va="center")
    axes.set_yticks(range(4), words["rows"])
    axes.set_ylim(3.6, -0.6)
    axes.set_xlim(0.89, 1.0)
    axes.set_xticks([0.9, 0.92, 0.94, 0.96, 0.98])
    ink.name_axes(axes, x=words["y"])
    return figure


@functools.cache
def _cnn(pool, act, fold):
    x, t = _digits()
    x, test = x.reshape(-1, 1, 8, 8), np.arange(len(t)) % 3 == fold
    rng = np.random.default_rng(fold)
    w, v, b = rng.normal(size=(8, 1, 3, 3)), rng.normal(size=(10, 128)) / 128**0.5, np.zeros(10)
    f, back = (relu, gradients.relu) if act else (lambda z: z, lambda g, z: g)
    seen, answers, rate = x[~test], t[~test], 0.2

    def forward(images):
        z = conv2d(images, w, padding=1)
        a = f(z)
        maps = getattr(cnnref, pool)(a, 2)
        return z, a, maps, linear(flatten(maps, 1), v, b)

    for _ in range(250):
        some = rng.integers(0, len(seen), size=24)
        z, a, maps, scores = forward(seen[some])
        g = gradients.cross_entropy(np.array(1.0), scores, answers[some])
        g, grad_v, grad_b = gradients.linear(g, flatten(maps, 1), v, b)
        g = back(getattr(gradients, pool)(g.reshape(maps.shape), a, 2), z)
        w, v, b = w - rate * gradients.conv2d(g, seen[some], w, padding=1)[1], v - rate * grad_v, b - rate * grad_b
    return float((forward(x[test])[3].argmax(axis=1) == t[test]).mean())


# Kernels, regression, flexibility ------------------------------------------------------------------------------------


def rbf_width(words, ink):
    """The same kernel at many widths: too wide sees nothing, too narrow only what it has seen."""
    figure, (axes,) = ink.panels(height=3.4)
    gammas, curves, straight = _rbf_accuracies()
    for column, dash in enumerate(("--", "-")):
        axes.semilogx(gammas, curves[:, column], dash, color=ink.accents[column])
    axes.axhline(straight, color=ink.muted, linewidth=1.2, linestyle=":")
    axes.text(1e4, 0.86, words["train"], color=ink.accents[0], ha="right", va="center")
    axes.text(20, 0.5, words["test"], color=ink.accents[1], ha="right", va="center")
    axes.text(5e-4, straight - 0.08, words["linear"].format(f"{straight:.3f}"), color=ink.muted, va="center")
    axes.set_ylim(0, 1.05)
    axes.set_xticks([1e-6, 1e-4, 1e-2, 1, 100, 1e4], ["10⁻⁶", "10⁻⁴", "0.01", "1", "100", "10⁴"])
    axes.minorticks_off()
    ink.name_axes(axes, x=words["x"], y=words["y"])
    return figure


@functools.cache
def _rbf_accuracies():
    """Training and test accuracy at each width, and the test accuracy of a linear kernel."""
    x, t = _digits()
    test = np.arange(len(t)) % 3 == 0
    seen, new, goal = x[~test][:600], x[test][:400], 2.0 * np.eye(10)[t] - 1
    answers, labels = goal[~test][:600], (t[~test][:600], t[test][:400])
    gammas = np.geomspace(1e-7, 1e4, 23)
    between = [((u**2).sum(1)[:, None] + (seen**2).sum(1) - 2 * linear(u, seen)).clip(0) for u in (seen, new)]

    def scores(kernels):
        weight = np.linalg.solve(kernels[0] + 1e-3 * np.eye(600), answers)
        return [((k @ weight).argmax(axis=1) == label).mean() for k, label in zip(kernels, labels, strict=True)]

    curves = np.array([scores([np.exp(-gamma * each) for each in between]) for gamma in gammas])
    return gammas, curves, scores([linear(u, seen) for u in (seen, new)])[1]


def extrapolation(words, ink):
    """Two nets that fit a sine where they were trained, and what they say elsewhere."""
    figure, panels = ink.panels(2, height=4.4, sharex=True)
    x, wide = np.linspace(-6, 6, 601)[:, None], np.linspace(-12, 12, 1201)[:, None]
    rng = np.random.default_rng(0)
    slopes, kinks = rng.choice([-1.0, 1.0], size=(64, 1)), rng.uniform(-6, 6, size=64)
    for axes, f, name, color in ((panels[0], relu, "relu", ink.accents[0]), (panels[1], tanh, "tanh", ink.accents[1])):
        small, large = (f(linear(each, slopes, -slopes[:, 0] * kinks)) for each in (x, wide))
        v = np.linalg.solve(small.T @ small + 1e-6 * np.eye(64), small.T @ np.sin(2 * x[:, 0]))
        axes.axvspan(-6, 6, color=to_rgba(ink.muted, 0.15), linewidth=0)
        axes.plot(wide, np.sin(2 * wide), color=ink.muted, linewidth=1.4)
        axes.plot(wide, linear(large, v), "--", color=color)
        axes.set_ylim(-4, 4)
        axes.set_xlim(-12, 12)
        ink.name_axes(axes, x=words["x"] if name == "tanh" else "", y=words[name])
    panels[0].text(0, 3.3, words["inside"], color=ink.muted, ha="center", va="center")
    panels[1].text(-11.5, 1.8, words["truth"], color=ink.muted, va="center")
    return figure


def flexibility(words, ink):
    """Fifteen noisy points on a line, fitted by polynomials of four degrees."""
    figure, panels = ink.panels(2, 2, height=4.3, sharex=True, sharey=True)
    x, grid = np.linspace(-1, 1, 15), np.linspace(-1, 1, 401)
    y = 2 * x + 0.5 * np.random.default_rng(0).normal(size=(200, 15)).T[:, 0]
    for axes, degree, color in zip(panels, (1, 3, 9, 14), ink.accents, strict=True):
        w = np.linalg.lstsq(np.polynomial.chebyshev.chebvander(x, degree), y)[0]
        fit, wide = (linear(np.polynomial.chebyshev.chebvander(each, degree), w) for each in (x, grid))
        errors = (((fit - y) ** 2).mean() ** 0.5, ((wide - 2 * grid) ** 2).mean() ** 0.5)
        axes.plot(grid, 2 * grid, color=ink.muted, linewidth=1.4)
        axes.plot(grid, wide, color=color)
        axes.plot(x, y, "o", color=ink.foreground, markersize=4)
        axes.set_ylim(-4.2, 4.2)
        axes.set_xticks([-1, 0, 1])
        ink.name_axes(axes, y=words["title"].format(degree, *(f"{each:.2f}" for each in errors)))
    return figure


def negation(words, ink):
    """Four phrases: what is wanted, what adding word by word can say, what two ReLU can."""
    figure, (axes,) = ink.panels(height=3.0)
    phrases, mood = np.array([[1.0, 0.0], [0.0, 0.0], [1.0, 1.0], [0.0, 1.0]]), np.array([1.0, -1.0, -1.0, 1.0])
    ones = np.concatenate([phrases, np.ones((4, 1))], axis=1)
    added = linear(ones, np.linalg.lstsq(ones, mood)[0])
    net = linear(relu(linear(phrases, np.ones((2, 2)), np.array([0.0, -1.0]))), np.array([2.0, -4.0]), np.array(-1.0))
    for shift, values, name, color in (
        (-0.26, mood, "truth", ink.muted),
        (0, added, "sum", ink.accents[1]),
        (0.26, net, "net", ink.accents[0]),
    ):
        axes.bar(np.arange(4) + shift, values, width=0.24, color=color)
        axes.plot(np.arange(4) + shift, values, "o", color=color, markersize=4)
        axes.text({"truth": -0.4, "sum": 1.0, "net": 2.4}[name], 1.35, words[name], color=color, va="center")
    axes.axhline(0, color=ink.muted, linewidth=1)
    axes.set_xticks(range(4), words["phrases"])
    axes.set_ylim(-1.15, 1.6)
    axes.set_yticks([-1, 0, 1])
    axes.grid(axis="x", visible=False)
    ink.name_axes(axes, y=words["y"])
    return figure


def _scatter(axes, points, labels, ink):
    for t in (0, 1):
        axes.plot(
            *points[labels == t].T, "o" if t else "s", color=ink.accents[t], markersize=3, alpha=0.75, linewidth=0
        )


def _tint(ink, number):
    """A pale shade of one of the accents on the ground of this scheme."""
    accent, ground = (np.array(to_rgba(color)[:3]) for color in (ink.accents[number % 4], ink.ground))
    share = 0.12 + 0.08 * (number % 5)
    return tuple(share * accent + (1 - share) * ground)
