"""The figures of the chapter on what pooling loses. Every number drawn comes out of `cnnref`."""

import functools

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, to_rgba
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path
from sklearn.datasets import load_digits

from cnnref import avg_pool2d, batch_norm, conv2d, flatten, gradients, linear, max_pool2d, relu

GRAY = LinearSegmentedColormap.from_list("gray", ["#000000", "#ffffff"], N=17)
TRAINING = 1297  # of 1797 digits; the others test
MARKS = (0, 1, 3, 10, 30, 100, 300)

WORDS = {
    "zh": {
        "same-output": {"first": "输入甲", "second": "输入乙", "pooled": "池化之后"},
        "unpool": {
            "digit": "原图",
            "pooled": "池化：只剩四分之一",
            "back": "按下标放回",
            "spread": "不知道下标，原样铺开",
            "error": "均方误差 {}",
        },
        "shift": {
            "at": "亮点在第 {} 列",
            "noise": "逐点独立的噪声",
            "smooth": "平滑的图",
            "names": ["最大池化", "平均池化", "隔一取一", "先模糊再取"],
            "x": "平移的格数",
            "y": "输出的相对变化",
        },
        "gradient": {
            "input": "输入，赢家涂色",
            "output": "输出端的梯度",
            "max": "最大池化传回的",
            "mean": "平均池化传回的",
            "overlap": "窗口重叠，步幅 1",
        },
        "symmetry": {"names": ["全取零", "全相同", "随机"], "score": "测试 {}"},
        "depth": {"x": "层数", "y": "输出的标准差", "default": "默认"},
        "random-features": {
            "names": ["原始像素", "像素池化", "4 个随机\n滤波器+池化", "32 个随机\n滤波器+池化"],
            "y": "测试准确率（最小二乘分类）",
            "numbers": "{} 个数",
        },
        "winners": {
            "changed": "赢家与开始时不同的窗口",
            "other": "换成无关的滤波器",
            "accuracy": "测试准确率",
            "x": "训练步数",
        },
        "parity": {
            "columns": ["第 2 列", "第 3 列"],
            "first": "直接池化",
            "wide": "先用 (1, 1)\n的核卷积",
            "pooled": "再池化",
            "sum": "总和 {}",
        },
        "same-winner": {
            "before": "归一化之前",
            "plus": "γ = 1",
            "minus": "γ = −1",
        },
        "schedules": {
            "rate": "学习率",
            "loss": "平均损失",
            "x": "步数",
            "names": ["不变", "递增", "余弦递减", "预热加递减"],
        },
        "pools": {"title": "池化 {} 次", "left": "{} 个数", "score": "准确率 {}"},
    },
    "en": {
        "same-output": {"first": "input A", "second": "input B", "pooled": "pooled"},
        "unpool": {
            "digit": "original",
            "pooled": "pooled: a quarter left",
            "back": "put back by index",
            "spread": "no indices: spread out",
            "error": "mean squared error {}",
        },
        "shift": {
            "at": "dot in column {}",
            "noise": "independent noise",
            "smooth": "smooth image",
            "names": ["max pooling", "mean pooling", "every other", "blur first"],
            "x": "shift in pixels",
            "y": "relative change of the output",
        },
        "gradient": {
            "input": "input, winners tinted",
            "output": "gradient of output",
            "max": "back through max",
            "mean": "back through mean",
            "overlap": "overlapping, stride 1",
        },
        "symmetry": {"names": ["all zero", "all equal", "random"], "score": "test {}"},
        "depth": {"x": "layer", "y": "standard deviation of the output", "default": "default"},
        "random-features": {
            "names": ["raw pixels", "pixels pooled", "4 random\nfilters, pooled", "32 random\nfilters, pooled"],
            "y": "test accuracy (least squares)",
            "numbers": "{} numbers",
        },
        "winners": {
            "changed": "windows with another winner than at the start",
            "other": "unrelated filters",
            "accuracy": "test accuracy",
            "x": "training steps",
        },
        "parity": {
            "columns": ["column 2", "column 3"],
            "first": "pooled at once",
            "wide": "kernel (1, 1)\nfirst",
            "pooled": "then pooled",
            "sum": "sum {}",
        },
        "same-winner": {
            "before": "before",
            "plus": "γ = 1",
            "minus": "γ = −1",
        },
        "schedules": {
            "rate": "learning rate",
            "loss": "mean loss",
            "x": "steps",
            "names": ["constant", "rising", "cosine decay", "warm-up, decay"],
        },
        "pools": {"title": "poolings: {}", "left": "numbers: {}", "score": "accuracy {}"},
    },
}


def same_output(words, ink):
    """Two inputs that differ in every place and pool to the same numbers."""
    figure, (axes,) = ink.panels(height=2.3)
    a = np.array([[9.0, 1, 0, 2], [3, 7, 8, 5], [1, 4, 0, 6], [2, 0, 3, 1]])
    b = np.array([[0.0, 0, 1, 0], [9, 0, 0, 8], [4, 3, 6, 5], [1, 2, 0, 2]])
    for left, x, name in ((0, a, "first"), (5, b, "second")):
        _winners(axes, x, left, 0, ink)
        axes.text(left + 2, -0.25, words[name], ha="center", va="bottom", color=ink.muted)
    y, other = _pooled(a), _pooled(b)
    if (a == b).any() or not (y == other).all():
        raise ValueError("the two inputs must differ everywhere and pool to the same output")
    axes.annotate("", (10.6, 2), (9.3, 2), arrowprops=_arrow(ink.muted))
    _grid(axes, y, 11, 1, ink, tint=_quarters(ink))
    axes.text(12, 0.75, words["pooled"], ha="center", va="bottom", color=ink.muted)
    _canvas(axes, (-0.2, 13.4), (4.2, -1))
    return figure


def unpool(words, ink):
    """A digit, its maxima, and what can be rebuilt from them with and without the indices."""
    figure, panels = ink.panels(2, 2, height=5.6)
    x = _digits()[0][_first(3)]
    y, where = max_pool2d(x, 2, return_indices=True)
    back = np.zeros(64)
    back[where.ravel()] = y.ravel()
    spread = y[0].repeat(2, axis=0).repeat(2, axis=1)
    views = {"digit": x[0], "pooled": y[0], "back": back.reshape(8, 8), "spread": spread}
    for axes, (name, image) in zip(panels, views.items(), strict=True):
        _pixels(axes, image, GRAY, 0, 1)
        _bare(axes, ink.muted)
        axes.set_title(words[name], loc="center")
        if image.shape == (8, 8) and name != "digit":
            axes.set_xlabel(words["error"].format(f"{((image - x[0]) ** 2).mean():.3f}"))
    return figure


def shift(words, ink):
    """A dot that moves, and how much the output of four reductions changes."""
    figure, panels = ink.panels(2, 2, height=5.4, height_ratios=(1, 1.5))
    grid = panels[0].get_gridspec()
    for axes in panels[:2]:
        axes.remove()
    above = figure.add_subplot(grid[0, :])
    for row, column in enumerate((2, 3, 4)):
        dot = np.eye(8)[column : column + 1]
        _grid(above, dot, 0, 1.5 * row, ink, tint=ink.accents[1], form="")
        above.annotate("", (9.9, 1.5 * row + 0.5), (8.4, 1.5 * row + 0.5), arrowprops=_arrow(ink.muted))
        _grid(above, max_pool2d(dot[None], (1, 2))[0], 10.2, 1.5 * row, ink, tint=ink.accents[0], form="")
        above.text(-0.4, 1.5 * row + 0.5, words["at"].format(column), ha="right", va="center", color=ink.muted)
    _canvas(above, (-7, 14.6), (4.3, -0.3))
    noise, smooth = _fields()
    reductions = (
        lambda x: max_pool2d(x, 2),
        lambda x: avg_pool2d(x, 2),
        lambda x: x[:, :, ::2, ::2],
        _blurred_pool,
    )
    styles = ("-", "--", ":", "-.")
    for axes, field, name in zip(panels[2:], (noise, smooth), ("noise", "smooth"), strict=True):
        for reduce, color, style, label in zip(reductions, ink.accents, styles, words["names"], strict=True):
            still = reduce(field)
            changes = [(reduce(np.roll(field, by, 3)) - still).std() / still.std() for by in range(5)]
            axes.plot(range(5), changes, style, color=color, label=label)
        axes.set_ylim(0, 1.85)
        axes.set_xticks(range(5))
        axes.set_yticks([0, 0.5, 1, 1.5])
        axes.set_xlabel(words["x"])
        axes.set_title(words[name], loc="center")
    panels[2].text(0.1, 1.83, words["y"], va="top", color=ink.muted, fontsize=9.5)
    panels[3].legend(loc="upper left", frameon=False, fontsize=9.5, handlelength=2.6)
    return figure


def gradient(words, ink):
    """Which inputs hear from the loss: the winners, or all alike."""
    figure, (axes,) = ink.panels(height=3.95)
    x = np.array([[1.0, 3, 0, 2], [2, 0, 5, 1], [4, 4, 1, 0], [0, 4, 0, 6]])
    g = np.array([[1.0, 2], [3, 4]])
    back = gradients.max_pool2d(g[None, None], x[None, None], 2)[0, 0]
    even = gradients.avg_pool2d(g[None, None], x[None, None], 2)[0, 0]
    overlap = gradients.max_pool2d(np.ones((1, 1, 3, 3)), x[None, None], 2, stride=1)[0, 0]
    _winners(axes, x, 0, 0, ink)
    _grid(axes, g, 6.2, 1, ink, tint=_quarters(ink))
    _grid(axes, back, 10.4, 0, ink, tint=_quarters(ink, back > 0), skip=True)
    _grid(axes, even, 0, 6.4, ink, tint=_quarters(ink, even > 0), form="{:.2f}", size=9)
    _grid(axes, overlap, 10.4, 6.4, ink, tint=np.where(overlap > 0, ink.foreground, ink.ground), skip=True)
    places = ((2, 0, "input"), (7.2, 1, "output"), (12.4, 0, "max"), (2, 6.4, "mean"), (12.4, 6.4, "overlap"))
    for middle, top, name in places:
        axes.text(middle, top - 0.25, words[name], ha="center", va="bottom", color=ink.muted)
    axes.annotate("", (9.9, 2), (8.6, 2), arrowprops=_arrow(ink.muted))
    axes.annotate("", (4.5, 6.6), (6.5, 3.5), arrowprops=_arrow(ink.muted))
    _canvas(axes, (-0.2, 14.6), (10.5, -1))
    return figure


def symmetry(words, ink):
    """What hidden units have learned, from three beginnings."""
    figure, panels = ink.panels(3, 6, height=3.4)
    for row, name in enumerate(words["names"]):
        weights, accuracy = _hidden_units()[row]
        largest = max(abs(weights[:6]).max(), 1e-9)
        for axes, unit in zip(panels[6 * row :], weights[:6], strict=False):
            shades = (5 * unit.reshape(8, 8) / largest).round() / 5  # few shades, few bytes
            _pixels(axes, shades, _signed(ink), -1, 1)
            _bare(axes, ink.muted)
        score = words["score"].format(f"{100 * accuracy:.0f}%")
        panels[6 * row].set_ylabel(f"{name}\n{score}", rotation=0, ha="right", va="center", linespacing=1.4)
    return figure


def depth(words, ink):
    """The size of the signal through twenty layers, from four beginnings."""
    figure, (axes,) = ink.panels(height=3.2)
    names = ("0.01", words["default"], "He", "0.1")
    styles = zip(("--", ":", "-", "-."), (1, 3, 0, 2), strict=True)
    for name, sizes, (style, color) in zip(names, _sizes(), styles, strict=True):
        axes.semilogy(range(21), sizes, style, color=ink.accents[color])
        axes.text(20.3, sizes[-1], name, color=ink.accents[color], va="center")
    axes.set_xlim(0, 25.5)
    axes.set_xticks([0, 5, 10, 15, 20])
    axes.set_yticks([1e-15, 1e-10, 1e-5, 1, 1e5], ["1e−15", "1e−10", "1e−5", "1", "1e5"])
    axes.minorticks_off()
    ink.name_axes(axes, x=words["x"], y=words["y"])
    return figure


def random_features(words, ink):
    """Digits told apart by least squares, from pixels and behind filters that nobody trained."""
    figure, (axes,) = ink.panels(height=3.4)
    for place, (size, scores) in enumerate(_scores()):
        color = ink.accents[1 if place < 2 else 0]
        axes.plot(scores, [place] * len(scores), "o", color=color, markersize=7, markeredgecolor=ink.ground)
        axes.text(min(scores) - 1, place, words["numbers"].format(size), ha="right", va="center")
    axes.set_yticks(range(4), words["names"])
    axes.tick_params(axis="y", colors=ink.foreground)
    axes.set_ylim(3.5, -0.5)
    axes.set_xlim(60, 101)
    axes.set_xticks([60, 70, 80, 90, 100], ["60%", "70%", "80%", "90%", "100%"])
    ink.name_axes(axes, x=words["y"])
    return figure


def winners(words, ink):
    """How many windows have a new winner while a small network learns the digits."""
    figure, (above, below) = ink.panels(2, 1, height=4.6, height_ratios=(1.3, 1), sharex=True)
    places = range(len(MARKS))
    for seed, marker in enumerate("osD"):
        changed, accuracy = _training(seed)
        style = {"markersize": 5, "linewidth": 1.6}
        above.plot(places, changed, marker=marker, color=ink.accents[0], **style)
        below.plot(places, accuracy, marker=marker, color=ink.accents[2], **style)
    level = _unrelated()
    above.axhline(level, color=ink.accents[1], linestyle=":")
    above.text(0, level + 0.02, words["other"], color=ink.accents[1], va="bottom")
    above.set_ylim(0, 0.85)
    above.set_yticks([0, 0.25, 0.5, 0.75], ["0", "25%", "50%", "75%"])
    below.set_ylim(0, 1.05)
    below.set_yticks([0, 0.5, 1], ["0", "50%", "100%"])
    below.set_xticks(places, MARKS)
    ink.name_axes(above, y=words["changed"])
    ink.name_axes(below, x=words["x"], y=words["accuracy"])
    return figure


def parity(words, ink):
    """Two dots that pooling confuses, and a convolution that keeps them apart."""
    figure, (axes,) = ink.panels(height=3.6)
    ones = np.ones((1, 1, 1, 2))
    for row, (column, name) in enumerate(zip((2, 3), words["columns"], strict=True)):
        top = 6.1 * row
        dot = np.zeros((1, 1, 2, 8))
        dot[0, 0, 0, column] = 1
        wide = conv2d(dot, ones, padding=(0, 1))
        last = max_pool2d(wide, 2, ceil_mode=True)[0, 0]
        axes.text(0, top - 0.25, name, va="bottom", color=ink.accents[1])
        _windows(axes, dot[0, 0], 0, top, ink, ink.accents[1])
        axes.annotate("", (12.4, top + 1), (8.4, top + 1), arrowprops=_arrow(ink.muted))
        axes.text(10.4, top + 0.6, words["first"], ha="center", va="bottom", color=ink.muted, fontsize=9)
        _grid(axes, _pooled(dot[0, 0]), 12.8, top + 0.5, ink, tint=ink.accents[0], form="")
        axes.text(-0.3, top + 3.35, words["wide"], ha="right", va="center", color=ink.muted, fontsize=9)
        _windows(axes, wide[0, 0], 0, top + 2.35, ink, ink.accents[2])
        axes.annotate("", (12.4, top + 3.35), (10.4, top + 3.35), arrowprops=_arrow(ink.muted))
        _grid(axes, last, 12.8, top + 2.85, ink, tint=ink.accents[2], form="")
        axes.text(15.3, top + 4.1, words["sum"].format(f"{last.sum():g}"), ha="center", va="top", color=ink.accents[2])
        axes.text(15.3, top + 2.75, words["pooled"], ha="center", va="bottom", color=ink.muted, fontsize=9)
    _canvas(axes, (-4.2, 18), (11.4, -1.1))
    return figure


def same_winner(words, ink):
    """One window before and after batch normalization: the order of its values stays, or is turned over."""
    figure, panels = ink.panels(1, 3, height=2.9)
    x = np.array([[1.0, 2], [3, 10]])
    views = [x]
    for gamma in (1.0, -1.0):
        views.append(batch_norm(x[None, None], None, None, np.array([gamma]), training=True)[0, 0])
    for axes, y, name in zip(panels, views, ("before", "plus", "minus"), strict=True):
        values = y.ravel()
        colors = [ink.accents[1] if value == _pooled(y)[0, 0] else ink.grid for value in values]
        axes.bar(range(4), values, color=colors, width=0.7)
        axes.axhline(0, color=ink.muted, linewidth=1)
        room = 0.03 * np.ptp(np.append(values, 0))
        for place, value in enumerate(values):
            text, up = f"{value:.3g}".replace("-", "−"), value > 0
            axes.text(place, value + (room if up else -room), text, ha="center", va="bottom" if up else "top", size=9)
        axes.set_title(words[name], loc="center")
        axes.set_xticks([])
        axes.set_yticks([])
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
        axes.margins(y=0.14)
    return figure


def schedules(words, ink):
    """Four plans for the learning rate, and the loss under noise that each leads to."""
    figure, (above, below) = ink.panels(2, 1, height=5.0, height_ratios=(1, 1.5), sharex=True)
    s = np.arange(300) / 300
    warm = np.where(s < 0.1, 4 * s, 0.2 * (1 + np.cos(np.pi * (s - 0.1) / 0.9)))
    plans = (0.2 + 0 * s, 0.4 * s, 0.2 * (1 + np.cos(np.pi * s)), warm)
    for rates, color, style, name in zip(plans, (3, 1, 0, 2), ("-.", "--", "-", ":"), words["names"], strict=True):
        rng, w, losses = np.random.default_rng(0), np.full((4000, 1), 3.0), []
        for rate in rates:
            losses.append(float((w**2).mean() / 2))
            w = w - rate * (linear(w, np.ones((1, 1))) + rng.normal(size=w.shape))
        above.plot(rates, style, color=ink.accents[color], label=name)
        below.semilogy(losses, style, color=ink.accents[color])
    above.legend(ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.08), frameon=False, handlelength=2.6)
    above.set_yticks([0, 0.2, 0.4])
    below.set_yticks([0.01, 0.1, 1], ["0.01", "0.1", "1"])
    below.minorticks_off()
    ink.name_axes(above, y=words["rate"])
    ink.name_axes(below, x=words["x"], y=words["loss"])
    return figure


def pools(words, ink):
    """A digit pooled again and again, and how well all digits are still told apart."""
    figure, panels = ink.panels(1, 4, height=2.2)
    x, _ = _digits()
    for count, axes in enumerate(panels):
        _pixels(axes, x[_first(3)][0], GRAY, 0, 1)
        _bare(axes, ink.muted)
        axes.set_title(words["title"].format(count), loc="center", fontsize=9.5)
        left = words["left"].format(x[0].size)
        score = words["score"].format(f"{100 * _least_squares(x):.0f}%")
        axes.set_xlabel(f"{left}\n{score}", linespacing=1.5)
        x = max_pool2d(x, 2) if count < 3 else x
    return figure


def _pooled(x):
    return max_pool2d(x[None, None], 2)[0, 0]


@functools.cache
def _digits():
    """The 8 by 8 digits of scikit-learn in one shuffled order."""
    x, target = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(x))
    return x[order].reshape(-1, 1, 8, 8) / 16, target[order]


def _first(digit):
    """The place of the first image of a digit."""
    return int((_digits()[1] == digit).argmax())


def _he(rng, filters):
    return (2 / 9) ** 0.5 * rng.normal(size=(filters, 1, 3, 3))


def _least_squares(features):
    """Test accuracy of the linear classifier that a little ridge regression gives."""
    target = _digits()[1]
    f = np.column_stack([features.reshape(len(features), -1), np.ones(len(features))])
    seen, answers = f[:TRAINING], np.eye(10)[target[:TRAINING]]
    w = np.linalg.solve(seen.T @ seen + 0.1 * np.eye(f.shape[1]), seen.T @ answers)
    return float(((f[TRAINING:] @ w).argmax(axis=1) == target[TRAINING:]).mean())


@functools.cache
def _scores():
    """For pixels, pooled pixels, 4 and 32 random filters: how many numbers there are, and the accuracy in percent."""
    x, _ = _digits()
    filtered = [max_pool2d(relu(conv2d(x, _he(np.random.default_rng(seed), 32), padding=1)), 2) for seed in range(5)]
    inputs = ([x], [max_pool2d(x, 2)], [each[:, :4] for each in filtered], filtered)
    return [(each[0][0].size, [100 * _least_squares(features) for features in each]) for each in inputs]


@functools.cache
def _fields():
    """Noise, and the same noise made smooth, both without a border."""
    noise = np.random.default_rng(0).normal(size=(1, 1, 128, 128))
    bell = np.exp(-(np.arange(-6, 7) ** 2) / 8)
    return noise, conv2d(conv2d(_wrapped(noise, 6), bell.reshape(1, 1, 13, 1)), bell.reshape(1, 1, 1, 13))


def _wrapped(x, by):
    return np.pad(x, ((0, 0), (0, 0), (by, by), (by, by)), mode="wrap")


def _blurred_pool(x):
    """Maxima of all windows, blurred before every other one is taken (Zhang, 2019)."""
    dense = max_pool2d(np.pad(x, ((0, 0), (0, 0), (0, 1), (0, 1)), mode="wrap"), 2, stride=1)
    return conv2d(_wrapped(dense, 1), np.outer([1.0, 2, 1], [1.0, 2, 1])[None, None] / 16, stride=2)


@functools.cache
def _sizes():
    """Standard deviation of the signal before and behind each of twenty layers, for four spreads of the weights."""
    n, shape = 9 * 64, (64, 64, 3, 3)
    draws = (
        lambda rng: 0.01 * rng.normal(size=shape),
        lambda rng: rng.uniform(-(n**-0.5), n**-0.5, size=shape),
        lambda rng: (2 / n) ** 0.5 * rng.normal(size=shape),
        lambda rng: 0.1 * rng.normal(size=shape),
    )
    return [_through_layers(draw, np.random.default_rng(0)) for draw in draws]


def _through_layers(draw, rng):
    y = rng.normal(size=(1, 64, 8, 8))
    sizes = [y.std()]
    for _ in range(20):
        y = relu(conv2d(_wrapped(y, 1), draw(rng)))
        sizes.append(y.std())
    return sizes


@functools.cache
def _hidden_units():
    """Weights and test accuracy of one hidden layer on digits, from zero, equal and random beginnings."""
    rng = np.random.default_rng(0)
    starts = (
        (np.zeros((16, 64)), np.zeros((10, 16))),
        (np.full((16, 64), 0.05), np.full((10, 16), 0.3)),
        ((2 / 64) ** 0.5 * rng.normal(size=(16, 64)), (2 / 16) ** 0.5 * rng.normal(size=(10, 16))),
    )
    return [_trained_units(w, v) for w, v in starts]


def _trained_units(w, v, steps=300, rate=0.2):
    images, target = _digits()
    x = flatten(images, 1)
    b, c = np.zeros(len(w)), np.zeros(10)
    rng = np.random.default_rng(1)
    for _ in range(steps):
        batch = rng.integers(0, TRAINING, 64)
        z = linear(x[batch], w, b)
        g = gradients.cross_entropy(np.asarray(1.0), linear(relu(z), v, c), target[batch])
        g, dv, dc = gradients.linear(g, relu(z), v, c)
        _, dw, db = gradients.linear(gradients.relu(g, z), x[batch], w, b)
        w, b, v, c = w - rate * dw, b - rate * db, v - rate * dv, c - rate * dc
    scores = linear(relu(linear(x[TRAINING:], w, b)), v, c)
    return w, float((scores.argmax(axis=1) == target[TRAINING:]).mean())


@functools.cache
def _training(seed, rate=0.2):
    """A small network learns the digits: at each mark, the share of windows with a new winner, and the accuracy."""
    images, target = _digits()
    rng = np.random.default_rng(seed)
    w, b, v, c = _he(rng, 8), np.zeros(8), rng.normal(size=(10, 128)) / 8, np.zeros(10)
    start, changed, accuracy = _choices(w, b), [], []
    for step in range(MARKS[-1] + 1):
        if step in MARKS:
            changed.append(_turnover(start, _choices(w, b)))
            f = flatten(max_pool2d(relu(conv2d(images[TRAINING:], w, b, padding=1)), 2), 1)
            accuracy.append(float((linear(f, v, c).argmax(axis=1) == target[TRAINING:]).mean()))
        batch = rng.integers(0, TRAINING, 32)
        z = conv2d(images[batch], w, b, padding=1)
        y = max_pool2d(relu(z), 2)
        f = flatten(y, 1)
        g = gradients.cross_entropy(np.asarray(1.0), linear(f, v, c), target[batch])
        g, dv, dc = gradients.linear(g, f, v, c)
        g = gradients.relu(gradients.max_pool2d(g.reshape(y.shape), relu(z), 2), z)
        _, dw, db = gradients.conv2d(g, images[batch], w, b, padding=1)
        w, b, v, c = w - rate * dw, b - rate * db, v - rate * dv, c - rate * dc
    return changed, accuracy


def _choices(w, b):
    """Where the winner of each window stands, and whether there was anything to choose."""
    z = conv2d(_digits()[0][TRAINING : TRAINING + 200], w, b, padding=1)
    best, where = max_pool2d(z, 2, return_indices=True)
    return where, best + max_pool2d(-z, 2) > 1e-9


def _turnover(before, after):
    """Of the windows with a choice, the share whose winner stands elsewhere."""
    chosen = before[1] & after[1]
    return float((before[0] != after[0])[chosen].mean())


@functools.cache
def _unrelated():
    """The same share for pairs of filters that have nothing to do with each other."""
    choices = [_choices(_he(np.random.default_rng(seed), 8), np.zeros(8)) for seed in range(6)]
    return float(np.mean([_turnover(a, b) for a, b in zip(choices[::2], choices[1::2], strict=True)]))


def _quarters(ink, shown=None):
    """A color for each window of two by two; where something is not shown, none."""
    tints = np.array(ink.accents).reshape(2, 2)
    if shown is None:
        return tints
    return np.where(shown, tints.repeat(2, axis=0).repeat(2, axis=1), ink.ground)


def _winners(axes, x, left, top, ink):
    """A matrix whose windows of two by two have their winners tinted."""
    won = gradients.max_pool2d(np.ones((1, 1, 2, 2)), x[None, None], 2)[0, 0] > 0
    _windows(axes, x, left, top, ink, _quarters(ink, won), form="{:g}")


def _windows(axes, x, left, top, ink, tint, form=""):
    """Cells, and a heavy frame around each window of two by two."""
    _grid(axes, x, left, top, ink, tint=tint, form=form)
    for i in range(0, x.shape[0], 2):
        for j in range(0, x.shape[1], 2):
            wide = min(2, x.shape[1] - j)
            axes.add_patch(
                Rectangle((left + j, top + i), wide, 2, facecolor="none", edgecolor=ink.foreground, linewidth=1.6)
            )


def _grid(axes, values, left, top, ink, tint, form="{:g}", skip=False, size=None):
    """A matrix as cells; a cell has its tint where it is not zero."""
    tints = np.broadcast_to(tint, values.shape)
    for (row, column), value in np.ndenumerate(values):
        color = str(tints[row, column])
        face = to_rgba(color, 0.35 if form else 0.8) if value and color != ink.ground else "none"
        axes.add_patch(Rectangle((left + column, top + row), 1, 1, facecolor=face, edgecolor=ink.muted, linewidth=1))
        if form and (value or not skip):
            place = (left + column + 0.5, top + row + 0.5)
            axes.text(*place, form.format(value), ha="center", va="center", fontsize=size)


def _pixels(axes, values, colors, low, high):
    """Pixels as shapes that scale, one shape for each shade; neighbors in a row of equal shade are drawn as one."""
    shades = np.clip((values - low) / (high - low), 0, 1).round(2)
    for shade in np.unique(shades):
        corners = []
        for i, row in enumerate(shades == shade):
            edges = np.flatnonzero(np.diff(np.concatenate([[0], row, [0]])))
            corners += [((a, i), (b, i), (b, i + 1), (a, i + 1), (a, i)) for a, b in edges.reshape(-1, 2)]
        codes = [Path.MOVETO, *[Path.LINETO] * 3, Path.CLOSEPOLY] * len(corners)
        shape = Path(np.array(corners).reshape(-1, 2) - 0.5, codes)
        axes.add_patch(PathPatch(shape, facecolor=colors(shade), edgecolor=colors(shade), linewidth=0.3))
    _canvas(axes, (-0.5, values.shape[1] - 0.5), (values.shape[0] - 0.5, -0.5), hidden=False)


def _signed(ink):
    """Below zero, zero, above zero."""
    return LinearSegmentedColormap.from_list("signed", [ink.accents[0], ink.ground, ink.accents[1]])


def _bare(axes, edge):
    """An image needs no axis."""
    axes.set_xticks([])
    axes.set_yticks([])
    axes.grid(visible=False)
    axes.spines[:].set_visible(True)
    axes.spines[:].set_edgecolor(edge)


def _canvas(axes, x, y, hidden=True):
    axes.set_aspect("equal")
    axes.set_xlim(*x)
    axes.set_ylim(*y)
    if hidden:
        axes.axis("off")


def _arrow(color):
    return {"arrowstyle": "-|>", "color": color, "linewidth": 1.6, "mutation_scale": 13}
