"""Runs child.py over modules until every function was called, whatever crashes or hangs on the way.

    campaign.py [--rounds N] [--seeds N | --seed S] [--only FUNCTION] [--huge] [--json] [MODULE...]

A child that dies is replaced by one that goes on behind the step at which it died. The exit status is 1 if a function
crashed, hung, leaked, or took what it must refuse.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SWIG = HERE.parents[2] / "swig"
SILENCE = 30.0  # seconds without a call, after which a child is killed; it writes its stacks before


@dataclass
class Report:
    """What one run over a module has found."""

    module: str
    seed: str
    functions: int = 0
    calls: int = 0
    exceptions: int = 0
    results: int = 0
    children: int = 0
    seconds: float = 0.0
    memory: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    crashes: list[str] = field(default_factory=list)
    hangs: list[str] = field(default_factory=list)
    leaks: dict[str, str] = field(default_factory=dict)
    accepted: dict[str, str] = field(default_factory=dict)
    kept: dict[str, Any] = field(default_factory=dict)

    @property
    def faults(self) -> list[str]:
        return [
            *(f"crash: {text}" for text in self.crashes),
            *(f"hang: {text}" for text in self.hangs),
            *(f"leak: {name}: {text}" for name, text in self.leaks.items()),
            *(f"accepted: {name}: {text}" for name, text in self.accepted.items()),
        ]

    def figures(self) -> str:
        return (
            f"{self.module} seed {self.seed}: {self.functions} functions, {self.calls} calls, "
            f"{self.exceptions} exceptions, {self.results} results, {self.children} children, "
            f"{self.memory >> 10} MiB, {self.seconds} s, {self.kinds}"
        )

    def add(self, part: dict[str, Any]) -> None:
        self.calls += part["calls"]
        self.exceptions += part["exceptions"]
        self.results += part["results"]
        self.memory = max(self.memory, part.get("memory", 0))
        for name, count in part["kinds"].items():
            self.kinds[name] = self.kinds.get(name, 0) + count
        self.leaks.update(part["leaks"])
        self.accepted.update(part["accepted"])
        self.kept.update(part["kept"])


def credentials(directory: Path) -> dict[str, str]:
    """A user's certificate and key, of an authority that is trusted: the variables that name them."""

    def openssl(*words: object) -> None:
        subprocess.run(
            ["openssl", *map(str, words)], check=True, capture_output=True, timeout=60, cwd=directory
        )

    trusted = directory / "certificates"
    trusted.mkdir()
    openssl(
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        3,
        "-subj",
        "/O=Grid/CN=Hostile CA",
        "-keyout",
        "ca.key",
        "-out",
        "ca.pem",
    )
    openssl(
        "req",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-subj",
        "/O=Grid/CN=somebody",
        "-keyout",
        "key.pem",
        "-out",
        "request.pem",
    )
    openssl(
        "x509",
        "-req",
        "-in",
        "request.pem",
        "-CA",
        "ca.pem",
        "-CAkey",
        "ca.key",
        "-CAcreateserial",
        "-days",
        2,
        "-out",
        "cert.pem",
    )
    hashed = subprocess.run(["openssl", "x509", "-noout", "-subject_hash", "-in", directory / "ca.pem"], check=True,
                            capture_output=True, text=True, timeout=60).stdout.strip()  # fmt: skip
    shutil.copy(directory / "ca.pem", trusted / f"{hashed}.0")
    (trusted / f"{hashed}.signing_policy").write_text(
        "access_id_CA X509 '/O=Grid/CN=Hostile CA'\npos_rights globus CA:sign\ncond_subjects globus '\"/O=Grid/*\"'\n"
    )
    (directory / "key.pem").chmod(0o600)
    return {
        "X509_CERT_DIR": str(trusted),
        "X509_USER_CERT": str(directory / "cert.pem"),
        "X509_USER_KEY": str(directory / "key.pem"),
    }


def environment(directory: Path) -> dict[str, str]:
    kept = {
        name: os.environ[name]
        for name in ("PATH", "LD_LIBRARY_PATH", "GLOBUS_LOCATION", "LD_PRELOAD", "ASAN_OPTIONS")
        if name in os.environ
    }
    return {**kept, "HOME": str(directory), "TMPDIR": str(directory), "USER": "somebody",
            "RES_OPTIONS": "timeout:1 attempts:1",
            "PYTHONDONTWRITEBYTECODE": "1", **credentials(directory)}  # fmt: skip


class Campaign:
    def __init__(self, module: str, seed: str, options: argparse.Namespace) -> None:
        self.report = Report(module, seed)
        self.options = options
        self.deaths: dict[str, int] = {}
        self.avoid: set[str] = (
            set()
        )  # functions that crash with right arguments: others need not be tried with what they make

    def run(self) -> Report:
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="hostile-") as name:
            directory = Path(name)
            self.environment = environment(directory)
            start: tuple[int, int] | None = (0, 0)
            while start is not None:
                start = self.child(directory, start)
        self.report.seconds = round(time.monotonic() - began, 1)
        return self.report

    def child(self, directory: Path, start: tuple[int, int]) -> tuple[int, int] | None:
        """One child; where the next one goes on, or None when all was called."""
        log, dump, job = directory / "log", directory / "dump", directory / "job.json"
        log.write_text("")
        job.write_text(json.dumps({
            "log": str(log), "dump": str(dump), "directory": str(directory), "seed": self.report.seed, "start": start,
            "rounds": self.options.rounds, "only": self.options.only, "huge": self.options.huge,
            "avoid": sorted(self.avoid),
            "modules": sorted({*self.options.modules_built, self.report.module})}))  # fmt: skip
        self.report.children += 1
        with (directory / "output").open("wb") as output:
            process = subprocess.Popen(
                [*self.options.wrapper, sys.executable, "-B", self.options.child, self.report.module, job],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=self.environment, start_new_session=True,
            )  # fmt: skip
            try:
                status = watch(process, log)
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
        return self.read(log.read_text(errors="replace").splitlines(), dump, directory / "output", status)

    def read(self, lines: list[str], dump: Path, output: Path, status: int | None) -> tuple[int, int] | None:
        for line in lines:
            kind, _, rest = line.partition("\t")
            if kind == "functions":
                self.report.functions = int(rest)
            elif kind == "done":
                self.report.add(json.loads(rest.partition("\t")[2]))
            elif kind == "over":
                self.report.add(json.loads(rest))
        last = next((line.split("\t") for line in reversed(lines) if line.startswith("call\t")), None)
        if lines and lines[-1].startswith("over\t") and status == 0:
            return None
        said = output.read_text(errors="replace")
        if last is None or (status == 1 and "Traceback" in said):
            raise RuntimeError(f"the child is wrong itself: {said[-3000:]}")
        index, step, name, how = int(last[1]), int(last[2]), last[3], " ".join(last[4:])
        if lines[-1].startswith("make\t"):
            maker = lines[-1].split("\t")
            self.avoid.add(maker[1])
        self.report.calls += sum(line.startswith("call\t") for line in lines)
        dumped = dump.read_text(errors="replace")
        text = f"{name} (step {step}): {how}"
        if lines[-1].startswith("make\t"):
            text = f"{lines[-1].split(chr(9))[1]} {' '.join(lines[-1].split(chr(9))[2:])} (for {name}, step {step})"
        if status is None:
            self.report.hangs.append(f"{text}\n{dumped[:1500]}" if self.options.verbose else text)
        else:
            end = signal.Signals(-status).name if status < 0 else f"exit({status})"
            said = output.read_text(errors="replace")[-300:] if status > 0 or status == -6 else ""
            if "AddressSanitizer" in output.read_text(errors="replace"):
                said = "".join(
                    re.findall(
                        r"ERROR: AddressSanitizer.*|    #[0-6] .*\n", output.read_text(errors="replace")
                    )[:9]
                )
            if self.options.verbose:
                said += dumped[:1200]
            self.report.crashes.append(f"{end} in {text} {said}".strip())
        if self.options.verbose:
            print(
                self.report.module,
                (self.report.hangs if status is None else self.report.crashes)[-1][:300],
                file=sys.stderr,
                flush=True,
            )
        self.deaths[name] = self.deaths.get(name, 0) + 1
        if self.options.keep:
            shutil.copytree(output.parent, self.options.keep, dirs_exist_ok=True)
        return (
            (index + 1, 0)
            if self.deaths[name] >= self.options.deaths
            else (index, step + (not lines[-1].startswith("make\t")))
        )


def watch(process: subprocess.Popen[bytes], log: Path) -> int | None:
    """Waits for the end of a child: its status, or None if it calls nothing any more."""
    size, heard = 0, time.monotonic()
    while process.poll() is None:
        time.sleep(0.02)
        if (now := log.stat().st_size) != size:
            size, heard = now, time.monotonic()
        elif time.monotonic() - heard > SILENCE:
            return None
    return process.returncode


def built() -> list[str]:
    """The modules that are installed."""
    import importlib.util

    names = sorted(path.stem for path in SWIG.glob("*.i"))
    return [name for name in names if importlib.util.find_spec(f"globus_lowlevel.{name}")]


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Calls every function of the low level with hostile arguments."
    )
    parser.add_argument("modules", nargs="*")
    parser.add_argument("--rounds", type=int, default=24, help="random calls a function")
    parser.add_argument("--seeds", type=int, default=1, help="how many runs, each with another seed")
    parser.add_argument("--seed", default="1", help="the first seed")
    parser.add_argument("--only", help="one function only")
    parser.add_argument("--huge", action="store_true", help="buffers of more than 4 GiB, too")
    parser.add_argument(
        "--deaths", type=int, default=3, help="of one function, before the rest of its calls is left out"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a run")
    parser.add_argument("--verbose", action="store_true", help="the stacks of crashes and hangs")
    parser.add_argument("--keep", help="a directory for the files of the last child that died")
    parser.add_argument(
        "--child", default=str(HERE / "child.py"), help="another program in place of child.py"
    )
    parser.add_argument(
        "--wrapper", type=str.split, default=[], help="a command to run children under: gdb, valgrind"
    )
    options = parser.parse_args()
    options.modules_built = built()
    return options


def main() -> int:
    options = parse()
    faults = 0
    for seed in range(int(options.seed), int(options.seed) + options.seeds):
        for module in options.modules or built():
            report = Campaign(module, str(seed), options).run()
            faults += len(report.faults)
            if options.json:
                print(json.dumps({**asdict(report), "faults": report.faults}), flush=True)
                continue
            print(report.figures())
            for fault in report.faults:
                print(f"    {fault}")
            if options.verbose:
                print(f"    kept: {report.kept}")
            sys.stdout.flush()
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
