"""`inkloom user`: who may use a server, and with which token."""

from __future__ import annotations

import argparse
import sys

NAME = "user"
SUMMARY = "say who may use the server: add, ls, remove"
DESCRIPTION = (
    "Once there is a user, a server asks everybody for a token, and each sees only their own jobs and files. "
    "A token is shown once, when its user is added: what is kept of it can't be turned back into it."
)

ACTIONS = ("add", "ls", "remove")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "action",
        choices=ACTIONS,
        metavar="{" + ",".join(ACTIONS) + "}",
        help="add prints the token that lets a user in; ls lists the users; remove lets one in no more "
        "(jobs and files stay, for the next user of that name)",
    )
    parser.add_argument("name", metavar="NAME", nargs="?", help="whom to add or remove")
    parser.add_argument("--admin", action="store_true", help="add one who sees and stops everybody's jobs")


def command(given: argparse.Namespace) -> int:
    """Do what is asked."""
    from ..server.access import users
    from .usage import UsageError

    if (given.name is None) is not (given.action == "ls"):
        raise UsageError("write: inkloom user add NAME, inkloom user remove NAME, or inkloom user ls")
    try:
        match given.action:
            case "add":
                token = users.add(given.root, given.name, is_admin=given.admin)
                whom = f"{given.name} may ask the server over {given.root}, with this token (shown only now):"
                print(whom, file=sys.stderr)
                print(token)
            case "remove":
                users.remove(given.root, given.name)
            case _:
                for name, user in sorted(users.read(given.root).items()):
                    print(f"{name}\tadmin" if user.admin else name)
    except users.UsersError as error:
        raise UsageError(str(error)) from error
    return 0
