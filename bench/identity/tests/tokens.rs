//! Tokens that fit their key, and the key's document as a service would fetch it.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use identity::{Algorithm, Issuer, Subject};
use population::{TENANT, User};

fn subject(serial: u64) -> Subject {
    Subject { tenant: TENANT, user: User(7), serial }
}

#[test]
fn tokens_fit_their_key_and_no_other() {
    for algorithm in [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa] {
        let issuer = Issuer::start(algorithm).expect("starts");
        let token = issuer.tokens().token(subject(1)).expect("signs");
        let checks = issuer.tokens().checks().expect("a key");
        assert!(checks.seconds(std::slice::from_ref(&token)).expect("fits") > 0.0);
        let other = Issuer::start(algorithm).expect("starts").tokens().checks().expect("a key");
        assert!(other.seconds(&[token]).is_err(), "{algorithm:?}");
    }
}

#[test]
fn a_signature_made_ahead_gives_a_whole_token_later() {
    let issuer = Issuer::start(Algorithm::EdDsa).expect("starts");
    let tokens = issuer.tokens();
    let signature = tokens.sign(subject(3)).expect("signs");
    let mut text = Vec::new();
    tokens.write(subject(3), signature.as_bytes(), &mut text);
    let token = String::from_utf8(text).expect("text");
    assert_eq!(token, tokens.token(subject(3)).expect("signs"), "Ed25519 signs the same text with the same bytes");
    assert_ne!(token, tokens.token(subject(4)).expect("signs"));
    tokens.checks().expect("a key").seconds(&[token]).expect("fits");
}

#[test]
fn the_document_is_served() {
    let issuer = Issuer::start(Algorithm::Rs256).expect("starts");
    let section = issuer.section(&[TENANT]);
    let place =
        section.split("jwks_uri = \"http://").nth(1).and_then(|rest| rest.split('/').next()).expect("an address");
    let mut stream = TcpStream::connect(place).expect("connects");
    stream.write_all(b"GET /keys HTTP/1.1\r\nhost: x\r\n\r\n").expect("asks");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(answer.contains(r#""kty":"RSA""#) && answer.contains(r#""e":"AQAB""#), "{answer}");
}
