"""The nouns of pagemill: what a document, a question, an answer and a row are. Imports nothing of the project."""
