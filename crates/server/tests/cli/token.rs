//! `officeconfig token`.

use crate::harness::{fail, run};

#[test]
fn a_token_is_one_line_and_json_tells_more() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let data = data.to_str().unwrap();
    let (code, out, err) = run(&["token", "--tenant", "contoso", "--data", data]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert_eq!(out.trim_end().split('.').count(), 3);

    let args =
        ["token", "--tenant", "contoso", "--user", "a@b.example", "--ttl", "30m", "--data", data, "--output", "json"];
    let (code, out, _) = run(&args);
    let told: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &told["expiresIn"], &told["tokenType"]), (0, &1800.into(), &"Bearer".into()));
    // A name always gives the same tenant.
    let (_, again, _) = run(&args);
    let again: serde_json::Value = serde_json::from_str(&again).unwrap();
    assert_eq!(again["tenant"], told["tenant"]);
}

#[test]
fn what_makes_no_token_is_2() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let error = fail(2, &["token", "--tenant", "c", "--role", "A", "--scope", "B", "--data", data]);
    assert!(error.contains("never both"), "{error}");
    let error = fail(2, &["token", "--tenant", "c", "--ttl", "900d", "--data", data]);
    assert!(error.contains("366 days"), "{error}");
    let (code, _, stderr) = run(&["token", "--tenant", "c", "--ttl", "soon", "--data", data]);
    assert!(code == 2 && stderr.contains("`soon` is no time"), "{stderr}");
    assert_eq!(run(&["token"]).0, 2);
}
