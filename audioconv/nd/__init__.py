"""Convolution of arrays in any number of dimensions: everything is a case of one sum.

``(f * g)[c] = sum over a + b = c of f[a] g[b]``, where a, b and c are vectors of indices. In one
dimension it is an echo, in two the blur of a picture, and of probabilities it is the distribution
of a sum.

extent         which part of the convolution is asked for: SciPy's modes
direct         the definition
fft            the same by transforms, block by block along every long axis
integers       sums of integers, exact by either method
convolution    `convolve` and `correlate`: the choice of a method
distributions  sums of independent random variables
pictures       kernels by name, borders, rounding to 8 bits

Examples
--------
>>> import numpy as np
>>> from audioconv import nd
>>> nd.convolve([[1, 2], [3, 4]], [[1, -1]])
array([[ 1,  1, -2],
       [ 3,  1, -4]])
"""

from audioconv.nd.convolution import convolve, correlate
from audioconv.nd.distributions import convolve_distributions
from audioconv.nd.pictures import BORDERS, KERNELS, pad, to_uint8

__all__ = [
    "BORDERS",
    "KERNELS",
    "convolve",
    "convolve_distributions",
    "correlate",
    "pad",
    "to_uint8",
]
