//! Charts, and the page around them.

use super::super::model::{Span, TaskRow};
use super::super::{Format, Style, charts};
use super::rows::{task, whole};
use super::{elements, text};
use crate::views::flag::{Flag, FlagKind};
use std::iter::repeat_n;

const NOON: i64 = 1_768_824_000_000;

fn span(from: i64, to: i64, passed: bool) -> Span {
    Span { from: NOON + from * 60_000, to: NOON + to * 60_000, passed, cost_usd: None }
}

fn ran(id: &str, spans: Vec<Span>) -> TaskRow {
    TaskRow { spans, ..task(id, "complete") }
}

#[test]
fn text_in_a_chart_is_text() {
    for (given, wanted) in [
        ("plain é 日本", "plain é 日本"),
        ("<b>&\"'", "&lt;b&gt;&amp;&quot;&#39;"),
        ("a\u{1b}[1m\nb", "a␛[1m b"),
        ("\u{fffe}\u{ffff}", "\u{fffd}\u{fffd}"),
    ] {
        assert_eq!(charts::xml(given), wanted);
    }
    for (given, most, wanted) in
        [("", 0, ""), ("日本語", 3, "日本語"), ("日本語", 2, "日本…"), ("a", 0, "…")]
    {
        assert_eq!(charts::short(given, most), wanted);
    }
}

#[test]
fn nothing_is_drawn_where_nothing_ran() {
    let report = whole(vec![task("A", "ready")]);
    assert_eq!(
        (charts::gantt(&report), charts::burn_up(&report), charts::cost(&report)),
        (None, None, None)
    );
}

#[test]
fn a_bar_begins_and_ends_with_its_attempt() {
    let report = whole(vec![
        ran("late", vec![span(30, 60, true)]),
        ran("<early>", vec![span(0, 15, false), span(15, 30, true)]),
        task("none", "ready"),
    ]);
    assert_eq!(
        charts::gantt(&report).as_deref(),
        Some(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 900 56\" role=\"img\" aria-label=\"Attempts over time, one row per task\">\
             <text x=\"0\" y=\"12\">&lt;early&gt;</text>\
             <rect class=\"fail\" x=\"160.0\" y=\"3\" width=\"185.0\" height=\"10\"><title>&lt;early&gt;: did not pass</title></rect>\
             <rect class=\"pass\" x=\"345.0\" y=\"3\" width=\"185.0\" height=\"10\"><title>&lt;early&gt;: passed</title></rect>\
             <text x=\"0\" y=\"28\">late</text>\
             <rect class=\"pass\" x=\"530.0\" y=\"19\" width=\"370.0\" height=\"10\"><title>late: passed</title></rect>\
             <text x=\"0\" y=\"50\">2026-01-19 12:00Z</text><text x=\"900\" y=\"50\" text-anchor=\"end\">2026-01-19 13:00Z</text></svg>"
        )
    );
}

#[test]
fn a_bar_of_an_instant_can_be_seen_and_a_long_name_is_cut() {
    let report = whole(vec![ran(&"n".repeat(30), vec![span(0, 0, true)])]);
    let svg = charts::gantt(&report).expect("a chart");
    assert!(svg.contains("width=\"1.0\" height=\"10\""), "{svg}");
    assert!(svg.contains(&format!(">{}…</text>", "n".repeat(22))), "{svg}");
}

/// The last rows are drawn, on a scale that begins with the first of them.
#[test]
fn a_chart_has_at_most_120_rows() {
    let rows = |many: i64| {
        let tasks = (0..many).map(|n| ran(&format!("T{n}"), vec![span(n, n + 1, true)]));
        charts::gantt(&whole(tasks.collect())).expect("a chart")
    };
    for (many, end) in [
        (120, "</svg>"),
        (121, "</svg><p>1 earlier task is left out.</p>"),
        (130, "</svg><p>10 earlier tasks are left out.</p>"),
    ] {
        let svg = rows(many);
        assert!(svg.ends_with(end), "{many}: {}", &svg[svg.len() - 80..]);
        assert_eq!(svg.matches("<rect ").count(), 120);
        let first = format!(">T{}</text><rect class=\"pass\" x=\"160.0\"", many - 120);
        assert!(svg.contains(&first), "{first}");
    }
}

#[test]
fn the_line_of_complete_tasks_rises_by_one_at_each_end() {
    let report = whole(vec![
        ran("A", vec![span(0, 10, false), span(10, 30, true)]),
        ran("B", vec![span(0, 15, true)]),
        ran("C", vec![span(0, 60, false)]),
        task("D", "ready"),
    ]);
    let svg = charts::burn_up(&report).expect("a chart");
    let points = "<polyline points=\"0,130.0 225.0,100.0 450.0,70.0\"></polyline>";
    assert!(svg.contains(points) && svg.contains(">Tasks complete over time: 2</text>"), "{svg}");
}

#[test]
fn the_line_of_costs_is_their_sum_and_needs_a_known_cost() {
    let cost = |to: i64, cost_usd: Option<f64>| Span { cost_usd, ..span(0, to, true) };
    let report = whole(vec![
        ran("A", vec![cost(60, Some(1.25)), cost(30, None)]),
        ran("B", vec![cost(30, Some(0.75))]),
    ]);
    let svg = charts::cost(&report).expect("a chart");
    let points = "<polyline points=\"0,130.0 450.0,85.0 900.0,10.0\"></polyline>";
    assert!(svg.contains(points) && svg.contains(">Cost in USD over time: 2</text>"), "{svg}");
    let free = whole(vec![ran("A", vec![cost(60, Some(0.0)), cost(30, None)])]);
    assert_eq!(charts::cost(&free), None);
    let cents = whole(vec![ran("A", vec![cost(60, Some(0.126))])]);
    assert!(charts::cost(&cents).expect("a chart").contains("over time: 0.13</text>"));
}

#[test]
fn a_line_has_at_most_300_points_and_the_last_one() {
    let tasks = (0..1_000).map(|n| ran(&format!("T{n}"), vec![span(0, n + 1, true)]));
    let svg = charts::burn_up(&whole(tasks.collect())).expect("a chart");
    let points = svg.split_once("points=\"").expect("a line").1.split_once('"').expect("its end").0;
    let points: Vec<&str> = points.split(' ').collect();
    assert_eq!((points.len(), points[1]), (252, "0.9,129.9"));
    assert_eq!(points.last(), Some(&"900.0,10.0"), "the end is that of the last task");
}

#[test]
fn a_page_has_everything_and_is_well_formed_if_there_is_nothing() {
    let page = text(&whole(Vec::new()), Format::Html, Style::Synthesis);
    let names = elements(&page);
    for (name, many) in
        [("html", 1), ("title", 1), ("svg", 0), ("script", 0), ("link", 0), ("img", 0)]
    {
        assert_eq!(names.iter().filter(|found| *found == name).count(), many, "{name}");
    }
    for (style, title) in [
        (Style::Synthesis, "Report"),
        (Style::Readiness, "Readiness"),
        (Style::Deployment, "Deployment"),
        (Style::Lessons, "Lessons"),
        (Style::Retrospective, "Retrospective"),
    ] {
        let page = text(&whole(Vec::new()), Format::Html, style);
        assert!(page.contains(&format!("<h1>{title}</h1>")), "{page}");
        assert!(page.contains(&format!("# {title}\n")), "the text of the style is on the page");
    }
}

#[test]
fn a_row_of_the_page_is_cut_escaped_and_without_control_characters() {
    let long: String = repeat_n("<é>\u{1b}", 30).collect();
    let error = Some(format!("a\nb{}", "x".repeat(100)));
    let mut report = whole(vec![TaskRow {
        title: long,
        error,
        late: true,
        minutes: 61.0,
        ..task("A&B", "blocked")
    }]);
    report.red_flags =
        vec![
            Flag { kind: FlagKind::Late, task: Some("A&B".to_owned()), text: "<due>".to_owned() };
            201
        ];
    let page = text(&report, Format::Html, Style::Synthesis);
    elements(&page);
    let shown: String = repeat_n("&lt;é&gt;\u{fffd}", 20).collect();
    assert!(page.contains(&format!(">{shown}…<")), "{page}");
    assert!(page.contains(&format!("a\nb{}…", "x".repeat(77))), "{page}");
    assert!(page.contains("1 h 1 min"), "{page}");
    assert_eq!(page.matches("&lt;due&gt;</li>").count(), 200, "{page}");
}
