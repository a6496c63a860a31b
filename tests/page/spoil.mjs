// Turns a passing run directory into a failing one: some verdicts of two claims are flipped, one of
// them on an instance whose curve is recorded, as a broken implementation would leave them.
//
//   node spoil.mjs DIR

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const file = join(process.argv[2], "verdicts.jsonl");
const lines = readFileSync(file, "utf8").trim().split("\n");
const drawn = new Set(
  readFileSync(join(process.argv[2], "records.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map(line => JSON.parse(line))
    .filter(r => r.data.curve)
    .map(r => `${r.origin.claim}/${r.origin.kind}.${r.origin.family}.${r.origin.index}`),
);

const wanted = { "aid-fp-bound": 2, "aid-fp-exact": 1 };
const spoiled = lines.map(line => {
  const v = JSON.parse(line);
  const curve = v.claim != "aid-fp-bound" || drawn.has(`${v.claim}/${v.instance.id}`);
  if (v.status != "pass" || !wanted[v.claim] || !curve) return line;
  wanted[v.claim] -= 1;
  const bound = v.claim == "aid-fp-bound" ? 4.07e-6 : 6.48e-14;
  Object.assign(v, {
    status: "fail",
    measured: 0.0834,
    bound,
    slack: bound / 0.0834,
    headroom: bound / 0.0834,
    step: 12,
    detail: `at w_12, k = 12: error 8.339999e-2 exceeds ${bound}`,
    smallest: {
      spec: { ...v.instance.spec, dim: 1, q: 0.5 },
      seed: 10951117501173804000,
      measured: 0.5,
      bound: 1.49e-8,
    },
    diagnosis: { names: [{ fault: "mask-tolerance", confidence: 0.98 }] },
  });
  // A seed has more digits than a number of JavaScript.
  return JSON.stringify(v).replace(/"seed":\d+(?=,"spec":\{"kind":"[^"]*","dim":\d+,"params":\d+,"rows":\d+,"q":[\d.]+)/, line.match(/"seed":\d+/)[0]);
});
if (Object.values(wanted).some(n => n > 0)) throw new Error("nothing to spoil");
writeFileSync(file, spoiled.join("\n") + "\n");

// run.json knows the verdicts as they were; a run that does not say what it holds is read all the same.
const info = join(process.argv[2], "run.json");
writeFileSync(info, readFileSync(info, "utf8").replace(/"verdicts": \{[^}]*\},\s*/, ""));
