"""`python -m pilkada_nlp` is the command `pilkada`."""

from pilkada_nlp.cli import main

main(prog_name="pilkada")
