"""The bytes of each sound file format: headers, lengths, checksums and tags.

pcm            PCM and float samples of WAV files
riff           chunks of WAV files, read as a stream
containers     lengths stated in the headers of other formats
flac           lengths and MD5 checksums of FLAC files
mpeg           lengths of MP3 files
ogg            pages and checksums of Ogg files
probe          faults that libsndfile overlooks, found before it opens a file
deterministic  fixed Ogg serial numbers and PEAK timestamps
lost_tags      names of metadata that libsndfile does not expose
"""
