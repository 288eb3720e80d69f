//! A short run of each target from a fixed start. `cargo xtask fuzz` runs them for as long as is wanted, guided by coverage.

use odata_fuzz::mutate::Mutator;
use odata_fuzz::{TARGETS, Target};

/// Runs the target's seeds and so many mutations of them: some seconds without optimisation.
fn run(name: &str, inputs: usize) {
    let Target { check, seeds, .. } = TARGETS.iter().find(|target| target.name == name).expect("a target");
    for seed in seeds() {
        check(&seed);
    }
    let mut mutator = Mutator::new(seeds(), 0x0DA7_A401);
    for _ in 0..inputs {
        let input = mutator.input();
        let checked = std::panic::catch_unwind(|| check(&input));
        assert!(checked.is_ok(), "the input was {:?}", String::from_utf8_lossy(&input));
    }
}

#[test]
fn any_url_is_answered_or_refused_with_its_place() {
    run("url", 10_000);
}

#[test]
fn any_options_are_answered_or_refused_with_their_place() {
    run("options", 10_000);
}

#[test]
fn any_body_is_read_whole_or_refused_with_its_place() {
    run("body", 20_000);
}

#[test]
fn any_batch_runs_to_its_end_or_is_refused_whole() {
    run("batch", 10_000);
}

#[test]
fn any_csdl_document_is_a_model_that_can_be_written_or_is_refused() {
    run("csdl", 1_000);
}
