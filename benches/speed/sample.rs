//! Repeated measurements: median, quartiles, and their formatting.

use std::time::{Duration, Instant};

/// Measurements in seconds, sorted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sample(Vec<f64>);

impl Sample {
    /// Creates a sample of these seconds.
    pub(crate) fn new(mut seconds: Vec<f64>) -> Self {
        seconds.sort_by(f64::total_cmp);
        Self(seconds)
    }

    /// Measures `times` calls, after one that does not count.
    pub(crate) fn of<T>(times: usize, mut work: impl FnMut() -> T) -> Self {
        std::hint::black_box(work());
        Self::new((0..times.max(1)).map(|_| seconds(&mut work)).collect())
    }

    /// Measures `times` calls of each piece of work, which returns its [`seconds`]. They are called
    /// in turn, so that temporary load on the machine affects all of them equally.
    pub(crate) fn in_turn(times: usize, works: &mut [Box<dyn FnMut() -> f64 + '_>]) -> Vec<Self> {
        let mut all = vec![Vec::new(); works.len()];
        for _ in 0..times.max(1) {
            for (work, seconds_of) in works.iter_mut().zip(&mut all) {
                seconds_of.push(work());
            }
        }
        all.into_iter().map(Self::new).collect()
    }

    /// Returns the value below which `share` of them are.
    pub(crate) fn quantile(&self, share: f64) -> f64 {
        let last = self.0.len().saturating_sub(1);
        self.0.get((share * last as f64).round() as usize).copied().unwrap_or(f64::NAN)
    }

    /// Returns the median.
    pub(crate) fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    /// Divides each by `count`: from a run to one of its tasks.
    pub(crate) fn per(&self, count: usize) -> Self {
        Self(self.0.iter().map(|value| value / count as f64).collect())
    }

    /// Formats median and quartiles for a table.
    pub(crate) fn shown(&self) -> String {
        let (low, high) = (self.quantile(0.25), self.quantile(0.75));
        format!("{} ({} … {})", time(self.median()), time(low), time(high))
    }
}

/// Returns how long one call takes.
pub(crate) fn seconds<T>(work: impl FnOnce() -> T) -> f64 {
    let start = Instant::now();
    std::hint::black_box(work());
    start.elapsed().as_secs_f64()
}

/// Formats a time in a suitable unit.
pub(crate) fn time(seconds: f64) -> String {
    let (value, unit) = match seconds {
        s if s.is_nan() => return "-".to_owned(),
        s if s < 1e-3 => (s * 1e6, "µs"),
        s if s < 1.0 => (s * 1e3, "ms"),
        s => (s, "s"),
    };
    let digits = if value < 10.0 { 2 } else { usize::from(value < 100.0) };
    format!("{value:.digits$} {unit}")
}

/// Waits between two checks of something that happens elsewhere.
pub(crate) fn pause(millis: u64) {
    std::thread::sleep(Duration::from_millis(millis));
}
