"""Grids of independent factors, thinned: any two values meet in a case, but not any three."""


def pairwise(long, middle, short):
    """Return triples with every pair of values of different factors, as few as there can be.

    Where a fault shows or hides by one value, or by two together, one of them shows it.

    >>> pairwise("abc", "de", "xy")[:4]
    [('a', 'd', 'x'), ('a', 'e', 'y'), ('b', 'd', 'y'), ('b', 'e', 'x')]
    """
    long, middle, short = list(long), list(middle), list(short)
    assert len(long) >= len(middle) >= len(short), "each diagonal would miss some of the last"
    return [
        (one, other, short[(row + column) % len(short)])
        for row, one in enumerate(long)
        for column, other in enumerate(middle)
    ]
