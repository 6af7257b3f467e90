"""Fuzzing: every parser, and the encoders, given bytes that nobody meant.

A target is a function of bytes that returns, raises an error of the project's own, or has a fault:
any other exception, a warning, over `guard.SECONDS` or `guard.MEGABYTES`, or a result that
contradicts another. Damage begins with the files of ``corpus``, which the suite tries as they are,
and then damaged, the same way every time. To search further::

    python -m tests.fuzz                        # all targets, 10 seconds each
    python -m tests.fuzz sofa --seconds 180 --seed 7
    python -m tests.fuzz sofa --try FILE        # one input
    python -m tests.fuzz riff --atheris         # guided by coverage

An input that failed is put into the folder of its target, with a name that begins with ``failed``.

Modules
-------
guard         what a fault is
mutation      damage to bytes; words, what it inserts
places        a file in an empty folder, or standard input
sounds        targets for sound files; impulses, recipes, encoders, amplifiers, the other targets
targets       all of them by name, with the corpus
search        damage again and again; guided, the same with atheris
make_corpus   makes the corpus
small_sounds  a valid file of each kind; headers, odd ones
"""
