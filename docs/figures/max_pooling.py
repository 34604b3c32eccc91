"""The figures of the chapter on max pooling. Every number drawn comes out of `cnnref`."""

import functools

import numpy as np
from matplotlib.cbook import get_sample_data
from matplotlib.colors import LinearSegmentedColormap, to_rgba
from matplotlib.image import imread
from matplotlib.patches import Rectangle
from sklearn.datasets import load_digits

from cnnref import adaptive_avg_pool2d, avg_pool2d, conv1d, conv2d, gradients, linear, max_pool1d, max_pool2d, relu

X = np.array([[1.0, 2, 0, 1], [3, 4, 0, 8], [5, 0, 2, 2], [0, 0, 2, 2]])
GRAY = LinearSegmentedColormap.from_list("gray", ["#000000", "#ffffff"], N=24)  # few shades, few bytes
POOLS = {"max": max_pool2d, "mean": avg_pool2d}

WORDS = {
    "zh": {
        "photograph": {
            "titles": ["带噪声的照片", "每格取最大", "每格取平均", "每格取一个"],
            "bright": "亮度 {:.2f}（无噪声 {:.2f}）",
        },
        "by-hand": {"input": "特征图", "max": "最大池化", "mean": "平均池化", "whole": "全局平均"},
        "windows": {
            "rows": ["窗口 2，步幅 2", "向上取整", "窗口 3，步幅 2", "窗口 3，步幅 2，填充 1"],
        },
        "polarity": {
            "columns": ["原图", "最大", "平均"],
            "rows": ["黑底\n白字", "白底\n黑字"],
            "right": "认对 {:.0f}%",
        },
        "gaussian": {
            "names": ["原来的噪声", "四个取最大", "四个取平均"],
            "x": "值",
            "y": "各个值出现的多少",
            "window": "窗口里的像素个数",
            "bias": "池化之后的平均值",
            "curves": ["最大池化", "平均池化"],
        },
        "salt-pepper": {
            "x": "坏像素的比例",
            "y": "输出里坏值的比例",
            "names": ["亮点", "不池化", "暗点"],
        },
        "memorized": {
            "x": "乱填的标签所占比例",
            "y": "答对的比例",
            "names": ["见过的图，按所给标签", "新图，按真标签"],
        },
        "robustness": {
            "titles": ["高斯噪声", "亮点", "暗点"],
            "names": ["最大", "平均", "隔一取一"],
            "x": "强度",
            "share": "坏点比例",
            "y": "认对的比例",
        },
        "forgets": {"max": "最大", "mean": "平均", "bits": "留下的信息（比特）", "bars": ["输入", "最大", "平均"]},
        "detect": {"x": "信号摊在几个像素上", "y": "信号有多清楚", "names": ["最大池化", "平均池化"]},
        "rebuild": {"titles": ["原图", "由最大\n还原", "由平均\n还原", "隔一取一\n还原"], "error": "误差 {:.3f}"},
        "sparsity": {
            "titles": ["过 ReLU 之后", "最大池化", "平均池化"],
            "y": "零所占的比例",
            "groups": ["各像素独立", "相邻像素相似"],
        },
        "aliasing": {
            "columns": ["原信号", "右移一格"],
            "rows": ["输入", "最大池化", "模糊池化"],
        },
        "nonlinear": {"max": "两路取最大", "mean": "两路取平均"},
        "routing": {"input": "输入", "gradient": "上游梯度", "max": "最大池化传回", "mean": "平均池化传回"},
        "whole": {
            "before": "特征图",
            "mixed": "打乱位置",
            "mean": "平均都是 {:g}",
            "y": "出口的参数，单位百万",
            "bars": ["展平", "全局平均"],
        },
    },
    "en": {
        "photograph": {
            "titles": [
                "photograph with noise",
                "the largest of each tile",
                "the mean of each tile",
                "one of each tile",
            ],
            "bright": "brightness {:.2f} (clean {:.2f})",
        },
        "by-hand": {"input": "feature map", "max": "max pooling", "mean": "average pooling", "whole": "global average"},
        "windows": {
            "rows": ["window 2, stride 2", "rounded up", "window 3, stride 2", "window 3, stride 2, padding 1"],
        },
        "polarity": {
            "columns": ["original", "maximum", "mean"],
            "rows": ["white\non black", "black\non white"],
            "right": "{:.0f}% right",
        },
        "gaussian": {
            "names": ["the noise itself", "largest of four", "mean of four"],
            "x": "value",
            "y": "how often each value occurs",
            "window": "pixels in the window",
            "bias": "mean after pooling",
            "curves": ["max pooling", "average pooling"],
        },
        "salt-pepper": {
            "x": "share of bad pixels",
            "y": "share of bad values in the output",
            "names": ["salt", "no pooling", "pepper"],
        },
        "memorized": {
            "x": "share of labels drawn at random",
            "y": "share answered right",
            "names": ["pictures seen, labels as given", "new pictures, true labels"],
        },
        "robustness": {
            "titles": ["Gaussian noise", "salt", "pepper"],
            "names": ["maximum", "mean", "every other"],
            "x": "strength",
            "share": "share",
            "y": "share recognized",
        },
        "forgets": {
            "max": "max",
            "mean": "mean",
            "bits": "information kept, in bits",
            "bars": ["input", "max", "mean"],
        },
        "detect": {
            "x": "pixels that share the signal",
            "y": "how clear the signal is",
            "names": ["max pooling", "average pooling"],
        },
        "rebuild": {
            "titles": ["original", "from\nmaxima", "from\nmeans", "from every\nother"],
            "error": "error {:.3f}",
        },
        "sparsity": {
            "titles": ["after ReLU", "max pooling", "average pooling"],
            "y": "share of zeros",
            "groups": ["independent pixels", "similar neighbors"],
        },
        "aliasing": {
            "columns": ["signal", "moved right by one"],
            "rows": ["input", "max pooling", "blur pooling"],
        },
        "nonlinear": {"max": "larger of the two", "mean": "mean of the two"},
        "routing": {
            "input": "input",
            "gradient": "gradient above",
            "max": "back through max",
            "mean": "back through mean",
        },
        "whole": {
            "before": "feature map",
            "mixed": "shuffled",
            "mean": "both have mean {:g}",
            "y": "millions of parameters in the head",
            "bars": ["flattened", "global average"],
        },
    },
}


def photograph(words, ink):
    """A noisy photograph, and one pixel for each tile of four by four."""
    figure, panels = ink.panels(2, 2, height=6.2)
    photo = _photo()
    noisy = photo + 0.2 * np.random.default_rng(0).normal(size=photo.shape)
    reductions = (lambda x: x, lambda x: max_pool2d(x, 4), lambda x: avg_pool2d(x, 4), lambda x: x[..., ::4, ::4])
    for axes, reduce, title in zip(panels, reductions, words["titles"], strict=True):
        view = reduce(noisy)
        axes.imshow(view[0, 0], cmap=GRAY, vmin=0, vmax=1, interpolation="none")
        axes.set_title(title, loc="center")
        axes.set_xlabel(words["bright"].format(float(view.mean()), float(reduce(photo).mean())))
        _bare(axes)
    return figure


def by_hand(words, ink):
    """Four windows, their maxima, their means, and the mean of all."""
    figure, (axes,) = ink.panels(height=2.5)
    tints = np.array([[0, 1], [2, 3]])
    _grid(axes, X, 0, 0, ink, tints.repeat(2, 0).repeat(2, 1))
    _grid(axes, max_pool2d(X[None], 2)[0], 5, 1, ink, tints)
    _grid(axes, avg_pool2d(X[None], 2)[0], 8, 1, ink, tints)
    _grid(axes, adaptive_avg_pool2d(X[None], 1)[0], 11.4, 1.5, ink, size=8.5)
    for left, top, name in ((2, 0, "input"), (6, 1, "max"), (9, 1, "mean"), (11.9, 1.5, "whole")):
        axes.text(left, top - 0.25, words[name], ha="center", va="bottom", color=ink.muted, fontsize=9.5)
    _canvas(axes, (-0.2, 13.3), (4.2, -1))
    return figure


def windows(words, ink):
    """Seven numbers under four settings: where the windows stand and what they keep."""
    figure, (axes,) = ink.panels(height=4.9)
    x = np.array([[3.0, 1, 4, 1, 5, 2, 9]])
    settings = ((2, 2, 0, False), (2, 2, 0, True), (3, 2, 0, False), (3, 2, 1, False))
    for row, ((k, s, p, ceil), name) in enumerate(zip(settings, words["rows"], strict=True)):
        top = 3.5 * row
        kept = max_pool1d(x, k, s, p, ceil_mode=ceil)[0]
        axes.text(9.3, top + 0.5, name, va="center", fontsize=9.5)
        for cell in range(-p, 7 + p):
            inside = 0 <= cell < 7
            ground = ink.grid if inside else "none"
            axes.add_patch(
                Rectangle((cell, top), 1, 1, facecolor=ground, edgecolor=ink.muted, ls="-" if inside else ":")
            )
            if inside:
                axes.text(cell + 0.5, top + 0.5, f"{x[0, cell]:g}", ha="center", va="center")
        for place, value in enumerate(kept):
            start, color = place * s - p, ink.accents[place % 2]
            y = top + 1.22 + 0.28 * (place % 2)
            axes.plot([start + 0.1, start + k - 0.1], [y, y], color=color, linewidth=3, solid_capstyle="butt")
            axes.text(start + k / 2, top + 2.2, f"{value:g}", ha="center", va="center", color=color, weight="bold")
        axes.text(9.3, top + 2.2, f"7 → {len(kept)}", va="center", color=ink.muted)
    axes.set_xlim(-1.2, 16.6)
    axes.set_ylim(13.2, -0.3)
    axes.axis("off")
    return figure


def polarity(words, ink):
    """Digits and their negatives through both poolings, and how well a linear classifier still reads them."""
    figure, panels = ink.panels(2, 3, height=4.4)
    digits, _ = _digits()
    for row, pictures in enumerate((digits, 1 - digits)):
        for column, pool in enumerate((None, max_pool2d, avg_pool2d)):
            axes = panels[3 * row + column]
            seen = pictures if pool is None else pool(pictures, 2)
            axes.imshow(seen[0, 0], cmap=GRAY, vmin=0, vmax=1, interpolation="none")
            _bare(axes, ink.muted)
            right = np.mean([_read(seen, split, 0.1) for split in range(5)])
            axes.set_xlabel(
                words["right"].format(100 * right), color=ink.accents[1] if pool is max_pool2d else ink.foreground
            )
            if row == 0:
                axes.set_title(words["columns"][column], loc="center")
            if column == 0:
                axes.set_ylabel(words["rows"][row], rotation=0, ha="right", va="center", linespacing=1.4)
    return figure


def gaussian(words, ink):
    """Noise of mean zero: its histogram before and after, and how the bias grows with the window."""
    figure, (upper, lower) = ink.panels(2, 1, height=5.6)
    noise = np.random.default_rng(0).normal(size=(1, 1, 1200, 1200))
    colors = (ink.muted, ink.accents[1], ink.accents[0])
    places = ((-2.9, 0.27), (1.75, 0.47), (-2.55, 0.62))
    bins = np.linspace(-4, 4, 81)
    for y, name, color, place in zip(
        (noise, max_pool2d(noise, 2), avg_pool2d(noise, 2)), words["names"], colors, places, strict=True
    ):
        height, _ = np.histogram(y, bins, density=True)
        upper.plot((bins[1:] + bins[:-1]) / 2, height, color=color)
        upper.axvline(float(y.mean()), color=color, linestyle=":", linewidth=1.3)
        upper.text(*place, name, color=color, ha="left" if place[0] > 0 else "center")
    upper.set_xlim(-4, 4)
    upper.set_xticks([-4, -2, 0, 2, 4], ["−4", "−2", "0", "2", "4"])
    upper.set_yticks([])
    ink.name_axes(upper, x=words["x"], y=words["y"])
    sizes = range(1, 7)
    for pool, name, color in zip(POOLS.values(), words["curves"], colors[1:], strict=True):
        means = [float(pool(noise, k).mean()) for k in sizes]
        lower.plot([k * k for k in sizes], means, "o-", color=color)
        lower.text(
            36,
            means[-1] - 0.25 if pool is max_pool2d else 0.15,
            name,
            color=color,
            ha="right",
            va="top" if pool is max_pool2d else "bottom",
        )
    lower.set_xticks([k * k for k in sizes])
    lower.set_ylim(-0.15, 2.3)
    ink.name_axes(lower, x=words["window"], y=words["bias"])
    return figure


def salt_pepper(words, ink):
    """How many outputs are bad, if a share of the inputs is: bright specks and dark ones."""
    figure, (axes,) = ink.panels(height=3.5)
    hit = np.random.default_rng(0).uniform(size=(1, 1, 600, 600))
    shares, dots = np.linspace(0, 0.5, 51), np.arange(0.05, 0.5, 0.05)
    measured = (
        [float(max_pool2d((hit < p) * 1.0, 2).mean()) for p in dots],
        [float((hit < p).mean()) for p in dots],
        [1 - float(max_pool2d((hit >= p) * 1.0, 2).mean()) for p in dots],
    )
    colors = (ink.accents[1], ink.muted, ink.accents[0])
    labels = ((0.2, 0.66, "right"), (0.41, 0.34, "left"), (0.41, 0.1, "left"))
    curves = (1 - (1 - shares) ** 4, shares, shares**4)
    for curve, found, color, name, (x, y, side) in zip(curves, measured, colors, words["names"], labels, strict=True):
        axes.plot(shares, curve, color=color)
        axes.plot(dots, found, "o", color=color, markersize=5)
        axes.text(x, y, name, color=color, ha=side)
    axes.set_xlim(0, 0.5)
    axes.set_ylim(-0.02, 1)
    ink.name_axes(axes, x=words["x"], y=words["y"])
    return figure


def memorized(words, ink):
    """Labels drawn at random are learned as readily as true ones; new pictures show the harm."""
    figure, (axes,) = ink.panels(height=3.3)
    digits, labels = _digits()
    w = np.random.default_rng(0).normal(size=(32, 1, 3, 3))
    features = max_pool2d(relu(conv2d(digits, w, padding=1)), 2)
    shares, runs = np.linspace(0, 1, 5), []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(digits))
        seen, new = order[:400], order[400:1200]
        learn = _learner(features[seen], 1)
        lots, any_label = rng.uniform(size=400), rng.integers(0, 10, size=400)
        for share in shares:
            taught = np.where(lots < share, any_label, labels[seen])
            said = learn(taught)
            runs.append([(said(features[seen]) == taught).mean(), (said(features[new]) == labels[new]).mean()])
    runs = np.array(runs).reshape(3, 5, 2)
    for curve, color, name in zip(
        runs.transpose(2, 0, 1), (ink.accents[1], ink.accents[0]), words["names"], strict=True
    ):
        axes.plot(shares, curve.T, ".", color=color, markersize=6)
        axes.plot(shares, curve.mean(axis=0), color=color)
        first = color == ink.accents[1]
        axes.text(
            0.98 if first else 0.42,
            0.95 if first else 0.62,
            name,
            color=color,
            ha="right" if first else "left",
            va="top" if first else "bottom",
        )
    axes.set_ylim(0, 1.05)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "0.25", "0.5", "0.75", "1"])
    ink.name_axes(axes, x=words["x"], y=words["y"])
    return figure


def robustness(words, ink):
    """Random filters, one of three reductions, a linear layer fitted to clean digits; then noise comes in."""
    figure, panels = ink.panels(1, 3, height=3.3, sharey=True)
    colors = (ink.accents[1], ink.accents[0], ink.muted)
    levels = (0, 0.1, 0.2, 0.3, 0.4)
    right = _under_noise(levels)
    for place, (axes, title) in enumerate(zip(panels, words["titles"], strict=True)):
        for curve, color in zip(right[:, :, place].transpose(1, 0, 2), colors, strict=True):
            axes.fill_between(levels, curve.min(axis=0), curve.max(axis=0), color=to_rgba(color, 0.18), linewidth=0)
            axes.plot(levels, curve.mean(axis=0), color=color)
        axes.set_title(title, loc="center")
        axes.set_xticks([0, 0.2, 0.4], ["0", "0.2", "0.4"])
        axes.set_xlabel(words["x"] if place == 0 else words["share"])
        axes.set_ylim(0.25, 1)
    figure.suptitle(words["y"], x=0.02, ha="left", color=ink.foreground, fontsize=10.5)
    for row, (name, color) in enumerate(zip(words["names"], colors, strict=True)):
        panels[0].text(0.01, 0.46 - 0.07 * row, name, color=color, va="center", fontsize=9.5)
    return figure


def forgets(words, ink):
    """Windows that max pooling cannot tell apart, and how many bits each pooling keeps."""
    figure, (axes,) = ink.panels(height=4.1)
    windows = np.array([[[4.0, 0], [0, 0]], [[4, 0], [0, 4]], [[0, 4], [4, 0]], [[4, -9], [3, 0]]])
    largest, means = max_pool2d(windows, 2), avg_pool2d(windows, 2)
    for place, window in enumerate(windows):
        left = 3.2 * place
        _grid(axes, window, left, 0, ink, (window < largest[place]) * -1 + 0)
        for row, (name, value, color) in enumerate((("max", largest[place], 1), ("mean", means[place], 0))):
            shown = f"{words[name]} {float(value.sum()):g}".replace("-", "−")
            axes.text(left + 1, 2.55 + 0.75 * row, shown, ha="center", va="center", color=ink.accents[color])
    alphabet = np.stack(np.meshgrid(*[np.arange(4.0)] * 4), axis=-1).reshape(256, 1, 2, 2)
    kept = [_bits(alphabet.reshape(256, 4)), _bits(max_pool2d(alphabet, 2)), _bits(avg_pool2d(alphabet, 2))]
    axes.text(0, 4.85, words["bits"], va="center")
    for row, (name, value, color) in enumerate(zip(words["bars"], kept, (ink.muted, *ink.accents[1::-1]), strict=True)):
        top = 5.4 + 0.95 * row
        axes.add_patch(Rectangle((2, top), value, 0.65, facecolor=color))
        axes.text(1.8, top + 0.33, name, ha="right", va="center")
        axes.text(2.2 + value, top + 0.33, f"{value:.2f}", va="center")
    _canvas(axes, (-0.3, 12), (8.3, -0.3))
    return figure


def detect(words, ink):
    """The same total signal, on one pixel or on several: which pooling shows it more clearly."""
    figure, (axes,) = ink.panels(height=3.3)
    noise, other = np.random.default_rng(0).normal(size=(2, 200000, 1, 2, 2))
    for pool, name, color, y in zip(POOLS.values(), words["names"], ink.accents[1::-1], (2.1, 1.62), strict=True):
        clear = []
        for pixels in range(1, 5):
            signal = np.where(np.arange(4) < pixels, 3 / pixels, 0).reshape(2, 2)
            without, present = pool(noise, 2), pool(other + signal, 2)
            clear.append(float(present.mean() - without.mean()) / float((without.var() + present.var()) / 2) ** 0.5)
        axes.plot(range(1, 5), clear, "o-", color=color)
        axes.text(
            1.35 if pool is max_pool2d else 3.95, y, name, color=color, ha="left" if pool is max_pool2d else "right"
        )
    axes.set_xticks([1, 2, 3, 4])
    axes.set_ylim(0, 2.6)
    ink.name_axes(axes, x=words["x"], y=words["y"])
    return figure


def rebuild(words, ink):
    """The best linear reconstruction of digits from what each reduction leaves."""
    figure, panels = ink.panels(2, 4, height=3.5)
    digits, _ = _digits()
    wanted = digits.reshape(len(digits), -1)
    views = [digits] + [pool(digits, 2) for pool in POOLS.values()] + [digits[..., ::2, ::2]]
    for column, (view, title) in enumerate(zip(views, words["titles"], strict=True)):
        back = wanted
        if column:
            known = np.concatenate([view.reshape(len(digits), -1), np.ones((len(digits), 1))], axis=1)
            back = known @ np.linalg.lstsq(known[:1000], wanted[:1000], rcond=None)[0]
            error = float(((back - wanted)[1000:] ** 2).mean())
            panels[4 + column].set_xlabel(words["error"].format(error), fontsize=9.5)
        for row, which in enumerate((1001, 1003)):
            axes = panels[4 * row + column]
            axes.imshow(back[which].reshape(8, 8), cmap=GRAY, vmin=0, vmax=1, interpolation="none")
            _bare(axes, ink.muted)
        panels[column].set_title(title, loc="center", fontsize=9.5, linespacing=1.3)
    return figure


def sparsity(words, ink):
    """One map after ReLU and after either pooling, zeros left blank; below, the share of zeros in large maps."""
    figure, panels = ink.panels(2, 3, height=5.0, height_ratios=(1.15, 1))
    lower = panels[3].get_gridspec()
    for axes in panels[3:]:
        axes.remove()
    bars = figure.add_subplot(lower[1, :])
    noise = np.random.default_rng(0).normal(size=(1, 1, 600, 600))
    fields = [relu(noise), relu(avg_pool2d(noise, 3, stride=1))[..., :598, :598]]
    small = fields[0][..., :8, :8]
    for axes, y, title in zip(
        panels, (small, max_pool2d(small, 2), avg_pool2d(small, 2)), words["titles"], strict=False
    ):
        shades = LinearSegmentedColormap.from_list("shades", [to_rgba(ink.accents[1], 0.25), ink.accents[1]])
        for (i, j), value in np.ndenumerate(y[0, 0]):
            axes.add_patch(
                Rectangle(
                    (j, i), 1, 1, facecolor=shades(min(value / 2, 1)) if value else "none", edgecolor=ink.muted, lw=0.6
                )
            )
        axes.set_title(title, loc="center", fontsize=9.5)
        _canvas(axes, (-0.1, y.shape[3] + 0.1), (y.shape[2] + 0.1, -0.1))
    colors = (ink.muted, ink.accents[1], ink.accents[0])
    for group, field in enumerate(fields):
        for place, (y, color) in enumerate(
            zip((field, max_pool2d(field, 2), avg_pool2d(field, 2)), colors, strict=True)
        ):
            zeros = float((y == 0).mean())
            bars.bar(
                4 * group + place, zeros, color=color, width=0.85, label=words["titles"][place] if group == 0 else None
            )
            bars.text(4 * group + place, zeros + 0.015, f"{zeros:.2f}", ha="center")
    bars.set_xticks([1, 5], words["groups"])
    bars.set_xlim(-0.7, 6.7)
    bars.set_ylim(0, 0.6)
    bars.set_yticks([0, 0.25, 0.5], ["0", "0.25", "0.5"])
    bars.grid(axis="x", visible=False)
    bars.tick_params(axis="x", colors=ink.foreground, length=0)
    ink.name_axes(bars, y=words["y"])
    return figure


def aliasing(words, ink):
    """Stripes, and the same stripes moved by one pixel: pooled, and blurred before they are thinned out."""
    figure, panels = ink.panels(3, 2, height=4.3, sharex=True, sharey=True)
    stripes = np.array([[0.0, 0, 1, 1] * 5])
    for column, x in enumerate((np.roll(stripes, 0), np.roll(stripes, 1))):
        blurred = conv1d(max_pool1d(x, 2, stride=1), np.array([[[0.25, 0.5, 0.25]]]), stride=2)
        rows = ((x[0, :16], 1, 0), (max_pool1d(x, 2)[0, :8], 2, 1), (blurred[0, :8], 2, 2))
        for row, (y, width, color) in enumerate(rows):
            axes = panels[2 * row + column]
            axes.bar(
                np.arange(len(y)) * width,
                y,
                width=0.9 * width,
                align="edge",
                color=(ink.muted, ink.accents[1], ink.accents[0])[color],
            )
            axes.set_ylim(0, 1.15)
            axes.set_yticks([0, 1])
            axes.set_xticks([])
            axes.grid(axis="x", visible=False)
            axes.spines["left"].set_visible(False)
            if row == 0:
                axes.set_title(words["columns"][column], loc="center")
            if column == 0:
                axes.set_ylabel(words["rows"][row], rotation=0, ha="right", va="center")
    return figure


def nonlinear(words, ink):
    """Two opposed linear units, joined by their maximum or by their mean, over the square of the exclusive or."""
    figure, panels = ink.panels(1, 2, height=3.0)
    grid = np.stack(np.meshgrid(np.linspace(-0.25, 1.25, 61), np.linspace(-0.25, 1.25, 61)), axis=-1).reshape(-1, 2)
    shades = LinearSegmentedColormap.from_list("shades", [ink.ground, ink.accents[1]])
    weight = np.array([[1.0, -1], [-1, 1]])
    for axes, name, pool in zip(panels, ("max", "mean"), (np.max, np.mean), strict=True):
        joined = pool(linear(grid, weight), axis=1).reshape(61, 61)
        axes.contourf(
            np.linspace(-0.25, 1.25, 61), np.linspace(-0.25, 1.25, 61), joined, np.linspace(-0.01, 1.5, 8), cmap=shades
        )
        for corner in ((0, 0), (0, 1), (1, 0), (1, 1)):
            value = float(pool(linear(np.array([corner], dtype=float), weight)))
            axes.plot(*corner, "o", color=ink.accents[2] if corner[0] != corner[1] else ink.accents[0], markersize=24)
            axes.text(*corner, f"{value:g}", ha="center", va="center_baseline", color=ink.ground, weight="bold")
        axes.set_title(words[name], loc="center")
        axes.set_xticks([0, 1])
        axes.set_yticks([0, 1])
        axes.set_aspect("equal")
        axes.grid(visible=False)
    return figure


def routing(words, ink):
    """Where the gradient of four outputs lands: on the winners, or spread evenly."""
    figure, (axes,) = ink.panels(height=4.6)
    g = np.array([[10.0, 20], [30, 40]])
    tints = np.array([[0, 1], [2, 3]])
    wide = tints.repeat(2, 0).repeat(2, 1)
    won = gradients.max_pool2d(np.ones((1, 2, 2)), X[None], 2)[0] > 0
    _grid(axes, X, 0, 0, ink, np.where(won, wide, -1))
    _grid(axes, g, 6, 1, ink, tints)
    back = gradients.max_pool2d(g[None], X[None], 2)[0]
    _grid(axes, back, 0, 5.6, ink, np.where(back > 0, wide, -1))
    _grid(axes, gradients.avg_pool2d(g[None], X[None], 2)[0], 5, 5.6, ink, wide)
    for left, top, name in ((2, 0, "input"), (7, 1, "gradient"), (2, 5.6, "max"), (7, 5.6, "mean")):
        axes.text(left, top - 0.2, words[name], ha="center", va="bottom", color=ink.muted, linespacing=1.2)
    _canvas(axes, (-0.2, 9.2), (9.7, -1.1))
    return figure


def whole(words, ink):
    """Shuffled positions leave the global average alone; what the two heads cost."""
    figure, (upper, lower) = ink.panels(2, 1, height=4.8, height_ratios=(1.7, 1))
    shuffled = np.random.default_rng(0).permutation(X.ravel()).reshape(4, 4)
    tint = np.where(X >= 4, 1, -1), np.where(shuffled >= 4, 1, -1)
    for left, values, name, shade in ((0, X, "before", tint[0]), (6, shuffled, "mixed", tint[1])):
        _grid(upper, values, left, 0, ink, shade)
        upper.text(left + 2, -0.2, words[name], ha="center", va="bottom", color=ink.muted)
    means = [float(adaptive_avg_pool2d(values[None], 1).sum()) for values in (X, shuffled)]
    assert means[0] == means[1]
    upper.text(5, 4.75, words["mean"].format(means[0]), ha="center", va="center")
    _canvas(upper, (-0.2, 10.2), (5.2, -1))
    maps = np.zeros((1, 512, 7, 7))
    sizes = [1000 * maps.size + 1000, 1000 * adaptive_avg_pool2d(maps, 1).size + 1000]
    lower.barh(words["bars"], [size / 1e6 for size in sizes], color=(ink.accents[1], ink.accents[0]), height=0.6)
    for row, size in enumerate(sizes):
        lower.text(size / 1e6 + 0.4, row, f"{size / 1e6:.1f}", va="center")
    lower.set_xlim(0, 29)
    lower.invert_yaxis()
    lower.grid(axis="y", visible=False)
    lower.tick_params(axis="y", colors=ink.foreground, length=0)
    ink.name_axes(lower, y=words["y"])
    return figure


def _bits(outcomes):
    """The entropy of equally likely rows."""
    share = np.unique(outcomes.reshape(256, -1), axis=0, return_counts=True)[1] / 256
    return float(-(share * np.log2(share)).sum())


def _photo():
    """A square of a photograph in 100 by 100 pixels of gray."""
    with get_sample_data("grace_hopper.jpg") as file:
        color = imread(file, format="jpg")[:400, 60:460].astype(float) / 255
    gray = conv2d(color.transpose(2, 0, 1)[None], np.array([0.299, 0.587, 0.114]).reshape(1, 3, 1, 1))
    return avg_pool2d(gray, 4)


@functools.cache
def _digits():
    """The digits of scikit-learn, white on black, and what they are."""
    digits = load_digits()
    return digits.images[:, None] / 16, digits.target


def _learner(features, ridge):
    """Prepare a linear layer for least squares with a small penalty; gives a function from labels to a classifier."""
    rows = features.reshape(len(features), -1)
    middle = rows.mean(axis=0)
    centered = rows - middle
    to_weight = np.linalg.solve(centered.T @ centered + ridge * np.eye(rows.shape[1]), centered.T)

    def learn(labels):
        wanted = np.eye(10)[labels]
        weight, bias = (to_weight @ wanted).T, wanted.mean(axis=0)
        return lambda x: linear(x.reshape(len(x), -1) - middle, weight, bias).argmax(axis=1)

    return learn


def _read(pictures, split, ridge):
    """The share of new pictures that a linear classifier names rightly."""
    _, labels = _digits()
    order = np.random.default_rng(split).permutation(len(pictures))
    seen, new = order[:1000], order[1000:]
    return (_learner(pictures[seen], ridge)(labels[seen])(pictures[new]) == labels[new]).mean()


@functools.cache
def _under_noise(levels, seeds=3):
    """Shares recognized, by seed, reduction, kind of noise and level."""
    digits, labels = _digits()
    reductions = (*POOLS.values(), lambda x, k: x[..., ::k, ::k])
    right = []
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(digits))
        seen, new = order[:900], order[900:1400]
        w = rng.normal(size=(12, 1, 3, 3)) / 3
        noise, hit = rng.normal(size=digits[new].shape), rng.uniform(size=digits[new].shape)
        shown = [digits[seen]]
        for level in levels:
            bad = hit < level
            shown += [digits[new] + level * noise, np.where(bad, 1.0, digits[new]), np.where(bad, 0.0, digits[new])]
        maps = [relu(conv2d(each, w, padding=1)) for each in shown]
        for reduce in reductions:
            said = _learner(reduce(maps[0], 2), 10)(labels[seen])
            right.append([(said(reduce(each, 2)) == labels[new]).mean() for each in maps[1:]])
    return np.array(right).reshape(seeds, 3, len(levels), 3).transpose(0, 1, 3, 2)


def _bare(axes, edge=None):
    """An image needs no axis."""
    axes.set_xticks([])
    axes.set_yticks([])
    axes.grid(visible=False)
    axes.spines[:].set_visible(edge is not None)
    axes.spines[:].set_edgecolor(edge or "none")


def _grid(axes, values, left, top, ink, tints=None, size=10.5):
    """A matrix as cells; each is tinted with the accent of its number, or not at all where that is −1."""
    for (row, column), value in np.ndenumerate(values):
        tint = -1 if tints is None else tints[row, column]
        ground = "none" if tint < 0 else to_rgba(ink.accents[tint], 0.28)
        axes.add_patch(Rectangle((left + column, top + row), 1, 1, facecolor=ground, edgecolor=ink.muted, lw=1))
        text = f"{value + 0.0:.4g}".replace("-", "−")
        axes.text(
            left + column + 0.5,
            top + row + 0.5,
            text,
            ha="center",
            va="center",
            fontsize=size if len(text) < 4 else min(size, 9),
        )


def _canvas(axes, x, y):
    axes.set_aspect("equal")
    axes.set_xlim(*x)
    axes.set_ylim(*y)
    axes.axis("off")
