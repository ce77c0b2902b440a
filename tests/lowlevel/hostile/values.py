"""Arguments for the hostile run, by the words of the annotations: right ones, and such that must raise."""

from __future__ import annotations

import contextlib
import importlib
import os
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import nature
from signatures import LOOSE, Function, functions_of, qualified, split
from trouble import CALLBACKS, Liar, Oops, Saboteur, raise_oops, show

from globus_lowlevel import common, xio
from globus_lowlevel.typing import CObject

INTEGERS = [
    0, 1, 2, 3, 7, -1, 127, 255, 256, 65535, 65536,
    2**31 - 1, -(2**31), 2**31, 2**32 - 1, 2**63 - 1, -(2**63), 2**64 - 1,
]  # fmt: skip
FLOATS = [0.0, 0.001, -1.0, 1e-12, 1e300, -1e300, float("nan"), float("-inf")]
# Their port is none of INTEGERS: who connects to a listener that a call has made waits for its answer
TEXTS: list[Any] = [
    "", "a", "text", "127.0.0.1", "127.0.0.1:79", "localhost", "/no/such/path", "%n%s%n%s%1000d", "a=b;c=d",
    "\udcff\udc80", b"\xff\xfe", "ftp://127.0.0.1:79/x", "gsiftp://127.0.0.1:79/x", "http://127.0.0.1:79/x?y#z", "file:///no/such",
    "http://[::1", "tcp", "file", "gsi", "/C=US/O=Grid/CN=someone", "&(executable=/bin/true)", "(((((", "0-5,7-", "-1",
    "1,2,3,4,5,6", "x" * 5000, "/" * 3000, ":" * 100, ",;#=" * 50, "../" * 50, " \t\n", "*[a-", "\\x41\\", "%41%4",
]  # fmt: skip
LONG = "y" * 2**20
OIDS = ["1.3.6.1.4.1.3536.1.1", "1.2.3", "0.0", "2.5.4.3"]
PEMS: list[bytes] = [
    b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    b"0\x82\xff\xff",
    b"\x16\x03\x01\x00\x05hello",
]


def fields(value: Any) -> list[str]:
    """The names of a C struct's fields."""
    getset = type(CObject.__dict__["closed"])
    return [name for name, found in vars(type(value)).items() if type(found) is getset]


class Maker:
    """Makes values, and remembers the objects that it has made, alive and closed."""

    modules: ClassVar[list[str]] = ["common"]
    constructors: ClassVar[dict[str, list[Function]]] = {}
    destroyers: ClassVar[dict[str, list[tuple[Function, int]]]] = {}
    avoid: ClassVar[set[str]] = set()  # functions that have crashed
    note: ClassVar[Callable[..., None]] = print

    def __init__(self, module: str, source: random.Random, directory: Path) -> None:
        self.module, self.random = module, source
        self.pool: dict[str, list[Any]] = {}
        self.directory = directory
        self.depth = 0
        self.made = 0

    @classmethod
    def learn(cls, modules: list[str]) -> None:
        """Finds out which functions make and destroy objects of each type."""
        cls.modules = modules
        for function in (f for m in modules for f in functions_of(m)):
            for type_ in function.gives():
                if "." in type_ and "[" not in type_ and not function.variadic:
                    cls.constructors.setdefault(type_, []).append(function)
            for index in function.closes:
                for type_ in function.parameters[index][1]:
                    cls.destroyers.setdefault(type_, []).append((function, index))
        for type_, makers in cls.constructors.items():
            plain = [f for f in makers if not any(type_ in options for _, options in f.parameters)]
            cls.constructors[type_] = plain or makers

    @staticmethod
    def type_of(value: Any) -> str:
        return f"{type(value).__module__.rpartition('.')[2]}.{type(value).__name__}"

    def remember(self, value: Any) -> Any:
        for item in value if isinstance(value, (tuple, list)) else [value]:
            if isinstance(item, CObject):
                known = self.pool.setdefault(self.type_of(item), [])
                known.append(item)
                del known[:-8]
        return value

    def constants(self, type_: str) -> list[Any]:
        module, _, name = type_.rpartition(".")
        namespace = vars(importlib.import_module(f"globus_lowlevel.{module}"))
        kind = namespace.get(name)
        return [v for v in namespace.values() if isinstance(kind, type) and isinstance(v, kind)]

    @staticmethod
    def is_enum(type_: str) -> bool:
        module, _, name = type_.rpartition(".")
        return re.fullmatch(r"\w+", module) is not None and hasattr(
            getattr(importlib.import_module(f"globus_lowlevel.{module}"), name, None), "__members__"
        )

    def destroy(self, value: Any) -> None:
        """Destroys a handle by its C function, if it has one."""
        for function, index in self.destroyers.get(self.type_of(value), []):
            arguments = self.right(function)
            arguments[index] = value
            if function.name in self.avoid:
                continue
            Maker.note("make", function.name, [show(a) for a in arguments])
            with contextlib.suppress(Exception, SystemExit):
                function.call(*arguments)
            if value.closed:
                return

    def object(self, type_: str) -> Any:
        """An object of a C type, or None if none can be made."""
        known = self.pool.get(type_, [])
        if known and self.random.random() < 0.6:
            return self.random.choice(known)
        module, _, name = type_.rpartition(".")
        kind = getattr(importlib.import_module(f"globus_lowlevel.{module}"), name, None)
        if kind is not None and hasattr(kind, "__members__"):
            return self.random.choice(list(kind) or [0])
        if isinstance(kind, type) and self.random.random() < 0.8:
            with contextlib.suppress(TypeError):
                return self.remember(self.filled(kind()))
        constants = self.constants(type_)
        if constants and self.random.random() < 0.7:
            return self.random.choice(constants)
        makers = self.constructors.get(type_, [])
        for _ in range(4 if self.depth < 3 else 0):
            if not makers:
                break
            maker = self.random.choice(makers)
            if maker.name in nature.WAITS or maker.name in nature.ENDS or maker.name in self.avoid:
                continue
            if (
                maker.module == "io" and self.module != "io"
            ):  # its drivers are XIO's, which others may have unloaded
                continue
            self.depth += 1
            try:
                arguments = self.right(maker)
                Maker.note("make", maker.name, [show(a) for a in arguments])
                made = self.remember(maker.call(*arguments))
            except (Exception, SystemExit):
                continue
            finally:
                self.depth -= 1
            for item in made if isinstance(made, tuple) else [made]:
                if isinstance(item, CObject) and self.type_of(item) == type_:
                    return item
        return self.random.choice(known) if known else None

    def filled(self, struct: Any) -> Any:
        """A struct with something in some of its fields."""
        if self.depth < 3 and self.random.random() < 0.5:
            self.depth += 1
            for name in fields(struct):
                if self.random.random() < 0.4:
                    with contextlib.suppress(Exception):
                        setattr(struct, name, self.anything())
            self.depth -= 1
        return struct

    def anything(self) -> Any:
        choose = self.random.choice
        plain = [
            choose(INTEGERS),
            choose(TEXTS),
            choose(CALLBACKS),
            b"bytes",
            None,
            bytearray(10),
            ["a", "b"],
            0.5,
        ]
        return choose([*plain, self.handle(), [self.handle()]])

    def handle(self) -> Any:
        """Any object of C."""
        known = [item for items in self.pool.values() for item in items]
        return self.random.choice([*known, common.GLOBUS_COMMON_MODULE])

    def value(self, options: list[str]) -> Any:
        """A value of one of these types."""
        option = self.random.choice(options)
        choose = self.random.choice
        match option.partition("[")[0]:
            case "int":
                return choose(INTEGERS) if self.random.random() < 0.6 else self.random.randrange(20)
            case "bool":
                return choose([True, False])
            case "float":
                return choose(FLOATS)
            case "Text" | "str" | "bytes":
                return self.text()
            case "Buffer":
                return self.buffer()
            case "OID" | "Identifier":
                return choose(OIDS)
            case "Certificate" | "Name" | "PrivateKey" | "ChannelBindings" | "IO" | "Digest":
                return choose([self.buffer, self.text, self.handle])()
            case "SocketAddress":
                return choose(
                    [
                        ("127.0.0.1", 79),
                        ("::1", 79, 0, 0),
                        ("x" * 200,),
                        ("127.0.0.1", -1),
                        (),
                        ("", 2**40),
                        "text",
                    ]
                )
            case "Iterable":
                return [self.value(["int"]) for _ in range(3)]
            case "Never":
                return self.anything()
            case "Any" | "object":
                return choose([None, "any", 5, self.handle(), object()])
            case "None":
                return None
            case "dict":
                return choose([{}, {"a": "b"}, {1: 2}])
            case "GlobusError":
                return self.error()
            case "BaseException":
                return choose([OSError(2, "no such thing"), Oops("x"), self.error()])
            case "Callable":
                return choose(CALLBACKS)
            case "Sequence" | "list" | "tuple" | "set":
                inner = split(option.partition("[")[2].removesuffix("]"), ",") or ["Any"]
                if "(" in inner[0]:
                    inner = [inner[0].strip("()")]
                types = [self.qualify(o) for o in split(inner[0], "|")]
                return [self.value(types) for _ in range(choose([0, 1, 2, 3, 4, 40]))]
        return self.object(option)

    def qualify(self, option: str) -> str:
        return qualified(self.module, option)

    @staticmethod
    def error() -> BaseException:
        """An error with the library's own object in it."""
        try:
            xio.globus_xio_driver_load("no such driver")
        except Exception as error:
            return error
        raise AssertionError

    def text(self) -> Any:
        chance = self.random.random()
        if chance < 0.02:
            return LONG
        if chance < 0.25:
            self.made += 1
            path = self.directory / f"file{self.made % 10}"
            if chance < 0.15 and not path.is_dir():
                path.write_bytes(self.buffer()[:5000])
            return self.random.choice([str(path), path, os.fsencode(path), str(self.directory)])
        return self.random.choice(TEXTS)

    def buffer(self) -> Any:
        choose = self.random.choice
        size = choose([0, 1, 16, 16, 110, 1000, 70000])
        content = choose([bytes(size), os.urandom(size), choose(PEMS)])
        return choose([bytes, bytearray, bytearray, memoryview])(content)

    def right(self, function: Function) -> list[Any]:
        """Arguments of the right types."""
        arguments = []
        for name, options in function.parameters:
            bounds = nature.values_of(function.name, name)
            arguments.append(self.random.choice(bounds) if bounds else self.value(options))
        if function.variadic:
            arguments += [self.anything() for _ in range(self.random.randrange(4))]
        return arguments

    def wrong(self, options: list[str], position: int = 0) -> list[Any]:
        """Values that none of these types allows: each must raise."""
        if "Any" in options or "object" in options:
            return []
        if LOOSE & {option.partition("[")[0] for option in options}:
            return [object()]
        kinds = {option.partition("[")[0] for option in options}
        bad: list[Any] = [object()]
        if "None" not in kinds:
            bad.append(None) if kinds != {"bool"} else None
        if not kinds & {"int", "float", "bool", "OID"}:
            bad += [2**70] if any(self.is_enum(option) for option in options) else [5, 2**70]
        elif "int" in kinds:
            bad += [2**70, -(2**70), 1.5]
        if not kinds & {"Text", "str", "OID", "BaseException"}:
            bad.append("text")
        elif "Text" in kinds:
            bad += ["nul\0inside", b"nul\0inside"]
        if not kinds & {"Text", "Buffer", "str", "bytes"}:
            bad.append(b"bytes")
        bad += [Saboteur(1, raise_oops)]
        named = {option for option in options if re.fullmatch(r"\w+\.\w+", option)}
        plain = {option.rpartition(".")[2] for option in options}
        foreign = [
            items[0] for type_, items in self.pool.items() if type_.rpartition(".")[2] not in plain and items
        ]
        bad += foreign[:2]
        bad += [item for type_ in named for item in self.pool.get(type_, []) if item.closed][:2]
        if kinds & {"Sequence", "list", "tuple", "set"}:
            bad += [Liar(2**62), Liar(1000, *[None] * 2), Liar(-1)]
        if kinds == {"bool"}:
            bad = [Saboteur(True, raise_oops)]
        return bad

    def sabotage(self, arguments: list[Any]) -> list[Any]:
        """The same arguments, of which one destroys another, or itself, when it is converted."""
        handles = [a for a in arguments if isinstance(a, CObject)]
        if not handles:
            return arguments
        victim = self.random.choice(handles)
        places = [
            i
            for i, a in enumerate(arguments)
            if not isinstance(a, CObject) and not callable(a) and a is not None
        ]
        if not places:
            return arguments
        place = self.random.choice(places)
        arguments = list(arguments)
        arguments[place] = Saboteur(arguments[place], lambda: self.destroy(victim))
        return arguments
