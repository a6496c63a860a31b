//! Records of every kind that is drawn, small ones.

use crate::checks::{Curve, Data, Fit, Moments, Plot, Points, Race, Ruling, Series, Slack, Unit};
use crate::claims::{Origin, Record, Verdict};
use crate::report::tests::{curve, fit, origin, verdict};

pub(super) fn record(claim: &str, method: &str, kind: &str, data: Data) -> Record {
    let origin = Origin {
        method: method.into(),
        kind: kind.into(),
        ..origin(claim)
    };
    Record { origin, data }
}

pub(super) fn of_curve(kind: &str, curve: Curve) -> Record {
    record("bound-itd", "itd", kind, Data::Curve(curve))
}

pub(super) fn of_fit(method: &str, fit: Fit) -> Record {
    record("rate", method, "tight", Data::Fit(fit))
}

pub(super) fn slack(method: &str, level: &str, slack: f64, clear: bool) -> Record {
    let data = Slack {
        level: level.into(),
        q: 0.5,
        r: 0.1,
        step: 9,
        slack,
        clear,
    };
    record("bound", method, "tight", Data::Slack(data))
}

pub(super) fn race(jump: f64) -> Record {
    let powers = |c: f64, q: f64| (0..40).map(|t| c * q.powi(t)).collect::<Vec<f64>>();
    let late = |t: usize, v: f64| if t < 13 { v } else { v / jump };
    let aid = powers(1.0, 0.3).into_iter().enumerate();
    let data = Race {
        q: 0.5,
        r: 0.1,
        tau: Some(29),
        identified: Some(13),
        itd: powers(1.0, 0.4),
        aid: aid.map(|(t, v)| late(t, v)).collect(),
        itd_bound: powers(100.0, 0.6),
        aid_bound: powers(100.0, 0.5),
        itd_floor: vec![1e-12; 40],
        aid_floor: vec![1e-12; 40],
    };
    let kind = if jump > 1.0 { "jump" } else { "calm" };
    record("identification", "itd", kind, Data::Race(data))
}

pub(super) fn sets() -> Record {
    let square = |r: f64| [(-r, -r), (r, -r), (r, r), (-r, r), (-r, -r)];
    let series = vec![
        Points::new("D_fix", square(3.0)),
        Points::new("D_imp", square(2.0)),
        Points::new("D_joint", [(-2.0, -2.0), (2.0, 2.0)]),
        Points::new(
            "ITD, random selections",
            (0..20).map(|i| (f64::from(i % 3), 2.5)),
        ),
        Points::new("AID-FP, joint middle slope", [(0.0, 1.0), (1.0, 1.0)]),
    ];
    let plot = Plot::new("implicit-set", "q = 0.56".into(), series);
    record("kink-selections", "itd", "kink", Data::Plot(plot))
}

fn plot(figure: &str, names: [&str; 3]) -> Record {
    let each = names.iter().enumerate().map(|(n, name)| {
        let points = (0..20).map(|t| {
            let t = f64::from(t);
            (10f64.powf(-t / 2.0), 10f64.powf(t / 2.0 - 6.0 * n as f64))
        });
        Points::new(*name, points)
    });
    let plot = Plot::new(figure, "q = 0.5".into(), each.collect());
    record(figure, "itd", "kink", Data::Plot(plot))
}

pub(super) fn moments(figure: &str, names: &[(&str, f64, f64)]) -> Record {
    let steps: Vec<usize> = vec![0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
    let series = names.iter().map(|(name, first, last)| {
        let n = steps.len() as f64 - 1.0;
        let at = |i: usize| first * (last / first).powf(i as f64 / n);
        Series::new(*name, (0..steps.len()).map(at).collect())
    });
    let data = Moments {
        figure: figure.into(),
        gamma: if figure == "constant" { f64::NAN } else { 3.0 },
        series: series.collect(),
        steps,
    };
    let method = if figure == "plateau" { "sid" } else { "nsid" };
    record(figure, method, "noise-kink", Data::Moments(data))
}

const SCHEDULE: [(&str, f64, f64); 5] = [
    ("mean square error, t = k, J = k/16", 1.0, 1e-6),
    ("Theorem along the schedule", 100.0, 1.0),
    ("t held at 1", 1.0, 1e-3),
    ("J held at 1", 1.0, 0.9),
    ("k held at 1", 1.0, 1e-2),
];

/// Two constant steps on one instance.
pub(super) fn plateaus() -> [Record; 2] {
    let step = |name: &str, plateau: f64| {
        let name = format!("E‖v_k - v̂‖², step {name}");
        let names = [
            (name.as_str(), 1.0, plateau),
            ("its plateau", plateau, plateau),
            ("Lemma D.2's ησ̂₁/(1-q²)", 20.0 * plateau, 20.0 * plateau),
        ];
        moments("constant", &names)
    };
    [step("η", 0.1), step("η/4", 0.02)]
}

pub(super) fn records() -> Vec<Record> {
    let mut exact = curve();
    for e in &mut exact.error[15..] {
        *e = 0.0;
    }
    let mut all = vec![
        of_curve("a <b> & \"c\"", curve()),
        of_curve("d\u{1b}", exact),
        of_fit("itd", fit()),
        of_fit("aid-fp", fit()),
        slack("itd", "paper", 1e4, true),
        slack("aid-fp", "paper", 1e18, false),
        race(1e4),
        race(1.0),
        sets(),
        plot(
            "excess",
            ["distance to an element of D_fix", "recursion", "rounding"],
        ),
        plot(
            "margin",
            ["ITD's bound / AID-FP's", "the part", "(BM₁+M₂)/R"],
        ),
        moments(
            "limit",
            &[
                ("(γ+k)·E", 50.0, 1.0),
                ("tr Σ", 1.0, 1.0),
                ("Lemma D.3: c", 99.0, 99.0),
            ],
        ),
        moments("schedule", &SCHEDULE),
        moments(
            "plateau",
            &[
                ("SID: E", 1.0, 0.5),
                ("NSID: E", 1.0, 1e-3),
                ("SID's exact plateau", 0.5, 0.5),
            ],
        ),
        moments(
            "simulated",
            &[
                ("mean of 20000 replicates", 1.0, 1e-2),
                ("exact E", 1.0, 1e-2),
            ],
        ),
        moments(
            "bilevel",
            &[
                ("E Var(g_k)", 1.0, 1e-2),
                ("floor + constant/(γ+k)", 2.0, 1.0),
                ("floor of J", 1.0, 1.0),
            ],
        ),
        moments("bilevel-schedule", &SCHEDULE),
    ];
    all.extend(plateaus());
    all
}

pub(super) fn verdicts() -> Vec<Verdict> {
    let with = |claim: &str, theorem: &str, unit, numbers: (f64, f64)| {
        let mut v = verdict(claim, 0, "check", Ruling::Pass, 2.0);
        v.theorem = theorem.into();
        v.unit = Some(unit);
        (v.measured, v.bound) = numbers;
        v
    };
    vec![
        with("constants", "Lemma 2.5", Unit::Modulus, (1.0, 1.0)),
        with("modulus", "Lemma 2.5", Unit::Modulus, (0.4, 1.0)),
        with("conservative", "Theorem 2.4", Unit::Floor, (1e-15, 1e-12)),
        with("conservative", "Theorem 2.4", Unit::Floor, (0.0, 1e-13)),
    ]
}
