"""The groups of ESMPRO/AC and their EXEC resources, as clp.conf has them, against HOWTO chapter 2."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from acforensics.settings.collected import Settings
from acforensics.settings.configuration import ClusterConfiguration, ExecResource, Group, Reaction, same_host
from acforensics.settings.elements import Value
from acforensics.settings.rows import SettingRow, Status, listed, place, row, said, together
from acforensics.texts import Text, text

NEW_TABLE = (5, 2)
"""The version from which on the HOWTO expects other final actions."""
_ACTIVATION = {True: 0, False: 1}
_DEACTIVATION = {True: 4, False: 1}
_RESOURCE_ACTIONS = range(6)
_MOST_AUDITED = 100
"""No cluster has so many groups of ESMPRO/AC."""
_VIRTUAL = ("vm", "virtual")


def audit_configuration(settings: Settings, configuration: ClusterConfiguration) -> Iterator[SettingRow]:
    """Items 1 to 8 of the audit, and what clp.conf says of the stop script."""
    groups = [(group, basis) for group in configuration.groups if (basis := settings.is_ac_group(group))]
    yield from _per_server(settings, configuration, [group for group, _ in groups])
    for group, basis in groups[:_MOST_AUDITED]:
        notes = [text("setting.note.by-name")] if basis == "inferred" else []
        only = group.startup_servers or ()
        server = settings.shown(only[0]) if len(only) == 1 else ""
        yield from _group(configuration, group, server, notes)
        for name in group.exec_resources():
            yield from _exec(configuration, name, group, server)


def _per_server(settings: Settings, configuration: ClusterConfiguration, ac: Sequence[Group]) -> Iterator[SettingRow]:
    item = "ac-group-per-server"
    if not configuration.servers:
        found = configuration.problem or text("setting.found.no-servers")
        yield row(item, found, "unknown", place(configuration.input, configuration.problem_line))
    if len(ac) > _MOST_AUDITED:
        found = text("setting.found.too-many-groups", count=len(ac), most=_MOST_AUDITED)
        yield row(item, found, "unknown", configuration.input)
    known = configuration.whole and all(group.servers_known for group in configuration.groups)
    # A group of any name may be the one, as long as nobody has seen its script.
    unseen = [g for g in configuration.groups if g.exec_resources() and not settings.scripts_of(g.name)]
    for name in configuration.servers:
        own = [group for group in ac if _only_on(group, name)]
        line = own[0].line if own else None
        notes = [text("setting.note.by-name")] if any(settings.is_ac_group(g) == "inferred" for g in own) else []
        if own:
            surely = all(settings.is_ac_group(group) == "scripts" for group in own)
            found = listed([group.name for group in own])
            status: Status = "ok" if len(own) == 1 else "differs" if surely else "unknown"
        elif not known or any(_only_on(group, name) for group in unseen):
            found, status = text("setting.found.no-group-known"), "unknown"
        else:
            shared = [group.name for group in ac if group.may_start_on(name)]
            key = "not-only" if shared else "no-group"
            found, status = text(f"setting.found.{key}", names=listed(shared)), "differs"
        yield row(
            item, found, status, place(configuration.input, line), server=settings.shown(name), notes=notes
        )  # fmt: skip


def _only_on(group: Group, server: str) -> bool:
    return len(group.startup_servers or ()) == 1 and group.may_start_on(server)


def _group(configuration: ClusterConfiguration, group: Group, server: str, notes: list[Text]) -> Iterator[SettingRow]:
    def one(item: str, found: Text, status: Status, line: int | None, more: Sequence[Text] = ()) -> SettingRow:
        source = place(configuration.input, line or group.line)
        return row(item, found, status, source, server=server, subject=group.name, notes=[*notes, *more])

    yield one("group-type", said(group.type), _type_status(group.type), group.type.line)
    yield one("startup-server", *_startup(configuration, group), None)
    yield one("startup-attribute", _automatic(group.start), _is_one(group.start), group.start.line)
    method = [text("setting.note.method")]
    yield one("failover-attribute", _automatic(group.failover), _is_one(group.failover), group.failover.line, method)
    others = [name for name in group.resources if not name.startswith("exec@")]
    if group.resources:
        shown, status = listed(list(group.resources)), together([not others, group.resources_known or None])
        yield one("only-exec", shown, status, group.resources[others[0]] if others else None)
    else:
        status = "differs" if group.resources_known else "unknown"
        yield one("only-exec", text("setting.found.no-resource"), status, None)


def _type_status(value: Value) -> Status:
    shown = (value.text or "").lower()
    if shown == "failover":
        return "ok"
    return "differs" if shown.startswith(_VIRTUAL) else "unknown"


def _startup(configuration: ClusterConfiguration, group: Group) -> tuple[Text, Status]:
    if group.startup_servers is None:
        if not group.servers_known:
            return text("setting.found.lost"), "unknown"
        return text("setting.found.all-servers"), "differs"
    shown = listed(list(group.startup_servers))
    if len(group.startup_servers) > 1:
        return shown, "differs"
    name = group.startup_servers[0]
    if any(same_host(name, server) for server in configuration.servers):
        return shown, "ok" if group.servers_known else "unknown"
    found = text("setting.found.not-a-member", name=name)
    return found, "differs" if configuration.whole and configuration.servers else "unknown"


def _automatic(value: Value) -> Text:
    names = {0: "manual", 1: "automatic"}
    return said(value, text(f"setting.found.{names[value.number]}") if value.number in names else None)


def _is_one(value: Value) -> Status:
    return {1: "ok", 0: "differs"}.get(-1 if value.number is None else value.number, "unknown")  # type: ignore[return-value]


# --- EXEC resources


def _exec(configuration: ClusterConfiguration, name: str, group: Group, server: str) -> Iterator[SettingRow]:
    resource = configuration.exec_resources.get(name)
    subject = f"{group.name}/{name}"
    if resource is None:
        found = text("setting.found.no-exec", name=name)
        source = place(configuration.input, configuration.problem_line or group.line)
        yield row("stop-script-path", found, "unknown", source, server=server, subject=subject)
        return

    def source_of(*values: Value) -> str:
        return place(configuration.input, next((value.line for value in values if value.line), resource.line))

    activation, deactivation = resource.activation, resource.deactivation
    for item, reaction, actions in (
        ("activation-failure", activation, _ACTIVATION),
        ("deactivation-failure", deactivation, _DEACTIVATION),
    ):
        status, notes = _reaction_status(reaction, actions, configuration.version)
        yield row(
            item,
            _reaction(reaction),
            status,
            source_of(reaction.action, reaction.retry),
            server=server,
            subject=subject,
            expected=text(f"setting.{item}.{_table(configuration.version)}"),
            notes=notes,
        )
    path = resource.stop_path
    yield row("stop-script-path", said(path), _path_status(path), source_of(path), server=server, subject=subject)
    yield _sync(resource, source_of(resource.stop_sync), server, subject)


def _table(version: tuple[int, ...] | None) -> str:
    return "expected-either" if version is None else "expected-new" if version >= NEW_TABLE else "expected-old"


def _reaction(reaction: Reaction) -> Text:
    action = reaction.action
    if action.number in _RESOURCE_ACTIONS:
        shown = said(action, text(f"setting.action.resource.{action.number}"))
    else:
        shown = said(action, None if action.number is None else text("setting.action.reset", number=action.number))
    before = reaction.script_before
    words = {0: "script-off", 1: "script-on"}
    script = text(f"setting.found.{words[before.number]}") if before.number in words else said(before)
    if reaction.failover is None:
        return text("setting.found.deactivation", retry=said(reaction.retry), action=shown, script=script)
    return text(
        "setting.found.activation",
        retry=said(reaction.retry),
        failover=said(reaction.failover),
        action=shown,
        script=script,
    )


def _reaction_status(
    reaction: Reaction, actions: dict[bool, int], version: tuple[int, ...] | None
) -> tuple[Status, list[Text]]:
    numbers = [reaction.retry, reaction.script_before, *([reaction.failover] if reaction.failover else [])]
    answers = [None if value.number is None else value.number == 0 for value in numbers]
    action = reaction.action.number
    if action is None:
        return together([*answers, None]), []
    fits = {new: action == wanted for new, wanted in actions.items()}
    if version is not None:
        return together([*answers, fits[version >= NEW_TABLE]]), []
    agreed = fits[True] if fits[True] == fits[False] else None
    notes = [text("setting.note.version-unknown")] if agreed is None else []
    return together([*answers, agreed]), notes


def _path_status(path: Value) -> Status:
    if path.text is None:
        return "unknown"
    return "ok" if path.text == "stop.sh" else "differs"


def _sync(resource: ExecResource, source: str, server: str, subject: str) -> SettingRow:
    value = resource.stop_sync
    names = {0: "asynchronous", 1: "synchronous"}
    shown = said(value, text(f"setting.found.{names[value.number]}") if value.number in names else None)
    return row("stop-script-sync", shown, _is_one(value), source, server=server, subject=subject)
