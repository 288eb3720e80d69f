//! What the documents tell a new user to type is what works: their shell blocks are run as they stand, against a service of the test's
//! own address and data folder.

use std::path::Path;
use std::process::Command;

use e2e::{READ_WRITE, Service, program, reference, skip};
use serde_json::Value;

/// The address that the documents use.
const ADDRESS: &str = "http://127.0.0.1:8080";

/// The `sh` blocks of a document, or `None` when this machine cannot run them.
fn blocks(test: &str, document: &str) -> Option<Vec<String>> {
    for tool in ["curl", "sh"] {
        if Command::new(tool).arg("--version").output().is_err() {
            skip(test, &format!("no {tool} on this machine"));
            return None;
        }
    }
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(document)).unwrap();
    let block = |after: &str| after.split_once("```").map(|(block, _)| block.to_owned());
    Some(text.split("```sh\n").skip(1).filter_map(block).collect())
}

/// Runs a script beside the service's data folder and returns all that it prints.
fn shell(service: &Service, script: &str) -> String {
    let output = Command::new("sh")
        .arg("-c")
        .arg(script.replace(ADDRESS, &service.url()))
        .current_dir(service.folder())
        .env("OFFICECONFIG_DATA", service.data())
        .env("TOKEN", service.token(&["--tenant", "contoso", "--role", READ_WRITE]))
        .env("no_proxy", "*")
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace('\r', "");
    format!("{}{}", text(&output.stdout), text(&output.stderr))
}

#[test]
fn r1_the_readmes_creation_call_is_201_and_then_409() {
    let name = "r1_the_readmes_creation_call_is_201_and_then_409";
    let Some(blocks) = blocks(name, "README.md") else { return };
    let block = blocks.iter().find(|block| block.contains("curl -i")).expect("the README shows the creation call");
    let call = &block[block.find("curl -i").unwrap()..];
    let service = Service::start();
    let answer = shell(&service, call);
    assert!(answer.contains("HTTP/1.1 201"), "{answer}");
    assert!(answer.to_lowercase().contains("\nlocation: http"), "{answer}");
    let created: Value =
        serde_json::from_str(&answer[answer.find("\n{").expect("a body")..=answer.rfind('}').unwrap()]).unwrap();
    assert_eq!(created["tenantCheckinStatuses"][0]["checkinDateTime"], "2017-01-01T00:00:15.2429914+03:00");
    assert_eq!(created["tenantUserCheckinSummary"]["failedUserCount"], 15);
    let again = shell(&service, call);
    assert!(again.contains("HTTP/1.1 409"), "{again}");
}

#[test]
fn r1_curl_sends_the_published_example_byte_for_byte() {
    let name = "r1_curl_sends_the_published_example_byte_for_byte";
    let Some(folder) = reference(name, "create-example") else { return };
    if blocks(name, "README.md").is_none() {
        return;
    }
    let service = Service::start();
    let request = folder.join("request.json");
    let call = format!(
        "curl -s -H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/json' --data-binary @{} {ADDRESS}/beta/officeConfigurations",
        request.display()
    );
    let created: Value = serde_json::from_str(&shell(&service, &call)).unwrap();
    let example: Value = serde_json::from_slice(&std::fs::read(folder.join("response.json")).unwrap()).unwrap();
    for (name, value) in example.as_object().unwrap() {
        if name != "id" {
            assert_eq!(&created[name], value, "{name}");
        }
    }
}

#[test]
fn the_first_hour_works_as_written() {
    let Some(blocks) = blocks("the_first_hour_works_as_written", "docs/guide/first-hour.md") else { return };
    let service = Service::start();
    let lines = blocks.iter().flat_map(|block| block.lines()).filter(|line| {
        // The service runs already, and the last step's copy would run for ever.
        !line.starts_with("cargo xtask serve") && !line.starts_with("officeconfig serve")
    });
    let script: Vec<&str> = lines.collect();
    // An alias does not reach into a script; a function does.
    let function = format!("officeconfig() {{ '{}' \"$@\"; }}", program().display());
    let script = script.join("\n").replace("alias officeconfig=target/release/officeconfig", &function);
    let output = shell(&service, &script);
    for expected in [
        "Macros off for everyone in Finance",
        "HTTP/1.1 204",
        "L_VBAWarningsPolicy",
        "Agreed with the auditors",
        "PreconditionFailed",
        "Security baseline",
        "\"@odata.count\":1",
    ] {
        assert!(output.contains(expected), "no {expected:?} in {output}");
    }
    assert!(!output.contains("not found") && !output.contains("\"code\":\"BadRequest\""), "{output}");
    assert!(service.folder().join("restored").is_dir(), "{output}");
    // The copy can be used.
    let copy = e2e::Setup::default().data(&service.folder().join("restored")).start();
    let count = copy.admin("contoso").get("/officeConfiguration/clientConfigurations/$count").is(200).text();
    assert_eq!(count, "2");
}
