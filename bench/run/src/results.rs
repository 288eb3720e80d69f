//! Where results go: the data of each kind of run in a file of its own, the tables side by side in one page, where a run replaces only
//! its own section. It must never know what the figures mean.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use jiff::Timestamp;
use serde::Serialize;

/// A kind of run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    Paths,
    CheckIns,
    Growth,
    Fleet,
    Overload,
    Postgres,
}

impl Section {
    /// In the order of the page.
    const ALL: [Self; 6] = [Self::Paths, Self::CheckIns, Self::Growth, Self::Fleet, Self::Overload, Self::Postgres];

    fn title(self) -> &'static str {
        match self {
            Self::Paths => "Paths",
            Self::CheckIns => "Check-ins",
            Self::Growth => "Check-ins with many devices",
            Self::Fleet => "Fleet",
            Self::Overload => "Overload",
            Self::Postgres => "PostgreSQL",
        }
    }

    /// What its files' names end with.
    fn suffix(self) -> &'static str {
        match self {
            Self::Paths => "",
            Self::CheckIns => "-checkin",
            Self::Growth => "-growth",
            Self::Fleet => "-fleet",
            Self::Overload => "-overload",
            Self::Postgres => "-postgres",
        }
    }
}

/// What a file holds.
#[derive(Serialize)]
struct Whole<'a, T> {
    date: &'a str,
    label: &'a str,
    #[serde(flatten)]
    figures: &'a T,
}

/// Writes results, or only shows them.
pub(crate) struct Results {
    folder: PathBuf,
    date: String,
    label: String,
    discard: bool,
}

impl Results {
    /// Results of today with that label.
    pub(crate) fn new(bench: &Path, label: &str, discard: bool) -> Self {
        let date = Timestamp::now().strftime("%Y-%m-%d").to_string();
        Self { folder: bench.join("results"), date, label: label.to_owned(), discard }
    }

    /// The name of a file.
    pub(crate) fn name(&self, section: Section, extension: &str) -> String {
        format!("{}-{}{}.{extension}", self.date, self.label, section.suffix())
    }

    /// Shows a table, writes the data and puts the table into the page.
    pub(crate) fn keep(&self, section: Section, data: &impl Serialize, table: &str) -> anyhow::Result<()> {
        println!("\n{table}");
        if self.discard {
            return Ok(());
        }
        let whole = Whole { date: &self.date, label: &self.label, figures: data };
        fs::create_dir_all(&self.folder)?;
        let name = self.name(section, "json");
        fs::write(self.folder.join(&name), serde_json::to_string_pretty(&whole)? + "\n")?;
        let page = self.folder.join("latest.md");
        let before = if page.exists() { fs::read_to_string(&page)? } else { String::new() };
        let text = format!("The data: `{name}`.\n\n{}\n", table.trim_end());
        fs::write(page, with_section(&before, section, &text)).context("writing latest.md")?;
        Ok(())
    }

    /// Writes a picture beside the data; where nothing is kept, into the folder of what is built.
    pub(crate) fn keep_picture(&self, section: Section, picture: &str) -> anyhow::Result<()> {
        let folder = if self.discard { self.folder.with_file_name("target") } else { self.folder.clone() };
        let path = folder.join(self.name(section, "svg"));
        fs::write(&path, picture)?;
        println!("the picture: {}", path.display());
        Ok(())
    }
}

/// The page with one section replaced.
fn with_section(page: &str, replaced: Section, text: &str) -> String {
    let mut made =
        "# Latest figures\n\nWhat they mean: `../README.md`. Each section is of the last run of its kind.\n".to_owned();
    for section in Section::ALL {
        let kept = if section == replaced { Some(text) } else { section_of(page, section) };
        if let Some(kept) = kept {
            // Writing to a String cannot fail.
            let _ = write!(made, "\n## {}\n\n{}\n", section.title(), kept.trim());
        }
    }
    made
}

fn section_of(page: &str, section: Section) -> Option<&str> {
    let heading = format!("\n## {}\n", section.title());
    let (_, rest) = page.split_once(&heading)?;
    Some(rest.split_once("\n## ").map_or(rest, |(text, _)| text))
}

#[cfg(test)]
mod tests {
    use super::{Section, with_section};

    #[test]
    fn a_run_replaces_its_own_section_only() {
        let page = with_section("", Section::Fleet, "old fleet");
        let page = with_section(&page, Section::Paths, "paths\n\n| a |\n");
        let page = with_section(&page, Section::Fleet, "new fleet");
        let expected = "\n## Paths\n\npaths\n\n| a |\n\n## Fleet\n\nnew fleet\n";
        assert!(page.ends_with(expected), "{page}");
        assert_eq!(with_section(&page, Section::Fleet, "new fleet"), page);
    }
}
