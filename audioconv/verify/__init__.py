"""Verification: whether a file is the convolution of a sound and an impulse; the null test.

The chain of proof has two links, and a third check needs neither of them:

certificate   the sums are the convolution: folded modulo random primes, they are the cyclic
              convolution of the folded sound and impulse, in every place
samples       every sample of the output lies within the rounding of its format of those sums
spots         some samples are compared with the direct sum: the ends, both sides of the seams
              between blocks, the loudest one, and random ones

evidence      all of that, as sound and sums go by
bound         the bound on the rounding errors of the sums
levels        the levels for which it holds
proof         the proof of a run, while it runs
verification  that of a file that exists, by computing the sums anew
verdict       every deviation beside its limit
pair          two sounds side by side, in blocks that are worked on in threads
compare       the null test: the residual of one sound when another is subtracted from it
"""

from audioconv.verify.compare import Difference, compare_files
from audioconv.verify.evidence import Testimony
from audioconv.verify.proof import Proof
from audioconv.verify.verification import verify

__all__ = ["Difference", "Proof", "Testimony", "compare_files", "verify"]
