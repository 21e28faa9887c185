"""What a person types at `pilkada label`: single keys and lines, in a terminal or from a pipe."""

import os
import re
import sys
import termios
from typing import Final

import click

_AT_ONCE: Final = 1024  # bytes
# What a terminal sends for a key that is no character, such as an arrow or Alt with a letter.
_NO_CHARACTER: Final = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|O.|[^\x1b])?", re.DOTALL)
# Terminals that are asked to put brackets around what is pasted; others take no notice.
_MARK_PASTES: Final = "\x1b[?2004h"
_MARK_NO_PASTES: Final = "\x1b[?2004l"
_PASTED: Final = "\x1b[200~"
_PASTED_END: Final = "\x1b[201~"


class Keys:
    """What a person types: single keys in a terminal; lines where the input is a pipe, an empty one for Enter.

    EOFError where the input ends (Ctrl-D), KeyboardInterrupt at Ctrl-C.
    """

    def __init__(self) -> None:
        self._terminal = sys.stdin.isatty()
        self._typed = ""  # a quick hand may have typed several keys before the first is read

    def key(self, prompt: str) -> str:
        """Return the next key, "" for Enter; what is no character, an arrow or a whole paste, is a longer text."""
        if not self._terminal:
            return self._line(prompt)
        if self._typed:
            click.echo(prompt, nl=False)
        else:
            self._typed = _pressed(prompt)
        if found := _NO_CHARACTER.match(self._typed):
            self._typed = self._typed[found.end() :]
            if found[0] == _PASTED:
                self._pass_over_paste()
            click.echo()
            return found[0]
        key, self._typed = self._typed[0], self._typed[1:]
        if key == "\x04":
            raise EOFError
        click.echo(key if key.isprintable() else "")
        return "" if key in "\r\n" else key

    def line(self, prompt: str) -> str:
        """Return a line without its end; what was typed or pasted after it is dropped."""
        if not self._terminal:
            return self._line(prompt)
        line, end, _ = self._typed.replace("\r", "\n").partition("\n")
        if end:
            click.echo(prompt + line)
        else:
            line += input(prompt + line)
        self.forget()
        return line.strip()

    def forget(self) -> None:
        """Drop what was typed and not read yet, as before a question that nobody has seen; a pipe keeps its lines."""
        self._typed = ""
        if self._terminal:
            termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)

    def _pass_over_paste(self) -> None:
        while _PASTED_END not in self._typed:
            self._typed = self._typed[-len(_PASTED_END) :] + _pressed("")
        self._typed = self._typed.partition(_PASTED_END)[2]

    def _line(self, prompt: str) -> str:
        click.echo(prompt, nl=False)
        typed = sys.stdin.readline()
        click.echo()
        if not typed:
            raise EOFError
        return typed.strip()


def _pressed(prompt: str) -> str:
    """Return what was typed since the last time, at least one key, without waiting for the end of the line.

    The prompt comes when the terminal has ceased to show keys itself, or those would stand there twice.
    `click.getchar` throws away what was typed before it was asked, which a quick hand would have to type again.
    """
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    single = [*before[:3], before[3] & ~(termios.ECHO | termios.ICANON), *before[4:]]
    termios.tcsetattr(terminal, termios.TCSADRAIN, single)
    try:
        _tell_terminal(_MARK_PASTES)
        click.echo(prompt, nl=False)
        return os.read(terminal, _AT_ONCE).decode("utf-8", "replace") or "\x04"
    finally:
        _tell_terminal(_MARK_NO_PASTES)  # in a line, a paste is as good as typing
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def _tell_terminal(sequence: str) -> None:
    if sys.stdout.isatty() and os.environ.get("TERM") != "dumb":
        sys.stdout.write(sequence)
        sys.stdout.flush()
