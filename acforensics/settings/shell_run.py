"""Follows a script's commands without running any: what it would do for given values of its variables.

A value or a condition that is not known stays so; then both ways are followed, and only what all of them agree on is
said. Nothing outside the text is looked at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from acforensics.settings import shell_tests
from acforensics.settings.shell_builtins import Builtins
from acforensics.settings.shell_commands import BUILTINS, SHELLS, assigned, base_name, typed, without_prefixes
from acforensics.settings.shell_state import Called, Seen, Slept, State, TooComplexError
from acforensics.settings.shell_syntax import parse
from acforensics.settings.shell_tree import (
    AndOr,
    Arm,
    Block,
    Case,
    Command,
    Condition,
    Function,
    If,
    Loop,
    Part,
    Pipeline,
    ShellError,
    Simple,
)
from acforensics.settings.shell_values import Values

_MOST_PATHS = 64
_MOST_WORK = 50_000
_MOST_SEEN = 200
_DEEPEST = 8


class Follower:
    """Follows one parsed script."""

    def __init__(self, body: Sequence[Command], command: str) -> None:
        self._body = body
        self._assigned = frozenset(assigned(body))
        self._values = Values(self._substitute, frozenset(typed(body)), divides="IFS" in self._assigned)
        self._builtins = Builtins(command, self._values, self._see)
        self._work = 0
        self._depth = 0
        self._line = 0
        self._outer = 0

    def follow(self, given: Mapping[str, str | None]) -> list[State]:
        """Every way through the script with these variables.

        Raises:
            TooComplexError: there are too many.
        """
        self._work = self._depth = self._outer = 0
        # The script's own variables are empty until it sets them; any other may come from outside.
        values: dict[str, str | None] = dict.fromkeys(self._assigned, "")
        values.update(given)
        return self._block(self._body, [State(values)])

    # --- commands

    def _block(self, body: Sequence[Command], states: list[State]) -> list[State]:
        for command in body:
            if all(state.left for state in states):
                break
            done = [state for state in states if state.left]
            for state in states:
                if not state.left:
                    done += self._one(command, state)
            states = self._merged(done)
        return states

    def _spend(self, work: int) -> None:
        self._work += work
        if self._work > _MOST_WORK:
            raise TooComplexError

    def _copy(self, state: State) -> State:
        self._spend(len(state.values))
        return state.copy()

    def _one(self, command: Command, state: State) -> list[State]:
        self._spend(1)
        match command:
            case Simple():
                return self._simple(command, state)
            case Condition():
                state.status = shell_tests.double_brackets(command.words, lambda word: self._values.value(word, state))
                return [state]
            case AndOr():
                return self._and_or(command, state)
            case Pipeline():
                return self._pipeline(command, state)
            case If():
                return self._if(command, state)
            case Case():
                return self._case(command, state)
            case Loop():
                return self._loop(command, state)
            case Function():
                state.functions[command.name] = command.body
                state.status = True
                return [state]
            case Block():
                return self._own_shell(command.body, state) if command.own_shell else self._block(command.body, [state])

    def _own_shell(self, body: Sequence[Command], state: State) -> list[State]:
        """What is set inside is not set outside, and leaving it leaves nothing else."""
        outside = dict(state.values)
        self._spend(len(outside))
        found = self._block(body, [state])
        for one in found:
            if one.left == "exit":
                one.status = None if one.exit_status is None else one.exit_status == 0
            one.values, one.left, one.exit_status = dict(outside), "", None
        return self._merged(found)

    def _background(self, command: AndOr, state: State) -> list[State]:
        """What nobody waits for, unless `wait` is told to."""
        before = len(state.seen)
        found = self._own_shell([AndOr(command.first, command.rest)], state)
        for one in found:
            one.seen = _untimed(one.seen, before)
            one.status = True
        return found

    def _and_or(self, command: AndOr, state: State) -> list[State]:
        if command.background:
            return self._background(command, state)
        states = self._one(command.first, state)
        for sign, following in command.rest:
            found: list[State] = []
            for one in states:
                if one.left:
                    found.append(one)
                    continue
                runs = one.status if sign == "&&" else (None if one.status is None else not one.status)
                if runs is not True:
                    skipped = self._copy(one) if runs is None else one
                    skipped.status = sign != "&&"
                    found.append(skipped)
                if runs is not False:
                    found += self._one(following, one)
            states = self._merged(found)
        return states

    def _pipeline(self, command: Pipeline, state: State) -> list[State]:
        states = [state]
        if len(command.parts) == 1:
            states = self._one(command.parts[0], state)
        else:
            for part in command.parts:
                states = self._merged([after for one in states for after in self._own_shell([part], one)])
        for one in states:
            one.status = None if one.status is None else one.status != command.negated
        return states

    def _if(self, command: If, state: State) -> list[State]:
        found: list[State] = []
        undecided = [state]
        for condition, body in command.arms:
            following: list[State] = []
            for one in self._block(condition, undecided):
                if one.left:
                    found.append(one)
                    continue
                if one.status is not True:
                    following.append(self._copy(one) if one.status is None else one)
                if one.status is not False:
                    found += self._block(body, [one])
            undecided = following
            if not undecided:
                break
        for one in undecided:
            one.status = True
        found += self._block(command.otherwise, undecided) if undecided else []
        return self._merged(found)

    def _case(self, command: Case, state: State) -> list[State]:
        subject = self._values.value(command.word, state)
        found: list[State] = []
        looking, running = [state], list[State]()
        for arm in command.arms:
            following: list[State] = []
            for one in looking:
                hits = self._hits(arm, subject, one)
                if hits == {False}:
                    following.append(one)
                elif True in hits:
                    running.append(one)
                else:
                    following.append(one)
                    running.append(self._copy(one))
            running = self._block(arm.body, self._merged(running)) if running else []
            found += (one for one in running if one.left)
            running = [one for one in running if not one.left]
            if not arm.body:
                for one in running:
                    one.status = True
            if arm.end == ";;":
                found, running = found + running, []
            elif arm.end == ";;&":
                following, running = following + running, []
            looking = self._merged(following)
        on = any(arm.end == ";;&" for arm in command.arms)
        for one in looking:
            one.status = None if on else True
        return self._merged([*found, *running, *looking])

    def _hits(self, arm: Arm, subject: str | None, state: State) -> set[bool | None]:
        return {shell_tests.matches(subject, p, lambda word: self._values.value(word, state)) for p in arm.patterns}

    def _loop(self, command: Loop, state: State) -> list[State]:
        """The body once, with everything that it sets unknown; unless it surely runs, also not at all."""
        found = [] if command.surely else [self._copy(state)]
        unknown = {*command.names, *assigned(command.body)}
        state.values.update(dict.fromkeys(unknown))
        before = len(state.seen)
        for one in self._block(command.body, [state]):
            if one.left in ("break", "continue"):
                one.left = ""
            one.values.update(dict.fromkeys(unknown))
            # How often it waits is not known.
            one.seen = _untimed(one.seen, before)
            one.status = None
            found.append(one)
        return self._merged(found)

    # --- simple commands

    def _simple(self, command: Simple, state: State) -> list[State]:
        # Commands within a word have no lines of their own.
        line = self._line = self._outer or command.line
        if not command.words:
            for one in command.assignments:
                self._values.set(state, one.name, self._values.value(one.value, state), added=one.added)
            state.status = True if not any(one.value.substitutes for one in command.assignments) else None
            return [state]
        given = {one.name: self._values.value(one.value, state) for one in command.assignments}
        return self._run(self._values.fields(command.words, state), line, state, given)

    def _run(self, words: list[str | None], line: int, state: State, given: Mapping[str, str | None]) -> list[State]:
        """Run a command; `given` are variables for it only."""
        prefixed = without_prefixes(words)
        name, words = next(iter(prefixed.words), ""), prefixed.words[1:]
        if name is None or not name:
            if name is None:
                state.ran_unseen()
            state.status = None
            return [state]
        given = {**given, **prefixed.given}
        outside = {variable: state.values.get(variable) for variable in given}
        state.values.update(given)
        before = len(state.seen)
        base = base_name(name)
        if name in state.functions:
            states = self._call(state.functions[name], words, state)
        elif base == "trap":
            states = self._trap(words, state)
        elif base in ("eval", "su", "runuser", *SHELLS):
            states = self._text(base, words, state)
        else:
            self._builtins.run(base, words, line, state)
            if base in BUILTINS:
                # Some of them keep what they are given.
                outside = dict.fromkeys(outside)
            states = [state]
        for one in states:
            one.values.update(outside)
            if prefixed.limited and not any(isinstance(seen, Called) for seen in one.seen[before:]):
                # `timeout 30 cat` waits, `timeout 30 sleep 60` does not wait that long.
                one.seen = _untimed(one.seen, before)
                one.took_time()
            if prefixed.replaces:
                one.left, one.exit_status = "exit", None
        return states

    def _call(self, body: Command, words: list[str | None], state: State) -> list[State]:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise TooComplexError
        outside = {str(i): state.values.get(str(i)) for i in range(10)}
        state.values.update({str(i + 1): words[i] if i < len(words) else "" for i in range(9)})
        found = self._one(body, state)
        for one in found:
            one.values.update(outside)
            if one.left == "return":
                one.left = ""
        self._depth -= 1
        return found

    def _text(self, name: str, words: list[str | None], state: State) -> list[State]:
        """Commands that stand in a word: `eval …`, `sh -c …`, `su - user -c …`."""
        if name == "eval":
            given = None if None in words else " ".join(word or "" for word in words)
        else:
            given = next((words[i + 1] for i, word in enumerate(words[:-1]) if word in ("-c", "-lc")), None)
        body = self._parsed(given)
        if body is None:
            state.ran_unseen()
            if name == "eval":
                state.forget()
            state.status = None
            return [state]
        return self._inner(body, state, own_shell=name != "eval")

    def _trap(self, words: list[str | None], state: State) -> list[State]:
        """What is kept for later may call the command then."""
        action = next(iter(words), "")
        body = [] if action is not None and action.startswith("-") else self._parsed(action)
        state.status = True
        if body is None:
            state.ran_unseen()
        else:
            later = self._inner(body, self._copy(state), own_shell=True)
            if any(one.foreign or len(one.seen) > len(state.seen) for one in later):
                state.ran_unseen()
        return [state]

    def _parsed(self, source: str | None) -> list[Command] | None:
        if source is None:
            return None
        self._spend(10 + len(source))
        try:
            return parse(source)
        except ShellError:
            return None

    def _inner(self, body: Sequence[Command], state: State, *, own_shell: bool) -> list[State]:
        """Commands that stood within a word."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise TooComplexError
        before, self._outer = self._outer, self._line
        found = self._own_shell(body, state) if own_shell else self._block(body, [state])
        self._outer = before
        self._depth -= 1
        return found

    def _see(self, state: State, seen: Seen) -> None:
        self._spend(len(state.seen) // 8)
        if len(state.seen) >= _MOST_SEEN:
            raise TooComplexError
        state.seen = (*state.seen, seen)

    def _substitute(self, part: Part, state: State) -> None:
        """What a command substitution does besides giving a value."""
        if part.commands is None:
            state.ran_unseen()
            return
        found = self._inner(part.commands, self._copy(state), own_shell=True)
        state.foreign = state.foreign or any(one.foreign for one in found)
        if len(found) == 1:
            state.seen, state.lasting = found[0].seen, found[0].lasting
        elif any(len(one.seen) > len(state.seen) or one.lasting != state.lasting for one in found):
            state.ran_unseen()

    def _merged(self, states: list[State]) -> list[State]:
        """Ways that did the same so far become one, in which what differs between them is not known."""
        if len(states) < 2:
            return states
        found: dict[object, State] = {}
        for state in states:
            key = (state.seen, state.left, state.exit_status)
            same = found.get(key)
            if same is None:
                found[key] = state
                continue
            self._spend(len(state.values))
            for name in {*same.values, *state.values}:
                if same.values.get(name) != state.values.get(name):
                    same.values[name] = None
            same.functions = {**state.functions, **same.functions}
            same.status = same.status if same.status == state.status else None
            same.foreign = same.foreign or state.foreign
            same.lasting |= state.lasting
        if len(found) > _MOST_PATHS:
            raise TooComplexError
        return list(found.values())


def _untimed(seen: tuple[Seen, ...], before: int) -> tuple[Seen, ...]:
    """What was seen, from a place on with waits of unknown length."""
    later = (replace(one, seconds=None) if isinstance(one, Slept) else one for one in seen[before:])
    return (*seen[:before], *later)
