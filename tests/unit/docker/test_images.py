"""Docker and systemd files: what they name exists; no engine is needed to know that."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from guard.app.settings_file import load_settings
from guard.cli.main import run

ROOT = Path(__file__).parents[3]
DOCKERFILE = (ROOT / "docker" / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load((ROOT / "docker" / "compose.yaml").read_text(encoding="utf-8"))
UNIT = (ROOT / "docker" / "guard.service").read_text(encoding="utf-8")


def variables() -> dict[str, str]:
    """Every GUARD__ variable that the three files set."""
    found = dict(re.findall(r"(GUARD__[A-Z_]+)=(\S+)", DOCKERFILE + UNIT))
    found.update(COMPOSE["services"]["guard"]["environment"])
    return found


def test_every_variable_is_a_key_of_the_configuration(tmp_path: Path) -> None:
    """A misspelt variable would keep the container from starting."""
    (tmp_path / "guard.toml").write_text("", encoding="utf-8")
    load_settings(
        tmp_path / "guard.toml", {name: value for name, value in variables().items() if name != "MPLCONFIGDIR"}
    )
    assert "GUARD__DATABASE__URL" in variables()
    assert "GUARD__TELEGRAM__TOKEN_FILE" in variables()


def test_copied_files_exist_and_pass_the_ignore_file() -> None:
    """What the image copies is there and not left out of the build's context."""
    allowed = [line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[0] == "!"]
    copied = [
        source
        for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, flags=re.MULTILINE)
        for source in line.split()[:-1]
    ]
    assert "guard" in copied
    for source in copied:
        assert (ROOT / source).exists(), source
        assert source.removeprefix("./") in allowed, source


def test_image_runs_as_nobody_special_with_a_healthcheck() -> None:
    """No root, a health check that asks the service, and SIGTERM as the way to end."""
    assert re.search(r"^USER 10001:10001$", DOCKERFILE, flags=re.MULTILINE)
    assert 'CMD ["guard", "health"]' in DOCKERFILE
    assert "STOPSIGNAL SIGTERM" in DOCKERFILE
    service = COMPOSE["services"]["guard"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.parametrize("command", [["run", "--help"], ["health", "--help"]])
def test_commands_of_the_image_exist(command: list[str]) -> None:
    """Entry point and health check are commands of the program."""
    assert run(command) == 0
    assert command[0] in DOCKERFILE
