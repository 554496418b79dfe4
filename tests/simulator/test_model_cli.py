"""`python -m simulator predict` as people call it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from simulator import cli

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="predict models the locks of Linux")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--workers", "0"], "argument --workers: 0 is not 1 or more, up to 100000"),
        (["--think-ms", "soon"], "argument --think-ms: soon is not a duration in ms; use one such as 5, exp:5"),
        (["--validate", "8,x"], "argument --validate/--calibrate: x is not a whole number"),
        (
            ["--validate", "8", "--no-validate"],
            "argument --no-validate: not allowed with argument --validate/--calibrate",
        ),
        (["--wrokers", "9"], "unknown argument --wrokers; did you mean --workers?"),
    ],
)
def test_wrong_usage_is_one_line(arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is run for it, and the exit code is 2."""
    with pytest.raises(SystemExit) as ended:
        cli.main(["predict", *arguments])
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith(f"simulator predict: {told}")
    assert error.count("\n") == 1


def test_without_simpy_it_says_how_to_get_it() -> None:
    """One line, and exit code 3."""
    program = (
        "import sys, importlib.util as u; found = u.find_spec;"
        "u.find_spec = lambda name, *rest: None if name == 'simpy' else found(name, *rest);"
        "from simulator.cli import main; sys.exit(main(['predict']))"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 3
    assert ended.stderr == 'simulator: predict needs simpy: python -m pip install "lockedfile[simulator]"\n'


def test_a_path_that_cannot_be_written_is_said_before_anything_runs(capfd: pytest.CaptureFixture[str]) -> None:
    """Not after a minute."""
    assert cli.main(["predict", "--json", "/no/such/directory/figures.json"]) == 2
    assert "there is no directory /no/such/directory" in capfd.readouterr().err


def test_small_prediction_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Real runs, tiny ones, and then the model: figures, the error beside them, what is left out."""
    monkeypatch.setattr("simulator.model.calibration.EACH_S", 0.2)
    monkeypatch.setattr("simulator.commands.predict._REAL_S", 0.2)
    path = tmp_path / "figures.json"
    arguments = ["--workers", "40", "--duration", "0.5", "--validate", "2", "--seed", "1", "--json", str(path)]
    assert cli.main(["predict", "--quiet", *arguments]) == 0
    told, errors = capfd.readouterr()
    figures = json.loads(path.read_text(encoding="utf-8"))
    assert figures["predicted"]["edits_per_s"] > 0
    assert figures["between"]["edits_per_s"]["least"] < figures["predicted"]["edits_per_s"]
    assert figures["compared"][0]["workers"] == 2
    assert all(part in told for part in ("predicted for 40 workers", "measured and predicted", "left out"))
    assert errors == ""
