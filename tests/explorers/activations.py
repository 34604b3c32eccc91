"""Activation functions: cnnref on tensors in float64, and automatic differentiation through it."""

import cnnref

PAGE = "non-linearity/"
MOVES = [
    "",
    "function:relu;rival:sigmoid;x:-0.5",
    "function:leaky_relu;slope:0.25;weight:-1.5;bias:0.3;x:-2",
    "function:elu;rival:softplus;x:-3.1;layers:4",
    "function:softplus;threshold:0.2;bias:-1",
    "function:tanh;weight:2;x:4",
    "function:gelu;x:-0.8;weight:1.6",
    "function:silu;rival:gelu;x:-1.3;layers:3;weight:-0.5",
    "function:sigmoid;weight:0.5;x:0;bias:0;layers:5",
]
NAMES = ["relu", "leaky_relu", "elu", "softplus", "sigmoid", "tanh", "gelu", "silu"]


def state(draw):
    return {
        "function": draw.choice(NAMES),
        "x": draw.randint(-40, 40) / 10,
        "layers": draw.randint(1, 10),
        "rival": draw.choice(NAMES),
        "weight": draw.randint(-20, 20) / 10,
        "bias": draw.randint(-10, 10) / 10,
        "slope": draw.randint(0, 100) / 100,
        "threshold": draw.randint(1, 40) / 100,
    }


def numbers(state):
    import torch

    grid = torch.linspace(-4, 4, 161, dtype=torch.float64)
    curve, slopes = differentiated(lambda x: activated(state["function"], x, state), grid)
    at = torch.tensor(state["x"], dtype=torch.float64)
    value, derivative = differentiated(lambda x: activated(state["function"], x, state), at)
    outputs, gradients = chain(state["function"], state, at)
    return {
        "value": float(value),
        "derivative": float(derivative),
        "saturated": float((slopes.abs() < state["threshold"]).double().mean()),
        "curve": curve.tolist(),
        "slopes": slopes.tolist(),
        "outputs": outputs,
        "gradients": gradients,
        "rival": chain(state["rival"], state, at)[1],
    }


def activated(name, x, state):
    return getattr(cnnref, name)(x, **({"negative_slope": state["slope"]} if name == "leaky_relu" else {}))


def differentiated(function, x):
    x = x.clone().requires_grad_()
    y = function(x)
    y.sum().backward()
    return y.detach(), x.grad


def chain(name, state, x):
    """The output of every layer, and its derivative by x."""

    def through(layers):
        def deep(h):
            for _ in range(layers):
                h = activated(name, state["weight"] * h + state["bias"], state)
            return h

        return deep

    pairs = [differentiated(through(n), x) for n in range(1, state["layers"] + 1)]
    return [float(y) for y, _ in pairs], [float(g) for _, g in pairs]
