"""Convolution of arrays of any library, on the device where they are: for training code.

Axes lead, frames come last, as in PyTorch: (..., frames). Nothing is moved to another device, no
array that is given is written to, and no step depends on a value, so that gradients, compilers and
`vmap` go through.

sink          where the parts of an output go, written to or joined
library       what each library computes with: NumPy, PyTorch, CuPy, or another of the standard
layout        axes, types and lengths, checked and brought to one form
cut           one transform or many, and how long, by the lengths alone
direct        the plain sum of a few taps
overlap_save  the convolution, in work space that is bounded
convolution   `convolve`, of whole arrays
stream        `Convolver`, of arrays that come in blocks
rooms         `reverberate`, a batch in rooms, with targets for training

NumPy alone needs nothing else; other libraries need `array-api-compat`, which
``pip install 'audioconv[arrays]'`` brings.

Examples
--------
>>> import numpy as np
>>> from audioconv.arrays import convolve
>>> convolve(np.ones((2, 3)), np.asarray([[1.0, 0.5], [1.0, 0.0]]))
array([[1. , 1.5, 1.5, 0.5],
       [1. , 1. , 1. , 0. ]])
"""

from audioconv.arrays.convolution import convolve
from audioconv.arrays.rooms import Reverberated, reverberate
from audioconv.arrays.stream import Convolver

__all__ = ["Convolver", "Reverberated", "convolve", "reverberate"]
