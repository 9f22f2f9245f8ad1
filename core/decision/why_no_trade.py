"""Distance of each gate from passing, and what the decision would have been with one value changed.

Each answer is a decision made again by ``decide`` on the stored inputs with a single change (see ``single_changes``).
Limits on positions and money are not decided again: they depend on the book of that moment, which is not stored.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from core.compared import digits_apart
from core.decision.decide import decide
from core.decision.levels import levels_for
from core.decision.single_changes import NUMBERS, RAISED, STATES, Inputs, NumberChange
from core.decision.size_inputs import inputs_from
from core.decision.sizing import position_size
from core.model import ENGINE_VERSION, Action, Decision, DecisionRecord
from core.rules import Rules
from core.thresholds import at_least, at_most

_MOST_CHANGES = 12
"""Changes tried one after the other; each removes a reason, and there are fewer kinds of reasons than this."""
_HIGHEST = 100.0
_NO_EXPERT = "NO_EXPERT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The decision of gates, confidence and size on changed inputs; ``failed`` names the gates that still fail."""

    action: Action
    confidence: float
    failed: tuple[str, ...] = ()
    too_small: bool = False

    @property
    def text(self) -> str:
        """Return "EXECUTE 71.3", with what still stands against the trade."""
        but = [f"{' and '.join(self.failed)} failed"] if self.failed else []
        if self.too_small:
            but.append("too small a size")
        return f"{self.action} {self.confidence:.1f}" + (f" ({', '.join(but)})" if but else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class GateDistance:
    """One reason against the trade, and the decision without it.

    ``gate`` is regime, structural, market, agreement (of the sources), confidence or limit. ``missing`` is the
    distance of a number from its limit in ``unit``, ``None`` where the reason is no number or it is not known.
    ``rule`` is the path of the limit. ``changed`` says what was changed; ``would`` is the decision then, ``None``
    where nothing can be changed for it.
    """

    gate: str
    code: str
    text: str
    changed: str = ""
    would: Outcome | None = None
    missing: float | None = None
    unit: str = ""
    rule: str = ""

    @property
    def sentence(self) -> str:
        """Return the distance and the decision with that one value changed."""
        if self.would is None:
            return self.text
        still = "still " if self.would.action is Action.SKIP else ""
        return f"{self.text}; {self.changed} it would {still}have been {self.would.text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyNoTrade:
    """The distances of a WAIT or SKIP to an EXECUTE, and the decision with all of the changes together.

    ``unknown`` says why nothing could be computed; empty where it could.
    """

    distances: tuple[GateDistance, ...] = ()
    together: Outcome | None = None
    unknown: str = ""


def why_no_trade(record: DecisionRecord, rules: Rules) -> WhyNoTrade | None:
    """Return how far a decision was from an EXECUTE, by the rules it was made under; ``None`` for an EXECUTE."""
    if record.action is Action.EXECUTE:
        return None
    inputs: Inputs = record.context, record.market
    verdict = decide(*inputs, rules)
    if (verdict.action, verdict.confidence) != (record.verdict.action, record.verdict.confidence):
        return WhyNoTrade(unknown=_decides_otherwise(record.verdict.engine_version))
    found = list(_of_reasons(verdict, inputs, rules))
    changed = _all_changed(inputs, rules)
    together = _outcome(changed, rules) if changed is not None and len(found) > 1 else None
    if changed is not None:
        found += _of_confidence(changed, rules, gates_failed=not verdict.gates.passed)
    found += _of_limits(record, verdict)
    return WhyNoTrade(distances=tuple(found), together=together)


def _decides_otherwise(made_by: str) -> str:
    if made_by == ENGINE_VERSION:
        return f"engine version {made_by} made it, and decides otherwise on the stored inputs now"
    return (
        f"engine version {made_by} made it, and version {ENGINE_VERSION} decides otherwise on the same inputs"
    )


def _outcome(inputs: Inputs, rules: Rules) -> Outcome:
    verdict = decide(*inputs, rules)
    context, market = inputs
    small = False
    if verdict.action is Action.EXECUTE and context.expert is not None:
        levels = levels_for(context, market, rules)
        small = position_size(inputs_from(context, market, rules, levels), rules).skip
    return Outcome(
        action=Action.SKIP if small else verdict.action,
        confidence=verdict.confidence,
        failed=verdict.gates.failed,
        too_small=small,
    )


def _of_reasons(verdict: Decision, inputs: Inputs, rules: Rules) -> Iterator[GateDistance]:
    """Yield the distance of each reason that a gate failed with."""
    for reason in verdict.reasons:
        number, state = NUMBERS.get(reason.code), STATES.get(reason.code)
        if number is not None:
            yield _of_number(number, reason.code, inputs, rules)
        elif state is not None:
            changed = state.to(inputs, rules)
            yield GateDistance(
                gate=state.gate,
                code=reason.code,
                text=reason.text,
                changed="" if changed is None else state.words(inputs, rules),
                would=None if changed is None else _outcome(changed, rules),
            )
        elif reason.code == _NO_EXPERT:
            yield GateDistance(gate="structural", code=reason.code, text=reason.text)


def _of_number(change: NumberChange, code: str, inputs: Inputs, rules: Rules) -> GateDistance:
    value, limit = change.value(inputs, rules), change.limit(rules)
    changed = change.to(inputs, limit)
    missing = None if value is None or value < 0 else abs(value - limit)
    unit = f" {change.unit}" if change.unit else ""
    if missing is None or value is None:
        text = f"{change.gate} failed: the {change.of} is {'not known' if value is None else 'crossed'}"
    else:
        figures = _short(missing, value, limit)
        text = f"{change.gate} failed by {figures}{unit} of {change.of}"
    return GateDistance(
        gate=change.gate,
        code=code,
        text=text,
        changed="" if changed is None else f"at {limit:g}{unit}",
        would=None if changed is None else _outcome(changed, rules),
        missing=missing,
        unit=change.unit,
        rule=change.rule,
    )


def _short(missing: float, value: float, limit: float) -> str:
    """Return a distance with as many digits as tell the two numbers apart."""
    text = f"{missing:.{digits_apart(value, limit, 1)}f}"
    return text.rstrip("0").rstrip(".") if float(text) else f"{missing:.1g}"


def _of_confidence(inputs: Inputs, rules: Rules, *, gates_failed: bool) -> Iterator[GateDistance]:
    """Yield the distance to ``execute_at``, once for each known number that alone would have raised it enough.

    ``inputs`` pass every gate; ``gates_failed`` says that they were changed for that.
    """
    verdict, wanted = decide(*inputs, rules), rules.confidence.execute_at
    missing = wanted - verdict.confidence
    if at_most(missing, 0):
        return
    code = "UNSURE" if verdict.action is Action.WAIT else "LOW_CONFIDENCE"
    text = f"confidence {missing:.1f} under {wanted:g}" + (" with every gate passed" if gates_failed else "")
    distance = GateDistance(
        gate="confidence", code=code, text=text, missing=missing, rule="confidence.execute_at"
    )
    raised = [(change, reached) for change in RAISED if (reached := _raised(change, inputs, rules))]
    for change, (value, outcome) in raised:
        unit = f" {change.unit}" if change.unit else ""
        changed = f"at {change.of} {value:g}{unit} (was {change.value(inputs, rules):g}{unit})"
        yield replace(distance, changed=changed, would=outcome)
    if not raised:
        yield replace(distance, text=f"{text}; no single value would have raised it enough")


def _raised(change: NumberChange, inputs: Inputs, rules: Rules) -> tuple[float, Outcome] | None:
    """Return the least value, to 0.1, that makes the confidence enough, with the decision; ``None`` without one."""
    now = change.value(inputs, rules)
    highest = rules.structural.max_ai_score if change.of == "AI score" else _HIGHEST
    if now is None or now >= highest:
        return None

    def enough(tenths: int) -> bool:
        changed = change.to(inputs, tenths / 10)
        return changed is not None and at_least(
            decide(*changed, rules).confidence, rules.confidence.execute_at
        )

    low, high = int(now * 10), round(highest * 10)
    if not enough(high):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    changed = change.to(inputs, high / 10)
    return None if changed is None else (high / 10, _outcome(changed, rules))


def _of_limits(record: DecisionRecord, verdict: Decision) -> Iterator[GateDistance]:
    """Yield what refused the trade beside gates and confidence; without the only one the verdict would have stood."""
    would = None
    if len(record.blocks) == 1 and record.action is Action.SKIP:
        would = Outcome(action=verdict.action, confidence=verdict.confidence, failed=verdict.gates.failed)
    for block in record.blocks:
        yield GateDistance(
            gate="limit",
            code=block.code,
            text=block.text,
            changed="" if would is None else "without that",
            would=would,
        )


def _all_changed(inputs: Inputs, rules: Rules) -> Inputs | None:
    """Return the inputs after every change that a gate needs, one after the other; ``None`` if one cannot be made."""
    for _ in range(_MOST_CHANGES):
        changed: Inputs | None = None
        for reason in decide(*inputs, rules).reasons:
            number, state = NUMBERS.get(reason.code), STATES.get(reason.code)
            if number is None and state is None and reason.code != _NO_EXPERT:
                continue
            changed = number.to(inputs, number.limit(rules)) if number is not None else None
            changed = state.to(inputs, rules) if state is not None else changed
            if changed is None:
                return None
            break
        if changed is None:
            return inputs
        inputs = changed
    return None
