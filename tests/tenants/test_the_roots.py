"""The roots that are sealed and anchored stay what they were: the same rows give the same root for ever, any other rows another one."""

from tenants.journal.merkle import START, chained, leaf, root


def test_a_root_stands_on_the_one_before_it() -> None:
    this = root([leaf(["1"])])
    assert chained(START, this) != chained(chained(START, this), this)
    assert chained(START, this) != this


def test_every_field_every_row_and_their_order_count() -> None:
    assert leaf(["ab", "c"]) != leaf(["a", "bc"]) != leaf(["abc"])
    one, two, three = leaf(["1"]), leaf(["2"]), leaf(["3"])
    roots = [root(rows) for rows in ([one], [one, two], [two, one], [one, two, three], [one, two, two])]
    assert len(set(roots)) == len(roots)
    assert root([one, two]) != leaf(["12"]), "an inner node is no row"


def test_what_was_sealed_years_ago_can_still_be_checked() -> None:
    sealed = chained(START, root([leaf(["1", "", "cases.CaseOpened"]), leaf(["2", "7", "é"]), leaf(["3", "7", ""])]))
    assert sealed.hex() == "3f78490c2ddeb95ab71febcf47071230473db15804bc8e4ce6cc3aea25d61d4e"
