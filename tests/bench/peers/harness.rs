// Shared by all Rust peers: reading the workload's files, and timing of decisions.
// A style is timed only after it has decided every request as expected.
use serde_json::{json, Value};
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// The maximum time to verify a style; the approximate time to measure it; the maximum time of one pass over its
/// requests.
const VERIFY_NS: f64 = 10e9;
const TOTAL_NS: f64 = 3e9;
const PASS_NS: f64 = 1e9;
/// Decisions are timed in batches of about this length: long compared with reading the clock, short compared with the
/// time between two interruptions. A slower decision is a separate batch.
const BATCH_NS: f64 = 20e3;

pub struct Arguments {
    pub folder: PathBuf,
    pub sizes: Vec<usize>,
    pub quick: bool,
}

/// usage: PEER WORKLOAD SIZES [quick]
pub fn arguments() -> Arguments {
    let given: Vec<String> = std::env::args().collect();
    Arguments {
        folder: PathBuf::from(&given[1]),
        sizes: given[2].split(',').map(|s| s.parse().unwrap()).collect(),
        quick: given.get(3).is_some_and(|word| word == "quick"),
    }
}

pub struct Workload {
    pub requests: Vec<Value>,
    pub expected: Vec<bool>,
    folder: PathBuf,
}

impl Workload {
    pub fn read(arguments: &Arguments, size: usize) -> Workload {
        let folder = arguments.folder.join(size.to_string());
        let lines = |name: &str| -> Vec<Value> {
            let text = std::fs::read_to_string(folder.join(name)).unwrap();
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
        };
        Workload {
            requests: lines("requests.jsonl"),
            expected: lines("expected.jsonl").iter().map(|e| e["allow"].as_bool().unwrap()).collect(),
            folder,
        }
    }

    pub fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.join(Path::new(name))).unwrap()
    }
}

pub struct Row<'a> {
    pub engine: &'a str,
    pub version: &'a str,
    pub style: &'a str,
    pub size: usize,
    pub quick: bool,
}

/// Verifies, times and prints one line. `decide` takes the index of a parsed request.
pub fn measure(row: Row, expected: &[bool], mut decide: impl FnMut(usize) -> bool) {
    let mut verify = |count: usize| -> f64 {
        let started = Instant::now();
        for (index, &wanted) in expected[..count].iter().enumerate() {
            if decide(index) != wanted {
                eprintln!(
                    "{} {} {}: request {index} disagrees with expected.jsonl",
                    row.engine, row.style, row.size
                );
                std::process::exit(1);
            }
        }
        started.elapsed().as_nanos() as f64 / count as f64
    };
    let share = if row.quick { 0.2 } else { 1.0 };
    let cold = verify(20);
    let within = |ns: f64| ((share * ns / cold) as usize).clamp(50, expected.len());
    let (checked, count) = (within(VERIFY_NS), within(PASS_NS));
    let each = verify(checked);

    let batch = ((BATCH_NS / each) as usize).clamp(1, count);
    let passes = ((share * TOTAL_NS / (each * count as f64)) as usize).max(3);
    let mut batches = Vec::new();
    for _ in 0..passes {
        for from in (0..=count - batch).step_by(batch) {
            let started = Instant::now();
            for index in from..from + batch {
                black_box(decide(black_box(index)));
            }
            batches.push(started.elapsed().as_nanos() as f64 / batch as f64);
        }
    }
    let mut single: Vec<f64> = (0..count)
        .map(|index| {
            let started = Instant::now();
            black_box(decide(black_box(index)));
            started.elapsed().as_nanos() as f64
        })
        .collect();
    println!(
        "{}",
        json!({
            "engine": row.engine, "version": row.version, "style": row.style, "size": row.size,
            "requests": checked, "agree": true,
            "median_ns": percentile(&mut batches, 50), "p99_ns": percentile(&mut single, 99),
        })
    );
}

fn percentile(values: &mut [f64], percent: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    values[(values.len() * percent / 100).min(values.len() - 1)]
}
