//! Asking a served map: batches, counts, the budget, and troubles instead of panics.
//!
//! Owns the assembly of Φ = G ∘ T and of Jacobians from unit vectors. Must not judge.

use super::evaluation::{Drawn, Evaluation, ServedMap, What};
use super::report::{Cost, Found};
use super::spec::ServedSpec;
use crate::checks::{Finding, Reason, Unit};
use crate::linalg::Matrix;
use crate::tol::{SERVED_NUMBERS, SERVED_RANGE};

/// Most evaluations in a message.
const MESSAGE: usize = 1024;

/// Values of Φ beyond what is computed with.
const TOO_LARGE: &str = "too-large";

/// What can go wrong with the conversation.
#[derive(Clone, Debug)]
pub(super) struct Trouble {
    check: &'static str,
    text: String,
}

impl Trouble {
    /// The evaluations have been used up.
    pub(super) fn is_budget(&self) -> bool {
        self.check == "budget"
    }

    /// No fault of the map: we do not go so far.
    fn is_ours(&self) -> bool {
        self.is_budget() || self.check == TOO_LARGE
    }

    /// What went wrong.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// As a finding under its own name; `during` is the check that met it.
    pub(super) fn found(&self, during: &str) -> Found {
        let text = format!("{}; met during `{during}`", self.text);
        let finding = if self.is_ours() {
            Finding::undecided(Reason::TooLarge, text)
        } else {
            Finding::failed(Unit::Exact, text)
        };
        Found::of(self.check, finding)
    }
}

/// What was asked, or what went wrong.
pub(super) type Asked<T> = Result<T, Trouble>;

/// Where a hypergradient is asked, its steps, y in natural units, and what is drawn for it.
#[derive(Clone)]
pub(super) struct Question {
    pub(super) x: Vec<f64>,
    pub(super) steps: Vec<usize>,
    pub(super) y: Vec<f64>,
    pub(super) drawn: Option<Drawn>,
}

/// Which map is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Φ.
    Whole,
    /// T, the mean of the samples.
    Mean,
    /// T̂(·, i).
    Sample(usize),
    /// G.
    Outer,
}

impl Part {
    /// What is asked for its values or products.
    fn what(self, of_map: What) -> What {
        match (self, of_map) {
            (Self::Outer, What::Phi) => What::Outer,
            (Self::Outer, What::Vjp) => What::OuterVjp,
            (Self::Outer, What::Jvp) => What::OuterJvp,
            _ => of_map,
        }
    }
}

/// A served map with its description, and what it has been asked.
pub(super) struct Caller<'a> {
    pub(super) spec: &'a ServedSpec,
    map: &'a mut dyn ServedMap,
    budget: usize,
    pub(super) cost: Cost,
}

impl<'a> Caller<'a> {
    pub(super) fn new(spec: &'a ServedSpec, map: &'a mut dyn ServedMap, budget: usize) -> Self {
        let cost = Cost::default();
        Self {
            spec,
            map,
            budget,
            cost,
        }
    }

    /// d and d + m.
    pub(super) fn dims(&self) -> (usize, usize) {
        (self.spec.dim, self.spec.dim + self.spec.params)
    }

    fn item(&self, what: What, x: &[f64], u: &[f64], sample: Option<usize>) -> Evaluation {
        let (w, lambda) = x.split_at(self.spec.dim);
        Evaluation {
            what,
            w: w.to_vec(),
            lambda: lambda.to_vec(),
            u: u.to_vec(),
            sample,
            steps: Vec::new(),
            drawn: None,
        }
    }

    /// Asks, in messages of at most 1,024 and of as many numbers as a message may have; every
    /// answer has its length and is finite.
    fn ask(&mut self, items: &[Evaluation]) -> Asked<Vec<Vec<f64>>> {
        let mut out = Vec::with_capacity(items.len());
        for message in items.chunks(self.in_a_message()) {
            if self.cost.evaluations + message.len() > self.budget {
                let text = format!("the budget of {} evaluations is used up", self.budget);
                return Err(Trouble {
                    check: "budget",
                    text,
                });
            }
            self.cost.messages += 1;
            self.cost.evaluations += message.len();
            for item in message {
                *match item.what {
                    What::Phi | What::Outer => &mut self.cost.values,
                    What::Hypergradient => &mut self.cost.hypergradients,
                    _ => &mut self.cost.products,
                } += 1;
            }
            let answers = self.map.eval(message).map_err(|e| Trouble {
                check: "error",
                text: format!("`{}` answers with an error: {e}", message[0].what.name()),
            })?;
            if answers.len() != message.len() {
                let text = format!("{} answers to {} questions", answers.len(), message.len());
                return Err(Trouble {
                    check: "wrong-shape",
                    text,
                });
            }
            for (item, answer) in message.iter().zip(&answers) {
                self.look_at(item, answer)?;
            }
            out.extend(answers);
        }
        Ok(out)
    }

    fn in_a_message(&self) -> usize {
        let (d, n) = self.dims();
        // w, λ and a direction; the answer has no more.
        (SERVED_NUMBERS / (2 * n + d)).clamp(1, MESSAGE)
    }

    fn look_at(&self, item: &Evaluation, answer: &[f64]) -> Asked<()> {
        let (d, n) = self.dims();
        let length = match item.what {
            What::Vjp | What::OuterVjp => n,
            What::Hypergradient => self.spec.params * item.steps.len().max(1),
            _ => d,
        };
        let what = item.what.name();
        if answer.len() != length {
            let text = format!(
                "`{what}` gives {} numbers where {length} are due",
                answer.len()
            );
            return Err(Trouble {
                check: "wrong-shape",
                text,
            });
        }
        let not = |good: fn(f64) -> bool| answer.iter().position(|v| !good(*v));
        let unlike = not(f64::is_finite).or(not(|v| v.abs() <= SERVED_RANGE[1]));
        match unlike {
            Some(i) if answer[i].is_finite() => {
                let text = format!(
                    "`{what}` gives {:e} in place {i}, and at most {:e} is computed with",
                    answer[i], SERVED_RANGE[1]
                );
                // Φ may be of that size; its derivatives at moderate points are then for other
                // units.
                let check = match item.what {
                    What::Phi | What::Outer => TOO_LARGE,
                    _ => "too-large-product",
                };
                Err(Trouble { check, text })
            }
            Some(i) => {
                let text = format!(
                    "`{what}` gives {} in place {i} at w = {:?}, λ = {:?}",
                    answer[i], item.w, item.lambda
                );
                Err(Trouble {
                    check: "non-finite",
                    text,
                })
            }
            None => Ok(()),
        }
    }

    /// The index with which a part is asked, and whether G follows.
    fn route(&self, part: Part) -> (Option<usize>, bool) {
        match part {
            Part::Whole => (None, self.spec.outer),
            Part::Mean | Part::Outer => (None, false),
            Part::Sample(i) => (Some(i), false),
        }
    }

    /// x = (w, λ) with w replaced.
    fn moved(&self, x: &[f64], w: &[f64]) -> Vec<f64> {
        [w, &x[self.spec.dim..]].concat()
    }

    /// Values (d) at points (d + m).
    pub(super) fn values(&mut self, part: Part, points: &[Vec<f64>]) -> Asked<Vec<Vec<f64>>> {
        let (sample, outer) = self.route(part);
        let items: Vec<_> = points
            .iter()
            .map(|x| self.item(part.what(What::Phi), x, &[], sample))
            .collect();
        let inner = self.ask(&items)?;
        if !outer {
            return Ok(inner);
        }
        let pairs = points.iter().zip(&inner);
        let items: Vec<_> = pairs
            .map(|(x, v)| self.item(What::Outer, &self.moved(x, v), &[], None))
            .collect();
        self.ask(&items)
    }

    /// Products Vv (d) of pairs (x, v).
    pub(super) fn jvps(
        &mut self,
        part: Part,
        pairs: &[(Vec<f64>, Vec<f64>)],
    ) -> Asked<Vec<Vec<f64>>> {
        let (sample, outer) = self.route(part);
        let items: Vec<_> = pairs
            .iter()
            .map(|(x, v)| self.item(part.what(What::Jvp), x, v, sample))
            .collect();
        let inner = self.ask(&items)?;
        if !outer {
            return Ok(inner);
        }
        let points: Vec<_> = pairs.iter().map(|(x, _)| x.clone()).collect();
        let values = self.values(Part::Mean, &points)?;
        let items: Vec<_> = pairs
            .iter()
            .zip(values.iter().zip(&inner))
            .map(|((x, v), (t, dt))| {
                self.item(What::OuterJvp, &self.moved(x, t), &self.moved(v, dt), None)
            })
            .collect();
        self.ask(&items)
    }

    /// Products Vᵀu (d + m) of pairs (x, u).
    pub(super) fn vjps(
        &mut self,
        part: Part,
        pairs: &[(Vec<f64>, Vec<f64>)],
    ) -> Asked<Vec<Vec<f64>>> {
        let (sample, outer) = self.route(part);
        let what = part.what(What::Vjp);
        let inner = |this: &Self, (x, u): (&[f64], &[f64])| this.item(what, x, u, sample);
        if !outer {
            let items: Vec<_> = pairs.iter().map(|(x, u)| inner(self, (x, u))).collect();
            return self.ask(&items);
        }
        let points: Vec<_> = pairs.iter().map(|(x, _)| x.clone()).collect();
        let values = self.values(Part::Mean, &points)?;
        let items: Vec<_> = pairs
            .iter()
            .zip(&values)
            .map(|((x, u), t)| self.item(What::OuterVjp, &self.moved(x, t), u, None))
            .collect();
        let by_outer = self.ask(&items)?;
        let d = self.spec.dim;
        let items: Vec<_> = pairs
            .iter()
            .zip(&by_outer)
            .map(|((x, _), g)| inner(self, (x, &g[..d])))
            .collect();
        let mut out = self.ask(&items)?;
        for (sum, g) in out.iter_mut().zip(&by_outer) {
            sum[d..].iter_mut().zip(&g[d..]).for_each(|(s, g)| *s += g);
        }
        Ok(out)
    }

    /// The user's hypergradients (m per step) of these questions.
    pub(super) fn hypergradients(&mut self, all: &[Question]) -> Asked<Vec<Vec<f64>>> {
        let items: Vec<_> = all
            .iter()
            .map(|q| Evaluation {
                steps: q.steps.clone(),
                drawn: q.drawn.clone(),
                ..self.item(What::Hypergradient, &q.x, &q.y, None)
            })
            .collect();
        self.ask(&items)
    }

    /// One question to T̂(·, i) for all i < n.
    pub(super) fn samples(
        &mut self,
        what: What,
        n: usize,
        x: &[f64],
        u: &[f64],
    ) -> Asked<Vec<Vec<f64>>> {
        let items: Vec<_> = (0..n).map(|i| self.item(what, x, u, Some(i))).collect();
        self.ask(&items)
    }

    /// S_w⁻¹VS at points, d×`columns`, in units of the scales s; by d transposed products where
    /// those are served.
    pub(super) fn jacobians(
        &mut self,
        part: Part,
        points: &[Vec<f64>],
        s: &[f64],
        columns: usize,
    ) -> Asked<Vec<Matrix>> {
        let units = self.unit_vectors(s, columns);
        let pairs: Vec<_> = points
            .iter()
            .flat_map(|x| units.iter().map(move |e| (x.clone(), e.clone())))
            .collect();
        let answers = if self.spec.products.vjp {
            self.vjps(part, &pairs)?
        } else {
            self.jvps(part, &pairs)?
        };
        Ok(self.assembled(&answers, s, columns))
    }

    /// T̂(x, i) for several i.
    pub(super) fn sample_values(&mut self, indices: &[usize], x: &[f64]) -> Asked<Vec<Vec<f64>>> {
        let one = |i: &usize| self.item(What::Phi, x, &[], Some(*i));
        let items: Vec<_> = indices.iter().map(one).collect();
        self.ask(&items)
    }

    /// The Jacobians of T̂(·, i) for several i, at one point.
    pub(super) fn sample_jacobians(
        &mut self,
        indices: &[usize],
        x: &[f64],
        s: &[f64],
        columns: usize,
    ) -> Asked<Vec<Matrix>> {
        let units = self.unit_vectors(s, columns);
        let what = if self.spec.products.vjp {
            What::Vjp
        } else {
            What::Jvp
        };
        let mut out = Vec::with_capacity(indices.len());
        // All at once would be nd vectors of d + m numbers.
        for some in indices.chunks(self.in_a_message().div_ceil(units.len().max(1))) {
            let items: Vec<_> = some
                .iter()
                .flat_map(|i| units.iter().map(|e| self.item(what, x, e, Some(*i))))
                .collect();
            let answers = self.ask(&items)?;
            out.extend(self.assembled(&answers, s, columns));
        }
        Ok(out)
    }

    /// The unit vectors, scaled, that make up a Jacobian: d functionals or `columns` directions.
    fn unit_vectors(&self, s: &[f64], columns: usize) -> Vec<Vec<f64>> {
        let (d, n) = self.dims();
        let by_rows = self.spec.products.vjp;
        let (count, length) = if by_rows { (d, d) } else { (columns, n) };
        let one = |i: usize| {
            let mut e = vec![0.0; length];
            e[i] = if by_rows { 1.0 / s[i] } else { s[i] };
            e
        };
        (0..count).map(one).collect()
    }

    fn assembled(&self, answers: &[Vec<f64>], s: &[f64], columns: usize) -> Vec<Matrix> {
        let d = self.spec.dim;
        let by_rows = self.spec.products.vjp;
        let matrix = |rows: &[Vec<f64>]| {
            Matrix::from_fn(d, columns, |i, j| {
                if by_rows {
                    rows[i][j] * s[j]
                } else {
                    rows[j][i] / s[i]
                }
            })
        };
        let each = if by_rows { d } else { columns };
        answers.chunks(each.max(1)).map(matrix).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Result;

    /// Answers everything with one number, and counts.
    struct Constant(f64, Vec<usize>);

    impl ServedMap for Constant {
        fn phi(&mut self, w: &[f64], _: &[f64]) -> Result<Vec<f64>> {
            Ok(vec![self.0; w.len()])
        }

        fn eval(&mut self, items: &[Evaluation]) -> Result<Vec<Vec<f64>>> {
            self.1.push(items.len());
            items.iter().map(|i| self.phi(&i.w, &i.lambda)).collect()
        }
    }

    fn asked(spec: &ServedSpec, answer: f64, points: usize) -> (Asked<Vec<Vec<f64>>>, Vec<usize>) {
        let mut map = Constant(answer, Vec::new());
        let x = [&spec.w0[..], &spec.lambda].concat();
        let values = Caller::new(spec, &mut map, 10_000).values(Part::Whole, &vec![x; points]);
        (values, map.1)
    }

    /// A message has room for its numbers.
    #[test]
    fn large_maps_are_asked_in_small_messages() {
        let spec = |d: usize| ServedSpec::new("a", vec![1.0; d], vec![1.0; 10]);
        assert_eq!(asked(&spec(2), 1.0, 2000).1, [1024, 976]);
        assert_eq!(asked(&spec(70_000), 1.0, 7).1, [3, 3, 1]);
        assert_eq!(asked(&spec(400_000), 1.0, 2).1, [1, 1]);
    }

    /// What is no number is the map's fault, and so is a product out of range; values of Φ that are
    /// too large to compute with are nobody's.
    #[test]
    fn answers_out_of_range_are_told_from_wrong_ones() {
        let spec = ServedSpec::new("a", vec![1.0, 1.0], vec![1.0]);
        let judged = |what: What, answer: &[f64]| {
            let mut map = Constant(0.0, Vec::new());
            let caller = Caller::new(&spec, &mut map, 1);
            let item = caller.item(what, &[1.0; 3], &[], None);
            let looked = caller.look_at(&item, answer);
            looked.map_err(|trouble| {
                let found = trouble.found("units");
                (found.check, found.finding.ruling, found.finding.reason)
            })
        };
        let fails = |check| Err((check, crate::checks::Ruling::Fail, None));
        for bad in [[f64::NAN, 0.0], [0.0, f64::INFINITY], [1e60, f64::NAN]] {
            assert_eq!(judged(What::Phi, &bad), fails("non-finite"));
        }
        let open = Err((
            "too-large",
            crate::checks::Ruling::Inconclusive,
            Some(Reason::TooLarge),
        ));
        assert_eq!(judged(What::Phi, &[0.0, 1e51]), open);
        assert_eq!(judged(What::Outer, &[-1e300, 0.0]), open);
        assert_eq!(judged(What::Jvp, &[0.0, 1e51]), fails("too-large-product"));
        assert_eq!(judged(What::Phi, &[1e50, -1e50]), Ok(()));
    }
}
