// Activation functions: value and derivative at a point, where they saturate, and what ten layers leave of a gradient.

import { draw, explore, listed, pointed, range, rounded, shown, sum } from "./explorer.js";

const { abs, exp, expm1, log1p, max, PI, sqrt } = Math;
const sigmoid = (x) => (x < 0 ? exp(x) : 1) / (1 + exp(-abs(x)));

/** 1 - erf: a series near 0, further out a continued fraction, so that the tail keeps its digits. */
function erfc(x) {
  if (x < 0) return 2 - erfc(-x);
  if (x > 2) return exp(-x * x) / sqrt(PI) / range(60).reduceRight((tail, k) => x + (k + 1) / 2 / tail, x);
  let term = x, series = x;
  for (let n = 1; n < 40; n++) series += (term *= (-x * x) / n) / (2 * n + 1);
  return 1 - (2 / sqrt(PI)) * series;
}

const normal = (x) => erfc(-x / sqrt(2)) / 2;

// Name: the function, its derivative, and both in Python.
const FUNCTIONS = {
  relu: [(x) => max(x, 0), (x) => +(x > 0), "relu(z)", "gradients.relu(np.ones_like(z), z)"],
  leaky_relu: [(x, slope) => (x > 0 ? x : slope * x), (x, slope) => (x > 0 ? 1 : slope), "leaky_relu(z, {slope})", "gradients.leaky_relu(np.ones_like(z), z, {slope})"],
  elu: [(x) => (x > 0 ? x : expm1(x)), (x) => (x > 0 ? 1 : exp(x)), "elu(z)", "np.exp(np.minimum(z, 0))"],
  softplus: [(x) => max(x, 0) + log1p(exp(-abs(x))), sigmoid, "softplus(z)", "sigmoid(z)"],
  sigmoid: [sigmoid, (x) => sigmoid(x) * sigmoid(-x), "sigmoid(z)", "gradients.sigmoid(np.ones_like(z), z)"],
  tanh: [Math.tanh, (x) => 4 * sigmoid(2 * x) * sigmoid(-2 * x), "tanh(z)", "gradients.tanh(np.ones_like(z), z)"],
  gelu: [(x) => x * normal(x), (x) => normal(x) + (x * exp((-x * x) / 2)) / sqrt(2 * PI), "gelu(z)", "erfc(-z / 2**0.5) / 2 + z * np.exp(-z * z / 2) / (2 * np.pi) ** 0.5"],
  silu: [(x) => x * sigmoid(x), (x) => sigmoid(x) + x * sigmoid(x) * sigmoid(-x), "silu(z)", "sigmoid(z) + z * sigmoid(z) * sigmoid(-z)"],
};
const GRID = range(161).map((i) => (i - 80) / 20);

/** What each layer puts out, and its derivative by x: one factor w f'(z) a layer. */
function chain(name, { x, layers, weight, bias, slope }) {
  const [f, derivative] = FUNCTIONS[name], outputs = [], gradients = [];
  for (let h = x, g = 1; outputs.length < layers; outputs.push(h), gradients.push(g)) {
    const z = weight * h + bias;
    [h, g] = [f(z, slope), g * weight * derivative(z, slope)];
  }
  return { outputs, gradients };
}

export function numbers(state) {
  const [f, derivative] = FUNCTIONS[state.function], at = (x) => derivative(x, state.slope);
  return {
    value: f(state.x, state.slope),
    derivative: at(state.x),
    saturated: sum(GRID.map((x) => +(abs(at(x)) < state.threshold))) / GRID.length,
    curve: GRID.map((x) => f(x, state.slope)),
    slopes: GRID.map(at),
    ...chain(state.function, state),
    rival: chain(state.rival, state).gradients,
  };
}

/** As Python prints `f"{x:.2e}"`: a tie goes to the even digit. */
function scientific(x) {
  const [exact, power] = x.toExponential(60).split("e"), even = /^-?\d\.\d[02468]50*$/.test(exact);
  const text = even ? `${exact.slice(0, -58)}e${power}` : x.toExponential(2);
  return text.replace(/([+-])(\d)$/, "$10$2");
}

export function python({ function: name, x, layers, weight, bias, slope }, { value, derivative, outputs, gradients }) {
  const [f, back] = FUNCTIONS[name].slice(2).map((code) => code.replace("{slope}", slope)), used = `${f} ${back}`;
  const imports = ["gradients", ...Object.keys(FUNCTIONS)].filter((word) => RegExp(`(?<![.\\w])${word}\\b`).test(used)).sort();
  const code = `${used.includes("erfc") ? "from math import erfc\n" : ""}import numpy as np
from cnnref import ${imports.join(", ")}

def f(z):
    return ${f}

def derivative(z):
    return ${back}

x = np.array(${rounded(x)})
print(round(float(f(x)), 4), round(float(derivative(x)), 4))

h, g, outputs = x, 1.0, []
for layer in range(${layers}):
    z = ${rounded(weight)} * h + ${rounded(bias)}
    h, g = f(z), g * ${rounded(weight)} * derivative(z)
    outputs.append(round(float(h), 4))
print(outputs)
print(f"{float(g) + 0:.2e}")`;
  return [code, `${rounded(value)} ${rounded(derivative)}`, listed(outputs), scientific(gradients.at(-1) + 0)];
}

const line = (name, ...points) => draw("polyline", { class: name, points: points.map(([x, y]) => `${x},${-y}`).join(" ") });
const ten = (power) => "10" + String(power).replace("-", "⁻").replace(/\d/g, (digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit]);
const small = (x) => (abs(x) >= 0.001 || x === 0 ? shown(x, 3) : scientific(x).replace(/^-/, "−").replace(/e(.*)/, (_, power) => `×${ten(+power)}`));

function show(state, found, { part, form, word }) {
  const { x, threshold } = state, { value, derivative, slopes, curve, outputs, gradients, rival } = found;
  form.elements.slope.parentElement.hidden = ![state.function, state.rival].includes("leaky_relu");
  const gray = GRID.flatMap((at, i) => (abs(slopes[i]) < threshold ? [draw("rect", { class: "shade", x: at - 0.025, y: -2.7, width: 0.05, height: 4.4 })] : []));
  part("curve").replaceChildren(
    ...gray, line("axis", [-4.2, 0], [4.2, 0]), line("axis", [0, -1.7], [0, 2.7]), line("axis", [-4.2, 1], [4.2, 1]),
    line("line", ...GRID.map((at, i) => [at, curve[i]])), line("line two", ...GRID.map((at, i) => [at, slopes[i]])),
    line("tangent", [x - 1, value - derivative], [x + 1, value + derivative]), line("tangent", [x, -1.7], [x, 2.7]),
    draw("circle", { class: "dot", cx: x, cy: -value, r: 0.1 }), ...[-4, -2, 2, 4].map((at) => draw("text", { x: at - 0.1 * Math.sign(at), y: 0.3 }, shown(at))), draw("text", { x: 0.25, y: -1.25 }, "1"),
  );
  // From 10² down to 10⁻¹⁰, and a line of its own for 0.
  const up = (g) => (g ? max(-10, Math.min(2, Math.log10(abs(g)))) : -12) / 2, place = (g, i) => [i + 1, up(g) - 1];
  const rules = [2, 0, -2, -4, -6, -8, -10, -12].flatMap((power) => [line("axis", [0.4, power / 2 - 1], [10.6, power / 2 - 1]), draw("text", { x: -0.5, y: 1 - power / 2 }, power < -10 ? "0" : power ? ten(power) : "1")]);
  part("chain").replaceChildren(...rules, line("line two", ...rival.map(place)), line("line", ...gradients.map(place)),
    ...rival.map((g, i) => draw("circle", { class: "ring", cx: i + 1, cy: -place(g, i)[1], r: 0.2 })), ...gradients.map((g, i) => draw("circle", { class: "dot", cx: i + 1, cy: -place(g, i)[1], r: 0.13 })));
  part("outputs").textContent = `h: ${[x, ...outputs].map((h) => shown(h, 3)).join(" → ")}`;
  const kind = word(abs(derivative) < threshold ? "saturated" : "alive");
  return word("says", shown(x, 1), shown(value, 4), shown(derivative, 4), kind, shown(100 * found.saturated, 0), outputs.length, small(gradients.at(-1)), small(rival.at(-1)));
}

const start = ({ part, set, update }) => pointed(part("curve"), (x) => (set("x", Math.round(10 * max(-4, Math.min(4, x))) / 10), update()));

explore("activations", { numbers, python, show, start });
