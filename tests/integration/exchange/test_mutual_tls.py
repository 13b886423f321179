"""The door between nodes: real servers, real certificates, and those who must not come in."""

from __future__ import annotations

import json
import os
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from factories.exchange_nodes import SCRIPT, free_port, pair
from otay.exchange.domain import certificates
from otay.node import config

SERVE = "from otay.cli import main; main()"


def _make(home: Path, country: str) -> config.NodeConfig:
    return config.create(
        home,
        country=country,
        name=f"Node of {country}",
        language="en",
        url=f"http://127.0.0.1:{free_port()}",
        exchange_url=f"https://127.0.0.1:{free_port()}",
    )


def _otay(home: Path, *arguments: str) -> dict:
    done = subprocess.run(
        [sys.executable, "-c", SERVE, *arguments, "--home", str(home), "--json"],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return json.loads(done.stdout)


def _until(true, seconds: float = 60.0):
    end = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.2)
    return found


def _listens(address: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", int(address.rsplit(":", 1)[1]))) == 0


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[config.NodeConfig, config.NodeConfig]]:
    """Two paired nodes, each with the server that an operator starts."""
    folder = tmp_path_factory.mktemp("tls")
    nodes = _make(folder / "us", "US"), _make(folder / "mx", "MX")
    for node in nodes:
        subprocess.run([sys.executable, SCRIPT, "prepare", str(node.home)], check=True, timeout=200)
    pair(nodes[0].home, nodes[1].home)
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("OTAY_", "DJANGO_"))}
    servers = [
        subprocess.Popen(
            [sys.executable, "-c", SERVE, "node", "serve", "--home", str(node.home)],
            env=environment,
            start_new_session=True,
        )
        for node in nodes
    ]
    try:
        for node in nodes:
            _until(lambda node=node: _listens(node.exchange_url), 120)
        yield nodes
    finally:
        for server in servers:
            server.terminate()
        for server in servers:
            server.wait(20)
    for node in nodes:
        _until(lambda node=node: not _listens(node.exchange_url), 20)  # the door went with its node


def _stranger(folder: Path, own_authority: str) -> ssl.SSLContext:
    """Somebody who knows whom to trust, and shows a certificate of an authority of their own."""
    authority = certificates.new_authority("MX", at=datetime.now(UTC))
    made = certificates.new_door(authority, "MX", "127.0.0.1", at=datetime.now(UTC))
    file = folder / "stranger.pem"
    file.write_bytes(made.key + made.certificate)
    context = ssl.create_default_context(cadata=own_authority)
    context.load_cert_chain(file)
    return context


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_records_pass_over_mutual_tls_and_nobody_else_comes_in(served, tmp_path: Path) -> None:
    us, mx = served
    identity = httpx.get(f"{mx.url}/api/v1/exchange/identity", trust_env=False).json()["identity"]
    assert identity["door"] == mx.exchange_url
    door = f"{mx.exchange_url}/api/v1/exchange/identity"
    bare = ssl.create_default_context(cadata=identity["authority"])
    for context in (bare, _stranger(tmp_path, identity["authority"])):
        with httpx.Client(verify=context, trust_env=False) as caller, pytest.raises(httpx.HTTPError):
            caller.get(door)
    ours = ssl.create_default_context(cadata=identity["authority"])
    ours.load_cert_chain(us.keys / "tls-door.pem")
    with httpx.Client(verify=ours, trust_env=False) as caller:
        assert caller.get(door).json()["identity"]["country"] == "MX"
        assert caller.get(f"{mx.exchange_url}/api/v1/ready").status_code == 404  # nothing but the exchange
    # The door with passwords takes nothing of a neighbour.
    refused = httpx.post(f"{mx.url}/api/v1/exchange/deliver", content=b"{}", trust_env=False)
    assert (refused.status_code, refused.json()["code"]) == (421, "wrong_door")
    subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(SCRIPT.parent)!r})\n"
         f"import exchange_node as n; n.start({str(us.home)!r}); n.publish(1, 20)"],
        check=True, timeout=60,
    )  # fmt: skip
    peer = _until(lambda: [one for one in _otay(us.home, "exchange", "status")["peers"] if one["receipted"] == 20])
    assert peer[0]["problem"] == ""
    assert _otay(mx.home, "exchange", "status")["peers"][0]["received"] == 20
