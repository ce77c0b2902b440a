"""Every function can really be called: each argument can be made in Python, and each output of C comes back.

Compares the stubs, as text, with the prototypes that gcc sees.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from toolkit import MODULES, prototypes, skipped

import globus_lowlevel

PACKAGE = Path(globus_lowlevel.__file__).parent

#: C parameters that are no argument or result under their own name: function, name and type, and what stands for them.
ELSEWHERE = {
    (r".*", r".*minor.*", r"OM_uint32 \*"): "the minor status is in the error that is raised",
    (r".*", r".*", r"(struct )?__va_list_tag \*|va_list"): "the variable part of a printf-like function",
    (r".*", r"fmt|.*_format", r"const char \*"): "with the variable part, a finished string",
    (
        r"globus_gsi_callback_.*",
        r".*context",
        r"X509_STORE_CTX \*",
    ): "made of the certificates, which are arguments",
    (r"globus_gss_assist_token_send_fd_ex", r"exp", r"void \*"): "the argument `arg`, a file",
    (r"globus_gss_assist_acquire_cred_ext", r"desired_name_char", r"char \*"): "the argument `desired_name`",
    (r"globus_gss_assist_display_status_str", r"string", r"char \*\*"): "the result",
    (r"globus_module_activate_array", r"failed_module", r".*"): "its error is raised",
    (
        r"globus_\w*mutex_init",
        r"attr",
        r"globus_\w*mutexattr_t \*",
    ): "no function makes one: NULL means the defaults",
    (r"globus_libc_(readdir|gethostby\w+)_r", r"result|buffer", r".*"): "the result",
    (r"globus_validate_\w+", r"error_msg", r"char \*\*"): "the message of the error that is raised",
    (
        r"globus_ftp_control_layout_blocked\w*",
        r"user_arg",
        r"void \*",
    ): "NULL, as the function that makes it returns",
    (
        r"globus_gridftp_server_control_attr_\w+",
        r"server_attr",
        r"globus_gridftp_server_control_attr_t",
    ): "`in_attr`",
    (r"gss_import_cred", r"cred", r"gss_cred_id_t \*"): "the result `output_cred_handle`",
    (r"d2i_\w+", r"a", r"\w+ \*\*"): "an object to use again; the result is a new one",
    (
        r"myproxy_install_trusted_cert_files",
        r"argument1",
        r"myproxy_certs_t \*",
    ): "the argument `trusted_certs`",
    (
        r"authorization_store_response",
        r"argument[134]",
        r".*",
    ): "arguments that its header does not name, and the result",
    (r"authorization_create_response", r"argument[12]", r".*"): "arguments that its header does not name",
    (r"verror_\w+_string", r"format", r"const char \*"): "with the variable part, a finished string",
    (
        r"globus_gss_assist_map_and_authorize.*",
        r"identity_buffer(_length)?",
        r"char \*|unsigned int",
    ): "the result",
}
#: Types that no function makes, and what to do.
NOT_MADE = {"globus_threadattr_t": "the library has no function that makes one: None means the defaults"}
#: Results that are any object.
ANY = {
    "globus_list_rest_ref": "the place of a list's rest, for globus_list_insert() and globus_list_remove()",
    "globus_rsl_boolean_get_operand_list_ref": "C's place of a list; here the list, or None for an empty one",
    "globus_rsl_value_sequence_get_list_ref": "C's place of a list; here the list, or None for an empty one",
}


@cache
def stub(module: str) -> ast.Module:
    return ast.parse((PACKAGE / f"{module}.pyi").read_text())


def functions(module: str) -> dict[str, ast.FunctionDef]:
    return {node.name: node for node in stub(module).body if isinstance(node, ast.FunctionDef)}


def classes(module: str) -> dict[str, ast.ClassDef]:
    found = (node for node in stub(module).body if isinstance(node, ast.ClassDef))
    return {node.name: node for node in found if any(ast.unparse(base) == "CObject" for base in node.bases)}


def words(node: ast.AST | None) -> set[str]:
    """The names in an annotation; of a type of another module the last part."""
    return set(re.findall(r"\w+", ast.unparse(node))) if node else set()


@cache
def makers() -> frozenset[str]:
    """Object types that a program can come by: made, returned, given to a callback, part of another, a constant."""
    found: set[str] = set()
    for module in MODULES:
        for node in stub(module).body:
            if isinstance(node, ast.FunctionDef):
                found |= words(node.returns)
            elif isinstance(node, ast.AnnAssign) and ast.unparse(node.annotation) == "TypeAlias":
                found |= callback_words(node.value)
            elif isinstance(node, ast.AnnAssign):
                found |= words(node.annotation)
            elif isinstance(node, ast.ClassDef):
                methods = [item for item in node.body if isinstance(item, ast.FunctionDef)]
                found |= {node.name} if any(m.name == "__new__" for m in methods) else set()
                for method in methods:
                    found |= words(method.returns)
    return frozenset(found)


def callback_words(value: ast.expr | None) -> set[str]:
    """What a callback is called with."""
    if not isinstance(value, ast.Subscript) or not isinstance(value.slice, ast.Tuple):
        return set()
    return words(value.slice.elts[0])


@pytest.mark.parametrize("module", MODULES)
def test_every_handle_that_is_taken_can_be_made(module: str) -> None:
    taken = {
        (word, name)
        for name, function in functions(module).items()
        for argument in function.args.posonlyargs
        for word in words(argument.annotation)
    }
    objects = {name for m in MODULES for name in classes(m)}
    impossible = sorted((word, name) for word, name in taken if word in objects - makers() - set(NOT_MADE))
    assert not impossible, f"a type that nothing makes, and a function that wants it: {impossible}"


def documented(function: ast.FunctionDef) -> tuple[list[str], set[str]]:
    """The names of the C parameters, and of the outputs, as the docstring tells them."""
    text = ast.get_docstring(function, clean=True) or ""
    prototype = re.search(r"^C: (.*)$", text, re.MULTILINE)
    assert prototype, f"{function.name}: the docstring has no C prototype"
    inside = prototype[1][
        prototype[1].index(function.name) + len(function.name) + 1 : prototype[1].rindex(")")
    ]
    parameters = [parameter_name(part) for part in split(inside)]
    section = re.search(r"^Returns:\n((?:    .*\n?)+)", text, re.MULTILINE)
    outputs = set(re.findall(r"^    (\w+)(?::| \()", section[1], re.MULTILINE)) if section else set()
    return [p for p in parameters if p], outputs


def split(text: str) -> list[str]:
    parts, depth = [""], 0
    for character in text:
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def parameter_name(declaration: str) -> str:
    if declaration.strip() in ("void", "...", ""):
        return ""
    pointer = re.search(r"\(\*+\s*(\w+)\)", declaration)
    found = pointer or re.search(r"(\w+)\s*(\[[^\]]*\]\s*)*$", declaration)
    assert found, declaration
    return found[1]


def is_length(type_: str, arguments: dict[str, set[str]], returned: set[str]) -> bool:
    """An integer that belongs to a buffer, sequence, list or tuple, or to the room for a text that comes back."""
    integer = re.search(r"\b(int|long|\w*size_t|\w*socklen_t|unsigned)\b", type_)
    sized = {"Buffer", "Sequence", "bytes", "list", "tuple", "Any", "Deferred"}
    return bool(
        integer and ((sized | {"str"}) & returned or any(sized & names for names in arguments.values()))
    )


def is_elsewhere(function: str, parameter: str, type_: str) -> bool:
    return any(
        re.fullmatch(f, function) and re.fullmatch(p, parameter) and re.fullmatch(t, type_)
        for f, p, t in ELSEWHERE
    )


@pytest.mark.parametrize("module", MODULES)
def test_nothing_of_c_is_lost(module: str) -> None:
    """Each C parameter is an argument, a result, the length of one of these, or stands in the table."""
    lost, control = [], re.compile(r"\*arguments")
    declared = prototypes(module)
    for name, function in functions(module).items():
        if name not in declared or name in skipped(module) or control.search(ast.unparse(function.args)):
            continue
        parameters, outputs = documented(function)
        types = [t for t in declared[name] if t not in ("void", "...")]
        if types == ["/* ??? */"]:  # declared without parameters, in the style of old C
            types = ["" for _ in parameters]
        assert len(parameters) == len(types), f"{name}: {parameters} are {types} to gcc"
        arguments = {a.arg.removesuffix("_"): words(a.annotation) for a in function.args.posonlyargs}
        for parameter, type_ in zip(parameters, types, strict=True):
            known = parameter in arguments or parameter in outputs or parameter.rstrip("_") in outputs
            if known or is_length(type_, arguments, words(function.returns)):
                continue
            if not is_elsewhere(name, parameter, type_):
                lost.append(f"{name}(): {type_} {parameter}")
    assert not lost, "\n".join(lost)


@pytest.mark.parametrize("module", MODULES)
def test_every_result_has_its_type(module: str) -> None:
    """Only what carries Python objects is `Any`."""
    vague = [
        name
        for name, function in functions(module).items()
        if function.returns is None or (ast.unparse(function.returns) == "Any" and not may_be_any(function))
    ]
    assert not vague


def may_be_any(function: ast.FunctionDef) -> bool:
    """Whether C returns a `void *`, the object that was stored, or what a control command does."""
    return bool(
        function.args.vararg
        or function.name in ANY
        or re.search(
            rf"^C: (const )?void \*+\s*{function.name}|void \*\*",
            ast.get_docstring(function) or "",
            re.MULTILINE,
        )
    )
