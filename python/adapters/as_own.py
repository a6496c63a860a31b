"""Recorded answers of a library that solves for w itself, judged as such.

    python as_own.py RECORDED OUT [tolerance solver_tolerance] ; ratecert check OUT

Libraries that take a QP solve it again, whatever w a case gives. Where w was w(λ) their answers are
answers to the same case with `w0` in the place of `w`, judged with the declared solver_tolerance too.
"""

import json
import sys

source, target = sys.argv[1:3]
declared = [float(x) for x in sys.argv[3:5]]
cases = {}
with open(source) as lines, open(target, "w") as out:
    for line in lines:
        m = json.loads(line)
        if m.get("type") == "hello" and "methods" in m:
            if declared:
                m["tolerance"], m["solver_tolerance"] = declared
            print(json.dumps(m), file=out)
        elif m.get("type") == "case" and m["method"] == "implicit":
            if "w" in m:
                m["w0"] = m.pop("w")
            cases[m["id"]] = m
        elif m.get("type") == "result" and m["id"] in cases:
            print(json.dumps(cases[m["id"]]), file=out)
            print(line.strip(), file=out)
