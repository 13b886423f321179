"""A declaration's tree indexed by element names, so that a path is a few look-ups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Branch:
    """An element: its value, its attributes and its children by name."""

    __slots__ = ("attributes", "children", "value")

    def __init__(self, node: Mapping[str, Any]) -> None:
        self.attributes: Mapping[str, str] = node.get("attributes", {})
        self.children: dict[str, list[Branch]] = {}
        value = node.get("text", "")
        for child in node.get("children", ()):
            if isinstance(child, str):
                value += child
            elif "name" in child:
                self.children.setdefault(child["name"], []).append(Branch(child))
        self.value: str | None = value.strip() or None

    def all(self, path: str) -> list[Branch]:
        """Every element at ``path``, in the order of the document."""
        found = [self]
        for step in path.split("/"):
            found = [child for branch in found for child in branch.children.get(step, ())]
        return found

    def find(self, path: str) -> Branch | None:
        """The first element at ``path``."""
        branch = self
        steps = path.split("/")
        for index, step in enumerate(steps):
            children = branch.children.get(step)
            if not children:
                return None
            if len(children) > 1 and index + 1 < len(steps):
                return next(iter(branch.all("/".join(steps[index:]))), None)
            branch = children[0]
        return branch

    def get(self, attribute: str) -> str | None:
        """An attribute; None where it is not given."""
        return self.attributes.get(attribute)


def declaration_in(node: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The declaration's own node, under whatever wrapper and envelope."""
    if node.get("name") == "Declaration":
        return node
    children = (child for child in node.get("children", ()) if isinstance(child, dict))
    return next((found for child in children if (found := declaration_in(child))), None)
