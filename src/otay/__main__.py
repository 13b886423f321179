"""``python -m otay`` is the ``otay`` command."""

from otay.cli import main

main(prog_name="otay")
