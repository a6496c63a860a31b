//! Choosing (λ₁, λ₂) of an elastic net on the diabetes data by hypergradient descent in log λ, against a
//! fine grid, with a picture. On the way the support of w(λ) changes: f is not differentiable there.
//!
//! `cargo run --release --example diabetes_hyperparameters [PICTURE.svg]`
//!
//! f(λ) = ‖X w(λ) - y‖²/2n on held-out patients. Every hypergradient is BAID-FP's: an approximate
//! fixed point from iterates of Φ, and AID-FP at it (Section 6 of the paper). Each is compared with
//! the certified ∇f, and every step of the descent with what it crosses.

use std::error::Error;
use std::process::ExitCode;

use plotters::prelude::*;
use ratecert::case::{At, Case, Factory, Method, Target};
use ratecert::linalg::{Matrix, Vector};
use ratecert::maps::{ElasticNet, Map};
use ratecert::methods::Ours;
use ratecert::objectives::{HoldOut, Objective};
use ratecert::truth::Truth;

/// log₁₀ of (λ₁, λ₂) is kept within these.
const BOX: [[f64; 2]; 2] = [[-3.0, 0.0], [-3.0, 0.5]];
/// Points of the grid on each axis.
const GRID: usize = 41;
/// Steps of the descent at most.
const STEPS: usize = 60;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// The lower level on two thirds of the patients, the upper on the others.
struct Problem {
    x: Matrix,
    y: Vector,
    /// Largest and smallest eigenvalue of XᵀX/n.
    spectrum: [f64; 2],
    objective: Objective,
}

impl Problem {
    fn read() -> Outcome<Self> {
        let text = include_str!("../data/diabetes.csv");
        let parse = |line: &str| line.split(',').map(|v| v.trim().parse::<f64>()).collect();
        let rows: Result<Vec<Vec<f64>>, _> = text.lines().skip(1).map(parse).collect();
        let rows = rows?;
        let d = rows[0].len() - 1;
        let (mut train, mut held_out): (Vec<_>, Vec<_>) = (Vec::new(), Vec::new());
        for (i, row) in rows.into_iter().enumerate() {
            if i % 3 == 2 {
                held_out.push(row);
            } else {
                train.push(row);
            }
        }
        // Standardised by what is known when training.
        let n = train.len() as f64;
        for j in 0..=d {
            let mean = train.iter().map(|r| r[j]).sum::<f64>() / n;
            let variance = train.iter().map(|r| (r[j] - mean).powi(2)).sum::<f64>() / n;
            for row in train.iter_mut().chain(&mut held_out) {
                row[j] = (row[j] - mean) / variance.sqrt();
            }
        }
        let split = |rows: &[Vec<f64>]| {
            let x = Matrix::from_fn(rows.len(), d, |i, j| rows[i][j]);
            (x, Vector::from_fn(rows.len(), |i, _| rows[i][d]))
        };
        let ((x, y), (x_out, y_out)) = (split(&train), split(&held_out));
        let eigenvalues = (x.tr_mul(&x) / n).symmetric_eigenvalues();
        Ok(Self {
            spectrum: [eigenvalues.max(), eigenvalues.min()],
            objective: Objective::LeastSquares(HoldOut::new(x_out, y_out, 0.0)),
            x,
            y,
        })
    }

    /// Φ(·, λ) = soft(w - η∇, ηλ₁) with the η of the smallest q.
    fn map(&self, lambda: [f64; 2]) -> Outcome<Map> {
        let [largest, smallest] = self.spectrum;
        let step = 2.0 / (largest + smallest + 2.0 * lambda[1]);
        let (x, y) = (self.x.clone(), self.y.clone());
        Ok(Map::new(ElasticNet { x, y, step })?)
    }

    /// f, with ∇f where w(λ) is on no kink, and the support of w(λ), all from the certified w(λ).
    fn exactly(&self, lambda: [f64; 2]) -> Outcome<Exactly> {
        let map = self.map(lambda)?;
        let truth = Truth::solve(&map, &lambda).map_err(|why| why.to_string())?;
        let w = truth.w().as_slice();
        let [y, direct] = [
            self.objective.gradient_w(w, &lambda),
            self.objective.gradient_lambda(w, &lambda),
        ];
        let gradient = truth.jacobian.as_ref().map(|j| {
            let through = j.j.tr_mul(&Vector::from_column_slice(&y));
            [0, 1].map(|k| through[k] + direct[k])
        });
        Ok(Exactly {
            f: self.objective.value(w, &lambda),
            gradient,
            support: w.iter().map(|v| *v != 0.0).collect(),
        })
    }

    /// BAID-FP: t steps of Φ from w, then as many of AID-FP.
    fn hypergradient(&self, lambda: [f64; 2], w: &mut Vec<f64>) -> Outcome<[f64; 2]> {
        let map = self.map(lambda)?;
        let q = map.constants(&lambda).q;
        let t = ((1e-12f64).ln() / q.ln()).ceil() as usize;
        for _ in 0..t {
            *w = map.apply(w, &lambda).as_slice().to_vec();
        }
        let (method, steps) = (Method::AID_FP, [t]);
        let target = Target::Hypergradient(&self.objective);
        let case = Case::new(
            method.algorithm,
            &map,
            &lambda,
            At::Point(w),
            target,
            &steps,
        );
        let answer = Ours.make(method)?.run(&case);
        let estimate = answer.estimates.first().ok_or(answer.status.to_string())?;
        Ok([estimate[0], estimate[1]])
    }
}

struct Exactly {
    f: f64,
    gradient: Option<[f64; 2]>,
    support: Vec<bool>,
}

fn power(log: [f64; 2]) -> [f64; 2] {
    log.map(|v| 10f64.powf(v))
}

/// A step of the descent.
struct Step {
    log: [f64; 2],
    at: Exactly,
}

/// Gradient descent in log₁₀ λ with backtracking: the step is halved until f falls by a part of what
/// the hypergradient promises, and the next one starts four times as long.
fn descend(problem: &Problem, start: [f64; 2]) -> Outcome<(Vec<Step>, f64)> {
    let mut w = vec![0.0; problem.x.ncols()];
    let mut path = vec![Step {
        log: start,
        at: problem.exactly(power(start))?,
    }];
    let (mut size, mut worst) = (1.0, 0.0f64);
    while path.len() <= STEPS {
        let Step { log, at } = &path[path.len() - 1];
        let lambda = power(*log);
        let g = problem.hypergradient(lambda, &mut w)?;
        if let Some(exact) = at.gradient {
            let off = (g[0] - exact[0]).hypot(g[1] - exact[1]);
            worst = worst.max(off / exact[0].hypot(exact[1]));
        }
        // d/d(log₁₀ λ_k) = ln(10)·λ_k ∂/∂λ_k.
        let slope = [0, 1].map(|k| std::f64::consts::LN_10 * lambda[k] * g[k]);
        let next = loop {
            let moved = [0, 1].map(|k| (log[k] - size * slope[k]).clamp(BOX[k][0], BOX[k][1]));
            let promised: f64 = (0..2).map(|k| slope[k] * (log[k] - moved[k])).sum();
            let there = problem.exactly(power(moved))?;
            if there.f <= at.f - 0.1 * promised && promised > 0.0 {
                break Some(Step {
                    log: moved,
                    at: there,
                });
            }
            size *= 0.5;
            if size * slope[0].hypot(slope[1]) < 1e-6 {
                break None;
            }
        };
        match next {
            Some(step) => path.push(step),
            None => break,
        }
        size *= 4.0;
    }
    Ok((path, worst))
}

fn draw(file: &str, grid: &[Vec<Exactly>], path: &[Step], best: [f64; 2]) -> Outcome<()> {
    let root = SVGBackend::new(file, (860, 640)).into_drawing_area();
    root.fill(&WHITE)?;
    let [xs, ys] = BOX;
    let mut chart = ChartBuilder::on(&root)
        .margin(16)
        .x_label_area_size(48)
        .y_label_area_size(64)
        .caption(
            "Hypergradient descent on the diabetes data",
            ("sans-serif", 20),
        )
        .build_cartesian_2d(xs[0]..xs[1], ys[0]..ys[1])?;
    let cell = [0, 1].map(|k| (BOX[k][1] - BOX[k][0]) / (GRID - 1) as f64);
    let values = || grid.iter().flatten().map(|e| e.f);
    let (low, high) = values().fold((f64::INFINITY, 0.0f64), |(l, h), f| (l.min(f), h.max(f)));
    // Light is low; equal steps of the logarithm of what f has above its least value.
    let shade = |f: f64| {
        let part = ((f / low - 1.0) / (high / low - 1.0)).max(1e-4);
        let part = 1.0 + part.log10() / 4.0;
        let mix = |from: f64, to: f64| (from + part * (to - from)) as u8;
        RGBColor(mix(253.0, 38.0), mix(246.0, 70.0), mix(214.0, 120.0))
    };
    let at = |i: usize, j: usize| [xs[0] + i as f64 * cell[0], ys[0] + j as f64 * cell[1]];
    let cells = (0..GRID).flat_map(|i| (0..GRID).map(move |j| (i, j)));
    chart.draw_series(cells.clone().map(|(i, j)| {
        let [x, y] = at(i, j);
        let corner = |s: f64| {
            (
                (x + s * cell[0]).clamp(xs[0], xs[1]),
                (y + s * cell[1]).clamp(ys[0], ys[1]),
            )
        };
        Rectangle::new([corner(-0.5), corner(0.5)], shade(grid[i][j].f).filled())
    }))?;
    // Where the support changes from one cell to the next there is a kink between.
    let mut kinks = Vec::new();
    for (i, j) in cells {
        let [x, y] = at(i, j);
        let own = &grid[i][j].support;
        let (right, up) = (x + 0.5 * cell[0], y + 0.5 * cell[1]);
        let inside = |v: f64, ends: [f64; 2]| v.clamp(ends[0], ends[1]);
        if i + 1 < GRID && grid[i + 1][j].support != *own {
            kinks.push([
                (right, inside(y - 0.5 * cell[1], ys)),
                (right, inside(up, ys)),
            ]);
        }
        if j + 1 < GRID && grid[i][j + 1].support != *own {
            kinks.push([(inside(x - 0.5 * cell[0], xs), up), (inside(right, xs), up)]);
        }
    }
    let grey = RGBColor(0x80, 0x80, 0x80);
    chart.draw_series(
        kinks
            .into_iter()
            .map(|k| PathElement::new(k, grey.stroke_width(1))),
    )?;
    let orange = RGBColor(0xd5, 0x5e, 0x00);
    let points = || path.iter().map(|s| (s.log[0], s.log[1]));
    chart.draw_series([PathElement::new(
        points().collect::<Vec<_>>(),
        orange.stroke_width(2),
    )])?;
    chart.draw_series(points().map(|p| Circle::new(p, 3, orange.filled())))?;
    let blue = RGBColor(0x00, 0x5a, 0x92);
    chart.draw_series([Cross::new((best[0], best[1]), 7, blue.stroke_width(2))])?;
    let text = |x: f64, y: f64, text: &str, colour: RGBColor| {
        let style = ("sans-serif", 14).into_font().color(&colour);
        Text::new(text.to_string(), (x, y), style)
    };
    let (first, last) = (&path[0], &path[path.len() - 1]);
    chart.draw_series([
        text(first.log[0] - 0.05, first.log[1] - 0.06, "start", WHITE),
        text(last.log[0] + 0.05, last.log[1] + 0.22, "end", orange),
        text(best[0] + 0.06, best[1] - 0.1, "best of the grid", blue),
        text(
            xs[0] + 0.06,
            ys[0] + 0.14,
            "grey lines: the support of w(λ) changes",
            BLACK,
        ),
    ])?;
    chart
        .configure_mesh()
        .disable_mesh()
        .x_desc("log₁₀ λ₁")
        .y_desc("log₁₀ λ₂")
        .draw()?;
    root.present()?;
    Ok(())
}

fn run() -> Outcome<bool> {
    let file = std::env::args().nth(1);
    let problem = Problem::read()?;
    let (path, worst) = descend(&problem, [-0.3, 0.3])?;
    let mut grid = Vec::with_capacity(GRID);
    for i in 0..GRID {
        let along =
            |k: usize, n: usize| BOX[k][0] + n as f64 * (BOX[k][1] - BOX[k][0]) / (GRID - 1) as f64;
        let row = (0..GRID).map(|j| problem.exactly(power([along(0, i), along(1, j)])));
        grid.push(row.collect::<Outcome<Vec<Exactly>>>()?);
    }
    let mut best = (f64::INFINITY, [0.0; 2]);
    for (i, row) in grid.iter().enumerate() {
        for (j, e) in row.iter().enumerate() {
            if e.f < best.0 {
                let log = [(0, i), (1, j)].map(|(k, n)| {
                    BOX[k][0] + n as f64 * (BOX[k][1] - BOX[k][0]) / (GRID - 1) as f64
                });
                best = (e.f, log);
            }
        }
    }
    let crossed = path
        .windows(2)
        .filter(|p| p[0].at.support != p[1].at.support)
        .count();
    let (first, last) = (&path[0], &path[path.len() - 1]);
    let size = |s: &Step| s.at.support.iter().filter(|b| **b).count();
    println!(
        "descent: f {:.6} to {:.6} in {} steps, λ = ({:.2e}, {:.2e}) to ({:.2e}, {:.2e})",
        first.at.f,
        last.at.f,
        path.len() - 1,
        power(first.log)[0],
        power(first.log)[1],
        power(last.log)[0],
        power(last.log)[1],
    );
    println!(
        "kinks crossed: {crossed} steps change the support, from {} to {} of {} coefficients",
        size(first),
        size(last),
        problem.x.ncols()
    );
    println!("hypergradients against the certified ∇f: largest relative error {worst:.1e}");
    println!(
        "best of {} grid points: f {:.6} at λ = ({:.2e}, {:.2e})",
        GRID * GRID,
        best.0,
        power(best.1)[0],
        power(best.1)[1]
    );
    if let Some(file) = file {
        draw(&file, &grid, &path, best.1)?;
        println!("picture: {file}");
    }
    // As good as the grid, hypergradients right, and something to cross.
    Ok(last.at.f <= best.0 * (1.0 + 1e-4) && worst < 1e-8 && crossed > 0)
}

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}
