//! Somebody else's identity provider: discovery and keys over HTTP on this machine, and tokens that are as right or wrong as a test likes.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

/// An issuer with one P-256 key. Its thread lives as long as the test's process.
pub struct Issuer {
    address: SocketAddr,
    key: rcgen::KeyPair,
}

impl Issuer {
    /// Starts it.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let key = rcgen::KeyPair::generate().unwrap();
        let keys = json!({ "keys": [jwk(&key)] }).to_string();
        let discovery = json!({
            "issuer": format!("http://{address}"),
            "jwks_uri": format!("http://{address}/keys"),
            "id_token_signing_alg_values_supported": ["ES256"],
        })
        .to_string();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let _ = answer(stream, &keys, &discovery);
            }
        });
        Self { address, key }
    }

    /// Its name, the `iss` of its tokens.
    pub fn name(&self) -> String {
        format!("http://{}", self.address)
    }

    /// An `[[issuers]]` section that trusts it for these tenants.
    pub fn section(&self, tenants: &[&str]) -> String {
        format!(
            "[[issuers]]\nissuer = \"{}\"\nadmin_audiences = [\"api://officeconfig\"]\nclient_audiences = [\"api://officeconfig-clients\"]\ntenants = {}\n",
            self.name(),
            json!(tenants)
        )
    }

    /// The claims of a good token; tests change them.
    pub fn claims(&self, tenant: &str) -> Value {
        let now = seconds_now();
        json!({
            "iss": self.name(),
            "aud": "api://officeconfig",
            "tid": tenant,
            "oid": "11111111-2222-3333-4444-555555555555",
            "sub": "subject",
            "roles": [crate::READ_WRITE],
            "nbf": now - 60,
            "iat": now - 60,
            "exp": now + 3600,
        })
    }

    /// A signed token with these claims.
    pub fn sign(&self, claims: &Value) -> String {
        self.sign_with(&self.header(), claims)
    }

    /// The header of a good token; tests change it.
    pub fn header(&self) -> Header {
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some("one".to_owned());
        header
    }

    /// A token with this header and these claims, signed with the issuer's key.
    pub fn sign_with(&self, header: &Header, claims: &Value) -> String {
        let key = EncodingKey::from_ec_pem(self.key.serialize_pem().as_bytes()).unwrap();
        jsonwebtoken::encode(header, claims, &key).unwrap()
    }

    /// A token with any header at all (`jku`, `crit`, …), rightly signed.
    pub fn sign_raw(&self, header: &Value, claims: &Value) -> String {
        let input = format!("{}.{}", BASE64URL.encode(header.to_string()), BASE64URL.encode(claims.to_string()));
        let key = EncodingKey::from_ec_pem(self.key.serialize_pem().as_bytes()).unwrap();
        let signature = jsonwebtoken::crypto::sign(input.as_bytes(), &key, Algorithm::ES256).unwrap();
        format!("{input}.{signature}")
    }
}

/// Seconds since 1970.
#[expect(clippy::disallowed_methods, reason = "tokens are dated by the real clock, which the service reads too")]
fn seconds_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn jwk(key: &rcgen::KeyPair) -> Value {
    // An uncompressed point: 4, then x and y of 32 bytes each.
    let point = key.public_key_raw();
    json!({
        "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "one",
        "x": BASE64URL.encode(&point[1..33]),
        "y": BASE64URL.encode(&point[33..65]),
    })
}

fn answer(mut stream: TcpStream, keys: &str, discovery: &str) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    while !request.windows(4).any(|window| window == b"\r\n\r\n") {
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        request.extend_from_slice(&buffer[..count]);
    }
    let body = if request.starts_with(b"GET /keys") { keys } else { discovery };
    write!(
        stream,
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}
