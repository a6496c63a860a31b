(() => {
  const all = (s, e = document) => [...e.querySelectorAll(s)];
  const target = () => document.getElementById(decodeURIComponent(location.hash.slice(1)));
  // What a hash points at is opened, with everything around it.
  const open = () => {
    const t = location.hash && target();
    for (let e = t; e; e = e.parentElement) {
      const d = e.tagName == "DETAILS" ? e : e.tagName == "TBODY" && e.querySelector("details");
      if (d) d.open = true;
    }
    if (t) t.scrollIntoView();
  };
  addEventListener("hashchange", open);
  if (location.hash) open();
  for (const c of all(".cmd code")) {
    const b = document.createElement("button");
    b.className = "copy";
    b.type = "button";
    b.textContent = "Copy";
    b.setAttribute("aria-label", "Copy: " + c.textContent);
    b.onclick = () => navigator.clipboard.writeText(c.textContent).then(() => {
      b.textContent = "Copied";
      setTimeout(() => (b.textContent = "Copy"), 1500);
    });
    c.after(b);
  }
  const f = document.getElementById("find");
  if (!f) return;
  f.hidden = false;
  const groups = all("details.v"), hits = document.getElementById("hits");
  let rows = null, was = null, timer;
  const run = () => {
    rows ??= groups.map(d => ({
      d,
      name: (d.id.slice(2) + " " + d.dataset.m + " " + d.dataset.t).toLowerCase(),
      r: all("tbody tr", d).map(r => ({ r, text: null, s: r.dataset.s || "pass" })),
    }));
    const words = f.q.value.toLowerCase().split(/\s+/).filter(Boolean);
    const [s, t, m] = [f.s.value, f.t.value, f.m.value];
    const any = words.length || s || t || m;
    if (any && !was) was = groups.map(d => d.open);
    let found = 0, claims = 0;
    for (const g of rows) {
      const own = (!t || g.d.dataset.t == t) && (!m || g.d.dataset.m == m);
      let n = 0;
      for (const o of g.r) {
        let ok = own && (!s || o.s == s);
        if (ok && words.length) {
          o.text ??= g.name + " " + o.r.textContent.toLowerCase();
          ok = words.every(w => o.text.includes(w));
        }
        o.r.hidden = !ok;
        n += ok;
      }
      found += n;
      claims += n > 0;
      g.d.hidden = !n;
      g.n = n;
    }
    if (any) for (const g of rows) g.d.open = g.n > 0 && (claims <= 3 || found <= 200);
    else if (was) {
      groups.forEach((d, i) => (d.open = was[i]));
      was = null;
    }
    hits.textContent = any ? found + " of the verdicts shown, in " + claims + " claims" : "";
  };
  f.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(run, 120);
  });
  f.addEventListener("submit", e => e.preventDefault());
  addEventListener("keydown", e => {
    if (e.key == "/" && !/INPUT|SELECT|TEXTAREA/.test(e.target.tagName)) {
      e.preventDefault();
      f.q.focus();
    }
  });
})();
