"""Layers of a neural network: ``sigma(W x + b)``, where W is a convolution.

activations  the functions sigma, by name
padding      the zeros around an input, as ONNX defines them
convolution  `Conv1d` and `Conv2d`, on arrays that are all there
causal       one causal layer on blocks of one length, in buffers that are kept
stream       the same under the engine law, for blocks of any length
nam          amplifiers made of layers: models of the Neural Amp Modeler

A layer of a network calls itself a convolution, and is a correlation: it does not reverse its
kernel, ``y[n] = sum over k of w[k] x[n + k]``. The kernel of such a layer, reversed, is the impulse
response of the same filter.

Examples
--------
>>> import numpy as np
>>> edge = Conv1d(np.array([[[-1.0, 1.0]]]))
>>> edge(np.array([[0.0, 0.0, 1.0, 1.0]]))
array([[0., 1., 0.]])
>>> edge.as_matrix(4)
array([[-1.,  1.,  0.,  0.],
       [ 0., -1.,  1.,  0.],
       [ 0.,  0., -1.,  1.]])
"""

from audioconv.layers.activations import ACTIVATIONS, activation
from audioconv.layers.convolution import Conv1d, Conv2d
from audioconv.layers.stream import ConvStream

__all__ = ["ACTIVATIONS", "Conv1d", "Conv2d", "ConvStream", "activation"]
