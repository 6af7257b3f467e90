"""Many files: what there is to do, as plain data; and doing it, one file at a time.

What is named becomes items; items meet impulses; a pair becomes a task, with the name of its output
and all that is drawn for it. A plan holds all tasks. Any process performs a task, by `render`, and
returns a row, or an error. The rows are written in the order of the plan.

settings    how inputs and impulses are paired, drawn, named and listed
items       a sound or an impulse, its identity, and what a list says of it
lists       lists of sounds: CSV, JSON lines; which module reads which list
kaldi       wav.scp, read and written; reco2dur
lhotse      recordings and cuts of Lhotse, read and written
inputs      files, patterns, folders and lists as items
pool        the impulses to choose from, as items
draws       numbers and choices that follow from what an item is, not from where it stands
ranges      builder specs with ranges, and the specs drawn from them
positions   source and microphone of a random room
pairs       which item meets which impulse, and how often
splits      what is in two splits at once
outputs     names of outputs, from a template
collisions  what is wrong with them, before any work
misleading  notices on inputs and impulses that are probably a mistake
plan        all tasks, as plain data
shelf       impulses that a process has read, measured and prepared
states      what was known of a file, and whether it is still as it was
ledger      lines of JSON that are only appended, with checksums, a file for each process
journal     what has been done in a folder, by whom it may be
earlier     records of outputs that were made otherwise
changes     notices on files of earlier runs: made again, or left over
claims      which run has which output in hand
task        one task, done or failed
rows        the row of an output, and the files that hold all rows
stop        Ctrl-C: end after the work under way
calls       calls and replies, pickled, and what is sent once for many of them
worker      a process that does calls, one after another
workers     our own workers, each replaced if a file ends it
skew        versions of what makes the bytes, compared
cluster     the workers of a Dask scheduler
places      this process, our own workers, or a cluster
shards      the blocks of one long file, on a cluster
executors   tasks done here, or on any executor
summary     how a batch ended
run         the tasks of a plan, or of a part of it, done, and their rows
cost        what a batch will cost, before it begins
api         the function for many files
"""
