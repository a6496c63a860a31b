"""A stand-in for the program that examines served maps, for tests: asks, and writes what it heard.

Checks that every vjp is that of the map w ↦ w/2 + λ in all coordinates.
"""

import json
import sys
from pathlib import Path


def ask(message):
    print(json.dumps(message), flush=True)
    return json.loads(sys.stdin.readline())


def main():
    out = Path(sys.argv[sys.argv.index("--out") + 1])
    hello = ask({"type": "hello", "protocol": 1})
    served = hello["maps"][0]
    w, lam = served["w0"], served["lambda"]
    common = {"map": served["name"], "w": w, "lambda": lam}
    heard = [ask({"type": "eval", "id": "phi", "what": "phi", **common})]
    units = [[float(i == j) for i in range(len(w))] for j in range(len(w))]
    items = [{"what": "vjp", "u": u, **common} for u in units]
    heard.append(ask({"type": "evals", "id": "vjps", "items": items}))
    heard.append(ask({"type": "eval", "id": "none", "what": "outer", **common}))
    if "jvp" in served["products"]:
        u = [1.0] * (len(w) + len(lam))
        heard.append(ask({"type": "eval", "id": "jvp", "what": "jvp", "u": u, **common}))
    if "hypergradient" in served:
        more = {} if served["hypergradient"]["inner"] == "implicit" else {"steps": [1, 2]}
        message = {"what": "hypergradient", "u": [1.0] * len(w), **common, **more}
        heard.append(ask({"type": "eval", "id": "gradient", **message}))
    print(json.dumps({"type": "stop"}), flush=True)
    wanted = [[0.5 * x for x in u] + u for u in units]
    right = heard[1]["values"] == wanted
    verdict = {
        "schema": 1,
        "id": f"map/{served['name']}/conservative",
        "claim": "map",
        "theorem": "",
        "method": "map",
        "instance": {"kind": "served", "id": served["name"], "seed": 0, "spec": {}},
        "status": "pass" if right else "fail",
        "check": "conservative",
        "measured": "NaN",
        "bound": 0.0,
        "slack": "NaN",
        "detail": f"vjps are {heard[1]['values']}",
        "replay": "",
        "diagnosis": "unknown",
    }
    out.mkdir(parents=True)
    (out / "run.json").write_text(json.dumps({"subject": {"cases": 0}, "heard": heard, **hello}))
    (out / "verdicts.jsonl").write_text(json.dumps(verdict) + "\n")
    print(f"{served['name']}: {'passes' if right else 'fails'}", file=sys.stderr)
    print(f"report: {out}/index.html", file=sys.stderr)
    sys.exit(0 if right else 1)


main()
