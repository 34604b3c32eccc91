// The receptive-field calculator: its words and empty forms are in tools/receptive-field.md, its numbers those of
// cnnref/receptive_field.py; tests/test_receptive_field_page.py compares them in a browser.

const LARGEST = 20000, MOST_LAYERS = 1000;

/** What a reader should change; `key` names its sentence on the page. */
const faulty = (key, ...values) => Object.assign(Error(key), { key, values });

const range = (n) => Array.from({ length: n }, (_, i) => i);
const gcd = (a, b) => (b ? gcd(b, a % b) : a);
const one = (values) => (values.every((v) => v === values[0]) ? values[0] : values);

// Notation: that of the command line, with names, joins and copies: `conv=7/2p3 2*block#=add(3p1 3p1;)`.
// A layer keeps its fields as typed: "3x5".

const each = (form) => `${form}(?:x${form})?`;
const EACH = each("[1-9]\\d{0,2}"), SIDES = each("\\d{1,3}(?::\\d{1,3})?"), CROPS = each("-?\\d{1,3}(?::-?\\d{1,3})?");
const FORMS = { name: "[^\\s,、()=;#*]*", k: EACH, s: EACH, p: SIDES, d: EACH, o: each("\\d{1,3}"), input: `(${each("[1-9]\\d{0,4}")})?` };
const SIGNS = { k: "", s: "/", p: "p", d: "d", o: "o" }, USUAL = { k: "", s: "1", p: "0", d: "1", o: "0", tail: "" };
const optional = (field) => `(?:${SIGNS[field]}(?<${field}>${FORMS[field]}))?`;
const GRAMMAR = [
  `(?!t.*c$|\\d.*o)(?<head>t?)(?<k>${EACH})${[..."spdo"].map(optional).join("")}(?<tail>c?)`,
  `(?<head>up)(?<k>${EACH})(?<tail>-bilinear)?`,
  `(?<head>pad)(?<p>${CROPS})`,
  "(?<head>global|flatten)",
].map((form) => new RegExp(`^${form}$`));

const plain = (text) => text.normalize("NFKC").replaceAll("×", "x").trim();
const numbers = (text) => text.split("x").map(Number);
const sides = (text) => text.split("x").map((side) => side.split(":").map(Number)).map(([a, b = a]) => [a, b]);
const on = (values, axis) => values[values.length > 1 ? axis : 0];
const all = (layers) => layers.flatMap((layer) => [layer, ...all(layer.paths?.flat() ?? [])]);

export function parse(text) {
  const tokens = plain(text).match(/[();]|[^\s,、();]+/g) ?? [];
  let next = 0;
  const path = (ends) => {
    const layers = [];
    while (next < tokens.length && !ends.includes(tokens[next])) {
      layers.push(...copies());
      if (all(layers).length > MOST_LAYERS) throw faulty("many", MOST_LAYERS);
    }
    return layers;
  };
  const copies = () => {
    const [, times = "1", name = "", entry] = /^(?:(\d{1,3})\*)?(?:([^=]+)=)?(.*)$/.exec(tokens[next++]);
    const layer = entry === "add" || entry === "concat" ? join(entry) : single(entry);
    return range(+times).map((i) => ({ ...layer, name: name.replace("#", i + 1) }));
  };
  const join = (head) => {
    const paths = [];
    for (let opens = "("; tokens[next] === opens; opens = ";") paths.push((next++, path(";)")));
    if (paths.length < 2 || tokens[next++] !== ")") throw faulty("join", head);
    return { head, paths };
  };
  return path("");
}

function single(entry) {
  const found = GRAMMAR.map((form) => form.exec(entry)).find(Boolean);
  if (!found) throw faulty("entry", entry);
  return { ...USUAL, ...JSON.parse(JSON.stringify(found.groups)) }; // without what is undefined
}

const unusual = (layer) => Object.keys(SIGNS).filter((field) => layer[field] !== USUAL[field]);

function entryOf(layer) {
  const { head, paths, p, tail } = layer;
  if (paths) return `${head}(${paths.map(write).join(";")})`;
  return head === "pad" ? head + p : head + unusual(layer).map((field) => SIGNS[field] + layer[field]).join("") + tail;
}

/** The text of layers: `parse`, backwards. */
export const write = (layers) => layers.map((layer) => (layer.name ? `${layer.name}=` : "") + entryOf(layer)).join(" ");
const nameOf = (layer) => layer.name || (layer.paths ? layer.head : entryOf(layer));

// A set of positions is a list of runs `[first, last]`. Unit i sees the set `phases[i % outputs]`, moved by
// `inputs` for each whole turn: of the map below (what a layer reads; null: all) or of the input (a field).

function seenBy({ outputs, inputs, phases }, i) {
  const turn = Math.floor(i / outputs), by = turn * inputs;
  return phases[i - turn * outputs].map(([first, last]) => [first + by, last + by]);
}

function union(sets) {
  const merged = [];
  for (const [first, last] of sets.flat().sort(([a], [b]) => a - b)) {
    const run = merged.at(-1);
    if (run && first <= run[1] + 1) run[1] = Math.max(run[1], last);
    else merged.push([first, last]);
  }
  if (span(merged) > LARGEST) throw faulty("field", LARGEST);
  return merged;
}

const ends = (set) => [set[0]?.[0], set.at(-1)?.[1]];
const span = (set) => ends(set)[1] - ends(set)[0] + 1 || 0;

/** A field and its numbers: the largest size and touched, the mean start. */
function fieldOf(outputs, inputs, phase) {
  if (outputs > LARGEST) throw faulty("field", LARGEST);
  const phases = range(outputs).map(phase), sets = phases.filter((set) => set.length), n = 2 * outputs * sets.length;
  const size = Math.max(0, ...sets.map(span)), count = (set) => set.reduce((sum, run) => sum + span([run]), 0);
  const center = (set, i) => (set.length ? outputs * (set[0][0] + set.at(-1)[1]) - 2 * i * inputs : 0);
  const centers = phases.map(center).reduce((a, b) => a + b, 0), mean = (sum) => (n ? sum / n : null);
  return { outputs, inputs, phases, size, touched: Math.max(0, ...sets.map(count)), jump: inputs / outputs, start: mean(centers), padding: mean(((size - 1) * n) / 2 - centers) };
}

function through(field, reads) {
  const turns = field.outputs / gcd(field.outputs, reads.inputs), inputs = (reads.inputs * turns * field.inputs) / field.outputs;
  return fieldOf(reads.outputs * turns, inputs, (i) => union(seenBy(reads, i).map(([q]) => seenBy(field, q))));
}

function joined(fields) {
  if (fields.includes(null)) return null;
  const outputs = fields.reduce((turn, f) => (turn * f.outputs) / gcd(turn, f.outputs), 1);
  return fieldOf(outputs, (outputs * fields[0].inputs) / fields[0].outputs, (i) => union(fields.map((f) => seenBy(f, i))));
}

const PIXEL = fieldOf(1, 1, () => [[0, 0]]);

/** A layer as a window; upsampling is a transposed one, wider where it mixes neighbors. */
function windowOf({ head, tail, p, ...layer }, axis) {
  const [k, s, d, o] = [..."ksdo"].map((field) => on(numbers(layer[field] || "1"), axis)), [before, after] = on(sides(p), axis);
  if (head !== "up") return { k, s, d, o, before, after, ceil: tail, turned: head === "t" };
  const by = tail ? k >> 1 : 0;
  return { k: tail ? 2 * k - (k % 2) : k, s: k, d: 1, o: 0, before: by, after: by, turned: true };
}

function pass(layer, axis, [below]) {
  if (layer.head === "global" || layer.head === "flatten") return { units: 1, reads: [null], field: null };
  const window = windowOf(layer, axis), reads = readsOf(window), units = below.units && unitsOf(window, below.units);
  if (units !== null && units < 1) throw faulty("none", nameOf(layer), units, below.units);
  return { units, reads: [reads], field: below.field && through(below.field, reads) };
}

function readsOf({ k, s, d, before, turned }) {
  const taps = range(k).map((i) => i * d - before), single = (q) => [q, q];
  if (!turned) return { outputs: 1, inputs: s, phases: [taps.map(single)] };
  // Position q is written to units q * s + tap: a window, read backwards.
  const phase = (unit) => taps.map((tap) => (unit - tap) / s).filter(Number.isInteger).map(single);
  return { outputs: s, inputs: 1, phases: range(s).map(phase) };
}

function unitsOf({ k, s, d, o, before, after, ceil, turned }, size) {
  const reach = d * (k - 1) + 1, steps = (size + before + after - reach) / s;
  if (turned) return (size - 1) * s - before - after + reach + o;
  // With ceil_mode a window may hang over the end, but not start in the padding after it.
  return 1 + (ceil ? Math.min(Math.ceil(steps), Math.floor((size + before - 1) / s)) : Math.floor(steps));
}

function meet(layer, axis, below) {
  const sizes = below.map((b) => b.units), fields = below.map((b) => b.field);
  const agree = (key, values) => {
    if (new Set(values).size > 1) throw faulty(key, nameOf(layer), values.map(shown).join(", "));
    return values[0] ?? 1;
  };
  // Addition repeats a map of one unit along the others.
  const units = sizes.includes(null) ? null : agree("sizes", sizes.filter((n) => layer.head !== "add" || n !== 1));
  agree("jumps", fields.filter(Boolean).map((f) => f.jump));
  const [first, ...others] = fields.map((f) => f?.start ?? NaN), aligned = !others.some((start) => start < first || start > first);
  return { units, aligned, reads: sizes.map((n) => (n === 1 && units !== 1 ? null : PIXEL)), field: joined(fields) };
}

/** The rows of a network; `fault` tells why the layer after the last one cannot be followed. */
export function follow(layers, given = "") {
  const sizes = given ? numbers(given) : [null], texts = all(layers).flatMap((l) => [..."kspdo"].map((f) => l[f] ?? ""));
  const axes = Math.max(sizes.length, ...texts.map((text) => text.split("x").length));
  const input = range(axes).map((axis) => on(sizes, axis)), sized = !!given;
  const nodes = [{ along: input.map((units) => ({ units, field: PIXEL })) }];

  const add = (layer, source, depth) => {
    const end = (path) => path.reduce((from, inner) => add(inner, from, depth + 1), source);
    const sources = layer.paths?.map(end) ?? [source], step = layer.paths ? meet : pass;
    const along = range(axes).map((axis) => step(layer, axis, sources.map((s) => nodes[s].along[axis])));
    return nodes.push({ layer, depth, sources, along }) - 1;
  };

  /** The positions that a unit really reads, borders considered. */
  const seen = (number, axis, unit) => {
    const maps = [], map = (node) => (maps[node] ??= new Uint8Array(nodes[node].along[axis].units));
    map(number)[unit] = 1;
    for (let top = number; top > 0; top--) {
      const { sources, along } = nodes[top];
      if (maps[top]) sources.forEach((source, n) => mark(map(source), along[axis].reads[n], maps[top]));
    }
    return [...map(0).join("").matchAll(/1+/g)].map(({ index, 0: ones }) => [index, index + ones.length - 1]);
  };

  /** The names and numbers of `Row.to_dict` in Python. */
  const row = ({ layer, depth, along }, number) => {
    const middle = along.map(({ units }, axis) => sized && seen(number, axis, units >> 1));
    const over = (value) => (sized ? one(along.map(value)) : null);
    const found = along.map(({ field }, axis) => field ?? (sized && measured(middle[axis])));
    return {
      name: nameOf(layer),
      ...Object.fromEntries(COLUMNS.slice(0, 5).map((column) => [column, one(found.map((f) => f[column] ?? null))])),
      output_size: one(along.map((a) => a.units)),
      coverage: over((_, axis) => span(middle[axis]) / input[axis]),
      clipped: over(({ field, units }, axis) => !!field && isCut(middle[axis], seenBy(field, units >> 1))),
      aligned: along.every((a) => a.aligned ?? true),
      depth,
      along,
      seen: (axis, unit) => seen(number, axis, unit),
    };
  };

  let end = 0, fault;
  try {
    for (const layer of layers) end = add(layer, end, 0);
  } catch (found) {
    if (!found.key) throw found;
    fault = found;
  }
  return { layers, input, sized, fault, rows: range(end).map((i) => row(nodes[i + 1], i + 1)) };
}

const measured = (set) => ({ ...fieldOf(1, 1, () => (set.length ? set : [[0, -1]])), jump: null });
const isCut = (seen, set) => String(ends(seen)) !== String(ends(set));

/** Mark what these units read; a typed array ignores what lies outside. */
function mark(map, reads, units) {
  if (!reads && units.includes(1)) map.fill(1);
  for (let i = units.indexOf(1); reads && i >= 0; i = units.indexOf(1, i + 1)) {
    for (const [q] of seenBy(reads, i)) map[q] = 1;
  }
}

// Copies, as Python prints them.

const COLUMNS = ["size", "touched", "jump", "start", "padding", "output_size", "coverage", "clipped"];
const columnsOf = ({ sized }) => (sized ? COLUMNS : COLUMNS.slice(0, 5));

function fraction(value) {
  let d = 1;
  while (Math.abs(value * d - Math.round(value * d)) > 1e-7) d++;
  return Math.round(value * d) + (d > 1 ? `/${d}` : "");
}

/** A cell; `words` stand for false and true. */
function shown(value, column, words = ["no", "yes"]) {
  if (Array.isArray(value)) return value.map((v) => shown(v, column, words)).join(" x ");
  if (typeof value !== "number") return value === null ? "-" : words[Number(value)];
  if (column !== "coverage") return fraction(value);
  const percent = value * 100; // a tie goes to the even digit
  return `${(percent % 1 === 0.25 ? percent - 0.01 : percent).toFixed(1)}%`;
}

const cells = (network, row, words) => columnsOf(network).map((column) => shown(row[column], column, words));

const table = (network, name) => [["layer", ...columnsOf(network)], ...network.rows.map((row) => [name(row), ...cells(network, row)])];

export function toMarkdown(network) {
  const [head, ...body] = table(network, (row) => "· ".repeat(row.depth) + row.name.replaceAll("|", "\\|"));
  const lines = [head.map((c) => c.replace("_size", "")), head.map((_, i) => (i ? "---:" : "---")), ...body];
  return lines.map((line) => `| ${line.join(" | ")} |`).join("\n");
}

const toCsv = (network) => table(network, (row) => row.name).map((line) => `${line.join(",")}\n`).join("");

const CLASSES = { up: "Upsample", pad: "Pad", global: "GlobalPool", flatten: "Flatten" };
const KEYWORDS = { k: "", s: "stride=", p: "padding=", d: "dilation=", o: "output_padding=" };

function toPython({ layers, input, sized }) {
  const call = (name, ...given) => `${name}(${given.filter(Boolean).join(", ")})`;
  const value = (text) => {
    const each = text.split("x").map((side) => (side.includes(":") ? `(${side.replace(":", ", ")})` : side));
    if (text.includes(":")) return `(${input.map((_, axis) => `${on(each, axis)},`).join(" ")})`;
    return each.length > 1 ? `(${each.join(", ")})` : text;
  };
  const code = (layer) => {
    const { head, paths, tail } = layer, name = layer.name && `name=${JSON.stringify(layer.name)}`;
    if (paths) return call("Branches", `[${paths.map(list).join(", ")}]`, head === "concat" && 'join="concat"', name);
    const flags = [head === "t" && "transposed=True", { c: "ceil_mode=True", "-bilinear": 'mode="bilinear"' }[tail]];
    return call(CLASSES[head] ?? "Layer", ...unusual(layer).map((f) => KEYWORDS[f] + value(layer[f])), name, ...flags);
  };
  const list = (path) => `[${path.map(code).join(", ")}]`, size = sized ? `, ${value([one(input)].flat().join("x"))}` : "";
  const lines = layers.map((layer) => `    ${code(layer)},\n`).join("");
  const used = new Set(lines.match(/\b[A-Z]\w+(?=\()/g));
  return `from cnnref.receptive_field import ${[...used].sort().join(", ")}, receptive_field\n\nlayers = [\n${lines}]\nprint(receptive_field(layers${size}))\n`;
}

// Page. The forms hold the layers, in order.

const root = document.getElementById("calculator"), find = (name, within = root) => within.querySelector(`[data-part="${name}"]`);
const word = (key, ...values) => values.reduce((text, v, i) => text.replaceAll(`{${i}}`, v), find(`word-${key}`).textContent);
const clone = (name) => find(name).content.firstElementChild.cloneNode(true);
const forms = () => [...find("list").children], fieldsOf = (box) => [...box.querySelectorAll("[data-field]")];
const known = {}; // texts of presets by name, and names by text
let network, rows, at, focus, saving, dragged, made = 0;

function load(text, size) {
  find("list").replaceChildren(...parse(known[text] ?? text).map(formOf));
  find("input").value = size;
  [at, focus] = [Infinity, []];
}

function formOf(layer) {
  const form = clone("layer"), values = { ...layer, entry: entryOf(layer) };
  const id = (find("error", form).id = `calculator-error-${made++}`), kind = { "": "window", t: "turned" }[layer.head] ?? "other";
  Object.assign(form, { layer }).dataset.kind = kind;
  for (const field of fieldsOf(form)) {
    if (!field.dataset.of.includes(kind)) field.parentElement.remove();
    field.value = values[field.dataset.field] ?? "";
    field.checked = layer.tail === "c";
    field.setAttribute("aria-describedby", id);
  }
  return form;
}

/** What is wrong with a field. */
function wrong(field) {
  const form = FORMS[field.dataset.field];
  return field.fault || (form && !RegExp(`^${form}$`).test(plain(field.value)) ? field.title : "");
}

function complain(box, more = "") {
  for (const field of fieldsOf(box)) field.ariaInvalid = !!wrong(field);
  find("error", box).textContent = [...fieldsOf(box).map(wrong), more].join(" ").trim();
}

/** Change the network, or say why not. */
function attempt(change = () => {}, field = find("text")) {
  find("text").fault = field.fault = "";
  try {
    change();
  } catch (fault) {
    if (!fault.key) throw fault;
    field.fault = word(fault.key, ...fault.values);
  }
  refresh();
}

function refresh() {
  const list = forms(), input = find("input"), text = find("text"), bad = list.findIndex((form) => fieldsOf(form).some(wrong));
  const good = list.slice(0, bad < 0 ? list.length : bad).map((form) => form.layer);
  network = follow(good, wrong(input) ? "" : plain(input.value));
  const { fault } = network;
  rows = network.rows.filter((row) => !row.depth);
  list.forEach((form, i) => {
    form.ariaLabel = word("layer", i + 1, list.length);
    complain(form, fault && i === rows.length ? word(fault.key, ...fault.values) : "");
  });
  for (const field of [input, text]) complain(field.parentElement.parentElement);
  if (bad < 0) find("preset").value = known[write(good)] ?? "";
  if (bad < 0 && !text.fault && document.activeElement !== text) text.value = write(good);
  find("rows").replaceChildren(...rows.map((row, i) => {
    const line = clone("row"), name = find("name", line);
    name.textContent = row.name;
    name.dataset.pick = i;
    name.nextSibling.textContent = row.aligned ? "" : word("misaligned");
    for (const cell of cells(network, row, [word("no"), word("yes")])) line.insertCell().textContent = cell;
    return line;
  }));
  draw();
}

/** The unit nearest to a place, along one side. */
function look(row, side, place = focus[side]) {
  const axis = Math.min(side, network.input.length - 1), { field, units } = row.along[axis], size = network.input[axis];
  const last = (units ?? 1) - 1, center = (i) => (field ? field.start + i * field.jump : 0);
  const near = field && place !== undefined ? Math.round((place - field.start) / field.jump) : (last + 1) >> 1;
  const unit = Math.max(0, Math.min(last, near)), seen = size === null ? [] : row.seen(axis, unit);
  const whole = field ? seenBy(field, unit) : seen, [from = 0, to = 0] = ends(whole);
  return { unit, last, center, seen, whole, size, from, to, place: (from + to) / 2, length: to - from + 1 };
}

const sidesOf = (row, places = focus) => [0, 1].map((side) => look(row, side, places[side]));

/** The chosen unit: rows of bars, cut by columns of bars. */
function draw() {
  const chosen = Math.min(at, rows.length - 1), row = rows[chosen];
  store();
  if (!row) return;
  const set = (name, values) => Object.entries(values).forEach(([key, value]) => find(name).setAttribute(key, value));
  const here = sidesOf(row), [y, x] = here, places = here.map((h) => h.place);
  // The picture shows the input and the field, but at most half as much again.
  const [[top, bottom], [left, right]] = here.map(({ size, from, to, length }) => {
    const n = size ?? 2 * length, margin = n / 40;
    return [Math.max(Math.min(0, from), -n / 2) - margin, Math.min(Math.max(size, to + 1), 1.5 * n) + margin];
  });
  for (const name of ["whole", "seen"]) {
    set(`${name}-rows`, { d: y[name].map(([a, b]) => `M${left} ${a}H${right}v${b - a + 1}H${left}z`).join("") });
    set(`${name}-columns`, { d: x[name].map(([a, b]) => `M${a} ${top}V${bottom}h${b - a + 1}V${top}z`).join("") });
  }
  for (const name of ["map", "border"]) set(name, { width: x.size ?? 0, height: y.size ?? 0 });
  set("frame", { x: x.from, y: y.from, width: x.length, height: y.length });
  const box = ([y, x]) => `M${x.from} ${y.from}h${x.length}v${y.length}h${-x.length}z`;
  set("earlier", { d: rows.slice(0, chosen).map((r) => box(sidesOf(r, places))).join("") });
  const sees = [row.name, here.map((h) => h.unit).join(", "), ...here.map(({ from, to }) => `${from} – ${to}`)];
  const cut = here.some((h) => h.size !== null && isCut(h.seen, h.whole));
  find("caption").textContent = here.every((h) => h.whole.length) ? word("sees", ...sees) + (cut ? word("cut") : "") : word("all", row.name);
  set("svg", { viewBox: `${left} ${top} ${right - left} ${bottom - top}` });
  Object.assign(find("step"), { max: rows.length - 1, value: chosen });
  here.forEach((h, side) => Object.assign(find(`unit${side}`), { value: h.unit, max: h.last }));
  [...find("rows").children].forEach((line, i) => line.classList.toggle("rf-chosen", i === chosen));
}

function store() {
  if (root.querySelector("[aria-invalid=true]")) return;
  const layers = (find("preset").value || write(network.layers)).replaceAll(" ", ",");
  const chosen = { ...(at < Infinity && { at }), ...(focus.length && { focus }) };
  const query = `?${new URLSearchParams({ layers, input: find("input").value, ...chosen })}`.replace(/%(2[89CF]|3[ABD])/g, decodeURIComponent);
  clearTimeout(saving);
  saving = setTimeout(() => {
    history.replaceState(null, "", query + location.hash);
    document.querySelector("a.language").search = query;
  }, 300);
}

function edit(field) {
  const form = field.closest("li"), key = field.dataset.field;
  if (key !== "entry") return (form.layer[key] = key === "tail" ? (field.checked ? "c" : "") : plain(field.value));
  const [layer, ...more] = parse(field.value);
  if (!layer || more.length) throw faulty("entry", field.value);
  form.layer = { ...layer, name: form.layer.name };
}

function move(form, by) {
  const list = forms(), goal = Math.max(0, Math.min(list.indexOf(form) + by, list.length - 1));
  if (by) list[goal][by < 0 ? "before" : "after"](form);
  else form.remove();
  attempt();
  (forms()[goal] ?? forms().at(-1))?.querySelector(`[data-move="${by}"]`).focus();
  if (by) find("status").textContent = word("moved", goal + 1, list.length);
}

async function copy(button) {
  const write = { python: toPython, markdown: toMarkdown, csv: toCsv, link: () => location.href }[button.dataset.give];
  const done = await navigator.clipboard.writeText(write(network)).then(() => "copied", () => "refused");
  find("status").textContent = word(done, button.textContent);
}

function choose(index) {
  at = rows[index] && rows[index + 1] ? index : Infinity; // the last one, even when it is another
  draw();
}

function place() {
  focus = sidesOf(rows[at] ?? rows.at(-1)).map((h, side) => h.center(find(`unit${side}`).valueAsNumber || 0));
  draw();
}

const CHANGES = {
  text: (field) => attempt(() => load(field.value, find("input").value)),
  input: () => attempt(),
  preset: ({ value, selectedOptions: [{ dataset }] }) => value && attempt(() => load(value, dataset.input)),
  step: (field) => choose(field.valueAsNumber),
  unit0: place,
  unit1: place,
};

function onInput({ target }) {
  if (target.closest("li")) attempt(() => edit(target), target);
  else CHANGES[target.dataset.part]?.(target);
}

function onClick({ target, clientX, clientY }) {
  const button = target.closest("button"), svg = target.closest("svg"), { move: by, add, pick, give } = button?.dataset ?? {};
  if (by) move(button.closest("li"), Number(by));
  if (pick) choose(Number(pick));
  if (give) copy(button);
  if (add) {
    attempt(() => find("list").append(...parse(add).map(formOf)));
    fieldsOf(forms().at(-1))[1].focus(); // after the name
  }
  if (svg) {
    const { x, y } = new DOMPoint(clientX, clientY).matrixTransform(svg.getScreenCTM().inverse());
    focus = [y - 0.5, x - 0.5];
    draw();
  }
}

function onGrip({ target }) {
  dragged = target.closest("[data-part=grip]")?.parentElement;
}

function onDrag({ clientY }) {
  const below = (form) => form !== dragged && form.getBoundingClientRect().top + form.offsetHeight / 2 > clientY;
  if (dragged) find("list").insertBefore(dragged, forms().find(below) ?? null);
}

function onDrop() {
  if (dragged) attempt();
  dragged = null;
}

function start() {
  const given = new URLSearchParams(location.search), text = given.get("layers"), [, ...presets] = find("preset").options;
  for (const { value, dataset } of presets) known[(known[value] = write(parse(dataset.layers)))] = value;
  load(presets[0].value, presets[0].dataset.input);
  find("text").value = text?.replaceAll(",", " ");
  attempt(() => text && load(text, given.get("input") ?? ""));
  if (/^(-?[\d.]+,?){2}$/.test(given.get("focus"))) focus = given.get("focus").split(",").map(Number);
  choose(Number(given.get("at") ?? Infinity));
  root.hidden = false;
  Object.assign(root, { oninput: onInput, onclick: onClick, onpointerdown: onGrip });
  Object.assign(window, { onpointermove: onDrag, onpointerup: onDrop, onpointercancel: onDrop });
}

if (root) start();
