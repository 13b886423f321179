"""An XML document as a plain tree that JSON can hold, and back, without loss.

A node is ``{"name", "namespace", "prefixes", "attributes", "text" | "children"}``. ``namespace`` is given where it
differs from the parent's, ``prefixes`` where the element declares some (a value such as ``xsi:type`` depends on them).
Comments and the white space between elements are not kept. A processing instruction is
``{"instruction", "text"}``; where one stands inside text, ``children`` holds strings too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from lxml import etree

Node = dict[str, Any]
_XML = "http://www.w3.org/XML/1998/namespace"


def to_tree(root: Any) -> Node:
    """The document of ``root`` as a tree, with the instructions before and after it."""
    node = _node(root, "", _declared(root))
    before = [_instruction(item) for item in root.itersiblings(preceding=True) if _is_instruction(item)]
    after = [_instruction(item) for item in root.itersiblings() if _is_instruction(item)]
    if before:
        node["before"] = before[::-1]
    if after:
        node["after"] = after
    return node


def _declared(root: Any) -> dict[Any, dict[str, str]]:
    """The prefixes that each element declares itself; asking each for its ``nsmap`` builds a dictionary a time."""
    found: dict[Any, dict[str, str]] = {}
    pending: dict[str, str] = {}
    for event, item in etree.iterwalk(root, events=("start-ns", "start")):
        if event == "start-ns":
            prefix, uri = item
            pending[prefix or ""] = uri
        elif pending:
            found[item] = pending
            pending = {}
    return found


def _is_instruction(item: Any) -> bool:
    return item.tag is etree.ProcessingInstruction


def _instruction(item: Any) -> Node:
    return {"instruction": item.target, "text": item.text or ""}


@lru_cache(maxsize=2048)
def _split(tag: str) -> tuple[str, str]:
    namespace, _, name = tag.rpartition("}")
    return namespace[1:], name


def _node(element: Any, outer: str, declared: Mapping[Any, dict[str, str]]) -> Node:
    namespace, name = _split(element.tag)
    node: Node = {"name": name}
    if namespace != outer:
        node["namespace"] = namespace
    if element in declared:
        node["prefixes"] = declared[element]
    if attributes := element.items():
        node["attributes"] = dict(attributes)
    if not len(element):
        if text := element.text:
            node["text"] = text
        return node
    content = list(_content(element, namespace, declared))
    # white space between elements says nothing; beside an instruction inside a value it is part of the value
    if any("name" in item for item in content if isinstance(item, dict)):
        content = [item for item in content if not (isinstance(item, str) and not item.strip())]
    node["children"] = content
    return node


def _content(element: Any, namespace: str, declared: Mapping[Any, dict[str, str]]) -> Iterator[Any]:
    if text := element.text:
        yield text
    for child in element:
        if isinstance(child.tag, str):
            yield _node(child, namespace, declared)
        else:  # comments are gone since parsing
            yield _instruction(child)
        if tail := child.tail:
            yield tail


def to_element(node: Mapping[str, Any]) -> etree._Element:
    """The element of ``node``, its instructions beside it."""
    root = _element(node, "", None)
    for item in node.get("before", ()):
        root.addprevious(etree.ProcessingInstruction(item["instruction"], item["text"]))
    for item in reversed(node.get("after", ())):
        root.addnext(etree.ProcessingInstruction(item["instruction"], item["text"]))
    return root


def _element(node: Mapping[str, Any], outer: str, parent: etree._Element | None) -> etree._Element:
    namespace = node.get("namespace", outer)
    tag = f"{{{namespace}}}{node['name']}" if namespace else node["name"]
    prefixes: Any = {prefix or None: uri for prefix, uri in node.get("prefixes", {}).items() if uri != _XML}
    element = etree.Element(tag, nsmap=prefixes) if parent is None else etree.SubElement(parent, tag, nsmap=prefixes)
    for key, value in node.get("attributes", {}).items():
        element.set(key, value)
    if "text" in node:
        element.text = node["text"]
    last: Any = None
    for child in node.get("children", ()):
        if isinstance(child, str):
            if last is None:
                element.text = (element.text or "") + child
            else:
                last.tail = (last.tail or "") + child
        elif "instruction" in child:
            last = etree.ProcessingInstruction(child["instruction"], child["text"])
            element.append(last)
        else:
            last = _element(child, namespace, element)
    return element


def to_bytes(node: Mapping[str, Any]) -> bytes:
    """The document of ``node`` as UTF-8 XML."""
    tree = etree.ElementTree(to_element(node))
    return bytes(etree.tostring(tree, encoding="UTF-8", xml_declaration=True))
