"""Amplifiers of the Neural Amp Modeler (NAM): ``.nam`` files, rendered block by block.

config      fields of a file of strangers, each checked as it is read
weights     the numbers of a model, taken one layer after another
network     what all architectures have in common: blocks of one length
modulation  FiLM: a layer's sums scaled and shifted by the condition
layer       one layer of a WaveNet
wavenet     arrays of dilated layers, and their heads
convnet     dilated layers in a row
lstm        recurrent cells, frame by frame
linear      an impulse response
model       a file: its version, architecture, rate and metadata

References
----------
Neural Amp Modeler, https://www.neuralampmodeler.com; the order of weights, and all that a file
leaves unsaid, is as in NeuralAmpModelerCore, https://github.com/sdatkinson/NeuralAmpModelerCore.
"""

from audioconv.layers.nam.model import Amplifier, Model, Voices, read_model

__all__ = ["Amplifier", "Model", "Voices", "read_model"]
