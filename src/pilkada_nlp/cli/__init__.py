"""The command `pilkada`: it parses, calls and prints; everything it does is one call in Python."""

import io
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

import click

from pilkada_nlp._version import __version__
from pilkada_nlp.cli.alerts import alerts
from pilkada_nlp.cli.completion import completion
from pilkada_nlp.cli.label import label
from pilkada_nlp.cli.labels import labels
from pilkada_nlp.cli.learning import corpora, train
from pilkada_nlp.cli.models import drift, evaluate, models, promote, rollback
from pilkada_nlp.cli.printing import complain, tell
from pilkada_nlp.cli.retagging import retag
from pilkada_nlp.cli.runs import daily, demo, poll
from pilkada_nlp.cli.schedule import schedule
from pilkada_nlp.cli.sources import doctor, outlets
from pilkada_nlp.cli.texts import extract, stem, tag
from pilkada_nlp.cli.watch import correct, decide, watchlist, why
from pilkada_nlp.cli.work import fetch, init
from pilkada_nlp.errors import ArchiveBusyError, ConfigError, PilkadaError

_HEADINGS: Final[Mapping[str, Sequence[click.Command]]] = {
    "Every day": (init, daily, poll, schedule, doctor, fetch, outlets, alerts),
    "Read and decide": (watchlist, why, decide, correct),
    "Articles and texts": (tag, extract, stem),
    "Teach the model": (label, labels, train, evaluate, models, promote, rollback, retag, drift, corpora),
    "Try it": (demo,),
    "Shell": (completion,),
}


class _Commands(click.Group):
    """Turns our errors into one sentence on stderr: exit 1, 2 where the configuration is at fault, 75 to try later."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands under headings, each with the first sentence of its help."""
        wide = max(map(len, self.commands))
        for heading, commands in _HEADINGS.items():
            with formatter.section(heading):
                formatter.write_dl(
                    [(f"{one.name:{wide}}", one.get_short_help_str(formatter.width)) for one in commands]
                )

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run the command as click does, but complain of wrong usage in the language of messages."""
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        try:
            sys.exit(super().main(args, prog_name, complete_var, standalone_mode=False, **extra))
        except click.ClickException as error:
            complaint = io.StringIO()
            error.show(complaint)
            for line in complaint.getvalue().splitlines():
                if line.startswith(" "):  # a line of help, which is in English
                    click.echo(line, err=True)
                else:
                    tell(line)
            sys.exit(error.exit_code)
        except click.Abort:
            tell("Aborted!")
            sys.exit(1)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except PilkadaError as error:
            for said in (error, *getattr(error, "__notes__", ())):
                complain(said)
            later = 75 if isinstance(error, ArchiveBusyError) else 1  # EX_TEMPFAIL of sysexits.h
            ctx.exit(2 if isinstance(error, ConfigError) else later)
        except KeyboardInterrupt:
            goes_on = ctx.invoked_subcommand in ("daily", "poll", "fetch", "retag")
            complain("stopped; the next run goes on from here" if goes_on else "stopped")
            ctx.exit(130)


@click.group(
    cls=_Commands,
    commands=[command for commands in _HEADINGS.values() for command in commands],
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="pilkada")
def main() -> None:
    """Monitor Indonesian news for risks around regional elections.

    Results go to stdout, messages and progress to stderr. Exit status: 0 done, 1 something failed, 2 wrong usage
    or configuration, 75 another run is at work (try later), 130 stopped with Ctrl-C. Messages are in Indonesian with
    the environment variable PILKADA_LANG=id, else in English.
    """
