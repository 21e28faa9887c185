"""The configuration: written, read back, and refused in one sentence when it is wrong."""

from pathlib import Path

import pytest

from pilkada_nlp.config import Config, chosen_outlets, default_config, known_outlets, load_config, write_config
from pilkada_nlp.errors import ConfigError


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    """Quotes, backslashes and accents survive."""
    path = tmp_path / "baru" / "config.toml"
    write_config(path, 'a"b\\c@é.id', "/tmp/ringkasan é", ["antara", "tempo"])  # noqa: S108  # only a text here
    config = load_config(path)
    assert config == Config(contact='a"b\\c@é.id', out="/tmp/ringkasan é", outlets=("antara", "tempo"))  # noqa: S108
    assert [outlet.id for outlet in chosen_outlets(config)] == ["antara", "tempo"]


def test_no_outlets_means_all() -> None:
    """An empty list reads every known outlet, an unknown id is an error that names it."""
    assert len(chosen_outlets(Config(contact="a", out="b"))) >= 25
    with pytest.raises(ConfigError, match="unknown outlets: takada"):
        chosen_outlets(Config(contact="a", out="b", outlets=("takada",)))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "no configuration .*pilkada init"),
        ("kacau [", "cannot be read"),
        ('contact = "a"', "out"),
        ('contact = " "\nout = "b"', "contact is empty"),
        ('contact = "a"\nout = "b"\nsalah = 1', "salah"),
    ],
)
def test_a_bad_configuration_says_what_is_wrong(tmp_path: Path, text: str | None, said: str) -> None:
    """The message names the file and the field."""
    path = tmp_path / "config.toml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ConfigError, match=said) as caught:
        load_config(path)
    assert "\n" not in str(caught.value)


def test_the_configuration_lies_in_the_users_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`$XDG_CONFIG_HOME` decides, as on other programs."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert default_config() == tmp_path / "pilkada" / "config.toml"


def test_outlets_are_known_with_and_without_a_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The shipped ones, those of the configuration's `outlets_file`, or those of a table given in its place."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    shipped = known_outlets()
    for name in ("satu", "dua"):
        (tmp_path / f"{name}.toml").write_text(
            f'[[outlets]]\nid = "{name}"\nname = "{name}"\nhome = "https://{name}.id"\nfeeds = ["https://{name}.id/f"]\n'
        )
    path = default_config()
    path.parent.mkdir()
    path.write_text(f'contact = "a"\nout = "b"\noutlets_file = "{tmp_path}/satu.toml"\n')
    assert known_outlets().keys() - shipped.keys() == {"satu"}
    assert known_outlets(own=tmp_path / "dua.toml").keys() - shipped.keys() == {"dua"}
    with pytest.raises(ConfigError, match="no configuration"):
        known_outlets(tmp_path / "takada.toml")
