"""The figures of the chapter on feature maps. Every number drawn comes out of `cnnref`."""

import numpy as np
from matplotlib.cbook import get_sample_data
from matplotlib.colors import LinearSegmentedColormap, to_rgba
from matplotlib.image import imread
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from cnnref import conv2d, relu

SOBEL = np.array([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]])
BOX = np.full((3, 3), 1 / 9)
GRAY = LinearSegmentedColormap.from_list("gray", ["#000000", "#ffffff"], N=24)  # few shades, few bytes

WORDS = {
    "zh": {
        "photograph": {
            "photo": "照片",
            "rise": "左暗右亮的边缘",
            "level": "上暗下亮的边缘",
            "blur": "四周取平均",
        },
        "sliding": {"input": "输入 x", "kernel": "核 w", "map": "特征图 y"},
        "flip": {
            "correlation": "互相关：核原样滑动",
            "convolution": "卷积：核先转半圈，再滑动",
            "input": "输入",
            "kernel": "核",
            "turned": "转过的核",
            "map": "结果",
        },
        "all-channels": {
            "channels": ["红", "绿", "蓝"],
            "input": "输入",
            "filter": "一个滤波器",
            "parts": "各自的结果",
            "map": "相加，再加偏置 {}",
            "more": "有几个滤波器，\n就有几张特征图",
        },
        "edges": {
            "columns": ["暗到亮", "亮到暗", "对比减半", "水平", "斜向", "平坦"],
            "rows": ["输入", "响应", "负值\n归零"],
        },
        "match": {
            "kernel": "核",
            "line": "暗而准的竖线",
            "flat": "亮而平的一块",
            "scores": ["点积", "零和核的点积", "归一化互相关"],
            "names": ["竖线", "平块"],
        },
        "output-size": {"setting": "核 {}，步幅 {}，\n填充 {}，空洞率 {}", "size": "8 → {}"},
        "groups": {
            "titles": ["不分组", "分 2 组", "逐通道"],
            "count": "64 通道时\n{} 个权重",
            "input": "输入通道",
            "output": "输出通道",
        },
        "shift": {
            "columns": ["x", "f(x)", "移一格", "f(移一格)", "差"],
            "rows": ["步幅 1", "步幅 2", "边界\n补零"],
        },
        "collapse": {
            "first": "第一层",
            "second": "第二层",
            "merged": "合成的一层",
            "linear": "两层直接相连",
            "bent": "中间把负值归零",
            "x": "合成的一层的输出",
            "y": "两层的输出",
        },
        "learned": {"step": "第 {} 步", "x": "步数", "y": "权重与答案的最大差距"},
    },
    "en": {
        "photograph": {
            "photo": "photograph",
            "rise": "edges, dark left of bright",
            "level": "edges, dark above bright",
            "blur": "mean of the neighborhood",
        },
        "sliding": {"input": "input x", "kernel": "kernel w", "map": "feature map y"},
        "flip": {
            "correlation": "cross-correlation: the kernel slides as it is",
            "convolution": "convolution: half a turn first, then it slides",
            "input": "input",
            "kernel": "kernel",
            "turned": "turned kernel",
            "map": "result",
        },
        "all-channels": {
            "channels": ["red", "green", "blue"],
            "input": "input",
            "filter": "one filter",
            "parts": "its parts",
            "map": "sum, plus bias {}",
            "more": "as many maps\nas filters",
        },
        "edges": {
            "columns": ["rising", "falling", "half step", "level", "oblique", "flat"],
            "rows": ["input", "response", "after\nReLU"],
        },
        "match": {
            "kernel": "kernel",
            "line": "dim, perfect line",
            "flat": "bright, flat patch",
            "scores": ["dot product", "zero-sum kernel", "normalized"],
            "names": ["line", "flat"],
        },
        "output-size": {"setting": "kernel {}, stride {},\npadding {}, dilation {}", "size": "8 → {}"},
        "groups": {
            "titles": ["one group", "2 groups", "depthwise"],
            "count": "64 channels:\n{} weights",
            "input": "input channels",
            "output": "output channels",
        },
        "shift": {
            "columns": ["x", "f(x)", "x moved", "f(x moved)", "difference"],
            "rows": ["stride 1", "stride 2", "zero\nborder"],
        },
        "collapse": {
            "first": "first layer",
            "second": "second layer",
            "merged": "the two in one",
            "linear": "nothing in between",
            "bent": "ReLU in between",
            "x": "output of the one layer",
            "y": "output of the two layers",
        },
        "learned": {"step": "step {}", "x": "steps", "y": "largest gap between the weights and the answer"},
    },
}


def photograph(words, ink):
    """A photograph, and what three kernels make of it."""
    figure, panels = ink.panels(2, 2, height=5.9)
    photo = _photo()
    views = (("photo", None, photo), ("rise", SOBEL, None), ("level", SOBEL.T, None), ("blur", BOX, None))
    for axes, (name, kernel, y) in zip(panels, views, strict=True):
        if kernel is not None:
            y = _layer(photo, kernel)
        low, high = (0, 1) if y.min() >= 0 else (-2, 2)
        axes.imshow(y, cmap=GRAY, vmin=low, vmax=high, interpolation="none")
        axes.set_title(words[name], loc="center")
        _bare(axes)
        if kernel is not None:
            for (i, j), weight in np.ndenumerate(kernel / abs(kernel).max()):
                axes.add_patch(Rectangle((3 + 7 * j, 76 + 7 * i), 7, 7, facecolor=GRAY((weight + 1) / 2)))
            axes.add_patch(Rectangle((3, 76), 21, 21, facecolor="none", edgecolor="#ffffff", linewidth=1.6))
    return figure


def sliding(words, ink):
    """One window of the input, times the kernel, summed: one value of the map."""
    figure, (axes,) = ink.panels(height=2.9)
    x = np.array([[1.0, 2, 0, 1], [0, 3, 1, 2], [2, 1, 0, 0], [1, 0, 2, 3]])
    w = np.array([[1.0, 0], [-1, 2]])
    y = _layer(x, w)
    i, j = 2, 1
    _grid(axes, x, 0, 0, ink)
    _grid(axes, w, 5.2, 1, ink, shade=ink.accents[1])
    _grid(axes, y, 8.4, 0.5, ink)
    for left, top, side, color in ((j, i, 2, 1), (8.4 + j, 0.5 + i, 1, 0)):
        axes.add_patch(
            Rectangle(
                (left, top),
                side,
                side,
                facecolor=to_rgba(ink.accents[color], 0.2),
                edgecolor=ink.accents[color],
                lw=2.4,
            )
        )
    axes.text(4.6, 2, "⋆", ha="center", va="center", fontsize=17)
    axes.text(7.8, 2, "=", ha="center", va="center", fontsize=15)
    for left, wide, name in ((0, 4, "input"), (5.2, 2, "kernel"), (8.4, 3, "map")):
        axes.text(left + wide / 2, -0.35, words[name], ha="center", va="bottom", color=ink.muted)
    window = x[i : i + 2, j : j + 2]
    terms = [f"{a:g} × {b:g}" if b >= 0 else f"{a:g} × (−{-b:g})" for a, b in zip(window.flat, w.flat, strict=True)]
    axes.text(5.7, 4.9, " + ".join(terms) + f" = {y[i, j]:g}", ha="center", va="center")
    _canvas(axes, (-0.2, 11.6), (5.3, -1))
    return figure


def flip(words, ink):
    """A single bright pixel shows which way round the kernel is used."""
    figure, (axes,) = ink.panels(height=4.9)
    dot = np.zeros((5, 5))
    dot[2, 2] = 1
    kernel = np.arange(1.0, 10.0).reshape(3, 3)
    for row, (name, used) in enumerate((("correlation", kernel), ("convolution", kernel[::-1, ::-1].copy()))):
        top, color = 7.4 * row, ink.accents[row]
        axes.text(0, top - 1.15, words[name], color=color, va="bottom")
        _grid(axes, dot, 0, top, ink, form="{:g}")
        _grid(axes, used, 6.4, top + 1, ink, shade=ink.accents[3])
        _grid(axes, _layer(dot, used), 10.8, top + 1, ink, shade=color)
        axes.text(5.7, top + 2.5, "⋆", ha="center", va="center", fontsize=17)
        axes.text(10.1, top + 2.5, "=", ha="center", va="center", fontsize=15)
        for left, place in ((2.5, "input"), (7.9, ("kernel", "turned")[row]), (12.3, "map")):
            axes.text(
                left, top + (-0.2 if place == "input" else 0.8), words[place], ha="center", va="bottom", color=ink.muted
            )
    _canvas(axes, (-0.2, 14), (12.8, -2.2))
    return figure


def all_channels(words, ink):
    """One filter has a slice for each input channel; the parts add up to one map."""
    figure, (axes,) = ink.panels(height=5.2)
    x = np.array(
        [[[1.0, 2, 0], [0, 1, 3], [2, 0, 1]], [[0.0, 1, 1], [2, 0, 1], [1, 1, 0]], [[3.0, 0, 1], [1, 2, 0], [0, 1, 2]]]
    )
    w = np.array([[[1.0, 0], [0, 1]], [[0.0, 2], [1, 0]], [[-1.0, 0], [0, 1]]])
    tints = (ink.accents[1], ink.accents[2], ink.accents[0])
    bias = 2.0
    for c, (name, tint) in enumerate(zip(words["channels"], tints, strict=True)):
        top = 3.9 * c
        axes.text(-0.3, top + 1.5, name, color=tint, ha="right", va="center")
        _grid(axes, x[c], 0, top, ink, shade=tint, even=True)
        _grid(axes, w[c], 4.1, top + 0.5, ink, shade=tint, even=True)
        _grid(axes, _layer(x[c], w[c]), 7.2, top + 0.5, ink)
        axes.text(3.55, top + 1.5, "⋆", ha="center", va="center", fontsize=17)
        axes.text(6.65, top + 1.5, "=", ha="center", va="center", fontsize=15)
        axes.annotate("", (10.9, 5.4 + 0.35 * (c - 1)), (9.35, top + 1.5), arrowprops=_arrow(ink.muted))
    y = conv2d(x[None], w[None], np.array([bias]))[0, 0]
    for behind in (2, 1):
        axes.add_patch(
            Rectangle(
                (11.2 + 0.25 * behind, 4.4 - 0.25 * behind), 2, 2, facecolor=ink.ground, edgecolor=ink.muted, ls=":"
            )
        )
    axes.add_patch(Rectangle((11.2, 4.4), 2, 2, facecolor=ink.ground, edgecolor="none"))
    _grid(axes, y, 11.2, 4.4, ink, shade=ink.accents[3], even=True)
    axes.add_patch(Rectangle((3.95, 0.2), 2.3, 10.4, facecolor="none", edgecolor=ink.foreground, lw=1.6))
    for left, name in ((1.5, "input"), (5.1, "filter"), (8.2, "parts")):
        axes.text(left, -0.25, words[name], ha="center", va="bottom", color=ink.muted)
    axes.text(13.7, 2.75, words["map"].format(f"{bias:g}"), ha="right", va="bottom", color=ink.muted)
    axes.text(13.7, 7.35, words["more"], ha="right", va="top", color=ink.muted, linespacing=1.4)
    _canvas(axes, (-1.9, 13.8), (10.95, -1.1))
    return figure


def edges(words, ink):
    """Sobel meets six edges: sign, size, silence, and what ReLU leaves."""
    figure, panels = ink.panels(3, 6, height=3.6)
    rise = np.zeros((8, 8))
    rise[:, 4:] = 1
    images = np.stack([rise, 1 - rise, rise / 2, rise.T, np.tri(8, k=-1), np.ones((8, 8))])
    responses = conv2d(images[:, None], SOBEL[None, None])[:, 0]
    rows = (images, responses, relu(responses))
    for place, axes in enumerate(panels):
        row, column = divmod(place, 6)
        y = rows[row][column]
        colors, low, high = (GRAY, 0, 1) if row == 0 else (_signed(ink), -4, 4)
        _pixels(axes, y, colors, low, high)
        _bare(axes, ink.muted)
        if row == 0:
            axes.set_title(words["columns"][column], loc="center", fontsize=9.5)
        else:
            extreme = y.flat[abs(y).argmax()]
            axes.set_xlabel(f"{extreme:+.0f}".replace("-", "−") if extreme else "0", color=_sign_color(extreme, ink))
        if column == 0:
            axes.set_ylabel(words["rows"][row], rotation=0, ha="right", va="center")
    return figure


def match(words, ink):
    """A dim perfect line and a bright flat patch, scored in three ways."""
    figure, panels = ink.panels(2, 3, height=4.3, height_ratios=(1, 1.25))
    line = np.array([[0.0, 1.0, 0.0]] * 3)
    patches = {"line": 0.3 * line, "flat": np.full((3, 3), 0.5)}
    for axes, (name, patch) in zip(panels[:3], (("kernel", line), *patches.items()), strict=True):
        _pixels(axes, patch, GRAY, 0, 1)
        for (i, j), value in np.ndenumerate(patch):
            axes.text(j, i, f"{value:g}", ha="center", va="center", color="#ffffff" if value < 0.45 else "#000000")
        axes.set_title(words[name], loc="center", fontsize=9.5)
        _bare(axes, ink.muted)
    zero_sum = line - line.mean()
    raw = [float(_layer(patch, line)[0, 0]) for patch in patches.values()]
    centered = [float(_layer(patch, zero_sum)[0, 0]) for patch in patches.values()]
    sizes = [max(float(np.linalg.norm(p - p.mean()) * np.linalg.norm(zero_sum)), 1e-9) for p in patches.values()]
    cosine = [value / size for value, size in zip(centered, sizes, strict=True)]
    for axes, values, name in zip(panels[3:], (raw, centered, cosine), words["scores"], strict=True):
        axes.bar(words["names"], values, color=[ink.accents[0], ink.accents[1]], width=0.6)
        for place, value in enumerate(values):
            axes.text(place, value + 0.05, f"{abs(value):.1f}", ha="center")
        axes.set_ylim(0, 1.8)
        axes.set_yticks([0, 1])
        axes.grid(axis="x", visible=False)
        axes.tick_params(axis="x", colors=ink.foreground)
        axes.set_title(name, loc="center", fontsize=9.5)
    return figure


def output_size(words, ink):
    """Eight pixels under five settings: where the windows stand, and how many there are."""
    figure, (axes,) = ink.panels(height=5.2)
    for row, (k, s, p, d) in enumerate(((3, 1, 0, 1), (3, 1, 1, 1), (3, 2, 1, 1), (2, 2, 0, 1), (3, 1, 0, 2))):
        top = 3.1 * row
        size = conv2d(np.zeros((1, 1, 1, 8)), np.zeros((1, 1, 1, k)), stride=s, padding=(0, p), dilation=d).shape[3]
        for cell in range(-p, 8 + p):
            inside = 0 <= cell < 8
            style = {"facecolor": ink.grid if inside else "none", "edgecolor": ink.muted, "ls": "-" if inside else ":"}
            axes.add_patch(Rectangle((cell, top), 1, 1, **style))
        for place in range(size):
            taps = [place * s - p + u * d + 0.5 for u in range(k)]
            middle, color = sum(taps) / k, ink.accents[1] if place == 0 else ink.accents[0]
            if place in (0, size - 1):
                for tap in taps:
                    axes.plot([tap, middle], [top + 0.5, top + 1.72], color=color, linewidth=1.3)
                    axes.plot(tap, top + 0.5, "o", color=color, markersize=4)
            solid = place in (0, size - 1)
            face = to_rgba(color, 0.35) if solid else "none"
            axes.add_patch(
                Rectangle(
                    (middle - 0.32, top + 1.72), 0.64, 0.64, facecolor=face, edgecolor=color if solid else ink.muted
                )
            )
        axes.text(9.6, top + 0.7, words["setting"].format(k, s, p, d), va="center", linespacing=1.35)
        axes.text(9.6, top + 2.05, words["size"].format(size), va="center", color=ink.accents[0], weight="bold")
    axes.set_xlim(-1.2, 15.6)
    axes.set_ylim(15, -0.3)
    axes.axis("off")
    return figure


def groups(words, ink):
    """Which input channels each output channel sees."""
    figure, panels = ink.panels(1, 3, height=2.9)
    for axes, g, real, title in zip(panels, (1, 2, 4), (1, 2, 64), words["titles"], strict=True):
        pixels = np.eye(4).reshape(4, 4, 1, 1)
        wired = conv2d(pixels, np.ones((4, 4 // g, 1, 1)), groups=g)[:, :, 0, 0]
        for c, o in np.argwhere(wired > 0):
            axes.plot([c, o], [1, 0], color=ink.accents[c * g // 4], linewidth=1.6, zorder=1)
        for channel in range(4):
            axes.plot(
                channel, 1, "s", color=ink.ground, markeredgecolor=ink.accents[channel * g // 4], markersize=13, mew=1.8
            )
            axes.plot(channel, 0, "s", color=ink.accents[channel * g // 4], markersize=13)
        weights = np.zeros((64, 64 // real, 3, 3)).size
        axes.text(1.5, -0.28, words["count"].format(weights), ha="center", va="top", linespacing=1.35)
        axes.set_title(title, loc="center", pad=14)
        axes.set_xlim(-0.6, 3.6)
        axes.set_ylim(-0.85, 1.25)
        axes.axis("off")
    panels[0].text(-0.4, 1.17, words["input"], color=ink.muted, va="bottom", fontsize=9)
    panels[0].text(-0.4, -0.12, words["output"], color=ink.muted, va="top", fontsize=9)
    return figure


def shift(words, ink):
    """Move the input by one pixel: does the response move along?"""
    figure, panels = ink.panels(3, 5, height=4.0)
    kernel = np.outer([1.0, 2.0, 1.0], [1.0, 2.0, 1.0])[None, None] / 16
    blob, plain = np.zeros((10, 10)), np.ones((10, 10))
    blob[3:6, 3], blob[5, 4:6] = 1, 1
    for row, (x, stride, by) in enumerate(((blob, 1, 1), (blob, 2, 0), (plain, 1, 1))):
        moved = np.roll(x, 1, axis=1)
        f = [conv2d(image[None, None], kernel, stride=stride, padding=1)[0, 0] for image in (x, moved)]
        gap = f[1] - np.roll(f[0], by, axis=1)
        if row == 2:
            gap[:, 0] = 0  # what enters the frame is not compared
        for axes, image, title in zip(panels[5 * row :], (x, f[0], moved, f[1], gap), words["columns"], strict=False):
            signed = image is gap
            colors, low = (_signed(ink), -0.5) if signed else (GRAY, 0)
            _pixels(axes, image, colors, low, 0.5 if signed else 1)
            _bare(axes, ink.muted)
            if row == 0:
                axes.set_title(title, loc="center", fontsize=9.5)
            if signed:
                axes.set_xlabel(f"{abs(gap).max():.2f}".replace("0.00", "0"))
        panels[5 * row].set_ylabel(words["rows"][row], rotation=0, ha="right", va="center")
    return figure


def collapse(words, ink):
    """Two linear layers are one layer; a ReLU between them makes the difference."""
    figure, (above, *_), below = _rows(ink)
    first = np.array([[1.0, 0, -1], [2, 0, -2], [1, 0, -1]])
    second = np.array([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]])
    merged = conv2d(first[None, None], np.flip(second).copy()[None, None], padding=2)
    _grid(above, first, 0, 1, ink, shade=ink.accents[0])
    _grid(above, second, 4.4, 1, ink, shade=ink.accents[0])
    _grid(above, merged[0, 0], 8.8, 0, ink, shade=ink.accents[1])
    above.text(8.1, 2.5, "=", ha="center", va="center", fontsize=15)
    above.text(3.7, 2.5, "∗", ha="center", va="center", fontsize=15)
    for left, top, name in ((1.5, 0.75, "first"), (5.9, 0.75, "second"), (11.3, -0.25, "merged")):
        above.text(left, top, words[name], ha="center", va="bottom", color=ink.muted)
    _canvas(above, (-0.2, 14), (5.2, -1.2))
    x = np.random.default_rng(0).normal(size=(1, 1, 20, 20))
    one = conv2d(x, merged)
    hidden = conv2d(x, first[None, None])
    for axes, between, name, color in zip(below, (hidden, relu(hidden)), ("linear", "bent"), ink.accents, strict=False):
        axes.plot([-60, 60], [-60, 60], color=ink.muted, linewidth=1, linestyle=":")
        axes.plot(one.ravel(), conv2d(between, second[None, None]).ravel(), ".", color=color, markersize=5)
        axes.set_xlim(-60, 60)
        axes.set_ylim(-60, 60)
        axes.set_xticks([-50, 0, 50], ["−50", "0", "50"])
        axes.set_yticks([-50, 0, 50], ["−50", "0", "50"])
        axes.text(-57, 57, words["y"], va="top", color=ink.muted, fontsize=9.5)
        axes.set_xlabel(words["x"], fontsize=9.5)
        axes.set_title(words[name], loc="center", color=color)
    return figure


def learned(words, ink):
    """A random kernel, taught by examples only, becomes the kernel that made them."""
    figure, panels = ink.panels(2, 5, height=3.9, height_ratios=(1, 1.5))
    lower = panels[5].get_gridspec()
    for axes in panels[5:]:
        axes.remove()
    curve = figure.add_subplot(lower[1, :])
    x = np.random.default_rng(0).normal(size=(4, 1, 10, 10))
    target = conv2d(x, SOBEL[None, None])
    w = np.random.default_rng(1).normal(size=(1, 1, 3, 3))
    weights = [w]
    for _ in range(100):
        error = conv2d(x, w) - target
        w = w - 0.3 * conv2d(x.swapaxes(0, 1), error.swapaxes(0, 1)) / error.size
        weights.append(w)
    shown = (0, 3, 10, 30, 100)
    for axes, step in zip(panels, shown, strict=False):
        values = weights[step][0, 0]
        _pixels(axes, values, _signed(ink), -4, 4)
        for (i, j), value in np.ndenumerate(values):
            axes.text(
                j,
                i,
                f"{value + 0.0:.1f}".replace("-0.0", "0.0").replace("-", "−"),
                ha="center",
                va="center",
                fontsize=9,
            )
        axes.set_title(words["step"].format(step), loc="center", fontsize=9.5)
        _bare(axes, ink.muted)
    gaps = [float(abs(each[0, 0] - SOBEL).max()) for each in weights[:61]]
    curve.semilogy(range(61), gaps, color=ink.accents[0])
    curve.set_yticks([1, 1e-3, 1e-6], ["1", "0.001", "0.000001"])
    curve.minorticks_off()
    ink.name_axes(curve, x=words["x"], y=words["y"])
    return figure


def _layer(x, w):
    """One kernel over one plane."""
    return conv2d(x[None, None], w[None, None])[0, 0]


def _photo():
    """A square of the photograph in 100 by 100 pixels of gray: three channels into one, then means of 4 by 4."""
    with get_sample_data("grace_hopper.jpg") as file:
        color = imread(file, format="jpg")[:400, 60:460].astype(float) / 255
    gray = conv2d(color.transpose(2, 0, 1)[None], np.array([0.299, 0.587, 0.114]).reshape(1, 3, 1, 1))
    return conv2d(gray, np.full((1, 1, 4, 4), 1 / 16), stride=4)[0, 0]


def _pixels(axes, values, colors, low, high):
    """Pixels as shapes that scale, one shape for each shade; neighbors in a row of equal shade are drawn as one."""
    shades = np.clip((values - low) / (high - low), 0, 1).round(3)
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


def _sign_color(value, ink):
    return ink.foreground if value == 0 else ink.accents[int(value > 0)]


def _bare(axes, edge=None):
    """An image needs no axis."""
    axes.set_xticks([])
    axes.set_yticks([])
    axes.grid(visible=False)
    axes.spines[:].set_visible(edge is not None)
    axes.spines[:].set_edgecolor(edge or "none")


def _grid(axes, values, left, top, ink, shade=None, even=False, form="{:g}"):
    """A matrix as cells; the shade grows with the value, or is the same everywhere."""
    largest = abs(values).max() or 1
    for (row, column), value in np.ndenumerate(values):
        ground = to_rgba(shade, 0.2 if even else 0.45 * abs(value) / largest) if shade else "none"
        axes.add_patch(Rectangle((left + column, top + row), 1, 1, facecolor=ground, edgecolor=ink.muted, lw=1))
        text = form.format(value + 0.0).replace("-", "−")
        axes.text(left + column + 0.5, top + row + 0.5, text, ha="center", va="center")


def _canvas(axes, x, y, hidden=True):
    axes.set_aspect("equal")
    axes.set_xlim(*x)
    axes.set_ylim(*y)
    if hidden:
        axes.axis("off")


def _rows(ink):
    """A wide panel over two square ones."""
    figure, panels = ink.panels(2, 2, height=5.2, height_ratios=(1, 1.15))
    grid = panels[0].get_gridspec()
    for axes in panels[:2]:
        axes.remove()
    return figure, [figure.add_subplot(grid[0, :])], panels[2:]


def _arrow(color):
    return {"arrowstyle": "-|>", "color": color, "linewidth": 1.6, "mutation_scale": 13}
