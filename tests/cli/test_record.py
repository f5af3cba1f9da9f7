"""`calltrack record` as a user runs it, against the simulated service in a process of its own; and `redact`."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from calltrack import read_recording
from calltrack.cli import commands
from calltrack.journal.zstd import zstd
from tests.journal.test_faults import disk

ROOT = Path(__file__).parent.parent.parent
FIXTURES = ROOT / "fixtures"
AGAIN = str(FIXTURES / "scenarios" / "queue-rings-again.jsonl")
CALLTRACK = [sys.executable, "-m", "calltrack"]
LOGIN = {"CALLTRACK_USERNAME": "account", "CALLTRACK_PASSWORD": "simulated"}
PATIENCE = 100.0  # s


def environment(**more: str) -> dict[str, str]:
    """Ours without proxies and logins."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith("_proxy") and not name.startswith("CALLTRACK_")
    }
    return {**kept, "PYTHONUNBUFFERED": "1", **more}


@contextmanager
def process(*arguments: str, **more: str) -> Iterator[subprocess.Popen[str]]:
    """A command that runs until the test is done with it."""
    with subprocess.Popen(
        [*CALLTRACK, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(**more),
    ) as running:
        try:
            yield running
        finally:
            running.kill()


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    """The address of a simulated service with much traffic."""
    with process("simulate", "serve", "--port", "0", "--agents", "20", "--speed", "1000") as running:
        assert running.stdout is not None
        found = re.search(r"http://\S+?(?=,)", running.stdout.readline())
        assert found
        yield found[0]


def until(grown: Callable[[], bool], running: subprocess.Popen[str]) -> None:
    """Wait until something is so; every look waits a little for the end of the process, which must not come."""
    for _ in range(int(PATIENCE / 0.05)):
        if grown():
            return
        try:
            running.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
        pytest.fail(f"it ended: {running.stderr and running.stderr.read()}")
    pytest.fail("it did not come")


def ended(running: subprocess.Popen[str], with_signal: signal.Signals) -> tuple[int, str]:
    """Exit code and standard error."""
    running.send_signal(with_signal)
    _, errors = running.communicate(timeout=PATIENCE)
    return running.returncode, errors


def run(*arguments: str, **more: str) -> Result:
    cleared = {name: None for name in os.environ if name not in environment()}
    return CliRunner().invoke(commands, arguments, env={**cleared, **more})


def size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


@pytest.mark.parametrize("stop", [pytest.param(signal.SIGINT, marks=pytest.mark.quick), signal.SIGTERM])
def test_records_until_interrupted(tmp_path: Path, service: str, stop: signal.Signals) -> None:
    """Every frame is whole, the connection is the first fact; exit code 0, and a word on what was done."""
    path = tmp_path / "day.jsonl"
    with process("record", str(path), "--login-url", service, **LOGIN) as running:
        until(lambda: size(path) > 200_000, running)
        code, said = ended(running, stop)

    recording = read_recording(path, strict=True)
    frames = list(recording)
    assert (0, f"{path}: {len(frames)} frames, {size(path) / 1e6:.1f} MB") == (code, said.strip())
    names = [frame.event for frame in frames]
    assert ["connect", "loginSuccess", "loginStatus", "AllExtensionsStatus"] == names[:4]
    assert "ExtensionEvent" in names
    assert {"server"} == set(frames[0].payload())
    times = [frame.at for frame in frames if frame.at is not None]
    assert len(frames) == len(times) and times == sorted(times)


@pytest.mark.parametrize(("suffix", "enough"), [("", 100_000), (".gz", 15_000), (".zst", 15_000)])
def test_survives_kill_9(tmp_path: Path, service: str, suffix: str, enough: int) -> None:
    """What was in the file is read, up to the last whole line; the next run keeps it under a number."""
    path = tmp_path / f"day.jsonl{suffix}"
    with process("record", str(path), "--login-url", f"{service}/monitorAPI/Login/", **LOGIN) as running:
        until(lambda: size(path) > enough, running)
        code, _ = ended(running, signal.SIGKILL)

    assert -signal.SIGKILL == code
    recording = read_recording(path, on_bad=lambda _: None)
    frames = list(recording)
    assert len(frames) > 50 and recording.bad <= 1
    assert ["connect", "loginSuccess"] == [frame.event for frame in frames[:2]]
    with process("record", str(path), "--login-url", service, **LOGIN) as running:
        until(lambda: (tmp_path / f"day.0001.jsonl{suffix}").exists(), running)
    assert frames == list(read_recording(tmp_path / f"day.0001.jsonl{suffix}", on_bad=lambda _: None))


def test_a_lost_connection_is_recorded(tmp_path: Path) -> None:
    """The service dies: the recording has when, and goes on."""
    path = tmp_path / "day.jsonl"
    with process("simulate", "serve", "--port", "0", "--speed", "300") as server:
        assert server.stdout is not None
        found = re.search(r"http://\S+?(?=,)", server.stdout.readline())
        assert found
        with process("record", str(path), "--login-url", found[0], **LOGIN) as running:
            until(lambda: size(path) > 10_000, running)
            server.kill()
            until(lambda: b'"event":"disconnect"' in path.read_bytes(), running)
            code, _ = ended(running, signal.SIGINT)

    assert 0 == code
    last = list(read_recording(path, strict=True))[-1]
    assert ("disconnect", {"reason"}) == (last.event, set(last.payload()))


def test_records_redacted_and_rotated(tmp_path: Path, service: str) -> None:
    """Nothing of the original reaches the disk, in any file; the newest stay."""
    path, key, login = tmp_path / "day.jsonl.zst", tmp_path / "key", tmp_path / "login"
    key.write_bytes(b"sixteen bytes or more")
    login.write_text("".join(f"{name}={value}\n" for name, value in LOGIN.items()))
    login.chmod(0o600)
    options = ["--redact", "--key-file", str(key), "--rotate-size", "5kB", "--rotate-every", "1h", "--keep", "2"]
    options += ["--login-url", service, "--credentials", str(login), "--protocol", "3"]
    with process("record", str(path), *options) as running:
        until((tmp_path / "day.0003.jsonl.zst").exists, running)
        code, said = ended(running, signal.SIGINT)

    assert 0 == code and re.search(r" in \d+ files$", said.strip())
    files = sorted(tmp_path.glob("day.*zst"))
    assert 3 == len(files)
    text = b"".join(frame.raw for file in files for frame in read_recording(file, strict=True))
    assert b"SIP0" not in text and b"extenUser" in text


def test_a_refused_login_is_final(tmp_path: Path, service: str) -> None:
    """Exit code 2, why, and no secret in it."""
    wrong = {**LOGIN, "CALLTRACK_PASSWORD": "wrong-and-secret"}
    result = run("record", str(tmp_path / "day.jsonl"), "--login-url", service, **wrong)

    assert (2, True) == (result.exit_code, result.stderr.startswith("calltrack: login refused: "))
    assert "secret" not in result.output


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "the environment holds no login"),
        (["--credentials", "nowhere"], "nowhere: cannot be read"),
        (["--rotate-size", "much"], "is no size; write for example 100MB"),
        (["--rotate-every", "0"], "is no duration; write for example 1h"),
        (["--key-file", "nowhere"], "--key-file is for --redact"),
        (["--redact", "--key-file", "nowhere"], "nowhere: cannot be read"),
    ],
)
def test_a_wrong_command_line_says_so(tmp_path: Path, options: list[str], said: str) -> None:
    """Exit code 2, and nothing is written."""
    result = run("record", str(tmp_path / "day.jsonl"), *options)

    assert (2, True) == (result.exit_code, said in result.stderr)
    assert not list(tmp_path.iterdir())


def test_waits_on_a_full_disk(tmp_path: Path, service: str) -> None:
    """It says so once, and goes on when there is room: nothing is missing."""
    with disk(tmp_path / "disk", "1m") as folder:
        ballast, path = folder / "ballast", folder / "day.jsonl"
        ballast.write_bytes(bytes(900_000))
        with process("record", str(path), "--login-url", service, **LOGIN) as running:
            assert running.stderr is not None
            assert "day.jsonl: No space left on device: waiting for room" in running.stderr.readline()
            before = size(path)
            ballast.unlink()
            assert "day.jsonl: written again" in running.stderr.readline()
            until(lambda: size(path) > before + 50_000, running)
            code, said = ended(running, signal.SIGTERM)
        frames = list(read_recording(path, strict=True))
    assert 0 == code and "missing" not in said
    assert "disconnect" not in {frame.event for frame in frames}


@pytest.mark.parametrize(
    ("command", "grows", "stop"),
    [
        ("record day.jsonl --login-url {}", "day.jsonl", signal.SIGINT),
        ("record day.jsonl --login-url {}", "day.jsonl", signal.SIGTERM),
        ("record day.jsonl --login-url {}", "day.jsonl", signal.SIGHUP),
        ("listen --login-url {}", "out", signal.SIGINT),
        ("listen --login-url {}", "out", signal.SIGTERM),
        ("listen --login-url {}", "out", signal.SIGHUP),
        ("serve --simulate --agents 3 --listen 127.0.0.1:0", "out", signal.SIGINT),
        ("serve --simulate --agents 3 --listen 127.0.0.1:0", "out", signal.SIGTERM),
    ],
)
def test_ends_in_the_background_of_a_script(
    tmp_path: Path, service: str, command: str, grows: str, stop: signal.Signals
) -> None:
    """A shell starts `command &` with SIGINT ignored, which Python would keep; a service reads its tokens at SIGHUP."""
    script = f"trap '' INT TERM; {' '.join(CALLTRACK)} {command.format(service)} >out & echo $!; wait $!"
    with subprocess.Popen(
        ["sh", "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=tmp_path,
        env=environment(**LOGIN, PYTHONPATH=str(ROOT)),
    ) as shell:
        assert shell.stdout is not None
        number = int(shell.stdout.readline())
        until(lambda: size(tmp_path / grows) > 0, shell)
        os.kill(number, stop)
        assert 0 == shell.wait(PATIENCE)


def test_nohup_is_respected(tmp_path: Path, service: str) -> None:
    """An ignored SIGHUP stays ignored."""
    script = f"trap '' HUP; exec {' '.join(CALLTRACK)} record {tmp_path / 'day.jsonl'} --login-url {service}"
    with subprocess.Popen(["sh", "-c", script], stderr=subprocess.DEVNULL, text=True, env=environment(**LOGIN)) as one:
        until(lambda: size(tmp_path / "day.jsonl") > 1000, one)
        one.send_signal(signal.SIGHUP)
        before = size(tmp_path / "day.jsonl")
        until(lambda: size(tmp_path / "day.jsonl") > before + 1000, one)
        one.terminate()
        assert 0 == one.wait(PATIENCE)


@pytest.mark.parametrize(
    "command",
    [
        ["record", "day.jsonl", "--login-url", "{}"],
        ["serve", "--simulate", "--agents", "3", "--listen", "127.0.0.1:0"],
    ],
)
def test_notifies_systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, service: str, command: list[str]) -> None:
    """Ready, alive again and again, and ending."""
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind("notify")
        systemd.settimeout(PATIENCE)
        found = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "100000", "PYTHONPATH": str(ROOT)}
        with process(*(word.format(service) for word in command), **LOGIN, **found) as running:
            heard = list[bytes]()
            while heard.count(b"WATCHDOG=1") < 2 or b"READY=1" not in heard:
                heard.append(systemd.recv(100))
            running.terminate()
            while heard[-1] != b"STOPPING=1":
                heard.append(systemd.recv(100))
            assert 0 == running.wait(PATIENCE)
    assert {b"READY=1": 1, b"STOPPING=1": 1} == {one: heard.count(one) for one in (b"READY=1", b"STOPPING=1")}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ["--login-url", "loginapi.voicenter.co.il"],
            "'--login-url': 'loginapi.voicenter.co.il' is not a valid address",
        ),
        (["--login-url", "https://"], "'--login-url': 'https://' is not a valid address"),
        (["--server", "https://:443"], "'--server': 'https://:443' is not a valid address"),
        (["--stack", "newer"], "--stack newer needs --login-url"),
        (["--ca", "nowhere"], "nowhere: cannot be read"),
        (["--ca", __file__], "contains no certificate"),
    ],
)
def test_a_mistyped_option_is_an_error_at_once(tmp_path: Path, options: list[str], said: str) -> None:
    """Nothing is tried, nothing is written."""
    result = run("record", str(tmp_path / "day.jsonl"), *options, CALLTRACK_TOKEN="x")

    assert (2, True) == (result.exit_code, said in result.stderr)
    assert not list(tmp_path.iterdir())


def test_redact_to_standard_output_and_to_a_file(tmp_path: Path) -> None:
    """The same frames with the same key, from a file or standard input; compressed by the name."""
    key, out = tmp_path / "key", tmp_path / "shared.jsonl.zst"
    key.write_bytes(b"sixteen bytes or more\n")
    result = run("redact", AGAIN, "--key-file", str(key))
    piped = subprocess.run(
        [*CALLTRACK, "redact", "-", "-o", str(out), "--key-file", str(key)],
        input=Path(AGAIN).read_bytes(),
        capture_output=True,
        timeout=PATIENCE,
    )

    frames = len(Path(AGAIN).read_bytes().splitlines())
    assert (0, 0) == (result.exit_code, piped.returncode)
    assert f"{frames} frames in {out}\n" == piped.stderr.decode()
    assert result.stdout_bytes == zstd.decompress(out.read_bytes())
    assert b"SIPSIP1" not in result.stdout_bytes and b"NEWCALL" in result.stdout_bytes
    assert frames == len(result.stdout_bytes.splitlines())
    assert run("redact", AGAIN).stdout != run("redact", AGAIN).stdout


def test_redact_leaves_out_what_is_no_frame(tmp_path: Path) -> None:
    """It could not say what is in it; reported by its number alone, exit code 1."""
    path = tmp_path / "day.jsonl"
    path.write_bytes(b'["loginSuccess",{}]\nDana 0501234567\n')
    result = run("redact", str(path))

    assert (1, '["loginSuccess",{}]\n') == (result.exit_code, result.stdout)
    assert f"{path}:2: " in result.stderr and "Dana" not in result.stderr


def test_redact_does_not_write_over_its_own_recording(tmp_path: Path) -> None:
    """Nor with a short key, nor where it cannot."""
    path = tmp_path / "day.jsonl"
    path.write_bytes(b'["loginSuccess",{}]\n')
    (tmp_path / "key").write_bytes(b"short")

    assert (2, True) == ((found := run("redact", str(path), "-o", str(path))).exit_code, "itself" in found.stderr)
    assert b'["loginSuccess",{}]\n' == path.read_bytes()
    found = run("redact", str(path), "--key-file", str(tmp_path / "key"))
    assert (2, True) == (found.exit_code, "too short" in found.stderr)
    found = run("redact", str(path), "-o", str(tmp_path / "no folder" / "out"))
    assert (2, True) == (found.exit_code, "cannot be written" in found.stderr)
