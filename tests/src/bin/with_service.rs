//! `with-service [--tls] -- COMMAND…`: starts a service with an empty data folder, runs the command with the service's address and tokens
//! in the environment, stops the service, and exits as the command did. The suites in other languages run below it.
#![expect(clippy::print_stderr, reason = "a command line program")]

use std::path::Path;
use std::process::{Command, ExitCode};

use e2e::{READ, READ_WRITE, Setup};

fn main() -> ExitCode {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    let Some(split) = args.iter().position(|arg| arg == "--") else {
        eprintln!("usage: with-service [--tls] -- COMMAND [ARGUMENT…]");
        return ExitCode::FAILURE;
    };
    let command = args.split_off(split + 1);
    let service = Setup { tls: args.iter().any(|arg| arg == "--tls"), ..Setup::default() }.start();
    let admin = |tenant| service.token(&["--tenant", tenant, "--role", READ_WRITE]);
    let reader = service.token(&["--tenant", "contoso", "--role", READ]);
    let reference = std::env::var_os("OFFICECONFIG_REFERENCE")
        .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/reference").into_os_string());
    let status = Command::new(&command[0])
        .args(&command[1..])
        .env("OFFICECONFIG_URL", service.url())
        .env("OFFICECONFIG_TOKEN", admin("contoso"))
        .env("OFFICECONFIG_OTHER_TOKEN", admin("fabrikam"))
        .env("OFFICECONFIG_READ_TOKEN", reader)
        .env("OFFICECONFIG_REFERENCE", reference)
        .env("NODE_EXTRA_CA_CERTS", service.certificate_file())
        .status();
    match status {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(fault) => {
            eprintln!("{}: {fault}", command[0]);
            ExitCode::FAILURE
        }
    }
}
