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
    fn lines(x in numbers(), y in numbers()) {
        let n = x.len().min(y.len());
        for (x, y) in [(&x[..], &y[..]), (&x[..n], &y[..n])] {
            if let Ok(fit) = regression::line(x, y) {
                prop_assert!(fit.slope.point.is_finite(), "{fit:?}");
            }
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
            if let Ok(t) = two_sided::catoni(&x, known, alpha) {
                prop_assert!((0.0..=1.0).contains(&t.p_value), "{t:?}");
            }
        }
        if let Ok(mut test) = MeanAtMost::new(variance.abs(), alpha) {
            for x in &x {
                let _ = test.push(*x);
            }
            let o = test.outcome();
            prop_assert!((0.0..=1.0).contains(&o.p_value), "{o:?}");
        }
        let _ = equal_share(alpha, x.len());
    }
}
