"""Starts and ends the proxies that scripts/compare measures: nginx, HAProxy, the forwarder and the
gateway.

Every proxy gets a configuration of its own in a folder of its own, free ports on 127.0.0.1, and is
bound to one CPU. Only processes started here are ended, by their id.
"""

import ctypes
import os
import pathlib
import resource
import shutil
import signal
import socket
import subprocess
import time

KEY = "sk-loadtest-0123456789abcdef"
ADMIN_TOKEN = "loadtest-admin-token-0123456789"
PACKAGES = {"nginx": "nginx", "haproxy": "haproxy", "valgrind": "valgrind"}
DESCRIPTORS = resource.getrlimit(resource.RLIMIT_NOFILE)[1]

# One worker process. Bodies fit into memory, nothing is logged, connections stay open: the best
# that proxy_pass can do. Streams are passed on as they come.
NGINX = """
{user}
daemon off;
{process}
worker_processes 1;
worker_rlimit_nofile {descriptors};
pid {folder}/nginx.pid;
error_log {folder}/error.log crit;
events {{ worker_connections {connections}; }}
http {{
  access_log off;
  keepalive_timeout 600s;
  keepalive_requests 1000000000;
  client_max_body_size 64m;
  client_body_buffer_size 256k;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  upstream mock {{
    server 127.0.0.1:{upstream};
    keepalive 1024;
    keepalive_requests 1000000000;
    keepalive_timeout 600s;
  }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{
      proxy_pass http://mock;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering {buffering};
      proxy_read_timeout 600s;
    }}
  }}
}}
"""

HAPROXY = """
global
  maxconn {connections}
  nbthread 1
defaults
  mode http
  timeout connect 5s
  timeout client 600s
  timeout server 600s
  timeout http-keep-alive 600s
  option http-no-delay
  http-reuse always
frontend client
  bind 127.0.0.1:{port} backlog 4096
  default_backend mock
backend mock
  server mock 127.0.0.1:{upstream}
"""

# Connections stay open as with the others, and no limit is reached; everything else is as shipped.
GATEWAY = """
listen:
  data: {{address: "127.0.0.1:{port}"}}
  admin: {{address: "127.0.0.1:{admin_port}", tokens: ["{admin_token}"]}}
shards: {cpus}
providers:
  mock: {{kind: openai-compatible, base_url: "http://127.0.0.1:{upstream}/v1", allow_private: true}}
  claude: {{kind: anthropic, base_url: "http://127.0.0.1:{upstream}", allow_private: true,
           keys: ["{key}"]}}
models:
{models}
keys:
  - {{name: load, secret: "{key}", models: [{names}], limits: {{rpm: 10000000}}}}
limits:
  max_connections: {connections}
  max_connections_per_ip: {connections}
  max_inflight: {connections}
client: {{max_requests_per_connection: 1000000000}}
upstream: {{max_idle_per_host: 1024}}
telemetry: {{access_log: "{folder}/access.log"}}
io: {{backend: {backend}}}
"""


def provider_of(model):
    """Which of the gateway's providers speaks the API that the mock answers for a model."""
    return "claude" if model.endswith("-anthropic") else "mock"


class Failure(Exception):
    """Something that the person at the keyboard has to put right; the text says what."""


def find_program(name):
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if path is None:
        raise Failure(f"{name} is missing; install it with: apt-get install {PACKAGES[name]}")
    return path


def free_port():
    """A port that nobody listens on. It stays free unless somebody takes it in this moment."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def bind_child(cpus):
    """Returns what a child does before it becomes the program: its CPUs, ends with its parent."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def prepare():
        prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
        os.sched_setaffinity(0, cpus)
        resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))

    return prepare


class Proxy:
    """One proxy in front of the mock. Use as a context: it runs inside the block."""

    def __init__(self, name, folder, upstream, *, cpus=(0,), streams=False, models=(), program=None,
                 wrapper=(), backend="auto"):
        self.name = name
        self.folder = pathlib.Path(folder)
        self.port = free_port()
        self.cpus = cpus
        self.wrapper = list(wrapper)
        self.process = None
        self.program = program  # of the gateway or the forwarder
        self.values = {
            "folder": self.folder, "port": self.port, "upstream": upstream, "cpus": list(cpus),
            "descriptors": DESCRIPTORS, "buffering": "off" if streams else "on",
            # nginx without a master is one process, as callgrind needs it.
            "process": "master_process off;" if wrapper else "",
            # Valgrind 3.19 holds every thread back while one waits in io_uring_enter, so that the
            # gateway is never seen to end: under it, epoll.
            "backend": "epoll" if wrapper else backend,
            "user": "user root root;" if os.geteuid() == 0 else "",
            "admin_port": free_port(), "admin_token": ADMIN_TOKEN, "key": KEY,
            "names": ", ".join(f'"{m}"' for m in models),
            "models": "\n".join(
                f'  "{m}": {{targets: [{{provider: {provider_of(m)}, model: "{m}"}}]}}'
                for m in models),
        }

    def command(self):
        # Two descriptors for each connection, and some for the process itself.
        pairs = (DESCRIPTORS - 800) // 2
        if self.name == "nginx":
            config = self.write("nginx.conf", NGINX, connections=DESCRIPTORS - 200)
            return [find_program("nginx"), "-c", config, "-p", str(self.folder)]
        if self.name == "haproxy":
            return [find_program("haproxy"), "-db", "-q", "-f",
                    self.write("haproxy.cfg", HAPROXY, connections=pairs)]
        if self.name == "forwarder":
            return [str(self.program), f"--port={self.port}",
                    f"--upstream={self.values['upstream']}"]
        config = self.write("penstock.yaml", GATEWAY, connections=min(12000, DESCRIPTORS - 800))
        return [str(self.program), "serve", "-c", config]

    def write(self, name, template, **values):
        path = self.folder / name
        path.write_text(template.format(**self.values, **values), encoding="utf-8")
        return str(path)

    def __enter__(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        with open(self.folder / "output.txt", "wb") as output:
            self.process = subprocess.Popen(  # pylint: disable=consider-using-with
                self.wrapper + self.command(), stdin=subprocess.DEVNULL, stdout=output,
                stderr=output, preexec_fn=bind_child(self.cpus))
        try:
            self.wait_until_open(60 if self.wrapper else 10)
        except Failure:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()
        log = self.folder / "access.log"
        log.unlink(missing_ok=True)  # it grows by megabytes a second

    @property
    def pid(self):
        return self.process.pid

    def wait_until_open(self, seconds):
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.02)
        text = (self.folder / "output.txt").read_text(errors="replace").strip()
        raise Failure(f"{self.name} did not begin to listen within {seconds} s: {text[-2000:]}")

    def stop(self):
        stop(self.process, 5, repeats=6 if self.wrapper else 1)


class Direct:
    """No proxy: the load client speaks with the mock. Same shape as Proxy."""

    def __init__(self, mock):
        self.name = "direct"
        self.port = mock.port
        self.pid = mock.process.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


class Mock:
    """The scripted upstream, on the load client's CPU. `spin`: never sleeps."""

    def __init__(self, program, cpu, spin, lifetime_s):
        command = [str(program), f"--cpu={cpu}", f"--lifetime={lifetime_s}"]
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            command + (["--spin"] if spin else []), stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline().split()
        if len(line) != 2:
            raise Failure("The mock did not start; see its message above.")
        self.port = int(line[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        stop(self.process, 5)
        self.process.stdout.close()


def stop(process, seconds, repeats=1):
    """Ends one process that we started; waits for it. Under valgrind a signal can be overlooked,
    so it may be repeated."""
    for _ in range(repeats):
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(seconds)
            return
        except subprocess.TimeoutExpired:
            pass
    process.kill()
    process.wait()
