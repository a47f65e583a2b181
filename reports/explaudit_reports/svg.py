"""Pictures for a page that holds several: unique names, theme colours, alternative text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.etree import ElementTree as ET

from markupsafe import Markup

__all__ = ["inline_svg"]

_LEFT_OUT = {"metadata", "style"}
_REFERENCE = re.compile(r"url\(#|^#")
_FONT = re.compile(r"font-family: [^;]*|(font: [^;]*?)'[^;]*")
_LONG_NUMBER = re.compile(r"\d+\.\d{2,}")
_NO_TURN = re.compile(r"rotate\(-?0 ")


def inline_svg(
    svg: str, *, prefix: str, title: str, alt: str, colours: Mapping[str, str]
) -> Markup:
    """Return an SVG drawing by matplotlib as an element of an HTML page.

    Parameters
    ----------
    svg : str
        The drawing as a file.
    prefix : str
        What is put before its ids, unique on the page.
    title, alt : str
        Its name and the text that stands for it.
    colours : mapping of str to str
        Colours in the drawing to be replaced by the page's variables ``--figure-<name>``.
    """
    root = ET.fromstring(svg)
    _adapt(root, prefix, colours)
    attributes = {
        "viewBox": root.attrib["viewBox"],
        "role": "img",
        "aria-labelledby": f"{prefix}-title {prefix}-desc",
    }
    page = ET.Element("svg", attributes)
    ET.SubElement(page, "title", {"id": f"{prefix}-title"}).text = title
    ET.SubElement(page, "desc", {"id": f"{prefix}-desc"}).text = alt
    page.extend(root)
    # ElementTree escapes all text and attributes
    return Markup(ET.tostring(page, encoding="unicode"))


def _adapt(element: ET.Element, prefix: str, colours: Mapping[str, str]) -> None:
    """Make a drawing's elements fit for a page, in place."""
    element.tag = element.tag.rpartition("}")[2]
    element.tail = None
    if element.tag not in ("text", "tspan"):
        element.text = None
    for name in [*element.attrib]:
        value = element.attrib.pop(name)
        if name == "id" and element.tag == "g":
            continue
        if name == "transform" and _NO_TURN.match(value):
            continue
        element.set(name.rpartition("}")[2], _attribute(name, value, prefix, colours))
    kept: list[ET.Element] = []
    for child in element:
        _adapt(child, prefix, colours)
        # a group without attributes only nests
        kept += [*child] if child.tag == "g" and not child.attrib else [child]
    element[:] = [child for child in kept if child.tag not in _LEFT_OUT]


def _attribute(name: str, value: str, prefix: str, colours: Mapping[str, str]) -> str:
    if name == "id":
        return f"{prefix}-{value}"
    value = _REFERENCE.sub(lambda found: f"{found.group()}{prefix}-", value)
    if name == "style":
        for colour_name, colour in colours.items():
            value = value.replace(colour, f"var(--figure-{colour_name})")
        return _FONT.sub(lambda f: f"{f.group(1) or 'font-family: '}var(--sans)", value)
    text = " ".join(value.split())
    return _LONG_NUMBER.sub(lambda number: f"{float(number.group()):.1f}", text)
