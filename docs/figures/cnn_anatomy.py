"""The figures of the chapter on the anatomy of a network. Every number drawn comes out of `cnnref`."""

from itertools import pairwise

import numpy as np
from matplotlib.colors import to_rgba
from matplotlib.patches import FancyBboxPatch, Polygon, Rectangle

from cnnref import conv2d, flatten, linear, max_pool2d, relu, softmax
from cnnref.architectures import PRESETS
from cnnref.receptive_field import Layer, receptive_field

UPRIGHT = np.array([[-1.0, 2, -1]] * 3)
KERNELS = np.stack([UPRIGHT, UPRIGHT.T])[:, None]
SIGNS = ["+-+---++", "++++--++", "-+-+++--"]
LETTERS = ("L", "U", "7")

WORDS = {
    "zh": {
        "pipeline": {
            "stages": ["输入", "卷积、激活", "池化", "卷积、激活", "池化", "展平", "全连接"],
            "parameters": "参数 {}",
            "free": "没有参数",
            "values": "{} 个数",
            "long": "按比例要画 {} 倍长",
        },
        "walk": {
            "image": "输入",
            "classes": "三个类别",
            "columns": ["核", "卷积，加偏置", "负值归零", "池化"],
            "row": "展平",
            "weights": "权重，同除以 4",
            "bias": "偏置",
            "scores": "分数",
            "shares": "概率",
        },
        "image-array": {
            "color": "彩图：每个像素三个数",
            "gray": "灰度图：每个像素一个数",
            "planes": ["红", "绿", "蓝"],
        },
        "values-per-layer": {"input": "输入", "y": "{}：每层多少个数", "x": "第几层", "head": "出口"},
        "where": {
            "panels": ["参数在哪里", "乘加在哪里"],
            "conv": "卷积层",
            "dense": "全连接层",
            "units": {1e8: "{} 亿", 1e4: "{} 万"},
        },
        "residual": {
            "plain": "逐层相接",
            "block": "残差块",
            "layers": "{}×{}，{} 到 {}",
            "count": "{} 个权重",
            "bypass": "原样通过",
        },
    },
    "en": {
        "pipeline": {
            "stages": ["input", "convolution, ReLU", "pooling", "convolution, ReLU", "pooling", "flatten", "linear"],
            "parameters": "{} parameters",
            "free": "no parameters",
            "values": "{} values",
            "long": "{} times as long, to scale",
        },
        "walk": {
            "image": "input",
            "classes": "three classes",
            "columns": ["kernel", "convolution, bias", "ReLU", "pooling"],
            "row": "flattened",
            "weights": "weights, over 4",
            "bias": "bias",
            "scores": "scores",
            "shares": "softmax",
        },
        "image-array": {
            "color": "color: three numbers a pixel",
            "gray": "gray: one number a pixel",
            "planes": ["red", "green", "blue"],
        },
        "values-per-layer": {"input": "input", "y": "{}: values per layer", "x": "layer", "head": "head"},
        "where": {
            "panels": ["where the parameters are", "where the multiply-adds are"],
            "conv": "convolutions",
            "dense": "linear layers",
            "units": {1e9: "{} billion", 1e6: "{} million", 1e3: "{} thousand"},
        },
        "residual": {
            "plain": "layer after layer",
            "block": "residual block",
            "layers": "{}×{}, {} to {}",
            "count": "{} weights",
            "bypass": "unchanged",
        },
    },
}


def pipeline(words, ink):
    """From pixels to scores: every stage to scale, with its shape, its size and what it has to learn."""
    figure, (axes,) = ink.panels(height=8.6)
    top, middle, previous = 0.0, 44.0, None
    for (shape, learned), name in zip(_stages(), words["stages"], strict=True):
        c, h, w = shape if len(shape) == 3 else (1, 1, 1)
        color = ink.accents[1] if learned else ink.accents[0] if name != words["stages"][0] else ink.accents[2]
        depth = 0.5 * c
        height = h + 0.7 * depth if len(shape) == 3 else 6
        if len(shape) == 3:
            _block(axes, middle - (w + depth) / 2, top + 0.7 * depth, (w, h, depth), color, ink)
        else:
            _strip(axes, middle, top + 1, shape[0], color, ink)
        center = top + height / 2
        axes.text(20, center - 1.9, name, ha="right", va="bottom", weight="bold")
        cost = "" if name == words["stages"][0] else words["parameters"].format(learned) if learned else words["free"]
        axes.text(20, center - 0.9, cost, ha="right", va="top", color=color if learned else ink.muted)
        axes.text(70, center - 1.9, " × ".join(map(str, shape)), va="bottom", weight="bold")
        axes.text(70, center - 0.9, words["values"].format(np.prod(shape)), va="top", color=ink.muted)
        if previous is not None:
            axes.annotate("", (middle, top - 0.4), (middle, previous + 0.4), arrowprops=_arrow(ink.muted))
        if len(shape) == 1 and shape[0] > 32:
            side = _stages()[0][0][2]
            long = words["long"].format(shape[0] // side)
            axes.text(middle, top + 5.2, long, ha="center", va="top", color=ink.muted, fontsize=9)
            height += 3
        previous, top = top + height, top + height + 6.5
    _canvas(axes, (-13, 92), (previous + 1, -1))
    return figure


def walk(words, ink):
    """One image through the small network, every number written down."""
    figure, (axes,) = ink.panels(height=8.1)
    images = _letters()
    mapped = conv2d(images, KERNELS, bias=np.array([-1.0, -1.0]))
    bent = relu(mapped)
    pooled = max_pool2d(bent, 2)
    row = flatten(pooled, 1)
    weight = np.array([[0.25 if s == "+" else -0.25 for s in signs] for signs in SIGNS])
    bias = np.array([0.0, -2.0, 0.0])
    scores = linear(row, weight, bias)
    shares = softmax(scores, dim=1)
    tints = ink.accents[1], ink.accents[2]
    _grid(axes, images[0, 0], 0, 0, ink, shade=ink.foreground)
    axes.text(3, -0.25, words["image"], ha="center", va="bottom", color=ink.muted)
    for place, letter in enumerate(LETTERS):
        _thumbnail(axes, images[place, 0], 8 + 2.9 * place, 2, 0.38, ink)
        axes.text(9.14 + 2.9 * place, 4.5, letter, ha="center", va="top", weight="bold")
    axes.text(12.1, 1.75, words["classes"], ha="center", va="bottom", color=ink.muted)
    lefts = 0, 4, 9, 14
    for place, tint in enumerate(tints):
        top = 7.6 + 5.2 * place
        shown = KERNELS[place, 0], mapped[0, place], bent[0, place], pooled[0, place]
        for left, values in zip(lefts, shown, strict=True):
            _grid(axes, values, left, top + (4 - len(values)) / 2, ink, shade=tint)
        for before, after in ((3, 4), (8, 9), (13, 14)):
            axes.annotate("", (after - 0.08, top + 2), (before + 0.08, top + 2), arrowprops=_arrow(ink.muted))
    for left, wide, name in zip(lefts, (3, 4, 4, 2), words["columns"], strict=True):
        axes.text(left + wide / 2, 7.35, name, ha="center", va="bottom", color=ink.muted, fontsize=9.5)
    for place in range(8):
        _grid(axes, row[0, place : place + 1][None], place, 18.2, ink, shade=tints[place // 4], largest=5)
    axes.text(8.3, 18.7, words["row"], va="center", color=ink.muted)
    for place in range(3):
        for column, sign in enumerate(SIGNS[place]):
            _sign(axes, sign, column, 20.6 + place, ink)
        middle = 21.1 + place
        axes.text(-0.3, middle, LETTERS[place], ha="right", va="center", weight="bold")
        for right, number in ((8.9, bias[place]), (10.9, scores[0, place])):
            axes.text(right, middle, f"{number:g}".replace("-", "−"), ha="right", va="center")
        axes.add_patch(Rectangle((11.4, middle - 0.3), 2.4 * shares[0, place], 0.6, color=ink.accents[0]))
        axes.text(16, middle, f"{shares[0, place]:.4f}", ha="right", va="center")
    for left, name in ((7.4, "weights"), (9.1, "bias"), (10.9, "scores"), (16, "shares")):
        axes.text(left, 20.35, words[name], ha="right", va="bottom", color=ink.muted)
    _canvas(axes, (-0.9, 16.2), (23.8, -1.2))
    return figure


def image_array(words, ink):
    """A color picture is three matrices; a gray one is one."""
    figure, (axes,) = ink.panels(height=3.7)
    reds = [[230, 230, 250, 250], [40, 230, 250, 250], [40, 40, 20, 20]]
    greens = [[60, 60, 200, 200], [120, 60, 200, 200], [120, 120, 160, 160]]
    blues = [[50, 50, 40, 40], [200, 50, 40, 40], [200, 200, 60, 60]]
    planes = np.array([reds, greens, blues], dtype=float)
    gray = conv2d(planes[None], np.array([0.299, 0.587, 0.114]).reshape(1, 3, 1, 1))[0, 0].round()
    for (i, j), _ in np.ndenumerate(gray):
        face = tuple(planes[:, i, j] / 255)
        axes.add_patch(Rectangle((1 + j, i), 1, 1, facecolor=face, edgecolor=ink.ground, lw=0.8))
        value = gray[i, j]
        axes.add_patch(Rectangle((9 + j, i), 1, 1, facecolor=(value / 255,) * 3, edgecolor=ink.ground, lw=0.8))
        letter = "#000000" if value > 125 else "#ffffff"
        axes.text(9.5 + j, i + 0.5, f"{value:g}", ha="center", va="center", color=letter, fontsize=9.5)
    tints = ink.accents[1], ink.accents[2], ink.accents[0]
    for place, (plane, tint, name) in enumerate(zip(planes, tints, words["planes"], strict=True)):
        left = 4.9 * place
        _grid(axes, plane, left, 5.1, ink, shade=tint, largest=255, size=9.5)
        axes.text(left + 2, 4.9, name, ha="center", va="bottom", color=tint, weight="bold")
        axes.annotate("", (left + 2, 4.2), (3 + 0.2 * (place - 1), 3.15), arrowprops=_arrow(ink.muted))
    axes.text(3, -0.2, words["color"], ha="center", va="bottom", color=ink.muted)
    axes.text(11, -0.2, words["gray"], ha="center", va="bottom", color=ink.muted)
    axes.text(11, 3.2, " × ".join(map(str, gray.shape)), ha="center", va="top", weight="bold")
    axes.text(6.9, 8.3, " × ".join(map(str, planes.shape)), ha="center", va="top", weight="bold")
    _canvas(axes, (-0.3, 14.5), (9.1, -1.1))
    return figure


def values_per_layer(words, ink):
    """How many numbers each layer hands on, in a small network of 1998 and a deep one of 2015."""
    figure, panels = ink.panels(2, 1, height=5.4)
    for axes, (name, values, heads), color in zip(panels, (_lenet(), _resnet()), ink.accents, strict=False):
        places, last = range(len(values)), len(values) - heads
        axes.axhline(values[0], color=ink.muted, linewidth=1.2, linestyle=":")
        axes.plot(places[1:last], values[1:last], color=color, linewidth=1.2, marker="o", markersize=4)
        axes.plot(places[last - 1 :], values[last - 1 :], color=color, linewidth=1.2, linestyle=":")
        axes.plot(places[last:], values[last:], "s", color=color, markersize=5)
        axes.plot(0, values[0], "o", color=ink.foreground, markersize=6)
        axes.text(0.02 * len(values), values[0] * 0.6, f"{words['input']} {values[0]}", va="top")
        axes.text(0.87 * len(values), values[last] * 1.5, words["head"], ha="right", va="bottom", color=color)
        axes.set_yscale("log")
        axes.set_ylim(*((5, 10_000) if name == "LeNet-5" else (400, 3_000_000)))
        ticks = [10, 100, 1000] if name == "LeNet-5" else [1000, 10_000, 100_000, 1_000_000]
        axes.set_yticks(ticks, [str(tick) for tick in ticks])
        axes.minorticks_off()
        ink.name_axes(axes, x=words["x"], y=words["y"].format(name))
    return figure


def where(words, ink):
    """Convolutions do the work, linear layers keep the parameters."""
    figure, panels = ink.panels(2, 1, height=4.6)
    rows = list(_totals())
    names = [row[0] for row in rows]
    for axes, columns, title in zip(panels, ((1, 2), (3, 4)), words["panels"], strict=True):
        for place, row in enumerate(rows):
            conv, dense = (row[column] for column in columns)
            share = conv / (conv + dense)
            axes.barh(place, share, color=ink.accents[0], height=0.6)
            axes.barh(place, 1 - share, left=share, color=ink.accents[1], height=0.6)
            axes.text(1.02, place, _readable(conv + dense, words["units"]), va="center", fontsize=9.5)
        axes.set_yticks(range(len(rows)), names)
        axes.invert_yaxis()
        axes.set_xlim(0, 1.4)
        axes.set_xticks([0, 0.5, 1], ["0", "50%", "100%"])
        axes.grid(visible=False)
        axes.tick_params(axis="y", colors=ink.foreground, length=0)
        axes.set_title(title, loc="left")
    for place, name in enumerate(("conv", "dense")):
        axes.barh(0, 0, color=ink.accents[place], label=words[name])
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    return figure


def residual(words, ink):
    """A block that only learns what to add, beside two plain layers of the same width."""
    figure, (axes,) = ink.panels(height=3.5)
    narrow = [(256, 64, 1), (64, 64, 3), (64, 256, 1)]
    plain = [(256, 256, 3)] * 2
    for left, title, layers in ((0, "plain", plain), (9.5, "block", narrow)):
        axes.text(left + 3, -1.25, words[title], ha="center", va="bottom", weight="bold")
        axes.text(left + 3, -0.55, "x", ha="center", va="center", style="italic")
        bottom = -0.25
        for place, (c, o, k) in enumerate(layers):
            top = 0.6 + 2.2 * place + (1.1 if title == "plain" else 0)
            axes.annotate("", (left + 3, top), (left + 3, bottom), arrowprops=_arrow(ink.muted))
            color = ink.accents[1 if k == 3 else 0]
            box = FancyBboxPatch((left + 0.4, top), 5.2, 1.3, boxstyle="round,pad=0,rounding_size=0.25")
            box.set(facecolor=to_rgba(color, 0.18), edgecolor=color)
            axes.add_patch(box)
            axes.text(left + 3, top + 0.65, words["layers"].format(k, k, c, o), ha="center", va="center", fontsize=9.5)
            bottom = top + 1.3
        if title == "block":
            axes.annotate("", (left + 3, 7.15), (left + 3, bottom), arrowprops=_arrow(ink.muted))
            axes.text(left + 3, 7.55, "+", ha="center", va="center", fontsize=15, color=ink.accents[2])
            axes.add_patch(_circle(left + 3, 7.5, ink.accents[2]))
            route = [(left + 3.4, -0.55), (left + 7, -0.55), (left + 7, 7.5), (left + 3.5, 7.5)]
            axes.plot(*zip(*route[:3], strict=True), color=ink.accents[2], linewidth=1.8)
            axes.annotate("", route[3], route[2], arrowprops=_arrow(ink.accents[2]))
            axes.text(left + 7.2, 3.5, words["bypass"], va="center", color=ink.accents[2])
            bottom = 7.9
        axes.annotate("", (left + 3, 9), (left + 3, bottom), arrowprops=_arrow(ink.muted))
        total = sum(np.zeros((o, c, k, k)).size for c, o, k in layers)
        axes.text(left + 3, 9.2, words["count"].format(total), ha="center", va="top")
    _canvas(axes, (-0.5, 20), (10.2, -2.2))
    return figure


def _stages():
    """Shape and number of parameters of each stage, measured on the arrays themselves."""
    image, w1, w2, w3 = (np.zeros(shape) for shape in ((1, 3, 32, 32), (16, 3, 3, 3), (32, 16, 3, 3), (10, 2048)))
    a = relu(conv2d(image, w1, np.zeros(16), padding=1))
    b = max_pool2d(a, 2)
    c = relu(conv2d(b, w2, np.zeros(32), padding=1))
    d = max_pool2d(c, 2)
    row = flatten(d, 1)
    learned = [0, w1.size + 16, 0, w2.size + 32, 0, 0, w3.size + 10]
    shapes = [tuple(y.shape[1:]) for y in (image, a, b, c, d, row, linear(row, w3, np.zeros(10)))]
    return list(zip(shapes, learned, strict=True))


def _letters():
    """An L, a U and a 7 in six by six pixels."""
    images = np.zeros((3, 1, 6, 6))
    images[0, 0, :5, 1] = images[0, 0, 4, 1:5] = 1
    images[1, 0, :5, [1, 4]] = images[1, 0, 4, 1:5] = 1
    images[2] = images[0, :, ::-1, ::-1]
    return images


def _lenet():
    """Values behind each layer, the input first; the last two come out of linear layers."""
    rows = receptive_field(PRESETS["lenet5"].layers, 32)
    widths = (6, 6, 16, 16, 120)
    return "LeNet-5", [32 * 32, *(w * row.output_size**2 for w, row in zip(widths, rows, strict=True)), 84, 10], 2


def _resnet():
    """The main path: the first layer, the pooling, three layers in each block, the mean, the scores."""
    rows = receptive_field(PRESETS["resnet50"].layers, 224)
    path = [row for row in rows if isinstance(row.layer, Layer) and "downsample" not in row.name]
    widths = [64, 64]
    for width, depth in ((64, 3), (128, 4), (256, 6), (512, 3)):
        widths += [width, width, 4 * width] * depth
    values = [w * row.output_size**2 for w, row in zip(widths, path, strict=True)]
    return "ResNet-50", [3 * 224 * 224, *values, widths[-1], 1000], 2


def _totals():
    """Parameters and multiply-adds, in convolutions and in linear layers."""
    dense = [(9216, 4096), (4096, 4096), (4096, 1000)]
    vgg = [3, 64, 64, 128, 128, 256, 256, 256, *[512] * 6]
    residual, channels = [(3, 64)], 64
    for width, depth in ((64, 3), (128, 4), (256, 6), (512, 3)):
        for block in range(depth):
            residual += [(channels, width), (width, width), (width, 4 * width)]
            residual += [(channels, 4 * width)] * (block == 0)
            channels = 4 * width
    networks = (
        ("LeNet-5", "lenet5", [(1, 6), (6, 16), (16, 120)], [(120, 84), (84, 10)], 1),
        ("AlexNet", "alexnet", [(3, 96), (48, 256), (256, 384), (192, 384), (192, 256)], dense, 1),
        ("VGG-16", "vgg16", list(pairwise(vgg)), [(25088, 4096), *dense[1:]], 1),
        ("ResNet-50", "resnet50", residual, [(2048, 1000)], 2),
    )
    for name, preset, shapes, heads, per_channel in networks:
        rows = receptive_field(PRESETS[preset].layers, PRESETS[preset].input_size)
        convs = [row for row in rows if isinstance(row.layer, Layer) and not row.name.startswith(("S", "pool", "max"))]
        wires = [i * o * row.layer.kernel_size**2 for (i, o), row in zip(shapes, convs, strict=True)]
        macs = sum(w * row.output_size**2 for w, row in zip(wires, convs, strict=True))
        learned = sum(wires) + per_channel * sum(o for _, o in shapes)
        yield name, learned, sum((i + 1) * o for i, o in heads), macs, sum(i * o for i, o in heads)


def _readable(count, units):
    """A large number in the largest unit that it fills."""
    unit, name = next((unit, name) for unit, name in units.items() if count >= unit)
    number = count / unit
    return name.format(f"{number:.0f}" if number >= 100 else f"{number:.3g}")


def _block(axes, left, top, size, color, ink):
    """A box seen from the front left: height and width to scale, depth for the channels."""
    w, h, d = size
    rise = 0.7 * d
    front = [(left, top), (left + w, top), (left + w, top + h), (left, top + h)]
    lid = [(left, top), (left + d, top - rise), (left + w + d, top - rise), (left + w, top)]
    side = [(left + w, top), (left + w + d, top - rise), (left + w + d, top + h - rise), (left + w, top + h)]
    for corners, shade in ((front, 0.22), (lid, 0.34), (side, 0.5)):
        for face in (ink.ground, to_rgba(color, shade)):
            axes.add_patch(Polygon(corners, facecolor=face, edgecolor=color, linewidth=1.1, joinstyle="round"))


def _strip(axes, middle, top, count, color, ink):
    """A row of numbers; a long one is broken in the middle."""
    cells, broken = (10, False) if count <= 32 else (24, True)
    side = 2.6 if not broken else 1.6
    for cell in range(cells):
        if broken and 10 <= cell < 14:
            continue
        left = middle + (cell - cells / 2) * side
        axes.add_patch(Rectangle((left, top), side, 3, facecolor=to_rgba(color, 0.3), edgecolor=color, linewidth=0.9))
    if broken:
        axes.text(middle, top + 1.5, "⋯", ha="center", va="center", color=ink.foreground, fontsize=13)


def _grid(axes, values, left, top, ink, shade, largest=None, size=9.5):
    """A matrix as cells; the shade grows with the value."""
    largest = largest or abs(values).max() or 1
    for (row, column), value in np.ndenumerate(values):
        ground = to_rgba(shade, 0.5 * max(value, 0) / largest)
        axes.add_patch(Rectangle((left + column, top + row), 1, 1, facecolor=ground, edgecolor=ink.muted, lw=0.8))
        text = f"{value + 0.0:g}".replace("-", "−")
        axes.text(left + column + 0.5, top + row + 0.5, text, ha="center", va="center", fontsize=size)


def _sign(axes, sign, left, top, ink):
    color = ink.accents[1] if sign == "+" else ink.accents[0]
    axes.add_patch(Rectangle((left, top), 1, 1, facecolor=to_rgba(color, 0.22), edgecolor=ink.muted, lw=0.8))
    axes.text(left + 0.5, top + 0.5, sign.replace("-", "−"), ha="center", va="center")


def _thumbnail(axes, image, left, top, side, ink):
    for (i, j), value in np.ndenumerate(image):
        face = ink.foreground if value else ink.grid
        corner = left + side * j, top + side * i
        axes.add_patch(Rectangle(corner, side, side, facecolor=face, edgecolor=ink.ground, linewidth=0.5))


def _circle(x, y, color):
    box = FancyBboxPatch((x - 0.35, y - 0.35), 0.7, 0.7, boxstyle="round,pad=0,rounding_size=0.35")
    box.set(facecolor="none", edgecolor=color, linewidth=1.4)
    return box


def _canvas(axes, x, y):
    axes.set_aspect("equal")
    axes.set_xlim(*x)
    axes.set_ylim(*y)
    axes.axis("off")


def _arrow(color):
    return {"arrowstyle": "-|>", "color": color, "linewidth": 1.5, "mutation_scale": 11, "shrinkA": 0, "shrinkB": 0}
