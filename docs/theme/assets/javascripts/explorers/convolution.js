// The convolution stepper: one window, its products, their sum, and the map that all windows make.

import { board, box, draw, explore, framed, listed, paint, playing, pointed, range, rounded, shown, sum } from "./explorer.js";
import { pictures } from "./pictures.js";

const kernelOf = ({ kernel, size }) => range(size).map((i) => kernel.slice(5 * i, 5 * i + size));
const sumOf = (a, b) => sum(a.map((row, i) => sum(row.map((x, j) => x * b[i][j]))));

/** What the window at (row, column) covers; padding is zero. */
const patchAt = (image, row, column, { size, stride, padding, dilation }) =>
  range(size).map((i) => range(size).map((j) => image[row * stride - padding + i * dilation]?.[column * stride - padding + j * dilation] ?? 0));

export function numbers(state) {
  const image = pictures[state.image], kernel = kernelOf(state), reach = state.dilation * (state.size - 1) + 1;
  const padded = image.length + 2 * state.padding, side = Math.floor((padded - reach) / state.stride) + 1;
  if (side < 1) return { reach, padded, side: 0 };
  const [row, column] = [state.row, state.column].map((at) => Math.min(at, side - 1)), patch = patchAt(image, row, column, state);
  const output = range(side).map((i) => range(side).map((j) => sumOf(patchAt(image, i, j, state), kernel)));
  return { reach, padded, side, row, column, patch, value: output[row][column], output };
}

export function python(state, { side, row, column, patch, value }) {
  const { image, stride, padding, dilation } = state, photo = image === "photo", n = pictures[image].length;
  const call = (x) => `conv2d(${x}, kernel[None, None], stride=${stride}, padding=${padding}, dilation=${dilation})`;
  const head = `import numpy as np\nfrom cnnref import conv2d\n\nkernel = np.array(${listed(kernelOf(state), 12)})\n`;
  const given = photo ? `image = np.zeros((${n}, ${n}))\n` : `image = np.array(${listed(pictures[image])})\n`;
  if (!side) return [`${head}${given}try:\n    ${call("image[None, None]")}\nexcept ValueError as error:\n    print(type(error).__name__)`, "ValueError"];
  const printed = [`(${side}, ${side})`, rounded(value)], size = `print(output.shape)\n`;
  const output = `${head}${given}output = ${call("image[None, None]")}[0, 0]\n${size}`;
  if (!photo) return [`${output}print(round(float(output[${row}, ${column}]), 4))`, ...printed];
  return [`${output}patch = np.array(${listed(patch)})  # the pixels below the window\nprint(round(float(conv2d(patch[None, None], kernel[None, None])[0, 0, 0, 0]), 4))`, ...printed];
}

/** Cells beyond the kernel are out of sight, and what they hold is no concern. */
const fit = (part, size) => [...part("kernel").children].forEach((cell, i) => (cell.hidden = cell.disabled = i % 5 >= size || i >= 5 * size));

function show(state, found, { form, part, word }) {
  const { size, stride, padding, dilation } = state, image = pictures[state.image], { reach, padded, side, row, column } = found;
  fit(part, size);
  part("kernel").style.gridTemplateColumns = `repeat(${size}, minmax(0, 1fr))`;
  part("kernel-size").textContent = `${size}×${size}`;
  part("input-size").textContent = `${image.length}×${image.length}`;
  part("output-size").textContent = `${side}×${side}`;
  for (const name of ["row", "column"]) form.elements[name].max = Math.max(side - 1, 0);

  const high = Math.max(...image.flat()), border = box("border", padding, padding, image.length);
  const look = { high, legible: 10, ink: (v) => (v > high / 2 ? "dark" : "bright") };
  board(part, "input", framed(image, padding, 0), look, border);
  part("equation").textContent = "";
  if (!side) {
    part("output").replaceChildren();
    paint(part("output-pixels"), [[0]], { signed: true });
    return word("too-wide", reach, padded);
  }

  const taps = range(size * size).map((t) => box("tap", column * stride + (t % size) * dilation, row * stride + Math.floor(t / size) * dilation));
  part("input").append(...(dilation > 1 ? taps : []), box("window", column * stride, row * stride, reach));
  const most = Math.max(...found.output.flat().map(Math.abs));
  board(part, "output", found.output, { low: -most, high: most, signed: true, legible: 8, ink: () => "plain" }, box("window", column, row));
  part("equation").textContent = equation(found, kernelOf(state));
  return word("says", image.length, padding, reach, stride, side, row, column, shown(found.value));
}

const factor = (x) => (x < 0 ? `(${shown(x)})` : shown(x));
const equation = ({ patch, value }, kernel) =>
  `${patch.map((line, i) => line.map((x, j) => `${shown(x)}×${factor(kernel[i][j])}`).join(" + ")).join(" + ")} = ${shown(value)}`;

function start({ form, part, set, update }) {
  const move = (row, column) => (set("row", row), set("column", column), update());
  const next = () => {
    const { row, column } = form.elements, last = Number(column.max), end = +row.value === +row.max && +column.value === last;
    move(end ? 0 : +column.value < last ? row.value : +row.value + 1, +column.value < last ? +column.value + 1 : 0);
  };
  const stop = playing(part("play"), next);
  part("next").addEventListener("click", next);
  form.addEventListener("input", () => fit(part, +form.elements.size.value));
  part("preset").addEventListener("change", ({ target }) => {
    if (!target.value) return;
    set("size", 3);
    target.value.split(",").forEach((weight, i) => (form.elements.kernel[5 * Math.floor(i / 3) + (i % 3)].value = weight));
    update();
  });
  pointed(part("output"), (x, y) => (stop(), move(Math.floor(y), Math.floor(x))));
  pointed(part("input"), (x, y) => {
    const reach = form.elements.dilation.value * (form.elements.size.value - 1) + 1, to = (at) => Math.max(0, Math.round((at - reach / 2) / form.elements.stride.value));
    stop();
    move(to(y), to(x));
  });
}

explore("convolution", { numbers, python, show, start });
