"""Time stamps on evidence, from a real authority: openssl's, on this machine."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509

from factories.exchange import Door, Neighbour, paired, parcel
from otay.exchange.domain import proof, stamps
from otay.exchange.registry import Publication
from otay.exchange.services import delivery, publishing, stamping, upkeep
from otay.node.actors import SYSTEM

pytestmark = pytest.mark.django_db
CONFIG = """
[ tsa ]
default_tsa = one
[ one ]
dir = {home}
serial = $dir/serial
signer_cert = $dir/tsa.pem
signer_key = $dir/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
ess_cert_id_alg = sha256
"""


def authority(home: Path) -> Path:
    """Makes a root and the authority's certificate; returns the root's file."""

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=home, check=True, capture_output=True)

    (home / "tsa.cnf").write_text(CONFIG.format(home=home))
    (home / "serial").write_text("01\n")
    (home / "ext").write_text("extendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature\n")
    rsa = ("-newkey", "rsa:2048", "-nodes")
    openssl("req", "-x509", *rsa, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Invented root", "-days", "9")
    openssl("req", *rsa, "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=Invented authority")
    openssl("x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "9",
            "-out", "tsa.pem", "-extfile", "ext")  # fmt: skip
    return home / "ca.pem"


@pytest.fixture(scope="module")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Address of a running authority, and the certificate of its root."""
    home = tmp_path_factory.mktemp("tsa")
    root = authority(home)

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            (home / "query").write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
            command = ["openssl", "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query", "-out", "reply"]
            subprocess.run(command, cwd=home, check=True, capture_output=True)
            self.send_response(200)
            self.end_headers()
            self.wfile.write((home / "reply").read_bytes())

        def log_message(self, *_words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", root
    server.shutdown()
    server.server_close()


@pytest.fixture
def door(neighbour: Neighbour) -> Iterator[Door]:
    with Door(neighbour) as made:
        yield made


@pytest.fixture
def peer(db: None, room: object, neighbour: Neighbour, door: Door):
    return paired(neighbour, url=door.url)


def evidence(peer, door) -> dict:
    publications = [Publication("P-1", 1, parcel("P-1"), port="2404")]
    publishing.publish(actor=SYSTEM, record_type="test.parcel", publications=publications)
    delivery.deliver_all_due()
    return upkeep.evidence(actor=SYSTEM, direction="out", peer=peer, sequence=1, purpose="test")


def test_evidence_carries_a_stamp_that_verifies_alone(peer, door, tsa, settings, tmp_path, run_command):
    address, root = tsa
    settings.OTAY = dataclasses.replace(settings.OTAY, timestamps=address)
    made = json.loads(json.dumps(evidence(peer, door)))
    roots = x509.load_pem_x509_certificates(root.read_bytes())
    stamp = stamps.check(made, roots)
    assert stamp.problem == ""
    assert stamp.at.year >= 2024
    assert proof.verify(made).holds
    file = tmp_path / "evidence.json"
    file.write_text(json.dumps(made))
    told = run_command("verify", str(file), "--authority", str(root), "--json")
    assert json.loads(told.output)["files"][0]["stamped_at"] == stamp.at.isoformat(), told.output

    altered = {**made, "sequence": 2}
    assert "does not hold" in stamps.check(altered, roots).problem
    other = tmp_path / "other"
    other.mkdir()
    strangers = x509.load_pem_x509_certificates(authority(other).read_bytes())
    assert "does not hold" in stamps.check(made, strangers).problem
    assert stamps.check({**made, "timestamp": {"rfc3161": "AAAA"}}, roots).problem == "The time stamp cannot be read"
    assert "certificate" in stamps.check(made, []).problem


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/", "not an address"])
def test_an_authority_that_does_not_answer_holds_nothing_up(peer, door, settings, address):
    settings.OTAY = dataclasses.replace(settings.OTAY, timestamps=address)
    made = evidence(peer, door)
    assert "timestamp" not in made
    assert proof.verify(made).holds


def test_an_answer_that_grants_nothing_is_no_stamp(settings, monkeypatch):
    for raw in (b"", b"nonsense", bytes(200_000)):
        with pytest.raises(ValueError):  # noqa: PT011
            stamps.answered(raw)
    assert stamping.stamped({"a": 1}) == {"a": 1}, "no authority is named"
