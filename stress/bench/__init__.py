"""The benchmark: `python -m stress.bench` measures what an edit costs, beside what the same costs elsewhere.

Times differ from machine to machine and from minute to minute; ratios hold. So the contestants of one comparison take
turns: each round runs all of them, in an order that moves on by one, and yields one ratio. What is reported is the
median of the rounds' ratios, and of their times; never a mean, which one interruption would spoil.

    arguments                             what was asked for
    edits, editor, alternate, bare        the phases; each yields round after round
    imports                               of samples
    contention, contender
    waits, handing, waiter, holder
    turns, taker
    lockers, flocker, peers               what waits in the last two: ours, the bare flock, other libraries
    together, start, pair                 processes that start together, or are forked
    contents, transforms                  the files, and what an edit does to them
    claims                                what is compared with what, and the target
    outcome                               samples -> figures; pure
    cautions                              what weakens the figures, and the remedy; pure
    table, export, progress               what people and programs read
"""
