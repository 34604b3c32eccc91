"""Known networks as lists of layers, for receptive fields: windows and joins, no weights and no channels.

`PRESETS["resnet50"].layers` goes into `cnnref.receptive_field.receptive_field`; `end_points` are the layers whose
features are usually taken.

>>> from cnnref.architectures import PRESETS
>>> from cnnref.receptive_field import receptive_field
>>> vgg16 = PRESETS["vgg16"]
>>> [(row.name, row.size) for row in receptive_field(vgg16.layers).select(*vgg16.end_points)]
[('pool1', 6), ('pool2', 16), ('pool3', 44), ('pool4', 100), ('pool5', 212)]
"""

from __future__ import annotations

from dataclasses import dataclass

from cnnref._layers import Branches, Element, GlobalPool, Layer, Pad

Network = list[Element | Branches]


@dataclass(frozen=True)
class Preset:
    """A network: its layers, the rows that matter, the input it was made for, and where it is described."""

    layers: Network
    end_points: tuple[str, ...]
    input_size: int
    source: str


def conv3(name: str, stride: int = 1) -> Layer:
    """3x3, padded by 1: the workhorse."""
    return Layer(3, stride, 1, name=name)


def conv1(name: str, stride: int = 1) -> Layer:
    return Layer(1, stride, name=name)


def lenet5() -> Network:
    """C5 reads 5x5 units of S4, all that a 32x32 input leaves there."""
    c1, s2, c3 = Layer(5, name="C1"), Layer(2, 2, name="S2"), Layer(5, name="C3")
    return [c1, s2, c3, Layer(2, 2, name="S4"), Layer(5, name="C5")]


def alexnet() -> Network:
    """Overlapping 3x3 pooling; the first layer is not padded, which takes an input of 227."""
    return [
        Layer(11, 4, name="conv1"),
        Layer(3, 2, name="pool1"),
        Layer(5, padding=2, name="conv2"),
        Layer(3, 2, name="pool2"),
        *(conv3(f"conv{i}") for i in (3, 4, 5)),
        Layer(3, 2, name="pool5"),
    ]


def vgg16() -> Network:
    """Five stages of 3x3 layers, each closed by a 2x2 pooling."""
    layers: Network = []
    for stage, depth in enumerate((2, 2, 3, 3, 3), 1):
        layers += [conv3(f"conv{stage}_{i}") for i in range(1, depth + 1)]
        layers.append(Layer(2, 2, name=f"pool{stage}"))
    return layers


def inception(name: str) -> Branches:
    """1x1, 3x3 and 5x5 windows and a pooling side by side."""
    return Branches(
        [
            [conv1(f"{name}/1x1")],
            [conv1(f"{name}/3x3_reduce"), conv3(f"{name}/3x3")],
            [conv1(f"{name}/5x5_reduce"), Layer(5, padding=2, name=f"{name}/5x5")],
            [conv3(f"{name}/pool"), conv1(f"{name}/pool_proj")],
        ],
        join="concat",
        name=name,
    )


def googlenet() -> Network:
    """The poolings count a last window that hangs over the end: 112, 56, 28, 14 and 7 units of 224 pixels."""

    def pool(name: str) -> Layer:
        return Layer(3, 2, name=name, ceil_mode=True)

    return [
        Layer(7, 2, 3, name="conv1"),
        pool("pool1"),
        conv1("conv2_reduce"),
        conv3("conv2"),
        pool("pool2"),
        *(inception(f"inception_3{i}") for i in "ab"),
        pool("pool3"),
        *(inception(f"inception_4{i}") for i in "abcde"),
        pool("pool4"),
        *(inception(f"inception_5{i}") for i in "ab"),
        GlobalPool("pool5"),
    ]


def basic_block(name: str, stride: int, project: bool) -> Branches:
    """Two 3x3 layers beside the identity (or a 1x1 layer where the size changes)."""
    path = [conv3(f"{name}.conv1", stride), conv3(f"{name}.conv2")]
    return Branches([path, [conv1(f"{name}.downsample", stride)] if project else []], name=name)


def bottleneck(name: str, stride: int, project: bool) -> Branches:
    """As in the paper: the first 1x1 layer takes the stride."""
    path = [conv1(f"{name}.conv1", stride), conv3(f"{name}.conv2"), conv1(f"{name}.conv3")]
    return Branches([path, [conv1(f"{name}.downsample", stride)] if project else []], name=name)


def bottleneck_v1_5(name: str, stride: int, project: bool) -> Branches:
    """As in torchvision: the 3x3 layer takes the stride."""
    path = [conv1(f"{name}.conv1"), conv3(f"{name}.conv2", stride), conv1(f"{name}.conv3")]
    return Branches([path, [conv1(f"{name}.downsample", stride)] if project else []], name=name)


def resnet(depths: tuple[int, ...], block=bottleneck) -> Network:
    """A 7x7 layer, a pooling and four stages of residual blocks; each stage but the first halves the map."""
    layers: Network = [Layer(7, 2, 3, name="conv1"), Layer(3, 2, 1, name="maxpool")]
    for stage, depth in enumerate(depths, 1):
        stride = 1 if stage == 1 else 2
        projected = stage > 1 or block is not basic_block
        layers.append(block(f"layer{stage}.0", stride, projected))
        layers += [block(f"layer{stage}.{i}", 1, False) for i in range(1, depth)]
    return [*layers, GlobalPool("avgpool")]


def mobilenet_v1() -> Network:
    """Depthwise 3x3 layers, each followed by a 1x1 layer."""
    layers: Network = [conv3("conv0", 2)]
    for i, stride in enumerate((1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1), 1):
        layers += [conv3(f"conv{i}_depthwise", stride), conv1(f"conv{i}_pointwise")]
    return [*layers, GlobalPool("avgpool")]


def dense_layer(name: str) -> Branches:
    """New channels beside all the old ones."""
    return Branches([[], [conv1(f"{name}.conv1"), conv3(f"{name}.conv2")]], join="concat", name=name)


def densenet121() -> Network:
    """Four dense blocks with a halving transition between them."""
    layers: Network = [Layer(7, 2, 3, name="conv0"), Layer(3, 2, 1, name="pool0")]
    for block, depth in enumerate((6, 12, 24, 16), 1):
        layers += [dense_layer(f"denseblock{block}.{i}") for i in range(1, depth + 1)]
        if block < 4:
            layers += [conv1(f"transition{block}.conv"), Layer(2, 2, name=f"transition{block}")]
    return [*layers, GlobalPool("avgpool")]


def unet(level: int = 1) -> Network:
    """Two unpadded 3x3 layers down, two up; each skip is cropped by what the path below it loses."""
    down = [Layer(3, name=f"down{level}.conv{i}") for i in (1, 2)]
    if level == 5:
        return down
    below = [Layer(2, 2, name=f"pool{level}"), *unet(level + 1), Layer(2, 2, name=f"up{level}", transposed=True)]
    crop = Pad(-(4, 16, 40, 88)[4 - level], name=f"crop{level}")
    up = [Layer(3, name=f"up{level}.conv{i}") for i in (1, 2)]
    return [*down, Branches([[crop], below], join="concat", name=f"concat{level}"), *up]


def ends(depths: tuple[int, ...]) -> tuple[str, ...]:
    """The last block of each stage of a residual network."""
    return "conv1", "maxpool", *(f"layer{stage}.{depth - 1}" for stage, depth in enumerate(depths, 1))


HE = "He, Zhang, Ren and Sun, CVPR 2016, arXiv:1512.03385"
RESNETS = {18: (2, 2, 2, 2), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}
INCEPTIONS = tuple(f"inception_{name}" for name in ("3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b"))

PRESETS = {
    "lenet5": Preset(lenet5(), ("C1", "S2", "C3", "S4", "C5"), 32, "LeCun et al., Proc. IEEE 1998"),
    "alexnet": Preset(
        alexnet(),
        ("conv1", "pool1", "conv2", "conv3", "conv4", "conv5", "pool5"),
        227,
        "Krizhevsky, Sutskever and Hinton, NeurIPS 2012; one tower as in arXiv:1404.5997",
    ),
    "vgg16": Preset(
        vgg16(), tuple(f"pool{i}" for i in range(1, 6)), 224, "Simonyan and Zisserman, ICLR 2015, arXiv:1409.1556"
    ),
    "googlenet": Preset(
        googlenet(),
        ("conv1", "pool1", "conv2", "pool2", *INCEPTIONS),
        224,
        "Szegedy et al., CVPR 2015, arXiv:1409.4842",
    ),
    "resnet18": Preset(resnet(RESNETS[18], basic_block), ends(RESNETS[18]), 224, HE),
    **{f"resnet{n}": Preset(resnet(RESNETS[n]), ends(RESNETS[n]), 224, HE) for n in (50, 101, 152)},
    **{
        f"resnet{n}_v1_5": Preset(resnet(RESNETS[n], bottleneck_v1_5), ends(RESNETS[n]), 224, HE + "; torchvision")
        for n in (50, 101, 152)
    },
    "mobilenet_v1": Preset(
        mobilenet_v1(),
        ("conv0", *(f"conv{i}_pointwise" for i in range(1, 14))),
        224,
        "Howard et al. 2017, arXiv:1704.04861",
    ),
    "densenet121": Preset(
        densenet121(),
        ("conv0", "pool0", "denseblock1.6", "denseblock2.12", "denseblock3.24", "denseblock4.16"),
        224,
        "Huang, Liu, van der Maaten and Weinberger, CVPR 2017, arXiv:1608.06993",
    ),
    "unet": Preset(
        unet(),
        (*(f"down{i}.conv2" for i in range(1, 6)), *(f"up{i}.conv2" for i in range(4, 0, -1))),
        572,
        "Ronneberger, Fischer and Brox, MICCAI 2015, arXiv:1505.04597",
    ),
}
