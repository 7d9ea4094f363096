"""TLS with ALPN, and clients that are not gRPC."""

import http.client
import socket
import ssl
import subprocess

import grpc
import pytest
from conftest import Echo, Server


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
        + ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
    )
    return key, certificate


@pytest.fixture(scope="module")
def secure_server(certificate):
    key, chain = certificate
    server = Server("--certificate", str(chain), "--key", str(key))
    yield server
    assert server.stop() == 0


def test_calls_over_tls(secure_server, certificate):
    credentials = grpc.ssl_channel_credentials(certificate[1].read_bytes())
    with grpc.secure_channel(secure_server.address, credentials) as channel:
        echo = Echo(channel)
        assert echo.Unary(b"secret", timeout=20) == b"secret"
        assert len(list(echo.Stream(b"50 100000", timeout=20))) == 50


def connect(server, certificate, protocols):
    context = ssl.create_default_context(cafile=str(certificate[1]))
    if protocols:
        context.set_alpn_protocols(protocols)
    host, port = server.address.split(":")
    return context.wrap_socket(socket.create_connection((host, int(port)), timeout=20), server_hostname="localhost")


def test_h2_is_negotiated(secure_server, certificate):
    with connect(secure_server, certificate, ["h2", "http/1.1"]) as connection:
        assert connection.selected_alpn_protocol() == "h2"


@pytest.mark.parametrize("protocols", [[], ["http/1.1"]])
def test_a_client_without_h2_is_closed(secure_server, certificate, protocols):
    try:
        with connect(secure_server, certificate, protocols) as connection:
            assert connection.recv(100) == b""
    except (ssl.SSLError, ConnectionError):
        pass


def test_a_http1_client_is_closed(server):
    connection = http.client.HTTPConnection(server.address, timeout=20)
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        connection.request("GET", "/")
        connection.getresponse()
