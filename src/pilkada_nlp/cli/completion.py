"""`pilkada completion`: the script with which a shell completes commands, options and paths."""

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print what makes a shell complete commands and options.

    For bash (4.4 or newer) and zsh, evaluate it in ~/.bashrc or ~/.zshrc; for fish, write it to
    ~/.config/fish/completions/pilkada.fish.

    Example: eval "$(pilkada completion bash)"
    """
    found = get_completion_class(shell)
    assert found is not None  # noqa: S101  # click knows the three shells that can be chosen
    click.echo(found(context.find_root().command, {}, "pilkada", "_PILKADA_COMPLETE").source())
