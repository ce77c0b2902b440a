"""Builds our C code for a sanitizer of the compiler, in a place of its own, and runs tests of the low level on that.

    run.py [thread|address] [ARGUMENT OF PYTEST]...

Ends with 1 if a test fails, or if the sanitizer reports anything that thread.supp or leak.supp does not explain.
`./dev sanitize` calls it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
RULES = Path(__file__).parent
LOWLEVEL = ROOT / "tests/lowlevel"


@dataclass
class Sanitizer:
    """One of the compiler's.

    Attributes:
        library: its run time, which has to be in the process before all else.
        options: the variable that says how it reports, and what it says.
        environment: what else it needs.
        tests: those that are worth their time: a build for a sanitizer is several times as slow.
    """

    library: str
    options: tuple[str, str]
    environment: dict[str, str]
    tests: list[str]


SANITIZERS = {
    "thread": Sanitizer(
        "libtsan.so",
        ("TSAN_OPTIONS", f"suppressions={RULES / 'thread.supp'} history_size=7 exitcode=0"),
        {},
        ["test_threads.py", "test_vocabulary_handles.py", "test_xio.py", "test_xio_driver.py", "common"],
    ),
    "address": Sanitizer(
        "libasan.so",
        # The process ends by itself, with what it has left behind: that is looked at, not how it ends.
        ("ASAN_OPTIONS", "detect_leaks=1 malloc_context_size=20 exitcode=0"),
        {
            "LSAN_OPTIONS": f"suppressions={RULES / 'leak.supp'} print_suppressions=0",
            "PYTHONMALLOC": "malloc",  # Python's own allocator would hide what happens to its objects
        },
        ["test_threads.py", "test_leaks.py", "test_vocabulary_handles.py", "common"],
    ),
}

# What tests start must not inherit the sanitizer; they find the ordinary build.
PROGRAM = """
import os, sys
for name in {names}:
    del os.environ[name]
import globus_lowlevel, pytest
assert globus_lowlevel.__file__.startswith({site!r}), globus_lowlevel.__file__
sys.exit(pytest.main(["-q", "--timeout=600", "-o", "faulthandler_timeout=900", "-p", "no:cacheprovider", *sys.argv[1:]]))
"""


def run(*command: object) -> None:
    subprocess.run([str(word) for word in command], check=True)


def build(kind: str, place: Path) -> Path:
    """Where the sanitized package is, beside which the ordinary one stays as it is."""
    site = place / "site"
    run(
        "cmake", "-S", ROOT, "-B", place, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", f"-DGLOBUS_SANITIZE={kind}",
        f"-DPython_EXECUTABLE={sys.executable}", "--log-level=WARNING",
    )  # fmt: skip
    run("cmake", "--build", place, "--", "--quiet")
    shutil.rmtree(site, ignore_errors=True)
    with open(os.devnull, "w") as nowhere:
        subprocess.run(["cmake", "--install", place, "--prefix", site], check=True, stdout=nowhere)
    source = ROOT / "packages/globus-lowlevel/src/globus_lowlevel"
    shutil.copytree(source, site / "globus_lowlevel", dirs_exist_ok=True)
    return site


def fixed_addresses() -> list[str]:
    """The command under which programs are always loaded at the same addresses: older run times of TSan want that."""
    command = ["setarch", "-R"]
    works = shutil.which("setarch") and subprocess.run([*command, "true"], check=False).returncode == 0
    return command if works else []


def test(kind: str, arguments: list[str]) -> bool:
    """Whether all is well."""
    sanitizer, place = SANITIZERS[kind], ROOT / f"build/sanitize-{kind}"
    print(f"==> building globus-lowlevel for the {kind} sanitizer", file=sys.stderr)
    site = build(kind, place)
    for old in place.glob("report.*"):
        old.unlink()
    library = subprocess.run(
        ["cc", f"-print-file-name={sanitizer.library}"], check=True, capture_output=True, text=True
    ).stdout.strip()
    variable, options = sanitizer.options
    environment = {
        variable: f"{options} log_path={place / 'report'}",
        **sanitizer.environment,
        "LD_PRELOAD": library,
        "PYTHONPATH": str(site),
    }
    program = PROGRAM.format(names=list(environment), site=str(site))
    print(f"==> running tests with {library}", file=sys.stderr)
    done = subprocess.run(
        [
            *fixed_addresses(),
            sys.executable,
            "-c",
            program,
            *(arguments or [LOWLEVEL / t for t in sanitizer.tests]),
        ],
        cwd=ROOT,
        env=os.environ | environment | {"CFLAGS": f"-fsanitize={kind}"},
        check=False,
    )
    reports = [report.read_text(errors="replace") for report in sorted(place.glob("report.*"))]
    print(*reports, f"==> {len(reports)} reports of the {kind} sanitizer", sep="\n")
    return done.returncode == 0 and not reports


def main(arguments: list[str]) -> int:
    kinds = [arguments.pop(0)] if arguments and arguments[0] in SANITIZERS else list(SANITIZERS)
    results = [test(kind, arguments) for kind in kinds]  # the other one too, if the first has failed
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
