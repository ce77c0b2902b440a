"""Annotates the installed C headers for SWIG: one run for each swig/<module>.i.

Reads the interface file's annotations and the headers it includes. Writes into <output>/headers, which comes first on
SWIG's include path, for each header a copy that holds its prototypes with every parameter named after the word of the
vocabulary that it is (lib/arguments.swg); and into <output> the data of the run time (<module>_types.c, gl_types.h),
shims.h, <module>.pyi and a stamp. A parameter that nothing explains stops the build.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import constants
from annotations import INCLUDE, read
from classify import Classifier
from document import Documenter
from emit import ModuleWriter
from headers import Function, Headers
from model import Signature, Unknown
from prose import ManPages
from stub import StubWriter


def header_owners(directory: Path) -> dict[str, str]:
    """Which module each header belongs to: the interface file that includes it."""
    owners = {}
    for interface in sorted(directory.glob("*.i")):
        for name in INCLUDE.findall(interface.read_text()):
            if name.endswith(".h"):
                owners[Path(name).name] = interface.stem
    return owners


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--interface", type=Path, required=True)
    parser.add_argument("--include", action="append", default=[])
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument(
        "--vocabulary", type=Path, help="the directory of lib/types.swg, where the interface is elsewhere"
    )
    parser.add_argument("--depfile", type=Path)
    options = parser.parse_args()
    directory = options.interface.parent
    vocabulary = options.vocabulary or directory
    notes = read(options.interface, vocabulary)
    own = [*notes.headers, *notes.commands, *notes.adapters]
    headers = Headers(own, [*options.include, str(directory / "extra")], notes.prelude)
    classifier = Classifier(headers, notes, header_owners(vocabulary) | header_owners(directory))
    functions: list[tuple[Function, Signature]] = []
    problems: list[str] = []
    for function in headers.functions.values():
        words = notes.function_words(function.name)
        if function.name in notes.skipped or "BY_HAND" in words or function.header in notes.adapters:
            continue
        try:
            functions.append((function, classifier.signature(function)))
        except Unknown as reason:
            problems.append(f"{options.interface}: {reason}")
    for type_ in list(headers.top_level):
        if type_.kind.name == "ENUM_DECL" and type_.is_definition():
            classifier.type(type_.type)
        elif type_.kind.name == "TYPEDEF_DECL":
            try:
                classifier.type(type_.type)
            except Unknown:
                continue  # used by no function: Python needs no such type
    if problems:
        sys.exit("\n".join(problems))
    options.output.mkdir(parents=True, exist_ok=True)
    found = [
        c for c in constants.find(headers) if c.kind != "variable" or classifier.is_wanted(c.name, c.type)
    ]
    names = {f.name for f, _ in functions}
    found = [c for c in found if c.kind != "alias" or c.value in names]
    pages = ManPages(options.include)
    documenter = Documenter(notes, headers.functions, pages)
    ModuleWriter(options.output, headers, notes, classifier, documenter, functions, found).write()
    stub = StubWriter(notes, classifier, documenter, functions, found).text()
    (options.output / f"{notes.module}.pyi").write_text(stub)
    stamp = options.output / f"{notes.module}.stamp"
    stamp.write_text("")
    if options.depfile:
        files = [f for f in [*headers.files, *map(str, pages.files)] if Path(f).exists()]
        options.depfile.write_text(f"{stamp}: " + " \\\n  ".join(f.replace(" ", "\\ ") for f in files) + "\n")


if __name__ == "__main__":
    main()
