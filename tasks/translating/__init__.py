"""Translation: how it is asked for, how its answer is taken apart, and what can be checked of it for free."""
