"""Bytes to records: the core data of a WCO declaration together with its whole document."""

from __future__ import annotations

from otay.core.findings import error
from otay.core.i18n import N_
from otay.formats.declaration import core_record, lenient, softened
from otay.formats.registry import ReadResult
from otay.formats.wco.from_xml import to_core
from otay.formats.wco.tree import to_tree
from otay.formats.wco.validation import DEC, locate, parse, path, validate

KEY = "wco"


def read(data: bytes, name: str) -> ReadResult:
    """The declaration in ``data``.

    The schema decides whether it is refused. What the rules find in a schema-valid message is a warning: the
    administration that sent it has its own code lists, and nothing of it is lost.
    """
    root, problem = parse(data)
    if problem:
        return ReadResult(KEY, [], (problem,))
    message = locate(root)
    if message is None:
        text = N_("There is no WCO declaration in this XML.")
        remedy = N_("Send a Declaration of the namespace urn:wco:datamodel:WCO:DEC-DMS:2, alone or in MetaData.")
        return ReadResult(
            KEY, [], (error(f"line {root.sourceline}: {path(root)}", "wco.root", text, root.tag, remedy),)
        )
    if sum(1 for _ in root.iter(f"{{{DEC}}}Declaration")) > 1:
        text = N_("There is more than one declaration in this XML.")
        return ReadResult(KEY, [], (error("", "wco.several", text, remedy=N_("Send one message for each.")),))
    problems = validate(message)
    if problems:
        return ReadResult(KEY, [], tuple(problems))
    document = to_tree(message.root)
    declaration, findings = lenient(to_core(document))
    return ReadResult(KEY, [{**core_record(declaration), "document": document}], softened(findings), (document,))
