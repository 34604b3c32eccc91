// Batch normalization: a batch on three number lines, and what the running statistics remember of it.

import { draw, explore, listed, pointed, range, rounded, shown, stateOf, sum } from "./explorer.js";

const ORIGINAL = [2, 4, 4, 4, 5, 5, 7, 9]; // the batch of the chapter; rings show what becomes of it
const LEVELS = [3.4, 8.8, 13.4], place = (v) => Math.min(18, Math.max(-8, v));

const meanOf = (values) => sum(values) / values.length;

/** Mean and variance in the order of cnnref, so that both round alike; `rest` is what rounding left of the mean. */
function moments(x) {
  const mean = meanOf(x), deviations = x.map((v) => v - mean), rest = meanOf(deviations);
  return { mean, rest, variance: meanOf(deviations.map((d) => d * d)) - rest * rest };
}

/** A batch as it comes, standardized, scaled and shifted. */
function linesOf(x, { mean, rest, variance }, { eps, gamma, beta }) {
  const factor = 1 / Math.sqrt(variance + Number(eps)), scaled = (by, shift) => x.map((v) => (v - mean) * by + (shift - rest * by));
  return [x, scaled(factor, 0), scaled(gamma * factor, beta)];
}

export function numbers(state) {
  const { size, steps, momentum } = state, training = state.mode === "training", refused = training && size < 2;
  const batches = [state.x, ORIGINAL].map((all) => all.slice(0, size)), { mean, rest, variance } = moments(batches[0]), unbiased = variance * (size / (size - 1 || 1));
  let running = [state.mean, state.variance];
  for (const _ of range(training && !refused && steps)) running = [mean + rest, unbiased].map((to, i) => (1 - momentum) * running[i] + momentum * to);
  const used = (batch) => (training ? moments(batch) : { mean: running[0], rest: 0, variance: running[1] });
  const [lines, rings] = batches.map((batch) => (refused ? [batch] : linesOf(batch, used(batch), state)));
  return { mean, variance, unbiased, running, lines, rings, marks: lines.map(moments).map((of) => [of.mean, Math.sqrt(Math.abs(of.variance))]) };
}

export function python(state, { mean, variance, running, lines, marks }) {
  const training = state.mode === "training", array = (v) => `np.array(${listed([v], 12)})`, tidy = (v) => Number(rounded(v)) + 0;
  const head = `import numpy as np\nfrom cnnref import batch_norm\n\nx = np.array(${listed(lines[0])})[:, None]  # one channel`;
  if (!lines[1]) return [`${head}\ntry:\n    batch_norm(x, None, None, training=True)\nexcept ValueError as error:\n    print(error)`, "input must hold more than one value per channel in training, got shape (1, 1)"];
  const code = `${head}\ngamma, beta = ${array(state.gamma)}, ${array(state.beta)}
mean, var = ${array(state.mean)}, ${array(state.variance)}
${training ? `for _ in range(${state.steps}):\n    batch_norm(x, mean, var, training=True, momentum=${state.momentum})` : ""}
y = batch_norm(x, ${training ? "None, None, gamma, beta, training=True" : "mean, var, gamma, beta"}, eps=${state.eps})

for values in (x.mean(), x.var()), y[:, 0], (y.mean(), y.std()), (mean[0], var[0]):
    print([round(float(v), 4) + 0.0 for v in values])  # + 0.0: no -0.0`;
  return [code, ...[[mean, variance], lines[2], marks[2], running].map((values) => listed(values.map(tidy)))];
}

/** Equal values lie upon each other. */
const heights = (line, y) => line.map((v, i) => y - 0.45 - 0.7 * Math.min(3, sum(line.slice(0, i).map((w) => w === v))));

/** A value on its line, or an arrow where it lies beyond the edge. */
const bead = (name, v, y) => (v === place(v) ? draw("circle", { class: name, cx: v, cy: y, r: 0.36 }) : draw("text", { class: name, x: place(v), y }, v < 0 ? "◀" : "▶"));

/** From one standard deviation below the mean to one above; full where it is the one in use. */
function band(mean, std, y, used) {
  const x = place(mean - std), width = place(mean + std) - x;
  return [draw("rect", { class: used ? "bead" : "hollow", x, y, width, height: 0.4 }), draw("path", { class: "mean", d: `M${mean} ${y - 0.15}v.7` })];
}

function show(state, { lines, rings, marks, mean, variance, unbiased, running }, { form, part, word }) {
  const training = state.mode === "training";
  form.elements.x.forEach((field, i) => (field.disabled = i >= state.size));
  for (const name of ["steps", "momentum"]) form.elements[name].disabled = !training;

  const moved = lines.map((line, k) => range(state.size).filter((i) => Math.abs(line[i] - rings[k][i]) > 1e-9));
  const strips = lines.map((line, k) => {
    const y = LEVELS[k], ys = heights(line, y), label = draw("text", { class: "left", x: -8.4, y: y - 2.7 }, word(`line-${k}`, ...marks[k].map((v) => shown(v))));
    const trails = moved[k].flatMap((i) => [draw("path", { class: "hollow", d: `M${place(rings[k][i])} ${ys[i]}H${place(line[i])}` }), bead("hollow", rings[k][i], ys[i])]);
    const memory = k ? [] : band(running[0], Math.sqrt(running[1]), y + 1.25, !training);
    return draw("g", { class: ["one", "two", "three"][k] }, ...trails, ...line.map((v, i) => bead("bead", v, ys[i])), ...band(...marks[k], y + 0.5, k || training), ...memory, label);
  });
  part("lines").replaceChildren(...strips);

  if (!lines[1]) return word("refused", shown(mean));
  const said = word(state.mode, ...[mean, variance, ...marks[2], ...running, state.steps, state.mean, state.variance, unbiased].map((v) => shown(v)));
  return moved[0].length ? word("moved", said, moved[0].length, moved[2].length) : said;
}

function start({ form, part, set, update }) {
  let held, trained;
  part("board").addEventListener("pointerdown", () => (held = null));
  pointed(part("board"), (x, y) => {
    const state = stateOf(form), far = (i) => Math.abs(state.x[i] - x);
    if (y < 5.8) held ??= range(state.size).sort((a, b) => far(a) - far(b))[0];
    if (held != null) form.elements.x[held].value = x, update();
  });
  // Inference takes over what was learned; back in training everything is as it was.
  const take = (mean, variance, steps) => (set("mean", mean), set("variance", variance), set("steps", steps), update());
  form.addEventListener("reset", () => (trained = null));
  form.addEventListener("change", ({ target }) => {
    if (target.name !== "mode" || (target.value === "training" && !trained)) return;
    if (target.value === "training") return take(...trained);
    const { mean, variance, steps, ...state } = stateOf(form), { running } = numbers({ ...state, mean, variance, steps, mode: "training" });
    trained = [mean, variance, steps];
    take(...running.map((v) => rounded(v)), 0);
  });
}

explore("batch-norm", { numbers, python, show, start });
