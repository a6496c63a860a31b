use std::sync::atomic::AtomicBool;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let cat = ratecert::claims::Catalogue::builtin().unwrap();
    let claims = cat.select(&args[2..]).unwrap();
    let plan = ratecert::runner::Plan {
        claims: claims.clone(),
        profile: ratecert::claims::Profile::from_name(&args[1]).unwrap(),
        seed: 0,
        jobs: None,
        shard: None,
        alpha: 1e-9,
    };
    for c in claims {
        let p = ratecert::runner::Plan {
            claims: vec![c.clone()],
            ..plan.clone()
        };
        let t = std::time::Instant::now();
        let out = p.run(None, &AtomicBool::new(false), &|_, _| ()).unwrap();
        let mut counts = [0; 4];
        for v in &out.verdicts {
            counts[v.status as usize] += 1;
        }
        println!(
            "{:24} {:5} instances {:?} {:.2}s",
            c.name,
            out.instances,
            counts,
            t.elapsed().as_secs_f64()
        );
        for v in out
            .verdicts
            .iter()
            .filter(|v| v.status as usize == 1)
            .take(3)
        {
            println!("   FAIL {} {}", v.id, v.detail);
        }
        let mut seen = std::collections::BTreeMap::new();
        for v in out.verdicts.iter().filter(|v| v.status as usize > 1) {
            *seen
                .entry((
                    v.check.clone(),
                    v.instance.kind.clone(),
                    v.detail.chars().take(60).collect::<String>(),
                ))
                .or_insert(0) += 1;
        }
        for (k, n) in seen.iter().take(12) {
            println!("   {n} {k:?}");
        }
    }
}
