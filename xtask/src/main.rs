//! The repository's only scripts: `cargo xtask serve | test | ci | bench | fuzz`. Nothing here is part of the product.
#![expect(clippy::print_stdout, reason = "printing what is going on is what scripts are for")]

mod bench;
mod ci;
mod examples;
mod fuzz;
mod ha;
mod node;
mod python;
mod serve;
mod tally;
mod test;
mod tools;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::tools::Repo;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The repository's scripts", version)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build the service and run it on this machine; what follows goes to `officeconfig serve`
    Serve(serve::Args),
    /// Run every test: the crates' own, end to end, and with the SDKs of others
    Test(test::Args),
    /// What a submission must pass: format, lints, docs, dependencies, then every test
    Ci,
    /// Measure the service against its bound, in one run on this machine
    Bench(bench::Args),
    /// Kill parts of a highly available installation and look what is lost
    Ha(ha::Args),
    /// Look for inputs that break the OData engine
    Fuzz(fuzz::Args),
}

fn main() -> ExitCode {
    let outcome = Repo::find().and_then(|repo| match Cli::parse().task {
        Task::Serve(args) => serve::run(&repo, &args),
        Task::Test(args) => test::run(&repo, &args),
        Task::Ci => ci::run(&repo),
        Task::Bench(args) => bench::run(&repo, &args),
        Task::Ha(args) => ha::run(&repo, &args),
        Task::Fuzz(args) => fuzz::run(&repo, &args),
    });
    match outcome {
        Ok(code) => code,
        Err(error) => {
            println!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
