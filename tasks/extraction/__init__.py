"""Data out of pages by a JSON Schema: the schema, the answer mended and checked, where values stand, and the whole."""
