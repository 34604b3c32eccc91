"""The effective receptive field, measured by gradients (Luo et al. 2016)."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

from cnnref._layers import checked


@dataclass(frozen=True)
class EffectiveField:
    """How strongly each input position moves one unit; see `cnnref.receptive_field.effective`."""

    map: Any  # a torch.Tensor: torch is optional
    mass: float

    @property
    def radius(self) -> float:
        """Of the smallest disc around the center of mass that holds `mass` of the map."""
        return self._radius(self.mass)

    def _radius(self, mass: float) -> float:
        places = grid(self.map.shape)
        center = [(self.map * place).sum() for place in places]
        distance = sum((place - c) ** 2 for place, c in zip(places, center, strict=True)).sqrt().flatten()
        order = distance.argsort()
        held = self.map.flatten()[order].cumsum(0)
        return float(distance[order[min(int((held < mass).sum()), len(order) - 1)]])

    @property
    def size(self) -> float:
        """Side of the square that has as many positions as lie above `1 - mass` of the greatest."""
        above = self.map.sqrt() > (1 - self.mass) * self.map.sqrt().max()
        return float(above.sum()) ** (1 / self.map.ndim)

    @property
    def support(self) -> tuple[int, ...]:
        """Positions from the first to the last that moved the unit at all, along each axis."""
        touched = self.map.nonzero()
        return tuple((touched.max(0).values - touched.min(0).values + 1).tolist())


def grid(shape):
    import torch

    return torch.meshgrid(*(torch.arange(n, dtype=torch.float64) for n in shape), indexing="ij")


def measured(module, input_size, *, channels=None, samples=32, seeds=(0,), mass=0.9545, unit=None) -> EffectiveField:
    import torch

    size = checked("input_size", input_size, 1)
    size = (size, size) if isinstance(size, int) else size
    if not isinstance(samples, int) or samples < 1:
        raise ValueError(f"samples must be an int of at least 1, got {samples!r}")
    if not 0 < mass < 1:
        raise ValueError(f"mass must lie between 0 and 1, got {mass}")
    if not seeds:
        raise ValueError(f"seeds must hold at least one seed, got {seeds!r}")
    total = sum(influence(network(module, seed), size, channels, samples, seed, unit) for seed in seeds)
    if not torch.count_nonzero(total):
        raise ValueError("module must pass a gradient to its input, got none")
    return EffectiveField(total / total.sum(), mass)


def network(module, seed: int):
    """The module to measure: a copy of the given one, or a new one from the function that makes it."""
    import torch

    if not isinstance(module, torch.nn.Module) and callable(module):
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            made = module()
        if isinstance(made, torch.nn.Module):
            return made.eval()
    elif isinstance(module, torch.nn.Module):
        return copy.deepcopy(module).eval()
    raise TypeError(f"module must be a torch.nn.Module or a function that makes one, got {type(module).__name__}")


def influence(module, size, channels, samples, seed, unit):
    """Squared gradients at the input, summed over channels and inputs, one backward pass for each input."""
    import torch

    weight = next(module.parameters(), torch.zeros(()))
    shape = (samples, channels or input_channels(module), *size)
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(shape, generator=generator).to(weight).requires_grad_()
    y = module(x)
    place = tuple(n // 2 for n in y.shape[2:]) if unit is None else unit
    y = y[(slice(None), slice(None), *place)]
    direction = torch.randn(y.shape, generator=generator).to(y)
    (gradient,) = torch.autograd.grad((y * direction).sum(), x)
    return gradient.double().square().sum((0, 1)).cpu()


def input_channels(module) -> int:
    """The channels that the first convolution expects; 1 if there is none."""
    convolutions = (m for m in module.modules() if hasattr(m, "in_channels"))
    return next((m.in_channels for m in convolutions), 1)
