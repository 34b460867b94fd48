# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Ed25519 keys in the form that NATS gives them, and tokens (JWT) that they sign."""

import base64
import binascii
import json
import time

from certificates import openssl

ACCOUNT, OPERATOR, USER = 0, 0x70, 0xA0
ALWAYS = dict.fromkeys(["subs", "data", "payload"], -1)
LIMITS = {**ALWAYS, **dict.fromkeys(["imports", "exports", "conn", "leaf"], -1), "wildcards": True}


def base32(data):
    return base64.b32encode(data + binascii.crc_hqx(data, 0).to_bytes(2, "little")).decode().rstrip("=")


def base64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class Key:
    """A new key; `kind` is whom it stands for."""

    def __init__(self, directory, kind=USER):
        self._file = directory / f"key-{len(list(directory.glob('key-*')))}"
        openssl("genpkey", "-algorithm", "ed25519", "-outform", "DER", "-out", self._file)
        public = openssl("pkey", "-inform", "DER", "-in", self._file, "-pubout", "-outform", "DER")
        # What others know it by.
        self.public = base32(bytes([kind]) + public[-32:])
        # What its owner reads from a file; 18 in five bits says that it is a secret, the next five say of whom.
        self.seed = base32(bytes([0x90 | kind >> 5, (kind & 0x1F) << 3]) + self._file.read_bytes()[-32:])

    def sign(self, text):
        file = self._file.with_name(self._file.name.replace("key", "text"))
        file.write_text(text, encoding="ascii")
        return openssl("pkeyutl", "-sign", "-rawin", "-keyform", "DER", "-inkey", self._file, "-in", file)

    def token(self, subject, **claims):
        """Says something of the owner of another key, or of its own."""
        head = base64url(b'{"typ":"JWT","alg":"ed25519-nkey"}')
        body = {"jti": subject.public, "iss": self.public, "sub": subject.public, "name": "gohub", "iat": int(time.time())}
        text = f"{head}.{base64url(json.dumps({**body, 'nats': {'version': 2, **claims}}).encode())}"
        return f"{text}.{base64url(self.sign(text))}"


class Operator:
    """Whom a server trusts to say who its users are."""

    def __init__(self, directory):
        self._directory = directory
        self._account = Key(directory, ACCOUNT)
        issuer, system = Key(directory, OPERATOR), Key(directory, ACCOUNT)
        accounts = {key.public: issuer.token(key, type="account", limits=LIMITS) for key in (self._account, system)}
        preload = ", ".join(f"{name}: {token}" for name, token in accounts.items())
        # The lines of a server that trusts it.
        self.options = [
            f"operator: {issuer.token(issuer, type='operator')}",
            f"system_account: {system.public}",
            "resolver: MEMORY",
            f"resolver_preload: {{{preload}}}",
        ]

    def credentials(self):
        """What is in the file of a new user, as nsc writes it."""
        key = Key(self._directory)
        token = self._account.token(key, type="user", **ALWAYS, pub={}, sub={})
        return (
            f"-----BEGIN NATS USER JWT-----\n{token}\n------END NATS USER JWT------\n\n"
            f"-----BEGIN USER NKEY SEED-----\n{key.seed}\n------END USER NKEY SEED------\n"
        )
