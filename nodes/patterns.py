"""Nodes that search texts by regular expressions, as Python's `re` reads them."""

from __future__ import annotations

import re
from typing import Annotated, NamedTuple

from ..executor import Choice, Optional, Range, node
from .strings import LongText

MODES = ("First Match", "All Matches", "First Group", "All Groups")


class Matches(NamedTuple):
    """Whether the pattern was found."""

    matches: bool


@node("RegexMatch", category="utils/string", display_name="Regex Match")
def regex_match(
    *,
    string: LongText,
    regex_pattern: LongText,
    case_insensitive: bool = True,
    multiline: bool = False,
    dotall: bool = False,
) -> Matches:
    """Tell whether a pattern is found in a text.

    With `multiline` ^ and $ are the ends of every line, with `dotall` a . is a line end too.
    """
    pattern = _pattern(regex_pattern, case_insensitive, multiline, dotall)
    return Matches(pattern.search(string) is not None)


@node("RegexExtract", category="utils/string", display_name="Regex Extract")
def regex_extract(
    *,
    string: LongText,
    regex_pattern: LongText,
    mode: Annotated[str, Choice(MODES)],
    case_insensitive: bool = True,
    multiline: bool = False,
    dotall: bool = False,
    group_index: Annotated[int, Range(0, 100)] = 1,
) -> str:
    """Take out of a text what a pattern finds: the first place or all, one to a line; nothing gives "".

    The modes with groups take only what the pattern's pair of brackets number `group_index` found there.
    """
    pattern = _pattern(regex_pattern, case_insensitive, multiline, dotall)
    group = group_index if mode.endswith(("Group", "Groups")) else 0
    if group > pattern.groups:
        raise ValueError(f"group_index {group}: the pattern {regex_pattern!r} has {pattern.groups} groups")
    found = [match[group] or "" for match in pattern.finditer(string)]
    return "\n".join(found[:1] if mode.startswith("First") else found)


@node("RegexReplace", category="utils/string", display_name="Regex Replace")
def regex_replace(
    *,
    string: LongText,
    regex_pattern: LongText,
    replace: LongText,
    case_insensitive: Annotated[bool, Optional()] = True,
    multiline: Annotated[bool, Optional()] = False,
    dotall: Annotated[bool, Optional()] = False,
    count: Annotated[int, Range(0, 100), Optional()] = 0,
) -> str:
    r"""Replace what a pattern finds in a text, the first `count` places or, with 0, all.

    In the replacement \1 stands for what the first pair of brackets found.
    """
    pattern = _pattern(regex_pattern, case_insensitive, multiline, dotall)
    try:
        return pattern.sub(replace, string, count=count)
    except (re.error, IndexError) as error:
        raise ValueError(f"replace: {replace!r} can't be used: {error}") from error


def _pattern(text: str, case_insensitive: bool, multiline: bool, dotall: bool) -> re.Pattern[str]:
    flags = re.NOFLAG
    for flag, wanted in ((re.IGNORECASE, case_insensitive), (re.MULTILINE, multiline), (re.DOTALL, dotall)):
        flags |= flag if wanted else re.NOFLAG
    try:
        return re.compile(text, flags)
    except re.error as error:
        raise ValueError(f"regex_pattern: {text!r} is no regular expression: {error}") from error
