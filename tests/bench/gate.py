"""The gate beside other policy engines: `python -m tests.bench.gate`, or `make bench-gate`.

Twenty rules over 34 facts, all reasons (casbin: the verdict). All engines must first give equal answers on 6,000
generated facts. Then each decides the same facts in turn, in one process, CPU time, medians of the rounds' own
ratios. A decision starts from the three records and judges all twenty rules anew, a batch of one: nothing is bound
beforehand for us that is not for the engines. What binding account and message once saves is told apart.

The ratios are of allowed sends, where every engine has to look at everything. Of denied ones casbin, which tells
only the verdict, ends at the first clause that holds; told apart too. Casbin's own ratio is of records as its manual
asks about attributes; with 34 plain values for a request it is a quarter faster, which is a row of its own.
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
from tests.bench.engines import Engine, engines
from tests.bench.generated import NAMES, Facts, generate
from tests.bench.real import Real, batches, strictest
from tests.bench.rules import TWINS, facts_read

ROUNDS = 9
CHECKED = (0.3, 0.02)  # how often a fact goes astray, for each half of the facts checked
MEASURED = 0.01  # how often one of the facts measured goes astray
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
    """Return CPU microseconds per item of a run over so many, garbage collection included as in service."""
    gc.collect()
    begun = process_time()
    run()
    return (process_time() - begun) / count * 1e6


def check(all_engines: list[Engine]) -> int:
    """Stop with the first facts on which anybody differs from us, or where a rule was not hit both ways."""
    facts = [one for astray in CHECKED for one in generate(3_000, astray)]
    masks = [judge(*one)[0] for one in facts]
    assert (len(TWINS), sorted(facts_read())) == (20, sorted(NAMES))
    for number, twin in enumerate(TWINS):
        hits = sum(mask >> number & 1 for mask in masks)
        assert EACH_WAY <= hits <= len(facts) - EACH_WAY, (twin.rule.name, hits)
    for one, mask in zip(facts, masks, strict=True):
        called = sum((twin.rule.answer(*one, None) is True) << number for number, twin in enumerate(TWINS))
        assert judge(*one) == bind(one.account, one.message)(one.recipient) == (called, ()), one
        for engine in all_engines:
            assert engine.agrees(one, mask), (engine.name, one)
    return len(facts)


def sample() -> tuple[list[Facts], list[Facts]]:
    """Return 200 facts that are allowed and 200 that are not."""
    facts = generate(2_000, MEASURED)
    return [one for one in facts if not judge(*one)[0]][:200], [one for one in facts if judge(*one)[0]][:200]


def _each(decide: Callable[..., object], all_facts: list[Facts], times: int) -> Callable[[], None]:
    def run() -> None:
        for _ in range(times):
            for account, message, recipient in all_facts:
                decide(account, message, recipient)

    return run


def _asked(engine: Engine, all_facts: list[Facts]) -> tuple[Callable[[], None], int]:
    prepare, answer = engine.prepare, engine.answer
    return _each(lambda *facts: answer(prepare(*facts)), all_facts, 1), len(all_facts)


def _ready(engine: Engine, all_facts: list[Facts]) -> tuple[Callable[[], None], int]:
    prepared = [engine.prepare(*facts) for facts in all_facts]

    def run() -> None:
        for one in prepared:
            engine.answer(one)

    return run, len(prepared)


def _over(function: Callable[[Any], object], items: Iterable[Any], times: int) -> Callable[[], None]:
    def run() -> None:
        for _ in range(times):
            for item in items:
                function(item)

    return run


def measure(all_engines: list[Engine], reals: list[Real]) -> dict[str, list[float]]:
    """Run everything in turn, round by round; returns by name the microseconds of each round."""
    allowed, denied = sample()
    compliant = generate(1, 0)[0]
    many = [one.recipient for one in generate(10_000, MEASURED)]
    hoisted = bind(compliant.account, compliant.message)
    runs: dict[str, tuple[Callable[[], None], int]] = {
        "single": (_each(judge, allowed, 200), 40_000),
        "single denied": (_each(judge, denied, 200), 40_000),
        "bound anew": (_each(lambda a, m, r: bind(a, m)(r), allowed, 100), 20_000),
        "hoisted": (_over(hoisted, many, 4), 40_000),
    }
    for real in reals:
        runs[f"{real.case} judged"] = _over(real.judge, real.recipients, 20), 20_000
        runs[f"{real.case} decided"] = _over(real.gate.decide, real.recipients, 20), 20_000
    for engine in all_engines:
        runs[engine.name] = _asked(engine, allowed)
        runs[f"{engine.name} ready"] = _ready(engine, allowed)
        runs[f"{engine.name} denied"] = _asked(engine, denied)
    rounds = [{name: timed(run, count) for name, (run, count) in runs.items()} for _ in range(ROUNDS + 1)]
    return {name: [one[name] for one in rounds[1:]] for name in runs}  # the first warms up


def _ratio(rounds: dict[str, list[float]], name: str, own: str = "single") -> float:
    """Return how many times longer than our decision, as the median of the rounds."""
    return median(theirs / ours for theirs, ours in zip(rounds[name], rounds[own], strict=True))


def _table(rounds: dict[str, list[float]], names: list[str], reals: list[Real]) -> list[str]:
    us = {name: median(times) for name, times in rounds.items()}
    head = f"{'µs a decision':31}{'allowed':>9}{'ratio':>7}{'goal':>6}{'input ready':>14}{'ratio':>7}"
    lines = [f"{head}{'denied':>9}{'ratio':>7}"]
    lines += [f"{'ours, a batch of one':31}{us['single']:9.3f}{'':34}{us['single denied']:9.3f}"]
    for name in names:
        ready, denied = f"{name} ready", f"{name} denied"
        figures = f"{us[name]:9.1f}{_ratio(rounds, name):7.1f}{AT_LEAST.get(name, ''):6}"
        figures += f"{us[ready]:14.1f}{_ratio(rounds, ready):7.1f}"
        lines += [f"{name:31}{figures}{us[denied]:9.1f}{_ratio(rounds, denied, 'single denied'):7.1f}"]
    lines += [f"{'ours, bound anew each time':31}{us['bound anew']:9.3f}"]
    lines += [f"{'ours, one of 10,000 bound once':31}{us['hoisted']:9.3f}"]
    for real in reals:
        told = f"{real.rules} rules in scope, {real.for_recipient} of them asked for each person"
        lines += [f"{real.case + ', mask':31}{us[real.case + ' judged']:9.3f}   {told}"]
        lines += [f"{real.case + ', decision':31}{us[real.case + ' decided']:9.3f}"]
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
    say(f"Real rulebook: {operator}, whose Terms have most rules on the gate: {clauses}.")
    gc.freeze()  # what was made so far is no engine's garbage
    before = os.getloadavg()
    rounds = measure(all_engines, reals)
    load = ", ".join(f"{one:.2f}" for one in (*before, *os.getloadavg()))
    say(f"CPU time, medians of {ROUNDS} interleaved rounds; load average before and after: {load}.", "")
    say(
        *_table(rounds, [engine.name for engine in all_engines], reals),
        "",
        msgspec.json.encode(_result(rounds, reals)).decode(),
    )


if __name__ == "__main__":
    main()
