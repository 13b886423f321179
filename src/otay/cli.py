"""The ``otay`` command. Commands are found through the ``otay.commands`` entry points and imported when used."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points

import click


class Commands(click.Group):
    """A group whose commands are imported only when called or listed."""

    def _found(self) -> dict[str, EntryPoint]:
        return {point.name: point for point in entry_points(group="otay.commands")}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, sorted."""
        return sorted(self._found())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command behind ``cmd_name``."""
        point = self._found().get(cmd_name)
        return point.load() if point else None


@click.group(cls=Commands)
@click.version_option(package_name="otay")
def main() -> None:
    """Otay: a smart border for two neighbours."""
