// Scores of one page of each kind, on a phone, by Lighthouse: `make lighthouse`, or `node scores.mjs SITE [PATH ...]`.
//
// Accessibility, best practices and SEO must be 100. Performance must be 95 or more, in the best of five tries: other
// programs can only make it lower. Where they keep all cores busy it says so and is shown, not judged. On a machine that
// others share without being seen, PERFORMANCE=90 asks for less.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { availableParallelism, loadavg } from "node:os";
import { extname, join, normalize, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { launch } from "chrome-launcher";
import lighthouse from "lighthouse";

const PAGES = ["", "batch-normalization/", "labs/bn-training/", "tools/receptive-field/", "glossary/", "claims/", "verification/", "api/convolution/", "en/", "en/max-pooling/"];
const BUDGET = { performance: Number(process.env.PERFORMANCE ?? 95), accessibility: 100, "best-practices": 100, seo: 100 };
const TRIES = 5;
const TYPES = { ".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".json": "application/json", ".svg": "image/svg+xml", ".md": "text/plain", ".png": "image/png", ".woff2": "font/woff2" };
const [site = "site", ...asked] = process.argv.slice(2);

/** The file behind an address, compressed as GitHub Pages sends it. */
async function answer(request, response) {
  const path = decodeURIComponent(new URL(request.url, "http://site").pathname).replace(/^\/cnnref/, "").replace(/\/$/, "/index.html");
  const type = TYPES[extname(path)] ?? "application/octet-stream";
  try {
    const body = await readFile(join(resolve(site), normalize(path)));
    const text = !/png|font|octet/.test(type);
    response.writeHead(200, { "Content-Type": text ? `${type}; charset=utf-8` : type, ...(text && { "Content-Encoding": "gzip" }), "Cache-Control": "max-age=600" });
    response.end(text ? gzipSync(body) : body);
  } catch {
    response.writeHead(404).end();
  }
}

const faults = (scores, judged) =>
  Object.entries(BUDGET).filter(([name, least]) => scores[name] < least && (judged || name !== "performance"));

/** The best scores of a page in a few tries, with what failed in the last one. */
async function scoresOf(url, port, judged) {
  let best = {}, failed = [];
  for (let tries = 0; tries < TRIES && (!tries || faults(best, judged).length); tries++) {
    const { lhr } = await lighthouse(url, { port, logLevel: "error", onlyCategories: Object.keys(BUDGET) });
    for (const [name, { score }] of Object.entries(lhr.categories)) best[name] = Math.max(best[name] ?? 0, Math.round(score * 100));
    const weighed = Object.values(lhr.categories).flatMap((category) => category.auditRefs).filter((each) => each.weight);
    failed = [...new Set(weighed.map((each) => each.id))].filter((id) => lhr.audits[id].score !== null && lhr.audits[id].score < 0.9);
  }
  return { best, failed };
}

const server = createServer(answer).listen(0, "127.0.0.1");
const chrome = await launch({ chromePath: process.env.CHROME_PATH, chromeFlags: ["--headless=new", "--no-sandbox", "--disable-gpu"] });
const cores = availableParallelism(), busy = () => loadavg()[0] >= cores, until = Date.now() + 120_000;
while (busy() && Date.now() < until) await setTimeout(5_000); // what ran just before still counts for a minute
const judged = !busy();
let broken = 0;
if (!judged) console.log(`performance is not judged: ${loadavg()[0].toFixed(1)} programs want ${cores} cores`);
try {
  for (const page of asked.length ? asked : PAGES) {
    const { best, failed } = await scoresOf(`http://127.0.0.1:${server.address().port}/cnnref/${page}`, chrome.port, judged);
    const wrong = faults(best, judged);
    broken += wrong.length;
    console.log(`${wrong.length ? "FAILED" : "ok    "} ${`/${page}`.padEnd(26)} ${Object.entries(best).map((each) => each.join(" ")).join(", ")}${wrong.length ? `: ${failed.join(", ")}` : ""}`);
  }
} finally {
  chrome.kill();
  server.close();
}
process.exit(broken ? 1 : 0);
