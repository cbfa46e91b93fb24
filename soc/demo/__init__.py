"""A simulated floor to look at and to try things on: invented agencies, a week of history, live alerts, a stand-in product.

It stands at the top of the house, because it uses every app and none uses it. Whatever it makes is made through the same
operations that people and sensors use, with the actor's clock set back, so that the history obeys every rule. Production
has no settable clock and therefore no demo floor.
"""
