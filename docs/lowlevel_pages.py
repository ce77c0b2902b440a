"""A Sphinx extension: one page for each module of globus_lowlevel, made from its stub.

The stubs hold every signature and docstring, so the modules need not be imported. The pages are written to
docs/lowlevel/ when the manual is built.
"""

from __future__ import annotations

import ast
import importlib.util
import re
import textwrap
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PAGES = HERE / "lowlevel"


def stubs() -> dict[str, Path]:
    spec = importlib.util.find_spec("globus_lowlevel")
    if spec is None or spec.origin is None:
        raise RuntimeError("globus_lowlevel is not installed: ./dev build")
    return {
        path.stem: path
        for path in sorted(Path(spec.origin).parent.glob("*.pyi"))
        if not path.stem.startswith("_")
    }


def heading(text: str, line: str) -> list[str]:
    return [text, line * len(text), ""]


def code(language: str, text: str) -> list[str]:
    return [f".. code-block:: {language}", "", *textwrap.indent(text, "   ").splitlines(), ""]


def indented(lines: list[str]) -> list[str]:
    return textwrap.indent("\n".join(lines), "   ").splitlines()


def docstring_lines(node: ast.FunctionDef | ast.ClassDef) -> list[str]:
    """What the docstring says, as reStructuredText: sections are lists, the C prototype is code, the rest plain text."""
    lines: list[str] = []
    for block in re.split(r"\n\n+", ast.get_docstring(node) or ""):
        if match := re.match(r"(Args|Returns|Raises):\n", block):
            lines += section(match[1], textwrap.dedent(block[match.end() :]))
        elif block.startswith("C: "):
            lines += code("c", f"{block[3:]};")
        elif any(line.startswith(("    ", "* ", "- ")) for line in block.splitlines()):
            lines += [*(f"| {escaped(line)}".rstrip() for line in block.splitlines()), ""]
        elif block:
            lines += [escaped(block), ""]
    return lines


def section(title: str, text: str) -> list[str]:
    lines = [f"**{title}**", ""]
    for entry in re.split(r"\n(?=\S)", text.strip()):
        name, _, said = " ".join(entry.split()).partition(": ")
        lines.append(f"* ``{name}``{': ' if said else ''}{escaped(said)}")
    return [*lines, ""]


def escaped(text: str) -> str:
    """C's prose is no markup."""
    return re.sub(r"([\\*`|_<>\[\]])", r"\\\1", text)


def page(module: str, tree: ast.Module) -> str:
    functions = [n for n in tree.body if isinstance(n, ast.FunctionDef)]
    classes = [n for n in tree.body if isinstance(n, ast.ClassDef)]
    enums = [c for c in classes if any("enum." in ast.unparse(b) for b in c.bases)]
    objects = [c for c in classes if c not in enums]
    names = [n for n in tree.body if isinstance(n, ast.AnnAssign)]
    aliases = [n for n in names if ast.unparse(n.annotation) == "TypeAlias"]
    members = {ast.unparse(m.targets[0]) for e in enums for m in e.body if isinstance(m, ast.Assign)}
    constants = [n for n in names if n not in aliases and ast.unparse(n.target) not in members]
    lines = [*heading(module, "="), f".. py:module:: globus_lowlevel.{module}", ""]
    lines += part("Functions", functions, function_lines)
    lines += part("Handles and structs", objects, class_lines)
    lines += part("Callback types", aliases, alias_lines)
    lines += part("Enumerations", enums, enum_lines)
    lines += part("Constants", constants, constant_lines)
    return "\n".join(lines)


def part(title: str, nodes: list[Any], write: Any) -> list[str]:
    return [*heading(title, "-"), *(line for node in nodes for line in write(node)), ""] if nodes else []


def function_lines(node: ast.FunctionDef) -> list[str]:
    """The types stand in a block of code: as cross-references, thousands of them make the build last minutes."""
    names = ", ".join([*(a.arg for a in node.args.posonlyargs), *(["/"] if node.args.posonlyargs else [])])
    typed = f"{node.name}({ast.unparse(node.args)}) -> {ast.unparse(node.returns) if node.returns else 'Any'}"
    control = f"{', ' if names else ''}*{node.args.vararg.arg}" if node.args.vararg else ""
    return [
        f".. py:function:: {node.name}({names}{control})",
        "",
        *indented([*code("python", typed), *docstring_lines(node)]),
        "",
    ]


def class_lines(node: ast.ClassDef) -> list[str]:
    fields = [
        f"* ``{item.name}``: ``{ast.unparse(item.returns) if item.returns else 'Any'}``"
        for item in node.body
        if isinstance(item, ast.FunctionDef)
        and any(ast.unparse(d) == "property" for d in item.decorator_list)
    ]
    return [f".. py:class:: {node.name}", "", *indented([*docstring_lines(node), *fields]), ""]


def alias_lines(node: ast.AnnAssign) -> list[str]:
    value = ast.unparse(node.value) if node.value else ""
    return [f".. py:data:: {ast.unparse(node.target)}", "", *indented(code("python", value)), ""]


def enum_lines(node: ast.ClassDef) -> list[str]:
    members = [
        f"* ``{ast.unparse(item.targets[0])}`` = {ast.unparse(item.value)}"
        for item in node.body
        if isinstance(item, ast.Assign)
    ]
    return [f".. py:class:: {node.name}", "", *indented(members), ""]


def constant_lines(node: ast.AnnAssign) -> list[str]:
    type_ = re.sub(r"^Final\[(.*)\]$", r"\1", ast.unparse(node.annotation))
    return [f"* ``{ast.unparse(node.target)}``: ``{type_}``"]


def write_pages(app: Any) -> None:
    PAGES.mkdir(exist_ok=True)
    found = stubs()
    for name, path in found.items():
        put(PAGES / f"{name}.rst", page(name, ast.parse(path.read_text())))
    index = [
        *heading("The modules of globus_lowlevel", "="),
        ".. toctree::",
        "   :maxdepth: 1",
        "",
        *(f"   {n}" for n in found),
        "",
    ]
    put(PAGES / "index.rst", "\n".join(index))
    for page_file in PAGES.glob("*.rst"):
        if page_file.stem not in {*found, "index"}:
            page_file.unlink()


def put(path: Path, text: str) -> None:
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def setup(app: Any) -> dict[str, Any]:
    app.connect("builder-inited", write_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
