"""Verification: whether a file is the convolution of a sound and an impulse; the null test.

The chain of proof has two links, and a third check needs neither of them:

certificate   the convolution is computed again, and its sums are certified as a whole:
              Y(z) = X(z) H(z) holds at random points
samples       every sample of the output lies within the rounding of its format of those sums
spots         some samples are compared with the exactly rounded direct sum: the ends, both sides
              of the seams between blocks, the loudest one, and random ones

bound         the bound on the rounding errors of the sums
verification  one pass over both files, and the verdict
compare       the null test: the residual of one sound when another is subtracted from it
"""

from audioconv.verify.compare import Difference, compare_files
from audioconv.verify.verification import verify

__all__ = ["Difference", "compare_files", "verify"]
