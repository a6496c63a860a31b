//! Steps of the methods.

use ratecert::case::{Algorithm, Implementation};
use ratecert::methods::{
    AidCg, AidFp, AidFpForward, ItdCheckpointed, ItdForward, ItdReverse, Nsid, Sid,
};

use crate::problems::{Net, affine, step, update};

pub fn methods(d: usize) {
    let (net, affine) = (Net::new(2 * d, d), affine(d));
    let t = (20_000_000 / (d * d)).clamp(20, 2000);
    println!(
        "\n| d = {d}: µs a step | elastic net, support {} | affine |\n|---|---|---|",
        net.support()
    );
    let line = |name: &str, own: &mut dyn Implementation, algorithm, forward| {
        let [on_net, on_affine] =
            [&net.map, &affine].map(|map| step(own, algorithm, (&net, map), forward, t));
        println!("| {name} | {:.2} | {:.2} |", on_net * 1e6, on_affine * 1e6);
    };
    line(
        "ITD forward, m = 2",
        &mut ItdForward::default(),
        Algorithm::Itd,
        true,
    );
    line(
        "ITD reverse",
        &mut ItdReverse::default(),
        Algorithm::Itd,
        false,
    );
    line(
        "ITD checkpointed",
        &mut ItdCheckpointed::default(),
        Algorithm::Itd,
        false,
    );
    line(
        "AID-FP forward, m = 2",
        &mut AidFpForward::default(),
        Algorithm::AidFp,
        true,
    );
    line(
        "AID-FP reverse",
        &mut AidFp::default(),
        Algorithm::AidFp,
        false,
    );
    let t = t.min(d);
    let cg = step(
        &mut AidCg::default(),
        Algorithm::AidCg,
        (&net, &net.map),
        false,
        t,
    );
    println!("| AID-CG | {:.2} | not for it |", cg * 1e6);
    let k = 400;
    for (name, own, algorithm) in [
        (
            "NSID",
            &mut Nsid::default() as &mut dyn Implementation,
            Algorithm::Nsid,
        ),
        ("SID", &mut Sid::default(), Algorithm::Sid),
    ] {
        println!(
            "| {name}, 400 minibatches of {} of {} rows | {:.2} | |",
            100.min(2 * d),
            2 * d,
            update(own, algorithm, &net, k) * 1e6
        );
    }
}
