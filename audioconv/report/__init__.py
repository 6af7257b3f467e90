"""Pictures, films and the page: the only room that plots.

options        what is asked of a picture, and what is told of it
style          how every picture looks, and how it is written
names          names of files, and numbers, in a picture
fonts          a font for every character of a name
axes           seconds, octaves and decibels on an axis
sounds         stretches of sounds and channels of impulses, as pictures take them
waveform       extremes and level of sounds over time
spectrogram    levels of sounds over time and frequency
response       magnitude, phase and group delay of impulses
decay          energy decay of impulses, and the lines that figures are read from
waterfall      what is left of each frequency of an impulse, later and later
null           what is between two sounds
film           the sliding sum as a film
scene          one picture of that
page           the self-contained page that shows one convolution
"""
