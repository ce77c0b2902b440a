"""What the build knows of C: types, the values that functions take and give, and functions."""

from __future__ import annotations

import re
from dataclasses import dataclass, field


class Unknown(Exception):
    """A type or parameter that the vocabulary does not know."""


@dataclass
class CType:
    """A C type, as gl_type of the support library."""

    name: str
    kind: str
    c: str  # how C spells it
    size: str = "0"
    signed: bool = False
    owner: str = ""  # the module whose headers declare it
    enumerators: list[tuple[str, int]] = field(default_factory=list)
    flags: bool = False
    plain: bool = False
    within: str = ""  # of a struct without a name: "outer, member"
    fields: list[tuple[str, Slot]] = field(default_factory=list)
    signature: Signature | None = None
    custom: str = ""

    @property
    def symbol(self) -> str:
        return "gl_t_" + re.sub(r"\W", "_", self.name.replace("*", "p"))


@dataclass
class Slot:
    name: str
    type: CType
    role: str
    flags: list[str] = field(default_factory=list)
    partner: int = -1
    extent: str = "0"
    c: str = ""  # the C type of the parameter
    when: str = ""  # of a union's member: the C expression that says whether it is set
    maker: str = ""  # of a handle: the function that must have made it
    fallback: str = ""  # of a struct's function pointer: what stands there for None
    python: str = ""  # the annotation, where the C type does not tell it


@dataclass
class Signature:
    name: str
    result: Slot
    slots: list[Slot]
    refuse: int = 0
    flags: list[str] = field(default_factory=list)
    again: str = ""  # of a callback: the C expression that says whether C will call it once more
    before: str = ""  # ... that runs before it
    after: str = ""  # ... that runs after it
    failed: str = ""  # ... that runs when it raised
    settle: str = ""  # ... that says what C gets, of what it would get


VOID = CType("void", "VOID", "void")
STRING = CType("char *", "STRING", "char *", "sizeof(char *)")
STRINGS = CType("char **", "STRINGS", "char **", "sizeof(char **)")
DATA = CType("object", "DATA", "void *", "sizeof(void *)")
POINTER = CType("void *", "POINTER", "void *", "sizeof(void *)")
RESULT = CType("globus_result_t", "RESULT", "globus_result_t", "sizeof(uint32_t)")
ERROR = CType("error", "ERROR", "globus_object_t *", "sizeof(void *)")
STATUS = CType("status", "STATUS", "int", "sizeof(int)", signed=True)
MAJOR = CType("major status", "MAJOR", "OM_uint32", "sizeof(uint32_t)")
