"""The building blocks of convolutional networks, written to be read, under the names of `torch.nn.functional`.

Arrays go in, arrays of the same library, dtype and device come out: `import cnnref as F`.
"""

from cnnref import gradients
from cnnref._arrays import use_device
from cnnref.activations import elu, gelu, leaky_relu, relu, sigmoid, silu, softplus, tanh
from cnnref.convolution import (
    conv1d,
    conv2d,
    conv3d,
    conv_transpose1d,
    conv_transpose2d,
    conv_transpose3d,
    unfold,
)
from cnnref.dense import flatten, linear
from cnnref.normalization import batch_norm, fold_batch_norm, group_norm, instance_norm, layer_norm
from cnnref.pooling import (
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    adaptive_avg_pool3d,
    adaptive_max_pool1d,
    adaptive_max_pool2d,
    adaptive_max_pool3d,
    avg_pool1d,
    avg_pool2d,
    avg_pool3d,
    lp_pool2d,
    max_pool1d,
    max_pool2d,
    max_pool3d,
)
from cnnref.scaling import cross_entropy, log_softmax, min_max, softmax

__version__ = "0.1.0"

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_avg_pool3d",
    "adaptive_max_pool1d",
    "adaptive_max_pool2d",
    "adaptive_max_pool3d",
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "batch_norm",
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
    "cross_entropy",
    "elu",
    "flatten",
    "fold_batch_norm",
    "gelu",
    "gradients",
    "group_norm",
    "instance_norm",
    "layer_norm",
    "leaky_relu",
    "linear",
    "log_softmax",
    "lp_pool2d",
    "max_pool1d",
    "max_pool2d",
    "max_pool3d",
    "min_max",
    "relu",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "tanh",
    "unfold",
    "use_device",
]
