"""Room acoustics: how long a room reverberates and how clear it is, measured or reckoned.

bands           octave filters that run backwards in time
lundeby         where a decay meets its noise
decay           backward integration, how a decay ends, lines through it
figures         EDT, T20, T30, C50, C80, D50, Ts and the rest, or why not
decay_curve     one decay, from the onset to where it ends
iso3382         the figures of ISO 3382-1, broadband and by octave
trimming        an impulse without the noise that follows its decay
reverberation   decay times from walls: Sabine, Eyring, Millington, Arau
"""
