"""What backends that ask over HTTP have in common: addresses, keys, every send counted, questions, answers, faults."""
