// Pooling: a picture, moved and noisy, beside the original: what is left of both, and which pixels have a say.

import { board, box, draw, explore, framed, listed, pointed, range, rounded, shown, sum } from "./explorer.js";
import { pictures } from "./pictures.js";

const each = (rows, value) => rows.map((row, i) => row.map((v, j) => value(v, i, j)));

/** A picture in percent: whole numbers add exactly. */
function imageOf(name) {
  const rows = pictures[name] ?? range(8).map(() => [1, 1, 0, 0, 1, 1, 0, 0]), high = Math.max(...rows.flat());
  return each(rows, (v) => Math.round((100 * v) / high));
}

/** Moved, its edge repeated; then noise: for a pixel twelve numbers of a small generator, their sum nearly Gaussian. */
function disturbed(image, { right, down, noise, strength, seed }) {
  const near = (i) => Math.max(0, Math.min(i, image.length - 1));
  let last = 48271 * seed;
  return each(image, (_, i, j) => {
    const value = image[near(i - down)][near(j - right)], drawn = range(12).map(() => (last = (48271 * last) % 2147483647) / 2147483647);
    return noise === "gauss" ? value + Math.round(strength * (sum(drawn) - 6)) : drawn[0] >= strength / 100 ? value : drawn[1] < { salt: 1, both: 0.5, pepper: 0 }[noise] ? 100 : 0;
  });
}

/** Along one axis: where the windows start, and how many cells, padding too, they count. */
function windowsOf(n, { whole, size, stride, padding, ceil }) {
  if (whole) return [{ start: 0, span: n }];
  const pad = Math.min(padding, size >> 1), stop = n + pad, fits = (start) => (ceil ? start < n && start - stride + size < stop : start + size <= stop);
  return range(stop).map((i) => i * stride - pad).filter(fits).map((start) => ({ start, span: Math.min(size, stop - start) }));
}

/** One output: the pixels in its window, those that are heard, and what divides their sum. */
function cellOf(x, high, wide, max) {
  const along = ({ start, span }) => range(span).map((t) => start + t).filter((i) => i in x);
  const places = along(high).flatMap((i) => along(wide).map((j) => [i, j])), at = ([i, j]) => x[i][j], share = max ? 1 : high.span * wide.span;
  const heard = max ? [places.reduce((best, next) => (at(next) > at(best) ? next : best))] : places;
  return { heard, share, high, wide, values: places.map(at), value: sum(heard.map(at)) / share };
}

export function numbers(state) {
  const image = imageOf(state.image), seen = disturbed(image, state), windows = windowsOf(image.length, state), side = windows.length, says = each(seen, () => 0);
  const [original, cells] = [image, seen].map((x) => windows.map((high) => windows.map((wide) => cellOf(x, high, wide, state.pool === "max"))));
  const [before, after] = [original, cells].map((rows) => each(rows, (cell) => cell.value)), change = each(after, (v, i, j) => v - before[i][j]).flat();
  const count = (values) => values.filter((v) => v > 0).length, [row, column] = [state.row, state.column].map((at) => Math.min(at, side - 1));
  for (const { heard, share } of cells.flat()) for (const [i, j] of heard) says[i][j] += 1 / share;
  const told = [count(change), count(change.map((v) => -v)), Math.max(...change.map(Math.abs)), count(says.flat())];
  return { ...cells[row][column], side, row, column, seen, before, after, says, pad: -windows[0].start, told };
}

const array = (rows) => `np.array(${listed(rows).replaceAll("], ", "],\n    ")})`, head = "import cnnref\nimport numpy as np\n\n";

export function python({ image, right, down, pool, whole, size, stride, ceil, strength }, { row, before, after, seen, values, share, value, pad, told }) {
  const n = seen.length, call = `cnnref.${pool}_pool2d`, many = share > 1;
  if (image === "photo") {
    const part = whole ? seen.map((line) => (many ? sum(line) : Math.max(...line))) : values;
    return [`${head}x = ${array([part])}  # ${whole ? `each row's ${many ? "sum" : "maximum"}` : "the window"}\nprint(round(float(${call}(x[None], x.shape${many ? `, divisor_override=${share}` : ""}).sum()), 4))`, rounded(value)];
  }
  const args = whole ? n : `${size}, stride=${stride}, padding=${pad}${ceil ? ", ceil_mode=True" : ""}`;
  const cut = (step) => `${3 - step}:${3 - step + n}`, moved = `np.pad(image, 3, mode="edge")[${cut(down)}, ${cut(right)}]  # moved`;
  return [`${head}image = ${array(imageOf(image))}
seen = ${strength ? `${array(seen)}  # moved, with noise` : moved}
before, after = (${call}(x[None], ${args}) for x in (image, seen))
says = ${call.replace(".", ".gradients.")}(np.ones_like(after), seen[None], ${args})
for pooled in before, after:
    print([round(v, 4) for v in pooled[0, ${row}].tolist()])
print((after > before).sum(), (after < before).sum(), round(float(abs(after - before).max()), 4), (says > 0).sum())`,
  listed(before[row]), listed(after[row]), `${told[0]} ${told[1]} ${rounded(told[2])} ${told[3]}`];
}

function show({ pool, size, whole }, { side, row, column, seen, before, after, says, values, heard, share, value, high, wide, pad, told }, { form, part, word }) {
  const n = seen.length, max = pool === "max", ties = max && values.filter((v) => v === value).length;
  for (const name of ["size", "stride", "padding", "ceil"]) form[name].disabled = whole;
  form.padding.max = size >> 1;
  form.row.max = form.column.max = side - 1;

  const look = { high: 100, legible: 12, ink: (v) => (v > 46 ? "dark" : "bright") }, [[top, left]] = heard;
  const turn = (v, i, j) => draw("text", { class: look.ink(v), x: j + 0.84, y: i + 0.18 }, ["▼", "", "▲"][1 + Math.sign(v - before[i][j])]);
  const marks = [box("border", pad, pad, n), box("tap", left + pad, top + pad, +max), box("window", wide.start + pad, high.start + pad, wide.span, high.span)];
  board(part, "input", framed(seen, pad, max ? -Infinity : 0), look, ...marks);
  part("input").prepend(draw("path", { class: "veil", d: each(says, (v, i, j) => (v ? "" : `M${j + pad} ${i + pad}h1v1h-1z`)).flat().join("") }));
  board(part, "before", before, look, box("window", column, row));
  board(part, "after", after, look, ...(side < 10 ? each(after, turn).flat() : []), box("window", column, row));

  const few = values.length > 16 ? "…" : values.map((v) => shown(v)).join(max ? ", " : " + ");
  part("equation").textContent = `${max ? "max" : ""}(${few})${max ? "" : ` ÷ ${share}`} = ${shown(value)}`;
  return word("says", n, side, side * side, ...told.map((v) => shown(v)), n * n, word(ties > 1 ? "tie" : pool, max ? `${top}, ${left}` : share, shown(value), ties));
}

function start({ form, part, set, update }) {
  const { size, stride, seed, strength } = form, choose = (y, x) => (set("row", y), set("column", x), update());
  for (const name of ["before", "after"]) pointed(part(name), (x, y) => choose(y - 0.5, x - 0.5));
  pointed(part("input"), (x, y) => choose((y - size.value / 2) / stride.value, (x - size.value / 2) / stride.value));
  part("again").addEventListener("click", () => (set("seed", (seed.value % 99) + 1), +strength.value || set("strength", 20), update()));
}

explore("pooling", { numbers, python, show, start });
