"""Pictures, films and the page: the only room that plots.

page           the self-contained page that shows one convolution
"""
