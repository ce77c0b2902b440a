"""The C library's own words about its functions: from the comments of its headers, and from its man pages.

The headers hold a part of the prose; the rest is in the sources, of which Debian's -doc packages make man pages, one for
each group of functions. They are read where they are installed when the module is built.
"""

from __future__ import annotations

import gzip
import re
import textwrap
from dataclasses import dataclass, field
from pathlib import Path

WIDTH = 100
ROFF_ESCAPES = {r"\(bu": "*", r"\(aq": "'", r"\(dq": '"', r"\-": "-", r"\&": "", r"\e": "\\", r"\ ": " "}
SECTION = re.compile(
    r"^[@\\](param|returns?|retval|throws?|see|sa|note|warning)\b(?:\s*\[[^\]]*\])?\s*", re.MULTILINE
)
DROPPED = re.compile(
    r"[@\\](ingroup|addtogroup|defgroup|hideinitializer|internal|name|file|fn|typedef|anchor)\b.*"
    r"|[@\\](brief|short|details|nosubgrouping|par|copydoc|c|a|b|p|ref|link|endlink|em)\b[ \t]*"
)


@dataclass
class Prose:
    """What the C library says about one of its names, as plain text."""

    text: str = ""
    parameters: dict[str, str] = field(default_factory=dict)
    returns: str = ""
    values: dict[str, str] = field(default_factory=dict)  # results that it names
    notes: list[str] = field(default_factory=list)
    see: str = ""

    def __bool__(self) -> bool:
        return bool(self.text or self.parameters or self.returns or self.values)

    @property
    def size(self) -> int:
        return len(self.text) + sum(map(len, self.parameters.values())) + len(self.returns)


# ---- comments of headers -------------------------------------------------------------------------------------------


def undecorated(comment: str) -> str:
    """The text inside a comment's stars and slashes."""
    lines = (
        re.sub(r"^\s*(/\*[*!]*<?|\*/|\*(?!\*)|//[/!]*<?)\s?|\s*\*+/\s*$", "", line)
        for line in comment.splitlines()
    )
    return textwrap.dedent("\n".join(line.rstrip() for line in lines)).strip()


def paragraphs(text: str) -> str:
    """Filled paragraphs; lists and code keep their lines."""
    blocks = re.split(r"\n\s*\n", re.sub(r"<[/a-zA-Z][^<>\n]*>", "", text).strip())
    text = "\n\n".join(filled(block) for block in blocks if block.strip())
    return re.sub(r"\n\n(?=\* )", "\n", text)


def filled(block: str) -> str:
    block = textwrap.dedent(block).strip()
    items = re.split(r"\n(?=\s*[*-] )", block)
    if any("    " in line or line.endswith(";") for line in block.splitlines()) and len(items) == 1:
        return block
    return "\n".join(
        textwrap.fill(
            " ".join(item.split()), WIDTH, subsequent_indent="  " if item.lstrip()[:2] in ("* ", "- ") else ""
        )
        for item in items
    )


def from_comment(comment: str) -> Prose:
    """Reads a doxygen comment."""
    text = DROPPED.sub("", undecorated(comment))
    text = re.sub(r"[@\\](code|endcode|verbatim|endverbatim|pre|post|todo|li|arg)\b", "", text)
    starts = [*SECTION.finditer(text)]
    prose = Prose(paragraphs(text[: starts[0].start()] if starts else text))
    ends = [*(s.start() for s in starts[1:]), len(text)]
    for start, end in zip(starts, ends, strict=bool(starts)):
        add_section(prose, start[1], text[start.end() : end])
    return prose


def add_section(prose: Prose, kind: str, content: str) -> None:
    if kind in ("param", "retval"):
        name, rest = (*content.split(None, 1), "", "")[:2]
        into = prose.parameters if kind == "param" else prose.values
        into[name] = " ".join(rest.split())
    elif kind in ("return", "returns"):
        prose.returns = paragraphs(content)
    elif kind in ("see", "sa"):
        prose.see = " ".join(content.split())
    elif kind in ("note", "warning"):
        prose.notes.append(paragraphs(content))


# ---- man pages -----------------------------------------------------------------------------------------------------


def man_directories(include_directories: list[str]) -> list[Path]:
    """Where the pages of the same installation are: <prefix>/share/man/man3, for an <prefix>/include/..."""
    found = []
    for directory in map(Path, include_directories):
        for parent in directory.parents:
            pages = parent / "share" / "man" / "man3"
            if pages.is_dir() and pages not in found:
                found.append(pages)
    return found


def unescaped(line: str) -> str:
    line = re.sub(r"\\f[A-Z]", "", line)
    return re.sub(r"\\(\(..|.)", lambda m: ROFF_ESCAPES.get(m[0], m[1].lstrip("(")), line)


def plain(lines: list[str]) -> str:
    """Roff as paragraphs."""
    out = ""
    for line in lines:
        if line.startswith(".IP"):
            out += "\n* "
        elif line.startswith((".PP", ".SH", ".SS", ".nf", ".fi")):
            out += "\n\n"
        elif not line.startswith("."):
            out += unescaped(line) + ("" if out.endswith("* ") and not line else "\n")
    return paragraphs(out)


class ManPages:
    """The pages of man3 that describe functions of this toolkit; each is read at most once."""

    def __init__(self, include_directories: list[str]):
        self.directories = man_directories(include_directories)
        self.pages: dict[Path, dict[str, Prose]] = {}

    @property
    def files(self) -> list[Path]:
        return sorted(self.pages)

    def about(self, name: str) -> Prose:
        for directory in self.directories:
            for link in (directory / f"{name}.3.gz", directory / f"{name}.3"):
                if link.exists():
                    page = link.resolve()
                    if page not in self.pages:
                        self.pages[page] = read_page(page)
                    return self.pages[page].get(name, Prose())
        return Prose()


def read_page(path: Path) -> dict[str, Prose]:
    """Each `.SS "prototype"` of the page, by the name that is declared."""
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode(errors="replace")
    found = {}
    for section in re.split(r"^\.SS ", text, flags=re.MULTILINE)[1:]:
        title, *lines = section.splitlines()
        declared = re.search(r"(\w+)\)?\s*\(", re.sub(r"\\f[A-Z]", "", title).strip('"'))
        if declared:
            found[declared[1]] = read_section(lines)
    return found


def read_section(lines: list[str]) -> Prose:
    """Bold headings stand before indented parts; the rest is text."""
    prose, heading, depth = Prose(), "", 0
    body: list[str] = []
    part: list[str] = []
    for line in lines:
        if line.startswith(".SH"):
            break
        if title := re.fullmatch(
            r"\\fB(Parameters|Returns|Return values|See also|Note|Warning)[:]?\\fP", line
        ):
            heading, part = title[1], []
        elif heading and line.startswith(".RS"):
            depth += 1
        elif heading and line.startswith(".RE"):
            depth -= 1
            if depth == 0:
                add_part(prose, heading, part)
                heading = ""
        else:
            (part if heading else body).append(line)
    prose.text = plain(body)
    return prose


def add_part(prose: Prose, heading: str, lines: list[str]) -> None:
    match heading:
        case "Parameters" | "Return values":
            into = prose.parameters if heading == "Parameters" else prose.values
            for entry in re.split(r"^(?=\\fI)", "\n".join(lines), flags=re.MULTILINE):
                if named := re.match(r"\\fI(\w+)\\fP\s*", entry):
                    into[named[1]] = " ".join(plain(entry[named.end() :].splitlines()).split())
        case "Returns":
            prose.returns = plain(lines)
        case "See also":
            prose.see = " ".join(plain(lines).split())
        case "Note" | "Warning":
            prose.notes.append(plain(lines))
