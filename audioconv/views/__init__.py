"""What there is to see of a sound and a convolution, as plain numbers; drawing them is for others.

Sounds are read as streams, so hours of them take no more memory than seconds.

envelope       lowest, highest and root-mean-square sample of each column of a picture
spectrogram    short-time spectra, as power on a logarithmic frequency axis
excerpt        a part of a file, and where something begins to be heard
sliding        output samples as the sums that they are
blocks         overlap-add, block by block
cost           times of the plain sum and of the FFT, measured here
loudness       how loud a sound is to people
listening      a part of a sound for a player
packed         numbers as text, each exact
"""
