"""The MQTT door against the real Mosquitto, with the configuration that the manual gives to operators."""

from __future__ import annotations

import random
import ssl
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from factories.seal_traffic import (
    ACCESS,
    Listener,
    Mosquitto,
    Publisher,
    Seals,
    Store,
    admit,
    make_node,
    paced,
    verdict,
    wait,
)
from factories.seals import own_report

pytestmark = pytest.mark.mosquitto


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Seals]:
    """A node that knows fifty seals."""
    seals = Seals(50)
    home = make_node(tmp_path_factory.mktemp("node") / "home")
    admit(home, seals.names)
    return home, seals


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path / "broker") as running:
        yield running


def all_stored(publisher: Publisher, home: Path, seconds: float = 30) -> dict[str, Any]:
    """Waits until nothing is missing, then says what was found."""
    publisher.drain()
    store = Store(home)
    try:
        wait("all messages", lambda: not verdict(publisher.sent, store)["lost"], seconds)
        found = verdict(publisher.sent, store)
        found["journal"] = store.count("transit_reportbatch")
    finally:
        store.close()
    publisher.close()
    return found


def test_every_message_is_stored_once_though_one_of_two_listeners_is_killed(
    made: tuple[Path, Seals], broker: Mosquitto
) -> None:
    home, seals = made
    with Listener(home, "--mqtt", broker.url) as one, Listener(home, "--mqtt", broker.url) as two:
        for listener in (one, two):
            wait("the listeners", listener.listens)
        publisher = Publisher(broker.port, seals)
        for number in paced(300, 5):
            publisher.send(number % 50)
            if number == 600:
                one.kill()
        found = all_stored(publisher, home)
        assert (found["lost"], found["doubled"], found["invented"]) == (0, 0, 0), found
        assert found["taken"] > 1400
        assert "serving session otay-us-otay-1" in two.log.read_text() + one.log.read_text()


def test_what_seals_send_while_nobody_listens_waits_at_the_broker(made: tuple[Path, Seals], broker: Mosquitto) -> None:
    """More than Mosquitto would keep without the manual's limits (1000), and across a restart of the broker."""
    home, seals = made
    with Listener(home, "--mqtt", broker.url, "--sessions", "1") as listener:
        wait("the listener", listener.listens)
        wait("its session", lambda: "otay-us-otay-1" in (broker.folder / "log").read_text())
        time.sleep(0.5)
        listener.kill()
        publisher = Publisher(broker.port, seals)
        for number in range(4000):
            publisher.send(number % 50)
        publisher.drain()
        broker.stop()
        broker.start()
        listener.start()
        found = all_stored(publisher, home)
        assert (found["lost"], found["doubled"]) == (0, 0), found


def _sent(client: paho.Client, topic: str, report: bytes) -> None:
    """Send as a lock does: again where the connection is lost, as it is after a topic that is not allowed."""
    for _ in range(100):
        message = client.publish(topic, report, qos=1)
        if message.rc != paho.MQTT_ERR_NO_CONN:
            return message.wait_for_publish(10)
        time.sleep(0.1)
    raise AssertionError(f"no connection to send to {topic} within ten seconds")


def test_passwords_tls_and_topics_keep_strangers_out(made: tuple[Path, Seals], tmp_path: Path) -> None:
    """The operator's files as they stand in the manual: who signs in, over TLS, and who may write where."""
    home, seals = made
    folder = tmp_path / "broker"
    folder.mkdir()
    authority = _certificates(folder)
    (folder / "access.txt").write_text(ACCESS.read_text())
    own, other = seals.names[:2]
    for name in ("otay", own):
        command = ["mosquitto_passwd", "-b", *["-c"] * (name == "otay"), str(folder / "passwords.txt"), name, "secret"]
        subprocess.run(command, check=True)
    for path in folder.iterdir():
        path.chmod(0o644)
    arguments = ("--mqtt-ca", str(authority), "--sessions", "1")
    told, wrong = {"OTAY_MQTT_PASSWORD": "secret"}, {"OTAY_MQTT_PASSWORD": "no"}
    with (
        Mosquitto(folder, secured=True) as broker,
        Listener(home, "--mqtt", broker.url, *arguments, environment=told) as listener,
        Listener(home, "--mqtt", broker.url, *arguments, "--group", "x", environment=wrong) as bad,
    ):
        wait("the listener", listener.listens)
        wait("a session", lambda: "as otay-us-otay-1" in (folder / "log").read_text())
        wait("a refusal", lambda: "refuses otay-us-x-1" in bad.log.read_text())
        time.sleep(0.5)
        moment = datetime.now(UTC) - timedelta(hours=random.uniform(100, 200))
        seal = paho.Client(paho.CallbackAPIVersion.VERSION2)
        seal.tls_set(str(authority))
        seal.username_pw_set(own, "secret")
        seal.connect("localhost", broker.port)
        seal.loop_start()
        wait("the seal", seal.is_connected)
        for topic, device in ((own, own), (other, other), (own, other)):
            report = own_report(device, moment, index=random.randrange(1 << 40))
            _sent(seal, f"seals/otay-seal/{topic}", report)
        store = Store(home)
        asked = (
            "SELECT d.identifier, r.flags FROM transit_report r JOIN transit_reportingdevice d ON d.id = r.device_id"
        )
        asked += " JOIN transit_reportframe f ON f.id = r.frame_id WHERE f.source LIKE ? ORDER BY d.identifier"
        wait("the reports", lambda: len(store.rows(asked, "seals/otay-seal/%")) >= 2)
        time.sleep(0.5)
        # its own is trusted; in its own topic for another is flagged; in the other's topic never came
        assert [row for row in store.rows(asked, f"seals/otay-seal/{own}") if row[0] == own][-1][1] == 0
        assert [row[1] for row in store.rows(asked, f"seals/otay-seal/{own}") if row[0] == other] == [8]
        store.close()
        seal.disconnect()
        seal.loop_stop()
        stranger = paho.Client(paho.CallbackAPIVersion.VERSION2)
        stranger.tls_set()  # the system's authorities do not vouch for this broker
        with pytest.raises(ssl.SSLError):
            stranger.connect("localhost", broker.port)


def _certificates(folder: Path) -> Path:
    """A certificate of the broker, signed by itself; what clients check it against."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    (folder / "server.pem").write_bytes(pem)
    (folder / "server.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "server.pem"
