"""What a run is made of: stages that know the nouns, and the journey that strings them together."""
