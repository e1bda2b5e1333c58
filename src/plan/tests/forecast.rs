//! Tests forecasts of plans that are small enough to verify by hand.

use super::*;

fn experience(ratios: &[f64]) -> Experience {
    let mut experience = Experience::default();
    ratios.iter().for_each(|ratio| experience.add(Source::Given, 10.0, 10.0 * ratio));
    experience
}

/// Passes to `see` the plan of tasks with these ids, dependencies and minutes.
fn planned(tasks: &[(&str, &[&str], f64)], see: impl FnOnce(Planning<'_>, &Estimates)) {
    let made = tasks.iter().map(|(id, needs, minutes)| {
        with(task(id, needs), |task| task.set(Detail::Minutes(*minutes)))
    });
    Sample::new("q", made.collect())
        .planned(false, |input| see(Planning::new(input, |_| true), input.estimates));
}

#[test]
fn what_took_as_long_as_estimated_will() {
    let tasks: [(&str, &[&str], f64); 3] = [("A", &[], 10.0), ("B", &["A"], 20.0), ("C", &[], 5.0)];
    planned(&tasks, |planning, estimates| {
        let groups = [vec![Node(0)], vec![Node(0), Node(2)], Vec::new()];
        let (report, forecast) = planning.report_and(&[1], |scheduler, pay| {
            assert_eq!(pay, 2);
            scheduler.forecast(pay, estimates, &experience(&[1.0; 5]), &groups)
        });
        let forecast = forecast.expect("enough was measured");
        let whole = report.critical_path.minutes.seconds();
        assert_eq!((forecast.whole.p50, forecast.whole.p90), (whole, whole));
        let ends: Vec<Option<u64>> =
            forecast.groups.iter().map(|group| group.map(|spread| spread.p50)).collect();
        assert_eq!(ends, [Some(600), Some(600), None]);
        assert_eq!(forecast.measured, 5);
    });
}

#[test]
fn what_was_off_before_may_be_off_again() {
    planned(&[("A", &[], 10.0)], |planning, estimates| {
        let ratios = [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 3.0, 3.0, 3.0];
        let (_, twice) = planning.report_and(&[1], |scheduler, _| {
            [0, 1].map(|_| scheduler.forecast(1, estimates, &experience(&ratios), &[]))
        });
        assert_eq!(twice[0], twice[1], "the same question gets the same answer");
        let whole = twice[0].as_ref().map(|forecast| forecast.whole).expect("enough");
        assert_eq!((whole.p50, whole.p90), (600, 1800));
    });
}

#[test]
fn too_little_is_no_forecast() {
    planned(&[("A", &[], 10.0)], |planning, estimates| {
        let (_, forecast) = planning.report_and(&[1], |scheduler, _| {
            scheduler.forecast(1, estimates, &experience(&[1.0; 4]), &[])
        });
        assert_eq!(forecast, None);
    });
    let mut odd = Experience::default();
    odd.add(Source::Given, 0.0, 5.0);
    odd.add(Source::Given, 5.0, -1.0);
    odd.add(Source::Default, 1.0, f64::NAN);
    assert!(odd.is_empty());
}

#[test]
fn the_fewest_loops_are_found() {
    let tasks = ["A", "B", "C", "D", "E", "F"].map(|id| (id, &[][..], 10.0));
    planned(&tasks, |planning, _| {
        let shape = planning.shape();
        assert_eq!((shape.open, shape.width, shape.seconds, shape.shortest), (6, 6, 3600, 600));
        planning.report_and(&[1], |scheduler, _| {
            assert_eq!(scheduler.fewest_loops(|seconds| seconds <= 1800), (Some(2), 1800));
            assert_eq!(scheduler.fewest_loops(|seconds| seconds <= 600), (Some(6), 600));
            assert_eq!(scheduler.fewest_loops(|seconds| seconds < 600), (None, 600));
        });
    });
}
