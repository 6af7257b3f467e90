"""Data for plots and pages, as arrays; drawing is left to `plot` and `page`.

Sounds are read as streams, in constant memory.

envelope       lowest, highest and RMS sample of each column of a picture
spectrogram    short-time power spectra on a logarithmic frequency axis
excerpt        frames of a file, and the onset of a sound
sliding        output samples with the products that they sum
theorem        spectra of a sound, an impulse and their convolution
blocks         overlap-add, block by block
cost           measured times of the direct sum and of the FFT
loudness       perceived loudness (ITU-R BS.1770)
listening      excerpts encoded for players
packed         arrays as text, without loss
"""
