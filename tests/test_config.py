"""The configuration: written, read back, and refused in one sentence when it is wrong."""

import traceback
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pilkada_nlp.config import (
    Address,
    AlertSettings,
    Config,
    chosen_outlets,
    default_config,
    known_outlets,
    load_config,
    write_config,
)
from pilkada_nlp.errors import ConfigError

WHO = 'contact = "a@b.id"\nout = "b"\n'


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
        ('contact = "a@b.id"', "out"),
        ('contact = " "\nout = "b"', "contact is ' '"),
        ('contact = "bukan-alamat"\nout = "b"', "contact is 'bukan-alamat'; write an e-mail or web address"),
        ('contact = "a@b.id"\nout = "b"\nsalah = 1', "salah"),
        (f'{WHO}[alerts]\nquiet_hours = "25.00-05.30"', "alerts.quiet_hours: must be two times"),
        (f'{WHO}[alerts]\nquiet_hours = "22.00-22.00 WIT"', "alerts.quiet_hours: begin and end are the same"),
        (f"{WHO}[alerts]\nper_hour = 0", "alerts.per_hour"),
        (f'{WHO}[alerts]\nlang = "fr"', "alerts.lang"),
        (f"{WHO}[alerts.channels]\nredaksi = 3", "alerts.channels.redaksi: must be an apprise URL"),
        (f'{WHO}[alerts.channels]\nredaksi = "kata"', "alerts.channels.redaksi: must be an apprise URL"),
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


@pytest.mark.parametrize(
    "text",
    [
        '[alerts]\n"tgram://rahasia/1" = "redaksi"',
        '[alerts.channels]\n"tgram://rahasia/1" = "redaksi"',
        '[alerts.channels]\nredaksi = ["tgram://rahasia/1"]',
        '[alerts]\nlang = "tgram://rahasia/1"',
        '[alerts.channels]\nredaksi = "tgram://rahasia/1',
    ],
)
def test_an_address_in_the_wrong_place_is_not_repeated(tmp_path: Path, text: str) -> None:
    """Neither in the message nor in what a traceback shows with it."""
    path = tmp_path / "config.toml"
    path.write_text(WHO + text)
    with pytest.raises(ConfigError, match="cannot be read") as caught:
        load_config(path)
    assert "rahasia" not in "".join(traceback.format_exception(caught.value))


def test_channels_and_hours_are_read(tmp_path: Path) -> None:
    """Addresses stay closed until somebody delivers; quiet hours may pass midnight, in each of the three zones."""
    path = tmp_path / "config.toml"
    path.write_text(
        WHO + '[alerts]\nquiet_hours = "22.00-05.30 WIT"\n[alerts.channels]\nredaksi = "tgram://rahasia/1"\n'
    )
    settings = load_config(path).alerts
    assert settings.channels == {"redaksi": Address("tgram://rahasia/1")}
    assert settings.channels["redaksi"].reveal() == "tgram://rahasia/1"
    assert "rahasia" not in repr(settings)

    def at(hour: int, minute: int) -> datetime:
        return datetime(2024, 10, 2, hour, minute, tzinfo=UTC)

    assert settings.quiet_until(at(12, 59)) is None
    assert settings.quiet_until(at(13, 0)) == settings.quiet_until(at(20, 29)) == at(20, 30)
    assert settings.quiet_until(at(20, 30)) is None
    noon = AlertSettings(quiet_hours="12:00-13:00")
    assert noon.quiet_until(at(5, 30)) == at(6, 0)
    assert noon.quiet_until(at(6, 0)) is AlertSettings().quiet_until(at(6, 0)) is None


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
    path.write_text(f'contact = "a@b.id"\nout = "b"\noutlets_file = "{tmp_path}/satu.toml"\n')
    assert known_outlets().keys() - shipped.keys() == {"satu"}
    assert known_outlets(own=tmp_path / "dua.toml").keys() - shipped.keys() == {"dua"}
    with pytest.raises(ConfigError, match="no configuration"):
        known_outlets(tmp_path / "takada.toml")


def test_files_are_looked_for_beside_the_configuration(tmp_path: Path) -> None:
    """Cron starts a command anywhere; a path of its own or one from the home stays what it is."""
    (tmp_path / "config.toml").write_text(
        'contact = "a@b.id"\nout = "b"\noutlets_file = "o.toml"\ncalendar_file = "/lain/k.toml"\n'
        '[alerts]\nwatches_file = "~/w.toml"\n'
    )
    config = load_config(tmp_path / "config.toml")
    assert config.outlets_file == str(tmp_path / "o.toml")
    assert config.calendar_file == "/lain/k.toml"
    assert config.alerts.watches_file == str(Path("~/w.toml").expanduser())
