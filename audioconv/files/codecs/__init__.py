"""The bytes of each sound file format: headers, lengths, checksums and tags.

pcm            PCM and float samples of WAV files
riff           chunks of WAV files, read as a stream
containers     lengths stated in the headers of other formats
blocks         lengths of codings in blocks: GSM and ADPCM in WAV and Wave 64
flac           lengths, checksums and changes of rate of FLAC files
mpeg           frames of MP3 files, and the samples that are sound
mpeg_frame     the header of an MP3 frame, and the tag in the first
ogg            pages and checksums of Ogg files
opus           the first position of a stream of Opus
speakers       channel orders of Vorbis, Opus, ALAC and FLAC
tags           lengths of ID3, APE and Lyrics3 tags
probe          faults that libsndfile overlooks, found before it opens a file
splice         a file as libsndfile should see it
foreign        files that libsndfile cannot read: their names, and how to convert them
codings        names of the codings in WAV, W64, AIFF-C, CAF and AU files
deterministic  fixed Ogg serial numbers and PEAK timestamps
lost_tags      names of metadata that libsndfile does not expose
"""
