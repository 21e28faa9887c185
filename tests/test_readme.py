"""The README is true: its Python runs, its commands exist, its make targets too."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import click

from pilkada_nlp.cli import main

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """Return the code blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


def test_the_python_runs_and_prints_what_it_says() -> None:
    """The notebook example runs as printed, and the allegation is one."""
    notebook, text = blocks("python")
    run = subprocess.run([sys.executable, "-c", notebook + text], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    modality, themes, regions, sentence, stems, sentences, normal, tokens = run.stdout.splitlines()
    assert modality == "dugaan"
    assert "('netralitas_asn', 'pokok')" in themes
    assert "64.01" in regions
    assert sentence in notebook
    assert f"# {stems}\n" in text
    assert sentences == "['Hadir Drs. H. Karim, S.Sos.', 'Ia berpidato.']"
    assert f"# {normal}\n" in text
    assert "('07.00 WIB', 'time')" in tokens


def test_every_command_exists_with_its_options() -> None:
    """Each `pilkada` line parses: the verb is there and knows the options that it is given."""
    lines = [line for block in blocks("sh") for line in block.splitlines() if line.startswith("pilkada ")]
    assert len(lines) >= 5
    for line in lines:
        _, verb, *words = shlex.split(line)
        command = main.commands[verb]
        if isinstance(command, click.Group):
            command = command.commands[words.pop(0)]
        known = {name for parameter in command.params for name in parameter.opts}
        used = {word for word in words if word.startswith("--")}
        assert used <= known, line


def test_every_make_target_exists() -> None:
    """Each target that the README names stands in the Makefile."""
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"`make (\w+)`|^make (\w+)$", README, re.MULTILINE))
    named = {name for pair in named for name in pair if name}
    assert named >= {"demo", "test"}
    assert named <= targets


def test_the_links_lead_somewhere() -> None:
    """Every relative link and every named path is there."""
    for path in re.findall(r"\]\(([^)#:]+)\)", README) + re.findall(r"`(src/[\w/.]+)`", README):
        assert (ROOT / path).exists(), path


def test_the_watch_in_the_readme_is_one(tmp_path: Path) -> None:
    """The example of a watch loads as it is printed."""
    from pilkada_nlp.watchlist import load_watches

    (tmp_path / "watches.toml").write_text(blocks("toml")[0], encoding="utf-8")
    assert [watch.regions for watch in load_watches(tmp_path / "watches.toml")] == [("64.01",)]
