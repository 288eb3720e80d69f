"""An identity provider that all servers of the rig trust: its keys at a URL, and tokens. The built-in issuer's keys belong to
one installation; this needs nothing shared, in files or in the database."""

import http.server
import json
import threading
import time
import uuid

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

ADMIN_AUDIENCE = "api://officeconfig"
CLIENT_AUDIENCE = "api://officeconfig-clients"
ADMIN_ROLE = "DeviceManagementConfiguration.ReadWrite.All"
CLIENT_SCOPE = "UserPolicies.ReadWrite"
# Longer than all rounds of all kinds.
TTL_S = 12 * 3600


class Issuer:
    """Serves as long as the process lives."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(self.key.public_key()))
        keys = json.dumps({"keys": [public | {"kid": "one", "alg": "ES256", "use": "sig"}]}).encode()

        class Keys(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(keys)))
                self.end_headers()
                self.wfile.write(keys)

            def log_message(self, *_: object) -> None:
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Keys)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.name = f"http://127.0.0.1:{server.server_port}"

    def section(self) -> str:
        """The configuration file's section that trusts it, for any tenant."""
        return f"""[[issuers]]
issuer = "{self.name}"
jwks_uri = "{self.name}/keys"
admin_audiences = ["{ADMIN_AUDIENCE}"]
client_audiences = ["{CLIENT_AUDIENCE}"]
tenants = ["*"]
"""

    def admin(self, tenant: str) -> str:
        """A token that may write everything of a tenant."""
        return self.sign(tenant, {"aud": ADMIN_AUDIENCE, "sub": "rig", "roles": [ADMIN_ROLE]})

    def user(self, tenant: str, name: str) -> str:
        """A token of a user's device."""
        oid = str(uuid.uuid5(uuid.UUID(tenant), name))
        return self.sign(
            tenant, {"aud": CLIENT_AUDIENCE, "sub": oid, "oid": oid, "upn": f"{name}@rig.example", "scp": CLIENT_SCOPE}
        )

    def sign(self, tenant: str, claims: dict[str, object]) -> str:
        now = int(time.time())
        told = {"iss": self.name, "tid": tenant, "iat": now, "nbf": now - 60, "exp": now + TTL_S}
        return jwt.encode(told | claims, self.key, algorithm="ES256", headers={"kid": "one"})
