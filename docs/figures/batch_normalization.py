"""The figures of the chapter on batch normalization. Every number drawn comes out of `cnnref`."""

import functools

import numpy as np
from matplotlib.patches import FancyBboxPatch, Polygon

from cnnref import batch_norm, conv2d, fold_batch_norm, gradients, group_norm, instance_norm, layer_norm, relu, sigmoid

BATCH = np.array([2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0])
GAINS = (0.5, 1, 2)
DASHES = ("--", "-", "-.")

WORDS = {
    "zh": {
        "steps": {
            "x": "原来的 x",
            "hat": "标准化之后的 x̂",
            "y": "缩放平移之后的 y = 3x̂ + 10",
            "sum": "均值 {}，标准差 {}",
        },
        "stray-factor": {
            "x": "x：一批 4000 个数",
            "right": "正确的公式 x̂",
            "printed": "多乘一个 x 之后",
            "sum": ["均值 {}", "方差 {}"],
        },
        "epsilon": {"x": "这一批的方差 v", "y": "输出的方差", "half": "v = ε 时剩一半"},
        "not-normal": {
            "columns": ["指数分布", "两座山", "抛硬币"],
            "before": "标准化前",
            "after": "标准化后",
            "skew": "偏度 {}",
        },
        "undo": {
            "x": "输入 x",
            "y": "输出",
            "first": "○ 批 A，训练：落在对角线上",
            "other": "批 B，训练：偏了",
            "fixed": "× 批 B，推理：又回到对角线",
            "z": "标准化之后的输入",
            "sigmoid": "γx̂ 经过 S 形函数",
            "gamma": "γ = {}",
        },
        "which-axes": {
            "batch": "批归一化",
            "layer": "层归一化",
            "instance": "实例归一化",
            "group": "组归一化（2 组）",
            "under": "动一个，变 {} 个",
        },
        "train-eval": {
            "mean": "通道的均值",
            "sample": "同一个样本 x = 6 的输出",
            "batch": "● 每一批自己的均值",
            "running": "滑动平均",
            "train": "● 训练：看同批是谁",
            "eval": "推理：永远一样",
            "x": "第几批",
        },
        "batch-noise": {
            "x": "每批个数 m",
            "y": "批均值的标准差",
            "law": "σ/√m",
            "uniform": "○ 均匀分布",
            "exponential": "× 指数分布",
        },
        "backward": {
            "up": "上游的梯度 g",
            "mean": "减去：g 的均值",
            "hat": "减去：沿 x̂ 的分量",
            "down": "剩下的",
            "dots": "◇ 有限差分",
            "x": "批里第几个样本",
        },
        "weight-scale": {
            "x": "权重放大的倍数 a",
            "output": "输出的大小",
            "gradient": "权重梯度的大小",
            "plain": "没有 BN",
            "norm": "有 BN",
        },
        "depth": {
            "plain": "没有 BN：梯度的大小",
            "norm": "有 BN：梯度的大小",
            "gain": "增益 {}",
            "all": "三种增益重合",
            "law": "每层 √(π/(π−1)) 倍",
            "x": "第几层（左端是输入，右端是输出）",
        },
        "two-meanings": {
            "depth": "随深度变：各层的标准差（权重没动）",
            "time": "随时间变：权重随机改动一次，标准差变几倍",
            "plain": "没有 BN",
            "norm": "有 BN",
            "x": "第几层",
        },
        "folding": {
            "conv": "卷积",
            "norm": "批归一化",
            "folded": "一个卷积",
            "input": "x",
            "output": "y",
            "error": "两边最大相差不到 {}",
        },
    },
    "en": {
        "steps": {
            "x": "the batch x",
            "hat": "standardized: x̂",
            "y": "scaled and shifted: y = 3x̂ + 10",
            "sum": "mean {}, standard deviation {}",
        },
        "stray-factor": {
            "x": "x: a batch of 4000 numbers",
            "right": "the right formula: x̂",
            "printed": "times one x too many",
            "sum": ["mean {}", "variance {}"],
        },
        "epsilon": {
            "x": "variance v of the batch",
            "y": "variance of the output",
            "half": "v = ε: half is left",
        },
        "not-normal": {
            "columns": ["exponential", "two hills", "coin toss"],
            "before": "before",
            "after": "after",
            "skew": "skew {}",
        },
        "undo": {
            "x": "input x",
            "y": "output",
            "first": "○ batch A, training: on the diagonal",
            "other": "batch B, training: off it",
            "fixed": "× batch B, inference: on it again",
            "z": "standardized input",
            "sigmoid": "sigmoid(γx̂)",
            "gamma": "γ = {}",
        },
        "which-axes": {
            "batch": "batch norm",
            "layer": "layer norm",
            "instance": "instance norm",
            "group": "group norm (2 groups)",
            "under": "move 1, and {} change",
        },
        "train-eval": {
            "mean": "mean of the channel",
            "sample": "output of the same sample x = 6",
            "batch": "● each batch's own mean",
            "running": "running average",
            "train": "● training: varies",
            "eval": "inference: constant",
            "x": "batch",
        },
        "batch-noise": {
            "x": "values in a batch, m",
            "y": "standard deviation of the batch mean",
            "law": "σ/√m",
            "uniform": "○ uniform",
            "exponential": "× exponential",
        },
        "backward": {
            "up": "gradient g from above",
            "mean": "taken away: mean of g",
            "hat": "taken away: part along x̂",
            "down": "what is left",
            "dots": "◇ finite differences",
            "x": "sample of the batch",
        },
        "weight-scale": {
            "x": "weights multiplied by a",
            "output": "size of the output",
            "gradient": "size of the weight gradient",
            "plain": "without BN",
            "norm": "with BN",
        },
        "depth": {
            "plain": "without BN: size of the gradient",
            "norm": "with BN: size of the gradient",
            "gain": "gain {}",
            "all": "all three gains coincide",
            "law": "√(π/(π−1)) a layer",
            "x": "layer (input at the left, output at the right)",
        },
        "two-meanings": {
            "depth": "by depth: spread of each layer (weights at rest)",
            "time": "by time: factor on the spread after one random change",
            "plain": "without BN",
            "norm": "with BN",
            "x": "layer",
        },
        "folding": {
            "conv": "convolution",
            "norm": "batch norm",
            "folded": "one convolution",
            "input": "x",
            "output": "y",
            "error": "largest difference below {}",
        },
    },
}


def steps(words, ink):
    """Eight numbers on one line: as they come, standardized, scaled and shifted."""
    figure, panels = ink.panels(3, height=4.2, sharex=True)
    hat = _train(BATCH)
    y = _train(BATCH, 3.0, 10.0)
    for axes, name, values, color in zip(panels, ("x", "hat", "y"), (BATCH, hat, y), ink.accents, strict=False):
        heights = [int(np.isclose(values[:place], value).sum()) for place, value in enumerate(values)]
        mean, spread = values.mean(), values.std()
        axes.plot([mean - spread, mean + spread], [-0.9, -0.9], color=color, linewidth=5, solid_capstyle="butt")
        axes.plot(mean, -0.9, "|", color=ink.foreground, markersize=13, markeredgewidth=2)
        axes.plot(values, heights, "o", color=color, markersize=8)
        left = name != "y"
        text = words["sum"].format(f"{mean:.0f}", f"{spread:.0f}")
        axes.text(0.99 if left else 0.01, 0.8, text, transform=axes.transAxes, ha="right" if left else "left")
        axes.set_ylim(-1.6, 3)
        axes.set_yticks([])
        axes.set_xticks(range(-2, 17, 2))
        ink.name_axes(axes, y=words[name])
    return figure


def stray_factor(words, ink):
    """The right formula beside the one that multiplies by x once more."""
    figure, panels = ink.panels(3, height=5.0)
    x = 3 * np.random.default_rng(0).normal(size=4000) + 5
    hat = _train(x)
    shown = {"x": x, "right": hat, "printed": hat * x}
    for axes, (name, values), color in zip(panels, shown.items(), ink.accents, strict=False):
        axes.hist(values, bins=60, color=color)
        axes.axvline(values.mean(), color=ink.foreground, linewidth=1.4, linestyle=":")
        found = (f"{values.mean():.2f}".replace("-0.00", "0.00"), f"{values.var():.2f}")
        for height, text, number in zip((0.9, 0.74), words["sum"], found, strict=True):
            axes.text(0.97, height, text.format(number), transform=axes.transAxes, ha="right", va="top")
        axes.set_yticks([])
        ink.name_axes(axes, y=words[name])
    return figure


def epsilon(words, ink):
    """How much variance a channel keeps."""
    figure, (axes,) = ink.panels(height=3.3)
    variances = np.geomspace(1e-10, 10, 221)
    batch = np.stack([-np.sqrt(variances), np.sqrt(variances)])
    for eps, text, color, dash in zip((1e-8, 1e-5, 1e-3), ("1e-8", "1e-5", "1e-3"), ink.accents, DASHES, strict=False):
        axes.semilogx(variances, batch_norm(batch, None, None, training=True, eps=eps).var(axis=0), dash, color=color)
        axes.plot(eps, 0.5, "o", color=color, markersize=6)
        axes.text(eps * 1.8, 0.42, f"ε = {text}", color=color, va="center")
    axes.axhline(0.5, color=ink.muted, linewidth=1, linestyle=":")
    axes.text(10, 0.53, words["half"], color=ink.muted, ha="right", va="bottom")
    axes.set_xticks([1e-9, 1e-7, 1e-5, 1e-3, 1e-1, 10], ["1e-9", "1e-7", "1e-5", "1e-3", "0.1", "10"])
    axes.minorticks_off()
    axes.set_ylim(-0.05, 1.05)
    ink.name_axes(axes, x=words["x"], y=words["y"])
    return figure


def not_normal(words, ink):
    """Three distributions before and after: the frame moves, the shape does not."""
    figure, panels = ink.panels(2, 3, height=4.0)
    rng = np.random.default_rng(0)
    columns = (
        rng.exponential(size=40_000),
        rng.choice([-3.0, 3.0], size=40_000) + rng.normal(size=40_000),
        rng.choice([0.0, 1.0], p=[0.8, 0.2], size=40_000),
    )
    line = np.linspace(-4, 4, 161)
    for column, (before, color) in enumerate(zip(columns, ink.accents, strict=False)):
        for row, x in enumerate((before, _train(before))):
            axes = panels[3 * row + column]
            axes.hist(x, bins=48, density=True, color=color)
            z = _train(x)
            axes.set_title(words["columns"][column] if row == 0 else words["skew"].format(f"{(z**3).mean():.1f}"))
            axes.set_yticks([])
            if row:
                axes.plot(line, np.exp(-(line**2) / 2) / np.sqrt(2 * np.pi), color=ink.foreground, linewidth=1.4)
                axes.set_xlim(-4, 4)
                axes.set_ylim(0, 1.05)
                axes.set_xticks([-3, 0, 3])
    for row, name in enumerate(("before", "after")):
        panels[3 * row].set_ylabel(words[name], rotation=0, ha="right", va="center")
    return figure


def undo(words, ink):
    """Which batch gamma and beta can restore; and why one wants them at all."""
    figure, (above, below) = ink.panels(2, height=5.8, height_ratios=(3, 2))
    rng = np.random.default_rng(0)
    first, other = rng.normal(5, 2, size=24), rng.normal(6, 3, size=24)
    mean, var = first.mean(keepdims=True), first.var(keepdims=True)
    gamma, beta = np.sqrt(var + 1e-5), mean
    fixed = batch_norm(other[:, None], mean, var, gamma, beta)[:, 0]
    blue, orange, green, _ = ink.accents
    above.plot([-1, 13], [-1, 13], color=ink.muted, linewidth=1, linestyle=":")
    above.plot(other, fixed, "x", color=green, markersize=7, markeredgewidth=1.8)
    above.plot(first, _train(first, gamma[0], beta[0]), "o", color=blue, markersize=7, markerfacecolor="none")
    above.plot(other, _train(other, gamma[0], beta[0]), "^", color=orange, markersize=6)
    for y, name, color in ((12.2, "first", blue), (10.9, "fixed", green), (9.6, "other", orange)):
        text = ("▲ " if name == "other" else "") + words[name]
        above.text(-0.8, y, text, color=color, va="center")
    above.set_xlim(-1.2, 13.2)
    above.set_ylim(-1.2, 13.4)
    ink.name_axes(above, x=words["x"], y=words["y"])
    x = np.linspace(-3, 3, 241)
    places = ((1.55, 0.7), (0.7, 0.88), (0.1, 0.25))
    for gamma, color, dash, (left, height) in zip((1, 5, 20), ink.accents, ("-", "--", "-."), places, strict=False):
        below.plot(x, sigmoid(gamma * x), dash, color=color)
        below.text(left, height, words["gamma"].format(gamma), color=color, va="center")
    below.set_ylim(-0.05, 1.05)
    ink.name_axes(below, x=words["z"], y=words["sigmoid"])
    return figure


def which_axes(words, ink):
    """One number moves; whatever changes with it shares its mean."""
    figure, panels = ink.panels(2, 2, height=5.6)
    x = np.random.default_rng(0).normal(size=(3, 4, 3))
    moved = x.copy()
    moved[0, 3, 0] += 1
    norms = {
        "batch": (lambda x: batch_norm(x, None, None, training=True), "N, H, W"),
        "layer": (lambda x: layer_norm(x, x.shape[1:]), "C, H, W"),
        "instance": (instance_norm, "H, W"),
        "group": (lambda x: group_norm(x, 2), "C/2, H, W"),
    }
    for axes, (name, (norm, text)), color in zip(panels, norms.items(), ink.accents, strict=True):
        changed = abs(norm(moved) - norm(x)) > 1e-6
        for corners, (n, c, p) in _faces(*x.shape):
            fill = color if changed[n, c, p] else "none"
            axes.add_patch(Polygon(corners, facecolor=fill, edgecolor=ink.muted, linewidth=0.9))
        axes.plot(3.5, 2.5, "o", color=ink.ground, markeredgecolor=ink.foreground, markersize=8)
        axes.text(2, -0.45, "C", ha="center", va="center", color=ink.muted)
        axes.text(-0.4, 1.5, "H·W", ha="right", va="center", color=ink.muted)
        axes.text(4.75, 0.3, "N", ha="left", va="center", color=ink.muted)
        axes.text(2.6, -1.1, words["under"].format(int(changed.sum())), ha="center", va="center")
        axes.text(2.6, -1.75, text, ha="center", va="center", color=ink.muted)
        axes.set_xlim(-1.6, 6.8)
        axes.set_ylim(-2.1, 4.7)
        axes.set_aspect("equal")
        axes.axis("off")
        axes.set_title(words[name], color=color)
    return figure


def train_eval(words, ink):
    """Running statistics settle; the output of one sample wavers in training and rests at inference."""
    figure, (above, below) = ink.panels(2, height=5.0, sharex=True)
    rng = np.random.default_rng(0)
    mean, var = np.zeros(1), np.ones(1)
    track, own, outputs = [], [], []
    for _ in range(100):
        batch = rng.normal(5, 2, size=(8, 1))
        batch[0] = 6
        outputs.append(batch_norm(batch, mean, var, training=True)[0, 0])
        track.append(mean[0])
        own.append(batch.mean())
    place = np.arange(1, 101)
    blue, orange = ink.accents[:2]
    above.plot(place, own, "o", color=orange, markersize=4, alpha=0.75)
    above.plot(place, track, color=blue)
    above.text(62, 1.2, words["batch"], color=orange, va="center")
    above.text(62, 0.2, words["running"], color=blue, va="center")
    above.set_ylim(-0.4, 7.6)
    below.plot(place, outputs, "o", color=orange, markersize=4, alpha=0.75)
    always = batch_norm(np.array([[6.0]]), mean, var)[0, 0]
    below.axhline(always, color=blue)
    below.text(1, 1.95, words["train"], color=orange, va="center")
    below.text(100, 1.95, words["eval"], color=blue, va="center", ha="right")
    below.set_ylim(-1.1, 2.25)
    ink.name_axes(above, y=words["mean"])
    ink.name_axes(below, x=words["x"], y=words["sample"])
    return figure


def batch_noise(words, ink):
    """The mean of a batch is itself random, the less the larger the batch."""
    figure, (axes,) = ink.panels(height=3.3)
    rng = np.random.default_rng(0)
    sizes = 2 ** np.arange(1, 11)
    axes.loglog(sizes, sizes**-0.5, color=ink.muted, linewidth=1.4)
    for name, draw, mark, color in (
        ("uniform", lambda size: np.sqrt(12) * rng.uniform(size=size), "o", ink.accents[0]),
        ("exponential", lambda size: rng.exponential(size=size), "x", ink.accents[1]),
    ):
        noise = []
        for m in sizes:
            mean, var = np.zeros(1000), np.ones(1000)
            batch_norm(draw((int(m), 1000)), mean, var, training=True, momentum=1.0)
            noise.append(mean.std())
        axes.plot(sizes, noise, mark, color=color, markersize=9, markerfacecolor="none", markeredgewidth=1.8)
        axes.text(2, 0.045 if name == "uniform" else 0.032, words[name], color=color, va="center")
    axes.text(110, 0.13, words["law"], color=ink.muted, va="center")
    axes.set_xticks([2, 8, 32, 128, 512], ["2", "8", "32", "128", "512"])
    axes.set_yticks([0.03, 0.1, 0.3, 1], ["0.03", "0.1", "0.3", "1"])
    axes.minorticks_off()
    ink.name_axes(axes, x=words["x"], y=words["y"])
    return figure


def backward(words, ink):
    """A gradient before and after: two parts of it never pass."""
    figure, panels = ink.panels(2, 2, height=4.4, sharey=True, sharex=True)
    rng = np.random.default_rng(5)
    x, g = rng.normal(size=8), rng.normal(size=8) + 0.6
    hat, spread = _train(x), np.sqrt(x.var() + 1e-5)
    mean, along = np.full(8, g.mean()), hat * (g * hat).mean()
    bumps = 1e-6 * np.eye(8)
    slopes = [spread * (_loss(x + bump, g) - _loss(x - bump, g)) / 2e-6 for bump in bumps]
    parts = {"up": g, "mean": mean, "hat": along, "down": g - mean - along}
    place = np.arange(1, 9)
    for axes, (name, part), color in zip(panels, parts.items(), ink.accents, strict=True):
        axes.bar(place, part, color=color, width=0.7)
        axes.axhline(0, color=ink.muted, linewidth=1)
        axes.grid(axis="x", visible=False)
        axes.set_xticks([1, 4, 8])
        axes.set_title(words[name], loc="left")
    panels[3].plot(place, slopes, "D", color=ink.ground, markeredgecolor=ink.foreground, markersize=5)
    panels[3].text(0.02, 0.97, words["dots"], transform=panels[3].transAxes, va="top")
    for axes in panels[2:]:
        axes.set_xlabel(words["x"])
    return figure


def weight_scale(words, ink):
    """Multiply the weights: what the output notices, and what the gradient does."""
    figure, panels = ink.panels(2, height=4.8, sharex=True)
    rng = np.random.default_rng(0)
    x, w, g = rng.normal(size=(64, 10)), rng.normal(size=(10, 4)) / 3, rng.normal(size=(64, 4))
    scales = np.geomspace(0.01, 100, 41)
    for norm, name, color, dash in ((False, "plain", ink.accents[1], "--"), (True, "norm", ink.accents[0], "-")):
        curves = np.array([_layer(x, a * w, g, norm) for a in scales])
        for axes, curve in zip(panels, curves.T, strict=True):
            axes.loglog(scales, curve, dash, color=color)
        texts = (((100, 4.5), (0.013, 14)), ((0.013, 2.6), (0.12, 1400)))[norm]
        for axes, (left, height) in zip(panels, texts, strict=True):
            right = not norm and axes is panels[0]
            axes.text(left, height, words[name], color=color, va="center", ha="right" if right else "left")
    for axes, name in zip(panels, ("output", "gradient"), strict=True):
        axes.set_xticks([0.01, 0.1, 1, 10, 100], ["0.01", "0.1", "1", "10", "100"])
        axes.minorticks_off()
        ink.name_axes(axes, x=words["x"] if name == "gradient" else "", y=words[name])
    panels[0].set_yticks([0.01, 0.1, 1, 10, 100], ["0.01", "0.1", "1", "10", "100"])
    panels[1].set_yticks([0.1, 1, 10, 100, 1000], ["0.1", "1", "10", "100", "1000"])
    return figure


def depth(words, ink):
    """How large the gradient is on its way from the output down to the input."""
    figure, (above, below) = ink.panels(2, height=5.4, sharex=True)
    layers = np.arange(1, 51)
    for gain, color, dash, height in zip(GAINS, ink.accents, DASHES, (1e-9, 30, 1e11), strict=False):
        above.semilogy(layers, _gradients(gain, norm=False), dash, color=color)
        above.text(3, height, words["gain"].format(gain), color=color, va="center")
        below.semilogy(layers, _gradients(gain, norm=True), dash, color=color)
    below.semilogy(layers, (np.pi / (np.pi - 1)) ** ((50 - layers) / 2), ":", color=ink.foreground, linewidth=1.4)
    below.text(1, 3, words["all"], color=ink.foreground, va="center")
    below.text(28, 1200, words["law"], color=ink.foreground, va="center")
    above.set_yticks([1e-14, 1e-7, 1, 1e7, 1e14], ["1e-14", "1e-7", "1", "1e7", "1e14"])
    below.set_yticks([1, 10, 100, 1e3, 1e4], ["1", "10", "100", "1000", "10000"])
    for axes in (above, below):
        axes.minorticks_off()
    ink.name_axes(above, y=words["plain"])
    ink.name_axes(below, x=words["x"], y=words["norm"])
    return figure


def two_meanings(words, ink):
    """Distributions differ from layer to layer, and from step to step: two different things."""
    figure, (above, below) = ink.panels(2, height=5.0, sharex=True)
    rng = np.random.default_rng(0)
    x, before = rng.normal(size=(512, 64)), rng.uniform(-1 / 8, 1 / 8, size=(20, 64, 64))
    after = before + 0.05 * rng.normal(size=before.shape)
    place = np.arange(1, 21)
    for norm, name, color, dash in ((False, "plain", ink.accents[1], "--"), (True, "norm", ink.accents[0], "-")):
        rest, step = _spreads(x, before, norm), _spreads(x, after, norm)
        above.semilogy(place, rest, dash, color=color)
        below.semilogy(place, step / rest, dash, color=color)
        above.text(20, 2.2 if norm else 2e-2, words[name], color=color, va="center", ha="right")
        below.text(20, 1.7 if norm else 12, words[name], color=color, va="center", ha="right")
    above.set_yticks([1e-7, 1e-5, 1e-3, 1e-1], ["1e-7", "1e-5", "1e-3", "0.1"])
    above.set_ylim(top=8)
    below.set_yticks([1, 10, 100], ["1", "10", "100"])
    below.set_xticks([1, 5, 10, 15, 20])
    for axes in (above, below):
        axes.minorticks_off()
    ink.name_axes(above, y=words["depth"])
    ink.name_axes(below, x=words["x"], y=words["time"])
    return figure


def folding(words, ink):
    """A convolution and a normalization become one convolution."""
    figure, (axes,) = ink.panels(height=3.6)
    rng = np.random.default_rng(0)
    x, w, b = rng.normal(size=(2, 3, 8, 8)), rng.normal(size=(8, 3, 3, 3)), rng.normal(size=8)
    mean, var, gamma, beta = rng.normal(size=8), rng.uniform(0.5, 2, size=8), rng.normal(size=8), rng.normal(size=8)
    two = batch_norm(conv2d(x, w, b), mean, var, gamma, beta)
    one = conv2d(x, *fold_batch_norm(w, b, mean, var, gamma, beta))
    blue, orange, green, _ = ink.accents
    arrow = {"arrowstyle": "-|>", "color": ink.muted, "linewidth": 1.6, "mutation_scale": 13}
    for height, boxes in (
        (3.0, ((2.75, 2.9, words["conv"], "W, b", blue), (6.95, 2.9, words["norm"], "μ, σ², γ, β", orange))),
        (0.6, ((4.85, 7.1, words["folded"], "W′ = kW,  b′ = β + k(b − μ)", green),)),
    ):
        ends = [0.75, *[edge for at, wide, *_ in boxes for edge in (at - wide / 2, at + wide / 2)], 9.0]
        for left, right in zip(ends[::2], ends[1::2], strict=True):
            axes.annotate("", (right, height), (left, height), arrowprops=arrow)
        axes.text(0.55, height, words["input"], ha="center", va="center")
        axes.text(9.2, height, words["output"], ha="center", va="center")
        for at, wide, name, inside, color in boxes:
            corner = (at - wide / 2, height - 0.6)
            box = FancyBboxPatch(corner, wide, 1.2, boxstyle="round,pad=0,rounding_size=0.15", edgecolor=color)
            box.set(facecolor="none", linewidth=1.8)
            axes.add_patch(box)
            axes.text(at, height + 0.24, name, ha="center", va="center", color=color)
            axes.text(at, height - 0.28, inside, ha="center", va="center")
    power = int(np.ceil(np.log10(abs(one - two).max())))
    down = {**arrow, "color": green}
    axes.annotate("", (4.85, 1.32), (4.85, 2.3), arrowprops=down)
    axes.text(5.1, 1.8, "k = γ / √(σ² + ε)", color=green, va="center")
    axes.text(4.85, -0.45, words["error"].format(f"1e{power}"), ha="center", va="center", color=ink.muted)
    axes.set_xlim(0.2, 9.5)
    axes.set_ylim(-0.8, 3.8)
    axes.axis("off")
    return figure


def _train(x, gamma=1.0, beta=0.0):
    """One channel, normalized by its own statistics."""
    weight, bias = np.array([gamma]), np.array([beta])
    return batch_norm(x[:, None], None, None, weight, bias, training=True)[:, 0]


def _loss(x, g):
    """A loss whose gradient by the output is g."""
    return float((_train(x) * g).sum())


def _faces(n, c, p):
    """The visible cells of a block of n x c x p numbers: front, top and right side, with what each cell shows."""
    slant = np.array([0.38, 0.38])
    for row in range(p):
        for column in range(c):
            yield _cell((column, p - 1 - row), (1, 0), (0, 1)), (0, column, row)
    for back in range(n):
        for column in range(c):
            yield _cell(np.array([column, p]) + back * slant, (1, 0), slant), (back, column, 0)
        for row in range(p):
            yield _cell(np.array([c, p - 1 - row]) + back * slant, slant, (0, 1)), (back, c - 1, row)


def _cell(corner, across, up):
    corner, across, up = map(np.asarray, (corner, across, up))
    return np.array([corner, corner + across, corner + across + up, corner + up])


def _layer(x, w, g, norm):
    """Size of the output of one linear layer and of its weight gradient."""
    z = x @ w
    if not norm:
        return np.sqrt((z**2).mean()), np.linalg.norm(x.T @ g)
    hat = batch_norm(z, None, None, training=True, eps=1e-12)
    dz, _, _ = gradients.batch_norm(g, z, None, None, training=True, eps=1e-12)
    return np.sqrt((hat**2).mean()), np.linalg.norm(x.T @ dz)


@functools.cache
def _gradients(gain, norm, depth=50, width=128, size=256):
    """Gradient norms at the input of every layer, relative to the last."""
    rng = np.random.default_rng(0)
    weights = gain * np.sqrt(2 / width) * rng.normal(size=(depth, width, width))
    x, g = rng.normal(size=(size, width)), rng.normal(size=(size, width))
    saved = []
    for w in weights:
        z = x @ w
        y = batch_norm(z, None, None, training=True) if norm else z
        x = relu(y)
        saved.append((z, y))
    norms = []
    for w, (z, y) in zip(weights[::-1], saved[::-1], strict=True):
        g = gradients.relu(g, y)
        g = (gradients.batch_norm(g, z, None, None, training=True)[0] if norm else g) @ w.T
        norms.append(np.linalg.norm(g))
    return np.array(norms[::-1]) / norms[0]


def _spreads(x, weights, norm):
    """The standard deviation of every layer's output."""
    spreads = []
    for w in weights:
        x = relu(batch_norm(x @ w, None, None, training=True) if norm else x @ w)
        spreads.append(x.std())
    return np.array(spreads)
