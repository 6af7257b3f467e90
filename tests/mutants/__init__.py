"""Mutation: do the tests notice when a line of the program is wrong?

Run ``python -m tests.mutants [MODULE ...]`` from the checkout: it prints the mutants that no test
notices, and a table of rooms. Every mutant is tried in a copy of the checkout.

How it measures
---------------
- A mutant is one change of one module: a comparison, an operator, a number or a truth value is
  another, ``and`` is ``or``, ``min`` is ``max``, a ``not``, a condition or a sign is turned round,
  a statement is left out, or a function returns None. Texts, annotations and decorators stay.
- Those of the module's tests (`rooms.TESTS`) that run its statement are tried on it, up to the
  first that fails; a run without changes records which ones do. A mutant that fails none is a
  survivor. One that does not end is killed.
- Survivors that change nothing that counts are listed in ``excused.toml`` by their text, with the
  reason; they are left out of the sample's count.
- ``--sample N`` draws N mutants of each module. The same seed draws the same ones.

Modules
-------
mutate     the mutants of a source text
trial      a copy of the checkout, in which tests run on a mutant
impatient  a plugin of pytest for that
rooms      the modules that are mutated, and their tests
"""
