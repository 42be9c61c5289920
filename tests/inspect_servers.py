"""Drives the official MCP Inspector's command line against every server, over stdio and HTTP: `make inspect`.

Needs Node 22.19 or newer and npm; not part of the unit suite.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

INSPECTOR = ("npx", "--yes", "@modelcontextprotocol/inspector@2.12.0", "--cli")
WARDROUND = str(Path(sys.executable).parent / "wardround")
SERVERS = ("intake", "cxr", "anatomy", "evidence", "observer")


def _inspect(target: list[str], *arguments: str) -> dict[str, Any]:
    done = subprocess.run([*INSPECTOR, *target, *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"inspector {' '.join(arguments)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _calls(film: str, image: dict[str, Any]) -> dict[str, tuple[str, list[str]]]:
    """For each server a tool and its arguments."""
    item = {"kind": "finding", "subject": "Mass", "value": 0.5, "source": {"model": "m", "version": "1"}}
    return {
        "intake": ("open_study", [f"paths={json.dumps([film])}"]),
        "cxr": ("detect_findings", [f"image={image['handle']}"]),
        "anatomy": ("segment_anatomy", [f"image={image['handle']}"]),
        "evidence": ("weigh_evidence", [f"items={json.dumps([item])}"]),
    }


def _check(name: str, target: list[str], call: tuple[str, list[str]]) -> None:
    listed = _inspect(target, "--method", "tools/list", "--strict")
    tool, arguments = call
    assert tool in {one["name"] for one in listed["tools"]}, listed
    called = _inspect(target, "--method", "tools/call", "--tool-name", tool, "--tool-arg", *arguments)
    assert not called.get("isError"), called
    _inspect(target, "--method", "resources/read", "--uri", "card://model")
    print(f"{name}: {len(listed['tools'])} tools, {tool} answered")


def _port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


def main() -> None:
    """Lists and calls over both transports; exits with the first failure."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["WARDROUND_HOME"] = home
        film = str(Path(home) / "phantom.dcm")
        subprocess.run([WARDROUND, "phantom", film, "--plant", "effusion", "--size", "512"], check=True)
        settings = ["-e", f"WARDROUND_HOME={home}"]
        intake = [*settings, WARDROUND, "specialist", "intake", "--allow", home]
        opened = _inspect(
            intake, "--method", "tools/call", "--tool-name", "open_study", "--tool-arg", f'paths=["{film}"]'
        )
        calls = _calls(film, opened["structuredContent"]["images"][0])
        for name in SERVERS:
            _check(f"{name} over stdio", [*settings, WARDROUND, "specialist", name, "--allow", home], calls[name])
        for name in SERVERS:
            port = _port()
            command = [WARDROUND, "specialist", name, "--http", f"127.0.0.1:{port}", "--allow", home]
            with subprocess.Popen(command) as process:
                try:
                    _wait(port, process)
                    _check(f"{name} over HTTP", [f"http://127.0.0.1:{port}/mcp", "--transport", "http"], calls[name])
                finally:
                    process.terminate()
        gateway = [*settings, WARDROUND, "mcp", "--allow", home]
        assert len(_inspect(gateway, "--method", "tools/list", "--strict")["tools"]) == 4
        submitted = _inspect(
            gateway, "--method", "tools/call", "--tool-name", "submit_study", "--tool-arg", f'paths=["{film}"]'
        )
        assert submitted["structuredContent"]["run_id"], submitted
        print("gateway over stdio: 4 tools, submit_study answered")


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/health/ready", trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise SystemExit(f"the specialist on port {port} did not start")


if __name__ == "__main__":
    main()
