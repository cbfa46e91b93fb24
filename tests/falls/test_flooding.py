"""The table of a flood calls every broken promise by its name."""

from collections import Counter

from tests.falls.flooding import Phase, faults, flat

OTHERS = ("b", "c")


def phase(name="flood", answers=None, wait=0.01, memory=(100.0,) * 30):
    given = Counter(answers or {"202": 90, "429": 900})
    return Phase(name, {}, given, {slug: [wait] * 100 for slug in OTHERS}, {"web": list(memory)})


def test_a_flood_that_is_refused_is_no_fault():
    assert faults(phase("quiet", {"202": 90}), [phase(), phase(wait=0.019)], OTHERS) == []


def test_each_broken_promise_is_named():
    quiet = phase("quiet", {"202": 90})
    assert faults(quiet, [phase(answers={"202": 1, "429": 1, "500": 2})], OTHERS) == ["flood: 2 x 500"]
    assert faults(quiet, [phase(answers={"202": 1, "429": 1, "no answer": 1})], OTHERS) == ["flood: 1 x no answer"]
    assert faults(quiet, [phase(answers={"202": 1})], OTHERS) == ["flood: nothing was refused"]
    assert faults(quiet, [phase(memory=range(100, 130))], OTHERS) == ["flood: web grew"]
    assert faults(quiet, [phase(wait=0.02)], OTHERS) == ["flood: the others' p99 is 20 ms, quiet 10 ms"]


def test_memory_that_settles_is_flat():
    assert flat([100, 120, 120, 121, 121, 122])
    assert not flat([100, 100, 110, 120, 130, 140])
