// Min-max beside softmax: the same scores as places in a range and as shares of one.

import { draw, explore, listed, pointed, range, rounded, shown, sum } from "./explorer.js";

const WIDE = 5; // a drawing, in rows
const share = (z) => z.map((v) => Math.exp(v) / sum(z.map(Math.exp)));

/** Infinity and nan by name: JSON has none. */
const named = (v) => (Array.isArray(v) ? v.map(named) : Number.isFinite(v) ? v : rounded(v));

/** The scores stretched, moved, the last one pushed. */
const inputs = ({ score, count, scale, shift, outlier }) => range(count).map((i) => scale * score[i] + shift + (i === count - 1 ? outlier : 0));

export function numbers(state) {
  const { temperature: t, low, high, naive } = state, x = inputs(state), target = Math.min(state.target, state.count) - 1;
  const least = Math.min(...x), most = Math.max(...x), z = x.map((v) => v / t), below = z.map((v) => v - most / t);
  const places = x.map((v) => (v - least) / (most - least || 1)).map((at) => low * (1 - at) + high * at);
  const stable = share(x.map((v) => (v - most) / t)), p = naive ? share(z) : stable;
  const log = naive ? p.map(Math.log) : below.map((v) => v - Math.log(sum(below.map(Math.exp))));
  const gradient = (naive ? p : share(below)).map((v, i) => v - (i === target ? 1 : 0));
  const entropy = sum(p.map((v, i) => v * -log[i])), ratio = Math.exp(log[1] - log[0]), loss = 0 - log[target];
  const found = { x, places, stable, p, log, gradient, target, entropy, ratio, loss, total: sum(z.map(Math.exp)) };
  return Object.fromEntries(Object.entries(found).map(([key, value]) => [key, named(value)]));
}

const unless = (write) => (v) => (typeof v === "string" ? v : write(v));
const printed = (v) => (Array.isArray(v) ? `[${v.map(printed).join(", ")}]` : unless(rounded)(v));

/** As f"{x:.3g}" in Python. */
const brief = unless((x) => {
  const [digits, power] = x.toExponential(2).split("e");
  return power < -4 || power > 2 ? `${+digits}e${power[0]}${power.slice(1).padStart(2, 0)}` : String(+x.toPrecision(3));
});

/** In four digits; no share looks like 0 or 1 that is none. */
const short = unless((v) => (v && Math.abs(v) < 1e-4 ? brief(v).replace(/^-/, "−") : v > 0.99995 && v < 1 ? "0.9999…" : shown(v, 4)));

export function python(state, { places, stable, p, log, gradient, target, entropy, ratio, loss }) {
  const { score, count, scale, shift, outlier, temperature: t, low, high, naive } = state, z = t === 1 ? "x" : `x / ${t}`;
  const quiet = naive || ratio === "inf" ? `np.seterr(all="ignore")  # inf and nan are the message\n` : "";
  const moved = [scale !== 1 && `x = ${scale} * x`, shift && `x += ${shift}`, outlier && `x[-1] += ${outlier}`].filter(Boolean);
  const given = [`x = np.array(${listed(score.slice(0, count))})`, ...moved, `target = np.array(${target})  # class ${target + 1}`].join("\n");
  const scaled = `min_max(x${low === 0 && high === 1 ? "" : `, feature_range=(${low}, ${high})`})`, shares = `softmax(x, dim=0${t === 1 ? "" : `, temperature=${t}`})`;
  const work = naive
    ? `e = np.exp(${z})  # without subtracting the maximum\np = e / e.sum()\nlog_p, loss = np.log(p), np.log(1 / p[target])\ngradient = p - np.eye(${count})[target]`
    : `p, log_p = ${shares}, log_softmax(${z}, dim=0)\nloss = cross_entropy(${z}, target)\ngradient = gradients.cross_entropy(np.array(1.0), ${z}, target)`;
  const lists = `for values in (${scaled}, ${naive ? `${shares}, ` : ""}p, log_p, gradient):\n    print([round(v, 4) for v in values.tolist()])`;
  const rest = `print(round(float((p * -log_p).sum()), 4), round(float(loss), 4), f"{np.exp(log_p[1] - log_p[0]):.3g}")`;
  const lines = [places, ...(naive ? [stable] : []), p, log, gradient].map(printed);
  return [`import numpy as np\nfrom cnnref import ${naive ? "" : "cross_entropy, gradients, log_softmax, "}min_max, softmax\n\n${quiet}${given}\n${work}\n${lists}\n${rest}`, ...lines, [entropy, loss].map(printed).concat(brief(ratio)).join(" ")];
}

function show(state, found, { form, part, word }) {
  const { count, temperature, score, low, high, naive } = state, { x, places, stable, p, log, gradient, target, entropy } = found;
  form.elements.score.forEach((field, i) => (field.parentElement.hidden = i >= count));
  form.elements.target.max = count;
  part("handle").value = Math.log10(temperature);
  part("handle").ariaValueText = temperature;

  const place = (v) => (v + 10) / 20, at = (name, i) => name + "₁₂₃₄₅₆"[i] + " ";
  bars(part("scores"), 0.5, x.map(place), (i) => at("x", i) + short(score[i]) + (x[i] === score[i] ? "" : ` → ${short(x[i])}`), undefined, score.slice(0, count).map(place));
  bars(part("places"), 0, places.map((v) => (v - low) / (high - low)), (i) => at("x′", i) + short(places[i]));
  bars(part("shares"), 0, p, (i) => at("p", i) + short(p[i]), (i) => unless((v) => short(+v.toPrecision(5)))(log[i]));
  bars(part("gradients"), 0.5, gradient.map((v) => (v + 1) / 2), (i) => short(gradient[i]), (i) => `${at("y", i)}= ${+(i === target)}`);

  const first = x.indexOf(Math.max(...x));
  if (naive && !(Math.abs(sum(p) - 1) < 1e-9))
    return word("broken", short(x[first] / temperature), brief(found.total), first + 1, ...[p, stable].map((v) => short(v[first])));
  if (new Set(x).size === 1) return word("equal", count, short(p[0]), short(entropy), short(found.loss), shown(low));
  return word("says", first + 1, short(p[first]), brief(found.ratio), short(entropy), short(Math.log(count)), target + 1, short(found.loss));
}

/** A row for each class: a track, on it a bar from `zero` to its end (in parts of the width), and words above. */
function bars(svg, zero, ends, left, right = () => "", knobs = []) {
  const rect = (name, from, to, y) => draw("rect", { class: name, x: WIDE * from, y, width: WIDE * (to - from), height: 0.3 });
  const text = (name, x, y, said) => draw("text", { class: name, x, y }, said);
  const row = (end, i) => {
    const to = Number.isFinite(end) ? Math.max(0, Math.min(end, 1)) : zero, bar = rect(to < zero ? "minus" : "plus", Math.min(zero, to), Math.max(zero, to), i + 0.5);
    return [rect("track", 0, 1, i + 0.5), bar, rect("zero", zero, zero + 0.01, i + 0.5), text("left", 0, i + 0.25, left(i)), text("right", WIDE, i + 0.25, right(i))];
  };
  svg.setAttribute("viewBox", `0 0 ${WIDE} ${ends.length}`);
  svg.replaceChildren(...ends.flatMap(row), ...knobs.map((at, i) => draw("circle", { class: "knob", cx: WIDE * at, cy: i + 0.65, r: 0.18 })));
}

function start({ form, part, set, update }) {
  let row;
  part("scores").addEventListener("pointerdown", () => (row = null)); // a drag keeps to its first row
  pointed(part("scores"), (x, y) => {
    row ??= Math.max(0, Math.min(Math.floor(y), form.elements.count.value - 1));
    form.elements.score[row].value = (20 * x) / WIDE - 10; // which the field rounds and limits
    update();
  });
  part("handle").addEventListener("input", ({ target }) => set("temperature", +(10 ** target.value).toPrecision(2)));
}

explore("softmax", { numbers, python, show, start });
