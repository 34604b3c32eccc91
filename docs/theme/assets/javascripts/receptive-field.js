// The receptive-field calculator. cnnref/receptive_field.py defines every number; in a browser,
// tests/test_receptive_field_page.py compares both. The words and empty forms are in tools/receptive-field.md.

const MOST = 9999, LARGEST_INPUT = 99999, LARGEST_FIELD = 200000, MOST_LAYERS = 1000;

/** What a reader should change: `key` names a sentence of the page. */
class Fault extends Error {
  constructor(key, ...values) {
    super([key, ...values].join(" "));
    Object.assign(this, { key, values });
  }
}

// Notation: that of the command line, with names, joins and copies: `conv=7/2p3 2*block#=add(3p1 3p1;)`.
// A layer keeps its fields as they were typed: "3x5" for a kernel, "0:1x2" for padding.

const EACH = String.raw`\d+(?:x\d+)*`, SIDES = String.raw`-?\d+(?::-?\d+)?`, PADS = `${SIDES}(?:x${SIDES})*`;
const FORMS = Object.entries({
  window: `(?<t>t?)(?<k>${EACH})(?:/(?<s>${EACH}))?(?:p(?<p>${PADS}))?(?:d(?<d>${EACH}))?(?:o(?<o>${EACH}))?(?<c>c?)`,
  up: `up(?<k>${EACH})(?:-(?<mode>nearest(?:-exact)?|(?:bi|tri)?linear|bicubic))?`,
  pad: `pad(?<p>${PADS})`,
  whole: "(?<k>global|flatten)",
}).map(([kind, form]) => [kind, new RegExp(`^${form}$`)]);
const SIGNS = { s: "/", p: "p", d: "d", o: "o" }, DEFAULTS = { s: "1", p: "0", d: "1", o: "0" };

const plain = (text) => text.normalize("NFKC").replaceAll("×", "x").trim();
const numbers = (text) => text.split("x").map(Number);
const sides = (text) => text.split("x").map((side) => side.split(":").map(Number)).map(([a, b = a]) => [a, b]);
const on = (values, axis) => values[values.length > 1 ? axis : 0];

/** The layers that a text names. */
export function parse(text) {
  const tokens = plain(text).match(/[();]|[^\s,、();]+/g) ?? [];
  let next = 0;
  const path = (nested) => {
    const layers = [];
    while (next < tokens.length && !(nested && ";)".includes(tokens[next]))) {
      layers.push(...copies());
      if ([...all(layers)].length > MOST_LAYERS) throw new Fault("many", MOST_LAYERS);
    }
    return layers;
  };
  const copies = () => {
    const [, times = "1", name = "", entry] = /^(?:(\d{1,3})\*)?(?:([^=]+)=)?(.*)$/.exec(tokens[next++]);
    const layer = entry === "add" || entry === "concat" ? join(entry) : simple(entry);
    return range(+times).map((i) => ({ ...layer, name: name.replace("#", i + 1) }));
  };
  const join = (kind) => {
    const paths = [];
    if (tokens[next] !== "(") throw new Fault("open", kind);
    do paths.push((next++, path(true))); while (tokens[next] === ";");
    if (tokens[next++] !== ")" || paths.length < 2) throw new Fault("close", kind);
    return { kind, paths };
  };
  return path(false);
}

function simple(entry) {
  const [kind, form] = FORMS.find(([, form]) => form.test(entry)) ?? [];
  if (!kind) throw new Fault("entry", entry);
  const given = Object.fromEntries(Object.entries(form.exec(entry).groups).filter(([, value]) => value));
  const layer = kind === "window" ? { kind, ...DEFAULTS, ...given } : { kind, ...given };
  for (const fault of Object.values(faultsOf(layer))) throw fault;
  return layer;
}

/** What is wrong with a layer, by field. */
function faultsOf(layer) {
  const faults = {}, { kind, name = "", t, c, o } = layer;
  for (const field of kind === "whole" ? "" : "kspdo") {
    const text = layer[field] ?? "1", values = text.split(/[x:]/).map(Number);
    const least = field !== "p" ? Number(field !== "o") : kind === "pad" ? -MOST : 0;
    if (!new RegExp(`^(${field === "p" ? PADS : EACH})$`).test(text)) faults[field] = new Fault(field === "p" ? "pads" : "each");
    else if (values.some((v) => v < least || v > MOST)) faults[field] = new Fault("range", least, MOST);
    else if (numbers(text).length > 2) faults[field] = new Fault("axes");
  }
  if (t && c) faults.c = new Fault("ceil");
  if (!t && (o ?? "0") !== "0") faults.o = new Fault("output");
  if (/[\s,、()=;#*]/.test(name)) faults.name = new Fault("name");
  return faults;
}

const entryOf = ({ kind, paths, t = "", c = "", ...layer }) => {
  if (paths) return `${kind}(${paths.map(write).join(";")})`;
  if (kind === "up") return `up${layer.k}${(layer.mode ?? "nearest") === "nearest" ? "" : `-${layer.mode}`}`;
  if (kind !== "window") return layer.k ?? `pad${layer.p}`;
  return t + layer.k + Object.keys(SIGNS).map((f) => (layer[f] === DEFAULTS[f] ? "" : SIGNS[f] + layer[f])).join("") + c;
};

/** The text of layers: `parse`, backwards. */
export const write = (layers) => layers.map((layer) => (layer.name ? `${layer.name}=` : "") + entryOf(layer)).join(" ");

// Positions along one axis: the first, the last, and a BigInt with a one for each member from the first on; or null.

const range = (n) => Array.from({ length: n }, (_, i) => i);
const gcd = (a, b) => (b ? gcd(b, a % b) : a);
const shifted = (set, by) => set && { ...set, first: set.first + by, last: set.last + by };

function union(sets) {
  sets = sets.filter(Boolean);
  if (sets.length < 2) return sets[0] ?? null;
  const first = Math.min(...sets.map((s) => s.first)), last = Math.max(...sets.map((s) => s.last));
  if (last - first >= LARGEST_FIELD) throw new Fault("field", LARGEST_FIELD);
  return { first, last, bits: sets.reduce((bits, s) => bits | (s.bits << BigInt(s.first - first)), 0n) };
}

// Layers: unit i reads `taps[i % outputs] + inputs * floor(i / outputs)`; null reads the whole map.
// Fields have the same form, with sets of input positions for taps.

const SAME = { outputs: 1, inputs: 1, taps: [[0]] };
const PIXEL = { outputs: 1, inputs: 1, taps: [{ first: 0, last: 0, bits: 1n }] };
const turned = ({ outputs, inputs, taps }, i) => {
  const turn = Math.floor(i / outputs);
  return [taps[i - turn * outputs], turn * inputs];
};
const read = (reads, i) => {
  const [taps, by] = turned(reads, i);
  return taps.map((tap) => tap + by);
};
const seenBy = (field, i) => shifted(...turned(field, i));

function readsOf(layer, axis) {
  if (layer.kind === "whole") return null;
  if (layer.kind === "up") {
    const factor = on(numbers(layer.k), axis), place = (i) => (2 * i + 1 - factor) / (2 * factor);
    return { outputs: factor, inputs: 1, taps: range(factor).map((i) => around(place(i), layer.mode)) };
  }
  const [before] = on(sides(layer.p), axis);
  if (layer.kind === "pad") return { outputs: 1, inputs: 1, taps: [[-before]] };
  const [k, s, d] = ["k", "s", "d"].map((field) => on(numbers(layer[field]), axis)), taps = range(k).map((i) => i * d - before);
  if (!layer.t) return { outputs: 1, inputs: s, taps: [taps] };
  // Position q is written to units q * s + tap: a window, read backwards.
  const phase = (unit) => taps.filter((tap) => (unit - tap) % s === 0).map((tap) => (unit - tap) / s);
  return { outputs: s, inputs: 1, taps: range(s).map(phase) };
}

/** The pixels that interpolation mixes: those on either side of a place, or the one that it hits. */
function around(place, mode = "nearest") {
  const below = Math.floor(place), reach = mode === "bicubic" ? 2 : 1;
  if (mode.startsWith("nearest")) return [0];
  return place === below ? [below] : range(2 * reach).map((i) => below - reach + 1 + i);
}

function unitsOf(layer, axis, size) {
  if (layer.kind === "whole") return 1;
  if (size === null) return null;
  if (layer.kind === "up") return size * on(numbers(layer.k), axis);
  const [before, after] = on(sides(layer.p), axis);
  if (layer.kind === "pad") return size + before + after;
  const [k, s, d, o] = ["k", "s", "d", "o"].map((field) => on(numbers(layer[field]), axis));
  if (layer.t) return (size - 1) * s - before - after + d * (k - 1) + o + 1;
  const room = size + before + after - d * (k - 1) - 1;
  // With ceil_mode a window may hang over the end, but not start in the padding after it.
  return layer.c ? Math.min(Math.ceil(room / s), Math.floor((size + before - 1) / s)) + 1 : Math.floor(room / s) + 1;
}

const periodic = (outputs, inputs, tap) => {
  if (outputs > MOST) throw new Fault("field", LARGEST_FIELD);
  return { outputs, inputs, taps: range(outputs).map(tap) };
};

function through(field, reads) {
  if (!field || !reads) return null;
  const turns = field.outputs / gcd(field.outputs, reads.inputs), inputs = ((reads.inputs * turns) / field.outputs) * field.inputs;
  return periodic(reads.outputs * turns, inputs, (i) => union(read(reads, i).map((q) => seenBy(field, q))));
}

function joined(fields) {
  if (fields.includes(null)) return null;
  const period = fields.reduce((p, f) => (p * f.outputs) / gcd(p, f.outputs), 1), [{ inputs, outputs }] = fields;
  return periodic(period, (inputs * period) / outputs, (i) => union(fields.map((f) => seenBy(f, i))));
}

// Numbers: whole, or fractions that print as in Python.

class Fraction {
  constructor(n, d) {
    Object.assign(this, { n, d });
  }
  toString() { return `${this.n}/${this.d}`; }
  toJSON() { return this.n / this.d; }
  valueOf() { return this.n / this.d; }
}
const exact = (n, d) => {
  const common = Math.abs(gcd(n, d));
  return d === common ? n / d || 0 : new Fraction(n / common, d / common);
};
const difference = (a, b) => exact((a.n ?? a) * (b.d ?? 1) - (b.n ?? b) * (a.d ?? 1), (a.d ?? 1) * (b.d ?? 1));
const one = (values) => (values.every((v) => String(v) === String(values[0])) ? values[0] : values);
const digits = (set) => set.bits.toString(2);
const NONE = { size: null, touched: null, jump: null, start: null, padding: null };

const measures = new WeakMap();
function measured(field) {
  if (!measures.has(field)) measures.set(field, measure(field));
  return measures.get(field);
}

/** The largest size and touched of all units; the start is the mean over one period. */
function measure({ outputs, inputs, taps }) {
  const sets = taps.map((set, i) => ({ ...set, i })).filter((set) => set.bits), n = sets.length;
  const size = Math.max(0, ...sets.map((s) => s.last - s.first + 1));
  const touched = Math.max(0, ...sets.map((s) => digits(s).replaceAll("0", "").length));
  const centers = sets.reduce((sum, s) => sum + outputs * (s.first + s.last) - 2 * s.i * inputs, 0);
  const mean = (sum) => (n ? exact(sum, 2 * outputs * n) : null);
  return { size, touched, jump: exact(inputs, outputs), start: mean(centers), padding: mean((size - 1) * outputs * n - centers) };
}

/** The same of the positions that a unit really reads. */
function extent(seen) {
  const first = Math.max(0, seen.indexOf(1)), last = seen.lastIndexOf(1), touched = seen.reduce((sum, s) => sum + s, 0);
  return { first, last, size: last - first + 1, touched, jump: null, start: exact(first + last, 2), padding: -first || 0 };
}

/** A network and its rows; `fault` tells why the layer number `ends.length` cannot be followed. */
export class Network {
  constructor(layers, input = "") {
    const sizes = input ? numbers(input) : [null], given = [...all(layers)].flatMap((l) => [..."kspdo"].map((f) => l[f] ?? ""));
    this.axes = Math.max(sizes.length, ...given.map((text) => text.split("x").length));
    this.input = range(this.axes).map((axis) => on(sizes, axis));
    this.nodes = [{ sizes: this.input, fields: this.input.map(() => PIXEL) }];
    this.ends = [];
    this.known = new Map();
    this.made = [];
    try {
      for (const layer of layers) this.ends.push(this.follow([layer], this.ends.at(-1) ?? 0, 0));
    } catch (fault) {
      if (!fault.key) throw fault;
      this.fault = fault;
      this.nodes.length = (this.ends.at(-1) ?? 0) + 1;
    }
  }

  get rows() {
    return this.nodes.slice(1).map((_, i) => this.row(i + 1));
  }

  follow(layers, source, depth) {
    for (const layer of layers) source = layer.paths ? this.join(layer, source, depth) : this.put(layer, source, depth);
    return source;
  }

  put(layer, source, depth) {
    const below = this.nodes[source], reads = this.input.map((_, axis) => readsOf(layer, axis));
    const sizes = below.sizes.map((size, axis) => unitsOf(layer, axis, size));
    const empty = sizes.findIndex((n) => n !== null && n < 1);
    if (empty >= 0) throw new Fault("none", layer.name || entryOf(layer), sizes[empty], below.sizes[empty]);
    const fields = reads.map((r, axis) => through(below.fields[axis], r));
    return this.nodes.push({ layer, depth, sources: [source], reads: [reads], sizes, fields, offsets: [] }) - 1;
  }

  join(layer, source, depth) {
    const sources = layer.paths.map((path) => this.follow(path, source, depth + 1));
    const below = sources.map((s) => this.nodes[s]), name = layer.name || layer.kind;
    const sizes = this.input.map((_, axis) => common(name, layer.kind, below.map((b) => b.sizes[axis])));
    const reads = below.map((b) => b.sizes.map((n, axis) => (n === 1 && sizes[axis] !== 1 ? null : SAME)));
    const meeting = sizes.map((_, axis) => below.map((b) => b.fields[axis]));
    for (const fields of meeting) {
      const jumps = fields.filter(Boolean).map((f) => measured(f).jump);
      if (!Array.isArray(one(jumps))) continue;
      throw new Fault("jumps", name, jumps.join(", "));
    }
    const starts = meeting.map((fields) => fields.map((f) => f && measured(f).start));
    const offset = (path) => starts.map((s) => (s[0] === null || s[path] === null ? 0 : difference(s[path], s[0])));
    const offsets = sources.map((_, path) => ({ path, offset: offset(path) })).filter((o) => o.offset.some(Number));
    return this.nodes.push({ layer, depth, sources, reads, sizes, fields: meeting.map(joined), offsets }) - 1;
  }

  /** One byte for each input position: whether a unit really reads it, borders considered. */
  seen(number, axis, unit) {
    const maps = [], wholes = [], map = (node) => (maps[node] ??= new Uint8Array(this.nodes[node].sizes[axis]));
    map(number)[unit] = 1;
    for (let top = number, lowest = number; top > 0; top--) {
      const units = maps[top], { sources, reads } = this.nodes[top], key = `${top} ${axis}`;
      if (!units) continue;
      // One whole map and nothing below it: what it sees is the same for every layer above.
      if (lowest === top && !units.includes(0)) {
        if (this.known.has(key)) return this.known.get(key);
        wholes.push(key);
      }
      if (lowest === top) lowest = Infinity;
      sources.forEach((source, n) => mark(map(source), reads[n][axis], units));
      lowest = Math.min(lowest, ...sources);
    }
    for (const key of wholes) this.known.set(key, map(0));
    return map(0);
  }

  /** The names and numbers of `Row.to_dict` in Python. */
  row(number) {
    return (this.made[number] ??= this.make(this.nodes[number], number));
  }

  make({ layer, depth, sizes, fields, offsets }, number) {
    const middle = this.input[0] === null ? null : sizes.map((n, axis) => extent(this.seen(number, axis, n >> 1)));
    const found = fields.map((f, axis) => (f ? measured(f) : (middle?.[axis] ?? NONE)));
    const cut = (f, axis) => f !== null && isCut(middle[axis], seenBy(f, sizes[axis] >> 1));
    return {
      name: layer.name || (layer.paths ? layer.kind : entryOf(layer)),
      ...Object.fromEntries(Object.keys(NONE).map((column) => [column, one(found.map((f) => f[column]))])),
      output_size: one(sizes),
      coverage: middle && one(middle.map((m, axis) => m.size / this.input[axis])),
      clipped: middle && one(fields.map(cut)),
      aligned: !offsets.length,
      misaligned: offsets.map(({ path, offset }) => ({ path, offset: one(offset) })),
      depth,
      number,
    };
  }
}

const isCut = (seen, set) => (set ? seen.first !== set.first || seen.last !== set.last : seen.size > 0);
/** Layers and joins on every path. */
function* all(layers) {
  for (const layer of layers) {
    yield layer;
    if (layer.paths) yield* all(layer.paths.flat());
  }
}

function common(name, how, sizes) {
  if (sizes.includes(null)) return null;
  const different = [...new Set(sizes.filter((n) => how !== "add" || n !== 1))];
  if (different.length > 1) throw new Fault("sizes", name, sizes.join(", "));
  return different[0] ?? sizes[0];
}

function mark(map, reads, units) {
  if (!reads) return units.includes(1) && map.fill(1);
  const { outputs, inputs, taps } = reads;
  for (let i = units.indexOf(1), last = units.lastIndexOf(1); i >= 0 && i <= last; i++) {
    if (!units[i]) continue;
    const turn = Math.floor(i / outputs);
    for (const tap of taps[i - turn * outputs]) {
      const q = tap + turn * inputs;
      if (q >= 0 && q < map.length) map[q] = 1;
    }
  }
}

// Copies: the table as `Table.to_markdown` and as CSV, and a program that prints it.

const COLUMNS = ["size", "touched", "jump", "start", "padding", "output_size", "coverage", "clipped"];
const columnsOf = ({ input }) => (input[0] === null ? COLUMNS.slice(0, 5) : COLUMNS);

/** A cell as Python prints it; `words` stand for false and true. */
function shown(value, column, words = ["no", "yes"]) {
  if (Array.isArray(value)) return value.map((v) => shown(v, column, words)).join(" x ");
  if (typeof value === "boolean") return words[Number(value)];
  if (value === null || column !== "coverage") return String(value ?? "-");
  const percent = value * 100; // a tie goes to the even digit
  return `${(percent % 1 === 0.25 ? percent - 0.01 : percent).toFixed(1)}%`;
}

export function toMarkdown(network) {
  const columns = columnsOf(network), line = (cells) => `| ${cells.join(" | ")} |`;
  const name = (row) => "· ".repeat(row.depth) + row.name.replaceAll("|", "\\|");
  const body = network.rows.map((row) => line([name(row), ...columns.map((c) => shown(row[c], c))]));
  const head = [line(["layer", ...columns.map((c) => (c === "output_size" ? "output" : c))]), line(["---", ...columns.map(() => "---:")])];
  const sentence = (name, path, offset) => `${name}: path ${path} starts ${shown(offset)} input positions after path 0, so the paths are misaligned`;
  const reports = network.rows.map((row) => row.misaligned.map((m) => sentence(row.name, m.path, m.offset)).join("; "));
  return [[...head, ...body].join("\n"), ...reports.filter(Boolean)].join("\n\n");
}

export function toCsv(network) {
  const columns = columnsOf(network), cell = (row, c) => (c === "coverage" ? [row[c]].flat().join(" x ") : shown(row[c]));
  const lines = [["layer", ...columns], ...network.rows.map((row) => [row.name, ...columns.map((c) => cell(row, c))])];
  return lines.map((cells) => `${cells.join(",")}\n`).join("");
}

export function toPython(layers, { input, axes }) {
  const used = new Set(["receptive_field"]), tuple = (values) => (values.length > 1 ? `(${values.join(", ")})` : values[0]);
  const call = (name, ...given) => used.add(name) && `${name}(${given.filter(Boolean).join(", ")})`;
  const padding = (pairs) => {
    if (pairs.every(([a, b]) => a === b)) return tuple(pairs.map(([a]) => a));
    return `(${range(axes).map((axis) => `(${on(pairs, axis).join(", ")}),`).join(" ")})`;
  };
  const code = ({ kind, paths, k = "", p = "0", mode, t, c, ...layer }, indent) => {
    // Python writes unequal sides in its own way: such a layer keeps the name that it has here.
    const label = layer.name || (p.includes(":") && entryOf({ kind, k, p, t, c, ...layer }));
    const name = label && `name=${JSON.stringify(label)}`, size = tuple(numbers(k)), pads = padding(sides(p));
    const also = (field, word) => layer[field] !== DEFAULTS[field] && `${word}=${tuple(numbers(layer[field]))}`;
    if (kind === "whole") return call(k === "flatten" ? "Flatten" : "GlobalPool", name);
    if (kind === "pad") return call("Pad", pads, name);
    if (kind === "up") return call("Upsample", size, mode && `"${mode}"`, name);
    if (paths) {
      const lines = paths.map((path) => `\n${indent}    [${path.map((l) => code(l, `${indent}    `)).join(", ")}],`);
      return call("Branches", `[${lines.join("")}\n${indent}]`, kind === "concat" && 'join="concat"', name);
    }
    const flags = [t && "transposed=True", also("o", "output_padding"), c && "ceil_mode=True"];
    return call("Layer", size, also("s", "stride"), p !== "0" && `padding=${pads}`, also("d", "dilation"), name, ...flags);
  };
  const list = layers.map((layer) => `    ${code(layer, "    ")},\n`).join(""), size = input[0] === null ? "" : `, ${one(input) === input[0] ? input[0] : tuple(input)}`;
  return `from cnnref.receptive_field import ${[...used].sort().join(", ")}\n\nlayers = [\n${list}]\nprint(receptive_field(layers${size}))\n`;
}

// Page.

const root = document.getElementById("calculator"), find = (name, within = root) => within.querySelector(`[data-part="${name}"]`);
const word = (key, ...values) => values.reduce((text, v, i) => text.replaceAll(`{${i}}`, v), find(`word-${key}`).textContent);
const make = (tag, properties, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};
let layers, input, network, rows, at, focus, presets, saving, playing;

function load(text, size) {
  layers = parse(presets.find((o) => o.value === text)?.dataset.layers ?? text);
  [at, focus] = [Infinity, []];
  find("input").value = input = plain(size);
  build();
}

/** One form for each layer. */
function build() {
  find("list").replaceChildren(...layers.map((layer, i) => {
    const form = find("layer").content.firstElementChild.cloneNode(true);
    const values = layer.kind === "window" ? layer : { name: layer.name, entry: entryOf(layer) };
    form.dataset.kind = layer.kind;
    form.setAttribute("aria-label", word("layer", i + 1, layers.length));
    find("error", form).id = `calculator-error-${i}`;
    for (const field of form.querySelectorAll("[data-field]")) {
      const key = field.dataset.field, only = { c: !!values.k && !layer.t, o: !!layer.t }[key] ?? true;
      field.parentElement.hidden = !only || (key !== "c" && values[key] === undefined);
      field.value = values[key] ?? "";
      field.checked = !!layer.c;
    }
    return form;
  }));
  refresh();
}

/** Everything that follows from layers and input size. */
function refresh() {
  const faults = layers.map((l) => (l.fault ? { entry: l.fault } : faultsOf(l))), bad = faults.findIndex((f) => Object.keys(f).length);
  const form = /^(\d+(x\d+)?)?$/.test(input), fits = form && numbers(input || "1").every((n) => n > 0 && n <= LARGEST_INPUT);
  network = new Network(bad < 0 ? layers : layers.slice(0, bad), fits ? input : "");
  if (network.fault) faults[network.ends.length] = { none: network.fault };
  complain(find("input").parentElement.parentElement, fits ? {} : { input: form ? new Fault("range", 1, LARGEST_INPUT) : new Fault("input") });
  [...find("list").children].forEach((form, i) => {
    complain(form, faults[i]);
    find("result", form).textContent = i < network.ends.length ? shown(network.row(network.ends[i]).size) : "–";
  });
  if (bad < 0) {
    if (document.activeElement !== find("text")) find("text").value = write(layers);
    complain(find("text").parentElement.parentElement, {});
    find("preset").value = presets.find((o) => write(parse(o.dataset.layers)) === write(layers))?.value ?? "";
  }
  drawTable();
}

function complain(box, faults) {
  const error = find("error", box);
  error.textContent = Object.values(faults).map((f) => word(f.key, ...f.values)).join(" ");
  for (const field of box.querySelectorAll("[data-field]")) {
    field.setAttribute("aria-invalid", field.dataset.field in faults);
    field.setAttribute("aria-describedby", error.id);
  }
}

function drawTable() {
  const columns = columnsOf(network), words = [word("no"), word("yes")];
  rows = network.nodes.flatMap((node, i) => (i && (!node.depth || find("inner").checked) ? [network.row(i)] : []));
  find("table").classList.toggle("rf-unsized", columns.length < 8);
  find("rows").replaceChildren(...rows.map((row, i) => {
    const name = make("button", { type: "button", textContent: "· ".repeat(row.depth) + row.name });
    const notes = row.misaligned.map((m) => make("small", { textContent: word("misaligned", m.path, shown(m.offset)) }));
    name.dataset.pick = i;
    return make("tr", {}, make("th", { scope: "row" }, name, ...notes), ...columns.map((c) => make("td", { textContent: shown(row[c], c, words) })));
  }));
  draw();
}

/** The unit nearest to a place, and what it sees along one side of the picture. */
function look(row, side, place = focus[side]) {
  const axis = Math.min(side, network.axes - 1), { fields, sizes } = network.nodes[row.number], field = fields[axis];
  const { start = null, jump } = field ? measured(field) : {}, units = sizes[axis] ?? 1, size = network.input[axis];
  const near = start === null || place === undefined ? units >> 1 : Math.round((place - start) / jump);
  const unit = Math.max(0, Math.min(units - 1, near)), whole = field && seenBy(field, unit);
  const seen = size === null ? null : network.seen(row.number, axis, unit), { first, last } = whole ?? (seen ? extent(seen) : { first: 0, last: 0 });
  return { field, unit, units, whole, seen, first, last, size, move: (i) => start + i * jump, place: (first + last) / 2 };
}

const runs = (set) => {
  const text = set?.bits ? [...digits(set)].reverse().join("") : (set?.join("") ?? "");
  return [...text.matchAll(/1+/g)].map((m) => [m.index + (set.first ?? 0), m[0].length]);
};

/** The chosen unit over the input: rows of bars, cut by columns of bars. */
function draw() {
  const svg = find("svg"), chosen = Math.min(at, rows.length - 1), row = rows[chosen];
  find("view").hidden = !row;
  store();
  if (!row) return;
  const here = [0, 1].map((side) => look(row, side)), places = here.map((h) => h.place);
  const box = here.map((h, side) => {
    const { first, last } = look(rows.at(-1), side, h.place), n = h.size ?? last + 1, low = Math.min(0, first, h.first), high = Math.max(n, last + 1, h.last + 1);
    return h.size === null ? [low - 1, high + 1] : [Math.max(low, -n / 2) - n / 40, Math.min(high, n * 1.5) + n / 40];
  });
  const set = (name, values) => Object.entries(values).forEach(([key, value]) => find(name).setAttribute(key, value));
  const frame = ([y, x]) => ({ x: x.first, y: y.first, width: x.last - x.first + 1, height: y.last - y.first + 1 });
  const [[top, bottom], [left, right]] = box;
  for (const name of ["whole", "seen"]) {
    set(`${name}-rows`, { d: runs(here[0][name]).map(([y, n]) => `M${left} ${y}H${right}v${n}H${left}z`).join("") });
    set(`${name}-columns`, { d: runs(here[1][name]).map(([x, n]) => `M${x} ${top}V${bottom}h${n}V${top}z`).join("") });
  }
  set("svg", { viewBox: `${left} ${top} ${right - left} ${bottom - top}`, "aria-label": "" });
  const [height, width] = here.map((h) => h.size ?? 0), lines = (n, form) => range(n < 81 ? n : 0).map(form).join("");
  for (const name of ["map", "border"]) set(name, { width, height });
  set("grid", { d: lines(width, (x) => `M${x} 0V${height}`) + lines(height, (y) => `M0 ${y}H${width}`) });
  set("frame", frame(here));
  find("earlier").replaceChildren(...rows.slice(0, chosen).map((r) => {
    const rect = document.createElementNS("http://www.w3.org/2000/svg", "rect"), sides = places.map((place, side) => look(r, side, place));
    Object.entries(frame(sides)).forEach(([key, value]) => rect.setAttribute(key, value));
    return rect;
  }));
  Object.assign(find("step"), { max: rows.length - 1, value: chosen });
  here.forEach((h, side) => Object.assign(find(`unit${side}`), { value: h.unit, max: h.units - 1 }));
  const ranges = here.map(({ first, last }) => `${first} – ${last}`), cut = here.some((h) => h.field && h.seen && isCut(extent(h.seen), h.whole));
  const sees = [row.name, here.map((h) => h.unit).join(", "), ...ranges], known = here.every((h) => h.field || h.seen);
  find("caption").textContent = known ? word("sees", ...sees) + (cut ? word("cut") : "") : word("all", row.name);
  svg.setAttribute("aria-label", find("caption").textContent);
  [...find("rows").children].forEach((line, i) => line.classList.toggle("rf-chosen", i === chosen));
}

/** The address tells it all, so that a link shares it. */
function store() {
  if (layers.some((l) => l.fault)) return;
  const text = encodeURIComponent((find("preset").value || write(layers)).replaceAll(" ", ",")).replace(/%(2C|2F|3A|3B|3D)/g, decodeURIComponent);
  const layer = at < Infinity ? `&at=${at}` : "", place = focus.length ? `&focus=${focus}` : "";
  const query = `?layers=${text}&input=${input}${layer}${place}${find("inner").checked ? "&inner=1" : ""}`;
  clearTimeout(saving);
  saving = setTimeout(() => {
    history.replaceState(null, "", query + location.hash);
    document.querySelector("a.language").search = query;
  }, 300);
}

const indexOf = (element) => [...find("list").children].indexOf(element.closest("[data-part=list] > *"));

function move(from, by) {
  const [layer] = layers.splice(from, 1);
  if (by) layers.splice(Math.max(0, from + by), 0, layer);
  build();
  find("list").children[Math.max(0, Math.min(from + by, layers.length - 1))]?.querySelector(`[data-move="${by}"]`).focus();
  if (by) find("status").textContent = word("moved", Math.max(0, Math.min(from + by, layers.length - 1)) + 1, layers.length);
}

async function copy(name, button) {
  const text = { python: () => toPython(layers, network), markdown: () => toMarkdown(network), csv: () => toCsv(network), link: () => location.href }[name]();
  try {
    await navigator.clipboard.writeText(text);
    find("status").textContent = word("copied", button.textContent);
  } catch {
    find("by-hand").hidden = false;
    Object.assign(find("manual"), { value: text }).select();
  }
}

const choose = (index) => {
  at = index < rows.length - 1 ? index : Infinity; // the last one, even when it is another
  draw();
};

function place(side, unit) {
  const here = [0, 1].map((s) => look(rows[at] ?? rows.at(-1), s));
  focus = here.map((h, s) => (s === side ? h.move(unit) : h.place));
  draw();
}

const CHANGES = {
  text: (field) => load(field.value, input),
  input: (field) => {
    input = plain(field.value);
    refresh();
  },
  preset: (field) => load(field.value || write(layers), field.selectedOptions[0].dataset.input ?? input),
  step: (field) => choose(field.valueAsNumber),
  inner: drawTable,
  unit0: (field) => place(0, field.valueAsNumber || 0),
  unit1: (field) => place(1, field.valueAsNumber || 0),
};

/** A field of a layer's form was typed in. */
function edit(field) {
  const layer = layers[indexOf(field)], { field: key } = field.dataset;
  if (key !== "entry") layer[key] = field.type === "checkbox" ? (field.checked ? "c" : "") : plain(field.value);
  else {
    delete layer.fault;
    const [changed, ...more] = parse(field.value);
    if (!changed || more.length) throw new Fault("entry", field.value);
    Object.keys(layer).forEach((k) => k !== "name" && delete layer[k]);
    Object.assign(layer, changed, { name: layer.name });
  }
  refresh();
}

function onInput({ target }) {
  const change = CHANGES[target.dataset.part], list = target.closest("[data-part=list]");
  try {
    if (list) edit(target);
    else change?.(target);
  } catch (fault) {
    if (!fault.key) throw fault;
    if (!list) return complain(target.parentElement.parentElement, { text: fault });
    layers[indexOf(target)].fault = fault;
    refresh();
  }
}

function onClick({ target }) {
  const button = target.closest("button"), { move: by, add, pick, give } = button?.dataset ?? {};
  if (by) move(indexOf(button), Number(by));
  if (pick) choose(Number(pick));
  if (give) copy(give, button);
  if (add) {
    layers.push(...parse(add));
    build();
    find("list").lastElementChild.querySelector("label:not([hidden]) [data-field]:not([data-field=name])").focus();
  }
  if (button === find("play")) play();
}

/** Step through the layers. */
function play() {
  const stop = () => find("play").setAttribute("aria-pressed", !!(playing = clearInterval(playing)));
  if (playing) return stop();
  if (at === Infinity) choose(0);
  playing = setInterval(() => (at === Infinity ? stop() : choose(at + 1)), 700);
  find("play").setAttribute("aria-pressed", true);
}

/** Drag a layer by its grip: the others make room. */
function onGrip(event) {
  const form = event.target.closest("[data-part=grip]")?.parentElement, list = find("list"), before = [...list.children];
  if (!form) return;
  const middle = (e) => e.getBoundingClientRect().top + e.offsetHeight / 2;
  const drag = ({ clientY }) => {
    for (let e; (e = form.previousElementSibling) && clientY < middle(e); ) form.after(e);
    for (let e; (e = form.nextElementSibling) && clientY > middle(e); ) form.before(e);
  };
  const drop = () => {
    done.abort();
    layers = [...list.children].map((e) => layers[before.indexOf(e)]);
    build();
  };
  event.preventDefault();
  form.classList.add("rf-dragged");
  const done = new AbortController(), { signal } = done;
  addEventListener("pointermove", drag, { signal });
  for (const end of ["pointerup", "pointercancel"]) addEventListener(end, drop, { signal });
}

function start() {
  const given = new URLSearchParams(location.search), [example] = (presets = [...find("preset").options].slice(1));
  let trouble;
  find("inner").checked = given.has("inner");
  try {
    load(given.get("layers") ?? example.value, given.get("input") ?? example.dataset.input);
  } catch (fault) {
    trouble = fault;
    load(example.value, example.dataset.input);
  }
  focus = /^(-?[\d.]+,?){2}$/.test(given.get("focus")) ? given.get("focus").split(",").map(Number) : [];
  choose(/^\d+$/.test(given.get("at")) ? Number(given.get("at")) : Infinity);
  if (trouble) {
    find("text").value = given.get("layers").replaceAll(",", " ");
    complain(find("text").parentElement.parentElement, { text: trouble });
  }
  root.hidden = false;
  root.addEventListener("input", onInput);
  root.addEventListener("click", onClick);
  root.addEventListener("pointerdown", onGrip);
  find("svg").addEventListener("click", ({ clientX, clientY }) => {
    const { x, y } = new DOMPoint(clientX, clientY).matrixTransform(find("svg").getScreenCTM().inverse());
    focus = [y - 0.5, x - 0.5];
    draw();
  });
}

if (root) start();
