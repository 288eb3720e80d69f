//! Counts of what ran, what failed, and what was left out and why. It knows how each test runner closes, and nothing of the tests.

use std::process::ExitStatus;

/// The sum over all runners.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Tests that ran and passed.
    pub(crate) passed: u64,
    /// Tests that failed, and runners that ended badly without counting a failure.
    pub(crate) failed: u64,
    /// What was not run, each with its reason.
    pub(crate) skipped: Vec<Skip>,
    /// Names of the runners that failed.
    pub(crate) broken: Vec<String>,
}

/// Something that was not run.
#[derive(Debug)]
pub(crate) struct Skip {
    /// The test or the whole suite.
    pub(crate) what: String,
    /// Why, in a person's words.
    pub(crate) why: String,
}

impl Tally {
    /// Adds one runner's counts. A runner that exits badly, or counts nothing, is a failure whatever it printed.
    pub(crate) fn add(&mut self, runner: &str, status: ExitStatus, counts: Counts) {
        self.passed += counts.passed;
        self.failed += counts.failed;
        let silent = counts.passed + counts.failed == 0;
        if !status.success() || counts.failed > 0 || silent {
            self.broken.push(runner.to_owned());
            if counts.failed == 0 {
                self.failed += 1;
            }
        }
    }

    /// Notes a failure outside any test runner.
    pub(crate) fn fail(&mut self, runner: &str, error: &anyhow::Error) {
        println!("{runner}: {error:#}");
        self.failed += 1;
        self.broken.push(runner.to_owned());
    }

    /// Notes something that was left out.
    pub(crate) fn skip(&mut self, what: impl Into<String>, why: impl Into<String>) {
        self.skipped.push(Skip { what: what.into(), why: why.into() });
    }

    /// True when nothing failed.
    pub(crate) fn is_good(&self) -> bool {
        self.failed == 0 && self.broken.is_empty()
    }

    /// Prints what was skipped and what failed, then the closing line `N passed, N failed`, alone on its line.
    pub(crate) fn print(&self) {
        println!();
        for skip in &self.skipped {
            println!("skipped: {}: {}", skip.what, skip.why);
        }
        for runner in &self.broken {
            println!("failed: {runner}");
        }
        println!("{} passed, {} failed", self.passed, self.failed);
    }
}

/// What one runner counted.
#[derive(Debug, Default, PartialEq, Eq, Clone, Copy)]
pub(crate) struct Counts {
    /// Passed.
    pub(crate) passed: u64,
    /// Failed, broken or timed out.
    pub(crate) failed: u64,
    /// Left out by the runner.
    pub(crate) skipped: u64,
}

/// nextest's `Summary [ 1.2s] 7 tests run: 6 passed (1 slow), 1 failed, 2 skipped`.
pub(crate) fn nextest(lines: &[String]) -> Counts {
    lines
        .iter()
        .rev()
        .find_map(|line| {
            let rest = line.trim_start().strip_prefix("Summary [")?;
            let (_, list) = rest.split_once("run:")?;
            Some(list.split(',').fold(Counts::default(), count_part))
        })
        .unwrap_or_default()
}

/// The test harness's `test result: ok. 3 passed; 0 failed; 1 ignored; …`, one line for each binary.
pub(crate) fn libtest(lines: &[String]) -> Counts {
    lines
        .iter()
        .filter_map(|line| line.trim_start().strip_prefix("test result: "))
        .filter_map(|rest| rest.split_once(". ").map(|(_, list)| list))
        .flat_map(|list| list.split(';'))
        .fold(Counts::default(), count_part)
}

/// Our Python and JavaScript runners' last line, `7 passed, 0 failed, 1 skipped`.
pub(crate) fn plain(lines: &[String]) -> Counts {
    lines
        .iter()
        .rev()
        .find(|line| line.contains(" passed, ") && line.contains(" failed"))
        .map(|line| line.split(',').fold(Counts::default(), count_part))
        .unwrap_or_default()
}

fn count_part(mut counts: Counts, part: &str) -> Counts {
    let mut words = part.split_whitespace();
    let number = words.next().and_then(|word| word.parse::<u64>().ok());
    if let (Some(number), Some(kind)) = (number, words.next()) {
        match kind {
            "passed" => counts.passed += number,
            // A test that hangs or cannot start has not passed.
            "failed" | "timed" | "exec" => counts.failed += number,
            "skipped" | "ignored" => counts.skipped += number,
            _ => {}
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_nextest_summary_with_slow_and_timed_out_tests_is_counted() {
        let counts =
            nextest(&lines("     Summary [  12.3s] 9 tests run: 6 passed (1 slow), 2 failed, 1 timed out, 3 skipped"));
        assert_eq!(counts, Counts { passed: 6, failed: 3, skipped: 3 });
    }

    #[test]
    fn the_lines_of_several_test_binaries_are_summed() {
        let counts = libtest(&lines(
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.1s\n\
             noise\n\
             test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out",
        ));
        assert_eq!(counts, Counts { passed: 5, failed: 1, skipped: 1 });
    }

    #[test]
    fn the_last_plain_line_counts() {
        let counts = plain(&lines("1 passed, 9 failed\n7 passed, 0 failed, 2 skipped\nbye"));
        assert_eq!(counts, Counts { passed: 7, failed: 0, skipped: 2 });
    }
}
