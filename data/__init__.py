"""Facts with a date (models, prices, error codes) and the samples. Read with `importlib.resources`."""
