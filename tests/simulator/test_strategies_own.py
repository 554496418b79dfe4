"""Anybody's class as the locker: the documented example as it is run, and each way to name what is none."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.strategies import NAMES, StrategyError, load
from tests.lockedfile.needs import posix

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs" / "strategies.md"

GOOD = """
class Good:
    name = "good"
    def probe(self): return None
    def open(self, path): self.path = path
    def edit(self, transform): return None
    def read(self): return b""
    def close(self): pass
    class Inner: pass

def make(): return Good()
number = 7
class Lacking:
    name = "lacking"
    def open(self, path): pass
    def read(self): return b""
class Unnamed(Good):
    name = None
class Picky(Good):
    def __init__(self, path): pass
"""


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory to import from, with a few modules."""
    for name, source in {
        "lockers/__init__": "",
        "lockers/good": GOOD,
        "lockers/leaves": "import sys\nsys.exit('bye')\n",
        "lockers/needy": "import no_such_thing\n",
        "lockers/wrong": "def f(:\n",
    }.items():
        (tmp_path / f"{name}.py").parent.mkdir(exist_ok=True)
        (tmp_path / f"{name}.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    for module in [module for module in sys.modules if module.split(".")[0] == "lockers"]:
        monkeypatch.delitem(sys.modules, module)
    return tmp_path


@pytest.mark.usefixtures("mine")
def test_class_or_function_makes_the_strategy() -> None:
    """Whatever is called without arguments and gives one."""
    assert load("lockers.good:Good").name == "good"
    assert load("lockers.good:make").name == "good"
    assert load("simulator.strategies.none:STRATEGY").name == "none"


@pytest.mark.usefixtures("mine")
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("lockedfle", "there is no strategy lockedfle; did you mean lockedfile?"),
        ("hope", f"there is no strategy hope; there are {', '.join(NAMES)}, and a class of your own, package."),
        ("", "there is no strategy without a name; there are lockedfile, "),
        ("lockers.good", "and a class of your own, package.module:attribute"),
        (
            "lockers.god:Good",
            "there is no module lockers.god; it is looked for in the current directory and on",
        ),
        ("nowhere.good:Good", "there is no module nowhere; it is looked for"),
        ("lockers.good.py:Good", "there is no module lockers.good.py; did you mean lockers.good:Good?"),
        ("./lockers/good.py:Good", "name a class of your own as package.module:attribute"),
        ("lockers.good:", "name a class of your own as package.module:attribute"),
        (":Good", "name a class of your own as package.module:attribute"),
        ("lockers.needy:Good", "importing lockers.needy failed: ModuleNotFoundError: No module named 'no_such_thing'"),
        ("lockers.wrong:Good", "importing lockers.wrong failed: SyntaxError: "),
        ("lockers.leaves:Good", "importing lockers.leaves failed: SystemExit: bye"),
        ("lockers.good:Goood", "lockers.good has no Goood; did you mean Good?"),
        ("lockers.good:Zebra", "lockers.good has no Zebra; name what is at the top of the module"),
        ("lockers.good:Good.Outer", "Good has no Outer"),
        ("lockers.good:number", "strategy lockers.good:number is of type int; name a class, or a function"),
        ("lockers.good:Good.Inner", "lacks name, probe, open, edit, read, close; it needs name, probe, "),
        ("lockers.good:Lacking", "lacks probe, edit, close; it needs name, probe, open, edit, read and close"),
        ("lockers.good:Unnamed", "strategy lockers.good:Unnamed lacks name; it needs"),
        ("lockers.good:Picky", "calling it without arguments failed: TypeError: "),
    ],
)
def test_what_is_none_is_said_in_one_line(name: str, said: str) -> None:
    """With the name as it was given, and what to do."""
    with pytest.raises(StrategyError) as error:
        load(name)
    assert said in str(error.value)
    assert name in str(error.value)
    assert "\n" not in str(error.value)


def example() -> tuple[str, str, list[str]]:
    """What docs/strategies.md shows: the file's name, its source, and the words of the command."""
    text = DOCS.read_text(encoding="utf-8").partition("## Your own")[2]
    source = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    command = re.search(r"```sh\n(python -m simulator.*)\n```", text)
    name = re.search(r"`(\w+\.py)`", text)
    assert source
    assert command
    assert name
    return name[1], source[1], shlex.split(command[1])[1:]


def run_example(directory: Path, source: str, *more: str) -> subprocess.CompletedProcess[str]:
    """Run the documented command beside the documented file, for a short time."""
    name, _, words = example()
    (directory / name).write_text(source)
    load_words = ["--workers", "3", "--edits", "20", "--hold-ms", "1", "--think-ms", "1"]
    return subprocess.run(
        [sys.executable, *words, *load_words, *more, "--quiet"],
        cwd=directory, capture_output=True, text=True, encoding="utf-8", timeout=60, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def test_example_is_short() -> None:
    """At most 15 lines that are not blank."""
    assert len([line for line in example()[1].splitlines() if line.strip()]) <= 15


@posix
def test_documented_example_is_valid(tmp_path: Path) -> None:
    """The class and the command of the page, run beside each other."""
    run = run_example(tmp_path, example()[1], "--readers", "1")
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.startswith("VALID: ")
    assert "--strategy mylock:MyLock" in run.stdout


@posix
def test_documented_example_without_its_lock_is_invalid(tmp_path: Path) -> None:
    """The same without the line that locks for an edit, as the page invites to try."""
    _, source, _ = example()
    weaker = re.sub(r".*LOCK_EX.*\n", "", source)
    assert weaker != source
    run = run_example(tmp_path, weaker)
    assert run.returncode == 1, run.stderr
    assert run.stdout.startswith("INVALID: ")


def test_mistyped_class_is_wrong_usage(tmp_path: Path) -> None:
    """Found in the current directory, and refused before anything is started."""
    run = run_example(tmp_path, "class Mine: pass\n")
    assert (run.returncode, run.stdout) == (2, "")
    assert "mylock has no MyLock" in run.stderr
    assert run.stderr.count("\n") == 1
