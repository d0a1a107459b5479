"""Cases and results in an object store, and workers of a Dask cluster: real servers of this machine."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import fsspec
import pytest

from acforensics.batch import Options, run
from acforensics.errors import UsageError
from tests.batch.conftest import ARGUMENTS, outputs

WAIT = 60


# --- object stores


@pytest.fixture(scope="module")
def store() -> Iterator[str]:
    """A bucket of an S3 server on this machine."""
    from moto.server import ThreadedMotoServer

    settings = {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    server = ThreadedMotoServer("127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**settings, "AWS_ENDPOINT_URL": f"http://{host}:{port}"}.items():
            patch.setenv(name, value)
        system = fsspec.filesystem("s3", skip_instance_cache=True)
        system.mkdir(f"logs-{port}")
        yield f"s3://logs-{port}"
    server.stop()


def test_a_bucket_gives_what_the_folder_gives(cases, done, store, tmp_path):
    system = fsspec.filesystem("s3", skip_instance_cache=True)
    for path in sorted(cases.rglob("*")):
        if path.is_file():
            system.put_file(str(path), f"{store}/cases/{path.relative_to(cases)}")
    # An object store knows no empty folders.
    run(Options(f"{store}/cases", f"{store}/out", jobs=2, arguments=ARGUMENTS))
    system.get(f"{store}/out", str(tmp_path / "out"), recursive=True)
    found, expected = outputs(tmp_path / "out"), outputs(done[1])
    assert {name for name in expected if name not in found} == {"empty/batch.json"}
    for name, content in found.items():
        if name.endswith(("report.html", "case.json")):
            assert content == expected[name], name
    assert run(Options(f"{store}/cases", f"{store}/out", jobs=2, resume=True, arguments=ARGUMENTS)).reused == 4


def test_names_in_a_bucket_lead_nowhere(store, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path / "inner"))
    (tmp_path / "inner").mkdir()
    system = fsspec.filesystem("s3", skip_instance_cache=True)
    system.pipe_file(f"{store}/hostile/case/a/../../../../../evil", b"Nov 24 09:00:00 svr031 sudo: x\n")
    system.pipe_file(f"{store}/hostile/case/messages", b"Nov 24 09:00:00 svr031 kernel: Linux version 5.14.0-1 (x)\n")
    result = run(Options(f"{store}/hostile", str(tmp_path / "out"), jobs=1))
    assert result.fleet.total == 1
    assert not list(tmp_path.glob("evil")) + list(tmp_path.parent.glob("evil"))


@pytest.mark.parametrize("url", ["nosuchprotocol://x/y", "s3://no-such-bucket-here/x"])
def test_a_url_that_cannot_be_opened_is_told(store, tmp_path, url):
    with pytest.raises(Exception, match=r"fsspec|cannot be listed|no folder and no archive") as error:
        run(Options(url, str(tmp_path)))
    assert type(error.value).__module__ == "acforensics.errors"


# --- Dask


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def cluster(workers: int) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler and workers in processes of their own."""
    address = f"tcp://127.0.0.1:{free_port()}"
    scheduler = [
        sys.executable,
        "-m",
        "distributed.cli.dask_scheduler",
        "--host",
        address,
        "--no-dashboard",
        "--no-show",
    ]
    worker = [
        sys.executable,
        "-m",
        "distributed.cli.dask_worker",
        address,
        "--nthreads",
        "1",
        "--no-nanny",
        "--no-dashboard",
    ]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    started = [subprocess.Popen(scheduler, **quiet)]
    try:
        started += [subprocess.Popen(worker, **quiet) for _ in range(workers)]
        yield address, started[1:]
    finally:
        for process in started:
            process.kill()
            process.wait()


def wait_for(address: str, workers: int) -> None:
    from distributed import Client

    with Client(address, timeout=WAIT, set_as_default=False) as client:
        client.wait_for_workers(workers, timeout=WAIT)


def test_a_cluster_that_loses_a_worker_gives_the_same_bytes(cases, done, tmp_path):
    with cluster(2) as (address, workers):
        wait_for(address, 2)
        killed = []

        def progress(finished: int, of: int) -> None:
            if not killed:
                killed.append(workers[0])
                os.kill(workers[0].pid, signal.SIGKILL)

        result = run(Options(str(cases), str(tmp_path), scheduler=address, arguments=ARGUMENTS), progress)
        assert killed
        assert workers[1].poll() is None
    assert result.fleet.statuses["analysed"] == 4
    assert outputs(tmp_path) == outputs(done[1])


def test_a_scheduler_that_is_not_there_is_told(cases, tmp_path, monkeypatch):
    monkeypatch.setattr("acforensics.batch.pool.PATIENCE", "1s")
    begun = time.monotonic()
    with pytest.raises(UsageError, match="no Dask scheduler answers"):
        run(Options(str(cases), str(tmp_path), scheduler=f"tcp://127.0.0.1:{free_port()}"))
    assert time.monotonic() - begun < WAIT
    assert not Path(tmp_path / "typed").exists()
