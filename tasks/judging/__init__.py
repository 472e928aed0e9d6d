"""Signals that an answer may be wrong, each a pure function of the answer and of what is known of its page."""
