"""What can be run: the flow, and the command `pagemill`."""
