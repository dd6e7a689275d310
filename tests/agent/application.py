"""An application with DataCat's Python client, as far as processes and pipes go: see `Application` in process.py."""

import atexit
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

program, script = sys.argv[1:]
config = Path(os.environ["DATACAT_CONFIG"])
port = json.loads(config.read_text())["daemon_port"]
agent = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def stop() -> None:
    agent.terminate()
    try:
        agent.wait(timeout=5)
    except subprocess.TimeoutExpired:
        agent.kill()
    config.unlink()


def call(path: str, **body: Any) -> Any:
    request = urllib.request.Request(
        f"http://localhost:{port}{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request) as response:
        return json.loads(response.read())


def wait() -> None:
    """Wait for the agent to listen."""
    while True:
        assert agent.poll() is None
        try:
            socket.create_connection(("localhost", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.1)
        else:
            return


atexit.register(stop)
wait()
id_ = call("/register", parent_pid=os.getpid(), product="game", version="1.0")["session_id"]
exec(script)
sys.stdout.write(f"{json.dumps([agent.pid, id_])}\n")
sys.stdout.flush()
sys.stdin.readline()
