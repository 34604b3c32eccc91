// XOR, learned: a network with one hidden layer goes down the slope of its loss.

import { draw, explore, listed, paint, playing, range, rounded, shown, sum } from "./explorer.js";

const corners = [[0, 0], [0, 1], [1, 0], [1, 1]];
const sigmoid = (z) => 1 / (1 + Math.exp(-z));
const bends = { // and slopes, by the output
  identity: [(z) => z, () => 1],
  relu: [(z) => Math.max(z, 0), (h) => +(h > 0)],
  tanh: [Math.tanh, (h) => 1 - h * h],
  sigmoid: [sigmoid, (h) => h * (1 - h)],
};

/** First weights, from -1 to 1, by Lehmer's generator. */
function begin({ seed, units }) {
  let last = seed + 1;
  const next = () => (((last = (last * 16807) % 2147483647) % 201) - 100) / 100, each = (make) => range(units).map(make);
  return { w: each(() => [next(), next()]), b: each(next), v: each(next), c: next() };
}

const behind = ({ w, b }, [x, y], activation) => w.map(([p, q], i) => bends[activation][0](p * x + q * y + b[i]));
const scoreOf = ({ v, c }, hidden) => sum(v.map((p, i) => p * hidden[i])) + c;

/** A network with what it says of the corners. */
function told(net, { activation, target }) {
  const hidden = corners.map((x) => behind(net, x, activation)), scores = hidden.map((row) => scoreOf(net, row));
  return { ...net, hidden, outputs: scores.map(sigmoid), loss: sum(scores.map((s, n) => Math.log1p(Math.exp(target[n] ? -s : s)))) / 4 };
}

/** One step down the slope of the mean cross-entropy. */
function step({ w, b, v, c, hidden, outputs }, state) {
  const g = outputs.map((y, n) => (state.rate * (y - state.target[n])) / 4), slope = bends[state.activation][1];
  const back = v.map((p, i) => g.map((d, n) => d * p * slope(hidden[n][i])));
  return told({
    w: w.map((row, i) => row.map((p, j) => p - sum(back[i].map((d, n) => d * corners[n][j])))),
    b: b.map((p, i) => p - sum(back[i])),
    v: v.map((p, i) => p - sum(g.map((d, n) => d * hidden[n][i]))),
    c: c - sum(g),
  }, state);
}

let trained, way; // kept, so that sliding back costs nothing

export function numbers({ steps, ...state }) {
  const key = JSON.stringify(state), last = steps / 10;
  if (key !== trained) [trained, way] = [key, [told(begin(state), state)]];
  while (way.length <= last) way.push(range(10).reduce((net) => step(net, state), way.at(-1)));
  const net = way[last], right = net.outputs.map((y, n) => Math.abs(y - state.target[n]) < 0.4);
  const dead = net.b.filter((_, i) => net.hidden.every((row) => row[i] === 0)).length;
  return { ...net, right, dead, losses: way.slice(0, last + 1).map(({ loss }) => loss) };
}

export function python(state, { outputs, loss }) {
  const { activation, target, steps, seed, rate } = state, { w, b, v, c } = begin(state), plain = activation === "identity";
  const bent = (z) => (plain ? z : `F.${activation}(${z})`);
  return [`import cnnref as F
import numpy as np

x = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
t = np.array([${target.map(Number).join(", ")}])
w, b = np.array(${listed(w)}), np.array(${listed(b)})  # seed ${seed}
v, c = np.array(${listed(v)}), np.array(${rounded(c)})
for _ in range(${steps}):
    z = F.linear(x, w, b)
    a = ${bent("z")}
    grad = (F.sigmoid(F.linear(a, v, c)) - t) / 4  # of the mean cross-entropy
    grad, dv, dc = F.gradients.linear(grad, a, v, c)
    _, dw, db = F.gradients.linear(${plain ? "grad" : `F.gradients.${activation}(grad, z)`}, x, w, b)
    w, b, v, c = w - ${rate} * dw, b - ${rate} * db, v - ${rate} * dv, c - ${rate} * dc
score = F.linear(${bent("F.linear(x, w, b)")}, v, c)
print([round(y, 3) for y in F.sigmoid(score).tolist()])
print(round(float(F.cross_entropy(np.stack([0 * score, score], axis=1), t)), 4))`, listed(outputs, 3), rounded(loss)];
}

function show(state, found, { form: { elements }, part, word }) {
  const { w, b, v, c, outputs, losses, right } = found, { target, activation, units } = state;
  const answer = (h) => sigmoid(scoreOf(found, h)), fold = (x) => behind(found, x, activation);

  // A square about `middle`, y upward: answers as colors, lines, points.
  const plane = (name, middle, span, says, lines, places) => {
    const to = (at) => middle.map((m, i) => 3 + ((i ? -6 : 6) * ((at[i] ?? 0) - m)) / span), side = (i) => ((i - 29.5) / 60) * span;
    const pixels = range(60).map((i) => range(60).map((j) => says([middle[0] + side(j), middle[1] - side(i)]) - 0.5));
    const point = (at, n) => {
      const [x, y] = to(at), mark = draw("rect", { class: `is-${target[n]}`, x: x - 0.25, y: y - 0.25, width: 0.5, height: 0.5, rx: 0.25 * target[n] });
      mark.onclick = () => elements.target[n].click();
      return [mark, draw("text", { class: "plain", x: x - 0.7 + 1.4 * (n > 1), y: y + 0.3 - 0.6 * (n % 2) }, corners[n].join(""))];
    };
    paint(part(`${name}-pixels`), pixels, { low: -1.1, signed: true, colors: [[0, 114, 178], [230, 92, 20]] });
    part(name).replaceChildren(...lines.map((points) => draw("polyline", { class: name, points: points.map(to).join(" ") })), ...places.flatMap(point));
  };
  plane("input", [0.5, 0.5], 2, (x) => answer(fold(x)), w.map(([p, q], i) => [-99, 99].map((t) => [-b[i] * p - t * q, t * p - b[i] * q].map((at) => at / (p * p + q * q || 1)))), corners);
  const grid = range(10).map((k) => range(25).map((i) => fold(k % 2 ? [(k - 1) / 8, i / 24] : [i / 24, k / 8])));
  const [low, high] = [Math.min, Math.max].map((end) => [0, 1].map((i) => end(...found.hidden.map((h) => h[i] ?? 0))));
  plane("hidden", low.map((at, i) => (at + high[i]) / 2), Math.max(0.2, high[0] - low[0], high[1] - low[1]) * 1.7, units < 3 ? answer : () => 0.5, grid, found.hidden);

  const at = losses.map((loss, i) => [0.06 * i, Math.max(0, 4 - loss / 0.3)]);
  part("loss").setAttribute("points", at.join(" "));
  part("now").setAttribute("transform", `translate(${at.at(-1)})`);
  outputs.forEach((y, n) => (part(`output-${n}`).textContent = `${y.toFixed(3)} ${right[n] ? "✓" : "✗"}`));
  const terms = (weights, name, bias) => [...weights.map((p, i) => `${shown(p)} ${name}${"₁₂₃₄"[i]}`), shown(bias)].join(" + ").replaceAll("+ −", "− ");
  part("weights").textContent = [...w.map((row, i) => `h${"₁₂₃₄"[i]} = ${activation.replace("identity", "")}(${terms(row, "x", b[i])})`), `y = sigmoid(${terms(v, "h", c)})`].join("\n");
  part("preset").value = target;
  const good = sum(right.map(Number)), verdict = activation === "identity" ? "straight" : good === 4 ? "parted" : found.dead ? "dead" : "open";
  return word("says", elements.activation.selectedOptions[0].text, units, state.steps, shown(found.loss, 3), good, word(verdict, found.dead));
}

function start({ form, part, set, update }) {
  playing(part("play"), () => {
    const { valueAsNumber: now, max } = form.elements.steps, next = now < max ? now + 10 * Math.ceil((now + 1) / 200) : 0;
    set("steps", next);
    update();
    return next < max;
  }, 120);
  part("preset").oninput = ({ target }) => set("target", target.value.split(",")); // before the form hears of it
}

explore("xor", { numbers, python, show, start });
