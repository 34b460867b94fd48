# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Certificates for the TLS of servers and nodes."""

import ssl
import subprocess


class Certificates:
    """An authority, and a server's certificate by it for a host that is a name or an IP address."""

    def __init__(self, directory, host):
        directory.mkdir(exist_ok=True)
        self.authority = directory / "authority.pem"
        self.certificate = directory / "server.pem"
        self.key = directory / "server.key"
        authority_key = directory / "authority.key"
        extensions = directory / "extensions"
        kind = "IP" if host[0].isdigit() else "DNS"
        extensions.write_text(f"subjectAltName={kind}:{host}\n", encoding="ascii")
        request = directory / "server.csr"
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        openssl("req", "-x509", *key, "-keyout", authority_key, "-out", self.authority, "-days", "2", "-subj", "/CN=authority")
        openssl("req", *key, "-keyout", self.key, "-out", request, "-subj", "/CN=server")
        openssl(
            *["x509", "-req", "-in", request, "-CA", self.authority, "-CAkey", authority_key, "-set_serial", "2"],
            *["-days", "2", "-extfile", extensions, "-out", self.certificate],
        )

    @property
    def redis_options(self):
        """The lines of a Redis for TLS."""
        return [
            f'tls-cert-file "{self.certificate}"',
            f'tls-key-file "{self.key}"',
            f'tls-ca-cert-file "{self.authority}"',
            "tls-auth-clients no",
        ]

    def nats_options(self, verify=False):
        """The lines of a NATS server for TLS; `verify` asks nodes for a certificate by this authority."""
        files = f'cert_file: "{self.certificate}", key_file: "{self.key}", ca_file: "{self.authority}"'
        return [f"tls: {{{files}, verify: {str(verify).lower()}}}"]

    @property
    def context(self):
        """For the test's own connections: any name will do."""
        context = ssl.create_default_context(cafile=self.authority)
        context.check_hostname = False
        return context


def openssl(*arguments):
    """What openssl prints, as bytes."""
    return subprocess.run(["openssl", *arguments], capture_output=True, timeout=30, check=True).stdout
