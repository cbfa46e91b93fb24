"""Where requests may go, and where secrets may not."""

import socket
import threading
import time

import pytest

from playbooks.connectors import speaking
from playbooks.connectors.addresses import AddressRefused, destination
from playbooks.connectors.secrets import SecretMissing, secret
from playbooks.connectors.speaking import MOST_BYTES, NotSent, Unsure, Way, send
from playbooks.definition.variables import UnfitValue, filled_json, in_a_header, in_a_path
from tests.playbooks.endpoint_product import endpoint_product


def go(url, ip, *, named=(), hosts=("edr.example",)):
    return destination(url, allowed_hosts=hosts, named_networks=named, resolve=lambda host, port: [ip] if isinstance(ip, str) else ip)


@pytest.mark.parametrize(
    "ip",
    ["127.0.0.1", "10.0.0.1", "192.168.1.1", "172.16.0.9", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255",
     "::1", "fe80::1", "fd00::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "2002:7f00:1::", "ff02::1", "::"],
)  # fmt: skip
def test_an_address_that_is_not_public_is_refused_unless_it_is_named(ip):
    with pytest.raises(AddressRefused):
        go("https://edr.example/x", ip)


def test_a_public_address_and_a_named_one_are_reached():
    assert go("https://edr.example/x", "93.184.215.14").ip == "93.184.215.14"
    assert go("https://edr.example:8443/x", "10.1.2.3", named=["10.1.0.0/16"]).port == 8443
    assert go("https://edr.example/x", ["10.0.0.1", "93.184.215.14"]).ip == "93.184.215.14"


@pytest.mark.parametrize(
    ("url", "ip", "named"),
    [
        ("http://edr.example/x", "93.184.215.14", []),
        ("http://edr.example/x", "10.1.2.3", ["10.1.0.0/16"]),
        ("https://other.example/x", "93.184.215.14", []),
        ("https://user:pass@edr.example/x", "93.184.215.14", []),
        ("ftp://edr.example/x", "93.184.215.14", []),
        ("https:///x", "93.184.215.14", []),
    ],
)
def test_other_schemes_hosts_and_users_are_refused(url, ip, named):
    with pytest.raises(AddressRefused):
        go(url, ip, named=named)


def test_a_secret_comes_from_its_file_or_its_variable_and_a_name_cannot_climb(tmp_path, monkeypatch, settings):
    (tmp_path / "edr").mkdir()
    (tmp_path / "edr" / "north").write_text("from-a-file\n")
    settings.SECRETS_DIR = str(tmp_path)
    monkeypatch.setenv("SECRET_EDR_SOUTH", "from-a-variable")
    assert secret("edr/north") == "from-a-file"
    assert secret("edr/south") == "from-a-variable"
    for name in ("../edr/north", "edr/../../etc", "/etc/passwd", "EDR", "", "nobody"):
        with pytest.raises(SecretMissing):
            secret(name)


def test_values_keep_their_place():
    assert in_a_path("a/b?c#d e") == "a%2Fb%3Fc%23d%20e"
    for climbing in ("..", ".", ""):
        with pytest.raises(UnfitValue):
            in_a_path(climbing)
    with pytest.raises(UnfitValue):
        in_a_header("x\r\nAuthorization: y")
    assert filled_json('{"a": "__x__:value"}', {"__x__": '", "b": "1'}) == {"a": '", "b": "1'}


def way(product, **changed):
    given = {"base_url": product.address, "allowed_hosts": ("127.0.0.1",), "named_networks": ("127.0.0.1/32",), "secret_name": ""}
    return Way(**{**given, **changed})


def test_a_request_reaches_a_named_loopback_and_no_other():
    with endpoint_product() as product:
        assert send(way(product), "GET", f"{product.address}/isolations", {}, None).body == []
        with pytest.raises(NotSent):
            send(way(product, named_networks=()), "GET", f"{product.address}/isolations", {}, None)
        assert len(product.requests) == 1


def test_a_proxy_of_the_environment_is_not_used(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with endpoint_product() as product:
        assert send(way(product), "GET", f"{product.address}/isolations", {}, None).status == 200


def test_nobody_there_is_not_sent_and_a_cut_line_is_unsure():
    with endpoint_product() as product:
        product.drop = [True]
        with pytest.raises(Unsure):
            send(way(product), "POST", f"{product.address}/hosts/a/isolate", {}, {})
        gone = way(product)
        address = product.address
    with pytest.raises(NotSent) as refused:
        send(gone, "GET", f"{address}/isolations", {}, None)
    assert refused.value.passing


def test_an_answer_without_end_is_cut():
    with endpoint_product() as product:
        product.isolations = {str(i): {"key": str(i), "host": "x" * 1000} for i in range(MOST_BYTES // 1000)}
        with pytest.raises(Unsure, match="longer"):
            send(way(product), "GET", f"{product.address}/isolations", {}, None)


def test_a_product_that_drips_keeps_no_worker(monkeypatch):
    monkeypatch.setattr(speaking, "DEADLINE_SECONDS", 1.0)
    listening = socket.create_server(("127.0.0.1", 0))

    def drip():
        line, _ = listening.accept()
        try:
            line.sendall(b"HTTP/1.1 200 OK\r\n")
            while True:
                line.sendall(b"X-Slow: 1\r\n")
                time.sleep(0.2)
        except OSError:
            line.close()

    threading.Thread(target=drip, daemon=True).start()
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    began = time.monotonic()
    with pytest.raises(Unsure):
        send(Way(address, ("127.0.0.1",), ("127.0.0.1/32",), ""), "GET", f"{address}/isolations", {}, None)
    assert time.monotonic() - began < 4
    listening.close()
