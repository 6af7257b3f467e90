"""A causal layer under the engine law: blocks of any length in, as many frames out.

How BLAS rounds a sum depends on the shape of the matrix, and on the place in it. So the stream is
laid out on a grid of blocks of one length, counted from its first frame, and each frame is always
computed at its place in its block: the rest of the block is zero until it comes. Whatever the cut,
a frame is the same to the last bit; a call costs as much as the blocks that it touches.
"""

from __future__ import annotations

import numpy as np

from audioconv.engines.audio import Audio, checked, refuse_extremes
from audioconv.errors import UsageError
from audioconv.layers.causal import Causal, Scratch, dense
from audioconv.layers.convolution import Conv1d


class ConvStream:
    """A `Conv1d` for a sound that comes in blocks, cut in any way.

    `process` returns as many frames as it is given, each made of frames up to its own; `flush`
    returns the ``dilation (taps - 1)`` frames after the sound. Put end to end, they are the layer
    on the sound with that many zeros before and after it. The layer's own padding does not count.

    Parameters
    ----------
    layer : Conv1d
        with a stride of 1
    block : int > 0
        frames that are computed at once

    Raises
    ------
    UsageError
        If the stride is not 1, or the block is empty.

    Examples
    --------
    >>> stream = Conv1d([[[1.0, 2.0]]]).stream()
    >>> stream.process(np.array([[1.0]])), stream.process(np.array([[0.5]])), stream.flush()
    (array([[2.]]), array([[2.]]), array([[0.5]]))
    """

    def __init__(self, layer: Conv1d, *, block: int = 1024) -> None:
        if layer.stride != (1,):
            raise UsageError(
                f"stride is {layer.stride[0]}; a stream has as many frames out as in: use stride 1"
            )
        if block < 1:
            raise UsageError(f"block is {block}; it must be at least 1 frame")
        self.block = block
        self.limit = float(np.finfo(layer.weight.dtype).max)
        self._activation = layer.activation
        self._dtype = layer.weight.dtype
        weight = dense(layer.weight, layer.groups)
        self._layer = Causal(
            weight, layer.bias, Scratch(block, self._dtype), dilation=layer.dilation[0]
        )
        self._channels = layer.inputs
        self._sums = np.zeros((layer.outputs, block), self._dtype)
        self._present = np.zeros((self._channels, block), self._dtype)
        self._filled = 0

    def process(self, block: Audio) -> Audio:
        """Take n frames (n, inputs) and return n frames (n, outputs).

        Raises
        ------
        AudioconvError
            If the block has another shape, or a sample that is not finite. The stream is then as
            before.
        """
        refuse_extremes(checked(block, self._channels), self.limit)
        sound = np.asarray(block, self._dtype).T
        done = np.empty((len(self._sums), sound.shape[1]), self._dtype)
        at = 0
        while at < sound.shape[1]:
            end = min(self.block, self._filled + sound.shape[1] - at)
            taken = slice(at, at + end - self._filled)
            place = slice(self._filled, end)
            self._present[:, place] = sound[:, taken]
            self._layer.sums(self._present, self._sums)
            done[:, taken] = self._activation(self._sums, self._sums)[:, place]
            at, self._filled = taken.stop, end
            if end == self.block:
                self._layer.advance(self._present)
                self._present[:], self._filled = 0, 0
        return np.ascontiguousarray(done.T)

    def flush(self) -> Audio:
        """End the sound and return the frames after it."""
        tail = self.process(np.zeros((self._layer.reach, self._channels), self._dtype))
        self.reset()
        return tail

    def reset(self) -> None:
        """Forget the sound so far."""
        self._layer.reset()
        self._present[:], self._filled = 0, 0
