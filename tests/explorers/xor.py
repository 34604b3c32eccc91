"""The small network: every weight, output and loss of its training comes from cnnref's operators and gradients."""

import numpy as np

import cnnref
from cnnref import cross_entropy, gradients, linear, softmax

PAGE = "non-linearity/"
MOVES = [
    "",
    "activation:identity",
    "activation:tanh;seed:0;steps:300",
    "activation:sigmoid;rate:2;seed:3;units:4",
    "seed:7;units:1;steps:0",
    "activation:identity;target:false,false,false,true;rate:1.5",
    "activation:tanh;target:true,false,false,true;units:3;steps:120",
]

CORNERS = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])


def state(draw):
    length = draw.random()  # few long runs: a step by cnnref takes a millisecond, and there are hundreds of states
    most = 200 if length < 0.005 else 8 if length < 0.1 else 2
    return {
        "target": [draw.random() < 0.5 for _ in CORNERS] if draw.random() < 0.3 else [False, True, True, False],
        "activation": draw.choice(["identity", "relu", "tanh", "sigmoid"]),
        "steps": 10 * (most if most == 200 else draw.randint(0, most)),
        "seed": draw.randint(0, 9),
        "units": draw.randint(1, 4),
        "rate": draw.randint(1, 20) / 10,
    }


def begin(seed, units):
    """Lehmer's generator, in hundredths from -1 to 1."""
    numbers, last = [], seed + 1
    for _ in range(4 * units + 1):
        last = last * 16807 % (2**31 - 1)
        numbers.append((last % 201 - 100) / 100)
    w, b, v = np.split(np.array(numbers[:-1]), [2 * units, 3 * units])
    return w.reshape(units, 2), b, v, np.array(numbers[-1])


def bend(activation):
    """An activation and its gradient."""
    if activation == "identity":
        return (lambda z: z), (lambda grad, z: grad)
    return getattr(cnnref, activation), getattr(gradients, activation)


def step(net, function, target, rate):
    """Where the weights are after a step, and what the network said before it."""
    w, b, v, c = net
    f, slope = function
    z = linear(CORNERS, w, b)
    a = f(z)
    score = linear(a, v, c)
    scores = np.stack([0 * score, score], axis=1)
    grad = gradients.cross_entropy(np.array(1.0), scores, target)[:, 1]
    grad_a, grad_v, grad_c = gradients.linear(grad, a, v, c)
    _, grad_w, grad_b = gradients.linear(slope(grad_a, z), CORNERS, w, b)
    moved = [p - rate * g for p, g in zip(net, (grad_w, grad_b, grad_v, grad_c), strict=True)]
    return moved, (a, scores)


def numbers(state):
    function, target = bend(state["activation"]), np.array(state["target"], int)
    after, losses = begin(state["seed"], state["units"]), []
    for k in range(state["steps"] + 1):
        net = after
        after, (a, scores) = step(net, function, target, state["rate"])
        if k % 10 == 0:
            losses.append(float(cross_entropy(scores, target)))
    output = softmax(scores, dim=1)[:, 1]
    return {
        **{key: value.tolist() for key, value in zip("wbvc", net, strict=True)},
        "hidden": a.tolist(),
        "outputs": output.tolist(),
        "loss": losses[-1],
        "right": (abs(output - target) < 0.4).tolist(),
        "dead": int((a == 0).all(axis=0).sum()),
        "losses": losses,
    }
