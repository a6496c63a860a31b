//! All figures of a run.

use super::shown::Shown;
use super::{
    bilevel, bounds, integrals, kinks, moduli, plateaus, race, rates, replicates, sets, slack,
    stochastic, strip,
};
use crate::checks::Data;
use crate::claims::{Record, Verdict};
use crate::report::figure::Figure;

/// All figures of a run, in the order of the theorems: one for each thing that a theorem says, and
/// last all fitted rates in units of what is accepted. What nothing was recorded of is left out.
pub fn draw(verdicts: &[Verdict], records: &[Record]) -> Vec<Figure> {
    macro_rules! all {
        ($kind:ident) => {
            records
                .iter()
                .filter_map(|r| match &r.data {
                    Data::$kind(data) => Some(Shown {
                        from: &r.origin,
                        data,
                    }),
                    _ => None,
                })
                .collect::<Vec<_>>()
        };
    }
    let (moments, plots) = (all!(Moments), all!(Plot));
    let drawn = [
        moduli::figure(verdicts),
        bounds::figure(verdicts, &all!(Curve)),
        rates::figure(&all!(Fit)),
        slack::figure(&all!(Slack)),
        race::figure(&all!(Race)),
        kinks::margins(&plots),
        sets::figure(&plots),
        kinks::distances(&plots),
        stochastic::rate(&moments),
        plateaus::figure(&moments),
        replicates::figure(&moments),
        bilevel::figure(&moments),
        integrals::figure(verdicts),
        strip::figure(&all!(Fit)),
    ];
    drawn.into_iter().flatten().collect()
}
