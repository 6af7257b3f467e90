"""Engines: ways to compute the same convolution, under one law.

audio        the one shape of sound: (frames, channels)
convolver    the `Convolver` protocol, and its adapters `OverlapAdd` and `OverlapSave`
routes       which input goes through which taps to which output
rounding     the bounds on rounding errors that each engine declares
subnormals   flushes subnormal numbers to zero
grid         rounds sums that can be exact to their exact values
direct       the definition
toeplitz     the definition as a matrix
sparse       shifted adds, for echoes
transform    a long transform as many short ones
batch        short blocks, cut by their own length
overlap_add  block-wise FFT, for everything longer
partitioned  FFT without latency at any block length, for real time
plan         a convolver by the name of its engine
stream       blocks in, blocks out, in constant memory, on any number of threads
elsewhere    blocks convolved by an executor, on other machines
window       the part of the convolution that an output holds

A new engine is a module here and a line in `ENGINES`. Nothing is imported before an engine is
planned, so that the names are free for a command's help.
"""

ENGINES = {
    "overlap-add": "overlap_add",
    "partitioned": "partitioned",
    "sparse": "sparse",
    "direct": "direct",
    "toeplitz": "toeplitz",
}
"""Engines by name, each with the module in this package whose function of that name builds it."""
