//! Writes the seeds of a target into a folder, a file each: `seeds TARGET FOLDER [REFERENCE]`. What it has written before is replaced.

use std::path::Path;
use std::process::ExitCode;

use odata_fuzz::{TARGETS, seeds};

fn main() -> std::io::Result<ExitCode> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (Some(name), Some(folder)) = (args.first(), args.get(1)) else { return Ok(ExitCode::from(2)) };
    let Some(target) = TARGETS.iter().find(|target| target.name == name) else { return Ok(ExitCode::from(2)) };
    let published = args.get(2).map(|reference| seeds::published(Path::new(reference))).transpose()?;
    let published = published.into_iter().flatten().filter(|(name, _)| *name == target.name).map(|(_, input)| input);
    std::fs::create_dir_all(folder)?;
    for (number, input) in (target.seeds)().into_iter().chain(published).enumerate() {
        std::fs::write(Path::new(folder).join(format!("seed-{number:04}")), input)?;
    }
    Ok(ExitCode::SUCCESS)
}
