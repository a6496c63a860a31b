//! No input, however hostile, makes a statistic panic or hang, or a p-value leave [0, 1].

use proptest::prelude::*;

use super::*;

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        proptest::num::f64::ANY,
        -3.0..3.0_f64,
        Just(0.0),
        Just(1.0),
        Just(1e300),
        Just(1e-300),
    ]
}

fn numbers() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(number(), 0..7)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn regressions_and_diagnostics(x in numbers(), y in numbers(), w in numbers(), c in number()) {
        let n = x.len().min(y.len()).min(w.len());
        for (x, y, w) in [(&x[..], &y[..], &w[..]), (&x[..n], &y[..n], &w[..n])] {
            if let Ok(fit) = regression::line(x, y) {
                let _ = diagnose(x, y, &fit);
                let _ = fit.at_confidence(c);
            }
            if let Ok(fit) = regression::weighted_line(x, y, w) {
                let _ = diagnose(x, y, &fit);
            }
            let _ = regression::polynomial(x, y, 3);
            let _ = regression::ordinary(&[x, w], y, Intercept::Absent);
        }
    }

    #[test]
    fn tests_of_means(
        x in numbers(),
        mean in number(),
        variance in number(),
        room in number(),
        alpha in prop_oneof![number(), 0.0..1.0_f64],
    ) {
        for known in [
            Known { mean, variance, room },
            Known { mean, variance: variance.abs(), room: room.abs() },
        ] {
            for test in [two_sided::catoni, two_sided::median_of_means] {
                if let Ok(t) = test(&x, known, alpha) {
                    prop_assert!((0.0..=1.0).contains(&t.p_value), "{t:?}");
                }
            }
        }
        if let Ok(mut test) = MeanAtMost::new(variance.abs(), alpha) {
            for x in &x {
                let _ = test.push(*x);
            }
            let o = test.outcome();
            prop_assert!((0.0..=1.0).contains(&o.p_value), "{o:?}");
        }
        let _ = ledger::holm(alpha, 9, &x);
        let _ = Ledger::weighted(alpha, &x).map(|l| l.share(0));
    }
}
