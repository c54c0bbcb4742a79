"""What a file says, read in bounded memory and time, before anything is done with it."""
