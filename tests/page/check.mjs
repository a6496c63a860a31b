// What a reader of the report depends on, checked in Chromium.
//
//   node check.mjs PAGE...
//
// CHROMIUM names the browser; SHOTS a directory for screenshots.

import { readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const LARGEST = 1.5e6;
const SLOWEST = 1000;
const PHONES = [390, 320];

let complaints = 0;
const check = (page, what, holds, found = "") => {
  if (!holds) complaints += 1;
  console.log(`${holds ? "ok  " : "FAIL"} ${page}: ${what}${found === "" ? "" : ` (${found})`}`);
};

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});

/** A page in a context of its own, with what it says and asks for. */
const open = async (file, options = {}) => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const said = [];
  page.on("console", m => said.push(`${m.type()}: ${m.text()}`));
  page.on("pageerror", e => said.push(`error: ${e.message}`));
  page.on("request", r => {
    if (!r.url().startsWith("data:") && r.url() != url) said.push(`request: ${r.url()}`);
  });
  const url = pathToFileURL(resolve(file)).href;
  await page.goto(url, { waitUntil: "load" });
  return { page, said, close: () => context.close() };
};

const openAll = page =>
  page.evaluate(() => document.querySelectorAll("details").forEach(d => (d.open = true)));

/** Serious and critical findings of axe, and how many others. */
const findings = async page => {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document));
  const bad = violations.filter(v => ["serious", "critical"].includes(v.impact));
  const words = v => `${v.id} x${v.nodes.length}: ${v.nodes[0].html.slice(0, 100)}`;
  return { bad: bad.map(words), others: violations.filter(v => !bad.includes(v)).map(words) };
};

const overflow = page =>
  page.evaluate(() => {
    const root = document.documentElement;
    if (root.scrollWidth <= innerWidth) return "";
    const wide = [...document.querySelectorAll("body *")].filter(e => {
      const inside = e.closest(".drawing, .formula, .scroll, .vh, .skip");
      return e.getBoundingClientRect().right > innerWidth + 1 && (!inside || inside == e);
    });
    const name = e => e.tagName.toLowerCase() + (e.id ? `#${e.id}` : "") + (e.className.baseVal ?? `.${e.className}`);
    return `${root.scrollWidth} px: ${wide.slice(0, 4).map(name).join(", ")}`;
  });

for (const file of process.argv.slice(2)) {
  const name = basename(dirname(resolve(file)));
  const bytes = statSync(file).size;
  check(name, `at most ${LARGEST} bytes`, bytes <= LARGEST, bytes);

  const { page, said, close } = await open(file);
  const paint = await page.evaluate(
    () =>
      new Promise(done => {
        const seen = () => performance.getEntriesByName("first-contentful-paint")[0];
        const ask = () => (seen() ? done(seen().startTime) : setTimeout(ask, 20));
        ask();
      }),
  );
  check(name, `first paint within ${SLOWEST} ms`, paint < SLOWEST, `${Math.round(paint)} ms`);

  const found = await page.evaluate(() => {
    const all = s => [...document.querySelectorAll(s)];
    const ids = all("[id]").map(e => e.id);
    const twice = ids.filter((id, i) => ids.indexOf(id) != i);
    const dead = all('a[href^="#"], use[href^="#"]')
      .map(a => a.getAttribute("href").slice(1))
      .filter(id => !document.getElementById(id));
    const other = all("a[href]").map(a => a.getAttribute("href")).filter(h => !/^(#|data:text\/csv)/.test(h));
    const levels = all("h1, h2, h3, h4").map(h => +h.tagName[1]);
    const gaps = levels.filter((l, i) => l > (levels[i - 1] ?? 0) + 1);
    const scopes = all("th").filter(th => !th.hasAttribute("scope")).length;
    return { twice, dead, other, h1: all("h1").length, gaps, scopes, main: all("main").length };
  });
  check(name, "ids are unique", found.twice.length == 0, found.twice.slice(0, 3).join(", "));
  check(name, "links within the page resolve", found.dead.length == 0, found.dead.slice(0, 3).join(", "));
  check(name, "there are no other links", found.other.length == 0, found.other.slice(0, 3).join(", "));
  check(name, "one h1, no level left out", found.h1 == 1 && found.gaps.length == 0, found.gaps.join());
  check(name, "one main, headers with scope", found.main == 1 && found.scopes == 0, found.scopes || "");

  for (const scheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme: scheme });
    const { bad, others } = await findings(page);
    check(name, `axe, ${scheme}`, bad.length == 0, [...bad, ...others.map(o => `minor ${o}`)].join("; "));
  }
  await page.emulateMedia({ colorScheme: "light" });

  // Search and filters, against what stands in the document.
  const hits = async () => {
    await page.waitForTimeout(400);
    return page.evaluate(() => {
      const visible = document.querySelectorAll("details.v:not([hidden]) tbody tr:not([hidden])");
      return { said: parseInt(document.getElementById("hits").textContent) || 0, visible: visible.length };
    });
  };
  if (await page.$("#find")) {
    const rows = await page.evaluate(() =>
      [...document.querySelectorAll("details.v tbody tr")].map(r => {
        const g = r.closest("details").dataset;
        const text = `${r.closest("details").id.slice(2)} ${g.m} ${g.t} ${r.textContent}`.toLowerCase();
        return { s: r.dataset.s ?? "pass", t: g.t, m: g.m, text };
      }),
    );
    const expected = test => rows.filter(test).length;
    for (const s of ["pass", "fail", "inconclusive", "not-applicable"]) {
      await page.selectOption("select[name=s]", s);
      const { said, visible } = await hits();
      const wanted = expected(r => r.s == s);
      check(name, `filter by ${s}`, said == wanted && visible == wanted, `${said} of ${rows.length}`);
    }
    await page.selectOption("select[name=s]", "");
    for (const key of ["t", "m"]) {
      const value = rows.at(-1)[key];
      await page.selectOption(`select[name=${key}]`, value);
      const { said, visible } = await hits();
      const wanted = expected(r => r[key] == value);
      check(name, `filter by ${value}`, said == wanted && visible == wanted, said);
      await page.selectOption(`select[name=${key}]`, "");
    }
    await page.keyboard.press("/");
    await page.keyboard.type("limit 0.0");
    const { said, visible } = await hits();
    const wanted = expected(r => ["limit", "0.0"].every(w => r.text.includes(w)));
    check(name, "the slash key and the search", said == wanted && visible == wanted, said);
    await page.fill("input[name=q]", "");
    await page.evaluate(() => document.querySelector("input[name=q]").blur());
    const after = await hits();
    check(name, "an empty search shows everything", after.visible == rows.length && after.said == 0);

    const opened = await page.evaluate(async () => {
      const row = [...document.querySelectorAll("tbody[id^=c-]")].at(-1);
      location.hash = row.id;
      await new Promise(done => setTimeout(done, 100));
      return row.querySelector("details").open;
    });
    check(name, "a hash opens what it points at", opened);
    const copies = await page.evaluate(() => {
      const all = [...document.querySelectorAll(".cmd")];
      return all.length > 0 && all.every(c => c.querySelector("button.copy")?.getAttribute("aria-label"));
    });
    check(name, "commands can be copied", copies);
  }

  await openAll(page);
  for (const scheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme: scheme });
    const { bad, others } = await findings(page);
    check(name, `axe with everything open, ${scheme}`, bad.length == 0, [...bad, ...others.map(o => `minor ${o}`)].join("; "));
  }
  check(name, "nothing is logged or asked for", said.length == 0, said.slice(0, 3).join("; "));
  await close();

  for (const width of PHONES) {
    const { page, close } = await open(file, { viewport: { width, height: 800 } });
    const closed = await overflow(page);
    await openAll(page);
    const all = await overflow(page);
    check(name, `no horizontal scroll at ${width} px`, closed == "" && all == "", closed || all);
    await close();
  }

  const { page: bare, close: closeBare } = await open(file, { javaScriptEnabled: false });
  const hidden = await bare.$$eval("[hidden]", all => all.map(e => e.id)).catch(() => null);
  check(name, "without scripts only the search is hidden", hidden === null || hidden.every(id => id == "find"));
  await closeBare();

  if (process.env.SHOTS) {
    for (const [kind, options] of Object.entries({
      desktop: {},
      dark: { colorScheme: "dark" },
      phone: { viewport: { width: 390, height: 844 } },
      "phone-dark": { viewport: { width: 390, height: 844 }, colorScheme: "dark" },
    })) {
      const { page, close } = await open(file, options);
      await page.screenshot({ path: join(process.env.SHOTS, `${name}-${kind}.png`), fullPage: true });
      await close();
    }
  }
}
await browser.close();
console.log(complaints == 0 ? "all pages are in order" : `${complaints} complaints`);
process.exit(complaints == 0 ? 0 : 1);
