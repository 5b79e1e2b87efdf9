"""The gate beside other policy engines: `python -m tests.bench.gate`, or `make bench-gate`.

Twenty rules over 34 facts, all reasons (casbin: the verdict). All engines must first give equal answers on 6,000
generated facts. Then each decides the same facts in turn, in one process, CPU time, medians of the rounds' own
ratios. A decision starts from the three records and judges all twenty rules anew, a batch of one: nothing is bound
beforehand for us that is not for the engines. What binding account and message once saves is told apart.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterable
from statistics import median
from time import process_time
from typing import Any

import msgspec

from backoffice.policy.compile import compile_batch, compile_single
from tests.bench.engines import Engine, engines, words
from tests.bench.generated import NAMES, Facts, generate
from tests.bench.real import Real, batches, strictest
from tests.bench.rules import TWINS, facts_read

ROUNDS = 9
CHECKED = (0.3, 0.02)  # how often a fact goes astray, for each half of the facts checked
MEASURED = 0.005  # for the facts measured: most sends of an account in order are allowed
EACH_WAY = 20  # facts on which each rule must hold, and on which not
AT_LEAST = {"cedarpy": 150, "zen": 15, "cel": 40, "casbin": 700}

PREDICATES = [(one.rule, None) for one in TWINS]
judge = compile_single(PREDICATES)
bind = compile_batch(PREDICATES)


def say(*lines: str) -> None:
    """Print lines at once."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def timed(run: Callable[[], object], count: int) -> float:
    """Return CPU microseconds per item of a run over so many."""
    gc.collect()
    gc.disable()
    begun = process_time()
    run()
    taken = process_time() - begun
    gc.enable()
    return taken / count * 1e6


def check(all_engines: list[Engine]) -> int:
    """Stop with the first facts on which anybody differs from us, or where a rule was not hit both ways."""
    facts = [one for astray in CHECKED for one in generate(3_000, astray)]
    masks = [judge(*one)[0] for one in facts]
    assert tuple(words(*facts[0])) == NAMES
    assert (len(TWINS), facts_read()) == (20, {*NAMES})
    for number, twin in enumerate(TWINS):
        hits = sum(mask >> number & 1 for mask in masks)
        assert EACH_WAY <= hits <= len(facts) - EACH_WAY, (twin.rule.name, hits)
    for one, mask in zip(facts, masks, strict=True):
        called = sum((twin.rule.answer(*one, None) is True) << number for number, twin in enumerate(TWINS))
        assert judge(*one) == bind(one.account, one.message)(one.recipient) == (called, ()), one
        for engine in all_engines:
            assert engine.agrees(one, mask), (engine.name, one)
    return len(facts)


def _each(decide: Callable[..., object], all_facts: list[Facts], times: int) -> Callable[[], None]:
    def run() -> None:
        for _ in range(times):
            for account, message, recipient in all_facts:
                decide(account, message, recipient)

    return run


def _asked(engine: Engine, all_facts: list[Facts]) -> Callable[[], None]:
    prepare, answer = engine.prepare, engine.answer
    return _each(lambda *facts: answer(prepare(*facts)), all_facts, 1)


def _ready(engine: Engine, all_facts: list[Facts]) -> Callable[[], None]:
    prepared = [engine.prepare(*facts) for facts in all_facts]

    def run() -> None:
        for one in prepared:
            engine.answer(one)

    return run


def _over(function: Callable[[Any], object], items: Iterable[Any], times: int) -> Callable[[], None]:
    def run() -> None:
        for _ in range(times):
            for item in items:
                function(item)

    return run


def measure(all_engines: list[Engine], reals: list[Real]) -> dict[str, list[float]]:
    """Run everything in turn, round by round; returns by name the microseconds of each round."""
    facts = generate(200, MEASURED)
    compliant = generate(1, 0)[0]
    many = [one.recipient for one in generate(10_000, MEASURED)]
    hoisted = bind(compliant.account, compliant.message)
    runs: dict[str, tuple[Callable[[], None], int]] = {
        "single": (_each(judge, facts, 200), 40_000),
        "bound anew": (_each(lambda a, m, r: bind(a, m)(r), facts, 100), 20_000),
        "hoisted": (_over(hoisted, many, 4), 40_000),
    }
    for real in reals:
        runs[f"{real.case} judged"] = _over(real.judge, real.recipients, 20), 20_000
        runs[f"{real.case} decided"] = _over(real.gate.decide, real.recipients, 20), 20_000
    for engine in all_engines:
        runs[engine.name] = _asked(engine, facts), len(facts)
        runs[f"{engine.name} ready"] = _ready(engine, facts), len(facts)
    rounds = [{name: timed(run, count) for name, (run, count) in runs.items()} for _ in range(ROUNDS + 1)]
    return {name: [one[name] for one in rounds[1:]] for name in runs}  # the first warms up


def _ratio(rounds: dict[str, list[float]], name: str) -> float:
    """Return how many times longer than our single decision, as the median of the rounds."""
    return median(theirs / own for theirs, own in zip(rounds[name], rounds["single"], strict=True))


def _table(rounds: dict[str, list[float]], reals: list[Real]) -> list[str]:
    us = {name: median(times) for name, times in rounds.items()}
    lines = [f"{'µs a decision':34}{'from facts':>12}{'ratio':>8}{'input ready':>14}{'ratio':>8}"]
    lines += [f"{'ours, a batch of one':34}{us['single']:12.3f}{1:8d}"]
    for name, least in AT_LEAST.items():
        ready = f"{name} ready"
        figures = f"{us[name]:12.1f}{_ratio(rounds, name):8.1f}{us[ready]:14.1f}{_ratio(rounds, ready):8.1f}"
        lines.append(f"{name:34}{figures}   at least {least}")
    lines += [
        f"{'ours, bound anew each time':34}{us['bound anew']:12.3f}",
        f"{'ours, one of 10,000 bound once':34}{us['hoisted']:12.3f}",
    ]
    for real in reals:
        told = f"{real.rules} rules in scope, {real.for_recipient} of them asked for each person"
        lines.append(f"{real.case + ', mask':34}{us[real.case + ' judged']:12.3f}   {told}")
        lines.append(f"{real.case + ', decision':34}{us[real.case + ' decided']:12.3f}")
    return lines


def _result(rounds: dict[str, list[float]], reals: list[Real]) -> dict[str, Any]:
    us = {name: median(times) for name, times in rounds.items()}
    return {
        "ratios": {name: round(_ratio(rounds, name), 1) for name in AT_LEAST},
        "us_per_decision": round(us["single"], 3),
        "us_per_recipient_hoisted": round(us["hoisted"], 3),
        "us_real_rulebook": round(sum(us[f"{real.case} judged"] for real in reals) / len(reals), 3),
    }


def main() -> None:
    """Check, measure, tell; the last line is one JSON object."""
    all_engines = engines()
    say(f"{len(TWINS)} rules over {len(NAMES)} facts, equal on {check(all_engines):,} generated facts in all engines.")
    operator, clauses = strictest()
    reals = batches(operator)
    allowed = sum(judge(*facts) == (0, ()) for facts in generate(200, MEASURED))
    say(f"Real rulebook: {operator}, whose Terms have most rules on the gate: {clauses}. {allowed / 2:.0f} % allowed.")
    before = os.getloadavg()
    rounds = measure(all_engines, reals)
    load = ", ".join(f"{one:.2f}" for one in (*before, *os.getloadavg()))
    say(f"CPU time, medians of {ROUNDS} interleaved rounds; load average before and after: {load}.", "")
    say(*_table(rounds, reals), "", msgspec.json.encode(_result(rounds, reals)).decode())


if __name__ == "__main__":
    main()
