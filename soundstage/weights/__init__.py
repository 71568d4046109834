"""The sound models there are: their licences and files, where they lie, and how they come there and are checked."""
