//! `[[clusters]]`: tenants over several databases, which nobody sees but who lists them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use e2e::{Api, Clusters, READ_WRITE, Service, Setup, program, samples};
use serde_json::Value;

/// Runs the program with a configuration file and nothing else that says where the data is.
fn run(subcommand: &[&str], config: &str, args: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let file: PathBuf = folder.path().join("officeconfig.toml");
    std::fs::write(&file, config).unwrap();
    let mut command = Command::new(program());
    command.args(subcommand).arg("--config").arg(&file).args(args).stdin(Stdio::null());
    for name in ["OFFICECONFIG_DATABASE", "OFFICECONFIG_SECRET_FILE", "OFFICECONFIG_DATA"] {
        command.env_remove(name);
    }
    command.output().unwrap()
}

fn succeed(subcommand: &[&str], config: &str, args: &[&str]) -> String {
    let output = run(subcommand, config, args);
    assert!(output.status.success(), "{subcommand:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// One line that says what is wrong with what was asked.
fn refuse(subcommand: &[&str], config: &str, args: &[&str]) -> String {
    let output = run(subcommand, config, args);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(!error.contains("throwaway"), "the password is not shown: {error}");
    error
}

fn admin(service: &Service, config: &str, tenant: &str) -> Api {
    let token = succeed(&["token"], config, &["--tenant", tenant, "--role", READ_WRITE]);
    Api::new(service, Some(token.trim().to_owned()))
}

#[test]
fn tenants_live_in_several_clusters_and_every_server_finds_them() {
    let Some(clusters) = Clusters::two() else { return };
    let config = clusters.config();
    let one = Setup::default().config(&config).start();
    let other = Setup::default().config(&config).start();
    assert!(succeed(&["tenant", "list"], &config, &[]).contains("no tenant"));
    let tenants: Vec<String> = (1..=10).map(|n| format!("tenant{n}")).collect();
    for (n, tenant) in tenants.iter().enumerate() {
        let (writer, reader) = if n % 2 == 0 { (&one, &other) } else { (&other, &one) };
        let api = admin(writer, &config, tenant);
        api.get("/officeConfiguration").ok();
        api.post("/officeConfiguration", &samples::creation_request()).created();
        let read = api.at(reader).get("/officeConfigurations").ok();
        assert_eq!(read["value"].as_array().unwrap().len(), 1);
    }
    admin(&one, &config, "who-only-reads").get("/officeConfiguration").ok();
    let listed: Value = serde_json::from_str(&succeed(&["tenant", "list"], &config, &["--output", "json"])).unwrap();
    let mut of_clusters: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for tenant in listed["tenants"].as_array().unwrap() {
        assert_eq!((&tenant["state"], &tenant["version"]), (&"here".into(), &1.into()));
        of_clusters.entry(tenant["cluster"].as_str().unwrap()).or_default().insert(tenant["tenant"].as_str().unwrap());
    }
    assert_eq!(of_clusters.keys().copied().collect::<Vec<_>>(), ["a", "b"], "they spread");
    assert_eq!(of_clusters.values().map(BTreeSet::len).sum::<usize>(), tenants.len());
    assert_eq!(succeed(&["tenant", "list"], &config, &[]).lines().count(), tenants.len());
    let ready = Api::new(&one, None).get("//readyz").is(200);
    assert_eq!(ready.text(), "ready\n");
}

#[test]
fn a_tenant_moves_while_services_run_and_links_go_on() {
    let Some(clusters) = Clusters::two() else { return };
    let config = clusters.config();
    let (one, other) = (Setup::default().config(&config).start(), Setup::default().config(&config).start());
    let api = admin(&one, &config, "contoso");
    let configurations = "/officeConfiguration/clientConfigurations";
    api.post("/officeConfigurations", &samples::creation_request()).created();
    let first = api.post(configurations, &samples::client("first")).created();
    let path = format!("{configurations}/{}", first["id"].as_str().unwrap());
    let delta = api.get(&format!("{configurations}/delta")).ok()["@odata.deltaLink"].as_str().unwrap().to_owned();
    let seen = |api: &Api| (api.get("/officeConfigurations").ok()["value"].clone(), api.get(&path).ok());
    let before = seen(&api);
    let lives = |config: &str| succeed(&["tenant", "list"], config, &[]).contains("  b  ");
    let goes = |to: &str| succeed(&["tenant", "move"], &config, &["--tenant", "contoso", "--to", to]);
    let (there, back) = if lives(&config) { ("a", "b") } else { ("b", "a") };
    let told = goes(there);
    assert!(told.contains(&format!("lives in {there} now, not in {back}")), "{told}");
    for service in [&one, &other] {
        assert_eq!(seen(&api.at(service)), seen(&api.at(service)));
        let after = seen(&api.at(service));
        assert_eq!((&after.0[0]["id"], &after.1["@odata.etag"]), (&before.0[0]["id"], &before.1["@odata.etag"]));
    }
    let made = api.at(&other).post(configurations, &samples::client("second")).created();
    let followed = api.get(&delta.replace(&one.url(), "").replace("/beta", "")).ok();
    let told: Vec<_> = followed["value"].as_array().unwrap().iter().map(|entity| entity["id"].clone()).collect();
    assert_eq!(told, [made["id"].clone()], "what changed since, wherever it lived");
    assert!(goes(there).contains("already"), "and so it does");
    assert!(goes(back).contains("equal in both"));
    assert_eq!(api.get(configurations).ok()["value"].as_array().unwrap().len(), 2);
    let nowhere = refuse(&["tenant", "move"], &config, &["--tenant", "contoso", "--to", "c"]);
    assert!(nowhere.contains("names no cluster c"), "{nowhere}");
    let nobody = refuse(&["tenant", "move"], &config, &["--tenant", "fabrikam", "--to", "b"]);
    assert!(nobody.contains("there is no tenant"), "{nobody}");
}

#[test]
fn a_database_becomes_the_first_of_several_with_its_tenants_and_tokens() {
    let Some(clusters) = Clusters::two() else { return };
    let alone = clusters.only_the_first();
    let mut service = Setup::default().config(&alone).start();
    let api = admin(&service, &alone, "contoso");
    api.post("/officeConfiguration", &samples::creation_request()).created();
    service.kill();
    let config = clusters.config();
    let service = Setup::default().config(&config).start();
    api.at(&service).get("/officeConfiguration").ok();
    api.at(&service).post("/officeConfiguration", &serde_json::json!({})).error_code(409, "Conflict");
    let listed = succeed(&["tenant", "list"], &config, &[]);
    assert!(listed.lines().count() == 1 && listed.contains("  a  "), "{listed}");
    let by_itself = refuse(&["serve"], &alone, &["--listen", "127.0.0.1:0"]);
    assert!(by_itself.contains("the cluster `a` of several"), "{by_itself}");
}

#[test]
fn what_does_not_belong_together_is_refused_in_one_line() {
    let Some(clusters) = Clusters::two() else { return };
    let config = clusters.config();
    let service = Setup::default().config(&config).start();
    let listen = ["--listen", "127.0.0.1:0"];
    for tenant in 1..=10 {
        admin(&service, &config, &format!("tenant{tenant}"))
            .post("/officeConfiguration", &serde_json::json!({}))
            .is(201);
    }
    let renamed = refuse(&["serve"], &clusters.named("a", "c"), &listen);
    assert!(renamed.contains("the cluster `c`") && renamed.contains("`b`"), "{renamed}");
    let left_out = config.rsplit_once("[[clusters]]").unwrap().0;
    let left_out = refuse(&["serve"], left_out, &listen);
    assert!(left_out.contains("the cluster `b`: tenants live in it"), "{left_out}");
    let both = refuse(&["serve"], &config, &["--listen", "127.0.0.1:0", "--database", "postgres://o@h/d"]);
    assert!(both.contains("--database") && both.contains("exclude each other"), "{both}");
    let both = refuse(&["serve"], &format!("database = \"postgres://o@h/d\"\n{config}"), &listen);
    assert!(both.contains(".toml:1:12: database: "), "{both}");
    let none = refuse(&["tenant", "list"], "", &[]);
    assert!(none.contains("[[clusters]]"), "{none}");
    let (_, without_secret) = config.split_once('\n').unwrap();
    assert!(refuse(&["serve"], without_secret, &listen).contains("--secret-file"));
}
