"""The build: where the toolkit is looked for, what is said without it, what is rebuilt, what a wheel has."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = ("gssapi_error", "gsi_sysconfig")  # small ones: these tests are about the build, not the modules

# Compilers on a busy machine; nothing here waits for anything else.
pytestmark = pytest.mark.timeout(300)


def run(*command: str | Path, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Runs a command with the developer's tools in reach, its output and errors in one string."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return subprocess.run(
        [str(word) for word in command],
        env={**os.environ, "PATH": path, **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=240,
        check=False,
    )


def succeed(*command: str | Path, environment: dict[str, str] | None = None) -> str:
    done = run(*command, environment=environment)
    assert done.returncode == 0, done.stdout
    return done.stdout


def configure(source: Path, build: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return run(
        "cmake", "-G", "Ninja", "-S", source, "-B", build,
        "-DCMAKE_BUILD_TYPE=Release", f"-DPython_EXECUTABLE={sys.executable}",
        f"-DGLOBUS_LOWLEVEL_MODULES={';'.join(MODULES)}",
        environment=environment,
    )  # fmt: skip


def message(output: str) -> str:
    """CMake breaks the lines of a message where it likes: one space for any white space."""
    return re.sub(r"\s+", " ", output)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the build reads: touching a file here leaves the developer's own build up to date."""
    copy = tmp_path_factory.mktemp("source")
    for name in ("CMakeLists.txt", "VERSION", "LICENSE"):
        shutil.copy2(ROOT / name, copy / name)
    for name in ("cmake", "swig", "packages/globus-lowlevel"):
        shutil.copytree(ROOT / name, copy / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


@pytest.fixture
def staged(tmp_path: Path) -> Path:
    """A toolkit in a directory of its own, as GLOBUS_LOCATION names one: links to the system's files."""
    tree = tmp_path / "globus"
    (tree / "include").mkdir(parents=True)
    (tree / "lib").mkdir()
    headers, libraries = (
        Path(succeed("pkg-config", f"--variable={kind}", "globus-common").strip())
        for kind in ("includedir", "libdir")
    )
    (tree / "include" / "globus").symlink_to(headers)
    for library in libraries.glob("libglobus_*.so*"):
        (tree / "lib" / library.name).symlink_to(library)
    return tree


def test_a_module_builds_against_a_staged_tree(source: Path, staged: Path, tmp_path: Path) -> None:
    done = configure(source, tmp_path / "build", GLOBUS_LOCATION=str(staged))
    assert done.returncode == 0, done.stdout
    assert f"{staged} (GLOBUS_LOCATION)" in done.stdout
    succeed("cmake", "--build", tmp_path / "build", "--parallel", "2")
    succeed("cmake", "--install", tmp_path / "build", "--prefix", tmp_path / "site")

    shutil.copytree(source / "packages/globus-lowlevel/src", tmp_path / "site", dirs_exist_ok=True)
    loaded = succeed(
        sys.executable, "-c", "from globus_lowlevel import gsi_sysconfig; print(gsi_sysconfig.__file__)",
        environment={"PYTHONPATH": str(tmp_path / "site"), "PYTHONSAFEPATH": "1"},
    )  # fmt: skip
    assert loaded.startswith(str(tmp_path / "site"))
    assert f"{staged}/lib/libglobus_common.so" in succeed("ldd", loaded.strip())


def test_gpt_location_means_the_same_tree(source: Path, staged: Path, tmp_path: Path) -> None:
    done = configure(source, tmp_path / "build", GPT_LOCATION=str(staged))
    assert f"{staged} (GLOBUS_LOCATION)" in done.stdout
    link = tmp_path / "link"
    link.symlink_to(staged)
    done = configure(source, tmp_path / "build", GPT_LOCATION=str(staged), GLOBUS_LOCATION=str(link))
    assert done.returncode == 0, done.stdout


def test_two_different_trees_are_refused(source: Path, staged: Path, tmp_path: Path) -> None:
    done = configure(source, tmp_path / "build", GLOBUS_LOCATION=str(staged), GPT_LOCATION="/opt/other")
    assert done.returncode != 0
    assert "GLOBUS_LOCATION and GPT_LOCATION name different trees" in message(done.stdout)
    assert f"GLOBUS_LOCATION={staged}" in done.stdout
    assert "GPT_LOCATION=/opt/other" in done.stdout


def test_a_tree_that_is_not_there_is_refused(source: Path, tmp_path: Path) -> None:
    done = configure(source, tmp_path / "build", GLOBUS_LOCATION=str(tmp_path / "nowhere"))
    assert done.returncode != 0
    assert f"GLOBUS_LOCATION is {tmp_path}/nowhere, which is not a directory" in message(done.stdout)


@pytest.mark.parametrize(
    ("path", "what", "debian", "epel"),
    [
        ("include/globus", "globus_common.h", "libglobus-common-dev", "globus-common-devel"),
        ("lib/libglobus_common.so", None, "libglobus-common-dev", "globus-common-devel"),
        ("lib/libglobus_gssapi_error.so", None, "libglobus-gssapi-error-dev", "globus-gssapi-error-devel"),
        ("lib/libglobus_thread_pthread.so", None, "libglobus-common0", "globus-common"),
    ],
)
def test_what_is_missing_is_named(
    source: Path, staged: Path, tmp_path: Path, path: str, what: str | None, debian: str, epel: str
) -> None:
    (staged / path).unlink()
    done = configure(source, tmp_path / "build", GLOBUS_LOCATION=str(staged))
    assert done.returncode != 0
    said = message(done.stdout)
    assert (what or Path(path).name) in said
    assert "is missing. Looked in:" in said
    assert str((staged / path).parent) in said
    assert f"apt-get install {debian}" in said
    assert f"dnf install {epel}" in said


def test_only_what_changed_is_rebuilt(source: Path, tmp_path: Path) -> None:
    build = tmp_path / "build"
    done = configure(source, build)
    assert done.returncode == 0, done.stdout
    succeed("cmake", "--build", build, "--parallel", "2")

    def rebuild() -> set[str]:
        before = {path: path.stat().st_mtime_ns for path in build.glob("*.so")}
        succeed("cmake", "--build", build, "--parallel", "2")
        return {path.name for path in build.glob("*.so") if path.stat().st_mtime_ns != before[path]}

    assert rebuild() == set()
    (source / "swig" / f"{MODULES[1]}.i").touch()
    assert rebuild() == {f"{MODULES[1]}.abi3.so"}
    assert rebuild() == set()


@pytest.fixture(scope="module")
def wheels(source: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A wheel from the tree, and one from the sdist of that tree."""
    out = tmp_path_factory.mktemp("dist")
    package = source / "packages" / "globus-lowlevel"
    only = f"--config-setting=cmake.define.GLOBUS_LOWLEVEL_MODULES={';'.join(MODULES)}"

    def build(*words: str | Path) -> None:
        succeed(sys.executable, "-m", "build", "--no-isolation", only, *words)

    build("--wheel", "--outdir", out / "tree", package)
    build("--sdist", "--outdir", out / "sdist", package)
    (archive,) = (out / "sdist").iterdir()
    succeed("tar", "-C", out / "sdist", "-xf", archive)
    build("--wheel", "--outdir", out / "from-sdist", archive.with_suffix("").with_suffix(""))
    (tree,), (from_sdist,) = (out / "tree").iterdir(), (out / "from-sdist").iterdir()
    return tree, from_sdist


def test_a_wheel_from_the_sdist_equals_one_from_the_tree(wheels: tuple[Path, Path]) -> None:
    def contents(wheel: Path) -> dict[str, bytes]:
        with zipfile.ZipFile(wheel) as archive:
            return {name: archive.read(name) for name in archive.namelist()}

    tree, from_sdist = map(contents, wheels)
    assert wheels[0].name == wheels[1].name
    assert sorted(tree) == sorted(from_sdist)
    assert [name for name in tree if tree[name] != from_sdist[name]] == []


def test_the_wheel_is_for_every_python_from_3_11(wheels: tuple[Path, Path]) -> None:
    assert "-cp311-abi3-linux_" in wheels[0].name
    succeed("abi3audit", "--strict", wheels[0])
    with zipfile.ZipFile(wheels[0]) as archive:
        names = archive.namelist()
    for name in ("libglobus_lowlevel_support.so", "_support.abi3.so", "py.typed"):
        assert f"globus_lowlevel/{name}" in names
    for module in MODULES:
        assert f"globus_lowlevel/{module}.abi3.so" in names
        assert f"globus_lowlevel/{module}.pyi" in names
    assert any(name.endswith("/licenses/LICENSE") for name in names)


def test_system_packages_has_what_the_build_links() -> None:
    cmake, listing = (ROOT / name for name in ("CMakeLists.txt", "system-packages.txt"))
    code = re.sub(r"#.*", "", cmake.read_text())
    packages = set(re.findall(r"\b(?:globus-[a-z-]+|myproxy)\b", code))
    listed = set(re.findall(r"^([a-z]\S+)", listing.read_text(), re.MULTILINE))
    assert {"globus-common", "globus-ftp-client"} <= packages, "CMakeLists.txt was not understood"
    assert {f"lib{package}-dev" for package in packages} <= listed
