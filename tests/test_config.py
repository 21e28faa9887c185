"""The configuration: written, read back, and refused in one sentence when it is wrong."""

from pathlib import Path

import pytest

from pilkada_nlp.config import Config, chosen_outlets, default_config, load_config, write_config
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
