"""How the samples are made. Not part of what is installed."""
