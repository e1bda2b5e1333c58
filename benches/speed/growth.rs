//! Measures how the cost of a task grows with the queue and with the number of loops: a table and a
//! plot.

use super::Plan;
use super::report::Report;
use super::sample::{seconds, time};
use super::scratch::{Scratch, WORKLOOP};
use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;

const SIZES: [usize; 4] = [100, 1_000, 10_000, 100_000];
const LOOPS: [usize; 3] = [1, 4, 32];
const COLORS: [&str; 3] = ["#1b6ca8", "#d1495b", "#3a7d44"];

pub(crate) fn measure(plan: &Plan, report: &mut Report) {
    let mut lines = Vec::new();
    for loops in LOOPS {
        let mut line = Vec::new();
        for &size in plan.sizes(&SIZES) {
            // With dozens of large queues in memory, this would measure the memory.
            if size * loops > 400_000 {
                continue;
            }
            let cost = cost(size, loops);
            report.note(&format!("{size} tasks, {loops} loops, a task"), &time(cost));
            line.push((size as f64, cost * 1e3));
        }
        lines.push((loops, line));
    }
    if !plan.quick {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/growth.svg");
        let drawn = File::create(path).and_then(|mut file| file.write_all(plot(&lines).as_bytes()));
        assert!(drawn.is_ok());
    }
}

/// Returns the seconds per task, including the start-up of the loops.
fn cost(size: usize, loops: usize) -> f64 {
    let scratch = Scratch::with_queue(size, 1_024);
    let each = (if size > 10_000 { 8_usize } else { 64 }).div_ceil(loops).max(2).to_string();
    let words = ["run", "--max-iterations", &each, "q.json"];
    let total = loops * each.parse::<usize>().unwrap_or(1);
    let run = || {
        let start = |_| scratch.command(WORKLOOP, &words).spawn().expect("a loop");
        let running: Vec<_> = (0..loops).map(start).collect();
        for mut child in running {
            drop(child.wait());
        }
    };
    seconds(run) / total.min(size) as f64
}

type Line = (usize, Vec<(f64, f64)>);

/// Both axes are logarithmic: 100 to 100,000 tasks, 1 ms to 10 s.
fn plot(lines: &[Line]) -> String {
    const WIDTH: f64 = 480.0;
    const HEIGHT: f64 = 280.0;
    const LEFT: f64 = 60.0;
    const TOP: f64 = 20.0;
    let x = |size: f64| LEFT + (size.log10() - 2.0) / 3.0 * WIDTH;
    let y = |ms: f64| TOP + HEIGHT - ms.max(1.0).log10() / 4.0 * HEIGHT;
    let mut svg = String::from(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 640 340\" font-size=\"12\" \
         font-family=\"sans-serif\">\n<rect width=\"640\" height=\"340\" fill=\"white\"/>\n",
    );
    let mut add = |text: String| {
        let _ok = writeln!(svg, "{text}");
    };
    let grid = "stroke=\"#ddd\"";
    for size in [100.0, 1e3, 1e4, 1e5] {
        let (at, low) = (x(size), TOP + HEIGHT);
        add(format!("<line x1=\"{at}\" y1=\"{TOP}\" x2=\"{at}\" y2=\"{low}\" {grid}/>"));
        add(format!("<text x=\"{at}\" y=\"{}\" text-anchor=\"middle\">{size}</text>", low + 16.0));
    }
    for ms in [1.0, 10.0, 100.0, 1e3, 1e4] {
        let (at, right) = (y(ms), LEFT + WIDTH);
        add(format!("<line x1=\"{LEFT}\" y1=\"{at}\" x2=\"{right}\" y2=\"{at}\" {grid}/>"));
        add(format!("<text x=\"54\" y=\"{}\" text-anchor=\"end\">{ms} ms</text>", at + 4.0));
    }
    for ((loops, line), color) in lines.iter().zip(COLORS) {
        let points: Vec<String> =
            line.iter().map(|(size, ms)| format!("{:.1},{:.1}", x(*size), y(*ms))).collect();
        let points = points.join(" ");
        add(format!("<polyline points=\"{points}\" fill=\"none\" stroke=\"{color}\"/>"));
        if let Some((size, ms)) = line.last() {
            let (x, y) = (x(*size) + 6.0, y(*ms) + 4.0);
            add(format!("<text x=\"{x:.1}\" y=\"{y:.1}\" fill=\"{color}\">{loops} loops</text>"));
        }
    }
    add("<text x=\"300\" y=\"334\" text-anchor=\"middle\">tasks in the queue</text>".to_owned());
    svg + "</svg>\n"
}
