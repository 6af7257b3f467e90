"""What there is to see of a sound and a convolution, as plain numbers; drawing them is for others.

Sounds are read as streams, so hours of them take no more memory than seconds.

envelope       lowest, highest and root-mean-square sample of each column of a picture
spectrogram    short-time spectra, as power on a logarithmic frequency axis
"""
