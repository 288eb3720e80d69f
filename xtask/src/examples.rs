//! Whether every public item of the `odata` crate shows how it is used: an example in its documentation that the doc tests run.
//! It knows rustdoc's JSON, and nothing of the crate.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;

use crate::tools::{self, Repo};

const CRATE: &str = "odata";
/// The form of rustdoc's JSON that [`Walk`] was written for. It belongs to the pinned toolchain: see what changed before raising it.
const FORMAT: u64 = 57;
/// What may stand behind the backticks of an example that is compiled and run, or that must not compile.
const RUN: [&str; 5] = ["rust", "should_panic", "compile_fail", "test_harness", "standalone_crate"];

/// Fails when an item has no example, and names each.
pub(crate) fn check(repo: &Repo) -> anyhow::Result<()> {
    let documentation = documentation(repo)?;
    let mut walk = Walk::of(&documentation)?;
    walk.missing.sort();
    for item in &walk.missing {
        println!("no example: {item}");
    }
    println!("{} public items of {CRATE}, {} without an example", walk.seen.len(), walk.missing.len());
    ensure!(walk.missing.is_empty(), "public items without an example that runs");
    Ok(())
}

/// The crate's documentation as JSON. Cargo would hand the variable that opens this form of output to every build script too, and
/// some would run again: so Cargo builds the dependencies as for the pages, and rustdoc is called here.
fn documentation(repo: &Repo) -> anyhow::Result<Value> {
    let source = format!("crates/{CRATE}/src/lib.rs");
    let out = repo.target.join("doc-json");
    let mut rustdoc = Command::new(std::env::var_os("RUSTDOC").unwrap_or_else(|| "rustdoc".into()));
    rustdoc
        .current_dir(&repo.root)
        .env("RUSTC_BOOTSTRAP", "1")
        .args([&source, "--crate-name", CRATE, "--edition", "2024", "--cap-lints", "allow"])
        .args(["-Z", "unstable-options", "--output-format", "json", "--out-dir"])
        .arg(&out)
        .args(libraries(repo)?);
    tools::succeed(&mut rustdoc)?;
    let json = fs::read(out.join(format!("{CRATE}.json")))?;
    Ok(serde_json::from_slice(&json)?)
}

/// `--extern` for each library that the crate depends on, as Cargo built it for the documentation, and `-L` for the folders where
/// those lie that they depend on.
fn libraries(repo: &Repo) -> anyhow::Result<BTreeSet<String>> {
    let mut tree = repo.cargo(&["tree", "--locked", "-p", CRATE, "--depth", "1", "--edges", "normal"]);
    let tree = tree.args(["--prefix", "none", "--format", "{p}"]).stderr(Stdio::inherit()).output()?;
    ensure!(tree.status.success(), "cargo tree failed");
    // `base64 v0.22.1`; the crate itself comes first.
    let dependencies: BTreeSet<String> = String::from_utf8(tree.stdout)?
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(" v"))
        .map(|(name, version)| format!("#{name}@{}", version.split(' ').next().unwrap_or(version)))
        .collect();

    let mut build = repo.cargo(&["doc", "--quiet", "--workspace", "--no-deps", "--locked"]);
    build.arg("--message-format=json-render-diagnostics").env("RUSTDOCFLAGS", "-D warnings");
    let mut build = build.stdout(Stdio::piped()).spawn().context("running cargo doc")?;
    let (mut found, mut folders) = (BTreeSet::new(), BTreeSet::new());
    for line in BufReader::new(build.stdout.take().context("a pipe was asked for")?).lines() {
        let message: Value = serde_json::from_str(&line?)?;
        let package = message["package_id"].as_str().unwrap_or_default();
        let files = message["filenames"].as_array().map_or(&[][..], Vec::as_slice);
        let paths = files.iter().filter_map(Value::as_str).map(Path::new);
        folders.extend(paths.filter_map(Path::parent).map(|folder| format!("-Ldependency={}", folder.display())));
        let is_ours = dependencies.iter().any(|dependency| package.ends_with(dependency.as_str()));
        // Metadata alone: what is built for build scripts and macros comes whole.
        if let (true, Some("lib"), [file]) = (is_ours, message["target"]["kind"][0].as_str(), files) {
            let name = message["target"]["name"].as_str().unwrap_or_default();
            found.insert(format!("--extern={name}={}", file.as_str().unwrap_or_default()));
        }
    }
    ensure!(build.wait()?.success(), "cargo doc failed");
    ensure!(found.len() == dependencies.len(), "of {dependencies:?} Cargo built {found:?}");
    found.append(&mut folders);
    Ok(found)
}

/// A walk from the crate's root through all that its users can name.
struct Walk<'d> {
    index: &'d Value,
    /// By number: what is exported twice counts once.
    seen: BTreeSet<u64>,
    /// `path (file:line)`.
    missing: Vec<String>,
}

impl<'d> Walk<'d> {
    fn of(documentation: &'d Value) -> anyhow::Result<Self> {
        let format = &documentation["format_version"];
        ensure!(format.as_u64() == Some(FORMAT), "rustdoc writes its JSON in version {format}, not in {FORMAT}");
        let mut walk = Self { index: &documentation["index"], seen: BTreeSet::new(), missing: Vec::new() };
        walk.item(&documentation["root"], "", None)?;
        Ok(walk)
    }

    /// The item with this number, under its own name or that of its export, and what is inside it. What other crates declare
    /// is not in the index.
    fn item(&mut self, id: &Value, parent: &str, name: Option<&str>) -> anyhow::Result<()> {
        let id = id.as_u64().context("items have numbers")?;
        let item = &self.index[id.to_string()];
        let Some((kind, inner)) = item["inner"].as_object().and_then(|inner| inner.iter().next()) else {
            return Ok(());
        };
        if kind == "use" {
            return self.export(inner, parent);
        }
        if !matches!(item["visibility"].as_str(), Some("public" | "default")) || !self.seen.insert(id) {
            return Ok(());
        }
        let name = name.or(item["name"].as_str()).context("what is not exported has a name")?;
        let path = if parent.is_empty() { name.to_owned() } else { format!("{parent}::{name}") };
        if !has_example(item["docs"].as_str().unwrap_or_default()) {
            let span = &item["span"];
            let (file, line) = (span["filename"].as_str().unwrap_or("?"), &span["begin"][0]);
            self.missing.push(format!("{path} ({file}:{line})"));
        }
        match kind.as_str() {
            "module" => self.items(&inner["items"], &path),
            // Nobody writes an example for the name of an associated type.
            "trait" => self.those(&inner["items"], &path, |inner| inner.get("assoc_type").is_none()),
            "struct" | "enum" | "union" => {
                for implementation in list(&inner["impls"])? {
                    let implementation = &self.index[implementation.to_string()]["inner"]["impl"];
                    if implementation["trait"].is_null() {
                        self.items(&implementation["items"], &path)?;
                    }
                }
                Ok(())
            }
            "function" | "constant" | "assoc_const" | "static" | "type_alias" | "macro" => Ok(()),
            _ => bail!("{path} is a {kind}: say here what is inside it"),
        }
    }

    fn items(&mut self, ids: &Value, path: &str) -> anyhow::Result<()> {
        self.those(ids, path, |_| true)
    }

    fn those(&mut self, ids: &Value, path: &str, wanted: fn(&Value) -> bool) -> anyhow::Result<()> {
        for id in list(ids)? {
            if wanted(&self.index[id.to_string()]["inner"]) {
                self.item(id, path, None)?;
            }
        }
        Ok(())
    }

    /// `pub use`: the item is counted, not its export.
    fn export(&mut self, export: &Value, parent: &str) -> anyhow::Result<()> {
        let id = &export["id"];
        let is_foreign = id.is_null();
        let exported = &self.index[id.to_string()]["inner"]["module"]["items"];
        match export["is_glob"].as_bool() {
            _ if is_foreign => Ok(()),
            // Of an enum it exports variants, which are no items.
            Some(true) if exported.is_null() => Ok(()),
            Some(true) => self.items(exported, parent),
            _ => self.item(id, parent, export["name"].as_str()),
        }
    }
}

fn list(value: &Value) -> anyhow::Result<&Vec<Value>> {
    value.as_array().context("rustdoc lists items by number")
}

/// Whether a documentation comment has a code block that rustdoc runs.
fn has_example(docs: &str) -> bool {
    let mut open: Option<&str> = None;
    for line in docs.lines().map(str::trim) {
        let mark = &line[..line.len() - line.trim_start_matches(['`', '~']).len()];
        let info = &line[mark.len()..];
        match open {
            None if mark.len() < 3 || info.contains('`') => {}
            None if is_run(info) => return true,
            None => open = Some(mark),
            Some(opening) if mark.starts_with(opening) && info.is_empty() => open = None,
            Some(_) => {}
        }
    }
    false
}

/// By the words behind the backticks: none, or such that neither name another language nor keep the code from running.
fn is_run(info: &str) -> bool {
    info.split([',', ' ', '\t']).filter(|word| !word.is_empty()).all(|word| {
        let is_error = word.starts_with('E') && word[1..].parse::<u32>().is_ok();
        RUN.contains(&word) || is_error || word.starts_with("edition")
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const EXAMPLE: &str = "What it does.\n\n```\nassert!(true);\n```";

    fn item(name: &str, visibility: &str, docs: &str, inner: &Value) -> Value {
        let span = json!({ "filename": "src/lib.rs", "begin": [7, 1], "end": [8, 1] });
        json!({ "name": name, "visibility": visibility, "docs": docs, "span": span, "inner": inner })
    }

    fn missing(index: &Value) -> Vec<String> {
        let documentation = json!({ "format_version": FORMAT, "root": 0, "index": index });
        let mut missing = Walk::of(&documentation).expect("it can be walked").missing;
        missing.sort();
        missing
    }

    #[test]
    fn what_users_can_name_and_has_no_example_is_named_with_its_place() {
        let function = json!({ "function": {} });
        let found = missing(&json!({
            "0": item("shop", "public", EXAMPLE, &json!({ "module": { "items": [1, 2, 3] } })),
            "1": item("stock", "public", "No example.", &json!({ "module": { "items": [4] } })),
            "2": { "visibility": "public", "inner": { "use": { "id": 5, "name": "Rack", "is_glob": false } } },
            "3": { "visibility": "public", "inner": { "use": { "id": null, "is_glob": false } } },
            "4": item("count", "public", "No example.", &function),
            "5": item("Shelf", "public", "No example.", &json!({ "struct": { "impls": [6, 7] } })),
            "6": { "inner": { "impl": { "trait": null, "items": [8, 9] } } },
            "7": { "inner": { "impl": { "trait": { "path": "Clone" }, "items": [10] } } },
            "8": item("put", "public", "No example.", &function),
            "9": item("take", "public", EXAMPLE, &function),
            "10": item("clone", "default", "", &function),
        }));
        let names = ["shop::Rack", "shop::Rack::put", "shop::stock", "shop::stock::count"];
        assert_eq!(found, names.map(|name| format!("{name} (src/lib.rs:7)")));
    }

    #[test]
    fn a_trait_shows_its_methods_and_an_item_exported_twice_is_counted_once() {
        let found = missing(&json!({
            "0": item("shop", "public", EXAMPLE, &json!({ "module": { "items": [1, 2, 3] } })),
            "1": { "visibility": "public", "inner": { "use": { "id": 4, "is_glob": true } } },
            "2": { "visibility": "public", "inner": { "use": { "id": 5, "name": "Rack", "is_glob": false } } },
            "3": item("hidden", "crate", "", &json!({ "function": {} })),
            "4": item("inside", "crate", "", &json!({ "module": { "items": [5] } })),
            "5": item("Source", "public", EXAMPLE, &json!({ "trait": { "items": [6, 7] } })),
            "6": item("Row", "default", "", &json!({ "assoc_type": {} })),
            "7": item("rows", "default", "", &json!({ "function": {} })),
        }));
        assert_eq!(found, ["shop::Source::rows (src/lib.rs:7)"]);
    }

    #[test]
    fn only_a_block_that_rustdoc_runs_is_an_example() {
        for run in ["```", "```rust", "~~~", "```should_panic", "```compile_fail,E0308", "```edition2024"] {
            assert!(has_example(&format!("Says.\n\n{run}\nlet it = 1;\n{}\n", &run[..3])), "{run}");
        }
        for kept in ["```text", "```ignore", "```rust,no_run", "```json"] {
            assert!(!has_example(&format!("Says.\n\n{kept}\nlet it = 1;\n```\n")), "{kept}");
        }
        assert!(has_example("```text\n# ``` inside\n```\n```\nlet it = 1;\n```"));
        assert!(!has_example("No `code` at all."));
    }
}
