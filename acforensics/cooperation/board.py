"""The steps of one judgement, and the records of its scene, ready to be looked up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

from acforensics.cooperation.definitions import Role, SequenceDefinition, StepDefinition
from acforensics.cooperation.model import JudgedStep, Observation, Scene
from acforensics.shutdowns.view import same_server


class Board:
    """One instance of each step for each server and group that it concerns, and the records by their kind."""

    def __init__(self, definition: SequenceDefinition, scene: Scene) -> None:
        self.scene = scene
        self._following = definition.following
        self._by_kind: dict[str, list[tuple[int, Observation]]] = {}
        for place, one in enumerate(scene.observations):
            self._by_kind.setdefault(one.kind, []).append((place, one))
        self._by_id: dict[str, list[JudgedStep]] = {}
        self.steps: list[JudgedStep] = []
        keys: dict[tuple[str, str | None], list[str]] = {}
        for step in definition.step:
            own = [JudgedStep(step, server, "not-observable", key) for server, key in self._instances(step, keys)]
            self._by_id[step.id] = own
            self.steps += own

    def _instances(
        self, step: StepDefinition, keys: dict[tuple[str, str | None], list[str]]
    ) -> Iterable[tuple[str, str]]:
        servers = self._servers(step)
        own_keys = [""]
        if step.each is not None:
            of_whom = (step.each, step.role)
            if of_whom not in keys:
                seen = [one.fields.get(step.each, "") for one in self._matching(step, servers, "")]
                keys[of_whom] = list(dict.fromkeys(seen))
            own_keys = keys[of_whom]
        for server in servers if step.scope in ("this", "peers") else [""] * bool(servers):
            for key in own_keys:
                yield server, key

    def _servers(self, step: StepDefinition) -> Sequence[str]:
        scene = self.scene
        if step.scope == "this":
            return [scene.server]
        return scene.peers if step.scope in ("peer", "peers") else [scene.server, *scene.peers, *scene.others]

    def servers(self, step: JudgedStep) -> Sequence[str]:
        """Who may record it."""
        return [step.server] if step.server else self._servers(step.definition)

    def records(self, step: JudgedStep) -> list[Observation]:
        """The records that may show it, in order."""
        return self._matching(step.definition, self.servers(step), step.key)

    def _matching(self, step: StepDefinition, servers: Sequence[str], key: str) -> list[Observation]:
        by_kind = self._by_kind
        found: list[tuple[int, Observation]] = []
        for kind in dict.fromkeys(step.kinds):
            if "*" not in kind:
                found += by_kind.get(kind, ())
            else:
                found += [entry for seen, own in by_kind.items() if fnmatchcase(seen, kind) for entry in own]
        if len(step.kinds) > 1:
            found = sorted(dict(found).items())
        return [one for _, one in found if one.server in servers and _fits(step, one, self.scene, key)]

    def related(self, step: JudgedStep, names: Iterable[str]) -> list[JudgedStep]:
        """The instances of the named steps that concern one: of its key, and of its server among the others'."""
        role, among_peers = step.definition.role, step.definition.scope == "peers"
        return [
            other
            for name in names
            for other in self._by_id[name]
            if (not other.key or not step.key or other.definition.role != role or other.key == step.key)
            and (not among_peers or other.definition.scope != "peers" or other.server == step.server)
        ]

    def before(self, step: JudgedStep) -> list[JudgedStep]:
        """The steps that it follows and that were seen."""
        return [other for other in self.related(step, step.definition.after) if other.observation is not None]

    def later(self, step: JudgedStep) -> list[Observation]:
        """What was seen of the steps that come after it, directly or through others."""
        after = self._following[step.definition.id]
        return [other.observation for other in self.related(step, after) if other.observation is not None]


def _fits(step: StepDefinition, one: Observation, scene: Scene, key: str) -> bool:
    if one.boot != step.boot or (one.lead and one.lead.total_seconds() > step.lead):
        return False
    if key and step.each is not None and one.fields.get(step.each, "") != key:
        return False
    if step.role is not None and not _has_role(step.role, one, scene):
        return False
    return not step.where or has_fields(one.fields, step.where, scene.server)


def _has_role(role: Role, one: Observation, scene: Scene) -> bool:
    name = one.fields.get("group") or one.fields.get("resource") or ""
    if not name:
        return False
    if role == "ac-elsewhere":
        home = scene.home(name)
        return home is not None and home != one.server
    return scene.is_ac(name) if role == "ac" else scene.is_business(name) and not scene.is_ac(name)


def has_fields(fields: Mapping[str, str], where: Mapping[str, Sequence[str]], server: str) -> bool:
    """Whether fields have one of the values that are asked for, and none that is excluded by `!`."""
    for name, values in where.items():
        value = fields.get(name, "")
        if any(one.startswith("!") and _is_value(value, one[1:], server) for one in values):
            return False
        wanted = [one for one in values if not one.startswith("!")]
        if wanted and not any(_is_value(value, one, server) for one in wanted):
            return False
    return True


def _is_value(value: str, wanted: str, server: str) -> bool:
    if wanted == "@server":
        return same_server(value, server)
    return value == wanted or fnmatchcase(value, wanted)
