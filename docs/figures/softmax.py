"""The figures of the chapter on min-max and softmax. Every number drawn comes out of `cnnref`."""

import numpy as np
from matplotlib.colors import to_rgba
from matplotlib.patches import Rectangle

from cnnref import log_softmax, min_max, softmax

SCORES = np.array([1.0, 2.0, 3.0])
PRINTED = np.array([0.09, 0.24, 0.65])  # as the notes print it; the figure shows what it lacks

WORDS = {
    "zh": {
        "two-maps": {
            "x": "中间的数 v（1 和 3 不动）",
            "y": "v 得到的值",
            "min_max": "Min-Max",
            "softmax": "Softmax",
        },
        "keeps-shape": {
            "before": "缩放前：样本个数",
            "after": "Min-Max 之后：样本个数",
            "x": "数值",
            "skew": "偏度 {}",
        },
        "worked-example": {
            "printed": "笔记的数字",
            "softmax": "Softmax",
            "min_max": "Min-Max",
            "shares": "Min-Max 除以总和",
            "sum": "{}：和为 {}",
        },
        "spread": {
            "min_max": "Min-Max 的输出",
            "softmax": "Softmax 的输出",
            "x": "倍数 s，输入为 s·[1, 2, 3]",
            "score": "第 {} 个",
        },
        "invariance": {
            "min_max": "Min-Max",
            "softmax": "Softmax",
            "inputs": ["x = [1, 2, 3]", "x + 100", "2x", "−x"],
        },
        "temperature": {
            "p": "概率",
            "entropy": "熵（奈特）",
            "x": "温度 T",
            "score": "分数 {}",
            "ceiling": "ln 3：均匀分布",
        },
        "simplex": {
            "corner": "全归第 {} 类",
            "centre": "均匀",
            "cold": "○ T = 1，箭头：T 变小",
        },
        "outliers": {
            "min_max": "Min-Max 的输出",
            "softmax": "Softmax 的输出",
            "x": "第四个数 v，输入为 [1, 2, 3, v]",
            "score": "分数 {}",
        },
        "overflow": {
            "x": "最大的分数 m（三个分数为 m − 2、m − 1、m）",
            "naive": "照公式直接算，到 {} 为止",
            "stable": "先减最大值，全程不溢出",
        },
        "log-softmax-loss": {
            "x": "正确类落后的分数差",
            "y": "损失（float32）",
            "naive": "先 Softmax，再取对数",
            "stable": "log_softmax",
            "infinite": "从差 {} 起为 inf",
        },
        "which-axis": {
            "features": "输入端：Min-Max 逐列，特征各自缩放",
            "classes": "输出端：Softmax 逐行，类别分摊概率",
            "feature": ["身高\ncm", "体重\nkg"],
            "class": ["猫", "狗", "鸟"],
            "sample": "样本 {}",
        },
    },
    "en": {
        "two-maps": {
            "x": "middle number v (1 and 3 stay)",
            "y": "what v becomes",
            "min_max": "min-max",
            "softmax": "softmax",
        },
        "keeps-shape": {
            "before": "before: number of samples",
            "after": "after min-max: number of samples",
            "x": "value",
            "skew": "skewness {}",
        },
        "worked-example": {
            "printed": "in the notes",
            "softmax": "softmax",
            "min_max": "min-max",
            "shares": "min-max over its sum",
            "sum": "{}: sum {}",
        },
        "spread": {
            "min_max": "min-max output",
            "softmax": "softmax output",
            "x": "factor s, the input being s·[1, 2, 3]",
            "score": "no. {}",
        },
        "invariance": {
            "min_max": "min-max",
            "softmax": "softmax",
            "inputs": ["x = [1, 2, 3]", "x + 100", "2x", "−x"],
        },
        "temperature": {
            "p": "probability",
            "entropy": "entropy (nats)",
            "x": "temperature T",
            "score": "score {}",
            "ceiling": "ln 3: uniform",
        },
        "simplex": {
            "corner": "all to class {}",
            "centre": "uniform",
            "cold": "○ T = 1, arrow: T falls",
        },
        "outliers": {
            "min_max": "min-max output",
            "softmax": "softmax output",
            "x": "fourth value v, the input being [1, 2, 3, v]",
            "score": "score {}",
        },
        "overflow": {
            "x": "largest score m (scores m − 2, m − 1, m)",
            "naive": "formula as printed: ends at {}",
            "stable": "maximum subtracted first: no overflow",
        },
        "log-softmax-loss": {
            "x": "how far the true class lies behind",
            "y": "loss (float32)",
            "naive": "softmax, then its logarithm",
            "stable": "log_softmax",
            "infinite": "inf from a gap of {}",
        },
        "which-axis": {
            "features": "At the input: min-max down each column, one feature at a time",
            "classes": "At the output: softmax along each row, classes share the mass",
            "feature": ["height\ncm", "mass\nkg"],
            "class": ["cat", "dog", "bird"],
            "sample": "sample {}",
        },
    },
}


def two_maps(words, ink):
    """Let one of three scores move, and follow its value under both maps."""
    figure, (axes,) = ink.panels(height=3.1)
    v = np.linspace(-2, 6, 321)
    inputs = np.stack([np.full_like(v, 1.0), np.full_like(v, 3.0), v], axis=1)
    for fixed in (1, 3):
        axes.axvline(fixed, color=ink.muted, linewidth=1, linestyle=":")
    for name, outputs, dash, at in (
        ("min_max", min_max(inputs, 1), "-", (2.75, 0.97)),
        ("softmax", softmax(inputs, 1), "--", (4.35, 0.69)),
    ):
        color = ink.accents[name == "softmax"]
        axes.plot(v, outputs[:, 2], dash, color=color)
        axes.text(*at, words[name], color=color, ha="right" if name == "min_max" else "left", va="center")
    axes.set_ylim(-0.05, 1.05)
    ink.name_axes(axes, x=words["x"], y=words["y"])
    return figure


def keeps_shape(words, ink):
    """Skewed data before and after min-max: the same hill over another axis."""
    figure, panels = ink.panels(2, height=3.9)
    before = np.random.default_rng(0).lognormal(sigma=0.6, size=4000)
    for axes, x, name, color in zip(panels, (before, min_max(before)), ("before", "after"), ink.accents, strict=False):
        axes.hist(x, bins=48, color=color)
        z = (x - x.mean()) / x.std()
        axes.text(0.97, 0.82, words["skew"].format(f"{(z**3).mean():.3f}"), transform=axes.transAxes, ha="right")
        ink.name_axes(axes, x=words["x"], y=words[name])
    return figure


def worked_example(words, ink):
    """The vector of the notes beside what both maps really give."""
    figure, panels = ink.panels(2, 2, height=4.2, sharey=True)
    scaled = min_max(SCORES)
    bars = {"printed": PRINTED, "softmax": softmax(SCORES, 0), "min_max": scaled, "shares": scaled / scaled.sum()}
    colors = (ink.muted, ink.accents[1], ink.accents[0], ink.accents[0])
    for axes, (name, values), color in zip(panels, bars.items(), colors, strict=True):
        axes.bar(["1", "2", "3"], values, color=color, width=0.62)
        for place, value in enumerate(values):
            axes.text(place, value + 0.03, f"{value:.2f}" if name == "printed" else f"{value:.4f}", ha="center")
        axes.set_ylim(0, 1.2)
        axes.set_yticks([0, 0.5, 1])
        axes.grid(axis="x", visible=False)
        ink.name_axes(axes, y=words["sum"].format(words[name], f"{values.sum():.2f}"))
    return figure


def spread(words, ink):
    """Pull three scores apart: min-max does not notice, softmax goes from even to all or nothing."""
    figure, panels = ink.panels(2, height=4.6, sharex=True)
    s = np.geomspace(0.01, 10, 241)
    inputs = s[:, None] * SCORES
    labels = {
        "min_max": ((0.0125, 0.09), (0.0125, 0.59), (0.0125, 0.9)),
        "softmax": ((0.2, 0.1), (1.3, 0.36), (0.0125, 0.43)),
    }
    for axes, name, outputs in zip(
        panels, ("min_max", "softmax"), (min_max(inputs, 1), softmax(inputs, 1)), strict=True
    ):
        for score, (color, dash) in enumerate(zip(ink.accents, ("-", "--", "-."), strict=False)):
            axes.semilogx(s, outputs[:, score], dash, color=color)
            axes.text(*labels[name][score], words["score"].format(score + 1), color=color, va="center")
        axes.set_ylim(-0.06, 1.06)
        axes.set_xticks([0.01, 0.1, 1, 10], ["0.01", "0.1", "1", "10"])
        axes.minorticks_off()
        ink.name_axes(axes, x=words["x"] if name == "softmax" else "", y=words[name])
    return figure


def invariance(words, ink):
    """Move the scores, stretch them, turn them over: what each map notices."""
    figure, panels = ink.panels(2, 4, height=3.7, sharey=True, sharex=True)
    inputs = (SCORES, SCORES + 100, 2 * SCORES, -SCORES)
    for row, (name, scale) in enumerate((("min_max", min_max), ("softmax", lambda x: softmax(x, 0)))):
        for axes, x, title in zip(panels[4 * row :], inputs, words["inputs"], strict=False):
            axes.bar(["1", "2", "3"], scale(x), color=ink.accents[row], width=0.66)
            axes.set_ylim(0, 1.05)
            axes.set_yticks([0, 0.5, 1])
            axes.grid(axis="x", visible=False)
            axes.set_title(title if row == 0 else "", loc="center")
        panels[4 * row].set_ylabel(words[name], color=ink.accents[row], rotation=0, ha="right", va="center")
    return figure


def temperature(words, ink):
    """From all or nothing to even: probabilities and entropy as the temperature rises."""
    figure, (above, below) = ink.panels(2, height=4.6, sharex=True, height_ratios=(3, 2))
    t = np.geomspace(0.05, 100, 301)
    p = np.stack([softmax(SCORES, 0, temperature=float(each)) for each in t])
    logs = np.stack([log_softmax(SCORES / each, 0) for each in t])
    for score, (color, dash) in enumerate(zip(ink.accents, ("-", "--", "-."), strict=False)):
        above.semilogx(t, p[:, score], dash, color=color)
    for score, (x, y) in enumerate(((1.5, 0.06), (0.17, 0.17), (1.2, 0.7))):
        above.text(x, y, words["score"].format(score + 1), color=ink.accents[score], va="center")
    below.semilogx(t, -(p * logs).sum(1), color=ink.accents[3])
    ceiling = -float(log_softmax(np.zeros(3), 0)[0])
    below.axhline(ceiling, color=ink.muted, linewidth=1, linestyle=":")
    below.text(0.05, ceiling - 0.06, words["ceiling"], color=ink.muted, va="top")
    for axes in (above, below):
        axes.axvline(1, color=ink.muted, linewidth=1, linestyle=":")
        axes.set_xticks([0.1, 1, 10, 100], ["0.1", "1", "10", "100"])
        axes.minorticks_off()
    above.set_ylim(-0.06, 1.06)
    below.set_ylim(-0.05, 1.25)
    ink.name_axes(above, y=words["p"])
    ink.name_axes(below, x=words["x"], y=words["entropy"])
    return figure


def simplex(words, ink):
    """A distribution over three classes is a point of the triangle; cooling moves it from the middle to a corner."""
    figure, (axes,) = ink.panels(height=3.9)
    corners = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, np.sqrt(3) / 2]])
    axes.fill(*corners.T, facecolor="none", edgecolor=ink.muted, linewidth=1.2)
    t = np.geomspace(0.02, 200, 400)
    scores = ([1, 2, 3], [3, 2.6, 0], [2, 3, 2.8], [3, 0, 1.5])
    labels = ((0.5, 0.48, "right"), (0.5, 0.06, "left"), (0.56, 0.2, "left"), (0.17, 0.1, "left"))
    for x, (*at, side), color in zip(scores, labels, ink.accents, strict=True):
        axes.text(*at, str(x), color=color, ha=side, va="center")
        x = np.array(x, dtype=float)
        path = np.stack([softmax(x, 0, temperature=float(each)) for each in t]) @ corners
        axes.plot(*path.T, color=color)
        tail, head = np.searchsorted(t, [0.42, 0.38])
        arrow = {"arrowstyle": "-|>", "color": color, "mutation_scale": 17, "linewidth": 2.2}
        axes.annotate("", path[head], path[tail], arrowprops=arrow)
        now = softmax(x, 0) @ corners
        axes.plot(*now, "o", color=ink.ground, markeredgecolor=color, markeredgewidth=1.8, markersize=7)
    middle = softmax(np.zeros(3), 0) @ corners
    axes.plot(*middle, "s", color=ink.foreground, markersize=5)
    axes.text(middle[0] - 0.035, middle[1] + 0.03, words["centre"], ha="right", va="center")
    for place, (x, y) in enumerate(corners):
        axes.text(x, y + (0.04 if y else -0.05), words["corner"].format(place + 1), ha="center", va="center")
    axes.text(0.98, 0.98, words["cold"], color=ink.muted, transform=axes.transAxes, ha="right", va="top")
    axes.set_aspect("equal")
    axes.set_xlim(-0.28, 1.28)
    axes.set_ylim(-0.1, 0.96)
    axes.axis("off")
    return figure


def outliers(words, ink):
    """A fourth value far below or far above: whom it disturbs."""
    figure, panels = ink.panels(2, height=4.8, sharex=True)
    v = np.linspace(-20, 20, 401)
    inputs = np.concatenate([np.tile(SCORES, (v.size, 1)), v[:, None]], axis=1)
    labels = {"min_max": {0: 0.75, 1: 0.87, 2: 1.0, 3: 0.91}, "softmax": {0: 0.16, 1: 0.31, 2: 0.73, 3: 0.91}}
    for axes, name, outputs in zip(panels, labels, (min_max(inputs, 1), softmax(inputs, 1)), strict=True):
        for score in range(4):
            axes.plot(v, outputs[:, score], "--" if score == 3 else "-", color=ink.accents[score])
            text = "v" if score == 3 else words["score"].format(score + 1)
            place = 19 if score == 3 else -20.6
            axes.text(place, labels[name][score], text, color=ink.accents[score], ha="right", va="center")
        axes.set_ylim(-0.06, 1.1)
        axes.set_xlim(-27.5, 20.5)
        ink.name_axes(axes, x=words["x"] if name == "softmax" else "", y=words[name])
    return figure


def overflow(words, ink):
    """How far the formula as printed carries in each floating-point type."""
    figure, (axes,) = ink.panels(height=4.0)
    top = np.geomspace(1, 2000, 60_000)
    types = (np.float16, np.float32, np.float64)
    for row, dtype in enumerate(types):
        scores = (top[:, None] - np.array([2.0, 1.0, 0.0])).astype(dtype)
        with np.errstate(over="ignore", invalid="ignore"):
            naive = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
            end = top[abs(naive.sum(1) - 1) < 0.1].max()
        stable = top[abs(softmax(scores, 1).sum(1) - 1) < 0.1].max()
        axes.semilogx([1, stable], [row + 0.12] * 2, color=ink.accents[0])
        axes.semilogx([1, end], [row - 0.12] * 2, "--", color=ink.accents[1])
        axes.plot(end, row - 0.12, "X", color=ink.accents[1], markersize=9)
        axes.text(1, row - 0.31, words["naive"].format(f"{end:.1f}"), color=ink.accents[1], va="center")
        axes.text(1, row + 0.31, words["stable"], color=ink.accents[0], va="center")
    axes.set_yticks(range(3), [np.dtype(each).name for each in types])
    axes.set_ylim(-0.55, 2.55)
    axes.set_xticks([1, 10, 100, 1000], ["1", "10", "100", "1000"])
    axes.minorticks_off()
    axes.grid(axis="y", visible=False)
    ink.name_axes(axes, x=words["x"])
    return figure


def log_softmax_loss(words, ink):
    """The loss of a sample that is badly wrong, computed in both orders."""
    figure, (axes,) = ink.panels(height=3.1)
    gap = np.linspace(0, 160, 641, dtype=np.float32)
    scores = np.stack([-gap, np.zeros_like(gap)], axis=1)
    with np.errstate(divide="ignore"):
        naive = -np.log(softmax(scores, 1)[:, 0])
    stable = -log_softmax(scores, 1)[:, 0]
    ends = gap[np.isfinite(naive)].max()
    first = gap[~np.isfinite(naive)].min()
    axes.plot(gap, stable, color=ink.accents[0], linewidth=5, alpha=0.45)
    axes.plot(gap[gap <= ends], naive[gap <= ends], "--", color=ink.accents[1])
    axes.plot(ends, naive[gap == ends], "X", color=ink.accents[1], markersize=10)
    axes.text(74, 36, words["naive"], color=ink.accents[1], va="center")
    axes.text(74, 18, words["infinite"].format(f"{first:.0f}"), color=ink.accents[1], va="center")
    axes.text(122, 146, words["stable"], color=ink.accents[0], ha="right", va="center")
    ink.name_axes(axes, x=words["x"], y=words["y"])
    return figure


def which_axis(words, ink):
    """A table of features scaled by columns, a table of scores normalized by rows."""
    figure, panels = ink.panels(2, height=4.4)
    samples = np.array([[180.0, 60.0], [160.0, 80.0], [170.0, 75.0]])
    scores = np.array([[2.0, 1.0, -1.0], [0.0, 3.0, 0.0], [1.0, 1.0, 1.0]])
    tables = (
        (panels[0], samples, min_max(samples, 0), words["feature"], words["features"], ink.accents[0]),
        (panels[1], scores, softmax(scores, 1), words["class"], words["classes"], ink.accents[1]),
    )
    for axes, before, after, names, title, color in tables:
        _table(axes, before, "{:g}", names, 0, ink)
        _table(axes, after, "{:.3f}", names, before.shape[1] + 1, ink, shade=color)
        axes.annotate("", (before.shape[1] + 0.44, 1), (before.shape[1] - 0.44, 1), arrowprops=_arrow(color))
        for row in range(3):
            axes.text(-0.62, row, words["sample"].format(row + 1), ha="right", va="center", color=ink.muted)
        left = before.shape[1] + 0.5
        if axes is panels[0]:
            for column in range(before.shape[1]):
                axes.annotate("", (left + 0.5 + column, 3.05), (left + 0.5 + column, 2.5), arrowprops=_arrow(color))
        else:
            right = left + before.shape[1]
            for row in range(3):
                axes.annotate("", (right + 0.55, row), (right, row), arrowprops=_arrow(color))
        axes.set_xlim(-1.75, 7.3)
        axes.set_ylim(3.1, -1.5)
        axes.axis("off")
        axes.set_title(title, loc="left", color=color)
    return figure


def _table(axes, values, form, names, left, ink, shade=None):
    for (row, column), value in np.ndenumerate(values):
        ground = to_rgba(shade, 0.4 * value) if shade else "none"
        axes.add_patch(Rectangle((left + column - 0.5, row - 0.5), 1, 1, facecolor=ground, edgecolor=ink.muted))
        axes.text(left + column, row, form.format(value).replace("-", "−"), ha="center", va="center")
    for column, name in enumerate(names):
        axes.text(left + column, -0.6, name, ha="center", va="bottom", color=ink.muted)


def _arrow(color):
    return {"arrowstyle": "-|>", "color": color, "linewidth": 1.6, "mutation_scale": 13}
