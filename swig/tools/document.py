"""The docstring of a function: how it is called, what it does, what comes back, what is raised, who owns what."""

from __future__ import annotations

import re
import textwrap

from annotations import Annotations
from headers import Function
from model import CType, Signature, Slot
from prose import ManPages, Prose, from_comment
from python_types import (
    OUTPUTS,
    Namer,
    arguments_text,
    callback_arguments,
    inputs,
    is_control,
    returns_value,
    safe,
    signature_text,
)

LIFETIMES = {"LASTING", "DURING"}
CONTROL = """The arguments depend on the driver and its command: see the command's own documentation. Outputs of the \
command are not arguments; they are returned."""


class Documenter:
    """Writes the docstrings of one module."""

    def __init__(self, notes: Annotations, functions: dict[str, Function], pages: ManPages):
        self.notes, self.functions, self.pages = notes, functions, pages
        self.namer = Namer(notes.module)

    def text(self, function: Function, signature: Signature) -> str:
        """The whole docstring, in the form from which `inspect.signature` learns the parameters."""
        first = (
            f"{signature.name}({arguments_text(signature, None, control=is_control(self.notes, function))})"
        )
        return f"{first}\n--\n\n{self.body(function, signature)}"

    def body(self, function: Function, signature: Signature) -> str:
        prose = self.prose(function.name, function.comment)
        parts = [
            signature_text(signature, self.namer, control=is_control(self.notes, function)),
            prose.text,
            CONTROL if is_control(self.notes, function) else "",
            *prose.notes,
            *self.notes.known_faults(function.name),
            section("Args", self.argument_lines(function, signature, prose)),
            section("Returns", self.result_lines(signature, prose)),
            section("Raises", self.error_lines(function, signature, prose)),
            self.timing(function, signature),
            f"See: {prose.see}" if prose.see else "",
            f"C: {function.prototype}",
        ]
        return "\n\n".join(part for part in parts if part)

    def prose(self, name: str, comment: str) -> Prose:
        """Of what the header and the man page say, the longer."""
        return max(from_comment(comment), self.pages.about(name), key=lambda prose: prose.size)

    # ---- arguments -----------------------------------------------------------------------------------------------

    def argument_lines(self, function: Function, signature: Signature, prose: Prose) -> list[str]:
        names = [p.name for p in function.parameters]
        said = prose.parameters
        if len(said) == len(names):  # the pages name some parameters otherwise than the headers
            said = dict(zip(names, said.values(), strict=True))
        lines = []
        for slot in inputs(signature):
            words = [sentence(said.get(slot.name, "")), self.ownership(slot, signature)]
            if text := " ".join(w for w in words if w):
                lines.append(f"{safe(slot.name)}: {text}")
        return lines

    def ownership(self, slot: Slot, signature: Signature) -> str:
        """What becomes of the argument."""
        flags = set(slot.flags)
        if slot.role == "CALL":
            return self.callback(slot, signature)
        if "CONSUMES" in flags and slot.type.kind in ("HANDLE", "BOX"):
            return "Closed by this call."
        if "HOLDS" in flags:
            return "Kept alive, and not to be destroyed, as long as the handle that uses it."
        if "KEEPS" in flags:
            return "Kept alive as long as the handle that uses it."
        if "SHARED" in flags:
            return "C gets a reference of its own."
        if "FOREVER" in flags:
            return "C may use it as long as the process lives: it is never freed."
        if "GIVEN" in flags:
            return "C keeps a reference until it gives the object back."
        if slot.role in ("READ", "WRITE", "IOVEC"):
            asynchronous = any(s.role == "CALL" and not LIFETIMES & set(s.flags) for s in signature.slots)
            writable = slot.role == "WRITE" or "WRITABLE" in flags
            until = "until the callback has returned" if asynchronous else "during the call"
            return f"{'C fills it; locked' if writable else 'Locked'} {until}."
        return ""

    def callback(self, slot: Slot, signature: Signature) -> str:
        called = f"Called as {self.callback_shape(slot.type)}"
        if "DURING" in slot.flags:
            return f"{called}, before this call returns."
        if "LASTING" in slot.flags:
            return f"{called}, any number of times; kept until replaced, unregistered, or its handle is destroyed."
        again = slot.type.signature is not None and slot.type.signature.again
        times = "with each preliminary answer, and once more with the last" if again else "exactly once"
        return f"{called}, {times}, on a thread of the library, perhaps before this call has returned."

    def callback_shape(self, ctype: CType) -> str:
        if ctype.signature is None:
            return "in C"
        return f"({', '.join(safe(s.name) for s in callback_arguments(ctype.signature))})"

    # ---- results ----------------------------------------------------------------------------------------------------

    def result_lines(self, signature: Signature, prose: Prose) -> list[str]:
        outputs = [s for s in signature.slots if s.role in OUTPUTS]
        lines = []
        if returns_value(signature):
            said = prose.returns if signature.result.type.kind not in ("RESULT", "MAJOR") else ""
            name = "the C return value" if outputs else "what C returns"
            lines.append(self.result_line(name, signature.result, said))
        lines += [self.result_line(safe(s.name), s, prose.parameters.get(s.name, "")) for s in outputs]
        return lines

    def result_line(self, name: str, slot: Slot, said: str) -> str:
        words = [sentence(in_line(said)), self.result_ownership(slot)]
        text = " ".join(w for w in words if w)
        return f"{name}: {text}" if text else f"{name} ({self.namer.output(slot)})"

    def result_ownership(self, slot: Slot) -> str:
        if slot.role == "DEFERRED":
            return "Its value is there when the callback has begun."
        if slot.type.kind not in ("HANDLE", "BOX"):
            return ""
        if slot.role == "INOUT":
            return "The same object, unless C has replaced it."
        if "OWNED" not in slot.flags:
            return "It belongs to the object it was asked of, or to the library."
        handle = self.notes.handles.get(slot.type.name)
        destroy = re.match(r"(?!gl_|nothing)(\w+)\(", handle.destroy) if handle else None
        by = (
            f"{destroy[1]}() destroys it, or it is destroyed"
            if destroy and destroy[1] in self.functions
            else "destroyed"
        )
        return f"Yours: {by} when nothing refers to it."

    # ---- errors and time -----------------------------------------------------------------------------------------

    def error_lines(self, function: Function, signature: Signature, prose: Prose) -> list[str]:
        lines = []
        kind = signature.result.type.kind
        if kind == "MAJOR":
            lines.append("GlobusError: a GSS error; its major status is `major`.")
        elif (
            kind == "STATUS"
            or "CHECKED" in signature.result.flags
            or (kind == "RESULT" and "OWNED" not in signature.result.flags)
        ):
            lines.append(f"GlobusError: C returns a failure. {in_line(prose.returns)}".strip())
        lines += [f"GlobusError: {name}: {text}" for name, text in prose.values.items() if is_failure(name)]
        needed = self.notes.descriptor(function.name)
        if needed and "PREACTIVE" not in self.notes.function_words(function.name):
            lines.append(f"RuntimeError: {needed} is not active.")
        if any(s.type.kind in ("HANDLE", "BOX") for s in inputs(signature)):
            lines.append("ValueError: a handle is closed, or is being destroyed.")
        return lines

    def timing(self, function: Function, signature: Signature) -> str:
        """Whether the call waits, and who else can run."""
        name = function.name
        if any(s.role == "CALL" and not LIFETIMES & set(s.flags) for s in signature.slots):
            blocking = name.replace("_register_", "_")
            twin = f" {blocking}() waits." if blocking != name and blocking in self.functions else ""
            return f"Does not wait: the callback tells the end.{twin}"
        for word in ("read", "write", "readv", "writev", "open", "close", "accept", "send", "recv"):
            register = re.sub(rf"_{word}\b", f"_register_{word}", name)
            if register != name and register in self.functions:
                return f"Waits until it is done; other threads of Python run meanwhile. {register}() does not wait."
        return ""


def is_failure(name: str) -> bool:
    return not re.search(r"SUCCESS|_COMPLETE$|^0$|TRUE|FALSE", name)


def in_line(text: str) -> str:
    """A text of several lines as one; the items of a list behind each other."""
    return re.sub(r" \* ", "; ", re.sub(r"(?<=[:.]) \* ", " ", " ".join(text.split())))


def sentence(text: str) -> str:
    text = text.strip()
    return text if not text or text[-1] in ".!?:;" else f"{text}."


def section(title: str, lines: list[str]) -> str:
    """A section in the form that Sphinx's napoleon reads."""
    if not lines:
        return ""
    entries = (
        textwrap.fill(line, 110, initial_indent="    ", subsequent_indent="        ") for line in lines
    )
    return "\n".join([f"{title}:", *entries])
