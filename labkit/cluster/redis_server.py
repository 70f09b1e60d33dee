"""stand-in"""

from __future__ import annotations
import contextlib


class RedisServer:
    url = ""
    name = ""


@contextlib.contextmanager
def redis_server(persistent: bool = False):
    import subprocess, socket, time

    s = socket.create_server(("127.0.0.1", 0))
    p = s.getsockname()[1]
    s.close()
    c = subprocess.Popen(["redis-server", "--port", str(p), "--save", ""], stdout=subprocess.DEVNULL)
    time.sleep(0.3)
    r = RedisServer()
    r.url = f"redis://127.0.0.1:{p}/0"
    r.name = "Redis"
    yield r
    c.terminate()
