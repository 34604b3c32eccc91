// What all explorers share. The fields of the form are the state: the address keeps those that were changed,
// `numbers(state)` computes all that is shown, `show` draws it, `python` says it as a program of cnnref.
// The words and fields stand in docs/explorers/NAME.html; tests/explorers/NAME.py holds the numbers to cnnref's.

const SVG = "http://www.w3.org/2000/svg";

/** Bring the explorer NAME of this page to life, if it has one. */
export function explore(name, { numbers, python, show, start = () => {} }) {
  const root = document.getElementById(`explore-${name}`), form = root?.querySelector("form");
  if (!form) return;
  const stage = stageOf(root, form);
  let saving;

  const update = () => {
    if (complain(stage)) return; // the picture of the last good state stays
    const state = stateOf(form), found = numbers(state);
    stage.say(show(state, found, stage));
    for (const field of form.elements) if (field.type === "range" && field.name) field.parentElement.querySelector(".value").textContent = field.value.replace("-", "−");
    stage.part("program").textContent = programOf(python(state, found));
    clearTimeout(saving);
    saving = setTimeout(save, 250, name, usual, stateOf(form)); // browsers refuse an address that changes too often
  };
  stage.update = update;
  form.reset(); // what a browser kept from the last visit
  const ranges = [...form.elements].filter((field) => field.type === "range"), limits = ranges.map((field) => field.max);
  for (const field of form.elements) field.required = field.type === "number";
  const usual = stateOf(form);
  start(stage);
  form.addEventListener("input", update);
  form.addEventListener("reset", () => (ranges.forEach((field, i) => (field.max = limits[i])), setTimeout(update)));
  form.addEventListener("submit", (event) => event.preventDefault());
  stage.part("copy").addEventListener("click", () => copy(stage));
  const restore = () => { for (const _ of "12") load(name, form), update(); }; // twice: the limits of a field may follow from another
  addEventListener("popstate", () => (form.reset(), restore()));
  restore();
  root.dataset.live = "";
}

function stageOf(root, form) {
  const part = (key) => root.querySelector(`[data-part="${key}"]`);
  const word = (key, ...values) => values.reduce((text, v, i) => text.replaceAll(`{${i}}`, v), part(`word-${key}`).content.textContent.trim());
  const say = (sentence) => sentence === part("says").textContent || (part("says").textContent = sentence);
  return { root, form, part, word, say, set: (field, value) => set(form, field, value) };
}

// State.

const valueOf = (field) => (field.type === "checkbox" ? field.checked : /range|number/.test(field.type) ? Number(field.value) : field.value);
const fieldsOf = (form) => [...form.elements].filter((field) => field.name && (field.type !== "radio" || field.checked));

/** The fields by name; fields of one name make a list. */
export function stateOf(form) {
  const state = {};
  for (const field of fieldsOf(form)) {
    const value = valueOf(field), several = form.elements[field.name].length && !/radio|select/.test(field.type);
    state[field.name] = several ? [...(state[field.name] ?? []), value] : value;
  }
  return state;
}

/** Give a field its value, or several of one name theirs; what a field does not admit leaves it as it is. */
function set(form, name, given) {
  const values = [given].flat().map(String);
  [...form.elements].filter((field) => field.name === name).forEach((field, i) => {
    const value = values[field.type === "radio" ? 0 : i] ?? "", before = field.value;
    if (field.type === "radio") field.checked ||= field.value === value; // which unchecks the others
    else if (field.type === "checkbox") field.checked = value === "true" || (field.checked && value !== "false");
    else if (field.options ? [...field.options].some((option) => option.value === value) : /^-?[\d.]/.test(value)) field.value = value;
    if (!field.checkValidity()) field.value = before;
  });
}

function save(name, usual, now) {
  const changed = Object.keys(now).filter((key) => String(now[key]) !== String(usual[key]));
  const url = new URL(location), others = url.search.slice(1).split("&").filter((pair) => pair && !pair.startsWith(`${name}=`));
  const mine = changed.length ? [`${name}=${changed.map((key) => `${key}:${now[key]}`).join(";")}`] : [];
  url.search = [...others, ...mine].join("&");
  history.replaceState(history.state, "", url);
}

function load(name, form) {
  for (const pair of (new URLSearchParams(location.search).get(name) ?? "").split(";")) {
    const [key, values] = pair.split(":");
    if (values) set(form, key, values.split(","));
  }
}

/** Say which field is wrong, by its name and its limits. */
function complain({ form, word, say }) {
  for (const field of form.elements) if (field.willValidate) field.ariaInvalid = String(!field.checkValidity());
  const field = form.querySelector(":is(input, select):invalid");
  if (field) say(word("invalid", field.ariaLabel ?? field.labels[0].textContent.trim(), field.min, field.max, field.value || "—"));
  return !!field;
}

// Programs, as Python writes and prints them.

const programOf = ([code, ...printed]) => `${code.trim()}\n\n${printed.map((line) => `# ${line}`).join("\n")}\n`;

function copy({ part, word }) {
  const text = part("program").textContent, tell = (key) => (part("copied").textContent = word(key));
  part("program").closest("details").open = true;
  (navigator.clipboard?.writeText(text) ?? Promise.reject()).then(() => tell("copied"), () => (getSelection().selectAllChildren(part("program")), tell("select")));
}

/** A number as `round(x, digits)` prints it in Python: a tie goes to the even digit. */
export function rounded(x, digits = 4) {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? "nan" : x > 0 ? "inf" : "-inf";
  const text = x.toFixed(digits), down = x.toFixed(60).slice(0, digits - 60), tie = /^50*$/.test(x.toFixed(60).slice(digits - 60));
  const short = String(Number(tie && "02468".includes(down.at(-1)) ? down : text));
  return (short === "0" && (x < 0 || Object.is(x, -0)) ? "-0" : short) + (/[.e]/.test(short) ? "" : ".0");
}

/** A list, or a list of lists, as Python prints it. */
export const listed = (values, digits = 4) => (Array.isArray(values) ? `[${values.map((v) => listed(v, digits)).join(", ")}]` : rounded(values, digits));

/** A number for a reader: a true minus, no zeros at its end. */
export const shown = (x, digits = 2) => String(Number(x.toFixed(digits)) + 0).replace("-", "−");

export const range = (n) => Array.from({ length: n }, (_, i) => i);
export const sum = (values) => values.reduce((a, b) => a + b, 0);

// Drawing. Colors are classes of explorers.css, so that both schemes have theirs.

/** An element of SVG: name, attributes, and what it holds. */
export function draw(name, attributes = {}, ...inner) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...inner);
  return element;
}

/** Paint an array as square pixels: gray from low to high, or with a sign: one color above zero, another below. */
export function paint(canvas, rows, { low = 0, high = 1, signed = false, colors = [[230, 92, 20], [0, 140, 126]] } = {}) {
  const [height, width] = [rows.length, rows[0].length], image = new ImageData(width, height), most = Math.max(Math.abs(low), Math.abs(high)) || 1;
  rows.flat().forEach((value, i) => {
    const gray = (255 * (value - low)) / (high - low || 1);
    image.data.set(signed ? [...colors[+(value >= 0)], (255 * Math.abs(value)) / most] : [gray, gray, gray, 255], 4 * i);
  });
  Object.assign(canvas, { width, height });
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/** A square, or a rectangle, of a class. */
export const box = (name, x, y, width = 1, height = width) => draw("rect", { class: name, x, y, width, height });

/** Rows of pixels with a frame around them. */
export const framed = (rows, pad, fill) => range(rows.length + 2 * pad).map((i) => range(rows.length + 2 * pad).map((j) => rows[i - pad]?.[j - pad] ?? fill));

/** Paint the pixels of a plane and draw on them; where at most `legible` fit in a line, with their numbers. */
export function board(part, name, rows, { legible, ink, ...scale }, ...marks) {
  const side = rows.length, label = (v) => shown(v, 1).replace("Infinity", "∞"), tight = { textLength: 0.9, lengthAdjust: "spacingAndGlyphs" };
  const text = (v, i, j) => draw("text", { class: ink(v), x: j + 0.5, y: i + 0.5, ...(label(v).length > 4 && tight) }, label(v));
  paint(part(`${name}-pixels`), rows, scale);
  part(name).setAttribute("viewBox", `0 0 ${side} ${side}`);
  part(name).replaceChildren(...(side <= legible ? rows.flatMap((row, i) => row.map((v, j) => text(v, i, j))) : []), ...marks);
}

/** Let a pointer choose a place of a drawing: `choose(x, y)` in its own units, while it is pressed. */
export function pointed(svg, choose) {
  const at = (event) => {
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    choose(x, y);
  };
  svg.addEventListener("pointerdown", (event) => svg.setPointerCapture(event.pointerId));
  svg.addEventListener("click", at); // not at once: a finger that comes down may be about to scroll
  svg.addEventListener("pointermove", (event) => svg.hasPointerCapture(event.pointerId) && at(event));
}

/** Run `step` at a pace while a button is on; who wants less motion gets a single step for a press. */
export function playing(button, step, pace = 400) {
  let timer;
  const stop = () => (clearInterval(timer), (timer = 0), (button.ariaPressed = "false"));
  button.addEventListener("click", () => {
    if (timer || matchMedia("(prefers-reduced-motion: reduce)").matches) return timer ? stop() : step();
    button.ariaPressed = "true";
    timer = setInterval(() => (!button.form.checkValidity() || step() === false) && stop(), pace);
  });
  button.form.addEventListener("reset", stop);
  return stop;
}
