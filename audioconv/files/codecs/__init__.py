"""What each sound file format looks like in bytes: headers, lengths, checksums and tags.

pcm            linear samples as WAV files store them
riff           chunks of WAV files, as a stream
containers     the lengths that the headers of other formats state
flac           lengths and MD5 checksums of FLAC files
mpeg           lengths of MP3 files
ogg            pages and checksums of Ogg files
probe          everything libsndfile overlooks in a file, found before it opens the file
deterministic  fixes Ogg serial numbers and PEAK timestamps so that output is deterministic
lost_tags      names of the metadata that cannot be carried over
"""
