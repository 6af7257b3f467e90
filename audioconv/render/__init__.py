"""The main job: convolve one file, and make it again from its recipe.

checks      refuses a job that makes no sense
prepare     impulses and options folded into one impulse and one convolver
quiet       notices of impulses through which nothing is heard
notices     what a run has to say of its output, besides figures
recipe      how a file was made, stored in the file
provenance  the metadata and the recipe that an output carries
measurement the pass before an output whose level is to match
passage     the way of the sums into the output
output      what every output needs, however its samples are made
run         convolve one file
effect      apply an effect to one file
stems       an output and the parts that it is made of, aligned with it
redo        make a file again from its recipe
"""
