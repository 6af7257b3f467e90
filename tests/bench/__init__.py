"""The benchmark: what audioconv costs, beside what others cost, and whether all are right.

Run ``python -m tests.bench`` from the checkout: Markdown on standard output, progress on standard
error. ``pip install -e '.[bench]'`` brings the peers that are packages; others (sox, csound,
brutefir) are used if they are programs on the path, and named if they are not there.

How it measures
---------------
- A command is a whole process, from its start to its end: wall time by a clock, processor time
  (user and system) and peak resident memory as the system accounts them to that child.
- Ours and the peer's run in turn, as many rounds as asked for, the output removed before each
  run. A ratio is the median over the rounds of ours / theirs in the same round, so that a machine
  that slows down slows both; seconds and MiB are medians too.
- All read the same files and write the same format, whole tail included, at the same level.
- Inputs are real recordings, repeated, 44.1 kHz, stereo, 16 bits, with impulses of decaying noise
  at a level at which nothing clips. They lie in memory where there is /dev/shm.
- After the last round each output is compared, every sample, with a reference computed by other
  code (`check.py`): the largest difference in dB relative to the peak. A wrong output is named.

Modules
-------
sounds     inputs
bench      the folder, the lengths, the rounds
commands   one function for each command line
programs   peers that are packages, as programs; blocks, an engine called block by block; loops,
           over short sounds; plain, a loop over files; voices, an amplifier
measure    what a command costs; launch, a process that runs it
check      whether an output is right
pairs      ours and a peer's, as a row of a table; solo, ours alone
tables     Markdown; plot, a picture
and one module for each section: peers, others, growth, memory, proof, accuracy, startup, amp,
short, many, cluster, embedding, inspection, nd

Two are tables of their own: ``python -m tests.bench.rooms``, reverberation times of random shoebox
rooms, and ``python -m tests.bench.device``, arrays on a GPU or on the processor.
"""
